//! The five delivery metrics: the machine's shape of `flightdeck dora`, the same as CSV, and in lines for people. Every service and
//! environment stands by itself; each number comes with the list that it was computed from.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::changes::long;
use super::csv::{number, row, text as csv_text};
use super::text::{counted, table};
use super::verdict::SCHEMA;
use crate::domain::change::dora::{ENOUGH, Often, Sheet, deployed as moment_of};
use crate::domain::change::failures::{Reason, RecoveredBy};
use crate::domain::change::stats::{Share, Spread};
use crate::domain::change::stream::Kind;
use crate::domain::change::tiers::{Tier, Year};
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::domain::units::{Now, age, percent};

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoraReport {
    /// Version of this shape.
    pub schema: u32,
    /// How many days are looked at.
    pub window_days: u32,
    /// Of which report the tiers are.
    pub year_of_tiers: u16,
    /// Each service in each environment.
    pub services: Vec<ServiceDora>,
    /// What one should know of the data.
    pub notes: Vec<String>,
}

/// A service in an environment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceDora {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// How often.
    pub deployments: Frequency,
    /// How long changes took.
    pub lead_time: LeadTime,
    /// How many deployments failed.
    pub change_fail_rate: FailRate,
    /// How long it took to recover.
    pub recovery: Recovery,
    /// How many deployments were not planned.
    pub rework_rate: Share,
    /// How many attempts never succeeded.
    pub attempt_failure_rate: Share,
    /// Incidents opened to closed, "time to restore" of old.
    pub time_to_restore: Spread,
    /// The deployments that count, oldest first.
    pub deployed: Vec<DeploymentEntry>,
    /// The changes that count, with how long each took.
    pub shipped: Vec<ShippedEntry>,
    /// The deployments that failed, and why.
    pub failures: Vec<FailureEntry>,
    /// Week by week, oldest first.
    pub trend: Vec<WeekEntry>,
    /// What one should know of the figures.
    pub notes: Vec<String>,
    /// Where the deployments are from.
    pub source: String,
    /// When the oldest of the sources was last read; none: one never was.
    pub as_of: Option<Timestamp>,
}

/// A deployment that counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeploymentEntry {
    /// Its id.
    pub id: Safe,
    /// Its name.
    pub version: Option<Safe>,
    /// The commit.
    pub sha: String,
    /// Its first success.
    pub at: Timestamp,
    /// What it was for.
    pub kind: Kind,
    /// How many changes it shipped first.
    pub changes: usize,
}

/// A change that counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShippedEntry {
    /// Its id.
    pub id: Safe,
    /// Its title.
    pub title: Safe,
    /// The deployment that shipped it first.
    pub deployment: Option<Safe>,
    /// From its start to that; none: its end lies before its start, it does not count.
    pub lead_time_s: Option<f64>,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Frequency {
    /// How many are known.
    pub n: usize,
    /// A day; none: the past was never read to its end, more may come.
    pub per_day: Option<f64>,
    /// In a word; none: not known, or no whole week in the window.
    pub word: Option<Often>,
    /// The tier.
    pub tier: Option<Tier>,
}

/// How long changes took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LeadTime {
    /// The spread.
    #[serde(flatten)]
    pub spread: Spread,
    /// The tier.
    pub tier: Option<Tier>,
    /// Left out: bots and changes that only make a release.
    pub excluded: usize,
    /// Left out: the end lies before the start.
    pub negative: usize,
}

/// How many deployments failed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FailRate {
    /// Failed.
    pub failed: usize,
    /// Of.
    pub n: usize,
    /// The share.
    pub ratio: Option<f64>,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The tier; none under ten deployments.
    pub tier: Option<Tier>,
}

/// How long it took to recover.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recovery {
    /// The spread of those that are over.
    #[serde(flatten)]
    pub spread: Spread,
    /// The tier.
    pub tier: Option<Tier>,
    /// How many are not over.
    pub open: usize,
    /// Since when the oldest of these is open.
    pub oldest_open: Option<Timestamp>,
}

/// A deployment that failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailureEntry {
    /// The deployment's id.
    pub deployment: Safe,
    /// When it had succeeded.
    pub at: Timestamp,
    /// Why it counts as failed.
    pub reasons: Vec<Reason>,
    /// When it was over.
    pub recovered_at: Option<Timestamp>,
    /// How that is known.
    pub recovered_by: Option<RecoveredBy>,
}

/// A week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekEntry {
    /// Its Monday.
    pub week: String,
    /// Deployments.
    pub deployments: usize,
    /// Failed ones.
    pub failed: usize,
    /// The median lead time.
    pub lead_p50_s: Option<f64>,
}

impl ServiceDora {
    /// What was computed for a target.
    pub fn of(target: &Target, sheet: &Sheet) -> Self {
        let (dora, stream) = (&sheet.dora, &sheet.stream);
        let deployed = dora.deployments.iter().filter_map(|p| {
            let d = stream.deployments.get(*p)?;
            Some(DeploymentEntry {
                id: d.id.clone(),
                version: d.version.clone(),
                sha: d.sha.as_str().to_owned(),
                at: d.at,
                kind: d.kind,
                changes: d.new.len(),
            })
        });
        let shipped = dora.shipped.iter().filter_map(|s| {
            let change = sheet.changes.get(s.change)?;
            let by = s.deployment.and_then(|d| stream.deployments.get(d));
            Some(ShippedEntry {
                id: change.id.clone(),
                title: change.title.clone(),
                deployment: by.map(|d| d.id.clone()),
                lead_time_s: s.measured.lead.map(|d| d.as_secs_f64()),
            })
        });
        let read = sheet.as_of.is_some();
        let rate = &dora.fail_rate;
        let failures = dora.failures.iter().filter_map(|f| {
            let deployment = stream.deployments.get(f.deployment)?;
            Some(FailureEntry {
                deployment: deployment.id.clone(),
                at: f.at,
                reasons: f.reasons.clone(),
                recovered_at: f.recovered.map(|(at, _)| at),
                recovered_by: f.recovered.map(|(_, by)| by),
            })
        });
        let trend = dora.weeks.iter().map(|w| WeekEntry {
            week: w.monday.to_string(),
            deployments: w.deployments,
            failed: w.failed,
            lead_p50_s: w.lead_s,
        });
        let afresh = dora.afresh.iter().filter_map(|p| {
            let by = moment_of(stream.deployments.get(*p)?).source;
            Some(format!(
                "{by} shares no known history with those before it: what it brought may have been live before, so it does not count"
            ))
        });
        Self {
            service: target.service.as_str().to_owned(),
            environment: target.env.as_str().to_owned(),
            deployments: Frequency {
                n: dora.deployments.len(),
                per_day: read.then_some(dora.per_day),
                word: dora.often.filter(|_| read),
                tier: dora.frequency_tier.filter(|_| read),
            },
            lead_time: LeadTime {
                spread: dora.lead,
                tier: dora.lead_tier,
                excluded: dora.excluded,
                negative: dora.negative,
            },
            change_fail_rate: FailRate {
                failed: rate.x,
                n: rate.n,
                ratio: rate.ratio,
                low: rate.low,
                high: rate.high,
                tier: dora.fail_tier,
            },
            recovery: Recovery {
                spread: dora.recovery,
                tier: dora.recovery_tier,
                open: dora.open.0,
                oldest_open: dora.open.1,
            },
            rework_rate: dora.rework,
            attempt_failure_rate: dora.attempts,
            time_to_restore: dora.restore,
            deployed: deployed.collect(),
            shipped: shipped.collect(),
            failures: failures.collect(),
            trend: trend.collect(),
            notes: afresh.collect(),
            source: sheet.source.as_str().to_owned(),
            as_of: sheet.as_of,
        }
    }
}

impl DoraReport {
    /// The answer.
    pub fn new(
        window_days: u32,
        year: Year,
        services: Vec<ServiceDora>,
        notes: Vec<String>,
    ) -> Self {
        Self {
            schema: SCHEMA,
            window_days,
            year_of_tiers: year.number(),
            services,
            notes,
        }
    }

    /// As CSV, one line a service and environment.
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "service,environment,window_days,deployments,per_day,word,lead_n,lead_p50_s,lead_p75_s,lead_p90_s,failed,fail_ratio,\
             fail_low,fail_high,recovered,recovery_p50_s,recovery_p90_s,open_failures,rework_ratio,source\r\n",
        );
        let count = |n: usize| n.to_string();
        for s in &self.services {
            let (lead, rate, back) = (&s.lead_time.spread, &s.change_fail_rate, &s.recovery);
            let cells = [
                csv_text(&s.service),
                csv_text(&s.environment),
                self.window_days.to_string(),
                count(s.deployments.n),
                number(s.deployments.per_day),
                s.deployments.word.map_or("", Often::word).to_owned(),
                count(lead.n),
                number(lead.p50_s),
                number(lead.p75_s),
                number(lead.p90_s),
                count(rate.failed),
                number(rate.ratio),
                number(rate.low),
                number(rate.high),
                count(back.spread.n),
                number(back.spread.p50_s),
                number(back.spread.p90_s),
                count(back.open),
                number(s.rework_rate.ratio),
                csv_text(&s.source),
            ];
            row(&mut out, &cells);
        }
        out
    }

    /// For people.
    pub fn plain(&self, now: Now) -> String {
        let mut out = String::new();
        for s in &self.services {
            out.push_str(&self.block(s, now));
            out.push('\n');
        }
        out
    }

    fn block(&self, s: &ServiceDora, now: Now) -> String {
        let year = self.year_of_tiers;
        let tier = |t: Option<Tier>| match t {
            Some(t) => format!("{} ({year})", t.word()),
            None if year == Year::Y2025.number() => "no tiers were published for 2025".to_owned(),
            None => "no tier".to_owned(),
        };
        let word = s.deployments.word.map_or("–", Often::word);
        let rate = &s.change_fail_rate;
        let share = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), percent);
        let failed = format!(
            "{}  {} of {} (95 %: {} to {})",
            share(rate.ratio),
            rate.failed,
            rate.n,
            share(rate.low),
            share(rate.high)
        );
        let fail_tier = if rate.n < ENOUGH {
            format!("no tier under {ENOUGH} deployments")
        } else {
            tier(rate.tier)
        };
        let mut recovery = spread(&s.recovery.spread, "recovery");
        if s.recovery.open > 0 {
            let _ = write!(recovery, ", {} open", s.recovery.open);
            if let Some(since) = s.recovery.oldest_open {
                let _ = write!(recovery, ", oldest {}", age(now.since(since)));
            }
        }
        let rows = [
            [
                "deployments".to_owned(),
                match (s.deployments.n, s.as_of.is_some()) {
                    (0, false) => "not known".to_owned(),
                    (n, false) => format!("{n} known so far"),
                    (0, true) => format!("none in {} days", self.window_days),
                    (n, true) => format!("{word}  {n} in {} days", self.window_days),
                },
                tier(s.deployments.tier),
            ],
            [
                "lead time".to_owned(),
                spread(&s.lead_time.spread, "change"),
                tier(s.lead_time.tier),
            ],
            ["change fail rate".to_owned(), failed, fail_tier],
            ["recovery".to_owned(), recovery, tier(s.recovery.tier)],
            [
                "rework rate".to_owned(),
                format!(
                    "{}  {} of {}",
                    share(s.rework_rate.ratio),
                    s.rework_rate.x,
                    s.rework_rate.n
                ),
                String::new(),
            ],
        ];
        let head = format!("{} ▸ {}  (from {})\n", s.service, s.environment, s.source);
        let mut out = head + &table(&rows.map(|r| r.to_vec()));
        for note in &s.notes {
            let _ = writeln!(out, "note: {note}");
        }
        out
    }
}

fn spread(s: &Spread, of: &str) -> String {
    let mut out = s
        .p50_s
        .map_or_else(|| "–".to_owned(), |p| format!("p50 {}", long(p)));
    if let Some(p90) = s.p90_s {
        let _ = write!(out, "  p90 {}", long(p90));
    }
    let _ = write!(out, "  of {}", counted_of(s.n, of));
    out
}

fn counted_of(n: usize, what: &str) -> String {
    match what {
        "recovery" if n != 1 => format!("{n} recoveries"),
        _ => counted(n, what),
    }
}
