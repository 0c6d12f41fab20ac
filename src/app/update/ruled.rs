//! What the calendar's rules say: worked out anew when another target is selected and when time passes a border, never by the frame.

use jiff::{SignedDuration, Timestamp};

use crate::app::world::{Ruled, World};
use crate::domain::calendar;
use crate::domain::calendar::decision::{Question, decide};
use crate::domain::units::Now;

/// How far ahead the agenda tells windows and freezes.
const AHEAD: SignedDuration = SignedDuration::from_hours(45 * 24);

/// Brings decisions and entries up to date, if they are not.
pub(super) fn refresh(world: &mut World, now: Now) {
    let holds = world.ruled.of.as_ref().is_some_and(|(focus, at)| {
        *focus == world.focus && *at <= now.0 && now.0 < world.ruled.until
    });
    if holds {
        return;
    }
    let far = now.0.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut until = far;
    for (target, slice) in &mut world.envs {
        let question = Question { target, kind: None };
        let decision = decide(&world.calendar.rules, &question, now.0);
        until = until.min(decision.holds_until);
        slice.window = Some(decision);
    }
    // A plan is over when its time has come.
    let plans = world.calendar.plans.iter().map(|p| p.at);
    until = plans.filter(|at| *at > now.0).fold(until, Timestamp::min);
    let entries = world.focus.as_ref().map_or_else(Vec::new, |target| {
        calendar::ruled(&world.calendar, target, now.0, (now.0, far))
    });
    world.ruled = Ruled {
        of: Some((world.focus.clone(), now.0)),
        until,
        entries,
    };
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::app::msg::Msg;
    use crate::app::testing::{at, send, target, world};
    use crate::domain::calendar::EntryKind;
    use crate::domain::calendar::rule::{Rule, RuleKind, Scope, Times};
    use crate::domain::text::Safe;

    fn freeze(from: i64, to: i64) -> Rule {
        let local = |s| at(s).to_zoned(TimeZone::UTC).datetime();
        Rule {
            id: "now".to_owned(),
            kind: RuleKind::Freeze,
            zone: TimeZone::UTC,
            zone_name: Safe::new("UTC"),
            times: Times {
                repeats: None,
                dates: vec![(local(from), local(to))],
            },
            scope: Scope::default(),
            allow: vec![],
            hard: false,
            reason: Safe::new("moving house"),
            place: Safe::new("config.toml:3"),
        }
    }

    #[test]
    fn the_decision_turns_when_time_passes_a_border_and_not_before() {
        let mut world = world();
        world.calendar.rules = vec![freeze(60, 120)];
        let open = |world: &World| world.envs[&target()].window.as_ref().unwrap().open();
        send(&mut world, 0, Msg::Tick);
        assert!(open(&world));
        let worked_out = world.ruled.of.clone();
        send(&mut world, 59, Msg::Tick);
        assert_eq!(world.ruled.of, worked_out);
        send(&mut world, 60, Msg::Tick);
        assert!(!open(&world));
        let entry = &world.ruled.entries[0];
        assert_eq!((entry.kind, entry.end), (EntryKind::Freeze, Some(at(120))));
        send(&mut world, 120, Msg::Tick);
        assert!(open(&world) && world.ruled.entries.is_empty());
        // The clock goes back.
        send(&mut world, 90, Msg::Tick);
        assert!(!open(&world));
    }

    #[test]
    fn without_rules_it_is_open_and_says_why() {
        let mut world = world();
        send(&mut world, 0, Msg::Tick);
        let decision = world.envs[&target()].window.as_ref().unwrap();
        assert!(decision.open());
        assert_eq!(
            decision.sentence().as_str(),
            "no window or freeze is defined"
        );
    }
}
