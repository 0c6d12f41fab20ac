//! The gate kind `rollback_plan`: once the candidate is out, there is a way back, and it is known where to.

use jiff::Timestamp;

use super::evaluate::{Facts, Finding};
use super::{Evidence, GateState};
use crate::domain::fetched::Fault;
use crate::domain::release::VersionRef;
use crate::domain::rollback::{Refusal, RollbackPlan, Way, WayKind};
use crate::domain::text::Safe;
use crate::domain::units::age;

/// What is known of the way back.
#[derive(Debug, Clone, Copy)]
pub struct WayBack<'a> {
    /// The configured ways, in order.
    pub ways: &'a [Way],
    /// What is live.
    pub live: Option<&'a VersionRef>,
    /// The plan from what is live or under way; none: it is not known what runs.
    pub plan: Option<&'a Result<RollbackPlan, Refusal>>,
    /// When the environment was read.
    pub seen_at: Option<Timestamp>,
    /// Why it can't be read now.
    pub fault: Option<&'a Fault>,
}

/// Judges the way back.
pub fn evaluate(facts: &Facts<'_>) -> Finding {
    let back = facts.way_back;
    let why = || {
        back.fault
            .map_or("not read yet".to_owned(), |f| f.message.to_string())
    };
    let (Some(plan), Some(seen_at)) = (back.plan, back.seen_at) else {
        return Finding::unknown(why());
    };
    let old = facts.now.since(seen_at);
    if old > facts.stale_after {
        return Finding::unknown(format!(
            "what runs here was read {} ago: {}",
            age(old),
            why()
        ));
    }
    // A workflow reaches any version; whether a run can be repeated is only known of the run that the plan has read.
    let of_kind = |workflow: bool| {
        back.ways.iter().find_map(|w| match &w.kind {
            WayKind::Workflow { file, .. } if workflow => Some((w.id.as_str(), file.as_str())),
            WayKind::Rerun { .. } if !workflow => Some((w.id.as_str(), "an old run, repeated")),
            _ => None,
        })
    };
    let workflow = of_kind(true);
    let way = workflow.or_else(|| of_kind(false));
    let leaves_candidate = match plan {
        Ok(plan) => plan.from.sha == facts.candidate.sha,
        Err(_) => back.live.is_some_and(|l| l.sha == facts.candidate.sha),
    };
    let mut holds = Vec::new();
    let (state, summary) = match (way, plan, back.live) {
        (None, _, _) => (
            GateState::Fail,
            "no way back is configured for this environment".to_owned(),
        ),
        // The candidate is out already, or on its way: the plan is the one that `R` would follow.
        (Some(_), Ok(plan), _) if leaves_candidate => {
            holds.extend(plan.warnings.iter().map(ToString::to_string));
            (
                GateState::Pass,
                format!("back to {} by {}", plan.to, plan.way.id),
            )
        }
        (Some(_), Err(Refusal::Unknown(_, why)), _) => (GateState::Unknown, why.clone()),
        (Some(_), Err(refusal), _) if leaves_candidate => (GateState::Fail, refusal.to_string()),
        // It is not out yet: what is live now is where the way back leads.
        (Some((way, _)), _, Some(live)) if workflow.is_some() => {
            (GateState::Pass, format!("back to {live} by {way}"))
        }
        (Some((way, _)), _, Some(live)) => (
            GateState::Unknown,
            format!("back to {live} by {way}, if its run can still be repeated then"),
        ),
        (Some(_), _, None) => (
            GateState::Fail,
            "nothing is live here yet, so there is nothing to go back to".to_owned(),
        ),
    };
    let value = match (holds.as_slice(), way) {
        ([], Some((_, file))) => file.to_owned(),
        ([], None) => "no way".to_owned(),
        (holds, _) => holds.join("; "),
    };
    let summary = match holds.as_slice() {
        [] => summary,
        [one] => format!("{summary}; but {one}"),
        [one, rest @ ..] => format!("{summary}; but {one}, and {} more", rest.len()),
    };
    Finding {
        state,
        summary,
        evidence: Evidence {
            at: Some(seen_at),
            value: Some(Safe::new(&value)),
            rule: Some(Safe::new("a way back that reaches a version that was live")),
            source: Some(Safe::new("the rollback plan")),
            url: None,
            valid_until: None,
        },
        ages_from: Some(seen_at),
        owner: None,
    }
}
