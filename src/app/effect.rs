//! Effects: what `update` asks the runtime to do. Plain data; a test asserts exactly what was asked.
//!
//! A [`Fetch`] may be asked again at any time. A [`Write`] is sent once: those that change a remote system carry an order that
//! only a confirmed plan can make.

use jiff::Timestamp;

use crate::domain::catalog::SignalTemplates;
use crate::domain::change::listing::Ask;
use crate::domain::change::origin::Kept;
use crate::domain::gate::http::ValueAsk;
use crate::domain::ids::{CommitSha, CorrelationId, RepoSlug, Target};
use crate::domain::ledger::Draft;
use crate::domain::observe::{OverviewAsk, SignalQuery};
use crate::domain::release::RunId;
use crate::domain::release::ladder::ProbeAsk;
use crate::domain::rollback::{CancelOrder, DispatchOrder, RerunOrder};

/// What an effect is about: a later one with the same key replaces an earlier one, and a key that is no longer wanted is cancelled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EffectKey {
    /// Whose token a GitHub source has.
    Login(String),
    /// The repositories of a GitHub source.
    Overview(String),
    /// The runs of the workflow that deploys to a target.
    DeployRuns(Target),
    /// What a target's service says it runs.
    Probe(Target),
    /// A target's workflow run.
    Run(Target, RunId),
    /// A candidate's checks.
    Checks(Target, CommitSha),
    /// What lies between two commits.
    Compare(Target, CommitSha, CommitSha),
    /// The reviews of what a candidate brings over what it replaces.
    Approvals(Target, CommitSha, CommitSha),
    /// The value that an `http` gate asks for, for a candidate.
    GateValue(Target, String, CommitSha),
    /// A metrics source's clock and scrape interval, for a target's queries.
    Clock(Target),
    /// A target's counts, aligned to an instant.
    Signals(Target, Timestamp),
    /// The run that deployed the version to go back to.
    OldRun(Target, RunId),
    /// What would hold a rollback's run: the environment's rules, and the runs of these workflow files.
    Holds(Target, Vec<String>),
    /// The run that a rollback repeats, looked at until its new attempt is there.
    FlowRerun(Target, RunId),
    /// What the rollback's run waits for.
    FlowPending(Target, RunId),
    /// The run that a rollback started.
    FlowRun(Target, RunId),
    /// The deploy that a rollback cancels.
    FlowCancelled(Target, RunId),
    /// The run that carries a correlation id.
    FlowFind(Target, CorrelationId),
    /// The ledger's latest rows.
    Ledger,
    /// The rows before this one.
    OlderRows(u64),
    /// Whether the ledger's rows are as recorded; anew with each row.
    Chain(Option<u64>),
    /// The past of a GitHub source's repositories, read into the store.
    Reading(String),
    /// Changes, from what is kept; anew with whatever is kept.
    Listing(Ask, u64),
    /// The delivery metrics of a target over so many days; anew with whatever is kept.
    Sheet(Target, u32, u64),
}

/// Something the runtime does.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask a source; the answer comes back with the same key and generation.
    Fetch {
        /// What it is about.
        key: EffectKey,
        /// A late answer of an earlier generation is dropped.
        generation: u64,
        /// The question.
        what: Fetch,
    },
    /// The key is no longer wanted: its task ends.
    Cancel(EffectKey),
    /// Change something, once.
    Write {
        /// For which rollback.
        target: Target,
        /// What.
        what: Write,
    },
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetch {
    /// Whose token it is.
    Login {
        /// The GitHub source.
        source: String,
    },
    /// Repositories at a look.
    Overview {
        /// The GitHub source.
        source: String,
        /// Which.
        asks: Vec<OverviewAsk>,
    },
    /// The newest runs of a workflow.
    DeployRuns {
        /// The GitHub source.
        source: String,
        /// The repository.
        repo: RepoSlug,
        /// The workflow's file.
        file: String,
    },
    /// What a service says it runs.
    Probe(ProbeAsk),
    /// A run with its jobs.
    Run {
        /// The GitHub source.
        source: String,
        /// The repository.
        repo: RepoSlug,
        /// The run.
        run: RunId,
    },
    /// A commit's checks.
    Checks {
        /// The GitHub source.
        source: String,
        /// The repository.
        repo: RepoSlug,
        /// The commit.
        sha: CommitSha,
    },
    /// What lies between two commits.
    Compare {
        /// The GitHub source.
        source: String,
        /// The repository.
        repo: RepoSlug,
        /// From here.
        base: CommitSha,
        /// To here.
        head: CommitSha,
    },
    /// The reviews of what a candidate brings over what it replaces.
    Approvals {
        /// The GitHub source.
        source: String,
        /// The repository.
        repo: RepoSlug,
        /// What it replaces.
        base: CommitSha,
        /// The candidate.
        head: CommitSha,
    },
    /// The value that an `http` gate asks for.
    GateValue(ValueAsk),
    /// A metrics source's clock.
    Clock {
        /// The metrics source.
        source: String,
        /// The queries that will be asked.
        templates: SignalTemplates,
    },
    /// Counts.
    Signals {
        /// The metrics source.
        source: String,
        /// The question.
        query: SignalQuery,
    },
    /// An environment's rules and the runs of workflow files that have not ended.
    Holds {
        /// The GitHub source.
        source: String,
        /// The repository.
        repo: RepoSlug,
        /// The environment's name at GitHub.
        environment: String,
        /// The workflow files.
        files: Vec<String>,
    },
    /// What a run waits for.
    Pending {
        /// The GitHub source.
        source: String,
        /// The repository.
        repo: RepoSlug,
        /// The run.
        run: RunId,
    },
    /// The run that carries a correlation id.
    FindRun {
        /// The GitHub source.
        source: String,
        /// The repository.
        repo: RepoSlug,
        /// The workflow's file.
        file: String,
        /// The ref it was dispatched on.
        git_ref: String,
        /// The id.
        correlation: CorrelationId,
        /// Not older than that.
        since: Timestamp,
    },
    /// The ledger's latest rows.
    Ledger,
    /// The rows before this one, as far as they can be read.
    OlderRows {
        /// The number of the first row that is there already.
        before: u64,
    },
    /// Whether the ledger's rows are as recorded.
    Chain,
    /// Read what is new of these repositories into the store.
    Reading {
        /// The GitHub source.
        source: String,
        /// The repositories, what somebody looks at first.
        repos: Vec<RepoSlug>,
        /// The services whose past they are.
        services: Vec<Kept>,
    },
    /// Changes, from the store.
    Listing {
        /// Which.
        ask: Ask,
        /// The services whose past is kept.
        services: Vec<Kept>,
    },
    /// Delivery metrics, from the store.
    Sheet {
        /// Of what.
        target: Target,
        /// Over so many days.
        days: u32,
        /// The services whose past is kept.
        services: Vec<Kept>,
    },
}

/// A change, sent once.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Records the intent unless one is open, or the same was done already; everything else waits for the answer. The runtime
    /// adds which process owns it.
    OpenIntent {
        /// The row.
        draft: Draft,
        /// When the version that is left was deployed: the same rollback done since then is done already.
        since: Timestamp,
    },
    /// Records a row that must be on disk before the next step.
    Record(Draft),
    /// Records a row; the next step does not wait for it.
    Note(Draft),
    /// Takes an open intent over from a process that is gone.
    TakeOver {
        /// The rollback.
        operation: CorrelationId,
        /// Who, and when.
        draft: Draft,
    },
    /// Cancels a run.
    Cancel(CancelOrder),
    /// Dispatches a workflow.
    Dispatch(DispatchOrder),
    /// Repeats a run.
    Rerun(RerunOrder),
}
