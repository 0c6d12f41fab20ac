//! The clock: the one place that asks the machine for the time. Virtual time is pure arithmetic, the same in every process of a
//! demo: `now = at + (real - real_at) * speed`.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::domain::units::Now;

/// Where `now` comes from.
#[derive(Debug, Clone)]
pub struct Clock {
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// The machine's time.
    Real,
    /// The machine's time, moved and stretched.
    Virtual {
        at: Timestamp,
        real_at: Timestamp,
        speed: f64,
    },
    /// A test's hand moves it.
    Manual(Arc<watch::Sender<Timestamp>>),
}

/// Moves a manual clock.
#[derive(Debug, Clone)]
pub struct Hand(Arc<watch::Sender<Timestamp>>);

impl Hand {
    /// Moves the time forward.
    pub fn advance(&self, by: SignedDuration) {
        self.0
            .send_modify(|t| *t = t.saturating_add(by).unwrap_or(*t));
    }

    /// Sets the time, as somebody who corrects a clock does.
    pub fn set(&self, to: Timestamp) {
        self.0.send_replace(to);
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        *self.0.borrow()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the machine's time is read"
)]
fn machine() -> Timestamp {
    Timestamp::now()
}

impl Clock {
    /// The machine's time.
    pub fn real() -> Self {
        Self { kind: Kind::Real }
    }

    /// Virtual time; `speed` must be positive and finite, else it counts as 1.
    pub fn virtual_time(at: Timestamp, real_at: Timestamp, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 {
            speed
        } else {
            1.0
        };
        Self {
            kind: Kind::Virtual { at, real_at, speed },
        }
    }

    /// A clock that only its hand moves.
    pub fn manual(at: Timestamp) -> (Self, Hand) {
        let sender = Arc::new(watch::channel(at).0);
        (
            Self {
                kind: Kind::Manual(Arc::clone(&sender)),
            },
            Hand(sender),
        )
    }

    /// The time.
    pub fn now(&self) -> Now {
        Now(match &self.kind {
            Kind::Real => machine(),
            Kind::Virtual { at, real_at, speed } => {
                let real = machine().duration_since(*real_at).as_secs_f64();
                at.saturating_add(SignedDuration::from_secs_f64(
                    (real * speed).clamp(-1e15, 1e15),
                ))
                .unwrap_or(*at)
            }
            Kind::Manual(hand) => *hand.borrow(),
        })
    }

    /// How many seconds pass here in one real second.
    pub fn speed(&self) -> f64 {
        match &self.kind {
            Kind::Real | Kind::Manual(_) => 1.0,
            Kind::Virtual { speed, .. } => *speed,
        }
    }

    /// The shortest sensible time between two polls, in this clock's time: 250 ms of real time.
    pub fn min_poll(&self) -> SignedDuration {
        SignedDuration::from_secs_f64(0.25 * self.speed())
    }

    /// Waits until this clock shows `until`, or is seen to have gone back: then the caller has to look again.
    pub async fn sleep_until(&self, until: Timestamp) {
        if let Kind::Manual(hand) = &self.kind {
            let mut seen = hand.subscribe();
            let began = *seen.borrow();
            // The sender lives as long as this clock, so waiting can't fail before the time has come.
            drop(seen.wait_for(|t| *t >= until || *t < began).await);
            return;
        }
        let wait = until.duration_since(self.now().0).as_secs_f64() / self.speed();
        // A timer is bounded; the caller looks again when it fires.
        tokio::time::sleep(Duration::from_secs_f64(wait.clamp(0.0, 3_600.0))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_is_arithmetic() {
        let at: Timestamp = "2026-11-21T13:00:00Z".parse().unwrap();
        let real_at = machine() - SignedDuration::from_secs(10);
        let clock = Clock::virtual_time(at, real_at, 60.0);
        let passed = clock.now().since(at).as_secs();
        assert!((600..660).contains(&passed), "{passed}");
    }

    #[tokio::test]
    async fn a_manual_clock_wakes_its_sleepers() {
        let (clock, hand) = Clock::manual(Timestamp::UNIX_EPOCH);
        let until = Timestamp::from_second(10).unwrap();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(until).await }
        });
        hand.advance(SignedDuration::from_secs(10));
        sleeper.await.unwrap();
        assert_eq!(clock.now().0, until);
    }

    #[tokio::test]
    async fn who_sleeps_is_woken_when_the_clock_goes_back() {
        let (clock, hand) = Clock::manual(Timestamp::from_second(7_200).unwrap());
        let until = Timestamp::from_second(7_205).unwrap();
        let mut sleep = std::pin::pin!(clock.sleep_until(until));
        let asleep = tokio::time::timeout(Duration::from_millis(5), &mut sleep).await;
        assert!(asleep.is_err(), "it is not yet time");
        hand.set(Timestamp::from_second(3_600).unwrap());
        sleep.await;
    }
}
