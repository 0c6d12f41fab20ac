//! The Prometheus source over real HTTP: counts from whole, odd and broken answers, and what a person is told.

use flightdeck::domain::catalog::{LatencyTemplate, SignalTemplates};
use flightdeck::domain::fetched::FaultKind;
use flightdeck::domain::observe::{SignalBatch, SignalQuery};
use flightdeck::domain::signal::series::Bin;
use flightdeck::domain::text::Safe;
use flightdeck::providers::prometheus::{MetricsAuth, Prometheus, PrometheusSettings};
use flightdeck::providers::{ErrorKind, Metrics, ProviderError};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::stub::{NOW_S, Seen, Stub, clock, json, policy, reply};

const SECRET: &str = "hunter2hunter2";

fn settings(url: &str) -> PrometheusSettings {
    PrometheusSettings {
        name: "prom".to_owned(),
        url: url.parse().unwrap(),
        auth: MetricsAuth::None,
        headers: vec![],
        ca_file: None,
        scrape_s: None,
    }
}

pub(crate) fn source(url: &str) -> Prometheus {
    Prometheus::new(settings(url), policy(), clock())
}

fn templates() -> SignalTemplates {
    SignalTemplates {
        requests: r#"sum(increase(http_requests_total{service="checkout[1]"}[$bin]))"#.to_owned(),
        errors: "sum(increase(http_errors_total[$bin]))".to_owned(),
        latency: Some(LatencyTemplate {
            buckets: "sum by (le) (increase(lat_bucket[$bin]))".to_owned(),
            ms_per_unit: 1_000.0,
        }),
        slo_latency_ms: None,
        scrape_s: None,
    }
}

/// Four bins of 15 s, from 30 s before the deploy on; the deploy lies between two seconds.
fn query() -> SignalQuery {
    SignalQuery {
        templates: templates(),
        anchor: Timestamp::from_millisecond(NOW_S * 1_000 + 250).unwrap(),
        from_s: -30,
        to_s: 30,
        bin_s: 15,
    }
}

/// When the bin with this start is evaluated.
fn end(t: i64) -> f64 {
    (NOW_S + t + 15) as f64 + 0.25
}

fn series(metric: &Value, points: &[(i64, &str)]) -> Value {
    let values: Vec<Value> = points.iter().map(|(t, v)| json!([end(*t), v])).collect();
    json!({ "metric": metric, "values": values })
}

fn matrix(series: &[Value]) -> Value {
    json!({"status": "success", "data": {"resultType": "matrix", "result": series}})
}

/// Which of the three questions this is.
fn which(seen: &Seen) -> &'static str {
    let query = seen.field("query").unwrap_or_default();
    match () {
        () if query.contains("http_requests_total") => "requests",
        () if query.contains("http_errors_total") => "errors",
        () if query.contains("lat_bucket") => "latency",
        () => "other",
    }
}

/// Asks for counts; `answer` gives the body for requests, errors, latency.
async fn ask(answer: fn(&str) -> Value) -> (SignalBatch, Vec<Seen>) {
    let stub = Stub::start(move |seen, _| json(200, &answer(which(seen)))).await;
    let batch = source(&stub.url).signals(&query()).await.unwrap();
    (batch, stub.seen())
}

fn words(batch: &SignalBatch) -> String {
    let all: Vec<_> = batch.warnings.iter().map(Safe::as_str).collect();
    all.join("\n")
}

#[tokio::test]
async fn counts_in_bins_that_end_where_they_are_evaluated() {
    let (batch, seen) = ask(|which| match which {
        "requests" => matrix(&[series(
            &json!({}),
            &[(-30, "100.4"), (-15, "99.5"), (15, "80")],
        )]),
        "errors" => matrix(&[series(&json!({}), &[(-15, "3"), (15, "90")])]),
        _ => matrix(&[
            series(
                &json!({"le": "+Inf"}),
                &[(-30, "100"), (-15, "99"), (15, "80")],
            ),
            series(
                &json!({"le": "0.1"}),
                &[(-30, "60"), (-15, "50"), (15, "79.6")],
            ),
            series(
                &json!({"le": "0.25"}),
                &[(-30, "90"), (-15, "49"), (15, "80")],
            ),
        ]),
    })
    .await;
    assert_eq!(batch.bounds_ms, [100.0, 250.0]);
    let bin = |t, n, x, h: [u64; 3]| Bin {
        t,
        n,
        x,
        h: h.to_vec(),
    };
    // The bin at 0 is a gap. Errors never exceed requests. Buckets that decrease are repaired.
    assert_eq!(
        batch.bins,
        [
            bin(-30, 100, 0, [60, 30, 10]),
            bin(-15, 100, 3, [50, 0, 49]),
            bin(15, 80, 80, [80, 0, 0]),
        ]
    );
    assert_eq!((batch.asked, batch.bin_s), ((-30, 30), 15));
    assert_eq!(words(&batch), "");

    assert_eq!(seen.len(), 3);
    let asked = seen.iter().find(|s| which(s) == "requests").unwrap();
    assert_eq!(
        (asked.method.as_str(), asked.uri.as_str()),
        ("POST", "/api/v1/query_range")
    );
    assert_eq!(
        asked.field("query").unwrap(),
        r#"sum(increase(http_requests_total{service="checkout[1]"}[15s]))"#
    );
    assert_eq!(asked.field("start"), Some(format!("{}.250", NOW_S - 15)));
    assert_eq!(asked.field("end"), Some(format!("{}.250", NOW_S + 30)));
    assert_eq!(asked.field("step").as_deref(), Some("15"));
}

#[tokio::test]
async fn no_error_series_is_no_errors_and_nothing_is_nothing() {
    let (batch, _) = ask(|which| match which {
        "requests" => matrix(&[series(&json!({}), &[(-30, "12"), (-15, "0")])]),
        _ => matrix(&[]),
    })
    .await;
    assert_eq!(batch.bins, [Bin::new(-30, 12, 0), Bin::new(-15, 0, 0)]);
    let (batch, _) = ask(|_| matrix(&[])).await;
    assert!(batch.bins.is_empty() && batch.bounds_ms.is_empty() && batch.warnings.is_empty());
}

#[tokio::test]
async fn what_is_not_a_number_drops_its_bin() {
    let (batch, _) = ask(|which| match which {
        "requests" => matrix(&[series(
            &json!({}),
            &[(-30, "NaN"), (-15, "5"), (0, "+Inf"), (15, "7")],
        )]),
        "errors" => matrix(&[series(&json!({}), &[(-15, "NaN"), (15, "1")])]),
        _ => matrix(&[
            series(&json!({"le": "1"}), &[(15, "NaN")]),
            series(&json!({"le": "+Inf"}), &[(15, "7")]),
        ]),
    })
    .await;
    assert_eq!(batch.bins, [Bin::new(15, 7, 1)]);
}

#[tokio::test]
async fn warnings_partial_answers_and_odd_series_are_told() {
    let (batch, _) = ask(|which| {
        let mut body = match which {
            "requests" => matrix(&[
                series(&json!({"pod": "a"}), &[(-30, "5")]),
                series(&json!({"pod": "b"}), &[(-30, "6"), (-15, "2")]),
            ]),
            "errors" => {
                let off = json!({"metric": {}, "values": [[end(-30) + 4.0, "1"], [end(-30), "1"], "odd"]});
                matrix(&[off])
            }
            _ => matrix(&[
                series(&json!({"le": "0.5"}), &[(-30, "4")]),
                series(&json!({"pod": "x"}), &[(-30, "4")]),
            ]),
        };
        if which == "requests" {
            body["warnings"] = json!(["store \u{1b}[31mgone", 7]);
            body["infos"] = json!(["metric might not be a counter"]);
            body["isPartial"] = json!(true);
        }
        body
    })
    .await;
    assert_eq!(batch.bins, [Bin::new(-30, 11, 1), Bin::new(-15, 2, 0)]);
    let words = words(&batch);
    for part in [
        "requests: store gone",
        "requests: metric might not be a counter",
        "requests: a partial answer",
        "requests: 2 series came back and were added up",
        "errors: points off the asked times",
        "errors: some points could not be read",
        "latency: a series without a readable `le`",
        "no bucket with le=\"+Inf\"",
    ] {
        assert!(words.contains(part), "{part} in:\n{words}");
    }
}

#[tokio::test]
async fn a_long_range_is_split() {
    let stub = Stub::start(|_, _| json(200, &matrix(&[]))).await;
    let mut query = query();
    query.templates.latency = None;
    query.from_s = -15 * 25_000;
    query.to_s = 0;
    source(&stub.url).signals(&query).await.unwrap();
    let number = |s: &Seen, name| s.field(name).unwrap().parse::<f64>().unwrap();
    let mut spans: Vec<_> = stub
        .seen()
        .iter()
        .filter(|s| which(s) == "requests")
        .map(|s| (number(s, "start"), number(s, "end")))
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(spans.len(), 3);
    let points: f64 = spans
        .iter()
        .map(|(from, to)| (to - from) / 15.0 + 1.0)
        .sum();
    assert!((points - 25_000.0).abs() < 1e-6);
    assert!(spans.iter().all(|(from, to)| (to - from) / 15.0 < 11_000.0));
    assert!(
        spans
            .windows(2)
            .all(|w| (w[1].0 - w[0].1 - 15.0).abs() < 1e-6)
    );
}

async fn failing(answer: fn(&Seen) -> axum::response::Response) -> ProviderError {
    let stub = Stub::start(move |seen, _| answer(seen)).await;
    source(&stub.url).signals(&query()).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_query_is_named_with_the_servers_words() {
    for status in [400, 422, 503] {
        let stub = Stub::start(move |seen, _| match which(seen) {
            "errors" => {
                let body = json!({"status": "error", "errorType": "bad_data", "error": "parse error: unexpected \")\""});
                json(status, &body)
            }
            _ => json(200, &matrix(&[])),
        })
        .await;
        let error = source(&stub.url).signals(&query()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Query { name: "errors" });
        assert!(
            error
                .to_string()
                .contains("`errors` was refused: parse error: unexpected \")\""),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("`errors`"));
        let sent = stub.seen().iter().filter(|s| which(s) == "errors").count();
        assert_eq!(sent, 1, "{status}");
    }
}

#[tokio::test]
async fn a_wrong_latency_query_leaves_the_errors() {
    let stub = Stub::start(|seen, _| match which(seen) {
        "latency" => json(400, &json!({"status": "error", "error": "no such thing"})),
        "requests" => json(200, &matrix(&[series(&json!({}), &[(0, "3")])])),
        _ => json(200, &matrix(&[])),
    })
    .await;
    let batch = source(&stub.url).signals(&query()).await.unwrap();
    assert_eq!(batch.bins, [Bin::new(0, 3, 0)]);
    assert!(words(&batch).contains("no such thing"));
}

#[tokio::test]
async fn what_does_not_speak_the_api_is_said_so() {
    let error = failing(|_| json(200, &json!({"hello": 1}))).await;
    assert!(error.hint().unwrap().contains("Prometheus"));
    let error = failing(|_| {
        json(
            200,
            &json!({"status": "success", "data": {"resultType": "vector", "result": []}}),
        )
    })
    .await;
    assert!(error.to_string().contains("matrix"));
}

#[tokio::test]
async fn get_where_post_is_refused() {
    let stub = Stub::start(|seen, _| match seen.method.as_str() {
        "POST" => reply(405, &[], "method not allowed"),
        _ => json(
            200,
            &json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}}),
        ),
    })
    .await;
    let prometheus = source(&format!("{}/prom/", stub.url));
    prometheus.ready().await.unwrap();
    prometheus.ready().await.unwrap();
    let methods: Vec<_> = stub.seen().iter().map(|s| s.method.clone()).collect();
    assert_eq!(methods, ["POST", "GET", "GET"]);
    assert_eq!(stub.seen()[1].uri, "/prom/api/v1/query?query=time%28%29");
    let stub = Stub::start(|_, _| reply(403, &[], "forbidden")).await;
    let error = source(&stub.url).ready().await.unwrap_err();
    assert_eq!(
        (error.fault_kind(), stub.count()),
        (FaultKind::Forbidden, 2)
    );
}

fn time_answer() -> Value {
    json!({"status": "success", "data": {"resultType": "scalar", "result": [NOW_S as f64 + 2.5, (NOW_S as f64 + 2.5).to_string()]}})
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let stub = Stub::start(|seen, _| match seen.header("authorization") {
        None => reply(
            401,
            &[],
            json!({"status": "error", "error": format!("no: {SECRET}")}).to_string(),
        ),
        Some(_) => json(200, &time_answer()),
    })
    .await;
    let with = |auth| {
        let headers = vec![("X-Scope-OrgID".to_owned(), SECRET.to_owned().into())];
        let settings = PrometheusSettings {
            auth,
            headers,
            ..settings(&stub.url)
        };
        Prometheus::new(settings, policy(), clock())
    };
    with(MetricsAuth::Bearer(format!("{SECRET}\n").into()))
        .ready()
        .await
        .unwrap();
    let basic = MetricsAuth::Basic {
        user: "ana".to_owned(),
        password: "pass:word".to_owned().into(),
    };
    with(basic).ready().await.unwrap();
    let none = with(MetricsAuth::None);
    let error = none.ready().await.unwrap_err();
    let seen = stub.seen();
    assert_eq!(
        seen[0].header("authorization"),
        Some(format!("Bearer {SECRET}").as_str())
    );
    assert_eq!(
        seen[1].header("authorization"),
        Some("Basic YW5hOnBhc3M6d29yZA==")
    );
    assert!(
        seen.iter()
            .all(|s| s.header("x-scope-orgid") == Some(SECRET))
    );
    let fault = error.to_fault(crate::stub::now());
    let shown = format!("{error} {error:?} {none:?} {fault:?}");
    assert!(!shown.contains(SECRET), "{shown}");

    // In the address they are refused or, in its query, kept out of messages.
    let at = |url: String| Prometheus::new(settings(&url), policy(), clock());
    let url = stub
        .url
        .replace("http://", &format!("http://ana:{SECRET}@"));
    let refused = at(url).ready().await.unwrap_err();
    assert_eq!(refused.fault_kind(), FaultKind::Config);
    let echoed = at(format!("{}?token={SECRET}", stub.url))
        .ready()
        .await
        .unwrap_err();
    assert_eq!(echoed.kind, ErrorKind::Auth);
    assert!(!format!("{refused:?}{refused}{echoed:?}{echoed}").contains(SECRET));
}

#[tokio::test]
async fn secret_headers_do_not_follow_to_another_host() {
    let other = Stub::start(|_, _| json(200, &time_answer())).await;
    let target = format!("{}/api/v1/query", other.url);
    let stub = Stub::start(move |_, _| reply(302, &[("location", &target)], "")).await;
    let headers = vec![("X-Api-Key".to_owned(), SECRET.to_owned().into())];
    let with = PrometheusSettings {
        headers,
        ..settings(&stub.url)
    };
    let error = Prometheus::new(with, policy(), clock())
        .ready()
        .await
        .unwrap_err();
    assert_eq!(
        (error.fault_kind(), other.count()),
        (FaultKind::Protocol, 0)
    );
    let with = PrometheusSettings {
        auth: MetricsAuth::Bearer(SECRET.to_owned().into()),
        ..settings(&stub.url)
    };
    Prometheus::new(with, policy(), clock())
        .ready()
        .await
        .unwrap();
    assert_eq!(other.seen()[0].header("authorization"), None);
}

fn count(n: u32) -> Value {
    let one = json!({"metric": {}, "value": [1, n.to_string()]});
    json!({"status": "success", "data": {"resultType": "vector", "result": [one]}})
}

#[tokio::test]
async fn the_clock_and_the_scrape_interval_are_measured() {
    let stub = Stub::start(|seen, _| match seen.field("query").unwrap().as_str() {
        "time()" => json(200, &time_answer()),
        r#"max(count_over_time(http_requests_total{service="checkout[1]"}[5m]))"# => {
            json(200, &count(59))
        }
        r#"max(count_over_time(http_requests_total{service="checkout[1]"}[1m]))"# => {
            json(200, &count(12))
        }
        other => panic!("{other}"),
    })
    .await;
    let clock_of = |templates| async move {
        source(&stub.url)
            .clock(&templates)
            .await
            .map(|c| (c, stub.count()))
    };
    let (measured, asked) = clock_of(templates()).await.unwrap();
    assert!((measured.offset_s - 2.5).abs() < 1e-6, "{measured:?}");
    assert_eq!((measured.scrape_s, asked), (5, 3));
}

#[tokio::test]
async fn victoriametrics_tells_its_time_as_a_series() {
    let at = NOW_S as f64 + 2.5;
    let series = json!([{"metric": {}, "value": [NOW_S + 3, at.to_string()]}]);
    let answer = json!({"status": "success", "data": {"resultType": "vector", "result": series}});
    let stub = Stub::start(move |_, _| json(200, &answer)).await;
    let configured = SignalTemplates {
        scrape_s: Some(7),
        ..templates()
    };
    let prometheus = source(&stub.url);
    let clock = prometheus.clock(&configured).await.unwrap();
    assert!((clock.offset_s - 2.5).abs() < 1e-6, "{clock:?}");
    let skew = prometheus.skew().await.unwrap().unwrap();
    assert!((skew.as_secs_f64() - 2.5).abs() < 1e-3, "{skew}");
}

#[tokio::test]
async fn a_scrape_interval_is_configured_or_assumed() {
    let stub = Stub::start(|seen, _| match seen.field("query").unwrap().as_str() {
        "time()" => json(200, &time_answer()),
        _ => json(
            200,
            &json!({"status": "success", "data": {"resultType": "vector", "result": []}}),
        ),
    })
    .await;
    let prometheus = source(&stub.url);
    assert_eq!(prometheus.clock(&templates()).await.unwrap().scrape_s, 15);
    let configured = SignalTemplates {
        scrape_s: Some(7),
        ..templates()
    };
    assert_eq!(prometheus.clock(&configured).await.unwrap().scrape_s, 7);
    assert_eq!(stub.count(), 4);
    let odd = Stub::start(|_, _| {
        json(
            200,
            &json!({"status": "success", "data": {"resultType": "vector", "result": []}}),
        )
    })
    .await;
    assert_eq!(
        source(&odd.url)
            .clock(&templates())
            .await
            .unwrap_err()
            .fault_kind(),
        FaultKind::Protocol
    );
}
