//! The steps that a deployment's payload declares. The payload never changes, so how far they are is told by the deployment's
//! statuses: each `in_progress` begins the next step, `success` ends the last, a failure ends the one under way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RolloutStep, StepState};
use crate::domain::release::{Deployment, DeploymentState};
use crate::domain::text::Safe;

/// More steps than that are not believed: the statuses that are read would not reach back to the first.
pub const MAX_STEPS: usize = 16;

/// A step as the payload has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredStep {
    /// Its name; with the share where it has one.
    pub name: Safe,
    /// The share of traffic it stands for, 0..100.
    pub weight_percent: Option<u8>,
}

impl DeclaredStep {
    /// A step of this name, this share, or both.
    pub fn new(name: Option<&str>, weight_percent: Option<u8>) -> Option<Self> {
        let name = name.map(str::trim).filter(|n| !n.is_empty());
        let text = match (name, weight_percent) {
            (Some(name), Some(weight)) if !name.contains('%') => format!("{name} {weight} %"),
            (Some(name), _) => name.to_owned(),
            (None, Some(weight)) => format!("{weight} %"),
            (None, None) => return None,
        };
        let name = Safe::new(&text);
        (!name.is_empty()).then(|| Self {
            weight_percent: weight_percent.or_else(|| super::weight(name.as_str())),
            name,
        })
    }
}

/// The steps of a deployment at `now`, where its payload declares any.
pub(super) fn steps(deployment: &Deployment, now: Timestamp) -> Option<Vec<RolloutStep>> {
    let declared = deployment.rollout.as_ref()?;
    let oldest_first = deployment.statuses.iter().rev();
    let begun: Vec<Timestamp> = oldest_first
        .filter(|s| s.state == DeploymentState::InProgress)
        .map(|s| s.at)
        .take(declared.len())
        .collect();
    let ended = deployment
        .statuses
        .iter()
        .rev()
        .find(|s| is_end(&s.state))
        .map(|s| s.at);
    let (here, rest) = now_at(deployment);
    let current = begun.len().saturating_sub(1);
    let of = |(i, step): (usize, &DeclaredStep)| {
        let state = match rest {
            Rest::Done => StepState::Done,
            _ if i < current => StepState::Done,
            _ if i == current => here,
            Rest::Waiting => StepState::Waiting,
            Rest::Skipped => StepState::Skipped,
        };
        let end = begun.get(i + 1).copied().or(ended).unwrap_or(now);
        RolloutStep {
            name: step.name.clone(),
            state,
            weight_percent: step.weight_percent,
            took: begun
                .get(i)
                .map(|start| end.duration_since(*start).max(jiff::SignedDuration::ZERO)),
        }
    };
    Some(declared.iter().enumerate().map(of).collect())
}

/// What becomes of the steps behind the one under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Waiting,
    Done,
    Skipped,
}

fn is_end(state: &DeploymentState) -> bool {
    matches!(
        state,
        DeploymentState::Success
            | DeploymentState::Failure
            | DeploymentState::Error
            | DeploymentState::Inactive
    )
}

/// Where the step under way stands, and what becomes of those behind it.
fn now_at(deployment: &Deployment) -> (StepState, Rest) {
    if deployment.succeeded_at().is_some() {
        return (StepState::Done, Rest::Done);
    }
    match deployment.latest().map(|s| &s.state) {
        None | Some(DeploymentState::Queued | DeploymentState::Pending) => {
            (StepState::Waiting, Rest::Waiting)
        }
        Some(DeploymentState::Waiting) => (StepState::Held, Rest::Waiting),
        Some(state) if is_end(state) => (StepState::Failed, Rest::Skipped),
        Some(_) => (StepState::Running, Rest::Waiting),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::release::{DeploymentStatus, rollout};

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(1_764_000_000 + s).unwrap()
    }

    /// A deployment with these statuses, oldest first, a minute between two.
    fn deployment(states: &[DeploymentState]) -> Deployment {
        let status = |(i, state): (i64, &DeploymentState)| DeploymentStatus {
            state: state.clone(),
            at: at(i * 60),
            log_url: None,
            environment_url: None,
            description: None,
        };
        Deployment {
            id: 3,
            sha: "c".repeat(40).parse().unwrap(),
            git_ref: None,
            task: None,
            created_at: at(0),
            creator: None,
            correlation: None,
            rollout: None,
            statuses: (0..)
                .zip(states)
                .map(status)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect(),
        }
    }

    /// Steps in a line: `canary 25 %=done/60`.
    fn line(states: &[DeploymentState], now_s: i64) -> String {
        let mut it = deployment(states);
        it.rollout = Some(
            [
                (Some("canary"), Some(25)),
                (Some("half"), None),
                (None, Some(100)),
            ]
            .into_iter()
            .filter_map(|(name, weight)| DeclaredStep::new(name, weight))
            .collect(),
        );
        let steps = rollout::of(Some(&it), &[], at(now_s));
        let each = steps.iter().map(|s| {
            let took = s.took.map_or(-1, |t| t.as_secs());
            format!("{}={:?}/{took}", s.name, s.state)
        });
        each.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn statuses_move_the_steps() {
        use DeploymentState::{Failure, InProgress, Inactive, Queued, Success, Waiting};
        let all = "canary 25 %=Waiting/-1 half=Waiting/-1 100 %=Waiting/-1";
        assert_eq!(line(&[], 9), all);
        assert_eq!(line(&[Queued], 9), all);
        assert_eq!(
            line(&[Waiting], 9),
            "canary 25 %=Held/-1 half=Waiting/-1 100 %=Waiting/-1"
        );
        assert_eq!(
            line(&[InProgress, InProgress], 90),
            "canary 25 %=Done/60 half=Running/30 100 %=Waiting/-1"
        );
        assert_eq!(
            line(&[InProgress, InProgress, Failure], 999),
            "canary 25 %=Done/60 half=Failed/60 100 %=Skipped/-1"
        );
        // One who writes no more than the usual statuses has all steps done in the end.
        assert_eq!(
            line(&[InProgress, Success, Inactive], 999),
            "canary 25 %=Done/60 half=Done/-1 100 %=Done/-1"
        );
        // More statuses than steps: the last goes on.
        let many = [InProgress, InProgress, InProgress, InProgress];
        assert_eq!(
            line(&many, 200),
            "canary 25 %=Done/60 half=Done/60 100 %=Running/80"
        );
    }

    #[test]
    fn without_a_declaration_the_jobs_are_the_steps() {
        let it = deployment(&[DeploymentState::InProgress]);
        assert!(rollout::of(Some(&it), &[], at(9)).is_empty());
        assert!(rollout::of(None, &[], at(9)).is_empty());
    }

    #[test]
    fn a_step_needs_a_name_or_a_share() {
        let step = |name, weight| {
            DeclaredStep::new(name, weight).map(|s| (s.name.to_string(), s.weight_percent))
        };
        assert_eq!(step(None, None), None);
        assert_eq!(step(Some(" \u{202e}"), None), None);
        assert_eq!(
            step(Some("to 50 %"), None),
            Some(("to 50 %".to_owned(), Some(50)))
        );
        assert_eq!(
            step(Some("a\u{1b}[31mb"), Some(5)),
            Some(("ab 5 %".to_owned(), Some(5)))
        );
    }
}
