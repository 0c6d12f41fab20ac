//! Which local times a rule names, one turn of its frequency after the other. Wall-clock time only: zones and instants are the
//! business of [`super::rule`].

use std::collections::VecDeque;

use jiff::Span;
use jiff::civil::{Date, DateTime, Time};

use super::parts::{Freq, Parts};

/// The local times in order, from a rule's first time on.
#[derive(Debug)]
pub(super) struct Expansion<'a> {
    parts: &'a Parts,
    start: DateTime,
    last: DateTime,
    /// The first day of the next year, month, week or day to look at.
    turn: Option<Date>,
    found: VecDeque<DateTime>,
}

impl<'a> Expansion<'a> {
    /// What a rule with this `start` names from about `from` (never too late) to `last`.
    pub(super) fn new(parts: &'a Parts, start: DateTime, from: DateTime, last: DateTime) -> Self {
        let day = start.date();
        let first = match parts.freq {
            Freq::Yearly => Some(day.first_of_year()),
            Freq::Monthly => Some(day.first_of_month()),
            Freq::Weekly => day.checked_sub(into_week(day, parts)).ok(),
            Freq::Daily | Freq::Hourly => Some(day),
        };
        let mut new = Self {
            parts,
            start,
            last,
            turn: first,
            found: VecDeque::new(),
        };
        new.turn = first.and_then(|first| new.after(first, new.turns(first, from.date())));
        new
    }

    /// The whole turns between two days.
    fn turns(&self, first: Date, from: Date) -> i64 {
        let years = i64::from(from.year()) - i64::from(first.year());
        let days = i64::from(first.until(from).map_or(0, |span| span.get_days()));
        let every = self.parts.interval;
        let turns = match self.parts.freq {
            Freq::Yearly => years / every,
            Freq::Monthly => {
                (years * 12 + i64::from(from.month()) - i64::from(first.month())) / every
            }
            Freq::Weekly => days / 7 / every,
            Freq::Daily => days / every,
            Freq::Hourly => days,
        };
        turns.max(0)
    }

    /// The turn so many turns later. Hours are counted within the days.
    fn after(&self, turn: Date, turns: i64) -> Option<Date> {
        let n = turns.checked_mul(self.parts.interval)?;
        let step = match self.parts.freq {
            Freq::Yearly => Span::new().try_years(n),
            Freq::Monthly => Span::new().try_months(n),
            Freq::Weekly => Span::new().try_weeks(n),
            Freq::Daily => Span::new().try_days(n),
            Freq::Hourly => Span::new().try_days(turns),
        };
        turn.checked_add(step.ok()?).ok()
    }

    /// All that a turn names.
    fn of_turn(&self, turn: Date) -> VecDeque<DateTime> {
        let length = match self.parts.freq {
            Freq::Yearly => usize::try_from(turn.days_in_year()).unwrap_or(0),
            Freq::Monthly => usize::try_from(turn.days_in_month()).unwrap_or(0),
            Freq::Weekly => 7,
            Freq::Daily | Freq::Hourly => 1,
        };
        let (mut named, mut times) = (Vec::new(), Vec::new());
        let days = std::iter::successors(Some(turn), |day| day.tomorrow().ok()).take(length);
        for day in days.filter(|day| self.names(*day)) {
            if self.parts.freq == Freq::Hourly {
                // Each hour is a turn of its own.
                for hour in self.hours(day) {
                    named.extend(self.chosen(self.minutes(day, hour).collect()));
                }
                continue;
            }
            for hour in listed(&self.parts.hours, self.start.hour()) {
                times.extend(self.minutes(day, hour));
            }
        }
        named.extend(self.chosen(times));
        named.into_iter().filter(|at| *at >= self.start).collect()
    }

    /// The hours of a day that an hourly rule comes to.
    fn hours(&self, day: Date) -> impl Iterator<Item = i8> {
        let days = self
            .start
            .date()
            .until(day)
            .map_or(0, |span| span.get_days());
        let ahead = i64::from(days) * 24 - i64::from(self.start.hour());
        let every = self.parts.interval;
        let named = &self.parts.hours;
        (0..24_i8)
            .filter(move |hour| (ahead + i64::from(*hour)).rem_euclid(every) == 0)
            .filter(|hour| named.is_empty() || named.contains(&i16::from(*hour)))
    }

    fn minutes(&self, day: Date, hour: i8) -> impl Iterator<Item = DateTime> {
        let second = self.start.second();
        listed(&self.parts.minutes, self.start.minute())
            .filter_map(move |minute| Time::new(hour, minute, second, 0).ok())
            .map(move |time| day.to_datetime(time))
    }

    /// In order and each once; of these the wanted positions.
    fn chosen(&self, mut times: Vec<DateTime>) -> Vec<DateTime> {
        times.sort_unstable();
        times.dedup();
        if self.parts.positions.is_empty() {
            return times;
        }
        let wanted = |n: usize| {
            let count = |n: usize| i16::try_from(n).ok();
            let (front, back) = (count(n + 1), count(times.len() - n).map(|n| -n));
            let positions = self.parts.positions.iter();
            positions
                .copied()
                .map(Some)
                .any(|p| p == front || p == back)
        };
        (0..times.len())
            .filter(|n| wanted(*n))
            .filter_map(|n| times.get(n).copied())
            .collect()
    }

    /// Whether a day is one of the rule's.
    fn names(&self, day: Date) -> bool {
        let parts = self.parts;
        let month = parts.months.is_empty() || parts.months.contains(&i16::from(day.month()));
        if !parts.names_days() {
            let first = self.start.date();
            return match parts.freq {
                Freq::Yearly if parts.months.is_empty() => {
                    (day.month(), day.day()) == (first.month(), first.day())
                }
                Freq::Yearly | Freq::Monthly => month && day.day() == first.day(),
                Freq::Weekly => month && day.weekday() == first.weekday(),
                Freq::Daily | Freq::Hourly => month,
            };
        }
        let (of_month, of_year) = (i16::from(day.days_in_month()), day.days_in_year());
        let week =
            || week_of(day, parts).is_some_and(|(week, weeks)| counted(&parts.weeks, week, weeks));
        month
            && (parts.month_days.is_empty()
                || counted(&parts.month_days, i16::from(day.day()), of_month))
            && (parts.year_days.is_empty() || counted(&parts.year_days, day.day_of_year(), of_year))
            && (parts.weekdays.is_empty() || self.names_weekday(day))
            && (parts.weeks.is_empty() || week())
    }

    /// Whether a day's weekday is named, alone or as the nth of its month (of its year where no month is named).
    fn names_weekday(&self, day: Date) -> bool {
        let of_year = self.parts.freq == Freq::Yearly && self.parts.months.is_empty();
        let (at, length) = if of_year {
            (day.day_of_year(), day.days_in_year())
        } else {
            (i16::from(day.day()), i16::from(day.days_in_month()))
        };
        let (front, back) = ((at - 1) / 7 + 1, -((length - at) / 7 + 1));
        self.parts.weekdays.iter().any(|(nth, weekday)| {
            *weekday == day.weekday() && nth.is_none_or(|n| n == front || n == back)
        })
    }
}

impl Iterator for Expansion<'_> {
    type Item = DateTime;

    fn next(&mut self) -> Option<DateTime> {
        loop {
            if let Some(at) = self.found.pop_front() {
                return (at <= self.last).then_some(at);
            }
            let turn = self.turn.filter(|turn| *turn <= self.last.date())?;
            self.turn = self.after(turn, 1);
            self.found = self.of_turn(turn);
        }
    }
}

/// The numbers of a list, or the one of the first time.
fn listed(list: &[i16], else_this: i8) -> impl Iterator<Item = i8> {
    let own = list.is_empty().then_some(else_this);
    list.iter().filter_map(|n| i8::try_from(*n).ok()).chain(own)
}

/// Whether a list has the `at`th of `length`, counted from the start or from the end.
fn counted(list: &[i16], at: i16, length: i16) -> bool {
    list.iter().any(|n| *n == at || *n == at - length - 1)
}

/// How far a day is into its week.
fn into_week(day: Date, parts: &Parts) -> Span {
    Span::new().days(day.weekday().since(parts.week_start))
}

/// The number of a day's week, and how many weeks that year has.
fn week_of(day: Date, parts: &Parts) -> Option<(i16, i16)> {
    // The week with the fourth of January is the first one.
    let first = |year: i16| {
        let fourth = Date::new(year, 1, 4).ok()?;
        fourth.checked_sub(into_week(fourth, parts)).ok()
    };
    let mut year = day.year();
    if day >= first(year + 1)? {
        year += 1;
    } else if day < first(year)? {
        year -= 1;
    }
    let weeks = |to: Date| i16::try_from(first(year)?.until(to).ok()?.get_days() / 7).ok();
    Some((weeks(day)? + 1, weeks(first(year + 1)?)?))
}
