//! The metrics that the simulated services export: which groups of pods exist when, and the samples of each series.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::catalog::{EnvSpec, SERVICES, STAR, ServiceSpec};
use super::counters::Counters;
use super::model::Repo;
use super::num;
use super::rng::{self, Rng};
use super::traffic::{self, BOUNDS, BUCKETS, CODES, COUNTERS, Defect, Growth, SCRAPE_S};

/// How far back there are samples, in seconds.
const HISTORY_S: i64 = 26 * 3_600;
/// One order is placed by so many successful requests.
const REQUESTS_PER_ORDER: u64 = 16;

/// The labels of a series, its name as `__name__`.
pub(crate) type Labels = BTreeMap<String, String>;

/// Which number of a group of pods a series shows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Code(usize),
    Bucket(usize),
    Sum,
    Count,
    Cpu,
    Orders,
}

/// A series: its labels and where its samples come from.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) labels: Labels,
    meter: usize,
    arm: usize,
    kind: Kind,
}

/// The samples of a series in a stretch of time (milliseconds), and when it ended, if it did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples {
    pub(crate) points: Vec<(i64, f64)>,
    pub(crate) ended: Option<i64>,
}

/// A group of pods: a version on a track, from a tick until another.
#[derive(Debug)]
struct Arm {
    commit: usize,
    version: String,
    track: &'static str,
    from: i64,
    until: Option<i64>,
    counters: Counters,
}

/// From a tick on, the traffic goes so.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: i64,
    canary: Option<(usize, u32)>,
}

/// The pods of a service in an environment.
#[derive(Debug)]
struct Meter {
    place: usize,
    spec: &'static ServiceSpec,
    env: EnvSpec,
    /// When in the scrape interval these pods are scraped, in milliseconds.
    offset: i64,
    spans: Vec<Span>,
    arms: Vec<Arm>,
    shifts_seen: usize,
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
        meter.ensure(series, (first, last + 1), self.seed, self.defect);
        let points = (first..=last)
            .map(|tick| tick * step + meter.offset)
            .map(|at| (at, meter.value(series, at, self.seed, self.defect)))
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
        meter.ensure(series, (tick, tick + 1), self.seed, self.defect);
        Some(meter.value(series, at, self.seed, self.defect))
    }
}

impl Meter {
    fn shift(
        &mut self,
        repo: &Repo,
        from: i64,
        (stable, canary): (usize, Option<(usize, u32)>),
        (oldest, start): (i64, i64),
    ) {
        self.spans.push(Span { from, canary });
        let wanted = [("stable", Some(stable)), ("canary", canary.map(|c| c.0))];
        for (track, commit) in wanted {
            let current = self
                .arms
                .iter_mut()
                .rev()
                .find(|a| a.track == track && a.until.is_none());
            if current.as_ref().map(|a| a.commit) == commit {
                continue;
            }
            if let Some(arm) = current {
                arm.until = Some(from);
            }
            if let Some(commit) = commit {
                // Pods older than the history have counted for long; younger ones start at 0.
                let (anchor, base) = if from < oldest {
                    (start, self.base(start - from))
                } else {
                    (from, [0; COUNTERS])
                };
                let version = repo.version_of(commit).unwrap_or("unreleased").to_owned();
                let counters = Counters::new(anchor, base);
                self.arms.push(Arm {
                    commit,
                    version,
                    track,
                    from: from.max(oldest),
                    until: None,
                    counters,
                });
            }
        }
        // What ended before the history is of no interest.
        if self.arms.iter().all(|a| a.until.is_none_or(|u| u > oldest)) {
            return;
        }
        self.arms.retain(|a| a.until.is_none_or(|u| u > oldest));
        if let Some(first) = self.spans.iter().rposition(|s| s.from <= oldest) {
            self.spans.drain(..first);
        }
    }

    /// A generous estimate of what pods have counted in so many ticks.
    fn base(&self, ticks: i64) -> [u64; COUNTERS] {
        let requests = 1.5 * self.env.per_second * (ticks * SCRAPE_S) as f64 + 2_000.0;
        let error = self.spec.error_ratio;
        let codes = [1.0 - error - 0.015, 0.015, error * 0.7, error * 0.3];
        let median = traffic::behaviour(self.spec, usize::MAX, 0, None).median_s;
        let shares = traffic::shares(median);
        let all = codes
            .iter()
            .chain(shares.iter())
            .copied()
            .chain([median * 120.0]);
        let mut base = [0; COUNTERS];
        for (cell, share) in base.iter_mut().zip(all) {
            *cell = num::count(requests * share) + 1_000;
        }
        base
    }

    /// The ticks in which a series exists: from, and until (not included).
    fn life(&self, series: &Series, start: i64) -> (i64, Option<i64>) {
        if series.kind == Kind::Orders {
            return (start - HISTORY_S / SCRAPE_S, None);
        }
        self.arms
            .get(series.arm)
            .map_or((0, Some(0)), |a| (a.from, a.until))
    }

    fn labels(&self, arm: &Arm, kind: Kind) -> Labels {
        let name = match kind {
            Kind::Code(_) => "http_requests_total",
            Kind::Bucket(_) => "http_request_duration_seconds_bucket",
            Kind::Sum => "http_request_duration_seconds_sum",
            Kind::Count => "http_request_duration_seconds_count",
            Kind::Cpu => "process_cpu_utilisation",
            Kind::Orders => "orders_total",
        };
        let mut labels: Labels = [
            ("__name__", name),
            ("service", self.spec.name),
            ("env", self.env.name),
            ("version", &arm.version),
            ("track", arm.track),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
        match kind {
            Kind::Code(n) => drop(labels.insert(
                "code".to_owned(),
                CODES.get(n).copied().unwrap_or_default().to_owned(),
            )),
            Kind::Bucket(n) => {
                let le = BOUNDS
                    .get(n)
                    .map_or_else(|| "+Inf".to_owned(), |b| format!("{b}"));
                drop(labels.insert("le".to_owned(), le));
            }
            _ => {}
        }
        labels
    }

    /// Makes sure that the totals of a series are known for some ticks (both ends included), as far as its pods lived.
    fn ensure(
        &mut self,
        series: &Series,
        (from, to): (i64, i64),
        seed: u64,
        defect: Option<Defect>,
    ) {
        let Self {
            spec,
            env,
            spans,
            arms,
            ..
        } = self;
        for (n, arm) in arms.iter_mut().enumerate() {
            if n != series.arm && series.kind != Kind::Orders {
                continue;
            }
            let (low, high) = (from.max(arm.from), to.min(arm.until.unwrap_or(i64::MAX)));
            if low > high && low > arm.until.unwrap_or(i64::MAX) {
                let end = arm.until.unwrap_or(low);
                arm.counters.ensure(end, end, |tick| {
                    grow(
                        spec,
                        *env,
                        spans,
                        (arm.commit, arm.track),
                        tick,
                        seed,
                        defect,
                    )
                });
            } else if low <= high {
                arm.counters.ensure(low, high, |tick| {
                    grow(
                        spec,
                        *env,
                        spans,
                        (arm.commit, arm.track),
                        tick,
                        seed,
                        defect,
                    )
                });
            }
        }
    }

    /// A series' value at a moment; between two ticks a counter grows evenly.
    fn value(&self, series: &Series, at: i64, seed: u64, defect: Option<Defect>) -> f64 {
        let Some(arm) = self.arms.get(series.arm) else {
            return 0.0;
        };
        let step = SCRAPE_S * 1000;
        let (tick, part) = (at.div_euclid(step), at.rem_euclid(step));
        let read = |arm: &Arm, counter: usize| {
            let end = arm.until.unwrap_or(i64::MAX);
            if tick < arm.from {
                return 0;
            }
            let low = arm.counters.total(tick.min(end), counter);
            let high = arm.counters.total((tick + 1).min(end), counter);
            let part = u64::try_from(part).unwrap_or(0);
            low + high.saturating_sub(low) * part / u64::try_from(step).unwrap_or(1)
        };
        let upto = |bucket: usize| {
            (0..=bucket)
                .map(|b| read(arm, CODES.len() + b))
                .sum::<u64>() as f64
        };
        match series.kind {
            Kind::Code(n) => read(arm, n) as f64,
            Kind::Bucket(n) => upto(n),
            Kind::Count => upto(BUCKETS - 1),
            Kind::Sum => read(arm, COUNTERS - 1) as f64 / 100.0,
            Kind::Orders => self
                .arms
                .iter()
                .map(|a| read(a, 0))
                .sum::<u64>()
                .div_euclid(REQUESTS_PER_ORDER) as f64,
            Kind::Cpu => {
                let second = tick * SCRAPE_S;
                let load = traffic::expected(self.env, second) / self.env.per_second;
                let bad = traffic::behaviour(self.spec, arm.commit, second, defect).badness;
                let mut rng = Rng::new(
                    seed,
                    &[
                        rng::key("cpu"),
                        rng::key(self.spec.name),
                        rng::key(self.env.name),
                        bits(tick),
                    ],
                );
                ((0.35 * load + 0.4 * bad + rng.between(-0.03, 0.03)) * 10_000.0).round() / 10_000.0
            }
        }
    }
}

fn bits(tick: i64) -> u64 {
    u64::from_ne_bytes(tick.to_ne_bytes())
}

/// What a group of pods counts in a tick.
fn grow(
    spec: &ServiceSpec,
    env: EnvSpec,
    spans: &[Span],
    (commit, track): (usize, &str),
    tick: i64,
    seed: u64,
    defect: Option<Defect>,
) -> Growth {
    let names = [rng::key(spec.name), rng::key(env.name), bits(tick)];
    let mut shared = Rng::new(seed, &names);
    let total = shared.poisson(traffic::expected(env, tick * SCRAPE_S) * SCRAPE_S as f64);
    let span = spans
        .iter()
        .rev()
        .find(|s| s.from <= tick)
        .or(spans.first());
    let percent = span.and_then(|s| s.canary).map_or(0, |c| c.1);
    let canary = shared.binomial(total, f64::from(percent) / 100.0);
    let requests = if track == "canary" {
        canary
    } else {
        total - canary
    };
    let [a, b, c] = names;
    let mut own = Rng::new(seed, &[a, b, c, rng::key(track)]);
    traffic::growth(
        &mut own,
        requests,
        traffic::behaviour(spec, commit, tick * SCRAPE_S, defect),
    )
}
