//! How a deployment reaches its users: its steps. GitHub has no rollout object; a deployment's payload may declare them, else the
//! jobs of its run are its steps, where a job's name may have a weight (`canary 25 %`).

mod declared;

pub use declared::{DeclaredStep, MAX_STEPS};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Conclusion, Deployment, Job, RunStatus};
use crate::domain::text::Safe;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Under way.
    Running,
    /// Held: a reviewer, a timer, a concurrency group.
    Held,
    /// Done, and good.
    Done,
    /// Ended badly.
    Failed,
    /// Stopped.
    Cancelled,
    /// Left out.
    Skipped,
}

/// A step of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutStep {
    /// Its name: the declared one, or the job's.
    pub name: Safe,
    /// Where it stands.
    pub state: StepState,
    /// The share of traffic it stands for, where its name tells one, 0..100.
    pub weight_percent: Option<u8>,
    /// How long it took, or takes so far.
    pub took: Option<SignedDuration>,
}

/// The steps of a deployment at `now`: those its payload declares, else the jobs of its run.
pub fn of(deployment: Option<&Deployment>, jobs: &[Job], now: Timestamp) -> Vec<RolloutStep> {
    deployment
        .and_then(|d| declared::steps(d, now))
        .unwrap_or_else(|| steps(jobs, now))
}

/// The steps of a run at `now`.
pub fn steps(jobs: &[Job], now: Timestamp) -> Vec<RolloutStep> {
    jobs.iter()
        .map(|job| RolloutStep {
            name: job.name.clone(),
            state: state(job),
            weight_percent: weight(job.name.as_str()),
            took: job.took(now),
        })
        .collect()
}

/// The share of traffic on the newest version: the weight of the last step that began.
pub fn weight_now(steps: &[RolloutStep]) -> Option<u8> {
    steps
        .iter()
        .filter(|s| {
            matches!(
                s.state,
                StepState::Running | StepState::Done | StepState::Failed | StepState::Cancelled
            )
        })
        .filter_map(|s| s.weight_percent.filter(|_| s.took.is_some()))
        .next_back()
}

fn state(job: &Job) -> StepState {
    match (&job.status, &job.conclusion) {
        (RunStatus::Completed, Some(Conclusion::Skipped)) => StepState::Skipped,
        (RunStatus::Completed, Some(Conclusion::Cancelled)) => StepState::Cancelled,
        (RunStatus::Completed, Some(c)) if c.passed() => StepState::Done,
        (RunStatus::Completed, _) => StepState::Failed,
        (RunStatus::InProgress, _) => StepState::Running,
        (RunStatus::Waiting | RunStatus::Pending, _) => StepState::Held,
        _ => StepState::Waiting,
    }
}

/// The number before a percent sign: `canary 25 %`, `25%`.
fn weight(name: &str) -> Option<u8> {
    let (before, _) = name.split_once('%')?;
    let digits: String = before
        .trim_end()
        .chars()
        .rev()
        .take_while(char::is_ascii_digit)
        .collect();
    digits
        .chars()
        .rev()
        .collect::<String>()
        .parse()
        .ok()
        .filter(|w| *w <= 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_from_names() {
        assert_eq!(weight("canary 25 %"), Some(25));
        assert_eq!(weight("100%"), Some(100));
        assert_eq!(weight("build"), None);
        assert_eq!(weight("canary 250 %"), None);
    }
}
