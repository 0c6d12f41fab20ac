//! The demo's own profile: a state folder and a cache folder that no other run uses, gone after a clean exit. What a killed demo
//! left behind is removed a week later.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::config::Folders;

/// What a killed demo left is kept that long.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A profile that is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Profile {
    /// Its name: `demo-<start>-<pid>`.
    pub(super) name: String,
    state: PathBuf,
    cache: PathBuf,
}

impl Profile {
    /// Makes it, and removes old ones.
    pub(super) fn make(folders: &Folders, start: Timestamp, pid: u32) -> io::Result<Self> {
        for folder in [&folders.state, &folders.cache] {
            sweep(folder, start);
        }
        let name = format!("demo-{}-{pid}", start.as_second());
        let profile = Self {
            state: folders.state.join(&name),
            cache: folders.cache.join(&name),
            name,
        };
        for folder in [&profile.state, &profile.cache] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        Ok(profile)
    }

    /// Where a file of it lies.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    /// Writes a file that only this user can read.
    pub(super) fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.path(name);
        let mut file = fs::OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        for folder in [&self.state, &self.cache] {
            // What can't be removed now is swept later.
            drop(fs::remove_dir_all(folder));
        }
    }
}

/// Removes the profiles of demos that started more than a week ago and whose process is gone.
fn sweep(folder: &Path, now: Timestamp) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let Some((start, pid)) = name.to_str().and_then(parts) else {
            continue;
        };
        if now.duration_since(start) > KEPT && !lives(pid) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

fn parts(name: &str) -> Option<(Timestamp, i32)> {
    let (start, pid) = name.strip_prefix("demo-")?.split_once('-')?;
    Some((
        Timestamp::from_second(start.parse().ok()?).ok()?,
        pid.parse().ok()?,
    ))
}

fn lives(pid: i32) -> bool {
    rustix::process::Pid::from_raw(pid)
        .is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_goes_with_its_owner_and_old_ones_go_too() {
        let keep = tempfile::tempdir().unwrap();
        let folders = Folders {
            home: None,
            config: keep.path().join("config"),
            state: keep.path().join("state"),
            cache: keep.path().join("cache"),
        };
        let now = Timestamp::from_second(1_764_000_000).unwrap();
        let day = 86_400;
        let state = |name: &str| folders.state.join(name);
        let old = state(&format!("demo-{}-999999999", now.as_second() - 8 * day));
        let young = state(&format!("demo-{}-999999999", now.as_second() - 6 * day));
        let real = state("default");
        for folder in [&old, &young, &real] {
            fs::create_dir_all(folder).unwrap();
        }
        let profile = Profile::make(&folders, now, 42).unwrap();
        let token = profile.write("token", "secret").unwrap();
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&token).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert!(!old.exists() && young.exists() && real.exists());
        drop(profile);
        assert!(!token.exists() && !state("demo-1764000000-42").exists());
        assert!(young.exists() && real.exists());
    }
}
