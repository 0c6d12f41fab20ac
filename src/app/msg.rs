//! Messages: everything that can change the World.

use crate::domain::catalog::Catalog;
use crate::domain::change::dora::Sheet;
use crate::domain::change::listing::Listing;
use crate::domain::fetched::Fault;
use crate::domain::gate::http::Reading;
use crate::domain::ids::{ServiceId, Target};
use crate::domain::ledger::{Chain, Older, Row};
use crate::domain::observe::{Budget, MetricsClock, SignalBatch};
use crate::domain::release::{Approvals, Checks, Comparison, Overview, Run, RunView};
use crate::domain::rollback::holds::{HoldFacts, Pending};
use crate::domain::rollback::journal::{Closed, OpenIntent};
use crate::domain::rollback::{ApprovedPlan, CancelAnswer, DispatchAnswer};
use crate::domain::text::Safe;

use super::delivery::{Done, Look, Progress};
use super::effect::EffectKey;
use super::notice::Notice;
use super::record::RecordAsk;
use super::remember::Memory;
use super::sign::Signing;

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The program starts, or time has passed: look what is due.
    Tick,
    /// A person selected a target.
    Focus(Target),
    /// A person wants everything fresh now.
    Refresh,
    /// A person chose another version to roll back to; none: the default.
    Want(Target, Option<String>),
    /// A person chose another way back; none: the first of the ladder that fits.
    WantWay(Target, Option<String>),
    /// A person confirmed a rollback.
    Confirmed(Box<ApprovedPlan>),
    /// A person asked to follow an open intent again.
    Resume(Target),
    /// A person closes an open intent, with a reason.
    Resolve(Target, String),
    /// A person closed the progress of a rollback that has ended.
    Dismiss(Target),
    /// A person looks at the gates of another candidate; none: the usual choice.
    Candidate(Target, Option<String>),
    /// A person signs a manual gate, or refuses to.
    Sign(Target, Signing),
    /// A source answered.
    Answer {
        /// What was asked.
        key: EffectKey,
        /// Which time.
        generation: u64,
        /// The answer.
        answer: Answer,
    },
    /// It was found out what there is to watch, in place of what the session began with.
    Catalog(Catalog),
    /// What is left of a source's limits.
    Budget(String, Budget),
    /// Something that a person should know.
    Noticed(Notice),
    /// What an earlier run knew of a service was read.
    Recalled(Box<Memory>),
    /// The ledger changed on disk (another process wrote).
    LedgerChanged,
    /// A person looks at the ledger, or no longer does.
    Record(RecordAsk),
    /// A person looks at changes or delivery metrics; none: no longer.
    Look(Option<Look>),
    /// The reading of a GitHub source's repositories went on; whether something new is kept.
    Reading(String, Progress, bool),
    /// A write was done, or failed.
    Written(Target, Written),
}

/// What a source answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Whose token it is; none: it belongs to no person.
    Login(Result<Option<Safe>, Fault>),
    /// Repositories, each for itself.
    Overview(Vec<(ServiceId, Result<Overview, Fault>)>),
    /// The newest runs of a workflow.
    DeployRuns(Result<Vec<Run>, Fault>),
    /// What a service says it runs.
    Probe(Result<Safe, Fault>),
    /// A run.
    Run(Result<RunView, Fault>),
    /// Checks.
    Checks(Result<Checks, Fault>),
    /// Reviews.
    Approvals(Result<Approvals, Fault>),
    /// The value of an `http` gate.
    GateValue(Result<Reading, Fault>),
    /// A comparison.
    Compare(Result<Comparison, Fault>),
    /// A metrics source's clock.
    Clock(Result<MetricsClock, Fault>),
    /// Counts.
    Signals(Result<SignalBatch, Fault>),
    /// What would hold a rollback's run.
    Holds(Result<HoldFacts, Fault>),
    /// What a run waits for.
    Pending(Result<Vec<Pending>, Fault>),
    /// The run that carries the id, if it is there.
    Found(Result<Option<Run>, Fault>),
    /// The ledger's latest rows.
    Ledger(Result<Vec<Row>, Fault>),
    /// Rows before those.
    OlderRows(Result<Older, Fault>),
    /// Whether the ledger's rows are as recorded.
    Chain(Result<Chain, Fault>),
    /// What a reading of repositories did.
    Reading(Result<Done, Fault>),
    /// Changes.
    Listing(Result<Listing, Fault>),
    /// Delivery metrics.
    Sheet(Result<Box<Sheet>, Fault>),
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// The intent.
    Intent(Result<IntentOutcome, Fault>),
    /// A row that a step waited for.
    Recorded(Result<Row, Fault>),
    /// A row that nothing waited for.
    Noted(Result<Row, Fault>),
    /// Taking over an open intent; false: its owner lives.
    TakenOver(Result<bool, Fault>),
    /// The cancel.
    Cancelled(CancelAnswer),
    /// The dispatch, or the repetition of a run.
    Dispatched(DispatchAnswer),
}

/// What became of recording an intent.
#[derive(Debug, Clone, PartialEq)]
pub enum IntentOutcome {
    /// It is ours.
    Won(Row),
    /// Another one was open: follow it.
    Joined(Box<OpenIntent>),
    /// The same rollback was done already.
    AlreadyDone(Box<Closed>),
}
