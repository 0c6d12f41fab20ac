//! Prometheus and what speaks its query API, as a source of counts.

mod client;
mod look;
mod parse;
mod query;
mod scrape;
pub mod settings;
mod survey;

pub use client::Prometheus;
pub use look::Look;
pub use settings::{MetricsAuth, PrometheusSettings};

use std::collections::BTreeMap;

use super::{Answer, MetricSurvey, Metrics, Result};
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
        Box::pin(async { self.ask_time().await.map(|_| ()) })
    }
}

impl MetricSurvey for Prometheus {
    fn present<'a>(&'a self, names: &'a [&'a str]) -> Answer<'a, Result<Vec<String>>> {
        Box::pin(self.names(names))
    }

    fn labels_of<'a>(
        &'a self,
        metric: &'a str,
    ) -> Answer<'a, Result<Vec<BTreeMap<String, String>>>> {
        Box::pin(self.labels(metric))
    }

    fn value<'a>(&'a self, query: &'a str) -> Answer<'a, Result<Option<f64>>> {
        Box::pin(self.number(query))
    }
}
