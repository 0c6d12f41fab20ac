//! The sequential test of one metric: evidence that it got worse ([`Mixture`]), evidence that it did not ([`Acquittal`]).
//!
//! A mixture of likelihood ratios over effect sizes and over the moment the change began is a non-negative supermartingale
//! from 1 while nothing changed, so it may be looked at after every bin (Ville's inequality). Sums live in log space.

use super::maths::{kl, log_add_exp, log_sum_exp, odds_times};
use super::settings::Settings;

/// Start weights: what the whole warm-up, the first bin after it, and all later bins may spend.
const WARM_UP_WEIGHT: f64 = 0.1;
const FIRST_WEIGHT: f64 = 0.4;
const LATER_WEIGHT: f64 = 0.5;

/// `n` requests, `x` bad ones among them, as numbers to calculate with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Bad requests.
    pub x: f64,
    /// Requests.
    pub n: f64,
}

impl Sample {
    /// From counts; `x` is kept within `n`.
    pub fn new(x: u64, n: u64) -> Self {
        Self {
            x: x.min(n) as f64,
            n: n as f64,
        }
    }
}

/// `ln` of the likelihood of the sample under the ratio `q` against the ratio `g`, divided by the dispersion.
pub fn likelihood(sample: Sample, q: f64, g: f64, phi: f64) -> f64 {
    let Sample { x, n } = sample;
    term(x, q, g, phi, n - x)
}

/// The canary's share of the bad requests of both arms, when its rate is `ratio` times the stable arm's.
pub fn share(canary_n: f64, stable_n: f64, ratio: f64) -> f64 {
    canary_n * ratio / (canary_n * ratio + stable_n)
}

/// The same likelihood with two arms, given the sum of their bad requests: the rate ratio `alt` against `null`.
pub fn canary_likelihood(canary: Sample, stable: Sample, alt: f64, null: f64, phi: f64) -> f64 {
    let (a, b) = (
        share(canary.n, stable.n, alt),
        share(canary.n, stable.n, null),
    );
    term(canary.x, a, b, phi, stable.x)
}

/// `[bad ln(q/g) + good ln((1-q)/(1-g))] / phi`, where an absent side adds nothing even if its logarithm is infinite.
fn term(bad: f64, q: f64, g: f64, phi: f64, good: f64) -> f64 {
    let part = |count: f64, a: f64, b: f64| {
        if count > 0.0 {
            count * (a / b).ln()
        } else {
            0.0
        }
    };
    (part(bad, q, g) + part(good, 1.0 - q, 1.0 - g)) / phi
}

/// One bin as the test sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Look {
    /// Against the time before: the sample and the null boundary `g`.
    Before {
        /// The bin.
        sample: Sample,
        /// The null boundary.
        g: f64,
    },
    /// Against the stable arm over the same bin.
    Beside {
        /// The canary's bin.
        canary: Sample,
        /// The stable arm's bin.
        stable: Sample,
        /// The tolerated rate ratio.
        ratio: f64,
    },
}

impl Look {
    /// The log likelihood ratio of an effect of size `m`.
    pub fn worse(self, m: f64, phi: f64) -> f64 {
        match self {
            Self::Before { sample, g } => likelihood(sample, odds_times(g, m), g, phi),
            Self::Beside {
                canary,
                stable,
                ratio,
            } => canary_likelihood(canary, stable, ratio * m, ratio, phi),
        }
    }
}

/// When a bin lies, which decides what may be spent on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before the end of the warm-up.
    WarmUp,
    /// After it.
    Open,
}

/// Evidence that a metric got worse.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    ln_a: Vec<f64>,
    spent: f64,
    opened: bool,
}

impl Mixture {
    /// No evidence yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            ln_a: vec![f64::NEG_INFINITY; settings.multipliers.len()],
            spent: 0.0,
            opened: false,
        }
    }

    /// Takes in one bin with requests.
    pub fn look(&mut self, look: Look, stage: Stage, phi: f64, settings: &Settings) {
        let v = self.start_weight(stage, settings);
        self.spent += v;
        for (ln_a, m) in self.ln_a.iter_mut().zip(&settings.multipliers) {
            *ln_a = log_add_exp(*ln_a, v.ln()) + look.worse(*m, phi).min(settings.cap);
        }
    }

    /// Forgets what was seen, and not what was spent: a change may begin anew, within the same chance of a false alarm.
    pub fn restart(&mut self) {
        self.ln_a.fill(f64::NEG_INFINITY);
    }

    /// The prior chance that the change began with this bin. Never more than 1 in sum.
    fn start_weight(&mut self, stage: Stage, settings: &Settings) -> f64 {
        let wanted = match stage {
            Stage::WarmUp => WARM_UP_WEIGHT / settings.warm_up_bins().max(1) as f64,
            Stage::Open if self.opened => LATER_WEIGHT / settings.watched_bins() as f64,
            Stage::Open => {
                self.opened = true;
                FIRST_WEIGHT
            }
        };
        wanted.min((1.0 - self.spent).max(0.0))
    }

    /// `ln E` of this metric: 0 without evidence.
    pub fn ln_e(&self) -> f64 {
        let kinds = self.ln_a.len().max(1) as f64;
        let begun = log_sum_exp(self.ln_a.iter().copied()) - kinds.ln();
        log_add_exp(begun, (1.0 - self.spent).max(0.0).ln())
    }
}

/// Evidence that a metric stays under the harm level: two alternatives, averaged.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Acquittal {
    /// The two sums of log likelihoods.
    pub f: [f64; 2],
}

impl Acquittal {
    /// Takes in one bin. `alternatives` are ratios (before/after) or rate ratios (canary), like `harm`.
    /// With `floor` a sum never falls under 0, so that an old bad time is not held against a recovery.
    pub fn look(
        &mut self,
        look: Look,
        alternatives: [f64; 2],
        harm: f64,
        phi: f64,
        floor: bool,
        settings: &Settings,
    ) {
        for (f, a) in self.f.iter_mut().zip(alternatives) {
            let l = match look {
                Look::Before { sample, .. } => likelihood(sample, a, harm, phi),
                Look::Beside { canary, stable, .. } => {
                    canary_likelihood(canary, stable, a, harm, phi)
                }
            };
            *f += l.min(settings.cap);
            if floor {
                *f = f.max(0.0);
            }
        }
    }

    /// `ln((e^F1 + e^F2) / 2)`.
    pub fn ln_f(&self) -> f64 {
        log_sum_exp(self.f) - 2f64.ln()
    }

    /// Whether the metric is shown to be fine.
    pub fn is_clear(&self, settings: &Settings) -> bool {
        self.ln_f() >= (1.0 / settings.beta).ln()
    }

    /// How many more requests it takes when each is bad with chance `p` and harm begins at `harm`.
    pub fn requests_needed(&self, p: f64, harm: f64, phi: f64, settings: &Settings) -> f64 {
        self.nats_needed(phi, settings) / kl(p, harm)
    }

    /// How much more evidence it takes, in nats of independent requests.
    pub fn nats_needed(&self, phi: f64, settings: &Settings) -> f64 {
        (((1.0 / settings.beta).ln() - self.ln_f()) * phi).max(0.0)
    }
}
