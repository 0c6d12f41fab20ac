//! The typed configuration: plain data, complete once loaded (defaults are filled in from [`super::document`]).
//!
//! Every table denies unknown keys, so the types and the table of keys can't drift apart (see the tests of `document`).

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;

use super::keyed::Keyed;
use super::values::{Hidden, OneOrMore, Period, ServerUrl, Zone};

pub use super::calendar::{CalendarConfig, FreezeConfig, ScopeConfig, WindowConfig};
pub use super::gates::{
    ApprovalsConfig, ChecksConfig, GateConfig, GateStage, HttpConfig, ManualConfig, NoKeys, Reduce,
    ReleaseWord, WhenConfig,
};
pub use super::service::{
    Canary, Confirm, Deploy, Dispatch, EnvConfig, LiveSource, Probe, ReleaseConfig, ReleaseFrom,
    Rerun, Roles, Rollback, ServiceConfig, Way,
};

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The version of the shape: 1.
    pub schema: u32,
    /// The zone of the screen; `None` is the machine's.
    pub timezone: Option<Zone>,
    /// GitHub sources by name; `main` always exists.
    #[serde(default)]
    pub github: Keyed<String, GithubConfig>,
    /// Metrics sources by name.
    #[serde(default)]
    pub metrics: Keyed<String, MetricsConfig>,
    /// What holds for every service.
    pub defaults: Defaults,
    /// What is released and runs.
    #[serde(default)]
    pub services: Keyed<String, ServiceConfig>,
    /// What a candidate has to meet; empty: its checks and statuses as they are.
    #[serde(default)]
    pub gates: Keyed<String, GateConfig>,
    /// When releases may go.
    #[serde(default)]
    pub calendar: CalendarConfig,
    /// What is read of the past.
    pub changes: ChangesConfig,
    /// The screen.
    pub ui: Ui,
    /// What is kept on this machine.
    pub state: StateConfig,
    /// Virtual time.
    pub clock: ClockConfig,
}

/// A GitHub source.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GithubConfig {
    /// The REST API.
    pub api: ServerUrl,
    /// The GraphQL API where it was written; see [`GithubConfig::graphql_url`].
    pub graphql: Option<ServerUrl>,
    /// Where its token comes from.
    pub token: TokenRef,
    /// Certificates to trust besides the system's, absolute once loaded.
    pub ca_file: Option<PathBuf>,
    /// The share of the hourly limit to use, above 0, up to 1.
    pub budget: f64,
}

impl GithubConfig {
    /// The GraphQL API: the written one, else `HOST/api/graphql` for Enterprise (`HOST/api/v3`), else `API/graphql`.
    pub fn graphql_url(&self) -> String {
        self.graphql.as_ref().map_or_else(
            || {
                let api = self.api.as_str();
                format!("{}/graphql", api.strip_suffix("/v3").unwrap_or(api))
            },
            |url| url.as_str().to_owned(),
        )
    }
}

/// A reference to a secret, never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TokenRef {
    /// The usual variables, then `gh auth token`.
    Auto {},
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
    },
    /// A file of mode 0600.
    File {
        /// Its path, absolute once loaded.
        path: PathBuf,
    },
    /// The system's keyring, in builds that have it.
    Keyring {
        /// The entry's service; `None`: `flightdeck`.
        service: Option<String>,
        /// The entry's user; `None`: the host as people know it.
        user: Option<String>,
    },
    /// The first line that a program writes.
    Command {
        /// The program and its arguments; no shell.
        argv: Vec<String>,
    },
}

/// A metrics source that speaks Prometheus' API.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// The base; `/api/v1` is appended.
    pub url: ServerUrl,
    /// How one shows who one is.
    pub auth: Option<Auth>,
    /// Headers sent with each request.
    #[serde(default)]
    pub headers: Keyed<String, Hidden>,
    /// Certificates to trust besides the system's, absolute once loaded.
    pub ca_file: Option<PathBuf>,
    /// The scrape interval; `None`: measured.
    pub scrape: Option<Period>,
}

/// How one shows who one is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Auth {
    /// A bearer token.
    Bearer(TokenRef),
    /// User and password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: TokenRef,
    },
}

/// What holds for every service.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Queries for every service.
    pub signals: Signals,
    /// How the verdict judges.
    pub verdict: VerdictConfig,
    /// What the services promise.
    #[serde(default)]
    pub slo: Slo,
}

/// Queries; in [`ServiceConfig`] only those that differ from the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    /// Requests in a bin.
    pub requests: Option<String>,
    /// Failed requests in a bin.
    pub errors: Option<String>,
    /// How long requests took.
    pub latency: Option<LatencyQuery>,
}

/// A latency histogram's query.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyQuery {
    /// Counts by `le`.
    pub buckets: String,
    /// The unit of `le`.
    pub unit: TimeUnit,
}

/// A unit of time in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeUnit {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
}

/// The verdict's parameters.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictConfig {
    /// Chance of a false alarm for each deploy.
    pub alpha: f64,
    /// Part of alpha spent on the baseline's uncertainty.
    pub s: f64,
    /// Errors: tolerated relative rise.
    pub rel: f64,
    /// Errors: tolerated absolute rise (a ratio).
    pub abs: f64,
    /// Latency: tolerated slowdown (0.2 is 20 %).
    pub slowdown: f64,
    /// Latency: tolerated absolute rise of the slow share.
    pub lat_abs: f64,
    /// Chance of calling a bad deploy healthy.
    pub beta: f64,
    /// How long only gross failures count.
    pub warm_up: Period,
    /// How long evidence is gathered.
    pub horizon: Period,
}

/// What the services promise.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// Requests that succeed.
    pub availability: Option<Availability>,
    /// Requests that are fast enough.
    pub latency: Option<LatencySlo>,
}

/// A promise about success.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Availability {
    /// Share of requests, 0..1.
    pub objective: f64,
    /// Over this time.
    pub period: Period,
}

/// A promise about speed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencySlo {
    /// Share of requests, 0..1.
    pub objective: f64,
    /// Fast enough is below this.
    pub below: Period,
    /// Over this time.
    pub period: Period,
}

/// What is read of the past, and the words by which special changes are known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangesConfig {
    /// How far back.
    pub reach: Period,
    /// Labels of issues that are incidents.
    pub incident_labels: Vec<String>,
    /// Labels that make a hotfix.
    pub hotfix_labels: Vec<String>,
    /// The beginnings of hotfixes' branches.
    pub hotfix_branches: Vec<String>,
    /// The beginnings of hotfixes' titles; capitals do not matter.
    pub hotfix_titles: Vec<String>,
}

/// The screen.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ui {
    /// The theme's name.
    pub theme: String,
    /// Whether the mouse is used.
    pub mouse: Mouse,
    /// The service shown first.
    pub service: Option<String>,
    /// The environment shown first.
    pub env: Option<String>,
    /// Draw with ASCII only.
    pub ascii: bool,
    /// A word for the title line, or nothing.
    pub banner: String,
    /// Action to chords.
    #[serde(default)]
    pub keys: Keyed<String, OneOrMore>,
}

/// Whether the mouse is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mouse {
    /// Off over SSH.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// What is kept on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateConfig {
    /// The folder of ledger and caches.
    pub profile: String,
}

/// Virtual time: now = at + (real - `real_at`) * speed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockConfig {
    /// The virtual moment at `real_at`; given together, or not at all.
    pub at: Option<Timestamp>,
    /// The real moment.
    pub real_at: Option<Timestamp>,
    /// Virtual seconds for each real one, above 0.
    pub speed: f64,
}

impl Config {
    /// The queries of a service: its own, else the defaults.
    pub fn signals(&self, service: &ServiceConfig) -> Signals {
        let (own, base) = (&service.signals, &self.defaults.signals);
        Signals {
            requests: own.requests.clone().or_else(|| base.requests.clone()),
            errors: own.errors.clone().or_else(|| base.errors.clone()),
            latency: own.latency.clone().or_else(|| base.latency.clone()),
        }
    }
}
