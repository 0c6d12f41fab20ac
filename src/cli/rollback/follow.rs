//! Follows a rollback to its end, step by step. Leaving early stops nothing: what was dispatched goes on, and `resume` finds it.

use std::time::Duration;

use tokio::time::Instant;

use super::said::Said;
use crate::app::flow::{Flow, Stage};
use crate::cli::failure::{Failure, OPEN};
use crate::cli::output::Output;
use crate::cli::stop::Stop;
use crate::domain::fetched::FaultKind;
use crate::domain::ids::Target;
use crate::domain::rollback::RollbackPlan;
use crate::domain::units::span;
use crate::report::plan as words;
use crate::report::rollback::{RollbackOutcome, RollbackReport};
use crate::runtime::Driver;

/// The last rows must be on disk within that time after the end.
const WRITTEN_WITHIN: Duration = Duration::from_secs(10);

/// Follows, then answers.
pub(super) async fn to_the_end(
    driver: &mut Driver,
    target: &Target,
    plan: Option<&RollbackPlan>,
    out: &mut Output,
) -> Result<u8, Failure> {
    let left_early = follow(driver, target, out).await?;
    let Some(flow) = driver.world().flows.get(target) else {
        let message = format!("no rollback of {target} is open");
        return Err(Failure::new(FaultKind::NotFound, message));
    };
    let report = RollbackReport::of_flow(flow, plan);
    if out.is_json() {
        out.json(&report);
    } else {
        for line in ending(flow, &report, left_early) {
            out.line(&line);
        }
    }
    if left_early {
        out.note(leaving(flow));
        return Ok(OPEN);
    }
    Ok(super::code(report.outcome))
}

/// The words at the end.
fn ending(flow: &Flow, report: &RollbackReport, left_early: bool) -> Vec<String> {
    if left_early {
        return Vec::new();
    }
    let by = if flow.joined {
        " (by another process)"
    } else {
        ""
    };
    let end = flow
        .ended_at
        .filter(|_| report.outcome == RollbackOutcome::Recovered);
    let took = end.map_or_else(String::new, |end| {
        format!(" in {}", span(end.duration_since(flow.started_at)))
    });
    let mut lines = vec![format!("{}{took}{by}", report.outcome.label())];
    if let Some(trouble) = &report.trouble {
        lines.push(trouble.message.to_string());
        lines.extend(trouble.hint.as_ref().map(|h| format!("hint: {h}")));
    }
    lines
}

/// What leaving now means.
fn leaving(flow: &Flow) -> &'static str {
    match flow.stage {
        Stage::Recording
        | Stage::CancelRecording
        | Stage::Cancelling
        | Stage::WaitingForEnd(_)
        | Stage::DispatchRecording => {
            "left before the rollback was dispatched: nothing goes on by itself; close it with `flightdeck rollback resume`, then roll back again"
        }
        _ => "left: the rollback goes on; follow it with `flightdeck rollback resume`",
    }
}

/// Runs the Driver until the flow is over and on disk; true: somebody asked to leave before.
async fn follow(driver: &mut Driver, target: &Target, out: &mut Output) -> Result<bool, Failure> {
    let mut stop = Stop::new()?;
    let mut said = Said::default();
    let mut limit: Option<Instant> = None;
    let mut left_early = false;
    loop {
        let zone = driver.world().zone.clone();
        let Some(flow) = driver.world().flows.get(target) else {
            return Ok(false);
        };
        if !out.is_json() {
            for line in said.news(flow, |step| words::step(step, &zone)) {
                out.line(&line);
            }
        }
        let over = flow.is_over();
        if over || left_early {
            let end = *limit.get_or_insert_with(|| Instant::now() + WRITTEN_WITHIN);
            if !driver.is_writing() || Instant::now() >= end {
                return Ok(left_early && !over);
            }
        }
        tokio::select! {
            biased;
            () = stop.asked() => {
                if left_early {
                    return Ok(true);
                }
                left_early = true;
            }
            () = driver.next() => {}
            // While only the last row is waited for, no message may come at all.
            () = tokio::time::sleep(Duration::from_millis(50)), if over || left_early => {}
        }
    }
}
