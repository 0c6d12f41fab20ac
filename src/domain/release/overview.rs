//! What one look at a repository gives: releases, tags, milestones, deployments; and the comparison of two commits.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::live::{self, EnvState};
use super::{Deployment, VersionRef};
use crate::domain::ids::{CommitSha, EnvId};
use crate::domain::text::Safe;

/// A release as published, or a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The tag it names.
    pub tag: Safe,
    /// Its title.
    pub name: Option<Safe>,
    /// Not published.
    pub draft: bool,
    /// Marked as not for production.
    pub prerelease: bool,
    /// When it was published; none for a draft.
    pub published_at: Option<Timestamp>,
    /// The tagged commit, where the tag exists.
    pub sha: Option<CommitSha>,
    /// Its page.
    pub url: Safe,
}

/// A tag and the commit it names (annotated tags are followed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its name.
    pub name: Safe,
    /// The commit.
    pub sha: CommitSha,
}

/// A milestone that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: Safe,
    /// The day it is due. GitHub keeps a date and gives it as a UTC instant; the UTC date is the truth.
    pub due: Option<Date>,
    /// Its page.
    pub url: Safe,
    /// Closed issues, 0..100.
    pub progress_percent: Option<u8>,
}

/// One look at a repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Its page.
    pub url: Safe,
    /// The default branch: name and head.
    pub default_branch: Option<(Safe, CommitSha)>,
    /// The names of its environments on GitHub.
    pub environments: Vec<Safe>,
    /// Releases, newest first.
    pub releases: Vec<Release>,
    /// Tags, newest first.
    pub tags: Vec<Tag>,
    /// Open milestones, by due date.
    pub milestones: Vec<Milestone>,
    /// The newest deployments of each configured environment, newest first.
    pub deployments: Vec<(EnvId, Vec<Deployment>)>,
}

impl Overview {
    /// The name of a commit: its release's tag, else a tag, else the ref a deployment was started for if it is no branch.
    pub fn name_of(&self, sha: &CommitSha) -> Option<Safe> {
        let by_release = self
            .releases
            .iter()
            .find(|r| r.sha.as_ref() == Some(sha))
            .map(|r| r.tag.clone());
        by_release.or_else(|| {
            self.tags
                .iter()
                .find(|t| t.sha == *sha)
                .map(|t| t.name.clone())
        })
    }

    /// A commit with its name.
    pub fn version(&self, sha: &CommitSha) -> VersionRef {
        VersionRef {
            sha: sha.clone(),
            version: self.name_of(sha),
        }
    }

    /// The deployments of an environment.
    pub fn deployments_of(&self, env: &EnvId) -> &[Deployment] {
        self.deployments
            .iter()
            .find(|(e, _)| e == env)
            .map_or(&[], |(_, d)| d.as_slice())
    }

    /// The state of an environment.
    pub fn env_state(&self, env: &EnvId) -> EnvState {
        live::read(self.deployments_of(env), &|d| {
            let mut what = self.version(&d.sha);
            if what.version.is_none() {
                let looks_like_a_version = |r: &Safe| {
                    let text = r.as_str().trim_start_matches('v');
                    text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.')
                };
                what.version = d.git_ref.clone().filter(looks_like_a_version);
            }
            what
        })
    }
}

/// A commit in a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitLine {
    /// The commit.
    pub sha: CommitSha,
    /// The first line of its message.
    pub title: Safe,
    /// Its author's login, else the name in the commit.
    pub author: Option<Safe>,
    /// When it was written.
    pub authored_at: Option<Timestamp>,
}

/// A merged pull request, or a commit that came without one (`number` is none).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The pull request's number.
    pub number: Option<u64>,
    /// Its title.
    pub title: Safe,
    /// Who wrote it.
    pub author: Option<Safe>,
    /// Its page.
    pub url: Option<Safe>,
}

/// How two commits lie to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonStatus {
    /// The head holds all of the base and more.
    Ahead,
    /// The head is an ancestor of the base.
    Behind,
    /// Each has what the other lacks.
    Diverged,
    /// The same commit.
    Identical,
    /// A word this version does not know.
    Other(Safe),
}

/// What lies between two commits, seen from `base` to `head`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// From here.
    pub base: CommitSha,
    /// To here.
    pub head: CommitSha,
    /// How they lie to each other.
    pub status: ComparisonStatus,
    /// Commits of the head that the base lacks.
    pub ahead_by: u64,
    /// Commits of the base that the head lacks.
    pub behind_by: u64,
    /// The commits that the base lacks, oldest first; bounded.
    pub commits: Vec<CommitLine>,
    /// The pull requests behind those commits, in their order; bounded.
    pub changes: Vec<Change>,
    /// The paths touched; GitHub lists 300 at most.
    pub files: Vec<Safe>,
    /// Whether some list is not complete.
    pub partial: bool,
}
