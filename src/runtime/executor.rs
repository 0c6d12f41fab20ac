//! Carries effects out: questions to the sources as tasks that can be cancelled, writes to the ledger in order, orders to GitHub
//! once. Every answer comes back as a message.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::clock::Clock;
use super::delivery::{self, Shelf};
use super::disk::DiskHandle;
use super::driver::Executor;
use super::record;
use super::remember;
use super::sources::Sources;
use super::writes;
use crate::app::effect::{Effect, EffectKey, Fetch, Write};
use crate::app::msg::{Answer, Msg, Written};
use crate::app::world::World;
use crate::domain::ids::Target;
use crate::domain::units::Now;

/// The ledger's latest rows that the World holds.
pub(super) const RECENT: usize = 2_000;

/// The executor of a running program.
#[derive(Debug)]
pub(super) struct Live {
    sources: Arc<Sources>,
    disk: DiskHandle,
    shelf: Shelf,
    clock: Clock,
    out: mpsc::Sender<Msg>,
    tasks: HashMap<EffectKey, AbortHandle>,
    writing: Arc<AtomicUsize>,
    /// Which configuration the last screen belongs to.
    profile_key: String,
    /// Where tasks run.
    workers: Handle,
}

/// Counts a write while it lives.
#[derive(Debug)]
pub(super) struct Writing(Arc<AtomicUsize>);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Live {
    /// An executor that answers into `out`.
    pub(super) fn new(
        sources: Sources,
        (disk, shelf): (DiskHandle, Shelf),
        clock: Clock,
        out: mpsc::Sender<Msg>,
        profile_key: String,
        workers: Handle,
    ) -> Self {
        Self {
            sources: Arc::new(sources),
            disk,
            shelf,
            clock,
            out,
            tasks: HashMap::new(),
            writing: Arc::new(AtomicUsize::new(0)),
            profile_key,
            workers,
        }
    }

    fn begin_write(&self) -> Writing {
        self.writing.fetch_add(1, Ordering::AcqRel);
        Writing(Arc::clone(&self.writing))
    }

    fn fetch(&mut self, key: EffectKey, generation: u64, what: Fetch) {
        let (out, sources, disk, clock, shelf) = (
            self.out.clone(),
            Arc::clone(&self.sources),
            self.disk.clone(),
            self.clock.clone(),
            self.shelf.clone(),
        );
        let task_key = key.clone();
        let task = self.workers.spawn(async move {
            let source = github_of(&what);
            let answer = match what {
                Fetch::Ledger => ledger(&disk, &clock).await,
                Fetch::OlderRows { before } => {
                    record::older(disk.state_dir().to_owned(), before, clock.clone()).await
                }
                Fetch::Chain => record::chain(disk.state_dir().to_owned(), clock.clone()).await,
                Fetch::Reading {
                    source,
                    repos,
                    services,
                } => {
                    let from = (&*sources, shelf.of(services));
                    delivery::read(from, (source, repos), clock.clone(), &out).await
                }
                Fetch::Listing { ask, services } => {
                    delivery::listing(shelf.of(services), ask, clock.clone()).await
                }
                Fetch::Sheet {
                    target,
                    days,
                    services,
                } => delivery::sheet(shelf.of(services), target, days, clock.clone()).await,
                other => sources.fetch(other).await,
            };
            if let Some(budget) = source.as_ref().and_then(|s| sources.budget(s)) {
                drop(
                    out.send(Msg::Budget(source.unwrap_or_default(), budget))
                        .await,
                );
            }
            drop(
                out.send(Msg::Answer {
                    key,
                    generation,
                    answer,
                })
                .await,
            );
        });
        if let Some(older) = self.tasks.insert(task_key, task.abort_handle()) {
            older.abort();
        }
        self.tasks.retain(|_, t| !t.is_finished());
    }

    fn write(&mut self, target: Target, what: Write) {
        let guard = self.begin_write();
        let (out, clock) = (self.out.clone(), self.clock.clone());
        match what {
            Write::Cancel(order) => {
                let sources = Arc::clone(&self.sources);
                self.workers.spawn(async move {
                    let answer = sources.cancel(&order).await;
                    drop(
                        out.send(Msg::Written(target, Written::Cancelled(answer)))
                            .await,
                    );
                    drop(guard);
                });
            }
            Write::Dispatch(order) => {
                let sources = Arc::clone(&self.sources);
                self.workers.spawn(async move {
                    let answer = sources.dispatch(&order).await;
                    drop(
                        out.send(Msg::Written(target, Written::Dispatched(answer)))
                            .await,
                    );
                    drop(guard);
                });
            }
            Write::Rerun(order) => {
                let sources = Arc::clone(&self.sources);
                self.workers.spawn(async move {
                    let answer = sources.rerun(&order).await;
                    drop(
                        out.send(Msg::Written(target, Written::Dispatched(answer)))
                            .await,
                    );
                    drop(guard);
                });
            }
            Write::OpenIntent { draft, since } => self.disk.run(move |disk| {
                let written = writes::open_intent(disk, draft, since, &clock);
                drop(out.blocking_send(Msg::Written(target, written)));
                drop(guard);
            }),
            Write::Record(draft) => self.disk.run(move |disk| {
                let written = Written::Recorded(writes::append(disk, &draft, &clock));
                drop(out.blocking_send(Msg::Written(target, written)));
                drop(guard);
            }),
            Write::Note(draft) => self.disk.run(move |disk| {
                let written = Written::Noted(writes::append(disk, &draft, &clock));
                drop(out.blocking_send(Msg::Written(target, written)));
                drop(guard);
            }),
            Write::TakeOver { operation, draft } => self.disk.run(move |disk| {
                let written =
                    Written::TakenOver(writes::take_over(disk, &operation, &draft, &clock));
                drop(out.blocking_send(Msg::Written(target, written)));
                drop(guard);
            }),
        }
    }
}

/// The GitHub source that a question goes to.
fn github_of(what: &Fetch) -> Option<String> {
    match what {
        Fetch::Login { source }
        | Fetch::Overview { source, .. }
        | Fetch::DeployRuns { source, .. }
        | Fetch::Run { source, .. }
        | Fetch::Checks { source, .. }
        | Fetch::Compare { source, .. }
        | Fetch::Approvals { source, .. }
        | Fetch::Holds { source, .. }
        | Fetch::Pending { source, .. }
        | Fetch::FindRun { source, .. }
        | Fetch::Reading { source, .. } => Some(source.clone()),
        Fetch::Clock { .. }
        | Fetch::Signals { .. }
        | Fetch::GateValue(_)
        | Fetch::Probe(_)
        | Fetch::Ledger
        | Fetch::OlderRows { .. }
        | Fetch::Chain
        | Fetch::Listing { .. }
        | Fetch::Sheet { .. } => None,
    }
}

async fn ledger(disk: &DiskHandle, clock: &Clock) -> Answer {
    let clock = clock.clone();
    let rows = disk
        .ask(move |disk| {
            let rows = disk.ledger().and_then(|ledger| ledger.recent(RECENT));
            rows.map_err(|e| e.to_fault(clock.now()))
        })
        .await;
    Answer::Ledger(rows.unwrap_or_else(|| Ok(Vec::new())))
}

impl Executor for Live {
    fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::Fetch {
                key,
                generation,
                what,
            } => self.fetch(key, generation, what),
            Effect::Cancel(key) => {
                if let Some(task) = self.tasks.remove(&key) {
                    task.abort();
                }
            }
            Effect::Write { target, what } => self.write(target, what),
        }
    }

    fn remember(&mut self, world: &World, now: Now) {
        let kept = remember::keep(world, &self.profile_key);
        self.disk.run(move |disk| {
            for (name, memory) in kept {
                if let Some(bytes) = remember::pack(&memory) {
                    disk.cache.save_screen(&name, &bytes, now.0);
                }
            }
        });
    }

    fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Acquire) > 0
    }

    fn kept(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        // The store does its jobs in order: after this one, all before it are done.
        let disk = self.disk.clone();
        Box::pin(async move {
            let _ = disk.ask(|_| ()).await;
        })
    }
}
