//! Judges configured gates on the facts of a moment. Whatever is missing, stale or expired makes a gate unknown or pending, never
//! passing; each gate says what its state rests on.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::http::Reading;
use super::rollback_plan::WayBack;
use super::signoff::SignOff;
use super::spec::{GateKind, GateSpec};
use super::{Evidence, GateRow, GateState};
use crate::domain::calendar::decision::Decision;
use crate::domain::fetched::Fetched;
use crate::domain::release::{Approvals, Checks, VersionRef};
use crate::domain::text::Safe;
use crate::domain::units::{Now, age};

/// What gates are judged on.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The time.
    pub now: Now,
    /// What is to go.
    pub candidate: &'a VersionRef,
    /// What it replaces.
    pub base: Option<&'a VersionRef>,
    /// The checks of the candidate.
    pub checks: &'a Fetched<Checks>,
    /// The changes it brings, with their reviews.
    pub approvals: &'a Fetched<Approvals>,
    /// What the addresses of `http` gates gave, by gate.
    pub readings: &'a BTreeMap<String, Fetched<Reading>>,
    /// The sign-offs for this environment; or why the ledger could not be read.
    pub signoffs: Result<&'a [SignOff], &'a str>,
    /// Whether there is a way back.
    pub way_back: WayBack<'a>,
    /// What the calendar says; none: it was not looked at yet.
    pub window: Option<&'a Decision>,
    /// An answer older than that says nothing: its source no longer answers.
    pub stale_after: SignedDuration,
}

/// What a kind found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where the gate stands.
    pub state: GateState,
    /// In a line.
    pub summary: String,
    /// What it rests on.
    pub evidence: Evidence,
    /// From when the evidence ages: its oldest part; none: it has no age (it is read anew each time).
    pub ages_from: Option<Timestamp>,
    /// Who has to act.
    pub owner: Option<Safe>,
}

impl Finding {
    /// A finding without evidence yet.
    pub fn new(state: GateState, summary: impl Into<String>) -> Self {
        Self {
            state,
            summary: summary.into(),
            evidence: Evidence::default(),
            ages_from: None,
            owner: None,
        }
    }

    /// It can't be told.
    pub fn unknown(summary: impl Into<String>) -> Self {
        Self::new(GateState::Unknown, summary)
    }
}

/// The gates that are asked of this candidate, in their order of stages, each judged.
pub fn rows(specs: &[GateSpec], facts: &Facts<'_>) -> Vec<GateRow> {
    let mut rows: Vec<GateRow> = specs
        .iter()
        .filter(|spec| spec.applies(facts.base, facts.candidate))
        .map(|spec| row(spec, facts))
        .collect();
    rows.sort_by_key(|row| row.stage);
    rows
}

fn row(spec: &GateSpec, facts: &Facts<'_>) -> GateRow {
    let found = match &spec.kind {
        GateKind::Checks(set) => super::checks::evaluate(set, facts),
        GateKind::Approvals(approve) => super::approvals::evaluate(*approve, facts),
        GateKind::RollbackPlan => super::rollback_plan::evaluate(facts),
        GateKind::Window => super::window::evaluate(facts),
        GateKind::Http(value) => super::http::evaluate(&spec.id, value, spec.valid_for, facts),
        GateKind::Manual(manual) => {
            super::manual::evaluate(&spec.id, manual, spec.valid_for, facts)
        }
        GateKind::Withheld => Finding::unknown(
            "withheld: the project's configuration is not trusted, so this gate is not asked",
        ),
    };
    let found = aged(found, spec.valid_for, facts.now);
    GateRow {
        id: Safe::new(&spec.id),
        kind: Safe::new(spec.kind.word()),
        stage: spec.stage,
        state: found.state,
        required: spec.required,
        summary: Safe::new(&found.summary),
        evidence: found.evidence,
        owner: found.owner,
    }
}

/// Evidence that is too old no longer counts, whatever it says.
fn aged(mut found: Finding, valid_for: Option<SignedDuration>, now: Now) -> Finding {
    let (Some(limit), Some(from)) = (valid_for, found.ages_from) else {
        return found;
    };
    let until = from.saturating_add(limit).unwrap_or(Timestamp::MAX);
    found.evidence.valid_until = Some(until);
    if matches!(found.state, GateState::Pass | GateState::Fail) && until <= now.0 {
        found.state = GateState::Unknown;
        found.summary = format!("expired {} ago: {}", age(now.since(until)), found.summary);
    }
    found
}

/// A source's answer while it is young enough, with the time it was given; else why it can't be told.
pub(super) fn answer<T>(
    fetched: &Fetched<T>,
    limit: SignedDuration,
    now: Now,
) -> Result<(&T, Timestamp), Box<Finding>> {
    let why = fetched.fault().map(|f| f.message.to_string());
    match (fetched.value(), fetched.at()) {
        (Some(value), Some(at)) if now.since(at) <= limit => Ok((value, at)),
        (Some(_), Some(at)) => {
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            let mut found = Finding::unknown(format!(
                "the last answer is {} old{why}",
                age(now.since(at))
            ));
            found.evidence.at = Some(at);
            Err(Box::new(found))
        }
        _ => Err(Box::new(Finding::unknown(
            why.unwrap_or_else(|| "not read yet".to_owned()),
        ))),
    }
}
