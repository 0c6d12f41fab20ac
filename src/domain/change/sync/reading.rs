//! One source being read: where it begins, what becomes of a page, where it ends.

use jiff::{SignedDuration, Timestamp};

use super::{Mark, Terms};
use crate::domain::change::synced::{Batch, Progress, Source};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// A host's clock has seconds: rows of the same one are read again.
const SAME: SignedDuration = SignedDuration::from_secs(60);
/// A release is drafted for that long before it is published; its place is that of the draft.
const DRAFTED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A deployment waits for an approval for that long at most.
pub const WAITS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A page of a source, as a host gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaf {
    /// The rows.
    pub batch: Batch,
    /// The place of the last row in the source's order; none: there was no row.
    pub last: Option<Timestamp>,
    /// The host's word for the next page; none: there is none.
    pub next: Option<Safe>,
    /// How many rows there are in all.
    pub total: Option<u64>,
    /// Rows that could not be read.
    pub left_out: usize,
}

/// What is kept in one go: rows, and how far they bring their source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The source.
    pub source: Source,
    /// The progress that it follows; where the store has another by now, somebody else was there, and nothing is kept.
    pub from: Progress,
    /// The rows.
    pub batch: Batch,
    /// The progress afterwards.
    pub to: Progress,
    /// The reading has come to its end.
    pub ended: bool,
    /// Rows that a whole reading did not meet are forgotten.
    pub sweep: bool,
    /// Commits that are forgotten.
    pub gone: Vec<CommitSha>,
}

impl Progress {
    /// The mark of the last reading that came to its end.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.done.as_ref().and_then(Mark::read)
    }

    /// Of the commits: the main branch's head at the last reading, and the one from which the reading under way began.
    pub fn heads(&self) -> Vec<CommitSha> {
        let marks = self.done.iter().chain(&self.begun).filter_map(Mark::read);
        marks
            .filter_map(|m| m.print.as_str().parse().ok())
            .collect()
    }

    /// Compares what is kept at the end of a reading with what the host counted at its beginning.
    pub fn settle(&mut self, rows: u64, whole: bool) {
        let count = self.mark().map_or(0, |m| m.count);
        let surplus =
            i64::try_from(rows).unwrap_or(i64::MAX) - i64::try_from(count).unwrap_or(i64::MAX);
        self.doubt = !whole && surplus > self.surplus;
        if !self.doubt {
            self.surplus = surplus;
        }
    }
}

/// A source being read.
#[derive(Debug, Clone)]
pub struct Reading {
    source: Source,
    /// What the store has.
    from: Progress,
    /// What it gets with the next page.
    to: Progress,
    since: Timestamp,
    until: Option<Timestamp>,
    fresh: bool,
}

impl Reading {
    /// The reading that is due; none: nothing is new. `open` is the beginning of the oldest deployment that has not ended.
    pub fn begin(
        source: Source,
        kept: &Progress,
        newest: &Mark,
        terms: &Terms,
        (now, open): (Timestamp, Option<Timestamp>),
    ) -> Option<Self> {
        let words = terms.words(source);
        let same = kept.terms.as_ref() == Some(&words);
        let mut to = kept.clone();
        let fresh = kept.begun.is_none() || !same;
        if fresh {
            let done = kept.mark().filter(|_| same && !kept.doubt);
            if done.as_ref() == Some(newest) {
                return None;
            }
            to.begun = Some(newest.text());
            to.next = None;
            to.whole = done.is_none();
            to.done = done.map(|m| m.text());
            to.round += u64::from(to.whole);
            to.terms = Some(words);
            if to.whole {
                to.missing.clear();
            }
        }
        let until = to.mark().and_then(|m| m.at).filter(|_| !to.whole);
        Some(Self {
            source,
            from: kept.clone(),
            since: terms.since(now),
            until: until.map(|at| lower(source, at, now, open)),
            to,
            fresh,
        })
    }

    /// The reading that takes the place of a half done one, whose place the host has lost.
    pub fn anew(
        source: Source,
        kept: &Progress,
        newest: &Mark,
        terms: &Terms,
        at: (Timestamp, Option<Timestamp>),
    ) -> Option<Self> {
        let mut lost = Progress {
            begun: None,
            next: None,
            ..kept.clone()
        };
        // Even if all is as it was before: the half done one has to end.
        lost.doubt |= lost.mark().as_ref() == Some(newest);
        let begun = Self::begin(source, &lost, newest, terms, at);
        begun.map(|reading| Self {
            from: kept.clone(),
            ..reading
        })
    }

    /// What is read.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Where to go on; none: at the newest row.
    pub fn cursor(&self) -> Option<&Safe> {
        self.to.next.as_ref()
    }

    /// The commit from which the history is read.
    pub(super) fn head(&self) -> Option<CommitSha> {
        let mark = self.to.begun.as_ref().and_then(Mark::read)?;
        mark.print.as_str().parse().ok()
    }

    /// Whether it goes down to the reach.
    pub fn is_whole(&self) -> bool {
        self.to.whole
    }

    /// It began with what is newest now; it was not found half done.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    pub(super) fn since(&self) -> Timestamp {
        self.since
    }

    pub(super) fn floor(&self) -> &[CommitSha] {
        &self.to.floor
    }

    pub(super) fn missing(&self) -> &[CommitSha] {
        &self.to.missing
    }

    pub(super) fn set_floor(&mut self, floor: Vec<CommitSha>) {
        self.to.floor = floor;
    }

    /// Whether all that is new lies before the end of a page.
    pub(super) fn reaches(&self, leaf: &Leaf) -> bool {
        let end = self.until.map_or(self.since, |u| u.max(self.since));
        leaf.next.is_none() || leaf.last.is_some_and(|at| at < end)
    }

    /// What is kept of a page, with which the reading has `ended` or not.
    pub(super) fn turn(&mut self, mut leaf: Leaf, ended: bool, now: Timestamp) -> Turn {
        leaf.batch.drop_older(self.since);
        // A branch is not counted: its head tells all.
        if self.source != Source::Commits
            && self.to.next.is_none()
            && let (Some(total), Some(mut mark)) =
                (leaf.total, self.to.begun.as_ref().and_then(Mark::read))
        {
            // Counted together with the rows: nothing can happen between the two.
            mark.count = total;
            self.to.begun = Some(mark.text());
        }
        let mut to = self.to.clone();
        let sweep = ended && to.whole;
        if ended {
            to.done = to.begun.take();
            to.next = None;
            to.at = Some(now);
            to.whole = false;
            // Where rows are counted the store doubts anew.
            to.doubt = false;
            to.floor = Vec::new();
            to.beside = matches!(self.source, Source::Deployments | Source::Releases);
        } else {
            to.next = leaf.next;
        }
        self.to = to.clone();
        Turn {
            source: self.source,
            from: std::mem::replace(&mut self.from, to.clone()),
            batch: leaf.batch,
            to,
            ended,
            sweep,
            gone: Vec::new(),
        }
    }
}

/// Down to where a source is read again, above which all was there when the newest row was `at`.
fn lower(source: Source, at: Timestamp, now: Timestamp, open: Option<Timestamp>) -> Timestamp {
    let before = |at: Timestamp, by| at.checked_sub(by).unwrap_or(at);
    match source {
        Source::Releases => before(at, DRAFTED),
        Source::Deployments => {
            let open = open.filter(|at| *at >= before(now, WAITS));
            before(at.min(open.unwrap_or(at)), SAME)
        }
        Source::Commits | Source::Pulls | Source::Incidents => before(at, SAME),
    }
}

impl Batch {
    /// Drops what lies beyond the reach, by moments that stay as they are: an old row that somebody touches must not become one
    /// more. Commits stay: a hole would cut the graph.
    fn drop_older(&mut self, since: Timestamp) {
        self.pulls.retain(|p| p.merged >= since);
        self.deployments.retain(|d| d.created >= since);
        self.releases.retain(|r| r.published >= since);
        self.incidents.retain(|i| i.opened >= since);
    }
}
