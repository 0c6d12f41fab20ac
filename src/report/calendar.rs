//! When releases may go: the machine's shape of `flightdeck calendar`, and the same in aligned lines for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::text::table;
use super::verdict::SCHEMA;
use crate::domain::calendar::decision::{Decision, Slot, moment};
use crate::domain::calendar::rule::RuleKind;
use crate::domain::calendar::{Entry, EntryKind, EntryState, When};
use crate::domain::ids::Target;
use crate::domain::text::Safe;

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalendarReport {
    /// Version of this shape.
    pub schema: u32,
    /// When it was asked.
    pub now: Timestamp,
    /// The service that is asked about.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// Whether a release may go now.
    pub open: bool,
    /// Why: the rules that say so. None: no rule concerns it.
    pub reasons: Vec<ReasonEntry>,
    /// When that changes; none: not within 400 days.
    pub until: Option<Timestamp>,
    /// What is in the calendar, in order.
    pub entries: Vec<CalendarEntry>,
    /// Stretches in which a release and its watch fit.
    pub next_slots: Vec<SlotEntry>,
}

/// A rule's say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonEntry {
    /// The rule's id.
    pub rule: String,
    /// What it does.
    pub kind: RuleKind,
    /// A sentence.
    pub sentence: Safe,
    /// Where the rule was written: `file:line`.
    pub source: Safe,
    /// Until when it says so.
    pub until: Option<Timestamp>,
}

/// A line of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarEntry {
    /// What kind.
    pub kind: EntryKind,
    /// What it says.
    pub title: Safe,
    /// The service.
    pub service: String,
    /// The environment, where it belongs to one.
    pub environment: Option<String>,
    /// When it begins; a day begins at midnight of the configured zone. None: not dated.
    pub start: Option<Timestamp>,
    /// When it is over, where it lasts.
    pub end: Option<Timestamp>,
    /// Where it was written, or its page.
    pub source: Option<Safe>,
    /// What stands against it.
    pub conflicts: Vec<Safe>,
    /// How it stands.
    pub state: EntryState,
    /// It is a day, not an instant.
    pub all_day: bool,
}

/// A stretch that is long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotEntry {
    /// When a release may begin.
    pub start: Timestamp,
    /// When it closes; none: not within 400 days.
    pub end: Option<Timestamp>,
    /// When the watch of a release at the start is over.
    pub bake_end: Timestamp,
}

impl CalendarReport {
    /// The answer for a target.
    pub fn of(
        target: &Target,
        now: Timestamp,
        decision: &Decision,
        entries: &[Entry],
        slots: &[Slot],
        zone: &TimeZone,
    ) -> Self {
        Self {
            schema: SCHEMA,
            now,
            service: target.service.as_str().to_owned(),
            environment: target.env.as_str().to_owned(),
            open: decision.open(),
            reasons: decision
                .reasons
                .iter()
                .map(|r| ReasonEntry {
                    rule: r.rule.clone(),
                    kind: r.kind,
                    sentence: r.sentence.clone(),
                    source: r.source.clone(),
                    until: r.until,
                })
                .collect(),
            until: decision.until,
            entries: entries.iter().map(|e| entry(e, zone)).collect(),
            next_slots: slots
                .iter()
                .map(|s| SlotEntry {
                    start: s.start,
                    end: s.end,
                    bake_end: s.bake_end,
                })
                .collect(),
        }
    }

    /// `open until 17:00` or `closed until Mon 09:00`, and a line for each reason.
    pub fn answer(&self, zone: &TimeZone) -> String {
        let word = if self.open { "open" } else { "closed" };
        let until = self
            .until
            .map(|at| format!(" until {}", moment(at, self.now, zone)));
        let mut out = format!(
            "{}  {}  {word}{}\n",
            self.service,
            self.environment,
            until.unwrap_or_default()
        );
        if self.reasons.is_empty() && self.until.is_none() {
            out.push_str("  no window or freeze concerns it\n");
        }
        let rows: Vec<Vec<String>> = self
            .reasons
            .iter()
            .map(|r| {
                let until = r.until.map(|at| moment(at, self.now, zone));
                vec![
                    format!("  {}", r.sentence),
                    until.map_or_else(String::new, |at| format!("until {at}")),
                    r.source.to_string(),
                ]
            })
            .collect();
        out + &table(&rows)
    }

    /// The entries, one line each.
    pub fn agenda(&self, zone: &TimeZone) -> String {
        let rows: Vec<Vec<String>> = self
            .entries
            .iter()
            .map(|e| row(e, self.now, zone))
            .collect();
        table(&rows)
    }

    /// The slots, one line each.
    pub fn slots(&self, zone: &TimeZone) -> String {
        if self.next_slots.is_empty() {
            return "no slot within 400 days\n".to_owned();
        }
        let rows: Vec<Vec<String>> = self
            .next_slots
            .iter()
            .map(|s| {
                let end = s.end.map_or_else(
                    || "open end".to_owned(),
                    |at| format!("to {}", moment(at, s.start, zone)),
                );
                vec![
                    day(s.start, zone),
                    end,
                    format!("watched until {}", moment(s.bake_end, s.start, zone)),
                ]
            })
            .collect();
        table(&rows)
    }
}

fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%a %d %b %H:%M")
        .to_string()
}

fn row(e: &CalendarEntry, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let when = match e.start {
        Some(at) if e.all_day => at.to_zoned(zone.clone()).strftime("%a %d %b").to_string(),
        Some(at) => day(at, zone),
        None => "not dated".to_owned(),
    };
    let rule = matches!(e.kind, EntryKind::Window | EntryKind::Freeze);
    let what = match &e.environment {
        _ if rule => e.title.to_string(),
        Some(env) => format!("{} {} → {env}", e.service, e.title),
        None => format!("{} {}", e.service, e.title),
    };
    let until = e
        .end
        .map(|at| format!("to {}", moment(at, e.start.unwrap_or(now), zone)));
    let told = e.conflicts.first().map(|c| format!("! {c}"));
    vec![
        when,
        word(e).to_owned(),
        what,
        until.or(told).unwrap_or_default(),
    ]
}

fn word(e: &CalendarEntry) -> &'static str {
    match (e.kind, e.state) {
        (EntryKind::Window, _) => "window",
        (EntryKind::Freeze, _) => "freeze",
        (EntryKind::Plan, _) => "planned",
        (EntryKind::Milestone, _) => "milestone",
        (EntryKind::Release, EntryState::Done) => "published",
        (EntryKind::Release, _) => "draft",
        (EntryKind::Deployment, EntryState::Done) => "deployed",
        (EntryKind::Deployment, EntryState::Failed) => "failed",
        (EntryKind::Deployment, _) => "under way",
    }
}

fn entry(e: &Entry, zone: &TimeZone) -> CalendarEntry {
    CalendarEntry {
        kind: e.kind,
        title: e.title.clone(),
        service: e.service.as_str().to_owned(),
        environment: e.env.as_ref().map(|env| env.as_str().to_owned()),
        start: e.when.begins(zone),
        end: e.end,
        source: e.source.clone().or_else(|| e.url.clone()),
        conflicts: e.conflicts.clone(),
        state: e.state,
        all_day: matches!(e.when, When::On(_)),
    }
}
