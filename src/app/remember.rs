//! What is kept of the World for the next start, so that the last known state is on screen before the first request returns.

use serde::{Deserialize, Serialize};

use super::signals::SignalMemory;
use super::update::overview_restored;
use super::world::World;
use crate::domain::fetched::Fetched;
use crate::domain::ids::{ServiceId, Target};
use crate::domain::release::{Checks, Comparison, Overview, RunView};
use crate::domain::units::Now;

/// The shape of what is kept; another one is ignored.
const FORMAT: u32 = 1;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    format: u32,
    services: Vec<(ServiceId, Fetched<Overview>)>,
    envs: Vec<(Target, EnvMemory)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct EnvMemory {
    run: Fetched<RunView>,
    checks: Fetched<Checks>,
    comparison: Fetched<Comparison>,
    signals: SignalMemory,
}

/// What is worth keeping; none: nothing was answered yet.
pub fn memory(world: &World) -> Option<Memory> {
    let known = |(id, slice): (&ServiceId, &super::world::ServiceSlice)| {
        slice
            .overview
            .value()
            .map(|_| (id.clone(), slice.overview.clone()))
    };
    let services: Vec<_> = world.services.iter().filter_map(known).collect();
    if services.is_empty() {
        return None;
    }
    let touched = |slice: &super::world::EnvSlice| {
        slice.checks.value().is_some() || slice.signals.status.value().is_some()
    };
    let envs = world
        .envs
        .iter()
        .filter(|(_, slice)| touched(slice))
        .map(|(target, slice)| {
            let kept = EnvMemory {
                run: slice.run.clone(),
                checks: slice.checks.clone(),
                comparison: slice.comparison.clone(),
                signals: slice.signals.memory(),
            };
            (target.clone(), kept)
        })
        .collect();
    Some(Memory {
        format: FORMAT,
        services,
        envs,
    })
}

/// Puts what was kept into a World that knows nothing yet, all of it marked as cached.
pub fn recall(world: &mut World, memory: Memory, now: Now) {
    if memory.format != FORMAT {
        return;
    }
    for (id, overview) in memory.services {
        if let Some(slice) = world.services.get_mut(&id) {
            slice.overview = overview.into_cached();
            overview_restored(world, &id, now);
        }
    }
    for (target, kept) in memory.envs {
        let Some(slice) = world.envs.get_mut(&target) else {
            continue;
        };
        slice.run = kept.run.into_cached();
        slice.checks = kept.checks.into_cached();
        slice.comparison = kept.comparison.into_cached();
        slice.signals.recall(kept.signals);
        super::update::slice_restored(world, &target, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{at, bad_deploy, started, target, world};

    #[test]
    fn what_was_known_comes_back_marked_as_cached() {
        let mut before = world();
        started(&mut before, 0, bad_deploy());
        let text = serde_json::to_string(&memory(&before).unwrap()).unwrap();
        let mut after = world();
        recall(
            &mut after,
            serde_json::from_str(&text).unwrap(),
            Now(at(60)),
        );
        assert!(after.services[&target().service].overview.is_cached());
        assert_eq!(after.envs[&target()].watch, before.envs[&target()].watch);
        assert!(after.envs[&target()].plan.as_ref().unwrap().is_ok());
    }

    #[test]
    fn nothing_known_is_nothing_kept() {
        assert_eq!(memory(&world()), None);
    }
}
