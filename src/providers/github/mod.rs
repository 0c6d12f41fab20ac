//! GitHub as a code host, through octocrab: github.com, Enterprise Server, data-residency tenants.

mod checks;
mod client;
mod compare;
mod errors;
mod holds;
mod inspect;
mod named;
mod overview;
mod past;
mod past_query;
mod queries;
mod rate;
mod requests;
mod reviews;
mod runs;
pub mod settings;
mod survey;
mod transport;
mod wire;
mod wire_overview;
mod wire_past;
mod wire_payload;
mod wire_pull;
mod wire_run;
mod workflow;
mod writes;

use serde_json::Value;

pub use client::GitHub;
pub use errors::likely_permission;
pub use inspect::{Reading, RepoStanding, Standing};
pub use rate::{Bucket, Budget, RESERVE};
pub use settings::GithubSettings;
pub use workflow::{WorkflowFile, WorkflowInput};

use super::error::{ErrorKind, ProviderError};
use super::http::Limits;
use super::{Answer, CodeHost, Named, OverviewAsk, RepoSurvey, Result, RunAsk};
use crate::domain::ids::{CommitSha, RepoSlug, ServiceId};
use crate::domain::release::{Approvals, Checks, Comparison, Overview, Run, RunId, RunView};
use crate::domain::rollback::holds::{HoldFacts, Pending};
use crate::domain::rollback::{
    CancelAnswer, CancelOrder, DispatchAnswer, DispatchOrder, RerunOrder,
};
use crate::domain::survey::RepoFacts;
use crate::domain::text::Safe;

impl GitHub {
    async fn ask_limits(&self) -> Result<Budget, ProviderError> {
        let page = match self.get(&self.url("/rate_limit")).await {
            Ok(page) => page,
            // A server without limits says so by 404.
            Err(e) if e.kind == ErrorKind::NotFound => return Ok(self.last_budget()),
            Err(e) => return Err(e),
        };
        self.note_limits(&page.body);
        Ok(self.last_budget())
    }

    /// Takes in an answer of `/rate_limit`.
    fn note_limits(&self, body: &Value) {
        for (name, bucket) in [("core", Bucket::Core), ("graphql", Bucket::Graphql)] {
            if let Some(one) = body.pointer(&format!("/resources/{name}")) {
                let seen = Limits {
                    limit: wire::number(one, "limit"),
                    remaining: wire::number(one, "remaining"),
                    reset_at: one
                        .get("reset")
                        .and_then(Value::as_i64)
                        .and_then(|s| jiff::Timestamp::from_second(s).ok()),
                    graphql: bucket == Bucket::Graphql,
                    core: bucket == Bucket::Core,
                };
                self.with_budget(|b| b.note(&seen, bucket));
            }
        }
    }

    async fn ask_login(&self) -> Result<Option<Safe>, ProviderError> {
        if !self.has_token() {
            return Ok(None);
        }
        match self.get(&self.url("/user")).await {
            Ok(page) => Ok(wire::text(&page.body, "login")),
            // An installation's token has no person behind it.
            Err(e)
                if matches!(
                    e.kind,
                    ErrorKind::Forbidden { sso_url: None, .. } | ErrorKind::NotFound
                ) =>
            {
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }
}

impl CodeHost for GitHub {
    fn overview<'a>(
        &'a self,
        asks: &'a [OverviewAsk],
    ) -> Answer<'a, Vec<(ServiceId, Result<Overview>)>> {
        Box::pin(self.overviews(asks))
    }

    fn runs_of<'a>(&'a self, repo: &'a RepoSlug, file: &'a str) -> Answer<'a, Result<Vec<Run>>> {
        Box::pin(self.runs_of_workflow(repo, file))
    }

    fn run<'a>(&'a self, repo: &'a RepoSlug, run: RunId) -> Answer<'a, Result<RunView>> {
        Box::pin(self.run_view(repo, run))
    }

    fn checks<'a>(&'a self, repo: &'a RepoSlug, sha: &'a CommitSha) -> Answer<'a, Result<Checks>> {
        Box::pin(self.all_checks(repo, sha))
    }

    fn compare<'a>(
        &'a self,
        repo: &'a RepoSlug,
        base: &'a CommitSha,
        head: &'a CommitSha,
    ) -> Answer<'a, Result<Comparison>> {
        Box::pin(self.comparison(repo, base, head))
    }

    fn named<'a>(
        &'a self,
        repo: &'a RepoSlug,
        name: &'a str,
        number: Option<u64>,
    ) -> Answer<'a, Result<Option<Named>>> {
        Box::pin(self.what_is(repo, name, number))
    }

    fn within<'a>(
        &'a self,
        repo: &'a RepoSlug,
        what: &'a CommitSha,
        of: &'a CommitSha,
    ) -> Answer<'a, Result<Option<bool>>> {
        Box::pin(self.is_within(repo, what, of))
    }

    fn approvals<'a>(
        &'a self,
        repo: &'a RepoSlug,
        base: &'a CommitSha,
        head: &'a CommitSha,
    ) -> Answer<'a, Result<Approvals>> {
        Box::pin(self.all_approvals(repo, base, head))
    }

    fn find_run<'a>(&'a self, ask: &'a RunAsk) -> Answer<'a, Result<Option<Run>>> {
        Box::pin(self.search_run(ask))
    }

    fn holds<'a>(
        &'a self,
        repo: &'a RepoSlug,
        environment: &'a str,
        files: &'a [String],
    ) -> Answer<'a, Result<HoldFacts>> {
        Box::pin(self.hold_facts(repo, environment, files))
    }

    fn pending<'a>(&'a self, repo: &'a RepoSlug, run: RunId) -> Answer<'a, Result<Vec<Pending>>> {
        Box::pin(self.pending_of(repo, run))
    }

    fn rate_limit(&self) -> Answer<'_, Result<Budget>> {
        Box::pin(self.ask_limits())
    }

    fn login(&self) -> Answer<'_, Result<Option<Safe>>> {
        Box::pin(self.ask_login())
    }

    fn dispatch<'a>(&'a self, order: &'a DispatchOrder) -> Answer<'a, DispatchAnswer> {
        Box::pin(self.send_dispatch(order))
    }

    fn rerun<'a>(&'a self, order: &'a RerunOrder) -> Answer<'a, DispatchAnswer> {
        Box::pin(self.send_rerun(order))
    }

    fn cancel<'a>(&'a self, order: &'a CancelOrder) -> Answer<'a, CancelAnswer> {
        Box::pin(self.send_cancel(order))
    }

    fn budget(&self) -> Budget {
        self.last_budget()
    }

    fn warnings(&self) -> Vec<Safe> {
        self.last_warnings()
    }
}

impl RepoSurvey for GitHub {
    fn survey<'a>(&'a self, repo: &'a RepoSlug) -> Answer<'a, Result<RepoFacts>> {
        Box::pin(self.survey_repo(repo))
    }
}
