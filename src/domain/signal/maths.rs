//! The small mathematics of the verdict: odds, log-space sums, the Wilson bound, the normal quantile.
//! All functions are total: whatever numbers come in, a number goes out and nothing panics.

use statrs::distribution::{ContinuousCDF, Normal};

/// Multiplies the odds of the probability `p` by `m`: `pm / (1 - p + pm)`. Stays within 0..1 for `p` in 0..1.
pub fn odds_times(p: f64, m: f64) -> f64 {
    p * m / (1.0 - p + p * m)
}

/// The odds `p / (1 - p)` of a probability below 1.
pub fn odds(p: f64) -> f64 {
    p / (1.0 - p)
}

/// `ln(p / (1 - p))`.
pub fn logit(p: f64) -> f64 {
    odds(p).ln()
}

/// The inverse of [`logit`].
pub fn logistic(y: f64) -> f64 {
    1.0 / (1.0 + (-y).exp())
}

/// `ln(e^a + e^b)` without overflow; `-inf` stands for an empty sum.
pub fn log_add_exp(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY {
        high
    } else {
        high + (low - high).exp().ln_1p()
    }
}

/// `ln(sum of e^terms)`; `-inf` for no terms.
pub fn log_sum_exp(terms: impl IntoIterator<Item = f64>) -> f64 {
    terms.into_iter().fold(f64::NEG_INFINITY, log_add_exp)
}

/// The point below which a standard normal variable stays with probability `p` (0 < p < 1).
/// Outside of that range the answer is clamped to what doubles can tell apart.
pub fn normal_quantile(p: f64) -> f64 {
    let p = if p.is_nan() { 0.5 } else { p };
    Normal::standard().inverse_cdf(p.clamp(1e-15, 1.0 - 1e-15))
}

/// Wilson's upper bound of a ratio `x / n` (both may be fractional effective counts) at `z` standard deviations.
/// Nothing observed bounds nothing: the answer for `n = 0` is 1.
pub fn wilson_upper(x: f64, n: f64, z: f64) -> f64 {
    if n <= 0.0 {
        return 1.0;
    }
    let p = (x / n).clamp(0.0, 1.0);
    let z2 = z * z;
    let spread = z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((p + z2 / (2.0 * n) + spread) / (1.0 + z2 / n)).clamp(0.0, 1.0)
}

/// Kullback-Leibler divergence between coins with chances `p` and `h`, in nats per throw; `h` strictly within 0..1.
pub fn kl(p: f64, h: f64) -> f64 {
    let part = |a: f64, b: f64| if a > 0.0 { a * (a / b).ln() } else { 0.0 };
    part(p, h) + part(1.0 - p, 1.0 - h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_space_sums() {
        assert!((log_add_exp(0.0, 0.0) - 2f64.ln()).abs() < 1e-12);
        assert!((log_add_exp(1e6, 0.0) - 1e6).abs() < 1e-9);
        assert!((log_add_exp(f64::NEG_INFINITY, -3.0) + 3.0).abs() < 1e-12);
        assert!(log_sum_exp([]).is_infinite() && log_sum_exp([]) < 0.0);
    }

    #[test]
    fn quantile_and_divergence() {
        assert!((normal_quantile(1.0 - 0.01 * 0.3 * 0.5) - 2.967_738).abs() < 1e-6);
        assert!(normal_quantile(0.0).is_finite() && normal_quantile(2.0).is_finite());
        assert!(kl(0.3, 0.3).abs() < 1e-12);
        assert!(kl(0.0, 0.5) > 0.0);
        assert!((logistic(logit(0.2)) - 0.2).abs() < 1e-12);
    }
}
