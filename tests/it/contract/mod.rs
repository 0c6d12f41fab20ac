//! The contract of every source, over real HTTP: what it reads, what it calls each failure, what it sends again, what its message
//! names and what it never shows. To add a source: one row in `rows.rs`.

mod rows;

use std::collections::BTreeMap;

use axum::response::Response;
use flightdeck::domain::fetched::FaultKind;
use flightdeck::providers::error::NetKind;
use flightdeck::providers::http::HttpPolicy;
use flightdeck::providers::{ErrorKind, ProviderError};
use serde_json::json;

use crate::stub::{
    Bare, NOW_S, Seen, Stub, bare, closed_port, endless, impatient, now, policy, reply,
};
use rows::{ROWS, Row};

/// The secret of every source, however it is carried.
const TOKEN: &str = "ghp_secretsecretsecret";
/// Longer answers are not read.
const CAP: usize = 1 << 20;
const HTML: &str = "<!doctype html><p>Sign in";

/// A failure: what the server answers, and what it is called.
struct Failure {
    name: &'static str,
    answer: fn() -> Response,
    status: u16,
    kind: fn(&ErrorKind) -> bool,
    fault: FaultKind,
    /// Whether it is asked again at once.
    again: bool,
}

/// A failure as servers word it; one that shows people what they sent must not make us show it.
fn refusal(status: u16, headers: &[(&str, &str)]) -> Response {
    let body = json!({ "message": format!("no: {TOKEN}") });
    reply(status, headers, body.to_string())
}

const FAILURES: [Failure; 11] = [
    Failure {
        name: "401",
        answer: || refusal(401, &[]),
        status: 401,
        kind: |k| *k == ErrorKind::Auth,
        fault: FaultKind::Auth,
        again: false,
    },
    Failure {
        name: "403",
        answer: || refusal(403, &[]),
        status: 403,
        kind: |k| matches!(k, ErrorKind::Forbidden { .. }),
        fault: FaultKind::Forbidden,
        again: false,
    },
    Failure {
        name: "404",
        answer: || refusal(404, &[]),
        status: 404,
        kind: |k| *k == ErrorKind::NotFound,
        fault: FaultKind::NotFound,
        again: false,
    },
    Failure {
        name: "429 with a wait",
        answer: || refusal(429, &[("retry-after", "90")]),
        status: 429,
        kind: |k| waits(k, 90),
        fault: FaultKind::RateLimited,
        again: false,
    },
    Failure {
        name: "429 without a word",
        answer: || reply(429, &[], ""),
        status: 429,
        kind: |k| waits(k, 60),
        fault: FaultKind::RateLimited,
        again: false,
    },
    Failure {
        name: "500",
        answer: || refusal(500, &[]),
        status: 500,
        kind: |k| *k == ErrorKind::Server,
        fault: FaultKind::Unreachable,
        again: true,
    },
    Failure {
        name: "503 as a page",
        answer: || reply(503, &[("content-type", "text/html")], HTML),
        status: 503,
        kind: |k| *k == ErrorKind::Server,
        fault: FaultKind::Unreachable,
        again: true,
    },
    Failure {
        name: "a page for people",
        answer: || reply(200, &[("content-type", "text/html")], HTML),
        status: 200,
        kind: |k| matches!(k, ErrorKind::Protocol { hint: Some(_) }),
        fault: FaultKind::Protocol,
        again: false,
    },
    Failure {
        name: "half of the JSON",
        answer: || {
            reply(
                200,
                &[("content-type", "application/json")],
                r#"{"data": {"#,
            )
        },
        status: 200,
        kind: |k| matches!(k, ErrorKind::Protocol { .. }),
        fault: FaultKind::Protocol,
        again: false,
    },
    Failure {
        name: "huge, without an announced length",
        answer: || endless(8),
        status: 200,
        kind: |k| *k == ErrorKind::TooLarge { cap: CAP },
        fault: FaultKind::Protocol,
        again: false,
    },
    Failure {
        name: "huge, and says so",
        answer: || reply(200, &[], vec![b'['; 2 * CAP]),
        status: 200,
        kind: |k| *k == ErrorKind::TooLarge { cap: CAP },
        fault: FaultKind::Protocol,
        again: false,
    },
];

/// Whether it is a limit that ends so many seconds from now.
fn waits(kind: &ErrorKind, seconds: i64) -> bool {
    matches!(kind, ErrorKind::RateLimited { until, .. } if until.as_second() == NOW_S + seconds)
}

fn capped() -> HttpPolicy {
    HttpPolicy {
        body_cap: CAP,
        ..policy()
    }
}

/// How often the same thing was sent, at most.
fn most_often(stub: &Stub) -> usize {
    let mut times = BTreeMap::new();
    for Seen {
        method, uri, body, ..
    } in stub.seen()
    {
        *times.entry((method, uri, body)).or_insert(0_usize) += 1;
    }
    times.into_values().max().unwrap_or(0)
}

/// What every error owes to a person: who failed, where, with which status; what to do; and no secret in any form of it.
fn owes(row: &Row, what: &str, error: &ProviderError, url: &str, status: Option<u16>) {
    let (text, fault) = (error.to_string(), error.to_fault(now()));
    let what = format!("{}, {what}: {text}", row.name.0);
    let (system, source) = row.name;
    assert!(
        text.starts_with(&format!("{system} ({source}): ")),
        "{what}"
    );
    assert!(text.contains(url), "{what}");
    assert_eq!(error.call.status, status, "{what}");
    if let Some(status) = status {
        assert!(text.contains(&format!(" -> {status}]")), "{what}");
    }
    let all = format!("{text} {error:?} {error:#?} {fault:?} {:?}", error.hint());
    assert!(!all.contains(TOKEN), "{what}: {all}");
    assert!(!all.contains("token="), "{what}: {all}");
    assert_eq!(fault.message.as_str(), text, "{what}");
    let limit = match error.kind {
        ErrorKind::RateLimited { until, .. } => Some(until),
        _ => None,
    };
    assert_eq!((fault.retry_at, fault.at), (limit, now()), "{what}");
}

#[tokio::test]
async fn what_is_there_is_read_and_nothing_is_nothing() {
    for row in &ROWS {
        for (has, things) in [(true, 1), (false, 0)] {
            let answer = row.answer;
            let stub = Stub::start(move |seen, _| answer(seen, has)).await;
            let read = (row.ask)(stub.url.clone(), capped(), false).await;
            assert_eq!(read, Ok(things), "{:?} {has}", row.name);
            assert_eq!(most_often(&stub), 1, "{:?}", row.name);
        }
    }
}

#[tokio::test]
async fn what_does_not_fit_into_one_answer_is_asked_in_parts() {
    for row in &ROWS {
        let much = row.much;
        let stub = Stub::start(move |seen, _| much(seen)).await;
        let read = (row.ask)(stub.url.clone(), capped(), true).await;
        assert_eq!(read, Ok(row.things), "{:?}", row.name);
        assert_eq!(stub.count(), row.questions, "{:?}", row.name);
        assert_eq!(most_often(&stub), 1, "{:?}", row.name);
    }
}

#[tokio::test]
async fn each_failure_has_its_name_and_its_place() {
    for row in &ROWS {
        for failure in &FAILURES {
            let answer = failure.answer;
            let stub = Stub::start(move |_, _| answer()).await;
            let asked = (row.ask)(stub.url.clone(), capped(), false).await;
            let error = asked.unwrap_err();
            let what = format!("{:?} {}: {error:?}", row.name, failure.name);
            assert!((failure.kind)(&error.kind), "{what}");
            assert_eq!(error.fault_kind(), failure.fault, "{what}");
            owes(row, failure.name, &error, &stub.url, Some(failure.status));
            let tries = if failure.again { policy().tries } else { 1 };
            assert_eq!(most_often(&stub), tries, "{what}");
            if failure.name == "a page for people" {
                assert!(error.hint().unwrap().contains(row.look_at), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn trouble_that_passes_is_not_told() {
    for row in &ROWS {
        for trouble in [
            || reply(502, &[], "bad gateway"),
            || reply(429, &[("retry-after", "0")], "{}"),
        ] {
            let answer = row.answer;
            let stub = Stub::start(move |seen, n| match n {
                0 | 1 => trouble(),
                _ => answer(seen, true),
            })
            .await;
            let read = (row.ask)(stub.url.clone(), capped(), false).await;
            assert_eq!(read, Ok(1), "{:?}", row.name);
        }
    }
}

#[tokio::test]
async fn connections_that_break_are_told_apart() {
    // An answer that ends before its announced length.
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\ncontent-type: application/json\r\n\r\n{\"data\":";
    for row in &ROWS {
        let name = row.name;
        for (what, bare_one, net, status) in [
            ("closed", Bare::Close, NetKind::Reset, None),
            ("silent", Bare::Hang, NetKind::Timeout, None),
            ("cut", Bare::Say(cut), NetKind::Reset, Some(200)),
        ] {
            let (url, count) = bare(bare_one).await;
            let asked = (row.ask)(url.clone(), impatient(), false).await;
            let error = asked.unwrap_err();
            let broken = ErrorKind::Unreachable { net, sent: true };
            assert_eq!(error.kind, broken, "{name:?} {what}");
            owes(row, what, &error, &url, status);
            assert!(*count.lock().unwrap() >= policy().tries, "{name:?} {what}");
        }
        let url = closed_port().await;
        let error = (row.ask)(url.clone(), policy(), false).await.unwrap_err();
        let refused = ErrorKind::Unreachable {
            net: NetKind::Refused,
            sent: false,
        };
        assert_eq!(error.kind, refused, "{name:?}");
        assert!(error.never_sent(), "{name:?}");
        owes(row, "refused", &error, &url, None);
    }
}

#[tokio::test]
async fn a_token_goes_where_it_belongs() {
    for row in &ROWS {
        let answer = row.answer;
        let stub = Stub::start(move |seen, _| answer(seen, true)).await;
        let read = (row.ask)(stub.url.clone(), capped(), false).await;
        assert_eq!(read, Ok(1), "{:?}", row.name);
        for seen in stub.seen() {
            let carried = match seen.header("authorization") {
                Some(value) => value.to_owned(),
                None => format!("Bearer {}", seen.field("token").unwrap_or_default()),
            };
            assert_eq!(carried, format!("Bearer {TOKEN}"), "{:?}", row.name);
        }
    }
}
