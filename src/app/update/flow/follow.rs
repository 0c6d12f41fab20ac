//! What happens after the sending: runs end, the target becomes live, the signals recover, limits pass.

use jiff::SignedDuration;
use serde_json::json;

use super::send::{record_dispatch, running, send_cancel, sought};
use super::{detail, end, fault, held, note, rename, with_flow};
use crate::app::effect::Effect;
use crate::app::flow::{Flow, FlowOutcome, Stage};
use crate::app::world::{Who, World};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::Target;
use crate::domain::release::ladder;
use crate::domain::release::watch::Phase;
use crate::domain::release::{Conclusion, Run, RunView, rollout};
use crate::domain::rollback::journal;
use crate::domain::rollback::rerun::reached;
use crate::domain::signal::VerdictState;
use crate::domain::units::{self, Now};

/// A cancelled run must end within that time.
const CANCEL_WITHIN: SignedDuration = SignedDuration::from_secs(120);
/// A cancel that shows no effect is sent again after that time, twice at most.
const CANCEL_AGAIN: SignedDuration = SignedDuration::from_secs(20);

/// A refused dispatch whose looks are not answered at all is failed after that time.
const NO_LOOK: SignedDuration = SignedDuration::from_secs(50);

/// The deploy that is being cancelled was looked at.
pub(in crate::app::update) fn cancelled_run_seen(
    world: &mut World,
    target: &Target,
    result: Result<RunView, Fault>,
    now: Now,
) -> Vec<Effect> {
    with_flow(world, target, |flow, who| {
        if !matches!(flow.stage, Stage::Cancelling | Stage::WaitingForEnd(_)) {
            return Vec::new();
        }
        match result {
            Ok(view) if view.run.is_completed() => {
                detail(flow, &format!("run {} has ended", view.run.id));
                record_dispatch(flow, who, now)
            }
            _ => {
                let again = flow.cancels.0 < 3
                    && flow
                        .cancels
                        .1
                        .is_some_and(|at| now.since(at) >= CANCEL_AGAIN);
                if again && matches!(flow.stage, Stage::WaitingForEnd(_)) {
                    send_cancel(flow, now)
                } else {
                    Vec::new()
                }
            }
        }
    })
}

/// The lookup by correlation id answered.
pub(in crate::app::update) fn found(
    world: &mut World,
    target: &Target,
    result: Result<Option<Run>, Fault>,
    now: Now,
) -> Vec<Effect> {
    with_flow(world, target, |flow, who| {
        if !matches!(flow.stage, Stage::LookingUp { .. }) {
            return Vec::new();
        }
        match result {
            Ok(Some(run)) => {
                detail(flow, &format!("found as run {}", run.id));
                flow.trouble = None;
                let extra = json!({ "result": "accepted", "run": run.id, "url": run.url, "detail": "found by its correlation id" });
                let row = note(flow, who, journal::DISPATCH_OUTCOME, extra, now);
                running(flow, run.id, Some(run.url), now);
                vec![row]
            }
            // A refusal is believed once a look found nothing after it.
            Ok(None) | Err(_) if is_due(flow, now) && flow.trouble.is_some() => {
                let refused = flow.trouble.take();
                end(flow, who, FlowOutcome::Failed, refused, now)
            }
            // Not there yet, or the lookup failed: `advance` ends it when the time is up.
            Ok(None) | Err(_) => Vec::new(),
        }
    })
}

/// Whether the time of a lookup is up.
fn is_due(flow: &Flow, now: Now) -> bool {
    matches!(flow.stage, Stage::LookingUp { until, .. } if now.0 >= until)
}

/// The rollback's run was looked at.
pub(in crate::app::update) fn run_seen(
    world: &mut World,
    target: &Target,
    result: Result<RunView, Fault>,
    now: Now,
) -> Vec<Effect> {
    with_flow(world, target, |flow, who| {
        let (Stage::Running(id), Ok(view)) = (flow.stage.clone(), result) else {
            return Vec::new();
        };
        // Of a repeated run an older attempt may still be shown: how that one ended says nothing.
        if flow
            .facts
            .rerun
            .is_some_and(|ours| !reached(&view.run, ours))
        {
            return Vec::new();
        }
        held::note(flow, &view.run, now);
        let mut effects = Vec::new();
        if flow.view.is_none() {
            let extra = json!({ "run": id, "url": view.run.url });
            effects.push(note(flow, who, journal::RUNNING, extra, now));
        }
        let steps = rollout::steps(&view.jobs, now.0);
        let doing = steps.iter().find(|s| {
            !matches!(
                s.state,
                rollout::StepState::Done | rollout::StepState::Skipped
            )
        });
        let said = match (held::words(flow, &view.run, now), doing) {
            (Some(held), _) => held,
            (None, Some(step)) => format!(
                "run {id}: {} ({} of {} jobs done)",
                step.name,
                done(&steps),
                steps.len()
            ),
            (None, None) => format!("run {id}"),
        };
        detail(flow, &said);
        let (completed, conclusion) = (view.run.is_completed(), view.run.conclusion.clone());
        let url = view.run.url.clone();
        held::link(flow, Some(url.clone()));
        flow.view = Some(view);
        if completed {
            if conclusion.as_ref().is_some_and(Conclusion::passed) {
                flow.stage = Stage::AwaitingLive;
                flow.begin(
                    now.0,
                    "waiting for the target to be live",
                    Some(flow.facts.to.to_string()),
                    None,
                );
            } else {
                let words =
                    conclusion.map_or_else(|| "without a conclusion".to_owned(), |c| c.words());
                let message = format!("the rollback's run {id} ended: {words}");
                let hint = format!("read its log: {url}");
                effects.extend(end(
                    flow,
                    who,
                    FlowOutcome::Failed,
                    Some(fault(FaultKind::Protocol, &message, Some(&hint), now)),
                    now,
                ));
            }
        }
        effects
    })
}

fn done(steps: &[rollout::RolloutStep]) -> usize {
    steps
        .iter()
        .filter(|s| {
            matches!(
                s.state,
                rollout::StepState::Done | rollout::StepState::Skipped
            )
        })
        .count()
}

/// What time and new data bring: lookups end, the target becomes live, the signals recover, limits pass.
pub(in crate::app::update) fn advance(world: &mut World, now: Now) -> Vec<Effect> {
    let targets: Vec<Target> = world
        .flows
        .iter()
        .filter(|(_, f)| !f.is_over())
        .map(|(t, _)| t.clone())
        .collect();
    let mut effects = Vec::new();
    for target in targets {
        effects.extend(advance_one(world, &target, now));
    }
    effects
}

fn advance_one(world: &mut World, target: &Target, now: Now) -> Vec<Effect> {
    let Some((_, env)) = world.catalog.environment(target) else {
        return Vec::new();
    };
    let (limit, measured) = (env.verify_within, env.signals.is_some());
    let slice = world.envs.get(target);
    let live = slice
        .and_then(|s| s.state.as_ref())
        .and_then(|s| s.live.clone());
    // Where the service itself is asked what it runs, it has to say so, too.
    let silent = env.ladder.probe.is_none();
    let said = slice
        .and_then(|s| s.probed.value())
        .map(|p| p.version.clone());
    let returned = slice
        .and_then(|s| s.watch.as_ref())
        .is_some_and(|w| matches!(w.phase, Phase::Returned(_)));
    let verdict = slice.and_then(|s| s.signals.verdict.clone());
    with_flow(world, target, |flow, who| {
        let (waited, took) = (held::worked(flow, now), now.since(flow.started_at));
        match flow.stage.clone() {
            Stage::WaitingForEnd(since) if now.since(since) > CANCEL_WITHIN => {
                flow.approved = None;
                let message = "the deploy's run did not end within 2 minutes of the cancel; nothing was dispatched";
                let hint = "cancel the run by hand (force-cancel), then roll back again";
                end(
                    flow,
                    who,
                    FlowOutcome::Failed,
                    Some(fault(FaultKind::Protocol, message, Some(hint), now)),
                    now,
                )
            }
            Stage::LookingUp { until, accepted } if now.0 >= until => {
                if accepted {
                    flow.stage = Stage::AwaitingLive;
                    flow.begin(
                        now.0,
                        "waiting for the target to be live",
                        Some("its run was not seen".to_owned()),
                        None,
                    );
                    Vec::new()
                } else if flow.trouble.is_some() {
                    // A look after the refusal ends it, above; without any the refusal stands.
                    if now.since(until) < NO_LOOK {
                        return Vec::new();
                    }
                    let refused = flow.trouble.take();
                    end(flow, who, FlowOutcome::Failed, refused, now)
                } else {
                    end(flow, who, FlowOutcome::Unknown, Some(lost(flow, now)), now)
                }
            }
            Stage::AwaitingLive => {
                // The older deployment of the same commit is not the one that was ordered.
                let back = live.filter(|l| {
                    let agreed = said
                        .as_ref()
                        .is_some_and(|v| ladder::same(&l.what, v.as_str()));
                    l.what.sha == flow.facts.to.sha
                        && (silent || agreed)
                        && l.since >= flow.started_at - SignedDuration::from_secs(30)
                });
                match back {
                    Some(live) => {
                        flow.stage = Stage::Verifying(live.since);
                        rename(flow, "live", Some(live.what.to_string()));
                        let extra = json!({ "sha": live.what.sha, "deployment": live.deployment });
                        let row = note(flow, who, journal::LIVE, extra, now);
                        flow.begin(now.0, "verifying", None, None);
                        vec![row]
                    }
                    None if waited > limit => {
                        not_verified(flow, who, "the target did not become live in time", now)
                    }
                    None => Vec::new(),
                }
            }
            Stage::Verifying(_) if !measured => not_verified(
                flow,
                who,
                "live, but no signals are configured to verify it by",
                now,
            ),
            Stage::Verifying(since) => {
                let recovered = verdict.as_ref().is_some_and(|v| {
                    (returned && v.recovered_at_s.is_some())
                        || (!returned && v.state == VerdictState::Healthy)
                });
                if recovered {
                    let took = units::span(took);
                    detail(flow, "the signals are back at the level from before");
                    flow.begin(now.0, "recovered", Some(format!("in {took}")), None);
                    return end(flow, who, FlowOutcome::Recovered, None, now);
                }
                let level = verdict
                    .as_ref()
                    .map_or("no verdict yet", |v| v.short.as_str());
                detail(
                    flow,
                    &format!("{} since live; {level}", units::span(now.since(since))),
                );
                if waited > limit {
                    let needs = verdict.and_then(|v| v.needs_requests);
                    let why = needs.map_or_else(
                        || "the signals did not recover in time".to_owned(),
                        |n| format!("the signals did not recover in time: about {} more requests are needed to tell", units::thousands(n)),
                    );
                    return not_verified(flow, who, &why, now);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    })
}

fn lost(flow: &Flow, now: Now) -> Fault {
    fault(
        FaultKind::Unreachable,
        &match flow.facts.rerun {
            None => format!(
                "it is not known whether the dispatch arrived: no run carries {}",
                flow.facts.correlation_id
            ),
            Some(_) => format!(
                "it is not known whether the order to repeat the run arrived: there is no {} that started after it",
                sought(&flow.facts)
            ),
        },
        Some(
            "look at the workflow's runs; then `flightdeck rollback resume`, or `flightdeck rollback resolve --reason ...`",
        ),
        now,
    )
}

fn not_verified(flow: &mut Flow, who: &Who, why: &str, now: Now) -> Vec<Effect> {
    let hint = "watch the signals; roll back further with --to VERSION if they stay bad";
    end(
        flow,
        who,
        FlowOutcome::Dispatched,
        Some(fault(FaultKind::Protocol, why, Some(hint), now)),
        now,
    )
}
