//! From the rows that are kept of a repository to what the figures are computed from: its graph, its changes, the attempts of an
//! environment, its incidents.

use std::collections::HashMap;

use super::Change;
use super::ancestry::{Graph, Node, Reachable, first_containing, first_of};
use super::failures::Incident;
use super::flags::Flag;
use super::gather::{Known, gathered};
use super::lead_time::{Boundary, Moment};
use super::marks::Words;
use super::stream::{Attempt, LedgerRollback};
use super::synced::{Batch, DeploymentRow, ReleaseRow, Snapshot};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// A repository's past, connected.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// The commits' graph.
    pub graph: Graph,
    /// The changes, oldest merge first.
    pub changes: Vec<Change>,
    /// For each change, the first release that contains it.
    pub released: Vec<Option<Safe>>,
    /// The incidents.
    pub incidents: Vec<Incident>,
    places: HashMap<CommitSha, Node>,
    deployments: Vec<DeploymentRow>,
    releases: Vec<ReleaseRow>,
}

impl Repository {
    /// Connects what is kept, by the usual words for a hotfix.
    pub fn new(snapshot: Snapshot) -> Self {
        Self::with_words(snapshot, &Words::default(), &[])
    }

    /// Connects what is kept; the words tell which changes are hotfixes. `ends` are the last environments, by their names at the
    /// host: what was live there was brought in, from whichever branch.
    pub fn with_words(snapshot: Snapshot, words: &Words, ends: &[String]) -> Self {
        let (rows, heads) = (snapshot.rows, snapshot.heads);
        let places: HashMap<CommitSha, Node> = rows
            .commits
            .iter()
            .zip(0_u32..)
            .map(|(c, n)| (c.sha.clone(), Node(n)))
            .collect();
        let mut pairs = Vec::with_capacity(rows.commits.len());
        for (commit, n) in rows.commits.iter().zip(0_u32..) {
            let known = commit.parents.iter().filter_map(|p| places.get(p));
            pairs.extend(known.map(|p| (Node(n), *p)));
        }
        let graph = Graph::new(rows.commits.len(), &pairs);
        let mut releases: Vec<_> = rows.releases.iter().filter(|r| !r.prerelease).collect();
        releases.sort_by(|a, b| {
            a.published
                .cmp(&b.published)
                .then_with(|| a.tag.cmp(&b.tag))
        });
        let stops = releases.iter().map(|r| places.get(&r.sha).copied());
        let first = first_containing(&graph, stops);

        let incidents = rows.incidents.iter().map(|i| i.number);
        let incidents: std::collections::HashSet<u64> = incidents.collect();
        let within = brought_in(&graph, &places, &heads, (&rows, ends));
        let known = Known {
            graph: &graph,
            places: &places,
            brought_in: within.as_ref(),
        };
        let mut changes = gathered(&rows.pulls, &rows.commits, &known, words);
        for (change, pull) in &mut changes {
            let closes = pull.is_some_and(|p| p.closes.iter().any(|n| incidents.contains(n)));
            change.flags.put(Flag::IncidentFix, closes);
        }
        let mut changes: Vec<Change> = changes.into_iter().map(|(c, _)| c).collect();
        changes.sort_by(|a, b| {
            let at = |c: &Change| c.moments.at(Boundary::Merged);
            at(a).cmp(&at(b)).then_with(|| a.id.cmp(&b.id))
        });
        let mut released = Vec::with_capacity(changes.len());
        for change in &mut changes {
            let mut last = Some(0);
            for node in &change.commits {
                last = last.and_then(|l| first_of(&first, *node).map(|f| l.max(f)));
            }
            let by = last
                .filter(|_| !change.commits.is_empty())
                .and_then(|l| releases.get(l));
            let moment = by.map(|r| Moment {
                at: r.published,
                source: Safe::new(&format!("release {}", r.tag)),
                url: r.url.clone(),
            });
            change.moments.set(Boundary::Released, moment);
            released.push(by.map(|r| r.tag.clone()));
        }
        let deployed = &rows.deployments;
        let incidents = rows.incidents.into_iter().map(|i| Incident {
            deployments: deployed
                .iter()
                .filter(|d| d.name.as_ref().is_some_and(|n| names(&i.versions, n)))
                .map(|d| Safe::new(&d.id.to_string()))
                .collect(),
            number: i.number,
            title: i.title,
            opened: i.opened,
            closed: i.closed,
            shas: i.shas,
            numbers: i.numbers,
            url: i.url,
        });
        Self {
            incidents: incidents.collect(),
            graph,
            changes,
            released,
            places,
            deployments: rows.deployments,
            releases: rows.releases,
        }
    }

    /// The place of a commit, by its id or the only one that begins so.
    pub fn find(&self, sha: &str) -> Option<(&CommitSha, Node)> {
        let mut found = self
            .places
            .iter()
            .filter(|(known, _)| known.as_str().starts_with(sha));
        let first = found.next()?;
        found.next().is_none().then_some((first.0, *first.1))
    }

    /// The newest release with this tag.
    pub fn release(&self, tag: &str) -> Option<&ReleaseRow> {
        self.releases.iter().find(|r| r.tag.as_str() == tag)
    }

    /// The first release that contains a commit; those before production do not count.
    pub fn first_release(&self, node: Node) -> Option<&ReleaseRow> {
        let mut releases: Vec<&ReleaseRow> =
            self.releases.iter().filter(|r| !r.prerelease).collect();
        releases.sort_by_key(|r| r.published);
        releases.into_iter().find(|r| {
            let at = self.places.get(&r.sha);
            at.is_some_and(|at| self.graph.contains(*at, node))
        })
    }

    /// Releases, as if each had been deployed when it was published.
    pub fn releases_as_attempts(&self) -> Vec<Attempt> {
        let released = self.releases.iter().filter(|r| !r.prerelease);
        released
            .map(|r| Attempt {
                id: r.tag.clone(),
                sha: r.sha.clone(),
                node: self.places.get(&r.sha).copied(),
                version: Some(r.tag.clone()),
                created: r.published,
                succeeded: Some(r.published),
                failed: false,
                rollback: None,
                marked_failed: false,
                url: r.url.clone(),
            })
            .collect()
    }

    /// The attempts to deploy to an environment of the host; `rollback` tells what the ledger knows of a deployment.
    pub fn attempts(
        &self,
        environment: &str,
        rollback: &dyn Fn(&DeploymentRow) -> Option<LedgerRollback>,
    ) -> Vec<Attempt> {
        let here = self
            .deployments
            .iter()
            .filter(|d| d.environment.as_str() == environment);
        here.map(|d| Attempt {
            id: Safe::new(&d.id.to_string()),
            sha: d.sha.clone(),
            node: self.places.get(&d.sha).copied(),
            version: d.name.clone(),
            created: d.created,
            succeeded: d.succeeded,
            failed: d.failed,
            rollback: rollback(d),
            marked_failed: false,
            url: d.url.clone(),
        })
        .collect()
    }
}

/// What the main branch, a release or a last environment has had; none: where the main branch is, is not known.
fn brought_in(
    graph: &Graph,
    places: &HashMap<CommitSha, Node>,
    heads: &[CommitSha],
    (rows, ends): (&Batch, &[String]),
) -> Option<Reachable> {
    let heads: Vec<&CommitSha> = heads.iter().filter(|h| places.contains_key(h)).collect();
    if heads.is_empty() {
        return None;
    }
    let released = rows.releases.iter().filter(|r| !r.prerelease);
    let live = rows.deployments.iter().filter(|d| {
        let mut ends = ends.iter();
        d.succeeded.is_some() && ends.any(|e| e == d.environment.as_str())
    });
    let beside = released.map(|r| &r.sha).chain(live.map(|d| &d.sha));
    let tips = heads.into_iter().chain(beside);
    Some(graph.reachable(tips.filter_map(|s| places.get(s).copied())))
}

/// Whether one of these versions is this tag.
fn names(versions: &[String], tag: &Safe) -> bool {
    let bare = |v: &str| v.trim_start_matches(['v', 'V']).to_owned();
    let tag = bare(tag.as_str());
    versions.iter().any(|v| bare(v) == tag)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::lead_time::Moments;
    use super::super::stream::{self, Kind};
    use super::super::synced::{CommitRow, PullRow};
    use super::super::vectors::at;
    use super::super::{Confidence, Method};
    use super::*;

    pub(in super::super) fn sha(n: u8) -> CommitSha {
        format!("{n:02x}").repeat(20).parse().unwrap()
    }

    pub(in super::super) fn commit(n: u8, parents: &[u8]) -> CommitRow {
        CommitRow {
            sha: sha(n),
            parents: parents.iter().map(|p| sha(*p)).collect(),
            authored: at(f64::from(n)),
            committed: at(f64::from(n) + 0.5),
            author: Some(Safe::new("li")),
            subject: Safe::new(&format!("commit {n}")),
            reverts: Vec::new(),
            pull: None,
        }
    }

    pub(in super::super) fn pull(number: u64, merge: u8, commits: &[u8]) -> PullRow {
        PullRow {
            number,
            title: Safe::new("tax"),
            author: Some(Safe::new("maria")),
            url: None,
            branch: Safe::new("tax"),
            labels: Vec::new(),
            moments: Moments::default()
                .with(Boundary::FirstCommit, at(1.0), "t")
                .with(Boundary::Opened, at(2.0), "t")
                .with(Boundary::Merged, at(f64::from(merge)), "t"),
            merged: at(f64::from(merge)),
            merge: Some(sha(merge)),
            commits: commits.iter().map(|c| sha(*c)).collect(),
            reverts: Vec::new(),
            closes: vec![77],
            flags: 0,
            updated: at(9.0),
        }
    }

    pub(in super::super) fn deployment(id: u64, n: u8, hours: f64) -> DeploymentRow {
        DeploymentRow {
            id,
            environment: Safe::new("production"),
            sha: sha(n),
            name: Some(Safe::new("v1")),
            created: at(hours),
            succeeded: Some(at(hours)),
            failed: false,
            url: None,
        }
    }

    #[test]
    fn rows_become_changes_releases_and_attempts() {
        // 1 - 2 - 4(squash of 30, 31, which live on no branch) - 5(merge of 6 by hand)
        let rows = Batch {
            commits: vec![
                commit(5, &[4, 6]),
                commit(6, &[2]),
                commit(4, &[2]),
                commit(2, &[1]),
                commit(1, &[]),
            ],
            pulls: vec![pull(12, 4, &[30, 31])],
            deployments: vec![
                deployment(1, 2, 10.0),
                deployment(2, 5, 20.0),
                deployment(3, 2, 21.0),
            ],
            releases: vec![
                ReleaseRow {
                    tag: Safe::new("v0-rc"),
                    sha: sha(4),
                    published: at(3.0),
                    prerelease: true,
                    url: None,
                },
                ReleaseRow {
                    tag: Safe::new("v2"),
                    sha: sha(4),
                    published: at(6.0),
                    prerelease: false,
                    url: None,
                },
            ],
            incidents: vec![super::super::synced::IncidentRow {
                number: 77,
                title: Safe::new("down"),
                opened: at(20.5),
                closed: None,
                shas: vec![],
                numbers: vec![12],
                versions: vec!["1".to_owned()],
                url: None,
                updated: at(20.5),
            }],
        };
        let repo = Repository::new(Snapshot {
            rows,
            ..Snapshot::default()
        });
        let ids: Vec<&str> = repo
            .changes
            .iter()
            .map(|c| c.id.as_str().get(..2).unwrap())
            .collect();
        assert_eq!(ids, ["01", "02", "#1", "06"], "the merge by hand is none");
        let released: Vec<_> = repo
            .released
            .iter()
            .map(|r| r.as_ref().map(Safe::as_str))
            .collect();
        assert_eq!(released, [Some("v2"), Some("v2"), Some("v2"), None]);
        assert!(repo.changes[2].flags.has(Flag::IncidentFix));

        let attempts = repo.attempts("production", &|_| None);
        assert_eq!(attempts.len(), 3);
        assert!(repo.attempts("staging", &|_| None).is_empty());
        let s = stream::read(&repo.graph, &attempts, &repo.changes);
        assert_eq!(s.shipped, [Some(0), Some(0), Some(1), Some(1)]);
        assert_eq!(s.deployments[1].kind, Kind::IncidentFix);
        assert_eq!(s.deployments[2].kind, Kind::Rollback);
        assert_eq!(repo.incidents[0].deployments.len(), 3, "it names v1");
        assert_eq!(repo.find("0404").unwrap().1, Node(2));
        assert!(
            repo.find("ff").is_none() && repo.find("0").is_none(),
            "nothing, and too many"
        );
    }

    #[test]
    fn the_hosts_association_tells_which_commits_a_pull_request_became() {
        // 1 - 2 - 3 - 4: #12 was rebased to 2 and 3, of #13 nothing is known but the association of 4.
        let of = |n, parents: &[u8], pull| CommitRow {
            pull,
            ..commit(n, parents)
        };
        let lone = PullRow {
            merge: None,
            ..pull(13, 4, &[])
        };
        let hot = Safe::new("urgent");
        let rows = Batch {
            commits: vec![
                of(4, &[3], Some(13)),
                of(3, &[2], Some(12)),
                of(2, &[1], Some(12)),
                of(1, &[], Some(99)),
            ],
            pulls: vec![
                PullRow {
                    labels: vec![hot.clone()],
                    ..pull(12, 3, &[30, 31])
                },
                lone,
            ],
            ..Batch::default()
        };
        let words = Words {
            hotfix_labels: vec![hot.as_str().to_owned()],
            ..Words::none()
        };
        let snapshot = Snapshot {
            rows,
            ..Snapshot::default()
        };
        let repo = Repository::with_words(snapshot, &words, &[]);
        let found: Vec<_> = repo
            .changes
            .iter()
            .map(|c| {
                (
                    c.number,
                    c.commits.len(),
                    c.matched.method,
                    c.flags.has(Flag::Hotfix),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                (None, 1, Method::Commit, false),
                (Some(12), 1, Method::MergeCommit, true),
                (Some(13), 1, Method::Association, false),
            ],
            "a commit whose pull request is not kept stands for itself"
        );
        assert_eq!(repo.changes[2].matched.confidence, Confidence::Derived);
    }
}
