//! The thread that owns the store. Jobs are done in order, so rows land in the order in which they were ordered; nothing of
//! `SQLite` ever runs on the loop. It opens the files when it starts, and tells when another process has written.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::clock::Clock;
use crate::app::msg::Msg;
use crate::app::notice::{Notice, Severity};
use crate::domain::text::Safe;
use crate::store::{Cache, CacheKey, CachedResponse, Ledger, Limits, Paths, StoreError};

/// Other processes' rows are looked for that often (`PRAGMA data_version`).
const LOOK: Duration = Duration::from_secs(2);

/// Something to do with the store.
type Job = Box<dyn FnOnce(&mut Disk) + Send>;

/// The store's files, as they could be opened.
#[derive(Debug)]
pub(super) struct Disk {
    /// The ledger, or why there is none.
    pub ledger: Result<Ledger, StoreError>,
    /// The cache of answers; it never fails the program.
    pub cache: Cache,
    state_dir: std::path::PathBuf,
    clock: Clock,
}

impl Disk {
    /// The ledger; opening it is tried again if it failed before.
    ///
    /// # Errors
    /// Why it can't be opened.
    pub(super) fn ledger(&mut self) -> Result<&mut Ledger, StoreError> {
        if self.ledger.is_err() {
            self.ledger = Ledger::open(&self.state_dir);
        }
        self.ledger.as_mut().map_err(|e| e.clone())
    }

    /// A cached answer; its use is noted.
    pub(super) fn cached(&mut self, key: &CacheKey) -> Option<CachedResponse> {
        let now = self.clock.now().0;
        self.cache.get(key, now)
    }
}

/// A handle to the thread.
#[derive(Debug, Clone)]
pub(super) struct DiskHandle {
    jobs: Sender<Job>,
    state_dir: std::path::PathBuf,
}

impl DiskHandle {
    /// Starts the thread.
    ///
    /// # Errors
    /// The machine can't start a thread.
    pub(super) fn start(
        paths: Paths,
        clock: Clock,
        out: mpsc::Sender<Msg>,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = channel();
        let state_dir = paths.state_dir.clone();
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || run(&paths, &clock, &inbox, &out))?;
        Ok(Self { jobs, state_dir })
    }

    /// The folder of the ledger, for who only reads it beside the thread.
    pub(super) fn state_dir(&self) -> &std::path::Path {
        &self.state_dir
    }

    /// Does a job, in its turn.
    pub(super) fn run(&self, job: impl FnOnce(&mut Disk) + Send + 'static) {
        // The thread ends only with the last handle; a job that can't be sent has nobody who waits for it.
        drop(self.jobs.send(Box::new(job)));
    }

    /// Does a job and gives its answer; none if the thread is gone.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Disk) -> T + Send + 'static,
    ) -> Option<T> {
        let (tell, answer) = oneshot::channel();
        self.run(move |disk| drop(tell.send(job(disk))));
        answer.await.ok()
    }
}

fn run(paths: &Paths, clock: &Clock, inbox: &Receiver<Job>, out: &mpsc::Sender<Msg>) {
    let mut disk = Disk {
        ledger: Ledger::open(&paths.state_dir),
        cache: Cache::open(&paths.cache_dir, Limits::default()),
        clock: clock.clone(),
        state_dir: paths.state_dir.clone(),
    };
    let mut seen = None;
    loop {
        match inbox.recv_timeout(LOOK) {
            Ok(job) => job(&mut disk),
            Err(RecvTimeoutError::Timeout) => {
                let version = disk
                    .ledger
                    .as_ref()
                    .ok()
                    .and_then(|l| l.data_version().ok());
                if seen.is_some() && version != seen {
                    drop(out.try_send(Msg::LedgerChanged));
                }
                seen = version;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let warnings = disk.cache.take_warnings().into_iter();
        let more = disk.ledger.as_mut().map(Ledger::take_warnings);
        for warning in warnings.chain(more.unwrap_or_default()) {
            tracing::warn!("{warning}");
            let notice = Notice {
                at: clock.now().0,
                severity: Severity::Warning,
                title: Safe::new(&warning.to_string()),
                hint: None,
                source: Safe::new("store"),
            };
            // A full queue has louder things in it; the log has this one.
            drop(out.try_send(Msg::Noticed(notice)));
        }
    }
}
