//! The ledger's rows in pages, from the newest backwards, as far as they can be read.

use rusqlite::params;

use super::error::StoreError;
use super::ledger::{COLUMNS, Ledger, Listing, listing};

impl Ledger {
    /// The last `limit` rows before number `before`, in order; it goes on behind what can't be read, as far as possible.
    ///
    /// # Errors
    /// The table itself can't be read.
    pub fn before(&self, before: u64, limit: usize) -> Result<Listing, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM ledger WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2");
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut found =
            listing(&self.conn, &sql, params![before, limit]).map_err(|e| self.fail(&e))?;
        found.rows.reverse();
        found.unreadable.reverse();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::ledger::Draft;

    #[test]
    fn pages_go_backwards_and_meet_without_a_gap() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(dir.path()).unwrap();
        for n in 1..=7 {
            let draft = Draft {
                at: Timestamp::UNIX_EPOCH,
                kind: "note.made".to_owned(),
                who: "ana".to_owned(),
                who_verified: false,
                service: "checkout".parse().unwrap(),
                environment: "production".parse().unwrap(),
                body: serde_json::json!({ "n": n }),
            };
            ledger.append(&draft).unwrap();
        }
        let seqs = |before, limit| {
            let page = ledger.before(before, limit).unwrap();
            page.rows.iter().map(|r| r.seq).collect::<Vec<_>>()
        };
        assert_eq!(seqs(u64::MAX, 3), [5, 6, 7]);
        assert_eq!(seqs(5, 3), [2, 3, 4]);
        assert_eq!(seqs(2, 3), [1]);
        assert!(seqs(1, 3).is_empty());
    }
}
