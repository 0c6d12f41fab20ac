//! The outside world, behind narrow capability traits: a code host (GitHub) and a metrics source (Prometheus). Everything
//! that comes from there is made harmless and typed at this border: text becomes `Safe`, commit ids are checked, unknown
//! words are kept, and what cannot be read is left out and counted. The traits are object safe, so the runtime holds
//! `Arc<dyn CodeHost>` and tests bring their own.

pub mod cache;
pub mod error;
pub mod git;
mod git_cache;
pub mod github;
pub mod http;
pub mod http_json;
pub mod prometheus;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;

pub use cache::{CacheKey, CachedResponse, MemoryCache, ResponseCache};
pub use error::{ErrorKind, ProviderError};
pub use github::Budget;

use crate::domain::catalog::SignalTemplates;
use crate::domain::change::sync::plan::PageAsk;
use crate::domain::change::sync::reading::Leaf;
use crate::domain::change::sync::{Mark, Terms};
use crate::domain::change::synced::{CommitRow, Source};
use crate::domain::ids::{CommitSha, CorrelationId, RepoSlug, ServiceId};
pub use crate::domain::observe::OverviewAsk;
use crate::domain::observe::{MetricsClock, SignalBatch, SignalQuery};
use crate::domain::release::{Approvals, Checks, Comparison, Overview, Run, RunId, RunView};
use crate::domain::rollback::holds::{HoldFacts, Pending};
use crate::domain::rollback::{
    CancelAnswer, CancelOrder, DispatchAnswer, DispatchOrder, RerunOrder,
};
use crate::domain::survey::RepoFacts;
use crate::domain::text::Safe;

/// What a trait's method gives: a boxed future, so that the traits are object safe.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is asked, or why there is no answer.
pub type Result<T, E = ProviderError> = std::result::Result<T, E>;

/// The wall clock, injected: only the runtime may look at the real one.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The search for the run that a dispatch started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAsk {
    /// The repository.
    pub repo: RepoSlug,
    /// The workflow's file name.
    pub file: String,
    /// The branch or tag that was dispatched on.
    pub git_ref: String,
    /// The id that its title carries.
    pub correlation: CorrelationId,
    /// When the dispatch was sent; runs from a minute before count, since clocks differ.
    pub since: Timestamp,
}

/// What a name stands for in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The commit; none: a pull request that became none.
    pub sha: Option<CommitSha>,
    /// The pull request's number, if it is one.
    pub pull: Option<u64>,
    /// It is a pull request that is not merged.
    pub open: bool,
}

/// Where code, releases, deployments and workflow runs live.
pub trait CodeHost: Debug + Send + Sync {
    /// One look at each of these repositories. A repository that fails does not touch the others.
    fn overview<'a>(
        &'a self,
        asks: &'a [OverviewAsk],
    ) -> Answer<'a, Vec<(ServiceId, Result<Overview>)>>;
    /// The newest runs of a workflow, newest first; at most 30.
    fn runs_of<'a>(&'a self, repo: &'a RepoSlug, file: &'a str) -> Answer<'a, Result<Vec<Run>>>;
    /// A workflow run with the jobs of its latest attempt.
    fn run<'a>(&'a self, repo: &'a RepoSlug, run: RunId) -> Answer<'a, Result<RunView>>;
    /// The check runs and commit statuses of a commit.
    fn checks<'a>(&'a self, repo: &'a RepoSlug, sha: &'a CommitSha) -> Answer<'a, Result<Checks>>;
    /// What `head` has that `base` lacks: at most 250 commits and 300 files, with the pull requests behind them.
    fn compare<'a>(
        &'a self,
        repo: &'a RepoSlug,
        base: &'a CommitSha,
        head: &'a CommitSha,
    ) -> Answer<'a, Result<Comparison>>;
    /// What a commit's id, tag or branch stands for, or the pull request with this number; one request. None: nothing.
    fn named<'a>(
        &'a self,
        repo: &'a RepoSlug,
        name: &'a str,
        number: Option<u64>,
    ) -> Answer<'a, Result<Option<Named>>>;
    /// Whether `of` is `what` or has it among its ancestors; one request at most. None: one of them is not known there.
    fn within<'a>(
        &'a self,
        repo: &'a RepoSlug,
        what: &'a CommitSha,
        of: &'a CommitSha,
    ) -> Answer<'a, Result<Option<bool>>>;
    /// The pull requests that `head` has and `base` lacks, with their reviews, and who wrote the changes.
    fn approvals<'a>(
        &'a self,
        repo: &'a RepoSlug,
        base: &'a CommitSha,
        head: &'a CommitSha,
    ) -> Answer<'a, Result<Approvals>>;
    /// The run whose title or name carries the correlation id; never a guess by time.
    fn find_run<'a>(&'a self, ask: &'a RunAsk) -> Answer<'a, Result<Option<Run>>>;
    /// An environment's protection rules, and the runs of these workflow files that have not ended. A part that can't be read
    /// says so for itself; an error only if no part can.
    fn holds<'a>(
        &'a self,
        repo: &'a RepoSlug,
        environment: &'a str,
        files: &'a [String],
    ) -> Answer<'a, Result<HoldFacts>>;
    /// What a run waits for: environments with their reviewers and timers.
    fn pending<'a>(&'a self, repo: &'a RepoSlug, run: RunId) -> Answer<'a, Result<Vec<Pending>>>;
    /// Asks for the limits (free of charge).
    fn rate_limit(&self) -> Answer<'_, Result<Budget>>;
    /// The login behind the token; none where there is no token, or no person behind it.
    fn login(&self) -> Answer<'_, Result<Option<Safe>>>;
    /// Starts the rollback's workflow. Sent once; never repeated by itself.
    fn dispatch<'a>(&'a self, order: &'a DispatchOrder) -> Answer<'a, DispatchAnswer>;
    /// Repeats a run, whole. Sent once; never repeated by itself.
    fn rerun<'a>(&'a self, order: &'a RerunOrder) -> Answer<'a, DispatchAnswer>;
    /// Stops a run. Sent once.
    fn cancel<'a>(&'a self, order: &'a CancelOrder) -> Answer<'a, CancelAnswer>;
    /// The limits as last seen in answers.
    fn budget(&self) -> Budget;
    /// What the last answers left out, a sentence for each repository or list concerned.
    fn warnings(&self) -> Vec<Safe>;
}

/// Where requests, errors and latencies are counted.
pub trait Metrics: Debug + Send + Sync {
    /// The server's clock against ours, and the scrape interval.
    fn clock<'a>(&'a self, templates: &'a SignalTemplates) -> Answer<'a, Result<MetricsClock>>;
    /// Counts in bins. A bin without data is left out.
    fn signals<'a>(&'a self, query: &'a SignalQuery) -> Answer<'a, Result<SignalBatch>>;
    /// Whether the source answers queries with these credentials.
    fn ready(&self) -> Answer<'_, Result<()>>;
}

/// What a repository tells of itself: asked once, when a configuration is written or there is none.
pub trait RepoSurvey: Debug + Send + Sync {
    /// Everything that can be read; what can't is named in the answer. Only the repository itself must be there.
    fn survey<'a>(&'a self, repo: &'a RepoSlug) -> Answer<'a, Result<RepoFacts>>;
}

/// What is newest in a repository: of each source its mark, or why it can't be read.
pub type Marks = BTreeMap<Source, Result<Mark>>;

/// The next page of some sources of a repository.
#[derive(Debug)]
pub struct Pages {
    /// Of each source that was asked for, its page, or why it did not come.
    pub leaves: Vec<(Source, Result<Leaf>)>,
    /// The rows of a page that the host was up to; smaller than asked where more took it too long.
    pub size: u32,
}

/// A repository's past: commits, pull requests, deployments, releases, incidents.
pub trait Past: Debug + Send + Sync {
    /// What is newest in each of these repositories, as few calls as possible. A repository that fails does not touch the others.
    fn newest<'a>(
        &'a self,
        repos: &'a [RepoSlug],
        terms: &'a Terms,
    ) -> Answer<'a, Vec<(RepoSlug, Result<Marks>)>>;
    /// The next page of all these sources in one call, `size` rows each, or fewer where that takes the host too long. `since` is
    /// the oldest moment of interest.
    fn page<'a>(
        &'a self,
        repo: &'a RepoSlug,
        ask: &'a PageAsk,
        terms: &'a Terms,
        bounds: (Timestamp, u32),
    ) -> Answer<'a, Result<Pages>>;
    /// The newest commits that each of these contains, itself first; none: it is not there; empty: the host could not tell.
    fn lines<'a>(
        &'a self,
        repo: &'a RepoSlug,
        tips: &'a [CommitSha],
    ) -> Answer<'a, Result<Vec<Option<Vec<CommitRow>>>>>;
    /// The requests that were sent so far, those that were repeated counted once.
    fn asked(&self) -> u64;
}

/// What a metrics source holds: asked once, when a configuration is written.
pub trait MetricSurvey: Debug + Send + Sync {
    /// Which of these metrics had series in the last hour.
    fn present<'a>(&'a self, names: &'a [&'a str]) -> Answer<'a, Result<Vec<String>>>;
    /// The labels of a metric's series of the last hour.
    fn labels_of<'a>(
        &'a self,
        metric: &'a str,
    ) -> Answer<'a, Result<Vec<BTreeMap<String, String>>>>;
    /// What a query gives now; none: no data.
    fn value<'a>(&'a self, query: &'a str) -> Answer<'a, Result<Option<f64>>>;
}
