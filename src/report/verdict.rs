//! The machine's shape of a verdict, as `flightdeck verdict --json` prints it. Fields may be added, never changed.

use serde::{Deserialize, Serialize};

use crate::domain::signal::{MetricEvidence, Verdict, VerdictState, Word};

/// The version of the shape.
pub const SCHEMA: u32 = 1;

/// One verdict, ready for JSON. Times are seconds from the deploy; `null` means not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerdictReport {
    /// Version of this shape.
    pub schema: u32,
    /// The answer in three words.
    pub verdict: Word,
    /// The state behind it.
    pub state: VerdictState,
    /// One sentence.
    pub summary: String,
    /// End of the bin that convicted.
    pub first_degraded_at_s: Option<i64>,
    /// End of the bin since which the deploy counts as healthy.
    pub healthy_at_s: Option<i64>,
    /// Whether to roll back.
    pub advise_rollback: bool,
    /// Per metric, the worst first.
    pub evidence: Vec<MetricEvidence>,
    /// Requests still needed to call it healthy.
    pub needs_requests: Option<u64>,
}

impl From<&Verdict> for VerdictReport {
    fn from(verdict: &Verdict) -> Self {
        Self {
            schema: SCHEMA,
            verdict: verdict.word,
            state: verdict.state,
            summary: verdict.summary.clone(),
            first_degraded_at_s: verdict.first_degraded_at_s,
            healthy_at_s: verdict.healthy_at_s,
            advise_rollback: verdict.advise_rollback,
            evidence: verdict.evidence.clone(),
            needs_requests: verdict.needs_requests,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Bin, Judge, Mode, Settings};

    fn keys(value: &serde_json::Value) -> Vec<&str> {
        let mut keys: Vec<&str> = value
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_shape_holds() {
        let baseline: Vec<Bin> = (0..40).map(|i| Bin::new(-600 + i * 15, 250, 1)).collect();
        let mut judge = Judge::new(Mode::BeforeAfter, &baseline, &[], None, Settings::default());
        judge.push(&Bin::new(0, 300, 1));
        let json = serde_json::to_value(VerdictReport::from(&judge.verdict())).unwrap();
        assert_eq!(
            keys(&json),
            [
                "advise_rollback",
                "evidence",
                "first_degraded_at_s",
                "healthy_at_s",
                "needs_requests",
                "schema",
                "state",
                "summary",
                "verdict"
            ]
        );
        assert_eq!(
            keys(&json["evidence"][0]),
            [
                "after",
                "baseline",
                "dispersion",
                "limit",
                "log_e",
                "metric",
                "text",
                "tolerated"
            ]
        );
        assert_eq!(keys(&json["evidence"][0]["after"]), ["n", "x"]);
        assert_eq!(json["schema"], 1);
        assert_eq!(json["verdict"], "watching");
        assert_eq!(json["state"], "warming");
        assert!(json["first_degraded_at_s"].is_null() && json["healthy_at_s"].is_null());
        assert_eq!(json["evidence"][0]["baseline"]["n"], 10_000);
    }
}
