//! What is kept of the World for the next start, so that the last known state is on screen before the first request returns.
//! Each service is kept by itself: the first frame waits only for the one that is looked at.

use serde::{Deserialize, Serialize};

use super::signals::SignalMemory;
use super::update::overview_restored;
use super::world::World;
use crate::domain::fetched::Fetched;
use crate::domain::ids::{ServiceId, Target};
use crate::domain::release::{Checks, Comparison, Overview, RunView};
use crate::domain::units::Now;

/// The shape of what is kept; another one is ignored.
const FORMAT: u32 = 2;

/// What is kept of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    format: u32,
    service: ServiceId,
    overview: Fetched<Overview>,
    envs: Vec<(Target, EnvMemory)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct EnvMemory {
    run: Fetched<RunView>,
    checks: Fetched<Checks>,
    comparison: Fetched<Comparison>,
    signals: SignalMemory,
}

/// What is worth keeping, service by service; nothing of those that never answered.
pub fn memories(world: &World) -> impl Iterator<Item = (&ServiceId, Memory)> {
    world.services.iter().filter_map(|(id, slice)| {
        slice.overview.value()?;
        let kept = Memory {
            format: FORMAT,
            service: id.clone(),
            overview: slice.overview.clone(),
            envs: envs(world, id),
        };
        Some((id, kept))
    })
}

fn envs(world: &World, service: &ServiceId) -> Vec<(Target, EnvMemory)> {
    let touched = |slice: &super::world::EnvSlice| {
        slice.checks.value().is_some() || slice.signals.status.value().is_some()
    };
    world
        .envs
        .iter()
        .filter(|(target, slice)| target.service == *service && touched(slice))
        .map(|(target, slice)| {
            let kept = EnvMemory {
                run: slice.run.clone(),
                checks: slice.checks.clone(),
                comparison: slice.comparison.clone(),
                signals: slice.signals.memory(),
            };
            (target.clone(), kept)
        })
        .collect()
}

/// Puts what was kept of a service into a World that knows nothing of it yet, all of it marked as cached. What has been answered
/// meanwhile is newer and stays.
pub fn recall(world: &mut World, memory: Memory, now: Now) {
    let Some(slice) = world.services.get_mut(&memory.service) else {
        return;
    };
    if memory.format != FORMAT || !matches!(slice.overview, Fetched::Never) {
        return;
    }
    slice.overview = memory.overview.into_cached();
    overview_restored(world, &memory.service, now);
    for (target, kept) in memory.envs {
        let Some(slice) = world.envs.get_mut(&target) else {
            continue;
        };
        if slice.checks.value().is_some() || slice.signals.status.value().is_some() {
            continue;
        }
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
    use crate::app::testing::{at, bad_deploy, deployment, started, target, world};
    use crate::domain::release::DeploymentState;

    fn only(world: &World) -> Memory {
        memories(world).next().unwrap().1
    }

    #[test]
    fn what_was_known_comes_back_marked_as_cached() {
        let mut before = world();
        started(&mut before, 0, bad_deploy());
        let text = serde_json::to_string(&only(&before)).unwrap();
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
    fn the_curves_of_a_quiet_service_come_back_minutes_later() {
        let quiet = || vec![deployment(1, 'b', -600_000, &[DeploymentState::Success])];
        let mut before = world();
        started(&mut before, 0, quiet());
        let signals = &mut before.envs.get_mut(&target()).unwrap().signals;
        signals.series.errors = vec![(at(-20).as_second(), Some(0.003))];
        signals.status = Fetched::Fresh {
            value: (),
            at: at(0),
        };
        let kept = before.envs[&target()].signals.series.clone();
        let memory = only(&before);
        let mut after = world();
        recall(&mut after, memory, Now(at(400)));
        let signals = &after.envs[&target()].signals;
        assert_eq!(signals.series, kept);
        assert!(signals.status.is_cached() && !signals.judged);
        assert_eq!(signals.anchor, Some(at(360)), "new bins are aligned to now");
    }

    #[test]
    fn what_was_answered_meanwhile_is_newer() {
        let mut before = world();
        started(&mut before, 0, bad_deploy());
        let kept = only(&before);
        let answered = before.services.clone();
        recall(&mut before, kept, Now(at(60)));
        assert_eq!(before.services, answered);
    }

    #[test]
    fn nothing_known_is_nothing_kept() {
        assert_eq!(memories(&world()).count(), 0);
    }
}
