//! A model of a host whose past changes while it is read, and of a store.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::plan::PageAsk;
use super::reading::{Leaf, Turn};
use super::walk::Link;
use super::{Mark, Newest};
use crate::domain::change::lead_time::Moments;
use crate::domain::change::synced::{
    Batch, CommitRow, DeploymentRow, IncidentRow, Progress, PullRow, ReleaseRow, Source,
};
use crate::domain::fetched::Fault;
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

pub(super) fn at(s: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + s).unwrap()
}

fn sha(n: u64) -> CommitSha {
    format!("{n:040x}").parse().unwrap()
}

fn number(sha: &CommitSha) -> u64 {
    u64::from_str_radix(sha.as_str(), 16).unwrap()
}

fn pull(n: u64, s: i64) -> PullRow {
    PullRow {
        number: n,
        title: Safe::new("t"),
        author: None,
        url: None,
        branch: Safe::new("b"),
        labels: Vec::new(),
        moments: Moments::default(),
        merged: at(0),
        merge: None,
        commits: Vec::new(),
        reverts: Vec::new(),
        closes: Vec::new(),
        flags: 0,
        updated: at(s),
    }
}

fn incident(n: u64, s: i64, closed: bool) -> IncidentRow {
    IncidentRow {
        number: n,
        title: Safe::new("t"),
        opened: at(0),
        closed: closed.then(|| at(s)),
        shas: Vec::new(),
        numbers: Vec::new(),
        versions: Vec::new(),
        url: None,
        updated: at(s),
    }
}

/// What happens at the host.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    Commit,
    /// A branch that forked that many commits ago, with that many of its own, is merged.
    Merge(u8, u8),
    /// The last commits are replaced by others.
    Force(u8),
    Pull,
    Touch(u8),
    Deploy(u8),
    /// Something beside the main branch is deployed.
    DeployBeside(u8, u8),
    Finish(u8),
    Undeploy(u8),
    Release(u8),
    Unrelease(u8),
    Incident,
    Close(u8),
    Unlabel(u8),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Host {
    pub(super) clock: i64,
    pub(super) next: u64,
    pub(super) commits: BTreeMap<CommitSha, CommitRow>,
    pub(super) head: Option<CommitSha>,
    pub(super) pulls: BTreeMap<u64, PullRow>,
    pub(super) deployments: BTreeMap<u64, DeploymentRow>,
    pub(super) releases: BTreeMap<u64, ReleaseRow>,
    pub(super) incidents: BTreeMap<u64, IncidentRow>,
}

fn nth<K: Copy + Ord, V>(of: &BTreeMap<K, V>, n: u8) -> Option<K> {
    of.keys().rev().nth(usize::from(n)).copied()
}

/// Three years before the past that counts.
const LONG_AGO: i64 = -3 * 365 * 86_400;

impl Host {
    /// A host that has pull requests and incidents beyond the reach.
    pub(super) fn aged() -> Self {
        let mut host = Self {
            next: 10,
            ..Self::default()
        };
        for n in 1..=5 {
            let merged = at(LONG_AGO);
            let old = pull(n, LONG_AGO);
            host.pulls.insert(n, PullRow { merged, ..old });
            let opened = at(LONG_AGO);
            let old = incident(n + 5, LONG_AGO, n % 2 == 0);
            host.incidents.insert(n + 5, IncidentRow { opened, ..old });
        }
        host
    }

    fn commit(&mut self, parents: Vec<CommitSha>, s: i64) -> CommitSha {
        self.next += 1;
        let row = CommitRow {
            sha: sha(self.next),
            parents,
            authored: at(s),
            committed: at(s),
            author: None,
            subject: Safe::new("c"),
            reverts: Vec::new(),
            pull: None,
        };
        self.commits.insert(row.sha.clone(), row);
        sha(self.next)
    }

    fn back(&self, n: u8) -> Option<CommitSha> {
        let mut at = self.head.clone()?;
        for _ in 0..n {
            let Some(parent) = self.commits[&at].parents.first() else {
                break;
            };
            at = parent.clone();
        }
        Some(at)
    }

    /// Commits on top of one, dated right after it: when they are merged they lie among older ones.
    fn branch(&mut self, from: &CommitSha, n: u8) -> CommitSha {
        let base = self.commits[from].committed;
        let mut tip = from.clone();
        for k in 0..=n {
            let s = base.as_second() - at(0).as_second() + i64::from(k);
            tip = self.commit(vec![tip], s);
        }
        tip
    }

    fn deploy(&mut self, sha: CommitSha) {
        self.next += 1;
        let row = DeploymentRow {
            id: self.next,
            environment: Safe::new("production"),
            sha,
            name: None,
            created: at(self.clock),
            succeeded: None,
            failed: false,
            url: None,
        };
        self.deployments.insert(row.id, row);
    }

    pub(super) fn happen(&mut self, event: Event) {
        self.clock += 100;
        let s = self.clock;
        match event {
            Event::Commit => {
                let parents = self.head.iter().cloned().collect();
                self.head = Some(self.commit(parents, s));
            }
            Event::Merge(back, n) => {
                let Some(from) = self.back(back) else { return };
                let tip = self.branch(&from, n % 4);
                let parents = self.head.iter().cloned().chain([tip]).collect();
                self.head = Some(self.commit(parents, s));
            }
            Event::Force(back) => {
                let Some(from) = self.back(back) else { return };
                self.head = Some(self.commit(vec![from], s));
            }
            Event::Pull => {
                self.next += 1;
                self.pulls.insert(self.next, pull(self.next, s));
            }
            Event::Touch(n) => {
                if let Some(k) = nth(&self.pulls, n) {
                    self.pulls.entry(k).and_modify(|p| p.updated = at(s));
                }
            }
            Event::Deploy(back) => {
                if let Some(sha) = self.back(back) {
                    self.deploy(sha);
                }
            }
            Event::DeployBeside(back, n) => {
                let Some(from) = self.back(back) else { return };
                let tip = self.branch(&from, n % 4);
                self.deploy(tip);
            }
            Event::Finish(n) => {
                if let Some(k) = nth(&self.deployments, n % 10) {
                    let first = &mut self.deployments.get_mut(&k).unwrap().succeeded;
                    *first = first.or(Some(at(s)));
                }
            }
            Event::Undeploy(n) => {
                if let Some(k) = nth(&self.deployments, n) {
                    self.deployments.remove(&k);
                }
            }
            Event::Release(back) => {
                let Some(sha) = self.back(back) else { return };
                self.next += 1;
                let row = ReleaseRow {
                    tag: Safe::new(&format!("v{}", self.next)),
                    sha,
                    published: at(s),
                    prerelease: false,
                    url: None,
                };
                self.releases.insert(self.next, row);
            }
            Event::Unrelease(n) => {
                if let Some(k) = nth(&self.releases, n) {
                    self.releases.remove(&k);
                }
            }
            Event::Incident => {
                self.next += 1;
                self.incidents
                    .insert(self.next, incident(self.next, s, false));
            }
            Event::Close(n) => {
                if let Some(k) = nth(&self.incidents, n) {
                    let closed = |i: &mut IncidentRow| {
                        (i.closed, i.updated) = (Some(at(s)), at(s));
                    };
                    self.incidents.entry(k).and_modify(closed);
                }
            }
            Event::Unlabel(n) => {
                if let Some(k) = nth(&self.incidents, n) {
                    self.incidents.remove(&k);
                }
            }
        }
    }

    /// The rows of a source, newest first: the moment, a number that tells them apart, the row.
    fn listed(&self, source: Source) -> Vec<(Timestamp, u64, Batch)> {
        let b = Batch::default;
        let mut rows: Vec<(Timestamp, u64, Batch)> = match source {
            Source::Commits => Vec::new(),
            Source::Pulls => self
                .pulls
                .iter()
                .map(|(k, p)| {
                    (
                        p.updated,
                        *k,
                        Batch {
                            pulls: vec![p.clone()],
                            ..b()
                        },
                    )
                })
                .collect(),
            Source::Deployments => self
                .deployments
                .iter()
                .map(|(k, d)| {
                    (
                        d.created,
                        *k,
                        Batch {
                            deployments: vec![d.clone()],
                            ..b()
                        },
                    )
                })
                .collect(),
            Source::Releases => self
                .releases
                .iter()
                .map(|(k, r)| {
                    (
                        r.published,
                        *k,
                        Batch {
                            releases: vec![r.clone()],
                            ..b()
                        },
                    )
                })
                .collect(),
            Source::Incidents => self
                .incidents
                .iter()
                .map(|(k, i)| {
                    (
                        i.updated,
                        *k,
                        Batch {
                            incidents: vec![i.clone()],
                            ..b()
                        },
                    )
                })
                .collect(),
        };
        rows.sort_by_key(|(at, k, _)| std::cmp::Reverse((*at, *k)));
        rows
    }

    pub(super) fn newest(&self) -> Newest {
        let mark = |source: Source| {
            let rows = self.listed(source);
            let print = match source {
                Source::Commits => self
                    .head
                    .as_ref()
                    .map_or(String::new(), ToString::to_string),
                Source::Deployments => {
                    let newest = self.deployments.values().rev().take(10);
                    let state = |d: &DeploymentRow| format!("{}:{}", d.id, d.is_open());
                    newest.map(state).collect::<Vec<_>>().join(",")
                }
                _ => String::new(),
            };
            let count = rows.len().try_into().unwrap();
            let at = rows.first().map(|(at, ..)| *at);
            (
                source,
                Ok(Mark {
                    at,
                    count,
                    print: Safe::new(&print),
                }),
            )
        };
        Source::ALL.into_iter().map(mark).collect()
    }

    /// All that a commit contains, newest first, as git lists it: a parent never before its children.
    fn history(&self, head: &CommitSha) -> Vec<CommitRow> {
        let mut waiting: BTreeSet<(Timestamp, u64, CommitSha)> = BTreeSet::new();
        let entry = |sha: &CommitSha| (self.commits[sha].committed, number(sha), sha.clone());
        let (mut seen, mut out) = (BTreeSet::new(), Vec::new());
        waiting.insert(entry(head));
        while let Some((.., sha)) = waiting.pop_last() {
            if seen.insert(sha.clone()) {
                let row = &self.commits[&sha];
                out.push(row.clone());
                waiting.extend(row.parents.iter().map(entry));
            }
        }
        out
    }

    pub(super) fn line(
        &self,
        head: &CommitSha,
        after: Option<&Safe>,
        size: usize,
    ) -> (Vec<CommitRow>, Option<Safe>) {
        let all = self.history(head);
        let skip = after.map_or(0, |a| a.as_str().parse().unwrap());
        let commits: Vec<_> = all.iter().skip(skip).take(size).cloned().collect();
        let end = skip + commits.len();
        let next = (end < all.len()).then(|| Safe::new(&end.to_string()));
        (commits, next)
    }

    pub(super) fn page(&self, ask: &PageAsk, size: usize) -> Vec<(Source, Result<Leaf, Fault>)> {
        let leaf = |(source, cursor): &(Source, Option<Safe>)| {
            if *source == Source::Commits {
                let Some(head) = &ask.head else {
                    return (*source, Ok(Leaf::default()));
                };
                let (commits, next) = self.line(head, cursor.as_ref(), size);
                let last = commits.last().map(|c| c.committed);
                let batch = Batch {
                    commits,
                    ..Batch::default()
                };
                return (
                    *source,
                    Ok(Leaf {
                        batch,
                        last,
                        next,
                        ..Leaf::default()
                    }),
                );
            }
            // As at GitHub the place is a row's own, not a number of rows.
            let all = self.listed(*source);
            let place = |c: &Safe| {
                let (at, k) = c.as_str().split_once('/').unwrap();
                (at.parse::<Timestamp>().unwrap(), k.parse::<u64>().unwrap())
            };
            let after = cursor.as_ref().map(place);
            let rest: Vec<_> = all
                .iter()
                .filter(|(at, k, _)| after.is_none_or(|a| (*at, *k) < a))
                .collect();
            let mut leaf = Leaf {
                total: all.len().try_into().ok(),
                ..Leaf::default()
            };
            for (at, k, row) in rest.iter().take(size) {
                leaf.batch.pulls.extend(row.pulls.clone());
                leaf.batch.deployments.extend(row.deployments.clone());
                leaf.batch.releases.extend(row.releases.clone());
                leaf.batch.incidents.extend(row.incidents.clone());
                leaf.last = Some(*at);
                leaf.next = (rest.len() > size).then(|| Safe::new(&format!("{at}/{k}")));
            }
            (*source, Ok(leaf))
        };
        ask.sources.iter().map(leaf).collect()
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) progress: BTreeMap<Source, Progress>,
    pub(super) commits: BTreeMap<CommitSha, CommitRow>,
    pub(super) pulls: BTreeMap<u64, (u64, PullRow)>,
    pub(super) deployments: BTreeMap<u64, (u64, DeploymentRow)>,
    pub(super) releases: BTreeMap<String, (u64, ReleaseRow)>,
    pub(super) incidents: BTreeMap<u64, (u64, IncidentRow)>,
}

impl Kept {
    pub(super) fn turn(&mut self, turn: Turn) -> Option<Progress> {
        if self.progress.get(&turn.source).cloned().unwrap_or_default() != turn.from {
            return None;
        }
        let mut to = turn.to;
        let r = to.round;
        for c in turn.batch.commits {
            self.commits.insert(c.sha.clone(), c);
        }
        for p in turn.batch.pulls {
            self.pulls.insert(p.number, (r, p));
        }
        for d in turn.batch.deployments {
            self.deployments.insert(d.id, (r, d));
        }
        for x in turn.batch.releases {
            self.releases.insert(x.tag.as_str().to_owned(), (r, x));
        }
        for i in turn.batch.incidents {
            self.incidents.insert(i.number, (r, i));
        }
        for sha in turn.gone {
            self.commits.remove(&sha);
        }
        if turn.ended && turn.source != Source::Commits {
            if turn.sweep {
                match turn.source {
                    Source::Pulls => self.pulls.retain(|_, (k, _)| *k >= r),
                    Source::Deployments => self.deployments.retain(|_, (k, _)| *k >= r),
                    Source::Releases => self.releases.retain(|_, (k, _)| *k >= r),
                    _ => self.incidents.retain(|_, (k, _)| *k >= r),
                }
            }
            let rows = match turn.source {
                Source::Pulls => self.pulls.len(),
                Source::Deployments => self.deployments.len(),
                Source::Releases => self.releases.len(),
                _ => self.incidents.len(),
            };
            to.settle(rows.try_into().unwrap(), turn.sweep);
        }
        self.progress.insert(turn.source, to.clone());
        Some(to)
    }

    pub(super) fn links(&self) -> Vec<Link> {
        let commits = self.commits.values();
        commits
            .map(|c| (c.sha.clone(), c.parents.clone()))
            .collect()
    }

    pub(super) fn rows(&self) -> Batch {
        Batch {
            commits: self.commits.values().cloned().collect(),
            pulls: self.pulls.values().map(|p| p.1.clone()).collect(),
            deployments: self.deployments.values().map(|p| p.1.clone()).collect(),
            releases: self.releases.values().map(|p| p.1.clone()).collect(),
            incidents: self.incidents.values().map(|p| p.1.clone()).collect(),
        }
    }
}
