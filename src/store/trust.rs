//! Which project files a person trusts: canonical path and SHA-256 of the contents, so that a changed file is asked about again.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::error::StoreError;
use super::ledger::Ledger;

/// A file that a person trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// Where it lies.
    pub path: PathBuf,
    /// The SHA-256 of the contents that are trusted, in hex.
    pub sha256: String,
    /// Since when; none: the record can't be read.
    pub at: Option<Timestamp>,
}

impl Ledger {
    /// Whether the file with exactly these contents is trusted. A path that is not text never is.
    ///
    /// # Errors
    /// The disk's.
    pub fn is_trusted(&self, path: &Path, sha256: &str) -> Result<bool, StoreError> {
        let Some(text) = path.to_str() else {
            return Ok(false);
        };
        let found: Option<String> = self
            .conn
            .query_row("SELECT sha256 FROM trust WHERE path = ?1", [text], |r| {
                r.get(0)
            })
            .optional()
            .map_err(|e| self.fail(&e))?;
        Ok(found.is_some_and(|f| f.eq_ignore_ascii_case(sha256)))
    }

    /// Trusts the file with these contents from now on; earlier contents no longer are.
    ///
    /// # Errors
    /// [`StoreError::PathText`], or the disk's.
    pub fn trust(&mut self, path: &Path, sha256: &str, at: Timestamp) -> Result<(), StoreError> {
        let text = text(path)?;
        self.conn
            .execute(
                "INSERT INTO trust (path, sha256, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, at = excluded.at",
                params![text, sha256, at.to_string()],
            )
            .map(drop)
            .map_err(|e| self.fail(&e))
    }

    /// Every trusted file: its path, the SHA-256 of the contents, and when a person said so. By path.
    ///
    /// # Errors
    /// The disk's.
    pub fn trusted(&self) -> Result<Vec<Trusted>, StoreError> {
        let all = || -> rusqlite::Result<Vec<Trusted>> {
            let mut rows = self
                .conn
                .prepare("SELECT path, sha256, at FROM trust ORDER BY path")?;
            rows.query_map([], |row| {
                let at: String = row.get(2)?;
                Ok(Trusted {
                    path: PathBuf::from(row.get::<_, String>(0)?),
                    sha256: row.get(1)?,
                    at: at.parse().ok(),
                })
            })?
            .collect()
        };
        all().map_err(|e| self.fail(&e))
    }

    /// Trusts the file no longer; says whether it was.
    ///
    /// # Errors
    /// [`StoreError::PathText`], or the disk's.
    pub fn distrust(&mut self, path: &Path) -> Result<bool, StoreError> {
        let text = text(path)?;
        self.conn
            .execute("DELETE FROM trust WHERE path = ?1", [text])
            .map(|n| n > 0)
            .map_err(|e| self.fail(&e))
    }
}

fn text(path: &Path) -> Result<&str, StoreError> {
    path.to_str().ok_or_else(|| StoreError::PathText {
        path: PathBuf::from(path),
    })
}
