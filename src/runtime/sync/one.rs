//! One repository: its plan, step by step, between the host and the store.

use std::sync::Arc;

use jiff::Timestamp;

use super::disk::Disk;
use super::{Heard, Hosts, Outcome, RepoKey};
use crate::domain::change::sync::plan::{Plan, Step};
use crate::domain::change::sync::reading::{Turn, WAITS};
use crate::domain::change::sync::{Newest, Terms};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::text::Safe;
use crate::providers::Past;
use crate::runtime::Clock;
use crate::store::History;

/// Rows in a page, as many as GitHub gives.
const SIZE: u32 = 100;
/// After so many pages of a smaller size a larger one is tried again.
const CALM: u32 = 8;
/// Another process may bring a source further meanwhile that often.
const TRIES: u32 = 50;

/// What the sync of a repository needs.
pub(super) struct Work<'a> {
    pub past: Arc<dyn Past>,
    pub disk: &'a Disk,
    pub terms: &'a Terms,
    pub clock: &'a Clock,
    pub told: &'a (dyn Fn(&Heard) + Sync),
    pub hosts: &'a Hosts,
    /// The requests that had been sent before the sync began.
    pub before: u64,
}

/// A repository, and what is newest in it.
pub(super) struct One {
    pub repo: RepoKey,
    pub newest: Newest,
}

/// How many rows a page has: fewer after the host needed too long.
struct Size {
    rows: u32,
    calm: u32,
}

impl Size {
    fn took(&mut self, rows: u32) {
        if rows < self.rows {
            (self.rows, self.calm) = (rows, 0);
            return;
        }
        self.calm += 1;
        if self.calm >= CALM {
            (self.rows, self.calm) = ((self.rows * 2).min(SIZE), 0);
        }
    }
}

impl One {
    /// Reads what is new.
    pub(super) async fn sync(self, work: &Work<'_>) -> Outcome {
        let mut size = Size {
            rows: SIZE,
            calm: 0,
        };
        let (mut rows, mut tries) = (0, 0);
        loop {
            let mut plan = match self.plan(work).await {
                Ok(plan) => plan,
                Err(fault) => return self.outcome(Err(fault), Vec::new()),
            };
            let ended = self.run(&mut plan, work, &mut size).await;
            rows += plan.rows();
            tries += 1;
            let faults = plan.faults().to_vec();
            match ended {
                Ok(true) => return self.outcome(Ok(rows), faults),
                Ok(false) if tries < TRIES => {}
                Ok(false) => return self.outcome(Err(self.contested(work)), faults),
                Err(fault) => return self.outcome(Err(fault), faults),
            }
        }
    }

    fn outcome(&self, rows: Result<u64, Fault>, faults: Vec<(super::Source, Fault)>) -> Outcome {
        Outcome {
            repo: self.repo.clone(),
            rows,
            faults,
        }
    }

    fn contested(&self, work: &Work<'_>) -> Fault {
        let repo = &self.repo.slug;
        Fault {
            message: Safe::new(&format!("another flightdeck reads {repo} at the same time")),
            hint: Some(Safe::new("let it finish; what it reads is there for all")),
            kind: FaultKind::Refused,
            at: work.clock.now().0,
            retry_at: None,
        }
    }

    async fn plan(&self, work: &Work<'_>) -> Result<Plan, Fault> {
        let (repo, now) = (self.repo.clone(), work.clock.now().0);
        // An older one that never ended would stand before all that still wait.
        let waits = now.checked_sub(WAITS).unwrap_or(Timestamp::MIN);
        let since = work.terms.since(now).max(waits);
        let standing = work.disk.run(move |h| h.standing(&repo, since)).await?;
        let newest = self.newest.clone();
        Ok(Plan::new(
            standing.progress,
            standing.open,
            newest,
            work.terms,
            now,
        ))
    }

    /// Follows a plan to its end; false: another process was faster, and it has to be made anew.
    async fn run(&self, plan: &mut Plan, work: &Work<'_>, size: &mut Size) -> Result<bool, Fault> {
        let since = work.terms.since(work.clock.now().0);
        let quiet = plan.quiet();
        if !quiet.is_empty() {
            let (repo, now) = (self.repo.clone(), work.clock.now().0);
            let kept = move |h: &mut History| h.confirm(&repo, &quiet, now);
            plan.confirmed(work.disk.run(kept).await?);
        }
        loop {
            let repo = self.repo.clone();
            match plan.step() {
                Step::Done => return Ok(true),
                Step::Lineage => plan.lineage(work.disk.run(move |h| h.links(&repo)).await?),
                Step::Anchors => {
                    plan.anchors(work.disk.run(move |h| h.anchors(&repo, since)).await?);
                }
                Step::Page(ask) => {
                    let bounds = (since, size.rows);
                    let pages = work.past.page(&repo.slug, &ask, work.terms, bounds).await;
                    let now = work.clock.now().0;
                    let pages = pages.map_err(|e| e.to_fault(now))?;
                    size.took(pages.size);
                    let leaves = pages.leaves.into_iter();
                    let leaves = leaves.map(|(s, leaf)| (s, leaf.map_err(|e| e.to_fault(now))));
                    let turns = plan.pages(leaves.collect(), now);
                    self.tell(plan, work);
                    if !self.keep(plan, work, turns).await? {
                        return Ok(false);
                    }
                }
                Step::Lines(tips) => {
                    match work.past.lines(&repo.slug, &tips).await {
                        Ok(lines) => plan.lines(lines),
                        Err(e) if e.fault_kind() == FaultKind::RateLimited => {
                            return Err(e.to_fault(work.clock.now().0));
                        }
                        Err(e) => plan.lines_failed(e.to_fault(work.clock.now().0)),
                    }
                    self.tell(plan, work);
                }
                Step::Join => {
                    let turns = plan.join(work.clock.now().0);
                    if !self.keep(plan, work, turns).await? {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Keeps turns; false: another process was faster.
    async fn keep(
        &self,
        plan: &mut Plan,
        work: &Work<'_>,
        turns: Vec<Turn>,
    ) -> Result<bool, Fault> {
        for turn in turns {
            let (repo, source) = (self.repo.clone(), turn.source);
            match work.disk.run(move |h| h.turn(&repo, &turn)).await? {
                Some(progress) => plan.kept(source, progress),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn tell(&self, plan: &Plan, work: &Work<'_>) {
        (work.told)(&Heard {
            repo: self.repo.slug.clone(),
            rows: plan.rows(),
            expected: plan.expected(),
            requests: work.hosts.asked() - work.before,
        });
    }
}
