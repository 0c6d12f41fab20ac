//! A rollback, step by step: intent on disk, deploy cancelled, dispatch recorded, sent once ([`send`], [`mod@rerun`]), looked up if its answer
//! is lost, followed, live, verified ([`follow`]). Nothing is ever sent twice: the orders leave the flow when they are sent, and
//! a flow that was resumed or joined ([`mod@resume`]) has none.

mod follow;
mod held;
mod rerun;
#[cfg(test)]
mod rerun_tests;
mod resume;
mod rows;
mod send;
#[cfg(test)]
mod tests;

pub(super) use follow::{advance, cancelled_run_seen, found, run_seen};
pub(super) use held::pending_seen;
pub(super) use rerun::rerun_seen;
pub(super) use resume::{ledger_read, resolve, resume};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::app::effect::{Effect, EffectKey, Write};
use crate::app::flow::{Flow, FlowOutcome, Stage, StepMark};
use crate::app::msg::{IntentOutcome, Written};
use crate::app::world::{Who, World};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::Target;
use crate::domain::rollback::{ApprovedPlan, Closing, journal};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// A person confirmed a plan.
pub(in crate::app::update) fn confirmed(
    world: &mut World,
    approved: Box<ApprovedPlan>,
    now: Now,
) -> Vec<Effect> {
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
    // A later deploy of the same version may be rolled back once more.
    let since = world
        .envs
        .get(&target)
        .and_then(|slice| {
            let watched = slice.watch.as_ref().map(|w| w.started_at);
            watched.or_else(|| slice.state.as_ref()?.live.as_ref().map(|l| l.started_at))
        })
        .unwrap_or(now.0);
    let draft = rows::intent(&world.who, &flow, now);
    world.flows.insert(target.clone(), flow);
    vec![Effect::Write {
        target,
        what: Write::OpenIntent { draft, since },
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
                && current.cancel == plan.cancel
                && current.way == plan.way
                && current.rerun == plan.rerun =>
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
pub(in crate::app::update) fn written(
    world: &mut World,
    target: &Target,
    written: Written,
    now: Now,
) -> Vec<Effect> {
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
            send::next_write(flow, who, now)
        }
        Written::Intent(Ok(IntentOutcome::Joined(intent))) => {
            resume::join(flow, *intent, now);
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
        Written::Recorded(result) => send::recorded(flow, who, result, now),
        Written::Cancelled(answer) => send::cancel_answered(flow, who, answer, now),
        Written::Dispatched(answer) => send::dispatch_answered(flow, who, answer, now),
        Written::TakenOver(result) => resume::taken_over(flow, result, now),
    })
}

/// Runs `step` on a target's flow, with who acts.
fn with_flow(
    world: &mut World,
    target: &Target,
    step: impl FnOnce(&mut Flow, &Who) -> Vec<Effect>,
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

/// A row about the flow; nothing waits for it.
fn note(flow: &Flow, who: &Who, kind: &str, extra: Value, now: Now) -> Effect {
    write(flow, Write::Note(rows::draft(who, flow, kind, extra, now)))
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

fn merge(extra: &mut Value, error: Option<&Fault>) {
    if let (Some(map), Some(Value::Object(more))) = (extra.as_object_mut(), error.map(rows::fault))
    {
        map.extend(more);
    }
}

fn later(now: Now, by: SignedDuration) -> Timestamp {
    now.0.saturating_add(by).unwrap_or(Timestamp::MAX)
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
    who: &Who,
    outcome: FlowOutcome,
    trouble: Option<Fault>,
    now: Now,
) -> Vec<Effect> {
    let kind = rows::closing(outcome).map_or(journal::UNKNOWN, Closing::kind);
    let mut extra = json!({ "took_s": now.since(flow.started_at).as_secs() });
    merge(&mut extra, trouble.as_ref());
    let row = write(flow, Write::Note(rows::draft(who, flow, kind, extra, now)));
    over(flow, outcome, trouble, now);
    vec![row]
}
