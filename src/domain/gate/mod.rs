//! Gates: named conditions on a candidate for an environment. One file per kind ([`checks`], [`approvals`], [`rollback_plan`], [`window`],
//! [`http`], [`manual`]), each with its parameters and its `evaluate`; [`spec`] is what is configured, [`evaluate`] judges a list of
//! gates on the facts. Where no gates are configured, [`rollup`] makes them from the candidate's checks and statuses.

pub mod approvals;
pub mod checks;
pub mod evaluate;
pub mod http;
pub mod manual;
#[cfg(test)]
mod properties;
pub mod rollback_plan;
pub mod rollup;
pub mod signoff;
pub mod spec;
pub mod window;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::release::VersionRef;
use super::text::Safe;

/// Where a gate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// The condition does not hold.
    Fail,
    /// It can't be told: the source fails, or the evidence is too old.
    Unknown,
    /// Not decided yet.
    Pending,
    /// A person decided to go without.
    Waived,
    /// The condition holds.
    Pass,
}

/// When in a release a gate is looked at; also the order on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// While the release is planned.
    Plan,
    /// While the candidate is tested.
    Test,
    /// While the deploy is prepared.
    Prepare,
    /// When it is deployed.
    Deploy,
}

impl Stage {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Test => "test",
            Self::Prepare => "prepare",
            Self::Deploy => "deploy",
        }
    }
}

/// What a gate's state rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// When it was made or read.
    pub at: Option<Timestamp>,
    /// What was found: `84.2 %`.
    pub value: Option<Safe>,
    /// What is asked for: `≥ 80 %`.
    pub rule: Option<Safe>,
    /// Where it comes from: an address, an app, the ledger's rows.
    pub source: Option<Safe>,
    /// Where to look.
    pub url: Option<Safe>,
    /// After that it no longer counts.
    pub valid_until: Option<Timestamp>,
}

/// A gate with its state and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateRow {
    /// Its id.
    pub id: Safe,
    /// Its kind, in the configuration's word: `checks`, `http`, ...
    pub kind: Safe,
    /// When it is looked at.
    pub stage: Stage,
    /// Where it stands.
    pub state: GateState,
    /// Required, or advisory.
    pub required: bool,
    /// One line: "42 checks green".
    pub summary: Safe,
    /// What this rests on.
    pub evidence: Evidence,
    /// Who has to act, where that is known: the slots that still have to sign.
    pub owner: Option<Safe>,
}

/// The gates of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checklist {
    /// The candidate.
    pub candidate: VersionRef,
    /// How it was chosen, in words.
    pub chosen: Safe,
    /// The gates.
    pub gates: Vec<GateRow>,
}

/// What the gates say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every required gate passes or is waived.
    Go,
    /// A required gate fails.
    NoGo,
    /// No required gate fails, but some are pending or unknown.
    Pending,
}

/// How many gates are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Passing.
    pub pass: u32,
    /// Failing.
    pub fail: u32,
    /// Not decided yet.
    pub pending: u32,
    /// Can't be told.
    pub unknown: u32,
    /// Gone without.
    pub waived: u32,
}

impl Checklist {
    /// What the gates say together. Without any required gate nothing was asked, so nothing is granted: pending.
    pub fn outcome(&self) -> Outcome {
        let mut required = self.gates.iter().filter(|g| g.required).peekable();
        if required.peek().is_none() {
            return Outcome::Pending;
        }
        let mut outcome = Outcome::Go;
        for gate in required {
            match gate.state {
                GateState::Fail => return Outcome::NoGo,
                GateState::Unknown | GateState::Pending => outcome = Outcome::Pending,
                GateState::Waived | GateState::Pass => {}
            }
        }
        outcome
    }

    /// How many gates are in each state.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for gate in &self.gates {
            let slot = match gate.state {
                GateState::Fail => &mut tally.fail,
                GateState::Unknown => &mut tally.unknown,
                GateState::Pending => &mut tally.pending,
                GateState::Waived => &mut tally.waived,
                GateState::Pass => &mut tally.pass,
            };
            *slot += 1;
        }
        tally
    }
}
