//! The JSON Schema of the configuration, for editors that complete and explain keys: made from the table of keys, like all else.

use serde_json::{Value, json};

use super::document::ROOT;
use super::schema::{Key, Kind, Node, TOKEN_FORMS};

/// The JSON Schema of the configuration, for editors: made from the table of keys.
pub fn json_schema() -> Value {
    let mut root = node(&ROOT);
    if let Some(root) = root.as_object_mut() {
        root.insert(
            "$schema".to_owned(),
            "http://json-schema.org/draft-07/schema#".into(),
        );
        root.insert("title".to_owned(), "flightdeck".into());
    }
    root
}

fn node(of: &Node) -> Value {
    match of {
        Node::Leaf(kind) => value(kind),
        Node::Table(keys) => {
            let required: Vec<&str> = keys.iter().filter(|k| k.required).map(|k| k.name).collect();
            let mut table = json!({
                "type": "object", "additionalProperties": false, "properties": properties(keys),
            });
            // What another layer may hold is no mistake in this file, but inside an inline table all of it is needed.
            if let (Some(table), false) = (table.as_object_mut(), required.is_empty()) {
                table.insert("required".to_owned(), required.into());
            }
            table
        }
        Node::Choice(keys) => {
            let kinds: Vec<&str> = keys.iter().filter(|k| !k.beside).map(|k| k.name).collect();
            json!({
                "type": "object", "additionalProperties": false, "properties": properties(keys),
                "oneOf": kinds.iter().map(|k| json!({ "required": [k] })).collect::<Vec<_>>(),
            })
        }
        Node::Keyed(keyed) => json!({
            "type": "object", "additionalProperties": false,
            "patternProperties": { "^[a-z0-9-]+$": node(&keyed.entry) },
        }),
        Node::Named { kind, .. } => {
            json!({ "type": "object", "additionalProperties": value(kind) })
        }
        Node::Token => {
            let forms = TOKEN_FORMS.iter().map(|(from, keys)| {
                let mut all = properties(keys);
                if let Some(all) = all.as_object_mut() {
                    all.insert("from".to_owned(), json!({ "const": from }));
                }
                let mut required: Vec<&str> = vec!["from"];
                required.extend(keys.iter().filter(|k| k.required).map(|k| k.name));
                json!({
                    "type": "object", "additionalProperties": false, "properties": all, "required": required,
                })
            });
            json!({ "oneOf": forms.collect::<Vec<_>>() })
        }
    }
}

fn properties(keys: &[Key]) -> Value {
    keys.iter()
        .map(|key| {
            let mut child = node(&key.node);
            if let (Some(child), false) = (child.as_object_mut(), key.doc.is_empty()) {
                child.insert("description".to_owned(), key.doc.into());
            }
            (key.name.to_owned(), child)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The schema of a value.
fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Number { above, up_to, open } => {
            let most = if *open { "exclusiveMaximum" } else { "maximum" };
            json!({ "type": "number", "exclusiveMinimum": above, most: up_to })
        }
        Kind::Version(version) => json!({ "const": version }),
        Kind::Whole(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Kind::Real => json!({ "type": "number" }),
        Kind::Plain | Kind::Input => json!({ "type": ["string", "number", "boolean"] }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Id => json!({ "type": "string", "pattern": "^[a-z0-9-]+$" }),
        Kind::Stretch => json!({
            "type": "object", "additionalProperties": false, "required": ["from", "to"],
            "properties": { "from": { "type": "string" }, "to": { "type": "string" } },
        }),
        Kind::List(inner) => json!({ "type": "array", "items": value(inner) }),
        Kind::Many(inner) => {
            json!({ "anyOf": [value(inner), { "type": "array", "items": value(inner) }] })
        }
        // A local time may be written without quotes, as TOML's own.
        Kind::Local | Kind::AnyTime | Kind::End | Kind::Moment => json!({}),
        other => json!({ "type": "string", "description": super::kind::expected(other) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_key_and_refuses_others() {
        let schema = json_schema();
        let at = |path: &str| schema.pointer(path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(at("/additionalProperties"), false);
        let service = "/properties/services/patternProperties/^[a-z0-9-]+$/properties";
        assert_eq!(at(&format!("{service}/repo/type")), "string");
        assert!(at(&format!("{service}/repo/description")).is_string());
        assert_eq!(at("/properties/ui/properties/ascii/type"), "boolean");
        let forms = "/properties/github/patternProperties/^[a-z0-9-]+$/properties/token/oneOf";
        assert_eq!(at(&format!("{forms}/1/properties/from/const")), "env");
    }
}
