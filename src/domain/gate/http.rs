//! The gate kind `http`: a value that an address gives is as wanted. The answer is read and reduced outside; here is the number
//! (or the word), its bounds and its age.

use std::fmt::{self, Write as _};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::evaluate::{Facts, Finding, answer};
use super::{Evidence, GateState};
use crate::domain::release::VersionRef;
use crate::domain::text::Safe;

/// What is asked, and what is wanted of it.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpValue {
    /// The address; `$sha` and `$version` stand for the candidate, all else is filled in.
    pub get: String,
    /// The `JSONPath` (RFC 9535) of the value in the answer.
    pub path: String,
    /// How several values become one.
    pub reduce: Reduce,
    /// What is wanted.
    pub bounds: Bounds,
    /// The unit, to show.
    pub unit: Option<String>,
}

/// How the values at a path become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduce {
    /// The first.
    First,
    /// How many there are.
    Count,
    /// Their sum.
    Sum,
    /// The greatest.
    Max,
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Measured {
    /// A number.
    Number(f64),
    /// A word; `true` and `false` are words too.
    Word(Safe),
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Word(word) => write!(f, "{word}"),
        }
    }
}

/// What is wanted; all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bounds {
    /// Not less.
    pub at_least: Option<f64>,
    /// Not more.
    pub at_most: Option<f64>,
    /// Exactly this.
    pub equals: Option<Measured>,
}

impl Bounds {
    /// Whether a word would do.
    pub fn takes_word(&self) -> bool {
        matches!(self.equals, Some(Measured::Word(_)))
            && self.at_least.is_none()
            && self.at_most.is_none()
    }

    /// Whether they hold; none: the value is of the wrong type.
    pub fn hold(&self, value: &Measured) -> Option<bool> {
        match (value, &self.equals) {
            (Measured::Number(n), _) if !n.is_finite() => None,
            (Measured::Number(_), Some(Measured::Word(_)))
            | (Measured::Word(_), Some(Measured::Number(_)) | None) => None,
            (Measured::Word(word), Some(Measured::Word(wanted))) => {
                self.takes_word().then(|| word == wanted)
            }
            (Measured::Number(n), equals) => {
                let exact = match equals {
                    Some(Measured::Number(wanted)) => same(*n, *wanted),
                    _ => true,
                };
                Some(
                    exact
                        && self.at_least.is_none_or(|least| *n >= least)
                        && self.at_most.is_none_or(|most| *n <= most),
                )
            }
        }
    }

    fn words(&self, unit: &str) -> String {
        let mut parts = Vec::new();
        if let Some(least) = self.at_least {
            parts.push(format!("≥ {least}{unit}"));
        }
        if let Some(most) = self.at_most {
            parts.push(format!("≤ {most}{unit}"));
        }
        if let Some(equals) = &self.equals {
            parts.push(format!("= {equals}{unit}"));
        }
        parts.join(" and ")
    }
}

/// Equal but for the last digits that binary numbers lose.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= f64::EPSILON * a.abs().max(b.abs())
}

/// A question for a value, with all variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueAsk {
    /// The gate, for messages.
    pub gate: String,
    /// The address.
    pub url: String,
    /// The `JSONPath`.
    pub path: String,
    /// How several values become one.
    pub reduce: Reduce,
    /// Whether a word is wanted instead of a number.
    pub takes_word: bool,
}

impl HttpValue {
    /// The question for a candidate; none: the address needs a version, and the candidate has none.
    pub fn ask(&self, gate: &str, candidate: &VersionRef) -> Option<ValueAsk> {
        let mut url = self.get.replace("$sha", candidate.sha.as_str());
        if url.contains("$version") {
            url = url.replace("$version", &encoded(candidate.version.as_ref()?.as_str()));
        }
        Some(ValueAsk {
            gate: gate.to_owned(),
            url,
            path: self.path.clone(),
            reduce: self.reduce,
            takes_word: self.bounds.takes_word(),
        })
    }
}

/// A text as a part of an address: a version's name can't lead anywhere else.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A value with where it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The value.
    pub value: Measured,
    /// The address without query, user and password.
    pub from: Safe,
}

/// Judges the reading of a gate.
pub fn evaluate(
    id: &str,
    asked: &HttpValue,
    valid_for: Option<SignedDuration>,
    facts: &Facts<'_>,
) -> Finding {
    if asked.ask(id, facts.candidate).is_none() {
        return Finding::unknown("its address needs a version, and the candidate has none");
    }
    let Some(fetched) = facts.readings.get(id) else {
        return Finding::unknown("not read yet");
    };
    let limit = valid_for.unwrap_or(facts.stale_after);
    let (reading, at) = match answer(fetched, limit, facts.now) {
        Ok(found) => found,
        Err(found) => return *found,
    };
    let unit = asked
        .unit
        .as_ref()
        .map_or_else(String::new, |u| format!(" {u}"));
    let (value, rule) = (
        format!("{}{unit}", reading.value),
        asked.bounds.words(&unit),
    );
    let (state, summary) = match asked.bounds.hold(&reading.value) {
        Some(true) => (GateState::Pass, format!("{value} {rule}")),
        Some(false) => (GateState::Fail, format!("{value}, wanted {rule}")),
        None => (
            GateState::Unknown,
            format!(
                "gate {id}: {} gives {}, which can't be held against {rule}",
                asked.path, reading.value
            ),
        ),
    };
    Finding {
        state,
        summary,
        evidence: Evidence {
            at: Some(at),
            value: Some(Safe::new(&value)),
            rule: Some(Safe::new(&rule)),
            source: Some(Safe::new(&format!("{} {}", reading.from, asked.path))),
            url: Some(reading.from.clone()),
            valid_until: at.saturating_add(limit).ok(),
        },
        ages_from: Some(at),
        owner: None,
    }
}
