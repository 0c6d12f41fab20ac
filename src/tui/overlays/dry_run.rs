//! What a rollback would send, in words. Nothing is sent.

use crate::domain::rollback::holds::HoldKind;
use crate::domain::rollback::{ApprovedPlan, Confirmation, Ids, RollbackPlan};

/// The rows: each a label and a text.
pub fn rows(plan: &RollbackPlan, reason: &str, ids: Ids) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut add = |label: &str, text: String| rows.push((label.to_owned(), text));
    add(
        "first",
        "the intent is written to the ledger, and synced, before anything is sent".to_owned(),
    );
    if let Some(cancel) = &plan.cancel {
        add(
            "cancel",
            format!("run {} of {}, and wait for its end", cancel.run, plan.repo),
        );
    }
    let reason = if reason.trim().is_empty() {
        "dry run"
    } else {
        reason
    };
    let approved: Option<ApprovedPlan> =
        plan.clone().approve(&Confirmation::Flag, reason, ids).ok();
    let orders = approved.map(|a| (a.dispatch_order(), a.rerun_order()));
    match orders {
        Some((Some(order), _)) => {
            add(
                "dispatch",
                format!("workflow {} of {}", order.file(), order.repo()),
            );
            add("on", order.git_ref().to_owned());
            for (name, value) in order.inputs() {
                let own = if value == order.correlation().as_str() {
                    "  (a new one when it is sent)"
                } else {
                    ""
                };
                add("input", format!("{name} = {value}{own}"));
            }
        }
        Some((None, Some(order))) => {
            let (run, next) = (order.run(), order.next_attempt());
            add(
                "repeat",
                format!("run {run} of {}, all its jobs", order.repo()),
            );
            add("as", format!("attempt {next} of the same run"));
        }
        Some((None, None)) | None => {
            add("dispatch", "nothing: this way only cancels".to_owned());
        }
    }
    for warning in &plan.warnings {
        add("beware", warning.to_string());
    }
    for hold in &plan.holds {
        let label = match hold.kind {
            HoldKind::Unknown => "unknown",
            _ => "held",
        };
        add(label, hold.text.to_string());
    }
    add(
        "then",
        format!(
            "follow the run until {} is live and the signals have recovered",
            plan.to
        ),
    );
    rows
}
