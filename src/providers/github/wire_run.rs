//! Workflow runs, jobs and steps as REST gives them.

use serde_json::Value;

use super::wire::{address, array, each, number, sha, text, time};
use crate::domain::release::{Conclusion, Job, Run, RunId, RunStatus, Step};
use crate::domain::text::Safe;

/// A status word. A missing one reads as an unknown one.
pub(super) fn status(item: &Value) -> RunStatus {
    let word = text(item, "status").unwrap_or_default();
    match word.as_str() {
        "queued" => RunStatus::Queued,
        "requested" => RunStatus::Requested,
        "pending" => RunStatus::Pending,
        "waiting" => RunStatus::Waiting,
        "in_progress" => RunStatus::InProgress,
        "completed" => RunStatus::Completed,
        _ => RunStatus::Other(word),
    }
}

/// A conclusion word; none until the end.
pub(super) fn conclusion(item: &Value) -> Option<Conclusion> {
    let word = text(item, "conclusion")?;
    Some(match word.as_str() {
        "success" => Conclusion::Success,
        "failure" => Conclusion::Failure,
        "neutral" => Conclusion::Neutral,
        "cancelled" => Conclusion::Cancelled,
        "skipped" => Conclusion::Skipped,
        "timed_out" => Conclusion::TimedOut,
        "action_required" => Conclusion::ActionRequired,
        "startup_failure" => Conclusion::StartupFailure,
        "stale" => Conclusion::Stale,
        _ => Conclusion::Other(word),
    })
}

/// A run; none without its number or any date.
pub(super) fn run(item: &Value) -> Option<Run> {
    let id = RunId(number(item, "id")?);
    let created_at = time(item, "created_at")
        .or_else(|| time(item, "run_started_at"))
        .or_else(|| time(item, "updated_at"))?;
    let name = text(item, "name");
    Some(Run {
        id,
        title: text(item, "display_title")
            .or_else(|| name.clone())
            .unwrap_or_else(|| Safe::new(&format!("run {id}"))),
        name,
        path: text(item, "path"),
        attempt: number(item, "run_attempt")
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(1),
        sha: sha(item, "head_sha"),
        status: status(item),
        conclusion: conclusion(item),
        created_at,
        started_at: time(item, "run_started_at"),
        updated_at: time(item, "updated_at"),
        url: address(item, "html_url").unwrap_or_default(),
        actor: ["triggering_actor", "actor"]
            .iter()
            .find_map(|who| text(item.get(who)?, "login")),
    })
}

/// A job; none without its number.
pub(super) fn job(item: &Value) -> Option<Job> {
    let id = number(item, "id")?;
    let steps = array(item, "steps").map_or(&[][..], Vec::as_slice);
    Some(Job {
        id,
        name: text(item, "name").unwrap_or_else(|| Safe::new(&format!("job {id}"))),
        status: status(item),
        conclusion: conclusion(item),
        started_at: time(item, "started_at"),
        completed_at: time(item, "completed_at"),
        url: address(item, "html_url"),
        steps: each(steps, step).0,
    })
}

fn step(item: &Value) -> Option<Step> {
    Some(Step {
        name: text(item, "name")?,
        status: status(item),
        conclusion: conclusion(item),
        started_at: time(item, "started_at"),
        completed_at: time(item, "completed_at"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nulls_and_unknown_words_are_kept() {
        let run = run(&json!({
            "id": 5_000_000_123_u64, "name": null, "head_branch": null, "status": "meditating", "conclusion": null,
            "created_at": "2026-11-01T10:00:00Z", "head_sha": "nonsense", "display_title": "back to v1 [fd-x]",
        }))
        .unwrap();
        assert_eq!(run.id, RunId(5_000_000_123));
        assert_eq!(run.status, RunStatus::Other(Safe::new("meditating")));
        assert_eq!((run.conclusion, run.sha, run.attempt), (None, None, 1));
    }
}
