//! What is kept of a repository's past, as a code host tells it: commits of the main branch, merged pull requests, deployments,
//! releases and incidents. Rows are whole: a row that comes again replaces the one before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lead_time::Moments;
use super::marks::Reverted;
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// A commit of the main branch, or of what was deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRow {
    /// Its id.
    pub sha: CommitSha,
    /// Its parents.
    pub parents: Vec<CommitSha>,
    /// The author date.
    pub authored: Timestamp,
    /// The committer date.
    pub committed: Timestamp,
    /// The author's login, else the name.
    pub author: Option<Safe>,
    /// The first line of its message.
    pub subject: Safe,
    /// What it takes back.
    pub reverts: Vec<Reverted>,
    /// The pull request that brought it in, where the host says so.
    pub pull: Option<u64>,
}

/// A merged pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRow {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: Safe,
    /// Its author; none: a deleted account.
    pub author: Option<Safe>,
    /// Its page.
    pub url: Option<Safe>,
    /// The branch that was merged.
    pub branch: Safe,
    /// Its labels.
    pub labels: Vec<Safe>,
    /// First commit, opening, review, approval, merge.
    pub moments: Moments,
    /// When it was merged.
    pub merged: Timestamp,
    /// The commit that it became on the main branch.
    pub merge: Option<CommitSha>,
    /// The commits that it consisted of, as far as they could be read.
    pub commits: Vec<CommitSha>,
    /// What it takes back.
    pub reverts: Vec<Reverted>,
    /// The issues that it closes.
    pub closes: Vec<u64>,
    /// The host's, the author's or the commits' oddities, as [`super::flags::Flags::bits`].
    pub flags: u32,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// A deployment with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentRow {
    /// The host's number.
    pub id: u64,
    /// The environment's name at the host.
    pub environment: Safe,
    /// The commit.
    pub sha: CommitSha,
    /// What it was started for.
    pub name: Option<Safe>,
    /// When it was begun.
    pub created: Timestamp,
    /// Its first success.
    pub succeeded: Option<Timestamp>,
    /// It ended without success.
    pub failed: bool,
    /// Its page.
    pub url: Option<Safe>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseRow {
    /// The tag.
    pub tag: Safe,
    /// The commit.
    pub sha: CommitSha,
    /// When it was published.
    pub published: Timestamp,
    /// It is not for production.
    pub prerelease: bool,
    /// Its page.
    pub url: Option<Safe>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRow {
    /// The number.
    pub number: u64,
    /// Its title.
    pub title: Safe,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// The beginnings of commit ids in its text.
    pub shas: Vec<String>,
    /// The pull requests in its text.
    pub numbers: Vec<u64>,
    /// The versions in its text: `v2.14.0`.
    #[serde(default)]
    pub versions: Vec<String>,
    /// Its page.
    pub url: Option<Safe>,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// What is read one after the other, each with a place to go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The main branch's commits.
    Commits,
    /// Merged pull requests.
    Pulls,
    /// Deployments.
    Deployments,
    /// Releases.
    Releases,
    /// Incidents.
    Incidents,
}

impl Source {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Commits,
        Self::Pulls,
        Self::Deployments,
        Self::Releases,
        Self::Incidents,
    ];

    /// The word under which it is kept.
    pub fn word(self) -> &'static str {
        match self {
            Self::Commits => "commits",
            Self::Pulls => "pulls",
            Self::Deployments => "deployments",
            Self::Releases => "releases",
            Self::Incidents => "incidents",
        }
    }
}

/// How far a source was read. Every source is read from its newest row backwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The newest mark of the last reading that came to its end: all before it is there.
    pub done: Option<Safe>,
    /// The mark from which the reading under way began; none: none is under way.
    pub begun: Option<Safe>,
    /// The host's word for where it goes on.
    pub next: Option<Safe>,
    /// When it was last read to its end.
    pub at: Option<Timestamp>,
    /// The words of the terms under which it is read; other terms: it is read anew.
    #[serde(default)]
    pub terms: Option<Safe>,
    /// The reading under way goes down to the reach, whatever is there already: what it does not meet is forgotten.
    #[serde(default)]
    pub whole: bool,
    /// The number of the last such reading.
    #[serde(default)]
    pub round: u64,
    /// How many more rows are kept than the host counts, since the last whole reading; negative where the reach cuts.
    #[serde(default)]
    pub surplus: i64,
    /// More rows are kept than the host can have: it has deleted some, so the next reading is a whole one.
    #[serde(default)]
    pub doubt: bool,
    /// What it brought may name commits beside the main branch; they are still to be looked for.
    #[serde(default)]
    pub beside: bool,
    /// Parents that no reading has to find: they lay beyond the reach when the reading under way began.
    #[serde(default)]
    pub floor: Vec<CommitSha>,
    /// Commits that were deployed or released and that the host does not know; they are not asked for again.
    #[serde(default)]
    pub missing: Vec<CommitSha>,
}

/// One page of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Commits.
    pub commits: Vec<CommitRow>,
    /// Pull requests.
    pub pulls: Vec<PullRow>,
    /// Deployments.
    pub deployments: Vec<DeploymentRow>,
    /// Releases.
    pub releases: Vec<ReleaseRow>,
    /// Incidents.
    pub incidents: Vec<IncidentRow>,
}

impl Batch {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.commits.len()
            + self.pulls.len()
            + self.deployments.len()
            + self.releases.len()
            + self.incidents.len()
    }
}

impl DeploymentRow {
    /// Whether it may still come to an end.
    pub fn is_open(&self) -> bool {
        self.succeeded.is_none() && !self.failed
    }
}

/// Everything that is kept of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The rows.
    pub rows: Batch,
    /// What the main branch pointed to at its last reading, and when the one under way began; empty: it was never read.
    pub heads: Vec<CommitSha>,
    /// When the oldest of the sources was last read to its end; none: some source never was.
    pub as_of: Option<Timestamp>,
}
