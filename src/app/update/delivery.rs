//! Changes and delivery metrics: what is asked while somebody looks, and what comes of it.

use super::answers::settle;
use crate::app::delivery::{Done, Look, Progress};
use crate::app::effect::{EffectKey, Fetch};
use crate::app::schedule::Wanted;
use crate::app::world::World;
use crate::domain::change::dora::Sheet;
use crate::domain::change::listing::{Ask, Listing};
use crate::domain::change::origin::Kept;
use crate::domain::fetched::Fault;
use crate::domain::ids::Target;
use crate::domain::units::Now;

/// The sources are read on after this time, while somebody looks.
const READ: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
/// "The last 30 days" is another time by then.
const AGAIN: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// A person looks at something, or no longer does.
pub(super) fn look(world: &mut World, look: Option<Look>) {
    world.delivery.look = look;
}

/// The questions of a look.
pub(super) fn wanted(world: &World, list: &mut Vec<Wanted>) {
    let looks = world.delivery.look.is_some();
    let mut sources: Vec<&str> = Vec::new();
    for service in &world.catalog.services {
        if !sources.contains(&service.source.as_str()) {
            sources.push(&service.source);
        }
    }
    for source in sources {
        let key = EffectKey::Reading(source.to_owned());
        // What has begun goes to its end: another look would begin where it stopped, but later.
        if looks || world.schedule.asks(|k| *k == key) {
            list.push(Wanted {
                key,
                every: Some(READ),
            });
        }
    }
    let stamp = world.delivery.stamp;
    let key = match &world.delivery.look {
        Some(Look::Changes(ask)) => EffectKey::Listing(ask.clone(), stamp),
        Some(Look::Dora(target, days)) => EffectKey::Sheet(target.clone(), *days, stamp),
        None => return,
    };
    list.push(Wanted {
        key,
        every: Some(AGAIN),
    });
}

/// What a question asks for.
pub(super) fn fetch(world: &World, key: &EffectKey) -> Option<Fetch> {
    Some(match key {
        EffectKey::Reading(source) => {
            let services = world.catalog.services.iter();
            let mut repos: Vec<_> = services
                .filter(|s| s.source == *source)
                .map(|s| s.repo.clone())
                .collect();
            repos.sort_unstable();
            repos.dedup();
            // The selected service's repository first: that is what somebody looks at.
            let focus = world.focus.as_ref().map(|t| &t.service);
            let first = focus.and_then(|id| world.catalog.service(id));
            if let Some(at) = first.and_then(|s| repos.iter().position(|r| *r == s.repo)) {
                repos.get_mut(..=at)?.rotate_right(1);
            }
            Fetch::Reading {
                source: source.clone(),
                repos,
                services: kept(world),
            }
        }
        EffectKey::Listing(ask, _) => Fetch::Listing {
            ask: ask.clone(),
            services: kept(world),
        },
        EffectKey::Sheet(target, days, _) => Fetch::Sheet {
            target: target.clone(),
            days: *days,
            services: kept(world),
        },
        _ => return None,
    })
}

fn kept(world: &World) -> Vec<Kept> {
    world.catalog.services.iter().map(Kept::from).collect()
}

/// A reading went on; `kept` says that something new is there.
pub(super) fn progress(world: &mut World, source: &str, progress: Progress, kept: bool) {
    let reading = world
        .delivery
        .readings
        .entry(source.to_owned())
        .or_default();
    reading.progress = Some(progress);
    if kept {
        world.delivery.stamp += 1;
    }
}

/// A reading came to its end.
pub(super) fn read(world: &mut World, key: &EffectKey, result: Result<Done, Fault>, now: Now) {
    let result = settle(world, key, result, now);
    let EffectKey::Reading(source) = key else {
        return;
    };
    let reading = world.delivery.readings.entry(source.clone()).or_default();
    reading.progress = None;
    match result {
        Ok(done) => reading.done.receive(done, now.0),
        Err(fault) => reading.done.fail(fault),
    }
    // Also without anything new the store now says when it was read last.
    world.delivery.stamp += 1;
}

/// Changes were read from the store.
pub(super) fn listing(
    world: &mut World,
    (key, ask): (&EffectKey, &Ask),
    result: Result<Listing, Fault>,
    now: Now,
) {
    let result = settle(world, key, result, now);
    let (of, slot) = &mut world.delivery.listing;
    match result {
        Ok(found) => {
            *of = Some(ask.clone());
            slot.receive(found, now.0);
        }
        Err(fault) => slot.fail(fault),
    }
}

/// Metrics were computed.
pub(super) fn sheet(
    world: &mut World,
    (key, target, days): (&EffectKey, &Target, u32),
    result: Result<Box<Sheet>, Fault>,
    now: Now,
) {
    let result = settle(world, key, result, now);
    let (of, slot) = &mut world.delivery.sheet;
    match result {
        Ok(found) => {
            *of = Some((target.clone(), days));
            slot.receive(found, now.0);
        }
        Err(fault) => slot.fail(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::effect::Effect;
    use crate::app::msg::{Answer, Msg};
    use crate::app::testing::{answer, send, target, world};
    use crate::domain::change::listing::Whose;

    fn ask(days: u32) -> Ask {
        Ask {
            whose: Whose::All,
            days,
            words: String::new(),
            bots: false,
        }
    }

    fn asked(effects: &[Effect], wanted: impl Fn(&EffectKey) -> bool) -> usize {
        let is = |e: &&Effect| matches!(e, Effect::Fetch { key, .. } if wanted(key));
        effects.iter().filter(is).count()
    }

    #[test]
    fn nothing_is_read_before_somebody_looks_and_a_reading_goes_to_its_end() {
        let mut world = world();
        let is_reading = |k: &EffectKey| matches!(k, EffectKey::Reading(_));
        let is_listing = |k: &EffectKey| matches!(k, EffectKey::Listing(..));
        let effects = send(&mut world, 0, Msg::Tick);
        assert_eq!(asked(&effects, is_reading) + asked(&effects, is_listing), 0);

        let look = Some(Look::Changes(ask(30)));
        let effects = send(&mut world, 0, Msg::Look(look));
        assert_eq!(
            (asked(&effects, is_reading), asked(&effects, is_listing)),
            (1, 1)
        );
        let repos = effects.iter().find_map(|e| match e {
            Effect::Fetch {
                what: Fetch::Reading { repos, .. },
                ..
            } => Some(repos.clone()),
            _ => None,
        });
        assert_eq!(repos.unwrap().len(), 1);

        // Somebody who looks away leaves the reading alone, not the list.
        let effects = send(&mut world, 1, Msg::Look(None));
        let cancelled = |e: &Effect| matches!(e, Effect::Cancel(k) if is_reading(k));
        assert!(!effects.iter().any(cancelled));
        assert!(
            effects
                .iter()
                .any(|e| matches!(e, Effect::Cancel(k) if is_listing(k)))
        );
        answer(
            &mut world,
            2,
            is_reading,
            Answer::Reading(Ok(Done::default())),
        );
        let effects = send(&mut world, 3_600, Msg::Tick);
        assert_eq!(asked(&effects, is_reading), 0, "nobody looks any more");
    }

    #[test]
    fn what_is_kept_anew_is_shown_and_the_last_answer_stays_until_then() {
        let mut world = world();
        let is_listing = |k: &EffectKey| matches!(k, EffectKey::Listing(..));
        send(&mut world, 0, Msg::Look(Some(Look::Changes(ask(30)))));
        let found = Listing {
            total: 7,
            ..Listing::default()
        };
        answer(
            &mut world,
            1,
            is_listing,
            Answer::Listing(Ok(found.clone())),
        );
        assert_eq!(world.delivery.listing.1.value(), Some(&found));
        assert!(world.delivery.is_current());

        let progress = Progress {
            repo: None,
            repositories: (0, 1),
            rows: 100,
            expected: Some(200),
            requests: 2,
        };
        let on = |kept| Msg::Reading("main".to_owned(), progress.clone(), kept);
        let effects = send(&mut world, 2, on(false));
        assert_eq!(asked(&effects, is_listing), 0);
        let effects = send(&mut world, 3, on(true));
        assert_eq!(asked(&effects, is_listing), 1);
        assert_eq!(world.delivery.readings["main"].progress, Some(progress));

        send(&mut world, 4, Msg::Look(Some(Look::Changes(ask(90)))));
        assert!(!world.delivery.is_current());
        assert_eq!(world.delivery.listing.1.value(), Some(&found), "it stays");
        answer(
            &mut world,
            5,
            is_listing,
            Answer::Listing(Ok(Listing::default())),
        );
        assert!(world.delivery.is_current());
    }

    #[test]
    fn metrics_are_asked_for_a_target() {
        let mut world = world();
        let look = Some(Look::Dora(target(), 90));
        let effects = send(&mut world, 0, Msg::Look(look));
        assert!(effects.iter().any(|e| matches!(
            e,
            Effect::Fetch {
                what: Fetch::Sheet { days: 90, .. },
                ..
            }
        )));
    }
}
