//! What the ledger says of rollbacks: the facts of an intent, which intents are open, how closed ones ended.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::rerun::RerunFacts;
use crate::domain::ids::{CommitSha, CorrelationId, Target};
use crate::domain::ledger::Row;
use crate::domain::release::{Change, RunId, VersionRef};
use crate::domain::text::Safe;

/// The row that opens a rollback.
pub const INTENT: &str = "rollback.intent";
/// A cancel is about to be sent.
pub const CANCEL_INTENT: &str = "cancel.intent";
/// What became of the cancel.
pub const CANCEL_OUTCOME: &str = "cancel.outcome";
/// The dispatch is about to be sent. An intent without this row sent nothing.
pub const DISPATCH_INTENT: &str = "dispatch.intent";
/// What became of the dispatch.
pub const DISPATCH_OUTCOME: &str = "dispatch.outcome";
/// The run was seen under way.
pub const RUNNING: &str = "rollback.running";
/// The target is live.
pub const LIVE: &str = "rollback.live";
/// Another process took over the following of an intent whose owner is gone.
pub const RESUMED: &str = "rollback.resumed";
/// It is not known whether the dispatch arrived; the intent stays open.
pub const UNKNOWN: &str = "rollback.unknown";
/// Live and verified by the signals: closed.
pub const RECOVERED: &str = "rollback.recovered";
/// Dispatched, but not verified in time: closed.
pub const NOT_VERIFIED: &str = "rollback.not_verified";
/// Failed: closed.
pub const FAILED: &str = "rollback.failed";
/// Closed by a person.
pub const RESOLVED: &str = "rollback.resolved";

/// How a rollback was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// Live and verified.
    Recovered,
    /// Not verified in time.
    NotVerified,
    /// Failed.
    Failed,
    /// A person closed it.
    Resolved,
}

impl Closing {
    /// The closing that a row's kind stands for.
    pub fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            RECOVERED => Self::Recovered,
            NOT_VERIFIED => Self::NotVerified,
            FAILED => Self::Failed,
            RESOLVED => Self::Resolved,
            _ => return None,
        })
    }

    /// The row's kind.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Recovered => RECOVERED,
            Self::NotVerified => NOT_VERIFIED,
            Self::Failed => FAILED,
            Self::Resolved => RESOLVED,
        }
    }
}

/// What an intent's row says in its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntentFacts {
    /// Groups the rows of one rollback.
    pub operation: CorrelationId,
    /// Travels with the dispatch.
    pub correlation_id: CorrelationId,
    /// What is left.
    pub from: VersionRef,
    /// Where it goes.
    pub to: VersionRef,
    /// The way's id.
    pub way: String,
    /// The workflow's file, if it is a workflow.
    pub workflow: Option<String>,
    /// The ref it is dispatched on.
    pub git_ref: Option<String>,
    /// The run that is repeated, and its latest attempt before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun: Option<RerunFacts>,
    /// The deploy that is cancelled first.
    pub cancel_run: Option<RunId>,
    /// Why.
    pub reason: String,
    /// The changes that go.
    pub reverts: Vec<Change>,
}

/// The process that owns an intent, so that another one can tell whether it still lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its process id.
    pub pid: u32,
    /// The machine's boot.
    pub boot: String,
    /// The machine.
    pub host: String,
    /// The process' start, in the kernel's ticks: a reused pid differs.
    pub started: String,
}

/// An intent that no row has closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenIntent {
    /// The row's number.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// Where.
    pub target: Target,
    /// What.
    pub facts: IntentFacts,
    /// Whose (the latest owner).
    pub owner: Option<Owner>,
    /// The rollback's run, once it was seen.
    pub run: Option<RunId>,
    /// Whether the dispatch was about to be sent: without it nothing was.
    pub sent: bool,
    /// Whether a dispatch outcome was recorded as accepted.
    pub accepted: bool,
    /// When the target was seen live.
    pub live_at: Option<Timestamp>,
}

/// A rollback that was closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// Where.
    pub target: Target,
    /// What.
    pub facts: IntentFacts,
    /// How it ended.
    pub closing: Closing,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub took: SignedDuration,
}

/// The rollbacks in these rows (in order of their numbers): the open and the closed ones.
pub fn read(rows: &[Row]) -> (Vec<OpenIntent>, Vec<Closed>) {
    let mut open: Vec<OpenIntent> = Vec::new();
    let mut closed = Vec::new();
    for row in rows {
        if row.kind == INTENT {
            if let Some(intent) = intent(row) {
                open.push(intent);
            }
            continue;
        }
        let Some(operation) = row.body.get("operation").and_then(|v| v.as_str()) else {
            continue;
        };
        let Some(i) = open
            .iter()
            .position(|o| o.facts.operation.as_str() == operation)
        else {
            continue;
        };
        if let Some(closing) = Closing::of_kind(&row.kind) {
            let o = open.remove(i);
            let took = row.at.duration_since(o.at);
            closed.push(Closed {
                target: o.target,
                facts: o.facts,
                closing,
                at: row.at,
                took,
            });
            continue;
        }
        let Some(o) = open.get_mut(i) else { continue };
        match row.kind.as_str() {
            DISPATCH_OUTCOME | RUNNING => {
                if let Some(run) = row.body.get("run").and_then(serde_json::Value::as_u64) {
                    o.run = Some(RunId(run));
                }
                o.accepted |= row.kind == RUNNING
                    || row.body.get("result").and_then(|v| v.as_str()) == Some("accepted");
            }
            DISPATCH_INTENT => o.sent = true,
            LIVE => o.live_at = Some(row.at),
            RESUMED => o.owner = owner(row),
            _ => {}
        }
    }
    (open, closed)
}

fn owner(row: &Row) -> Option<Owner> {
    row.body
        .get("owner")
        .and_then(|v| Owner::deserialize(v).ok())
}

fn intent(row: &Row) -> Option<OpenIntent> {
    let facts = IntentFacts::deserialize(&row.body).ok()?;
    Some(OpenIntent {
        seq: row.seq,
        at: row.at,
        who: row.who.clone(),
        target: Target {
            service: row.service.clone(),
            env: row.environment.clone(),
        },
        facts,
        owner: owner(row),
        run: None,
        sent: false,
        accepted: false,
        live_at: None,
    })
}

/// The commits that rollbacks moved away from in a target and that are not to be offered again.
pub fn left(closed: &[Closed], target: &Target) -> Vec<CommitSha> {
    closed
        .iter()
        .filter(|c| {
            c.target == *target && matches!(c.closing, Closing::Recovered | Closing::NotVerified)
        })
        .map(|c| c.facts.from.sha.clone())
        .collect()
}

/// A line for people: what an intent is about.
pub fn describe(intent: &OpenIntent) -> Safe {
    Safe::new(&format!(
        "rollback of {} from {} to {} by {}, recorded {}",
        intent.target, intent.facts.from, intent.facts.to, intent.who, intent.at
    ))
}
