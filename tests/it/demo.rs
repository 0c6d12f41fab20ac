//! The simulated company over real HTTP, with a clock that the tests move by hand.

#[path = "demo/faults.rs"]
mod faults;
#[path = "demo/graphql.rs"]
mod graphql;
#[path = "demo/metrics.rs"]
mod metrics;
#[path = "demo/rest.rs"]
mod rest;
#[path = "demo/rollback.rs"]
mod rollback;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use flightdeck::demo::{self, Clock, Demo, Options, RealClock, Scenario};
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// When the story starts, in seconds.
const START: i64 = 1_795_179_780;
const CHECKOUT: &str = "/repos/acme/checkout";

/// A company, a clock and a client.
struct Company {
    demo: Demo,
    real_ms: Arc<AtomicI64>,
    client: reqwest::Client,
}

impl Company {
    fn with(change: impl FnOnce(&mut Options)) -> Self {
        // Fails when another test did it already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let real_ms = Arc::new(AtomicI64::new(START * 1000));
        let shared = Arc::clone(&real_ms);
        let real = RealClock::new(move || {
            Timestamp::from_millisecond(shared.load(Ordering::SeqCst)).unwrap()
        });
        let at = Timestamp::from_second(START).unwrap();
        let mut options = Options::new(
            Clock {
                at,
                real_at: at,
                speed: 1.0,
            },
            real,
        );
        change(&mut options);
        let demo = demo::start(options).unwrap();
        let client = reqwest::Client::builder()
            .user_agent("test")
            .no_proxy()
            .build()
            .unwrap();
        Self {
            demo,
            real_ms,
            client,
        }
    }

    fn new() -> Self {
        Self::with(|_| {})
    }

    fn healthy() -> Self {
        Self::with(|o| o.scenario = Scenario::Healthy)
    }

    /// Lets virtual seconds pass.
    fn pass(&self, seconds: i64) {
        self.real_ms.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.demo.github_url))
            .bearer_auth(&self.demo.token)
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self
            .request(Method::POST, path)
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (
            status,
            if text.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(&text).unwrap()
            },
        )
    }

    async fn graphql(&self, query: &str) -> Value {
        self.post("/graphql", json!({ "query": query })).await.1
    }

    /// An instant query's only value.
    async fn value(&self, query: &str) -> Option<f64> {
        let answer = self.prometheus("query", &[("query", query)]).await;
        let result = &answer["data"]["result"];
        let text = result[0]["value"][1].as_str().or(result[1].as_str());
        text.map(|t| t.parse().unwrap())
    }

    async fn prometheus(&self, what: &str, params: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/v1/{what}", self.demo.prometheus_url);
        self.client
            .post(url)
            .form(params)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// The share of checkout's requests in production that fail.
    async fn error_ratio(&self, window: &str) -> f64 {
        let sum = |code: &str| {
            format!(
                "sum(increase(http_requests_total{{service=\"checkout\",env=\"production\"{code}}}[{window}]))"
            )
        };
        let query = format!("{} / {}", sum(",code=~\"5..\""), sum(""));
        self.value(&query).await.unwrap()
    }

    /// The run that deploys the scenario's release.
    async fn deploy_run(&self) -> Value {
        let runs = self
            .get(&format!(
                "{CHECKOUT}/actions/workflows/deploy.yml/runs?event=workflow_dispatch&per_page=1"
            ))
            .await;
        runs["workflow_runs"][0].clone()
    }

    /// The names and states of a run's jobs.
    async fn jobs(&self, run: &Value) -> Vec<(String, String)> {
        let jobs = self
            .get(&format!(
                "{CHECKOUT}/actions/runs/{}/jobs?filter=latest&per_page=100",
                run["id"]
            ))
            .await;
        let job = |j: &Value| {
            let state = j["conclusion"].as_str().or(j["status"].as_str()).unwrap();
            (j["name"].as_str().unwrap().to_owned(), state.to_owned())
        };
        jobs["jobs"].as_array().unwrap().iter().map(job).collect()
    }

    /// The version that is live in checkout's production, by the simulator's own account.
    async fn live(&self) -> String {
        let truth = self.get("/_demo/truth").await;
        let mut all = truth.as_array().unwrap().iter();
        let row = all
            .find(|r| r["service"] == "checkout" && r["environment"] == "production")
            .unwrap();
        row["live"].as_str().unwrap().to_owned()
    }
}
