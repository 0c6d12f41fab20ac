//! What a source says of itself: its clock against ours, and how often it scrapes. The interval is measured by counting the
//! samples of the first series that the requests' query reads.

use super::client::{Envelope, Prometheus};
use super::parse::value;
use super::query::fill;
use crate::domain::catalog::SignalTemplates;
use crate::domain::observe::MetricsClock;
use crate::providers::error::ProviderError;

/// Where nothing can be measured.
const DEFAULT_S: u32 = 15;

/// Intervals people configure.
const USUAL_S: [u32; 6] = [1, 5, 10, 15, 30, 60];

/// The server's time in what it answered to `time()`, in seconds since 1970. Prometheus says a scalar, `[at, "value"]`;
/// `VictoriaMetrics` a vector with one series.
pub(super) fn told_time(envelope: &Envelope) -> Option<f64> {
    let scalar = envelope.data.pointer("/result/1").and_then(value);
    let told = scalar.or_else(|| {
        let first = envelope.data.pointer("/result/0/value/1");
        first.and_then(value)
    });
    told.filter(|t| t.is_finite())
}

impl Prometheus {
    /// Asks for the server's time.
    pub(super) async fn ask_time(&self) -> Result<Envelope, ProviderError> {
        let form = [("query", "time()".to_owned())];
        self.ask("query", "time", &form).await
    }

    pub(super) async fn ask_clock(
        &self,
        templates: &SignalTemplates,
    ) -> Result<MetricsClock, ProviderError> {
        let before = self.now();
        let envelope = self.ask_time().await?;
        let after = self.now();
        let half = after.duration_since(before) / 2;
        let ours = before.saturating_add(half).unwrap_or(before);
        let Some(theirs) = told_time(&envelope) else {
            return Err(self.odd(
                "time",
                "query",
                envelope.status,
                "time() was not answered by a number",
            ));
        };
        let scrape_s = match templates.scrape_s.or(self.settings.scrape_s) {
            Some(s) => s.max(1),
            None => self.measure(templates).await.unwrap_or(DEFAULT_S),
        };
        Ok(MetricsClock {
            offset_s: theirs - ours.as_millisecond() as f64 / 1_000.0,
            scrape_s,
        })
    }

    async fn measure(&self, templates: &SignalTemplates) -> Option<u32> {
        let template = fill(&templates.requests, DEFAULT_S);
        let selector = first_selector(&template)?;
        let (long, short) =
            tokio::join!(self.samples(selector, "5m"), self.samples(selector, "1m"));
        usual(long, short)
    }

    /// The most samples that a series has in the window.
    async fn samples(&self, selector: &str, window: &str) -> Option<f64> {
        let query = format!("max(count_over_time({selector}[{window}]))");
        let envelope = self
            .ask("query", "scrape interval", &[("query", query)])
            .await
            .ok()?;
        let count = envelope.data.pointer("/result/0/value/1").and_then(value)?;
        // A single sample tells nothing.
        (count.is_finite() && count >= 2.0).then_some(count)
    }
}

/// The usual interval nearest (by ratio) to what counts of samples in five minutes and in one minute tell. The long window is
/// the exact one, but a series younger than it looks slower than it is; then the short one is much faster, and right.
fn usual(long: Option<f64>, short: Option<f64>) -> Option<u32> {
    let long = long.map(|count| 300.0 / count);
    let short = short.map(|count| 60.0 / count);
    let measured = match (long, short) {
        (Some(long), Some(short)) if short * 1.5 < long => short,
        (long, short) => long.or(short)?,
    };
    let far = |s: u32| (f64::from(s) / measured).ln().abs();
    USUAL_S
        .into_iter()
        .min_by(|a, b| far(*a).total_cmp(&far(*b)))
}

/// The first selector that a range `[..]` follows: metric name and matchers. None for subqueries and broken expressions.
pub(super) fn first_selector(expr: &str) -> Option<&str> {
    let mut quote = None;
    let mut escaped = false;
    let mut braces: Option<(usize, Option<usize>)> = None;
    for (at, c) in expr.char_indices() {
        if let Some(q) = quote {
            match c {
                _ if escaped => escaped = false,
                '\\' if q != '`' => escaped = true,
                c if c == q => quote = None,
                _ => {}
            }
            continue;
        }
        match c {
            '"' | '\'' | '`' => quote = Some(c),
            '{' => braces = Some((at, None)),
            '}' => braces = braces.map(|(open, _)| (open, Some(at + 1))),
            '[' => {
                let before = expr.get(..at)?.trim_end();
                let name_end = match braces {
                    Some((open, Some(close))) if close == before.len() => {
                        expr.get(..open)?.trim_end().len()
                    }
                    _ => before.len(),
                };
                let name = expr.get(..name_end)?;
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
                let start = name.trim_end_matches(is_name).len();
                return expr.get(start..before.len()).filter(|s| !s.is_empty());
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_selector_is_found() {
        let found = |e| first_selector(e);
        assert_eq!(
            found(r#"sum(increase(http_requests_total{service="a[b]{c}",env='x'}[15s]))"#),
            Some(r#"http_requests_total{service="a[b]{c}",env='x'}"#)
        );
        assert_eq!(found("sum(rate(up [5m]))"), Some("up"));
        assert_eq!(
            found(r#"sum(x{a="\"]"} [1m]) / sum(y[1m])"#),
            Some(r#"x{a="\"]"}"#)
        );
        assert_eq!(
            found(r#"sum(increase({__name__="job:x"}[1m]))"#),
            Some(r#"{__name__="job:x"}"#)
        );
        assert_eq!(found("max_over_time((sum(rate(x))) [5m:1m])"), None);
        assert_eq!(found("vector(1)"), None);
        assert_eq!(found("sum(a{b=\"x"), None);
    }

    #[test]
    fn the_interval_is_a_usual_one() {
        let both = |long: f64, short: f64| usual(Some(long), Some(short)).unwrap();
        for (long, short, s) in [
            (300.0, 60.0, 1),
            (60.0, 12.0, 5),
            (20.0, 4.0, 15),
            (21.0, 5.0, 15),
            (10.0, 2.0, 30),
            // A server that was just started.
            (60.0, 60.0, 1),
            (20.0, 12.0, 5),
        ] {
            assert_eq!(both(long, short), s, "{long} {short}");
        }
        assert_eq!(usual(Some(5.0), None), Some(60));
        assert_eq!(usual(None, None), None);
    }
}
