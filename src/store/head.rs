//! The record of the ledger's last row, beside the database: a hash chain can't see that its tail was cut, this can.
//!
//! It is written after each append (new file, sync, rename, sync of the folder) under a lock, only ever forward, and only
//! while it fits the rows: once it does not, it is evidence and stays as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::paths;
use crate::domain::ledger::GENESIS;

/// How long a lock is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Number and hash of the last row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The row's number; 0 before the first.
    pub(super) seq: u64,
    /// Its hash.
    pub(super) hash: String,
}

impl Head {
    /// The head of an empty ledger.
    pub(super) fn empty() -> Self {
        Self {
            seq: 0,
            hash: GENESIS.to_owned(),
        }
    }
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recorded {
    /// There is no file.
    Missing,
    /// It can't be understood.
    Unreadable(String),
    /// The head.
    Head(Head),
}

/// Reads the record.
pub(super) fn read(state_dir: &Path) -> Recorded {
    match fs::read_to_string(paths::head(state_dir)) {
        Ok(text) => match serde_json::from_str(&text) {
            Ok(head) => Recorded::Head(head),
            Err(e) => Recorded::Unreadable(e.to_string()),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => Recorded::Missing,
        Err(e) => Recorded::Unreadable(e.to_string()),
    }
}

/// Writes the record so that after a power cut either the old or the new one is there. The caller holds [`lock`].
pub(super) fn write(state_dir: &Path, head: &Head) -> io::Result<()> {
    let file = paths::head(state_dir);
    let new = paths::beside(&file, ".new");
    let mut text = serde_json::to_string(head)?;
    text.push('\n');
    let mut out = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&new, &file)?;
    paths::sync_dir(state_dir)
}

/// Waits for the lock that orders the writers of the head and the makers of the database. It ends with the file.
pub(super) fn lock(state_dir: &Path) -> Result<File, StoreError> {
    let path = paths::lock(state_dir);
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .map_err(|e| StoreError::from_io(&path, &e))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(2));
            }
            Err(fs::TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    by: super::holders::of(&path),
                    file: path,
                });
            }
            Err(fs::TryLockError::Error(e)) => return Err(StoreError::from_io(&path, &e)),
        }
    }
}
