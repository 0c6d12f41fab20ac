//! What a person asks of the kept changes, and the answer: whose, since when, which words; the rows, how long they took by stage,
//! and week by week.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::delivery::Delivered;
use super::flags::{Flag, Flags};
use super::lead_time::Stage;
use super::queue::Queue;
use super::stats::Spread;
use crate::domain::ids::ServiceId;
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// So many rows are listed; the figures are of all.
pub const MOST: usize = 1_000;
/// The trend is of so many weeks.
pub const WEEKS: usize = 12;
const WEEK_H: i64 = 7 * 24;

/// Whose changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// Of these people, by login.
    People(Vec<Safe>),
    /// Of a service.
    Service(ServiceId),
    /// All.
    All,
}

/// The question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ask {
    /// Whose.
    pub whose: Whose,
    /// What happened in so many days before now.
    pub days: u32,
    /// Words that all have to be there, `author:NAME`, `label:NAME` or `service:NAME` among them; empty: no matter.
    pub words: String,
    /// Bots and changes that only make a release count, too.
    pub bots: bool,
}

impl Ask {
    /// What moved before it is no matter.
    pub fn from(&self, now: Now) -> Timestamp {
        let days = SignedDuration::from_hours(i64::from(self.days) * 24);
        now.0.checked_sub(days).unwrap_or(Timestamp::MIN)
    }
}

/// What one change was, in numbers: enough for the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// When it reached the last environment first.
    pub ended: Option<Timestamp>,
    /// From its start to there, in seconds.
    pub lead_s: Option<i64>,
    /// Its stages, in seconds.
    pub stages_s: [Option<i64>; 6],
    /// What is special about it.
    pub flags: Flags,
}

/// How many changes are listed, but do not count, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// On their way.
    pub open: usize,
    /// In the first deployment known.
    pub seed: usize,
    /// In a deployment that shares no known history with those before it.
    pub afresh: usize,
    /// Written by bots.
    pub bots: usize,
    /// Only making a release.
    pub releases: usize,
    /// Ending before they began.
    pub negative: usize,
    /// First deployed before the time that is asked about; they only moved since then.
    pub earlier: usize,
}

/// How long a stage took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageFigures {
    /// The stage.
    pub stage: Stage,
    /// The spread.
    pub spread: Spread,
    /// Its part of the whole time, 0..1.
    pub share: f64,
}

/// The answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The changes, what moved last first; [`MOST`] at most.
    pub rows: Vec<Delivered>,
    /// How many there are.
    pub total: usize,
    /// How many of them do not count, and why.
    pub left_out: LeftOut,
    /// How long those took that reached the last environment in this time.
    pub lead: Spread,
    /// The same by stage.
    pub stages: Vec<StageFigures>,
    /// The median of each of the last weeks, the oldest first; none: nothing arrived in it.
    pub weeks: Vec<Option<f64>>,
    /// What waits in the environments of the service that was asked for.
    pub queues: Vec<Queue>,
    /// When the oldest of the sources was last read to its end; none: some source never was.
    pub as_of: Option<Timestamp>,
}

/// A change as it is counted and sought.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The service.
    pub service: &'a str,
    /// Who wrote it, in lower case.
    pub author: &'a str,
    /// Its labels, in lower case, a line each.
    pub labels: &'a str,
    /// Id, title, author, labels and service, in lower case.
    pub words: &'a str,
}

impl Candidate<'_> {
    /// Whether all words are there.
    pub fn holds(&self, wanted: &str) -> bool {
        wanted.split_whitespace().all(|word| {
            let word = word.to_lowercase();
            match word.split_once(':') {
                Some(("author", name)) => self.author.contains(name),
                Some(("label", name)) => self.labels.lines().any(|l| l.contains(name)),
                Some(("service", name)) => self.service.contains(name),
                _ => self.words.contains(word.as_str()),
            }
        })
    }
}

impl LeftOut {
    /// Those that there are, each with the reason in words.
    pub fn reasons(&self) -> Vec<(usize, &'static str)> {
        let all = [
            (self.open, "on their way"),
            (self.earlier, "deployed before that time"),
            (self.bots, "by bots"),
            (self.releases, "only making a release"),
            (self.seed, "in the first deployment or release known"),
            (self.afresh, "in a deployment without a known past"),
            (self.negative, "ending before they begin"),
        ];
        all.into_iter().filter(|(n, _)| *n > 0).collect()
    }

    /// The reason's count for which a change does not count; none: it does.
    pub fn reason(&mut self, flags: Flags, arrived: bool, bots: bool) -> Option<&mut usize> {
        Some(if !bots && flags.has(Flag::Bot) {
            &mut self.bots
        } else if !bots && flags.has(Flag::ReleasePr) {
            &mut self.releases
        } else if flags.has(Flag::Negative) {
            &mut self.negative
        } else if flags.has(Flag::Afresh) {
            &mut self.afresh
        } else if flags.has(Flag::Seed) {
            &mut self.seed
        } else if !arrived {
            &mut self.open
        } else {
            return None;
        })
    }
}

/// Gathers the figures of an answer.
#[derive(Debug)]
pub struct Tally {
    from: Timestamp,
    now: Timestamp,
    bots: bool,
    leads: Vec<SignedDuration>,
    stages: [Vec<SignedDuration>; 6],
    weeks: [Vec<SignedDuration>; WEEKS],
    total: usize,
    left_out: LeftOut,
}

impl Tally {
    /// Of what happened between two moments.
    pub fn new(from: Timestamp, now: Now, bots: bool) -> Self {
        Self {
            from,
            now: now.0,
            bots,
            leads: Vec::new(),
            stages: Default::default(),
            weeks: Default::default(),
            total: 0,
            left_out: LeftOut::default(),
        }
    }

    /// Changes that moved before it say nothing.
    pub fn since(&self) -> Timestamp {
        let weeks = SignedDuration::from_hours(i64::try_from(WEEKS).unwrap_or(0) * WEEK_H);
        let back = self.now.checked_sub(weeks).unwrap_or(Timestamp::MIN);
        self.from.min(back)
    }

    /// Takes a change in; whether it is to be listed.
    pub fn take(&mut self, moved: Timestamp, figures: &Figures) -> bool {
        let listed = moved >= self.from;
        self.total += usize::from(listed);
        let mut nowhere = LeftOut::default();
        let left_out = if listed {
            &mut self.left_out
        } else {
            &mut nowhere
        };
        if let Some(n) = left_out.reason(figures.flags, figures.lead_s.is_some(), self.bots) {
            *n += 1;
            return listed;
        }
        let ended = figures.ended.filter(|e| *e <= self.now);
        if let (Some(lead), Some(ended)) = (figures.lead_s.map(SignedDuration::from_secs), ended) {
            let ago = self.now.duration_since(ended).as_hours() / WEEK_H;
            let week = usize::try_from(ago)
                .ok()
                .and_then(|w| WEEKS.checked_sub(w + 1));
            if let Some(week) = week.and_then(|w| self.weeks.get_mut(w)) {
                week.push(lead);
            }
            if ended < self.from {
                self.left_out.earlier += usize::from(listed);
            } else {
                self.leads.push(lead);
                for (slot, stage) in self.stages.iter_mut().zip(figures.stages_s) {
                    slot.extend(stage.map(SignedDuration::from_secs));
                }
            }
        }
        listed
    }

    /// The answer, still without rows.
    pub fn listing(self) -> Listing {
        let sum = |all: &[SignedDuration]| all.iter().map(SignedDuration::as_secs_f64).sum::<f64>();
        let whole = sum(&self.leads);
        let stages = Stage::ALL
            .into_iter()
            .zip(self.stages)
            .map(|(stage, took)| {
                let share = if whole > 0.0 { sum(&took) / whole } else { 0.0 };
                StageFigures {
                    stage,
                    share,
                    spread: Spread::of(took),
                }
            });
        Listing {
            total: self.total,
            left_out: self.left_out,
            stages: stages.collect(),
            lead: Spread::of(self.leads),
            weeks: self.weeks.map(|w| Spread::of(w).p50_s).to_vec(),
            ..Listing::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::vectors::at;

    #[test]
    fn words_are_sought_everywhere_and_in_their_own_place() {
        let change = Candidate {
            service: "checkout",
            author: "maria",
            labels: "bug\ngood first issue",
            words: "#4821 new tax engine maria bug good first issue checkout",
        };
        for (wanted, holds) in [
            ("", true),
            ("TAX maria", true),
            ("tax author:noor", false),
            ("author:mar label:bug", true),
            ("label:first service:check", true),
            ("label:tax", false),
            ("4821", true),
            ("#48 rust", false),
        ] {
            assert_eq!(change.holds(wanted), holds, "{wanted}");
        }
    }

    fn figures(ended: f64, hours: i64, flags: &[Flag]) -> Figures {
        let mut set = Flags::default();
        for flag in flags {
            set.put(*flag, true);
        }
        Figures {
            ended: Some(at(ended)),
            lead_s: Some(hours * 3600),
            stages_s: [
                Some(hours * 1800),
                None,
                None,
                None,
                None,
                Some(hours * 1800),
            ],
            flags: set,
        }
    }

    #[test]
    fn only_what_arrived_in_time_counts_and_the_weeks_go_further_back() {
        let now = Now(at(24.0 * 70.0));
        let mut tally = Tally::new(at(24.0 * 40.0), now, false);
        assert_eq!(tally.since(), at(24.0 * (70.0 - 84.0)));
        assert!(tally.take(at(24.0 * 69.0), &figures(24.0 * 69.0, 10, &[])));
        assert!(tally.take(at(24.0 * 50.0), &figures(24.0 * 50.0, 30, &[])));
        assert!(!tally.take(at(24.0 * 10.0), &figures(24.0 * 10.0, 90, &[])));
        // Listed, not counted.
        assert!(tally.take(at(24.0 * 60.0), &figures(24.0 * 60.0, 1, &[Flag::Bot])));
        // Rolled back and shipped again since then: it was first there before.
        assert!(tally.take(at(24.0 * 65.0), &figures(24.0 * 30.0, 50, &[])));
        let open = Figures {
            ended: None,
            lead_s: None,
            ..figures(0.0, 1, &[])
        };
        assert!(tally.take(at(24.0 * 60.0), &open));
        let found = tally.listing();
        assert_eq!((found.total, found.lead.n), (5, 2));
        let left = found.left_out;
        assert_eq!((left.bots, left.open, left.earlier), (1, 1, 1));
        assert_eq!(found.lead.p50_s, Some(20.0 * 3600.0));
        let hours: Vec<_> = found.weeks.iter().map(|w| w.map(|s| s / 3600.0)).collect();
        assert_eq!(hours.last(), Some(&Some(10.0)));
        assert_eq!(hours.iter().flatten().count(), 4);
        assert!((found.stages[0].share - 0.5).abs() < 1e-9);
        assert_eq!(found.stages[1].spread.n, 0);
    }
}
