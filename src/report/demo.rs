//! The machine's shape of a running demo: the first line of `flightdeck demo --serve`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the simulated company answers, and how to watch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoReport {
    /// Version of this shape.
    pub schema: u32,
    /// GitHub's REST API, without a path.
    pub github_url: String,
    /// GitHub's GraphQL API.
    pub graphql_url: String,
    /// Prometheus.
    pub prometheus_url: String,
    /// The page for a real Prometheus to scrape.
    pub metrics_url: String,
    /// A ready configuration file.
    pub config: String,
    /// The token that the simulated GitHub takes; it opens nothing else.
    pub token: String,
    /// What happens.
    pub scenario: String,
    /// What chooses names, numbers and noise.
    pub seed: u64,
    /// The virtual time at the start.
    pub now: Timestamp,
}
