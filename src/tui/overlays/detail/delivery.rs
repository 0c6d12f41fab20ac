//! What stands behind the figures of delivery: something that waits in a queue, a metric with how it is counted, a deployment with what
//! it brought and how it went; their pages and a line of each for the clipboard.

use jiff::Timestamp;
use ratatui::text::Line;

use super::receipt::of_change;
use crate::config::theme::Role;
use crate::domain::change::delivery::Delivered;
use crate::domain::change::dora::Sheet;
use crate::domain::change::metric::Metric;
use crate::domain::change::queue::Waiting;
use crate::domain::change::stream::{Deployment, Seed};
use crate::domain::ids::EnvId;
use crate::domain::text::Safe;
use crate::domain::units::span;
use crate::tui::overlays::scroll::{heading, pair};
use crate::tui::panes::View;
use crate::tui::views::changes;

/// Something that waits for a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// For which environment.
    pub env: EnvId,
    /// What runs there, and since when.
    pub live: Option<(Safe, Timestamp)>,
    /// How many wait before it.
    pub before: usize,
    /// The place of the first safe stop.
    pub first_stop: Option<usize>,
    /// What waits.
    pub waiting: Waiting,
    /// All that is known of it, where it is listed.
    pub change: Option<Delivered>,
}

pub(super) fn of_queued(view: &View<'_>, queued: &Queued, width: usize) -> Vec<Line<'static>> {
    let words = |label: &str, text: &str, role| pair(view, label, text, role, width);
    let waiting = &queued.waiting;
    let what = format!("{} {}", changes::brief(&waiting.id), waiting.title);
    let mut out = words("what", &what, Role::Title);
    out.extend(words("waits for", queued.env.as_str(), Role::Text));
    let since = waiting.since.map(|at| {
        let merged = changes::moment(view, at);
        format!(
            "{}, merged {}",
            span(view.now.since(at)),
            merged.trim_start()
        )
    });
    out.extend(words(
        "since",
        since.as_deref().unwrap_or("not known"),
        Role::Text,
    ));
    let before = match queued.before {
        0 => "it waits longest".to_owned(),
        1 => "1 change waits longer and goes with it".to_owned(),
        n => format!(
            "{} wait longer and go with it",
            changes::counted(n, "change")
        ),
    };
    out.extend(words("before it", &before, Role::Text));
    let (role, stop) = changes::stop(waiting, queued.first_stop == Some(queued.before));
    out.extend(words("stop", &stop, role));
    let meaning = match (&waiting.reverted_by, waiting.safe_stop) {
        (Some(by), _) => format!(
            "{} is taken back by {}: what ends between the two ships what is known to be wrong",
            changes::brief(&waiting.id),
            changes::brief(by)
        ),
        (None, false) => "going up to here ships a change that a later one takes back".to_owned(),
        (None, true) => "nothing up to here is taken back by what comes later".to_owned(),
    };
    out.extend(words("", &meaning, Role::Muted));
    if let Some((name, at)) = &queued.live {
        let live = format!("{name} since {}", changes::moment(view, *at).trim_start());
        out.extend(words("live there", &live, Role::Text));
    }
    out.push(Line::default());
    match &queued.change {
        Some(change) => {
            out.push(heading(view, "The change"));
            out.extend(of_change(view, change, width));
        }
        None => out.push(view.line(
            "  it did not move in this time: a longer one (t in the list) shows its receipt",
            Role::Muted,
        )),
    }
    out
}

fn sheet<'a>(view: &View<'a>) -> Option<&'a Sheet> {
    view.world.delivery.sheet.1.value().map(AsRef::as_ref)
}

pub(super) fn of_metric(view: &View<'_>, metric: Metric, width: usize) -> Vec<Line<'static>> {
    let Some(sheet) = sheet(view) else {
        return Vec::new();
    };
    let dora = &sheet.dora;
    let words = |label: &str, text: &str, role| pair(view, label, text, role, width);
    let mut out = words("metric", metric.label(), Role::Title);
    out.extend(words("figure", &changes::figure(metric, dora), Role::Text));
    out.extend(words("of", &changes::note(view, metric, dora), Role::Text));
    let tier = match metric.tier(dora) {
        Some(_) => format!(
            "{}: a cluster of that report's answers, no grade",
            changes::tier(metric, dora)
        ),
        None => changes::tier(metric, dora),
    };
    out.extend(words("tier", &tier, Role::Accent));
    out.extend(words("counted", metric.rule(), Role::Text));
    if matches!(metric, Metric::FailRate | Metric::Rework) {
        let sure = "the interval is 95 % (Wilson): the fewer deployments, the wider";
        out.extend(words("sure", sure, Role::Muted));
    }
    out.extend(words(
        "deployments",
        &format!("by {}", sheet.source),
        Role::Text,
    ));
    for told in [changes::left_out(dora), changes::afresh(dora)] {
        out.extend(told.into_iter().flat_map(|t| words("", &t, Role::Muted)));
    }
    out.extend(words("besides", &changes::besides(dora), Role::Muted));
    out.push(Line::default());
    out.push(heading(view, "Read"));
    out.extend(changes::read(view, width));
    out
}

fn find<'a>(sheet: &'a Sheet, id: &Safe) -> Option<(usize, &'a Deployment)> {
    let mut all = sheet.stream.deployments.iter().enumerate();
    all.find(|(_, d)| d.id == *id)
}

pub(super) fn of_deployment(view: &View<'_>, id: &Safe, width: usize) -> Vec<Line<'static>> {
    let Some((sheet, (place, d))) = sheet(view).and_then(|s| Some((s, find(s, id)?))) else {
        return Vec::new();
    };
    let words = |label: &str, text: &str, role| pair(view, label, text, role, width);
    let at = |at| changes::moment(view, at).trim_start().to_owned();
    let mut out = words("what", &changes::name(d), Role::Title);
    out.extend(words("deployment", id.as_str(), Role::Text));
    out.extend(words("commit", d.sha.as_str(), Role::Text));
    out.extend(words("succeeded", &at(d.at), Role::Text));
    let mut kind = d.kind.label().to_owned();
    let rehearsal = d.rollback.is_some_and(|r| r.drill);
    for (holds, more) in [
        (rehearsal, "a rehearsal: planned work"),
        (d.redeploy, "the same commit was live before"),
        (
            d.seed == Some(Seed::First),
            "the first one known, so what it brought does not count",
        ),
        (
            d.is_afresh(),
            "it shares no known history with those before it, so what it brought does not count",
        ),
    ] {
        if holds {
            kind = format!("{kind} · {more}");
        }
    }
    out.extend(words("kind", &kind, Role::Text));
    if let Some(failure) = sheet.dora.failures.iter().find(|f| f.deployment == place) {
        out.push(Line::default());
        out.push(heading(view, "It failed"));
        for reason in &failure.reasons {
            out.extend(words("because", &reason.words(), Role::Bad));
        }
        let (role, over) = changes::over(view, failure);
        out.extend(words("over", &over, role));
        if let Some((when, by)) = failure.recovered {
            out.extend(words(
                "",
                &format!("{}: {}", at(when), by.label()),
                Role::Muted,
            ));
        }
    }
    out.push(Line::default());
    out.push(heading(view, "What it brought for the first time"));
    if d.new.is_empty() {
        out.push(view.line("  no change", Role::Muted));
    }
    for change in d.new.iter().filter_map(|c| sheet.changes.get(*c)) {
        let told = format!(
            "{}  {}",
            change.title,
            changes::login(change.author.as_ref())
        );
        out.extend(words(&changes::brief(&change.id), &told, Role::Text));
    }
    if let Some(url) = &d.url {
        out.push(Line::default());
        out.extend(words("page", url.as_str(), Role::Accent));
    }
    out
}

/// The page of a deployment.
pub(super) fn page(view: &View<'_>, id: &Safe) -> Option<Safe> {
    find(sheet(view)?, id)?.1.url.clone()
}

/// A change in a line.
pub(super) fn change_line(view: &View<'_>, row: &Delivered) -> String {
    let told = changes::whereabouts(view, row);
    let measured = row.measured(view.now);
    let lead = measured.lead.map(|l| format!(", lead time {}", span(l)));
    let biggest = measured.biggest().filter(|_| lead.is_some());
    let biggest = biggest.map(|(s, long)| format!(" ({} {})", s.label(), span(long)));
    let url = row.url.as_ref().map(|u| format!(" {u}"));
    format!(
        "{} {}: {}{}{}{}",
        changes::brief(&row.id),
        row.title,
        told.words,
        lead.unwrap_or_default(),
        biggest.unwrap_or_default(),
        url.unwrap_or_default()
    )
}

/// Something that waits, in a line.
pub(super) fn queued_line(view: &View<'_>, queued: &Queued) -> String {
    let waiting = &queued.waiting;
    let since = waiting
        .since
        .map(|at| format!(" for {}", span(view.now.since(at))));
    let (_, stop) = changes::stop(waiting, queued.first_stop == Some(queued.before));
    format!(
        "{} {}: waits for {}{} ({stop})",
        changes::brief(&waiting.id),
        waiting.title,
        queued.env,
        since.unwrap_or_default()
    )
}

/// A metric in a line.
pub(super) fn metric_line(view: &View<'_>, metric: Metric) -> Option<String> {
    let dora = &sheet(view)?.dora;
    let target = view.target()?;
    Some(format!(
        "{target} {}: {} ({}), {}",
        metric.label(),
        changes::figure(metric, dora),
        changes::tier(metric, dora),
        changes::note(view, metric, dora)
    ))
}

/// A deployment in a line.
pub(super) fn deployment_line(view: &View<'_>, id: &Safe) -> Option<String> {
    let (_, d) = find(sheet(view)?, id)?;
    let url = d.url.as_ref().map(|u| format!(" {u}"));
    let at = d.at.to_zoned(view.world.zone.clone());
    Some(format!(
        "{} {} deployed {}{}",
        changes::name(d),
        d.kind.label(),
        at.strftime("%Y-%m-%d %H:%M %Z"),
        url.unwrap_or_default()
    ))
}
