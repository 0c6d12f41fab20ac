//! The parts of an RFC 5545 rule, read and held against what may stand together.

use std::ops::RangeInclusive;

use jiff::civil::Weekday;

use super::recurrence::{BadRule, bad};

/// How often a rule comes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freq {
    Yearly,
    Monthly,
    Weekly,
    Daily,
    Hourly,
}

/// What a rule names: each list narrows it, an empty one says nothing. Negative numbers count from the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) freq: Freq,
    /// Every so many years, months, weeks, days or hours.
    pub(super) interval: i64,
    /// The day that a week begins with.
    pub(super) week_start: Weekday,
    pub(super) months: Vec<i16>,
    /// Weeks of the year; the first has at least four of its days.
    pub(super) weeks: Vec<i16>,
    pub(super) year_days: Vec<i16>,
    pub(super) month_days: Vec<i16>,
    /// All such days, or the nth of the month or year.
    pub(super) weekdays: Vec<(Option<i16>, Weekday)>,
    pub(super) hours: Vec<i16>,
    pub(super) minutes: Vec<i16>,
    /// Which ones of all that one turn of the frequency names.
    pub(super) positions: Vec<i16>,
}

impl Parts {
    /// Reads the parts, each `(NAME, VALUE)` and there once; `COUNT` and `UNTIL` are none of its business.
    pub(super) fn read(given: &[(&str, &str)]) -> Result<Self, BadRule> {
        let value = |name: &str| given.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let list = |name: &str, bounds: RangeInclusive<i16>| {
            value(name).map_or(Ok(Vec::new()), |text| numbers(name, text, bounds))
        };
        let parts = Self {
            freq: freq(value("FREQ"))?,
            interval: value("INTERVAL").map_or(Ok(1), interval)?,
            week_start: value("WKST").map_or(Ok(Weekday::Monday), weekday)?,
            months: list("BYMONTH", 1..=12)?,
            weeks: list("BYWEEKNO", -53..=53)?,
            year_days: list("BYYEARDAY", -366..=366)?,
            month_days: list("BYMONTHDAY", -31..=31)?,
            weekdays: value("BYDAY").map_or(Ok(Vec::new()), weekdays)?,
            hours: list("BYHOUR", 0..=23)?,
            minutes: list("BYMINUTE", 0..=59)?,
            positions: list("BYSETPOS", -366..=366)?,
        };
        parts.fit()?;
        Ok(parts)
    }

    /// What RFC 5545 lets stand together.
    fn fit(&self) -> Result<(), BadRule> {
        let nth = self.weekdays.iter().any(|(nth, _)| nth.is_some());
        let (yearly, monthly) = (self.freq == Freq::Yearly, self.freq == Freq::Monthly);
        let hourly = self.freq == Freq::Hourly;
        let misfit = [
            (
                !self.weeks.is_empty() && !yearly,
                "BYWEEKNO needs FREQ=YEARLY",
            ),
            (
                !self.year_days.is_empty() && !yearly && !hourly,
                "BYYEARDAY needs FREQ=YEARLY or FREQ=HOURLY",
            ),
            (
                !self.month_days.is_empty() && self.freq == Freq::Weekly,
                "BYMONTHDAY does not go with FREQ=WEEKLY",
            ),
            (
                nth && !yearly && !monthly,
                "a number before a weekday needs FREQ=MONTHLY or FREQ=YEARLY",
            ),
            (
                nth && !self.weeks.is_empty(),
                "a number before a weekday does not go with BYWEEKNO",
            ),
            (
                !self.positions.is_empty() && !self.narrows(),
                "BYSETPOS needs another BY part to choose from",
            ),
        ];
        match misfit.iter().find(|(wrong, _)| *wrong) {
            Some((_, what)) => unreadable(what),
            None => Ok(()),
        }
    }

    fn narrows(&self) -> bool {
        let lists = [&self.months, &self.hours, &self.minutes];
        self.names_days() || lists.iter().any(|list| !list.is_empty())
    }

    /// Whether it says which days; else the first time does.
    pub(super) fn names_days(&self) -> bool {
        let lists = [&self.weeks, &self.year_days, &self.month_days];
        !self.weekdays.is_empty() || lists.iter().any(|list| !list.is_empty())
    }
}

fn unreadable<T>(what: &str) -> Result<T, BadRule> {
    bad(
        format!("this rule can't be read ({what})"),
        "write it as in RFC 5545, like FREQ=WEEKLY;BYDAY=MO,TU",
    )
}

fn freq(text: Option<&str>) -> Result<Freq, BadRule> {
    Ok(match text {
        Some("YEARLY") => Freq::Yearly,
        Some("MONTHLY") => Freq::Monthly,
        Some("WEEKLY") => Freq::Weekly,
        Some("DAILY") => Freq::Daily,
        Some("HOURLY") => Freq::Hourly,
        Some(other) => {
            return bad(
                format!("FREQ={other} is not known here"),
                "write YEARLY, MONTHLY, WEEKLY, DAILY or HOURLY",
            );
        }
        None => return bad("FREQ is missing", "write it like FREQ=WEEKLY;BYDAY=MO,TU"),
    })
}

fn interval(text: &str) -> Result<i64, BadRule> {
    match text.parse::<u16>() {
        Ok(n) if n > 0 => Ok(i64::from(n)),
        _ => bad(
            format!("INTERVAL={text} never comes to the next occurrence"),
            "write a whole number from 1, or leave INTERVAL out",
        ),
    }
}

/// Whole numbers with commas between. Zero counts nothing, neither from the start nor from the end.
fn numbers(name: &str, text: &str, bounds: RangeInclusive<i16>) -> Result<Vec<i16>, BadRule> {
    let counts = *bounds.start() < 0;
    let number = |n: &str| {
        let n = n.parse().ok()?;
        (bounds.contains(&n) && !(counts && n == 0)).then_some(n)
    };
    match text.split(',').map(number).collect() {
        Some(found) => Ok(found),
        None => unreadable(&format!(
            "{name}={text}: whole numbers from {} to {}{}",
            bounds.start(),
            bounds.end(),
            if counts { ", not 0" } else { "" }
        )),
    }
}

fn weekday(text: &str) -> Result<Weekday, BadRule> {
    Ok(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => {
            return unreadable(&format!(
                "`{text}` is no weekday: MO, TU, WE, TH, FR, SA, SU"
            ));
        }
    })
}

/// `MO`, `-1FR`, with commas between.
fn weekdays(text: &str) -> Result<Vec<(Option<i16>, Weekday)>, BadRule> {
    text.split(',')
        .map(|entry| {
            let day = entry.trim_start_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
            let nth = entry.strip_suffix(day).unwrap_or_default();
            let nth = match nth.parse::<i16>() {
                _ if nth.is_empty() => None,
                Ok(n) if n != 0 && n.abs() <= 53 => Some(n),
                _ => return unreadable(&format!("`{entry}`: a number from -53 to 53, not 0")),
            };
            Ok((nth, weekday(day)?))
        })
        .collect()
}
