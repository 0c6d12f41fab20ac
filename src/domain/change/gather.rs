//! What a repository's pull requests and commits become: changes, each with the commits that tell where it is.

use std::collections::HashMap;

use super::ancestry::{Graph, Node};
use super::flags::{Flag, Flags};
use super::lead_time::{Boundary, Moments};
use super::marks::{self, Signs, Words};
use super::synced::{CommitRow, PullRow};
use super::{Change, ChangeKind, Confidence, Match, Method};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// Pull requests, and the commits of the main branch that none brought in.
pub(super) fn gathered<'a>(
    pulls: &'a [PullRow],
    commits: &[CommitRow],
    places: &HashMap<CommitSha, Node>,
    (graph, words): (&Graph, &Words),
) -> Vec<(Change, Option<&'a PullRow>)> {
    let mut taken = vec![false; graph.len()];
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
        let exact = pull.merge.as_ref().is_some_and(|m| places.contains_key(m));
        nodes.extend(linked.remove(&pull.number).unwrap_or_default());
        nodes.sort_unstable();
        nodes.dedup();
        for node in &nodes {
            if let Some(slot) = usize::try_from(node.0).ok().and_then(|p| taken.get_mut(p)) {
                *slot = true;
            }
        }
        out.push((of_pull(pull, nodes, exact, words), Some(pull)));
    }
    for ((commit, n), taken) in commits.iter().zip(0_u32..).zip(taken) {
        // A merge by hand is no change by itself.
        if !taken && commit.parents.len() < 2 {
            out.push((of_commit(commit, Node(n), words), None));
        }
    }
    out
}

/// `exact`: the commit that it became is known; else the host's association tells which are its own.
fn of_pull(pull: &PullRow, nodes: Vec<Node>, exact: bool, words: &Words) -> Change {
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
    let mut shas = pull.commits.clone();
    shas.extend(pull.merge.clone());
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
        reverts: pull.reverts.clone(),
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
