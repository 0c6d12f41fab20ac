//! Requests, errors and latency buckets as counts in bins: range queries with the bin as the step, evaluated at each bin's
//! end (`increase(x[D])` at `t + D` is what happened in `[t, t + D)`), split so that no query asks for too many points.

use super::client::Prometheus;
use super::parse::{Buckets, Grid, Notes, Points, bins, matrix, sum};
use crate::domain::observe::{SignalBatch, SignalQuery};
use crate::domain::text::Safe;
use crate::providers::error::{ErrorKind, ProviderError};

/// Points in one query. Prometheus refuses more than 11,000.
const MAX_POINTS: i64 = 10_000;

/// The longest answer in bins: more is a mistake of ours, not a question.
const MAX_BINS: i64 = 200_000;

/// Puts the bin's width where a template says `$bin`.
pub(super) fn fill(template: &str, bin_s: u32) -> String {
    template.replace("$bin", &format!("{bin_s}s"))
}

impl Prometheus {
    pub(super) async fn counts(&self, query: &SignalQuery) -> Result<SignalBatch, ProviderError> {
        let bin_s = i64::from(query.bin_s.max(1));
        let anchor = query.anchor.as_millisecond() as f64 / 1_000.0;
        let all = Grid {
            from_s: query.from_s,
            bin_s,
            anchor,
            len: ((query.to_s - query.from_s) / bin_s).clamp(0, MAX_BINS),
        };
        let mut requests = Points::new();
        let mut errors = Points::new();
        let mut buckets = Buckets::default();
        let mut notes = Notes::default();
        let mut first = 0;
        while first < all.len {
            let last = (first + MAX_POINTS).min(all.len) - 1;
            let (asked, failed, slow) = tokio::join!(
                self.range(
                    &all,
                    first,
                    last,
                    "requests",
                    &query.templates.requests,
                    query.bin_s
                ),
                self.range(
                    &all,
                    first,
                    last,
                    "errors",
                    &query.templates.errors,
                    query.bin_s
                ),
                self.latency(&all, first, last, query),
            );
            let (asked, failed) = (asked?, failed?);
            sum(&all, &asked.series, "requests", &mut requests, &mut notes);
            sum(&all, &failed.series, "errors", &mut errors, &mut notes);
            for warning in asked.warnings.into_iter().chain(failed.warnings) {
                notes.push(warning);
            }
            match slow {
                None => {}
                Some(Ok(slow)) => {
                    let ms = query
                        .templates
                        .latency
                        .as_ref()
                        .map_or(1_000.0, |l| l.ms_per_unit);
                    buckets.add(&all, &slow.series, ms, &mut notes);
                    for warning in slow.warnings {
                        notes.push(warning);
                    }
                }
                // Errors are worth showing without latencies; the reason is said.
                Some(Err(e))
                    if matches!(
                        e.kind,
                        ErrorKind::Query { .. }
                            | ErrorKind::Protocol { .. }
                            | ErrorKind::TooLarge { .. }
                    ) =>
                {
                    notes.push(Safe::new(&e.to_string()));
                }
                Some(Err(e)) => return Err(e),
            }
            first = last + 1;
        }
        buckets.check(&mut notes);
        Ok(SignalBatch {
            anchor: query.anchor,
            bin_s: query.bin_s,
            bounds_ms: buckets.bounds_ms(),
            bins: bins(&all, &requests, &errors, &buckets),
            asked: (query.from_s, query.to_s),
            warnings: notes.0,
        })
    }

    async fn latency(
        &self,
        grid: &Grid,
        first: i64,
        last: i64,
        query: &SignalQuery,
    ) -> Option<Result<Range, ProviderError>> {
        let template = &query.templates.latency.as_ref()?.buckets;
        Some(
            self.range(grid, first, last, "latency", template, query.bin_s)
                .await,
        )
    }

    async fn range(
        &self,
        grid: &Grid,
        first: i64,
        last: i64,
        name: &'static str,
        template: &str,
        bin_s: u32,
    ) -> Result<Range, ProviderError> {
        let form = [
            ("query", fill(template, bin_s)),
            ("start", format!("{:.3}", grid.end_of(first))),
            ("end", format!("{:.3}", grid.end_of(last))),
            ("step", bin_s.max(1).to_string()),
            // VictoriaMetrics moves the times of cached answers to round ones; Prometheus ignores this.
            ("nocache", "1".to_owned()),
        ];
        let envelope = self.ask("query_range", name, &form).await?;
        let Some(series) = matrix(&envelope.data) else {
            return Err(self.odd(
                name,
                "query_range",
                envelope.status,
                "a range query was not answered by a matrix",
            ));
        };
        Ok(Range {
            series: series.clone(),
            warnings: envelope.warnings,
        })
    }
}

/// The answer to a range query.
struct Range {
    series: Vec<serde_json::Value>,
    warnings: Vec<Safe>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bin_is_filled_in() {
        assert_eq!(
            fill("sum(increase(x[$bin])) + y[$bin]", 15),
            "sum(increase(x[15s])) + y[15s]"
        );
    }
}
