//! What the simulated company consists of: plain data, as the servers show it. How it comes about is in `history` and `runs`.

use jiff::Timestamp;
use serde_json::Value;

/// A file that a commit touches.
#[derive(Debug, Clone)]
pub(crate) struct Touched {
    pub(crate) path: String,
    pub(crate) additions: u64,
    pub(crate) deletions: u64,
}

/// A commit, on the main branch or on a pull request's.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) parent: Option<String>,
    pub(crate) message: String,
    pub(crate) author: usize,
    pub(crate) authored: Timestamp,
    pub(crate) committed: Timestamp,
    /// The pull request that brought it in, as an index.
    pub(crate) pull: Option<usize>,
    pub(crate) files: Vec<Touched>,
}

/// A review of a pull request.
#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub(crate) author: usize,
    pub(crate) state: &'static str,
    pub(crate) at: Timestamp,
}

/// A pull request.
#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) author: usize,
    pub(crate) created: Timestamp,
    pub(crate) merged: Option<Timestamp>,
    pub(crate) merger: usize,
    pub(crate) labels: Vec<&'static str>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) commits: Vec<Commit>,
    /// Its squash commit on the main branch, as an index.
    pub(crate) merge: Option<usize>,
    pub(crate) branch: String,
    pub(crate) draft: bool,
    pub(crate) body: String,
    /// It began as a draft and became ready then.
    pub(crate) ready: Option<Timestamp>,
    /// The head that a force push replaced.
    pub(crate) before: Option<Commit>,
    /// The issues that it closes.
    pub(crate) closes: Vec<u64>,
}

/// An issue.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) author: usize,
    pub(crate) labels: Vec<&'static str>,
    pub(crate) created: Timestamp,
    pub(crate) closed: Option<Timestamp>,
}

/// A release, with the tag of the same name.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) id: u64,
    pub(crate) tag: String,
    pub(crate) commit: usize,
    pub(crate) published: Option<Timestamp>,
    pub(crate) created: Timestamp,
    pub(crate) prerelease: bool,
    pub(crate) author: usize,
    pub(crate) body: String,
    /// The id of the tag object, for an annotated tag.
    pub(crate) tag_object: Option<String>,
}

/// A milestone.
#[derive(Debug, Clone)]
pub(crate) struct Milestone {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) due: Option<Timestamp>,
    pub(crate) created: Timestamp,
    pub(crate) closed: Option<Timestamp>,
    pub(crate) open_issues: u64,
    pub(crate) closed_issues: u64,
}

/// An environment of a repository.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) created: Timestamp,
    pub(crate) rules: Rules,
}

/// An environment's protection rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The team `ops` or this person must approve; never whoever started the run.
    pub(crate) reviewer: Option<usize>,
    /// Minutes before every deployment.
    pub(crate) wait_min: Option<u32>,
}

/// A status of a deployment; the states are the REST API's.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) state: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) description: String,
}

/// A deployment, its statuses oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    pub(crate) id: u64,
    pub(crate) env: &'static str,
    pub(crate) commit: usize,
    pub(crate) reference: String,
    pub(crate) created: Timestamp,
    pub(crate) creator: usize,
    pub(crate) payload: Value,
    pub(crate) description: String,
    pub(crate) statuses: Vec<Status>,
    pub(crate) run: Option<u64>,
}

impl Deployment {
    /// The newest status' state.
    pub(crate) fn state(&self) -> Option<&'static str> {
        self.statuses.last().map(|s| s.state)
    }

    /// Whether it ever worked.
    pub(crate) fn succeeded(&self) -> bool {
        self.statuses.iter().any(|s| s.state == "success")
    }
}

/// An input that a workflow declares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
}

/// A workflow file.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    /// `None`: it can't be dispatched.
    pub(crate) inputs: Option<&'static [Input]>,
    pub(crate) created: Timestamp,
}

/// From a moment on, the traffic of an environment goes to these commits' versions.
#[derive(Debug, Clone)]
pub(crate) struct Shift {
    pub(crate) env: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) stable: usize,
    /// The canary's commit and its share in percent.
    pub(crate) canary: Option<(usize, u32)>,
}

/// A repository and all that hangs on it. Lists are oldest first, except where said.
#[derive(Debug, Clone)]
pub(crate) struct Repo {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) language: &'static str,
    pub(crate) created: Timestamp,
    pub(crate) commits: Vec<Commit>,
    pub(crate) pulls: Vec<Pull>,
    pub(crate) issues: Vec<Issue>,
    pub(crate) releases: Vec<Release>,
    pub(crate) milestones: Vec<Milestone>,
    pub(crate) environments: Vec<Environment>,
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) workflows: Vec<Workflow>,
    pub(crate) runs: Vec<super::runs::Run>,
    pub(crate) shifts: Vec<Shift>,
    /// Counts up, so that ids differ; starts at another million in each repository.
    pub(crate) next_id: u64,
}

impl Repo {
    /// The newest commit of the main branch.
    pub(crate) fn head(&self) -> Option<(usize, &Commit)> {
        self.commits.iter().enumerate().next_back()
    }

    /// A commit of the main branch by position.
    pub(crate) fn commit(&self, index: usize) -> Option<&Commit> {
        self.commits.get(index)
    }

    /// The version that a commit was released as, without the `v`.
    pub(crate) fn version_of(&self, commit: usize) -> Option<&str> {
        let release = self.releases.iter().rev().find(|r| r.commit == commit)?;
        Some(release.tag.strip_prefix('v').unwrap_or(&release.tag))
    }

    /// What a ref names: a branch, a tag, a full ref, or a commit's id (abbreviated too), as a position on the main branch.
    pub(crate) fn resolve(&self, reference: &str) -> Option<usize> {
        let head = self.commits.len().checked_sub(1)?;
        let short = reference
            .strip_prefix("refs/heads/")
            .or_else(|| reference.strip_prefix("heads/"))
            .unwrap_or(reference);
        if short == "main" || short == "HEAD" {
            return Some(head);
        }
        if let Some(commit) = self.tag(reference) {
            return Some(commit);
        }
        let hex = reference.len() >= 7 && reference.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| {
            self.commits
                .iter()
                .rposition(|c| c.sha.starts_with(reference))
        })?
    }

    /// The commit of a tag, with or without `refs/tags/`; drafts have no tag yet.
    pub(crate) fn tag(&self, reference: &str) -> Option<usize> {
        let name = reference
            .strip_prefix("refs/tags/")
            .or_else(|| reference.strip_prefix("tags/"))
            .unwrap_or(reference);
        self.tags().find(|r| r.tag == name).map(|r| r.commit)
    }

    /// The releases that have a tag, oldest first.
    pub(crate) fn tags(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.releases.iter().filter(|r| r.published.is_some())
    }

    /// The rules of an environment.
    pub(crate) fn rules(&self, env: &str) -> Rules {
        let found = self.environments.iter().find(|e| e.name == env);
        found.map_or_else(Rules::default, |e| e.rules)
    }

    /// A workflow by its id or file name.
    pub(crate) fn workflow(&self, name: &str) -> Option<(usize, &Workflow)> {
        let id: Option<u64> = name.parse().ok();
        self.workflows
            .iter()
            .enumerate()
            .find(|(_, w)| Some(w.id) == id || w.file == name)
    }

    /// The newest deployment of an environment that ever worked.
    pub(crate) fn live(&self, env: &str) -> Option<&Deployment> {
        self.deployments
            .iter()
            .rev()
            .find(|d| d.env == env && d.succeeded())
    }
}
