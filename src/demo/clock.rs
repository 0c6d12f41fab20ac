//! Virtual time: a straight line through one known moment. Pure arithmetic, so every process that knows the three numbers agrees.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::num;

/// Where the real time comes from; the caller passes it in, so tests pass one that they move by hand.
#[derive(Clone)]
pub struct RealClock(pub Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl RealClock {
    /// A clock that asks `source` each time.
    pub fn new(source: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

impl fmt::Debug for RealClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RealClock({})", (self.0)())
    }
}

/// Virtual time: it was `at` when the real time was `real_at`, and it runs `speed` times as fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// The virtual moment.
    pub at: Timestamp,
    /// The real moment at which it was that.
    pub real_at: Timestamp,
    /// Virtual seconds in a real second; 1 is life's own pace.
    pub speed: f64,
}

impl Clock {
    /// The virtual time at a real time; never before `at`.
    pub fn now(&self, real: Timestamp) -> Timestamp {
        let passed = real.duration_since(self.real_at).as_secs_f64().max(0.0) * self.speed;
        let passed = SignedDuration::from_millis(num::whole(passed * 1000.0));
        self.at.checked_add(passed).unwrap_or(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_runs_at_its_speed_and_never_backwards_past_its_start() {
        let at: Timestamp = "2026-11-20T13:00:00Z".parse().unwrap();
        let real_at: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock {
            at,
            real_at,
            speed: 10.0,
        };
        let later = real_at + SignedDuration::from_millis(1_500);
        assert_eq!(clock.now(later), at + SignedDuration::from_secs(15));
        assert_eq!(clock.now(at), at);
    }
}
