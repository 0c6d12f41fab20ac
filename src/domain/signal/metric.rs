//! One metric under watch: its baseline, its evidence both ways, and its counts since the deploy.

use super::baseline::{Baseline, Tolerance, Trial, estimate};
use super::evidence::{Acquittal, Look, Mixture, Sample, Stage, share};
use super::latency;
use super::maths::kl;
use super::series::{Bin, sum, whole};
use super::settings::Settings;
use super::verdict::{Counts, MetricEvidence};
use super::wording::{Line, Name};

/// What of a bin this metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Errors,
    Slower { bound: usize },
}

/// What may be done with a bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    /// Warm-up or after.
    pub(super) stage: Stage,
    /// It belongs to the deploy under test: it counts and may convict.
    pub(super) convict: bool,
    /// It may speak for the deploy (or for its rollback).
    pub(super) acquit: bool,
    /// Sums that speak for it never fall under 0.
    pub(super) floor: bool,
}

/// Running counts of the arms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Arms {
    deploy: Counts,
    stable: Counts,
}

/// A metric under watch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Metric {
    name: Name,
    kind: Kind,
    pub(super) weight: f64,
    base: Baseline,
    /// Canary mode: history and the stable arm's bins so far.
    stable: Option<Counts>,
    mixture: Mixture,
    acquittal: Acquittal,
    warm_up: Arms,
    open: Arms,
}

/// The metrics to watch: errors always, and up to three latency bounds that the baseline lets choose.
pub(super) fn choose(
    baseline: &[Bin],
    bounds_ms: &[f64],
    slo_ms: Option<f64>,
    canary: bool,
    settings: &Settings,
) -> Vec<Metric> {
    let buckets = bounds_ms.len().saturating_add(1);
    let counts = sum(baseline.iter().filter(|b| b.h.len() == buckets))
        .unwrap_or_default()
        .h;
    let bounds = latency::choose(bounds_ms, &counts, slo_ms);
    let errors_weight = if bounds.is_empty() { 1.0 } else { 0.5 };
    let each = 0.5 / bounds.len().max(1) as f64;
    let mut metrics = vec![Metric::new(
        Name::Errors,
        Kind::Errors,
        Tolerance::Errors,
        errors_weight,
        baseline,
        (buckets, canary),
        settings,
    )];
    for bound in bounds {
        let Some(ms) = bounds_ms.get(bound) else {
            continue;
        };
        let lift = latency::lift(bounds_ms, &counts, bound, settings.slowdown);
        metrics.push(Metric::new(
            Name::Slower(*ms),
            Kind::Slower { bound },
            Tolerance::Slower { lift },
            each,
            baseline,
            (buckets, canary),
            settings,
        ));
    }
    metrics
}

impl Metric {
    fn new(
        name: Name,
        kind: Kind,
        tolerance: Tolerance,
        weight: f64,
        baseline: &[Bin],
        (buckets, canary): (usize, bool),
        settings: &Settings,
    ) -> Self {
        let trials: Vec<Trial> = baseline
            .iter()
            .filter_map(|bin| {
                let Counts { x, n } = kind.counts(bin, buckets)?;
                Some(Trial {
                    slot: bin.t.div_euclid(settings.width()),
                    n,
                    x,
                })
            })
            .collect();
        let phi = canary.then_some(settings.canary_dispersion);
        let base = Baseline::measure(&trials, tolerance, weight, phi, settings);
        Self {
            name,
            kind,
            weight,
            stable: canary.then_some(Counts {
                x: base.x,
                n: base.n,
            }),
            base,
            mixture: Mixture::new(settings),
            acquittal: Acquittal::default(),
            warm_up: Arms::default(),
            open: Arms::default(),
        }
    }

    /// Whether there is something to compare with.
    pub(super) fn has_baseline(&self) -> bool {
        self.stable.is_some_and(|s| s.n > 0) || self.base.n > 0
    }

    /// Takes in one bin of the deploy and, in canary mode, the stable arm's bin of the same time.
    pub(super) fn look(
        &mut self,
        bin: &Bin,
        stable: Option<&Bin>,
        buckets: usize,
        how: Use,
        settings: &Settings,
    ) {
        let Some(now) = self.kind.counts(bin, buckets) else {
            return;
        };
        let beside = stable.and_then(|s| self.kind.counts(s, buckets));
        let look = match (self.stable, beside) {
            (Some(_), Some(beside)) if now.n > 0 && beside.n > 0 => {
                self.beside(now, beside, how.stage, settings)
            }
            (None, _) if now.n > 0 && self.base.n > 0 => self.before(now, how.stage, settings),
            _ => return self.observe(beside),
        };
        if how.convict {
            let arms = match how.stage {
                Stage::WarmUp => &mut self.warm_up,
                Stage::Open => &mut self.open,
            };
            arms.deploy.add(now.x, now.n);
            if let Some(beside) = beside {
                arms.stable.add(beside.x, beside.n);
            }
            if how.stage == Stage::Open || self.kind == Kind::Errors {
                self.mixture.look(look, how.stage, self.base.phi, settings);
            }
        }
        if how.acquit {
            let (alternatives, harm) = self.claims(look, settings);
            self.acquittal
                .look(look, alternatives, harm, self.base.phi, how.floor, settings);
        }
        self.observe(beside);
    }

    /// The stable arm's bin joins what is known of the usual ratio, for the bins after it.
    pub(super) fn observe_stable(&mut self, stable: &Bin, buckets: usize) {
        let counts = self.kind.counts(stable, buckets);
        self.observe(counts);
    }

    fn observe(&mut self, beside: Option<Counts>) {
        if let (Some(stable), Some(beside)) = (&mut self.stable, beside) {
            stable.add(beside.x, beside.n);
        }
    }

    fn before(&self, now: Counts, stage: Stage, settings: &Settings) -> Look {
        let g = match stage {
            Stage::WarmUp => self.base.g.max(settings.severe),
            Stage::Open => self.base.g,
        };
        Look::Before {
            sample: Sample::new(now.x, now.n),
            g,
        }
    }

    fn beside(&self, now: Counts, beside: Counts, stage: Stage, settings: &Settings) -> Look {
        let p = self.usual();
        let tolerated = self.base.tolerance.rate_ratio(p, settings);
        let ratio = match stage {
            Stage::WarmUp => tolerated.max(settings.severe / p),
            Stage::Open => tolerated,
        };
        Look::Beside {
            canary: Sample::new(now.x, now.n),
            stable: Sample::new(beside.x, beside.n),
            ratio,
        }
    }

    /// The estimate of the usual ratio, as far as it is known.
    fn usual(&self) -> f64 {
        self.stable.map_or(self.base.p, |s| estimate(s.x, s.n))
    }

    /// The two ways to be fine, and the harm level they are held against.
    fn claims(&self, look: Look, settings: &Settings) -> ([f64; 2], f64) {
        match look {
            Look::Before { .. } => {
                let harm = self.base.harm;
                let usual = self.base.ratio().unwrap_or(self.base.p).max(harm / 5.0);
                ([usual, harm / 2.0], harm)
            }
            Look::Beside { .. } => {
                let ratio = self.base.tolerance.rate_ratio(self.usual(), settings);
                ([1.0, ratio], 2.0 * ratio)
            }
        }
    }

    /// `ln E`.
    pub(super) fn ln_e(&self) -> f64 {
        self.mixture.ln_e()
    }

    /// Whether the metric is shown to be fine.
    pub(super) fn is_clear(&self, settings: &Settings) -> bool {
        self.acquittal.is_clear(settings)
    }

    /// Forgets what spoke for the deploy: a new claim begins.
    pub(super) fn restart_acquittal(&mut self) {
        self.acquittal = Acquittal::default();
    }

    /// Forgets what spoke against the deploy: it recovered, and may turn bad again.
    pub(super) fn restart_conviction(&mut self) {
        self.mixture.restart();
    }

    /// Requests still needed to show that the metric is fine, if it is; `None` when that cannot be told.
    pub(super) fn requests_needed(&self, settings: &Settings) -> Option<f64> {
        let phi = self.base.phi;
        let needed = if self.stable.is_none() {
            self.acquittal
                .requests_needed(self.base.p, self.base.harm, phi, settings)
        } else {
            // Only bad requests speak here, so their number decides; both arms' sizes set how loudly.
            let (p, arms) = (self.usual(), self.open);
            let (c, s) = (arms.deploy.n as f64, arms.stable.n as f64);
            let harm = 2.0 * self.base.tolerance.rate_ratio(p, settings);
            let told = kl(c / (c + s), share(c, s, harm));
            self.acquittal.nats_needed(phi, settings) / (told * p * (1.0 + s / c))
        };
        needed.is_finite().then_some(needed)
    }

    /// Bad requests since the deploy beyond what the usual ratio explains; 0 for anything but errors.
    pub(super) fn extra_failures(&self) -> u64 {
        if self.kind != Kind::Errors {
            return 0;
        }
        let mut all = self.warm_up.deploy;
        all.add(self.open.deploy.x, self.open.deploy.n);
        let usual = match self.stable {
            Some(s) => s.ratio(),
            None => self.base.ratio(),
        };
        usual.map_or(0, |p| whole(all.x as f64 - all.n as f64 * p).unwrap_or(0))
    }

    /// Whether the baseline's own uncertainty rules.
    pub(super) fn is_thin(&self) -> bool {
        self.stable
            .map_or(self.base.is_thin(), |s| s.x < 200 && s.n < 20_000)
    }

    /// Whether requests were counted after the warm-up.
    pub(super) fn is_open(&self) -> bool {
        self.open.deploy.n > 0
    }

    /// What the sentences about this metric are made of.
    pub(super) fn line(&self, sure_after_s: Option<i64>, settings: &Settings) -> Line {
        let (arms, severe) = if self.is_open() {
            (self.open, 0.0)
        } else if self.kind == Kind::Errors && self.warm_up.deploy.n > 0 {
            (self.warm_up, settings.severe)
        } else {
            (self.warm_up, 0.0)
        };
        let (before, tolerated) = match self.stable {
            None => (
                Counts {
                    x: self.base.x,
                    n: self.base.n,
                },
                self.base.g,
            ),
            Some(all) => {
                let p = self.usual();
                let level = (p * self.base.tolerance.rate_ratio(p, settings)).min(1.0);
                (if arms.stable.n > 0 { arms.stable } else { all }, level)
            }
        };
        Line {
            name: self.name,
            before,
            after: arms.deploy,
            since_warm_up: self.is_open() || self.warm_up.deploy.n == 0,
            tolerated: tolerated.max(severe),
            phi: self.base.phi,
            sure_after_s,
        }
    }

    /// What this metric says now.
    pub(super) fn evidence(
        &self,
        sure_after_s: Option<i64>,
        settings: &Settings,
    ) -> MetricEvidence {
        let line = self.line(sure_after_s, settings);
        MetricEvidence {
            metric: self.name.id(),
            baseline: line.before,
            after: line.after,
            tolerated: line.tolerated,
            dispersion: self.base.phi,
            log_e: self.ln_e(),
            limit: settings.limit(),
            text: line.sentence(),
        }
    }
}

impl Kind {
    /// This metric's counts in a bin; `None` when the bin does not know them.
    fn counts(self, bin: &Bin, buckets: usize) -> Option<Counts> {
        match self {
            Self::Errors => Some(Counts {
                x: bin.errors(),
                n: bin.n,
            }),
            Self::Slower { bound } => (bin.h.len() == buckets).then(|| Counts {
                x: bin.slower_than(bound),
                n: bin.timed(),
            }),
        }
    }
}
