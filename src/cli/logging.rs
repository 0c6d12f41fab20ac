//! The log: off unless `FLIGHTDECK_LOG` says what to write (`debug`, `flightdeck::runtime=trace`). It goes to files, never to the
//! screen, and the libraries that see requests never speak below `info`, so no header and no token gets in at any level.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tracing::{Level, Metadata};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::failure::Failure;

/// A file's size at which the next one begins.
const LARGEST: u64 = 10 * 1024 * 1024;
/// So many files are kept.
const KEPT: u32 = 3;
/// Libraries whose `debug` and `trace` may show requests with their headers, or what a keyring answered.
const QUIET: &[&str] = &[
    "hyper",
    "h2",
    "reqwest",
    "octocrab",
    "tower",
    "rustls",
    "tokio",
    "mio",
    "want",
    "zbus",
    "zvariant",
    "secret_service",
    "keyring",
];

/// An open log; what is still on its way is written when this is dropped.
#[derive(Debug)]
pub(super) struct Log {
    _guard: WorkerGuard,
}

/// Opens the log in a folder.
pub(super) fn start(filter: &str, folder: &Path) -> Result<Log, Failure> {
    let filter: Targets = filter
        .parse()
        .map_err(|e: tracing_subscriber::filter::ParseError| {
            Failure::usage("FLIGHTDECK_LOG is no filter")
                .cause(e.to_string())
                .hint("write for example FLIGHTDECK_LOG=debug")
        })?;
    let file = Rotating::open(folder).map_err(|e| {
        Failure::new(
            crate::domain::fetched::FaultKind::Internal,
            format!("the log can't be written in {}", folder.display()),
        )
        .cause(e.to_string())
    })?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let layer = fmt::layer()
        .with_ansi(false)
        .with_writer(writer)
        .with_filter(filter.and(filter_fn(may_speak)));
    // A second log in one process (only in tests) keeps the first.
    drop(tracing_subscriber::registry().with(layer).try_init());
    Ok(Log { _guard: guard })
}

fn may_speak(meta: &Metadata<'_>) -> bool {
    let from = meta.target().split("::").next().unwrap_or_default();
    let quiet = QUIET
        .iter()
        .any(|name| from == *name || from.strip_prefix(name).is_some_and(|r| r.starts_with('_')));
    !quiet || *meta.level() <= Level::INFO
}

/// A file that makes room for the next one when it is full.
#[derive(Debug)]
struct Rotating {
    folder: PathBuf,
    file: File,
    size: u64,
}

impl Rotating {
    fn open(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let file = append(&folder.join("flightdeck.log"))?;
        let size = file.metadata()?.len();
        Ok(Self {
            folder: folder.to_owned(),
            file,
            size,
        })
    }

    fn rotate(&mut self) -> io::Result<()> {
        let name = |n: u32| match n {
            0 => self.folder.join("flightdeck.log"),
            n => self.folder.join(format!("flightdeck.log.{n}")),
        };
        for n in (1..KEPT).rev() {
            // A file that is not there yet has nothing to move.
            drop(fs::rename(name(n - 1), name(n)));
        }
        self.file = append(&name(0))?;
        self.size = self.file.metadata()?.len();
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

impl Write for Rotating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size >= LARGEST {
            self.rotate()?;
        }
        let n = self.file.write(bytes)?;
        self.size = self.size.saturating_add(u64::try_from(n).unwrap_or(0));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_moves_on_and_only_three_are_kept() {
        let keep = tempfile::tempdir().unwrap();
        let mut log = Rotating::open(keep.path()).unwrap();
        for n in 0..5_u8 {
            log.size = LARGEST;
            log.write_all(&[b'0' + n]).unwrap();
        }
        let mut files: Vec<(String, String)> = fs::read_dir(keep.path())
            .unwrap()
            .map(|e| e.unwrap())
            .map(|e| {
                let name = e.file_name().into_string().unwrap();
                (name, fs::read_to_string(e.path()).unwrap())
            })
            .collect();
        files.sort();
        let shown: Vec<(&str, &str)> = files
            .iter()
            .map(|(n, t)| (n.as_str(), t.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("flightdeck.log", "4"),
                ("flightdeck.log.1", "3"),
                ("flightdeck.log.2", "2")
            ]
        );
    }
}
