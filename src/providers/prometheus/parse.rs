//! From Prometheus' answers to counts. Values are strings, gaps are missing timestamps; both stay what they are: a value
//! that is not finite drops its bin, a missing one leaves a gap.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::signal::series::{Bin, from_cumulative};
use crate::domain::text::Safe;

/// The grid that was asked: bins by index, evaluated at their ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// The first bin's start, seconds from the anchor.
    pub(super) from_s: i64,
    /// A bin's width in seconds.
    pub(super) bin_s: i64,
    /// The anchor, seconds since 1970 with its fraction.
    pub(super) anchor: f64,
    /// How many bins.
    pub(super) len: i64,
}

impl Grid {
    /// When a bin is evaluated: at its end.
    pub(super) fn end_of(&self, index: i64) -> f64 {
        self.anchor + (self.from_s + (index + 1) * self.bin_s) as f64
    }

    /// The bin that is evaluated at `at`. None off the grid: such a point counts another interval.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked against the grid's length"
    )]
    fn index_at(&self, at: f64) -> Option<i64> {
        let steps = (at - self.end_of(0)) / self.bin_s as f64;
        let index = steps.round();
        let on_grid = (steps - index).abs() * (self.bin_s as f64) < 0.05;
        (on_grid && index >= 0.0 && index < self.len as f64).then_some(index as i64)
    }
}

/// A value by bin; not finite once anything in it was not.
pub(super) type Points = BTreeMap<i64, f64>;

/// Notes while reading, each once.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<Safe>);

impl Notes {
    pub(super) fn add(&mut self, text: &str) {
        self.push(Safe::new(text));
    }

    pub(super) fn push(&mut self, note: Safe) {
        if self.0.len() < 20 && !self.0.contains(&note) {
            self.0.push(note);
        }
    }
}

/// A number as Prometheus writes it.
pub(super) fn value(raw: &Value) -> Option<f64> {
    match raw {
        Value::String(text) => match text.as_str() {
            "+Inf" => Some(f64::INFINITY),
            "-Inf" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        other => other.as_f64(),
    }
}

/// The series of a matrix. Some: the answer is one.
pub(super) fn matrix(data: &Value) -> Option<&Vec<Value>> {
    (data.get("resultType")?.as_str()? == "matrix").then_some(())?;
    data.get("result")?.as_array()
}

/// Adds a series' points to `into`.
fn add_series(grid: &Grid, series: &Value, into: &mut Points, name: &str, notes: &mut Notes) {
    let values = series.get("values").and_then(Value::as_array);
    if values.is_none() && series.get("histograms").is_some() {
        notes.add(&format!(
            "{name}: a native histogram came back where counts were asked for"
        ));
    }
    for point in values.into_iter().flatten() {
        let at = point.get(0).and_then(Value::as_f64);
        let (Some(at), Some(value)) = (at, point.get(1).and_then(value)) else {
            notes.add(&format!("{name}: some points could not be read"));
            continue;
        };
        match grid.index_at(at) {
            Some(index) => *into.entry(index).or_insert(0.0) += value,
            None => notes.add(&format!("{name}: points off the asked times were left out")),
        }
    }
}

/// One sum from an answer that should be one series.
pub(super) fn sum(grid: &Grid, series: &[Value], name: &str, into: &mut Points, notes: &mut Notes) {
    if series.len() > 1 {
        notes.add(&format!(
            "{name}: {} series came back and were added up; use sum(...)",
            series.len()
        ));
    }
    for one in series {
        add_series(grid, one, into, name, notes);
    }
}

/// Cumulative buckets by their upper bound.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    /// By bound in milliseconds (micro-steps, so that it can be a key); the last is +Inf.
    by_bound: BTreeMap<u64, Points>,
}

/// +Inf as a key.
const INFINITE: u64 = u64::MAX;

impl Buckets {
    /// Takes in the series of a `sum by (le)` answer.
    pub(super) fn add(
        &mut self,
        grid: &Grid,
        series: &[Value],
        ms_per_unit: f64,
        notes: &mut Notes,
    ) {
        let mut seen = std::collections::HashSet::new();
        for one in series {
            let le = one.pointer("/metric/le").and_then(value);
            let Some(bound) = le.and_then(|le| key(le, ms_per_unit)) else {
                notes.add(
                    "latency: a series without a readable `le` was left out; use sum by (le) (...)",
                );
                continue;
            };
            if !seen.insert(bound) {
                notes.add(
                    "latency: several series for a bucket were added up; use sum by (le) (...)",
                );
            }
            add_series(
                grid,
                one,
                self.by_bound.entry(bound).or_default(),
                "latency",
                notes,
            );
        }
    }

    /// The finite bounds in milliseconds.
    pub(super) fn bounds_ms(&self) -> Vec<f64> {
        let finite = self.by_bound.keys().filter(|k| **k != INFINITE);
        finite.map(|k| *k as f64 / 1e6).collect()
    }

    /// The counts of a bin. None where the total is missing, or something is not a number.
    fn counts(&self, index: i64) -> Option<Vec<u64>> {
        self.by_bound.get(&INFINITE)?.get(&index)?;
        let mut last = 0.0;
        let mut cumulative = Vec::with_capacity(self.by_bound.len());
        for points in self.by_bound.values() {
            // A bound that others lack at that time (two layouts side by side) adds nothing of its own.
            last = points.get(&index).copied().unwrap_or(last);
            cumulative.push(last);
        }
        from_cumulative(&cumulative)
    }

    /// Notes what makes buckets useless.
    pub(super) fn check(&self, notes: &mut Notes) {
        if !self.by_bound.is_empty() && !self.by_bound.contains_key(&INFINITE) {
            notes.add("latency: no bucket with le=\"+Inf\" came back, so latencies are not known");
        }
    }
}

/// A bound as a key: nanosecond steps are finer than any bucket, and 0.1 s is 100 ms exactly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be positive and small"
)]
fn key(le: f64, ms_per_unit: f64) -> Option<u64> {
    if le == f64::INFINITY {
        return Some(INFINITE);
    }
    let steps = (le * ms_per_unit * 1e6).round();
    (steps.is_finite() && (0.0..1e18).contains(&steps)).then_some(steps as u64)
}

/// The bins. A bin needs requests; no error point while requests exist means no errors.
pub(super) fn bins(grid: &Grid, requests: &Points, errors: &Points, buckets: &Buckets) -> Vec<Bin> {
    requests
        .iter()
        .filter_map(|(index, n)| {
            let x = errors.get(index).copied().unwrap_or(0.0);
            let h = buckets.counts(*index).unwrap_or_default();
            Bin::from_measured(grid.from_s + index * grid.bin_s, *n, x, h)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const GRID: Grid = Grid {
        from_s: -30,
        bin_s: 15,
        anchor: 1_000.5,
        len: 4,
    };

    #[test]
    fn a_point_counts_the_interval_before_it() {
        assert_eq!(GRID.index_at(985.5), Some(0));
        assert_eq!(GRID.index_at(1_030.501), Some(3));
        assert_eq!(GRID.index_at(970.5), None);
        assert_eq!(GRID.index_at(1_045.5), None);
        assert_eq!(GRID.index_at(987.0), None);
    }

    #[test]
    fn gaps_stay_and_what_is_not_a_number_drops_its_bin() {
        let mut notes = Notes::default();
        let mut requests = Points::new();
        let series =
            [json!({"metric": {}, "values": [[985.5, "10.4"], [1_000.5, "NaN"], [1_030.5, "0"]]})];
        sum(&GRID, &series, "requests", &mut requests, &mut notes);
        let errors = Points::from([(0, 99.0)]);
        let bins = bins(&GRID, &requests, &errors, &Buckets::default());
        assert_eq!(bins, vec![Bin::new(-30, 10, 10), Bin::new(15, 0, 0)]);
        assert!(notes.0.is_empty());
    }

    #[test]
    fn buckets_are_ordered_by_value_and_repaired() {
        let mut notes = Notes::default();
        let mut buckets = Buckets::default();
        let one = |le: &str, v: &str| json!({"metric": {"le": le}, "values": [[985.5, v]]});
        let series = [
            one("+Inf", "12"),
            one("0.1", "3"),
            one("1", "9.6"),
            one("0.25", "2.9"),
            one("x", "1"),
        ];
        buckets.add(&GRID, &series, 1_000.0, &mut notes);
        buckets.check(&mut notes);
        assert_eq!(buckets.bounds_ms(), vec![100.0, 250.0, 1_000.0]);
        assert_eq!(buckets.counts(0), Some(vec![3, 0, 7, 2]));
        assert_eq!(buckets.counts(1), None);
        assert_eq!(notes.0.len(), 1);
    }
}
