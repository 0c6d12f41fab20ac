//! What the doctor asks of a GitHub source: who the token is, what it may read, whether a workflow can be started, what holds a run
//! of an environment. Each question is one small read; nothing is changed anywhere.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use super::client::GitHub;
use super::runs::repo_path;
use super::wire::{raw, segment};
use super::workflow::{self, WorkflowFile};
use crate::domain::ids::RepoSlug;
use crate::providers::error::{ErrorKind, ProviderError};

/// What a source says of itself and of the token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The scopes of a classic token; none: not a token that has scopes, or none was sent.
    pub scopes: Option<Vec<String>>,
    /// The server's clock.
    pub date: Option<Timestamp>,
    /// Some organisations hide what they have, since the token is not authorised for them (single sign-on).
    pub hidden: bool,
}

/// What a repository's answer says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoStanding {
    /// The branch that is looked at without another name.
    pub default_branch: String,
    /// Not everybody sees it.
    pub private: bool,
    /// Nothing can be written any more.
    pub archived: bool,
    /// Whether who the token stands for may write; none: not told.
    pub may_push: Option<bool>,
}

/// Something that is read of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Deployments and their statuses: what is live.
    Deployments,
    /// Workflow runs: the deploy under way.
    Runs,
    /// Check runs of a commit.
    CheckRuns,
    /// Commit statuses.
    Statuses,
    /// Releases and tags.
    Releases,
    /// Pull requests: changes, approvals.
    PullRequests,
    /// Milestones: planned releases.
    Milestones,
}

impl Reading {
    /// The permission that it takes, as GitHub names it.
    pub fn permission(self) -> &'static str {
        match self {
            Self::Deployments => "Deployments: read",
            Self::Runs => "Actions: read",
            Self::CheckRuns => "Checks: read",
            Self::Statuses => "Commit statuses: read",
            Self::Releases => "Contents: read",
            Self::PullRequests => "Pull requests: read",
            Self::Milestones => "Issues: read",
        }
    }

    fn path(self, branch: &str) -> String {
        let branch = segment(branch);
        match self {
            Self::Deployments => "/deployments?per_page=1".to_owned(),
            Self::Runs => "/actions/runs?per_page=1".to_owned(),
            Self::CheckRuns => format!("/commits/{branch}/check-runs?per_page=1"),
            Self::Statuses => format!("/commits/{branch}/status?per_page=1"),
            Self::Releases => "/releases?per_page=1".to_owned(),
            Self::PullRequests => "/pulls?per_page=1".to_owned(),
            Self::Milestones => "/milestones?per_page=1".to_owned(),
        }
    }
}

impl GitHub {
    /// Asks for the limits, which costs nothing, and reads what stands in the answer's headers.
    pub async fn standing(&self) -> Result<Standing, ProviderError> {
        let url = self.url("/rate_limit");
        let call = self.call("GET", &url);
        let reply = match self.get_once(&url, &call, None).await {
            Ok(reply) => reply,
            // A server without limits says so by 404.
            Err(e) if e.kind == ErrorKind::NotFound => return Ok(Standing::default()),
            Err(e) => return Err(e),
        };
        self.note_limits(&self.json(&call, &reply)?);
        let date = reply.header("date");
        Ok(Standing {
            scopes: reply.header("x-oauth-scopes").map(|scopes| {
                let names = scopes.split(',').map(str::trim);
                names.filter(|n| !n.is_empty()).map(str::to_owned).collect()
            }),
            date: date.and_then(|d| rfc2822::DateTimeParser::new().parse_timestamp(d).ok()),
            hidden: reply
                .header("x-github-sso")
                .is_some_and(|sso| sso.starts_with("partial-results")),
        })
    }

    /// The repository itself.
    pub async fn repository(&self, repo: &RepoSlug) -> Result<RepoStanding, ProviderError> {
        let page = self.get(&self.url(&repo_path(repo))).await?;
        let flag = |at: &str| page.body.pointer(at).and_then(Value::as_bool);
        Ok(RepoStanding {
            default_branch: raw(&page.body, "default_branch")
                .unwrap_or("HEAD")
                .to_owned(),
            private: flag("/private").unwrap_or(false),
            archived: flag("/archived").unwrap_or(false),
            may_push: flag("/permissions/push"),
        })
    }

    /// Whether the token may read this.
    pub async fn can_read(
        &self,
        repo: &RepoSlug,
        what: Reading,
        branch: &str,
    ) -> Result<(), ProviderError> {
        let url = self.url(&format!("{}{}", repo_path(repo), what.path(branch)));
        self.get(&url).await.map(drop)
    }

    /// A workflow's file on a branch or tag; none: it is not there.
    pub async fn workflow_file(
        &self,
        repo: &RepoSlug,
        file: &str,
        git_ref: &str,
    ) -> Result<Option<WorkflowFile>, ProviderError> {
        let base = repo_path(repo);
        let path = format!(
            "{base}/contents/.github/workflows/{}?ref={}",
            segment(file),
            segment(git_ref)
        );
        match self.get(&self.url(&path)).await {
            Ok(page) => Ok(workflow::of_contents(&page.body)),
            Err(e) if e.kind == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Whether a workflow is switched on; none: GitHub does not know it (yet).
    pub async fn workflow_is_active(
        &self,
        repo: &RepoSlug,
        file: &str,
    ) -> Result<Option<bool>, ProviderError> {
        let path = format!("{}/actions/workflows/{}", repo_path(repo), segment(file));
        match self.get(&self.url(&path)).await {
            Ok(page) => Ok(Some(raw(&page.body, "state") == Some("active"))),
            Err(e) if e.kind == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }
}
