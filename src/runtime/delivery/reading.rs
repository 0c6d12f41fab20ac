//! The past of a GitHub source's repositories, read into the store while somebody looks.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

use super::shelf::Shelf;
use super::waited;
use crate::app::delivery::{Done, Progress};
use crate::app::msg::{Answer, Msg};
use crate::domain::ids::RepoSlug;
use crate::runtime::Clock;
use crate::runtime::sources::Sources;
use crate::runtime::sync::{Heard, Hosts, RepoKey, Report, Wanted, sync};

/// Reads what is new of these repositories, tells how far it is, and derives what follows.
pub(in crate::runtime) async fn read(
    (sources, shelf): (&Sources, Shelf),
    (source, repos): (String, Vec<RepoSlug>),
    clock: Clock,
    out: &mpsc::Sender<Msg>,
) -> Answer {
    let host = shelf.host(&source);
    let past = sources.past(&source).await;
    let hosts = Hosts::default().with(&source, past);
    let wanted: Vec<Wanted> = repos
        .into_iter()
        .map(|slug| Wanted {
            source: source.clone(),
            repo: RepoKey {
                host: host.clone(),
                slug,
            },
        })
        .collect();
    let begun: Mutex<BTreeSet<String>> = Mutex::default();
    let told = |heard: &Heard| {
        let mut begun = begun.lock().unwrap_or_else(PoisonError::into_inner);
        // Another one has begun: one before it is there as a whole, but for the very first two.
        let another = begun.insert(heard.repo.to_string()) && begun.len() > 2;
        let progress = progress(heard, (begun.len().saturating_sub(1), wanted.len()));
        // A full queue has newer answers in it.
        drop(out.try_send(Msg::Reading(source.clone(), progress, another)));
    };
    let report = sync(
        &wanted,
        &hosts,
        shelf.terms(),
        (shelf.folder(), &clock),
        &told,
    )
    .await;
    let derived = waited(&clock, move |now| shelf.refresh(now)).await;
    Answer::Reading(derived.and_then(|()| done(report)))
}

fn progress(heard: &Heard, repositories: (usize, usize)) -> Progress {
    Progress {
        repo: Some(heard.repo.clone()),
        repositories,
        rows: heard.rows,
        expected: Some(heard.expected),
        requests: u32::try_from(heard.requests).unwrap_or(u32::MAX),
    }
}

/// What a reading did. It failed if no repository could be read.
fn done(report: Report) -> Result<Done, crate::domain::fetched::Fault> {
    let mut done = Done {
        repositories: report.outcomes.len(),
        requests: u32::try_from(report.requests).unwrap_or(u32::MAX),
        paused_until: report.stopped().and_then(|f| f.retry_at),
        ..Done::default()
    };
    let mut failed = 0;
    for outcome in report.outcomes {
        let slug = outcome.repo.slug;
        match outcome.rows {
            Ok(rows) => done.changed += usize::from(rows > 0),
            Err(fault) => {
                failed += 1;
                done.faults.push((slug.clone(), fault));
            }
        }
        let parts = outcome.faults.into_iter();
        done.faults
            .extend(parts.map(|(_, fault)| (slug.clone(), fault)));
    }
    match done.faults.first() {
        Some((_, fault)) if failed == done.repositories => Err(fault.clone()),
        _ => Ok(done),
    }
}
