//! The figures of the five metrics in words.

use super::super::View;
use super::words::{self, count, counted, took};
use crate::domain::change::dora::{Dora, ENOUGH};
use crate::domain::change::metric::Metric;
use crate::domain::change::stats::Share;
use crate::domain::change::tiers::Year;
use crate::domain::units::age;

/// Days of a mean month.
const MONTH: f64 = 30.437;

/// The figure itself.
pub(in crate::tui) fn figure(metric: Metric, dora: &Dora) -> String {
    match metric {
        Metric::Frequency => often(dora),
        Metric::LeadTime => took(dora.lead.p50_s),
        Metric::Recovery => took(dora.recovery.p50_s),
        Metric::FailRate => share(&dora.fail_rate),
        Metric::Rework => share(&dora.rework),
    }
}

/// Its tier with the report's year; why there is none.
pub(in crate::tui) fn tier(metric: Metric, dora: &Dora) -> String {
    let year = dora.year.number();
    match metric.tier(dora) {
        Some(tier) => format!("{} {year}", tier.word()),
        None if dora.year == Year::Y2025 => "no tiers in 2025".to_owned(),
        None => "no tier".to_owned(),
    }
}

/// Of what it is, and how sure.
pub(in crate::tui) fn note(view: &View<'_>, metric: Metric, dora: &Dora) -> String {
    match metric {
        Metric::Recovery if dora.failures.is_empty() => "nothing failed".to_owned(),
        Metric::LeadTime if dora.lead.n == 0 => "no change arrived".to_owned(),
        Metric::Frequency => counted(dora.deployments.len(), "deployment"),
        Metric::LeadTime => match dora.lead.p90_s {
            Some(_) => format!(
                "p75 {} · p90 {} · {}",
                took(dora.lead.p75_s),
                took(dora.lead.p90_s),
                counted(dora.lead.n, "change")
            ),
            None => format!("of {}", counted(dora.lead.n, "change")),
        },
        Metric::FailRate => {
            let few = if dora.fail_rate.n < ENOUGH {
                format!(" · no tier under {ENOUGH}")
            } else {
                String::new()
            };
            format!("{}{few}", interval(&dora.fail_rate))
        }
        Metric::Recovery => {
            let p90 = dora
                .recovery
                .p90_s
                .map(|s| format!("p90 {} · ", took(Some(s))));
            let open = open(view, dora).map(|o| format!(" · {o}"));
            format!(
                "{}{} recovered{}",
                p90.unwrap_or_default(),
                count(dora.recovery.n),
                open.unwrap_or_default()
            )
        }
        Metric::Rework => interval(&dora.rework),
    }
}

/// `1 open, oldest 3h`; none: all are over.
pub(in crate::tui) fn open(view: &View<'_>, dora: &Dora) -> Option<String> {
    let (n, oldest) = dora.open;
    let oldest = oldest.map(|at| format!(", oldest {}", age(view.now.since(at))));
    (n > 0).then(|| format!("{} open{}", count(n), oldest.unwrap_or_default()))
}

fn often(dora: &Dora) -> String {
    if dora.deployments.is_empty() {
        return "none".to_owned();
    }
    let rate = match dora.per_day {
        d if d >= 1.0 => format!("{d:.1} a day"),
        d if d * 7.0 >= 1.0 => format!("{:.1} a week", d * 7.0),
        d => format!("{:.1} a month", d * MONTH),
    };
    match dora.often {
        Some(often) => format!("{rate}, {}", often.word()),
        None => rate,
    }
}

fn share(share: &Share) -> String {
    share.ratio.map_or_else(|| "–".to_owned(), words::share)
}

/// `2 of 30, 1.9 % to 21 %`.
fn interval(share: &Share) -> String {
    let of = format!("{} of {}", count(share.x), count(share.n));
    match (share.low, share.high) {
        (Some(low), Some(high)) => format!("{of}, {} to {}", words::share(low), words::share(high)),
        _ => of,
    }
}

/// What does not count, in words; none: all counts.
pub(in crate::tui) fn left_out(dora: &Dora) -> Option<String> {
    let reasons = [
        (dora.excluded, "by bots or only making a release"),
        (dora.negative, "ending before they begin"),
    ];
    let told: Vec<String> = reasons
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, why)| format!("{} {why}", count(n)))
        .collect();
    (!told.is_empty()).then(|| format!("left out: {}", told.join(", ")))
}

/// That deployments start afresh, and what follows; none: none does.
pub(in crate::tui) fn afresh(dora: &Dora) -> Option<String> {
    let words = match dora.afresh.len() {
        0 => return None,
        1 => "shares no known history with those before it: what it brought",
        _ => "share no known history with those before them: what they brought",
    };
    let n = counted(dora.afresh.len(), "deployment");
    Some(format!("{n} {words} does not count"))
}

/// The older figures beside the five.
pub(in crate::tui) fn besides(dora: &Dora) -> String {
    let restore = match dora.restore.n {
        0 => "no incident was closed in this time".to_owned(),
        n => format!(
            "{} closed, opened to closed {}",
            counted(n, "incident"),
            took(dora.restore.p50_s)
        ),
    };
    let attempts = match dora.attempts.x {
        0 => "no attempt failed for good".to_owned(),
        x => format!(
            "{} of {} attempts failed for good",
            count(x),
            count(dora.attempts.n)
        ),
    };
    format!("{restore} · {attempts}")
}
