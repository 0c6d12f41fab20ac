//! Quantiles of classic histograms.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::eval::Element;
use crate::demo::metrics::Labels;

/// The quantile of each histogram among the elements; a histogram is what differs only in `le`.
pub(crate) fn quantile(q: f64, elements: Vec<Element>) -> Vec<Element> {
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (labels, value) in elements {
        let mut labels = Labels::clone(&labels);
        labels.remove("__name__");
        let bound = labels.remove("le").and_then(|le| match le.as_str() {
            "+Inf" => Some(f64::INFINITY),
            other => other.parse().ok(),
        });
        if let Some(bound) = bound {
            histograms.entry(labels).or_default().push((bound, value));
        }
    }
    histograms
        .into_iter()
        .map(|(labels, buckets)| (Arc::new(labels), of_buckets(q, buckets)))
        .collect()
}

fn of_buckets(q: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut most = 0.0_f64;
    for bucket in &mut buckets {
        most = most.max(bucket.1);
        bucket.1 = most;
    }
    let total = match buckets.last() {
        Some((bound, total)) if bound.is_infinite() && buckets.len() >= 2 && *total > 0.0 => *total,
        _ => return f64::NAN,
    };
    let rank = q * total;
    let (mut low, mut below) = (0.0, 0.0);
    for (bound, count) in buckets {
        if count >= rank {
            if bound.is_infinite() {
                // The last finite bound is all that is known.
                return low;
            }
            let inside = count - below;
            return if bound <= 0.0 || inside <= 0.0 {
                bound
            } else {
                low + (bound - low) * (rank - below) / inside
            };
        }
        (low, below) = (bound, count);
    }
    f64::NAN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_linear_inside_a_bucket() {
        let buckets = vec![
            (0.1, 50.0),
            (0.2, 90.0),
            (0.5, 98.0),
            (f64::INFINITY, 100.0),
        ];
        let q = |q| of_buckets(q, buckets.clone());
        assert!((q(0.5) - 0.1).abs() < 1e-12);
        assert!((q(0.7) - 0.15).abs() < 1e-12);
        assert!(
            (q(0.99) - 0.5).abs() < 1e-12,
            "in the last bucket: the last finite bound"
        );
        assert!(
            of_buckets(0.5, vec![(0.1, 1.0), (1.0, 2.0)]).is_nan(),
            "no +Inf bucket"
        );
        assert!(
            of_buckets(0.5, vec![(0.1, 0.0), (f64::INFINITY, 0.0)]).is_nan(),
            "no observations"
        );
    }
}
