//! A rollback's run that does not start: held by an environment's rule or by another run of its concurrency group. Who can let it
//! go is said while it waits, and the wait does not count against the limit of the verification.

use jiff::SignedDuration;

use super::{detail, with_flow};
use crate::app::flow::{Flow, Stage};
use crate::app::world::World;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::Target;
use crate::domain::release::{Run, RunStatus};
use crate::domain::rollback::holds::{self, Pending};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// Counts the time in which the run is held.
pub(super) fn note(flow: &mut Flow, run: &Run, now: Now) {
    let held = matches!(run.status, RunStatus::Waiting | RunStatus::Pending);
    match (held, flow.held_since) {
        (true, None) => flow.held_since = Some(now.0),
        (false, Some(since)) => {
            flow.held += now.since(since);
            flow.held_since = None;
            flow.pending.clear();
        }
        _ => {}
    }
}

/// How long the rollback took so far, without the time in which its run was held.
pub(super) fn worked(flow: &Flow, now: Now) -> SignedDuration {
    let held = flow
        .held_since
        .map_or(SignedDuration::ZERO, |at| now.since(at));
    now.since(flow.started_at) - flow.held - held
}

/// Why the run does not go on, in words; none: it does.
pub(super) fn words(flow: &Flow, run: &Run, now: Now) -> Option<String> {
    let why = match run.status {
        RunStatus::Waiting => holds::waits_for(&flow.pending, now)
            .unwrap_or_else(|| "waits for a rule of its environment".to_owned()),
        RunStatus::Pending => "is held by another run of its concurrency group".to_owned(),
        _ => return None,
    };
    Some(format!("run {}: {why}", run.id))
}

/// What the run waits for was asked.
pub(in crate::app::update) fn pending_seen(
    world: &mut World,
    target: &Target,
    result: Result<Vec<Pending>, Fault>,
    now: Now,
) {
    with_flow(world, target, |flow, _| {
        if !matches!(flow.stage, Stage::Running(_)) || flow.held_since.is_none() {
            return Vec::new();
        }
        match result {
            Ok(pending) => flow.pending = pending,
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound) => {
                let why = "a rule; for what is not known (needs Actions: read)";
                if let Some(run) = flow.run {
                    detail(flow, &format!("run {run}: waits for {why}"));
                }
                return Vec::new();
            }
            Err(_) => return Vec::new(),
        }
        let said = flow
            .view
            .as_ref()
            .and_then(|view| words(flow, &view.run, now));
        if let Some(said) = said {
            detail(flow, &said);
            let url = flow.view.as_ref().map(|v| v.run.url.clone());
            link(flow, url);
        }
        Vec::new()
    });
}

/// The step under way leads to the run's page: that is where a review is given.
pub(super) fn link(flow: &mut Flow, url: Option<Safe>) {
    if let Some(last) = flow.steps.last_mut() {
        last.url = last.url.take().or(url);
    }
}
