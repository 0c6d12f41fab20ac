//! The five delivery metrics of one service in one environment, with the list behind each number. Nothing is blended: who wants
//! several services asks several times.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::Change;
use super::failures::{self, Failure, Incident};
use super::flags::Flag;
use super::lead_time::{Boundary, Measured, Moment, measure};
use super::stats::{Share, Spread, median};
use super::stream::{Deployment, Kind, Stream};
use super::tiers::{self, Tier, Year};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// Fewer deployments have no tier of failing.
pub const ENOUGH: usize = 10;

/// The time that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// From then.
    pub from: Timestamp,
    /// Up to then.
    pub to: Timestamp,
    /// Whose days and weeks count.
    pub zone: TimeZone,
}

impl Window {
    /// The last so many days.
    pub fn last(days: u32, now: Now, zone: TimeZone) -> Self {
        let long = SignedDuration::from_hours(i64::from(days) * 24);
        Self {
            from: now.0.checked_sub(long).unwrap_or(Timestamp::MIN),
            to: now.0,
            zone,
        }
    }

    /// Whether a moment lies in it.
    pub fn has(&self, at: Timestamp) -> bool {
        at >= self.from && at <= self.to
    }

    fn days(&self) -> f64 {
        self.to.duration_since(self.from).as_secs_f64() / 86_400.0
    }

    fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// The Mondays of the whole weeks in it.
    fn weeks(&self) -> Vec<Date> {
        self.whole(
            |d| {
                d.checked_sub(d.weekday().since(Weekday::Monday).days())
                    .ok()
            },
            |d| d.checked_add(1.week()).ok(),
        )
    }

    /// The first days of the whole months in it.
    fn months(&self) -> Vec<Date> {
        self.whole(
            |d| Some(d.first_of_month()),
            |d| d.checked_add(1.month()).ok(),
        )
    }

    /// Whole stretches: those that begin and end inside.
    fn whole(
        &self,
        start: impl Fn(Date) -> Option<Date>,
        next: impl Fn(Date) -> Option<Date>,
    ) -> Vec<Date> {
        let instant = |d: Date| d.to_zoned(self.zone.clone()).ok().map(|z| z.timestamp());
        let mut out = Vec::new();
        let mut at = start(self.date(self.from));
        while let Some((from, to)) = at.and_then(|a| Some((a, next(a)?))) {
            match (instant(from), instant(to)) {
                (Some(begin), Some(end)) if end <= self.to => {
                    if begin >= self.from {
                        out.push(from);
                    }
                }
                _ => break,
            }
            at = Some(to);
        }
        out
    }
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Often {
    /// On three days of the median week.
    Daily,
    /// In most weeks.
    Weekly,
    /// In most months.
    Monthly,
    /// Less.
    Yearly,
}

impl Often {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }

    /// From the days with a deployment in each week, and the months with one.
    pub fn of(week_days: &[u32], months: &[bool]) -> Option<Self> {
        let middle = median(week_days)?;
        let most = |n: usize, of: usize| n * 2 > of;
        let weeks = week_days.iter().filter(|d| **d > 0).count();
        let with = months.iter().filter(|m| **m).count();
        Some(if middle >= 3.0 {
            Self::Daily
        } else if most(weeks, week_days.len()) {
            Self::Weekly
        } else if most(with, months.len()) {
            Self::Monthly
        } else {
            Self::Yearly
        })
    }
}

/// Who counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counting {
    /// Changes of bots, too.
    pub bots: bool,
    /// Changes that only make a release, too.
    pub releases: bool,
}

impl Counting {
    /// Whether a change counts.
    pub fn takes(self, change: &Change) -> bool {
        (self.bots || !change.flags.has(Flag::Bot))
            && (self.releases || !change.flags.has(Flag::ReleasePr))
    }
}

/// A change with its way to an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Shipped {
    /// Its position in the list of changes.
    pub change: usize,
    /// The deployment that shipped it first; none: not there yet.
    pub deployment: Option<usize>,
    /// How long it took.
    pub measured: Measured,
}

/// The figures of a week.
#[derive(Debug, Clone, PartialEq)]
pub struct Week {
    /// Its Monday.
    pub monday: Date,
    /// Deployments.
    pub deployments: usize,
    /// Of these, failed.
    pub failed: usize,
    /// The median lead time, in seconds.
    pub lead_s: Option<f64>,
}

/// The five metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Dora {
    /// The year of the tiers.
    pub year: Year,
    /// The deployments that count, as positions in the stream.
    pub deployments: Vec<usize>,
    /// Those among them that start afresh: what they brought does not count.
    pub afresh: Vec<usize>,
    /// A day.
    pub per_day: f64,
    /// How often, in a word; none: no whole week in the window.
    pub often: Option<Often>,
    /// Its tier.
    pub frequency_tier: Option<Tier>,
    /// The changes first deployed in the window.
    pub shipped: Vec<Shipped>,
    /// How long they took.
    pub lead: Spread,
    /// Its tier.
    pub lead_tier: Option<Tier>,
    /// Changes left out: their end lies before their start.
    pub negative: usize,
    /// Changes left out: bots and releases.
    pub excluded: usize,
    /// The failed deployments.
    pub failures: Vec<Failure>,
    /// Their share.
    pub fail_rate: Share,
    /// Its tier; none under ten deployments.
    pub fail_tier: Option<Tier>,
    /// The share of deployments that were not planned.
    pub rework: Share,
    /// How long it took to recover.
    pub recovery: Spread,
    /// Its tier.
    pub recovery_tier: Option<Tier>,
    /// Failures that are not over, and since when the oldest is open.
    pub open: (usize, Option<Timestamp>),
    /// Incidents opened to closed, "time to restore" of old.
    pub restore: Spread,
    /// The share of attempts that never succeeded.
    pub attempts: Share,
    /// Week by week, oldest first.
    pub weeks: Vec<Week>,
}

/// The metrics of a service in an environment with all that they were computed from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The metrics.
    pub dora: Dora,
    /// The deployments.
    pub stream: Stream,
    /// The changes; the stream names them by their position.
    pub changes: Vec<Change>,
    /// The incidents.
    pub incidents: Vec<Incident>,
    /// Where the deployments are from.
    pub source: Safe,
    /// When the oldest of the sources was last read to its end.
    pub as_of: Option<Timestamp>,
}

/// Everything about a change's way into an environment.
pub fn way(stream: &Stream, changes: &[Change], place: usize, now: Now) -> Option<Shipped> {
    let change = changes.get(place)?;
    let deployment = stream.shipped.get(place).copied().flatten();
    let by = deployment.and_then(|d| stream.deployments.get(d));
    let mut moments = change.moments.clone();
    moments.set(Boundary::Deployed, by.map(deployed));
    let mut measured = measure(&moments, Boundary::Deployed, now);
    measured.flags = measured.flags.and(change.flags);
    measured
        .flags
        .put(Flag::Seed, by.is_some_and(|d| d.seed.is_some()));
    measured
        .flags
        .put(Flag::Afresh, by.is_some_and(Deployment::is_afresh));
    Some(Shipped {
        change: place,
        deployment,
        measured,
    })
}

/// A deployment as a moment in a change's life.
pub fn deployed(d: &Deployment) -> Moment {
    let what = d.version.as_ref().map_or_else(
        || format!("deployment {}", d.id),
        |v| format!("deployment {} of {v}", d.id),
    );
    Moment {
        at: d.at,
        source: Safe::new(&what),
        url: d.url.clone(),
    }
}

/// Computes the metrics.
pub fn compute(
    stream: &Stream,
    changes: &[Change],
    incidents: &[Incident],
    window: &Window,
    (year, counting): (Year, Counting),
) -> Dora {
    let now = Now(window.to);
    let inside = |d: &Deployment| window.has(d.at);
    let deployments: Vec<usize> = (0..stream.deployments.len())
        .filter(|p| stream.deployments.get(*p).is_some_and(inside))
        .collect();
    let counted = || {
        deployments
            .iter()
            .filter_map(|p| stream.deployments.get(*p))
    };
    let n = deployments.len();
    let per_day = n as f64 / window.days().max(f64::MIN_POSITIVE);

    let (mut shipped, mut excluded, mut negative) = (Vec::new(), 0, 0);
    // What the first deployment brought may have been live for long, as may be what one without a known past did.
    for place in counted().filter(|d| d.seed.is_none()).flat_map(|d| &d.new) {
        if !changes.get(*place).is_some_and(|c| counting.takes(c)) {
            excluded += 1;
        } else if let Some(way) = way(stream, changes, *place, now) {
            negative += usize::from(way.measured.lead.is_none());
            shipped.push(way);
        }
    }
    let starts_afresh = |p: &&usize| {
        stream
            .deployments
            .get(**p)
            .is_some_and(Deployment::is_afresh)
    };
    let afresh = deployments.iter().filter(starts_afresh).copied().collect();
    let lead = Spread::of(shipped.iter().filter_map(|s| s.measured.lead));

    let mut failures = failures::find(stream, changes, incidents);
    failures.retain(|f| window.has(f.at));
    let fail_rate = Share::of(failures.len(), n);
    let unplanned = counted().filter(|d| d.kind != Kind::Planned && !drill(d));
    let rework = Share::of(unplanned.count(), n);
    let recovery = Spread::of(failures.iter().filter_map(Failure::recovery));
    let open = failures.iter().filter(|f| f.recovered.is_none());
    let restored = incidents
        .iter()
        .filter(|i| window.has(i.opened))
        .filter_map(|i| Some(i.closed?.duration_since(i.opened)));
    let tries: Vec<bool> = stream
        .attempts
        .iter()
        .filter(|(at, _)| window.has(*at))
        .map(|(_, failed)| *failed)
        .collect();
    let tier = |spread: &Spread, of: fn(Year, SignedDuration) -> Option<Tier>| {
        let median = SignedDuration::try_from_secs_f64(spread.p50_s?).ok()?;
        of(year, median)
    };
    let weeks = weekly(stream, &shipped, &failures, &deployments, window);
    Dora {
        year,
        per_day,
        // Nothing is no rhythm.
        often: often(counted().map(|d| window.date(d.at)).collect(), window).filter(|_| n > 0),
        frequency_tier: tiers::frequency(year, per_day).filter(|_| n > 0),
        lead_tier: tier(&lead, tiers::lead_time),
        fail_tier: fail_rate
            .ratio
            .filter(|_| n >= ENOUGH)
            .and_then(|r| tiers::fail_rate(year, r)),
        recovery_tier: tier(&recovery, tiers::recovery),
        open: (open.clone().count(), open.map(|f| f.at).min()),
        restore: Spread::of(restored),
        attempts: Share::of(tries.iter().filter(|f| **f).count(), tries.len()),
        deployments,
        afresh,
        shipped,
        lead,
        negative,
        excluded,
        failures,
        fail_rate,
        rework,
        recovery,
        weeks,
    }
}

/// A rehearsal is planned work.
fn drill(d: &Deployment) -> bool {
    d.rollback.is_some_and(|r| r.drill)
}

fn often(mut days: Vec<Date>, window: &Window) -> Option<Often> {
    days.sort_unstable();
    days.dedup();
    let within = |from: Date, to: Option<Date>| {
        let inside = |d: &&Date| **d >= from && to.is_none_or(|to| **d < to);
        days.iter().filter(inside).count()
    };
    let week_days: Vec<u32> = window
        .weeks()
        .into_iter()
        .map(|m| u32::try_from(within(m, m.checked_add(1.week()).ok())).unwrap_or(7))
        .collect();
    let months: Vec<bool> = window
        .months()
        .into_iter()
        .map(|m| within(m, m.checked_add(1.month()).ok()) > 0)
        .collect();
    Often::of(&week_days, &months)
}

fn weekly(
    stream: &Stream,
    shipped: &[Shipped],
    failures: &[Failure],
    deployments: &[usize],
    window: &Window,
) -> Vec<Week> {
    let week_of = |place: usize| {
        let date = window.date(stream.deployments.get(place)?.at);
        date.checked_sub(date.weekday().since(Weekday::Monday).days())
            .ok()
    };
    window
        .weeks()
        .into_iter()
        .map(|monday| {
            let here = |place: usize| week_of(place) == Some(monday);
            let took = shipped
                .iter()
                .filter(|s| s.deployment.is_some_and(here))
                .filter_map(|s| s.measured.lead);
            Week {
                monday,
                deployments: deployments.iter().filter(|d| here(**d)).count(),
                failed: failures.iter().filter(|f| here(f.deployment)).count(),
                lead_s: Spread::of(took).p50_s,
            }
        })
        .collect()
}
