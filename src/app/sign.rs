//! A sign-off before it is recorded: checked against the gate, the candidate and the role; the screen and the command share it.

use serde::Deserialize as _;
use serde_json::json;

use super::world::World;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::gate::manual::Manual;
use crate::domain::gate::signoff::{self, Answer, Body, NotYours};
use crate::domain::gate::spec::GateKind;
use crate::domain::ids::{CommitSha, Target};
use crate::domain::ledger::{Draft, Row};
use crate::domain::release::VersionRef;
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// The longest reason kept, in characters.
const MAX_REASON: usize = 500;

/// What a person says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The gate.
    pub gate: String,
    /// As what; none: the only slot, or there are none.
    pub slot: Option<String>,
    /// Yes, or no.
    pub answer: Answer,
    /// Why; may be empty.
    pub reason: String,
    /// The candidate that the person looked at.
    pub sha: CommitSha,
}

/// How far a sign-off came.
#[derive(Debug, Clone, PartialEq)]
pub enum Signed {
    /// It is being written.
    Writing,
    /// It is in the ledger.
    Recorded(Box<Row>),
    /// It is not: why.
    Refused(Fault),
}

/// The manual gates of a target, with their slots.
pub fn manual_gates<'a>(world: &'a World, target: &Target) -> Vec<(&'a str, &'a Manual)> {
    world
        .configured(target)
        .map_or(&[][..], |(_, env)| env.gates.as_slice())
        .iter()
        .filter_map(|spec| match &spec.kind {
            GateKind::Manual(manual) => Some((spec.id.as_str(), manual)),
            _ => None,
        })
        .collect()
}

/// The row that a sign-off becomes.
///
/// # Errors
/// Why it is refused: there is no such gate, the candidate has moved, it is not this person's to sign.
pub fn draft(world: &World, target: &Target, signing: &Signing, now: Now) -> Result<Draft, Fault> {
    let fault = |kind, message: String, hint: &str| Fault {
        message: Safe::new(&message),
        hint: (!hint.is_empty()).then(|| Safe::new(hint)),
        kind,
        at: now.0,
        retry_at: None,
    };
    if let Some(why) = &world.read_only {
        return Err(fault(FaultKind::Refused, why.clone(), ""));
    }
    let manual = gate(world, target, &signing.gate)
        .map_err(|(message, hint)| fault(FaultKind::NotFound, message, &hint))?;
    let slot = signoff::slot(manual, signing.slot.as_deref())
        .map_err(|e| fault(FaultKind::Usage, format!("gate {}: {e}", signing.gate), ""))?;
    let Some(candidate) = candidate(world, target) else {
        let message = format!("it is not known what the candidate for {target} is");
        return Err(fault(
            FaultKind::Refused,
            message,
            "wait for the source to answer",
        ));
    };
    if candidate.sha != signing.sha {
        let message = format!(
            "the candidate has moved since you looked: from {} to {candidate}",
            signing.sha.short()
        );
        let hint = "look at the new one, then sign that";
        return Err(fault(FaultKind::Refused, message, hint));
    }
    let authors = authors(world, target);
    signoff::may_sign(
        manual,
        slot,
        &world.who.name,
        world.who.verified,
        authors.as_deref(),
    )
    .map_err(|e| {
        let hint = match e {
            NotYours::NotProven { .. } => "use a token of your own: its login is the proof",
            NotYours::AuthorsUnknown => "wait until the candidate's changes were read",
            _ => "",
        };
        fault(
            FaultKind::Forbidden,
            format!("gate {}: {e}", signing.gate),
            hint,
        )
    })?;
    let reason: String = Safe::new(&signing.reason)
        .as_str()
        .chars()
        .take(MAX_REASON)
        .collect();
    let body = json!({
        "gate": signing.gate,
        "slot": slot,
        "sha": candidate.sha,
        "version": candidate.version,
        "answer": signing.answer,
        "reason": (!reason.trim().is_empty()).then(|| reason.trim().to_owned()),
    });
    // What is written must read as a sign-off again, or it would never count.
    if Body::deserialize(&body).is_err() {
        let message = "this sign-off would not read as one".to_owned();
        return Err(fault(FaultKind::Internal, message, ""));
    }
    Ok(Draft {
        at: now.0,
        kind: signoff::KIND.to_owned(),
        who: world.who.name.to_string(),
        who_verified: world.who.verified,
        service: target.service.clone(),
        environment: target.env.clone(),
        body,
    })
}

fn gate<'a>(world: &'a World, target: &Target, id: &str) -> Result<&'a Manual, (String, String)> {
    let gates = manual_gates(world, target);
    if let Some((_, manual)) = gates.iter().find(|(name, _)| *name == id) {
        return Ok(manual);
    }
    let shown = Safe::new(id);
    let there = world
        .configured(target)
        .is_some_and(|(_, env)| env.gates.iter().any(|g| g.id == id));
    let known: Vec<&str> = gates.iter().map(|(name, _)| *name).collect();
    let hint = if known.is_empty() {
        "no manual gate is configured here: add one to [gates]".to_owned()
    } else {
        format!("gates to sign here: {}", known.join(", "))
    };
    let message = if there {
        format!("gate {shown} decides by itself, nobody signs it")
    } else {
        format!("there is no gate {shown} for {target}")
    };
    Err((message, hint))
}

fn candidate<'a>(world: &'a World, target: &Target) -> Option<&'a VersionRef> {
    world
        .envs
        .get(target)?
        .candidate
        .as_ref()
        .map(|(candidate, _)| candidate)
}

/// Who wrote the candidate's changes, where that is known.
fn authors(world: &World, target: &Target) -> Option<Vec<Safe>> {
    let slice = world.envs.get(target)?;
    let (candidate, _) = slice.candidate.as_ref()?;
    let base = slice.base.as_ref()?;
    let found = slice.approvals.value()?;
    (found.head == candidate.sha && found.base == base.sha && !found.partial)
        .then(|| found.authors.clone())
}
