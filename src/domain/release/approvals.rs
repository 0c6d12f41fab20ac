//! The pull requests that a candidate brings, with what their reviewers said, and who wrote the changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// A pull request with its reviews. Of each person the last decisive review counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullReviews {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: Safe,
    /// Who wrote it.
    pub author: Option<Safe>,
    /// Its page.
    pub url: Option<Safe>,
    /// Who approved it.
    pub approved_by: Vec<Safe>,
    /// Who asked for changes, and has not approved since.
    pub changes_requested_by: Vec<Safe>,
    /// When the last decisive review was given.
    pub reviewed_at: Option<Timestamp>,
}

impl PullReviews {
    /// Who approved it besides its author.
    pub fn approvers(&self) -> impl Iterator<Item = &Safe> {
        self.approved_by
            .iter()
            .filter(|who| self.author.as_ref() != Some(who))
    }
}

/// What a candidate brings over what is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvals {
    /// What it is held against.
    pub base: CommitSha,
    /// The candidate.
    pub head: CommitSha,
    /// The pull requests between them.
    pub pulls: Vec<PullReviews>,
    /// Who wrote their commits or opened them.
    pub authors: Vec<Safe>,
    /// Commits that came without a pull request.
    pub direct: u32,
    /// Whether some of it could not be read.
    pub partial: bool,
}
