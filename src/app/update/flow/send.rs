//! The writes: cancel and dispatch (or the repetition of a run), each recorded before it is sent.

use jiff::SignedDuration;
use serde_json::json;

use super::{detail, end, fault, later, merge, note, rename, rerun, rows, write};
use crate::app::effect::{Effect, Write};
use crate::app::flow::{Flow, FlowOutcome, Stage};
use crate::app::world::Who;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ledger::Row;
use crate::domain::release::RunId;
use crate::domain::rollback::{CancelAnswer, DispatchAnswer, IntentFacts, journal};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// A lost dispatch is looked up for that long.
pub(super) const LOOKUP: SignedDuration = SignedDuration::from_secs(120);
/// A refused dispatch is looked up for that long at least.
const LOOKUP_REFUSED: SignedDuration = SignedDuration::from_secs(10);
/// An accepted dispatch whose run was not named is looked up for that long.
pub(super) const LOOKUP_ACCEPTED: SignedDuration = SignedDuration::from_secs(60);

/// After the intent: cancel what is under way, else dispatch.
pub(super) fn next_write(flow: &mut Flow, who: &Who, now: Now) -> Vec<Effect> {
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

pub(super) fn record_dispatch(flow: &mut Flow, who: &Who, now: Now) -> Vec<Effect> {
    if let Some(order) = flow.approved.as_ref().and_then(|a| a.rerun_order()) {
        return rerun::record(flow, who, &order, now);
    }
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
pub(super) fn recorded(
    flow: &mut Flow,
    who: &Who,
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
            let Some(approved) = flow.approved.take() else {
                return Vec::new();
            };
            match (approved.rerun_order(), approved.dispatch_order()) {
                (Some(order), _) => vec![write(flow, Write::Rerun(order))],
                (None, Some(order)) => vec![write(flow, Write::Dispatch(order))],
                (None, None) => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

pub(super) fn send_cancel(flow: &mut Flow, now: Now) -> Vec<Effect> {
    flow.cancels = (flow.cancels.0.saturating_add(1), Some(now.0));
    match flow.approved.as_ref().and_then(|a| a.cancel_order()) {
        Some(order) => vec![write(flow, Write::Cancel(order))],
        None => Vec::new(),
    }
}

pub(super) fn cancel_answered(
    flow: &mut Flow,
    who: &Who,
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
    let answered = error.is_none();
    let mut extra = json!({ "run": run, "result": result });
    merge(&mut extra, error);
    let mut effects = vec![note(flow, who, journal::CANCEL_OUTCOME, extra, now)];
    match answer {
        CancelAnswer::Accepted | CancelAnswer::Lost(_) => {
            if flow.stage == Stage::Cancelling {
                flow.stage = Stage::WaitingForEnd(now.0);
            }
            if let Some(run) = run {
                let said = if answered {
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

pub(super) fn dispatch_answered(
    flow: &mut Flow,
    who: &Who,
    answer: DispatchAnswer,
    now: Now,
) -> Vec<Effect> {
    let answered = |flow: &Flow, extra| note(flow, who, journal::DISPATCH_OUTCOME, extra, now);
    match answer {
        DispatchAnswer::Accepted { run, url } if flow.facts.rerun.is_none() => {
            let row = answered(
                flow,
                json!({ "result": "accepted", "run": run, "url": url }),
            );
            if let Some(run) = run {
                rename(flow, "dispatched", Some(format!("run {run}")));
                running(flow, run, url, now);
            } else {
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
            vec![row]
        }
        DispatchAnswer::Accepted { .. } => rerun::accepted(flow, who, now),
        DispatchAnswer::Rejected(fault) => {
            let mut extra = json!({ "result": "rejected" });
            merge(&mut extra, Some(&fault));
            let mut effects = vec![answered(flow, extra)];
            if was_answered(&fault) && flow.facts.workflow.is_some() {
                // Something on the way may refuse after the server has acted: a look before the refusal is believed.
                let said = format!("{}; making sure that no run was started", fault.message);
                detail(flow, &said);
                flow.trouble = Some(fault);
                flow.stage = Stage::LookingUp {
                    until: later(now, LOOKUP_REFUSED),
                    accepted: false,
                };
            } else {
                effects.extend(end(flow, who, FlowOutcome::Failed, Some(fault), now));
            }
            effects
        }
        DispatchAnswer::Lost(fault) => {
            let mut extra = json!({ "result": "lost" });
            merge(&mut extra, Some(&fault));
            let by = sought(&flow.facts);
            detail(flow, &format!("{}; looking for {by}", fault.message));
            flow.stage = Stage::LookingUp {
                until: later(now, LOOKUP),
                accepted: false,
            };
            vec![answered(flow, extra)]
        }
    }
}

/// Whether a refusal came back as an answer; else nothing was sent at all.
fn was_answered(fault: &Fault) -> bool {
    !matches!(
        fault.kind,
        FaultKind::Unreachable | FaultKind::Config | FaultKind::Internal
    )
}

/// What a dispatch whose answer was lost is looked up by.
pub(super) fn sought(facts: &IntentFacts) -> String {
    match facts.rerun {
        Some(ours) => format!(
            "attempt {} of run {}",
            ours.attempt.saturating_add(1),
            ours.run
        ),
        None => format!("the run by {}", facts.correlation_id),
    }
}

pub(super) fn running(flow: &mut Flow, run: RunId, url: Option<Safe>, now: Now) {
    flow.run = Some(run);
    flow.stage = Stage::Running(run);
    flow.begin(now.0, "running", Some(format!("run {run}")), url);
}
