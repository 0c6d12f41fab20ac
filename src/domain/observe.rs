//! What is asked of a metrics source, and what it answers: counts in bins, never ready-made ratios.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::catalog::SignalTemplates;
use super::signal::series::Bin;
use super::text::Safe;

/// A question for the counts of a target in `[from_s, to_s)`, in bins aligned to `anchor`.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalQuery {
    /// The queries, with all variables but `$bin` filled in.
    pub templates: SignalTemplates,
    /// The instant the bins are aligned to: the deploy's start.
    pub anchor: Timestamp,
    /// The first bin's start, seconds from the anchor; a multiple of `bin_s`.
    pub from_s: i64,
    /// The end of the last bin, seconds from the anchor; a multiple of `bin_s`.
    pub to_s: i64,
    /// A bin's width in seconds.
    pub bin_s: u32,
}

/// The answer. A bin that is missing is a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalBatch {
    /// The instant the bins are aligned to.
    pub anchor: Timestamp,
    /// A bin's width in seconds.
    pub bin_s: u32,
    /// The upper bounds of the latency buckets in milliseconds, ascending, without +Inf.
    pub bounds_ms: Vec<f64>,
    /// The bins that have data, ascending.
    pub bins: Vec<Bin>,
    /// From where to where was asked, seconds from the anchor.
    pub asked: (i64, i64),
    /// What the server warned of: partial answers, infos.
    pub warnings: Vec<Safe>,
}

/// What a metrics source says of itself: asked once, before the first bins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricsClock {
    /// The server's clock minus ours, in seconds.
    pub offset_s: f64,
    /// The scrape interval in seconds, measured or configured.
    pub scrape_s: u32,
}

/// A question for one service's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewAsk {
    /// The service.
    pub service: super::ids::ServiceId,
    /// Its repository.
    pub repo: super::ids::RepoSlug,
    /// Its environments, each with its name on GitHub.
    pub environments: Vec<(super::ids::EnvId, String)>,
}

/// What is left of a source's hourly limits, as its last answers said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Requests an hour; none: no limit was told.
    pub limit: Option<u64>,
    /// Requests left.
    pub remaining: Option<u64>,
    /// When the count starts anew.
    pub reset_at: Option<Timestamp>,
    /// GraphQL points an hour.
    pub graphql_limit: Option<u64>,
    /// GraphQL points left.
    pub graphql_remaining: Option<u64>,
    /// When the points start anew.
    pub graphql_reset_at: Option<Timestamp>,
}
