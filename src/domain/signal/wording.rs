//! The verdict in sentences: always both ratios, the number of requests, the tolerated level, and the time it took.

use crate::domain::units::{percent, thousands};

use super::verdict::Counts;

/// A metric's name in its two tongues.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Name {
    /// Failed requests.
    Errors,
    /// Requests slower than so many milliseconds.
    Slower(f64),
}

impl Name {
    /// For machines: `errors`, `latency_over_250_ms`.
    pub fn id(self) -> String {
        match self {
            Self::Errors => "errors".to_owned(),
            Self::Slower(ms) => format!("latency_over_{ms}_ms"),
        }
    }

    fn ratio(self, r: f64) -> String {
        let p = r * 100.0;
        match self {
            _ if p == 0.0 => "0%".to_owned(),
            _ if p < 0.005 => "<0.01%".to_owned(),
            Self::Errors if p < 9.995 => format!("{p:.2}%"),
            Self::Slower(_) if (0.05..9.95).contains(&p) => format!("{p:.1}%"),
            Self::Slower(_) if p < 0.05 => format!("{p:.2}%"),
            _ => format!("{p:.0}%"),
        }
    }
}

/// What a sentence about a metric is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// The metric.
    pub name: Name,
    /// Before, or beside.
    pub before: Counts,
    /// Since.
    pub after: Counts,
    /// Counted since the end of the warm-up; otherwise since the deploy.
    pub since_warm_up: bool,
    /// The tolerated ratio.
    pub tolerated: f64,
    /// Dispersion of the baseline.
    pub phi: f64,
    /// Seconds it took to be sure that this metric is worse.
    pub sure_after_s: Option<i64>,
}

impl Line {
    /// "errors 0.31% -> 2.33% (x7.5), 600 requests since warm-up, confident after 30 s; tolerated 0.52%".
    pub fn sentence(&self) -> String {
        let ratio = |r| self.name.ratio(r);
        let (from, times) = self.change(ratio, "x");
        let to = self
            .after
            .ratio()
            .map_or_else(|| "no requests yet".to_owned(), ratio);
        let tolerated = self.name.ratio(self.tolerated);
        let requests = format!(
            "{} requests since {}",
            thousands(self.after.n),
            if self.since_warm_up {
                "warm-up"
            } else {
                "the deploy"
            }
        );
        let sure = self
            .sure_after_s
            .map(|s| format!(", confident after {s} s"))
            .unwrap_or_default();
        let mut text = match self.name {
            Name::Errors => {
                format!("errors {from} -> {to}{times}, {requests}{sure}; tolerated {tolerated}")
            }
            Name::Slower(ms) => format!(
                "slower than {ms} ms: {from} -> {to} (tolerated {tolerated}), {requests}{sure}"
            ),
        };
        if self.phi >= 3.0 {
            let times = format!("{:.0}", self.phi);
            text.extend(["; bursty baseline: needs x", &times, " more evidence"]);
        }
        text
    }

    /// "errors 0.31 % → 2.33 % (×7.5), 1,204 requests".
    pub fn short(&self) -> String {
        let (from, times) = self.change(percent, "×");
        let name = match self.name {
            Name::Errors => "errors".to_owned(),
            Name::Slower(ms) => format!("slower than {ms} ms"),
        };
        match self.after.ratio() {
            Some(to) => {
                let n = thousands(self.after.n);
                format!("{name} {from} → {}{times}, {n} requests", percent(to))
            }
            None => format!("{name} {from}, no requests yet"),
        }
    }

    /// The ratio before (or "0 of 3,600" when it says more) and by how much it changed (" (x7.5)").
    fn change(&self, ratio: impl Fn(f64) -> String, times: &str) -> (String, String) {
        match (self.before.ratio(), self.after.ratio()) {
            (None, _) => ("unknown".to_owned(), String::new()),
            (Some(before), _) if before <= 0.0 => {
                (format!("0 of {}", thousands(self.before.n)), String::new())
            }
            (Some(before), Some(after)) if after > 0.0 => {
                let factor = after / before;
                let factor = if factor < 9.95 {
                    format!("{factor:.1}")
                } else {
                    format!("{factor:.0}")
                };
                (ratio(before), format!(" ({times}{factor})"))
            }
            (Some(before), _) => (ratio(before), String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERRORS: Line = Line {
        name: Name::Errors,
        before: Counts { x: 31, n: 10_000 },
        after: Counts { x: 28, n: 1_204 },
        since_warm_up: true,
        tolerated: 0.005_243,
        phi: 1.0,
        sure_after_s: Some(45),
    };

    #[test]
    fn both_forms() {
        assert_eq!(
            ERRORS.sentence(),
            "errors 0.31% -> 2.33% (x7.5), 1,204 requests since warm-up, confident after 45 s; tolerated 0.52%"
        );
        assert_eq!(
            ERRORS.short(),
            "errors 0.31 % → 2.33 % (×7.5), 1,204 requests"
        );
    }

    #[test]
    fn zero_and_unknown_baselines() {
        let zero = Line {
            before: Counts { x: 0, n: 3_600 },
            after: Counts { x: 2, n: 120 },
            ..ERRORS
        };
        assert!(
            zero.sentence()
                .starts_with("errors 0 of 3,600 -> 1.67%, 120 requests")
        );
        let none = Line {
            before: Counts::default(),
            after: Counts::default(),
            ..ERRORS
        };
        assert!(none.short().starts_with("errors unknown, no requests yet"));
    }

    #[test]
    fn latency_and_bursts() {
        let slow = Line {
            name: Name::Slower(250.0),
            before: Counts { x: 500, n: 10_000 },
            after: Counts { x: 140, n: 1_000 },
            tolerated: 0.067,
            phi: 8.0,
            sure_after_s: None,
            ..ERRORS
        };
        assert_eq!(
            slow.sentence(),
            "slower than 250 ms: 5.0% -> 14% (tolerated 6.7%), 1,000 requests since warm-up; \
             bursty baseline: needs x8 more evidence"
        );
        assert_eq!(slow.name.id(), "latency_over_250_ms");
    }
}
