//! What the store's thread does for a rollback.

use jiff::Timestamp;
use serde::Deserialize;

use super::clock::Clock;
use super::disk::Disk;
use crate::app::msg::{IntentOutcome, Written};
use crate::domain::fetched::Fault;
use crate::domain::ids::CorrelationId;
use crate::domain::ledger::{Draft, Row};
use crate::domain::rollback::IntentFacts;
use crate::store::{self, Stamp, TakeOver};

/// Appends a row.
pub(super) fn append(disk: &mut Disk, draft: &Draft, clock: &Clock) -> Result<Row, Fault> {
    disk.ledger()
        .and_then(|ledger| ledger.append(draft))
        .map_err(|e| e.to_fault(clock.now()))
}

/// Records an intent, with this process as its owner, unless one is open or the same was done since `since`.
pub(super) fn open_intent(
    disk: &mut Disk,
    mut draft: Draft,
    since: Timestamp,
    clock: &Clock,
) -> Written {
    if let (Some(body), Ok(owner)) = (
        draft.body.as_object_mut(),
        serde_json::to_value(store::own()),
    ) {
        body.insert("owner".to_owned(), owner);
    }
    let facts = IntentFacts::deserialize(&draft.body).ok();
    let outcome = disk.ledger().and_then(|ledger| {
        ledger.open_intent(&draft, |closed| {
            facts.and_then(|facts| store::already_done(&facts, since)(closed))
        })
    });
    Written::Intent(
        outcome
            .map_err(|e| e.to_fault(clock.now()))
            .map(|outcome| match outcome {
                store::IntentOutcome::Won(row) => IntentOutcome::Won(row),
                store::IntentOutcome::Joined(open) => IntentOutcome::Joined(open),
                store::IntentOutcome::AlreadyDone(closed) => IntentOutcome::AlreadyDone(closed),
            }),
    )
}

/// Takes an intent over whose owner is gone; false: it lives, or the intent is closed.
pub(super) fn take_over(
    disk: &mut Disk,
    operation: &CorrelationId,
    draft: &Draft,
    clock: &Clock,
) -> Result<bool, Fault> {
    let stamp = Stamp {
        at: draft.at,
        who: draft.who.clone(),
        who_verified: draft.who_verified,
    };
    let owner = store::own();
    let outcome = disk
        .ledger()
        .and_then(|ledger| ledger.take_over(operation, &owner, &stamp));
    outcome
        .map(|o| matches!(o, TakeOver::Taken(_)))
        .map_err(|e| e.to_fault(clock.now()))
}
