//! Answers of the sources: each goes into its own slice, a failure degrades that slice alone.

use super::{delivery, derive, flow, gates, record};
use crate::app::effect::{Effect, EffectKey};
use crate::app::msg::Answer;
use crate::app::notice::{Notice, Severity};
use crate::app::signals::Context;
use crate::app::world::{LedgerSlice, Who, World};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::Target;
use crate::domain::observe::SignalBatch;
use crate::domain::release::ladder::Probed;
use crate::domain::release::watch::Phase;
use crate::domain::rollback::journal;
use crate::domain::units::Now;

/// Takes an answer in.
pub(super) fn receive(world: &mut World, key: &EffectKey, answer: Answer, now: Now) -> Vec<Effect> {
    match (key, answer) {
        (EffectKey::Login(_), Answer::Login(result)) => match result {
            Ok(login) => {
                world.schedule.succeeded(key);
                if let Some(name) = login {
                    world.who = Who {
                        name,
                        verified: true,
                    };
                    // Who may approve a rollback's run depends on who starts it.
                    for target in world.close_targets() {
                        derive::plan(world, &target, now);
                    }
                }
            }
            Err(fault) => {
                failed(world, key, fault, now);
            }
        },
        (EffectKey::Overview(source), Answer::Overview(results)) => {
            overviews(world, key, source, results, now);
        }
        (EffectKey::DeployRuns(target), Answer::DeployRuns(result)) => {
            slice_answer(world, key, target, result, now, |s| &mut s.deploy_runs);
            derive::overview(world, &target.service, now);
        }
        (EffectKey::Probe(target), Answer::Probe(result)) => {
            let known = world
                .envs
                .get(target)
                .and_then(|s| s.probed.value())
                .cloned();
            let result = result.map(|version| {
                let since = known
                    .filter(|k| k.version == version)
                    .map_or(now.0, |k| k.since);
                Probed { version, since }
            });
            slice_answer(world, key, target, result, now, |s| &mut s.probed);
            derive::overview(world, &target.service, now);
        }
        (EffectKey::Run(target, _), Answer::Run(result)) => {
            slice_answer(world, key, target, result, now, |s| &mut s.run);
        }
        (EffectKey::Checks(target, _), Answer::Checks(result)) => {
            slice_answer(world, key, target, result, now, |s| &mut s.checks);
            gates::checklist(world, target, now);
        }
        (EffectKey::Approvals(target, _, _), Answer::Approvals(result)) => {
            slice_answer(world, key, target, result, now, |s| &mut s.approvals);
            gates::checklist(world, target, now);
        }
        (EffectKey::GateValue(target, gate, _), Answer::GateValue(result)) => {
            slice_answer(world, key, target, result, now, |s| {
                s.readings.entry(gate.clone()).or_default()
            });
            gates::checklist(world, target, now);
        }
        (EffectKey::Compare(target, _, _), Answer::Compare(result)) => {
            slice_answer(world, key, target, result, now, |s| &mut s.comparison);
            derive::plan(world, target, now);
        }
        (EffectKey::OldRun(target, _), Answer::Run(result)) => {
            slice_answer(world, key, target, result, now, |s| &mut s.old_run);
            derive::plan(world, target, now);
        }
        (EffectKey::Holds(target, _), Answer::Holds(result)) => {
            slice_answer(world, key, target, result, now, |s| &mut s.holds);
            derive::plan(world, target, now);
        }
        (EffectKey::Clock(target), Answer::Clock(result)) => {
            let result = settle(world, key, result, now);
            if let Err(fault) = &result {
                signal_fault(world, target, fault);
            }
            if let Some(slice) = world.envs.get_mut(target) {
                match result {
                    Ok(clock) => slice.signals.clock.receive(clock, now.0),
                    Err(fault) => slice.signals.clock.fail(fault),
                }
            }
        }
        (EffectKey::Signals(target, _), Answer::Signals(result)) => match result {
            Ok(batch) => {
                world.schedule.succeeded(key);
                signals(world, target, batch, now);
            }
            Err(fault) => {
                let fault = failed(world, key, fault, now);
                signal_fault(world, target, &fault);
            }
        },
        (EffectKey::FlowRun(target, _), Answer::Run(result)) => {
            let result = settle(world, key, result, now);
            return flow::run_seen(world, target, result, now);
        }
        (EffectKey::FlowCancelled(target, _), Answer::Run(result)) => {
            let result = settle(world, key, result, now);
            return flow::cancelled_run_seen(world, target, result, now);
        }
        (EffectKey::FlowRerun(target, _), Answer::Run(result)) => {
            let result = settle(world, key, result, now);
            return flow::rerun_seen(world, target, result, now);
        }
        (EffectKey::FlowPending(target, _), Answer::Pending(result)) => {
            let result = settle(world, key, result, now);
            flow::pending_seen(world, target, result, now);
        }
        (EffectKey::FlowFind(target, _), Answer::Found(result)) => {
            let result = settle(world, key, result, now);
            return flow::found(world, target, result, now);
        }
        (EffectKey::Ledger, Answer::Ledger(result)) => return ledger(world, key, result, now),
        (EffectKey::Chain(_), Answer::Chain(result)) => record::chain(world, key, result, now),
        (EffectKey::OlderRows(_), Answer::OlderRows(result)) => {
            record::older(world, key, result, now);
        }
        (EffectKey::Reading(_), Answer::Reading(result)) => {
            delivery::read(world, key, result, now);
        }
        (EffectKey::Listing(ask, _), Answer::Listing(result)) => {
            delivery::listing(world, (key, ask), result, now);
        }
        (EffectKey::Sheet(target, days, _), Answer::Sheet(result)) => {
            delivery::sheet(world, (key, target, *days), result, now);
        }
        // An answer of another kind than the question can only be a bug of the runtime; it is dropped.
        _ => world.schedule.succeeded(key),
    }
    Vec::new()
}

/// Marks the question as answered or failed; a failure learns when the next try is.
pub(super) fn settle<T>(
    world: &mut World,
    key: &EffectKey,
    result: Result<T, Fault>,
    now: Now,
) -> Result<T, Fault> {
    match result {
        Ok(value) => {
            world.schedule.succeeded(key);
            Ok(value)
        }
        Err(fault) => Err(failed(world, key, fault, now)),
    }
}

fn failed(world: &mut World, key: &EffectKey, mut fault: Fault, now: Now) -> Fault {
    let by_a_person = matches!(
        fault.kind,
        FaultKind::Auth | FaultKind::Forbidden | FaultKind::NotFound | FaultKind::Config
    );
    let next = world
        .schedule
        .failed(key, fault.retry_at, by_a_person, now.0);
    fault.retry_at = next;
    fault
}

fn slice_answer<T>(
    world: &mut World,
    key: &EffectKey,
    target: &Target,
    result: Result<T, Fault>,
    now: Now,
    slot: impl FnOnce(&mut crate::app::world::EnvSlice) -> &mut crate::domain::fetched::Fetched<T>,
) {
    let result = settle(world, key, result, now);
    if let Some(slice) = world.envs.get_mut(target) {
        match result {
            Ok(value) => slot(slice).receive(value, now.0),
            Err(fault) => slot(slice).fail(fault),
        }
    }
}

fn overviews(
    world: &mut World,
    key: &EffectKey,
    source: &str,
    results: Vec<(
        crate::domain::ids::ServiceId,
        Result<crate::domain::release::Overview, Fault>,
    )>,
    now: Now,
) {
    // The whole question failed only if nobody got an answer; then it waits as the first failure says.
    let all_failed = !results.is_empty() && results.iter().all(|(_, r)| r.is_err());
    let mut retry_at = None;
    if all_failed {
        if let Some((_, Err(first))) = results.first() {
            retry_at = failed(world, key, first.clone(), now).retry_at;
            if matches!(first.kind, FaultKind::Auth | FaultKind::Forbidden) {
                world.notices.fault(source, first);
            }
        }
    } else {
        world.schedule.succeeded(key);
    }
    for (service, result) in results {
        match result {
            Ok(overview) => {
                if let Some(slice) = world.services.get_mut(&service) {
                    slice.overview.receive(overview, now.0);
                }
                derive::overview(world, &service, now);
            }
            Err(mut fault) => {
                fault.retry_at = retry_at;
                if let Some(slice) = world.services.get_mut(&service) {
                    slice.overview.fail(fault);
                }
                let targets: Vec<Target> = world
                    .envs
                    .keys()
                    .filter(|t| t.service == service)
                    .cloned()
                    .collect();
                for target in targets {
                    derive::plan(world, &target, now);
                }
            }
        }
    }
}

fn signal_fault(world: &mut World, target: &Target, fault: &Fault) {
    if let Some(slice) = world.envs.get_mut(target) {
        slice.signals.fail(fault.clone());
    }
}

fn signals(world: &mut World, target: &Target, batch: SignalBatch, now: Now) {
    let Some((_, env)) = world.catalog.environment(target) else {
        return;
    };
    let context = Context {
        settings: &world.verdict,
        slo_latency_ms: env.signals.as_ref().and_then(|s| s.slo_latency_ms),
    };
    let deployments = world
        .services
        .get(&target.service)
        .and_then(|s| s.overview.value());
    let Some(slice) = world.envs.get_mut(target) else {
        return;
    };
    let mut cut = Vec::new();
    let mut returned_s = None;
    if let Some(watch) = &slice.watch {
        let since = |at: jiff::Timestamp| at.duration_since(watch.started_at).as_secs();
        // Other deploys before this one leave marks in the baseline.
        for d in deployments.map_or(&[][..], |o| o.deployments_of(&target.env)) {
            if d.id != watch.deployment && d.created_at < watch.started_at {
                let end = d
                    .latest()
                    .map_or(d.created_at, |s| s.at)
                    .min(d.created_at + jiff::SignedDuration::from_hours(1));
                cut.push((since(d.created_at), since(d.succeeded_at().unwrap_or(end))));
            }
        }
        if let Phase::Returned(at) = watch.phase {
            returned_s = Some(since(at));
        }
    }
    slice
        .signals
        .receive(batch, &cut, returned_s, &context, now.0);
}

fn ledger(
    world: &mut World,
    key: &EffectKey,
    result: Result<Vec<crate::domain::ledger::Row>, Fault>,
    now: Now,
) -> Vec<Effect> {
    match settle(world, key, result, now) {
        Ok(rows) => {
            record::keep(world, &rows);
            let (open, closed) = journal::read(&rows);
            world.ledger = LedgerSlice {
                rows,
                read_at: Some(now.0),
                fault: None,
                open,
                closed,
            };
            let targets: Vec<Target> = world.envs.keys().cloned().collect();
            for target in &targets {
                derive::plan(world, target, now);
            }
            flow::ledger_read(world, now)
        }
        Err(fault) => {
            if world.ledger.fault.is_none() {
                world.notices.push(Notice {
                    at: now.0,
                    severity: Severity::Error,
                    title: fault.message.clone(),
                    hint: fault.hint.clone(),
                    source: crate::domain::text::Safe::new("ledger"),
                });
            }
            world.ledger.fault = Some(fault);
            Vec::new()
        }
    }
}
