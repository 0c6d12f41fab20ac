//! The evidence behind the two charts: what the verdict holds against the deploy, how it was measured, how fresh it is.

use ratatui::text::Line;

use super::scroll::{heading, pair};
use crate::config::theme::Role;
use crate::domain::fetched::Fetched;
use crate::domain::signal::MetricEvidence;
use crate::domain::units::{percent, thousands};
use crate::tui::panes::{View, fresh};

pub(super) fn of_signals(view: &View<'_>, metric: &str, width: usize) -> Vec<Line<'static>> {
    let Some((slice, (service, env))) = view.slice().zip(view.configured()) else {
        return Vec::new();
    };
    let signals = &slice.signals;
    let mut out = vec![heading(view, "What the verdict holds against the deploy")];
    let of_metric: Vec<&MetricEvidence> = signals
        .verdict
        .iter()
        .flat_map(|v| &v.evidence)
        .filter(|e| e.metric.starts_with(metric))
        .collect();
    if of_metric.is_empty() {
        let why = if signals.judged {
            "no evidence yet"
        } else {
            "no deploy is being judged"
        };
        out.extend(pair(view, "", why, Role::Muted, width));
    }
    for e in of_metric {
        out.extend(evidence(view, e, width));
    }
    out.push(Line::default());
    out.push(heading(view, "Now"));
    if let Some(rate) = signals.per_second {
        out.extend(pair(
            view,
            "requests",
            &format!("{rate:.1} a second"),
            Role::Text,
            width,
        ));
    }
    let bin = format!(
        "{} s wide, scraped every {} s",
        signals.bin_s,
        signals.clock.value().map_or(0, |c| c.scrape_s)
    );
    if signals.bin_s > 0 {
        out.extend(pair(view, "intervals", &bin, Role::Text, width));
    }
    out.extend(freshness(view, "answers", &signals.status, width));
    out.extend(freshness(view, "clock", &signals.clock, width));
    for warning in &signals.warnings {
        out.extend(pair(view, "warning", warning.as_str(), Role::Warn, width));
    }
    if let Some(templates) = &env.signals {
        out.push(Line::default());
        out.push(heading(view, "Queries"));
        if let Some(source) = &service.metrics {
            out.extend(pair(view, "asked", source, Role::Text, width));
        }
        out.extend(pair(
            view,
            "requests",
            &templates.requests,
            Role::Text,
            width,
        ));
        out.extend(pair(view, "errors", &templates.errors, Role::Text, width));
        if let Some(latency) = &templates.latency {
            out.extend(pair(view, "latency", &latency.buckets, Role::Text, width));
        }
    }
    out
}

fn evidence(view: &View<'_>, e: &MetricEvidence, width: usize) -> Vec<Line<'static>> {
    let ratio = |c: crate::domain::signal::Counts| {
        let of = format!("{} of {} requests", thousands(c.x), thousands(c.n));
        c.ratio()
            .map_or(of.clone(), |r| format!("{}  ({of})", percent(r)))
    };
    let bad = e.log_e >= e.limit;
    let sure = format!(
        "log e = {:.2}, limit {:.2}: {}",
        e.log_e,
        e.limit,
        if bad {
            "shown to be worse"
        } else {
            "not shown to be worse"
        }
    );
    let mut out = vec![view.line(format!("  {}", e.metric), Role::Accent)];
    out.extend(pair(view, "in words", &e.text, Role::Text, width));
    out.extend(pair(view, "before", &ratio(e.baseline), Role::Text, width));
    out.extend(pair(
        view,
        "since",
        &ratio(e.after),
        if bad { Role::Bad } else { Role::Text },
        width,
    ));
    out.extend(pair(
        view,
        "tolerated",
        &percent(e.tolerated),
        Role::Text,
        width,
    ));
    out.extend(pair(
        view,
        "dispersion",
        &format!("{:.1}", e.dispersion),
        Role::Text,
        width,
    ));
    out.extend(pair(
        view,
        "evidence",
        &sure,
        if bad { Role::Bad } else { Role::Text },
        width,
    ));
    out
}

/// The freshness of a source, in words.
pub(in crate::tui) fn freshness<T>(
    view: &View<'_>,
    name: &str,
    fetched: &Fetched<T>,
    width: usize,
) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let at = fetched
        .at()
        .map(|at| format!("answered {} ({})", view.moment(at), ago(view, at)));
    let text = match (at, fetched.is_cached()) {
        (Some(at), true) => format!("{at}, kept from an earlier run"),
        (Some(at), false) => at,
        (None, _) => "not answered yet".to_owned(),
    };
    out.extend(pair(view, name, &text, Role::Text, width));
    if let Some(fault) = fetched.fault() {
        let text = format!("▲ {}{}", fault.message, fresh::next_try(fault, view.now));
        out.extend(pair(view, "", &text, Role::Warn, width));
        if let Some(hint) = &fault.hint {
            out.extend(pair(view, "", hint.as_str(), Role::Muted, width));
        }
    }
    out
}

/// `5s ago`, `just now`.
pub(super) fn ago(view: &View<'_>, at: jiff::Timestamp) -> String {
    match view.age(at).as_str() {
        "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    }
}
