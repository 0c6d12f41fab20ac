//! A deployment and its statuses, as GitHub records them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::RunId;
use super::rollout::DeclaredStep;
use crate::domain::ids::{CommitSha, CorrelationId};
use crate::domain::text::Safe;

/// The state of a deployment status. Unknown words are kept: one new value must not fail a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// Accepted, not started.
    Queued,
    /// Created, not started.
    Pending,
    /// Under way.
    InProgress,
    /// Held by an environment's rule: reviewers or a wait timer.
    Waiting,
    /// Done, and good.
    Success,
    /// Done, and bad.
    Failure,
    /// Broke before it was done.
    Error,
    /// Was once live, and was replaced or torn down.
    Inactive,
    /// A word this version does not know.
    Other(Safe),
}

/// One entry of a deployment's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentStatus {
    /// What it says.
    pub state: DeploymentState,
    /// When it was written.
    pub at: Timestamp,
    /// Where its log is; for workflow jobs the address of the run's job.
    pub log_url: Option<Safe>,
    /// Where the deployed thing answers.
    pub environment_url: Option<Safe>,
    /// A sentence, if one was given.
    pub description: Option<Safe>,
}

/// The act of putting a commit on an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// GitHub's number.
    pub id: u64,
    /// The commit that is deployed.
    pub sha: CommitSha,
    /// The branch or tag it was started for.
    pub git_ref: Option<Safe>,
    /// The task, `deploy` unless somebody said otherwise.
    pub task: Option<Safe>,
    /// When it was created: the start of the deploy.
    pub created_at: Timestamp,
    /// Who started it.
    pub creator: Option<Safe>,
    /// The correlation id found in its payload, if a cockpit started it.
    pub correlation: Option<CorrelationId>,
    /// The steps that its payload declares, if it does.
    #[serde(default)]
    pub rollout: Option<Vec<DeclaredStep>>,
    /// Its statuses, newest first.
    pub statuses: Vec<DeploymentStatus>,
}

impl Deployment {
    /// The newest status.
    pub fn latest(&self) -> Option<&DeploymentStatus> {
        self.statuses.first()
    }

    /// When it first succeeded. A latest `inactive` without a failure counts: it was live once, and the page of
    /// statuses may not reach back to the success itself.
    pub fn succeeded_at(&self) -> Option<Timestamp> {
        let first_success = self
            .statuses
            .iter()
            .rev()
            .find(|s| s.state == DeploymentState::Success)
            .map(|s| s.at);
        first_success.or_else(|| {
            let failed = self
                .statuses
                .iter()
                .any(|s| matches!(s.state, DeploymentState::Failure | DeploymentState::Error));
            match self.latest() {
                Some(s) if s.state == DeploymentState::Inactive && !failed => Some(self.created_at),
                _ => None,
            }
        })
    }

    /// Whether it is under way. A deployment without any status was just created.
    pub fn is_running(&self) -> bool {
        self.latest().is_none_or(|s| {
            matches!(
                s.state,
                DeploymentState::Queued
                    | DeploymentState::Pending
                    | DeploymentState::InProgress
                    | DeploymentState::Waiting
            )
        }) && self.succeeded_at().is_none()
    }

    /// Whether it ended without ever having succeeded.
    pub fn is_failed(&self) -> bool {
        self.succeeded_at().is_none()
            && self.latest().is_some_and(|s| {
                matches!(
                    s.state,
                    DeploymentState::Failure | DeploymentState::Error | DeploymentState::Inactive
                )
            })
    }

    /// The workflow run that made it, read from its statuses' log addresses (`…/actions/runs/ID/job/…`).
    pub fn run_id(&self) -> Option<RunId> {
        self.statuses
            .iter()
            .filter_map(|s| s.log_url.as_ref())
            .find_map(|url| Self::run_of_url(url.as_str()))
    }

    /// The workflow run that an address of a run or of its job names.
    pub fn run_of_url(url: &str) -> Option<RunId> {
        let (_, rest) = url.split_once("/actions/runs/")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok().map(RunId)
    }
}
