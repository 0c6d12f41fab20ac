//! Brings the local history of repositories up to date: what is newest in all of them first, then pages where something has
//! changed, each kept before the next one is asked for. Stopping it at any moment loses nothing; the next sync goes on there.

mod disk;
mod hosts;
mod one;

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub use hosts::{Hosts, hosts, repos, terms, words};

use self::disk::Disk;
use self::one::{One, Work};
use super::Clock;
use crate::domain::change::sync::{Newest, Terms};
use crate::domain::change::synced::Source;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::RepoSlug;
use crate::domain::text::Safe;
use crate::providers::{Marks, Past};
pub use crate::store::RepoKey;

/// A repository that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The name of the GitHub source whose token sees it.
    pub source: String,
    /// The repository.
    pub repo: RepoKey,
}

/// How far a sync is, told after every answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The repository that is read.
    pub repo: RepoSlug,
    /// Its rows that came so far.
    pub rows: u64,
    /// Its rows that will have come, as far as they are counted; never fewer than came.
    pub expected: u64,
    /// The requests that were sent so far, for all repositories.
    pub requests: u64,
}

/// What became of a repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The repository.
    pub repo: RepoKey,
    /// The rows that came; or why it was not read to its end. What had come by then is kept.
    pub rows: Result<u64, Fault>,
    /// Sources of it that could not be read, while the others were.
    pub faults: Vec<(Source, Fault)>,
}

/// What a sync has done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Of every repository, in the order in which they were named.
    pub outcomes: Vec<Outcome>,
    /// The requests that were sent.
    pub requests: u64,
    /// Things about the store that a person should know.
    pub warnings: Vec<Safe>,
}

impl Report {
    /// Whether the sync stopped because a host's limit is used up, but for what is kept for a rollback: why, and until when.
    pub fn stopped(&self) -> Option<&Fault> {
        let failed = self.outcomes.iter().filter_map(|o| o.rows.as_ref().err());
        failed
            .into_iter()
            .find(|f| f.kind == FaultKind::RateLimited)
    }
}

/// Brings the history of these repositories in the store of `state_dir` up to date; `told` hears how far it is. Call it inside the
/// async runtime.
///
/// A repository that fails does not stop the others. A source whose limit is used up is not asked any more; its repositories say
/// until when.
pub async fn sync(
    repos: &[Wanted],
    hosts: &Hosts,
    terms: &Terms,
    (state_dir, clock): (&Path, &Clock),
    told: &(dyn Fn(&Heard) + Sync),
) -> Report {
    let before = hosts.asked();
    let mut report = Report::default();
    let mut done: Vec<(Wanted, Outcome)> = Vec::new();
    let failed = |repo: &RepoKey, fault: &Fault| Outcome {
        repo: repo.clone(),
        rows: Err(fault.clone()),
        faults: Vec::new(),
    };
    let disk = match Disk::open(state_dir, clock).await {
        Ok(disk) => disk,
        Err(fault) => {
            report.outcomes = repos.iter().map(|r| failed(&r.repo, &fault)).collect();
            return report;
        }
    };
    let sources: BTreeSet<&String> = repos.iter().map(|r| &r.source).collect();
    for source in sources {
        let own = repos.iter().filter(|r| r.source == *source);
        let own: Vec<RepoKey> = own.map(|r| r.repo.clone()).collect();
        let outcomes = match hosts.get(source, clock) {
            Err(fault) => own.iter().map(|r| failed(r, &fault)).collect(),
            Ok(past) => {
                let work = Work {
                    past,
                    disk: &disk,
                    terms,
                    clock,
                    told,
                    before,
                    hosts,
                };
                all(&own, &work).await
            }
        };
        let wanted = |repo: &RepoKey| Wanted {
            source: source.clone(),
            repo: repo.clone(),
        };
        done.extend(outcomes.into_iter().map(|o| (wanted(&o.repo), o)));
    }
    for wanted in repos {
        if let Some(place) = done.iter().position(|(w, _)| w == wanted) {
            report.outcomes.push(done.swap_remove(place).1);
        }
    }
    report.requests = hosts.asked() - before;
    report.warnings = disk.warnings().await;
    report
}

/// The repositories of one source, two at a time.
async fn all(repos: &[RepoKey], work: &Work<'_>) -> Vec<Outcome> {
    let slugs: Vec<RepoSlug> = repos.iter().map(|r| r.slug.clone()).collect();
    let newest = work.past.newest(&slugs, work.terms).await;
    let now = work.clock.now().0;
    let mut queue: VecDeque<One> = VecDeque::new();
    let mut out = Vec::new();
    for (slug, marks) in newest {
        let Some(repo) = repos.iter().find(|r| r.slug == slug) else {
            continue;
        };
        match marks {
            Ok(marks) => queue.push_back(One {
                repo: repo.clone(),
                newest: told(marks, now),
            }),
            Err(e) => out.push(Outcome {
                repo: repo.clone(),
                rows: Err(e.to_fault(now)),
                faults: Vec::new(),
            }),
        }
    }
    let queue = Mutex::new(queue);
    let stopped = Mutex::new(None);
    let worker = || async {
        let mut out = Vec::new();
        loop {
            let next = lock(&queue).pop_front();
            let Some(one) = next else { return out };
            let limit = lock(&stopped).clone();
            let outcome = match limit {
                Some(fault) => Outcome {
                    repo: one.repo,
                    rows: Err(fault),
                    faults: Vec::new(),
                },
                None => one.sync(work).await,
            };
            if let Err(fault) = &outcome.rows
                && fault.kind == FaultKind::RateLimited
            {
                *lock(&stopped) = Some(fault.clone());
            }
            out.push(outcome);
        }
    };
    let (left, right) = tokio::join!(worker(), worker());
    out.into_iter().chain(left).chain(right).collect()
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn told(marks: Marks, now: jiff::Timestamp) -> Newest {
    let each = marks.into_iter();
    each.map(|(source, mark)| (source, mark.map_err(|e| e.to_fault(now))))
        .collect()
}
