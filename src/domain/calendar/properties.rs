//! Properties of windows and freezes: what random rules may never do.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::decision::{Question, decide, next_slots};
use super::recurrence::Recurrence;
use super::rule::{Rule, RuleKind};
use super::vectors::{rule, target};

const ZONES: [&str; 4] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "UTC",
];

fn some_rule() -> impl Strategy<Value = Rule> {
    let rrule = prop_oneof![
        (1_u8..4).prop_map(|n| format!("FREQ=DAILY;INTERVAL={n}")),
        (1_u8..4, 0_usize..7).prop_map(|(n, d)| format!(
            "FREQ=WEEKLY;INTERVAL={n};BYDAY={},{}",
            DAYS[d],
            DAYS[(d + 2) % 7]
        )),
        (1_i8..5, 0_usize..7).prop_map(|(n, d)| format!("FREQ=MONTHLY;BYDAY=-{n}{}", DAYS[d])),
        (1_u8..32).prop_map(|d| format!("FREQ=MONTHLY;BYMONTHDAY={d}")),
        (5_u8..9).prop_map(|n| format!("FREQ=HOURLY;INTERVAL={n}")),
    ];
    let end = prop_oneof![
        (0_u8..24).prop_map(|h| format!("{h:02}:30")),
        (1_u8..60).prop_map(|h| format!("PT{h}H")),
        (1_u8..4).prop_map(|d| format!("P{d}D")),
    ];
    (any::<bool>(), 0_usize..4, 0_u8..24, rrule, end).prop_map(
        |(freeze, zone, hour, rrule, end)| {
            let kind = if freeze {
                RuleKind::Freeze
            } else {
                RuleKind::Window
            };
            let start = format!("2026-03-02T{hour:02}:15");
            rule(kind, ZONES[zone], &start, &rrule, &end)
        },
    )
}

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// The rule of the words: freeze in force: closed; windows there: inside one; else open.
fn by_the_words(rules: &[Rule], at: Timestamp) -> bool {
    let day = SignedDuration::from_hours(24 * 5);
    let holds = |r: &Rule| {
        r.intervals(at - day, at + day)
            .iter()
            .any(|i| i.contains(at))
    };
    let mut windows = rules
        .iter()
        .filter(|r| r.kind == RuleKind::Window)
        .peekable();
    let frozen = rules.iter().any(|r| r.kind == RuleKind::Freeze && holds(r));
    !frozen && (windows.peek().is_none() || windows.any(holds))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// Nothing is both open and closed, and what is said to change at an instant changes exactly there.
    #[test]
    fn decisions_follow_the_words_and_turn_at_their_borders(
        rules in proptest::collection::vec(some_rule(), 0..4),
        second in 0_i64..(300 * 86_400),
    ) {
        let now = Timestamp::from_second(1_772_600_000 + second).unwrap();
        let target = target();
        let q = Question { target: &target, kind: None };
        let found = decide(&rules, &q, now);
        prop_assert_eq!(found.open(), by_the_words(&rules, now));
        prop_assert!(found.holds_until > now);
        if let Some(until) = found.until {
            prop_assert!(until > now && found.holds_until <= until);
            let before = until - SignedDuration::from_secs(1);
            prop_assert_eq!(by_the_words(&rules, before), found.open());
            prop_assert_eq!(by_the_words(&rules, until), !found.open());
        }
        for slot in next_slots(&rules, &q, now, SignedDuration::from_mins(30), 2) {
            prop_assert!(by_the_words(&rules, slot.start) && slot.start >= now);
            prop_assert!(by_the_words(&rules, slot.bake_end - SignedDuration::from_secs(1)));
        }
    }

    /// Any text is refused or expanded, without panic and without end.
    #[test]
    fn no_text_panics_or_hangs(
        freq in prop_oneof!["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "[A-Z]{0,6}"],
        parts in proptest::collection::vec(
            ("INTERVAL|COUNT|BYDAY|BYMONTHDAY|BYMONTH|BYWEEKNO|BYYEARDAY|BYHOUR|BYSETPOS|WKST|UNTIL",
             "[-+]?[0-9]{1,3}(,[0-9]{1,2})?|(-1|2)?(MO|SU)|20260330T070000Z|[ -~]{0,5}"), 0..3),
    ) {
        let mut text = format!("FREQ={freq}");
        for (name, value) in parts {
            let _ = write!(text, ";{name}={value}");
        }
        let start = "2020-02-29T23:45".parse().unwrap();
        if let Ok(rule) = Recurrence::parse(&text, start) {
            let found = rule.between(
                "2026-01-01T00:00".parse().unwrap(),
                "2026-03-01T00:00".parse().unwrap(),
                &jiff::tz::TimeZone::UTC,
            );
            prop_assert!(found.windows(2).all(|w| w[0] <= w[1]));
        }
    }

    #[test]
    fn nonsense_is_refused(text in "\\PC{0,40}") {
        let start = "2026-01-01T09:00".parse().unwrap();
        if let Ok(rule) = Recurrence::parse(&text, start) {
            prop_assert!(rule.text().contains("FREQ="));
        }
    }
}
