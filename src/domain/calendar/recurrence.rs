//! RFC 5545 rules: which local times a rule names, as text, within bounds. [`super::rule`] turns the wall clock into instants by
//! one time zone database.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};

use super::expansion::Expansion;
use super::parts::Parts;

/// The most occurrences that one look yields: 400 days of hours fit.
const MOST: usize = 12_000;
/// The highest `COUNT`: counting starts at the first occurrence, so each look walks all of them.
const MOST_COUNTED: u32 = 10_000;
/// What is not named within so many years is never named: the calendar repeats itself after 400.
const FOR_EVER: i16 = 500;

/// A rule that repeats, with its first local time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// The rule as written, for people and for exports.
    text: String,
    parts: Parts,
    start: DateTime,
    /// The last instant, included.
    until: Option<Timestamp>,
    /// So many times from the first on.
    count: Option<u32>,
}

/// What is wrong with a rule, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {hint}")]
pub struct BadRule {
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub hint: String,
}

pub(super) fn bad<T>(what: impl Into<String>, hint: impl Into<String>) -> Result<T, BadRule> {
    Err(BadRule {
        what: what.into(),
        hint: hint.into(),
    })
}

/// The parts that a rule may have.
const PARTS: &[&str] = &[
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYDAY",
    "BYMONTH",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYHOUR",
    "BYMINUTE",
    "BYSETPOS",
];

impl Recurrence {
    /// Reads a rule such as `FREQ=WEEKLY;BYDAY=MO,TU` whose first local time is `start`.
    ///
    /// # Errors
    /// The rule is not one of RFC 5545, or one that can't hold for releases (by the minute, `INTERVAL=0`).
    pub fn parse(text: &str, start: DateTime) -> Result<Self, BadRule> {
        if !(1970..=2200).contains(&start.year()) {
            return bad(
                format!("the year {} is out of range", start.year()),
                "start between 1970 and 2200",
            );
        }
        let rule = text.trim().to_ascii_uppercase();
        let rule = rule.strip_prefix("RRULE:").unwrap_or(&rule);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "=;,+-".contains(c);
        if let Some(c) = rule.chars().find(|c| !allowed(*c)) {
            return bad(
                format!("{:?} does not belong into a rule", c.to_string()),
                "write it like FREQ=WEEKLY;BYDAY=MO,TU",
            );
        }
        let mut given: Vec<(&str, &str)> = Vec::new();
        for part in rule.split(';') {
            let Some((name, value)) = part.split_once('=').filter(|(_, v)| !v.is_empty()) else {
                return bad(
                    format!("\"{part}\" is not NAME=VALUE"),
                    "write it like FREQ=WEEKLY;BYDAY=MO,TU",
                );
            };
            if !PARTS.contains(&name) {
                return bad(
                    format!("{name} is not a part of a rule"),
                    format!("known: {}", PARTS.join(", ")),
                );
            }
            if given.iter().any(|(known, _)| *known == name) {
                return bad(format!("{name} is there twice"), "keep one of the two");
            }
            given.push((name, value));
        }
        let value = |name: &str| given.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let count = value("COUNT").map(count).transpose()?;
        let until = value("UNTIL").map(until).transpose()?;
        if count.is_some() && until.is_some() {
            return bad("COUNT and UNTIL exclude each other", "keep one of the two");
        }
        Ok(Self {
            parts: Parts::read(&given)?,
            text: rule.to_owned(),
            start,
            until,
            count,
        })
    }

    /// The rule as written, in capitals.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first local time (it is an occurrence only where the rule names it).
    pub fn start(&self) -> DateTime {
        self.start
    }

    /// Whether the rule names any time at all: the 30th of February never comes.
    pub fn occurs(&self) -> bool {
        let far = self.start.saturating_add(FOR_EVER.years());
        let mut named = Expansion::new(&self.parts, self.start, self.start, far);
        named.next().is_some()
    }

    /// The local times from `from` to `to`, both included, in order; `UNTIL` is compared in `zone`.
    pub fn between(&self, from: DateTime, to: DateTime, zone: &TimeZone) -> Vec<DateTime> {
        let ended = |local: DateTime| {
            self.until
                .is_some_and(|until| instant(local, zone).is_none_or(|at| at > until))
        };
        let (near, count) = match self.count {
            Some(count) => (self.start, usize::try_from(count).unwrap_or(usize::MAX)),
            None => (from, usize::MAX),
        };
        Expansion::new(&self.parts, self.start, near, to)
            .take(count)
            .take_while(|local| !ended(*local))
            .filter(|local| *local >= from)
            .take(MOST)
            .collect()
    }
}

/// The instant of a local time: in a gap by the offset before it (so it moves later), the first of two.
pub fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

fn count(text: &str) -> Result<u32, BadRule> {
    match text.parse() {
        Ok(n) if (1..=MOST_COUNTED).contains(&n) => Ok(n),
        _ => bad(
            format!("COUNT={text} is out of range"),
            format!("write a whole number from 1 to {MOST_COUNTED}"),
        ),
    }
}

fn until(text: &str) -> Result<Timestamp, BadRule> {
    let local = text
        .strip_suffix('Z')
        .and_then(|t| DateTime::strptime("%Y%m%dT%H%M%S", t).ok());
    match local.and_then(|l| instant(l, &TimeZone::UTC)) {
        Some(at) => Ok(at),
        None => bad(
            format!("UNTIL={text} is not an instant in UTC"),
            "write it like UNTIL=20261231T220000Z",
        ),
    }
}

/// A length of time as `8h`, `2d16h` or `PT8H`: days follow the calendar, hours are exact (RFC 5545).
///
/// # Errors
/// It can't be read, is not positive, or is longer than a year.
pub fn length(text: &str) -> Result<Span, BadRule> {
    let hint = "write a length such as \"8h\", \"2d16h\" or a local time such as \"17:00\"";
    let Ok(span) = text.trim().parse::<Span>() else {
        return bad(format!("\"{text}\" is not a length of time"), hint);
    };
    let exact = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours());
    match exact {
        Ok(d) if d > SignedDuration::ZERO && d <= SignedDuration::from_hours(24 * 366) => Ok(span),
        Ok(d) if d <= SignedDuration::ZERO => bad("the end is not after the start", hint),
        _ => bad(
            format!("\"{text}\" is too long or has no fixed length"),
            hint,
        ),
    }
}
