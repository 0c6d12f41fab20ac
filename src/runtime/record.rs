//! The ledger as a person reads it: older rows, and whether the chain holds. On a connection of its own that only reads, so that
//! nothing that is to be written waits for it, and so that a damaged ledger can be looked at too.

use std::path::PathBuf;

use super::clock::Clock;
use crate::app::msg::Answer;
use crate::domain::fetched::Fault;
use crate::domain::ledger::{Chain, Older};
use crate::domain::text::Safe;
use crate::store::{Ledger, Listing, StoreError, Verification};

/// Rows of a page.
const PAGE: usize = 2_000;

/// Rows before a number.
pub(super) async fn older(state_dir: PathBuf, before: u64, clock: Clock) -> Answer {
    let read = move |ledger: &Ledger| ledger.before(before, PAGE);
    Answer::OlderRows(
        looked(state_dir, clock, read)
            .await
            .map(|found| page(found.unwrap_or_default())),
    )
}

/// Whether every row is as it was recorded.
pub(super) async fn chain(state_dir: PathBuf, clock: Clock) -> Answer {
    Answer::Chain(looked(state_dir, clock, Ledger::verify).await.map(of))
}

/// Looks into the ledger on a thread that may wait; none: there is no ledger yet.
async fn looked<T: Send + 'static>(
    state_dir: PathBuf,
    clock: Clock,
    look: impl FnOnce(&Ledger) -> Result<T, StoreError> + Send + 'static,
) -> Result<Option<T>, Fault> {
    let later = clock.clone();
    let task = tokio::task::spawn_blocking(move || {
        let ledger = Ledger::open_read_only(&state_dir).map_err(|e| e.to_fault(clock.now()))?;
        let found = ledger.as_ref().map(look).transpose();
        found.map_err(|e| e.to_fault(clock.now()))
    });
    task.await.unwrap_or_else(|e| {
        Err(Fault {
            message: Safe::new(&format!("the ledger was not looked at: {e}")),
            hint: None,
            kind: crate::domain::fetched::FaultKind::Internal,
            at: later.now().0,
            retry_at: None,
        })
    })
}

fn page(found: Listing) -> Older {
    Older {
        rows: found.rows,
        unreadable: found
            .unreadable
            .into_iter()
            .map(|(seq, why)| (seq, Safe::new(&why)))
            .collect(),
    }
}

fn of(found: Option<Verification>) -> Chain {
    found.map_or(
        Chain {
            ok: true,
            rows: 0,
            broken_at: None,
            reason: None,
        },
        |v| Chain {
            ok: v.ok,
            rows: v.rows,
            broken_at: v.broken_at,
            reason: v.reason.as_deref().map(Safe::new),
        },
    )
}
