//! The sources that keep the contract: one row each. A row says how the source is asked and what a server of its kind answers;
//! everything that can go wrong is the table's business.

use std::pin::Pin;
use std::sync::Arc;

use axum::response::Response;
use flightdeck::domain::catalog::SignalTemplates;
use flightdeck::domain::gate::http::{Measured, Reduce, ValueAsk};
use flightdeck::domain::observe::SignalQuery;
use flightdeck::domain::release::RunId;
use flightdeck::providers::github::{GitHub, GithubSettings};
use flightdeck::providers::http::HttpPolicy;
use flightdeck::providers::http_json::HttpValues;
use flightdeck::providers::prometheus::{MetricsAuth, Prometheus, PrometheusSettings};
use flightdeck::providers::{CodeHost, MemoryCache, Metrics, OverviewAsk, ProviderError};
use serde_json::{Map, Value, json};

use super::TOKEN;
use crate::stub::{Seen, clock, json, now, reply};

/// How many things were read.
type Asked = Pin<Box<dyn Future<Output = Result<usize, ProviderError>> + Send>>;

/// A source.
pub(super) struct Row {
    /// How its errors begin: the system, and the source's name.
    pub(super) name: (&'static str, &'static str),
    /// Asks the server at an address; `much`: what does not fit into one answer.
    pub(super) ask: fn(String, HttpPolicy, bool) -> Asked,
    /// A server that has something, or nothing.
    pub(super) answer: fn(&Seen, has: bool) -> Response,
    /// A server that has much, and so many questions and things make it whole.
    pub(super) much: fn(&Seen) -> Response,
    pub(super) questions: usize,
    pub(super) things: usize,
    /// Which key of the configuration a person should look at when a page for people comes back.
    pub(super) look_at: &'static str,
}

/// All of them.
pub(super) const ROWS: [Row; 4] = [
    Row {
        name: ("GitHub", "main"),
        ask: |url, policy, _| {
            Box::pin(async move {
                let repo = "acme/checkout".parse().unwrap();
                let run = github(&url, policy).run(&repo, RunId(7)).await;
                run.map(|view| view.jobs.len())
            })
        },
        answer: |seen, has| json(200, &run(seen, usize::from(has))),
        much: |seen| {
            let page: usize = seen.field("page").map_or(1, |p| p.parse().unwrap());
            let link = format!(
                "<http://{}{}?page={}>; rel=\"next\"",
                seen.header("host").unwrap(),
                seen.path(),
                page + 1
            );
            let link: &[(&str, &str)] = if page < 3 { &[("link", &link)] } else { &[] };
            reply(200, link, run(seen, 2).to_string())
        },
        questions: 4,
        things: 6,
        look_at: "api",
    },
    Row {
        name: ("GitHub", "main"),
        ask: |url, policy, much| {
            Box::pin(async move {
                let asks: Vec<_> = (0..if much { 12 } else { 1 }).map(overview_ask).collect();
                let answers = github(&url, policy).overview(&asks).await;
                let deployments = answers.into_iter().map(|(_, a)| {
                    a.map(|o| o.deployments.iter().map(|d| d.1.len()).sum::<usize>())
                });
                deployments.sum::<Result<usize, _>>()
            })
        },
        answer: |seen, has| json(200, &overviews(seen, has)),
        much: |seen| json(200, &overviews(seen, true)),
        questions: 2,
        things: 12,
        look_at: "api",
    },
    Row {
        name: ("Prometheus", "prom"),
        ask: |url, policy, much| {
            Box::pin(async move {
                let query = signals(if much { 25_000 } else { 4 });
                let batch = prometheus(&url, policy).signals(&query).await;
                batch.map(|b| b.bins.len())
            })
        },
        answer: |seen, has| json(200, &matrix(seen, has)),
        much: |seen| json(200, &matrix(seen, true)),
        // Requests and errors, in three parts each.
        questions: 6,
        things: 3,
        look_at: "url",
    },
    Row {
        name: ("HTTP", "coverage"),
        ask: |url, policy, _| {
            Box::pin(async move {
                let values = HttpValues::new(policy, clock());
                let ask = ValueAsk {
                    gate: "coverage".to_owned(),
                    url: format!("{url}/cov?token={TOKEN}"),
                    path: "$.files[*]".to_owned(),
                    reduce: Reduce::Count,
                    takes_word: false,
                };
                match values.read(&ask).await?.value {
                    Measured::Number(n) => Ok(n.to_string().parse().unwrap()),
                    word @ Measured::Word(_) => panic!("{word}"),
                }
            })
        },
        answer: |_, has| json(200, &json!({"files": if has { vec![1] } else { vec![] }})),
        // A value is one answer: what is said of further pages is not followed.
        much: |seen| {
            let link = format!("<http://{}/2>; rel=\"next\"", seen.header("host").unwrap());
            reply(200, &[("link", &link)], r#"{"files": [1, 2, 3]}"#)
        },
        questions: 1,
        things: 3,
        look_at: "address",
    },
];

fn github(url: &str, policy: HttpPolicy) -> GitHub {
    let settings = GithubSettings {
        name: "main".to_owned(),
        api: url.parse().unwrap(),
        graphql: None,
        token: Some(TOKEN.to_owned().into()),
        budget: 0.5,
    };
    GitHub::new(settings, policy, Arc::new(MemoryCache::default()), clock())
}

/// A run, or a page of its jobs.
fn run(seen: &Seen, jobs: usize) -> Value {
    let dated = |id: usize| json!({"id": id, "name": "build", "status": "queued", "created_at": "2026-10-25T09:00:00Z"});
    if seen.path().ends_with("/jobs") {
        let jobs: Vec<_> = (1..=jobs).map(dated).collect();
        return json!({"total_count": jobs.len(), "jobs": jobs});
    }
    dated(7)
}

fn overview_ask(n: usize) -> OverviewAsk {
    OverviewAsk {
        service: format!("s{n}").parse().unwrap(),
        repo: format!("acme/s{n}").parse().unwrap(),
        environments: vec![("production".parse().unwrap(), "production".to_owned())],
    }
}

/// As many repositories as are asked for, with a deployment or none.
fn overviews(seen: &Seen, deployed: bool) -> Value {
    let empty = json!({"nodes": []});
    let deployment = json!({"nodes": [{"databaseId": 5, "commitOid": "b".repeat(40), "createdAt": "2026-10-25T09:00:00Z",
        "environment": "production", "statuses": {"nodes": []}}]});
    let repository = json!({"url": "https://github.com/a", "environments": empty, "releases": empty, "refs": empty,
        "milestones": empty, "d0": if deployed { deployment } else { empty.clone() }});
    let asked = seen.body.matches(": repository(").count();
    let all: Map<_, _> = (0..asked)
        .map(|n| (format!("r{n}"), repository.clone()))
        .collect();
    json!({ "data": all })
}

fn prometheus(url: &str, policy: HttpPolicy) -> Prometheus {
    let settings = PrometheusSettings {
        name: "prom".to_owned(),
        url: url.parse().unwrap(),
        auth: MetricsAuth::Bearer(TOKEN.to_owned().into()),
        headers: vec![],
        ca_file: None,
        scrape_s: None,
    };
    Prometheus::new(settings, policy, clock())
}

fn signals(bins: i64) -> SignalQuery {
    SignalQuery {
        templates: SignalTemplates {
            requests: "requests[$bin]".to_owned(),
            errors: "errors[$bin]".to_owned(),
            latency: None,
            slo_latency_ms: None,
            scrape_s: None,
        },
        anchor: now(),
        from_s: -15 * bins,
        to_s: 0,
        bin_s: 15,
    }
}

/// A point at the start of what is asked for, or no series.
fn matrix(seen: &Seen, has: bool) -> Value {
    let start: f64 = seen.field("start").unwrap().parse().unwrap();
    let series = json!([{"metric": {}, "values": [[start, "3"]]}]);
    json!({"status": "success", "data": {"resultType": "matrix", "result": if has { series } else { json!([]) }}})
}
