//! A rollback under way, as this process sees it: its own, one it resumed, or one of another process that it follows.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::catalog::{Environment, Service};
use crate::domain::fetched::Fault;
use crate::domain::ids::{RepoSlug, Target};
use crate::domain::release::{RunId, RunView};
use crate::domain::rollback::holds::Pending;
use crate::domain::rollback::{ApprovedPlan, IntentFacts};
use crate::domain::text::Safe;

/// Where a rollback stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// The intent is being recorded.
    Recording,
    /// The cancel's intent is being recorded.
    CancelRecording,
    /// The cancel was sent.
    Cancelling,
    /// The deploy's run is still ending; since when.
    WaitingForEnd(Timestamp),
    /// The dispatch's intent is being recorded.
    DispatchRecording,
    /// The dispatch was sent.
    Dispatching,
    /// The run is looked up by its correlation id, or a repeated one by its next attempt, until then.
    LookingUp {
        /// Until when.
        until: Timestamp,
        /// Whether the dispatch is known to have arrived.
        accepted: bool,
    },
    /// The run is followed.
    Running(RunId),
    /// The run has succeeded, or can't be seen: the target must become live.
    AwaitingLive,
    /// The target is live since then; the signals must recover.
    Verifying(Timestamp),
    /// An open intent is being taken over.
    TakingOver,
    /// Another process does it; its rows are followed.
    Following,
    /// It is over.
    Ended,
}

/// How it ended (machine contract, `rollback`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowOutcome {
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

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepMark {
    /// Under way.
    Doing,
    /// Done.
    Done,
    /// Went wrong.
    Bad,
}

/// A step as it is shown and answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowStep {
    /// When it began.
    pub at: Timestamp,
    /// What: `intent recorded`, `dispatched`, ...
    pub step: Safe,
    /// More of it.
    pub detail: Option<Safe>,
    /// Where to look.
    pub url: Option<Safe>,
    /// How it stands.
    pub mark: StepMark,
}

/// A rollback under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Where.
    pub target: Target,
    /// The repository.
    pub repo: RepoSlug,
    /// The GitHub source.
    pub source: String,
    /// What.
    pub facts: IntentFacts,
    /// When the intent was recorded (or is about to be).
    pub started_at: Timestamp,
    /// Where it stands.
    pub stage: Stage,
    /// What was done.
    pub steps: Vec<FlowStep>,
    /// The orders, until they are sent. A resumed or followed flow has none: it can't send anything.
    pub approved: Option<Box<ApprovedPlan>>,
    /// Whether another process' intent was joined.
    pub joined: bool,
    /// The rollback's run.
    pub run: Option<RunId>,
    /// Its jobs.
    pub view: Option<RunView>,
    /// How it ended.
    pub outcome: Option<FlowOutcome>,
    /// What went wrong, or why it is not verified.
    pub trouble: Option<Fault>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Since when its run is held by a rule or a concurrency group, while it is.
    pub held_since: Option<Timestamp>,
    /// What its run waits for.
    pub pending: Vec<Pending>,
    /// How long it was held before: this time does not count against the limit of the verification.
    pub held: SignedDuration,
    /// How often the cancel was sent, and when last. Cancelling is idempotent by run.
    pub cancels: (u8, Option<Timestamp>),
}

impl Flow {
    /// A flow at its start.
    pub fn new(service: &Service, env: &Environment, facts: IntentFacts, at: Timestamp) -> Self {
        Self {
            target: Target {
                service: service.id.clone(),
                env: env.id.clone(),
            },
            repo: service.repo.clone(),
            source: service.source.clone(),
            facts,
            started_at: at,
            stage: Stage::Recording,
            steps: Vec::new(),
            approved: None,
            joined: false,
            run: None,
            view: None,
            outcome: None,
            trouble: None,
            ended_at: None,
            held_since: None,
            pending: Vec::new(),
            held: SignedDuration::ZERO,
            cancels: (0, None),
        }
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Begins a step; the one before is done.
    pub fn begin(&mut self, at: Timestamp, step: &str, detail: Option<String>, url: Option<Safe>) {
        self.settle(StepMark::Done);
        self.steps.push(FlowStep {
            at,
            step: Safe::new(step),
            detail: detail.map(|d| Safe::new(&d)),
            url,
            mark: StepMark::Doing,
        });
    }

    /// Marks the step under way.
    pub fn settle(&mut self, mark: StepMark) {
        if let Some(last) = self.steps.last_mut()
            && last.mark == StepMark::Doing
        {
            last.mark = mark;
        }
    }
}
