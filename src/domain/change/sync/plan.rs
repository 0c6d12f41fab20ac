//! The sync of one repository, step by step: the next question to the host or the store, what became of the answers, what is to
//! be kept.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::beside::{Anchor, Beside, Ended};
use super::reading::{Leaf, Reading, Turn};
use super::walk::{Link, Walk};
use super::{Newest, Terms};
use crate::domain::change::synced::{Batch, CommitRow, Progress, Source};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// Lines that are asked for at once.
pub const TIPS: usize = 10;

/// The next page of every source that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAsk {
    /// The sources, each with the place to go on from; none: at the newest row.
    pub sources: Vec<(Source, Option<Safe>)>,
    /// The commit from which the history is read.
    pub head: Option<CommitSha>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The store tells the commits that it has: [`Plan::lineage`].
    Lineage,
    /// The host gives a page: [`Plan::pages`].
    Page(PageAsk),
    /// The store tells what was deployed and released: [`Plan::anchors`].
    Anchors,
    /// The host gives what each of these commits contains, newest first: [`Plan::lines`].
    Lines(Vec<CommitSha>),
    /// What is due is kept: [`Plan::join`].
    Join,
    /// Nothing is left to do.
    Done,
}

/// The sync of one repository.
#[derive(Debug)]
pub struct Plan {
    terms: Terms,
    newest: Newest,
    now: Timestamp,
    open: Option<Timestamp>,
    progress: BTreeMap<Source, Progress>,
    readings: Vec<Reading>,
    faults: Vec<(Source, Fault)>,
    walk: Option<Walk>,
    /// The last page of the commits waits for the lines that belong to it.
    held: Option<(Reading, Leaf)>,
    /// Those that have nothing new.
    quiet: Vec<Source>,
    /// Something came that may lie beside the main branch.
    beside: bool,
    lines: Beside,
    /// Readings that ended with a turn that is not kept yet, and whether they were fresh.
    ended: BTreeMap<Source, bool>,
    rows: u64,
    expected: BTreeMap<Source, u64>,
}

impl Plan {
    /// What is to be done where this is kept and that is newest. `open` is the beginning of the oldest deployment that is kept
    /// without its end.
    pub fn new(
        progress: BTreeMap<Source, Progress>,
        open: Option<Timestamp>,
        newest: Newest,
        terms: &Terms,
        now: Timestamp,
    ) -> Self {
        let mut plan = Self {
            terms: terms.clone(),
            now,
            open,
            beside: progress.values().any(|p| p.beside),
            progress,
            readings: Vec::new(),
            faults: Vec::new(),
            walk: None,
            held: None,
            quiet: Vec::new(),
            lines: Beside::default(),
            ended: BTreeMap::new(),
            rows: 0,
            expected: BTreeMap::new(),
            newest,
        };
        for source in Source::ALL {
            plan.begin(source);
        }
        plan
    }

    fn begin(&mut self, source: Source) {
        let kept = self.progress.get(&source).cloned().unwrap_or_default();
        match self.newest.get(&source) {
            None => {}
            Some(Err(fault)) => self.faults.push((source, fault.clone())),
            Some(Ok(mark)) => {
                let at = (self.now, self.open);
                match Reading::begin(source, &kept, mark, &self.terms, at) {
                    Some(due) => self.readings.push(due),
                    None => self.quiet.push(source),
                }
            }
        }
    }

    /// Sources that have nothing new: what is kept of them is as true now as when it was read.
    pub fn quiet(&self) -> Vec<(Source, Progress)> {
        let kept = |source: &Source| Some((*source, self.progress.get(source)?.clone()));
        self.quiet.iter().filter_map(kept).collect()
    }

    /// That was kept, and this is the progress that the store has now.
    pub fn confirmed(&mut self, kept: impl IntoIterator<Item = (Source, Progress)>) {
        self.quiet.clear();
        self.progress.extend(kept);
    }

    /// Whether there is nothing to do.
    pub fn is_idle(&self) -> bool {
        self.readings.is_empty() && !self.looks_beside()
    }

    /// Whether lines beside the main branch are due: as long as that is not known, everything would be.
    fn looks_beside(&self) -> bool {
        let commits = self.progress.get(&Source::Commits);
        let known = commits.is_some_and(|p| p.done.is_some() && p.begun.is_none());
        self.held.is_some() || (self.beside && known)
    }

    /// What could not be read.
    pub fn faults(&self) -> &[(Source, Fault)] {
        &self.faults
    }

    /// The rows that came so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The rows that will have come, as far as the host has counted them; at least those that came.
    pub fn expected(&self) -> u64 {
        self.expected.values().sum::<u64>().max(self.rows)
    }

    /// What comes next.
    pub fn step(&self) -> Step {
        let graph = |r: &Reading| !matches!(r.source(), Source::Pulls | Source::Incidents);
        if self.is_idle() {
            return Step::Done;
        }
        let due = self.looks_beside() || self.readings.iter().any(graph);
        if self.walk.is_none() && due {
            return Step::Lineage;
        }
        if !self.readings.is_empty() {
            let place = |r: &Reading| (r.source(), r.cursor().cloned());
            return Step::Page(PageAsk {
                sources: self.readings.iter().map(place).collect(),
                head: self.commits().and_then(Reading::head),
            });
        }
        if !self.lines.is_told() {
            return Step::Anchors;
        }
        let tips = self.lines.due();
        if tips.is_empty() {
            return Step::Join;
        }
        Step::Lines(tips)
    }

    fn commits(&self) -> Option<&Reading> {
        self.readings.iter().find(|r| r.source() == Source::Commits)
    }

    /// The commits that the store has.
    pub fn lineage(&mut self, kept: Vec<Link>) {
        let mut walk = Walk::new(kept);
        let commits = self.readings.iter_mut();
        match commits.into_iter().find(|r| r.source() == Source::Commits) {
            Some(reading) => {
                if reading.is_fresh() {
                    reading.set_floor(walk.loose());
                }
                walk.set_floor(reading.floor());
            }
            None => walk.set_floor(&walk.loose()),
        }
        self.walk = Some(walk);
    }

    /// A page of each source that was asked for, or why it did not come.
    pub fn pages(
        &mut self,
        pages: Vec<(Source, Result<Leaf, Fault>)>,
        now: Timestamp,
    ) -> Vec<Turn> {
        let mut turns = Vec::new();
        for (source, page) in pages {
            let Some(place) = self.readings.iter().position(|r| r.source() == source) else {
                continue;
            };
            match page {
                Err(fault) => self.failed(place, fault),
                Ok(leaf) => turns.extend(self.leaf(place, leaf, now)),
            }
        }
        turns
    }

    /// A source's page did not come. A place that the host no longer knows is no place to go on from.
    fn failed(&mut self, place: usize, fault: Fault) {
        let reading = self.readings.remove(place);
        let lost = matches!(fault.kind, FaultKind::NotFound | FaultKind::Protocol);
        let source = reading.source();
        if lost
            && !reading.is_fresh()
            && let Some(Ok(mark)) = self.newest.get(&source)
        {
            let kept = self.progress.get(&source).cloned().unwrap_or_default();
            let at = (self.now, self.open);
            let anew = Reading::anew(source, &kept, mark, &self.terms, at);
            self.readings.extend(anew);
            self.walk = None;
        } else {
            self.faults.push((source, fault));
        }
    }

    fn leaf(&mut self, place: usize, leaf: Leaf, now: Timestamp) -> Option<Turn> {
        let reading = self.readings.get_mut(place)?;
        let source = reading.source();
        self.rows += u64::try_from(leaf.batch.rows()).unwrap_or(u64::MAX);
        if let Some(total) = leaf.total.filter(|_| reading.is_whole()) {
            self.expected.insert(source, total);
        }
        let ended = if source == Source::Commits {
            let done = self.progress.get(&source).and_then(Progress::mark);
            let rows = &leaf.batch.commits;
            let is_old_head = |c: &CommitRow| {
                done.as_ref()
                    .is_some_and(|d| d.print.as_str() == c.sha.as_str())
            };
            let met = rows.iter().any(is_old_head);
            let beyond = rows.iter().all(|c| c.committed < reading.since());
            let walk = self.walk.get_or_insert_default();
            walk.add(rows);
            leaf.next.is_none() || beyond || (!reading.is_whole() && (met || walk.is_closed()))
        } else {
            reading.reaches(&leaf)
        };
        if !ended {
            return Some(reading.turn(leaf, false, now));
        }
        let mut reading = self.readings.remove(place);
        if source == Source::Commits {
            if reading.is_whole()
                && let Some(walk) = &mut self.walk
            {
                // What is loose now lies beyond the reach.
                walk.set_floor(&walk.loose());
            }
            self.held = Some((reading, leaf));
            return None;
        }
        self.beside |= matches!(source, Source::Deployments | Source::Releases);
        self.ended.insert(source, reading.is_fresh());
        Some(reading.turn(leaf, true, now))
    }

    /// A turn was kept, and this is the progress that the store has now.
    pub fn kept(&mut self, source: Source, progress: Progress) {
        let doubt = progress.doubt;
        self.progress.insert(source, progress);
        // It had begun earlier: what has come since is still to be read. Or the host has deleted something.
        if self
            .ended
            .remove(&source)
            .is_some_and(|fresh| !fresh || doubt)
        {
            self.begin(source);
        }
    }

    /// What was deployed and released, which may lie beside the main branch.
    pub fn anchors(&mut self, anchors: Vec<Anchor>) {
        let kept = self.progress.get(&Source::Commits);
        let kept = kept.map_or(&[][..], |p| &p.missing);
        let held = self.held.as_ref().map(|(reading, _)| reading.missing());
        let missing = held.unwrap_or(kept);
        let walk = self.walk.get_or_insert_default();
        self.lines.tell(anchors, missing, walk, self.now);
    }

    /// What the commits that were asked for contain, in their order; none: the host does not know the commit.
    pub fn lines(&mut self, lines: Vec<Option<Vec<CommitRow>>>) {
        let walk = self.walk.get_or_insert_default();
        let since = self.terms.since(self.now);
        let new = self.lines.take(lines, walk, since);
        self.rows += u64::try_from(new).unwrap_or(u64::MAX);
    }

    /// The lines did not come: the commits stay where they were.
    pub fn lines_failed(&mut self, fault: Fault) {
        self.faults.push((Source::Commits, fault));
        self.held = None;
        self.beside = false;
        self.lines.forget();
    }

    /// The turns that bring the commits to their end, or add and forget those beside the main branch.
    pub fn join(&mut self, now: Timestamp) -> Vec<Turn> {
        self.beside = false;
        let walk = self.walk.take().unwrap_or_default();
        let Ended {
            side,
            anchors,
            missing,
            more,
        } = self.lines.end(&walk, self.now);
        let left = |head: CommitSha| walk.left_behind(std::iter::once(&head).chain(&anchors));
        let progress = |source| self.progress.get(&source).cloned().unwrap_or_default();
        let turn = if let Some((mut reading, mut leaf)) = self.held.take() {
            let sure = leaf.left_out == 0 && (reading.is_whole() || walk.is_closed());
            let gone = reading.head().filter(|_| sure).map(left);
            leaf.batch.commits.extend(side);
            self.ended.insert(Source::Commits, reading.is_fresh());
            // Commits are forgotten by the graph, not by rounds.
            let mut turn = reading.turn(leaf, true, now);
            turn.to.missing = missing;
            Some(Turn {
                sweep: false,
                gone: gone.unwrap_or_default(),
                ..turn
            })
        } else {
            let at = progress(Source::Commits);
            let head = at.mark().filter(|_| at.begun.is_none());
            let head = head.and_then(|m| m.print.as_str().parse().ok());
            let gone = head.filter(|_| walk.is_closed()).map(left);
            let gone = gone.unwrap_or_default();
            let to = Progress {
                missing,
                ..at.clone()
            };
            (!side.is_empty() || !gone.is_empty() || to != at).then(|| Turn {
                batch: Batch {
                    commits: side,
                    ..Batch::default()
                },
                gone,
                ..only(Source::Commits, at, to)
            })
        };
        // What is left is looked for by the next sync.
        let looked = [(Source::Deployments, more), (Source::Releases, false)];
        let looked = looked.map(|(source, beside)| (source, progress(source), beside));
        let looked = looked.into_iter().filter(|(_, p, b)| p.beside != *b);
        let looked = looked.map(|(source, from, beside)| {
            let to = Progress {
                beside,
                ..from.clone()
            };
            only(source, from, to)
        });
        turn.into_iter().chain(looked).collect()
    }
}

/// A turn without rows.
fn only(source: Source, from: Progress, to: Progress) -> Turn {
    Turn {
        source,
        from,
        batch: Batch::default(),
        to,
        ended: false,
        sweep: false,
        gone: Vec::new(),
    }
}
