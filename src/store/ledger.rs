//! The ledger: rows are appended in one transaction that reads the row before, synced, then recorded as the new head.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use tempfile::TempDir;

use super::db;
use super::error::{StoreError, StoreWarning};
use super::head::{self, Head, Recorded};
use super::paths;
use crate::domain::ledger::{self, Draft, Fields, GENESIS, Row};

pub(super) const COLUMNS: &str =
    "seq, at, kind, who, who_verified, service, environment, body, prev, hash";

/// A connection to `flightdeck.db`: the ledger and the trust table.
#[derive(Debug)]
pub struct Ledger {
    pub(super) conn: Connection,
    pub(super) state_dir: PathBuf,
    pub(super) file: PathBuf,
    warnings: Vec<StoreWarning>,
    /// Kept so that it is removed at the end, after the connection (fields drop in order).
    _copy: Option<TempDir>,
}

/// Rows as far as they can be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The readable ones, in order.
    pub rows: Vec<Row>,
    /// Number (0 if even that can't be read) and reason of the others.
    pub unreadable: Vec<(u64, String)>,
}

impl Ledger {
    /// Opens the ledger of a state folder; makes folder and file if need be, brings an older file to this format after a copy.
    ///
    /// # Errors
    /// See [`StoreError`]; a file of a newer format is left untouched.
    pub fn open(state_dir: &Path) -> Result<Self, StoreError> {
        Ok(Self::of(state_dir, db::open(state_dir, db::STEPS)?))
    }

    /// Opens the ledger for reading only, damaged or not writable as it may be; changes nothing. None: there is none yet.
    ///
    /// # Errors
    /// See [`StoreError`]; [`StoreError::Gone`] if rows were recorded, but the file is not there.
    pub fn open_read_only(state_dir: &Path) -> Result<Option<Self>, StoreError> {
        let opened = db::open_read_only(state_dir, db::STEPS)?;
        Ok(opened.map(|o| Self::of(state_dir, o)))
    }

    fn of(state_dir: &Path, opened: db::Opened) -> Self {
        Self {
            conn: opened.conn,
            state_dir: state_dir.to_owned(),
            file: opened.file,
            warnings: opened.warnings,
            _copy: opened.copy,
        }
    }

    /// What a person should know, since the last time this was asked.
    pub fn take_warnings(&mut self) -> Vec<StoreWarning> {
        std::mem::take(&mut self.warnings)
    }

    /// Appends a row. When this returns, the row is on the disk.
    ///
    /// # Errors
    /// [`StoreError::NotCanonical`], or the disk's; then there is no row.
    pub fn append(&mut self, draft: &Draft) -> Result<Row, StoreError> {
        let tx = self.begin()?;
        let row = insert(&tx, draft)?;
        let warning = self.commit(tx, &row)?;
        self.warn(warning);
        Ok(row)
    }

    /// The rows after `since_seq`, at most `limit`, in order.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for a row that can't be understood.
    pub fn rows(&self, since_seq: u64, limit: usize) -> Result<Vec<Row>, StoreError> {
        strict(self.listing(since_seq, limit)?)
    }

    /// The last `limit` rows, in order.
    ///
    /// # Errors
    /// As [`Ledger::rows`].
    pub fn recent(&self, limit: usize) -> Result<Vec<Row>, StoreError> {
        let last = last(&self.conn).map_err(|e| self.fail(&e))?;
        let since = last.seq.saturating_sub(limit as u64);
        self.rows(since, limit)
    }

    /// As [`Ledger::rows`], but goes on behind what can't be read, as far as possible.
    ///
    /// # Errors
    /// The table itself can't be read.
    pub fn listing(&self, since_seq: u64, limit: usize) -> Result<Listing, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM ledger WHERE seq > ?1 ORDER BY seq LIMIT ?2");
        let since = i64::try_from(since_seq).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        listing(&self.conn, &sql, params![since, limit]).map_err(|e| self.fail(&e))
    }

    /// A number that changes when another process has changed the database.
    ///
    /// # Errors
    /// The disk's.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.conn
            .pragma_query_value(None, "data_version", |r| r.get(0))
            .map_err(|e| self.fail(&e))
    }

    pub(super) fn fail(&self, e: &rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(&self.file, e)
    }

    /// Begins a transaction that holds the right to write from its start.
    pub(super) fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        Transaction::new_unchecked(&self.conn, rusqlite::TransactionBehavior::Immediate)
            .map_err(|e| self.fail(&e))
    }

    /// Commits, then records the new head. A head that can't be written is a warning: the row itself is safe.
    pub(super) fn commit(
        &self,
        tx: Transaction<'_>,
        row: &Row,
    ) -> Result<Option<StoreWarning>, StoreError> {
        tx.commit().map_err(|e| self.fail(&e))?;
        Ok(self.advance(row))
    }

    pub(super) fn warn(&mut self, warning: Option<StoreWarning>) {
        // The same trouble at every append is told once.
        if let Some(w) = warning
            && !self.warnings.contains(&w)
        {
            self.warnings.push(w);
        }
    }

    fn advance(&self, row: &Row) -> Option<StoreWarning> {
        let file = paths::head(&self.state_dir);
        let differs = |why: String| {
            Some(StoreWarning::HeadDiffers {
                file: file.clone(),
                why,
            })
        };
        let behind = |why: String| {
            Some(StoreWarning::HeadBehind {
                file: file.clone(),
                why,
            })
        };
        let _guard = match head::lock(&self.state_dir) {
            Ok(guard) => guard,
            Err(e) => return behind(e.to_string()),
        };
        let old = match head::read(&self.state_dir) {
            Recorded::Head(head) => head,
            Recorded::Missing => return differs("it is missing".to_owned()),
            Recorded::Unreadable(why) => return differs(why),
        };
        match hash_of(&self.conn, old.seq) {
            Ok(Some(hash)) if hash == old.hash => {}
            Ok(Some(_)) => return differs(format!("row {} is another one", old.seq)),
            Ok(None) => return differs(format!("row {} is gone", old.seq)),
            Err(e) => return behind(e.to_string()),
        }
        if old.seq >= row.seq {
            // Another process was faster with a later row.
            return None;
        }
        let new = Head {
            seq: row.seq,
            hash: row.hash.clone(),
        };
        head::write(&self.state_dir, &new)
            .err()
            .and_then(|e| behind(e.to_string()))
    }
}

/// The hash of a row as stored; that before the first row for 0.
fn hash_of(conn: &Connection, seq: u64) -> rusqlite::Result<Option<String>> {
    if seq == 0 {
        return Ok(Some(GENESIS.to_owned()));
    }
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    conn.query_row("SELECT hash FROM ledger WHERE seq = ?1", [seq], |r| {
        r.get(0)
    })
    .optional()
}

fn last(conn: &Connection) -> rusqlite::Result<Head> {
    let found = conn
        .query_row(
            "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1",
            [],
            |r| Ok((r.get::<_, i64>(0)?, r.get(1)?)),
        )
        .optional()?;
    Ok(found.map_or_else(Head::empty, |(seq, hash)| Head {
        seq: u64::try_from(seq).unwrap_or_default(),
        hash,
    }))
}

/// Inserts the next row, in the transaction that reads the one before.
pub(super) fn insert(tx: &Transaction<'_>, draft: &Draft) -> Result<Row, StoreError> {
    let body = ledger::canonical(&draft.body)?;
    let at = draft.at.to_string();
    let fail = |e: rusqlite::Error| {
        let file = tx.path().map(PathBuf::from).unwrap_or_default();
        StoreError::from_sqlite(&file, &e)
    };
    let before = last(tx).map_err(fail)?;
    let seq = before.seq + 1;
    let fields = Fields {
        kind: &draft.kind,
        who: &draft.who,
        who_verified: draft.who_verified,
        service: draft.service.as_str(),
        environment: draft.environment.as_str(),
        body: &body,
    };
    let hash = ledger::hash(&before.hash, seq, &at, &fields);
    let sql =
        format!("INSERT INTO ledger ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    tx.execute(
        &sql,
        params![
            i64::try_from(seq).unwrap_or(i64::MAX),
            at,
            fields.kind,
            fields.who,
            fields.who_verified,
            fields.service,
            fields.environment,
            fields.body,
            before.hash,
            hash
        ],
    )
    .map_err(fail)?;
    Ok(Row {
        seq,
        at: draft.at,
        kind: draft.kind.clone(),
        who: draft.who.clone(),
        who_verified: draft.who_verified,
        service: draft.service.clone(),
        environment: draft.environment.clone(),
        body: draft.body.clone(),
        prev: before.hash,
        hash,
    })
}

/// A row's texts as they stand in the table.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) seq: u64,
    pub(super) at: String,
    pub(super) kind: String,
    pub(super) who: String,
    pub(super) who_verified: i64,
    pub(super) service: String,
    pub(super) environment: String,
    pub(super) body: String,
    pub(super) prev: String,
    pub(super) hash: String,
}

impl Stored {
    /// Reads a row of [`COLUMNS`]; on failure the number (0 if not even that can be read) and the reason.
    pub(super) fn read(row: &rusqlite::Row<'_>) -> Result<Self, (u64, String)> {
        let seq = row
            .get::<_, i64>(0)
            .ok()
            .and_then(|n| u64::try_from(n).ok())
            .ok_or_else(|| (0, "its number can't be read".to_owned()))?;
        let text = |i: usize| row.get::<_, String>(i).map_err(|e| (seq, e.to_string()));
        Ok(Self {
            seq,
            at: text(1)?,
            kind: text(2)?,
            who: text(3)?,
            who_verified: row.get(4).map_err(|e| (seq, e.to_string()))?,
            service: text(5)?,
            environment: text(6)?,
            body: text(7)?,
            prev: text(8)?,
            hash: text(9)?,
        })
    }

    fn into_row(self) -> Result<Row, (u64, String)> {
        let seq = self.seq;
        let bad = |what: &str, why: String| (seq, format!("{what}: {why}"));
        Ok(Row {
            seq,
            at: self
                .at
                .parse::<Timestamp>()
                .map_err(|e| bad("at", e.to_string()))?,
            kind: self.kind,
            who: self.who,
            who_verified: self.who_verified != 0,
            service: self
                .service
                .parse()
                .map_err(|e: crate::domain::ids::InvalidId| bad("service", e.to_string()))?,
            environment: self
                .environment
                .parse()
                .map_err(|e: crate::domain::ids::InvalidId| bad("environment", e.to_string()))?,
            body: serde_json::from_str(&self.body).map_err(|e| bad("body", e.to_string()))?,
            prev: self.prev,
            hash: self.hash,
        })
    }
}

/// Reads rows of [`COLUMNS`] as far as possible.
pub(super) fn listing(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> rusqlite::Result<Listing> {
    let mut statement = conn.prepare(sql)?;
    let mut found = statement.query(params)?;
    let mut out = Listing::default();
    loop {
        match found.next() {
            Ok(Some(row)) => match Stored::read(row).and_then(Stored::into_row) {
                Ok(row) => out.rows.push(row),
                Err(bad) => out.unreadable.push(bad),
            },
            Ok(None) => return Ok(out),
            Err(e) if out.rows.is_empty() && out.unreadable.is_empty() => return Err(e),
            // The pages behind are damaged: what was read counts.
            Err(e) => {
                let next = out.rows.last().map_or(0, |r| r.seq + 1);
                out.unreadable.push((next, e.to_string()));
                return Ok(out);
            }
        }
    }
}

/// All rows, or the first that can't be read.
pub(super) fn strict(listing: Listing) -> Result<Vec<Row>, StoreError> {
    match listing.unreadable.into_iter().next() {
        Some((seq, why)) => Err(StoreError::BadRow { seq, why }),
        None => Ok(listing.rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_an_error_without_a_row() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(dir.path()).unwrap();
        let draft = |text: String| Draft {
            at: Timestamp::UNIX_EPOCH,
            kind: "note.made".to_owned(),
            who: "ana".to_owned(),
            who_verified: false,
            service: "checkout".parse().unwrap(),
            environment: "production".parse().unwrap(),
            body: serde_json::json!({ "text": text }),
        };
        ledger.append(&draft(String::new())).unwrap();
        // A bound on this connection's pages stands in for the disk.
        ledger
            .conn
            .pragma_update_and_check(None, "max_page_count", 12, |_| Ok(()))
            .unwrap();
        let e = ledger.append(&draft("x".repeat(200_000))).unwrap_err();
        assert!(matches!(e, StoreError::DiskFull { .. }), "{e:?}");
        let found = ledger.verify().unwrap();
        assert!(found.ok && found.rows == 1, "{found:?}");
        assert_eq!(ledger.append(&draft(String::new())).unwrap().seq, 2);
    }
}
