//! Quantities in the words people read: percentages, durations, counts. Pure formatting, one place for all screens and answers.

use jiff::SignedDuration;

/// A point in time and how it is known; below `runtime::clock` time is always a parameter of this type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now(pub jiff::Timestamp);

impl Now {
    /// Whole seconds since `then`; negative when `then` lies ahead.
    pub fn since(self, then: jiff::Timestamp) -> SignedDuration {
        self.0.duration_since(then)
    }
}

/// A ratio 0..1 as a percentage with sensible digits: `0.31 %`, `14 %`, `0 %`.
pub fn percent(ratio: f64) -> String {
    let p = ratio * 100.0;
    if !p.is_finite() {
        "–".to_owned()
    } else if p == 0.0 {
        "0 %".to_owned()
    } else if p.abs() < 0.005 {
        "<0.01 %".to_owned()
    } else if p.abs() < 9.995 {
        format!("{p:.2} %")
    } else {
        format!("{p:.0} %")
    }
}

/// A whole number with thousands separators: `1,204`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A duration in two units at most: `45s`, `5m 12s`, `2h 57m`, `6d 3h`. A negative one is `0s`: clocks disagree, time does not.
pub fn span(d: SignedDuration) -> String {
    let s = d.as_secs().max(0);
    let (days, hours, minutes, seconds) = (s / 86_400, s / 3_600 % 24, s / 60 % 60, s % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, m) => format!("{m}m {seconds:02}s"),
        (0, h, m) => format!("{h}h {m:02}m"),
        (d, h, _) => format!("{d}d {h}h"),
    }
}

/// An age in one unit, for the edge of a row: `now`, `15s`, `12m`, `3h`, `41d`.
pub fn age(d: SignedDuration) -> String {
    match d.as_secs() {
        ..2 => "now".to_owned(),
        s @ 2..60 => format!("{s}s"),
        s @ 60..3_600 => format!("{}m", s / 60),
        s @ 3_600..172_800 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}

/// Milliseconds as `412 ms` or `1.2 s`.
pub fn millis(ms: f64) -> String {
    if !ms.is_finite() {
        "–".to_owned()
    } else if ms < 999.5 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_well() {
        assert_eq!(percent(0.003_1), "0.31 %");
        assert_eq!(percent(0.14), "14 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(thousands(1_204), "1,204");
        assert_eq!(thousands(999), "999");
        assert_eq!(span(SignedDuration::from_secs(312)), "5m 12s");
        assert_eq!(span(SignedDuration::from_secs(10_620)), "2h 57m");
        assert_eq!(age(SignedDuration::from_secs(720)), "12m");
        let ahead = SignedDuration::from_hours(-1);
        assert_eq!((span(ahead), age(ahead)), ("0s".into(), "now".into()));
        assert_eq!(millis(412.3), "412 ms");
    }
}
