//! The judge: takes bins in order, keeps the evidence, and knows the state. The live view and the replay share it.
//!
//! A bin is consumed once; what comes later never changes what was said of an earlier moment. Times are seconds from
//! the deploy. A missing bin is no evidence; [`Judge::advance_to`] tells that time passed without one.

use super::evidence::Stage;
use super::maths::log_sum_exp;
use super::metric::{self, Metric, Use};
use super::series::Bin;
use super::settings::Settings;
use super::verdict::{MetricEvidence, Verdict, VerdictState};
use super::wording::Line;

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
enum Phase {
    Watching,
    Suspect,
    Healthy { since: i64 },
    Inconclusive,
}

/// The alarm, kept as it was raised.
#[derive(Debug, Clone, PartialEq)]
struct Alarm {
    at: i64,
    metric: usize,
    sure_after_s: i64,
    sentence: String,
}

/// The sequential test of one deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    settings: Settings,
    buckets: usize,
    metrics: Vec<Metric>,
    /// First traffic of the new instances; the deploy itself in before/after mode.
    first_traffic: Option<i64>,
    last_start: Option<i64>,
    last_end: i64,
    now: i64,
    phase: Phase,
    alarm: Option<Alarm>,
    rollback_at: Option<i64>,
    rollback_counts: bool,
    recovered_at: Option<i64>,
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
        if self.rollback_counts || self.alarm.is_some() {
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
        }
    }

    fn warm_up_end(&self) -> i64 {
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
    fn ln_e(&self) -> f64 {
        log_sum_exp(self.metrics.iter().map(|m| m.weight.ln() + m.ln_e()))
    }

    fn is_clear(&self) -> bool {
        self.has_baseline() && self.metrics.iter().all(|m| m.is_clear(&self.settings))
    }

    fn has_baseline(&self) -> bool {
        self.metrics.iter().any(Metric::has_baseline)
    }

    /// The metrics with their numbers, the worst first.
    fn worst_first(&self) -> Vec<(usize, &Metric)> {
        let mut order: Vec<(usize, &Metric)> = self.metrics.iter().enumerate().collect();
        order.sort_by(|(_, a), (_, b)| b.ln_e().total_cmp(&a.ln_e()));
        order
    }

    fn no_data(&self) -> bool {
        let silent = self.now.saturating_sub(self.last_end) >= self.settings.no_data_after_s;
        !self.has_baseline() || (silent && self.last_end < self.horizon_end())
    }

    fn state(&self) -> VerdictState {
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

    /// The answer as of the last bin or [`Judge::advance_to`].
    pub fn verdict(&self) -> Verdict {
        let state = self.state();
        let (ln_e, limit) = (self.ln_e(), self.settings.limit());
        let order = self.worst_first();
        let sure = |index: usize| {
            self.alarm
                .as_ref()
                .filter(|a| a.metric == index)
                .map(|a| a.sure_after_s)
        };
        let evidence: Vec<MetricEvidence> = order
            .iter()
            .map(|(i, m)| m.evidence(sure(*i), &self.settings))
            .collect();
        let healthy_at_s = match (state, self.phase) {
            (VerdictState::Healthy, _) if self.recovered_at.is_some() => self.recovered_at,
            (VerdictState::Healthy, Phase::Healthy { since }) => Some(since),
            _ => None,
        };
        let needs_requests = self.needs_requests(state);
        let headline = self
            .alarm
            .as_ref()
            .and_then(|a| self.metrics.get(a.metric))
            .or_else(|| order.first().map(|(_, m)| *m))
            .map(|m| m.line(self.alarm.as_ref().map(|a| a.sure_after_s), &self.settings));
        Verdict {
            state,
            word: state.word(),
            summary: self.summary(state, headline, healthy_at_s, needs_requests),
            short: self.short(state, headline, healthy_at_s, needs_requests),
            first_degraded_at_s: self.alarm.as_ref().map(|a| a.at),
            healthy_at_s,
            recovered_at_s: self.recovered_at,
            advise_rollback: state == VerdictState::Degraded
                && self.rollback_at.is_none_or(|at| at > self.now),
            evidence,
            needs_requests,
            progress: (ln_e / limit).clamp(0.0, 1.0),
            log_e: ln_e,
            limit,
            extra_failures: self
                .metrics
                .iter()
                .map(Metric::extra_failures)
                .max()
                .unwrap_or(0),
            stale: self.now.saturating_sub(self.last_end)
                >= self.settings.width().saturating_mul(3),
            as_of_s: self.now,
        }
    }

    fn needs_requests(&self, state: VerdictState) -> Option<u64> {
        if matches!(
            state,
            VerdictState::Healthy | VerdictState::Degraded | VerdictState::Recovered
        ) || !self.has_baseline()
        {
            return None;
        }
        let most = self
            .metrics
            .iter()
            .map(|m| m.requests_needed(&self.settings))
            .try_fold(0.0, |most: f64, needed| needed.map(|n| most.max(n)))?;
        super::series::whole(most)
    }

    fn summary(
        &self,
        state: VerdictState,
        headline: Option<Line>,
        healthy_at: Option<i64>,
        needs: Option<u64>,
    ) -> String {
        let worst = headline.map(|l| l.sentence()).unwrap_or_default();
        let thin = if self.metrics.first().is_some_and(Metric::is_thin) {
            "; thin baseline"
        } else {
            ""
        };
        if let Some(alarm) = &self.alarm {
            return match self.recovered_at {
                Some(at) => format!(
                    "recovered after {at} s; was degraded at {} s: {}",
                    alarm.at, alarm.sentence
                ),
                None => alarm.sentence.clone(),
            };
        }
        match state {
            VerdictState::Healthy => {
                format!(
                    "healthy after {} s: {worst}{thin}",
                    healthy_at.unwrap_or(self.now)
                )
            }
            VerdictState::NoData => self.without_data(),
            _ => {
                let more = needs.filter(|n| *n > 0).map(|n| {
                    format!(
                        "; about {} more requests needed",
                        crate::domain::units::thousands(n)
                    )
                });
                format!(
                    "{}: {worst}{}{thin}",
                    state.label(),
                    more.unwrap_or_default()
                )
            }
        }
    }

    fn short(
        &self,
        state: VerdictState,
        headline: Option<Line>,
        healthy_at: Option<i64>,
        needs: Option<u64>,
    ) -> String {
        let line = headline.map(|l| l.short()).unwrap_or_default();
        let ending = match state {
            VerdictState::NoData => return self.without_data(),
            VerdictState::Degraded => {
                format!(
                    "sure after {} s",
                    self.alarm.as_ref().map_or(0, |a| a.sure_after_s)
                )
            }
            VerdictState::Recovered => format!(
                "recovered after {} s",
                self.recovered_at.unwrap_or(self.now)
            ),
            VerdictState::Healthy => format!("healthy after {} s", healthy_at.unwrap_or(self.now)),
            VerdictState::Suspect => "looks worse, not sure yet".to_owned(),
            VerdictState::Warming => format!(
                "warming up: {} s of {} s",
                self.warmed(),
                self.settings.warm_up_span()
            ),
            VerdictState::Watching | VerdictState::Inconclusive => match needs {
                Some(n) if n > 0 => format!(
                    "about {} more to be sure",
                    crate::domain::units::thousands(n)
                ),
                _ if state == VerdictState::Watching => "watching".to_owned(),
                _ => "no answer".to_owned(),
            },
        };
        format!("{line}, {ending}")
    }

    fn warmed(&self) -> i64 {
        self.first_traffic
            .map_or(0, |start| self.now.saturating_sub(start).max(0))
    }

    fn without_data(&self) -> String {
        if self.has_baseline() {
            format!("no data for {} s", self.now.saturating_sub(self.last_end))
        } else {
            "no data: nothing measured before the deploy to compare with".to_owned()
        }
    }
}
