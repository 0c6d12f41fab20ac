//! Judges a recording: brings its rows onto bins and pushes them into the same [`Judge`] that the live view uses.

use std::collections::BTreeMap;

use super::counters::{Totals, difference};
use super::judge::{Judge, Mode};
use super::recording::{Encoding, Recording, Slot};
use super::series::{Bin, regroup, whole};
use super::settings::Settings;
use super::verdict::Verdict;

/// Bins are at least this wide; finer rows are summed.
const LEAST_WIDTH_S: f64 = 10.0;

/// The verdict at the end of the recording. The width of the bins comes from the recording's step, all else from
/// `settings`.
pub fn judge(recording: &Recording, settings: &Settings) -> Verdict {
    let plan = Plan::of(recording);
    let settings = Settings {
        bin_s: plan.width,
        ..settings.clone()
    };
    let no_data_after = settings.no_data_after_s;
    let baseline = plan.bins(&recording.baseline, None);
    let mut judge = Judge::new(
        recording.mode,
        &baseline,
        &recording.bounds_ms,
        recording.slo_latency_ms,
        settings,
    );
    match recording.mode {
        Mode::BeforeAfter => {
            let before = recording.baseline.iter().rev().find_map(totals);
            for bin in plan.bins(&recording.after, before.as_ref()) {
                judge.push(&bin);
            }
        }
        Mode::Canary => push_both(&mut judge, &plan, recording),
    }
    if recording.after.iter().all(|slot| slot.row.is_none()) {
        // A recording without a single row after the deploy is a recording of nothing.
        judge.advance_to(no_data_after);
    }
    judge.advance_to(plan.end(&recording.after));
    judge.verdict()
}

fn push_both(judge: &mut Judge, plan: &Plan, recording: &Recording) {
    // The canary's counters were born with it; the stable arm's may go on from the history.
    let born = Totals {
        t: -plan.step,
        requests: 0.0,
        errors: 0.0,
        buckets: Plan::no_buckets(recording),
    };
    let canary = plan.bins(&recording.after, Some(&born));
    let before = recording.baseline.iter().rev().find_map(totals);
    let mut both: BTreeMap<i64, (Option<Bin>, Option<Bin>)> = BTreeMap::new();
    for bin in canary {
        let t = bin.t;
        both.entry(t).or_default().0 = Some(bin);
    }
    for bin in plan.bins(&recording.control, before.as_ref()) {
        let t = bin.t;
        both.entry(t).or_default().1 = Some(bin);
    }
    for arms in both.into_values() {
        match arms {
            (Some(canary), Some(stable)) => {
                judge.push_canary(&canary, &stable);
            }
            (None, Some(stable)) => judge.observe_stable(&stable),
            (_, None) => {}
        }
    }
}

/// How rows become bins.
struct Plan {
    encoding: Encoding,
    step_s: f64,
    /// The step in whole seconds, at least 1.
    step: i64,
    width: i64,
    regroups: bool,
}

impl Plan {
    #[expect(clippy::cast_possible_truncation, reason = "a step is at most a day")]
    fn of(recording: &Recording) -> Self {
        let step_s = recording.step_s;
        let factor = (LEAST_WIDTH_S / step_s).ceil().max(1.0);
        Self {
            encoding: recording.encoding,
            step_s,
            step: (step_s.round() as i64).max(1),
            width: ((factor * step_s).round() as i64).max(1),
            regroups: factor > 1.0,
        }
    }

    /// The bins of a list; `before` is the row ahead of it, for running totals.
    fn bins(&self, slots: &[Slot], before: Option<&Totals>) -> Vec<Bin> {
        let bins: Vec<Bin> = match self.encoding {
            Encoding::Intervals => slots.iter().filter_map(interval).collect(),
            Encoding::Counters => {
                let rows: Vec<Totals> = slots.iter().filter_map(totals).collect();
                difference(before, &rows, self.step_s)
            }
        };
        if self.regroups {
            regroup(&bins, self.width, self.end(slots))
        } else {
            bins
        }
    }

    /// The end of the last slot, gaps included; 0 without any.
    fn end(&self, slots: &[Slot]) -> i64 {
        slots
            .last()
            .map_or(0, |slot| slot.t.saturating_add(self.step))
    }

    /// Latency totals of an arm that has served nothing yet.
    fn no_buckets(recording: &Recording) -> Option<Vec<f64>> {
        let bounds = recording.bounds_ms.len();
        (bounds > 0).then(|| vec![0.0; bounds.saturating_add(1)])
    }
}

fn interval(slot: &Slot) -> Option<Bin> {
    let row = slot.row.as_ref()?;
    let buckets = row
        .buckets
        .iter()
        .flatten()
        .map(|b| whole(*b))
        .collect::<Option<Vec<u64>>>()?;
    Bin::from_measured(slot.t, row.requests, row.errors, buckets)
}

fn totals(slot: &Slot) -> Option<Totals> {
    let row = slot.row.as_ref()?;
    Some(Totals {
        t: slot.t,
        requests: row.requests,
        errors: row.errors,
        buckets: row.buckets.clone(),
    })
}
