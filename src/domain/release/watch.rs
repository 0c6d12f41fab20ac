//! Which deployment of an environment is watched, and against what: the one under way, the one just done, or the one that was
//! just left. The anchor stays the same through a rollback, so the verdict of the bad deploy lives on until it has recovered.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::live::EnvState;
use super::{DeploymentState, RunId, VersionRef};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// An environment whose deploy broke half-way is watched for that long.
const BROKEN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The version that was deployed.
    pub subject: VersionRef,
    /// What was live before it.
    pub previous: Option<VersionRef>,
    /// When its deployment began: the instant the bins are aligned to.
    pub started_at: Timestamp,
    /// Its deployment's number.
    pub deployment: u64,
    /// Its workflow run.
    pub run: Option<RunId>,
    /// Who started it.
    pub by: Option<Safe>,
    /// How far it came.
    pub phase: Phase,
    /// When it became live.
    pub live_since: Option<Timestamp>,
    /// Where to look.
    pub url: Option<Safe>,
}

/// How far a watched deployment came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Under way.
    InProgress,
    /// Held by a rule or a concurrency group.
    Waiting,
    /// Accepted, not started.
    Queued,
    /// Failed or cancelled: the environment may be half-deployed.
    Broken,
    /// Live, and watched until the bake ends.
    Baking,
    /// An older version is live again since then.
    Returned(Timestamp),
}

/// What to watch in an environment, if anything.
pub fn watch(state: &EnvState, bake: SignedDuration, now: Now) -> Option<Watch> {
    let live = state.live.as_ref();
    // Going to a version that was live before is a return, not a new deploy: the deploy it undoes stays the subject.
    let is_return = |what: &VersionRef| {
        live.is_some_and(|l| l.what.sha == what.sha)
            || state.known_good.iter().any(|k| k.what.sha == what.sha)
    };
    let of = |a: &super::live::Attempt, phase: Phase| Watch {
        subject: a.what.clone(),
        previous: live.map(|l| l.what.clone()),
        started_at: a.started_at,
        deployment: a.deployment,
        run: a.run,
        by: a.creator.clone(),
        phase,
        live_since: None,
        url: a.url.clone(),
    };
    if let Some(a) = state.in_flight.iter().find(|a| !is_return(&a.what)) {
        let phase = match a.state {
            DeploymentState::Waiting => Phase::Waiting,
            DeploymentState::Queued | DeploymentState::Pending => Phase::Queued,
            _ => Phase::InProgress,
        };
        return Some(of(a, phase));
    }
    let young = |since: Timestamp, limit: SignedDuration| now.since(since) <= limit;
    if let Some(a) = state
        .broken
        .iter()
        .find(|a| !is_return(&a.what) && young(a.started_at, BROKEN_FOR))
    {
        return Some(of(a, Phase::Broken));
    }
    let live = live?;
    if let Some(left) = &state.rolled_back_from
        && young(left.returned_at, bake.max(SignedDuration::from_mins(30)))
    {
        return Some(Watch {
            subject: left.what.clone(),
            previous: Some(live.what.clone()),
            started_at: left.started_at,
            deployment: left.deployment,
            run: left.run,
            by: left.creator.clone(),
            phase: Phase::Returned(left.returned_at),
            live_since: None,
            url: None,
        });
    }
    young(live.since, bake).then(|| Watch {
        subject: live.what.clone(),
        previous: state.known_good.first().map(|k| k.what.clone()),
        started_at: live.started_at,
        deployment: live.deployment,
        run: live.run,
        by: live.creator.clone(),
        phase: Phase::Baking,
        live_since: Some(live.since),
        url: live.url.clone(),
    })
}
