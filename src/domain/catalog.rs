//! The services that are watched, their environments in order, and what is configured for each.

use jiff::SignedDuration;

use super::gate::spec::GateSpec;
use super::ids::{EnvId, RepoSlug, ServiceId, Target};
use super::release::candidate::Releasing;
use super::release::ladder::Ladder;
use super::rollback::Way;
use super::text::Safe;

/// All configured services, in the file's order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// The services.
    pub services: Vec<Service>,
}

/// Something that is released and runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Its repository.
    pub repo: RepoSlug,
    /// The GitHub source's name in the configuration.
    pub source: String,
    /// The metrics source's name, if it has one.
    pub metrics: Option<String>,
    /// Its environments, in order; the last is the one that matters most.
    pub environments: Vec<Environment>,
    /// Paths whose changes a rollback does not undo (globs).
    pub irreversible: Vec<String>,
    /// The accountable person's login.
    pub accountable: Option<Safe>,
    /// The logins of the people whose work it is: accountable and responsible ones, no teams.
    pub people: Vec<Safe>,
    /// Where the runbook is.
    pub runbook: Option<Safe>,
    /// What makes a candidate, and which tags are its versions.
    pub releasing: Releasing,
}

/// Where a service runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    /// Its id.
    pub id: EnvId,
    /// Its name on GitHub.
    pub github_environment: String,
    /// What is measured there; none where no metrics source is configured.
    pub signals: Option<SignalTemplates>,
    /// How it is known what is live.
    pub ladder: Ladder,
    /// How long a deployment is watched.
    pub bake: SignedDuration,
    /// After that long a dispatched rollback ends as not verified.
    pub verify_within: SignedDuration,
    /// What a person must do to confirm a rollback.
    pub confirm: Confirm,
    /// The ways back, in the order of preference; empty: no rollback is configured here.
    pub ways: Vec<Way>,
    /// What a candidate has to meet here; empty: its checks and statuses as they are.
    pub gates: Vec<GateSpec>,
}

/// What confirms a rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirm {
    /// The service's name is typed.
    ServiceName,
    /// One more key.
    Key,
}

/// Queries for counts, with all variables but `$bin` filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalTemplates {
    /// Requests in a bin.
    pub requests: String,
    /// Failed requests in a bin.
    pub errors: String,
    /// Cumulative latency buckets in a bin, by `le`.
    pub latency: Option<LatencyTemplate>,
    /// The latency objective in milliseconds, if there is one.
    pub slo_latency_ms: Option<f64>,
    /// The scrape interval in seconds, where it is configured; else it is measured.
    pub scrape_s: Option<u32>,
}

/// A query for latency buckets.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyTemplate {
    /// The query.
    pub buckets: String,
    /// Milliseconds per unit of `le`: 1000 for seconds.
    pub ms_per_unit: f64,
}

impl Catalog {
    /// A service by its id.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.iter().find(|s| s.id == *id)
    }

    /// The environment that a target names.
    pub fn environment(&self, target: &Target) -> Option<(&Service, &Environment)> {
        let service = self.service(&target.service)?;
        service.environment(&target.env).map(|env| (service, env))
    }

    /// Every service in each of its environments.
    pub fn targets(&self) -> impl Iterator<Item = Target> + '_ {
        self.services.iter().flat_map(|s| {
            s.environments.iter().map(|e| Target {
                service: s.id.clone(),
                env: e.id.clone(),
            })
        })
    }
}

impl Service {
    /// One of its environments.
    pub fn environment(&self, id: &EnvId) -> Option<&Environment> {
        self.environments.iter().find(|e| e.id == *id)
    }

    /// The environment that matters most: the last.
    pub fn last_environment(&self) -> Option<&Environment> {
        self.environments.last()
    }
}
