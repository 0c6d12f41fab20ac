//! The last screen, read before anything else runs: a row or a few, without waiting.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

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

/// Reads the last screen of a profile, as [`read_last_screens`] does.
pub fn read_last_screen(cache_dir: &Path, profile: &str) -> Option<LastScreen> {
    read_last_screens(cache_dir, &[profile]).pop()
}

/// Reads the last screens of these profiles, where there are any. None for whatever reason: the first paint then shows the chrome
/// only. It changes nothing; setting a damaged file aside is left to [`super::Cache::open`].
pub fn read_last_screens(cache_dir: &Path, profiles: &[impl AsRef<str>]) -> Vec<LastScreen> {
    if profiles.is_empty() {
        return Vec::new();
    }
    read(cache_dir, profiles).unwrap_or_default()
}

fn read(cache_dir: &Path, profiles: &[impl AsRef<str>]) -> rusqlite::Result<Vec<LastScreen>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(cache_dir.join("responses.cache"), flags)?;
    conn.busy_timeout(PATIENCE)?;
    let format: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
    if format != FORMAT {
        return Ok(Vec::new());
    }
    let mut found = Vec::with_capacity(profiles.len());
    let mut rows = conn.prepare("SELECT at, bytes FROM last_screen WHERE profile = ?1")?;
    for profile in profiles {
        let kept = rows
            .query_row([profile.as_ref()], |r| Ok((r.get::<_, i64>(0)?, r.get(1)?)))
            .optional()?;
        let screen = kept.and_then(|(at, bytes)| {
            let at = Timestamp::from_millisecond(at).ok()?;
            Some(LastScreen { at, bytes })
        });
        found.extend(screen);
    }
    Ok(found)
}
