//! The file in which a deploy is recorded for a replay, and its strict reading: every complaint names the row and the field.
//!
//! `{"version":1, "mode":"before_after"|"canary", "encoding":"intervals"|"counters", "step_s", "deploy_at":0,
//! "bounds_ms":[..], "slo_latency_ms":number|null, "baseline":[row], "after":[row]}`, a row being
//! `{"t", "requests", "errors", "latency_buckets":[..]}`. `t` is the start of the bin; with `counters` a row holds the
//! running totals at the end of that bin. A row that is `null` stands for one step and is a gap, as is a row whose
//! `requests` or `errors` is `null`. In canary mode `after` is the canary; the stable instances over the same bins are
//! either a list of their own, `"control":[row]`, or simply go on in `baseline` past the deploy. Fields not named
//! here are ignored.

use serde::{Deserialize, Deserializer};

use super::judge::Mode;
use super::series::whole;

/// How the rows of a recording count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Each row holds what happened in its bin.
    Intervals,
    /// Each row holds running totals at the end of its bin; they may restart at 0.
    Counters,
}

/// The numbers of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Requests.
    pub requests: f64,
    /// Errors.
    pub errors: f64,
    /// Requests by latency bucket; `None`: unknown.
    pub buckets: Option<Vec<f64>>,
}

/// A place on the time line: a row, or a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Start of the bin, in seconds from the deploy.
    pub t: i64,
    /// The numbers; `None` is a gap.
    pub row: Option<Row>,
}

/// A recorded deploy, checked. All times are relative to the deploy.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// What it is compared with.
    pub mode: Mode,
    /// How rows count.
    pub encoding: Encoding,
    /// Seconds between rows.
    pub step_s: f64,
    /// Latency bounds, ascending.
    pub bounds_ms: Vec<f64>,
    /// The latency that the service promises.
    pub slo_latency_ms: Option<f64>,
    /// Before the deploy.
    pub baseline: Vec<Slot>,
    /// The deploy, or the canary.
    pub after: Vec<Slot>,
    /// Canary mode: the stable instances since the deploy.
    pub control: Vec<Slot>,
}

/// Why a file is no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// Not JSON, or not of this shape.
    #[error("not a recording: {path}: {cause}")]
    Shape {
        /// Where in the document.
        path: String,
        /// What was wrong.
        cause: String,
    },
    /// A field of the file as a whole.
    #[error("{field}: {problem}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A field of a row.
    #[error("{list}[{row}].{field}: {problem}")]
    Row {
        /// `baseline`, `after` or `control`.
        list: &'static str,
        /// Its index, from 0.
        row: usize,
        /// The field's name.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
struct RawFile {
    version: serde_json::Value,
    mode: String,
    encoding: String,
    step_s: f64,
    #[serde(default)]
    deploy_at: Option<f64>,
    #[serde(default)]
    bounds_ms: Option<Vec<f64>>,
    #[serde(default)]
    slo_latency_ms: Option<f64>,
    baseline: Vec<Option<RawRow>>,
    after: Vec<Option<RawRow>>,
    #[serde(default)]
    control: Option<Vec<Option<RawRow>>>,
}

#[derive(Deserialize)]
#[expect(
    clippy::option_option,
    reason = "absent, null and given are three different things here"
)]
struct RawRow {
    t: f64,
    #[serde(default, deserialize_with = "present")]
    requests: Option<Option<f64>>,
    #[serde(default, deserialize_with = "present")]
    errors: Option<Option<f64>>,
    #[serde(default)]
    latency_buckets: Option<Vec<Option<f64>>>,
}

/// Tells a field that is `null` from one that is not there.
#[expect(
    clippy::option_option,
    reason = "absent, null and given are three different things here"
)]
fn present<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(d).map(Some)
}

impl Recording {
    /// Reads and checks a recording.
    pub fn from_json(text: &str) -> Result<Self, RecordingError> {
        let mut source = serde_json::Deserializer::from_str(text);
        let shape = |path: String, cause: String| RecordingError::Shape { path, cause };
        let raw: RawFile = serde_path_to_error::deserialize(&mut source)
            .map_err(|e| shape(e.path().to_string(), e.inner().to_string()))?;
        source
            .end()
            .map_err(|e| shape("after the object".to_owned(), e.to_string()))?;
        raw.check()
    }
}

impl RawFile {
    fn check(self) -> Result<Recording, RecordingError> {
        if self.version.as_f64() != Some(1.0) {
            return Err(field(
                "version",
                format!("{} is unknown, this program reads 1", self.version),
            ));
        }
        let mode = match self.mode.as_str() {
            "before_after" => Mode::BeforeAfter,
            "canary" => Mode::Canary,
            other => {
                return Err(field(
                    "mode",
                    format!("`{other}` is neither `before_after` nor `canary`"),
                ));
            }
        };
        let encoding = match self.encoding.as_str() {
            "intervals" => Encoding::Intervals,
            "counters" => Encoding::Counters,
            other => {
                return Err(field(
                    "encoding",
                    format!("`{other}` is neither `intervals` nor `counters`"),
                ));
            }
        };
        if !(self.step_s > 0.0 && self.step_s <= 86_400.0) {
            return Err(field(
                "step_s",
                format!("{} is not between 0 and a day", self.step_s),
            ));
        }
        let bounds_ms = self.bounds_ms.unwrap_or_default();
        let ascending = bounds_ms
            .iter()
            .zip(bounds_ms.iter().skip(1))
            .all(|(a, b)| a < b);
        if !ascending || bounds_ms.first().is_some_and(|b| *b <= 0.0) {
            return Err(field(
                "bounds_ms",
                "must be positive and ascending".to_owned(),
            ));
        }
        if let Some(slo) = self.slo_latency_ms.filter(|slo| *slo <= 0.0) {
            return Err(field("slo_latency_ms", format!("{slo} is not positive")));
        }
        let reader = Reader {
            deploy_at: self.deploy_at.unwrap_or(0.0),
            step_s: self.step_s,
            buckets: bounds_ms.len().saturating_add(1),
        };
        let split = mode == Mode::Canary && self.control.is_none();
        let baseline = reader.list(
            "baseline",
            self.baseline,
            None,
            (!split).then_some(Side::Before),
        )?;
        let after = reader.list("after", self.after, Some(0), Some(Side::After))?;
        let control = reader.list(
            "control",
            self.control.unwrap_or_default(),
            Some(0),
            Some(Side::After),
        )?;
        let (baseline, mut beside): (Vec<Slot>, Vec<Slot>) =
            baseline.into_iter().partition(|s| s.t < 0);
        beside.extend(control);
        Ok(Recording {
            mode,
            encoding,
            step_s: self.step_s,
            bounds_ms,
            slo_latency_ms: self.slo_latency_ms,
            baseline,
            after,
            control: beside,
        })
    }
}

/// On which side of the deploy a list lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

struct Reader {
    deploy_at: f64,
    step_s: f64,
    buckets: usize,
}

impl Reader {
    /// Checks a list; `start` is where a `null` at its head would lie.
    fn list(
        &self,
        list: &'static str,
        raw: Vec<Option<RawRow>>,
        start: Option<i64>,
        side: Option<Side>,
    ) -> Result<Vec<Slot>, RecordingError> {
        let mut slots: Vec<Slot> = Vec::with_capacity(raw.len());
        let step = seconds(self.step_s).max(1);
        for (row, raw) in raw.into_iter().enumerate() {
            let last = slots.last().map(|s| s.t);
            let Some(raw) = raw else {
                if let Some(t) = last.map(|t| t.saturating_add(step)).or(start) {
                    slots.push(Slot { t, row: None });
                }
                continue;
            };
            let wrong = |field: &str, problem: String| RecordingError::Row {
                list,
                row,
                field: field.to_owned(),
                problem,
            };
            let t = seconds(raw.t - self.deploy_at);
            if let Some(last) = last.filter(|last| t <= *last) {
                // The place of a null is only a guess: a row that comes sooner takes it.
                while slots.last().is_some_and(|s| s.row.is_none() && s.t >= t) {
                    slots.pop();
                }
                if slots.last().is_some_and(|s| s.t >= t) {
                    return Err(wrong("t", format!("{t} does not come after {last}")));
                }
            }
            match side {
                Some(Side::Before) if t >= 0 => {
                    return Err(wrong("t", "lies after the deploy".to_owned()));
                }
                Some(Side::After) if t < 0 => {
                    return Err(wrong("t", "lies before the deploy".to_owned()));
                }
                _ => {}
            }
            let row = self
                .row(raw)
                .map_err(|(field, problem)| wrong(&field, problem))?;
            slots.push(Slot { t, row });
        }
        Ok(slots)
    }

    fn row(&self, raw: RawRow) -> Result<Option<Row>, (String, String)> {
        let number = |name: &str, value: Option<Option<f64>>| match value {
            None => Err((name.to_owned(), "is missing".to_owned())),
            Some(None) => Ok(None),
            Some(Some(v)) => checked(name, v).map(Some),
        };
        let requests = number("requests", raw.requests)?;
        let errors = number("errors", raw.errors)?;
        let buckets = match raw.latency_buckets {
            None => None,
            // Without bounds there is nothing to hold latencies against.
            Some(b) if self.buckets == 1 && b.len() <= 1 => None,
            Some(b) if b.len() != self.buckets => {
                let problem = format!("has {} buckets, the bounds make {}", b.len(), self.buckets);
                return Err(("latency_buckets".to_owned(), problem));
            }
            Some(b) => {
                let mut counts = Vec::with_capacity(b.len());
                for (i, v) in b.into_iter().enumerate() {
                    counts.push(
                        v.map(|v| checked(&format!("latency_buckets[{i}]"), v))
                            .transpose()?,
                    );
                }
                counts.into_iter().collect::<Option<Vec<f64>>>()
            }
        };
        Ok(requests.zip(errors).map(|(requests, errors)| Row {
            requests,
            errors,
            buckets,
        }))
    }
}

fn field(field: &'static str, problem: String) -> RecordingError {
    RecordingError::Field { field, problem }
}

fn checked(name: &str, value: f64) -> Result<f64, (String, String)> {
    match whole(value) {
        Some(_) => Ok(value),
        None => Err((name.to_owned(), format!("{value} is not a count"))),
    }
}

/// Rounds to whole seconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates; no recording spans centuries"
)]
fn seconds(value: f64) -> i64 {
    value.round() as i64
}
