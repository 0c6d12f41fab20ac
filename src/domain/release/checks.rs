//! The checks and commit statuses of a candidate, as one list.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// Where a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Ended badly.
    Failed,
    /// Not ended: queued, running, waiting for a person.
    Running,
    /// A word this version does not know: counts as not passed.
    Unknown,
    /// Ended well (success, neutral).
    Passed,
    /// Not run; counts as passed.
    Skipped,
}

/// A check run or a commit status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckItem {
    /// Its name or context.
    pub name: Safe,
    /// The app that reports it; none for a commit status.
    pub app: Option<Safe>,
    /// Where it stands.
    pub state: CheckState,
    /// A sentence: a status' description, a check's output title.
    pub summary: Option<Safe>,
    /// When it last changed.
    pub at: Option<Timestamp>,
    /// Its page.
    pub url: Option<Safe>,
}

/// All checks of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// The commit.
    pub sha: CommitSha,
    /// The checks, each (app, name) once, the newest.
    pub items: Vec<CheckItem>,
    /// What could not be read, in words: "check runs: the token lacks the permission Checks: read".
    pub missing: Vec<Safe>,
}
