//! The ledger rows of a rollback: what each step records, and how another process' rows read as steps.

use serde_json::{Value, json};

use crate::app::flow::{Flow, FlowOutcome, FlowStep, StepMark};
use crate::app::world::Who;
use crate::domain::fetched::Fault;
use crate::domain::ledger::{Draft, Row};
use crate::domain::rollback::{Closing, journal};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// A row of this rollback; `extra` is merged into the body.
pub(super) fn draft(who: &Who, flow: &Flow, kind: &str, extra: Value, now: Now) -> Draft {
    let mut body = json!({
        "operation": flow.facts.operation,
        "correlation_id": flow.facts.correlation_id,
        "repository": flow.repo.to_string(),
        "source": flow.source,
    });
    if let (Some(body), Value::Object(extra)) = (body.as_object_mut(), extra) {
        body.extend(extra);
    }
    Draft {
        at: now.0,
        kind: kind.to_owned(),
        who: who.name.to_string(),
        who_verified: who.verified,
        service: flow.target.service.clone(),
        environment: flow.target.env.clone(),
        body,
    }
}

/// The intent's row: all facts.
pub(super) fn intent(who: &Who, flow: &Flow, now: Now) -> Draft {
    let facts = serde_json::to_value(&flow.facts).unwrap_or_default();
    draft(who, flow, journal::INTENT, facts, now)
}

/// A fault as a body's fields.
pub(super) fn fault(fault: &Fault) -> Value {
    json!({ "error": { "kind": fault.kind.word(), "message": fault.message } })
}

/// How an outcome is closed in the ledger; none: the intent stays open, or there never was one.
pub(super) fn closing(outcome: FlowOutcome) -> Option<Closing> {
    match outcome {
        FlowOutcome::Recovered => Some(Closing::Recovered),
        FlowOutcome::Dispatched => Some(Closing::NotVerified),
        FlowOutcome::Failed => Some(Closing::Failed),
        FlowOutcome::AlreadyDone | FlowOutcome::Unknown | FlowOutcome::Refused => None,
    }
}

/// How a closed rollback answers somebody who followed it.
pub(super) fn outcome_of(closing: Closing) -> FlowOutcome {
    match closing {
        Closing::Recovered => FlowOutcome::Recovered,
        Closing::NotVerified => FlowOutcome::Dispatched,
        Closing::Failed | Closing::Resolved => FlowOutcome::Failed,
    }
}

/// Another process' row as a step.
pub(super) fn step_of(row: &Row) -> FlowStep {
    let text = |key: &str| row.body.get(key).and_then(Value::as_str).map(Safe::new);
    let run = row
        .body
        .get("run")
        .and_then(Value::as_u64)
        .map(|r| format!("run {r}"));
    let result = text("result");
    let bad = matches!(row.kind.as_str(), journal::FAILED | journal::UNKNOWN)
        || result
            .as_ref()
            .is_some_and(|r| matches!(r.as_str(), "rejected" | "lost"));
    let detail = [run.as_deref().map(Safe::new), result, text("detail")];
    let detail: Vec<String> = detail
        .into_iter()
        .flatten()
        .map(|s| s.to_string())
        .collect();
    FlowStep {
        at: row.at,
        step: Safe::new(words(&row.kind)),
        detail: (!detail.is_empty()).then(|| Safe::new(&detail.join(", "))),
        url: text("url"),
        mark: if bad { StepMark::Bad } else { StepMark::Done },
    }
}

/// A row's kind as people read it.
pub(super) fn words(kind: &str) -> &str {
    match kind {
        journal::INTENT => "intent recorded",
        journal::CANCEL_INTENT => "cancelling the deploy",
        journal::CANCEL_OUTCOME => "cancel answered",
        journal::DISPATCH_INTENT => "dispatching",
        journal::DISPATCH_OUTCOME => "dispatch answered",
        journal::RUNNING => "running",
        journal::LIVE => "live",
        journal::RESUMED => "resumed",
        journal::UNKNOWN => "outcome unknown",
        journal::RECOVERED => "recovered",
        journal::NOT_VERIFIED => "not verified",
        journal::FAILED => "failed",
        journal::RESOLVED => "resolved",
        other => other,
    }
}
