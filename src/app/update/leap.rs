//! The clock leaps: somebody set it, or the machine slept. Who is right is the metrics source's word: its clock is measured anew before
//! anything is asked by it, else bins would be awaited, or believed missing, in a time that nobody else knows.

use jiff::SignedDuration;

use crate::app::effect::EffectKey;
use crate::app::world::World;
use crate::domain::fetched::Fetched;
use crate::domain::units::Now;

/// No busy machine is that late.
const LATE: SignedDuration = SignedDuration::from_mins(2);
/// On a stretched clock: so many of the shortest intervals between polls.
const LATE_POLLS: i32 = 60;

/// Looks at the clock; called before anything else is done with the time.
pub(super) fn look(world: &mut World, now: Now) {
    let most = LATE.max(world.min_poll.saturating_mul(LATE_POLLS));
    if !world.schedule.look(now.0, most) {
        return;
    }
    for (target, slice) in &mut world.envs {
        world.schedule.restart(&EffectKey::Clock(target.clone()));
        if slice.signals.clock.value().is_some() {
            slice.signals.clock = Fetched::Never;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::effect::{Effect, Fetch};
    use crate::app::msg::{Answer, Msg};
    use crate::app::testing::{answer, at, bad_deploy, send, started, target, world};
    use crate::domain::observe::{MetricsClock, SignalBatch};

    /// A World whose signals were read up to second 300, by a server whose clock is right.
    fn measured() -> World {
        let mut world = world();
        started(&mut world, 0, bad_deploy());
        clock(&mut world, 0, 0.0);
        for s in [0, 5, 10, 300] {
            send(&mut world, s, Msg::Tick);
            while let Some((_, to)) = signals(&mut world, s) {
                assert!(to <= s + 180);
            }
        }
        world
    }

    fn clock(world: &mut World, s: i64, offset_s: f64) {
        let measured = MetricsClock {
            offset_s,
            scrape_s: 5,
        };
        let is = |k: &EffectKey| matches!(k, EffectKey::Clock(_));
        answer(world, s, is, Answer::Clock(Ok(measured)));
    }

    /// Answers the open question for signals with nothing; from where to where it asked, seconds from the deploy's start.
    fn signals(world: &mut World, s: i64) -> Option<(i64, i64)> {
        let is = |k: &EffectKey| matches!(k, EffectKey::Signals(..));
        let open = world.schedule.running().into_iter().find(|(k, _)| is(k))?;
        let slice = &world.envs[&target()].signals;
        let query = slice.next_query(&templates(world), Now(at(s)).0)?;
        let batch = SignalBatch {
            anchor: query.anchor,
            bin_s: query.bin_s,
            bins: vec![],
            bounds_ms: vec![],
            asked: (query.from_s, query.to_s),
            warnings: vec![],
        };
        let (key, generation) = open;
        let answer = Answer::Signals(Ok(batch));
        send(
            world,
            s,
            Msg::Answer {
                key,
                generation,
                answer,
            },
        );
        Some((query.from_s, query.to_s))
    }

    fn templates(world: &World) -> crate::domain::catalog::SignalTemplates {
        let (_, env) = world.catalog.environment(&target()).unwrap();
        env.signals.clone().unwrap()
    }

    fn asks(effects: &[Effect], is: fn(&Fetch) -> bool) -> usize {
        let fetched = |e: &&Effect| matches!(e, Effect::Fetch { what, .. } if is(what));
        effects.iter().filter(fetched).count()
    }

    #[test]
    fn an_hour_back_the_clock_is_measured_and_the_signals_go_on() {
        let mut world = measured();
        let effects = send(&mut world, 310 - 3_600, Msg::Tick);
        assert_eq!(asks(&effects, |f| matches!(f, Fetch::Clock { .. })), 1);
        assert_eq!(asks(&effects, |f| matches!(f, Fetch::Signals { .. })), 0);
        // The server's clock did not move: it is an hour ahead now.
        clock(&mut world, 311 - 3_600, 3_600.0);
        send(&mut world, 330 - 3_600, Msg::Tick);
        let (from, to) = signals(&mut world, 330 - 3_600).expect("signals are asked for again");
        assert!(from < to && to <= 330 + 180, "{from}..{to}");
    }

    #[test]
    fn a_day_ahead_by_mistake_nothing_is_believed_missing() {
        let mut world = measured();
        let before = world.envs[&target()].signals.verdict.clone();
        let effects = send(&mut world, 310 + 86_400, Msg::Tick);
        assert_eq!(asks(&effects, |f| matches!(f, Fetch::Clock { .. })), 1);
        assert_eq!(asks(&effects, |f| matches!(f, Fetch::Signals { .. })), 0);
        assert_eq!(world.envs[&target()].signals.verdict, before);
        clock(&mut world, 311 + 86_400, -86_400.0);
        send(&mut world, 330 + 86_400, Msg::Tick);
        let asked = world.envs[&target()].signals.asked.unwrap();
        assert!(asked.1 <= 330 + 180, "{asked:?}");
    }

    #[test]
    fn every_question_is_asked_again_within_its_interval_after_any_leap() {
        for leap in [-86_400, -3_600, -2, 3_600, 86_400] {
            let mut world = measured();
            send(&mut world, 301, Msg::Tick);
            let count = |effects: Vec<Effect>| effects.len();
            let at_once = count(send(&mut world, 301 + leap, Msg::Tick));
            assert!(at_once <= 10, "{leap}: a storm of {at_once}");
            let due = world.schedule.next_due();
            let wait = due.map(|d| d.duration_since(at(301 + leap)).as_secs());
            assert!(wait.is_none_or(|s| s <= 600), "{leap}: waits {wait:?}");
        }
    }
}
