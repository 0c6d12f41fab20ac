//! The pods of one service in one environment: which versions run when, and what each of them has counted.

use super::catalog::{EnvSpec, STAR, ServiceSpec};
use super::counters::Counters;
use super::metrics::{HISTORY_S, Labels, Series};
use super::model::Repo;
use super::num;
use super::rng::{self, Rng};
use super::traffic::{self, BOUNDS, BUCKETS, CODES, COUNTERS, Defect, Growth, SCRAPE_S};

/// One order is placed by so many successful requests.
const REQUESTS_PER_ORDER: u64 = 16;

/// Which number of a group of pods a series shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Code(usize),
    Bucket(usize),
    Sum,
    Count,
    Cpu,
    Orders,
}

/// A group of pods: a version on a track, from a tick until another.
#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) commit: usize,
    pub(crate) version: String,
    pub(crate) track: &'static str,
    pub(crate) from: i64,
    pub(crate) until: Option<i64>,
    counters: Counters,
}

/// From a tick on, the traffic goes so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) canary: Option<(usize, u32)>,
}

/// The pods of a service in an environment.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) place: usize,
    pub(crate) spec: &'static ServiceSpec,
    pub(crate) env: EnvSpec,
    /// When in the scrape interval these pods are scraped, in milliseconds.
    pub(crate) offset: i64,
    pub(crate) spans: Vec<Span>,
    pub(crate) arms: Vec<Arm>,
    pub(crate) shifts_seen: usize,
}

impl Meter {
    /// The story's defect needs production's data to show: staging stays sound, and so do the other services.
    pub(crate) fn shows_defects(&self) -> bool {
        self.spec.name == STAR && self.env.name == "production"
    }

    /// Learns that the traffic goes another way from a tick on.
    pub(crate) fn shift(
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
    pub(crate) fn life(&self, series: &Series, start: i64) -> (i64, Option<i64>) {
        if series.kind == Kind::Orders {
            return (start - HISTORY_S / SCRAPE_S, None);
        }
        self.arms
            .get(series.arm)
            .map_or((0, Some(0)), |a| (a.from, a.until))
    }

    /// The labels of a series of a group of pods.
    pub(crate) fn labels(&self, arm: &Arm, kind: Kind) -> Labels {
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
    pub(crate) fn ensure(
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
    pub(crate) fn value(&self, series: &Series, at: i64, seed: u64, defect: Option<Defect>) -> f64 {
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
