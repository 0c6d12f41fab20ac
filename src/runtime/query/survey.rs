//! What a repository and a metrics server tell of themselves, asked once: for `config init`, and where there is no configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::{Config, ServerUrl};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::RepoSlug;
use crate::domain::survey::families::{self, FAMILIES, Queries};
use crate::domain::survey::{MetricFacts, RepoFacts, SignalFacts, Survey, choice};
use crate::domain::text::Safe;
use crate::providers::github::GitHub;
use crate::providers::http::HttpPolicy;
use crate::providers::prometheus::{MetricsAuth, Prometheus, PrometheusSettings};
use crate::providers::{MemoryCache, MetricSurvey, RepoSurvey};
use crate::runtime::{Clock, make};

/// Rates are told over that long.
const LOOK_S: f64 = 300.0;

/// What is asked.
#[derive(Debug, Clone)]
pub struct SurveyAsk {
    /// The repository.
    pub repo: RepoSlug,
    /// A metrics server to look into.
    pub metrics: Option<ServerUrl>,
}

/// Asks the GitHub source `main` of a configuration, and the metrics server. Call inside the async runtime.
///
/// # Errors
/// There is no token that could be sent, or the repository itself can't be read.
pub async fn survey(
    config: &Config,
    env: &BTreeMap<String, String>,
    clock: &Clock,
    ask: &SurveyAsk,
) -> Result<Survey, Fault> {
    let host = host(config, env, clock).await?;
    let repo = host
        .survey(&ask.repo)
        .await
        .map_err(|e| e.to_fault(clock.now().0))?;
    let metrics = match &ask.metrics {
        Some(url) => Some(metrics(url, &repo, clock).await),
        None => None,
    };
    Ok(Survey { repo, metrics })
}

async fn host(
    config: &Config,
    env: &BTreeMap<String, String>,
    clock: &Clock,
) -> Result<GitHub, Fault> {
    let Some(source) = config.github.get("main") else {
        return Err(fault(
            clock,
            FaultKind::Config,
            "there is no GitHub source `main`",
            "write [github.main]",
        ));
    };
    let found = make::secret(&source.token, &source.api.host(), env, clock.now().0).await?;
    let (policy, cache) = (HttpPolicy::default(), Arc::new(MemoryCache::default()));
    Ok(make::github(
        "main",
        source,
        &found,
        policy,
        cache,
        timer(clock),
    ))
}

fn fault(clock: &Clock, kind: FaultKind, message: &str, hint: &str) -> Fault {
    Fault {
        message: Safe::new(message),
        hint: Some(Safe::new(hint)),
        kind,
        at: clock.now().0,
        retry_at: None,
    }
}

fn timer(clock: &Clock) -> crate::providers::Clock {
    let clock = clock.clone();
    Arc::new(move || -> Timestamp { clock.now().0 })
}

/// What a metrics server has for this repository's service. A server that fails is told, and holds nothing up.
async fn metrics(url: &ServerUrl, repo: &RepoFacts, clock: &Clock) -> MetricFacts {
    let settings = PrometheusSettings {
        name: "prom".to_owned(),
        url: url.url().clone(),
        auth: MetricsAuth::None,
        headers: Vec::new(),
        ca_file: None,
        scrape_s: None,
    };
    let source = Prometheus::new(settings, HttpPolicy::default(), timer(clock));
    let mut facts = MetricFacts {
        url: url.as_str().to_owned(),
        seen: Vec::new(),
        signals: None,
        why: None,
    };
    match look(&source, repo, &mut facts).await {
        Ok(signals) => facts.signals = signals,
        Err(e) => facts.why = Some(Safe::new(&e.to_string())),
    }
    facts
}

async fn look(
    source: &dyn MetricSurvey,
    repo: &RepoFacts,
    facts: &mut MetricFacts,
) -> Result<Option<SignalFacts>, crate::providers::ProviderError> {
    let wanted: Vec<&str> = FAMILIES
        .iter()
        .flat_map(|f| [f.requests, f.buckets])
        .collect();
    let present = source.present(&wanted).await?;
    let service = choice::slug(&repo.repo.name);
    let (chosen, _) = choice::environments(repo);
    let ids: Vec<&str> = chosen.iter().map(|c| c.id.as_str()).collect();
    let has = |name: &str| present.iter().any(|p| p == name);
    let mut whys: Vec<String> = Vec::new();
    let mut found = None;
    for family in FAMILIES.iter().filter(|f| has(f.requests)) {
        if !facts.seen.contains(&family.name) {
            facts.seen.push(family.name);
        }
        if found.is_some() {
            continue;
        }
        let series = source.labels_of(family.requests).await?;
        match families::fit(family, &series, has(family.buckets), &service, &ids) {
            Ok(fit) => found = Some((family.name, fit)),
            Err(why) => whys.push(why),
        }
    }
    let Some((family, fit)) = found else {
        if facts.seen.is_empty() {
            whys.push("no metric with a known name is there".to_owned());
        }
        facts.why = Some(Safe::new(&whys.join("; ")));
        return Ok(None);
    };
    let value = fit.service.clone().unwrap_or(service);
    let env = ids.last().copied().unwrap_or_default();
    let per = |query: &str| filled(query, &value, env);
    let requests = source.value(&per(&fit.queries.requests)).await?;
    let errors = source.value(&per(&fit.queries.errors)).await?;
    Ok(Some(SignalFacts {
        family,
        per_second: requests.map(|n| n / LOOK_S),
        failing: requests
            .filter(|n| *n > 0.0)
            .map(|n| errors.unwrap_or(0.0) / n),
        service: fit.service,
        queries: Queries { ..fit.queries },
    }))
}

/// A query with its variables filled in, over the last minutes.
fn filled(query: &str, service: &str, env: &str) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    query
        .replace("$service", &escaped(service))
        .replace("$env", &escaped(env))
        .replace("$bin", "5m")
        .replace("$track", "")
}
