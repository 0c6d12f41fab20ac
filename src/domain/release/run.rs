//! A workflow run with its jobs and steps.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// A workflow run's number; it stays the same when the run is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a run, a job or a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Waits for a runner.
    Queued,
    /// Asked for, not queued yet.
    Requested,
    /// Held by a concurrency group.
    Pending,
    /// Held by an environment's rule.
    Waiting,
    /// Runs.
    InProgress,
    /// Ended; the conclusion says how.
    Completed,
    /// A word this version does not know.
    Other(Safe),
}

/// How a completed run, job or step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Good.
    Success,
    /// Bad.
    Failure,
    /// Neither; counts as passed.
    Neutral,
    /// Stopped by somebody.
    Cancelled,
    /// Not run; counts as passed.
    Skipped,
    /// Took too long.
    TimedOut,
    /// Waits for a person.
    ActionRequired,
    /// Could not start.
    StartupFailure,
    /// Outdated.
    Stale,
    /// A word this version does not know.
    Other(Safe),
}

impl Conclusion {
    /// Whether it counts as passed (GitHub: success, neutral, skipped).
    pub fn passed(&self) -> bool {
        matches!(self, Self::Success | Self::Neutral | Self::Skipped)
    }

    /// As people read it: `timed out`.
    pub fn words(&self) -> String {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Neutral => "neutral",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::TimedOut => "timed out",
            Self::ActionRequired => "action required",
            Self::StartupFailure => "startup failure",
            Self::Stale => "stale",
            Self::Other(word) => word.as_str(),
        }
        .to_owned()
    }
}

/// A workflow run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The title on the page; a correlation id may stand in it.
    pub title: Safe,
    /// The workflow's name.
    pub name: Option<Safe>,
    /// The workflow file's path.
    pub path: Option<Safe>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The commit it runs on.
    pub sha: Option<CommitSha>,
    /// Where it is.
    pub status: RunStatus,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When this attempt started.
    pub started_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// Its page.
    pub url: Safe,
    /// Who started it.
    pub actor: Option<Safe>,
}

impl Run {
    /// Whether it has ended.
    pub fn is_completed(&self) -> bool {
        self.status == RunStatus::Completed
    }

    /// Its workflow's file name: `deploy.yml` of `.github/workflows/deploy.yml@refs/heads/main`.
    pub fn file(&self) -> Option<Safe> {
        let path = self.path.as_ref()?.as_str();
        let path = path.split_once('@').map_or(path, |(path, _)| path);
        let name = path.rsplit('/').next()?;
        Some(Safe::new(name)).filter(|n| !n.is_empty())
    }
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub name: Safe,
    /// Where it is.
    pub status: RunStatus,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: Safe,
    /// Where it is.
    pub status: RunStatus,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Its page.
    pub url: Option<Safe>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

impl Job {
    /// How long it took, or takes so far at `now`.
    pub fn took(&self, now: Timestamp) -> Option<SignedDuration> {
        let start = self.started_at?;
        Some(
            self.completed_at
                .unwrap_or(now)
                .duration_since(start)
                .max(SignedDuration::ZERO),
        )
    }
}

/// A run with its jobs, in the order GitHub gives them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// The jobs of its latest attempt.
    pub jobs: Vec<Job>,
}
