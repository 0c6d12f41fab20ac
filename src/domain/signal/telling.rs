//! The judge tells: from the state of the evidence to a [`Verdict`] with its sentences.

use crate::domain::units::thousands;

use super::judge::{Judge, Phase};
use super::metric::Metric;
use super::series::whole;
use super::verdict::{MetricEvidence, Verdict, VerdictState};
use super::wording::Line;

impl Judge {
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
            first_degraded_at_s: self.alarm.as_ref().map(|a| a.first),
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
            stale: self.is_stale(),
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
        whole(most)
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
                let more = needs
                    .filter(|n| *n > 0)
                    .map(|n| format!("; about {} more requests needed", thousands(n)));
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
                Some(n) if n > 0 => format!("about {} more to be sure", thousands(n)),
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
