//! What was normal before the deploy, per metric: the ratio, how bursty it is, and the level that is still tolerated.

use super::maths::{normal_quantile, odds_times, wilson_upper};
use super::settings::Settings;

/// Levels above this are not tested: nothing could be worse.
const MOST: f64 = 0.98;
/// Block lengths, in bins, over which requests may fail together.
const BLOCKS: [i64; 3] = [1, 4, 16];
/// Fewer groups than this say nothing about dispersion.
const LEAST_GROUPS: u64 = 8;

/// One metric's counts in one bin of the baseline: index of the bin, requests, and those that count against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// Number of the bin on the grid of the deploy (start divided by width).
    pub slot: i64,
    /// Requests.
    pub n: u64,
    /// Bad ones among them.
    pub x: u64,
}

/// How a metric's tolerance is stated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// Errors: a relative and an absolute rise.
    Errors,
    /// Slow requests: the odds may rise by this factor, which is what the tolerated slowdown would do.
    Slower {
        /// See [`super::latency::lift`].
        lift: f64,
    },
}

impl Tolerance {
    /// The tolerated ratio when the usual one is `p`.
    pub fn level(self, p: f64, settings: &Settings) -> f64 {
        match self {
            Self::Errors => (p * (1.0 + settings.rel)).max(p + settings.abs),
            Self::Slower { lift } => odds_times(p, lift).max(p + settings.lat_abs),
        }
    }

    /// The tolerated ratio of rates between two arms when the usual ratio is `p`.
    pub fn rate_ratio(self, p: f64, settings: &Settings) -> f64 {
        match self {
            Self::Errors => 1.0 + settings.rel.max(settings.abs / p),
            Self::Slower { .. } => self.level(p, settings) / p,
        }
    }
}

/// One metric's baseline, fixed before the first look.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Bad requests.
    pub x: u64,
    /// Requests.
    pub n: u64,
    /// Dispersion: how many times more the ratio varies than independent requests would (>= 1).
    pub phi: f64,
    /// Estimate of the ratio, `(x + 0.5) / (n + 1)`.
    pub p: f64,
    /// Upper confidence bound of the ratio.
    pub upper: f64,
    /// Tolerated ratio.
    pub tol: f64,
    /// The boundary of "no worse than tolerated": evidence counts only beyond it.
    pub g: f64,
    /// The harm level that a healthy deploy must be shown to stay under.
    pub harm: f64,
    /// How the tolerance is stated.
    pub tolerance: Tolerance,
}

impl Baseline {
    /// Measures a metric of weight `weight`; `fixed_phi` replaces the measured dispersion (canary mode).
    pub fn measure(
        trials: &[Trial],
        tolerance: Tolerance,
        weight: f64,
        fixed_phi: Option<f64>,
        settings: &Settings,
    ) -> Self {
        let (x, n) = sums(trials);
        let phi = fixed_phi.unwrap_or_else(|| dispersion(trials)).max(1.0);
        Self::from_counts(x, n, phi, tolerance, weight, settings)
    }

    /// The same from total counts and a known dispersion.
    pub fn from_counts(
        x: u64,
        n: u64,
        phi: f64,
        tolerance: Tolerance,
        weight: f64,
        settings: &Settings,
    ) -> Self {
        let z = normal_quantile(1.0 - settings.alpha * settings.baseline_share * weight);
        let upper = wilson_upper(x as f64 / phi, n as f64 / phi, z);
        let p = estimate(x, n);
        let tol = tolerance.level(p, settings);
        Self {
            x,
            n,
            phi,
            p,
            upper,
            tol,
            g: upper.max(tol).min(MOST),
            harm: odds_times(tol.min(MOST), 2.0),
            tolerance,
        }
    }

    /// The plain ratio; `None` without requests.
    pub fn ratio(&self) -> Option<f64> {
        (self.n > 0).then(|| self.x as f64 / self.n as f64)
    }

    /// Under 200 bad requests and 20,000 requests a baseline is thin: its own uncertainty rules.
    pub fn is_thin(&self) -> bool {
        self.x < 200 && self.n < 20_000
    }
}

/// The estimate of a ratio that is never 0 or 1.
pub fn estimate(x: u64, n: u64) -> f64 {
    (x.min(n) as f64 + 0.5) / (n as f64 + 1.0)
}

fn sums(trials: &[Trial]) -> (u64, u64) {
    trials.iter().fold((0u64, 0u64), |(x, n), t| {
        (x.saturating_add(t.x.min(t.n)), n.saturating_add(t.n))
    })
}

/// The dispersion of a metric: the largest of the [`block_dispersion`]s over blocks of 1, 4 and 16 bins, at least 1.
pub fn dispersion(trials: &[Trial]) -> f64 {
    BLOCKS
        .iter()
        .filter_map(|b| block_dispersion(trials, *b))
        .fold(1.0, f64::max)
}

/// Pearson's chi-square per degree of freedom over blocks of `block` bins: 1 for independent requests, more when they
/// fail together. `None` with under 8 non-empty blocks; 1 when nothing or everything failed.
pub fn block_dispersion(trials: &[Trial], block: i64) -> Option<f64> {
    let (x, n) = sums(trials);
    let p = if n == 0 { 0.0 } else { x as f64 / n as f64 };
    let mut chi = 0.0;
    let mut groups = 0u64;
    let mut close = |n: f64, x: f64| {
        if n > 0.0 {
            groups += 1;
            chi += (x - n * p).powi(2) / (n * p * (1.0 - p));
        }
    };
    let mut current: Option<(i64, f64, f64)> = None;
    for trial in trials {
        let slot = trial.slot.div_euclid(block.max(1));
        let (tn, tx) = (trial.n as f64, trial.x.min(trial.n) as f64);
        current = match current {
            Some((open, gn, gx)) if open == slot => Some((open, gn + tn, gx + tx)),
            Some((_, gn, gx)) => {
                close(gn, gx);
                Some((slot, tn, tx))
            }
            None => Some((slot, tn, tx)),
        };
    }
    if let Some((_, gn, gx)) = current {
        close(gn, gx);
    }
    if groups < LEAST_GROUPS {
        None
    } else if p <= 0.0 || p >= 1.0 {
        Some(1.0)
    } else {
        Some(chi / (groups - 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_baseline_bounds_nothing() {
        let settings = Settings::default();
        let b = Baseline::measure(&[], Tolerance::Errors, 1.0, None, &settings);
        assert!((b.upper - 1.0).abs() < 1e-12 && (b.g - 0.98).abs() < 1e-12);
        assert_eq!(b.ratio(), None);
        assert!(b.is_thin());
    }

    #[test]
    fn gaps_do_not_shift_the_blocks() {
        // Slots 0..4 and 8..12 are two blocks of four; the missing slots between make none.
        let trials: Vec<Trial> = (0..64)
            .filter(|s| s % 8 < 4)
            .map(|slot| Trial { slot, n: 10, x: 1 })
            .collect();
        assert!(block_dispersion(&trials, 4).is_some());
        assert!(block_dispersion(&trials, 16).is_none());
    }
}
