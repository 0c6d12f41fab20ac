//! The cache: answers with their validators, bounded by least recent use, and beside them the last screens. It may be lost at
//! any time, so nothing here fails: a damaged file is set aside and begun anew, a locked one is not used.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, params};

use super::error::StoreWarning;
use super::{holders, paths};

/// How long a lock is waited for: what is cached can be asked for again sooner than this lasts.
const PATIENCE: Duration = Duration::from_millis(500);
/// The format. An older one is emptied, a newer one is left alone.
const FORMAT: i64 = 2;
/// A use is noted again only after this time, so that reading does not write all the time.
const NOTE_USE_AFTER_MS: i64 = 60_000;

const TABLES: &str = "
DROP TABLE IF EXISTS responses;
DROP TABLE IF EXISTS last_screen;
CREATE TABLE responses (
  host TEXT NOT NULL,
  account TEXT NOT NULL,
  accept TEXT NOT NULL,
  uri TEXT NOT NULL,
  etag TEXT NOT NULL,
  stored_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (host, account, accept, uri)
) STRICT;
CREATE INDEX responses_used ON responses (used_at, size);
PRAGMA user_version = 2;
";

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all bodies together.
    pub bytes: u64,
    /// Answers.
    pub rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            rows: 5_000,
        }
    }
}

/// What an answer belongs to. Answers differ by all four.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// The server, with port.
    pub host: String,
    /// Whose view it is: a login or a digest of the token, never the token.
    pub account: String,
    /// The `Accept` header.
    pub accept: String,
    /// Path and query.
    pub uri: String,
}

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedResponse {
    /// Its validator.
    pub etag: String,
    /// Its body.
    pub body: Vec<u8>,
    /// When it was answered.
    pub stored_at: Timestamp,
}

/// The cache, or its absence: then nothing is found and nothing kept.
#[derive(Debug)]
pub struct Cache {
    conn: Option<Connection>,
    file: PathBuf,
    limits: Limits,
    warnings: Vec<StoreWarning>,
}

impl Cache {
    /// Opens the cache in `responses.cache` of the cache folder; makes it if need be. Never fails: see [`Cache::take_warnings`].
    pub fn open(cache_dir: &Path, limits: Limits) -> Self {
        let file = cache_dir.join("responses.cache");
        let mut cache = Self {
            conn: None,
            file,
            limits,
            warnings: Vec::new(),
        };
        if let Err(e) = paths::private_dir(cache_dir) {
            cache.off(e.to_string());
            return cache;
        }
        cache.connect();
        cache
    }

    /// Whether answers are kept at all.
    pub fn is_on(&self) -> bool {
        self.conn.is_some()
    }

    /// What a person should know, since the last time this was asked.
    pub fn take_warnings(&mut self) -> Vec<StoreWarning> {
        std::mem::take(&mut self.warnings)
    }

    /// The kept answer; its use is noted.
    pub fn get(&mut self, key: &CacheKey, now: Timestamp) -> Option<CachedResponse> {
        let now = now.as_millisecond();
        self.run(|conn| {
            let found = conn
                .prepare_cached(
                    "SELECT etag, body, stored_at, used_at FROM responses
                     WHERE host = ?1 AND account = ?2 AND accept = ?3 AND uri = ?4",
                )?
                .query_row(params![key.host, key.account, key.accept, key.uri], |r| {
                    Ok((
                        r.get::<_, String>(0)?,
                        r.get::<_, Vec<u8>>(1)?,
                        r.get::<_, i64>(2)?,
                        r.get::<_, i64>(3)?,
                    ))
                })
                .optional()?;
            let Some((etag, body, stored, used)) = found else {
                return Ok(None);
            };
            if now.abs_diff(used) >= NOTE_USE_AFTER_MS.unsigned_abs() {
                conn.prepare_cached(
                    "UPDATE responses SET used_at = ?5
                     WHERE host = ?1 AND account = ?2 AND accept = ?3 AND uri = ?4",
                )?
                .execute(params![
                    key.host,
                    key.account,
                    key.accept,
                    key.uri,
                    now
                ])?;
            }
            Ok(Timestamp::from_millisecond(stored)
                .ok()
                .map(|stored_at| CachedResponse {
                    etag,
                    body,
                    stored_at,
                }))
        })
        .flatten()
    }

    /// Keeps an answer, replacing an older one; the least recently used go when the bounds are passed. One that would take
    /// more than half of the space is not kept.
    pub fn put(&mut self, key: &CacheKey, etag: &str, body: &[u8], now: Timestamp) {
        let limits = self.limits;
        let size = body.len() as u64;
        if size > limits.bytes / 2 {
            return;
        }
        let now = now.as_millisecond();
        self.run(|conn| {
            let tx = conn.unchecked_transaction()?;
            tx.prepare_cached(
                "INSERT OR REPLACE INTO responses
                 (host, account, accept, uri, etag, stored_at, used_at, size, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8)",
            )?
            .execute(params![
                key.host,
                key.account,
                key.accept,
                key.uri,
                etag,
                now,
                i64::try_from(size).unwrap_or(i64::MAX),
                body
            ])?;
            evict(&tx, limits)?;
            tx.commit()
        });
    }

    /// Forgets an answer.
    pub fn remove(&mut self, key: &CacheKey) {
        self.run(|conn| {
            conn.execute(
                "DELETE FROM responses WHERE host = ?1 AND account = ?2 AND accept = ?3 AND uri = ?4",
                params![key.host, key.account, key.accept, key.uri],
            )
        });
    }

    /// Keeps a last screen under a name. It lies beside the database, which takes longer to open than a first frame may.
    pub fn save_screen(&mut self, name: &str, bytes: &[u8], at: Timestamp) {
        let Some(folder) = self.file.parent() else {
            return;
        };
        if let Err(e) = super::screen::save(folder, name, bytes, at) {
            tracing::warn!("the last screen is not kept: {e}");
        }
    }

    fn connect(&mut self) {
        match open(&self.file) {
            Ok(conn) => self.conn = Some(conn),
            Err(Trouble::Damaged(said)) => self.begin_anew(said),
            Err(Trouble::Other(said)) => self.off(said),
        }
    }

    /// Runs a statement. Damage found on the way begins a new cache; anything else is as if nothing had been kept.
    fn run<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let conn = self.conn.as_ref()?;
        match work(conn) {
            Ok(value) => Some(value),
            Err(e) => {
                match trouble(&e) {
                    Trouble::Damaged(said) => {
                        self.conn = None;
                        self.begin_anew(said);
                    }
                    Trouble::Other(said) => self.warn(StoreWarning::CacheOff {
                        file: self.file.clone(),
                        said,
                    }),
                }
                None
            }
        }
    }

    fn begin_anew(&mut self, said: String) {
        if !self.set_aside(said) {
            return;
        }
        match open(&self.file) {
            Ok(conn) => self.conn = Some(conn),
            Err(Trouble::Damaged(said) | Trouble::Other(said)) => self.off(said),
        }
    }

    /// Renames the damaged file to `.broken` (one is kept) and removes its log. Other processes keep what they have open.
    fn set_aside(&mut self, said: String) -> bool {
        let to = paths::beside(&self.file, ".broken");
        if let Err(e) = fs::rename(&self.file, &to) {
            self.off(e.to_string());
            return false;
        }
        for suffix in ["-wal", "-shm", "-journal"] {
            drop(fs::remove_file(paths::beside(&self.file, suffix)));
        }
        self.warn(StoreWarning::CacheSetAside {
            file: self.file.clone(),
            to,
            said,
        });
        true
    }

    fn off(&mut self, said: String) {
        self.conn = None;
        self.warn(StoreWarning::CacheOff {
            file: self.file.clone(),
            said,
        });
    }

    fn warn(&mut self, warning: StoreWarning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// Why the cache can't be used.
#[derive(Debug)]
enum Trouble {
    /// It is no database, or not ours.
    Damaged(String),
    /// Locked, full, not permitted, newer: not for us to change.
    Other(String),
}

fn trouble(e: &rusqlite::Error) -> Trouble {
    match e.sqlite_error_code() {
        // An unknown code is a statement that does not compile: tables that are not ours.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => {
            Trouble::Damaged(e.to_string())
        }
        _ => Trouble::Other(e.to_string()),
    }
}

fn open(file: &Path) -> Result<Connection, Trouble> {
    paths::private_file(file).map_err(|e| Trouble::Other(e.to_string()))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let prepare = || {
        let conn = Connection::open_with_flags(file, flags)?;
        conn.busy_timeout(PATIENCE)?;
        let format: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
        if format > FORMAT {
            return Ok(Err(format));
        }
        let network = file.parent().and_then(holders::network).is_some();
        let mode = if network { "delete" } else { "wal" };
        conn.pragma_update_and_check(None, "journal_mode", mode, |r| r.get::<_, String>(0))?;
        conn.pragma_update(None, "synchronous", "NORMAL")?;
        if format < FORMAT {
            let tx = rusqlite::Transaction::new_unchecked(
                &conn,
                rusqlite::TransactionBehavior::Immediate,
            )?;
            // Another process may have been faster.
            let now: i64 = tx.pragma_query_value(None, "user_version", |r| r.get(0))?;
            if now < FORMAT {
                tx.execute_batch(TABLES)?;
            }
            tx.commit()?;
        }
        Ok(Ok(conn))
    };
    match prepare() {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(newer)) => Err(Trouble::Other(format!(
            "a newer flightdeck has written it (format {newer})"
        ))),
        Err(e) => Err(trouble(&e)),
    }
}

/// Removes the least recently used until both bounds hold.
fn evict(conn: &Connection, limits: Limits) -> rusqlite::Result<()> {
    let max_rows = i64::try_from(limits.rows).unwrap_or(i64::MAX);
    let max_bytes = i64::try_from(limits.bytes).unwrap_or(i64::MAX);
    let (mut rows, mut bytes): (i64, i64) = conn
        .prepare_cached("SELECT count(*), coalesce(sum(size), 0) FROM responses")?
        .query_row([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    if rows <= max_rows && bytes <= max_bytes {
        return Ok(());
    }
    let oldest: Vec<(i64, i64)> = conn
        .prepare_cached("SELECT rowid, size FROM responses ORDER BY used_at, rowid")?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, size) in oldest {
        if rows <= max_rows && bytes <= max_bytes {
            break;
        }
        conn.prepare_cached("DELETE FROM responses WHERE rowid = ?1")?
            .execute([id])?;
        rows -= 1;
        bytes -= size;
    }
    Ok(())
}
