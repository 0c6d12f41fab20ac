//! The gate kind `approvals`: every change that the candidate brings came by a pull request that enough other people approved.

use super::evaluate::{Facts, Finding, answer};
use super::{Evidence, GateState};
use crate::domain::release::PullReviews;
use crate::domain::text::Safe;

/// How many approvals each pull request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approve {
    /// At least that many people, its author not counted.
    pub min: u32,
}

/// Judges the reviews of the candidate's pull requests.
pub fn evaluate(approve: Approve, facts: &Facts<'_>) -> Finding {
    let Some(base) = facts.base else {
        return Finding::unknown("nothing was live here before, so its changes are not known");
    };
    let (approvals, at) = match answer(facts.approvals, facts.stale_after, facts.now) {
        Ok((found, at)) if found.head == facts.candidate.sha && found.base == base.sha => {
            (found, at)
        }
        Ok(_) => return Finding::unknown("not read yet for this candidate"),
        Err(found) => return *found,
    };
    let min = usize::try_from(approve.min).unwrap_or(usize::MAX);
    let refused: Vec<&PullReviews> = approvals
        .pulls
        .iter()
        .filter(|p| !p.changes_requested_by.is_empty())
        .collect();
    let lacking: Vec<&PullReviews> = approvals
        .pulls
        .iter()
        .filter(|p| p.approvers().count() < min)
        .collect();
    let total = approvals.pulls.len();
    let (state, summary) = if let Some(first) = refused.first() {
        let who = first
            .changes_requested_by
            .first()
            .map_or_else(String::new, |w| format!(" by @{w}"));
        (
            GateState::Fail,
            format!("changes requested on {}{who}", numbers(&refused)),
        )
    } else if approvals.direct > 0 {
        let plural = if approvals.direct == 1 {
            "commit"
        } else {
            "commits"
        };
        (
            GateState::Fail,
            format!("{} {plural} without a pull request", approvals.direct),
        )
    } else if approvals.partial {
        (
            GateState::Unknown,
            "not all of its changes could be read".to_owned(),
        )
    } else if !lacking.is_empty() {
        (
            GateState::Pending,
            format!(
                "{} of {total} not approved: {}",
                lacking.len(),
                numbers(&lacking)
            ),
        )
    } else if total == 0 {
        (GateState::Pass, format!("no change since {base}"))
    } else {
        let plural = if total == 1 {
            "pull request"
        } else {
            "pull requests"
        };
        (GateState::Pass, format!("{total} {plural} approved"))
    };
    let first = refused.first().or(lacking.first());
    let reviewed = || approvals.pulls.iter().filter_map(|p| p.reviewed_at);
    Finding {
        state,
        summary,
        evidence: Evidence {
            at: reviewed().max().or(Some(at)),
            value: Some(Safe::new(&format!(
                "{} of {total} approved",
                total.saturating_sub(lacking.len())
            ))),
            rule: Some(Safe::new(&format!(
                "each pull request ≥ {} by others",
                approve.min
            ))),
            source: Some(Safe::new(&format!("reviews since {base}"))),
            url: first.and_then(|p| p.url.clone()),
            valid_until: None,
        },
        ages_from: reviewed().min(),
        owner: None,
    }
}

fn numbers(pulls: &[&PullReviews]) -> String {
    let shown: Vec<String> = pulls
        .iter()
        .take(3)
        .map(|p| format!("#{}", p.number))
        .collect();
    let more = pulls.len().saturating_sub(shown.len());
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}
