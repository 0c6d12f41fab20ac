//! Percentiles and intervals of delivery figures. Total: whatever comes in, nothing panics.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// With fewer values only the median is told.
pub const FEW: usize = 5;

/// The linear percentile `p` (0..1) of values in ascending order; none of none.
pub fn percentile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let h = last as f64 * p.clamp(0.0, 1.0);
    let low = whole(h.floor()).min(last);
    let a = *sorted.get(low)?;
    let b = sorted.get(low + 1).copied().unwrap_or(a);
    Some((b - a).mul_add(h - low as f64, a))
}

/// The median of whole numbers.
pub fn median(values: &[u32]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
    sorted.sort_by(f64::total_cmp);
    percentile(&sorted, 0.5)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position in a list in memory, clamped by the caller"
)]
fn whole(x: f64) -> usize {
    x as usize
}

/// How long a set of things took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// How many.
    pub n: usize,
    /// The median, in seconds.
    pub p50_s: Option<f64>,
    /// Three quarters were not longer; none below five values.
    pub p75_s: Option<f64>,
    /// Nine of ten were not longer; none below five values.
    pub p90_s: Option<f64>,
}

impl Spread {
    /// The spread of these.
    pub fn of(values: impl IntoIterator<Item = SignedDuration>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().map(|d| d.as_secs_f64()).collect();
        sorted.sort_by(f64::total_cmp);
        // Thousandths of a second are enough.
        let at = |p| percentile(&sorted, p).map(|s| (s * 1_000.0).round() / 1_000.0);
        let many = |p| (sorted.len() >= FEW).then(|| at(p)).flatten();
        Self {
            n: sorted.len(),
            p50_s: at(0.5),
            p75_s: many(0.75),
            p90_s: many(0.9),
        }
    }
}

/// A share of counted things with its 95 % Wilson interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// How many of them.
    pub x: usize,
    /// Of how many.
    pub n: usize,
    /// The share; none of none.
    pub ratio: Option<f64>,
    /// Not less than that.
    pub low: Option<f64>,
    /// Not more than that.
    pub high: Option<f64>,
}

impl Share {
    /// `x` of `n`.
    pub fn of(x: usize, n: usize) -> Self {
        /// The normal quantile of 97.5 %.
        const Z: f64 = 1.959_963_984_540_054;
        let mut share = Self {
            x,
            n,
            ratio: None,
            low: None,
            high: None,
        };
        if n == 0 {
            return share;
        }
        let count = n as f64;
        let p = (x as f64 / count).clamp(0.0, 1.0);
        let z2 = Z * Z;
        let middle = p + z2 / (2.0 * count);
        let spread = Z * (p * (1.0 - p) / count + z2 / (4.0 * count * count)).sqrt();
        let bound = |b: f64| Some((b / (1.0 + z2 / count)).clamp(0.0, 1.0));
        share.ratio = Some(p);
        share.low = bound(middle - spread);
        share.high = bound(middle + spread);
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_have_a_median_only() {
        let hours = |h: &[i64]| Spread::of(h.iter().map(|h| SignedDuration::from_hours(*h)));
        let few = hours(&[4, 1, 3, 2]);
        assert_eq!((few.n, few.p50_s, few.p90_s), (4, Some(9000.0), None));
        let five = hours(&[100, 2, 5, 30, 9]);
        assert_eq!(five.p90_s, Some(72.0 * 3600.0));
        assert_eq!(hours(&[]), Spread::default());
    }

    #[test]
    fn nothing_of_nothing_is_unknown() {
        assert_eq!(Share::of(0, 0).ratio, None);
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[3.0], 7.0), Some(3.0));
    }
}
