//! What is measured of a target, and the verdict on it. Bins are asked for in steps, fed to the judge once and in order;
//! everything a frame draws is computed here, when data arrives.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::catalog::SignalTemplates;
use crate::domain::fetched::{Fault, Fetched};
use crate::domain::observe::{MetricsClock, SignalBatch, SignalQuery};
use crate::domain::signal::series::{self, Quantile};
use crate::domain::signal::{Bin, Judge, Mode, Settings, Verdict};
use crate::domain::text::Safe;

/// A point of a drawn series: unix seconds (the bin's end) and the value; none is a gap.
pub type Point = (i64, Option<f64>);

/// The first baseline that is asked for.
const BASELINE_S: i64 = 3_600;
/// The longest baseline (methods, baseline: lengthened up to a day).
const LONGEST_BASELINE_S: i64 = 86_400;
/// A baseline with that many errors or requests is long enough.
const ENOUGH_ERRORS: u64 = 200;
/// See [`ENOUGH_ERRORS`].
const ENOUGH_REQUESTS: u64 = 20_000;
/// Other deploys leave a mark for that long.
const AFTERMATH_S: i64 = 600;
/// The current level is taken over that time.
const LEVEL_S: i64 = 60;
/// Bins older than that before the newest are not drawn any more and are dropped.
const KEEP_S: i64 = 6 * 3_600;

/// The drawn series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Errors per request over the last minute, 0..1.
    pub errors: Vec<Point>,
    /// The 95th percentile of latency over the last minute, in milliseconds.
    pub p95: Vec<Point>,
    /// Requests per second.
    pub requests: Vec<Point>,
}

/// A level: what it is now, and what it was before the deploy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Over the last minute.
    pub now: Option<f64>,
    /// Over the baseline.
    pub was: Option<f64>,
    /// Whether `now` is beyond the last finite bucket, so that the true value is larger.
    pub capped: bool,
}

/// What is measured of a target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signals {
    /// The instant the bins are aligned to.
    pub anchor: Option<Timestamp>,
    /// Whether the anchor is a deploy's start (else an instant to draw from).
    pub judged: bool,
    /// The metrics source's clock and scrape interval.
    pub clock: Fetched<MetricsClock>,
    /// Whether the source answers, and when it last did.
    pub status: Fetched<()>,
    /// A bin's width in seconds.
    pub bin_s: u32,
    /// Upper bounds of the latency buckets, in milliseconds.
    pub bounds_ms: Vec<f64>,
    /// Bins by their start, seconds from the anchor.
    pub bins: BTreeMap<i64, Bin>,
    /// From where to where was asked, seconds from the anchor.
    pub asked: Option<(i64, i64)>,
    /// The verdict, when a deploy is judged.
    pub verdict: Option<Verdict>,
    /// What the server warned of.
    pub warnings: Vec<Safe>,
    /// What a chart draws.
    pub series: Series,
    /// The error ratio.
    pub errors: Level,
    /// The latency p95 in milliseconds.
    pub latency: Level,
    /// Requests per second over the last minute.
    pub per_second: Option<f64>,
    judge: Option<Judge>,
    fed_to: i64,
    /// From where the baseline's levels were taken: its bins are dropped later.
    was_from: Option<i64>,
    /// Whether the baseline holds enough.
    settled: bool,
}

impl Signals {
    /// Aligns to another instant: what was measured for the old one is dropped, what is drawn stays until the first answer.
    pub fn align(&mut self, anchor: Timestamp, judged: bool) {
        if self.anchor == Some(anchor) && self.judged == judged {
            return;
        }
        let clock = std::mem::take(&mut self.clock);
        let series = std::mem::take(&mut self.series);
        let status = std::mem::take(&mut self.status);
        *self = Self {
            anchor: Some(anchor),
            judged,
            clock,
            series,
            status,
            ..Self::default()
        };
    }

    /// The next question, if one is due by the server's clock. A bin is asked for when it is older than a scrape and 5 s.
    pub fn next_query(&self, templates: &SignalTemplates, now: Timestamp) -> Option<SignalQuery> {
        let anchor = self.anchor?;
        let clock = *self.clock.value()?;
        let bin_s = bin_width(clock.scrape_s);
        let width = i64::from(bin_s);
        let ready = self.ready_s(now, clock)?;
        let to_s = ready.div_euclid(width) * width;
        let query = |from_s: i64, to_s: i64| SignalQuery {
            templates: templates.clone(),
            anchor,
            from_s,
            to_s,
            bin_s,
        };
        match self.asked {
            None => Some(query(-round_up(BASELINE_S, width), to_s.max(-width)))
                .filter(|q| q.from_s < q.to_s),
            Some((from, _)) if self.judged && from > -LONGEST_BASELINE_S && !self.settled => {
                let longer = (from * 4).max(-round_up(LONGEST_BASELINE_S, width));
                Some(query(longer / width * width, from)).filter(|q| q.from_s < q.to_s)
            }
            Some((_, to)) if to_s > to => Some(query(to, to_s)),
            Some(_) => None,
        }
    }

    /// Up to which second from the anchor bins are complete.
    fn ready_s(&self, now: Timestamp, clock: MetricsClock) -> Option<i64> {
        let server = now.duration_since(self.anchor?).as_secs_f64() + clock.offset_s;
        let ready = server - f64::from(clock.scrape_s) - 5.0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "seconds since a deploy; the cast saturates"
        )]
        Some(ready.floor() as i64)
    }

    fn is_thin(&self) -> bool {
        let (mut n, mut x) = (0_u64, 0_u64);
        for bin in self.bins.range(..0).map(|(_, b)| b) {
            n = n.saturating_add(bin.n);
            x = x.saturating_add(bin.errors());
        }
        n < ENOUGH_REQUESTS && x < ENOUGH_ERRORS
    }

    /// How often to ask: once a bin.
    pub fn interval(&self) -> SignedDuration {
        let scrape = self.clock.value().map_or(15, |c| c.scrape_s);
        SignedDuration::from_secs(i64::from(bin_width(scrape)))
    }

    /// Takes in an answer. `cut` are times of other deploys, from and to in seconds from the anchor, left out of the baseline;
    /// `returned_s` is when a rollback succeeded.
    pub fn receive(
        &mut self,
        batch: SignalBatch,
        cut: &[(i64, i64)],
        returned_s: Option<i64>,
        context: &Context<'_>,
        now: Timestamp,
    ) {
        if self.anchor != Some(batch.anchor) {
            return;
        }
        self.bin_s = batch.bin_s;
        let older = self.asked.is_some_and(|(from, _)| batch.asked.1 <= from);
        if !batch.bounds_ms.is_empty() && self.bounds_ms != batch.bounds_ms {
            // Other buckets: what was learned with the old ones can't be compared.
            self.bounds_ms.clone_from(&batch.bounds_ms);
            self.judge = None;
        }
        if older {
            self.judge = None;
        }
        self.asked = Some(match self.asked {
            None => batch.asked,
            Some((from, to)) => (from.min(batch.asked.0), to.max(batch.asked.1)),
        });
        self.bins.extend(batch.bins.into_iter().map(|b| (b.t, b)));
        self.settled = self.settled || !self.is_thin();
        self.warnings = batch.warnings;
        self.status.receive((), now);
        if self.judged {
            self.judge(cut, returned_s, context);
        }
        self.summarise(cut);
    }

    /// The source failed.
    pub fn fail(&mut self, fault: Fault) {
        self.status.fail(fault);
    }

    /// Time passes without bins; a long gap becomes "no data".
    pub fn pass(&mut self, now: Timestamp) {
        let ready = self
            .clock
            .value()
            .copied()
            .and_then(|clock| self.ready_s(now, clock));
        if let (Some(judge), Some(ready)) = (&mut self.judge, ready) {
            judge.advance_to(ready);
            self.verdict = Some(judge.verdict());
        }
    }

    /// A rollback succeeded at that second: from now on the question is whether the signals are back.
    pub fn returned(&mut self, at_s: i64) {
        if let Some(judge) = &mut self.judge {
            judge.rollback_succeeded(at_s);
        }
    }

    fn judge(&mut self, cut: &[(i64, i64)], returned_s: Option<i64>, context: &Context<'_>) {
        let width = i64::from(self.bin_s);
        let judge = self.judge.get_or_insert_with(|| {
            let baseline: Vec<Bin> = self
                .bins
                .range(..0)
                .map(|(_, b)| b)
                .filter(|b| !is_cut(b.t, width, cut))
                .cloned()
                .collect();
            self.fed_to = i64::MIN;
            let settings = Settings {
                bin_s: width,
                ..context.settings.clone()
            };
            Judge::new(
                Mode::BeforeAfter,
                &baseline,
                &self.bounds_ms,
                context.slo_latency_ms,
                settings,
            )
        });
        if let Some(at) = returned_s {
            judge.rollback_succeeded(at);
        }
        for (t, bin) in self.bins.range(self.fed_to.max(0)..) {
            judge.push(bin);
            self.fed_to = t + 1;
        }
        if let Some((_, to)) = self.asked {
            judge.advance_to(to);
        }
        self.verdict = Some(judge.verdict());
    }

    fn summarise(&mut self, cut: &[(i64, i64)]) {
        let Some((anchor, (from, to))) = self.anchor.zip(self.asked) else {
            return;
        };
        let width = i64::from(self.bin_s).max(1);
        // The judge has consumed them, and nobody scrolls back that far: bounded whatever the uptime.
        let keep_from = to - KEEP_S;
        if keep_from > 0 {
            self.bins = self.bins.split_off(&keep_from.min(to));
        }
        let start = from.max(to - KEEP_S).div_euclid(width) * width;
        let mut drawn = Series::default();
        let mut t = start;
        while t + width <= to {
            // A point is the level over the last minute, so that the curve ends at the figure in the title and single requests
            // don't make it a thicket. Where the bin itself is missing there is a gap.
            let level = self.bins.get(&t).and_then(|_| {
                series::sum(self.bins.range(t + width - LEVEL_S..=t).map(|(_, b)| b))
            });
            let level = level.as_ref();
            let at = anchor.as_second() + t + width;
            drawn.errors.push((at, level.and_then(Bin::error_ratio)));
            drawn.p95.push((
                at,
                level.and_then(|b| p95(&self.bounds_ms, b)).map(|q| q.ms),
            ));
            drawn
                .requests
                .push((at, self.bins.get(&t).map(|b| b.n as f64 / width as f64)));
            t += width;
        }
        self.series = drawn;
        let now = series::sum(self.bins.range(to - LEVEL_S..).map(|(_, b)| b));
        let now_p95 = now.as_ref().and_then(|b| p95(&self.bounds_ms, b));
        let covered = self.bins.range(to - LEVEL_S..).count() as f64 * width as f64;
        self.per_second = now
            .as_ref()
            .filter(|_| covered > 0.0)
            .map(|b| b.n as f64 / covered);
        self.errors.now = now.as_ref().and_then(Bin::error_ratio);
        self.latency.now = now_p95.map(|q| q.ms);
        self.latency.capped = now_p95.is_some_and(|q| q.capped);
        if self.judged && self.was_from != Some(from) {
            self.was_from = Some(from);
            let was = series::sum(
                self.bins
                    .range(..0)
                    .map(|(_, b)| b)
                    .filter(|b| !is_cut(b.t, width, cut)),
            );
            self.errors.was = was.as_ref().and_then(Bin::error_ratio);
            self.latency.was = was
                .as_ref()
                .and_then(|b| p95(&self.bounds_ms, b))
                .map(|q| q.ms);
        }
    }
}

/// What is kept of the signals for the next start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SignalMemory {
    anchor: Option<Timestamp>,
    judged: bool,
    status: Fetched<()>,
    verdict: Option<Verdict>,
    series: Series,
    errors: Level,
    latency: Level,
    per_second: Option<f64>,
}

impl Signals {
    /// What is worth keeping for the next start.
    pub fn memory(&self) -> SignalMemory {
        SignalMemory {
            anchor: self.anchor,
            judged: self.judged,
            status: self.status.clone(),
            verdict: self.verdict.clone(),
            series: self.series.clone(),
            errors: self.errors,
            latency: self.latency,
            per_second: self.per_second,
        }
    }

    /// What was kept, shown as cached until the source answers. The bins are asked for anew.
    pub fn recall(&mut self, memory: SignalMemory) {
        let other = self.anchor.is_some() && self.anchor != memory.anchor;
        if other && (self.judged || memory.judged) {
            return;
        }
        *self = Self {
            // While nothing is judged, an instant is as good as another: the curves are kept by the clock's time.
            anchor: if other { self.anchor } else { memory.anchor },
            judged: memory.judged,
            status: memory.status.into_cached(),
            verdict: memory.verdict,
            series: memory.series,
            errors: memory.errors,
            latency: memory.latency,
            per_second: memory.per_second,
            ..Self::default()
        };
    }
}

/// What a judgement needs besides the bins.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What is tolerated.
    pub settings: &'a Settings,
    /// The latency objective in milliseconds.
    pub slo_latency_ms: Option<f64>,
}

fn p95(bounds_ms: &[f64], bin: &Bin) -> Option<Quantile> {
    series::quantile(bounds_ms, &bin.h, 0.95)
}

fn is_cut(t: i64, width: i64, cut: &[(i64, i64)]) -> bool {
    cut.iter()
        .any(|(from, to)| t < *to + AFTERMATH_S && t + width > *from)
}

fn round_up(value: i64, step: i64) -> i64 {
    (value + step - 1).div_euclid(step) * step
}

/// The width of a bin for a scrape interval: at least two scrapes, at least 10 s.
pub fn bin_width(scrape_s: u32) -> u32 {
    scrape_s.saturating_mul(2).max(10)
}
