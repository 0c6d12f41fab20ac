//! From running totals to intervals. A counter only grows; where it falls, its process restarted and counts from zero.

use super::series::{Bin, whole};

/// Two totals further apart than this many steps leave a gap: what happened between cannot be placed.
pub const MAX_STEPS_APART: f64 = 2.5;

/// Running totals as they stood at the end of the bin that starts at `t`.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// Start of the bin, in seconds from the deploy.
    pub t: i64,
    /// Requests so far.
    pub requests: f64,
    /// Errors so far.
    pub errors: f64,
    /// Requests by latency bucket so far (not cumulative over the buckets); `None`: unknown at this moment.
    pub buckets: Option<Vec<f64>>,
}

/// Differences `rows` (in order) against `before`, the row just ahead of them if there is one. The first row of all has
/// nothing to be compared with and gives no bin.
pub fn difference(before: Option<&Totals>, rows: &[Totals], step_s: f64) -> Vec<Bin> {
    let mut last = before;
    let mut bins = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(last) = last
            && row.t.saturating_sub(last.t) as f64 <= MAX_STEPS_APART * step_s
            && let Some(bin) = between(last, row)
        {
            bins.push(bin);
        }
        last = Some(row);
    }
    bins
}

/// The counts between two rows.
fn between(a: &Totals, b: &Totals) -> Option<Bin> {
    let restarted = b.requests < a.requests;
    let requests = increase(a.requests, b.requests, restarted);
    // One process counts both; but more errors since its restart than requests means that the errors live elsewhere.
    let errors_too = restarted && b.errors <= requests;
    let errors = increase(a.errors, b.errors, errors_too);
    let buckets = match (&a.buckets, &b.buckets) {
        (Some(a), Some(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .map(|(a, b)| whole(increase(*a, *b, restarted && *b <= requests)))
            .collect::<Option<Vec<u64>>>()?,
        _ => Vec::new(),
    };
    Bin::from_measured(b.t, requests, errors, buckets)
}

/// What one counter grew by; a restarted one grew from zero.
fn increase(a: f64, b: f64, restarted: bool) -> f64 {
    if restarted || b < a { b } else { b - a }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(t: i64, requests: f64, errors: f64) -> Totals {
        Totals {
            t,
            requests,
            errors,
            buckets: Some(vec![requests - 1.0, 1.0]),
        }
    }

    #[test]
    fn totals_become_intervals() {
        let rows = [row(0, 100.0, 3.0), row(15, 160.4, 5.0), row(30, 260.0, 5.0)];
        let bins = difference(None, &rows, 15.0);
        assert_eq!(bins.len(), 2);
        assert_eq!((bins[0].t, bins[0].n, bins[0].x), (15, 60, 2));
        assert_eq!(bins[1].h, vec![100, 0]);
    }

    #[test]
    fn a_restart_counts_from_zero_in_every_field() {
        let bins = difference(Some(&row(-15, 900.0, 2.0)), &[row(0, 40.0, 3.0)], 15.0);
        assert_eq!(
            (bins[0].n, bins[0].x, bins[0].h.clone()),
            (40, 3, vec![39, 1])
        );
    }

    #[test]
    fn a_lone_restart_of_the_requests_leaves_the_errors() {
        let bins = difference(Some(&row(-15, 900.0, 50.0)), &[row(0, 40.0, 51.0)], 15.0);
        assert_eq!((bins[0].n, bins[0].x), (40, 1));
    }

    #[test]
    fn far_apart_is_a_gap() {
        let rows = [row(0, 10.0, 0.0), row(30, 20.0, 0.0), row(75, 30.0, 0.0)];
        let bins = difference(None, &rows, 15.0);
        assert_eq!(bins.iter().map(|b| b.t).collect::<Vec<_>>(), vec![30]);
    }
}
