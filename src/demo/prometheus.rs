//! Prometheus' HTTP API over the company's metrics.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::exposition;
use super::metrics::Labels;
use super::promql::{Fault, Value as Worth, duration, eval, load, parse, parse_selector};
use super::state::{State, Wire};

/// More points than this in one series are refused.
const MOST_POINTS: i64 = 11_000;

/// A request's parameters, from the address and the form.
#[derive(Debug, Clone)]
pub(crate) struct Params(pub(crate) Vec<(String, String)>);

impl Params {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A moment in milliseconds: RFC 3339 or seconds.
    fn time(&self, name: &str) -> Result<Option<i64>, Fault> {
        let Some(text) = self.get(name).filter(|t| !t.is_empty()) else {
            return Ok(None);
        };
        if let Ok(seconds) = text.parse::<f64>()
            && seconds.is_finite()
        {
            return Ok(Some(super::num::whole(seconds * 1000.0)));
        }
        let parsed: Result<Timestamp, _> = text.parse();
        parsed.map(|t| Some(t.as_millisecond())).map_err(|_| {
            Fault::bad(format!(
                "invalid parameter {name:?}: cannot parse {text:?} to a valid timestamp"
            ))
        })
    }

    fn needed(&self, name: &str) -> Result<i64, Fault> {
        self.time(name)?.ok_or_else(|| {
            Fault::bad(format!(
                "invalid parameter {name:?}: cannot parse \"\" to a valid timestamp"
            ))
        })
    }
}

fn failure(fault: &Fault) -> Wire {
    let status = if fault.kind == "execution" { 422 } else { 400 };
    Wire::json(
        status,
        &json!({ "status": "error", "errorType": fault.kind, "error": fault.text }),
    )
}

/// Answers a request to Prometheus.
pub(crate) fn answer(state: &mut State, method: &str, path: &str, params: &Params) -> Wire {
    let now = state.catch_up().as_millisecond();
    let plain = |text: &str| Wire {
        status: 200,
        headers: vec![(
            "content-type".to_owned(),
            "text/plain; charset=utf-8".to_owned(),
        )],
        body: text.as_bytes().to_vec(),
    };
    let read = method == "GET" || method == "POST";
    let result = match path.strip_prefix("/api/v1/") {
        _ if !read => {
            return Wire::json(
                405,
                &json!({ "status": "error", "errorType": "bad_data", "error": "method not allowed" }),
            );
        }
        Some("query") => query(state, params, now),
        Some("query_range") => query_range(state, params, now),
        Some("labels") => labels(state, params, now),
        Some("series") => series(state, params, now),
        Some("metadata") => Ok(exposition::metadata(params.get("metric"))),
        Some("status/buildinfo") => Ok(json!({
            "version": "3.5.0", "revision": "simulated", "branch": "HEAD", "buildUser": "", "buildDate": "", "goVersion": "",
        })),
        Some("alerts") => Ok(json!({ "alerts": [] })),
        Some("rules") => Ok(json!({ "groups": [] })),
        Some(other) => match other
            .strip_prefix("label/")
            .and_then(|o| o.strip_suffix("/values"))
        {
            Some(name) => values(state, params, name, now),
            None => {
                return Wire {
                    status: 404,
                    ..plain("404 page not found\n")
                };
            }
        },
        None if path == "/-/ready" => return plain("Prometheus Server is Ready.\n"),
        None if path == "/-/healthy" => return plain("Prometheus Server is Healthy.\n"),
        None => {
            return Wire {
                status: 404,
                ..plain("404 page not found\n")
            };
        }
    };
    match result {
        Ok(data) => Wire::json(200, &json!({ "status": "success", "data": data })),
        Err(fault) => failure(&fault),
    }
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 {
            "+Inf".to_owned()
        } else {
            "-Inf".to_owned()
        }
    } else {
        format!("{value}")
    }
}

fn point(at: i64, value: f64) -> Value {
    let seconds = if at % 1000 == 0 {
        json!(at / 1000)
    } else {
        json!(at as f64 / 1000.0)
    };
    json!([seconds, number(value)])
}

fn query(state: &mut State, params: &Params, now: i64) -> Result<Value, Fault> {
    let at = params.time("time")?.unwrap_or(now);
    let expr = parse(params.get("query").unwrap_or(""))?;
    let loaded = load(&expr, &mut state.world.metrics, (at, at), now);
    Ok(match eval(&expr, &loaded, at)? {
        Worth::Scalar(value) => json!({ "resultType": "scalar", "result": point(at, value) }),
        Worth::Vector(elements) => {
            let result: Vec<Value> = elements
                .iter()
                .map(|(labels, value)| json!({ "metric": **labels, "value": point(at, *value) }))
                .collect();
            json!({ "resultType": "vector", "result": result })
        }
        Worth::Matrix(series) => {
            let result: Vec<Value> = series
                .iter()
                .map(|(labels, points)| {
                    let values: Vec<Value> = points.iter().map(|(t, v)| point(*t, *v)).collect();
                    json!({ "metric": **labels, "values": values })
                })
                .collect();
            json!({ "resultType": "matrix", "result": result })
        }
    })
}

fn query_range(state: &mut State, params: &Params, now: i64) -> Result<Value, Fault> {
    let (start, end) = (params.needed("start")?, params.needed("end")?);
    let text = params.get("step").unwrap_or("");
    let step = duration(text).or_else(|| {
        text.parse::<f64>()
            .ok()
            .map(|s| super::num::whole(s * 1000.0))
    });
    let step = step.ok_or_else(|| {
        Fault::bad(format!(
            "invalid parameter \"step\": cannot parse {text:?} to a valid duration"
        ))
    })?;
    if end < start {
        return Err(Fault::bad(
            "invalid parameter \"end\": end timestamp must not be before start time".to_owned(),
        ));
    }
    if step <= 0 {
        return Err(Fault::bad("invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer".to_owned()));
    }
    if (end - start) / step > MOST_POINTS {
        return Err(Fault::bad("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)".to_owned()));
    }
    let expr = parse(params.get("query").unwrap_or(""))?;
    let loaded = load(&expr, &mut state.world.metrics, (start, end), now);
    let mut all: std::collections::BTreeMap<std::sync::Arc<Labels>, Vec<Value>> =
        std::collections::BTreeMap::new();
    let mut at = start;
    while at <= end {
        match eval(&expr, &loaded, at)? {
            Worth::Scalar(value) => all
                .entry(std::sync::Arc::default())
                .or_default()
                .push(point(at, value)),
            Worth::Vector(elements) => {
                for (labels, value) in elements {
                    all.entry(labels).or_default().push(point(at, value));
                }
            }
            Worth::Matrix(_) => {
                let text = "invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector";
                return Err(Fault::bad(text.to_owned()));
            }
        }
        at += step;
    }
    let result: Vec<Value> = all
        .into_iter()
        .map(|(labels, values)| json!({ "metric": *labels, "values": values }))
        .collect();
    Ok(json!({ "resultType": "matrix", "result": result }))
}

/// The labels of all series that the request's selectors and times mean.
fn meant(state: &State, params: &Params, now: i64) -> Result<Vec<Labels>, Fault> {
    let from = params.time("start")?.unwrap_or(now - 3_600_000);
    let to = params.time("end")?.unwrap_or(now).min(now);
    let selectors = params
        .all("match[]")
        .map(parse_selector)
        .collect::<Result<Vec<_>, _>>()?;
    let all = state
        .world
        .metrics
        .series(from, to)
        .into_iter()
        .map(|s| s.labels);
    let unique: BTreeSet<Labels> = all
        .filter(|l| selectors.is_empty() || selectors.iter().any(|s| s.matches(l)))
        .collect();
    Ok(unique.into_iter().collect())
}

fn labels(state: &State, params: &Params, now: i64) -> Result<Value, Fault> {
    let names: BTreeSet<String> = meant(state, params, now)?
        .into_iter()
        .flat_map(Labels::into_keys)
        .collect();
    Ok(json!(names))
}

fn values(state: &State, params: &Params, name: &str, now: i64) -> Result<Value, Fault> {
    let values: BTreeSet<String> = meant(state, params, now)?
        .into_iter()
        .filter_map(|mut l| l.remove(name))
        .collect();
    Ok(json!(values))
}

fn series(state: &State, params: &Params, now: i64) -> Result<Value, Fault> {
    if params.all("match[]").next().is_none() {
        return Err(Fault::bad("no match[] parameter provided".to_owned()));
    }
    Ok(json!(meant(state, params, now)?))
}
