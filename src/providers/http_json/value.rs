//! From a JSON answer to one value: `JSONPath`, then a reduction. The number leaves here; the domain never sees the query.

use jsonpath_rust::JsonPath;
use serde_json::Value;

use super::settings::check_path;
use crate::domain::gate::http::{Measured, Reduce, ValueAsk};
use crate::domain::text::Safe;

/// More values at a path are no answer to hold anything against.
const MAX_NODES: usize = 10_000;
/// So much of a wrong value is shown.
const SHOWN: usize = 60;

/// Takes the value out of an answer.
///
/// # Errors
/// What is wrong, naming gate, path and value.
pub(super) fn value(ask: &ValueAsk, answer: &Value) -> Result<Measured, String> {
    let at = |words: &str| format!("gate {}: `{}` {words}", ask.gate, ask.path);
    check_path(&ask.path).map_err(|why| at(&format!("can't be asked: {why}")))?;
    let nodes = answer
        .query(&ask.path)
        .map_err(|_| at("can't be asked of this answer"))?;
    if nodes.len() > MAX_NODES {
        return Err(at(&format!("finds {} values", nodes.len())));
    }
    let number = |node: &Value| {
        node.as_f64()
            .filter(|n| n.is_finite())
            .ok_or_else(|| at(&format!("gives {}, a number is needed", shown(node))))
    };
    match ask.reduce {
        Reduce::Count => Ok(Measured::Number(nodes.len() as f64)),
        Reduce::Sum => nodes
            .iter()
            .try_fold(0.0, |sum, node| number(node).map(|n| sum + n))
            .map(Measured::Number),
        Reduce::Max => nodes
            .iter()
            .try_fold(None, |max: Option<f64>, node| {
                number(node).map(|n| Some(max.map_or(n, |m| m.max(n))))
            })?
            .map(Measured::Number)
            .ok_or_else(|| at("finds nothing")),
        Reduce::First => match nodes.first() {
            None => Err(at("finds nothing")),
            Some(Value::String(text)) if ask.takes_word => Ok(Measured::Word(Safe::new(text))),
            Some(Value::Bool(yes)) if ask.takes_word => Ok(Measured::Word(Safe::new(if *yes {
                "true"
            } else {
                "false"
            }))),
            Some(other) if ask.takes_word => {
                Err(at(&format!("gives {}, a text is needed", shown(other))))
            }
            Some(node) => number(node).map(Measured::Number),
        },
    }
}

/// A value with its type, short.
fn shown(value: &Value) -> String {
    let what = match value {
        Value::Null => return "null".to_owned(),
        Value::Bool(yes) => return yes.to_string(),
        Value::Number(_) => "the number",
        Value::String(_) => "the text",
        Value::Array(list) => return format!("a list of {}", list.len()),
        Value::Object(_) => return "an object".to_owned(),
    };
    let text = value.to_string();
    let short: String = text.chars().take(SHOWN).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{what} {short}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(path: &str, reduce: Reduce, takes_word: bool) -> ValueAsk {
        ValueAsk {
            gate: "coverage".to_owned(),
            url: "https://ci.example/cov".to_owned(),
            path: path.to_owned(),
            reduce,
            takes_word,
        }
    }

    #[test]
    fn values_are_found_and_reduced() {
        let body = json!({"totals": {"percent": 84.2}, "runs": [{"n": 3}, {"n": 5}], "state": "passed", "ok": true});
        let of = |path: &str, reduce| value(&ask(path, reduce, false), &body);
        assert_eq!(
            of("$.totals.percent", Reduce::First),
            Ok(Measured::Number(84.2))
        );
        assert_eq!(of("$.runs[*].n", Reduce::Sum), Ok(Measured::Number(8.0)));
        assert_eq!(of("$.runs[*].n", Reduce::Max), Ok(Measured::Number(5.0)));
        assert_eq!(
            of("$.runs[?@.n > 3]", Reduce::Count),
            Ok(Measured::Number(1.0))
        );
        assert_eq!(of("$.nothing[*]", Reduce::Count), Ok(Measured::Number(0.0)));
        let word = |path: &str| value(&ask(path, Reduce::First, true), &body);
        assert_eq!(word("$.state"), Ok(Measured::Word(Safe::new("passed"))));
        assert_eq!(word("$.ok"), Ok(Measured::Word(Safe::new("true"))));
    }

    #[test]
    fn a_wrong_type_names_gate_path_and_value() {
        let body = json!({"percent": "84 %", "runs": [1, "x"], "n": 3});
        let of = |path: &str, reduce| value(&ask(path, reduce, false), &body).unwrap_err();
        assert_eq!(
            of("$.percent", Reduce::First),
            "gate coverage: `$.percent` gives the text \"84 %\", a number is needed"
        );
        assert_eq!(
            of("$.runs[*]", Reduce::Sum),
            "gate coverage: `$.runs[*]` gives the text \"x\", a number is needed"
        );
        assert_eq!(
            of("$.nothing", Reduce::First),
            "gate coverage: `$.nothing` finds nothing"
        );
        assert_eq!(
            of("$.nothing", Reduce::Max),
            "gate coverage: `$.nothing` finds nothing"
        );
        assert_eq!(
            value(&ask("$.n", Reduce::First, true), &body).unwrap_err(),
            "gate coverage: `$.n` gives the number 3, a text is needed"
        );
    }
}
