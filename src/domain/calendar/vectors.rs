//! The published vectors C1 to C12 of windows and freezes, and what is refused.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use super::decision::{Question, Standing, decide, next_slots};
use super::planned::Planned;
use super::recurrence::{Recurrence, instant, length};
use super::rule::{End, ReleaseKind, Repeats, Rule, RuleKind, Scope, Times};
use crate::domain::ids::Target;
use crate::domain::text::Safe;

pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn target() -> Target {
    Target {
        service: "checkout".parse().unwrap(),
        env: "production".parse().unwrap(),
    }
}

pub(super) fn rule(kind: RuleKind, tz: &str, start: &str, rrule: &str, end: &str) -> Rule {
    Rule {
        id: format!("a-{kind}"),
        kind,
        zone: zone(tz),
        zone_name: Safe::new(tz),
        times: Times {
            repeats: Some(Repeats {
                starts: Recurrence::parse(rrule, start.parse().unwrap()).unwrap(),
                end: match end.parse() {
                    Ok(time) => End::Clock(time),
                    Err(_) => End::After(length(end).unwrap().fieldwise()),
                },
            }),
            dates: vec![],
        },
        scope: Scope::default(),
        allow: vec![],
        hard: false,
        reason: Safe::new("because"),
        place: Safe::new("config.toml:7"),
    }
}

fn utc(tz: &str, local: &str) -> String {
    let at = instant(local.parse().unwrap(), &zone(tz)).unwrap();
    at.strftime("%Y-%m-%dT%H:%MZ").to_string()
}

/// The days (or times) that a rule names in its first `n` years.
fn days(rrule: &str, start: &str, form: &str, n: usize) -> Vec<String> {
    let start: jiff::civil::DateTime = start.parse().unwrap();
    let far = start.checked_add(jiff::Span::new().years(2)).unwrap();
    Recurrence::parse(rrule, start)
        .unwrap()
        .between(start, far, &TimeZone::UTC)
        .into_iter()
        .take(n)
        .map(|d| d.strftime(form).to_string())
        .collect()
}

/// The occurrences around a day, in UTC hours.
fn hours(rule: &Rule, from: &str, to: &str) -> Vec<String> {
    rule.intervals(at(from), at(to))
        .into_iter()
        .map(|i| format!("{}-{}", i.start.strftime("%dT%H"), i.end.strftime("%H")))
        .collect()
}

#[test]
fn c1_c2_gaps_move_later_and_doubles_mean_the_first() {
    assert_eq!(
        utc("Europe/Berlin", "2026-03-29T02:30"),
        "2026-03-29T01:30Z"
    );
    assert_eq!(
        utc("Europe/Berlin", "2026-10-25T02:30"),
        "2026-10-25T00:30Z"
    );
}

#[test]
fn c3_new_york() {
    assert_eq!(
        utc("America/New_York", "2026-03-08T02:30"),
        "2026-03-08T07:30Z"
    );
    assert_eq!(
        utc("America/New_York", "2026-11-01T01:30"),
        "2026-11-01T05:30Z"
    );
}

#[test]
fn c4_lord_howe_moves_by_half_an_hour() {
    assert_eq!(
        utc("Australia/Lord_Howe", "2026-04-05T01:45"),
        "2026-04-04T14:45Z"
    );
    assert_eq!(
        utc("Australia/Lord_Howe", "2026-10-04T02:15"),
        "2026-10-03T15:45Z"
    );
}

#[test]
fn c5_office_hours_stay_local() {
    let office = rule(
        RuleKind::Window,
        "Europe/Berlin",
        "2026-01-01T09:00",
        "FREQ=DAILY",
        "17:00",
    );
    assert_eq!(
        hours(&office, "2026-03-28T00:00Z", "2026-03-29T22:00Z"),
        ["28T08-16", "29T07-15"]
    );
    assert_eq!(
        hours(&office, "2026-10-24T00:00Z", "2026-10-25T23:00Z"),
        ["24T07-15", "25T08-16"]
    );
}

#[test]
fn c6_c7_hours_are_exact_and_local_ends_are_not() {
    let end = |day: &str, end: &str| {
        let start = format!("{day}T22:00");
        let night = rule(
            RuleKind::Window,
            "Europe/Berlin",
            &start,
            "FREQ=DAILY;COUNT=1",
            end,
        );
        let all = night.intervals(at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z"));
        let only = all[0];
        let local = only.end.to_zoned(zone("Europe/Berlin")).time().to_string();
        (local, (only.end - only.start).total(Unit::Hour).unwrap())
    };
    assert_eq!(end("2026-03-28", "PT8H"), ("07:00:00".to_owned(), 8.0));
    assert_eq!(end("2026-03-28", "06:00"), ("06:00:00".to_owned(), 7.0));
    assert_eq!(end("2026-10-24", "PT8H"), ("05:00:00".to_owned(), 8.0));
    assert_eq!(end("2026-10-24", "06:00"), ("06:00:00".to_owned(), 9.0));
    // A nominal day against exact hours.
    assert_eq!(end("2026-03-28", "P1D"), ("22:00:00".to_owned(), 23.0));
    assert_eq!(end("2026-03-28", "PT24H"), ("23:00:00".to_owned(), 24.0));
}

#[test]
fn c8_the_last_friday() {
    assert_eq!(
        days("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-30T15:00", "%m-%d", 6),
        ["01-30", "02-27", "03-27", "04-24", "05-29", "06-26"]
    );
}

#[test]
fn c9_the_week_start_matters() {
    let from = "1997-08-05T09:00";
    let rule = |wkst: &str| format!("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={wkst}");
    assert_eq!(days(&rule("MO"), from, "%-d", 9), ["5", "10", "19", "24"]);
    assert_eq!(days(&rule("SU"), from, "%-d", 9), ["5", "17", "19", "31"]);
}

#[test]
fn c10_days_that_do_not_exist_are_skipped() {
    assert_eq!(
        days("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31T09:00", "%b %d", 5),
        ["Jan 31", "Mar 31", "May 31", "Jul 31", "Aug 31"]
    );
}

#[test]
fn c11_until_is_an_instant_and_included() {
    let found = Recurrence::parse(
        "FREQ=DAILY;UNTIL=20260330T070000Z",
        "2026-03-28T09:00".parse().unwrap(),
    )
    .unwrap()
    .between(
        "2026-03-01T00:00".parse().unwrap(),
        "2026-05-01T00:00".parse().unwrap(),
        &zone("Europe/Berlin"),
    );
    assert_eq!(found.len(), 3);
    assert_eq!(
        instant(found[2], &zone("Europe/Berlin")),
        Some(at("2026-03-30T07:00:00Z"))
    );
}

#[test]
fn c12_freeze_beats_window_and_borders_are_half_open() {
    let rules = [
        rule(
            RuleKind::Window,
            "UTC",
            "2026-01-06T09:00",
            "FREQ=WEEKLY;BYDAY=TU",
            "17:00",
        ),
        rule(
            RuleKind::Freeze,
            "UTC",
            "2026-01-06T12:00",
            "FREQ=WEEKLY;BYDAY=TU",
            "13:00",
        ),
    ];
    let target = target();
    let ask = |time: &str| {
        let question = Question {
            target: &target,
            kind: None,
        };
        decide(&rules, &question, at(&format!("2026-11-24T{time}Z")))
    };
    assert!(ask("11:59:59").open());
    assert_eq!(ask("12:00:00").standing, Standing::Frozen);
    assert_eq!(ask("13:00:00").standing, Standing::Inside);
    assert_eq!(ask("17:00:00").standing, Standing::Outside);
    assert_eq!(ask("11:59:59").until, Some(at("2026-11-24T12:00:00Z")));
    assert_eq!(ask("11:59:59").next_freeze.as_deref(), Some("a-freeze"));
    assert_eq!(ask("12:30:00").until, Some(at("2026-11-24T13:00:00Z")));
    assert_eq!(ask("17:00:00").until, Some(at("2026-12-01T09:00:00Z")));
    assert_eq!(ask("12:30:00").reasons[0].source.as_str(), "config.toml:7");
    assert_eq!(
        ask("12:30:00").sentence().as_str(),
        "freeze a-freeze: because"
    );
    let utc = TimeZone::UTC;
    let head = |time: &str| ask(time).headline(at(&format!("2026-11-24T{time}Z")), &utc);
    assert_eq!(head("09:03:00"), "freeze in 2h 57m");
    assert_eq!(head("12:30:00"), "frozen until 13:00");
    assert_eq!(head("13:30:00"), "open until 17:00");
    assert_eq!(head("18:00:00"), "closed until Tue 1 Dec 09:00");
}

#[test]
fn a_freeze_lets_the_allowed_kind_pass_and_says_so() {
    let mut freeze = rule(
        RuleKind::Freeze,
        "UTC",
        "2026-01-01T00:00",
        "FREQ=DAILY",
        "P1D",
    );
    freeze.allow = vec![ReleaseKind::Hotfix];
    let target = target();
    let ask = |kind| {
        let question = Question {
            target: &target,
            kind,
        };
        decide(
            std::slice::from_ref(&freeze),
            &question,
            at("2026-11-24T12:00Z"),
        )
    };
    assert!(!ask(None).open());
    assert!(!ask(Some(ReleaseKind::Minor)).open());
    assert_eq!(ask(None).until, None);
    assert!(ask(Some(ReleaseKind::Hotfix)).open());
    assert_eq!(
        ask(Some(ReleaseKind::Hotfix)).sentence().as_str(),
        "freeze a-freeze lets a hotfix pass"
    );
}

#[test]
fn dates_are_local_and_a_stretch_inside_a_gap_is_empty() {
    let mut end = rule(
        RuleKind::Freeze,
        "Europe/Berlin",
        "2026-01-01T00:00",
        "FREQ=DAILY",
        "1h",
    );
    end.times = Times {
        repeats: None,
        dates: vec![
            (
                "2026-12-18T00:00".parse().unwrap(),
                "2027-01-04T09:00".parse().unwrap(),
            ),
            (
                "2026-03-29T02:10".parse().unwrap(),
                "2026-03-29T02:10".parse().unwrap(),
            ),
        ],
    };
    let all = end.intervals(at("2026-01-01T00:00Z"), at("2027-12-01T00:00Z"));
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].start, all[0].end),
        (at("2026-12-17T23:00Z"), at("2027-01-04T08:00Z"))
    );
    // 02:10 moves to 03:10; the end at 03:00 lies before it.
    let gap = rule(
        RuleKind::Window,
        "Europe/Berlin",
        "2026-03-29T02:10",
        "FREQ=DAILY;COUNT=1",
        "03:00",
    );
    assert!(
        gap.intervals(at("2026-03-28T00:00Z"), at("2026-03-31T00:00Z"))
            .is_empty()
    );
}

#[test]
fn rules_of_others_do_not_count() {
    let mut freeze = rule(
        RuleKind::Freeze,
        "UTC",
        "2026-01-01T00:00",
        "FREQ=DAILY",
        "P1D",
    );
    freeze.scope.targets = Some(std::iter::empty().collect());
    let question = Question {
        target: &target(),
        kind: None,
    };
    let found = decide(&[freeze], &question, at("2026-11-24T12:00Z"));
    assert_eq!(found.standing, Standing::Unruled);
    assert!(found.open());
}

#[test]
fn slots_are_long_enough_to_watch() {
    let rules = [
        rule(
            RuleKind::Window,
            "UTC",
            "2026-01-05T09:00",
            "FREQ=DAILY",
            "17:00",
        ),
        rule(
            RuleKind::Freeze,
            "UTC",
            "2026-11-24T09:20",
            "FREQ=DAILY;COUNT=1",
            "18:00",
        ),
    ];
    let question = Question {
        target: &target(),
        kind: None,
    };
    let half = jiff::SignedDuration::from_mins(30);
    let found = next_slots(&rules, &question, at("2026-11-23T16:00:00Z"), half, 2);
    let starts: Vec<String> = found.iter().map(|s| s.start.to_string()).collect();
    // The twenty minutes before the freeze are too short.
    assert_eq!(starts, ["2026-11-23T16:00:00Z", "2026-11-25T09:00:00Z"]);
    assert_eq!(found[0].end, Some(at("2026-11-23T17:00:00Z")));
    assert_eq!(found[1].bake_end, at("2026-11-25T09:30:00Z"));
}

#[test]
fn a_plan_inside_a_freeze_is_a_conflict() {
    let freeze = rule(
        RuleKind::Freeze,
        "UTC",
        "2026-11-24T12:00",
        "FREQ=DAILY;COUNT=1",
        "13:00",
    );
    let plan = |time: &str| Planned {
        id: "next".to_owned(),
        target: target(),
        version: Safe::new("v3"),
        at: at(&format!("2026-11-24T{time}Z")),
        kind: None,
        place: Safe::default(),
    };
    let rules = [freeze];
    assert_eq!(
        plan("12:10").conflicts(&rules)[0].as_str(),
        "freeze a-freeze: because"
    );
    assert!(plan("13:00").conflicts(&rules).is_empty());
}

#[test]
fn far_rules_are_answered_as_near_ones() {
    // The first time is moved near the question; what the rule names must not change by that.
    for rrule in [
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU;WKST=SU",
        "FREQ=DAILY;INTERVAL=7",
        "FREQ=HOURLY;INTERVAL=5",
        "FREQ=WEEKLY",
    ] {
        let start = "1999-12-31T23:30".parse().unwrap();
        let moved = Recurrence::parse(rrule, start).unwrap();
        let counted = Recurrence::parse(&format!("{rrule};COUNT=10000"), start).unwrap();
        let from = "2002-06-01T00:00".parse().unwrap();
        let to = "2002-08-01T00:00".parse().unwrap();
        let found = moved.between(from, to, &TimeZone::UTC);
        assert!(!found.is_empty());
        assert_eq!(found, counted.between(from, to, &TimeZone::UTC), "{rrule}");
    }
}

#[test]
fn what_is_no_rule_is_refused_with_a_hint() {
    let start = "2026-01-01T09:00".parse().unwrap();
    for (text, says) in [
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL=-1"),
        ("FREQ=MINUTELY", "FREQ=MINUTELY"),
        ("FREQ=WEEKLY;BYDAY=MX", "can't be read"),
        ("BYDAY=MO", "FREQ is missing"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101T000000Z", "exclude"),
        ("FREQ=DAILY;UNTIL=20260101", "UTC"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER"),
        ("FREQ=DAILY\nEXDATE:20260101T000000Z", "does not belong"),
        ("", "NAME=VALUE"),
    ] {
        let bad = Recurrence::parse(text, start).unwrap_err();
        assert!(bad.to_string().contains(says), "{text}: {bad}");
    }
    for text in ["-8h", "0h", "8", "2y", "nonsense"] {
        assert!(length(text).is_err(), "{text}");
    }
}

#[test]
fn an_impossible_rule_ends() {
    let start = "2026-01-01T09:00".parse().unwrap();
    let never = Recurrence::parse("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", start).unwrap();
    assert!(!never.occurs());
    assert!(Recurrence::parse("FREQ=DAILY", start).unwrap().occurs());
}
