//! The shop's calendar: office hours, weekends, the end of the month, and a plan, as the configuration would say them.

use flightdeck::domain::calendar::Calendar;
use flightdeck::domain::calendar::planned::Planned;
use flightdeck::domain::calendar::recurrence::{Recurrence, length};
use flightdeck::domain::calendar::rule::{End, ReleaseKind, Repeats, Rule, RuleKind, Scope, Times};
use flightdeck::domain::text::Safe;
use jiff::tz::TimeZone;

use super::shop::target;

/// It lets hotfixes pass every freeze.
pub(super) fn calendar() -> Calendar {
    let days = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR";
    let after = |text: &str| End::After(length(text).unwrap().fieldwise());
    let office = Rule {
        kind: RuleKind::Window,
        allow: Vec::new(),
        ..freeze(
            ("office", "", 21),
            "2025-01-01T09:00",
            days,
            End::Clock("17:00".parse().unwrap()),
        )
    };
    let weekend = ("weekend", "nobody is here", 26);
    let month_end = ("month-end", "the books are closed", 32);
    Calendar {
        rules: vec![
            office,
            freeze(
                weekend,
                "2025-01-03T17:00",
                "FREQ=WEEKLY;BYDAY=FR",
                after("2d16h"),
            ),
            freeze(
                month_end,
                "2025-01-27T00:00",
                "FREQ=MONTHLY;BYMONTHDAY=27",
                after("4d9h"),
            ),
        ],
        plans: vec![
            planned("search", "v8.1.0", "2025-11-21T14:30:00Z", 2),
            planned("payments", "v4.0.0", "2025-11-27T10:00:00Z", 8),
        ],
    }
}

fn freeze((id, reason, line): (&str, &str, u32), start: &str, rrule: &str, end: End) -> Rule {
    Rule {
        id: id.to_owned(),
        kind: RuleKind::Freeze,
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        zone_name: Safe::new("Europe/Berlin"),
        times: Times {
            repeats: Some(Repeats {
                starts: Recurrence::parse(rrule, start.parse().unwrap()).unwrap(),
                end,
            }),
            dates: Vec::new(),
        },
        scope: Scope::default(),
        allow: vec![ReleaseKind::Hotfix],
        hard: false,
        reason: Safe::new(reason),
        place: Safe::new(&format!(".flightdeck/config.toml:{line}")),
    }
}

fn planned(service: &str, version: &str, at: &str, line: u32) -> Planned {
    Planned {
        id: service.to_owned(),
        target: target(service, "production"),
        version: Safe::new(version),
        at: at.parse().unwrap(),
        kind: Some(ReleaseKind::Major),
        place: Safe::new(&format!(".flightdeck/plan.toml:{line}")),
    }
}
