//! What a metrics server holds: which of some names are there, with which labels, and what a query gives now.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;

use super::client::Prometheus;
use crate::providers::ProviderError;

/// Series that are looked at for their labels; a server that knows no limit sends all it has, up to the cap.
const SERIES: &str = "2000";

impl Prometheus {
    /// Which of these names have series.
    pub(super) async fn names(&self, wanted: &[&str]) -> Result<Vec<String>, ProviderError> {
        let any = wanted
            .iter()
            .map(|n| n.replace('.', "\\\\."))
            .collect::<Vec<_>>()
            .join("|");
        let form = self.lately(format!("{{__name__=~\"{any}\"}}"));
        let found = self.ask("label/__name__/values", "names", &form).await?;
        Ok(found
            .data
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|name| wanted.contains(name))
            .map(str::to_owned)
            .collect())
    }

    /// The labels of a metric's series.
    pub(super) async fn labels(
        &self,
        metric: &str,
    ) -> Result<Vec<BTreeMap<String, String>>, ProviderError> {
        let mut form = self.lately(format!("{{__name__=\"{metric}\"}}"));
        form.push(("limit", SERIES.to_owned()));
        let found = self.ask("series", "series", &form).await?;
        let labels = |series: &Value| -> BTreeMap<String, String> {
            let pairs = series.as_object().into_iter().flatten();
            pairs
                .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
                .collect()
        };
        Ok(found
            .data
            .as_array()
            .into_iter()
            .flatten()
            .map(labels)
            .collect())
    }

    /// The one number that a query gives now; none: no data.
    pub(super) async fn number(&self, query: &str) -> Result<Option<f64>, ProviderError> {
        let form = [("query", query.to_owned())];
        let found = self.ask("query", "value", &form).await?;
        let text = found
            .data
            .pointer("/result/0/value/1")
            .and_then(Value::as_str);
        Ok(text
            .and_then(|t| t.parse().ok())
            .filter(|n: &f64| n.is_finite()))
    }

    /// Series of the last hour: what was taken away long ago is no metric to judge by.
    fn lately(&self, selector: String) -> Vec<(&'static str, String)> {
        let now = self.now();
        let from = now
            .saturating_sub(SignedDuration::from_hours(1))
            .unwrap_or(now);
        vec![
            ("match[]", selector),
            ("start", from.as_second().to_string()),
            ("end", now.as_second().to_string()),
        ]
    }
}
