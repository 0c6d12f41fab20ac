//! Newtypes for the names of things. A name that comes from outside is checked or made safe when it becomes one of these.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Why a text is not a valid identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {what}: {rule}")]
pub struct InvalidId {
    /// What it should have been, in words.
    pub what: &'static str,
    /// The offending text, shortened.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

macro_rules! checked_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text of the identifier.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { what: $what, text: short(text), rule: $rule })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

checked_id! {
    /// A service's id in the configuration; it never changes, since the ledger refers to it.
    ServiceId, "service id", "lower-case letters, digits and `-`, 1 to 100 of them", is_key
}
checked_id! {
    /// An environment's id in the configuration.
    EnvId, "environment id", "lower-case letters, digits and `-`, 1 to 100 of them", is_key
}
checked_id! {
    /// A full git commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
    CommitSha, "commit id", "40 or 64 lower-case hexadecimal digits",
    |t| matches!(t.len(), 40 | 64) && t.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
checked_id! {
    /// The id that a remote write carries so that it can be found again: `fd-` and 16 base32 characters of a `UUIDv7`.
    CorrelationId, "correlation id", "`fd-` and 16 characters a-z, 2-7",
    |t| t.len() == 19 && t.starts_with("fd-") && t.bytes().skip(3).all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
}

impl CommitSha {
    /// The first seven digits, as people write it.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl CorrelationId {
    /// Makes an id of 80 bits (the last 80 of a `UUIDv7`: some time, all of its randomness).
    pub fn from_bits(bits: u128) -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut text = String::from("fd-");
        for i in (0..16).rev() {
            let five = u8::try_from((bits >> (i * 5)) & 31).unwrap_or(0);
            text.push(char::from(
                ALPHABET.get(usize::from(five)).copied().unwrap_or(b'a'),
            ));
        }
        Self(text)
    }
}

/// A repository as `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoSlug {
    /// The user or organisation.
    pub owner: String,
    /// The repository's name.
    pub name: String,
}

impl FromStr for RepoSlug {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let ok = |part: &str| {
            !part.is_empty()
                && part.len() <= 100
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
                && part != "."
                && part != ".."
        };
        match text.split_once('/') {
            Some((owner, name)) if ok(owner) && ok(name) => Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(InvalidId {
                what: "repository",
                text: short(text),
                rule: "write it as `owner/name`",
            }),
        }
    }
}

impl fmt::Display for RepoSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl Serialize for RepoSlug {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RepoSlug {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A service in one of its environments: what can be watched, deployed to and rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// The service.
    pub service: ServiceId,
    /// The environment.
    pub env: EnvId,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ▸ {}", self.service, self.env)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked() {
        assert!("checkout-2".parse::<ServiceId>().is_ok());
        assert!("Check".parse::<ServiceId>().is_err());
        assert!("".parse::<EnvId>().is_err());
        assert!("acme/checkout".parse::<RepoSlug>().is_ok());
        assert!("acme/../x".parse::<RepoSlug>().is_err());
        assert!("a".repeat(40).parse::<CommitSha>().is_ok());
        assert!("A".repeat(40).parse::<CommitSha>().is_err());
    }

    #[test]
    fn correlation_ids_parse_back() {
        let id = CorrelationId::from_bits(0x1234_5678_9abc_def0_1234);
        assert_eq!(id.as_str().len(), 19);
        assert_eq!(id.as_str().parse::<CorrelationId>().unwrap(), id);
    }
}
