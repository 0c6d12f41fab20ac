//! What a clone tells by itself: commits, and tags that stand for releases. No pull requests are known here but those that a
//! merge commit's message names; every other commit is a change by itself, from its author date to the first tag that contains it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::ancestry::{Graph, Node, first_containing, first_of};
use super::flags::{Flag, Flags};
use super::lead_time::{Boundary, Measured, Moment, Moments, measure};
use super::marks::{self, Reverted, Signs, Words};
use super::{Change, ChangeKind, Confidence, Match, Method};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// A commit's id as bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(pub [u8; 20]);

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Oid {
    /// As the rest of the program writes it.
    pub fn sha(&self) -> Option<CommitSha> {
        self.to_string().parse().ok()
    }

    /// The beginning, as people write it.
    pub fn short(&self) -> String {
        self.to_string().chars().take(7).collect()
    }
}

/// A commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id.
    pub oid: Oid,
    /// Its parents, also those that the clone lacks.
    pub parents: Vec<Oid>,
    /// The author date, in seconds since 1970.
    pub authored: i64,
    /// The committer date.
    pub committed: i64,
    /// Its author, a position in [`History::authors`].
    pub author: u32,
    /// The first line of its message.
    pub subject: String,
    /// The title that a merged pull request's message carries in its second paragraph.
    pub title: Option<String>,
    /// What it takes back.
    pub reverts: Vec<Reverted>,
    /// It is a copy of another commit.
    pub picked: bool,
}

/// A tag that names a commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// Its name.
    pub name: Safe,
    /// The commit.
    pub node: Node,
    /// When it was made: the tagger's date, else the committer's.
    pub at: Timestamp,
    /// It has a tagger's date.
    pub annotated: bool,
}

/// What was read from a clone.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The commits; a commit's [`Node`] is its position.
    pub commits: Vec<Record>,
    /// Who wrote them: name and address.
    pub authors: Vec<(String, String)>,
    /// Their graph.
    pub graph: Graph,
    /// The tags that count as releases, oldest first.
    pub tags: Vec<Tag>,
    /// What is checked out; none: nothing was committed yet.
    pub head: Option<Node>,
    /// Only the newest commits are there.
    pub shallow: bool,
    /// Who is asking, by the clone's settings: an address.
    pub me: Option<String>,
}

impl History {
    /// Makes the graph of the commits, and puts the tags in order.
    #[must_use]
    pub fn connected(mut self) -> Self {
        let places: HashMap<Oid, Node> = (0_u32..)
            .zip(&self.commits)
            .map(|(n, c)| (c.oid, Node(n)))
            .collect();
        let mut pairs = Vec::with_capacity(self.commits.len());
        for (n, commit) in (0_u32..).zip(&self.commits) {
            let known = commit.parents.iter().filter_map(|p| places.get(p));
            pairs.extend(known.map(|p| (Node(n), *p)));
        }
        self.graph = Graph::new(self.commits.len(), &pairs);
        self.tags
            .sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.name.cmp(&b.name)));
        self
    }

    /// A commit.
    pub fn commit(&self, node: Node) -> Option<&Record> {
        self.commits.get(usize::try_from(node.0).ok()?)
    }

    /// The place of a commit.
    pub fn find(&self, oid: Oid) -> Option<Node> {
        let place = self.commits.iter().position(|c| c.oid == oid)?;
        u32::try_from(place).ok().map(Node)
    }

    /// For each commit, the first of the tags that contains it.
    pub fn first_tags(&self) -> Vec<Option<u32>> {
        first_containing(&self.graph, self.tags.iter().map(|t| Some(t.node)))
    }

    /// The first tag that contains a commit.
    pub fn first_tag(&self, node: Node) -> Option<&Tag> {
        self.tags.iter().find(|t| self.graph.contains(t.node, node))
    }

    fn author(&self, of: &Record) -> Option<&(String, String)> {
        self.authors.get(usize::try_from(of.author).ok()?)
    }
}

/// A change with its way into a release.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalChange {
    /// The change; its moments go up to the release.
    pub change: Change,
    /// The address of its author.
    pub email: Arc<str>,
    /// The tag that contains it first, a position in [`History::tags`].
    pub tag: Option<usize>,
    /// How long it took.
    pub measured: Measured,
}

/// What the clone's history consists of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LocalChanges {
    /// The changes, the newest first by where they landed.
    pub changes: Vec<LocalChange>,
    /// Merge commits that are no change by themselves.
    pub merges: usize,
}

/// The changes of a clone that landed after a moment.
pub fn changes(history: &History, since: Option<Timestamp>, now: Now) -> LocalChanges {
    let first = history.first_tags();
    // Where the main branch took each commit in.
    let trunk = history
        .head
        .map(|h| history.graph.trunk(h))
        .unwrap_or_default();
    let landed = first_containing(&history.graph, trunk.iter().copied().map(Some));
    let mut pulls: HashMap<u32, Vec<Node>> = HashMap::new();
    let mut out = LocalChanges::default();
    let mut alone = Vec::new();
    for (n, commit) in (0_u32..).zip(&history.commits) {
        let node = Node(n);
        let at = first_of(&landed, node);
        let tag = first_of(&first, node);
        if at.is_none() && tag.is_none() {
            // Neither on the main branch nor released: somebody's work in progress, or history that was rewritten.
            continue;
        }
        let landing = at.and_then(|at| trunk.get(at)).copied();
        let by_pull = landing
            .filter(|l| history.graph.parents(*l).len() > 1)
            .filter(|l| history.commit(*l).is_some_and(is_pull));
        if let Some(landing) = by_pull {
            pulls.entry(landing.0).or_default().push(node);
        } else if commit.parents.len() > 1 {
            out.merges += 1;
        } else {
            alone.push((node, landing));
        }
    }
    let seed = history.tags.first().map(|_| 0);
    let mut emails: HashMap<u32, Arc<str>> = HashMap::new();
    let fresh = |at: i64| since.is_none_or(|s| at >= s.as_second());
    let mut push = |change: Change, author: u32, tag: Option<usize>| {
        let email = emails.entry(author).or_insert_with(|| {
            let place = usize::try_from(author).unwrap_or(usize::MAX);
            history.authors.get(place).map_or("", |a| &a.1).into()
        });
        let email = Arc::clone(email);
        out.changes
            .push(finish(history, change, email, tag, seed, now));
    };
    for (node, landing) in alone {
        if let Some(commit) = history.commit(node) {
            let landing = landing.and_then(|l| history.commit(l)).unwrap_or(commit);
            if fresh(landing.committed) {
                let change = of_commit(history, node, commit, landing);
                push(change, commit.author, first_of(&first, node));
            }
        }
    }
    for (landing, nodes) in pulls {
        if let Some(merge) = history.commit(Node(landing)).filter(|m| fresh(m.committed)) {
            let (change, author) = of_pull(history, merge, &nodes);
            push(change, author, first_of(&first, Node(landing)));
        }
    }
    out.changes.sort_by(|a, b| {
        let at = |c: &LocalChange| c.change.moments.at(Boundary::Merged);
        at(b)
            .cmp(&at(a))
            .then_with(|| a.change.id.cmp(&b.change.id))
    });
    out
}

fn is_pull(commit: &Record) -> bool {
    marks::merged_number(&commit.subject).is_some()
}

/// A moment that a commit tells; a date out of reach is the nearest that can be told.
fn moment(seconds: i64, what: &str, commit: &Record) -> Moment {
    let end = if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Moment {
        at: Timestamp::from_second(seconds).unwrap_or(end),
        source: Safe::new(&format!("{what} of {}", commit.oid.short())),
        url: None,
    }
}

fn signed(history: &History, commit: &Record, title: &str, branch: &str) -> Flags {
    let (name, email) = history
        .author(commit)
        .map_or(("", ""), |(n, e)| (n.as_str(), e.as_str()));
    let mut flags = marks::flags(
        &Signs {
            title,
            branch,
            author: name,
            is_bot: email.contains("[bot]@"),
            ..Signs::default()
        },
        &Words::default(),
    );
    flags.put(Flag::CherryPick, commit.picked);
    flags.put(Flag::Revert, !commit.reverts.is_empty());
    flags
}

fn named(history: &History, commit: &Record) -> Option<Safe> {
    history
        .author(commit)
        .map(|(name, _)| Safe::new(name))
        .filter(|n| !n.is_empty())
}

fn of_commit(history: &History, node: Node, commit: &Record, landing: &Record) -> Change {
    let mut moments = Moments::default();
    // A copy begins when it was made, whoever wrote the original.
    let wrote = if commit.picked {
        moment(commit.committed, "committer date", commit)
    } else {
        moment(commit.authored, "author date", commit)
    };
    moments.set(Boundary::FirstCommit, Some(wrote));
    let merged = moment(landing.committed, "committer date", landing);
    moments.set(Boundary::Merged, Some(merged));
    Change {
        id: Safe::new(&commit.oid.to_string()),
        kind: ChangeKind::Commit,
        number: marks::trailing_number(&commit.subject),
        title: Safe::new(&commit.subject),
        author: named(history, commit),
        url: None,
        commits: vec![node],
        shas: commit.oid.sha().into_iter().collect(),
        moments,
        reverts: commit.reverts.clone(),
        flags: signed(history, commit, &commit.subject, ""),
        matched: Match {
            method: Method::Commit,
            confidence: Confidence::Approximate,
        },
    }
}

/// The change that a merge commit took in, and its author.
fn of_pull(history: &History, merge: &Record, nodes: &[Node]) -> (Change, u32) {
    let (number, branch) = marks::merged_number(&merge.subject).unwrap_or_default();
    let branch = branch.split_once('/').map_or(branch, |(_, b)| b);
    let work: Vec<&Record> = nodes
        .iter()
        .filter_map(|n| history.commit(*n))
        .filter(|c| c.parents.len() < 2)
        .collect();
    // Neither bots nor merges from the main branch say when the work began.
    let by_people = work.iter().filter(|c| {
        let author = history.author(c);
        !author.is_some_and(|(name, email)| marks::is_bot(name) || email.contains("[bot]@"))
    });
    let first = by_people
        .min_by_key(|c| c.authored)
        .or_else(|| work.iter().min_by_key(|c| c.authored))
        .copied();
    let title = merge.title.as_deref().unwrap_or(&merge.subject);
    let mut moments = Moments::default();
    let wrote = first.map(|c| moment(c.authored, "author date", c));
    moments.set(Boundary::FirstCommit, wrote);
    let merged = moment(merge.committed, "committer date", merge);
    moments.set(Boundary::Merged, Some(merged));
    let who = first.unwrap_or(merge);
    let mut flags = signed(history, who, title, branch);
    flags.put(Flag::NoCommits, first.is_none());
    let change = Change {
        id: Safe::new(&format!("#{number}")),
        kind: ChangeKind::PullRequest,
        number: Some(number),
        title: Safe::new(title),
        author: named(history, who),
        url: None,
        commits: nodes.to_vec(),
        shas: merge.oid.sha().into_iter().collect(),
        moments,
        reverts: work.iter().flat_map(|c| c.reverts.clone()).collect(),
        flags,
        matched: Match {
            method: Method::MergeMessage,
            confidence: Confidence::Derived,
        },
    };
    (change, who.author)
}

fn finish(
    history: &History,
    mut change: Change,
    email: Arc<str>,
    tag: Option<usize>,
    seed: Option<usize>,
    now: Now,
) -> LocalChange {
    let by = tag.and_then(|t| history.tags.get(t));
    let released = by.map(|t| Moment {
        at: t.at,
        source: Safe::new(&format!("tag {}", t.name)),
        url: None,
    });
    change.moments.set(Boundary::Released, released);
    let mut measured = measure(&change.moments, Boundary::Released, now);
    measured.flags = measured.flags.and(change.flags);
    measured.flags.put(Flag::Seed, tag.is_some() && tag == seed);
    LocalChange {
        change,
        email,
        tag,
        measured,
    }
}

/// The commit by which a pull request came in, as messages tell it: its merge commit, else the newest commit whose subject ends
/// with its number.
pub fn pull(history: &History, number: u64) -> Option<Oid> {
    let merged = |c: &&Record| marks::merged_number(&c.subject).is_some_and(|(n, _)| n == number);
    let squashed = |c: &&Record| marks::trailing_number(&c.subject) == Some(number);
    let first = history.commits.iter().find(merged);
    let found = first.or_else(|| {
        let all = history.commits.iter().filter(squashed);
        // A backport carries the number, too: the first is the pull request's own.
        all.min_by_key(|c| c.committed)
    });
    found.map(|c| c.oid)
}
