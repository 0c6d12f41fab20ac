//! A value that was fetched from somewhere else, with its freshness.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::Safe;

/// Why a source did not answer, as a person needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What happened, to what: "GitHub answered 502 for acme/checkout".
    pub message: Safe,
    /// What to do now, if something can be done.
    pub hint: Option<Safe>,
    /// The kind, in the words of the machine contract: `auth`, `forbidden`, `not_found`, `rate_limited`, `unreachable`, `protocol`, `internal`, `config`.
    pub kind: FaultKind,
    /// When it happened.
    pub at: Timestamp,
    /// When the next try is due, if there will be one.
    pub retry_at: Option<Timestamp>,
}

impl Fault {
    /// The cause in a few words, for a narrow place whose title says already whose it is: without the source's name, and of the call
    /// only the status. `Prometheus (prom): the server failed: down [POST http://.. -> 503]` is `the server failed: down (503)`.
    pub fn cause(&self) -> String {
        let whole = self.message.as_str();
        let named = whole.split_once("): ").filter(|(who, _)| {
            let words: Vec<&str> = who.split(' ').collect();
            matches!(words.as_slice(), [_, source] if source.starts_with('('))
        });
        let rest = named.map_or(whole, |(_, rest)| rest);
        // What is wrong with it follows.
        let rest = rest
            .strip_prefix("the answer is not what was asked for: ")
            .unwrap_or(rest);
        match rest.rsplit_once(" [") {
            Some((words, call)) if call.ends_with(']') => {
                let status = call
                    .trim_end_matches(']')
                    .rsplit_once(" -> ")
                    .map(|(_, status)| format!(" ({status})"));
                format!("{words}{}", status.unwrap_or_default())
            }
            _ => rest.to_owned(),
        }
    }
}

/// The kinds of fault (machine contract, `error.kind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The arguments or keys are wrong.
    Usage,
    /// The configuration is wrong.
    Config,
    /// The credentials were refused.
    Auth,
    /// A permission is missing.
    Forbidden,
    /// The thing does not exist, or may not be seen.
    NotFound,
    /// The source asked to wait.
    RateLimited,
    /// No answer: DNS, connection, TLS, timeout.
    Unreachable,
    /// An answer that is not what was asked for.
    Protocol,
    /// The program refuses (read-only, an open intent, no target).
    Refused,
    /// A bug or a failing disk.
    Internal,
}

impl FaultKind {
    /// The word of the machine contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Config => "config",
            Self::Auth => "auth",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Protocol => "protocol",
            Self::Refused => "refused",
            Self::Internal => "internal",
        }
    }
}

/// A value with its freshness. A failing source keeps the last good value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Fetched<T> {
    /// Not asked yet.
    #[default]
    Never,
    /// Answered at `at`.
    Fresh {
        /// The value.
        value: T,
        /// When it was answered.
        at: Timestamp,
    },
    /// The value of `at`; since then the source fails, or the value comes from the cache of an earlier run (no fault).
    Stale {
        /// The last good value.
        value: T,
        /// When it was answered.
        at: Timestamp,
        /// Why it is stale; none: restored from the cache.
        fault: Option<Fault>,
    },
    /// Never answered, and failed.
    Failed {
        /// Why.
        fault: Fault,
    },
}

impl<T> Fetched<T> {
    /// The last good value.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Fresh { value, .. } | Self::Stale { value, .. } => Some(value),
            Self::Never | Self::Failed { .. } => None,
        }
    }

    /// When the value was answered.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Fresh { at, .. } | Self::Stale { at, .. } => Some(*at),
            Self::Never | Self::Failed { .. } => None,
        }
    }

    /// The fault that stands, if the source fails.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Stale { fault, .. } => fault.as_ref(),
            Self::Failed { fault } => Some(fault),
            Self::Never | Self::Fresh { .. } => None,
        }
    }

    /// Whether the value comes from an earlier run and was not confirmed yet.
    pub fn is_cached(&self) -> bool {
        matches!(self, Self::Stale { fault: None, .. })
    }

    /// Takes in a new answer.
    pub fn receive(&mut self, value: T, at: Timestamp) {
        *self = Self::Fresh { value, at };
    }

    /// Takes in a failure: the last good value stays, marked stale.
    pub fn fail(&mut self, fault: Fault) {
        *self = match std::mem::take(self) {
            Self::Fresh { value, at } | Self::Stale { value, at, .. } => Self::Stale {
                value,
                at,
                fault: Some(fault),
            },
            Self::Never | Self::Failed { .. } => Self::Failed { fault },
        };
    }

    /// Marks a value as restored from the cache.
    #[must_use]
    pub fn into_cached(self) -> Self {
        match self {
            Self::Fresh { value, at } | Self::Stale { value, at, .. } => Self::Stale {
                value,
                at,
                fault: None,
            },
            Self::Never | Self::Failed { .. } => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_short_and_keeps_the_status() {
        let cause = |text: &str| {
            let fault = Fault {
                message: Safe::new(text),
                hint: None,
                kind: FaultKind::Unreachable,
                at: Timestamp::UNIX_EPOCH,
                retry_at: None,
            };
            fault.cause()
        };
        let whole =
            "Prometheus (prom): the server failed: down [POST http://h/api/v1/query -> 503]";
        assert_eq!(cause(whole), "the server failed: down (503)");
        let cut = "GitHub (main): the answer is not what was asked for: the JSON is broken [GET http://h/user -> 200]";
        assert_eq!(cause(cut), "the JSON is broken (200)");
        let broken = "GitHub (main): the connection broke [GET http://h/user]";
        assert_eq!(cause(broken), "the connection broke");
        for other in [
            "GitHub answered 502 for acme/checkout",
            "a list [1]: b (c): d",
        ] {
            assert_eq!(cause(other), other);
        }
    }
}
