//! Who may ask, and how often: the token, the hourly budgets with their headers, validators.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// Requests (REST) or points (GraphQL) in an hour.
pub(crate) const LIMIT: u64 = 5_000;

/// One hourly budget, in virtual time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    pub(crate) resource: &'static str,
    pub(crate) limit: u64,
    pub(crate) used: u64,
    pub(crate) reset: Timestamp,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(resource: &'static str, limit: u64, now: Timestamp) -> Self {
        Self {
            resource,
            limit,
            used: 0,
            reset: Self::hour_after(now),
        }
    }

    fn hour_after(now: Timestamp) -> Timestamp {
        now.checked_add(SignedDuration::from_hours(1))
            .unwrap_or(now)
    }

    /// Starts a new hour when the old one is over.
    pub(crate) fn renew(&mut self, now: Timestamp) {
        if now >= self.reset {
            (self.used, self.reset) = (0, Self::hour_after(now));
        }
    }

    /// Takes one; `false` when nothing is left.
    pub(crate) fn take(&mut self) -> bool {
        let left = self.used < self.limit;
        self.used += u64::from(left);
        left
    }

    /// What is left.
    pub(crate) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    /// The headers that tell it.
    pub(crate) fn headers(&self) -> [(&'static str, String); 5] {
        [
            ("x-ratelimit-limit", self.limit.to_string()),
            ("x-ratelimit-remaining", self.remaining().to_string()),
            ("x-ratelimit-used", self.used.to_string()),
            ("x-ratelimit-reset", self.reset.as_second().to_string()),
            ("x-ratelimit-resource", self.resource.to_owned()),
        ]
    }

    /// The bucket as `GET /rate_limit` shows it.
    pub(crate) fn shown(&self) -> serde_json::Value {
        serde_json::json!({
            "limit": self.limit, "remaining": self.remaining(), "used": self.used,
            "reset": self.reset.as_second(), "resource": self.resource,
        })
    }
}

/// The validator of a body.
pub(crate) fn etag(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    let bits = hash
        .iter()
        .take(16)
        .fold(0_u128, |bits, b| (bits << 8) | u128::from(*b));
    format!("W/\"{bits:032x}\"")
}

/// Whether an `If-None-Match` header names a validator.
pub(crate) fn matches(header: &str, etag: &str) -> bool {
    let bare = |t: &str| t.trim().trim_start_matches("W/").to_owned();
    header
        .split(',')
        .any(|t| t.trim() == "*" || bare(t) == bare(etag))
}

/// Whether an `Authorization` header carries the token.
pub(crate) fn authorized(header: Option<&str>, token: &str) -> bool {
    let Some((scheme, given)) = header.and_then(|h| h.split_once(' ')) else {
        return false;
    };
    (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token"))
        && given.trim() == token
}
