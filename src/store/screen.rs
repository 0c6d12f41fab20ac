//! The last screen, read before anything else runs: one row, without waiting.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::cache::FORMAT;

/// How long a lock may hold up the first paint.
const PATIENCE: Duration = Duration::from_millis(10);

/// A kept screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastScreen {
    /// When it was kept.
    pub at: Timestamp,
    /// Its contents, as the runtime wrote them.
    pub bytes: Vec<u8>,
}

/// Reads the last screen of a profile. None for whatever reason: the first paint then shows the chrome only. It changes
/// nothing; setting a damaged file aside is left to [`super::Cache::open`].
pub fn read_last_screen(cache_dir: &Path, profile: &str) -> Option<LastScreen> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(cache_dir.join("responses.cache"), flags).ok()?;
    conn.busy_timeout(PATIENCE).ok()?;
    let format: i64 = conn
        .pragma_query_value(None, "user_version", |r| r.get(0))
        .ok()?;
    if format != FORMAT {
        return None;
    }
    let (at, bytes) = conn
        .query_row(
            "SELECT at, bytes FROM last_screen WHERE profile = ?1",
            [profile],
            |r| Ok((r.get::<_, i64>(0)?, r.get(1)?)),
        )
        .ok()?;
    Some(LastScreen {
        at: Timestamp::from_millisecond(at).ok()?,
        bytes,
    })
}
