//! What a clone tells by itself: commits, and tags that stand for releases. No pull requests are known here but those that a
//! merge commit's message names; every other commit is a change by itself, from its author date to the first tag that contains it.

use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;

use super::ancestry::{Graph, Node, first_containing, first_of};
use super::flags::{Flag, Flags};
use super::lead_time::{Boundary, Measured, Moment, Moments, measure_times};
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

/// A change with its way into a release, in numbers; [`History::describe`] puts it into words.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalChange {
    what: What,
    /// Where the main branch took it in, else the commit itself.
    landing: Node,
    /// Its author, a position in [`History::authors`].
    author: u32,
    /// The tag that contains it first, a position in [`History::tags`].
    pub tag: Option<usize>,
    /// How long it took.
    pub measured: Measured,
}

/// Of what a change consists.
#[derive(Debug, Clone, PartialEq)]
enum What {
    Commit(Node),
    /// Everything that the landing merge took in.
    Pull(Vec<Node>),
}

/// What the clone's history consists of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LocalChanges {
    /// The changes, the newest first by where they landed.
    pub changes: Vec<LocalChange>,
    /// Merge commits that are no change by themselves.
    pub merges: usize,
}

/// The changes of a clone that landed after a moment; of one author only, where an address is given.
pub fn changes(
    history: &History,
    since: Option<Timestamp>,
    by: Option<&str>,
    now: Now,
) -> LocalChanges {
    let first = history.first_tags();
    // Where the main branch took each commit in.
    let trunk = history
        .head
        .map(|h| history.graph.trunk(h))
        .unwrap_or_default();
    let landed = first_containing(&history.graph, trunk.iter().copied().map(Some));
    let mut pulls: HashMap<u32, Vec<Node>> = HashMap::new();
    let mut out = LocalChanges::default();
    let mut found = Vec::new();
    for (n, commit) in (0_u32..).zip(&history.commits) {
        let node = Node(n);
        let at = first_of(&landed, node);
        if at.is_none() && first_of(&first, node).is_none() {
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
            found.push((What::Commit(node), landing.unwrap_or(node)));
        }
    }
    let pulls = pulls.into_iter();
    found.extend(pulls.map(|(landing, nodes)| (What::Pull(nodes), Node(landing))));
    let released = Releases { first: &first, now };
    let fresh = |at: i64| since.is_none_or(|s| at >= s.as_second());
    for (what, landing) in found {
        if history.commit(landing).is_some_and(|l| fresh(l.committed)) {
            out.changes
                .extend(history.measured(what, landing, &released));
        }
    }
    if let Some(me) = by {
        out.changes.retain(|c| {
            let who = usize::try_from(c.author).ok();
            let who = who.and_then(|a| history.authors.get(a));
            who.is_some_and(|(_, email)| email.eq_ignore_ascii_case(me))
        });
    }
    let at = |c: &LocalChange| history.commit(c.landing).map(|l| (l.committed, l.oid));
    out.changes.sort_by_cached_key(|c| std::cmp::Reverse(at(c)));
    out
}

struct Releases<'a> {
    first: &'a [Option<u32>],
    now: Now,
}

fn is_pull(commit: &Record) -> bool {
    marks::merged_number(&commit.subject).is_some()
}

/// A date; what is out of reach is the nearest that can be told.
fn date(seconds: i64) -> Timestamp {
    let end = if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_second(seconds).unwrap_or(end)
}

fn moment(seconds: i64, what: &str, commit: &Record) -> Moment {
    Moment {
        at: date(seconds),
        source: Safe::new(&format!("{what} of {}", commit.oid.short())),
        url: None,
    }
}

impl History {
    /// The commit that tells when the work on a change began, and its date; none: a merge of nothing.
    fn began(&self, what: &What) -> Option<(&Record, i64)> {
        match what {
            What::Commit(node) => {
                let commit = self.commit(*node)?;
                // A copy begins when it was made, whoever wrote the original.
                let at = if commit.picked {
                    commit.committed
                } else {
                    commit.authored
                };
                Some((commit, at))
            }
            What::Pull(nodes) => {
                // Neither bots nor merges from the main branch say when the work began.
                let work = || self.work(nodes);
                let by_people = work().filter(|c| !self.is_bots(c));
                by_people
                    .min_by_key(|c| c.authored)
                    .or_else(|| work().min_by_key(|c| c.authored))
                    .map(|c| (c, c.authored))
            }
        }
    }

    fn work(&self, nodes: &[Node]) -> impl Iterator<Item = &Record> {
        let commits = nodes.iter().filter_map(|n| self.commit(*n));
        commits.filter(|c| c.parents.len() < 2)
    }

    fn is_bots(&self, commit: &Record) -> bool {
        let author = self.author(commit);
        author.is_some_and(|(name, email)| marks::is_bot(name) || email.contains("[bot]@"))
    }

    fn measured(&self, what: What, landing: Node, releases: &Releases<'_>) -> Option<LocalChange> {
        let landed = self.commit(landing)?;
        let last = match &what {
            What::Commit(node) => *node,
            What::Pull(_) => landing,
        };
        let tag = first_of(releases.first, last);
        let mut times = [None; 7];
        let began = self.began(&what);
        let known = [
            (Boundary::FirstCommit, began.map(|(_, at)| date(at))),
            (Boundary::Merged, Some(date(landed.committed))),
            (
                Boundary::Released,
                tag.and_then(|t| self.tags.get(t)).map(|t| t.at),
            ),
        ];
        for (boundary, at) in known {
            if let Some(slot) = times.get_mut(boundary as usize) {
                *slot = at;
            }
        }
        let mut measured = measure_times(times, Boundary::Released, releases.now);
        let who = began.map_or(landed, |(c, _)| c);
        let author = who.author;
        let flags = self.flags(&what, landed, who);
        measured.flags = measured.flags.and(flags);
        measured.flags.put(Flag::NoCommits, began.is_none());
        measured.flags.put(Flag::Seed, tag == Some(0));
        Some(LocalChange {
            what,
            landing,
            author,
            tag,
            measured,
        })
    }

    fn flags(&self, what: &What, landed: &Record, who: &Record) -> Flags {
        let (title, branch) = match what {
            What::Commit(_) => (who.subject.as_str(), ""),
            What::Pull(_) => {
                let branch = marks::merged_number(&landed.subject).map_or("", |(_, b)| b);
                let branch = branch.split_once('/').map_or(branch, |(_, b)| b);
                (landed.title.as_deref().unwrap_or(&landed.subject), branch)
            }
        };
        let mut flags = marks::flags(
            &Signs {
                title,
                branch,
                is_bot: self.is_bots(who),
                ..Signs::default()
            },
            &Words::default(),
        );
        flags.put(Flag::CherryPick, who.picked);
        flags.put(Flag::Revert, !who.reverts.is_empty());
        flags
    }

    /// A change in words, with where each of its moments comes from.
    pub fn describe(&self, of: &LocalChange) -> Option<Change> {
        let landed = self.commit(of.landing)?;
        let began = self.began(&of.what);
        let who = began.map_or(landed, |(c, _)| c);
        let mut moments = Moments::default();
        let wrote = began.map(|(c, at)| {
            let source = if c.picked { "committer" } else { "author" };
            moment(at, &format!("{source} date"), c)
        });
        moments.set(Boundary::FirstCommit, wrote);
        let merged = moment(landed.committed, "committer date", landed);
        moments.set(Boundary::Merged, Some(merged));
        let released = of.tag.and_then(|t| self.tags.get(t)).map(|t| Moment {
            at: t.at,
            source: Safe::new(&format!("tag {}", t.name)),
            url: None,
        });
        moments.set(Boundary::Released, released);
        let author = self.author(who).map(|(name, _)| Safe::new(name));
        let author = author.filter(|n| !n.is_empty());
        Some(match &of.what {
            What::Commit(node) => Change {
                id: Safe::new(&who.oid.to_string()),
                kind: ChangeKind::Commit,
                number: marks::trailing_number(&who.subject),
                title: Safe::new(&who.subject),
                author,
                url: None,
                labels: Vec::new(),
                commits: vec![*node],
                shas: who.oid.sha().into_iter().collect(),
                moments,
                reverts: who.reverts.clone(),
                flags: of.measured.flags,
                matched: Match {
                    method: Method::Commit,
                    confidence: Confidence::Approximate,
                },
            },
            What::Pull(nodes) => {
                let (number, _) = marks::merged_number(&landed.subject)?;
                let title = landed.title.as_deref().unwrap_or(&landed.subject);
                Change {
                    id: Safe::new(&format!("#{number}")),
                    kind: ChangeKind::PullRequest,
                    number: Some(number),
                    title: Safe::new(title),
                    author,
                    url: None,
                    labels: Vec::new(),
                    commits: nodes.clone(),
                    shas: landed.oid.sha().into_iter().collect(),
                    moments,
                    reverts: self.work(nodes).flat_map(|c| c.reverts.clone()).collect(),
                    flags: of.measured.flags,
                    matched: Match {
                        method: Method::MergeMessage,
                        confidence: Confidence::Derived,
                    },
                }
            }
        })
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
