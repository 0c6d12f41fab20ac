//! RFC 5545 rules: which local times a rule names. The crate `rrule` expands; zones are none of its business here: it works on
//! wall-clock time (said to be UTC), and [`super::rule`] turns the wall clock into instants by one time zone database.
//!
//! What `rrule` would take too lightly is refused here: `INTERVAL=0`, rules by the minute or second, parts that it does not know.

use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::Month;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use rrule::{Frequency, NWeekday, ParseError, RRule, RRuleError, RRuleSet, Tz, Unvalidated};

/// The most occurrences that one look yields: 400 days of hours fit.
const MOST: usize = 12_000;
/// The highest `COUNT`: counting starts at the first occurrence, so each look walks all of them.
const MOST_COUNTED: u32 = 10_000;

/// A rule that repeats, with its first local time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// The rule as written, for people and for exports.
    text: String,
    /// The parts without `UNTIL`, which is compared with instants.
    parts: String,
    start: DateTime,
    until: Option<Timestamp>,
    /// A step that the first time may be moved on by without changing what the rule names.
    step: Option<SignedDuration>,
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

fn bad<T>(what: impl Into<String>, hint: impl Into<String>) -> Result<T, BadRule> {
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
        let mut seen: Vec<&str> = Vec::new();
        let (mut freq, mut interval, mut count, mut until) = (None, 1_u32, None, None);
        for part in rule.split(';') {
            let Some((name, value)) = part.split_once('=').filter(|(_, v)| !v.is_empty()) else {
                return bad(
                    format!("\"{part}\" is not NAME=VALUE"),
                    "write it like FREQ=WEEKLY;BYDAY=MO,TU",
                );
            };
            let Some(known) = PARTS.iter().find(|p| **p == name) else {
                return bad(
                    format!("{name} is not a part of a rule"),
                    format!("known: {}", PARTS.join(", ")),
                );
            };
            if seen.contains(known) {
                return bad(format!("{name} is there twice"), "keep one of the two");
            }
            seen.push(known);
            match name {
                "FREQ" => freq = Some(value),
                "INTERVAL" => match value.parse::<u16>() {
                    Ok(n) if n > 0 => interval = u32::from(n),
                    _ => {
                        return bad(
                            format!("INTERVAL={value} never comes to the next occurrence"),
                            "write a whole number from 1, or leave INTERVAL out",
                        );
                    }
                },
                "COUNT" => match value.parse::<u32>() {
                    Ok(n) if (1..=MOST_COUNTED).contains(&n) => count = Some(n),
                    _ => {
                        return bad(
                            format!("COUNT={value} is out of range"),
                            format!("write a whole number from 1 to {MOST_COUNTED}"),
                        );
                    }
                },
                "UNTIL" => until = Some(self::until(value)?),
                _ => {}
            }
        }
        if count.is_some() && until.is_some() {
            return bad("COUNT and UNTIL exclude each other", "keep one of the two");
        }
        let every = |hours: i64| {
            (count.is_none()).then(|| SignedDuration::from_hours(hours * i64::from(interval)))
        };
        let step = match freq {
            Some("YEARLY" | "MONTHLY") => None,
            Some("WEEKLY") => every(24 * 7),
            Some("DAILY") => every(24),
            Some("HOURLY") => every(1),
            Some(other) => {
                return bad(
                    format!("FREQ={other} is not known here"),
                    "write YEARLY, MONTHLY, WEEKLY, DAILY or HOURLY",
                );
            }
            None => return bad("FREQ is missing", "write it like FREQ=WEEKLY;BYDAY=MO,TU"),
        };
        let parts: Vec<&str> = rule
            .split(';')
            .filter(|p| !p.starts_with("UNTIL="))
            .collect();
        let found = Self {
            text: rule.to_owned(),
            parts: parts.join(";"),
            start,
            until,
            step,
        };
        found.set(start).map(|_| found)
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
        self.set(self.start)
            .is_ok_and(|set| set.into_iter().next().is_some())
    }

    /// The local times from `from` to `to`, both included, in order; `UNTIL` is compared in `zone`.
    pub fn between(&self, from: DateTime, to: DateTime, zone: &TimeZone) -> Vec<DateTime> {
        let Ok(set) = self.set(self.near(from)) else {
            return Vec::new();
        };
        let ended = |local: DateTime| {
            self.until
                .is_some_and(|until| instant(local, zone).is_none_or(|at| at > until))
        };
        set.into_iter()
            .map_while(|at| local(at.timestamp()))
            .take_while(|local| *local <= to && !ended(*local))
            .filter(|local| *local >= from)
            .take(MOST)
            .collect()
    }

    /// A first time from which the rule names the same times, not long before `from`: `rrule` walks from the first one.
    fn near(&self, from: DateTime) -> DateTime {
        let Some(step) = self.step else {
            return self.start;
        };
        let ahead = self.start.until(from).ok().and_then(|span| {
            span.to_duration(self.start.to_zoned(TimeZone::UTC).ok()?.datetime())
                .ok()
        });
        let steps = ahead.map_or(0, |d| d.as_secs() / step.as_secs().max(1) - 1);
        if steps <= 0 {
            return self.start;
        }
        i32::try_from(steps)
            .ok()
            .and_then(|n| step.checked_mul(n))
            .and_then(|d| self.start.checked_add(d).ok())
            .unwrap_or(self.start)
    }

    /// The rule from `start` on, bounded: a rule that names nothing ends empty instead of searching for ever.
    fn set(&self, start: DateTime) -> Result<RRuleSet, BadRule> {
        let wrong = |e: &dyn std::fmt::Display| BadRule {
            what: format!("this rule can't be read ({e})"),
            hint: "write it as in RFC 5545, like FREQ=WEEKLY;BYDAY=MO,TU".to_owned(),
        };
        let rule = rule_of(&self.parts).map_err(|e| wrong(&RRuleError::from(e)))?;
        let first = instant(start, &TimeZone::UTC)
            .and_then(|at| chrono::DateTime::from_timestamp(at.as_second(), 0))
            .ok_or_else(|| wrong(&"its start is out of range"))?
            .with_timezone(&Tz::UTC);
        let rule = rule.validate(first).map_err(|e| wrong(&e))?;
        Ok(RRuleSet::new(first).rrule(rule).limit())
    }
}

/// The parts of a rule, one by one: `rrule`'s own reader compiles regular expressions first, and the first frame waits for this.
fn rule_of(parts: &str) -> Result<RRule<Unvalidated>, ParseError> {
    let mut rule = RRule::new(Frequency::Yearly);
    for (name, value) in parts.split(';').filter_map(|part| part.split_once('=')) {
        let list = || value.split(',');
        let bad = || value.to_owned();
        rule = match name {
            "FREQ" => rule.freq(value.parse()?),
            "INTERVAL" => rule.interval(
                value
                    .parse()
                    .map_err(|_| ParseError::InvalidInterval(bad()))?,
            ),
            "COUNT" => rule.count(value.parse().map_err(|_| ParseError::InvalidCount(bad()))?),
            "WKST" => match value.parse() {
                Ok(NWeekday::Every(day)) if value.len() == 2 => rule.week_start(day),
                _ => return Err(ParseError::InvalidWeekdayStart(bad())),
            },
            "BYDAY" => rule.by_weekday(list().map(str::parse).collect::<Result<_, _>>()?),
            "BYMONTH" => {
                let months =
                    numbers(value, 1_u8..=12).ok_or_else(|| ParseError::InvalidByMonth(bad()))?;
                let months: Vec<Month> = months
                    .into_iter()
                    .filter_map(|m| m.try_into().ok())
                    .collect();
                rule.by_month(&months)
            }
            "BYMONTHDAY" => rule.by_month_day(
                numbers(value, -31..=31).ok_or_else(|| ParseError::InvalidByMonthDay(bad()))?,
            ),
            "BYYEARDAY" => rule.by_year_day(
                numbers(value, -366..=366).ok_or_else(|| ParseError::InvalidByYearDay(bad()))?,
            ),
            "BYWEEKNO" => rule.by_week_no(
                numbers(value, -53..=53).ok_or_else(|| ParseError::InvalidByWeekNo(bad()))?,
            ),
            "BYHOUR" => rule
                .by_hour(numbers(value, 0..=23).ok_or_else(|| ParseError::InvalidByHour(bad()))?),
            "BYMINUTE" => rule.by_minute(
                numbers(value, 0..=59).ok_or_else(|| ParseError::InvalidByMinute(bad()))?,
            ),
            "BYSETPOS" => rule.by_set_pos(
                numbers(value, i32::MIN..=i32::MAX)
                    .ok_or_else(|| ParseError::InvalidBySetPos(bad()))?,
            ),
            // The caller has let no other pass.
            _ => rule,
        };
    }
    Ok(rule)
}

/// Whole numbers with commas between, each within bounds; in order and each once, as `rrule` wants them.
fn numbers<T: FromStr + Ord>(text: &str, bounds: RangeInclusive<T>) -> Option<Vec<T>> {
    let within = |n: &str| n.parse().ok().filter(|n| bounds.contains(n));
    let mut found: Vec<T> = text.split(',').map(within).collect::<Option<_>>()?;
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// The instant of a local time: in a gap by the offset before it (so it moves later), the first of two.
pub fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

/// A local time as `rrule` gives it: seconds since 1970 of a wall clock.
fn local(seconds: i64) -> Option<DateTime> {
    let at = Timestamp::from_second(seconds).ok()?;
    Some(at.to_zoned(TimeZone::UTC).datetime())
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
