//! From the configured gates to what is judged, for one environment of one service. Pure.

use crate::config::InputValue;
use crate::config::model::{
    Config, GateConfig, GateStage, HttpConfig, Reduce as ReduceWord, ReleaseWord,
};
use crate::domain::gate::Stage;
use crate::domain::gate::approvals::Approve;
use crate::domain::gate::checks::CheckSet;
use crate::domain::gate::http::{Bounds, HttpValue, Measured, Reduce};
use crate::domain::gate::manual::Manual;
use crate::domain::gate::spec::{GateKind, GateSpec, ReleaseKind};
use crate::domain::ids::{EnvId, ServiceId};
use crate::domain::text::Safe;

/// The gates that are asked in an environment, in the order of stages, then of the files.
pub(super) fn specs(config: &Config, service: &ServiceId, env: &EnvId) -> Vec<GateSpec> {
    let mut specs: Vec<GateSpec> = config
        .gates
        .iter()
        .filter(|(_, gate)| {
            gate.when.env.is_empty() || gate.when.env.iter().any(|e| e == env.as_str())
        })
        .filter_map(|(id, gate)| spec(id, gate, service, env))
        .collect();
    specs.sort_by_key(|spec| spec.stage);
    specs
}

/// A gate of an untrusted project's file that was withheld: it stands in the checklist, and can't be told.
pub(super) fn withheld(key: &str) -> Option<GateSpec> {
    let mut parts = key.strip_prefix("gates.")?.split('.');
    Some(GateSpec {
        id: parts.next()?.to_owned(),
        stage: Stage::Test,
        required: true,
        kind: GateKind::Withheld,
        valid_for: None,
        kinds: Vec::new(),
    })
}

fn spec(id: &str, gate: &GateConfig, service: &ServiceId, env: &EnvId) -> Option<GateSpec> {
    let kind = if let Some(checks) = &gate.checks {
        GateKind::Checks(CheckSet {
            require: checks.require.clone(),
            allow: checks.allow.clone(),
            hide: checks.hide.clone(),
            blocking: checks.blocking,
        })
    } else if let Some(approvals) = gate.approvals {
        GateKind::Approvals(Approve { min: approvals.min })
    } else if gate.rollback_plan.is_some() {
        GateKind::RollbackPlan
    } else if gate.window.is_some() {
        GateKind::Window
    } else if let Some(value) = &gate.http {
        GateKind::Http(http(value, service, env))
    } else {
        let manual = gate.manual.as_ref()?;
        GateKind::Manual(Manual {
            slots: manual.slots.clone(),
            bar_authors: manual.bar_authors,
        })
    };
    Some(GateSpec {
        id: id.to_owned(),
        stage: match gate.stage {
            GateStage::Plan => Stage::Plan,
            GateStage::Test => Stage::Test,
            GateStage::Prepare => Stage::Prepare,
            GateStage::Deploy => Stage::Deploy,
        },
        required: gate.required,
        kind,
        valid_for: gate.valid_for.map(|p| p.0),
        kinds: gate
            .when
            .kind
            .iter()
            .map(|word| match word {
                ReleaseWord::Major => ReleaseKind::Major,
                ReleaseWord::Minor => ReleaseKind::Minor,
                ReleaseWord::Patch => ReleaseKind::Patch,
            })
            .collect(),
    })
}

fn http(value: &HttpConfig, service: &ServiceId, env: &EnvId) -> HttpValue {
    HttpValue {
        // Ids are made of letters, digits and `-`: they need no encoding.
        get: value
            .get
            .replace("$service", service.as_str())
            .replace("$env", env.as_str()),
        path: value.path.clone(),
        reduce: match value.reduce {
            ReduceWord::First => Reduce::First,
            ReduceWord::Count => Reduce::Count,
            ReduceWord::Sum => Reduce::Sum,
            ReduceWord::Max => Reduce::Max,
        },
        bounds: Bounds {
            at_least: value.at_least,
            at_most: value.at_most,
            equals: value.equals.as_ref().map(|equals| match equals {
                InputValue::Bool(yes) => {
                    Measured::Word(Safe::new(if *yes { "true" } else { "false" }))
                }
                InputValue::Whole(n) => Measured::Number(*n as f64),
                InputValue::Number(n) => Measured::Number(*n),
                InputValue::Text(text) => Measured::Word(Safe::new(text)),
            }),
        },
        unit: value.unit.clone(),
    }
}
