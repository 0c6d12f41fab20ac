//! Commits beside the main branch: which of those that were deployed or released the host is asked for, in which order, and what
//! came.
//!
//! There may be thousands of them, so a sync asks for some, those that matter now first, and the next ones for the rest. What the
//! host does not know is remembered: it would be asked for by every sync.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::plan::TIPS;
use super::walk::Walk;
use crate::domain::change::synced::CommitRow;
use crate::domain::ids::CommitSha;

/// Lines in all; what is longer than they reach stays loose.
const LINES: usize = 200;
/// Lines of what was deployed or released; the others are for where those come from.
const OWN: usize = LINES / 2;
/// A host may need a while until all of it knows a commit: what is younger is asked for again.
const YOUNG: SignedDuration = SignedDuration::from_hours(24);

/// A commit that was deployed or released, and when.
pub type Anchor = (CommitSha, Timestamp);

/// What is looked for beside the main branch.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Newest first; none: the store has not told them yet.
    anchors: Option<Vec<Anchor>>,
    /// Commits whose lines are to be read, and whether they were deployed or released: those count, however old they are.
    lines: Vec<(CommitSha, bool)>,
    asked: BTreeSet<CommitSha>,
    /// Deployed or released, and the host does not know them.
    missing: BTreeSet<CommitSha>,
    side: Vec<CommitRow>,
}

impl Beside {
    /// Whether the store has told what was deployed and released.
    pub(super) fn is_told(&self) -> bool {
        self.anchors.is_some()
    }

    /// What was deployed and released, and what of it the host does not know as far as is known.
    pub(super) fn tell(
        &mut self,
        mut anchors: Vec<Anchor>,
        missing: &[CommitSha],
        walk: &Walk,
        now: Timestamp,
    ) {
        anchors.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        self.missing.extend(missing.iter().cloned());
        let wanted: Vec<_> = self.unknown(&anchors, walk, now).cloned().collect();
        for sha in wanted {
            self.want(sha, true, OWN);
        }
        self.anchors = Some(anchors);
        self.look(walk);
    }

    /// Those that are to be asked for.
    fn unknown<'a>(
        &'a self,
        anchors: &'a [Anchor],
        walk: &'a Walk,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a CommitSha> {
        let is_due = move |(sha, at): &&Anchor| {
            let young = now.duration_since(*at) < YOUNG;
            !walk.knows(sha) && (young || !self.missing.contains(sha))
        };
        anchors.iter().filter(is_due).map(|(sha, _)| sha)
    }

    fn want(&mut self, sha: CommitSha, anchor: bool, most: usize) {
        if self.asked.len() < most && self.asked.insert(sha.clone()) {
            self.lines.push((sha, anchor));
        }
    }

    /// The parents whose lines are still to be asked for.
    fn look(&mut self, walk: &Walk) {
        for sha in walk.wanted() {
            self.want(sha, false, LINES);
        }
    }

    /// The commits whose lines are asked for next.
    pub(super) fn due(&self) -> Vec<CommitSha> {
        let due = self.lines.iter().take(TIPS);
        due.map(|(sha, _)| sha.clone()).collect()
    }

    /// What the commits that were asked for contain; none: the host does not know the commit. Gives how many rows are new.
    pub(super) fn take(
        &mut self,
        lines: Vec<Option<Vec<CommitRow>>>,
        walk: &mut Walk,
        since: Timestamp,
    ) -> usize {
        let before = self.side.len();
        let asked: Vec<_> = self.lines.drain(..self.lines.len().min(TIPS)).collect();
        for ((tip, anchor), line) in asked.into_iter().zip(lines) {
            let Some(line) = line else {
                self.missing.extend(anchor.then_some(tip));
                continue;
            };
            let counts = |c: &CommitRow| c.committed >= since || (anchor && c.sha == tip);
            let line = line.into_iter();
            let new: Vec<_> = line.filter(|c| !walk.knows(&c.sha) && counts(c)).collect();
            walk.add(&new);
            self.side.extend(new);
        }
        self.look(walk);
        self.side.len() - before
    }

    /// The lines did not come.
    pub(super) fn forget(&mut self) {
        self.lines.clear();
        self.side.clear();
    }

    /// What became of it; it can be told anew afterwards.
    pub(super) fn end(&mut self, walk: &Walk, now: Timestamp) -> Ended {
        let anchors = self.anchors.take().unwrap_or_default();
        let mut unknown = self.unknown(&anchors, walk, now);
        let more = unknown.any(|sha| !self.asked.contains(sha));
        drop(unknown);
        let missing = std::mem::take(&mut self.missing);
        let still = anchors.iter().map(|(sha, _)| sha);
        let still: BTreeSet<_> = still.filter(|s| !walk.knows(s)).collect();
        Ended {
            missing: missing.into_iter().filter(|s| still.contains(s)).collect(),
            side: std::mem::take(&mut self.side),
            anchors: anchors.into_iter().map(|(sha, _)| sha).collect(),
            more,
        }
    }
}

/// What came of looking beside the main branch.
pub(super) struct Ended {
    /// The commits that came.
    pub(super) side: Vec<CommitRow>,
    /// What was deployed and released.
    pub(super) anchors: Vec<CommitSha>,
    /// What of it the host does not know, in order.
    pub(super) missing: Vec<CommitSha>,
    /// Some were not asked for yet.
    pub(super) more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Safe;

    const DAY: i64 = 86_400;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(1_760_000_000 + s).unwrap()
    }

    fn sha(n: i64) -> CommitSha {
        format!("{n:040x}").parse().unwrap()
    }

    fn line(tip: &CommitSha) -> Vec<CommitRow> {
        vec![CommitRow {
            sha: tip.clone(),
            parents: Vec::new(),
            authored: at(0),
            committed: at(0),
            author: None,
            subject: Safe::new("c"),
            reverts: Vec::new(),
            pull: None,
        }]
    }

    /// A sync of what was deployed on so many days, the last today. Gives the days whose commits were asked for, in order, and what
    /// became of it.
    fn look(
        days: i64,
        walk: &mut Walk,
        missing: &[CommitSha],
        is_there: impl Fn(&CommitSha) -> bool,
    ) -> (Vec<i64>, Ended) {
        let now = at(days * DAY);
        let mut beside = Beside::default();
        let anchors = (1..=days).map(|n| (sha(n), at(n * DAY))).collect();
        beside.tell(anchors, missing, walk, now);
        let mut asked = Vec::new();
        loop {
            let due = beside.due();
            if due.is_empty() {
                return (asked, beside.end(walk, now));
            }
            let day = |s: &CommitSha| i64::from_str_radix(s.as_str(), 16).unwrap();
            asked.extend(due.iter().map(day));
            let lines = due.iter().map(|s| is_there(s).then(|| line(s)));
            beside.take(lines.collect(), walk, at(0));
        }
    }

    #[test]
    fn what_was_deployed_last_is_asked_for_first_and_the_rest_by_the_next_syncs() {
        let mut walk = Walk::default();
        let all = i64::try_from(OWN).unwrap() * 2 + 7;
        let own = i64::try_from(OWN).unwrap();
        for (from, to) in [(all - own, all), (7, 7 + own), (0, 7)] {
            let (asked, ended) = look(all, &mut walk, &[], |_| true);
            assert_eq!(asked, (from + 1..=to).rev().collect::<Vec<_>>());
            assert_eq!(ended.more, from > 0);
        }
        let (asked, ended) = look(all, &mut walk, &[], |_| true);
        assert!(asked.is_empty() && !ended.more);
    }

    #[test]
    fn what_the_host_does_not_know_is_asked_for_again_only_while_it_is_young() {
        let mut walk = Walk::default();
        let (asked, ended) = look(5, &mut walk, &[], |s| *s == sha(4));
        assert_eq!(asked, [5, 4, 3, 2, 1]);
        assert_eq!(ended.missing, [sha(1), sha(2), sha(3), sha(5)]);
        let (asked, ended) = look(5, &mut walk, &ended.missing, |s| *s == sha(5));
        assert_eq!(asked, [5], "it had just been pushed");
        assert!(!ended.more);
        // What is no longer kept, or known after all, needs no remembering.
        let (asked, ended) = look(2, &mut walk, &[sha(2), sha(3), sha(5)], |_| true);
        assert_eq!(asked, [2, 1]);
        assert!(ended.missing.is_empty());
    }
}
