//! The numbers of the HTTP policy. Plain data: sources build it from their settings, tests shorten the times.

use std::path::PathBuf;
use std::time::Duration;

/// How HTTP is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpPolicy {
    /// Certificates trusted besides the system's (PEM).
    pub ca_file: Option<PathBuf>,
    /// For the connection, TLS included.
    pub connect_timeout: Duration,
    /// Between two pieces of an answer.
    pub read_timeout: Duration,
    /// For the whole request.
    pub timeout: Duration,
    /// The longest body read, in bytes.
    pub body_cap: usize,
    /// How often a read is sent at most.
    pub tries: usize,
    /// The first pause between tries; it doubles, and a random part of it is waited.
    pub pause: Duration,
    /// The longest `Retry-After` that is waited for inside a request.
    pub patience: Duration,
    /// Whether redirects to another host are followed (without authorization).
    pub foreign_redirects: bool,
    /// Whether the system's proxy settings apply.
    pub system_proxy: bool,
}

impl Default for HttpPolicy {
    fn default() -> Self {
        Self {
            ca_file: None,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(15),
            timeout: Duration::from_secs(30),
            body_cap: 16 * 1024 * 1024,
            tries: 3,
            pause: Duration::from_millis(400),
            patience: Duration::from_secs(5),
            foreign_redirects: true,
            system_proxy: true,
        }
    }
}
