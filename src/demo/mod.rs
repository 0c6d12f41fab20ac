//! A simulated company behind real HTTP on loopback: GitHub (REST and GraphQL), Prometheus' API, and a `/metrics` page, in virtual time.
//! It has state: a dispatch starts a run, a run makes a deployment, a bad version raises errors, a rollback heals them. Nothing ticks:
//! each request moves the company on to the virtual present. The same seed and start give the same answers, byte for byte, except
//! for the port numbers in addresses. It shares no code with the cockpit that watches it.
//!
//! For tests there are control addresses on GitHub's port, which need no token:
//!
//! - `GET /_demo/requests`: `{total, conditional, not_modified, requests: {"METHOD /pattern": count}}` of all servers, faulty requests
//!   included, with names and numbers replaced (`POST /repos/{owner}/{repo}/actions/runs/{id}/cancel`); workflow files keep their
//!   name. `DELETE` starts over.
//! - `POST /_demo/fault` `{path_prefix, method?, mode, times?, when?, status?, body?, headers?, delay_ms?}`: the next `times` (1) requests
//!   whose path starts with `path_prefix` (or contains it, written `*part`) fail, on any of the three servers. `mode`: `status` (`status`, default 500, with `body` and
//!   `headers`), `reset` (closed without an answer), `delay` (`delay_ms` of real time), `html` (a page with `status`, default 200), `cut` (breaks off in the middle; the request always takes effect), `torn` (the first half
//!   of the body, as if it were whole), `silence` (nothing for `delay_ms`, then closed), `huge` (50 MB). `when`:
//!   `before` (default; the request has no effect), `after` (it took effect, the answer is lost) or `during` (it took effect, the head
//!   and half the body come through; then `delay` waits, all others break off). `DELETE /_demo/fault` forgets all.
//! - `POST /_demo/budget` `{core_used?, graphql_used?}`: sets how much of the hour's 5,000 is used.
//! - `GET /_demo/now`: the virtual time. `GET /_demo/truth`: what is live and where the traffic goes, as the simulator knows it.

mod acts;
mod catalog;
mod clock;
mod control;
mod counters;
mod exposition;
mod faults;
mod gate;
mod github;
mod history;
mod journal;
mod limits;
mod meter;
mod metrics;
mod model;
mod num;
mod past;
mod people;
mod pipelines;
mod planning;
mod prometheus;
mod promql;
mod rng;
mod runs;
mod server;
mod settings;
mod state;
mod tales;
mod traffic;
mod weather;
mod wire;
mod world;

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use clock::{Clock, RealClock};

/// What happens while one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scenario {
    /// A release fails on its canary.
    #[default]
    BadDeploy,
    /// The same release goes well.
    Healthy,
    /// The release that fails, and GitHub and Prometheus fail now and then as well.
    FlakyApi,
    /// A bad time to release: a freeze holds and no window is open for the version that waits.
    Frozen,
}

impl Scenario {
    /// All scenarios.
    pub const ALL: [Self; 4] = [Self::BadDeploy, Self::Healthy, Self::FlakyApi, Self::Frozen];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadDeploy => "bad-deploy",
            Self::Healthy => "healthy",
            Self::FlakyApi => "flaky-api",
            Self::Frozen => "frozen",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no such scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scenario `{0}`; there are `bad-deploy`, `healthy`, `flaky-api` and `frozen`")]
pub struct UnknownScenario(String);

impl FromStr for Scenario {
    type Err = UnknownScenario;
    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        Self::ALL
            .into_iter()
            .find(|s| s.name() == text)
            .ok_or_else(|| UnknownScenario(text.to_owned()))
    }
}

/// The ports to listen on; 0 picks a free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ports {
    /// GitHub's.
    pub github: u16,
    /// Prometheus'.
    pub prometheus: u16,
    /// The `/metrics` page's.
    pub metrics: u16,
}

/// The token that the simulated GitHub takes unless another is chosen. It opens nothing else.
pub const TOKEN: &str = "ghp_demo0123456789abcdefghijklmnopqrdemo";

/// How the company is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// What happens.
    pub scenario: Scenario,
    /// Chooses names, numbers and noise.
    pub seed: u64,
    /// Virtual time; the story starts at its `at`.
    pub clock: Clock,
    /// Real time.
    pub real: RealClock,
    /// Virtual time from the start until the release of the scenario is deployed; left out: it began 180 s before the start (`frozen`: never).
    pub deploy_in: Option<SignedDuration>,
    /// Where to listen.
    pub ports: Ports,
    /// The token that is asked for.
    pub token: String,
    /// How long a server of `flaky-api` that says nothing keeps a connection open, in real time.
    pub silence: Duration,
}

impl Options {
    /// The default scenario and seed with a clock.
    pub fn new(clock: Clock, real: RealClock) -> Self {
        Self {
            scenario: Scenario::default(),
            seed: 1,
            clock,
            real,
            deploy_in: None,
            ports: Ports::default(),
            token: TOKEN.to_owned(),
            silence: Duration::from_mins(1),
        }
    }
}

/// The running company. It stops when dropped.
#[derive(Debug)]
pub struct Demo {
    /// GitHub's REST API, without a path.
    pub github_url: String,
    /// GitHub's GraphQL API.
    pub graphql_url: String,
    /// Prometheus, without `/api/v1`.
    pub prometheus_url: String,
    /// The page for a real Prometheus to scrape.
    pub metrics_url: String,
    /// The token that GitHub takes.
    pub token: String,
    /// What happens.
    pub scenario: Scenario,
    /// The seed.
    pub seed: u64,
    /// The virtual time at which it was started.
    pub now: Timestamp,
    clock: Clock,
    handle: server::Handle,
}

/// Starts the company on a thread of its own; it is listening when this returns.
///
/// # Errors
/// When a port can't be had or the thread can't be started.
pub fn start(options: Options) -> io::Result<Demo> {
    let Options {
        scenario,
        seed,
        clock,
        real,
        deploy_in,
        ports,
        token,
        silence,
    } = options;
    let schema = github::graphql::Schema::load().map_err(io::Error::other)?;
    let world = world::World::new(scenario, seed, clock.at, deploy_in);
    let now = clock.now((real.0)());
    let weather =
        (scenario == Scenario::FlakyApi).then(|| weather::Weather::new(seed, clock.at, silence));
    let state = state::State::new(world, clock, real, token.clone(), schema, weather);
    let handle = server::start(state, [ports.github, ports.prometheus, ports.metrics])?;
    let [github, prometheus, metrics] = handle.addresses;
    Ok(Demo {
        github_url: format!("http://{github}"),
        graphql_url: format!("http://{github}/graphql"),
        prometheus_url: format!("http://{prometheus}"),
        metrics_url: format!("http://{metrics}/metrics"),
        token,
        scenario,
        seed,
        now,
        clock,
        handle,
    })
}

impl Demo {
    /// A ready configuration of the cockpit, which reads the token from the file at `token_file`.
    pub fn config_toml(&self, token_file: &Path) -> String {
        settings::toml(self, token_file)
    }

    /// Stops the servers and waits until they are gone.
    pub fn stop(mut self) {
        self.handle.stop();
    }
}
