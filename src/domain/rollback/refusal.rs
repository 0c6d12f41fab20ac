//! Why there is no rollback plan, in words, and what to do about it.

use serde::{Deserialize, Serialize};

use crate::domain::ids::Target;
use crate::domain::release::VersionRef;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Writes are off.
    #[error("{0}")]
    ReadOnly(String),
    /// No way back is configured here.
    #[error("no rollback is configured for {0}")]
    NotConfigured(Target),
    /// It is not known what runs.
    #[error("it is not known what runs in {0}: {1}")]
    Unknown(Target, String),
    /// No configured way reaches the target, each for a reason.
    #[error("no way back to {to} in {target}: {why}")]
    NoWay {
        /// Where.
        target: Target,
        /// Where it would go.
        to: Box<VersionRef>,
        /// Why each way is out.
        why: String,
    },
    /// The wanted way is not configured here.
    #[error("{target} has no way back named `{wanted}`; known: {known}")]
    NotAWay {
        /// Where.
        target: Target,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// There is nothing older to go to.
    #[error("no earlier version that was live in {0} is known")]
    NoTarget(Target),
    /// The last rollback already did it.
    #[error(
        "already done: {target} was rolled back from {from} to {to}, and nothing newer was deployed since"
    )]
    AlreadyDone {
        /// Where.
        target: Target,
        /// What was left.
        from: Box<VersionRef>,
        /// What is live.
        to: Box<VersionRef>,
    },
    /// The wanted version was never live here.
    #[error("{wanted} was never live in {target}; known: {known}")]
    NotKnownGood {
        /// Where.
        target: Target,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// The wanted version is live already.
    #[error("{wanted} is live in {target} already")]
    IsLive {
        /// Where.
        target: Target,
        /// What was asked for.
        wanted: String,
    },
}

impl Refusal {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::ReadOnly(_) => {
                "start without --read-only, and trust the project's file (`flightdeck config trust`), to allow writes"
                    .to_owned()
            }
            Self::NotConfigured(t) => format!(
                "add [services.{}.env.{}.rollback] with a way, for example way.workflow = {{ github_workflow = {{ file = \"rollback.yml\", ref = \"main\" }} }}",
                t.service, t.env
            ),
            Self::Unknown(..) => {
                "wait for the source to answer, or run `flightdeck status` to see what fails"
                    .to_owned()
            }
            Self::NoWay { .. } => {
                "add a way that dispatches a workflow to the ladder, or choose another version"
                    .to_owned()
            }
            Self::NoTarget(_) | Self::NotKnownGood { .. } | Self::NotAWay { .. } => return None,
            Self::AlreadyDone { .. } => "go further back with --to VERSION".to_owned(),
            Self::IsLive { .. } => "choose another version".to_owned(),
        })
    }
}
