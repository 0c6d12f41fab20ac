//! The sync of a repository's past: what to ask next, when a source's reading ends, what to forget. Pure: it knows no host and
//! no store.
//!
//! Every source is read from its newest row backwards, a page at a time, and each page lands together with the place to go on
//! from. A reading begins where the host's [`Mark`] differs from the one of the last reading, and ends at what is there already:
//! rows that change meanwhile come up at the top again, where the next reading meets them. A *whole* reading goes down to the
//! reach and forgets what it does not meet; it is the first one, the one under new [`Terms`], and the one after a count that
//! shows that the host has deleted something. Commits have no counts: what a force push left behind is what can't be reached
//! from the head any more ([`walk`]).

pub mod beside;
#[cfg(test)]
mod model;
pub mod plan;
pub mod reading;
#[cfg(test)]
mod tests;
pub mod walk;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::synced::Source;
use crate::domain::fetched::Fault;
use crate::domain::text::Safe;

/// How much is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How far back.
    pub reach: SignedDuration,
    /// Issues with one of these labels are incidents.
    pub incident_labels: Vec<String>,
    /// The names at the host of the environments whose deployments are read: there may be one for every pull request besides.
    /// Empty: all.
    pub environments: Vec<String>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            reach: SignedDuration::from_hours(400 * 24),
            incident_labels: vec!["incident".to_owned()],
            environments: Vec::new(),
        }
    }
}

impl Terms {
    /// The oldest moment that is read.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.reach).unwrap_or(Timestamp::MIN)
    }

    /// What a source's rows depend on.
    fn words(&self, source: Source) -> Safe {
        let hours = self.reach.as_hours();
        Safe::new(&match source {
            Source::Incidents => format!("{hours}h {}", self.incident_labels.join(",")),
            Source::Deployments => format!("{hours}h {}", self.environments.join(",")),
            _ => format!("{hours}h"),
        })
    }
}

/// What a host tells of a source without its being read: while it stays the same, there is nothing new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// The moment of the newest row, by which the source is ordered.
    pub at: Option<Timestamp>,
    /// How many rows there are.
    pub count: u64,
    /// What else changes when a row does: the head's id, the states of the newest.
    pub print: Safe,
}

impl Mark {
    /// As it is kept.
    fn text(&self) -> Safe {
        let at = self.at.map_or_else(|| "-".to_owned(), |t| t.to_string());
        Safe::new(&format!("{at} {} {}", self.count, self.print))
    }

    fn read(text: &Safe) -> Option<Self> {
        let mut parts = text.as_str().splitn(3, ' ');
        let at = match parts.next()? {
            "-" => None,
            at => Some(at.parse().ok()?),
        };
        Some(Self {
            at,
            count: parts.next()?.parse().ok()?,
            print: Safe::new(parts.next().unwrap_or_default()),
        })
    }
}

/// What is newest in a repository: of each source its mark, or why it can't be read.
pub type Newest = BTreeMap<Source, Result<Mark, Fault>>;
