//! The checklist of a target: the configured gates on what is known, else the checks as they are; and which questions gates have.

use jiff::SignedDuration;

use crate::app::effect::EffectKey;
use crate::app::schedule::Wanted;
use crate::app::world::{EnvSlice, World};
use crate::domain::fetched::Fetched;
use crate::domain::gate::evaluate::{Facts, rows};
use crate::domain::gate::http::HttpValue;
use crate::domain::gate::rollback_plan::WayBack;
use crate::domain::gate::spec::{GateKind, GateSpec};
use crate::domain::gate::{Checklist, rollup, signoff};
use crate::domain::ids::Target;
use crate::domain::release::VersionRef;
use crate::domain::release::live::EnvState;
use crate::domain::rollback::plan;
use crate::domain::units::Now;

/// A source that is slowed down to the utmost still answers within this time; one that does not has failed.
const STALE_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// Values are read that often while they do not pass, or do not age.
const VALUE_S: i64 = 60;
/// Values that pass are read again at least that often.
const PASSING_S: i64 = 15 * 60;
/// Reviews are read that often.
const REVIEWS_S: i64 = 120;

/// What a candidate replaces: what is live, or what was live before where the candidate is live itself.
pub(super) fn base(state: &EnvState, candidate: &VersionRef) -> Option<VersionRef> {
    let live = state.live.as_ref().map(|l| &l.what);
    live.filter(|l| l.sha != candidate.sha)
        .or_else(|| {
            state
                .known_good
                .iter()
                .map(|k| &k.what)
                .find(|w| w.sha != candidate.sha)
        })
        .cloned()
}

/// Judges the gates of a target anew.
pub(super) fn checklist(world: &mut World, target: &Target, now: Now) {
    let known = world
        .envs
        .get(target)
        .is_some_and(|slice| slice.candidate.is_some());
    // Without a candidate what was known before stays, marked as old by its source.
    if known {
        let list = judged(world, target, now);
        if let Some(slice) = world.envs.get_mut(target) {
            slice.checklist = list;
        }
    }
}

/// The checklist; none: nothing is known of the candidate yet.
fn judged(world: &World, target: &Target, now: Now) -> Option<Checklist> {
    let slice = world.envs.get(target)?;
    let (_, env) = world.catalog.environment(target)?;
    let (candidate, chosen) = slice.candidate.as_ref()?;
    let list = |gates| Checklist {
        candidate: candidate.clone(),
        chosen: chosen.clone(),
        gates,
    };
    if env.gates.is_empty() {
        let checks = slice.checks.value().filter(|c| c.sha == candidate.sha);
        return checks.map(|c| list(rollup::gates(c)));
    }
    let plan = super::derive::with_plan_input(world, target, now, plan::plan);
    let overview = world.services.get(&target.service).map(|s| &s.overview);
    let signoffs = signoff::read(&world.ledger.rows, target);
    let facts = Facts {
        now,
        candidate,
        base: slice.base.as_ref(),
        checks: &slice.checks,
        approvals: &slice.approvals,
        readings: &slice.readings,
        signoffs: match (&world.ledger.fault, world.ledger.read_at) {
            (Some(fault), _) => Err(fault.message.as_str()),
            (None, None) => Err("not read yet"),
            (None, Some(_)) => Ok(&signoffs),
        },
        way_back: WayBack {
            ways: &env.ways,
            live: slice
                .state
                .as_ref()
                .and_then(|s| s.live.as_ref())
                .map(|l| &l.what),
            plan: plan.as_ref(),
            seen_at: overview.and_then(Fetched::at),
            fault: overview.and_then(Fetched::fault),
        },
        window: slice.window.as_ref(),
        stale_after: stale_after(world),
    };
    Some(list(rows(&env.gates, &facts)))
}

/// Polls may be further apart than usual in fast virtual time.
fn stale_after(world: &World) -> SignedDuration {
    STALE_AFTER.max(world.min_poll.saturating_mul(5))
}

/// The questions that the gates of a target have.
pub(super) fn wanted(
    world: &World,
    target: &Target,
    every: impl Fn(i64) -> SignedDuration,
    list: &mut Vec<Wanted>,
) {
    let (Some(slice), Some((_, env))) = (world.envs.get(target), world.configured(target)) else {
        return;
    };
    let Some((candidate, _)) = &slice.candidate else {
        return;
    };
    let asked: Vec<&GateSpec> = env
        .gates
        .iter()
        .filter(|g| g.applies(slice.base.as_ref(), candidate))
        .collect();
    if let Some(base) = &slice.base
        && asked.iter().any(|g| g.kind.needs_changes())
    {
        // Who wrote a range of commits never changes; reviews do.
        let reviews = asked
            .iter()
            .any(|g| matches!(g.kind, GateKind::Approvals(_)));
        list.push(Wanted {
            key: EffectKey::Approvals(target.clone(), base.sha.clone(), candidate.sha.clone()),
            every: reviews.then(|| every(REVIEWS_S)),
        });
    }
    for gate in asked {
        let GateKind::Http(value) = &gate.kind else {
            continue;
        };
        if value.ask(&gate.id, candidate).is_some() {
            let key = EffectKey::GateValue(target.clone(), gate.id.clone(), candidate.sha.clone());
            list.push(Wanted {
                key,
                every: Some(value_interval(slice, gate, value).max(world.min_poll)),
            });
        }
    }
}

/// A value that passes for a day is not asked every minute; one that does not pass yet is waited for.
fn value_interval(slice: &EnvSlice, gate: &GateSpec, value: &HttpValue) -> SignedDuration {
    let often = SignedDuration::from_secs(VALUE_S);
    let passes = matches!(
        slice.readings.get(&gate.id),
        Some(Fetched::Fresh { value: reading, .. }) if value.bounds.hold(&reading.value) == Some(true)
    );
    match gate.valid_for {
        Some(limit) if limit < often * 2 => limit / 2,
        Some(limit) if passes => (limit / 2).min(SignedDuration::from_secs(PASSING_S)),
        _ => often,
    }
}
