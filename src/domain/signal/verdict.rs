//! The verdict as data: state, the three words for machines, the evidence, and the sentences that go with it.

use serde::{Deserialize, Serialize};

/// What the signals say of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictState {
    /// New instances take their first traffic; only severe errors count.
    Warming,
    /// Not enough evidence either way yet.
    Watching,
    /// Looks worse, not sure yet; no advice.
    Suspect,
    /// Shown to be no worse than tolerated.
    Healthy,
    /// Shown to be worse; stays until a rollback or a recovery.
    Degraded,
    /// Was degraded; shown to be back at the level from before.
    Recovered,
    /// The watch ended without an answer.
    Inconclusive,
    /// No measurements for minutes, or nothing to compare with.
    NoData,
}

/// The verdict in the three words that scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Healthy.
    Healthy,
    /// Not decided.
    Watching,
    /// Degraded, even if recovered since.
    Degraded,
}

impl VerdictState {
    /// The word for machines.
    pub fn word(self) -> Word {
        match self {
            Self::Healthy => Word::Healthy,
            Self::Degraded | Self::Recovered => Word::Degraded,
            _ => Word::Watching,
        }
    }

    /// The state as people read it: `no data`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Warming => "warming",
            Self::Watching => "watching",
            Self::Suspect => "suspect",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Recovered => "recovered",
            Self::Inconclusive => "inconclusive",
            Self::NoData => "no data",
        }
    }
}

/// `x` bad requests of `n`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Bad requests.
    pub x: u64,
    /// Requests.
    pub n: u64,
}

impl Counts {
    /// The ratio; `None` without requests.
    pub fn ratio(self) -> Option<f64> {
        (self.n > 0).then(|| self.x as f64 / self.n as f64)
    }

    /// Adds counts, saturating.
    pub fn add(&mut self, x: u64, n: u64) {
        self.x = self.x.saturating_add(x);
        self.n = self.n.saturating_add(n);
    }
}

/// What one metric says, as of now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricEvidence {
    /// `errors`, or `latency_over_250_ms`.
    pub metric: String,
    /// The time before the deploy; in canary mode the stable arm over the same bins.
    pub baseline: Counts,
    /// The deploy since its warm-up (since its start while there is nothing else), until a rollback took over.
    pub after: Counts,
    /// The ratio up to which nothing is held against the deploy.
    pub tolerated: f64,
    /// Dispersion of the baseline: how much more evidence than independent requests it takes.
    pub dispersion: f64,
    /// Natural logarithm of this metric's evidence; 0 = none.
    pub log_e: f64,
    /// What the logarithm of the overall evidence must reach.
    pub limit: f64,
    /// The metric in one sentence.
    pub text: String,
}

/// The answer at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The state.
    pub state: VerdictState,
    /// The state in three words.
    pub word: Word,
    /// One sentence, worst metric first; a conviction keeps the sentence of its moment.
    pub summary: String,
    /// The same for a screen line of about 90 columns, with the counts of now.
    pub short: String,
    /// End of the bin that convicted, in seconds from the deploy.
    pub first_degraded_at_s: Option<i64>,
    /// End of the bin since which the deploy counts as healthy; `None` when it does not.
    pub healthy_at_s: Option<i64>,
    /// End of the bin that showed the recovery after an alarm or a rollback.
    pub recovered_at_s: Option<i64>,
    /// Whether to advise a rollback.
    pub advise_rollback: bool,
    /// Per metric, the worst first.
    pub evidence: Vec<MetricEvidence>,
    /// Requests still needed to call it healthy, at the usual ratio; `None` when decided or unknown.
    pub needs_requests: Option<u64>,
    /// The overall evidence against the limit, 0..1, for a bar.
    pub progress: f64,
    /// Natural logarithm of the overall evidence.
    pub log_e: f64,
    /// What it must reach.
    pub limit: f64,
    /// Failed requests since the deploy beyond what the usual ratio explains.
    pub extra_failures: u64,
    /// Three or more bins are missing at the end.
    pub stale: bool,
    /// Up to which moment this answer looks, in seconds from the deploy.
    pub as_of_s: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_states_three_words() {
        use VerdictState as S;
        for state in [
            S::Warming,
            S::Watching,
            S::Suspect,
            S::Inconclusive,
            S::NoData,
        ] {
            assert_eq!(state.word(), Word::Watching, "{state:?}");
        }
        assert_eq!(S::Healthy.word(), Word::Healthy);
        assert_eq!(S::Degraded.word(), Word::Degraded);
        assert_eq!(S::Recovered.word(), Word::Degraded);
        assert_eq!(serde_json::to_string(&S::NoData).unwrap(), "\"no_data\"");
    }
}
