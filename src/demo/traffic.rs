//! How requests fare: how many come, how many fail, how long they take. Pure functions of time, version and seed.

use jiff::Timestamp;

use super::catalog::{EnvSpec, ServiceSpec};
use super::num;
use super::rng::Rng;

/// Seconds between two scrapes.
pub(crate) const SCRAPE_S: i64 = 5;
/// Upper bounds of the latency buckets in seconds; the last bucket has none.
pub(crate) const BOUNDS: [f64; 11] = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0, 2.5, 5.0];
/// The buckets, the one without bound included.
pub(crate) const BUCKETS: usize = BOUNDS.len() + 1;
/// The status codes that are counted.
pub(crate) const CODES: [&str; 4] = ["200", "404", "500", "503"];
/// Counters of one group of pods: codes, buckets (not cumulative), the sum of all durations in hundredths of a second.
pub(crate) const COUNTERS: usize = CODES.len() + BUCKETS + 1;

/// What the counters grow by in one scrape interval.
pub(crate) type Growth = [u32; COUNTERS];

/// The spread of the logarithm of the response time.
const SIGMA: f64 = 0.6;
/// The 95th percentile of the standard normal distribution.
const Z95: f64 = 1.645;
/// The share of failing requests on the bad version, once it is fully bad, and how much slower it is.
const BAD_RATIO: f64 = 0.088;
const BAD_SLOWDOWN: f64 = 3.2;
/// Seconds from the first errors until the bad version fails in full.
const RAMP_S: f64 = 20.0;
/// It gets slow a little later: seconds from the first errors until the first slow answers, and from these until it is slow in full.
const SLOW_AFTER_S: f64 = 12.0;
const SLOW_RAMP_S: f64 = 24.0;

/// A version that starts to fail at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defect {
    pub(crate) commit: usize,
    pub(crate) from: Timestamp,
}

/// How a version behaves at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behaviour {
    pub(crate) error_ratio: f64,
    /// Median response time in seconds.
    pub(crate) median_s: f64,
    /// 0 for a sound version, 1 for a fully bad one.
    pub(crate) badness: f64,
}

/// How a version behaves at a virtual second.
pub(crate) fn behaviour(
    spec: &ServiceSpec,
    commit: usize,
    second: i64,
    defect: Option<Defect>,
) -> Behaviour {
    let age = defect
        .filter(|d| d.commit == commit)
        .map_or(f64::NEG_INFINITY, |d| (second - d.from.as_second()) as f64);
    let badness = (age / RAMP_S).clamp(0.0, 1.0);
    let slowness = ((age - SLOW_AFTER_S) / SLOW_RAMP_S).clamp(0.0, 1.0);
    let median = spec.p95_ms / 1000.0 / (SIGMA * Z95).exp();
    Behaviour {
        error_ratio: spec.error_ratio + (BAD_RATIO - spec.error_ratio) * badness,
        median_s: median * (1.0 + (BAD_SLOWDOWN - 1.0) * slowness),
        badness,
    }
}

/// Requests a second that are expected at a virtual second: a day's swing of a fifth, and a slow ripple.
pub(crate) fn expected(env: EnvSpec, second: i64) -> f64 {
    let turn = |period: f64| (second as f64 / period * std::f64::consts::TAU).sin();
    env.per_second * (1.0 - 0.2 * turn(86_400.0)) * (1.0 + 0.03 * turn(1_500.0))
}

/// The share of requests in each bucket.
pub(crate) fn shares(median_s: f64) -> [f64; BUCKETS] {
    let mut shares = [0.0; BUCKETS];
    let mut below = 0.0;
    let bounds = BOUNDS
        .iter()
        .map(|b| normal_below((b / median_s).ln() / SIGMA));
    for (share, upto) in shares.iter_mut().zip(bounds.chain([1.0])) {
        *share = (upto - below).max(0.0);
        below = upto;
    }
    shares
}

/// The standard normal distribution function, to 1e-7 (Abramowitz and Stegun 26.2.17).
fn normal_below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt() * poly;
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// What some requests add to the counters.
pub(crate) fn growth(rng: &mut Rng, requests: u64, behaviour: Behaviour) -> Growth {
    let failed = rng.binomial(requests, behaviour.error_ratio);
    let unavailable = rng.binomial(failed, 0.3);
    let missing = rng.binomial(requests - failed, 0.015);
    let mut growth = [0; COUNTERS];
    let mut cells = growth.iter_mut();
    for n in [
        requests - failed - missing,
        missing,
        failed - unavailable,
        unavailable,
    ] {
        if let Some(cell) = cells.next() {
            *cell = num::small(n);
        }
    }
    let (mut left, mut rest) = (requests, 1.0);
    for share in shares(behaviour.median_s) {
        let n = if rest > share {
            rng.binomial(left, share / rest)
        } else {
            left
        };
        (left, rest) = (left - n, rest - share);
        if let Some(cell) = cells.next() {
            *cell = num::small(n);
        }
    }
    if let Some(sum) = cells.next() {
        let mean = behaviour.median_s * (SIGMA * SIGMA / 2.0).exp() * rng.between(0.97, 1.03);
        *sum = num::small(num::count(requests as f64 * mean * 100.0));
    }
    growth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_put_the_95th_percentile_where_it_belongs() {
        let spec = crate::demo::catalog::service("checkout").unwrap();
        let sound = behaviour(spec, 1, 0, None);
        let shares = shares(sound.median_s);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let slower_than_200: f64 = shares.iter().skip(5).sum();
        assert!((0.03..0.05).contains(&slower_than_200), "{slower_than_200}");
    }

    #[test]
    fn growth_counts_every_request_once_by_code_and_once_by_bucket() {
        let mut rng = Rng::new(1, &[]);
        let b = Behaviour {
            error_ratio: 0.1,
            median_s: 0.1,
            badness: 0.0,
        };
        let g = growth(&mut rng, 500, b);
        assert_eq!(g[..4].iter().sum::<u32>(), 500);
        assert_eq!(g[4..16].iter().sum::<u32>(), 500);
        assert!(g[2] + g[3] > 20);
    }
}
