//! A small checker of the JSON Schemas in `tests/schemas`: type, required, properties, items, enum.

use serde_json::Value;

/// The answer, if it has the shape of the schema.
#[track_caller]
pub(crate) fn checked(name: &str, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let path = format!("{}/tests/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let faults = faults(&schema, &value, "$");
    assert!(faults.is_empty(), "{name}: {faults:#?}\n{text}");
    value
}

fn faults(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    assert!(!types.is_empty(), "the schema has no type at {at}");
    if !types.iter().any(|t| is(t, value)) {
        found.push(format!("{at} is {value}, not {types:?}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        found.push(format!("{at} is {value}, none of {allowed:?}"));
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(name.as_str().unwrap()) {
                found.push(format!("{at}.{name} is missing"));
            }
        }
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = object.get(name) {
                found.extend(faults(inner, value, &format!("{at}.{name}")));
            }
        }
    }
    if let (Some(items), Some(inner)) = (value.as_array(), schema.get("items")) {
        for (i, item) in items.iter().enumerate() {
            found.extend(faults(inner, item, &format!("{at}[{i}]")));
        }
    }
    found
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let schema = serde_json::json!({"type": "object", "required": ["a", "b"], "properties": {
        "a": {"type": ["integer", "null"]}, "b": {"type": "array", "items": {"type": "string", "enum": ["x"]}},
    }});
    let wrong = serde_json::json!({"a": "one", "b": ["y", 1]});
    assert_eq!(faults(&schema, &wrong, "$").len(), 4);
    assert_eq!(
        faults(&schema, &serde_json::json!({"a": null}), "$").len(),
        1
    );
    assert!(
        faults(
            &schema,
            &serde_json::json!({"a": 1, "b": ["x"], "more": {}}),
            "$"
        )
        .is_empty()
    );
}
