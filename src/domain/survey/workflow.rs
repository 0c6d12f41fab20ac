//! A workflow file as far as it matters here: whether it can be started by hand, with which inputs, and which of them its run's
//! title shows. Pure.

use super::{InputFacts, InputKind, WorkflowFacts};
use crate::domain::text::Safe;
use crate::domain::yaml::{self, Yaml};

/// Reads a workflow file. A text that is no YAML can't be started, as far as is known.
pub fn read(file: &str, name: &Safe, text: &str) -> WorkflowFacts {
    let yaml = yaml::parse(text);
    let top = yaml.as_deref();
    let title = top
        .and_then(|y| y.get("run-name"))
        .and_then(Yaml::text)
        .unwrap_or_default();
    let inputs = top.and_then(|y| y.get("on")).and_then(dispatch);
    let titled = inputs
        .iter()
        .flatten()
        .map(|i| i.name.clone())
        .filter(|name| shows(title, name))
        .collect();
    WorkflowFacts {
        file: file.to_owned(),
        name: name.clone(),
        inputs,
        titled,
    }
}

/// The inputs of `workflow_dispatch`, in whichever of its forms.
fn dispatch(on: &Yaml) -> Option<Vec<InputFacts>> {
    const NAME: &str = "workflow_dispatch";
    if on.text() == Some(NAME) || on.items().iter().any(|i| i.text() == Some(NAME)) {
        return Some(Vec::new());
    }
    let inputs = on.get(NAME)?.get("inputs");
    Some(
        inputs
            .map_or(&[][..], Yaml::pairs)
            .iter()
            .map(|(name, facts)| input(name, facts))
            .collect(),
    )
}

fn input(name: &str, facts: &Yaml) -> InputFacts {
    let text = |key: &str| facts.get(key).and_then(Yaml::text);
    let kind = match text("type") {
        Some("boolean") => InputKind::Yes,
        Some("environment") => InputKind::Environment,
        Some("choice") => InputKind::Choice(
            facts
                .get("options")
                .map_or(&[][..], Yaml::items)
                .iter()
                .filter_map(|o| o.text().map(str::to_owned))
                .collect(),
        ),
        _ => InputKind::Text,
    };
    InputFacts {
        name: name.to_owned(),
        required: text("required") == Some("true"),
        kind,
        default: text("default").filter(|d| !d.is_empty()).map(str::to_owned),
    }
}

/// Whether a title has `inputs.NAME` in an expression.
fn shows(title: &str, name: &str) -> bool {
    title.split("inputs.").skip(1).any(|rest| {
        rest.strip_prefix(name).is_some_and(|after| {
            !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_dispatch_is_seen() {
        let read = |text: &str| read("x.yml", &Safe::new("x"), text);
        assert_eq!(read("on: workflow_dispatch\n").inputs, Some(vec![]));
        assert_eq!(read("on: [push, workflow_dispatch]\n").inputs, Some(vec![]));
        assert_eq!(read("on:\n  workflow_dispatch:\n").inputs, Some(vec![]));
        assert_eq!(read("on: push\n").inputs, None);
        assert_eq!(read("on: [").inputs, None);
    }

    #[test]
    fn inputs_have_kinds_and_the_title_tells_which_it_shows() {
        let facts = read(
            "rollback.yml",
            &Safe::new("Roll back"),
            "run-name: Back to ${{ inputs.sha }} [${{ inputs.cockpit_id }}]\non:\n  workflow_dispatch:\n    inputs:\n      sha:\n        \
             required: true\n      env:\n        type: choice\n        options: [staging, production]\n      dry:\n        \
             type: boolean\n        default: false\n      cockpit_id: {}\n      sh: {}\n",
        );
        let inputs = facts.inputs.unwrap();
        assert!(inputs[0].required && inputs[0].kind == InputKind::Text);
        assert_eq!(
            inputs[1].kind,
            InputKind::Choice(vec!["staging".into(), "production".into()])
        );
        assert_eq!(inputs[2].kind, InputKind::Yes);
        assert_eq!(inputs[2].default.as_deref(), Some("false"));
        assert_eq!(facts.titled, ["sha", "cockpit_id"]);
    }
}
