//! The hosts that a sync asks, and what a configuration says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Past, RepoKey, Wanted};
use crate::config::Config;
use crate::domain::change::marks::Words;
use crate::domain::change::sync::Terms;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::text::Safe;
use crate::providers::MemoryCache;
use crate::providers::http::HttpPolicy;
use crate::runtime::{Clock, assemble, make};

/// The hosts by their sources' names, as far as they could be made. Two sources may be of one address: each has its own token, which
/// sees other repositories.
#[derive(Debug, Default)]
pub struct Hosts(BTreeMap<String, Result<Arc<dyn Past>, Fault>>);

impl Hosts {
    /// With another host, or why it can't be asked.
    #[must_use]
    pub fn with(mut self, source: &str, past: Result<Arc<dyn Past>, Fault>) -> Self {
        self.0.insert(source.to_owned(), past);
        self
    }

    pub(super) fn get(&self, source: &str, clock: &Clock) -> Result<Arc<dyn Past>, Fault> {
        let unknown = || {
            Err(Fault {
                message: Safe::new(&format!("there is no GitHub source `{source}`")),
                hint: Some(Safe::new("add it to the configuration")),
                kind: FaultKind::Config,
                at: clock.now().0,
                retry_at: None,
            })
        };
        self.0.get(source).cloned().unwrap_or_else(unknown)
    }

    pub(super) fn asked(&self) -> u64 {
        self.0.values().flatten().map(|p| p.asked()).sum()
    }
}

/// The hosts of the configured services. A token that can't be found is told by each repository that needs it.
pub async fn hosts(config: &Config, env: &BTreeMap<String, String>, clock: &Clock) -> Hosts {
    let used: BTreeSet<&str> = config
        .services
        .iter()
        .map(|(_, s)| s.github.as_str())
        .collect();
    let mut hosts = Hosts::default();
    for (name, source) in config
        .github
        .iter()
        .filter(|(n, _)| used.contains(n.as_str()))
    {
        let now = clock.now().0;
        let secret = make::secret(&source.token, &source.api.host(), env, now).await;
        let past = secret.map(|secret| -> Arc<dyn Past> {
            let timer = clock.clone();
            let timer = Arc::new(move || timer.now().0);
            let cache = Arc::new(MemoryCache::default());
            let policy = HttpPolicy::default();
            Arc::new(make::github(name, source, &secret, policy, cache, timer))
        });
        hosts = hosts.with(name, past);
    }
    hosts
}

/// The repositories of the configured services, each once for a source.
pub fn repos(config: &Config) -> Vec<Wanted> {
    let mut repos: Vec<Wanted> = Vec::new();
    for (_, service) in config.services.iter() {
        let Some(source) = config.github.get(service.github.as_str()) else {
            continue;
        };
        let wanted = Wanted {
            source: service.github.as_str().to_owned(),
            repo: RepoKey {
                host: source.api.as_str().to_owned(),
                slug: service.repo.clone(),
            },
        };
        if !repos.contains(&wanted) {
            repos.push(wanted);
        }
    }
    repos
}

/// How much of the past a configuration asks for.
pub fn terms(config: &Config) -> Terms {
    let catalog = assemble::catalog(config);
    let all = catalog.services.iter().flat_map(|s| &s.environments);
    let names: BTreeSet<String> = all.map(|e| e.github_environment.clone()).collect();
    Terms {
        environments: names.into_iter().collect(),
        reach: config.changes.reach.0,
        incident_labels: config.changes.incident_labels.clone(),
    }
}

/// The words that make a hotfix in a configuration.
pub fn words(config: &Config) -> Words {
    let changes = &config.changes;
    Words {
        hotfix_labels: changes.hotfix_labels.clone(),
        hotfix_branches: changes.hotfix_branches.clone(),
        hotfix_titles: changes
            .hotfix_titles
            .iter()
            .map(|t| t.to_lowercase())
            .collect(),
    }
}
