//! What can go wrong with the files, in the words a person needs: what happened to which file, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::holders;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ledger::NotCanonical;
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// Why the store can't do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process holds it for longer than we wait (2 s).
    #[error("{} is locked{}", .file.display(), .by.as_ref().map(|b| format!(" by {b}")).unwrap_or_default())]
    Locked {
        /// The file.
        file: PathBuf,
        /// Who holds it, where the system tells.
        by: Option<String>,
    },
    /// The file is no database, or its pages contradict each other.
    #[error("{} is damaged: {said}", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// In `SQLite`'s words.
        said: String,
    },
    /// A row of the ledger can't be understood.
    #[error("row {seq} of the ledger can't be read: {why}")]
    BadRow {
        /// Its number.
        seq: u64,
        /// What is wrong.
        why: String,
    },
    /// The record of the head remains, the database is gone.
    #[error("{} is gone, although {rows} rows were recorded in it", .file.display())]
    Gone {
        /// The database.
        file: PathBuf,
        /// How many rows it had.
        rows: u64,
    },
    /// A newer flightdeck has written it.
    #[error("{} was written by a newer flightdeck (format {found}, this one knows {known})", .file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// No space is left.
    #[error("no space is left to write {}", .file.display())]
    DiskFull {
        /// The file.
        file: PathBuf,
    },
    /// The user may not.
    #[error("no permission to write {}: {said}", .file.display())]
    Permission {
        /// The file.
        file: PathBuf,
        /// In the system's words.
        said: String,
    },
    /// A folder is wanted where something else is.
    #[error("{} is not a folder", .path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{} can't be used: {said}", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// In the system's words.
        said: String,
    },
    /// The row's body is not what the ledger takes.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// The draft is not that of an intent.
    #[error("this is not an intent: {why}")]
    NotAnIntent {
        /// What is missing.
        why: String,
    },
    /// The path is not text and can't be recorded.
    #[error("the path {} is not valid UTF-8", .path.display())]
    PathText {
        /// The path.
        path: PathBuf,
    },
}

impl StoreError {
    pub(super) fn from_io(file: &Path, e: &io::Error) -> Self {
        let file = file.to_owned();
        let said = e.to_string();
        match e.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Permission { file, said }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { file },
            io::ErrorKind::NotADirectory => Self::NotADirectory { path: file },
            _ => Self::Io { file, said },
        }
    }

    pub(super) fn from_sqlite(file: &Path, e: &rusqlite::Error) -> Self {
        let path = file.to_owned();
        let said = e.to_string();
        match e.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked {
                by: holders::of(file),
                file: path,
            },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { file: path, said }
            }
            Some(ErrorCode::DiskFull) => Self::DiskFull { file: path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::Permission { file: path, said }
            }
            // Our statements are fixed: one that does not compile means tables that are not ours.
            Some(ErrorCode::Unknown) => Self::Damaged { file: path, said },
            _ => Self::Io { file: path, said },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Locked { by: Some(by), .. } => {
                format!("wait for {by} to finish, or end it if it hangs, and try again")
            }
            Self::Locked { by: None, .. } => {
                "another flightdeck or a database tool holds it: end it, and try again".to_owned()
            }
            Self::Damaged { file, .. } => format!(
                "keep a copy, then restore {} with ledger.head from a backup, or move both away to begin anew",
                file.display()
            ),
            Self::BadRow { .. } => {
                "run `flightdeck ledger verify` to see whether the ledger was changed".to_owned()
            }
            Self::Gone { .. } => {
                "restore it from a backup, or move ledger.head away to begin anew".to_owned()
            }
            Self::Newer { .. } => {
                "use the newer flightdeck; nothing was changed by this one".to_owned()
            }
            Self::DiskFull { .. } => "free some space, and try again".to_owned(),
            Self::Permission { .. } => {
                "make it writable for you, or choose another folder with XDG_STATE_HOME".to_owned()
            }
            Self::NotADirectory { path } => {
                format!("move {} away, or set XDG_STATE_HOME", path.display())
            }
            Self::Io { .. } | Self::NotCanonical(_) | Self::NotAnIntent { .. } => return None,
            Self::PathText { .. } => "rename the file or its folder".to_owned(),
        })
    }

    /// The kind, in the words of the machine contract.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Locked { .. } | Self::Newer { .. } => FaultKind::Refused,
            Self::Permission { .. } => FaultKind::Forbidden,
            Self::NotADirectory { .. } | Self::PathText { .. } => FaultKind::Config,
            Self::Damaged { .. }
            | Self::BadRow { .. }
            | Self::Gone { .. }
            | Self::DiskFull { .. }
            | Self::Io { .. }
            | Self::NotCanonical(_)
            | Self::NotAnIntent { .. } => FaultKind::Internal,
        }
    }

    /// The fault as panes and commands show it.
    pub fn to_fault(&self, now: Now) -> Fault {
        Fault {
            message: Safe::new(&self.to_string()),
            hint: self.hint().map(Safe::from),
            kind: self.kind(),
            at: now.0,
            retry_at: None,
        }
    }
}

/// What a person should know although it works.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreWarning {
    /// Shared memory does not work over networks, so the slower, safe journal is used.
    #[error("{} lies on a network file system ({kind}): the ledger uses its slower journal there; machines sharing it must not run at once", .file.display())]
    NetworkDisk {
        /// The file.
        file: PathBuf,
        /// The file system.
        kind: &'static str,
    },
    /// The journal could not be switched.
    #[error("{} works with the journal `{mode}` instead of the wanted one", .file.display())]
    OtherJournal {
        /// The file.
        file: PathBuf,
        /// The journal in use.
        mode: String,
    },
    /// The row is recorded, the record of the head is behind.
    #[error("the row is recorded, but {} could not be written: {why}", .file.display())]
    HeadBehind {
        /// The head's file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// The head does not fit the rows: it stays as it is, as evidence.
    #[error("{} does not fit the ledger ({why}); run `flightdeck ledger verify`", .file.display())]
    HeadDiffers {
        /// The head's file.
        file: PathBuf,
        /// How they differ.
        why: String,
    },
    /// The database could not be opened in its place: what is shown comes from a copy of it.
    #[error("{} can't be opened for reading in its place, a copy was read", .file.display())]
    ReadFromCopy {
        /// The file.
        file: PathBuf,
    },
    /// The cache was damaged; a new one was begun.
    #[error("the cache {} was damaged ({said}): it was renamed to {}, a new one was begun", .file.display(), .to.display())]
    CacheSetAside {
        /// The file.
        file: PathBuf,
        /// Its new name.
        to: PathBuf,
        /// What was wrong.
        said: String,
    },
    /// The cache is not used in this run.
    #[error("the cache {} is not used: {said}", .file.display())]
    CacheOff {
        /// The file.
        file: PathBuf,
        /// Why.
        said: String,
    },
}
