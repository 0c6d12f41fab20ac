//! What is released and what runs: deployments with their statuses, releases, tags, milestones, workflow runs, checks,
//! comparisons. [`live`] derives what an environment runs, [`candidate`] what would go there next, [`rollout`] how a deployment
//! reaches its users.

mod approvals;
pub mod candidate;
mod checks;
mod deployment;
pub mod ladder;
pub mod live;
mod overview;
pub mod rollout;
mod run;
pub mod watch;

pub use approvals::{Approvals, PullReviews};
pub use checks::{CheckItem, CheckState, Checks};
pub use deployment::{Deployment, DeploymentState, DeploymentStatus};
pub use overview::{
    Change, CommitLine, Comparison, ComparisonStatus, Milestone, Overview, Release, Tag,
};
pub use run::{Conclusion, Job, Run, RunId, RunStatus, RunView, Step};

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::CommitSha;
use super::text::Safe;

/// A commit with the name people know it by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VersionRef {
    /// The commit.
    pub sha: CommitSha,
    /// The tag or release that names it, if any.
    pub version: Option<Safe>,
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => f.pad(version.as_str()),
            None => f.pad(self.sha.short()),
        }
    }
}
