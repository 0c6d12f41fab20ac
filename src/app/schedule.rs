//! What is due when: pure arithmetic over the wanted questions. `update` says what is wanted and how often; a question that
//! failed waits longer, with jitter; one that is no longer wanted is cancelled; no question is under way twice.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

use super::effect::EffectKey;

/// A wanted question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The question.
    pub key: EffectKey,
    /// How often; none: once it is answered it is not asked again.
    pub every: Option<SignedDuration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    every: Option<SignedDuration>,
    asked_at: Option<Timestamp>,
    answered: bool,
    not_before: Option<Timestamp>,
    running: Option<u64>,
    failures: u32,
}

impl Slot {
    fn due(&self) -> Option<Timestamp> {
        if self.running.is_some() {
            return None;
        }
        let natural = match (self.asked_at, self.every) {
            (Some(asked), Some(every)) => asked.saturating_add(every).unwrap_or(Timestamp::MAX),
            (Some(_), None) if self.answered => return None,
            (None, _) | (Some(_), None) => Timestamp::MIN,
        };
        Some(self.not_before.map_or(natural, |n| natural.max(n)))
    }
}

/// The questions and when each is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    slots: BTreeMap<EffectKey, Slot>,
    generation: u64,
}

/// The longest wait after failures.
const MAX_BACKOFF_S: i64 = 300;

impl Schedule {
    /// Takes in what is wanted now: returns what to ask (with its generation) and what to cancel.
    pub fn sync(
        &mut self,
        wanted: &[Wanted],
        now: Timestamp,
    ) -> (Vec<(EffectKey, u64)>, Vec<EffectKey>) {
        let gone: Vec<EffectKey> = self
            .slots
            .keys()
            .filter(|k| !wanted.iter().any(|w| w.key == **k))
            .cloned()
            .collect();
        let mut cancelled = Vec::new();
        for key in gone {
            if self.slots.remove(&key).is_some_and(|s| s.running.is_some()) {
                cancelled.push(key);
            }
        }
        let mut due = Vec::new();
        for w in wanted {
            let slot = self.slots.entry(w.key.clone()).or_insert_with(|| Slot {
                every: w.every,
                asked_at: None,
                answered: false,
                not_before: None,
                running: None,
                failures: 0,
            });
            slot.every = w.every;
            if slot.due().is_some_and(|d| d <= now) {
                self.generation += 1;
                slot.running = Some(self.generation);
                slot.asked_at = Some(now);
                due.push((w.key.clone(), self.generation));
            }
        }
        (due, cancelled)
    }

    /// Whether a question of this kind is under way.
    pub fn asks(&self, is: impl Fn(&EffectKey) -> bool) -> bool {
        self.slots.iter().any(|(k, s)| s.running.is_some() && is(k))
    }

    /// Whether an answer is the one that is waited for; it then is no longer under way.
    pub fn accept(&mut self, key: &EffectKey, generation: u64) -> bool {
        match self.slots.get_mut(key) {
            Some(slot) if slot.running == Some(generation) => {
                slot.running = None;
                true
            }
            _ => false,
        }
    }

    /// The question was answered.
    pub fn succeeded(&mut self, key: &EffectKey) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.failures = 0;
            slot.not_before = None;
            slot.answered = true;
        }
    }

    /// The question failed: it waits until `until` if the source said so, else longer from failure to failure. Returns the next try.
    pub fn failed(
        &mut self,
        key: &EffectKey,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let slot = self.slots.get_mut(key)?;
        slot.failures = slot.failures.saturating_add(1);
        let base = (2_i64 << slot.failures.min(8)).min(MAX_BACKOFF_S);
        let wait = SignedDuration::from_secs(base) + jitter(key, slot.failures, base);
        let by_backoff = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        let next = until.map_or(by_backoff, |u| u.max(now));
        slot.not_before = Some(next);
        let natural = slot
            .every
            .and_then(|e| slot.asked_at.and_then(|a| a.saturating_add(e).ok()));
        Some(natural.map_or(next, |n| n.max(next)))
    }

    /// Everything is due now, except what a source asked to wait for (limits).
    pub fn hurry(&mut self) {
        for slot in self.slots.values_mut() {
            slot.asked_at = None;
            slot.answered = false;
        }
    }

    /// One question is due now.
    pub fn hurry_one(&mut self, key: &EffectKey) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.asked_at = None;
            slot.answered = false;
        }
    }

    /// When the next question is due; none: nothing is waited for.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.slots.values().filter_map(Slot::due).min()
    }

    /// The questions under way with their generations.
    #[cfg(test)]
    pub(crate) fn running(&self) -> Vec<(EffectKey, u64)> {
        self.slots
            .iter()
            .filter_map(|(k, s)| s.running.map(|g| (k.clone(), g)))
            .collect()
    }

    /// Whether no question is under way.
    pub fn is_idle(&self) -> bool {
        self.slots.values().all(|s| s.running.is_none())
    }

    /// Whether a question is under way.
    pub fn is_running(&self, key: &EffectKey) -> bool {
        self.slots.get(key).is_some_and(|s| s.running.is_some())
    }
}

/// Up to a quarter of the wait, told from the key and the count, so that many cockpits don't come back at once and a test repeats.
fn jitter(key: &EffectKey, failures: u32, base_s: i64) -> SignedDuration {
    let mut hasher = DefaultHasher::new();
    (key, failures).hash(&mut hasher);
    let quarter_ms = u64::try_from(base_s * 250).unwrap_or(0).max(1);
    SignedDuration::from_millis(i64::try_from(hasher.finish() % quarter_ms).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + s).unwrap()
    }

    fn wanted(every_s: Option<i64>) -> Vec<Wanted> {
        vec![Wanted {
            key: EffectKey::Ledger,
            every: every_s.map(SignedDuration::from_secs),
        }]
    }

    #[test]
    fn a_question_is_asked_once_at_a_time_and_again_after_its_interval() {
        let mut s = Schedule::default();
        let (due, _) = s.sync(&wanted(Some(10)), at(0));
        assert_eq!(due.len(), 1);
        assert!(s.sync(&wanted(Some(10)), at(60)).0.is_empty());
        assert!(s.accept(&due[0].0, due[0].1));
        s.succeeded(&due[0].0);
        assert!(!s.accept(&due[0].0, due[0].1));
        assert!(s.sync(&wanted(Some(10)), at(9)).0.is_empty());
        assert_eq!(s.next_due(), Some(at(10)));
        assert_eq!(s.sync(&wanted(Some(10)), at(10)).0.len(), 1);
    }

    #[test]
    fn a_shorter_interval_takes_effect_at_once() {
        let mut s = Schedule::default();
        let (due, _) = s.sync(&wanted(Some(60)), at(0));
        s.accept(&due[0].0, due[0].1);
        s.succeeded(&due[0].0);
        assert_eq!(s.sync(&wanted(Some(5)), at(6)).0.len(), 1);
    }

    #[test]
    fn failures_wait_longer_and_a_source_may_say_until_when() {
        let mut s = Schedule::default();
        let mut now = at(0);
        let mut last = SignedDuration::ZERO;
        for _ in 0..4 {
            let (due, _) = s.sync(&wanted(Some(1)), now);
            s.accept(&due[0].0, due[0].1);
            let next = s.failed(&due[0].0, None, now).unwrap();
            let wait = next.duration_since(now);
            assert!(wait > last);
            last = wait;
            now = next;
        }
        let (due, _) = s.sync(&wanted(Some(1)), now);
        s.accept(&due[0].0, due[0].1);
        assert_eq!(s.failed(&due[0].0, Some(at(9_999)), now), Some(at(9_999)));
        s.hurry();
        assert!(
            s.sync(&wanted(Some(1)), at(9_000)).0.is_empty(),
            "a limit is kept even when somebody presses refresh"
        );
    }

    #[test]
    fn what_is_not_wanted_any_more_is_cancelled_and_its_answer_dropped() {
        let mut s = Schedule::default();
        let (due, _) = s.sync(&wanted(None), at(0));
        let (_, cancelled) = s.sync(&[], at(1));
        assert_eq!(cancelled, [EffectKey::Ledger]);
        assert!(!s.accept(&due[0].0, due[0].1));
    }
}
