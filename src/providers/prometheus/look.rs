//! One look at a query, for the doctor: what it finds now, with which labels, and whether it is a histogram.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::client::Prometheus;
use super::query::fill;
use super::scrape::told_time;
use crate::domain::text::Safe;
use crate::providers::error::ProviderError;

/// What a query finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// How many series.
    pub series: usize,
    /// The names of their labels.
    pub labels: Vec<Safe>,
    /// Some are native histograms, which have no `le`.
    pub native: bool,
    /// The sum of their values; none: there is none, or it is no number.
    pub sum: Option<f64>,
}

impl Prometheus {
    /// Runs a query at a moment, over bins of that length. `name` is its name in the configuration.
    pub async fn look(
        &self,
        name: &'static str,
        template: &str,
        at: Timestamp,
        bin_s: u32,
    ) -> Result<Look, ProviderError> {
        let form = [
            ("query", fill(template, bin_s)),
            ("time", at.as_second().to_string()),
        ];
        let envelope = self.ask("query", name, &form).await?;
        let result = envelope.data.get("result").and_then(Value::as_array);
        let result = result.map_or(&[][..], Vec::as_slice);
        let mut labels: Vec<Safe> = Vec::new();
        let mut values = Vec::new();
        for series in result.iter().take(1_000) {
            let names = series.get("metric").and_then(Value::as_object);
            for label in names.into_iter().flat_map(serde_json::Map::keys) {
                let label = Safe::new(label);
                if labels.len() < 20 && !labels.contains(&label) {
                    labels.push(label);
                }
            }
            let value = series.pointer("/value/1").and_then(Value::as_str);
            values.extend(value.and_then(|v| v.parse::<f64>().ok()));
        }
        let sum: f64 = values.iter().sum();
        Ok(Look {
            series: result.len(),
            labels,
            native: result.iter().any(|s| s.get("histogram").is_some()),
            sum: (!values.is_empty() && sum.is_finite()).then_some(sum),
        })
    }

    /// How far the server's clock is from ours: positive, if it is ahead.
    pub async fn skew(&self) -> Result<Option<SignedDuration>, ProviderError> {
        let told = told_time(&self.ask_time().await?);
        let ours = self.now().as_millisecond() as f64 / 1_000.0;
        Ok(told.map(|told| SignedDuration::from_secs_f64((told - ours).clamp(-1e12, 1e12))))
    }
}
