//! The judge: takes bins in order, keeps the evidence, and knows the state. The live view and the replay share it.
//!
//! A bin is consumed once; what comes later never changes what was said of an earlier moment. Times are seconds from
//! the deploy. A missing bin is no evidence; [`Judge::advance_to`] tells that time passed without one.

use super::evidence::Stage;
use super::maths::log_sum_exp;
use super::metric::{self, Metric, Use};
use super::series::Bin;
use super::settings::Settings;
use super::verdict::VerdictState;

/// What the deploy is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The time before it.
    BeforeAfter,
    /// The stable instances beside it, over the same bins.
    Canary,
}

/// Where the watch stands while nothing has latched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Watching,
    Suspect,
    Healthy { since: i64 },
    Inconclusive,
}

/// The alarm, kept as it was raised.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alarm {
    /// When the deploy was convicted first.
    pub(super) first: i64,
    /// When it was convicted last: a deploy that recovered by itself may turn bad again.
    pub(super) at: i64,
    pub(super) metric: usize,
    pub(super) sure_after_s: i64,
    pub(super) sentence: String,
}

/// The sequential test of one deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    pub(super) settings: Settings,
    buckets: usize,
    pub(super) metrics: Vec<Metric>,
    /// First traffic of the new instances; the deploy itself in before/after mode.
    pub(super) first_traffic: Option<i64>,
    last_start: Option<i64>,
    pub(super) last_end: i64,
    pub(super) now: i64,
    pub(super) phase: Phase,
    pub(super) alarm: Option<Alarm>,
    pub(super) rollback_at: Option<i64>,
    rollback_counts: bool,
    pub(super) recovered_at: Option<i64>,
}

impl Judge {
    /// A judge who knows what was normal: `baseline` holds the bins before the deploy (the history of the stable
    /// instances in canary mode), all latencies over the same `bounds_ms` (ascending, finite).
    pub fn new(
        mode: Mode,
        baseline: &[Bin],
        bounds_ms: &[f64],
        slo_latency_ms: Option<f64>,
        settings: Settings,
    ) -> Self {
        let canary = mode == Mode::Canary;
        Self {
            buckets: bounds_ms.len().saturating_add(1),
            metrics: metric::choose(baseline, bounds_ms, slo_latency_ms, canary, &settings),
            first_traffic: (!canary).then_some(0),
            last_start: None,
            last_end: 0,
            now: 0,
            phase: Phase::Watching,
            alarm: None,
            rollback_at: None,
            rollback_counts: false,
            recovered_at: None,
            settings,
        }
    }

    /// Takes in the next bin (before/after mode). Bins before the deploy, and bins that are not after the last one, are
    /// ignored: the answer is `false`.
    pub fn push(&mut self, bin: &Bin) -> bool {
        self.consume(bin, None)
    }

    /// Takes in the next bin of both arms (canary mode); they cover the same interval.
    pub fn push_canary(&mut self, canary: &Bin, stable: &Bin) -> bool {
        self.consume(canary, Some(stable))
    }

    /// A bin of the stable arm to which the canary's is missing: it says what is usual, and nothing of the deploy.
    pub fn observe_stable(&mut self, stable: &Bin) {
        let buckets = self.buckets;
        for metric in &mut self.metrics {
            metric.observe_stable(stable, buckets);
        }
    }

    /// Time has come to `now_s` (of bins that should be there by now) without further bins.
    pub fn advance_to(&mut self, now_s: i64) {
        self.now = self.now.max(now_s);
        if self.now >= self.horizon_end() && matches!(self.phase, Phase::Watching | Phase::Suspect)
        {
            self.phase = Phase::Inconclusive;
        }
    }

    /// The rollback's deployment succeeded at `at_s`: from there on the bins, after their own warm-up, tell whether the
    /// signals are back; they no longer speak of the deploy. May be told ahead of those bins. The first call counts.
    pub fn rollback_succeeded(&mut self, at_s: i64) {
        self.rollback_at.get_or_insert(at_s);
    }

    fn consume(&mut self, bin: &Bin, stable: Option<&Bin>) -> bool {
        if bin.t < 0 || self.last_start.is_some_and(|last| bin.t <= last) {
            return false;
        }
        self.advance_to(bin.t);
        let end = bin.t.saturating_add(self.settings.width());
        self.last_start = Some(bin.t);
        self.last_end = end;
        if self.first_traffic.is_none() && bin.n > 0 {
            self.first_traffic = Some(bin.t);
        }
        let how = self.use_of(bin.t, end);
        for metric in &mut self.metrics {
            metric.look(bin, stable, self.buckets, how, &self.settings);
        }
        self.now = self.now.max(end);
        self.decide(end, how);
        self.advance_to(end);
        true
    }

    /// What the bin from `start` to `end` may be used for.
    fn use_of(&mut self, start: i64, end: i64) -> Use {
        let stage = if start < self.warm_up_end() {
            Stage::WarmUp
        } else {
            Stage::Open
        };
        if let Some(rollback) = self.rollback_at.filter(|at| end > *at) {
            if !self.rollback_counts {
                self.rollback_counts = true;
                self.metrics.iter_mut().for_each(Metric::restart_acquittal);
            }
            let warm = rollback.saturating_add(self.settings.warm_up_s.max(0));
            return Use {
                stage: Stage::Open,
                convict: false,
                acquit: start >= warm,
                floor: false,
            };
        }
        let within = start < self.horizon_end();
        Use {
            stage,
            convict: within,
            acquit: stage == Stage::Open && (within || self.alarm.is_some()),
            floor: self.alarm.is_some(),
        }
    }

    /// What the bin that ended at `end` decides.
    fn decide(&mut self, end: i64, how: Use) {
        let relapsed =
            how.convict && self.recovered_at.is_some() && self.ln_e() >= self.settings.limit();
        if relapsed {
            self.recovered_at = None;
            self.raise_alarm(end);
        } else if self.rollback_counts || self.alarm.is_some() {
            self.decide_recovery(end);
        } else if how.convict {
            self.decide_open(end);
        }
    }

    fn decide_open(&mut self, end: i64) {
        let (ln_e, limit) = (self.ln_e(), self.settings.limit());
        if ln_e >= limit {
            self.raise_alarm(end);
            return;
        }
        if self.phase == Phase::Suspect && ln_e < limit / 4.0 {
            self.phase = Phase::Watching;
        }
        if matches!(self.phase, Phase::Watching | Phase::Healthy { .. }) && ln_e >= limit / 2.0 {
            self.phase = Phase::Suspect;
        }
        let earliest = self
            .warm_up_end()
            .saturating_add(self.settings.healthy_after_s);
        if self.phase == Phase::Watching && end >= earliest && self.is_clear() {
            self.phase = Phase::Healthy { since: end };
        }
    }

    fn raise_alarm(&mut self, end: i64) {
        let Some((index, worst)) = self.worst_first().first().copied() else {
            return;
        };
        let from = if worst.is_open() {
            self.warm_up_end()
        } else {
            0
        };
        let sure_after_s = end.saturating_sub(from);
        let mut sentence = worst.line(Some(sure_after_s), &self.settings).sentence();
        if worst.is_thin() {
            sentence.push_str("; thin baseline");
        }
        self.alarm = Some(Alarm {
            first: self.alarm.as_ref().map_or(end, |a| a.first),
            at: end,
            metric: index,
            sure_after_s,
            sentence,
        });
        self.metrics.iter_mut().for_each(Metric::restart_acquittal);
    }

    fn decide_recovery(&mut self, end: i64) {
        let from = match (&self.alarm, self.rollback_at) {
            (_, Some(rollback)) if self.rollback_counts => rollback,
            (Some(alarm), _) => alarm.at,
            _ => return,
        };
        let earliest = from.saturating_add(self.settings.recovered_after_s);
        if self.recovered_at.is_none() && end >= earliest && self.is_clear() {
            self.recovered_at = Some(end);
            self.metrics.iter_mut().for_each(Metric::restart_conviction);
        }
    }

    pub(super) fn warm_up_end(&self) -> i64 {
        let span = self.settings.warm_up_span();
        self.first_traffic
            .map_or(i64::MAX, |start| start.saturating_add(span))
    }

    fn horizon_end(&self) -> i64 {
        let horizon = self.settings.horizon_s;
        self.first_traffic
            .map_or(i64::MAX, |start| start.saturating_add(horizon))
    }

    /// `ln E*`: the metrics' evidence, weighted.
    pub(super) fn ln_e(&self) -> f64 {
        log_sum_exp(self.metrics.iter().map(|m| m.weight.ln() + m.ln_e()))
    }

    fn is_clear(&self) -> bool {
        self.has_baseline() && self.metrics.iter().all(|m| m.is_clear(&self.settings))
    }

    pub(super) fn has_baseline(&self) -> bool {
        self.metrics.iter().any(Metric::has_baseline)
    }

    /// The metrics with their numbers, the worst first.
    pub(super) fn worst_first(&self) -> Vec<(usize, &Metric)> {
        let mut order: Vec<(usize, &Metric)> = self.metrics.iter().enumerate().collect();
        // Below zero nothing speaks against a metric: then errors, which come first, stay first.
        let worse = |m: &Metric| m.ln_e().max(0.0);
        order.sort_by(|(_, a), (_, b)| worse(b).total_cmp(&worse(a)));
        order
    }

    /// Whether bins are still expected.
    fn is_open(&self) -> bool {
        self.last_end < self.horizon_end() || self.alarm.is_some() || self.rollback_counts
    }

    /// Three or more bins are missing at the end.
    pub(super) fn is_stale(&self) -> bool {
        let missing = self.now.saturating_sub(self.last_end);
        self.is_open() && missing >= self.settings.width().saturating_mul(3)
    }

    fn no_data(&self) -> bool {
        let silent = self.now.saturating_sub(self.last_end) >= self.settings.no_data_after_s;
        !self.has_baseline() || (silent && self.is_open())
    }

    pub(super) fn state(&self) -> VerdictState {
        match (&self.alarm, self.recovered_at) {
            (Some(_), Some(_)) => return VerdictState::Recovered,
            (Some(_), None) => return VerdictState::Degraded,
            // Rolled back without an alarm, and shown to be fine.
            (None, Some(_)) => return VerdictState::Healthy,
            (None, None) => {}
        }
        if self.no_data() {
            return VerdictState::NoData;
        }
        match self.phase {
            Phase::Watching if self.now < self.warm_up_end() => VerdictState::Warming,
            Phase::Watching => VerdictState::Watching,
            Phase::Suspect => VerdictState::Suspect,
            Phase::Healthy { .. } => VerdictState::Healthy,
            Phase::Inconclusive => VerdictState::Inconclusive,
        }
    }
}
