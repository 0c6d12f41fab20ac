//! Sign-offs: people's recorded answers to manual gates, read from the ledger's rows; and whether a person may give one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::manual::Manual;
use crate::domain::ids::{CommitSha, Target};
use crate::domain::ledger::Row;
use crate::domain::text::Safe;

/// The kind of a sign-off's row.
pub const KIND: &str = "gate.signoff";

/// What a sign-off's row says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The gate.
    pub gate: String,
    /// As what it was signed; none: the gate has no slots.
    pub slot: Option<String>,
    /// The candidate, exactly.
    pub sha: CommitSha,
    /// The candidate's name at that time.
    pub version: Option<Safe>,
    /// Yes, or no.
    pub answer: Answer,
    /// Why.
    pub reason: Option<Safe>,
}

/// A person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It may go.
    Yes,
    /// It may not go.
    No,
}

/// A sign-off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOff {
    /// The ledger's row.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Safe,
    /// Whether that is the login that the token belongs to.
    pub verified: bool,
    /// What.
    pub body: Body,
}

/// The sign-offs of an environment, oldest first. Rows that do not read as one are left out.
pub fn read(rows: &[Row], target: &Target) -> Vec<SignOff> {
    rows.iter()
        .filter(|r| r.kind == KIND && r.service == target.service && r.environment == target.env)
        .filter_map(|r| {
            Some(SignOff {
                seq: r.seq,
                at: r.at,
                who: Safe::new(&r.who),
                verified: r.who_verified,
                body: Body::deserialize(&r.body).ok()?,
            })
        })
        .collect()
}

/// Why a person may not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotYours {
    /// The gate has no such slot.
    #[error("this gate has no slot `{slot}`: {known}")]
    NoSlot {
        /// What was given.
        slot: String,
        /// The slots there are.
        known: String,
    },
    /// The gate has several slots.
    #[error("this gate has several slots: choose one of {0}")]
    WhichSlot(String),
    /// The slot is another person's.
    #[error("{slot} signs here, not {who}")]
    NotYou {
        /// The slot.
        slot: String,
        /// Who tried.
        who: Safe,
    },
    /// A slot that names people needs a login that the token proves.
    #[error("{slot} signs here, and it is not proven who {who} is")]
    NotProven {
        /// The slot.
        slot: String,
        /// Who tried.
        who: Safe,
    },
    /// Authors do not sign their own work.
    #[error("{0} wrote some of these changes, and authors are barred here")]
    Author(Safe),
    /// Who wrote the changes could not be read.
    #[error("authors are barred here, and it is not known who wrote these changes")]
    AuthorsUnknown,
}

/// The slot that is meant; none: the gate has no slots.
///
/// # Errors
/// There is no such slot, or several to choose from.
pub fn slot<'a>(manual: &'a Manual, wanted: Option<&str>) -> Result<Option<&'a str>, NotYours> {
    let all = || manual.slots.join(", ");
    match (wanted, manual.slots.as_slice()) {
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some(only)),
        (None, _) => Err(NotYours::WhichSlot(all())),
        (Some(wanted), slots) => slots
            .iter()
            .find(|s| s.trim_start_matches('@') == wanted.trim_start_matches('@'))
            .map(|s| Some(s.as_str()))
            .ok_or_else(|| NotYours::NoSlot {
                slot: Safe::new(wanted).to_string(),
                known: if slots.is_empty() {
                    "it has none".to_owned()
                } else {
                    all()
                },
            }),
    }
}

/// Whether a person may sign in a slot. `@login` is that person, `@org/team` takes any proven login (whether it is a member is not
/// asked), any other word takes anybody. `authors`: who wrote the candidate's changes, where that is known.
///
/// # Errors
/// Why not.
pub fn may_sign(
    manual: &Manual,
    slot: Option<&str>,
    who: &Safe,
    verified: bool,
    authors: Option<&[Safe]>,
) -> Result<(), NotYours> {
    if let Some(name) = slot.filter(|s| s.starts_with('@')) {
        let login = name.trim_start_matches('@');
        let team = login.contains('/');
        if !team && !login.eq_ignore_ascii_case(who.as_str()) {
            return Err(NotYours::NotYou {
                slot: name.to_owned(),
                who: who.clone(),
            });
        }
        if !verified {
            return Err(NotYours::NotProven {
                slot: name.to_owned(),
                who: who.clone(),
            });
        }
    }
    if manual.bar_authors {
        let authors = authors.ok_or(NotYours::AuthorsUnknown)?;
        if authors
            .iter()
            .any(|a| a.as_str().eq_ignore_ascii_case(who.as_str()))
        {
            return Err(NotYours::Author(who.clone()));
        }
    }
    Ok(())
}
