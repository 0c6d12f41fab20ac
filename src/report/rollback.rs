//! A rollback as scripts read it (machine contract, `rollback`): planned, under way, or over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::verdict::SCHEMA;
use super::versions::VersionReport;
use crate::app::flow::{Flow, FlowOutcome, FlowStep, Stage};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::Target;
use crate::domain::release::{Change, VersionRef};
use crate::domain::rollback::holds::Hold;
use crate::domain::rollback::journal::Closed;
use crate::domain::rollback::ways::WayChoice;
use crate::domain::rollback::{IntentFacts, RollbackPlan, Way, WayKind};
use crate::domain::text::Safe;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackOutcome {
    /// Only planned.
    Planned,
    /// Live, and the signals have recovered.
    Recovered,
    /// The same rollback was done before.
    AlreadyDone,
    /// Dispatched, not verified.
    Dispatched,
    /// It failed.
    Failed,
    /// It is not known whether the dispatch arrived.
    Unknown,
    /// It was refused before anything was done.
    Refused,
}

impl RollbackOutcome {
    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Recovered => "recovered",
            Self::AlreadyDone => "already done",
            Self::Dispatched => "dispatched, not verified",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

impl From<FlowOutcome> for RollbackOutcome {
    fn from(outcome: FlowOutcome) -> Self {
        match outcome {
            FlowOutcome::Recovered => Self::Recovered,
            FlowOutcome::AlreadyDone => Self::AlreadyDone,
            FlowOutcome::Dispatched => Self::Dispatched,
            FlowOutcome::Failed => Self::Failed,
            FlowOutcome::Unknown => Self::Unknown,
            FlowOutcome::Refused => Self::Refused,
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RollbackReport {
    /// Version of this shape.
    pub schema: u32,
    /// The id that travels with the dispatch; none: nothing was dispatched.
    pub correlation_id: Option<String>,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// What is left.
    pub from: Option<VersionReport>,
    /// Where it goes.
    pub to: Option<VersionReport>,
    /// By what: `workflow rollback.yml on main`.
    pub how: Option<String>,
    /// Whether it was only planned.
    pub dry_run: bool,
    /// How it ended.
    pub outcome: RollbackOutcome,
    /// Whether another process' rollback was joined.
    pub joined: bool,
    /// What was done.
    pub steps: Vec<StepReport>,
    /// The changes that go.
    pub reverts: Vec<RevertReport>,
    /// What to beware of.
    pub warnings: Vec<String>,
    /// What would hold the run before it starts; none of kind `unknown`: all was read.
    #[serde(default)]
    pub holds: Vec<Hold>,
    /// The ways back that could reach the target, the taken one by its id in `way`.
    #[serde(default)]
    pub ways: Vec<WayChoice>,
    /// The id of the way that is taken.
    #[serde(default)]
    pub way: Option<String>,
    /// Why it was done.
    pub reason: Option<String>,
    /// What went wrong, or why it is not verified.
    pub trouble: Option<TroubleReport>,
    /// From the intent to the end, in seconds.
    pub took_s: Option<i64>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// When it began.
    pub at: Timestamp,
    /// What.
    pub step: Safe,
    /// More of it.
    pub detail: Option<Safe>,
    /// Where to look.
    pub url: Option<Safe>,
}

/// A change that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevertReport {
    /// The pull request's number; none: a commit that came without one.
    pub number: Option<u64>,
    /// Its title.
    pub title: Safe,
    /// Who wrote it.
    pub author: Option<Safe>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TroubleReport {
    /// The kind of failure.
    pub kind: FaultKind,
    /// What happened.
    pub message: Safe,
    /// What to do now.
    pub hint: Option<Safe>,
}

impl RollbackReport {
    fn new(target: &Target, outcome: RollbackOutcome) -> Self {
        Self {
            schema: SCHEMA,
            correlation_id: None,
            service: target.service.as_str().to_owned(),
            environment: target.env.as_str().to_owned(),
            from: None,
            to: None,
            how: None,
            dry_run: false,
            outcome,
            joined: false,
            steps: Vec::new(),
            reverts: Vec::new(),
            warnings: Vec::new(),
            holds: Vec::new(),
            ways: Vec::new(),
            way: None,
            reason: None,
            trouble: None,
            took_s: None,
        }
    }

    /// A plan that nobody carried out.
    pub fn planned(plan: &RollbackPlan, reason: &str) -> Self {
        Self {
            from: Some((&plan.from).into()),
            to: Some((&plan.to).into()),
            how: Some(how_of_plan(plan, false)),
            holds: plan.holds.clone(),
            ways: plan.ways.clone(),
            way: Some(plan.way.id.clone()),
            dry_run: true,
            reverts: reverts(&plan.reverts),
            warnings: warnings(plan),
            reason: Some(reason.to_owned()).filter(|r| !r.is_empty()),
            ..Self::new(&plan.target, RollbackOutcome::Planned)
        }
    }

    /// A rollback that this process did, resumed or followed.
    pub fn of_flow(flow: &Flow, plan: Option<&RollbackPlan>) -> Self {
        Self {
            joined: flow.joined,
            steps: flow.steps.iter().map(step).collect(),
            warnings: plan.map_or_else(Vec::new, warnings),
            holds: plan.map_or_else(Vec::new, |p| p.holds.clone()),
            ways: plan.map_or_else(Vec::new, |p| p.ways.clone()),
            trouble: flow.trouble.as_ref().map(trouble),
            took_s: flow
                .ended_at
                .map(|end| end.duration_since(flow.started_at).as_secs()),
            ..Self::of_facts(&flow.target, &flow.facts, outcome_of(flow))
        }
    }

    /// The same rollback was done before.
    pub fn already_done(
        target: &Target,
        from: &VersionRef,
        to: &VersionRef,
        done: Option<&Closed>,
    ) -> Self {
        let bare = match done {
            Some(done) => Self {
                took_s: Some(done.took.as_secs()),
                ..Self::of_facts(target, &done.facts, RollbackOutcome::AlreadyDone)
            },
            None => Self::new(target, RollbackOutcome::AlreadyDone),
        };
        Self {
            from: Some(from.into()),
            to: Some(to.into()),
            ..bare
        }
    }

    /// It was refused.
    pub fn refused(target: &Target, kind: FaultKind, message: &str, hint: Option<&str>) -> Self {
        Self {
            trouble: Some(TroubleReport {
                kind,
                message: Safe::new(message),
                hint: hint.map(Safe::new),
            }),
            ..Self::new(target, RollbackOutcome::Refused)
        }
    }

    fn of_facts(target: &Target, facts: &IntentFacts, outcome: RollbackOutcome) -> Self {
        Self {
            correlation_id: Some(facts.correlation_id.as_str().to_owned()),
            from: Some((&facts.from).into()),
            to: Some((&facts.to).into()),
            how: Some(how_of_facts(facts)),
            way: Some(facts.way.clone()),
            reverts: reverts(&facts.reverts),
            reason: Some(facts.reason.clone()),
            ..Self::new(target, outcome)
        }
    }
}

/// How a flow ended; of one that is still open, what is known of its dispatch.
fn outcome_of(flow: &Flow) -> RollbackOutcome {
    match (flow.outcome, &flow.stage) {
        (Some(outcome), _) => outcome.into(),
        (None, Stage::Running(_) | Stage::AwaitingLive | Stage::Verifying(_)) => {
            RollbackOutcome::Dispatched
        }
        (None, _) => RollbackOutcome::Unknown,
    }
}

/// What a plan does, in words; with its repository where there is one place for all.
pub fn how_of_plan(plan: &RollbackPlan, with_repo: bool) -> String {
    let repo = &plan.repo;
    match (&plan.way.kind, &plan.rerun) {
        (WayKind::Workflow { file, git_ref, .. }, _) if with_repo => {
            format!("workflow {file} on {repo} ({git_ref})")
        }
        (WayKind::Rerun { .. }, Some(old)) => {
            let file = old.file.as_ref().map(|f| format!(" ({f})"));
            let repo = if with_repo {
                format!(" on {repo}")
            } else {
                String::new()
            };
            format!("repeat run {}{}{repo}", old.run, file.unwrap_or_default())
        }
        _ if with_repo => format!("{} on {repo}", how(&plan.way)),
        _ => how(&plan.way),
    }
}

/// What a way does, in words.
pub fn how(way: &Way) -> String {
    match &way.kind {
        WayKind::Workflow { file, git_ref, .. } => format!("workflow {file} on {git_ref}"),
        WayKind::Rerun { .. } => "repeat the run that deployed it".to_owned(),
        WayKind::Cancel => "cancel the deploy's run".to_owned(),
    }
}

fn how_of_facts(facts: &IntentFacts) -> String {
    if let Some(ours) = facts.rerun {
        return format!("repeat run {}", ours.run);
    }
    match (&facts.workflow, &facts.git_ref) {
        (Some(file), Some(git_ref)) => format!("workflow {file} on {git_ref}"),
        (Some(file), None) => format!("workflow {file}"),
        (None, _) => facts.way.clone(),
    }
}

fn reverts(changes: &[Change]) -> Vec<RevertReport> {
    changes
        .iter()
        .map(|c| RevertReport {
            number: c.number,
            title: c.title.clone(),
            author: c.author.clone(),
        })
        .collect()
}

fn warnings(plan: &RollbackPlan) -> Vec<String> {
    let mut list: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    if !plan.reverts_known {
        list.push("it is not known which changes go with it".to_owned());
    }
    list
}

fn step(step: &FlowStep) -> StepReport {
    StepReport {
        at: step.at,
        step: step.step.clone(),
        detail: step.detail.clone(),
        url: step.url.clone(),
    }
}

fn trouble(fault: &Fault) -> TroubleReport {
    TroubleReport {
        kind: fault.kind,
        message: fault.message.clone(),
        hint: fault.hint.clone(),
    }
}

#[cfg(test)]
#[path = "rollback_tests.rs"]
mod tests;
