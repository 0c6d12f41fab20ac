//! The trust in project files, kept in the store of a profile.

use std::path::Path;

use crate::config::paths::ProfilePaths;
use crate::domain::fetched::Fault;
use crate::domain::units::Now;
use crate::store::Ledger;
pub use crate::store::Trusted;

/// Whether a file with exactly these contents is trusted. What can't be read is not trusted.
pub fn holds(profile: &ProfilePaths, path: &Path, sha256: &str) -> bool {
    let opened = Ledger::open_read_only(&profile.state);
    let asked = opened.map(|ledger| match ledger {
        Some(ledger) => ledger.is_trusted(path, sha256),
        None => Ok(false),
    });
    match asked {
        Ok(Ok(trusted)) => trusted,
        Ok(Err(error)) | Err(error) => {
            tracing::warn!(%error, "whether the project's file is trusted can't be read");
            false
        }
    }
}

/// Trusts a file with these contents from now on.
///
/// # Errors
/// It can't be kept.
pub fn trust(profile: &ProfilePaths, path: &Path, sha256: &str, now: Now) -> Result<(), Fault> {
    let mut ledger = Ledger::open(&profile.state).map_err(|e| e.to_fault(now))?;
    ledger
        .trust(path, sha256, now.0)
        .map_err(|e| e.to_fault(now))
}

/// Trusts a file no longer; says whether it was trusted.
///
/// # Errors
/// It can't be kept.
pub fn revoke(profile: &ProfilePaths, path: &Path, now: Now) -> Result<bool, Fault> {
    let known = Ledger::open_read_only(&profile.state).map_err(|e| e.to_fault(now))?;
    if known.is_none() {
        return Ok(false);
    }
    let mut ledger = Ledger::open(&profile.state).map_err(|e| e.to_fault(now))?;
    ledger.distrust(path).map_err(|e| e.to_fault(now))
}

/// Every trusted file, by path.
///
/// # Errors
/// It can't be read.
pub fn list(profile: &ProfilePaths, now: Now) -> Result<Vec<Trusted>, Fault> {
    match Ledger::open_read_only(&profile.state).map_err(|e| e.to_fault(now))? {
        Some(ledger) => ledger.trusted().map_err(|e| e.to_fault(now)),
        None => Ok(Vec::new()),
    }
}
