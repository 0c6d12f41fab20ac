//! The states and how they follow one another.

use super::judge::{Judge, Mode};
use super::series::Bin;
use super::settings::Settings;
use super::verdict::{Verdict, VerdictState as S, Word};

/// 31 errors in 10,000 requests, evenly spread.
fn baseline() -> Vec<Bin> {
    (0..100)
        .map(|i| Bin::new(-1_500 + i * 15, 100, u64::from(i % 3 == 1 && i > 5)))
        .collect()
}

fn judge() -> Judge {
    Judge::new(
        Mode::BeforeAfter,
        &baseline(),
        &[],
        None,
        Settings::default(),
    )
}

/// Pushes bins of 300 requests from step `from` on, with the answer after each.
fn push(judge: &mut Judge, from: i64, errors: impl IntoIterator<Item = u64>) -> Vec<Verdict> {
    (from..)
        .zip(errors)
        .map(|(i, x)| {
            assert!(judge.push(&Bin::new(i * 15, 300, x)));
            judge.verdict()
        })
        .collect()
}

fn states(said: &[Verdict]) -> Vec<S> {
    let mut states: Vec<S> = said.iter().map(|v| v.state).collect();
    states.dedup();
    states
}

#[test]
fn a_blip_is_suspect_without_advice_and_passes() {
    let mut judge = judge();
    let said = push(&mut judge, 0, [1; 6].into_iter().chain([60]).chain([1; 20]));
    assert_eq!(
        states(&said),
        [S::Warming, S::Watching, S::Suspect, S::Watching]
    );
    assert!(
        said.iter()
            .all(|v| !v.advise_rollback && v.word == Word::Watching)
    );
    // Hysteresis: suspect is entered at half of the limit and left under a quarter.
    let limit = Settings::default().limit();
    for pair in said.windows(2) {
        match (pair[0].state, pair[1].state) {
            (S::Watching, S::Suspect) => assert!(pair[1].log_e >= limit / 2.0),
            (S::Suspect, S::Watching) => assert!(pair[1].log_e < limit / 4.0),
            (S::Suspect, S::Suspect) => assert!(pair[1].log_e >= limit / 4.0),
            _ => {}
        }
    }
}

#[test]
fn healthy_is_still_watched() {
    let mut judge = judge();
    let said = push(&mut judge, 0, [1; 40].into_iter().chain([6; 12]));
    assert_eq!(
        states(&said),
        [S::Warming, S::Watching, S::Healthy, S::Suspect, S::Degraded]
    );
    assert_eq!(said[39].healthy_at_s, Some(390));
    let end = judge.verdict();
    assert_eq!((end.healthy_at_s, end.advise_rollback), (None, true));
    assert!((end.progress - 1.0).abs() < 1e-12);
}

#[test]
fn the_watch_ends_at_the_horizon() {
    let mut judge = judge();
    push(&mut judge, 0, [1; 120]);
    let said = judge.verdict();
    assert_eq!(said.state, S::Healthy);
    // What comes later is no longer held against this deploy.
    let later = push(&mut judge, 120, [200; 20]);
    assert_eq!(later[19].state, S::Healthy);
    assert_eq!(later[19].evidence, said.evidence);
    // Silence after the end is not silence of the watch.
    judge.advance_to(9_000);
    assert_eq!(
        (judge.verdict().state, judge.verdict().stale),
        (S::Healthy, false)
    );
}

#[test]
fn silence_takes_the_answer_back() {
    let mut judge = judge();
    push(&mut judge, 0, [1; 40]);
    judge.advance_to(644);
    assert_eq!(
        (judge.verdict().state, judge.verdict().stale),
        (S::Healthy, false)
    );
    judge.advance_to(645);
    assert!(judge.verdict().stale);
    judge.advance_to(900);
    assert_eq!(judge.verdict().state, S::NoData);
    assert_eq!(judge.verdict().healthy_at_s, None);
    push(&mut judge, 60, [1]);
    assert_eq!(judge.verdict().state, S::Healthy);
}

#[test]
fn an_alarm_stands_through_silence() {
    let mut judge = judge();
    push(&mut judge, 0, [9; 20]);
    judge.advance_to(9_000);
    let said = judge.verdict();
    assert_eq!((said.state, said.advise_rollback), (S::Degraded, true));
}

#[test]
fn bad_time_before_the_rollback_does_not_delay_the_recovery() {
    let told = |at: i64, early: bool| {
        let mut judge = judge();
        if early {
            judge.rollback_succeeded(at);
        }
        push(&mut judge, 0, vec![30; usize::try_from(at / 15).unwrap()]);
        judge.rollback_succeeded(at);
        push(&mut judge, at / 15, [1; 30]);
        judge.verdict()
    };
    assert_eq!(told(300, false).recovered_at_s, Some(480));
    assert_eq!(told(1_500, false).recovered_at_s, Some(1_680));
    // Told ahead or in time: the same.
    assert_eq!(told(300, true), told(300, false));
    assert_eq!(told(300, true).evidence[0].after.n, 14 * 300);
}

#[test]
fn a_deploy_that_recovered_by_itself_may_turn_bad_again() {
    let mut judge = judge();
    let bins = [9; 20].into_iter().chain([1; 30]).chain([9; 12]);
    let said = push(&mut judge, 0, bins.chain([1; 30]));
    assert_eq!(
        states(&said[15..]),
        [S::Degraded, S::Recovered, S::Degraded, S::Recovered]
    );
    let again = &said[61];
    assert_eq!((again.state, again.advise_rollback), (S::Degraded, true));
    assert_eq!(again.recovered_at_s, None);
    assert_eq!(again.first_degraded_at_s, said[19].first_degraded_at_s);
    // One bad bin is still no conviction.
    let mut calm = self::judge();
    let said = push(
        &mut calm,
        0,
        [9; 20].into_iter().chain([1; 30]).chain([60]).chain([1; 9]),
    );
    assert_eq!(said.last().unwrap().state, S::Recovered);
}

#[test]
fn a_rollback_that_does_not_help_is_no_recovery() {
    let mut judge = judge();
    push(&mut judge, 0, [9; 20]);
    judge.rollback_succeeded(300);
    let said = push(&mut judge, 20, [9; 60]);
    assert_eq!(states(&said), [S::Degraded]);
}

#[test]
fn a_rollback_without_an_alarm_ends_healthy() {
    let mut judge = judge();
    push(&mut judge, 0, [1; 10]);
    judge.rollback_succeeded(150);
    let said = push(&mut judge, 10, [1; 20]);
    assert_eq!(judge.verdict().state, S::Healthy);
    assert_eq!(judge.verdict().recovered_at_s, Some(330));
    assert!(said.iter().all(|v| v.word != Word::Degraded));
}

#[test]
fn bins_out_of_order_or_before_the_deploy_are_ignored() {
    let mut judge = judge();
    assert!(!judge.push(&Bin::new(-15, 300, 300)));
    assert!(judge.push(&Bin::new(30, 300, 1)));
    let before = judge.verdict();
    assert!(!judge.push(&Bin::new(30, 300, 300)));
    assert!(!judge.push(&Bin::new(15, 300, 300)));
    assert_eq!(judge.verdict(), before);
}

#[test]
fn a_canary_warms_up_from_its_first_traffic() {
    let mut judge = Judge::new(Mode::Canary, &baseline(), &[], None, Settings::default());
    let stable = |t| Bin::new(t, 300, 1);
    for i in 0..10 {
        judge.push_canary(&Bin::new(i * 15, 0, 0), &stable(i * 15));
    }
    for i in 10..16 {
        assert_eq!(judge.verdict().state, S::Warming);
        judge.push_canary(&Bin::new(i * 15, 60, 1), &stable(i * 15));
    }
    assert_eq!(judge.verdict().state, S::Watching);
}

#[test]
fn a_verdict_survives_the_cache() {
    let mut judge = judge();
    push(&mut judge, 0, [9; 20]);
    let said = judge.verdict();
    let kept: Verdict = serde_json::from_str(&serde_json::to_string(&said).unwrap()).unwrap();
    assert_eq!(kept.summary, said.summary);
    assert_eq!(
        (kept.state, kept.evidence.len()),
        (said.state, said.evidence.len())
    );
}

#[test]
fn the_short_form_fits_a_line() {
    let mut judge = judge();
    for said in push(&mut judge, 0, [1; 30].into_iter().chain([12; 20])) {
        assert!(said.short.chars().count() <= 90, "{}", said.short);
        assert!(said.short.starts_with("errors 0.31 % → "), "{}", said.short);
    }
}
