//! The last screens, a small file each: read before anything else runs, without a database and without waiting.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::paths;

/// More than that is not read: it would hold up the first frame.
const MAX_BYTES: u64 = 5 << 20;
/// More screens than that are not kept; the oldest goes.
const MAX_SCREENS: usize = 500;
/// The first word of a file, with the format.
const MAGIC: &str = "flightdeck-screen-1";

/// A kept screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastScreen {
    /// When it was kept.
    pub at: Timestamp,
    /// Its contents, as the runtime wrote them.
    pub bytes: Vec<u8>,
}

/// Reads the last screen that was kept under this name. None for whatever reason: the first paint then shows the chrome only.
pub fn read_last_screen(cache_dir: &Path, name: &str) -> Option<LastScreen> {
    let file = File::open(place(cache_dir, name)).ok()?;
    let length = file.metadata().ok()?.len();
    if length > MAX_BYTES {
        return None;
    }
    let mut text = Vec::with_capacity(usize::try_from(length).ok()? + 1);
    file.take(MAX_BYTES).read_to_end(&mut text).ok()?;
    let end = text.iter().position(|b| *b == b'\n')?;
    let head = std::str::from_utf8(text.get(..end)?).ok()?;
    let mut words = head.splitn(3, ' ');
    let (magic, at, whose) = (words.next()?, words.next()?, words.next()?);
    if magic != MAGIC || whose != one_line(name) {
        return None;
    }
    let at = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
    text.drain(..=end);
    Some(LastScreen { at, bytes: text })
}

/// Keeps a screen under a name, whole or not at all.
pub(super) fn save(cache_dir: &Path, name: &str, bytes: &[u8], at: Timestamp) -> io::Result<()> {
    let folder = folder(cache_dir);
    paths::private_dir(&folder).map_err(|e| io::Error::other(e.to_string()))?;
    let place = place(cache_dir, name);
    if !place.exists() {
        make_room(&folder)?;
    }
    // Not synced: what is lost with the power is asked for again.
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    writeln!(file, "{MAGIC} {} {}", at.as_millisecond(), one_line(name))?;
    file.write_all(bytes)?;
    file.persist(place)?;
    Ok(())
}

/// Removes the oldest until another one has room.
fn make_room(folder: &Path) -> io::Result<()> {
    let mut kept: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    let over = (kept.len() + 1).saturating_sub(MAX_SCREENS);
    kept.sort();
    for (_, old) in kept.into_iter().take(over) {
        fs::remove_file(old)?;
    }
    Ok(())
}

fn folder(cache_dir: &Path) -> PathBuf {
    cache_dir.join("screens")
}

/// A name may hold anything; its file is called by its digest.
fn place(cache_dir: &Path, name: &str) -> PathBuf {
    use std::fmt::Write as _;
    let digest = Sha256::digest(name.as_bytes());
    let mut hex = String::with_capacity(32);
    for byte in digest.iter().take(16) {
        let _ = write!(hex, "{byte:02x}");
    }
    folder(cache_dir).join(hex)
}

fn one_line(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}
