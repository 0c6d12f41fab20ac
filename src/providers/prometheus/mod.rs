//! Prometheus and what speaks its query API, as a source of counts.

mod client;
mod look;
mod parse;
mod query;
mod scrape;
pub mod settings;

pub use client::Prometheus;
pub use look::Look;
pub use settings::{MetricsAuth, PrometheusSettings};

use super::{Answer, Metrics, Result};
use crate::domain::catalog::SignalTemplates;
use crate::domain::observe::{MetricsClock, SignalBatch, SignalQuery};

impl Metrics for Prometheus {
    fn clock<'a>(&'a self, templates: &'a SignalTemplates) -> Answer<'a, Result<MetricsClock>> {
        Box::pin(self.ask_clock(templates))
    }

    fn signals<'a>(&'a self, query: &'a SignalQuery) -> Answer<'a, Result<SignalBatch>> {
        Box::pin(self.counts(query))
    }

    fn ready(&self) -> Answer<'_, Result<()>> {
        Box::pin(async {
            let form = [("query", "time()".to_owned())];
            self.ask("query", "time", &form).await.map(|_| ())
        })
    }
}
