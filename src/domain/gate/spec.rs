//! What is configured of a gate: when it is looked at, whether it is required, what it asks for, and how long its evidence counts.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::Stage;
use super::approvals::Approve;
use super::checks::CheckSet;
use super::http::HttpValue;
use super::manual::Manual;
use crate::domain::release::VersionRef;

/// A configured gate of one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct GateSpec {
    /// Its id in the configuration.
    pub id: String,
    /// When it is looked at.
    pub stage: Stage,
    /// Required, or advisory.
    pub required: bool,
    /// What it asks for.
    pub kind: GateKind,
    /// How long its evidence counts; none: as long as it can be read.
    pub valid_for: Option<SignedDuration>,
    /// Only for releases of these kinds; empty: for all.
    pub kinds: Vec<ReleaseKind>,
}

/// What a gate asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum GateKind {
    /// Checks and commit statuses pass.
    Checks(CheckSet),
    /// The candidate's pull requests were approved.
    Approvals(Approve),
    /// There is a way back.
    RollbackPlan,
    /// The calendar lets a release go.
    Window,
    /// A value on the web is as wanted.
    Http(HttpValue),
    /// People signed.
    Manual(Manual),
    /// The project's configuration asks for something that it may not ask for before it is trusted.
    Withheld,
}

impl GateKind {
    /// The word of the configuration.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Checks(_) => "checks",
            Self::Approvals(_) => "approvals",
            Self::RollbackPlan => "rollback_plan",
            Self::Window => "window",
            Self::Http(_) => "http",
            Self::Manual(_) => "manual",
            Self::Withheld => "withheld",
        }
    }

    /// Whether it has to know which changes the candidate brings.
    pub fn needs_changes(&self) -> bool {
        match self {
            Self::Approvals(_) => true,
            Self::Manual(m) => m.bar_authors,
            Self::Checks(_)
            | Self::RollbackPlan
            | Self::Window
            | Self::Http(_)
            | Self::Withheld => false,
        }
    }
}

/// How big a release is, told from its version's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseKind {
    /// The first number rises.
    Major,
    /// The second number rises.
    Minor,
    /// A later number rises.
    Patch,
}

/// The kind of a release over what it replaces; none: the versions do not tell.
pub fn release_kind(base: Option<&VersionRef>, candidate: &VersionRef) -> Option<ReleaseKind> {
    let old = numbers(base?.version.as_ref()?.as_str())?;
    let new = numbers(candidate.version.as_ref()?.as_str())?;
    let place = old.iter().zip(&new).position(|(a, b)| a != b)?;
    let rises = new.get(place) > old.get(place);
    rises.then_some(match place {
        0 => ReleaseKind::Major,
        1 => ReleaseKind::Minor,
        _ => ReleaseKind::Patch,
    })
}

/// The numbers of a version: `v2.14.0` is 2, 14, 0. What follows them (`-rc.1`) says nothing of the kind.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let start = version.find(|c: char| c.is_ascii_digit())?;
    let core = version.get(start..)?.split(['-', '+']).next()?;
    let mut parts = core.split('.').map(|p| p.parse::<u64>().ok());
    let mut part = |first: bool| match parts.next() {
        Some(number) => number,
        None if first => None,
        None => Some(0),
    };
    Some([part(true)?, part(false)?, part(false)?])
}

impl GateSpec {
    /// Whether it is asked for this release. A release whose kind can't be told is asked everything.
    pub fn applies(&self, base: Option<&VersionRef>, candidate: &VersionRef) -> bool {
        self.kinds.is_empty()
            || release_kind(base, candidate).is_none_or(|kind| self.kinds.contains(&kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Safe;

    fn version(text: &str) -> VersionRef {
        VersionRef {
            sha: "a".repeat(40).parse().unwrap(),
            version: Some(Safe::new(text)),
        }
    }

    #[test]
    fn the_kind_is_told_from_the_numbers() {
        let kind = |a: &str, b: &str| release_kind(Some(&version(a)), &version(b));
        assert_eq!(kind("v2.14.0", "v3.0.0"), Some(ReleaseKind::Major));
        assert_eq!(kind("v2.14.0", "v2.15.0"), Some(ReleaseKind::Minor));
        assert_eq!(
            kind("checkout-1.2", "checkout-1.2.1"),
            Some(ReleaseKind::Patch)
        );
        assert_eq!(kind("v2.14.0", "v2.13.0"), None);
        assert_eq!(kind("v2.14.0", "latest"), None);
        assert_eq!(release_kind(None, &version("v1.0.0")), None);
    }
}
