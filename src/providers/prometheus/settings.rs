//! What a Prometheus source needs to be told. Plain data, filled by the configuration.

use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

/// A source with Prometheus' query API: Prometheus, Mimir, Thanos, `VictoriaMetrics`, Grafana's datasource proxy.
#[derive(Debug, Clone)]
pub struct PrometheusSettings {
    /// Its name in the configuration.
    pub name: String,
    /// The base address, with a path prefix if there is one; `/api/v1` is appended.
    pub url: Url,
    /// How to prove who asks.
    pub auth: MetricsAuth,
    /// More headers, such as a tenant's; their values count as secrets.
    pub headers: Vec<(String, SecretString)>,
    /// Certificates trusted besides the system's (PEM).
    pub ca_file: Option<PathBuf>,
    /// The scrape interval in seconds; none: measured.
    pub scrape_s: Option<u32>,
}

/// Credentials.
#[derive(Debug, Clone, Default)]
pub enum MetricsAuth {
    /// None.
    #[default]
    None,
    /// A bearer token.
    Bearer(SecretString),
    /// User and password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
}
