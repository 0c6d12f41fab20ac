//! What an expression is worth at a moment. Samples are loaded once for the whole range of a query; each step then only cuts windows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fault;
use super::ast::{Expr, Selector};
use super::histogram;
use crate::demo::metrics::{Labels, Metrics, Samples};

/// How old a sample may be to stand for a moment, in milliseconds.
const LOOKBACK: i64 = 300_000;

/// A series that a selector found.
#[derive(Debug)]
struct Found {
    labels: Arc<Labels>,
    /// Without the metric's name.
    bare: Arc<Labels>,
    samples: Samples,
}

/// The series of each selector of an expression.
#[derive(Debug)]
pub(crate) struct Loaded(BTreeMap<usize, Vec<Found>>);

/// One element of a vector.
pub(crate) type Element = (Arc<Labels>, f64);

/// Samples: milliseconds and values.
type Points = Vec<(i64, f64)>;

/// What an expression is worth.
#[derive(Debug)]
pub(crate) enum Value {
    Scalar(f64),
    Vector(Vec<Element>),
    /// Only for a bare range selector.
    Matrix(Vec<(Arc<Labels>, Points)>),
}

fn selectors<'a>(expr: &'a Expr, found: &mut Vec<&'a Selector>) {
    match expr {
        Expr::Number(_) => {}
        Expr::Series(selector) => found.push(selector),
        Expr::Call(_, args) => args.iter().for_each(|a| selectors(a, found)),
        Expr::Aggregate { of, .. } | Expr::Negative(of) => selectors(of, found),
        Expr::Binary(_, l, r) => {
            selectors(l, found);
            selectors(r, found);
        }
    }
}

/// Loads what an expression needs between two moments (milliseconds); nothing after `now` exists.
pub(crate) fn load(
    expr: &Expr,
    metrics: &mut Metrics,
    (start, end): (i64, i64),
    now: i64,
) -> Loaded {
    let mut wanted = Vec::new();
    selectors(expr, &mut wanted);
    let mut loaded = BTreeMap::new();
    for selector in wanted {
        let from = start - selector.offset - selector.range.unwrap_or(LOOKBACK);
        let to = (end - selector.offset).min(now);
        let mut found = Vec::new();
        for series in metrics.series(from, to) {
            if !selector.matches(&series.labels) {
                continue;
            }
            let samples = metrics.samples(&series, from, to);
            let mut bare = series.labels.clone();
            bare.remove("__name__");
            found.push(Found {
                labels: Arc::new(series.labels),
                bare: Arc::new(bare),
                samples,
            });
        }
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        loaded.insert(selector.slot, found);
    }
    Loaded(loaded)
}

/// The samples in the half-open window `(from, to]`.
fn window(samples: &Samples, from: i64, to: i64) -> &[(i64, f64)] {
    let low = samples.points.partition_point(|p| p.0 <= from);
    let high = samples.points.partition_point(|p| p.0 <= to);
    samples.points.get(low..high).unwrap_or(&[])
}

/// The worth of an expression at a moment (milliseconds).
pub(crate) fn eval(expr: &Expr, loaded: &Loaded, at: i64) -> Result<Value, Fault> {
    Ok(match expr {
        Expr::Number(n) => Value::Scalar(*n),
        Expr::Series(selector) => series(selector, loaded, at),
        Expr::Negative(of) => match eval(of, loaded, at)? {
            Value::Scalar(n) => Value::Scalar(-n),
            other => Value::Vector(
                vector(other)?
                    .into_iter()
                    .map(|(l, v)| (bare(&l), -v))
                    .collect(),
            ),
        },
        Expr::Call(name, args) => call(name, args, loaded, at)?,
        Expr::Aggregate {
            how,
            labels,
            without,
            of,
        } => {
            let elements = vector(eval(of, loaded, at)?)?;
            Value::Vector(aggregate(how, labels, *without, elements))
        }
        Expr::Binary(operator, l, r) => {
            binary(operator, eval(l, loaded, at)?, eval(r, loaded, at)?)?
        }
    })
}

fn vector(value: Value) -> Result<Vec<Element>, Fault> {
    match value {
        Value::Vector(elements) => Ok(elements),
        _ => Err(Fault::execution("expected an instant vector".to_owned())),
    }
}

fn bare(labels: &Arc<Labels>) -> Arc<Labels> {
    if !labels.contains_key("__name__") {
        return Arc::clone(labels);
    }
    let mut labels = Labels::clone(labels);
    labels.remove("__name__");
    Arc::new(labels)
}

/// The newest sample that stands for a moment.
fn newest(found: &Found, at: i64) -> Option<(i64, f64)> {
    if found.samples.ended.is_some_and(|e| e <= at) {
        return None;
    }
    window(&found.samples, at - LOOKBACK, at).last().copied()
}

fn series(selector: &Selector, loaded: &Loaded, at: i64) -> Value {
    let at = at - selector.offset;
    let found = loaded.0.get(&selector.slot).map_or(&[][..], Vec::as_slice);
    match selector.range {
        None => Value::Vector(
            found
                .iter()
                .filter_map(|f| newest(f, at).map(|(_, v)| (Arc::clone(&f.labels), v)))
                .collect(),
        ),
        Some(range) => Value::Matrix(
            found
                .iter()
                .map(|f| {
                    (
                        Arc::clone(&f.labels),
                        window(&f.samples, at - range, at).to_vec(),
                    )
                })
                .filter(|(_, points)| !points.is_empty())
                .collect(),
        ),
    }
}

fn call(name: &str, args: &[Expr], loaded: &Loaded, at: i64) -> Result<Value, Fault> {
    match (name, args) {
        ("time", _) => Ok(Value::Scalar(at as f64 / 1000.0)),
        ("timestamp", [Expr::Series(selector)]) => {
            let found = loaded.0.get(&selector.slot).map_or(&[][..], Vec::as_slice);
            let times = found.iter().filter_map(|f| {
                newest(f, at - selector.offset)
                    .map(|(t, _)| (Arc::clone(&f.bare), t as f64 / 1000.0))
            });
            Ok(Value::Vector(times.collect()))
        }
        ("timestamp", [other]) => {
            let elements = vector(eval(other, loaded, at)?)?;
            Ok(Value::Vector(
                elements
                    .into_iter()
                    .map(|(l, _)| (bare(&l), at as f64 / 1000.0))
                    .collect(),
            ))
        }
        ("vector", [of]) => match eval(of, loaded, at)? {
            Value::Scalar(n) => Ok(Value::Vector(vec![(Arc::default(), n)])),
            _ => Err(Fault::execution("expected a scalar".to_owned())),
        },
        ("histogram_quantile", [quantile, of]) => {
            let Value::Scalar(q) = eval(quantile, loaded, at)? else {
                return Err(Fault::execution("expected a scalar".to_owned()));
            };
            Ok(Value::Vector(histogram::quantile(
                q,
                vector(eval(of, loaded, at)?)?,
            )))
        }
        (_, [Expr::Series(selector)]) => {
            let range = selector.range.unwrap_or(LOOKBACK);
            let at = at - selector.offset;
            let found = loaded.0.get(&selector.slot).map_or(&[][..], Vec::as_slice);
            let results = found.iter().filter_map(|f| {
                let points = window(&f.samples, at - range, at);
                over_time(name, points, (at - range, at)).map(|v| (Arc::clone(&f.bare), v))
            });
            Ok(Value::Vector(results.collect()))
        }
        _ => Err(Fault::execution(format!("{name} is not supported here"))),
    }
}

fn over_time(name: &str, points: &[(i64, f64)], window: (i64, i64)) -> Option<f64> {
    let values = points.iter().map(|p| p.1);
    let n = points.len() as f64;
    if points.is_empty() {
        return None;
    }
    match name {
        "increase" => extrapolated(points, window, true),
        "delta" => extrapolated(points, window, false),
        "rate" => {
            extrapolated(points, window, true).map(|v| v / ((window.1 - window.0) as f64 / 1000.0))
        }
        "count_over_time" => Some(n),
        "sum_over_time" => Some(values.sum()),
        "avg_over_time" => Some(values.sum::<f64>() / n),
        "min_over_time" => Some(values.fold(f64::INFINITY, f64::min)),
        "max_over_time" => Some(values.fold(f64::NEG_INFINITY, f64::max)),
        _ => None,
    }
}

/// By how much a series grew in a window, as Prometheus estimates it: the growth between the first and the last sample, stretched to the
/// window's ends where these are near, but not to before a counter was 0.
fn extrapolated(points: &[(i64, f64)], (from, to): (i64, i64), counter: bool) -> Option<f64> {
    let ([first, ..], [.., last]) = (points, points) else {
        return None;
    };
    if points.len() < 2 {
        return None;
    }
    let mut growth = last.1 - first.1;
    if counter {
        let mut previous = first.1;
        for (_, value) in points {
            if *value < previous {
                growth += previous;
            }
            previous = *value;
        }
    }
    let seconds = |ms: i64| ms as f64 / 1000.0;
    let sampled = seconds(last.0 - first.0);
    let average = sampled / (points.len() - 1) as f64;
    let near = average * 1.1;
    let mut before = seconds(first.0 - from);
    let mut after = seconds(to - last.0);
    if before >= near {
        before = average / 2.0;
    }
    if counter && growth > 0.0 && first.1 >= 0.0 {
        before = before.min(sampled * (first.1 / growth));
    }
    if after >= near {
        after = average / 2.0;
    }
    Some(growth * (sampled + before + after) / sampled)
}

fn aggregate(how: &str, names: &[String], without: bool, elements: Vec<Element>) -> Vec<Element> {
    let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
    for (labels, value) in elements {
        let kept = labels
            .iter()
            .filter(|(name, _)| {
                names.contains(name) != without && (!without || *name != "__name__")
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        groups.entry(kept).or_default().push(value);
    }
    let worth = |values: &[f64]| {
        let sum: f64 = values.iter().sum();
        match how {
            "sum" => sum,
            "avg" => sum / values.len() as f64,
            "min" => values.iter().copied().fold(f64::INFINITY, f64::min),
            "max" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            _ => values.len() as f64,
        }
    };
    groups
        .into_iter()
        .map(|(labels, values)| (Arc::new(labels), worth(&values)))
        .collect()
}

fn arithmetic(operator: &str, l: f64, r: f64) -> f64 {
    match operator {
        "+" => l + r,
        "-" => l - r,
        "*" => l * r,
        _ => l / r,
    }
}

fn binary(operator: &str, l: Value, r: Value) -> Result<Value, Fault> {
    let apply = |elements: Vec<Element>, f: &dyn Fn(f64) -> f64| {
        Value::Vector(
            elements
                .into_iter()
                .map(|(labels, v)| (bare(&labels), f(v)))
                .collect(),
        )
    };
    Ok(match (l, r) {
        (Value::Scalar(l), Value::Scalar(r)) => Value::Scalar(arithmetic(operator, l, r)),
        (Value::Scalar(l), r) => apply(vector(r)?, &|r| arithmetic(operator, l, r)),
        (l, Value::Scalar(r)) => apply(vector(l)?, &|l| arithmetic(operator, l, r)),
        (l, r) => {
            let (mut left, right) = (vector(l)?, vector(r)?);
            if operator == "or" {
                let new: Vec<Element> = right
                    .into_iter()
                    .filter(|(r, _)| !left.iter().any(|(l, _)| bare(l) == bare(r)))
                    .collect();
                left.extend(new);
                return Ok(Value::Vector(left));
            }
            let mut partners: BTreeMap<Arc<Labels>, f64> = BTreeMap::new();
            for (labels, value) in right {
                if partners.insert(bare(&labels), value).is_some() {
                    return Err(Fault::execution("found duplicate series for the match group on the right hand-side of the operation; many-to-many matching not allowed: matching labels must be unique on one side".to_owned()));
                }
            }
            let joined = left.into_iter().filter_map(|(labels, l)| {
                let labels = bare(&labels);
                partners
                    .get(&labels)
                    .map(|r| (Arc::clone(&labels), arithmetic(operator, l, *r)))
            });
            Value::Vector(joined.collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn increase_is_stretched_as_prometheus_stretches_it() {
        // Two samples 5 s apart in a window of 10 s: 4 s before the first and 1 s after the last are near enough.
        let two = [(4_000, 100.0), (9_000, 110.0)];
        assert_eq!(extrapolated(&two, (0, 10_000), true), Some(20.0));
        // 6 s before the first sample is too far: only half an interval is added.
        let late = [(6_000, 100.0), (9_000, 106.0)];
        let expected = 6.0 * (3.0 + 1.5 + 1.0) / 3.0;
        assert_eq!(extrapolated(&late, (0, 10_000), true), Some(expected));
        // A counter that was 1 at the first sample can't have grown for 4 s before.
        let young = [(4_000, 1.0), (9_000, 11.0)];
        assert_eq!(
            extrapolated(&young, (0, 10_000), true),
            Some(10.0 * (5.0 + 0.5 + 1.0) / 5.0)
        );
        // A restart: 100 -> 4 counts as 4 more.
        let restart = [(0, 90.0), (5_000, 100.0), (10_000, 4.0)];
        assert_eq!(
            extrapolated(&restart, (-5_000, 10_000), true),
            Some(14.0 * 15.0 / 10.0)
        );
        assert_eq!(extrapolated(&two[..1], (0, 10_000), true), None);
    }
}
