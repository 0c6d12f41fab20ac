//! Verifying the ledger: every hash anew from the texts as stored, numbers without gaps, and the recorded head. Changes nothing.

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::head::{self, Recorded};
use super::ledger::{COLUMNS, Ledger, Stored};
use crate::domain::ledger::{Fields, GENESIS, hash};

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Whether all is as it was recorded.
    pub ok: bool,
    /// How many rows there are up to the break, or in all.
    pub rows: u64,
    /// The first row that is not as it was recorded.
    pub broken_at: Option<u64>,
    /// What is wrong.
    pub reason: Option<String>,
}

impl Verification {
    fn broken(rows: u64, at: Option<u64>, reason: impl Into<String>) -> Self {
        Self {
            ok: false,
            rows,
            broken_at: at,
            reason: Some(reason.into()),
        }
    }
}

impl Ledger {
    /// Verifies all rows and the head. A head that is a few rows behind is what a crash leaves, and sound if the chain
    /// passes through it; a head ahead of the rows means that rows were cut off.
    ///
    /// # Errors
    /// Not even the first row can be asked for.
    pub fn verify(&self) -> Result<Verification, StoreError> {
        // Before the rows: other processes append meanwhile, and the head must not be newer than what is read.
        let recorded = head::read(&self.state_dir);
        let sql = format!("SELECT {COLUMNS} FROM ledger ORDER BY seq");
        let mut statement = self.conn.prepare(&sql).map_err(|e| self.fail(&e))?;
        let mut found = statement.query([]).map_err(|e| self.fail(&e))?;
        let mut rows = 0;
        let mut prev = GENESIS.to_owned();
        let mut at_head = match &recorded {
            Recorded::Head(h) if h.seq == 0 => Some(GENESIS.to_owned()),
            _ => None,
        };
        loop {
            let next = rows + 1;
            let row = match found.next() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(e) => return Ok(Verification::broken(rows, Some(next), e.to_string())),
            };
            let row = match Stored::read(row) {
                Ok(row) => row,
                Err((_, why)) => return Ok(Verification::broken(rows, Some(next), why)),
            };
            if let Some(reason) = fault(&row, next, &prev) {
                return Ok(Verification::broken(rows, Some(next), reason));
            }
            if matches!(&recorded, Recorded::Head(h) if h.seq == next) {
                at_head = Some(row.hash.clone());
            }
            prev = row.hash;
            rows = next;
        }
        Ok(against_head(rows, at_head, &recorded))
    }
}

/// What is wrong with a row that should be number `next` and follow `prev`.
fn fault(row: &Stored, next: u64, prev: &str) -> Option<String> {
    if row.seq != next {
        return Some(format!("row {next} is missing, row {} follows", row.seq));
    }
    if row.prev != prev {
        return Some("it does not follow from the row before".to_owned());
    }
    if !matches!(row.who_verified, 0 | 1) {
        return Some("who_verified is neither 0 nor 1".to_owned());
    }
    let fields = Fields {
        kind: &row.kind,
        who: &row.who,
        who_verified: row.who_verified == 1,
        service: &row.service,
        environment: &row.environment,
        body: &row.body,
    };
    (hash(prev, row.seq, &row.at, &fields) != row.hash)
        .then(|| "its hash is not that of its contents".to_owned())
}

fn against_head(rows: u64, at_head: Option<String>, recorded: &Recorded) -> Verification {
    match recorded {
        Recorded::Missing if rows == 0 => {}
        Recorded::Missing => {
            return Verification::broken(
                rows,
                None,
                "ledger.head is missing, so it can't be told whether rows were cut off",
            );
        }
        Recorded::Unreadable(why) => {
            return Verification::broken(rows, None, format!("ledger.head can't be read: {why}"));
        }
        Recorded::Head(head) => match at_head {
            Some(hash) if hash == head.hash => {}
            Some(_) => {
                return Verification::broken(
                    rows,
                    Some(head.seq),
                    "it is not the row that ledger.head recorded",
                );
            }
            None => {
                return Verification::broken(
                    rows,
                    Some(rows + 1),
                    format!("rows {} to {} were cut off", rows + 1, head.seq),
                );
            }
        },
    }
    Verification {
        ok: true,
        rows,
        broken_at: None,
        reason: None,
    }
}
