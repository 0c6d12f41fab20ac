//! What a repository's pull requests and commits become: changes, each with the commits that tell where it is.

use std::collections::{HashMap, HashSet};

use super::ancestry::{Graph, Node, Reachable};
use super::flags::{Flag, Flags};
use super::lead_time::{Boundary, Moments};
use super::marks::{self, Reverted, Signs, Words};
use super::synced::{CommitRow, PullRow};
use super::{Change, ChangeKind, Confidence, Match, Method};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// Where a repository's commits are.
pub(super) struct Known<'a> {
    /// Their graph.
    pub(super) graph: &'a Graph,
    /// Each one's place in it.
    pub(super) places: &'a HashMap<CommitSha, Node>,
    /// Those that the main branch, a release or a last environment has had; none: that is not known.
    pub(super) brought_in: Option<&'a Reachable>,
}

/// Pull requests, and the commits that none of them brought in. A commit that only some other branch has is somebody's work in
/// progress, even where that branch was deployed.
pub(super) fn gathered<'a>(
    pulls: &'a [PullRow],
    commits: &[CommitRow],
    known: &Known<'_>,
    words: &Words,
) -> Vec<(Change, Option<&'a PullRow>)> {
    let places = known.places;
    let mut taken = vec![false; known.graph.len()];
    let mut linked: HashMap<u64, Vec<Node>> = HashMap::new();
    for (commit, n) in commits.iter().zip(0_u32..) {
        if let Some(number) = commit.pull {
            linked.entry(number).or_default().push(Node(n));
        }
    }
    let mut out = Vec::with_capacity(pulls.len());
    for pull in pulls {
        let named = pull.commits.iter().chain(&pull.merge);
        let mut nodes: Vec<Node> = named.filter_map(|s| places.get(s).copied()).collect();
        nodes.extend(linked.remove(&pull.number).unwrap_or_default());
        nodes.sort_unstable();
        nodes.dedup();
        for node in &nodes {
            if let Some(slot) = usize::try_from(node.0).ok().and_then(|p| taken.get_mut(p)) {
                *slot = true;
            }
        }
        let own = nodes.iter().filter_map(|n| row(commits, *n));
        let own: Vec<&CommitRow> = own.collect();
        let landed = pull.merge.as_ref().and_then(|m| places.get(m).copied());
        // What it became holds all of it that can be shipped. Its branch may be known, too, because it was deployed or
        // pre-released: squashed or rebased commits never come any further.
        let nodes = landed.map_or(nodes, |l| vec![l]);
        let exact = landed.is_some();
        out.push((of_pull(pull, &own, (nodes, exact), words), Some(pull)));
    }
    for ((commit, n), taken) in commits.iter().zip(0_u32..).zip(taken) {
        let brought_in = known.brought_in.is_none_or(|b| b.has(Node(n)));
        // A merge by hand is no change by itself.
        if !taken && brought_in && commit.parents.len() < 2 {
            out.push((of_commit(commit, Node(n), words), None));
        }
    }
    out
}

fn row(commits: &[CommitRow], node: Node) -> Option<&CommitRow> {
    commits.get(usize::try_from(node.0).ok()?)
}

/// The ids by which others may name a pull request: of its branch, of what that became, its merge last.
fn ids(pull: &PullRow, own: &[&CommitRow]) -> Vec<CommitSha> {
    let known: HashSet<&CommitSha> = pull.commits.iter().chain(&pull.merge).collect();
    let more = own.iter().map(|c| &c.sha).filter(|s| !known.contains(s));
    let of_branch = pull
        .commits
        .iter()
        .filter(|s| Some(*s) != pull.merge.as_ref());
    of_branch.chain(more).chain(&pull.merge).cloned().collect()
}

/// What a pull request takes back, by its own words or by its commits' (`git revert`). What its commits take back from each other
/// is no matter to others, nor is what they took back and brought again.
fn reverts(pull: &PullRow, own: &[&CommitRow], ids: &[CommitSha]) -> Vec<Reverted> {
    let names = |what: &Reverted, sha: &CommitSha| matches!(what, Reverted::Commit(start) if sha.as_str().starts_with(start.as_str()));
    let told = || own.iter().flat_map(|c| &c.reverts);
    let undone = own.iter().filter(|c| told().any(|r| names(r, &c.sha)));
    let undone: Vec<&Reverted> = undone.flat_map(|c| &c.reverts).collect();
    let mut out = pull.reverts.clone();
    for what in told().filter(|r| !undone.contains(r)) {
        let itself = *what == Reverted::Number(pull.number) || ids.iter().any(|s| names(what, s));
        if !itself && !out.contains(what) {
            out.push(what.clone());
        }
    }
    out
}

/// `own` are the rows of its commits. `exact`: the commit that it became is known; else the host's association tells which are its
/// own.
fn of_pull(
    pull: &PullRow,
    own: &[&CommitRow],
    (nodes, exact): (Vec<Node>, bool),
    words: &Words,
) -> Change {
    let labels: Vec<String> = pull.labels.iter().map(|l| l.as_str().to_owned()).collect();
    let signs = Signs {
        title: pull.title.as_str(),
        branch: pull.branch.as_str(),
        labels: &labels,
        ..Signs::default()
    };
    let mut flags = Flags::from_bits(pull.flags);
    flags.put(Flag::Hotfix, marks::flags(&signs, words).has(Flag::Hotfix));
    let by_merge = exact || (nodes.is_empty() && pull.merge.is_some());
    flags.put(
        Flag::NoCommits,
        pull.moments.at(Boundary::FirstCommit).is_none(),
    );
    let shas = ids(pull, own);
    let reverts = reverts(pull, own, &shas);
    flags.put(Flag::Revert, !reverts.is_empty());
    Change {
        id: Safe::new(&format!("#{}", pull.number)),
        kind: ChangeKind::PullRequest,
        number: Some(pull.number),
        title: pull.title.clone(),
        author: pull.author.clone(),
        url: pull.url.clone(),
        labels: pull.labels.clone(),
        commits: nodes,
        shas,
        moments: pull.moments.clone(),
        reverts,
        flags,
        matched: Match {
            method: if by_merge {
                Method::MergeCommit
            } else {
                Method::Association
            },
            confidence: if by_merge {
                Confidence::Exact
            } else {
                Confidence::Derived
            },
        },
    }
}

fn of_commit(commit: &CommitRow, node: Node, words: &Words) -> Change {
    let subject = commit.subject.as_str();
    let signs = Signs {
        title: subject,
        author: commit.author.as_ref().map_or("", Safe::as_str),
        ..Signs::default()
    };
    let mut flags = marks::flags(&signs, words);
    flags.put(Flag::Revert, !commit.reverts.is_empty());
    let short = commit.sha.short();
    let moments = Moments::default()
        .with(
            Boundary::FirstCommit,
            commit.authored,
            &format!("author date of {short}"),
        )
        .with(
            Boundary::Merged,
            commit.committed,
            &format!("committer date of {short}"),
        );
    Change {
        id: Safe::new(commit.sha.as_str()),
        kind: ChangeKind::Commit,
        number: None,
        title: commit.subject.clone(),
        author: commit.author.clone(),
        url: None,
        labels: Vec::new(),
        commits: vec![node],
        shas: vec![commit.sha.clone()],
        moments,
        reverts: commit.reverts.clone(),
        flags,
        matched: Match {
            method: Method::Commit,
            confidence: Confidence::Exact,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::failures::{self, Reason};
    use super::super::repository::Repository;
    use super::super::repository::tests::{commit, deployment, pull, sha};
    use super::super::stream::{self, Kind};
    use super::super::synced::{Batch, DeploymentRow, IncidentRow, ReleaseRow, Snapshot};
    use super::super::vectors::at;
    use super::*;

    fn staged(id: u64, n: u8, hours: f64) -> DeploymentRow {
        DeploymentRow {
            environment: Safe::new("staging"),
            ..deployment(id, n, hours)
        }
    }

    fn release(tag: &str, n: u8, hours: f64) -> ReleaseRow {
        ReleaseRow {
            tag: Safe::new(tag),
            sha: sha(n),
            published: at(hours),
            prerelease: tag.contains("-rc"),
            url: None,
        }
    }

    #[test]
    fn a_squashed_pull_request_is_where_its_merge_is_though_its_branch_was_deployed() {
        // 1 - 2 - 4, the squash of 30 and 31, which were on staging and in a pre-release.
        let rows = Batch {
            commits: vec![
                commit(4, &[2]),
                commit(2, &[1]),
                commit(1, &[]),
                commit(30, &[2]),
                commit(31, &[30]),
            ],
            pulls: vec![pull(12, 4, &[30, 31])],
            deployments: vec![
                deployment(1, 2, 2.0),
                staged(2, 31, 3.0),
                staged(3, 4, 5.0),
                deployment(4, 4, 6.0),
            ],
            releases: vec![release("v2-rc1", 31, 3.0), release("v2", 4, 5.5)],
            ..Batch::default()
        };
        let repo = Repository::new(Snapshot {
            rows,
            ..Snapshot::default()
        });
        let ids: Vec<_> = repo.changes.iter().map(|c| c.number).collect();
        assert_eq!(ids, [None, None, Some(12)], "its commits are no changes");
        assert_eq!(repo.released[2], Some(Safe::new("v2")));
        let shipped = |env: &str| {
            let attempts = repo.attempts(env, &|_| None);
            stream::read(&repo.graph, &attempts, &repo.changes).shipped[2]
        };
        assert_eq!(shipped("production"), Some(1));
        assert_eq!(shipped("staging"), Some(1));
    }

    #[test]
    fn a_commit_of_an_unmerged_branch_is_no_change_until_it_is_live_or_released() {
        // The main branch is 1 - 2 - 4. 30 and 31 of an open branch are on staging; of the release branch 40 - 41 - 42 - 43 production
        // runs the first, the next is released, 42 is only a candidate; 43 could not be deployed.
        let failed = DeploymentRow {
            succeeded: None,
            failed: true,
            ..deployment(4, 43, 9.0)
        };
        let rows = Batch {
            commits: vec![
                commit(4, &[2]),
                commit(2, &[1]),
                commit(1, &[]),
                commit(30, &[2]),
                commit(31, &[30]),
                commit(40, &[1]),
                commit(41, &[40]),
                commit(42, &[41]),
                commit(43, &[42]),
            ],
            deployments: vec![staged(1, 31, 3.0), deployment(2, 40, 4.0), failed],
            releases: vec![release("v1.0.1", 41, 5.0), release("v1.0.2-rc1", 42, 6.0)],
            ..Batch::default()
        };
        let found = |heads: &[u8], ends: &[String]| {
            let snapshot = Snapshot {
                rows: rows.clone(),
                heads: heads.iter().map(|h| sha(*h)).collect(),
                as_of: None,
            };
            let repo = Repository::with_words(snapshot, &Words::default(), ends);
            let mut shas: Vec<_> = repo.changes.into_iter().flat_map(|c| c.shas).collect();
            shas.sort();
            shas
        };
        let of = |known: &[u8]| known.iter().map(|n| sha(*n)).collect::<Vec<_>>();
        let production = ["production".to_owned()];
        assert_eq!(found(&[4], &production), of(&[1, 2, 4, 40, 41]));
        // The newest head has not come yet: what was there before tells.
        assert_eq!(
            found(&[2, 99], &["staging".to_owned()]),
            of(&[1, 2, 30, 31, 40, 41])
        );
        let all = of(&[1, 2, 4, 30, 31, 40, 41, 42, 43]);
        assert_eq!(
            found(&[], &production),
            all,
            "without the main branch nothing is left out"
        );
        assert_eq!(found(&[99], &production), all);
    }

    /// A commit that takes others back.
    fn reverting(n: u8, parents: &[u8], what: &[u8]) -> CommitRow {
        let start = |n: &u8| Reverted::Commit(format!("{n:02x}").repeat(5));
        CommitRow {
            reverts: what.iter().map(start).collect(),
            ..commit(n, parents)
        }
    }

    #[test]
    fn a_revert_in_a_commit_counts_whichever_commit_of_a_pull_request_it_names() {
        // 1 - 2 - 3 - 4: #12 was rebased to 2 and 3; #13, squashed to 4, takes 2 back in a commit of its branch.
        let of = |row: CommitRow, n| CommitRow {
            pull: Some(n),
            ..row
        };
        let outage = IncidentRow {
            number: 77,
            title: Safe::new("down"),
            opened: at(25.0),
            closed: None,
            shas: vec!["02020202".to_owned()],
            numbers: Vec::new(),
            versions: Vec::new(),
            url: None,
            updated: at(25.0),
        };
        let rows = Batch {
            commits: vec![
                of(reverting(4, &[3], &[2, 41]), 13),
                of(commit(3, &[2]), 12),
                of(commit(2, &[1]), 12),
                commit(1, &[]),
            ],
            pulls: vec![pull(12, 3, &[30, 31]), pull(13, 4, &[40, 41])],
            deployments: vec![
                deployment(1, 1, 10.0),
                deployment(2, 3, 20.0),
                deployment(3, 4, 30.0),
            ],
            incidents: vec![outage],
            ..Batch::default()
        };
        let repo = Repository::new(Snapshot {
            rows,
            ..Snapshot::default()
        });
        let [_, first, second] = &repo.changes[..] else {
            panic!("{:?}", repo.changes)
        };
        assert_eq!(first.shas, [30, 31, 2, 3].map(sha), "the merge is the last");
        assert!(second.flags.has(Flag::Revert) && !first.flags.has(Flag::Revert));
        assert_eq!(second.reverts.len(), 1, "41 is its own");
        let attempts = repo.attempts("production", &|_| None);
        let s = stream::read(&repo.graph, &attempts, &repo.changes);
        assert_eq!(s.reverts, [vec![], vec![], vec![1]]);
        assert_eq!(s.deployments[2].kind, Kind::Revert);
        let failed = failures::find(&s, &repo.changes, &repo.incidents);
        assert_eq!(failed.len(), 1);
        assert!(
            matches!(&failed[0].reasons[..], [Reason::Reverted(what, _), Reason::Incident(77)] if what.as_str() == "#12"),
            "{failed:?}"
        );
    }

    #[test]
    fn what_a_pull_request_took_back_and_brought_again_is_not_taken_back() {
        // 30 takes 2 back, 31 takes 30 back; 5 merges both.
        let rows = Batch {
            commits: vec![
                reverting(31, &[30], &[30]),
                reverting(30, &[2], &[2]),
                commit(5, &[2, 31]),
                commit(2, &[]),
            ],
            pulls: vec![pull(14, 5, &[30, 31])],
            ..Batch::default()
        };
        let repo = Repository::new(Snapshot {
            rows,
            ..Snapshot::default()
        });
        assert!(repo.changes[1].reverts.is_empty());
        assert!(!repo.changes[1].flags.has(Flag::Revert));
    }
}
