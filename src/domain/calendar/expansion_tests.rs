//! The expansion against another one: the crate `rrule`, wherever that follows RFC 5545.

use chrono::TimeDelta;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rrule::{RRule, RRuleSet, Tz, Unvalidated};

use super::recurrence::Recurrence;

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/// Far enough for leap years, and for a few turns of every rule.
const YEARS: i64 = 9;

fn ours(rule: &str, start: DateTime) -> Vec<DateTime> {
    let to = start.saturating_add(jiff::Span::new().days(YEARS * 365));
    let rule = Recurrence::parse(rule, start).unwrap();
    rule.between(start, to, &TimeZone::UTC)
}

fn theirs(rule: &str, start: DateTime) -> Vec<DateTime> {
    let first = start.to_zoned(TimeZone::UTC).unwrap().timestamp();
    let first = chrono::DateTime::from_timestamp(first.as_second(), 0).unwrap();
    let first = first.with_timezone(&Tz::UTC);
    let rule: RRule<Unvalidated> = rule.parse().unwrap();
    let set = RRuleSet::new(first).rrule(rule.validate(first).unwrap());
    let to = first + TimeDelta::days(YEARS * 365);
    set.into_iter()
        .take_while(|at| *at <= to)
        .map(|at| {
            let at = Timestamp::from_second(at.timestamp()).unwrap();
            at.to_zoned(TimeZone::UTC).datetime()
        })
        .take(12_000)
        .collect()
}

/// Up to three numbers of a part, or no part at all.
fn part(name: &'static str, numbers: impl Strategy<Value = i16>) -> impl Strategy<Value = String> {
    prop::collection::vec(numbers, 0..4).prop_map(move |found| {
        let found: Vec<String> = found.iter().map(i16::to_string).collect();
        if found.is_empty() {
            String::new()
        } else {
            format!(";{name}={}", found.join(","))
        }
    })
}

/// Counted from the start or from the end, never zero.
fn counted(most: i16) -> impl Strategy<Value = i16> {
    (1..=most, any::<bool>()).prop_map(|(n, back)| if back { -n } else { n })
}

fn weekdays(nth: Option<i16>) -> impl Strategy<Value = String> {
    let day = (counted(nth.unwrap_or(1)), 0_usize..7).prop_map(move |(n, day)| match nth {
        Some(_) => format!("{n}{}", DAYS[day]),
        None => DAYS[day].to_owned(),
    });
    prop::collection::vec(day, 0..4).prop_map(|days| {
        if days.is_empty() {
            String::new()
        } else {
            format!(";BYDAY={}", days.join(","))
        }
    })
}

fn times() -> impl Strategy<Value = String> {
    (part("BYHOUR", 0_i16..24), part("BYMINUTE", 0_i16..60)).prop_map(|(h, m)| h + &m)
}

/// Rules of every frequency. Left out is what `rrule` takes otherwise than the RFC: positions within the week that a weekly
/// rule begins in, weeks across a turn of the year, positions of an hourly rule, the fifth last weekday.
fn rules() -> impl Strategy<Value = String> {
    let months = || part("BYMONTH", 1_i16..13);
    let month_days = || part("BYMONTHDAY", counted(31));
    let chosen = || part("BYSETPOS", counted(4));
    let yearly = (
        months(),
        month_days(),
        prop_oneof![weekdays(None), weekdays(Some(9))],
        part("BYYEARDAY", counted(366)),
        chosen(),
    )
        .prop_map(|(a, b, c, d, e)| format!("YEARLY{a}{b}{c}{d}{e}"));
    let weeks = (part("BYWEEKNO", 1_i16..52), weekdays(None), months())
        .prop_map(|(a, b, c)| format!("YEARLY{a}{b}{c}"));
    let monthly = (
        months(),
        month_days(),
        prop_oneof![weekdays(None), weekdays(Some(4))],
        chosen(),
    )
        .prop_map(|(a, b, c, d)| format!("MONTHLY{a}{b}{c}{d}"));
    let weekly = (months(), weekdays(None)).prop_map(|(a, b)| format!("WEEKLY{a}{b}"));
    let daily =
        (months(), month_days(), weekdays(None)).prop_map(|(a, b, c)| format!("DAILY{a}{b}{c}"));
    let hourly =
        (months(), month_days(), weekdays(None)).prop_map(|(a, b, c)| format!("HOURLY{a}{b}{c}"));
    let days = prop_oneof![yearly, weeks, monthly, weekly, daily, hourly];
    (days, 1_u8..5, 0_usize..7, times())
        .prop_map(|(days, n, wkst, times)| {
            format!("FREQ={days};INTERVAL={n};WKST={}{times}", DAYS[wkst])
        })
        .prop_filter("positions need something to choose from", |rule| {
            let others = ["BYMONTH", "BYDAY", "BYYEARDAY", "BYHOUR", "BYMINUTE"];
            !rule.contains("BYSETPOS") || others.iter().any(|part| rule.contains(part))
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn rules_name_what_another_expansion_names(
        rule in rules(),
        (month, day, hour) in (1_i8..13, 1_i8..29, 0_i8..24),
        leap in any::<bool>(),
    ) {
        let year = if leap { 2024 } else { 2026 };
        let start = jiff::civil::date(year, month, day).at(hour, 15, 0, 0);
        let (ours, theirs) = (ours(&rule, start), theirs(&rule, start));
        // The other one gives up early on rules that name little.
        prop_assert_eq!(ours.get(..theirs.len()), Some(theirs.as_slice()), "{}", rule);
    }
}

/// RFC 5545, 3.3.10: a week begins on `WKST`, and the first of a year is the one with at least four days in it. So a week is of the
/// year in which its fourth day lies, and numbered by it.
#[test]
fn weeks_are_numbered_by_their_fourth_day() {
    let start: DateTime = "2026-01-01T00:15".parse().unwrap();
    let fourth = |day: DateTime, wkst: usize| {
        let wkst = i8::try_from(wkst).unwrap();
        let into = (day.weekday().to_monday_zero_offset() - wkst).rem_euclid(7);
        day.date() + jiff::Span::new().days(3 - into)
    };
    let number = |day: DateTime, wkst: usize| (fourth(day, wkst).day_of_year() - 1) / 7 + 1;
    for (wkst, name) in DAYS.iter().enumerate() {
        // The weeks of a year: the number of its last day's week, or of the one before, where that is of the next year.
        let weeks = |year: i16| {
            let last = jiff::civil::date(year, 12, 28).at(0, 0, 0, 0);
            let later = (0..4).map(|n| last + jiff::Span::new().days(n));
            let own = later.filter(|d| fourth(*d, wkst).year() == year);
            own.map(|d| number(d, wkst)).max().unwrap()
        };
        for week in [1, 52, 53, -1, -53] {
            let rule = format!("FREQ=YEARLY;BYWEEKNO={week};WKST={name}");
            let all = (0..=YEARS * 365).map(|n| start + jiff::Span::new().days(n));
            let wanted = all.filter(|day| {
                let of = fourth(*day, wkst).year();
                let wanted = if week > 0 { week } else { weeks(of) + 1 + week };
                number(*day, wkst) == wanted
            });
            let wanted: Vec<DateTime> = wanted.collect();
            assert_eq!(ours(&rule, start), wanted, "{rule}");
        }
    }
}

#[test]
fn positions_are_those_of_the_whole_week() {
    // Monday 2 March lies before the first time: the week's first is gone, and not replaced by another.
    let start = "2026-03-04T09:00".parse().unwrap();
    let found = ours("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1;COUNT=2", start);
    let days: Vec<i8> = found.iter().map(|at| at.day()).collect();
    assert_eq!(days, [9, 16]);
}

#[test]
fn weekdays_with_and_without_a_number_go_together() {
    let start = "2026-03-01T09:00".parse().unwrap();
    let found = ours("FREQ=MONTHLY;BYDAY=MO,-1FR;COUNT=6", start);
    let days: Vec<i8> = found.iter().map(|at| at.day()).collect();
    assert_eq!(days, [2, 9, 16, 23, 27, 30]);
}
