//! The checklist of a candidate: the machine's shape of `flightdeck gates`, and aligned lines for people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::table;
use super::verdict::SCHEMA;
use crate::app::world::World;
use crate::domain::gate::{Evidence, GateRow, GateState, Outcome, Stage};
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::domain::units::{Now, age};

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatesReport {
    /// Version of this shape.
    pub schema: u32,
    /// When it was asked.
    pub now: Timestamp,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// What is to go; none: there is nothing.
    pub candidate: Option<CandidateShape>,
    /// What the gates say together.
    pub outcome: Outcome,
    /// The gates, in the order of their stages.
    pub gates: Vec<GateShape>,
    /// A person's GO or NO-GO; none was given.
    pub decision: Option<()>,
}

/// What is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateShape {
    /// The tag or release, if it has a name.
    pub version: Option<Safe>,
    /// The commit.
    pub sha: String,
    /// How it was chosen.
    pub chosen: Safe,
}

/// A gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateShape {
    /// Its id.
    pub id: Safe,
    /// Its kind.
    pub kind: Safe,
    /// When it is looked at.
    pub stage: Stage,
    /// Required, or advisory.
    pub required: bool,
    /// Where it stands.
    pub state: GateState,
    /// One line.
    pub summary: Safe,
    /// What that rests on.
    pub evidence: Evidence,
    /// Who has to act.
    pub owner: Option<Safe>,
}

impl GatesReport {
    /// What the World knows of a target's gates.
    pub fn of(world: &World, target: &Target, now: Now) -> Self {
        let slice = world.envs.get(target);
        let list = slice.and_then(|s| s.checklist.as_ref());
        Self {
            schema: SCHEMA,
            now: now.0,
            service: target.service.as_str().to_owned(),
            environment: target.env.as_str().to_owned(),
            candidate: slice
                .and_then(|s| s.candidate.as_ref())
                .map(|(c, chosen)| CandidateShape {
                    version: c.version.clone(),
                    sha: c.sha.as_str().to_owned(),
                    chosen: chosen.clone(),
                }),
            // What nobody could look at is not decided.
            outcome: list.map_or(Outcome::Pending, crate::domain::gate::Checklist::outcome),
            gates: list
                .map_or(&[][..], |l| l.gates.as_slice())
                .iter()
                .map(shape)
                .collect(),
            decision: None,
        }
    }

    /// A headline, and one aligned line for each gate.
    pub fn text(&self) -> String {
        let what = self.candidate.as_ref().map_or_else(
            || "no candidate".to_owned(),
            |c| {
                let name = c
                    .version
                    .as_ref()
                    .map_or_else(|| c.sha.chars().take(7).collect(), ToString::to_string);
                format!("{name} ({})", c.chosen)
            },
        );
        let head = format!(
            "{} {}  {what}: {}",
            self.service,
            self.environment,
            outcome_word(self.outcome)
        );
        let rows: Vec<Vec<String>> = self.gates.iter().map(|g| line(g, self.now)).collect();
        if rows.is_empty() {
            format!("{head}\n")
        } else {
            format!("{head}\n{}", table(&rows))
        }
    }
}

/// The word that people say.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Go => "GO",
        Outcome::NoGo => "NO-GO",
        Outcome::Pending => "pending",
    }
}

/// A state's word.
pub fn state_word(state: GateState) -> &'static str {
    match state {
        GateState::Fail => "fail",
        GateState::Unknown => "unknown",
        GateState::Pending => "pending",
        GateState::Waived => "waived",
        GateState::Pass => "pass",
    }
}

fn shape(row: &GateRow) -> GateShape {
    GateShape {
        id: row.id.clone(),
        kind: row.kind.clone(),
        stage: row.stage,
        required: row.required,
        state: row.state,
        summary: row.summary.clone(),
        evidence: row.evidence.clone(),
        owner: row.owner.clone(),
    }
}

fn line(gate: &GateShape, now: Timestamp) -> Vec<String> {
    let advisory = if gate.required { "" } else { "  (advisory)" };
    vec![
        gate.stage.word().to_owned(),
        gate.id.to_string(),
        state_word(gate.state).to_owned(),
        gate.evidence
            .at
            .map_or_else(String::new, |at| age(now.duration_since(at))),
        format!("{}{advisory}", gate.summary),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{at, bad_deploy, started, target, world};
    use crate::domain::gate::spec::{GateKind, GateSpec};

    #[test]
    fn the_shape_is_the_contracts() {
        let mut world = world();
        world.catalog.services[0].environments[0].gates = vec![GateSpec {
            id: "back".to_owned(),
            stage: Stage::Prepare,
            required: true,
            kind: GateKind::RollbackPlan,
            valid_for: None,
            kinds: vec![],
        }];
        started(&mut world, 0, bad_deploy());
        let report = GatesReport::of(&world, &target(), Now(at(60)));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["outcome"], "go");
        assert_eq!(json["candidate"]["version"], "v3");
        assert_eq!(json["candidate"]["chosen"], "being deployed");
        assert_eq!(json["gates"][0]["state"], "pass");
        assert_eq!(json["gates"][0]["stage"], "prepare");
        assert_eq!(json["gates"][0]["kind"], "rollback_plan");
        assert!(json["gates"][0]["evidence"]["rule"].is_string());
        assert!(json["decision"].is_null());
        assert_eq!(
            report.text().trim_end(),
            "checkout production  v3 (being deployed): GO\nprepare  back  pass  1m  back to v2 by workflow"
        );
    }
}
