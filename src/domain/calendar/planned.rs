//! Planned releases, and what stands against them.

use jiff::Timestamp;

use super::decision::{Question, decide};
use super::rule::{ReleaseKind, Rule};
use crate::domain::ids::Target;
use crate::domain::text::Safe;

/// A release that is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its id in the plan.
    pub id: String,
    /// Where it is to go.
    pub target: Target,
    /// The version.
    pub version: Safe,
    /// When.
    pub at: Timestamp,
    /// Its kind, where it is known.
    pub kind: Option<ReleaseKind>,
    /// Where it was written: `file:line`.
    pub place: Safe,
}

impl Planned {
    /// What stands against it: each freeze that it falls into, or the windows that it misses.
    pub fn conflicts(&self, rules: &[Rule]) -> Vec<Safe> {
        let question = Question {
            target: &self.target,
            kind: self.kind,
        };
        let there = decide(rules, &question, self.at);
        if there.open() {
            return Vec::new();
        }
        there.reasons.into_iter().map(|r| r.sentence).collect()
    }
}
