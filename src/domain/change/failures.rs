//! Which deployments failed, why, and how long it took to recover. A deployment fails once, whatever its reasons.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::stream::{Deployment, Kind, Stream, reverted_live};
use super::{Change, CommitSha};
use crate::domain::text::Safe;

/// A change that is reverted within this time has failed its deployment.
const REVERTED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A hotfix within this time blames the deployment before it.
const MENDED: SignedDuration = SignedDuration::from_hours(72);
/// An incident that names nothing blames a deployment of the time before it.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// An incident, as an issue with the label tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: Safe,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// The commits that it names: beginnings of ids.
    pub shas: Vec<String>,
    /// The pull requests that it names.
    pub numbers: Vec<u64>,
    /// The deployments that it names.
    pub deployments: Vec<Safe>,
    /// Its page.
    pub url: Option<Safe>,
}

/// Why a deployment is counted as failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A rollback replaced it; the id of that deployment.
    RolledBack(Safe),
    /// A change that it shipped was reverted live; the change's and the deployment's id.
    Reverted(Safe, Safe),
    /// A hotfix followed; the id of its deployment.
    Hotfixed(Safe),
    /// An incident; its number.
    Incident(u64),
    /// A person said so.
    Marked,
}

/// How a failure ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveredBy {
    /// The deployment that removed it.
    Deployment,
    /// The ledger's rollback, verified by the signals.
    Ledger,
    /// The incident was closed.
    Incident,
}

/// A deployment that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Its position in the stream.
    pub deployment: usize,
    /// When it had succeeded.
    pub at: Timestamp,
    /// Why it is counted.
    pub reasons: Vec<Reason>,
    /// When it was over, and how that is known; none: still open.
    pub recovered: Option<(Timestamp, RecoveredBy)>,
}

impl Failure {
    /// From the success of the failed deployment to the recovery.
    pub fn recovery(&self) -> Option<SignedDuration> {
        self.recovered.map(|(at, _)| at.duration_since(self.at))
    }
}

/// The failed deployments of a stream, oldest first.
pub fn find(stream: &Stream, changes: &[Change], incidents: &[Incident]) -> Vec<Failure> {
    let mut found = Found {
        failures: stream.deployments.iter().map(|_| None).collect(),
        stream,
    };
    for (place, d) in stream.deployments.iter().enumerate() {
        if d.marked_failed {
            found.blame(place, Reason::Marked, None);
        }
        match d.kind {
            Kind::Rollback => found.rolled_back(place, d),
            Kind::Hotfix => found.hotfixed(place, d),
            _ => {}
        }
        found.reverted(d, changes);
    }
    for incident in incidents {
        found.incident(incident, changes);
    }
    found.failures.into_iter().flatten().collect()
}

struct Found<'a> {
    failures: Vec<Option<Failure>>,
    stream: &'a Stream,
}

impl Found<'_> {
    fn at(&self, place: usize) -> Option<&Deployment> {
        self.stream.deployments.get(place)
    }

    fn blame(&mut self, place: usize, why: Reason, recovered: Option<(Timestamp, RecoveredBy)>) {
        let Some(at) = self.at(place).map(|d| d.at) else {
            return;
        };
        let Some(slot) = self.failures.get_mut(place) else {
            return;
        };
        let failure = slot.get_or_insert_with(|| Failure {
            deployment: place,
            at,
            reasons: Vec::new(),
            recovered: None,
        });
        if !failure.reasons.contains(&why) {
            failure.reasons.push(why);
        }
        let earlier = |(new, _): &(Timestamp, RecoveredBy)| {
            *new >= at && failure.recovered.is_none_or(|(old, _)| *new < old)
        };
        if let Some(recovered) = recovered.filter(earlier) {
            failure.recovered = Some(recovered);
        }
    }

    fn rolled_back(&mut self, place: usize, d: &Deployment) {
        if d.rollback.is_some_and(|r| r.drill) {
            return;
        }
        // A way back over several steps is one recovery: each step's rollback blames what ran before it, unless that is a way back, too.
        let Some(before) = place.checked_sub(1) else {
            return;
        };
        if self.at(before).is_some_and(|b| b.kind == Kind::Rollback) {
            return;
        }
        let recovered = d.rollback.and_then(|r| r.recovered);
        let when = recovered.map_or((d.at, RecoveredBy::Deployment), |at| {
            (at, RecoveredBy::Ledger)
        });
        self.blame(before, Reason::RolledBack(d.id.clone()), Some(when));
    }

    fn hotfixed(&mut self, place: usize, d: &Deployment) {
        let mut earlier = (0..place).rev();
        let to_blame = earlier.find(|p| self.at(*p).is_some_and(|b| b.kind != Kind::Rollback));
        let Some(before) = to_blame else { return };
        let close = self
            .at(before)
            .is_some_and(|b| d.at.duration_since(b.at) <= MENDED);
        if close {
            let when = (d.at, RecoveredBy::Deployment);
            self.blame(before, Reason::Hotfixed(d.id.clone()), Some(when));
        }
    }

    fn reverted(&mut self, d: &Deployment, changes: &[Change]) {
        // A rewritten history holds its old reverts again.
        if d.is_afresh() {
            return;
        }
        for c in &d.new {
            for taken in reverted_live(self.stream, *c, d) {
                // Taking back a revert brings a change again: that is no failure.
                let of_revert = self
                    .stream
                    .reverts
                    .get(taken)
                    .is_some_and(|r| !r.is_empty());
                let shipped = self.stream.shipped.get(taken).copied().flatten();
                let Some(place) = shipped.filter(|_| !of_revert) else {
                    continue;
                };
                let soon = self
                    .at(place)
                    .is_some_and(|b| d.at.duration_since(b.at) <= REVERTED);
                if let Some(change) = changes.get(taken).filter(|_| soon) {
                    let why = Reason::Reverted(change.id.clone(), d.id.clone());
                    self.blame(place, why, Some((d.at, RecoveredBy::Deployment)));
                }
            }
        }
    }

    fn incident(&mut self, incident: &Incident, changes: &[Change]) {
        let named = self.named(incident, changes);
        let silent = incident.shas.is_empty()
            && incident.numbers.is_empty()
            && incident.deployments.is_empty();
        let blamed = if named.is_empty() && silent {
            let before = self
                .stream
                .deployments
                .iter()
                .rposition(|d| d.at <= incident.opened);
            let soon = |p: &usize| {
                self.at(*p)
                    .is_some_and(|d| incident.opened.duration_since(d.at) <= SOON)
            };
            before.filter(soon).into_iter().collect()
        } else {
            named
        };
        let closed = incident.closed.map(|at| (at, RecoveredBy::Incident));
        for place in blamed {
            self.blame(place, Reason::Incident(incident.number), closed);
        }
    }

    /// The deployments that an incident names, by themselves, their commit, or a change they shipped first.
    fn named(&self, incident: &Incident, changes: &[Change]) -> Vec<usize> {
        let begins = |sha: &CommitSha| {
            let mut shas = incident.shas.iter();
            shas.any(|s| sha.as_str().starts_with(s.as_str()))
        };
        let mut found = Vec::new();
        for (place, d) in self.stream.deployments.iter().enumerate() {
            if d.at > incident.opened {
                break;
            }
            let mut shipped = d.new.iter().filter_map(|c| changes.get(*c));
            let by_change = shipped.any(|c| {
                c.number.is_some_and(|n| incident.numbers.contains(&n)) || c.shas.iter().any(begins)
            });
            let by_itself = incident.deployments.contains(&d.id)
                || (!d.redeploy && d.kind != Kind::Rollback && begins(&d.sha));
            if by_change || by_itself {
                found.push(place);
            }
        }
        found
    }
}
