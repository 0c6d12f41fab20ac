//! The gate kind `window`: the calendar lets a release go now.

use super::evaluate::{Facts, Finding};
use super::{Evidence, GateState};
use crate::domain::text::Safe;

/// Judges the calendar's decision. It is worked out from rules alone, so it has no age; it holds until the next border.
pub fn evaluate(facts: &Facts<'_>) -> Finding {
    let Some(decision) = facts.window else {
        return Finding::unknown("the calendar was not looked at yet");
    };
    let (state, word) = if decision.open() {
        (GateState::Pass, "open")
    } else {
        (GateState::Fail, "closed")
    };
    let sentence = decision.sentence();
    Finding {
        state,
        summary: format!("{word}: {sentence}"),
        evidence: Evidence {
            at: Some(facts.now.0),
            value: Some(Safe::new(word)),
            rule: Some(Safe::new(
                "inside a window where there are any, outside every freeze",
            )),
            source: decision.reasons.first().map(|r| r.source.clone()),
            url: None,
            valid_until: decision.until,
        },
        ages_from: None,
        owner: None,
    }
}
