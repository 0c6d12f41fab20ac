//! The typed calendar: windows, freezes, and the plan file's name.

use serde::Deserialize;

use super::keyed::Keyed;
use super::values::{LocalTime, RuleEnd, Stretch, Zone};
use crate::domain::calendar::rule::ReleaseKind;

/// When releases may go.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarConfig {
    /// The plan file, as written.
    pub plan: Option<String>,
    /// Windows by id.
    #[serde(default)]
    pub window: Keyed<String, WindowConfig>,
    /// Freezes by id.
    #[serde(default)]
    pub freeze: Keyed<String, FreezeConfig>,
}

/// When releases are allowed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowConfig {
    /// The recurrence rule.
    pub rrule: Option<String>,
    /// The first start.
    pub start: Option<LocalTime>,
    /// The end of each occurrence.
    pub end: Option<RuleEnd>,
    /// Single stretches.
    #[serde(default)]
    pub dates: Vec<Stretch>,
    /// Its own zone.
    pub timezone: Option<Zone>,
    /// Whom it concerns.
    #[serde(default)]
    pub scope: ScopeConfig,
    /// Why.
    pub reason: Option<String>,
}

/// When nothing is released.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeConfig {
    /// The recurrence rule.
    pub rrule: Option<String>,
    /// The first start.
    pub start: Option<LocalTime>,
    /// The end of each occurrence.
    pub end: Option<RuleEnd>,
    /// Single stretches.
    #[serde(default)]
    pub dates: Vec<Stretch>,
    /// Its own zone.
    pub timezone: Option<Zone>,
    /// Whom it concerns.
    #[serde(default)]
    pub scope: ScopeConfig,
    /// Why.
    pub reason: Option<String>,
    /// The kinds of release that pass.
    #[serde(default)]
    pub allow: Vec<ReleaseKind>,
    /// Marked as hard wherever it is shown.
    pub hard: bool,
}

/// Whom a rule concerns: what is left out excludes nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeConfig {
    /// Services.
    #[serde(default)]
    pub service: Vec<String>,
    /// Environments.
    #[serde(default)]
    pub env: Vec<String>,
    /// Tags of services; one of them is enough.
    #[serde(default)]
    pub tags: Vec<String>,
}
