//! What a deployment's payload says: the correlation id of who made it, and the steps of its rollout. Anybody who may deploy writes
//! it, so anything may stand in it.

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::ids::CorrelationId;
use crate::domain::release::rollout::{DeclaredStep, MAX_STEPS};

/// A longer payload is not read for its steps, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// A payload is text that holds text at most so often.
const MAX_TEXTS: usize = 3;
/// Where workflows and dispatches put what they were given.
const INSIDE: [&str; 3] = ["inputs", "web_payload", "client_payload"];

/// The payload: an object, an object as text, or text as text (GraphQL encodes it twice).
pub(super) fn decoded(payload: &Value) -> Cow<'_, Value> {
    let mut found = Cow::Borrowed(payload);
    for _ in 0..MAX_TEXTS {
        let inner = found.as_str().filter(|t| t.len() <= MAX_BYTES);
        match inner.map(serde_json::from_str::<Value>) {
            Some(Ok(value @ (Value::Object(_) | Value::String(_)))) => found = Cow::Owned(value),
            _ => break,
        }
    }
    found
}

/// The fields of the payload, and of what it was given.
fn tables(payload: &Value) -> impl Iterator<Item = &serde_json::Map<String, Value>> {
    let own = payload.as_object();
    let inner = own
        .into_iter()
        .flat_map(|fields| INSIDE.iter().filter_map(|k| fields.get(*k)?.as_object()));
    own.into_iter().chain(inner)
}

/// The correlation id.
pub(super) fn correlation(payload: &Value) -> Option<CorrelationId> {
    if let Some(text) = payload.as_str() {
        return text.parse().ok();
    }
    tables(payload).find_map(|fields| {
        ["cockpit_id", "correlation_id", "flightdeck"]
            .iter()
            .find_map(|key| fields.get(*key)?.as_str()?.parse().ok())
    })
}

/// The steps of the rollout: `{"rollout": {"steps": [{"name": "canary", "weight": 25}, ..]}}`. One step that can't be read, or too
/// many of them, and it says nothing: a step left out would make all that follow wrong.
pub(super) fn rollout(payload: &Value) -> Option<Vec<DeclaredStep>> {
    let rollout = tables(payload).find_map(|fields| fields.get("rollout"))?;
    let steps = rollout.get("steps")?.as_array()?;
    if steps.is_empty() || steps.len() > MAX_STEPS {
        return None;
    }
    steps.iter().map(step).collect()
}

fn step(step: &Value) -> Option<DeclaredStep> {
    let fields = step.as_object()?;
    let name = match fields.get("name") {
        None | Some(Value::Null) => None,
        Some(name) => Some(name.as_str()?),
    };
    let weight = match fields.get("weight") {
        None | Some(Value::Null) => None,
        Some(weight) => Some(
            weight
                .as_u64()
                .and_then(|w| u8::try_from(w).ok())
                .filter(|w| *w <= 100)?,
        ),
    };
    DeclaredStep::new(name, weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id_in(payload: &Value) -> Option<String> {
        correlation(&decoded(payload)).map(|c| c.to_string())
    }

    fn names_in(payload: &Value) -> Option<Vec<String>> {
        let steps = rollout(&decoded(payload))?;
        Some(steps.into_iter().map(|s| s.name.to_string()).collect())
    }

    #[test]
    fn the_correlation_id_is_found_in_every_form_of_payload() {
        let id = "fd-abcdefghijklmnop";
        for payload in [
            json!({"cockpit_id": id}),
            json!(format!("{{\"cockpit_id\":\"{id}\"}}")),
            json!(json!(format!("{{\"correlation_id\":\"{id}\"}}")).to_string()),
            json!(id),
            json!(json!(id).to_string()),
            json!({"inputs": {"cockpit_id": id}}),
        ] {
            assert_eq!(id_in(&payload).as_deref(), Some(id), "{payload}");
        }
        for other in [
            json!(null),
            json!("{}"),
            json!({"cockpit_id": 7}),
            json!("fd-short"),
            json!([1]),
        ] {
            assert_eq!(id_in(&other), None, "{other}");
        }
    }

    #[test]
    fn the_steps_are_found_in_every_form_of_payload() {
        let told = json!({"version": "v2.15.0", "rollout": {"steps": [
            {"name": "canary", "weight": 25}, {"weight": 50, "note": 1}, {"name": "all of it", "weight": null}
        ]}});
        let names = ["canary 25 %", "50 %", "all of it"]
            .map(str::to_owned)
            .to_vec();
        for payload in [
            told.clone(),
            json!(told.to_string()),
            json!(json!(told.to_string()).to_string()),
            json!({"inputs": told.clone()}),
        ] {
            assert_eq!(names_in(&payload), Some(names.clone()), "{payload}");
        }
    }

    #[test]
    fn a_hostile_payload_says_nothing() {
        let steps = |steps: Value| json!({"rollout": {"steps": steps}});
        let many = vec![json!({"weight": 1}); 10_000];
        let deep = "[".repeat(100_000);
        for payload in [
            json!({"rollout": "canary"}),
            json!({"rollout": []}),
            steps(json!([])),
            steps(json!(7)),
            steps(json!(["canary"])),
            steps(json!([{}])),
            steps(json!([{"name": 7}])),
            steps(json!([{"name": "\u{202e}\u{1b}"}])),
            steps(json!([{"name": "canary"}, {"weight": 101}])),
            steps(json!([{"weight": -1}])),
            steps(json!([{"weight": "25"}])),
            steps(json!([{"weight": 25.5}])),
            steps(Value::Array(many)),
            json!(deep),
            json!(format!("{{\"rollout\":{deep}")),
            json!(steps(json!([{"name": "x".repeat(MAX_BYTES)}])).to_string()),
        ] {
            assert_eq!(names_in(&payload), None);
            assert_eq!(id_in(&payload), None);
        }
        // A name is cut like all remote text.
        let long = steps(json!([{"name": "y".repeat(5_000)}]));
        let name = names_in(&long).unwrap().remove(0);
        assert_eq!(name.chars().count(), crate::domain::text::MAX_CHARS + 1);
    }
}
