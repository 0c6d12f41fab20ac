//! Series of counts. A [`Bin`] holds what happened in one interval: requests, errors, latencies by bucket.
//! Ratios and quantiles are derived from counts and only drawn; a bin without requests has neither: it stays a gap.

/// The counts of one interval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bin {
    /// Where the interval starts, in seconds from the deploy; negative before it.
    pub t: i64,
    /// Requests.
    pub n: u64,
    /// Failed requests; never more than `n` where it matters (see [`Bin::errors`]).
    pub x: u64,
    /// Requests by latency bucket, not cumulative, the last one up to +Inf. Empty: latency unknown.
    pub h: Vec<u64>,
}

impl Bin {
    /// A bin without latencies.
    pub fn new(t: i64, n: u64, x: u64) -> Self {
        Self {
            t,
            n,
            x,
            h: Vec::new(),
        }
    }

    /// A bin from measured numbers as `increase()` gives them: fractional, sometimes skewed. Rounds to whole requests
    /// and keeps errors within requests. `None` when a number is not finite or negative: such a bin is dropped.
    pub fn from_measured(t: i64, requests: f64, errors: f64, buckets: Vec<u64>) -> Option<Self> {
        let n = whole(requests)?;
        let x = whole(errors)?.min(n);
        Some(Self {
            t,
            n,
            x,
            h: buckets,
        })
    }

    /// Errors, at most as many as requests (a scrape may see the one before the other).
    pub fn errors(&self) -> u64 {
        self.x.min(self.n)
    }

    /// Errors per request; `None` without requests.
    pub fn error_ratio(&self) -> Option<f64> {
        (self.n > 0).then(|| self.errors() as f64 / self.n as f64)
    }

    /// How many requests have a known latency.
    pub fn timed(&self) -> u64 {
        total(&self.h)
    }

    /// How many requests were slower than the bound with index `bound`.
    pub fn slower_than(&self, bound: usize) -> u64 {
        self.h
            .iter()
            .skip(bound.saturating_add(1))
            .fold(0, |sum, c| sum.saturating_add(*c))
    }

    /// Adds another bin's counts; the start stays. Where only one side knows latencies, that side's are kept.
    pub fn add(&mut self, other: &Self) {
        self.n = self.n.saturating_add(other.n);
        self.x = self.x.saturating_add(other.x);
        if self.h.len() < other.h.len() {
            self.h.resize(other.h.len(), 0);
        }
        for (mine, theirs) in self.h.iter_mut().zip(&other.h) {
            *mine = mine.saturating_add(*theirs);
        }
    }
}

/// A finite, non-negative number rounded to a count; `None` for NaN, infinities and negative numbers.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be finite and not negative; the cast saturates at the top"
)]
pub fn whole(value: f64) -> Option<u64> {
    (value.is_finite() && value >= 0.0).then(|| value.round() as u64)
}

/// The sum of counts, saturating.
pub fn total(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum, c| sum.saturating_add(*c))
}

/// The sum of many bins as one, starting where the first starts; `None` for no bins.
pub fn sum<'a>(bins: impl IntoIterator<Item = &'a Bin>) -> Option<Bin> {
    let mut bins = bins.into_iter();
    let mut all = bins.next()?.clone();
    for bin in bins {
        all.add(bin);
    }
    Some(all)
}

/// Sums bins that are finer than `width` seconds into bins of that width, aligned to the deploy. Bins whose
/// group is not over yet at `until` (seconds from the deploy) are left out, so that what comes later changes nothing.
pub fn regroup(bins: &[Bin], width: i64, until: i64) -> Vec<Bin> {
    let width = width.max(1);
    let mut out: Vec<Bin> = Vec::new();
    for bin in bins {
        let start = bin.t.div_euclid(width).saturating_mul(width);
        if start.saturating_add(width) > until {
            break;
        }
        match out.last_mut() {
            Some(last) if last.t == start => last.add(bin),
            _ => out.push(Bin {
                t: start,
                ..bin.clone()
            }),
        }
    }
    out
}

/// Counts per bucket from cumulative ones (`le` order, last = +Inf), which may be fractional or, through scrape skew,
/// decreasing: they are made non-decreasing first. `None` when a value is not finite or negative.
pub fn from_cumulative(cumulative: &[f64]) -> Option<Vec<u64>> {
    let mut before = 0;
    let mut counts = Vec::with_capacity(cumulative.len());
    for value in cumulative {
        let value = whole(*value)?.max(before);
        counts.push(value - before);
        before = value;
    }
    Some(counts)
}

/// A quantile read off buckets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// Milliseconds (the unit of the bounds).
    pub ms: f64,
    /// The rank lies beyond the last finite bound: the truth is above `ms`, show it with `>`.
    pub capped: bool,
}

/// The `q` quantile (0..1), linear inside the bucket that holds rank `q * n`. `None` when nothing was counted or the
/// buckets do not fit the bounds.
pub fn quantile(bounds_ms: &[f64], counts: &[u64], q: f64) -> Option<Quantile> {
    let n = total(counts);
    if n == 0 || counts.len() != bounds_ms.len().saturating_add(1) {
        return None;
    }
    let rank = q.clamp(0.0, 1.0) * n as f64;
    let (mut below, mut lower) = (0.0, 0.0);
    for (bound, count) in bounds_ms.iter().zip(counts) {
        let count = *count as f64;
        if count > 0.0 && below + count >= rank - 1e-9 * rank.abs() {
            let part = ((rank - below) / count).clamp(0.0, 1.0);
            return Some(Quantile {
                ms: lower + (bound - lower) * part,
                capped: false,
            });
        }
        below += count;
        lower = *bound;
    }
    bounds_ms.last().map(|last| Quantile {
        ms: *last,
        capped: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: [f64; 4] = [50.0, 100.0, 250.0, 500.0];

    #[test]
    fn quantiles_are_linear_inside_a_bucket() {
        let counts = [500, 300, 150, 40, 10];
        let at = |q| quantile(&BOUNDS, &counts, q).unwrap();
        assert!((at(0.25).ms - 25.0).abs() < 1e-9);
        assert!((at(0.65).ms - 75.0).abs() < 1e-9);
        assert_eq!(
            at(0.999),
            Quantile {
                ms: 500.0,
                capped: true
            }
        );
        assert!(!at(0.99).capped);
        assert_eq!(quantile(&BOUNDS, &[0; 5], 0.5), None);
        assert_eq!(quantile(&BOUNDS, &[1; 4], 0.5), None);
        assert_eq!(quantile(&[], &[5], 0.5), None);
    }

    #[test]
    fn cumulative_buckets_are_repaired() {
        assert_eq!(
            from_cumulative(&[1.2, 4.6, 4.4, 9.0]),
            Some(vec![1, 4, 0, 4])
        );
        assert_eq!(from_cumulative(&[1.0, f64::NAN]), None);
        assert_eq!(from_cumulative(&[-1.0]), None);
    }

    #[test]
    fn measured_numbers_become_counts() {
        let bin = Bin::from_measured(0, 9.6, 11.2, vec![]).unwrap();
        assert_eq!((bin.n, bin.x), (10, 10));
        assert_eq!(Bin::from_measured(0, f64::INFINITY, 0.0, vec![]), None);
        assert_eq!(Bin::from_measured(0, 3.0, f64::NAN, vec![]), None);
    }

    #[test]
    fn no_requests_is_a_gap_and_not_zero() {
        assert_eq!(Bin::new(0, 0, 0).error_ratio(), None);
        assert_eq!(Bin::new(0, 4, 9).error_ratio(), Some(1.0));
    }

    #[test]
    fn finer_bins_are_summed_and_unfinished_groups_wait() {
        let bins: Vec<Bin> = [-10, -5, 0, 5, 10].map(|t| Bin::new(t, 7, 1)).to_vec();
        let grouped = regroup(&bins, 10, 15);
        assert_eq!(grouped, vec![Bin::new(-10, 14, 2), Bin::new(0, 14, 2)]);
        assert_eq!(sum(&bins).map(|b| (b.n, b.x)), Some((35, 5)));
    }

    #[test]
    fn slower_than_counts_the_buckets_above() {
        let bin = Bin {
            h: vec![500, 300, 150, 40, 10],
            ..Bin::new(0, 1000, 0)
        };
        assert_eq!(
            (bin.slower_than(0), bin.slower_than(3), bin.timed()),
            (500, 10, 1000)
        );
    }
}
