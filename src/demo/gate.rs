//! What holds a run at a protected environment: a review by somebody of the team, a wait. Both begin with every attempt anew.

use jiff::{SignedDuration, Timestamp};

use super::model::Rules;

/// The company's reviewers look after that time, if nobody did before.
const REVIEWED: SignedDuration = SignedDuration::from_secs(90);

/// The gate of a run's attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gate {
    pub(crate) env: &'static str,
    pub(crate) rules: Rules,
    pub(crate) since: Timestamp,
    /// Who approved, and when.
    pub(crate) approved: Option<(Timestamp, usize)>,
}

impl Gate {
    /// The gate of an attempt that starts now; none where the environment has no rules.
    pub(crate) fn new(env: &'static str, rules: Rules, since: Timestamp) -> Option<Self> {
        (rules != Rules::default()).then_some(Self {
            env,
            rules,
            since,
            approved: None,
        })
    }

    fn after(&self, wait: SignedDuration) -> Timestamp {
        self.since.checked_add(wait).unwrap_or(self.since)
    }

    /// When the wait is over.
    pub(crate) fn timer(&self) -> Timestamp {
        let minutes = self.rules.wait_min.unwrap_or(0);
        self.after(SignedDuration::from_mins(i64::from(minutes)))
    }

    /// The review: who gives it and when, unless somebody else was faster.
    pub(crate) fn review(&self) -> Option<(Timestamp, usize)> {
        let reviewer = self.rules.reviewer?;
        Some(self.approved.unwrap_or((self.after(REVIEWED), reviewer)))
    }

    /// When it opens.
    pub(crate) fn opens(&self) -> Timestamp {
        let review = self.review().map_or(self.since, |(at, _)| at);
        self.timer().max(review)
    }
}
