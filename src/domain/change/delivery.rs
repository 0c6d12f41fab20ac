//! Where each change of a service is now: for every environment the deployment that shipped it first, and since when what runs
//! there contains it. A change that a rollback took away is not there any longer, whatever shipped it once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ancestry::{Graph, Reachable};
use super::dora::deployed;
use super::flags::{Flag, Flags};
use super::lead_time::{Boundary, Measured, Moment, Moments, measure};
use super::repository::Repository;
use super::stream::{Deployment, Stream};
use super::{Change, ChangeKind, Match};
use crate::domain::ids::{EnvId, ServiceId};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// A change with its way through the environments of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// The service.
    pub service: ServiceId,
    /// `#4821`, or the commit's id.
    pub id: Safe,
    /// What it is.
    pub kind: ChangeKind,
    /// Its title or the commit's subject.
    pub title: Safe,
    /// Who wrote it; none: a deleted account.
    pub author: Option<Safe>,
    /// Its page.
    pub url: Option<Safe>,
    /// Its labels.
    pub labels: Vec<Safe>,
    /// When what happened, up to its deployment to the last environment.
    pub moments: Moments,
    /// The first release that contains it.
    pub released_in: Option<Safe>,
    /// The environments, in their order.
    pub rungs: Vec<Rung>,
    /// What is special about it.
    pub flags: Flags,
    /// How it was matched.
    pub matched: Match,
}

/// A change in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// The environment.
    pub env: EnvId,
    /// The first deployment that contained it.
    pub shipped: Option<Moment>,
    /// Whether what runs there contains it; none: not known.
    pub contained: Option<bool>,
    /// Since when it is there without a break; none: it is not there.
    pub since: Option<Timestamp>,
}

/// The furthest that a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// It runs in this environment.
    Live(&'a Rung),
    /// It ran there, and was taken away.
    Gone(&'a Rung),
    /// It is in this release, and in no environment.
    Released(&'a Safe),
    /// It is merged, no more.
    Merged,
}

impl Delivered {
    /// The furthest that it has come.
    pub fn place(&self) -> Place<'_> {
        let last = |holds: fn(&Rung) -> bool| self.rungs.iter().rev().find(|r| holds(r));
        // In production once and gone again matters more than what staging runs.
        let gone = |r: &Rung| r.contained == Some(false) && r.shipped.is_some();
        match (self.rungs.last(), last(|r| r.since.is_some())) {
            (Some(end), _) if gone(end) => Place::Gone(end),
            (_, Some(live)) => Place::Live(live),
            _ => match (last(gone), &self.released_in) {
                (Some(gone), _) => Place::Gone(gone),
                (None, Some(release)) => Place::Released(release),
                (None, None) => Place::Merged,
            },
        }
    }

    /// How long it took to the last environment.
    pub fn measured(&self, now: Now) -> Measured {
        let mut measured = measure(&self.moments, Boundary::Deployed, now);
        measured.flags = measured.flags.and(self.flags);
        measured
    }

    /// The latest thing that happened to it. What a clock that was ahead put into the future did not happen yet: it would stand
    /// before everything else for years.
    pub fn moved(&self, now: Now) -> Timestamp {
        let rungs = self.rungs.iter();
        let rungs = rungs.flat_map(|r| [r.shipped.as_ref().map(|m| m.at), r.since]);
        let known = self.moments.known().map(|(_, m)| m.at);
        let (past, ahead): (Vec<_>, Vec<_>) =
            rungs.flatten().chain(known).partition(|at| *at <= now.0);
        let none = if ahead.is_empty() {
            Timestamp::UNIX_EPOCH
        } else {
            now.0
        };
        past.into_iter().max().unwrap_or(none)
    }
}

/// The changes of a service, in the repository's order; `streams` are its environments in their order.
pub fn of(
    service: &ServiceId,
    repository: &Repository,
    streams: &[(EnvId, Stream)],
) -> Vec<Delivered> {
    let held: Vec<Held<'_>> = streams
        .iter()
        .map(|(_, s)| Held::new(s, &repository.graph))
        .collect();
    let changes = repository.changes.iter().enumerate();
    changes
        .map(|(place, change)| {
            let rungs = streams.iter().zip(&held);
            let rungs = rungs
                .map(|((env, _), held)| held.rung(env, place, change, &repository.graph))
                .collect::<Vec<Rung>>();
            let mut moments = change.moments.clone();
            let end = rungs.last().and_then(|r| r.shipped.clone());
            moments.set(Boundary::Deployed, end);
            let mut flags = change.flags;
            let by = streams.last().and_then(|(_, s)| {
                let by = s.shipped.get(place).copied().flatten();
                s.deployments.get(by?)
            });
            flags.put(Flag::Seed, by.is_some_and(|d| d.seed.is_some()));
            flags.put(Flag::Afresh, by.is_some_and(Deployment::is_afresh));
            Delivered {
                service: service.clone(),
                id: change.id.clone(),
                kind: change.kind,
                title: change.title.clone(),
                author: change.author.clone(),
                url: change.url.clone(),
                labels: change.labels.clone(),
                moments,
                released_in: repository.released.get(place).cloned().flatten(),
                rungs,
                flags,
                matched: change.matched,
            }
        })
        .collect()
}

/// What an environment's deployments hold.
struct Held<'a> {
    stream: &'a Stream,
    /// What runs now; none: not known.
    live: Option<Reachable>,
    /// The deployments that lost something which the one before them had, with what they hold. Where branches are deployed these
    /// may be thousands.
    breaks: Vec<(usize, Reachable)>,
}

impl<'a> Held<'a> {
    fn new(stream: &'a Stream, graph: &Graph) -> Self {
        let pairs = stream
            .deployments
            .iter()
            .zip(stream.deployments.iter().skip(1));
        let mut breaks = Vec::new();
        for (place, (before, after)) in (1..).zip(pairs) {
            let (Some(old), Some(new)) = (before.node, after.node) else {
                continue;
            };
            if !graph.contains(new, old) {
                breaks.push((place, graph.reachable([new])));
            }
        }
        let live = stream.deployments.last().and_then(|d| d.node);
        let live = live.map(|node| graph.reachable([node]));
        Self {
            stream,
            live,
            breaks,
        }
    }

    fn rung(&self, env: &EnvId, place: usize, change: &Change, graph: &Graph) -> Rung {
        let all = |held: &Reachable| change.commits.iter().all(|n| held.has(*n));
        let known = !change.commits.is_empty();
        let contained = match &self.live {
            Some(held) if known => Some(all(held)),
            // Nothing was ever deployed there.
            None if known && self.stream.deployments.is_empty() => Some(false),
            _ => None,
        };
        let shipped = self.stream.shipped.get(place).copied().flatten();
        let since = shipped.filter(|_| contained == Some(true)).map(|first| {
            let lost = self.breaks.iter().rev();
            let lost = lost.take_while(|(at, _)| *at > first);
            let back = lost
                .filter(|(_, held)| !all(held))
                .map(|(at, _)| at + 1)
                .next();
            let has = |d: usize| {
                let node = self.stream.deployments.get(d).and_then(|d| d.node);
                node.is_some_and(|n| change.commits.iter().all(|c| graph.contains(n, *c)))
            };
            let last = self.stream.deployments.len().saturating_sub(1);
            match back {
                Some(from) => (from..last).find(|d| has(*d)).unwrap_or(last),
                None => first,
            }
        });
        let at = |d: Option<usize>| d.and_then(|d| self.stream.deployments.get(d));
        Rung {
            env: env.clone(),
            shipped: at(shipped).map(deployed),
            contained,
            since: at(since).map(|d| d.at),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::ancestry::Node;
    use super::super::ancestry::tests::graph;
    use super::super::stream;
    use super::super::vectors::{at, commit, deploy};
    use super::*;

    fn env(name: &str) -> EnvId {
        name.parse().unwrap()
    }

    /// A service with changes `a`..`d` on one line, deployed as told: name and hours, oldest first.
    pub(crate) fn delivered(staging: &[(&str, f64)], production: &[(&str, f64)]) -> Vec<Delivered> {
        let (g, n) = graph("a b<a c<b d<c");
        let changes: Vec<Change> = ["a", "b", "c", "d"]
            .into_iter()
            .zip(0_u8..)
            .map(|(name, h)| commit(name, n(name), f64::from(h)))
            .collect();
        let stream = |told: &[(&str, f64)]| {
            let attempts: Vec<_> = told.iter().map(|(c, h)| deploy(n(c), *h)).collect();
            stream::read(&g, &attempts, &changes)
        };
        let streams = [
            (env("staging"), stream(staging)),
            (env("production"), stream(production)),
        ];
        let mut repository = Repository::default();
        repository.graph = g.clone();
        repository.released = vec![Some(Safe::new("v1")), None, Some(Safe::new("v2")), None];
        repository.changes = changes;
        of(&"shop".parse().unwrap(), &repository, &streams)
    }

    #[test]
    fn each_change_is_where_the_furthest_environment_runs_it() {
        let rows = delivered(&[("a", 1.0), ("c", 8.0)], &[("a", 2.0), ("b", 9.0)]);
        let places: Vec<String> = rows
            .iter()
            .map(|r| match r.place() {
                Place::Live(r) => format!("live {}", r.env),
                Place::Gone(r) => format!("gone {}", r.env),
                Place::Released(v) => format!("in {v}"),
                Place::Merged => "merged".to_owned(),
            })
            .collect();
        assert_eq!(
            places,
            [
                "live production",
                "live production",
                "live staging",
                "merged"
            ]
        );
        assert_eq!(rows[1].rungs[1].since, Some(at(9.0)));
        assert_eq!(rows[1].moments.at(Boundary::Deployed), Some(at(9.0)));
        assert_eq!(rows[1].moved(Now(at(99.0))), at(9.0));
        assert!(rows[0].flags.has(Flag::Seed) && !rows[1].flags.has(Flag::Seed));
        assert_eq!(rows[3].rungs[1].contained, Some(false));
    }

    #[test]
    fn a_rollback_takes_changes_away_and_going_forward_brings_them_back() {
        let away = delivered(&[], &[("a", 1.0), ("c", 5.0), ("b", 6.0)]);
        assert!(matches!(away[2].place(), Place::Gone(r) if r.env == env("production")));
        assert_eq!(away[2].rungs[1].shipped.as_ref().unwrap().at, at(5.0));
        assert_eq!(away[1].rungs[1].since, Some(at(5.0)), "it never left");
        // Nothing was ever deployed to staging: it is not there.
        assert_eq!(away[2].rungs[0].contained, Some(false));

        let back = delivered(
            &[],
            &[("a", 1.0), ("c", 5.0), ("b", 6.0), ("b", 7.0), ("d", 8.0)],
        );
        let since: Vec<_> = back.iter().map(|r| r.rungs[1].since).collect();
        assert_eq!(
            since,
            [1.0, 5.0, 8.0, 8.0].map(|h| Some(at(h))),
            "since the break ended"
        );
        assert_eq!(
            back[2].moments.at(Boundary::Deployed),
            Some(at(5.0)),
            "lead time ends with the first deployment"
        );
    }

    #[test]
    fn a_date_in_the_future_moves_nothing() {
        let mut rows = delivered(&[], &[("a", 1.0), ("b", 5.0)]);
        let now = Now(at(9.0));
        for row in &mut rows {
            let ahead = row
                .moments
                .clone()
                .with(Boundary::Merged, at(9e4), "a laptop");
            row.moments = ahead.with(Boundary::FirstCommit, at(9e4), "a laptop");
        }
        assert_eq!(
            rows[1].moved(now),
            at(5.0),
            "the deployment's clock is right"
        );
        assert_eq!(rows[3].moved(now), now.0, "nothing else is known of it");
        assert_eq!(rows[3].moved(Now(at(1e5))), at(9e4));
        rows[3].moments = Moments::default();
        assert_eq!(rows[3].moved(now), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn what_runs_on_an_unknown_commit_is_not_known() {
        let (g, n) = graph("a b<a");
        let changes = vec![commit("a", n("a"), 0.0)];
        let mut attempt = deploy(n("b"), 3.0);
        attempt.node = None;
        let stream = stream::read(&g, &[attempt], &changes);
        let mut repository = Repository::default();
        repository.graph = g;
        repository.changes = changes;
        let rows = of(
            &"shop".parse().unwrap(),
            &repository,
            &[(env("production"), stream)],
        );
        assert_eq!(rows[0].rungs[0].contained, None);
        assert_eq!(rows[0].place(), Place::Merged);
    }

    #[test]
    fn what_deployments_of_branches_lost_is_kept_in_few_bytes() {
        // Each of 50 deployments is of a branch of its own, off a main branch of 10,000 commits.
        let trunk = (1..10_000).map(|n| (Node(n), Node(n - 1)));
        let branches = (10_000..10_050).map(|n| (Node(n), Node(9_999)));
        let pairs: Vec<_> = trunk.chain(branches).collect();
        let graph = Graph::new(10_050, &pairs);
        let attempts: Vec<_> = (10_000..10_050_u32)
            .map(|n| deploy(Node(n), f64::from(n)))
            .collect();
        let stream = stream::read(&graph, &attempts, &[]);
        let held = Held::new(&stream, &graph);
        assert_eq!(held.breaks.len(), 49);
        let bytes: usize = held.breaks.iter().map(|(_, h)| h.bytes()).sum();
        assert!(bytes < 49 * 10_050 / 7, "{bytes}");
    }

    #[test]
    fn a_row_is_kept_as_it_was() {
        let rows = delivered(&[("c", 1.0)], &[("a", 2.0), ("c", 3.0), ("a", 4.0)]);
        let text = serde_json::to_string(&rows).unwrap();
        let back: Vec<Delivered> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, rows);
    }
}
