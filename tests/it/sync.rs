//! The sync of delivery history over real HTTP: against the simulated company, and against a host of ten thousand pull requests.

#[path = "sync/company.rs"]
mod company;
#[path = "sync/host.rs"]
mod host;
#[path = "sync/later.rs"]
mod later;
#[path = "sync/scale.rs"]
mod scale;
#[path = "sync/tokens.rs"]
mod tokens;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use flightdeck::domain::change::sync::Terms;
use flightdeck::domain::change::synced::Batch;
use flightdeck::providers::github::GitHub;
use flightdeck::runtime::Clock;
use flightdeck::runtime::sync::{Hosts, RepoKey, Report, Wanted, sync};
use flightdeck::store::History;

/// A sync of these repositories of one host.
async fn run(github: GitHub, at: &str, names: &[&str], dir: &Path, clock: &Clock) -> Report {
    let hosts = Hosts::default().with("main", Ok(Arc::new(github)));
    let wanted = |name: &&str| Wanted {
        source: "main".to_owned(),
        repo: key(at, name),
    };
    let repos: Vec<Wanted> = names.iter().map(wanted).collect();
    let terms = Terms::default();
    // It may be spawned: a cockpit runs it beside everything else.
    let run: Pin<Box<dyn Future<Output = Report> + Send + '_>> =
        Box::pin(sync(&repos, &hosts, &terms, (dir, clock), &|_| {}));
    run.await
}

fn key(at: &str, name: &str) -> RepoKey {
    RepoKey {
        host: at.to_owned(),
        slug: format!("acme/{name}").parse().unwrap(),
    }
}

/// What the store has of a repository, in an order that does not depend on when it came.
fn rows(dir: &Path, repo: &RepoKey) -> Batch {
    let mut rows = History::open(dir).unwrap().snapshot(repo).unwrap().rows;
    rows.commits.sort_by(|a, b| a.sha.cmp(&b.sha));
    rows.pulls.sort_by_key(|p| p.number);
    rows.deployments.sort_by_key(|d| d.id);
    rows.releases.sort_by(|a, b| a.tag.cmp(&b.tag));
    rows.incidents.sort_by_key(|i| i.number);
    rows
}
