//! What must hold for any input: nothing panics, nothing later rewrites what was said, an alarm stands, unchanged
//! deploys raise none, and the replay says what the live view said.

use proptest::prelude::*;

use super::judge::{Judge, Mode};
use super::recording::{Encoding, Recording, Row, Slot};
use super::series::{Bin, whole};
use super::settings::Settings;
use super::verdict::{Verdict, VerdictState, Word};

const BOUNDS: [f64; 3] = [100.0, 250.0, 500.0];

/// Counts from nothing to the largest there are.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..1_000u64, Just(u64::MAX), any::<u64>()]
}

fn wild_bin() -> impl Strategy<Value = Bin> {
    let start = prop_oneof![-100_000i64..100_000, any::<i64>()];
    (
        start,
        count(),
        count(),
        prop::collection::vec(count(), 0..6),
    )
        .prop_map(|(t, n, x, h)| Bin { t, n, x, h })
}

/// A bin of ordinary traffic at step `i`, or a gap; `bad` of 100 requests fail or are slow.
fn slots(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Option<(u64, u64)>>> {
    let calm = (20..400u64, 0..3u64);
    let bad = (20..400u64, 0..60u64);
    let step = prop_oneof![6 => calm.prop_map(Some), 2 => bad.prop_map(Some), 1 => Just(None)];
    prop::collection::vec(step, len)
}

fn row((n, x): (u64, u64)) -> Row {
    let (n, x) = (n as f64, x.min(n) as f64);
    Row {
        requests: n,
        errors: x,
        buckets: Some(vec![n - x, 0.0, x, 0.0]),
    }
}

fn recording(after: &[Option<(u64, u64)>], mode: Mode) -> Recording {
    let slot = |t: i64, counts: Option<(u64, u64)>| Slot {
        t,
        row: counts.map(row),
    };
    let calm = |i: i64| (200, u64::from(i % 3 == 0));
    let places = || (0..).map(|i| i * 15);
    Recording {
        mode,
        encoding: Encoding::Intervals,
        step_s: 15.0,
        bounds_ms: BOUNDS.to_vec(),
        slo_latency_ms: Some(250.0),
        baseline: (-240..0).map(|i| slot(i * 15, Some(calm(i)))).collect(),
        after: places().zip(after).map(|(t, c)| slot(t, *c)).collect(),
        control: match mode {
            Mode::BeforeAfter => Vec::new(),
            Mode::Canary => places()
                .zip(after)
                .map(|(t, _)| slot(t, Some(calm(t / 15))))
                .collect(),
        },
    }
}

/// The same recording pushed bin by bin, with the answer after each slot.
fn live(recording: &Recording) -> Vec<Verdict> {
    let bin = |slot: &Slot| {
        let row = slot.row.as_ref()?;
        let h = row
            .buckets
            .iter()
            .flatten()
            .filter_map(|b| whole(*b))
            .collect();
        Bin::from_measured(slot.t, row.requests, row.errors, h)
    };
    let baseline: Vec<Bin> = recording.baseline.iter().filter_map(bin).collect();
    let settings = Settings::default();
    let slo = recording.slo_latency_ms;
    let mut judge = Judge::new(recording.mode, &baseline, &BOUNDS, slo, settings);
    let mut said = Vec::new();
    for (i, slot) in recording.after.iter().enumerate() {
        let stable = recording.control.get(i).and_then(bin);
        match (bin(slot), stable) {
            (Some(bin), Some(stable)) => assert!(judge.push_canary(&bin, &stable)),
            (Some(bin), None) => assert!(judge.push(&bin)),
            (None, Some(stable)) => judge.observe_stable(&stable),
            (None, None) => {}
        }
        judge.advance_to(slot.t + 15);
        said.push(judge.verdict());
    }
    said
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::BeforeAfter), Just(Mode::Canary)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_input_panics(
        baseline in prop::collection::vec(wild_bin(), 0..40),
        bins in prop::collection::vec((wild_bin(), wild_bin()), 0..40),
        mode in modes(),
        rollback in prop::option::of(any::<i64>()),
        to in any::<i64>(),
    ) {
        let mut judge = Judge::new(mode, &baseline, &BOUNDS, Some(200.0), Settings::default());
        if let Some(at) = rollback {
            judge.rollback_succeeded(at);
        }
        for (bin, stable) in &bins {
            match mode {
                Mode::BeforeAfter => judge.push(bin),
                Mode::Canary => judge.push_canary(bin, stable),
            };
            let verdict = judge.verdict();
            prop_assert!((0.0..=1.0).contains(&verdict.progress), "{verdict:?}");
            prop_assert!(!verdict.log_e.is_nan(), "{verdict:?}");
        }
        judge.advance_to(to);
        prop_assert!(!judge.verdict().summary.is_empty());
    }

    #[test]
    fn more_errors_than_requests_are_all_requests(n in 0..1_000u64, more in 1..1_000u64) {
        let baseline: Vec<Bin> = (-240..0).map(|i| Bin::new(i * 15, 200, 1)).collect();
        let said = |x: u64| {
            let mut judge =
                Judge::new(Mode::BeforeAfter, &baseline, &[], None, Settings::default());
            judge.push(&Bin::new(90, n, x));
            judge.verdict()
        };
        prop_assert_eq!(said(n), said(n + more));
    }

    #[test]
    fn an_empty_baseline_decides_nothing(bins in slots(1..130)) {
        let mut recording = recording(&bins, Mode::BeforeAfter);
        recording.baseline.clear();
        let verdict = super::judge(&recording, &Settings::default());
        prop_assert_eq!(verdict.state, VerdictState::NoData);
        prop_assert!(!verdict.advise_rollback);
    }

    #[test]
    fn the_replay_says_at_any_time_what_the_live_view_said(
        bins in slots(1..130), mode in modes(), cut in any::<prop::sample::Index>(),
    ) {
        let all = recording(&bins, mode);
        let said = live(&all);
        let at = cut.index(bins.len());
        let mut part = all.clone();
        part.after.truncate(at + 1);
        part.control.truncate(at + 1);
        let nothing_yet = bins.iter().take(at + 1).all(Option::is_none);
        if !nothing_yet {
            prop_assert_eq!(&super::judge(&part, &Settings::default()), &said[at]);
        }
        // The end knows of no alarm at or before the cut that was not raised then.
        let end = super::judge(&all, &Settings::default());
        let time = said[at].as_of_s;
        prop_assert_eq!(end.first_degraded_at_s.filter(|t| *t <= time), said[at].first_degraded_at_s);
    }

    #[test]
    fn an_alarm_stands(bins in slots(1..130), mode in modes()) {
        let mut first: Option<i64> = None;
        for verdict in live(&recording(&bins, mode)) {
            if first.is_some() {
                prop_assert_eq!(verdict.word, Word::Degraded);
                prop_assert_eq!(verdict.first_degraded_at_s, first);
            }
            prop_assert_eq!(verdict.first_degraded_at_s.is_some(), verdict.word == Word::Degraded);
            prop_assert_eq!(verdict.healthy_at_s.is_some(), verdict.word == Word::Healthy);
            first = first.or(verdict.first_degraded_at_s);
        }
    }
}

/// A small generator of its own, so that the deploys below are the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn bin(&mut self, t: i64, n: u64, p: f64, slow: f64) -> Bin {
        let hits = |dice: &mut Self, p: f64| (0..n).filter(|_| dice.roll() < p).count() as u64;
        let (x, over) = (hits(self, p), hits(self, slow));
        Bin {
            t,
            n,
            x,
            h: vec![n - over, over - over / 8, over / 8, 0],
        }
    }

    /// One deploy of 30 minutes at `n` requests a bin with 1 % errors and 8 % slow before it.
    fn deploy(&mut self, mode: Mode, n: u64, p: f64, slow: f64) -> Verdict {
        let baseline: Vec<Bin> = (-240..0).map(|i| self.bin(i * 15, n, 0.01, 0.08)).collect();
        let mut judge = Judge::new(mode, &baseline, &BOUNDS, None, Settings::default());
        for i in 0..120 {
            let bin = self.bin(i * 15, n, p, slow);
            match mode {
                Mode::BeforeAfter => judge.push(&bin),
                Mode::Canary => {
                    let stable = self.bin(i * 15, n * 4, 0.01, 0.08);
                    judge.push_canary(&bin, &stable)
                }
            };
        }
        judge.verdict()
    }
}

#[test]
fn unchanged_deploys_raise_no_alarm_and_bad_ones_do() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for mode in [Mode::BeforeAfter, Mode::Canary] {
        let same: Vec<Verdict> = (0..40).map(|_| dice.deploy(mode, 60, 0.01, 0.08)).collect();
        let alarms = same.iter().filter(|v| v.word == Word::Degraded).count();
        assert!(alarms <= 1, "{mode:?}: {alarms} false alarms of 40");
        let broken: Vec<Verdict> = (0..10).map(|_| dice.deploy(mode, 60, 0.04, 0.08)).collect();
        assert!(
            broken.iter().all(|v| v.word == Word::Degraded),
            "{mode:?}: errors x4 missed"
        );
        let slow: Vec<Verdict> = (0..10).map(|_| dice.deploy(mode, 60, 0.01, 0.24)).collect();
        for verdict in &slow {
            assert_eq!(verdict.word, Word::Degraded, "{mode:?}: slowness missed");
            assert!(verdict.evidence[0].metric.starts_with("latency_over_"));
        }
    }
    let busy = dice.deploy(Mode::BeforeAfter, 600, 0.01, 0.08);
    assert_eq!(busy.state, VerdictState::Healthy, "{busy:?}");
    let busy = dice.deploy(Mode::Canary, 600, 0.01, 0.08);
    assert_eq!(busy.state, VerdictState::Healthy, "{busy:?}");
}
