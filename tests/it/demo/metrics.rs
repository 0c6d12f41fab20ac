//! Prometheus' API and the `/metrics` page.

use super::{Company, START};
use serde_json::Value;

const REQUESTS: &str =
    "http_requests_total{service=\"checkout\",env=\"production\",track=\"stable\",code=\"200\"}";

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_bad_version_fails_more_and_more_slowly_answers() {
    let company = Company::new();
    let at = |seconds: i64| (START + seconds).to_string();
    let before = company.prometheus("query", &[("query", "sum(increase(http_requests_total{service=\"checkout\",env=\"production\",code=~\"5..\"}[50m])) / sum(increase(http_requests_total{service=\"checkout\",env=\"production\"}[50m]))"), ("time", &at(-60))]).await;
    let before = number(&before["data"]["result"][0]["value"][1]);
    assert!((0.0025..0.0038).contains(&before), "{before}");
    company.pass(300);
    let after = company.error_ratio("4m").await;
    assert!((0.019..0.028).contains(&after), "{after}");
    let p95 = |t: i64| {
        format!(
            "histogram_quantile(0.95, sum by (le) (increase(http_request_duration_seconds_bucket{{service=\"checkout\",env=\"production\"}}[4m] offset {t}m)))"
        )
    };
    let (slow, fast) = (
        company.value(&p95(0)).await.unwrap(),
        company.value(&p95(10)).await.unwrap(),
    );
    assert!((0.17..0.22).contains(&fast), "{fast}");
    assert!((0.37..0.46).contains(&slow), "{slow}");
    let rate = company
        .value("sum(rate(http_requests_total{service=\"checkout\",env=\"production\"}[5m]))")
        .await
        .unwrap();
    assert!(rate > 20.0, "{rate}");
    let other = company.value("sum(rate(http_requests_total{service=\"search\",env=\"production\",code=\"500\"}[5m]))").await.unwrap();
    assert!(other < 0.3, "another service is not concerned: {other}");
    company.pass(900);
    let staging = company.value("sum(increase(http_requests_total{service=\"checkout\",env=\"staging\",code=~\"5..\"}[20m])) / sum(increase(http_requests_total{service=\"checkout\",env=\"staging\"}[20m]))").await.unwrap();
    assert!(staging < 0.01, "staging stays sound: {staging}");
}

#[tokio::test]
async fn increase_is_what_prometheus_would_make_of_the_samples() {
    let company = Company::new();
    for (window, seconds) in [("10s", 10.0), ("1m", 60.0)] {
        let raw = company
            .prometheus("query", &[("query", &format!("{REQUESTS}[{window}]"))])
            .await;
        let samples: Vec<(f64, f64)> = raw["data"]["result"][0]["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p[0].as_f64().unwrap(), number(&p[1])))
            .collect();
        assert_eq!(
            samples.len(),
            if seconds > 10.0 { 12 } else { 2 },
            "a sample each 5 s"
        );
        let (first, last) = (samples[0], samples[samples.len() - 1]);
        let end = START as f64;
        // Both ends are within 1.1 intervals of a sample, so the growth is stretched over the whole window.
        assert!(first.0 - (end - seconds) < 5.5 && end - last.0 < 5.5);
        let by_hand = (last.1 - first.1) * seconds / (last.0 - first.0);
        let told = company
            .value(&format!("increase({REQUESTS}[{window}])"))
            .await
            .unwrap();
        assert!((told - by_hand).abs() < 1e-6, "{told} {by_hand}");
        let rate = company
            .value(&format!("rate({REQUESTS}[{window}])"))
            .await
            .unwrap();
        assert!((rate * seconds - told).abs() < 1e-6);
        let count = company
            .value(&format!("count_over_time({REQUESTS}[{window}])"))
            .await
            .unwrap();
        assert_eq!(samples.len().to_string(), count.to_string());
    }
}

#[tokio::test]
async fn counters_never_fall_and_reach_back_a_day() {
    let company = Company::new();
    company.pass(120);
    for (start, step) in [(START - 26 * 3_600 + 300, "300"), (START - 600, "5")] {
        let range = [
            ("query", "http_requests_total{service=\"checkout\"}"),
            ("start", &start.to_string()),
            ("end", &(START + 120).to_string()),
            ("step", step),
        ];
        let answer = company.prometheus("query_range", &range).await;
        let all = answer["data"]["result"].as_array().unwrap();
        let stable = all
            .iter()
            .find(|s| {
                s["metric"]["track"] == "stable"
                    && s["metric"]["env"] == "production"
                    && s["metric"]["code"] == "200"
            })
            .unwrap();
        let wanted = (START + 120 - start) / step.parse::<i64>().unwrap();
        assert!(i64::try_from(stable["values"].as_array().unwrap().len()).unwrap() >= wanted);
        for series in all {
            let values: Vec<f64> = series["values"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| number(&p[1]))
                .collect();
            assert!(
                values.windows(2).all(|w| w[0] <= w[1]),
                "{}",
                series["metric"]
            );
        }
    }
}

#[tokio::test]
async fn answers_do_not_depend_on_when_they_are_asked() {
    let (early, late) = (Company::new(), Company::new());
    let range = [
        (
            "query",
            "sum by (code) (increase(http_requests_total{service=\"checkout\"}[30s]))",
        ),
        ("start", &(START - 600).to_string()),
        ("end", &START.to_string()),
        ("step", "10"),
    ];
    let first = early.prometheus("query_range", &range).await;
    late.pass(100);
    assert_eq!(first, late.prometheus("query_range", &range).await);
}

#[tokio::test]
async fn nothing_after_now_is_told() {
    let company = Company::new();
    let range = [
        ("query", REQUESTS),
        ("start", &(START - 20).to_string()),
        ("end", &(START + 900).to_string()),
        ("step", "10"),
    ];
    let answer = company.prometheus("query_range", &range).await;
    let last = answer["data"]["result"][0]["values"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()[0]
        .as_i64()
        .unwrap();
    assert!(
        last <= START + 300,
        "only the lookback stands in for the future: {last}"
    );
    let fresh = company
        .value(&format!("time() - max(timestamp({REQUESTS}))"))
        .await
        .unwrap();
    assert!((0.0..5.0).contains(&fresh), "{fresh}");
}

#[tokio::test]
async fn bad_questions_are_refused_as_prometheus_does() {
    let company = Company::new();
    let range =
        |query: &'static str, start: &'static str, end: &'static str, step: &'static str| {
            vec![
                ("query", query),
                ("start", start),
                ("end", end),
                ("step", step),
            ]
        };
    let cases = [
        ("query", vec![("query", "sum(")], "parse error"),
        ("query", vec![("query", "")], "no expression"),
        ("query", vec![("query", "rate(up)")], "range vector"),
        (
            "query",
            vec![("query", "up"), ("time", "yesterday")],
            "invalid parameter",
        ),
        ("query_range", range("up", "0", "20000", "1"), "11,000"),
        ("query_range", range("up", "10", "0", "1"), "end timestamp"),
        ("query_range", range("up", "0", "10", "0"), "step"),
        (
            "query_range",
            range("up[5m]", "0", "10", "5"),
            "range vector",
        ),
        ("series", vec![], "match[]"),
    ];
    for (what, params, part) in cases {
        let answer = company.prometheus(what, &params).await;
        assert_eq!(
            (answer["status"].as_str(), answer["errorType"].as_str()),
            (Some("error"), Some("bad_data")),
            "{params:?}"
        );
        assert!(answer["error"].as_str().unwrap().contains(part), "{answer}");
    }
    let twice = company
        .prometheus(
            "query",
            &[(
                "query",
                "sum by (env) (orders_total) / http_requests_total * 1 + http_requests_total",
            )],
        )
        .await;
    assert!(twice["status"] == "success" || twice["errorType"] == "execution");
    let none = company
        .prometheus("query", &[("query", "no_such_metric")])
        .await;
    assert_eq!(none["data"]["result"], serde_json::json!([]));
}

#[tokio::test]
async fn labels_series_and_health_are_told() {
    let company = Company::new();
    let labels = company.prometheus("labels", &[]).await;
    for name in [
        "__name__", "code", "env", "le", "service", "track", "version",
    ] {
        assert!(
            labels["data"].as_array().unwrap().iter().any(|l| l == name),
            "{name}"
        );
    }
    let series = company
        .prometheus("series", &[("match[]", "orders_total")])
        .await;
    assert_eq!(series["data"].as_array().unwrap().len(), 2);
    let url = &company.demo.prometheus_url;
    let text = |path: &str| {
        let request = company.client.get(format!("{url}{path}"));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let services: Value =
        serde_json::from_str(&text("/api/v1/label/service/values").await).unwrap();
    assert_eq!(services["data"].as_array().unwrap().len(), 6);
    assert!(text("/-/ready").await.contains("Ready"));
    assert!(text("/api/v1/status/buildinfo").await.contains("version"));
}

#[tokio::test]
async fn the_exposition_tells_the_same_counters() {
    let company = Company::new();
    let page = || async {
        company
            .client
            .get(&company.demo.metrics_url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    let read = |page: &str| -> f64 {
        let line = page.lines().find(|l| l.starts_with("http_requests_total{code=\"200\",env=\"production\",service=\"checkout\",track=\"stable\"")).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let first = page().await;
    assert!(first.contains("# TYPE http_request_duration_seconds histogram"));
    assert!(first.contains("le=\"+Inf\""));
    let scraped = company.value(REQUESTS).await.unwrap();
    let gap = read(&first) - scraped;
    assert!(
        (0.0..400.0).contains(&gap),
        "newer than the last scrape by less than 5 s: {gap}"
    );
    let mut last = read(&first);
    for _ in 0..12 {
        company.pass(1);
        let now = read(&page().await);
        assert!(
            now > last && now - last < 80.0,
            "grows every second: {last} {now}"
        );
        last = now;
    }
}
