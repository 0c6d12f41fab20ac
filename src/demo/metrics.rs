//! The metrics that the simulated services export: which groups of pods exist when, and the samples of each series.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::catalog::{SERVICES, STAR};
use super::meter::{Kind, Meter};
use super::model::Repo;
use super::rng::{self, Rng};
use super::traffic::{BUCKETS, CODES, Defect, SCRAPE_S};

/// How far back there are samples, in seconds.
pub(crate) const HISTORY_S: i64 = 26 * 3_600;

/// The labels of a series, its name as `__name__`.
pub(crate) type Labels = BTreeMap<String, String>;

/// A series: its labels and where its samples come from.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) labels: Labels,
    meter: usize,
    pub(crate) arm: usize,
    pub(crate) kind: Kind,
}

/// The samples of a series in a stretch of time (milliseconds), and when it ended, if it did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples {
    pub(crate) points: Vec<(i64, f64)>,
    pub(crate) ended: Option<i64>,
}

/// All metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    seed: u64,
    start: i64,
    defect: Option<Defect>,
    meters: Vec<Meter>,
}

fn tick_of(at: Timestamp) -> i64 {
    // Pods take traffic from the next scrape interval on.
    at.as_millisecond().div_euclid(SCRAPE_S * 1000) + 1
}

impl Metrics {
    /// The metrics of all services; `start` is when the story starts.
    pub(crate) fn new(seed: u64, start: Timestamp, defect: Option<Defect>) -> Self {
        let mut meters = Vec::new();
        for (place, spec) in SERVICES.iter().enumerate() {
            for env in spec.environments {
                let mut rng = Rng::new(
                    seed,
                    &[rng::key("offset"), rng::key(spec.name), rng::key(env.name)],
                );
                let offset = i64::try_from(rng.int(0, 4_999)).unwrap_or(0);
                let meter = Meter {
                    place,
                    spec,
                    env: *env,
                    offset,
                    spans: Vec::new(),
                    arms: Vec::new(),
                    shifts_seen: 0,
                };
                meters.push(meter);
            }
        }
        Self {
            seed,
            start: tick_of(start),
            defect,
            meters,
        }
    }

    /// Learns where the traffic goes by now.
    pub(crate) fn sync(&mut self, repos: &[Repo]) {
        let (start, oldest) = (self.start, self.start - HISTORY_S / SCRAPE_S);
        for meter in &mut self.meters {
            let Some(repo) = repos.get(meter.place) else {
                continue;
            };
            for shift in repo.shifts.iter().skip(meter.shifts_seen) {
                if shift.env == meter.env.name {
                    meter.shift(
                        repo,
                        tick_of(shift.at),
                        (shift.stable, shift.canary),
                        (oldest, start),
                    );
                }
            }
            meter.shifts_seen = repo.shifts.len();
        }
    }

    /// All series that exist at some time in a stretch (milliseconds).
    pub(crate) fn series(&self, from: i64, to: i64) -> Vec<Series> {
        let mut all = Vec::new();
        for (m, meter) in self.meters.iter().enumerate() {
            for (a, arm) in meter.arms.iter().enumerate() {
                let begins = arm.from * SCRAPE_S * 1000 + meter.offset;
                let over = arm
                    .until
                    .is_some_and(|u| u * SCRAPE_S * 1000 + meter.offset < from);
                if begins > to || over {
                    continue;
                }
                let kinds = (0..CODES.len())
                    .map(Kind::Code)
                    .chain((0..BUCKETS).map(Kind::Bucket))
                    .chain([Kind::Sum, Kind::Count, Kind::Cpu]);
                all.extend(kinds.map(|kind| Series {
                    labels: meter.labels(arm, kind),
                    meter: m,
                    arm: a,
                    kind,
                }));
            }
            if meter.spec.name == STAR && !meter.arms.is_empty() {
                let labels = [("__name__", "orders_total"), ("env", meter.env.name)];
                let labels = labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
                all.push(Series {
                    labels,
                    meter: m,
                    arm: 0,
                    kind: Kind::Orders,
                });
            }
        }
        all
    }

    /// The scraped samples of a series in a stretch (milliseconds, both ends included).
    pub(crate) fn samples(&mut self, series: &Series, from: i64, to: i64) -> Samples {
        let Some(meter) = self.meters.get_mut(series.meter) else {
            return Samples::default();
        };
        let step = SCRAPE_S * 1000;
        let life = meter.life(series, self.start);
        let first = (from - meter.offset).div_euclid(step)
            + i64::from((from - meter.offset).rem_euclid(step) > 0);
        let last = (to - meter.offset).div_euclid(step);
        let (first, last) = (
            first.max(life.0),
            last.min(life.1.map_or(i64::MAX, |u| u - 1)),
        );
        let ended = life.1.map(|u| u * step + meter.offset);
        if first > last {
            return Samples {
                points: Vec::new(),
                ended,
            };
        }
        let defect = self.defect.filter(|_| meter.shows_defects());
        meter.ensure(series, (first, last + 1), self.seed, defect);
        let points = (first..=last)
            .map(|tick| tick * step + meter.offset)
            .map(|at| (at, meter.value(series, at, self.seed, defect)))
            .collect();
        Samples { points, ended }
    }

    /// The value of a series at a moment, as its pods would tell it; `None` when they are gone.
    pub(crate) fn value(&mut self, series: &Series, at: i64) -> Option<f64> {
        let meter = self.meters.get_mut(series.meter)?;
        let tick = at.div_euclid(SCRAPE_S * 1000);
        let (from, until) = meter.life(series, self.start);
        if tick < from || until.is_some_and(|u| tick >= u) {
            return None;
        }
        let defect = self.defect.filter(|_| meter.shows_defects());
        meter.ensure(series, (tick, tick + 1), self.seed, defect);
        Some(meter.value(series, at, self.seed, defect))
    }
}
