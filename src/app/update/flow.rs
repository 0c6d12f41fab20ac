//! A rollback, step by step: intent on disk, deploy cancelled, dispatch recorded, sent once, looked up if its answer is lost,
//! followed, live, verified. Nothing is ever sent twice: the orders leave the flow when they are sent, and a flow that was
//! resumed or joined has none.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::flow_rows as rows;
use crate::app::effect::{Effect, EffectKey, Write};
use crate::app::flow::{Flow, FlowOutcome, Stage, StepMark};
use crate::app::msg::{IntentOutcome, Written};
use crate::app::notice::{Notice, Severity};
use crate::app::world::World;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::Target;
use crate::domain::ledger::Row;
use crate::domain::release::watch::Phase;
use crate::domain::release::{Run, RunId, RunView, rollout};
use crate::domain::rollback::{ApprovedPlan, CancelAnswer, DispatchAnswer, OpenIntent, journal};
use crate::domain::signal::VerdictState;
use crate::domain::text::Safe;
use crate::domain::units::{self, Now};

/// A lost dispatch is looked up for that long (decisions: lookup window).
const LOOKUP: SignedDuration = SignedDuration::from_secs(120);
/// An accepted dispatch whose run was not named is looked up for that long (GitHub sheet, dispatch).
const LOOKUP_ACCEPTED: SignedDuration = SignedDuration::from_secs(60);
/// A cancelled run must end within that time.
const CANCEL_WITHIN: SignedDuration = SignedDuration::from_secs(120);
/// A cancel that shows no effect is sent again after that time, twice at most.
const CANCEL_AGAIN: SignedDuration = SignedDuration::from_secs(20);

/// A person confirmed a plan.
pub fn confirmed(world: &mut World, approved: Box<ApprovedPlan>, now: Now) -> Vec<Effect> {
    let target = approved.plan().target.clone();
    if let Some(why) = refusal(world, &approved) {
        let fault = fault(FaultKind::Refused, &why, None, now);
        world.notices.fault("rollback", &fault);
        return Vec::new();
    }
    let Some((service, env)) = world.catalog.environment(&target) else {
        return Vec::new();
    };
    let mut flow = Flow::new(service, env, approved.facts(), now.0);
    flow.begin(now.0, "recording the intent", None, None);
    flow.approved = Some(approved);
    let draft = rows::intent(&world.who, &flow, now);
    world.flows.insert(target.clone(), flow);
    vec![Effect::Write {
        target,
        what: Write::OpenIntent(draft),
    }]
}

/// Why a confirmed plan may not be carried out after all.
fn refusal(world: &World, approved: &ApprovedPlan) -> Option<String> {
    let plan = approved.plan();
    if let Some(why) = &world.read_only {
        return Some(why.clone());
    }
    if world.flows.get(&plan.target).is_some_and(|f| !f.is_over()) {
        return Some(format!(
            "a rollback of {} is under way already",
            plan.target
        ));
    }
    let ready = world.envs.get(&plan.target).and_then(|s| s.plan.as_ref());
    match ready {
        Some(Ok(current))
            if current.from == plan.from
                && current.to == plan.to
                && current.cancel == plan.cancel =>
        {
            None
        }
        Some(Ok(current)) => Some(format!(
            "{} has changed since the plan was shown (now {} → {}): look again before you confirm",
            plan.target, current.from, current.to
        )),
        Some(Err(refusal)) => Some(refusal.to_string()),
        None => Some(format!("it is not known what runs in {}", plan.target)),
    }
}

/// What became of a write.
pub fn written(world: &mut World, target: &Target, written: Written, now: Now) -> Vec<Effect> {
    world.schedule.hurry_one(&EffectKey::Ledger);
    if let Written::Noted(Err(fault)) = &written {
        world.notices.fault("ledger", fault);
        return Vec::new();
    }
    with_flow(world, target, |flow, who| match written {
        Written::Noted(_) => Vec::new(),
        Written::Intent(Ok(IntentOutcome::Won(row))) => {
            flow.started_at = row.at;
            rename(
                flow,
                "intent recorded",
                Some(flow.facts.correlation_id.to_string()),
            );
            next_write(flow, who, now)
        }
        Written::Intent(Ok(IntentOutcome::Joined(intent))) => {
            join(flow, *intent, now);
            Vec::new()
        }
        Written::Intent(Ok(IntentOutcome::AlreadyDone(closed))) => {
            rename(
                flow,
                "already done",
                Some(format!(
                    "{} by this rollback at {}",
                    closed.facts.to, closed.at
                )),
            );
            over(flow, FlowOutcome::AlreadyDone, None, now);
            Vec::new()
        }
        Written::Intent(Err(fault)) => {
            // Without the intent on disk nothing may be sent.
            flow.approved = None;
            over(flow, FlowOutcome::Failed, Some(fault), now);
            Vec::new()
        }
        Written::Recorded(result) => recorded(flow, who, result, now),
        Written::Cancelled(answer) => cancel_answered(flow, who, answer, now),
        Written::Dispatched(answer) => dispatch_answered(flow, who, answer, now),
        Written::TakenOver(result) => taken_over(flow, who, result, now),
    })
}

/// Runs `step` on a target's flow, with who acts.
fn with_flow(
    world: &mut World,
    target: &Target,
    step: impl FnOnce(&mut Flow, &crate::app::world::Who) -> Vec<Effect>,
) -> Vec<Effect> {
    match world.flows.get_mut(target) {
        Some(flow) => step(flow, &world.who),
        None => Vec::new(),
    }
}

fn write(flow: &Flow, what: Write) -> Effect {
    Effect::Write {
        target: flow.target.clone(),
        what,
    }
}

fn rename(flow: &mut Flow, step: &str, detail: Option<String>) {
    if let Some(last) = flow.steps.last_mut() {
        last.step = Safe::new(step);
        last.detail = detail.map(|d| Safe::new(&d));
    }
}

fn detail(flow: &mut Flow, text: &str) {
    if let Some(last) = flow.steps.last_mut() {
        last.detail = Some(Safe::new(text));
    }
}

fn fault(kind: FaultKind, message: &str, hint: Option<&str>, now: Now) -> Fault {
    Fault {
        message: Safe::new(message),
        hint: hint.map(Safe::new),
        kind,
        at: now.0,
        retry_at: None,
    }
}

/// After the intent: cancel what is under way, else dispatch.
fn next_write(flow: &mut Flow, who: &crate::app::world::Who, now: Now) -> Vec<Effect> {
    let cancel = flow.approved.as_ref().and_then(|a| a.cancel_order());
    let Some(order) = cancel else {
        return record_dispatch(flow, who, now);
    };
    flow.stage = Stage::CancelRecording;
    flow.begin(
        now.0,
        "cancelling the deploy",
        Some(format!("run {}", order.run())),
        None,
    );
    let extra = json!({ "run": order.run(), "correlation_id": order.correlation() });
    vec![write(
        flow,
        Write::Record(rows::draft(who, flow, journal::CANCEL_INTENT, extra, now)),
    )]
}

fn record_dispatch(flow: &mut Flow, who: &crate::app::world::Who, now: Now) -> Vec<Effect> {
    let Some(order) = flow.approved.as_ref().and_then(|a| a.dispatch_order()) else {
        let fault = fault(
            FaultKind::Internal,
            "there is no order to dispatch",
            None,
            now,
        );
        return end(flow, who, FlowOutcome::Failed, Some(fault), now);
    };
    flow.stage = Stage::DispatchRecording;
    flow.begin(
        now.0,
        "dispatching",
        Some(format!("{} on {}", order.file(), order.git_ref())),
        None,
    );
    let inputs: serde_json::Map<String, serde_json::Value> = order
        .inputs()
        .iter()
        .map(|(k, v)| (k.clone(), json!(v)))
        .collect();
    let extra = json!({ "workflow": order.file(), "ref": order.git_ref(), "inputs": inputs });
    vec![write(
        flow,
        Write::Record(rows::draft(who, flow, journal::DISPATCH_INTENT, extra, now)),
    )]
}

/// A row that a step waited for is on disk: send what it announced.
fn recorded(
    flow: &mut Flow,
    who: &crate::app::world::Who,
    result: Result<Row, Fault>,
    now: Now,
) -> Vec<Effect> {
    if let Err(fault) = result {
        flow.approved = None;
        return end(flow, who, FlowOutcome::Failed, Some(fault), now);
    }
    match flow.stage {
        Stage::CancelRecording => {
            flow.stage = Stage::Cancelling;
            send_cancel(flow, now)
        }
        Stage::DispatchRecording => {
            flow.stage = Stage::Dispatching;
            // The order leaves the flow with the sending: there is nothing left to send a second time.
            match flow.approved.take().and_then(|a| a.dispatch_order()) {
                Some(order) => vec![write(flow, Write::Dispatch(order))],
                None => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn send_cancel(flow: &mut Flow, now: Now) -> Vec<Effect> {
    flow.cancels = (flow.cancels.0.saturating_add(1), Some(now.0));
    match flow.approved.as_ref().and_then(|a| a.cancel_order()) {
        Some(order) => vec![write(flow, Write::Cancel(order))],
        None => Vec::new(),
    }
}

fn cancel_answered(
    flow: &mut Flow,
    who: &crate::app::world::Who,
    answer: CancelAnswer,
    now: Now,
) -> Vec<Effect> {
    if !matches!(flow.stage, Stage::Cancelling | Stage::WaitingForEnd(_)) {
        return Vec::new();
    }
    let run = flow.facts.cancel_run;
    let (result, error) = match &answer {
        CancelAnswer::Accepted => ("accepted", None),
        CancelAnswer::AlreadyEnded => ("already_ended", None),
        CancelAnswer::Rejected(f) => ("rejected", Some(f)),
        CancelAnswer::Lost(f) => ("lost", Some(f)),
    };
    let mut extra = json!({ "run": run, "result": result });
    merge(&mut extra, error);
    let mut effects = vec![write(
        flow,
        Write::Note(rows::draft(who, flow, journal::CANCEL_OUTCOME, extra, now)),
    )];
    match answer {
        CancelAnswer::Accepted | CancelAnswer::Lost(_) => {
            if flow.stage == Stage::Cancelling {
                flow.stage = Stage::WaitingForEnd(now.0);
            }
            if let Some(run) = run {
                let said = if error_is_none(&effects) {
                    "asked to stop, waiting for its end"
                } else {
                    "no answer, looking at the run"
                };
                detail(flow, &format!("run {run}: {said}"));
            }
        }
        CancelAnswer::AlreadyEnded => {
            detail(flow, "the deploy had ended already");
            effects.extend(record_dispatch(flow, who, now));
        }
        CancelAnswer::Rejected(fault) => {
            flow.approved = None;
            effects.extend(end(flow, who, FlowOutcome::Failed, Some(fault), now));
        }
    }
    effects
}

fn error_is_none(effects: &[Effect]) -> bool {
    !effects.iter().any(|e| matches!(e, Effect::Write { what: Write::Note(d), .. } if d.body.get("error").is_some()))
}

fn merge(extra: &mut serde_json::Value, error: Option<&Fault>) {
    if let (Some(map), Some(serde_json::Value::Object(more))) =
        (extra.as_object_mut(), error.map(rows::fault))
    {
        map.extend(more);
    }
}

/// The deploy that is being cancelled was looked at.
pub fn cancelled_run_seen(
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

fn dispatch_answered(
    flow: &mut Flow,
    who: &crate::app::world::Who,
    answer: DispatchAnswer,
    now: Now,
) -> Vec<Effect> {
    let note = |flow: &Flow, extra| {
        write(
            flow,
            Write::Note(rows::draft(
                who,
                flow,
                journal::DISPATCH_OUTCOME,
                extra,
                now,
            )),
        )
    };
    match answer {
        DispatchAnswer::Accepted { run, url } => {
            let row = note(
                flow,
                json!({ "result": "accepted", "run": run, "url": url }),
            );
            match run {
                Some(run) => {
                    rename(flow, "dispatched", Some(format!("run {run}")));
                    running(flow, run, url, now);
                }
                None => {
                    rename(
                        flow,
                        "dispatched",
                        Some("accepted; looking for its run".to_owned()),
                    );
                    flow.stage = Stage::LookingUp {
                        until: later(now, LOOKUP_ACCEPTED),
                        accepted: true,
                    };
                }
            }
            vec![row]
        }
        DispatchAnswer::Rejected(fault) => {
            let mut extra = json!({ "result": "rejected" });
            merge(&mut extra, Some(&fault));
            let mut effects = vec![note(flow, extra)];
            effects.extend(end(flow, who, FlowOutcome::Failed, Some(fault), now));
            effects
        }
        DispatchAnswer::Lost(fault) => {
            let mut extra = json!({ "result": "lost" });
            merge(&mut extra, Some(&fault));
            detail(
                flow,
                &format!(
                    "{}; looking for the run by {}",
                    fault.message,
                    flow.facts.correlation_id.clone()
                ),
            );
            flow.stage = Stage::LookingUp {
                until: later(now, LOOKUP),
                accepted: false,
            };
            vec![note(flow, extra)]
        }
    }
}

fn later(now: Now, by: SignedDuration) -> Timestamp {
    now.0.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn running(flow: &mut Flow, run: RunId, url: Option<Safe>, now: Now) {
    flow.run = Some(run);
    flow.stage = Stage::Running(run);
    flow.begin(now.0, "running", Some(format!("run {run}")), url);
}

/// The lookup by correlation id answered.
pub fn found(
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
                let extra = json!({ "result": "accepted", "run": run.id, "url": run.url, "detail": "found by its correlation id" });
                let row = write(
                    flow,
                    Write::Note(rows::draft(
                        who,
                        flow,
                        journal::DISPATCH_OUTCOME,
                        extra,
                        now,
                    )),
                );
                running(flow, run.id, Some(run.url), now);
                vec![row]
            }
            // Not there yet, or the lookup failed: `advance` ends it when the time is up.
            Ok(None) | Err(_) => Vec::new(),
        }
    })
}

/// The rollback's run was looked at.
pub fn run_seen(
    world: &mut World,
    target: &Target,
    result: Result<RunView, Fault>,
    now: Now,
) -> Vec<Effect> {
    with_flow(world, target, |flow, who| {
        let (Stage::Running(id), Ok(view)) = (flow.stage.clone(), result) else {
            return Vec::new();
        };
        let mut effects = Vec::new();
        if flow.view.is_none() {
            let extra = json!({ "run": id, "url": view.run.url });
            effects.push(write(
                flow,
                Write::Note(rows::draft(who, flow, journal::RUNNING, extra, now)),
            ));
        }
        let steps = rollout::steps(&view.jobs, now.0);
        let doing = steps.iter().find(|s| {
            !matches!(
                s.state,
                rollout::StepState::Done | rollout::StepState::Skipped
            )
        });
        let said = match doing {
            Some(step) => format!(
                "run {id}: {} ({} of {} jobs done)",
                step.name,
                done(&steps),
                steps.len()
            ),
            None => format!("run {id}"),
        };
        detail(flow, &said);
        let (completed, conclusion) = (view.run.is_completed(), view.run.conclusion.clone());
        let url = view.run.url.clone();
        flow.view = Some(view);
        if completed {
            if conclusion
                .as_ref()
                .is_some_and(crate::domain::release::Conclusion::passed)
            {
                flow.stage = Stage::AwaitingLive;
                flow.begin(
                    now.0,
                    "waiting for the target to be live",
                    Some(flow.facts.to.to_string()),
                    None,
                );
            } else {
                let words = conclusion.map_or_else(
                    || "without a conclusion".to_owned(),
                    |c| format!("{c:?}").to_lowercase(),
                );
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
pub fn advance(world: &mut World, now: Now) -> Vec<Effect> {
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
    let returned = slice
        .and_then(|s| s.watch.as_ref())
        .is_some_and(|w| matches!(w.phase, Phase::Returned(_)));
    let verdict = slice.and_then(|s| s.signals.verdict.clone());
    with_flow(world, target, |flow, who| {
        let waited = now.since(flow.started_at);
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
                } else {
                    end(flow, who, FlowOutcome::Unknown, Some(lost(flow, now)), now)
                }
            }
            Stage::AwaitingLive => {
                // The older deployment of the same commit is not the one that was ordered.
                let back = live.filter(|l| {
                    l.what.sha == flow.facts.to.sha
                        && l.since >= flow.started_at - SignedDuration::from_secs(30)
                });
                match back {
                    Some(live) => {
                        flow.stage = Stage::Verifying(live.since);
                        rename(flow, "live", Some(live.what.to_string()));
                        let extra = json!({ "sha": live.what.sha, "deployment": live.deployment });
                        let row = write(
                            flow,
                            Write::Note(rows::draft(who, flow, journal::LIVE, extra, now)),
                        );
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
                    let took = units::span(waited);
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
        &format!(
            "it is not known whether the dispatch arrived: no run carries {}",
            flow.facts.correlation_id
        ),
        Some(
            "look at the workflow's runs; then `flightdeck rollback resume`, or `flightdeck rollback resolve --reason ...`",
        ),
        now,
    )
}

fn not_verified(flow: &mut Flow, who: &crate::app::world::Who, why: &str, now: Now) -> Vec<Effect> {
    let hint = "watch the signals; roll back further with --to VERSION if they stay bad";
    end(
        flow,
        who,
        FlowOutcome::Dispatched,
        Some(fault(FaultKind::Protocol, why, Some(hint), now)),
        now,
    )
}

fn over(flow: &mut Flow, outcome: FlowOutcome, trouble: Option<Fault>, now: Now) {
    flow.settle(if trouble.is_some() {
        StepMark::Bad
    } else {
        StepMark::Done
    });
    flow.stage = Stage::Ended;
    flow.outcome = Some(outcome);
    flow.trouble = trouble;
    flow.ended_at = Some(now.0);
}

/// Ends the flow and records how.
fn end(
    flow: &mut Flow,
    who: &crate::app::world::Who,
    outcome: FlowOutcome,
    trouble: Option<Fault>,
    now: Now,
) -> Vec<Effect> {
    let kind =
        rows::closing(outcome).map_or(journal::UNKNOWN, crate::domain::rollback::Closing::kind);
    let mut extra = json!({ "took_s": now.since(flow.started_at).as_secs() });
    merge(&mut extra, trouble.as_ref());
    let row = write(flow, Write::Note(rows::draft(who, flow, kind, extra, now)));
    over(flow, outcome, trouble, now);
    vec![row]
}

fn join(flow: &mut Flow, intent: OpenIntent, now: Now) {
    flow.approved = None;
    flow.joined = true;
    flow.stage = Stage::Following;
    flow.started_at = intent.at;
    rename(
        flow,
        "joined a rollback under way",
        Some(format!("by {} since {}", intent.who, intent.at)),
    );
    flow.settle(StepMark::Done);
    flow.facts = intent.facts;
    flow.begin(now.0, "following", None, None);
}

/// A person, or the start of the cockpit, follows an open intent again.
pub fn resume(world: &mut World, target: &Target, now: Now) -> Vec<Effect> {
    if world.flows.get(target).is_some_and(|f| !f.is_over()) {
        return Vec::new();
    }
    let Some(intent) = world
        .ledger
        .open
        .iter()
        .find(|o| o.target == *target)
        .cloned()
    else {
        return Vec::new();
    };
    let Some((service, env)) = world.catalog.environment(target) else {
        return Vec::new();
    };
    let mut flow = Flow::new(service, env, intent.facts.clone(), intent.at);
    flow.stage = Stage::TakingOver;
    flow.run = intent.run;
    flow.begin(
        now.0,
        "resuming",
        Some(journal::describe(&intent).to_string()),
        None,
    );
    let effect = take_over(&flow, &world.who, now);
    world.flows.insert(target.clone(), flow);
    vec![effect]
}

fn take_over(flow: &Flow, who: &crate::app::world::Who, now: Now) -> Effect {
    let draft = rows::draft(who, flow, journal::RESUMED, json!({}), now);
    write(
        flow,
        Write::TakeOver {
            operation: flow.facts.operation.clone(),
            draft,
        },
    )
}

fn taken_over(
    flow: &mut Flow,
    who: &crate::app::world::Who,
    result: Result<bool, Fault>,
    now: Now,
) -> Vec<Effect> {
    match result {
        Ok(true) => {
            flow.joined = false;
            rename(
                flow,
                "resumed",
                Some("the process that started it is gone".to_owned()),
            );
            // Where it stood is read from its rows; `ledger_read` of the row just written brings them.
            flow.stage = Stage::TakingOver;
            let _ = who;
            Vec::new()
        }
        Ok(false) if flow.stage == Stage::TakingOver => {
            flow.joined = true;
            flow.stage = Stage::Following;
            rename(
                flow,
                "following",
                Some("another process does it".to_owned()),
            );
            Vec::new()
        }
        Ok(false) => Vec::new(),
        Err(fault) => {
            let joined = flow.stage == Stage::Following;
            if !joined {
                over(flow, FlowOutcome::Unknown, Some(fault), now);
            }
            Vec::new()
        }
    }
}

/// The ledger was read: followed rollbacks learn of new rows, open intents of gone processes are resumed.
pub fn ledger_read(world: &mut World, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    let targets: Vec<Target> = world.flows.keys().cloned().collect();
    for target in targets {
        let (open, closed, ledger_rows) = (
            world.ledger.open.clone(),
            world.ledger.closed.clone(),
            world.ledger.rows.clone(),
        );
        effects.extend(with_flow(world, &target, |flow, who| {
            let operation = flow.facts.operation.clone();
            let mine = open.iter().find(|o| o.facts.operation == operation);
            match flow.stage {
                Stage::Following => {
                    let ours = |r: &&Row| {
                        r.body.get("operation").and_then(|v| v.as_str()) == Some(operation.as_str())
                    };
                    flow.steps = ledger_rows.iter().filter(ours).map(rows::step_of).collect();
                    if let Some(done) = closed.iter().find(|c| c.facts.operation == operation) {
                        over(flow, rows::outcome_of(done.closing), None, now);
                        return Vec::new();
                    }
                    // Should its owner die, this process goes on watching in its place; it has no order to send.
                    vec![take_over(flow, who, now)]
                }
                Stage::TakingOver => {
                    mine.map_or_else(Vec::new, |intent| go_on(flow, who, intent, now))
                }
                _ => Vec::new(),
            }
        }));
    }
    if world.follow_intents && world.read_only.is_none() {
        let waiting: Vec<Target> = world
            .ledger
            .open
            .iter()
            .map(|o| o.target.clone())
            .filter(|t| !world.flows.contains_key(t) && world.envs.contains_key(t))
            .collect();
        for target in waiting {
            effects.extend(resume(world, &target, now));
        }
    }
    effects
}

/// Goes on where the rows of a taken-over rollback end. It only follows: the orders went with the process that had them.
fn go_on(
    flow: &mut Flow,
    who: &crate::app::world::Who,
    intent: &OpenIntent,
    now: Now,
) -> Vec<Effect> {
    // The row of the taking over is not among them yet: wait for it.
    if flow
        .steps
        .last()
        .is_none_or(|s| s.step.as_str() != "resumed")
    {
        return Vec::new();
    }
    flow.started_at = intent.at;
    if let Some(live) = intent.live_at {
        flow.stage = Stage::Verifying(live);
        flow.begin(now.0, "verifying", None, None);
    } else if let Some(run) = intent.run {
        running(flow, run, None, now);
    } else if !intent.sent {
        let message = "the process that started it ended before anything was dispatched";
        let hint = "nothing was sent: roll back again";
        return end(
            flow,
            who,
            FlowOutcome::Failed,
            Some(fault(FaultKind::Refused, message, Some(hint), now)),
            now,
        );
    } else {
        flow.stage = Stage::LookingUp {
            until: later(now, LOOKUP),
            accepted: intent.accepted,
        };
        flow.begin(
            now.0,
            "looking for its run",
            Some(flow.facts.correlation_id.to_string()),
            None,
        );
    }
    Vec::new()
}

/// A person closes an open intent.
pub fn resolve(world: &mut World, target: &Target, reason: &str, now: Now) -> Vec<Effect> {
    let Some(intent) = world
        .ledger
        .open
        .iter()
        .find(|o| o.target == *target)
        .cloned()
    else {
        world.notices.push(Notice {
            at: now.0,
            severity: Severity::Warning,
            title: Safe::new(&format!("no rollback of {target} is open")),
            hint: None,
            source: Safe::new("rollback"),
        });
        return Vec::new();
    };
    let Some((service, env)) = world.catalog.environment(target) else {
        return Vec::new();
    };
    let mut flow = Flow::new(service, env, intent.facts, intent.at);
    flow.begin(now.0, "resolved", Some(reason.to_owned()), None);
    let extra = json!({ "reason": Safe::new(reason) });
    let row = write(
        &flow,
        Write::Note(rows::draft(
            &world.who,
            &flow,
            journal::RESOLVED,
            extra,
            now,
        )),
    );
    over(&mut flow, FlowOutcome::Failed, None, now);
    world.flows.insert(target.clone(), flow);
    vec![row]
}
