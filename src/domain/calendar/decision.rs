//! May a release go at an instant? Any freeze in scope closes; else, where windows are defined, only inside one is open; without
//! windows all is open. Freeze beats window, always; a nearer rule adds, it never removes.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::interval::{Interval, holding, union, without};
use super::rule::{ReleaseKind, Rule, RuleKind};
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::domain::units::{age, span};

/// How far ahead the next opening is searched.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Looks grow until they find what comes next: most calendars change within the week.
const LOOKS_DAYS: [i64; 3] = [8, 64, 400];
/// A freeze nearer than this is told in place of the window's end.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Where the release would go.
    pub target: &'a Target,
    /// Its kind, where it is known: a freeze may let some pass.
    pub kind: Option<ReleaseKind>,
}

/// How things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No rule concerns this target.
    Unruled,
    /// Open: no freeze, and no windows are defined.
    Free,
    /// Open: inside a window.
    Inside,
    /// Closed: outside all windows.
    Outside,
    /// Closed: a freeze.
    Frozen,
}

/// Why it is so: one rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The rule's id.
    pub rule: String,
    /// Its kind.
    pub kind: RuleKind,
    /// What it says, a sentence without its end.
    pub sentence: Safe,
    /// Where the rule was written.
    pub source: Safe,
    /// Until when it says so; none: not within [`HORIZON`].
    pub until: Option<Timestamp>,
}

/// The answer for an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// How things stand.
    pub standing: Standing,
    /// Why: the freezes, or the windows.
    pub reasons: Vec<Reason>,
    /// When open turns to closed or back; none: not within [`HORIZON`].
    pub until: Option<Timestamp>,
    /// The freeze that ends the open time, if it is one.
    pub next_freeze: Option<String>,
    /// Up to this instant the answer stays as it is.
    pub holds_until: Timestamp,
}

/// A stretch in which a release and its watch fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When it may begin.
    pub start: Timestamp,
    /// When it closes; none: not within [`HORIZON`].
    pub end: Option<Timestamp>,
    /// When the watch of a release at the start is over.
    pub bake_end: Timestamp,
}

/// What the rules say in `[from, to)`.
struct Look<'a> {
    /// Each rule that concerns the target, with its occurrences.
    rules: Vec<(&'a Rule, Vec<Interval>)>,
    /// When it is open.
    open: Vec<Interval>,
    kind: Option<ReleaseKind>,
}

fn look<'a>(rules: &'a [Rule], q: &Question<'_>, from: Timestamp, to: Timestamp) -> Look<'a> {
    let rules: Vec<(&Rule, Vec<Interval>)> = rules
        .iter()
        .filter(|r| r.scope.holds(q.target))
        .map(|r| (r, union(r.intervals(from, to))))
        .collect();
    let of = |kind: RuleKind| {
        let all = rules
            .iter()
            .filter(|(r, _)| r.kind == kind && !r.lets_pass(q.kind))
            .flat_map(|(_, all)| all.iter().copied());
        union(all.collect())
    };
    let whole = [Interval {
        start: from,
        end: to,
    }];
    let windows = if rules.iter().any(|(r, _)| r.kind == RuleKind::Window) {
        of(RuleKind::Window)
    } else {
        whole.to_vec()
    };
    // Past the look nothing is known: occurrences that begin there are not listed.
    let beyond = Interval {
        start: to,
        end: Timestamp::MAX,
    };
    let open = without(&without(&windows, &of(RuleKind::Freeze)), &[beyond]);
    Look {
        rules,
        open,
        kind: q.kind,
    }
}

/// Answers for the instant `now`.
pub fn decide(rules: &[Rule], question: &Question<'_>, now: Timestamp) -> Decision {
    let mut answer = None;
    for days in LOOKS_DAYS {
        let to = now
            .checked_add(SignedDuration::from_hours(days * 24))
            .unwrap_or(Timestamp::MAX);
        let look = look(rules, question, now, to);
        let found = look.answer(now, to);
        let enough = found.until.is_some() || look.rules.is_empty();
        answer = Some(found);
        if enough {
            break;
        }
    }
    answer.unwrap_or(Decision {
        standing: Standing::Unruled,
        reasons: Vec::new(),
        until: None,
        next_freeze: None,
        holds_until: now,
    })
}

impl Look<'_> {
    fn answer(&self, now: Timestamp, to: Timestamp) -> Decision {
        let known = |at: Timestamp| (at < to).then_some(at);
        let here = holding(&self.open, now);
        let until = match here {
            Some(open) => known(open.end),
            None => self.open.iter().find(|i| i.start > now).map(|i| i.start),
        };
        let freezes = self.at(RuleKind::Freeze, now);
        let frozen = freezes.iter().any(|(r, _)| !r.lets_pass(self.kind));
        let windows = self.rules.iter().any(|(r, _)| r.kind == RuleKind::Window);
        let standing = match (here.is_some(), frozen, windows) {
            _ if self.rules.is_empty() => Standing::Unruled,
            (_, true, _) => Standing::Frozen,
            (true, _, true) => Standing::Inside,
            (true, _, false) => Standing::Free,
            (false, ..) => Standing::Outside,
        };
        let mut reasons: Vec<Reason> = freezes
            .iter()
            .map(|(rule, i)| {
                let what = match (self.kind, rule.lets_pass(self.kind)) {
                    (Some(kind), true) => format!("freeze {} lets a {kind} pass", rule.id),
                    _ if rule.reason.is_empty() => format!("freeze {}", rule.id),
                    _ => format!("freeze {}: {}", rule.id, rule.reason),
                };
                reason(rule, &what, Some(i.end))
            })
            .collect();
        if standing == Standing::Outside {
            for (rule, all) in &self.rules {
                if rule.kind == RuleKind::Window {
                    let next = all.iter().find(|i| i.start > now).map(|i| i.start);
                    reasons.push(reason(
                        rule,
                        &format!("outside the window {}", rule.id),
                        next,
                    ));
                }
            }
        } else if standing == Standing::Inside {
            for (rule, i) in self.at(RuleKind::Window, now) {
                reasons.push(reason(
                    rule,
                    &format!("inside the window {}", rule.id),
                    Some(i.end),
                ));
            }
        }
        let borders = self
            .rules
            .iter()
            .flat_map(|(_, all)| all.iter().flat_map(|i| [i.start, i.end]));
        let next_freeze = here.and(until).and_then(|at| {
            self.rules
                .iter()
                .find(|(r, all)| {
                    r.kind == RuleKind::Freeze
                        && !r.lets_pass(self.kind)
                        && holding(all, at).is_some()
                })
                .map(|(r, _)| r.id.clone())
        });
        Decision {
            standing,
            reasons,
            until,
            next_freeze,
            holds_until: borders.filter(|b| *b > now).min().unwrap_or(to).min(to),
        }
    }

    fn at(&self, kind: RuleKind, now: Timestamp) -> Vec<(&Rule, Interval)> {
        self.rules
            .iter()
            .filter(|(r, _)| r.kind == kind)
            .filter_map(|(r, all)| holding(all, now).map(|i| (*r, i)))
            .collect()
    }
}

fn reason(rule: &Rule, sentence: &str, until: Option<Timestamp>) -> Reason {
    Reason {
        rule: rule.id.clone(),
        kind: rule.kind,
        sentence: Safe::new(sentence),
        source: rule.place.clone(),
        until,
    }
}

/// The next `most` stretches from `now` on in which a release and `bake` of watching fit.
pub fn next_slots(
    rules: &[Rule],
    question: &Question<'_>,
    now: Timestamp,
    bake: SignedDuration,
    most: usize,
) -> Vec<Slot> {
    let mut found = Vec::new();
    for days in LOOKS_DAYS {
        let to = now
            .checked_add(SignedDuration::from_hours(days * 24))
            .unwrap_or(Timestamp::MAX);
        let look = look(rules, question, now, to);
        found = look
            .open
            .iter()
            .filter(|i| i.end > now)
            .filter_map(|i| {
                let start = i.start.max(now);
                let bake_end = start.checked_add(bake).ok()?;
                // Half-open: a watch that ends with the window fits.
                (bake_end <= i.end).then_some(Slot {
                    start,
                    end: (i.end < to).then_some(i.end),
                    bake_end,
                })
            })
            .take(most)
            .collect();
        if found.len() == most {
            break;
        }
    }
    found
}

impl Decision {
    /// Whether a release may go.
    pub fn open(&self) -> bool {
        !matches!(self.standing, Standing::Outside | Standing::Frozen)
    }

    /// Whether less than `needed` is left of the open time: too little to release and watch.
    pub fn is_short(&self, now: Timestamp, needed: SignedDuration) -> bool {
        self.open()
            && self
                .until
                .is_some_and(|end| end.duration_since(now) < needed)
    }

    /// The reasons in one sentence.
    pub fn sentence(&self) -> Safe {
        let all: Vec<&str> = self.reasons.iter().map(|r| r.sentence.as_str()).collect();
        match self.standing {
            Standing::Unruled => Safe::new("no window or freeze is defined"),
            Standing::Free if all.is_empty() => Safe::new("no freeze"),
            _ => Safe::new(&all.join("; ")),
        }
    }

    /// The state in a few words for a title: `freeze in 2h 57m`, `open until 17:00`, `no window defined`.
    pub fn headline(&self, now: Timestamp, zone: &TimeZone) -> String {
        let by = self.until.map(|at| moment(at, now, zone));
        match (self.standing, by) {
            (Standing::Unruled, _) => "no window defined".to_owned(),
            (Standing::Frozen, Some(at)) => format!("frozen until {at}"),
            (Standing::Frozen, None) => "frozen".to_owned(),
            (Standing::Outside, Some(at)) => format!("closed until {at}"),
            (Standing::Outside, None) => "closed".to_owned(),
            (Standing::Free | Standing::Inside, None) => "open".to_owned(),
            (Standing::Free | Standing::Inside, Some(at)) => {
                let left = self.until.map(|end| end.duration_since(now));
                match left.filter(|left| self.next_freeze.is_some() && *left < SOON) {
                    // By the minute: a title that ticked by the second would draw all night.
                    Some(left) if left.as_secs() < 60 => "freeze in under 1m".to_owned(),
                    Some(left) if left.as_secs() < 3_600 => format!("freeze in {}", age(left)),
                    Some(left) => format!("freeze in {}", span(left)),
                    None => format!("open until {at}"),
                }
            }
        }
    }
}

/// An instant as near as it needs to be told: `17:00` today, `Mon 09:00` within the week, `Thu 7 Jan 09:00` later.
pub fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let there = at.to_zoned(zone.clone());
    let today = now.to_zoned(zone.clone()).date();
    let days = there.date().duration_since(today).as_hours() / 24;
    let form = match days {
        0 => "%H:%M",
        -6..=6 => "%a %H:%M",
        _ => "%a %-d %b %H:%M",
    };
    there.strftime(form).to_string()
}
