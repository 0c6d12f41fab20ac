//! The store on disk: the ledger's chain and head, intents among racers, kills, damage, and the cache.

#![expect(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "helpers of tests may fail as tests do; the numbers are small"
)]

mod cache;
mod chain;
mod intents;
mod processes;
mod races;

use std::path::Path;

use flightdeck::domain::ledger::Draft;
use flightdeck::store::{Ledger, StoreError};
use serde_json::{Value, json};

/// A draft whose body is `body`.
pub(crate) fn draft(body: Value) -> Draft {
    Draft {
        at: "2026-07-01T14:02:03.25Z".parse().unwrap(),
        kind: "note.made".to_owned(),
        who: "ana".to_owned(),
        who_verified: true,
        service: "checkout".parse().unwrap(),
        environment: "production".parse().unwrap(),
        body,
    }
}

/// A ledger of `n` rows.
pub(crate) fn ledger_of(dir: &Path, n: usize) -> Ledger {
    let mut ledger = Ledger::open(dir).unwrap();
    for i in 0..n {
        ledger.append(&draft(json!({ "i": i }))).unwrap();
    }
    assert_eq!(ledger.take_warnings(), []);
    ledger
}

/// Appends, waiting for others as long as it takes.
pub(crate) fn append_patiently(ledger: &mut Ledger, draft: &Draft) -> u64 {
    loop {
        match ledger.append(draft) {
            Ok(row) => return row.seq,
            Err(StoreError::Locked { .. }) => {}
            Err(e) => panic!("{e}"),
        }
    }
}

/// A connection that does what the program never does: it takes the triggers away first.
pub(crate) fn vandal(dir: &Path) -> rusqlite::Connection {
    let conn = rusqlite::Connection::open(dir.join("flightdeck.db")).unwrap();
    conn.execute_batch(
        "DROP TRIGGER ledger_appends_only; DROP TRIGGER ledger_never_changes; DROP TRIGGER ledger_never_forgets;",
    )
    .unwrap();
    conn
}
