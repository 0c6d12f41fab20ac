//! Which questions the ready card has about what would hold a rollback: the old run that may be repeated, the environment's
//! rules, the runs under way. Asked beforehand, so that nothing waits for them when `R` is pressed.

use jiff::SignedDuration;

use crate::app::effect::EffectKey;
use crate::app::schedule::Wanted;
use crate::app::world::World;
use crate::domain::ids::Target;
use crate::domain::release::VersionRef;
use crate::domain::rollback::{holds, rerun, ways};

/// While a deploy is watched.
const DEPLOY_S: i64 = 60;
/// While nothing happens.
const IDLE_S: i64 = 300;

/// The questions about a target, to go back to `to`.
pub(super) fn wanted(
    world: &World,
    target: &Target,
    to: &VersionRef,
    every: impl Fn(i64) -> SignedDuration,
    list: &mut Vec<Wanted>,
) {
    let (Some(slice), Some((_, env))) = (world.envs.get(target), world.configured(target)) else {
        return;
    };
    if env.ways.is_empty() || world.read_only.is_some() {
        return;
    }
    let seconds = if slice.watch.is_some() {
        DEPLOY_S
    } else {
        IDLE_S
    };
    let mut file = None;
    let state = slice.state.as_ref().filter(|_| ways::wants_run(&env.ways));
    if let Some(run) = state.and_then(|s| rerun::known_run(s, &to.sha)) {
        list.push(Wanted {
            key: EffectKey::OldRun(target.clone(), run),
            every: Some(every(seconds)),
        });
        let read = slice.old_run.value().filter(|v| v.run.id == run);
        file = read.and_then(|v| v.run.file());
    }
    list.push(Wanted {
        key: EffectKey::Holds(target.clone(), holds::files(&env.ways, file.as_ref())),
        every: Some(every(seconds)),
    });
}
