//! A row of the ledger and its hash: the append-only record of what people and the program did. Pure: the store keeps the rows.
//!
//! `hash = SHA-256("flightdeck-ledger-1\0" + prev + each field with its length)`, so that a changed, removed or inserted row
//! breaks the chain. The body is canonical JSON: sorted keys, integers and strings only.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ids::{EnvId, ServiceId, Target};
use super::text::Safe;

/// The hash before the first row.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What a row records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// When it happened.
    pub at: Timestamp,
    /// What kind of thing: `rollback.intent`, `cancel.sent`, ...
    pub kind: String,
    /// Who did it: a login or the name of the OS user.
    pub who: String,
    /// Whether `who` is the login that the token belongs to.
    pub who_verified: bool,
    /// The service.
    pub service: ServiceId,
    /// The environment.
    pub environment: EnvId,
    /// The facts, as a JSON object of integers, strings, booleans, nulls, lists and objects.
    pub body: Value,
}

impl Draft {
    /// The service in its environment.
    pub fn target(&self) -> Target {
        Target {
            service: self.service.clone(),
            env: self.environment.clone(),
        }
    }
}

/// A recorded row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: String,
    /// Who did it.
    pub who: String,
    /// Whether `who` is the token's login.
    pub who_verified: bool,
    /// The service.
    pub service: ServiceId,
    /// The environment.
    pub environment: EnvId,
    /// The facts.
    pub body: Value,
    /// The hash of the row before.
    pub prev: String,
    /// The hash of this row.
    pub hash: String,
}

/// Whether the rows are as they were recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Whether all is as it was recorded.
    pub ok: bool,
    /// How many rows are sound: up to the break, or all.
    pub rows: u64,
    /// The first row that is not as it was recorded.
    pub broken_at: Option<u64>,
    /// What is wrong.
    pub reason: Option<Safe>,
}

/// A stretch of older rows, as far as they can be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Older {
    /// In order of their numbers.
    pub rows: Vec<Row>,
    /// The numbers of the others, and why.
    pub unreadable: Vec<(u64, Safe)>,
}

/// Why a body can't be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger takes integers and strings only, `{place}` is another number")]
pub struct NotCanonical {
    /// Where in the body.
    pub place: String,
}

/// The canonical text of a body: sorted keys, no spaces.
///
/// # Errors
/// A number that is no integer.
pub fn canonical(body: &Value) -> Result<String, NotCanonical> {
    let mut out = String::new();
    write_canonical(body, "$", &mut out)?;
    Ok(out)
}

fn write_canonical(value: &Value, place: &str, out: &mut String) -> Result<(), NotCanonical> {
    match value {
        Value::Number(n) if !(n.is_i64() || n.is_u64()) => Err(NotCanonical {
            place: place.to_owned(),
        }),
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::String(key.clone()));
                if let Some(inner) = map.get(key) {
                    write_canonical(inner, &format!("{place}.{key}"), out)?;
                }
            }
            out.push('}');
            Ok(())
        }
        Value::Array(list) => {
            out.push('[');
            for (i, inner) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_canonical(inner, &format!("{place}[{i}]"), out)?;
            }
            out.push(']');
            Ok(())
        }
        other => {
            let _ = write!(out, "{other}");
            Ok(())
        }
    }
}

/// The hash of a row, from its fields as stored (`at` and `body` as their exact texts), in lower-case hexadecimal.
pub fn hash(prev: &str, seq: u64, at: &str, draft: &Fields<'_>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"flightdeck-ledger-1\0");
    hasher.update(prev.as_bytes());
    let seq = seq.to_string();
    let verified = if draft.who_verified { "1" } else { "0" };
    for field in [
        &seq,
        at,
        draft.kind,
        draft.who,
        verified,
        draft.service,
        draft.environment,
        draft.body,
    ] {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    let mut out = String::with_capacity(64);
    for byte in hasher.finalize() {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// The texts that go into a row's hash, as they stand in the store.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// The kind.
    pub kind: &'a str,
    /// Who.
    pub who: &'a str,
    /// Whether verified.
    pub who_verified: bool,
    /// The service's id.
    pub service: &'a str,
    /// The environment's id.
    pub environment: &'a str,
    /// The canonical body.
    pub body: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn canonical_is_sorted_and_refuses_floats() {
        assert_eq!(
            canonical(&json!({"b": 1, "a": ["x", null, true]})).unwrap(),
            r#"{"a":["x",null,true],"b":1}"#
        );
        assert_eq!(
            canonical(&json!({"a": {"b": 0.5}})).unwrap_err().place,
            "$.a.b"
        );
    }

    #[test]
    fn every_field_changes_the_hash() {
        let base = Fields {
            kind: "k",
            who: "w",
            who_verified: true,
            service: "s",
            environment: "e",
            body: "{}",
        };
        let first = hash(GENESIS, 1, "t", &base);
        let others = [
            hash(GENESIS, 2, "t", &base),
            hash(GENESIS, 1, "u", &base),
            hash("1", 1, "t", &base),
            hash(
                GENESIS,
                1,
                "t",
                &Fields {
                    kind: "kw",
                    who: "",
                    ..base
                },
            ),
            hash(
                GENESIS,
                1,
                "t",
                &Fields {
                    who_verified: false,
                    ..base
                },
            ),
            hash(
                GENESIS,
                1,
                "t",
                &Fields {
                    body: "{ }",
                    ..base
                },
            ),
        ];
        assert!(others.iter().all(|h| *h != first));
        assert_eq!(first.len(), 64);
    }
}
