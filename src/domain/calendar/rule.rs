//! Windows and freezes: when they are, whom they concern, and where they were written.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, SpanFieldwise, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::interval::Interval;
use super::recurrence::{Recurrence, instant};
use crate::domain::ids::Target;
use crate::domain::text::Safe;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// Releases are allowed inside it.
    Window,
    /// Nothing is released inside it.
    Freeze,
}

/// The kind of a release, as far as freezes may let it pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseKind {
    /// Breaks something.
    Major,
    /// Adds something.
    Minor,
    /// Mends something.
    Patch,
    /// Mends what hurts now.
    Hotfix,
}

/// A window or a freeze.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its id in the configuration.
    pub id: String,
    /// What it does.
    pub kind: RuleKind,
    /// The zone that its times are in.
    pub zone: TimeZone,
    /// That zone's name.
    pub zone_name: Safe,
    /// When it is.
    pub times: Times,
    /// Whom it concerns.
    pub scope: Scope,
    /// Kinds of release that a freeze lets pass.
    pub allow: Vec<ReleaseKind>,
    /// Whether passing it needs its name typed.
    pub hard: bool,
    /// Why it is there.
    pub reason: Safe,
    /// Where it was written: `file:line`.
    pub place: Safe,
}

/// When a rule holds: at each of its repeats and on each of its dates.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Times {
    /// Again and again.
    pub repeats: Option<Repeats>,
    /// Stretches of local time.
    pub dates: Vec<(DateTime, DateTime)>,
}

/// Occurrences by a recurrence rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeats {
    /// The starts.
    pub starts: Recurrence,
    /// The end of each.
    pub end: End,
}

/// The end of an occurrence.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// At this local time; at or before the start's it is the next day's.
    Clock(Time),
    /// After this long: days follow the calendar, hours are exact.
    After(SpanFieldwise),
}

/// Whom a rule concerns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The targets; none: all.
    pub targets: Option<BTreeSet<Target>>,
    /// In words, as configured; empty: everything.
    pub words: Safe,
}

impl Scope {
    /// Whether it concerns `target`.
    pub fn holds(&self, target: &Target) -> bool {
        self.targets.as_ref().is_none_or(|all| all.contains(target))
    }
}

impl fmt::Display for RuleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Window => "window",
            Self::Freeze => "freeze",
        })
    }
}

impl fmt::Display for ReleaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Patch => "patch",
            Self::Hotfix => "hotfix",
        })
    }
}

impl Rule {
    /// Whether a release of this kind passes it.
    pub fn lets_pass(&self, kind: Option<ReleaseKind>) -> bool {
        self.kind == RuleKind::Freeze && kind.is_some_and(|k| self.allow.contains(&k))
    }

    /// Its occurrences that overlap `[from, to)`, whole, in order of their starts. Empty ones (wholly inside a gap) are left out.
    pub fn intervals(&self, from: Timestamp, to: Timestamp) -> Vec<Interval> {
        let mut found: Vec<Interval> = self
            .times
            .dates
            .iter()
            .filter_map(|(start, end)| self.stretch(*start, instant(*end, &self.zone)?))
            .collect();
        if let Some(repeats) = &self.times.repeats {
            found.extend(self.repeated(repeats, from, to));
        }
        found.retain(|i| i.end > from && i.start < to);
        found.sort_unstable();
        found
    }

    fn repeated(&self, repeats: &Repeats, from: Timestamp, to: Timestamp) -> Vec<Interval> {
        // The longest an occurrence can be, and a day for what the clocks do.
        let back = match &repeats.end {
            End::Clock(_) => 2.days(),
            End::After(span) => longest(&span.0),
        };
        let local = |at: Timestamp| at.to_zoned(self.zone.clone()).datetime();
        let (Ok(first), Ok(last)) = (
            local(from).checked_sub(back),
            local(to).checked_add(1.day()),
        ) else {
            return Vec::new();
        };
        repeats
            .starts
            .between(first, last, &self.zone)
            .into_iter()
            .filter_map(|start| self.stretch(start, self.end_of(start, &repeats.end)?))
            .collect()
    }

    fn stretch(&self, start: DateTime, end: Timestamp) -> Option<Interval> {
        let start = instant(start, &self.zone)?;
        (start < end).then_some(Interval { start, end })
    }

    fn end_of(&self, start: DateTime, end: &End) -> Option<Timestamp> {
        match end {
            End::Clock(time) => {
                let day = if *time <= start.time() {
                    start.date().tomorrow().ok()?
                } else {
                    start.date()
                };
                instant(day.to_datetime(*time), &self.zone)
            }
            End::After(span) => {
                let start = instant(start, &self.zone)?.to_zoned(self.zone.clone());
                start.checked_add(span.0).ok().map(|end| end.timestamp())
            }
        }
    }
}

/// A bound of a length in whole days.
fn longest(span: &Span) -> Span {
    let exact = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_or(400 * 24, |d| d.as_hours());
    i32::try_from(exact / 24 + 2).unwrap_or(400).days()
}
