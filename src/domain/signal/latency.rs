//! Latency as proportions: which bucket bounds to watch, and what a tolerated slowdown does to the share beyond a bound.

use super::maths::{logistic, logit, odds, odds_times};
use super::series::total;

/// The share that the *body* bound should have, and the range it must lie in.
const BODY: f64 = 0.10;
const BODY_RANGE: std::ops::RangeInclusive<f64> = 0.02..=0.60;
/// The *tail* bound is the smallest with at most this share.
const TAIL: f64 = 0.02;

/// The share of requests slower than each finite bound. Empty when nothing was counted or the counts do not fit.
pub fn shares(bounds_ms: &[f64], counts: &[u64]) -> Vec<f64> {
    let n = total(counts);
    if n == 0 || counts.len() != bounds_ms.len().saturating_add(1) {
        return Vec::new();
    }
    let mut slower = n;
    counts
        .iter()
        .zip(bounds_ms)
        .map(|(count, _)| {
            slower = slower.saturating_sub(*count);
            slower as f64 / n as f64
        })
        .collect()
}

/// The bounds (indices, ascending, at most three) to watch: the one nearest to the SLO's threshold, the body, the tail.
pub fn choose(bounds_ms: &[f64], counts: &[u64], slo_ms: Option<f64>) -> Vec<usize> {
    let shares = shares(bounds_ms, counts);
    if shares.is_empty() {
        return Vec::new();
    }
    let slo = slo_ms.and_then(|slo| nearest(bounds_ms.iter().map(|b| (b - slo).abs())));
    let body = nearest(shares.iter().map(|s| {
        if BODY_RANGE.contains(s) {
            (s / BODY).ln().abs()
        } else {
            f64::INFINITY
        }
    }));
    let tail = shares.iter().position(|s| *s <= TAIL);
    let mut chosen: Vec<usize> = [slo, body, tail].into_iter().flatten().collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// The index of the smallest finite distance; of equal ones the last, which is the slower bound.
fn nearest(distances: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (i, d) in distances.enumerate() {
        if d.is_finite() && best.is_none_or(|(_, least)| d <= least + 1e-9) {
            best = Some((i, d));
        }
    }
    best.map(|(i, _)| i)
}

/// The share slower than `y` ms, linear in (ln y, logit share) between bounds. Below the first bound, where nothing is
/// known, the odds are those of the first bound times `(1 + slowdown)^2`. `None` when nothing was counted.
pub fn share_slower_than(bounds_ms: &[f64], counts: &[u64], y: f64, slowdown: f64) -> Option<f64> {
    let shares = shares(bounds_ms, counts);
    let n = total(counts) as f64;
    // With a single request both limits meet at one half.
    let keep = |s: f64| s.max(0.5 / n).min(1.0 - 0.5 / n);
    let first = keep(*shares.first()?);
    if y < *bounds_ms.first()? {
        return Some(odds_times(first, (1.0 + slowdown).powi(2)));
    }
    let mut below = None;
    for (bound, share) in bounds_ms.iter().zip(&shares) {
        let point = (bound.ln(), logit(keep(*share)));
        if y <= *bound {
            let (x1, s1) = point;
            let (x0, s0) = below.unwrap_or(point);
            let part = if x1 > x0 {
                (y.ln() - x0) / (x1 - x0)
            } else {
                1.0
            };
            return Some(logistic(s0 + (s1 - s0) * part));
        }
        below = Some(point);
    }
    below.map(|(_, s)| logistic(s))
}

/// The factor on the odds of "slower than the bound" that the tolerated slowdown alone would cause, at least 1.
pub fn lift(bounds_ms: &[f64], counts: &[u64], bound: usize, slowdown: f64) -> f64 {
    let Some(b) = bounds_ms.get(bound) else {
        return 1.0;
    };
    if shares(bounds_ms, counts)
        .get(bound)
        .is_none_or(|s| *s <= 0.0)
    {
        return 1.0;
    }
    let at = |y| share_slower_than(bounds_ms, counts, y, slowdown);
    match (at(b / (1.0 + slowdown)), at(*b)) {
        (Some(slowed), Some(usual)) => {
            let factor = odds(slowed) / odds(usual);
            if factor.is_finite() {
                factor.max(1.0)
            } else {
                1.0
            }
        }
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: [f64; 4] = [50.0, 100.0, 250.0, 500.0];
    const COUNTS: [u64; 5] = [500, 300, 150, 40, 10];

    #[test]
    fn body_and_tail_are_found() {
        assert_eq!(choose(&BOUNDS, &COUNTS, None), vec![2, 3]);
        assert_eq!(choose(&BOUNDS, &COUNTS, Some(90.0)), vec![1, 2, 3]);
        assert_eq!(choose(&BOUNDS, &COUNTS, Some(260.0)), vec![2, 3]);
        assert_eq!(choose(&BOUNDS, &[0; 5], Some(260.0)), Vec::<usize>::new());
        assert_eq!(
            choose(&BOUNDS, &[10, 0, 0, 0, 990], None),
            Vec::<usize>::new()
        );
    }

    #[test]
    fn below_the_first_bound_the_odds_rise_by_the_square() {
        let s = share_slower_than(&BOUNDS, &COUNTS, 40.0, 0.2).unwrap();
        assert!((odds(s) - 1.44).abs() < 1e-9);
        assert!((lift(&BOUNDS, &COUNTS, 0, 0.2) - 1.44).abs() < 1e-9);
    }

    #[test]
    fn an_empty_tail_lifts_nothing() {
        assert!((lift(&BOUNDS, &[500, 300, 200, 0, 0], 3, 0.2) - 1.0).abs() < 1e-12);
        assert!((lift(&BOUNDS, &COUNTS, 9, 0.2) - 1.0).abs() < 1e-12);
    }
}
