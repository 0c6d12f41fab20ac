//! Arguments: literals and variables become JSON values.

use std::collections::BTreeMap;

use graphql_parser::query::{Number, Value as Literal};
use serde_json::{Map, Value, json};

/// The arguments of a field.
#[derive(Debug, Default)]
pub(crate) struct Args(pub(crate) Map<String, Value>);

fn number(n: &Number) -> Value {
    n.as_i64().map_or(Value::Null, |n| json!(n))
}

/// A literal as JSON, with variables put in; a variable that has no value is null.
pub(crate) fn value(literal: &Literal<'_, String>, variables: &Map<String, Value>) -> Value {
    match literal {
        Literal::Variable(name) => variables.get(name).cloned().unwrap_or(Value::Null),
        Literal::Int(n) => number(n),
        Literal::Float(x) => json!(x),
        Literal::String(text) | Literal::Enum(text) => json!(text),
        Literal::Boolean(yes) => json!(yes),
        Literal::Null => Value::Null,
        Literal::List(items) => Value::Array(items.iter().map(|i| value(i, variables)).collect()),
        Literal::Object(fields) => object(fields, variables),
    }
}

fn object(fields: &BTreeMap<String, Literal<'_, String>>, variables: &Map<String, Value>) -> Value {
    Value::Object(
        fields
            .iter()
            .map(|(key, field)| (key.clone(), value(field, variables)))
            .collect(),
    )
}

impl Args {
    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A number that is not negative.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        usize::try_from(self.0.get(name)?.as_u64()?).ok()
    }

    /// A list of texts; a single text counts as a list of one, as GraphQL says.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<&str>> {
        match self.0.get(name)? {
            Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect()),
            Value::String(one) => Some(vec![one]),
            _ => None,
        }
    }

    /// The field and the direction of `orderBy`.
    pub(crate) fn order(&self) -> Option<(&str, bool)> {
        let order = self.0.get("orderBy")?;
        Some((
            order.get("field")?.as_str()?,
            order.get("direction").and_then(Value::as_str) == Some("DESC"),
        ))
    }
}
