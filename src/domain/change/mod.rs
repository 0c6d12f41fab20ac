//! Changes on their way: which deployment or release contains a commit first ([`ancestry`]), how long a change took and in which
//! stage ([`lead_time`]), what a stream of deployments shipped and which of them failed ([`stream`], [`failures`]), where each change is
//! now and what waits for a deployment ([`delivery`], [`queue`]), and the five delivery metrics with the tiers of their year
//! ([`dora`], [`tiers`]). Pure.

pub mod ancestry;
pub mod delivery;
pub mod dora;
pub mod failures;
pub mod flags;
mod gather;
pub mod lead_time;
pub mod listing;
pub mod local;
pub mod marks;
pub mod metric;
pub mod origin;
#[cfg(test)]
mod properties;
pub mod queue;
pub mod repository;
pub mod stats;
pub mod stream;
pub mod sync;
pub mod synced;
pub mod tiers;
#[cfg(test)]
mod vectors;
mod words;

use serde::{Deserialize, Serialize};

use self::ancestry::Node;
use self::flags::Flags;
use self::lead_time::Moments;
use self::marks::Reverted;
use super::ids::CommitSha;
use super::text::Safe;

/// What a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A merged pull request.
    PullRequest,
    /// A commit that no pull request brought in.
    Commit,
}

/// How commits were found to belong to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The pull request names the merge commit.
    MergeCommit,
    /// The host links the commit to the pull request.
    Association,
    /// The merge commit's message names the pull request.
    MergeMessage,
    /// The commit stands for itself.
    Commit,
}

/// How sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Recorded by the source.
    Exact,
    /// Follows from what is recorded.
    Derived,
    /// A tag's or commit's date stands for the moment.
    Approximate,
}

/// How a change was matched to where it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// By what.
    pub method: Method,
    /// How sure.
    pub confidence: Confidence,
}

/// A change: a merged pull request, or a commit by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// `#4821`, or the commit's id.
    pub id: Safe,
    /// What it is.
    pub kind: ChangeKind,
    /// The pull request's number.
    pub number: Option<u64>,
    /// Its title or the commit's subject.
    pub title: Safe,
    /// Who wrote it; none: a deleted account.
    pub author: Option<Safe>,
    /// Its page.
    pub url: Option<Safe>,
    /// Its labels.
    pub labels: Vec<Safe>,
    /// The commits that have to be somewhere for it to be there, as far as the graph knows them: the one by which it landed, else
    /// all of its own.
    pub commits: Vec<Node>,
    /// The ids by which others may name it.
    pub shas: Vec<CommitSha>,
    /// When what happened, up to the merge.
    pub moments: Moments,
    /// What it takes back.
    pub reverts: Vec<Reverted>,
    /// What is special about it.
    pub flags: Flags,
    /// How it was matched.
    pub matched: Match,
}
