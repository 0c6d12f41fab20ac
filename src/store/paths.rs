//! Where the state lies, and how its folders and files are made: private to the user (folders 0700, files 0600), on demand.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// The folders of one profile. Nothing in them exists until it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// What must last: `flightdeck.db`, `ledger.head`.
    pub state_dir: PathBuf,
    /// What may be lost: `responses.cache`, `screens`.
    pub cache_dir: PathBuf,
}

impl Paths {
    /// The database with ledger and trust.
    pub fn database(&self) -> PathBuf {
        database(&self.state_dir)
    }

    /// The record of the ledger's last row.
    pub fn head(&self) -> PathBuf {
        head(&self.state_dir)
    }

    /// The cache of answers.
    pub fn responses(&self) -> PathBuf {
        self.cache_dir.join("responses.cache")
    }
}

pub(super) fn database(state_dir: &Path) -> PathBuf {
    state_dir.join("flightdeck.db")
}

pub(super) fn head(state_dir: &Path) -> PathBuf {
    state_dir.join("ledger.head")
}

pub(super) fn lock(state_dir: &Path) -> PathBuf {
    state_dir.join("ledger.lock")
}

/// A neighbour of a file: its name with something appended.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes a folder with its parents, for the user alone; an existing one that others may enter is closed to them.
pub(super) fn private_dir(dir: &Path) -> Result<(), StoreError> {
    match DirBuilder::new().recursive(true).mode(0o700).create(dir) {
        Ok(()) => {}
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory
            ) =>
        {
            return Err(StoreError::NotADirectory {
                path: dir.to_owned(),
            });
        }
        Err(e) => return Err(StoreError::from_io(dir, &e)),
    }
    narrow(dir, 0o700);
    Ok(())
}

/// Makes an empty file for the user alone, if there is none: `SQLite` would make it readable for others.
pub(super) fn private_file(file: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(file);
    match made {
        Ok(_) => {
            narrow(file, 0o600);
            Ok(())
        }
        // It exists and can't be written: opening it says more than this can.
        Err(_) if file.is_file() => Ok(()),
        Err(e) => Err(StoreError::from_io(file, &e)),
    }
}

/// Takes the rights of others away. A file system without rights, or another owner, is no reason to stop.
fn narrow(path: &Path, mode: u32) {
    if let Ok(meta) = fs::metadata(path)
        && meta.permissions().mode() & 0o077 != 0
    {
        drop(fs::set_permissions(path, Permissions::from_mode(mode)));
    }
}

/// Makes the names in a folder (created, renamed, removed files) last over a power cut.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
