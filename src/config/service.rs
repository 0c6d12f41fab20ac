//! The typed tree of a service, its environments and their ways back.

use serde::Deserialize;

use super::keyed::Keyed;
use super::model::Signals;
use super::values::{InputValue, Period};
use crate::domain::ids::{EnvId, RepoSlug};

/// A service: a repository, or a folder in one, with its environments.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// The repository.
    pub repo: RepoSlug,
    /// The folder in it; `None`: all of it.
    pub path: Option<String>,
    /// The GitHub source's name.
    pub github: String,
    /// The metrics source's name; `None`: no signals.
    pub metrics: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Its environments in order; never empty, each has an entry in `env`.
    pub environments: Vec<EnvId>,
    /// What makes a candidate.
    pub release: ReleaseConfig,
    /// Variables for queries.
    #[serde(default)]
    pub labels: Keyed<String, String>,
    /// Its own queries.
    #[serde(default)]
    pub signals: Signals,
    /// Services that must be released before.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Patterns of files whose change can't be undone.
    #[serde(default)]
    pub irreversible: Vec<String>,
    /// Where to read what to do.
    pub runbook: Option<String>,
    /// Who does what.
    #[serde(default)]
    pub roles: Roles,
    /// Its environments' settings.
    #[serde(default)]
    pub env: Keyed<String, EnvConfig>,
}

/// What makes a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseConfig {
    /// The pattern of version tags.
    pub tags: String,
    /// Where candidates come from.
    pub from: ReleaseFrom,
}

/// Where candidates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseFrom {
    /// Tags.
    Tags,
    /// Releases, drafts too.
    Releases,
    /// The default branch's head.
    Branch,
}

/// Who does what: logins, or teams as `@org/team`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Who gives the GO.
    pub accountable: Option<String>,
    /// Who does it.
    #[serde(default)]
    pub responsible: Vec<String>,
    /// Who is asked.
    #[serde(default)]
    pub consulted: Vec<String>,
    /// Who is told.
    #[serde(default)]
    pub informed: Vec<String>,
}

/// An environment of a service.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvConfig {
    /// Its name at GitHub; `None`: its id. See [`EnvConfig::github_name`].
    pub github_environment: Option<String>,
    /// How what is live is known, best first.
    pub live: Vec<LiveSource>,
    /// How long a deploy is watched.
    pub bake: Period,
    /// What confirms a rollback.
    pub confirm: Confirm,
    /// How long a rollback may take to show.
    pub verify_within: Period,
    /// Where the service says what it runs.
    pub probe: Option<Probe>,
    /// The workflow that deploys.
    pub deploy: Option<Deploy>,
    /// A rollout in steps.
    pub canary: Option<Canary>,
    /// The ways back; `None`: no rollback here.
    pub rollback: Option<Rollback>,
}

impl EnvConfig {
    /// Its name at GitHub.
    pub fn github_name<'a>(&'a self, id: &'a EnvId) -> &'a str {
        self.github_environment.as_deref().unwrap_or(id.as_str())
    }
}

/// How what is live is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LiveSource {
    /// GitHub's deployments and their statuses.
    Deployments,
    /// The runs of the workflow that deploys.
    Runs,
    /// What the service says.
    Probe,
    /// The newest release.
    Releases,
}

/// Where the service says what it runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The address.
    pub url: String,
    /// A `JSONPath`, `header NAME` or `text`.
    pub version: String,
}

/// What confirms a rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirm {
    /// The service's name, typed.
    ServiceName,
    /// A key.
    Key,
}

/// The workflow that deploys.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// Its file in `.github/workflows`.
    pub workflow: String,
    /// The branch or tag it runs on; may hold variables.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// Its inputs; texts may hold variables.
    #[serde(default)]
    pub inputs: Keyed<String, InputValue>,
}

/// A rollout in steps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// The name of a step's job, `{weight}` for the percentage.
    pub jobs: Option<String>,
    /// What `$track` is for the canary.
    pub track: Option<String>,
    /// What `$track` is for the rest.
    pub stable: Option<String>,
}

/// The ways back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The order in which they are tried; each is in `way`.
    pub ladder: Vec<String>,
    /// The ways by name.
    #[serde(default)]
    pub way: Keyed<String, Way>,
}

/// A way back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Way {
    /// Cancels the run of the deploy that is still under way.
    GithubCancel {},
    /// Repeats the run that once deployed the target.
    GithubRerun(Rerun),
    /// Starts a workflow that puts the target back.
    GithubWorkflow(Dispatch),
}

/// An old run to repeat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rerun {
    /// Older runs are left alone; GitHub's own limit is 30 days.
    #[serde(default = "thirty_days")]
    pub max_age: Period,
}

fn thirty_days() -> Period {
    Period(jiff::SignedDuration::from_hours(30 * 24))
}

/// A workflow to start.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    /// Its file in `.github/workflows`.
    pub file: String,
    /// The branch or tag it runs on; may hold variables.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// Its inputs; texts may hold variables.
    #[serde(default)]
    pub inputs: Keyed<String, InputValue>,
}
