//! Recordings as files: what is read, what is refused and how, and what the verdict on them is.

use serde_json::{Value, json};

use super::recording::{Recording, RecordingError};
use super::settings::Settings;
use super::verdict::{Verdict, VerdictState, Word};

/// A row of 300 requests.
fn row(t: i64, errors: u64) -> Value {
    json!({"t": t, "requests": 300, "errors": errors, "latency_buckets": [280, 15, 5]})
}

fn rows(places: std::ops::Range<i64>, errors: impl Fn(i64) -> u64) -> Vec<Value> {
    places.map(|i| row(i * 15, errors(i))).collect()
}

fn file(after: impl IntoIterator<Item = Value>) -> Value {
    let after: Vec<Value> = after.into_iter().collect();
    json!({
        "version": 1, "mode": "before_after", "encoding": "intervals", "step_s": 15, "deploy_at": 0,
        "bounds_ms": [100, 250], "slo_latency_ms": null, "recorded_by": "ignored",
        "baseline": rows(-240..0, |i| u64::from(i % 2 == 0)), "after": after
    })
}

fn with(mut file: Value, field: &str, value: Value) -> Value {
    file[field] = value;
    file
}

fn said(file: &Value) -> Verdict {
    let recording = Recording::from_json(&file.to_string()).unwrap();
    super::judge(&recording, &Settings::default())
}

fn refused(file: &Value) -> String {
    Recording::from_json(&file.to_string())
        .unwrap_err()
        .to_string()
}

/// Turns the rows of a file into running totals that restart at the given places of `after`.
fn counters(mut file: Value, restarts: &[usize]) -> Value {
    let mut totals = [0.0f64; 5];
    for list in ["baseline", "after"] {
        for (i, row) in file[list].as_array_mut().unwrap().iter_mut().enumerate() {
            if list == "after" && restarts.contains(&i) {
                totals = [0.0; 5];
            }
            let h = row["latency_buckets"].as_array().unwrap();
            let now = [&row["requests"], &row["errors"], &h[0], &h[1], &h[2]]
                .map(|v| v.as_f64().unwrap());
            for (total, now) in totals.iter_mut().zip(now) {
                *total += now;
            }
            let [requests, errors, a, b, c] = totals;
            *row = json!({"t": row["t"], "requests": requests, "errors": errors, "latency_buckets": [a, b, c]});
        }
    }
    with(file, "encoding", json!("counters"))
}

#[test]
fn a_good_deploy_becomes_healthy() {
    let verdict = said(&file(rows(0..60, |i| u64::from(i % 2 == 0))));
    assert_eq!(
        (verdict.state, verdict.word),
        (VerdictState::Healthy, Word::Healthy)
    );
    // 300 s after the end of the warm-up at the earliest.
    assert_eq!(verdict.healthy_at_s, Some(390));
    assert!(
        verdict.summary.starts_with("healthy after 390 s: "),
        "{}",
        verdict.summary
    );
    assert_eq!(verdict.needs_requests, None);
}

#[test]
fn a_bad_deploy_is_degraded_and_may_recover_by_itself() {
    let bad = |i: i64| {
        if (10..20).contains(&i) {
            12
        } else {
            u64::from(i % 2 == 0)
        }
    };
    let verdict = said(&file(rows(0..20, bad)));
    let at = verdict.first_degraded_at_s.unwrap();
    assert!((165..=225).contains(&at), "{at}");
    assert_eq!(verdict.state, VerdictState::Degraded);
    let later = said(&file(rows(0..60, bad)));
    assert_eq!(
        (later.state, later.word),
        (VerdictState::Recovered, Word::Degraded)
    );
    assert_eq!(later.first_degraded_at_s, Some(at));
    assert!(later.recovered_at_s.unwrap() >= at + 180);
    assert!(!later.advise_rollback);
}

#[test]
fn little_traffic_stays_open_and_says_what_it_needs() {
    let few =
        |i: i64| json!({"t": i * 15, "requests": 2, "errors": 0, "latency_buckets": [2, 0, 0]});
    let verdict = said(&file((0..120).map(few)));
    assert_eq!(verdict.state, VerdictState::Inconclusive);
    assert!(verdict.needs_requests.unwrap() > 100);
    let before_the_end = said(&file((0..119).map(few)));
    assert_eq!(before_the_end.state, VerdictState::Watching);
    assert_eq!(said(&file(rows(0..3, |_| 0))).state, VerdictState::Warming);
}

#[test]
fn silence_is_no_data_and_never_an_answer() {
    assert_eq!(said(&file(vec![])).state, VerdictState::NoData);
    let mut silent = rows(0..8, |_| 0);
    silent.extend(vec![Value::Null; 19]);
    assert!(said(&file(silent.clone())).stale);
    assert_eq!(said(&file(silent.clone())).state, VerdictState::Watching);
    silent.push(json!({"t": 27 * 15, "requests": null, "errors": null}));
    let verdict = said(&file(silent.clone()));
    assert_eq!(
        (verdict.state, verdict.word),
        (VerdictState::NoData, Word::Watching)
    );
    assert_eq!(verdict.summary, "no data for 300 s");
    silent.push(row(28 * 15, 0));
    assert_eq!(said(&file(silent)).state, VerdictState::Watching);
}

#[test]
fn no_requests_at_all_is_no_evidence() {
    let empty =
        |i: i64| json!({"t": i * 15, "requests": 0, "errors": 0, "latency_buckets": [0, 0, 0]});
    let verdict = said(&file((0..120).map(empty)));
    assert_eq!(verdict.state, VerdictState::Inconclusive);
    assert!(verdict.log_e.abs() < 1e-12);
}

#[test]
fn running_totals_say_the_same() {
    let bad = |i: i64| if i >= 8 { 9 } else { 1 };
    let intervals = file(rows(0..20, bad));
    let expected = said(&intervals);
    assert_eq!(expected.word, Word::Degraded);
    for restarts in [&[][..], &[0], &[3, 9]] {
        let got = said(&counters(intervals.clone(), restarts));
        assert_eq!(
            got.first_degraded_at_s, expected.first_degraded_at_s,
            "{restarts:?}"
        );
        assert_eq!(
            got.evidence[0].after, expected.evidence[0].after,
            "{restarts:?}"
        );
    }
}

#[test]
fn finer_rows_are_summed() {
    let fine = |places: std::ops::Range<i64>, x: u64| -> Vec<Value> {
        places
            .map(|i| json!({"t": i * 5, "requests": 100.4, "errors": x, "latency_buckets": [93, 5, 2]}))
            .collect()
    };
    let mut recording = file(fine(0..47, 1));
    recording["step_s"] = json!(5);
    recording["baseline"] = json!(fine(-720..0, 1));
    let verdict = said(&recording);
    // 47 rows of 5 s are 23 bins of 10 s; the last row waits for its other half. 14 of the bins follow the warm-up.
    let errors = verdict
        .evidence
        .iter()
        .find(|e| e.metric == "errors")
        .unwrap();
    assert_eq!(errors.after.n, 14 * 200);
}

#[test]
fn a_canary_in_either_form() {
    let canary: Vec<Value> = (0..20)
        .map(|i| json!({"t": i * 15, "requests": 60, "errors": 4, "latency_buckets": [56, 3, 1]}))
        .collect();
    let stable = rows(0..20, |i| u64::from(i % 2 == 0));
    let own_list = with(
        with(file(canary.clone()), "mode", json!("canary")),
        "control",
        json!(stable),
    );
    let mut going_on = with(file(canary), "mode", json!("canary"));
    going_on["baseline"] = json!(rows(-240..20, |i| u64::from(i % 2 == 0)));
    let (a, b) = (said(&own_list), said(&going_on));
    assert_eq!(a, b);
    assert_eq!(a.word, Word::Degraded);
    assert!((a.evidence[0].dispersion - 1.5).abs() < 1e-12);
    assert_eq!(a.evidence[0].baseline.n, 14 * 300);
    // Trouble that both arms share cancels.
    let shared = with(own_list, "control", json!(rows(0..20, |_| 20)));
    assert_ne!(said(&shared).word, Word::Degraded);
}

#[test]
fn an_absolute_clock_is_brought_to_the_deploy() {
    let mut moved = file(rows(0..20, |_| 9));
    let expected = said(&moved);
    moved["deploy_at"] = json!(1_700_000_000);
    for list in ["baseline", "after"] {
        for row in moved[list].as_array_mut().unwrap() {
            row["t"] = json!(row["t"].as_i64().unwrap() + 1_700_000_000);
        }
    }
    assert_eq!(said(&moved), expected);
}

#[test]
fn a_bad_file_is_refused_with_its_place() {
    let good = || file(rows(0..4, |_| 1));
    let broken = |field: &str, value: Value| refused(&with(good(), field, value));
    assert_eq!(
        broken("version", json!(2)),
        "version: 2 is unknown, this program reads 1"
    );
    assert!(broken("mode", json!("blue_green")).starts_with("mode: `blue_green`"));
    assert!(broken("encoding", json!("rates")).starts_with("encoding: `rates`"));
    assert!(broken("step_s", json!(0)).starts_with("step_s: 0"));
    assert!(broken("bounds_ms", json!([250, 100])).starts_with("bounds_ms: "));
    let row = |row: usize, field: &str, value: Value| {
        let mut file = good();
        file["after"][row][field] = value;
        refused(&file)
    };
    assert_eq!(
        row(2, "errors", json!(-1)),
        "after[2].errors: -1 is not a count"
    );
    assert_eq!(
        row(2, "t", json!(15)),
        "after[2].t: 15 does not come after 15"
    );
    assert_eq!(
        row(0, "t", json!(-15)),
        "after[0].t: lies before the deploy"
    );
    assert_eq!(
        row(1, "latency_buckets", json!([1, 2])),
        "after[1].latency_buckets: has 2 buckets, the bounds make 3"
    );
    assert!(row(3, "requests", json!("many")).contains("after[3].requests"));
    let mut missing = good();
    missing["baseline"][7]
        .as_object_mut()
        .unwrap()
        .remove("errors");
    assert_eq!(refused(&missing), "baseline[7].errors: is missing");
    let late = with(
        good(),
        "baseline",
        json!([{"t": 0, "requests": 1, "errors": 0}]),
    );
    assert_eq!(refused(&late), "baseline[0].t: lies after the deploy");
    for text in ["", "[]", "{", "{\"version\":1}", "{\"version\":1}x"] {
        let error = Recording::from_json(text).unwrap_err();
        assert!(matches!(error, RecordingError::Shape { .. }), "{text}");
    }
}
