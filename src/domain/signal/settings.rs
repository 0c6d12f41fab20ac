//! The dials of the verdict, with the defaults of the method. Plain data: the configuration maps onto it.

/// What is tolerated, how sure the verdict must be, and how long it watches.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Chance of a false alarm per deploy, over all metrics and all looks together.
    pub alpha: f64,
    /// The part of `alpha` spent on the baseline's own uncertainty.
    pub baseline_share: f64,
    /// Tolerated relative rise of the error ratio (0.25 = a quarter more).
    pub rel: f64,
    /// Tolerated absolute rise of the error ratio (0.001 = 0.1 percentage points).
    pub abs: f64,
    /// Tolerated slowdown (0.20 = every request 20 % slower).
    pub slowdown: f64,
    /// Tolerated absolute rise of the share of slow requests.
    pub lat_abs: f64,
    /// Chance of calling a deploy healthy that doubles the tolerated odds.
    pub beta: f64,
    /// Seconds from the first traffic in which only severe errors count.
    pub warm_up_s: i64,
    /// Seconds from the first traffic after which an open verdict ends.
    pub horizon_s: i64,
    /// The most evidence (in nats) that one bin may bring.
    pub cap: f64,
    /// The effect sizes looked for, as multipliers of the odds.
    pub multipliers: Vec<f64>,
    /// Width of a bin in seconds.
    pub bin_s: i64,
    /// Dispersion assumed in canary mode, where common noise cancels.
    pub canary_dispersion: f64,
    /// The error level that counts already in the warm-up.
    pub severe: f64,
    /// Seconds after the warm-up before a deploy may be called healthy.
    pub healthy_after_s: i64,
    /// Seconds after the rollback (or the alarm) before a deploy may be called recovered.
    pub recovered_after_s: i64,
    /// Seconds without any bin after which the state is `no_data`.
    pub no_data_after_s: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            baseline_share: 0.3,
            rel: 0.25,
            abs: 0.001,
            slowdown: 0.20,
            lat_abs: 0.005,
            beta: 0.05,
            warm_up_s: 90,
            horizon_s: 1_800,
            cap: 4.0,
            multipliers: vec![1.2, 1.5, 2.0, 3.0, 6.0, 15.0, 50.0],
            bin_s: 15,
            canary_dispersion: 1.5,
            severe: 0.10,
            healthy_after_s: 300,
            recovered_after_s: 180,
            no_data_after_s: 300,
        }
    }
}

impl Settings {
    /// The limit that the logarithm of the overall evidence must reach for "degraded" (4.9618 by default).
    pub fn limit(&self) -> f64 {
        (1.0 / (self.alpha * (1.0 - self.baseline_share))).ln()
    }

    /// The width of a bin, at least one second.
    pub fn width(&self) -> i64 {
        self.bin_s.max(1)
    }

    /// Number of bins that touch the warm-up.
    pub fn warm_up_bins(&self) -> i64 {
        let width = self.width();
        let whole = self.warm_up_s.max(0) / width;
        whole.saturating_add(i64::from(self.warm_up_s.max(0) % width > 0))
    }

    /// The warm-up as it is applied: whole bins, in seconds.
    pub fn warm_up_span(&self) -> i64 {
        self.warm_up_bins().saturating_mul(self.width())
    }

    /// Number of bins between the warm-up and the horizon (114 by default), at least one.
    pub fn watched_bins(&self) -> i64 {
        let span = self.horizon_s.saturating_sub(self.warm_up_s.max(0));
        (span / self.width()).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_give_the_method_its_numbers() {
        let settings = Settings::default();
        assert!((settings.limit() - 4.961_845).abs() < 1e-4);
        assert_eq!(settings.warm_up_bins(), 6);
        assert_eq!(settings.watched_bins(), 114);
        let wide = Settings {
            bin_s: 60,
            ..settings
        };
        assert_eq!((wide.warm_up_bins(), wide.warm_up_span()), (2, 120));
    }
}
