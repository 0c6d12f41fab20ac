//! The ledger, read for a command: reading is possible on a damaged or read-only file, and changes nothing.

use std::collections::BTreeMap;

use crate::config::Loaded;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::text::Safe;
use crate::domain::units::Now;
use crate::runtime::session;
pub use crate::store::Verification;
use crate::store::{Ledger, Listing};

/// The last rows, as far as they can be read; `limit` none: all.
///
/// # Errors
/// The ledger can't be read at all.
pub fn rows(
    loaded: &Loaded,
    env: &BTreeMap<String, String>,
    limit: Option<usize>,
    now: Now,
) -> Result<Listing, Fault> {
    let Some(ledger) = open(loaded, env, now)? else {
        return Ok(Listing::default());
    };
    let mut listing = ledger.listing(0, usize::MAX).map_err(|e| e.to_fault(now))?;
    if let Some(limit) = limit {
        let skip = listing.rows.len().saturating_sub(limit);
        listing.rows.drain(..skip);
    }
    Ok(listing)
}

/// Whether every row is as it was recorded.
///
/// # Errors
/// The ledger can't be read at all.
pub fn verify(
    loaded: &Loaded,
    env: &BTreeMap<String, String>,
    now: Now,
) -> Result<Verification, Fault> {
    match open(loaded, env, now)? {
        Some(ledger) => ledger.verify().map_err(|e| e.to_fault(now)),
        None => Ok(Verification {
            ok: true,
            rows: 0,
            broken_at: None,
            reason: None,
        }),
    }
}

fn open(
    loaded: &Loaded,
    env: &BTreeMap<String, String>,
    now: Now,
) -> Result<Option<Ledger>, Fault> {
    let paths = session::paths(&loaded.config, env).map_err(|e| Fault {
        message: Safe::new(&e.message),
        hint: e.hint.as_deref().map(Safe::new),
        kind: FaultKind::Config,
        at: now.0,
        retry_at: None,
    })?;
    Ledger::open_read_only(&paths.state_dir).map_err(|e| e.to_fault(now))
}
