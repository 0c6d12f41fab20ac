//! The doctor's round: files, then every source and every service at the same time, each within its limit. Nothing is changed
//! anywhere. A source that does not answer is told once; what lies behind it is not asked.

mod files;
mod github;
mod metrics;
mod rollback;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::config::Loaded;
use crate::providers::http::HttpPolicy;
use crate::report::doctor::{Check, Severity};
use crate::runtime::{Clock, assemble};

pub use files::files;

/// What a round needs.
#[derive(Clone)]
struct Round {
    env: BTreeMap<String, String>,
    clock: Clock,
    limit: Duration,
}

impl Round {
    fn timer(&self) -> crate::providers::Clock {
        let clock = self.clock.clone();
        std::sync::Arc::new(move || clock.now().0)
    }

    /// One try each, well within the limit: a doctor that waits for retries is no help.
    fn policy(&self) -> HttpPolicy {
        let usual = HttpPolicy::default();
        HttpPolicy {
            tries: 1,
            timeout: self.limit.min(usual.timeout),
            connect_timeout: self.limit.min(usual.connect_timeout),
            ..usual
        }
    }
}

/// Looks at all sources and services of a configuration, at the same time; `limit` is for each of them.
pub async fn sources(
    loaded: &Loaded,
    env: &BTreeMap<String, String>,
    clock: &Clock,
    limit: Duration,
) -> Vec<Check> {
    let round = Round {
        env: env.clone(),
        clock: clock.clone(),
        limit,
    };
    let catalog = assemble::catalog(&loaded.config);
    let mut tasks: JoinSet<(usize, Vec<Check>)> = JoinSet::new();
    let mut names = Vec::new();
    for (name, config) in loaded.config.github.iter() {
        let used: Vec<_> = catalog
            .services
            .iter()
            .filter(|s| s.source == *name)
            .cloned()
            .collect();
        let needs = github::Needs::of(&loaded.config);
        let (round, name, config) = (round.clone(), name.clone(), config.clone());
        let nth = names.len();
        names.push(format!("github.{name}"));
        tasks.spawn(async move { (nth, github::look(&round, &name, &config, used, needs).await) });
    }
    for (name, config) in loaded.config.metrics.iter() {
        let used: Vec<_> = catalog
            .services
            .iter()
            .filter(|s| s.metrics.as_ref() == Some(name))
            .cloned()
            .collect();
        let (round, name, config) = (round.clone(), name.clone(), config.clone());
        let nth = names.len();
        names.push(format!("metrics.{name}"));
        tasks.spawn(async move { (nth, metrics::look(&round, &name, &config, used).await) });
    }
    let mut found: BTreeMap<usize, Vec<Check>> = BTreeMap::new();
    // Each request has its own limit; a source with many questions may take a few of them.
    let end = tokio::time::Instant::now() + limit * 6;
    while let Ok(Some(done)) = tokio::time::timeout_at(end, tasks.join_next()).await {
        if let Ok((nth, checks)) = done {
            found.insert(nth, checks);
        }
    }
    let mut all: Vec<Check> = Vec::new();
    for (nth, name) in names.iter().enumerate() {
        match found.remove(&nth) {
            Some(checks) => all.extend(checks),
            None => all.push(
                Check::new(
                    format!("{name}.reach"),
                    Severity::Error,
                    "it takes too long to look at",
                )
                .fix("give it more time with --timeout"),
            ),
        }
    }
    // Groups together, each service once whatever it was asked of; else in the order of the configuration.
    all.sort_by_key(|check| {
        let mut parts = check.id.split('.');
        match (parts.next(), parts.next()) {
            (Some("github"), _) => (0, None),
            (Some("metrics"), _) => (1, None),
            (_, of) => (
                2,
                catalog
                    .services
                    .iter()
                    .position(|s| of == Some(s.id.as_str())),
            ),
        }
    });
    all
}
