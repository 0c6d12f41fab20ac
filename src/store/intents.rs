//! Writes happen once: an intent is recorded before anything is sent, and only if no other is open for its target. All of it is
//! decided inside one transaction, so of many processes exactly one wins.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Deserialize as _;
use serde_json::Value;

use super::error::StoreError;
use super::ledger::{COLUMNS, Ledger, insert, listing, strict};
use super::owner::{Alive, is_alive};
use crate::domain::ids::{CorrelationId, Target};
use crate::domain::ledger::{Draft, Row};
use crate::domain::rollback::journal::{
    self, Closed, Closing, INTENT, IntentFacts, OpenIntent, Owner, RESUMED,
};

/// What became of the wish to record an intent.
#[derive(Debug, Clone, PartialEq)]
pub enum IntentOutcome {
    /// It is recorded: send.
    Won(Row),
    /// Another one is open: follow it, send nothing.
    Joined(Box<OpenIntent>),
    /// The same was done just now: send nothing.
    AlreadyDone(Box<Closed>),
}

/// What became of the wish to take over an intent.
#[derive(Debug, Clone, PartialEq)]
pub enum TakeOver {
    /// It is ours now; the row that says so.
    Taken(Row),
    /// Its owner lives, or may live: follow it only.
    Owned {
        /// The owner, if one is recorded.
        owner: Option<Owner>,
        /// Whether it lives.
        alive: Alive,
    },
    /// There is no such open intent.
    NotOpen,
}

/// Who records a row, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// Whether `who` is the token's login.
    pub who_verified: bool,
}

/// The draft of an intent's row: the facts, and the process that owns it.
///
/// # Errors
/// The facts can't be written as JSON.
pub fn intent_draft(
    target: &Target,
    facts: &IntentFacts,
    owner: &Owner,
    stamp: &Stamp,
) -> Result<Draft, StoreError> {
    let mut body = json(facts)?;
    if let Value::Object(map) = &mut body {
        map.insert("owner".to_owned(), json(owner)?);
    }
    Ok(Draft {
        at: stamp.at,
        kind: INTENT.to_owned(),
        who: stamp.who.clone(),
        who_verified: stamp.who_verified,
        service: target.service.clone(),
        environment: target.env.clone(),
        body,
    })
}

fn json(value: &impl serde::Serialize) -> Result<Value, StoreError> {
    value
        .serialize(serde_json::value::Serializer)
        .map_err(|e| StoreError::NotAnIntent { why: e.to_string() })
}

/// The usual guard of [`Ledger::open_intent`]: the last rollback of the target that was carried out went the same way, and
/// was closed after `since`.
pub fn already_done(
    facts: &IntentFacts,
    since: Timestamp,
) -> impl FnOnce(&[Closed]) -> Option<Closed> {
    let (from, to) = (facts.from.sha.clone(), facts.to.sha.clone());
    move |closed| {
        closed
            .iter()
            .rev()
            .find(|c| matches!(c.closing, Closing::Recovered | Closing::NotVerified))
            .filter(|c| c.facts.from.sha == from && c.facts.to.sha == to && c.at > since)
            .cloned()
    }
}

impl Ledger {
    /// Records an intent, unless one is open for its target or `guard`, given the target's closed rollbacks in order, finds
    /// that it was done already. When this says [`IntentOutcome::Won`], the row is on the disk and nobody else has won.
    ///
    /// # Errors
    /// [`StoreError::NotAnIntent`]; [`StoreError::BadRow`] if a row of the target can't be understood, since it could be an
    /// open intent; the disk's. Then nothing was recorded and nothing may be sent.
    pub fn open_intent(
        &mut self,
        draft: &Draft,
        guard: impl FnOnce(&[Closed]) -> Option<Closed>,
    ) -> Result<IntentOutcome, StoreError> {
        check_intent(draft)?;
        let tx = self.begin()?;
        let (open, closed) = self.journal(&tx, Some(&draft.target()))?;
        if let Some(first) = open.into_iter().next() {
            return Ok(IntentOutcome::Joined(Box::new(first)));
        }
        if let Some(done) = guard(&closed) {
            return Ok(IntentOutcome::AlreadyDone(Box::new(done)));
        }
        let row = insert(&tx, draft)?;
        let warning = self.commit(tx, &row)?;
        self.warn(warning);
        Ok(IntentOutcome::Won(row))
    }

    /// Takes over the following of an open intent, if its owner is gone for certain: another boot of this machine, no such
    /// process, or another process with that number. Nothing can be proved of other machines.
    ///
    /// # Errors
    /// As [`Ledger::open_intent`].
    pub fn take_over(
        &mut self,
        operation: &CorrelationId,
        new: &Owner,
        stamp: &Stamp,
    ) -> Result<TakeOver, StoreError> {
        let tx = self.begin()?;
        let (open, _) = self.journal(&tx, None)?;
        let Some(intent) = open.into_iter().find(|o| o.facts.operation == *operation) else {
            return Ok(TakeOver::NotOpen);
        };
        let alive = intent.owner.as_ref().map_or(Alive::NotKnown, is_alive);
        if alive != Alive::No {
            return Ok(TakeOver::Owned {
                owner: intent.owner,
                alive,
            });
        }
        let draft = Draft {
            at: stamp.at,
            kind: RESUMED.to_owned(),
            who: stamp.who.clone(),
            who_verified: stamp.who_verified,
            service: intent.target.service,
            environment: intent.target.env,
            body: serde_json::json!({
                "operation": json(operation)?,
                "owner": json(new)?,
                "from_owner": json(&intent.owner)?,
            }),
        };
        let row = insert(&tx, &draft)?;
        let warning = self.commit(tx, &row)?;
        self.warn(warning);
        Ok(TakeOver::Taken(row))
    }

    /// The rollbacks in the ledger: open and closed ones, of all targets.
    ///
    /// # Errors
    /// As [`Ledger::open_intent`].
    pub fn rollbacks(&self) -> Result<(Vec<OpenIntent>, Vec<Closed>), StoreError> {
        self.journal(&self.conn, None)
    }

    /// Reads all rows of a target rather than by an index: a damaged index must not hide an open intent.
    fn journal(
        &self,
        conn: &Connection,
        target: Option<&Target>,
    ) -> Result<(Vec<OpenIntent>, Vec<Closed>), StoreError> {
        let filter = "WHERE ?1 IS NULL OR (service = ?1 AND environment = ?2)";
        let sql = format!("SELECT {COLUMNS} FROM ledger {filter} ORDER BY seq");
        let (service, environment) = target.map(|t| (t.service.as_str(), t.env.as_str())).unzip();
        let found =
            listing(conn, &sql, params![service, environment]).map_err(|e| self.fail(&e))?;
        let rows = strict(found)?;
        for row in rows.iter().filter(|r| r.kind == INTENT) {
            if let Err(e) = IntentFacts::deserialize(&row.body) {
                return Err(StoreError::BadRow {
                    seq: row.seq,
                    why: format!("an intent, but {e}"),
                });
            }
        }
        Ok(journal::read(&rows))
    }
}

fn check_intent(draft: &Draft) -> Result<(), StoreError> {
    let no = |why: String| Err(StoreError::NotAnIntent { why });
    if draft.kind != INTENT {
        return no(format!("its kind is `{}`", draft.kind));
    }
    if let Err(e) = IntentFacts::deserialize(&draft.body) {
        return no(e.to_string());
    }
    match draft.body.get("owner").map(Owner::deserialize) {
        Some(Ok(_)) => Ok(()),
        Some(Err(e)) => no(format!("owner: {e}")),
        None => no("it names no owner".to_owned()),
    }
}
