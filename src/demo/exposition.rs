//! The `/metrics` page: the same counters as text, so that a real Prometheus can scrape them.

use serde_json::{Value, json};

use super::state::{State, Wire};

/// Each metric: name, type, help.
const METRICS: [(&str, &str, &str); 4] = [
    ("http_requests_total", "counter", "Requests by status code."),
    (
        "http_request_duration_seconds",
        "histogram",
        "Response times.",
    ),
    (
        "process_cpu_utilisation",
        "gauge",
        "Share of the CPU quota in use.",
    ),
    ("orders_total", "counter", "Orders placed."),
];

/// What each metric is, as `/api/v1/metadata` tells it.
pub(crate) fn metadata(only: Option<&str>) -> Value {
    let shown = METRICS.iter().filter(|m| only.is_none_or(|o| o == m.0));
    shown
        .map(|(name, kind, help)| {
            (
                (*name).to_owned(),
                json!([{ "type": kind, "help": help, "unit": "" }]),
            )
        })
        .collect()
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// The page at the virtual present.
pub(crate) fn page(state: &mut State) -> Wire {
    let now = state.catch_up().as_millisecond();
    let metrics = &mut state.world.metrics;
    let series = metrics.series(now - 1_000, now);
    let mut text = String::new();
    for (metric, kind, help) in METRICS {
        text.extend([format!("# HELP {metric} {help}\n# TYPE {metric} {kind}\n")]);
        for series in &series {
            let name = series.labels.get("__name__").map_or("", String::as_str);
            let part = name.strip_prefix(metric);
            if !part.is_some_and(|p| p.is_empty() || matches!(p, "_bucket" | "_sum" | "_count")) {
                continue;
            }
            let Some(value) = metrics.value(series, now) else {
                continue;
            };
            let labels: Vec<String> = series
                .labels
                .iter()
                .filter(|(key, _)| *key != "__name__")
                .map(|(key, value)| format!("{key}=\"{}\"", quoted(value)))
                .collect();
            text.extend([format!("{name}{{{}}} {value}\n", labels.join(","))]);
        }
    }
    let headers = vec![(
        "content-type".to_owned(),
        "text/plain; version=0.0.4; charset=utf-8".to_owned(),
    )];
    Wire {
        status: 200,
        headers,
        body: text.into_bytes(),
    }
}
