//! The store's history, off the async runtime: every job runs on the blocking pool, one at a time.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::text::Safe;
use crate::runtime::Clock;
use crate::store::{History, StoreError};

/// A connection to the history.
#[derive(Debug)]
pub(super) struct Disk {
    history: Arc<Mutex<History>>,
    clock: Clock,
}

impl Disk {
    /// Opens it.
    pub(super) async fn open(state_dir: &Path, clock: &Clock) -> Result<Self, Fault> {
        let dir = state_dir.to_owned();
        let opened = tokio::task::spawn_blocking(move || History::open(&dir)).await;
        let history = told(opened, clock)?;
        Ok(Self {
            history: Arc::new(Mutex::new(history)),
            clock: clock.clone(),
        })
    }

    /// Does a job. One that has begun comes to its end, even if nobody waits for it any more.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut History) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        let history = Arc::clone(&self.history);
        let done = tokio::task::spawn_blocking(move || {
            job(&mut history.lock().unwrap_or_else(PoisonError::into_inner))
        });
        told(done.await, &self.clock)
    }

    /// What a person should know of the store.
    pub(super) async fn warnings(&self) -> Vec<Safe> {
        let warnings = self.run(|h| Ok(h.take_warnings())).await;
        let warnings = warnings.unwrap_or_default().into_iter();
        warnings.map(|w| Safe::new(&w.to_string())).collect()
    }
}

fn told<T>(
    done: Result<Result<T, StoreError>, tokio::task::JoinError>,
    clock: &Clock,
) -> Result<T, Fault> {
    let now = clock.now();
    match done {
        Ok(done) => done.map_err(|e| e.to_fault(now)),
        Err(_) => Err(Fault {
            message: Safe::new("keeping what was read was interrupted"),
            hint: Some(Safe::new("try again: it goes on where it was")),
            kind: FaultKind::Internal,
            at: now.0,
            retry_at: None,
        }),
    }
}
