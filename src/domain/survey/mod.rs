//! What a repository and a metrics server tell of themselves: the material that a first configuration is written from, and what
//! the cockpit works with where there is none. Pure data; [`choice`] draws the conclusions, [`families`] knows the names of
//! common metrics.

pub mod choice;
pub mod families;
pub mod workflow;

use super::ids::RepoSlug;
use super::text::Safe;

/// All that was found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// The repository.
    pub repo: RepoFacts,
    /// The metrics server, if one was asked.
    pub metrics: Option<MetricFacts>,
}

/// What a repository tells.
#[derive(Debug, Clone, PartialEq)]
pub struct RepoFacts {
    /// Its name as the host has it (a renamed one answers under its new name).
    pub repo: RepoSlug,
    /// The default branch.
    pub branch: Safe,
    /// Its environments, those with deployments too, in the host's order.
    pub environments: Vec<EnvFacts>,
    /// Its workflow files.
    pub workflows: Vec<WorkflowFacts>,
    /// Which checks the default branch requires.
    pub required: Required,
    /// How many reviews the default branch requires; none: that can't be told.
    pub reviews: Option<u32>,
    /// The checks seen on the default branch's head.
    pub seen_checks: Vec<Safe>,
    /// Its newest tags.
    pub tags: Vec<Safe>,
    /// Whether it publishes releases.
    pub releases: bool,
    /// What could not be read.
    pub missing: Vec<Missing>,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFacts {
    /// Its name at the host.
    pub name: Safe,
    /// Whether anything was deployed to it.
    pub deployed: bool,
    /// The file of the workflow that made its newest deployment, where that can be told.
    pub workflow: Option<String>,
}

/// Which checks a branch requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Required {
    /// None.
    None,
    /// These.
    Checks(Vec<Safe>),
    /// The token may not know.
    Hidden,
}

/// Something that could not be read, and what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What: `required checks`.
    pub what: &'static str,
    /// The permission that would do: `Administration: read`.
    pub permission: &'static str,
    /// What the host said.
    pub why: Safe,
}

/// A workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowFacts {
    /// Its file name in `.github/workflows`.
    pub file: String,
    /// Its name.
    pub name: Safe,
    /// Its inputs, if it can be started by hand; none: it can't, or could not be read.
    pub inputs: Option<Vec<InputFacts>>,
    /// The inputs that its run's title shows.
    pub titled: Vec<String>,
}

/// An input of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFacts {
    /// Its name.
    pub name: String,
    /// Whether a start without it is refused.
    pub required: bool,
    /// What it takes.
    pub kind: InputKind,
    /// What it is otherwise.
    pub default: Option<String>,
}

/// What an input takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputKind {
    /// Text, or a number.
    Text,
    /// Yes or no.
    Yes,
    /// One of these.
    Choice(Vec<String>),
    /// The name of an environment.
    Environment,
}

/// What a metrics server tells.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFacts {
    /// Its address.
    pub url: String,
    /// The families that it has, in words.
    pub seen: Vec<&'static str>,
    /// The queries that fit the service, if any do.
    pub signals: Option<SignalFacts>,
    /// Why it could not be asked, or why nothing fits.
    pub why: Option<Safe>,
}

/// Queries that fit, and what they give now.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalFacts {
    /// The family, in words.
    pub family: &'static str,
    /// The queries, with `$service`, `$env` and `$bin`.
    pub queries: families::Queries,
    /// The value behind `$service`, where it is not the service's id.
    pub service: Option<String>,
    /// Requests a second now, in the environment named last.
    pub per_second: Option<f64>,
    /// The share of failed requests now, 0..1.
    pub failing: Option<f64>,
}
