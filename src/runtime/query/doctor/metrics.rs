//! A metrics source: the way to it, its clock, and what each query of each service finds.

use std::sync::Arc;

use super::github::skew;
use super::{Round, github::failed};
use crate::config::model::MetricsConfig;
use crate::domain::catalog::{Environment, Service, SignalTemplates};
use crate::providers::ProviderError;
use crate::providers::prometheus::{Look, Prometheus};
use crate::report::doctor::{Check, Severity};
use crate::report::text::counted;
use crate::runtime::make;

/// Over so many seconds a query is looked at.
const BIN_S: u32 = 300;

pub(super) async fn look(
    round: &Round,
    name: &str,
    config: &MetricsConfig,
    services: Vec<Service>,
) -> Vec<Check> {
    let id = |what: &str| format!("metrics.{name}.{what}");
    let made = make::metrics(name, config, &round.env, round.policy(), round.timer()).await;
    let prometheus = match made {
        Ok(made) => Arc::new(made),
        Err(fault) => {
            let check = Check::new(id("token"), Severity::Error, fault.message.as_str());
            return vec![match &fault.hint {
                Some(hint) => check.fix(hint.as_str()),
                None => check,
            }];
        }
    };
    let ahead = match prometheus.skew().await {
        Ok(ahead) => ahead,
        Err(error) => return vec![failed(id("reach"), &error)],
    };
    let mut found = vec![Check::good(
        id("reach"),
        &format!("{} answers", config.url.as_str()),
    )];
    if let Some(ahead) = ahead {
        found.push(skew(
            id("clock"),
            ahead,
            round.clock.speed(),
            "the metrics server's",
        ));
    }
    for service in &services {
        for env in &service.environments {
            if let Some(templates) = &env.signals {
                found.extend(queries(round, &prometheus, service, env, templates).await);
            }
        }
    }
    found
}

async fn queries(
    round: &Round,
    prometheus: &Prometheus,
    service: &Service,
    env: &Environment,
    templates: &SignalTemplates,
) -> Vec<Check> {
    let id = |what: &str| format!("services.{}.{}.signals.{what}", service.id, env.id);
    let at = round.clock.now().0;
    let latency = async {
        let template = &templates.latency.as_ref()?.buckets;
        Some(prometheus.look("latency", template, at, BIN_S).await)
    };
    let (requests, errors, latency) = tokio::join!(
        prometheus.look("requests", &templates.requests, at, BIN_S),
        prometheus.look("errors", &templates.errors, at, BIN_S),
        latency
    );
    let mut found = vec![
        counts(id("requests"), "requests", requests, Severity::Error),
        counts(id("errors"), "errors", errors, Severity::Info),
    ];
    found.extend(latency.map(|answer| histogram(id("latency"), answer)));
    found
}

fn counts(
    id: String,
    what: &str,
    answer: Result<Look, ProviderError>,
    if_empty: Severity,
) -> Check {
    let look = match answer {
        Ok(look) => look,
        Err(error) => return failed(id, &error),
    };
    match (look.series, look.sum) {
        (0, _) if what == "errors" => Check::new(
            id,
            if_empty,
            "no series: right if nothing ever failed, else the query misses them",
        )
        .fix("try it with code=~\"2..\" in the server's own page: it must find the successes"),
        (0, _) => Check::new(id, if_empty, &format!("the query for {what} finds no series"))
            .fix("try it in the server's own page; $service and $env are set by `labels = { service = \"..\" }` of the service"),
        (_, None) => Check::new(id, Severity::Warning, &format!("the query for {what} finds no number"))
            .fix("it must count: sum(increase(..[$bin])), not a ratio"),
        (n, Some(sum)) => Check::good(id, &format!("{}, {sum:.0} {what} in 5 min", series(n))),
    }
}

fn series(n: usize) -> String {
    if n == 1 {
        "1 series".to_owned()
    } else {
        format!("{n} series")
    }
}

fn histogram(id: String, answer: Result<Look, ProviderError>) -> Check {
    let look = match answer {
        Ok(look) => look,
        Err(error) => return failed(id, &error),
    };
    let shape = "classic buckets by le: sum by (le) (increase(.._bucket{..}[$bin]))";
    if look.native {
        return Check::new(id, Severity::Error, "native histograms can't be read yet")
            .fix(&format!("let the server keep {shape}"));
    }
    if look.series == 0 {
        return Check::new(
            id,
            Severity::Warning,
            "the query for latencies finds no series",
        )
        .fix(&format!("it wants {shape}"));
    }
    if !look.labels.iter().any(|label| label.as_str() == "le") {
        let labels: Vec<&str> = look.labels.iter().map(AsRef::as_ref).collect();
        let has = if labels.is_empty() {
            "none".to_owned()
        } else {
            labels.join(", ")
        };
        return Check::new(
            id,
            Severity::Error,
            &format!("not a histogram: the series have no label le (they have: {has})"),
        )
        .fix(&format!("it wants {shape}"));
    }
    Check::good(
        id,
        &format!("a histogram of {}", counted(look.series, "bucket")),
    )
}
