//! `update`: the one place where the World changes. One file per family of messages; `wanted` says which questions the World
//! now has, so that no handler schedules anything by itself.

mod answers;
mod delivery;
mod derive;
mod flow;
mod gates;
#[cfg(test)]
mod gates_tests;
mod holds;
mod ladders;
mod leap;
mod record;
mod ruled;
mod sign;
mod wanted;

use crate::app::effect::Effect;
use crate::app::msg::Msg;
use crate::app::world::World;
use crate::domain::units::Now;

/// Takes a message in: changes the World and answers what is to be done.
pub fn update(world: &mut World, msg: Msg, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    leap::look(world, now);
    // First, so that no gate is judged by what the calendar said before a border.
    ruled::refresh(world, now);
    match msg {
        Msg::Tick => derive::time_passes(world, now),
        Msg::Focus(target) => {
            if world.envs.contains_key(&target) {
                world.focus = Some(target);
            }
        }
        Msg::Refresh => world.schedule.hurry(),
        Msg::Want(target, wanted) => {
            if let Some(slice) = world.envs.get_mut(&target) {
                slice.wanted = wanted;
                derive::plan(world, &target, now);
            }
        }
        Msg::WantWay(target, wanted) => {
            if let Some(slice) = world.envs.get_mut(&target) {
                slice.wanted_way = wanted;
                derive::plan(world, &target, now);
            }
        }
        Msg::Catalog(catalog) => world.adopt(catalog),
        Msg::Budget(source, budget) => {
            world.budgets.insert(source, budget);
        }
        Msg::Recalled(memory) => crate::app::remember::recall(world, *memory, now),
        Msg::Noticed(notice) => world.notices.push(notice),
        Msg::LedgerChanged => world
            .schedule
            .hurry_one(&crate::app::effect::EffectKey::Ledger),
        Msg::Answer {
            key,
            generation,
            answer,
        } => {
            if world.schedule.accept(&key, generation) {
                effects.extend(answers::receive(world, &key, answer, now));
            }
        }
        Msg::Record(ask) => record::ask(world, ask),
        Msg::Look(look) => delivery::look(world, look),
        Msg::Reading(source, progress, kept) => {
            delivery::progress(world, &source, progress, kept);
        }
        Msg::Confirmed(approved) => effects.extend(flow::confirmed(world, approved, now)),
        Msg::Resume(target) => effects.extend(flow::resume(world, &target, now)),
        Msg::Resolve(target, reason) => effects.extend(flow::resolve(world, &target, &reason, now)),
        Msg::Candidate(target, asked) => {
            if let Some(slice) = world.envs.get_mut(&target) {
                slice.asked = asked;
                derive::overview(world, &target.service, now);
            }
        }
        Msg::Sign(target, signing) => effects.extend(sign::sign(world, &target, &signing, now)),
        Msg::Dismiss(target) => {
            if world
                .flows
                .get(&target)
                .is_some_and(crate::app::flow::Flow::is_over)
            {
                world.flows.remove(&target);
            }
        }
        Msg::Written(target, written) => {
            sign::written(world, &target, &written);
            effects.extend(flow::written(world, &target, written, now));
        }
    }
    ruled::refresh(world, now);
    effects.extend(flow::advance(world, now));
    effects.extend(wanted::due(world, now));
    effects
}

/// A service's overview was restored from the last screen.
pub(super) fn overview_restored(
    world: &mut World,
    service: &crate::domain::ids::ServiceId,
    now: Now,
) {
    derive::overview(world, service, now);
}

/// Brings up to date what the calendar says, for a World that no message has reached yet.
pub fn calendar(world: &mut World, now: Now) {
    ruled::refresh(world, now);
}

/// A target's details were restored from the last screen.
pub(super) fn slice_restored(world: &mut World, target: &crate::domain::ids::Target, now: Now) {
    derive::plan(world, target, now);
}
