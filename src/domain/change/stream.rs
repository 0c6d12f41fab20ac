//! The stream of deployments of one service to one environment: attempts become deployments, each with the changes that it
//! brought for the first time, and its kind.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ancestry::{Graph, Node, first_and_apart, first_of};
use super::flags::Flag;
use super::marks::Reverted;
use super::{Change, CommitSha};
use crate::domain::text::Safe;

/// Tries of one commit within this time are one deployment.
const RETRY: SignedDuration = SignedDuration::from_mins(10);

/// What the ledger knows of a deployment that was a rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerRollback {
    /// It was a rehearsal.
    pub drill: bool,
    /// When the signals were verified to have recovered.
    pub recovered: Option<Timestamp>,
}

/// A try to deploy, as a source tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Its id in the source.
    pub id: Safe,
    /// The commit.
    pub sha: CommitSha,
    /// The commit in the graph, where it is known.
    pub node: Option<Node>,
    /// Its name: a tag.
    pub version: Option<Safe>,
    /// When it was begun.
    pub created: Timestamp,
    /// Its first success.
    pub succeeded: Option<Timestamp>,
    /// It ended without success.
    pub failed: bool,
    /// It was a rollback of ours.
    pub rollback: Option<LedgerRollback>,
    /// A person marked it as failed.
    pub marked_failed: bool,
    /// Its page.
    pub url: Option<Safe>,
}

/// What a deployment was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// As planned.
    Planned,
    /// Back to something older.
    Rollback,
    /// All its new changes are hotfixes.
    Hotfix,
    /// It takes back a change that was live.
    Revert,
    /// It closes an incident.
    IncidentFix,
}

/// Why what a deployment shipped may have been live before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seed {
    /// It is the first one known.
    First,
    /// It shares no known history with those before it: that was rewritten, or their commits are not known.
    Afresh,
}

/// A deployment that succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// The id of its first successful attempt.
    pub id: Safe,
    /// The commit.
    pub sha: CommitSha,
    /// The commit in the graph.
    pub node: Option<Node>,
    /// Its name: a tag.
    pub version: Option<Safe>,
    /// Its first success.
    pub at: Timestamp,
    /// The changes that it shipped first, as positions in the list of changes.
    pub new: Vec<usize>,
    /// What it was for.
    pub kind: Kind,
    /// Why what it shipped may have been live before; none: it was not.
    pub seed: Option<Seed>,
    /// The same commit was live before.
    pub redeploy: bool,
    /// What the ledger knows of it.
    pub rollback: Option<LedgerRollback>,
    /// A person marked it as failed.
    pub marked_failed: bool,
    /// Its page.
    pub url: Option<Safe>,
}

impl Deployment {
    /// Whether it shares no known history with those before it.
    pub fn is_afresh(&self) -> bool {
        self.seed == Some(Seed::Afresh)
    }
}

/// What one service's stream in one environment tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stream {
    /// The deployments, oldest first.
    pub deployments: Vec<Deployment>,
    /// For each change, the deployment that shipped it first.
    pub shipped: Vec<Option<usize>>,
    /// For each change, the changes that it takes back.
    pub reverts: Vec<Vec<usize>>,
    /// The attempts that came to an end: when, and whether they failed.
    pub attempts: Vec<(Timestamp, bool)>,
}

/// Reads a stream.
pub fn read(graph: &Graph, attempts: &[Attempt], changes: &[Change]) -> Stream {
    let mut stream = Stream::default();
    for group in grouped(attempts) {
        let good = group
            .iter()
            .filter_map(|a| a.succeeded.map(|at| (at, *a)))
            .min_by_key(|(at, _)| *at);
        let began = group.iter().map(|a| a.created).min();
        if let Some((at, first)) = good {
            stream.attempts.push((at, false));
            stream.deployments.push(Deployment {
                id: first.id.clone(),
                sha: first.sha.clone(),
                node: first.node,
                version: first.version.clone(),
                at,
                new: Vec::new(),
                kind: Kind::Planned,
                seed: None,
                redeploy: false,
                rollback: group.iter().find_map(|a| a.rollback),
                marked_failed: group.iter().any(|a| a.marked_failed),
                url: first.url.clone(),
            });
        } else if let Some(at) = began.filter(|_| group.iter().any(|a| a.failed)) {
            stream.attempts.push((at, true));
        }
    }
    stream.deployments.sort_by_key(|d| d.at);
    stream.reverts = linked(changes);
    ship(&mut stream, graph, changes);
    kinds(&mut stream, graph, changes);
    stream
}

/// Tries of one commit that follow each other closely, oldest first.
fn grouped(attempts: &[Attempt]) -> Vec<Vec<&Attempt>> {
    let mut ordered: Vec<&Attempt> = attempts.iter().collect();
    ordered.sort_by_key(|a| a.created);
    let mut groups: Vec<Vec<&Attempt>> = Vec::new();
    for attempt in ordered {
        match groups.last_mut() {
            Some(group)
                if group.last().is_some_and(|last| {
                    last.sha == attempt.sha && attempt.created.duration_since(last.created) <= RETRY
                }) =>
            {
                group.push(attempt);
            }
            _ => groups.push(vec![attempt]),
        }
    }
    groups
}

/// Which deployment ships each change first: the one in which the last of its commits is new.
fn ship(stream: &mut Stream, graph: &Graph, changes: &[Change]) {
    let (first, apart) = first_and_apart(graph, stream.deployments.iter().map(|d| d.node));
    stream.shipped = changes
        .iter()
        .map(|change| {
            let mut last = None;
            for node in &change.commits {
                last = last.max(Some(first_of(&first, *node)?));
            }
            last
        })
        .collect();
    for (change, shipped) in stream.shipped.iter().enumerate() {
        if let Some(deployment) = shipped.and_then(|d| stream.deployments.get_mut(d)) {
            deployment.new.push(change);
        }
    }
    for ((place, d), apart) in stream.deployments.iter_mut().enumerate().zip(apart) {
        d.seed = match place {
            0 => Some(Seed::First),
            _ => apart.then_some(Seed::Afresh),
        };
    }
}

fn kinds(stream: &mut Stream, graph: &Graph, changes: &[Change]) {
    let mut found: Vec<(Kind, bool)> = Vec::with_capacity(stream.deployments.len());
    for (place, d) in stream.deployments.iter().enumerate() {
        let mut earlier = stream.deployments.iter().take(place);
        let was_live = earlier.any(|e| e.sha == d.sha);
        let running = place.checked_sub(1).and_then(|p| stream.deployments.get(p));
        found.push((kind(d, running, was_live, stream, graph, changes), was_live));
    }
    for (d, (kind, redeploy)) in stream.deployments.iter_mut().zip(found) {
        d.kind = kind;
        d.redeploy = redeploy;
    }
}

fn kind(
    d: &Deployment,
    running: Option<&Deployment>,
    was_live: bool,
    stream: &Stream,
    graph: &Graph,
    changes: &[Change],
) -> Kind {
    let new = || {
        d.new
            .iter()
            .filter_map(|c| changes.get(*c).map(|x| (*c, x)))
    };
    let back = running.filter(|r| r.sha != d.sha).is_some_and(|running| {
        let (Some(here), Some(there)) = (d.node, running.node) else {
            // Without the graph, what was live before something else is a way back.
            return was_live;
        };
        graph.contains(there, here) || (was_live && !graph.contains(here, there))
    });
    if d.rollback.is_some() || back {
        Kind::Rollback
    } else if d.seed.is_some() {
        Kind::Planned
    } else if !d.new.is_empty() && new().all(|(_, c)| c.flags.has(Flag::Hotfix)) {
        Kind::Hotfix
    } else if new().any(|(c, _)| !reverted_live(stream, c, d).is_empty()) {
        Kind::Revert
    } else if new().any(|(_, c)| c.flags.has(Flag::IncidentFix)) {
        Kind::IncidentFix
    } else {
        Kind::Planned
    }
}

/// The changes that change `c`, shipped by `by`, takes back after they were live.
pub(super) fn reverted_live(stream: &Stream, c: usize, by: &Deployment) -> Vec<usize> {
    let taken = stream.reverts.get(c).map_or(&[][..], Vec::as_slice);
    let live_before = |of: &&usize| {
        let shipped = stream.shipped.get(**of).copied().flatten();
        shipped
            .and_then(|p| stream.deployments.get(p))
            .is_some_and(|d| d.at < by.at)
    };
    taken.iter().filter(live_before).copied().collect()
}

/// For each change, what it takes back, found by number or by the beginning of a commit's id.
fn linked(changes: &[Change]) -> Vec<Vec<usize>> {
    if changes.iter().all(|c| c.reverts.is_empty()) {
        return vec![Vec::new(); changes.len()];
    }
    let mut numbers = std::collections::HashMap::new();
    let mut shas = std::collections::BTreeMap::new();
    for (place, change) in changes.iter().enumerate() {
        numbers.extend(change.number.map(|n| (n, place)));
        shas.extend(change.shas.iter().map(|s| (s.as_str(), place)));
    }
    let find = |what: &Reverted| match what {
        Reverted::Number(n) => numbers.get(n).copied(),
        Reverted::Commit(start) => shas
            .range(start.as_str()..)
            .next()
            .filter(|(sha, _)| sha.starts_with(start.as_str()))
            .map(|(_, place)| *place),
    };
    changes
        .iter()
        .enumerate()
        .map(|(own, c)| {
            let mut found: Vec<usize> = c.reverts.iter().filter_map(find).collect();
            found.retain(|f| *f != own);
            found.sort_unstable();
            found.dedup();
            found
        })
        .collect()
}
