//! The way that repeats an old run: recorded, sent once, and told by its next attempt. The run's number stays the same, so what an
//! older attempt says is never taken for ours.

use serde_json::json;

use super::send::{LOOKUP_ACCEPTED, running};
use super::{detail, later, note, rename, rows, with_flow, write};
use crate::app::effect::{Effect, Write};
use crate::app::flow::{Flow, Stage};
use crate::app::world::{Who, World};
use crate::domain::fetched::Fault;
use crate::domain::ids::Target;
use crate::domain::release::RunView;
use crate::domain::rollback::{RerunOrder, journal, rerun};
use crate::domain::units::Now;

/// Records that the run is about to be repeated.
pub(super) fn record(flow: &mut Flow, who: &Who, order: &RerunOrder, now: Now) -> Vec<Effect> {
    flow.stage = Stage::DispatchRecording;
    let (run, attempt) = (order.run(), order.next_attempt());
    let what = format!("run {run}, attempt {attempt}");
    flow.begin(now.0, "repeating the old run", Some(what), None);
    let extra = json!({ "repeats": run, "attempt": attempt });
    vec![write(
        flow,
        Write::Record(rows::draft(who, flow, journal::DISPATCH_INTENT, extra, now)),
    )]
}

/// GitHub took the order. The new attempt may show a moment later; until then the old one is seen, and is not ours.
pub(super) fn accepted(flow: &mut Flow, who: &Who, now: Now) -> Vec<Effect> {
    let Some(ours) = flow.facts.rerun else {
        return Vec::new();
    };
    let extra = json!({ "result": "accepted", "run": ours.run });
    let row = note(flow, who, journal::DISPATCH_OUTCOME, extra, now);
    let what = format!("run {}; waiting for its new attempt to show", ours.run);
    rename(flow, "repeating accepted", Some(what));
    flow.stage = Stage::LookingUp {
        until: later(now, LOOKUP_ACCEPTED),
        accepted: true,
    };
    vec![row]
}

/// The run was looked at for its new attempt.
pub(in crate::app::update) fn rerun_seen(
    world: &mut World,
    target: &Target,
    result: Result<RunView, Fault>,
    now: Now,
) -> Vec<Effect> {
    with_flow(world, target, |flow, who| {
        let (Stage::LookingUp { accepted, .. }, Some(ours)) = (&flow.stage, flow.facts.rerun)
        else {
            return Vec::new();
        };
        let accepted = *accepted;
        // Not there yet, or the lookup failed: `advance` ends it when the time is up.
        let Ok(RunView { run, .. }) = result else {
            return Vec::new();
        };
        let there = if accepted {
            rerun::reached(&run, ours)
        } else {
            rerun::is_ours(&run, ours, flow.started_at)
        };
        if !there {
            return Vec::new();
        }
        let found = format!("run {}, attempt {}", run.id, run.attempt);
        let mut effects = Vec::new();
        if accepted {
            rename(flow, "repeating accepted", Some(found));
        } else {
            detail(flow, &format!("found as {found}"));
            let extra = json!({
                "result": "accepted", "run": run.id, "url": run.url, "detail": "found by its attempt",
            });
            effects.push(note(flow, who, journal::DISPATCH_OUTCOME, extra, now));
        }
        running(flow, run.id, Some(run.url), now);
        effects
    })
}
