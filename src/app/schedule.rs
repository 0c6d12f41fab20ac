//! What is due when: pure arithmetic over the wanted questions. `update` says what is wanted and how often; a question that
//! failed waits longer, with jitter; one that is no longer wanted is cancelled; no question is under way twice.

use std::collections::{BTreeMap, HashSet};
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
    /// Whether the source itself asked to wait.
    told_to_wait: bool,
    running: Option<u64>,
    failures: u32,
    /// Whether it takes turns.
    crowd: bool,
}

impl Slot {
    fn due(&self) -> Option<Timestamp> {
        if self.running.is_some() {
            return None;
        }
        let natural = match (self.asked_at, self.every) {
            // A failure waits as failures do, however rarely the question is asked when all is well.
            _ if self.failures > 0 && self.not_before.is_some() => Timestamp::MIN,
            (Some(asked), Some(every)) => asked.saturating_add(every).unwrap_or(Timestamp::MAX),
            (Some(_), None) if self.answered => return None,
            (None, _) | (Some(_), None) => Timestamp::MIN,
        };
        Some(self.not_before.map_or(natural, |n| natural.max(n)))
    }
}

impl Slot {
    fn hurry(&mut self) {
        self.asked_at = None;
        self.answered = false;
        if !self.told_to_wait {
            self.not_before = None;
        }
    }
}

/// The questions and when each is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    slots: BTreeMap<EffectKey, Slot>,
    generation: u64,
    /// The time at the last look.
    seen: Option<Timestamp>,
}

/// The longest wait after failures.
const MAX_BACKOFF_S: i64 = 300;
/// A question that is asked often waits so many of its intervals at most, but at least [`LEAST_CAP_S`]: what a deploy or a rollback
/// is watched by must not stay dark for minutes after its source is back.
const MAX_INTERVALS: i64 = 6;
/// See [`MAX_INTERVALS`].
const LEAST_CAP_S: i64 = 15;
/// So many questions of the crowd are under way at a time.
const AT_ONCE: usize = 4;
/// The shortest wait after a failure that only a person can mend.
const LEAST_BY_HAND_S: i64 = 60;
/// A smaller step back is the clock's own correction.
const STEP_BACK: SignedDuration = SignedDuration::from_secs(1);

impl Schedule {
    /// Looks at the clock; says whether it leapt: back, or further ahead than `most`, which only a clock that was set or a machine
    /// that slept does. What was planned keeps its distance from now when the clock goes back, so that nothing waits for a time
    /// that lies ahead by mistake.
    pub fn look(&mut self, now: Timestamp, most: SignedDuration) -> bool {
        let Some(seen) = self.seen.replace(now) else {
            return false;
        };
        let passed = now.duration_since(seen);
        if passed.is_negative() {
            let back = |at: Timestamp| at.saturating_add(passed).unwrap_or(now);
            for slot in self.slots.values_mut() {
                slot.asked_at = slot.asked_at.map(back);
                slot.not_before = slot.not_before.map(back);
            }
        }
        passed <= -STEP_BACK || passed > most
    }

    /// Takes in what is wanted now: returns what to ask (with its generation) and what to cancel. Of the `crowd`, which may be
    /// large and can wait, only `AT_ONCE` are asked at a time: the others take their turns.
    pub fn sync(
        &mut self,
        wanted: &[Wanted],
        crowd: &[Wanted],
        now: Timestamp,
    ) -> (Vec<(EffectKey, u64)>, Vec<EffectKey>) {
        let kept: HashSet<&EffectKey> = wanted.iter().chain(crowd).map(|w| &w.key).collect();
        let gone: Vec<EffectKey> = self
            .slots
            .keys()
            .filter(|k| !kept.contains(k))
            .cloned()
            .collect();
        let mut cancelled = Vec::new();
        for key in gone {
            if self.slots.remove(&key).is_some_and(|s| s.running.is_some()) {
                cancelled.push(key);
            }
        }
        let mut due = Vec::new();
        let mut crowded = self.crowded();
        let near = wanted.iter().map(|w| (w, false));
        for (w, crowd) in near.chain(crowd.iter().map(|w| (w, true))) {
            let slot = self.slots.entry(w.key.clone()).or_insert_with(|| Slot {
                every: w.every,
                asked_at: None,
                answered: false,
                not_before: None,
                told_to_wait: false,
                running: None,
                failures: 0,
                crowd,
            });
            (slot.every, slot.crowd) = (w.every, crowd);
            if (!crowd || crowded < AT_ONCE) && slot.due().is_some_and(|d| d <= now) {
                self.generation += 1;
                slot.running = Some(self.generation);
                slot.asked_at = Some(now);
                crowded += usize::from(crowd);
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
            slot.told_to_wait = false;
            slot.answered = true;
        }
    }

    /// The question failed: it waits until `until` if the source said so, else longer from failure to failure, and at least as long
    /// as its interval if only a person can mend it. Returns the next try.
    pub fn failed(
        &mut self,
        key: &EffectKey,
        until: Option<Timestamp>,
        by_a_person: bool,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let slot = self.slots.get_mut(key)?;
        slot.failures = slot.failures.saturating_add(1);
        let every = slot.every.map_or(MAX_BACKOFF_S, |e| e.as_secs());
        let every = every.clamp(0, MAX_BACKOFF_S);
        let doubled = 2_i64 << slot.failures.min(8);
        let base = if by_a_person {
            // Who knocks often with a wrong key is locked out with the right one, too.
            doubled.clamp(LEAST_BY_HAND_S, MAX_BACKOFF_S).max(every)
        } else {
            doubled.min((MAX_INTERVALS * every).clamp(LEAST_CAP_S, MAX_BACKOFF_S))
        };
        let wait = SignedDuration::from_secs(base) + jitter(key, slot.failures, base);
        let by_backoff = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        let next = until.map_or(by_backoff, |u| u.max(now));
        slot.not_before = Some(next);
        slot.told_to_wait = until.is_some();
        Some(next)
    }

    /// Everything is due now, except what a source asked to wait for (limits).
    pub fn hurry(&mut self) {
        for slot in self.slots.values_mut() {
            slot.hurry();
        }
    }

    /// One question is due now.
    pub fn hurry_one(&mut self, key: &EffectKey) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.hurry();
        }
    }

    /// One question is asked anew; an answer that is on its way no longer counts.
    pub fn restart(&mut self, key: &EffectKey) {
        self.hurry_one(key);
        if let Some(slot) = self.slots.get_mut(key) {
            slot.running = None;
        }
    }

    /// When the next question is due; none: nothing is waited for. While the crowd is at its limit, an answer makes the next turn.
    pub fn next_due(&self) -> Option<Timestamp> {
        let full = self.crowded() >= AT_ONCE;
        let may = self.slots.values().filter(|s| !(full && s.crowd));
        may.filter_map(Slot::due).min()
    }

    /// How many of the crowd are under way.
    fn crowded(&self) -> usize {
        let running = |s: &&Slot| s.crowd && s.running.is_some();
        self.slots.values().filter(running).count()
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
        let (due, _) = s.sync(&wanted(Some(10)), &[], at(0));
        assert_eq!(due.len(), 1);
        assert!(s.sync(&wanted(Some(10)), &[], at(60)).0.is_empty());
        assert!(s.accept(&due[0].0, due[0].1));
        s.succeeded(&due[0].0);
        assert!(!s.accept(&due[0].0, due[0].1));
        assert!(s.sync(&wanted(Some(10)), &[], at(9)).0.is_empty());
        assert_eq!(s.next_due(), Some(at(10)));
        assert_eq!(s.sync(&wanted(Some(10)), &[], at(10)).0.len(), 1);
    }

    #[test]
    fn a_shorter_interval_takes_effect_at_once() {
        let mut s = Schedule::default();
        let (due, _) = s.sync(&wanted(Some(60)), &[], at(0));
        s.accept(&due[0].0, due[0].1);
        s.succeeded(&due[0].0);
        assert_eq!(s.sync(&wanted(Some(5)), &[], at(6)).0.len(), 1);
    }

    #[test]
    fn failures_wait_longer_and_a_source_may_say_until_when() {
        let mut s = Schedule::default();
        let mut now = at(0);
        let mut last = SignedDuration::ZERO;
        for _ in 0..3 {
            let (due, _) = s.sync(&wanted(Some(1)), &[], now);
            s.accept(&due[0].0, due[0].1);
            let next = s.failed(&due[0].0, None, false, now).unwrap();
            let wait = next.duration_since(now);
            assert!(wait > last);
            last = wait;
            now = next;
        }
        let (due, _) = s.sync(&wanted(Some(1)), &[], now);
        s.accept(&due[0].0, due[0].1);
        s.hurry();
        assert_eq!(s.next_due(), Some(Timestamp::MIN), "a person does not wait");
        let until = Some(at(9_999));
        let (due, _) = s.sync(&wanted(Some(1)), &[], now);
        s.accept(&due[0].0, due[0].1);
        assert_eq!(s.failed(&due[0].0, until, false, now), until);
        s.hurry();
        assert!(
            s.sync(&wanted(Some(1)), &[], at(9_000)).0.is_empty(),
            "a limit is kept even when somebody presses refresh"
        );
    }

    const MOST: SignedDuration = SignedDuration::from_mins(2);

    #[test]
    fn what_is_asked_often_never_waits_for_minutes() {
        let mut s = Schedule::default();
        let mut now = at(0);
        for _ in 0..20 {
            let (due, _) = s.sync(&wanted(Some(3)), &[], now);
            s.accept(&due[0].0, due[0].1);
            let next = s.failed(&due[0].0, None, false, now).unwrap();
            assert!(next.duration_since(now).as_secs() <= 23, "{next}");
            now = next;
        }
    }

    #[test]
    fn a_rare_question_that_failed_is_tried_again_soon() {
        let mut s = Schedule::default();
        let (due, _) = s.sync(&wanted(Some(600)), &[], at(0));
        s.accept(&due[0].0, due[0].1);
        let by_hand = s.clone().failed(&due[0].0, None, true, at(1)).unwrap();
        assert!(by_hand >= at(301), "{by_hand}");
        let next = s.failed(&due[0].0, None, false, at(1)).unwrap();
        assert!(next < at(10), "{next}");
        let (due, _) = s.sync(&wanted(Some(600)), &[], next);
        s.accept(&due[0].0, due[0].1);
        s.succeeded(&due[0].0);
        let again = next.saturating_add(SignedDuration::from_secs(600)).unwrap();
        assert_eq!(s.next_due(), Some(again));
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_wait_longer() {
        let mut s = Schedule::default();
        assert!(!s.look(at(0), MOST));
        let (due, _) = s.sync(&wanted(Some(10)), &[], at(0));
        s.accept(&due[0].0, due[0].1);
        s.succeeded(&due[0].0);
        assert!(!s.look(at(4), MOST));
        assert!(s.look(at(-3_600), MOST), "an hour back");
        assert_eq!(s.next_due(), Some(at(-3_600 + 6)));
        // A limit keeps its distance, too.
        s.look(at(-3_594), MOST);
        let (due, _) = s.sync(&wanted(Some(10)), &[], at(-3_594));
        s.accept(&due[0].0, due[0].1);
        s.failed(&due[0].0, Some(at(-3_500)), false, at(-3_594));
        assert!(s.look(at(-7_194), MOST));
        assert_eq!(s.next_due(), Some(at(-7_100)));
    }

    #[test]
    fn a_day_ahead_asks_each_question_once() {
        let mut s = Schedule::default();
        let all: Vec<Wanted> = [EffectKey::Ledger, EffectKey::Login("main".to_owned())]
            .into_iter()
            .map(|key| Wanted {
                key,
                every: Some(SignedDuration::from_secs(10)),
            })
            .collect();
        s.look(at(0), MOST);
        for (key, generation) in s.sync(&all, &[], at(0)).0 {
            s.accept(&key, generation);
            s.succeeded(&key);
        }
        assert!(!s.look(at(120), MOST), "a busy machine");
        assert!(s.look(at(86_520), MOST), "a day ahead");
        assert_eq!(s.sync(&all, &[], at(86_520)).0.len(), 2);
        assert!(s.sync(&all, &[], at(86_525)).0.is_empty(), "no storm");
    }

    #[test]
    fn an_answer_from_before_a_restart_does_not_count() {
        let mut s = Schedule::default();
        let (due, _) = s.sync(&wanted(None), &[], at(0));
        s.restart(&EffectKey::Ledger);
        assert!(!s.accept(&due[0].0, due[0].1));
        assert_eq!(s.sync(&wanted(None), &[], at(0)).0.len(), 1);
    }

    #[test]
    fn what_is_not_wanted_any_more_is_cancelled_and_its_answer_dropped() {
        let mut s = Schedule::default();
        let (due, _) = s.sync(&wanted(None), &[], at(0));
        let (_, cancelled) = s.sync(&[], &[], at(1));
        assert_eq!(cancelled, [EffectKey::Ledger]);
        assert!(!s.accept(&due[0].0, due[0].1));
    }

    #[test]
    fn a_crowd_takes_turns_and_holds_nobody_up() {
        let mut s = Schedule::default();
        let every = Some(SignedDuration::from_secs(120));
        let crowd: Vec<Wanted> = (0..10)
            .map(|i| Wanted {
                key: EffectKey::Login(format!("source{i}")),
                every,
            })
            .collect();
        let (due, _) = s.sync(&[], &crowd, at(0));
        assert_eq!(due.len(), AT_ONCE);
        assert_eq!(s.next_due(), None, "an answer makes the next turn");
        let (near, _) = s.sync(&wanted(Some(10)), &crowd, at(0));
        assert_eq!(near.len(), 1, "what is looked at waits for no crowd");

        // As answers come, all of them are asked once, and again after their interval.
        let mut asked = due;
        let mut n = 0;
        while let Some((key, generation)) = asked.pop() {
            s.accept(&key, generation);
            s.succeeded(&key);
            n += 1;
            asked.extend(s.sync(&wanted(Some(10)), &crowd, at(1)).0);
        }
        assert_eq!(n, 10);
        s.hurry();
        assert_eq!(s.sync(&[], &crowd, at(2)).0.len(), AT_ONCE, "no storm");
    }
}
