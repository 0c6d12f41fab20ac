//! What follows from the data: environment states, the watched deployment, the candidate, the checklist, the ready card.
//! Computed when data arrives, so that a frame only copies.

use super::gates;
use crate::app::world::{EnvSlice, World};
use crate::domain::calendar;
use crate::domain::catalog::Environment;
use crate::domain::fetched::Fetched;
use crate::domain::ids::{ServiceId, Target};
use crate::domain::release::watch::{Phase, watch};
use crate::domain::release::{Overview, VersionRef};
use crate::domain::release::{candidate, ladder};
use crate::domain::rollback::plan::{self, PlanInput};
use crate::domain::rollback::{Refusal, journal};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// A new overview of a service has arrived.
pub(super) fn overview(world: &mut World, service: &ServiceId, now: Now) {
    let Some(slice) = world.services.get_mut(service) else {
        return;
    };
    let Some(overview) = slice.overview.value() else {
        return;
    };
    slice.entries = calendar::entries(service, overview);
    let Some(releasing) = world.catalog.service(service).map(|s| &s.releasing) else {
        return;
    };
    let overview = releasing.arrange(overview.clone());
    let targets: Vec<Target> = world
        .envs
        .keys()
        .filter(|t| t.service == *service)
        .cloned()
        .collect();
    for target in targets {
        environment(world, &target, &overview, now);
    }
}

fn environment(world: &mut World, target: &Target, overview: &Overview, now: Now) {
    let Some((service, env)) = world.catalog.environment(target) else {
        return;
    };
    let (bake, judged) = (env.bake, env.signals.is_some());
    let Some(slice) = world.envs.get_mut(target) else {
        return;
    };
    let asked = slice.probed.at();
    let facts = ladder::Facts {
        overview,
        env: (&target.env, &env.github_environment),
        runs: slice.deploy_runs.value().map(Vec::as_slice),
        probed: slice.probed.value().zip(asked),
        releasing: &service.releasing,
    };
    let (state, drift) = ladder::tell(&env.ladder, &facts);
    slice.drift = drift;
    slice.watch = watch(&state, bake, now);
    let candidate = match &slice.asked {
        Some(asked) => named(overview, asked),
        None => candidate::choose(&service.releasing, overview, &state, slice.watch.as_ref()),
    };
    if slice.candidate.as_ref().map(|(c, _)| c) != candidate.as_ref().map(|(c, _)| c) {
        slice.checks = Fetched::Never;
        slice.approvals = Fetched::Never;
        slice.readings.clear();
        slice.checklist = None;
    }
    slice.base = candidate.as_ref().and_then(|(c, _)| gates::base(&state, c));
    slice.candidate = candidate;
    slice.state = Some(state);
    if judged {
        align(slice, now);
    }
    plan(world, target, now);
}

/// Aligns the signals to the watched deployment's start; without one, to a full minute, only to draw.
fn align(slice: &mut EnvSlice, now: Now) {
    match &slice.watch {
        Some(watch) => {
            slice.signals.align(watch.started_at, true);
            if let Phase::Returned(at) = watch.phase {
                slice
                    .signals
                    .returned(at.duration_since(watch.started_at).as_secs());
            }
        }
        None if slice.signals.anchor.is_none() || slice.signals.judged => {
            let minute = now.0.as_second().div_euclid(60) * 60;
            if let Ok(anchor) = jiff::Timestamp::from_second(minute) {
                slice.signals.align(anchor, false);
            }
        }
        None => {}
    }
}

/// The candidate that was asked for: a release, a tag, or a commit (in short only if it is a known one).
fn named(overview: &Overview, asked: &str) -> Option<(VersionRef, Safe)> {
    let release = overview
        .releases
        .iter()
        .filter(|r| r.tag.as_str() == asked)
        .find_map(|r| r.sha.clone());
    let tag = || {
        overview
            .tags
            .iter()
            .find(|t| t.name.as_str() == asked)
            .map(|t| t.sha.clone())
    };
    let short = || {
        let known = overview
            .tags
            .iter()
            .map(|t| &t.sha)
            .chain(overview.default_branch.iter().map(|(_, sha)| sha))
            .chain(
                overview
                    .deployments
                    .iter()
                    .flat_map(|(_, d)| d)
                    .map(|d| &d.sha),
            );
        known
            .filter(|_| asked.len() >= 7)
            .find(|sha| sha.as_str().starts_with(asked))
            .cloned()
    };
    let sha = release
        .or_else(tag)
        .or_else(short)
        .or_else(|| asked.parse().ok())?;
    Some((overview.version(&sha), Safe::new("asked for")))
}

/// Gives `ask` what a plan is made from; none while it is not known what runs.
pub(super) fn with_plan_input<R>(
    world: &World,
    target: &Target,
    now: Now,
    ask: impl FnOnce(&PlanInput<'_>) -> R,
) -> Option<R> {
    let slice = world.envs.get(target)?;
    let (service, env) = world.catalog.environment(target)?;
    let left = journal::left(&world.ledger.closed, target);
    let mut took: Vec<_> = world
        .ledger
        .closed
        .iter()
        .filter(|c| c.target == *target)
        .map(|c| c.took)
        .collect();
    let input = PlanInput {
        target,
        repo: &service.repo,
        source: &service.source,
        state: slice.state.as_ref()?,
        ways: &env.ways,
        confirm: env.confirm,
        comparison: slice.comparison.value(),
        irreversible: &service.irreversible,
        left: &left,
        wanted: slice.wanted.as_deref(),
        wanted_way: slice.wanted_way.as_deref(),
        environment: &env.github_environment,
        old_run: &slice.old_run,
        holds: &slice.holds,
        who: world.who.verified.then_some(&world.who.name),
        usual_s: plan::usual(&mut took),
        now,
    };
    Some(ask(&input))
}

/// Computes the ready card anew, and the gates: one of them asks for the way back.
pub(super) fn plan(world: &mut World, target: &Target, now: Now) {
    let ready = match &world.read_only {
        Some(why) => Some(Err(Refusal::ReadOnly(why.clone()))),
        // That holds whatever runs there, known or not.
        None if withheld(world, target) => Some(Err(Refusal::ReadOnly(format!(
            "the rollback of {target} is withheld: the project's file is not trusted"
        )))),
        None => with_plan_input(world, target, now, plan::plan),
    };
    let ready = ready.or_else(|| {
        let fault = world
            .services
            .get(&target.service)
            .and_then(|s| s.overview.fault())?;
        Some(Err(Refusal::Unknown(
            target.clone(),
            fault.message.to_string(),
        )))
    });
    if let Some(slice) = world.envs.get_mut(target) {
        slice.plan = ready;
    }
    gates::checklist(world, target, now);
}

/// Whether the only way back stands in a project's file that is not trusted.
fn withheld(world: &World, target: &Target) -> bool {
    let none = |(_, env): (_, &Environment)| env.ways.is_empty();
    if !world.configured(target).is_some_and(none) {
        return false;
    }
    let key = format!("services.{}.env.{}.rollback", target.service, target.env);
    world.withheld.iter().any(|name| name.as_str() == key)
}

/// Time has passed: bakes end, gaps become "no data", evidence expires.
pub(super) fn time_passes(world: &mut World, now: Now) {
    let targets: Vec<Target> = world.close_targets();
    for target in targets {
        let Some((_, env)) = world.catalog.environment(&target) else {
            continue;
        };
        let (bake, judged) = (env.bake, env.signals.is_some());
        let Some(slice) = world.envs.get_mut(&target) else {
            continue;
        };
        if let Some(state) = &slice.state {
            let watched = watch(state, bake, now);
            if watched != slice.watch {
                slice.watch = watched;
                if judged {
                    align(slice, now);
                }
            }
        }
        slice.signals.pass(now.0);
        gates::checklist(world, &target, now);
    }
}
