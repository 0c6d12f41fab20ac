//! A workflow file, as far as starting it by hand is concerned: whether it can be, with which inputs, in which environments its
//! jobs run. Pure.

use serde_json::Value;

use crate::domain::yaml::{self, Yaml};

/// What a workflow file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkflowFile {
    /// It has the trigger `workflow_dispatch`.
    pub dispatchable: bool,
    /// The inputs of that trigger.
    pub inputs: Vec<WorkflowInput>,
    /// How its runs are called, where it says so.
    pub run_name: Option<String>,
    /// The environments its jobs name, as far as they are written out.
    pub environments: Vec<String>,
}

/// An input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowInput {
    /// Its name.
    pub name: String,
    /// A run without it is refused.
    pub required: bool,
}

/// The workflow in an answer of `GET /contents/...`; none: it can't be read.
pub(super) fn of_contents(body: &Value) -> Option<WorkflowFile> {
    let content = body.get("content").and_then(Value::as_str)?;
    of_text(&String::from_utf8(decode(content)?).ok()?)
}

/// The workflow that a text is.
pub(super) fn of_text(text: &str) -> Option<WorkflowFile> {
    let root = yaml::parse(text)?;
    // A reader of YAML 1.1 takes a bare `on` for true.
    let on = root.get("on").or_else(|| root.get("true"))?;
    let trigger = on.get("workflow_dispatch");
    let dispatchable = trigger.is_some()
        || on.text() == Some(DISPATCH)
        || on.items().iter().any(|name| name.text() == Some(DISPATCH));
    let yes = |value: Option<&Yaml>| value.and_then(Yaml::text) == Some("true");
    let inputs = trigger.and_then(|t| t.get("inputs"));
    let inputs = inputs.map_or(&[][..], Yaml::pairs).iter();
    let mut environments = Vec::new();
    for (_, job) in root.get("jobs").map_or(&[][..], Yaml::pairs) {
        let named = job.get("environment");
        let name = named.and_then(|e| e.text().or_else(|| e.get("name")?.text()));
        if let Some(name) = name.filter(|n| !n.is_empty() && !n.contains("${{")) {
            environments.push(name.to_owned());
        }
    }
    Some(WorkflowFile {
        dispatchable,
        inputs: inputs
            .map(|(name, input)| WorkflowInput {
                name: name.clone(),
                required: yes(input.get("required")) && input.get("default").is_none(),
            })
            .collect(),
        run_name: root.get("run-name").and_then(Yaml::text).map(str::to_owned),
        environments,
    })
}

const DISPATCH: &str = "workflow_dispatch";

/// Base64 (RFC 4648) with line breaks, as GitHub wraps it.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_are_found_in_every_form() {
        for on in [
            "on: workflow_dispatch",
            "on: [push, workflow_dispatch]",
            "on:\n  workflow_dispatch:\n",
            "\"on\":\n  workflow_dispatch: {}\n",
        ] {
            assert!(of_text(on).unwrap().dispatchable, "{on}");
        }
        assert!(!of_text("on: push").unwrap().dispatchable);
        assert!(of_text("name: x").is_none() && of_text("[").is_none());
    }

    #[test]
    fn inputs_and_environments_are_read() {
        let text = "run-name: back ${{ inputs.id }}\non:\n  workflow_dispatch:\n    inputs:\n      sha: {required: true}\n      \
                    why: {required: true, default: none}\n      id:\njobs:\n  a: {environment: production}\n  \
                    b: {environment: {name: staging, url: x}}\n  c: {environment: \"${{ inputs.env }}\"}\n";
        let file = of_text(text).unwrap();
        let needed: Vec<(&str, bool)> = file
            .inputs
            .iter()
            .map(|i| (i.name.as_str(), i.required))
            .collect();
        assert_eq!(needed, [("sha", true), ("why", false), ("id", false)]);
        assert_eq!(file.environments, ["production", "staging"]);
        assert_eq!(file.run_name.as_deref(), Some("back ${{ inputs.id }}"));
    }

    #[test]
    fn wrapped_base64_is_read() {
        assert_eq!(decode("Zm9v\nYmFy").unwrap(), b"foobar");
        assert_eq!(decode("Zm8=").unwrap(), b"fo");
        assert_eq!(decode("/+8=").unwrap(), [0xff, 0xef]);
        assert!(decode("Zm9*").is_none());
    }
}
