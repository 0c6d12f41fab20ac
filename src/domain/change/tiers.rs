//! The tiers that DORA's reports published, by year: clusters of answers, no grades. What falls between two bands goes to the worse.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A report's year. 2022 had no elite, 2025 published no tiers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Year {
    /// 2021.
    Y2021,
    /// 2023.
    Y2023,
    /// 2024, the last with tiers.
    #[default]
    Y2024,
    /// 2025: none published.
    Y2025,
}

impl Year {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Y2021, Self::Y2023, Self::Y2024, Self::Y2025];

    /// The number.
    pub fn number(self) -> u16 {
        match self {
            Self::Y2021 => 2021,
            Self::Y2023 => 2023,
            Self::Y2024 => 2024,
            Self::Y2025 => 2025,
        }
    }
}

/// A tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The best cluster.
    Elite,
    /// The second.
    High,
    /// The third.
    Medium,
    /// The last.
    Low,
}

impl Tier {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Elite => "elite",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;
const WEEK: f64 = 7.0 * DAY;
/// A mean month.
const MONTH: f64 = 30.437 * DAY;

/// The first of these bands that holds, else low.
fn band(holds: [bool; 3]) -> Tier {
    match holds {
        [true, _, _] => Tier::Elite,
        [_, true, _] => Tier::High,
        [_, _, true] => Tier::Medium,
        _ => Tier::Low,
    }
}

/// The tier of so many deployments a day.
pub fn frequency(year: Year, per_day: f64) -> Option<Tier> {
    // "On demand" means several a day.
    let on_demand = per_day > 1.0;
    let at_least = |every: f64| per_day * every / DAY >= 1.0;
    match year {
        Year::Y2021 => Some(band([on_demand, at_least(MONTH), at_least(6.0 * MONTH)])),
        Year::Y2023 | Year::Y2024 => Some(band([on_demand, at_least(WEEK), at_least(MONTH)])),
        Year::Y2025 => None,
    }
}

/// The tier of a median lead time.
pub fn lead_time(year: Year, median: SignedDuration) -> Option<Tier> {
    let s = median.as_secs_f64();
    match year {
        Year::Y2021 => Some(band([s < HOUR, s <= WEEK, s <= 6.0 * MONTH])),
        Year::Y2023 | Year::Y2024 => Some(band([s < DAY, s <= WEEK, s <= MONTH])),
        Year::Y2025 => None,
    }
}

/// The tier of a change fail rate (0..1). In 2024 "high" failed more than "medium".
pub fn fail_rate(year: Year, ratio: f64) -> Option<Tier> {
    match year {
        // High, medium and low shared one band.
        Year::Y2021 => Some(band([ratio <= 0.15, ratio <= 0.30, false])),
        Year::Y2023 => Some(band([ratio <= 0.05, ratio <= 0.10, ratio <= 0.15])),
        Year::Y2024 => Some(match ratio {
            r if r <= 0.05 => Tier::Elite,
            r if r <= 0.10 => Tier::Medium,
            r if r <= 0.20 => Tier::High,
            _ => Tier::Low,
        }),
        Year::Y2025 => None,
    }
}

/// The tier of a median recovery time.
pub fn recovery(year: Year, median: SignedDuration) -> Option<Tier> {
    let s = median.as_secs_f64();
    match year {
        Year::Y2021 | Year::Y2023 => Some(band([s < HOUR, s < DAY, s <= WEEK])),
        // High and medium shared "less than a day".
        Year::Y2024 => Some(band([s < HOUR, s < DAY, false])),
        Year::Y2025 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_and_the_gaps_between_them() {
        let hours = SignedDuration::from_hours;
        assert_eq!(frequency(Year::Y2024, 1.5), Some(Tier::Elite));
        assert_eq!(frequency(Year::Y2024, 0.5), Some(Tier::High));
        assert_eq!(frequency(Year::Y2024, 0.1), Some(Tier::Medium));
        assert_eq!(frequency(Year::Y2021, 0.1), Some(Tier::High));
        assert_eq!(frequency(Year::Y2024, 0.0), Some(Tier::Low));
        assert_eq!(lead_time(Year::Y2021, hours(5)), Some(Tier::High));
        assert_eq!(lead_time(Year::Y2024, hours(5)), Some(Tier::Elite));
        assert_eq!(lead_time(Year::Y2021, hours(24 * 20)), Some(Tier::Medium));
        assert_eq!(fail_rate(Year::Y2024, 0.07), Some(Tier::Medium));
        assert_eq!(fail_rate(Year::Y2024, 0.15), Some(Tier::High));
        assert_eq!(fail_rate(Year::Y2024, 0.30), Some(Tier::Low));
        assert_eq!(fail_rate(Year::Y2021, 0.155), Some(Tier::High));
        assert_eq!(recovery(Year::Y2024, hours(30)), Some(Tier::Low));
        assert_eq!(recovery(Year::Y2023, hours(30)), Some(Tier::Medium));
        assert_eq!(frequency(Year::Y2025, 9.0), None);
    }
}
