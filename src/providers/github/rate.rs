//! The budget of a GitHub source, as its answers tell it, and the gate that keeps a reserve for a rollback.

use jiff::{SignedDuration, Timestamp};

use crate::providers::http::Limits;

/// Requests kept back for rollback and approvals.
pub const RESERVE: u64 = 200;

/// After a write, reads may use the reserve for that long: the rollback is being followed.
const WRITE_GRACE: SignedDuration = SignedDuration::from_mins(20);

/// The limits as last seen. Nothing is known before the first answer; servers without limits never tell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Budget {
    /// REST requests an hour.
    pub limit: Option<u64>,
    /// REST requests left.
    pub remaining: Option<u64>,
    /// When the REST limit is full again.
    pub reset_at: Option<Timestamp>,
    /// GraphQL points an hour.
    pub graphql_limit: Option<u64>,
    /// GraphQL points left.
    pub graphql_remaining: Option<u64>,
    /// When the GraphQL limit is full again.
    pub graphql_reset_at: Option<Timestamp>,
    /// Told to wait until then (429, secondary limits).
    pub blocked_until: Option<Timestamp>,
    /// When that was told.
    pub blocked_at: Option<Timestamp>,
    /// The share of the limit that may be used, 0..1; from the configuration.
    pub share: f64,
    /// When the last write was sent.
    pub last_write_at: Option<Timestamp>,
}

/// Which limit a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// REST.
    Core,
    /// GraphQL.
    Graphql,
}

impl Budget {
    /// The server asked to wait.
    pub fn block(&mut self, until: Timestamp, now: Timestamp) {
        (self.blocked_until, self.blocked_at) = (Some(until), Some(now));
    }

    /// Takes in what an answer's headers say.
    pub fn note(&mut self, seen: &Limits, bucket: Bucket) {
        if seen.graphql || bucket == Bucket::Graphql {
            self.graphql_limit = seen.limit.or(self.graphql_limit);
            self.graphql_remaining = seen.remaining.or(self.graphql_remaining);
            self.graphql_reset_at = seen.reset_at.or(self.graphql_reset_at);
        } else if seen.core {
            self.limit = seen.limit.or(self.limit);
            self.remaining = seen.remaining.or(self.remaining);
            self.reset_at = seen.reset_at.or(self.reset_at);
        }
    }

    fn bucket(&self, bucket: Bucket) -> (Option<u64>, Option<u64>, Option<Timestamp>) {
        match bucket {
            Bucket::Core => (self.limit, self.remaining, self.reset_at),
            Bucket::Graphql => (
                self.graphql_limit,
                self.graphql_remaining,
                self.graphql_reset_at,
            ),
        }
    }

    /// What is kept back: 200, or a fifth of a small limit.
    fn reserve(limit: Option<u64>) -> u64 {
        limit.map_or(RESERVE, |l| RESERVE.min(l / 5))
    }

    /// Until when an ordinary read has to wait, if it has to: the server said so, or only the reserve is left and no
    /// rollback is being followed.
    pub fn wait_until(&self, bucket: Bucket, now: Timestamp) -> Option<Timestamp> {
        // A clock that went back would keep the door closed for longer than was asked.
        let told = self.blocked_at.is_none_or(|at| at <= now);
        if let Some(until) = self.blocked_until.filter(|t| *t > now && told) {
            return Some(until);
        }
        let (limit, remaining, reset_at) = self.bucket(bucket);
        let reset_at = reset_at.filter(|t| *t > now)?;
        let following = self
            .last_write_at
            .is_some_and(|t| now.duration_since(t) < WRITE_GRACE);
        let floor = if following { 0 } else { Self::reserve(limit) };
        (remaining? <= floor).then_some(reset_at)
    }

    /// The shortest interval between polls of `cost` requests that lasts until the reset: `(reset - now) * cost /
    /// (share * (remaining - reserve))`. None where no limit is known.
    pub fn least_interval(
        &self,
        bucket: Bucket,
        cost: u64,
        now: Timestamp,
    ) -> Option<SignedDuration> {
        let (limit, remaining, reset_at) = self.bucket(bucket);
        let left = reset_at?.duration_since(now).max(SignedDuration::ZERO);
        let usable = remaining?.saturating_sub(Self::reserve(limit));
        let share = if self.share > 0.0 {
            self.share.min(1.0)
        } else {
            1.0
        };
        let polls = (usable as f64 * share / cost.max(1) as f64).max(1.0);
        SignedDuration::try_from_secs_f64(left.as_secs_f64() / polls).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(1_760_000_000 + s).unwrap()
    }

    fn budget(limit: u64, remaining: u64) -> Budget {
        let mut budget = Budget {
            share: 0.5,
            ..Budget::default()
        };
        let seen = Limits {
            limit: Some(limit),
            remaining: Some(remaining),
            reset_at: Some(at(1_800)),
            graphql: false,
            core: true,
        };
        budget.note(&seen, Bucket::Core);
        budget
    }

    #[test]
    fn the_reserve_is_kept_for_a_rollback() {
        assert_eq!(budget(5_000, 201).wait_until(Bucket::Core, at(0)), None);
        let mut low = budget(5_000, 200);
        assert_eq!(low.wait_until(Bucket::Core, at(0)), Some(at(1_800)));
        assert_eq!(low.wait_until(Bucket::Graphql, at(0)), None);
        assert_eq!(low.wait_until(Bucket::Core, at(1_801)), None);
        low.last_write_at = Some(at(-60));
        assert_eq!(low.wait_until(Bucket::Core, at(0)), None);
        assert_eq!(budget(60, 40).wait_until(Bucket::Core, at(0)), None);
        assert_eq!(
            budget(60, 12).wait_until(Bucket::Core, at(0)),
            Some(at(1_800))
        );
    }

    #[test]
    fn a_clock_that_goes_back_does_not_lengthen_a_wait() {
        let mut budget = budget(5_000, 4_000);
        budget.block(at(90), at(0));
        assert_eq!(budget.wait_until(Bucket::Core, at(1)), Some(at(90)));
        assert_eq!(budget.wait_until(Bucket::Core, at(-3_600)), None);
    }

    #[test]
    fn polling_slows_down_as_the_budget_shrinks() {
        let least = |b: Budget| {
            b.least_interval(Bucket::Core, 1, at(0))
                .unwrap()
                .as_secs_f64()
        };
        // 1,800 s for half of 4,800, of 800, of nothing.
        assert!((least(budget(5_000, 5_000)) - 0.75).abs() < 1e-9);
        assert!((least(budget(5_000, 1_000)) - 4.5).abs() < 1e-9);
        assert!((least(budget(5_000, 100)) - 1_800.0).abs() < 1e-9);
        assert_eq!(
            Budget::default().least_interval(Bucket::Core, 1, at(0)),
            None
        );
    }
}
