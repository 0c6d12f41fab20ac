//! The receipt of a change: every moment with its source and link, the stage between two of them, where it is, what is odd about it
//! and how all this was found. What the figures are computed from, to be argued with.

use jiff::SignedDuration;
use ratatui::text::{Line, Span};

use crate::config::theme::Role;
use crate::domain::change::delivery::{Delivered, Rung};
use crate::domain::change::lead_time::{Boundary, Measured, Stage};
use crate::domain::text::Safe;
use crate::domain::units::span;
use crate::tui::overlays::scroll::{heading, pair, paragraph};
use crate::tui::panes::View;
use crate::tui::views::changes;
use crate::tui::widgets::text;

/// The columns of a moment, and of what it is.
const WHEN: usize = 18;
const WHAT: usize = 13;

pub(super) fn of_change(view: &View<'_>, row: &Delivered, width: usize) -> Vec<Line<'static>> {
    let words = |label: &str, text: &str, role| pair(view, label, text, role, width);
    let measured = row.measured(view.now);
    let what = format!("{} {}", changes::brief(&row.id), row.title);
    let mut out = words("what", &what, Role::Title);
    let labels: Vec<&str> = row.labels.iter().map(Safe::as_str).collect();
    let mut who = format!("{} · {}", changes::login(row.author.as_ref()), row.service);
    if !labels.is_empty() {
        who = format!("{who} · {}", labels.join(", "));
    }
    if row.author.is_none() {
        who = format!("{who} (the author's account is gone)");
    }
    out.extend(words("who", &who, Role::Text));
    let told = changes::whereabouts(view, row);
    out.extend(words(
        "now",
        &format!("{} {}", told.symbol, told.words),
        told.role,
    ));
    out.extend(words("lead time", &lead(view, row, &measured), Role::Text));
    if let Some((stage, long)) = measured.biggest() {
        let mut biggest = format!("{} {}", stage.label(), span(long));
        if let Some(whole) = measured.lead.filter(|l| !l.is_zero()) {
            let share = long.as_secs_f64() / whole.as_secs_f64();
            biggest = format!("{biggest}, {} of it", changes::share(share));
        }
        let role = if stage.is_wait() {
            Role::Warn
        } else {
            Role::Text
        };
        out.extend(words(changes::biggest(stage), &biggest, role));
    }
    let bar = changes::bar(view, row, &measured, width.saturating_sub(18).min(60));
    if !bar.spans.is_empty() {
        let mut spans = vec![Span::raw(" ".repeat(16))];
        spans.extend(bar.spans);
        out.push(Line::from(spans));
    }
    out.push(Line::default());
    out.push(heading(view, "Its way"));
    out.extend(way(view, row, &measured, width));
    out.push(Line::default());
    out.push(heading(view, "Environments"));
    for rung in &row.rungs {
        out.extend(of_rung(view, rung, width));
    }
    if row.rungs.is_empty() {
        out.push(view.line("  none is configured", Role::Muted));
    }
    out.push(Line::default());
    out.push(heading(view, "How it is known"));
    out.extend(words("matched by", row.matched.method.label(), Role::Text));
    out.extend(words("sure", row.matched.confidence.label(), Role::Text));
    for flag in measured.flags.iter() {
        let role = if flag.is_doubt() {
            Role::Warn
        } else {
            Role::Text
        };
        let told = format!("{}: {}", flag.label(), flag.meaning());
        out.extend(words("flag", &told, role));
    }
    if let Some(url) = &row.url {
        out.extend(words("page", url.as_str(), Role::Accent));
    }
    out.push(Line::default());
    out.push(heading(view, "Read"));
    out.extend(changes::read(view, width));
    out
}

/// The lead time, and that it is the sum of the stages; how long it has been under way where it has not arrived.
fn lead(view: &View<'_>, row: &Delivered, measured: &Measured) -> String {
    match (measured.lead, row.moments.get(Boundary::Deployed)) {
        (Some(lead), _) => {
            let stages = measured.stages.iter().flatten();
            let (n, sum) = stages.fold((0, SignedDuration::ZERO), |(n, sum), d| {
                (n + 1, sum.saturating_add(*d))
            });
            let stages = if n == 1 { "stage" } else { "stages" };
            if sum == lead {
                format!("{}: the sum of its {n} {stages}, to the second", span(lead))
            } else {
                format!("{}: its {n} {stages} make {}", span(lead), span(sum))
            }
        }
        (None, Some(_)) => "not told: it ends before it begins".to_owned(),
        (None, None) => measured.start.map_or_else(
            || "none of its moments is known".to_owned(),
            |at| format!("under way for {}", span(view.now.since(at))),
        ),
    }
}

/// Every moment with the stage that leads to it.
fn way(view: &View<'_>, row: &Delivered, measured: &Measured, width: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let mut before = None;
    for boundary in Boundary::ALL {
        let stage = (boundary as usize).checked_sub(1);
        let stage = stage.and_then(|i| Stage::ALL.get(i)).copied();
        if let Some((stage, long)) = stage.and_then(|s| Some((s, measured.stage(s)?))) {
            out.push(of_stage(view, stage, long, width));
        }
        let Some(moment) = row.moments.get(boundary) else {
            let why = unknown(row, boundary);
            out.extend(hop(view, "–", boundary, &why, (Role::Muted, width)));
            continue;
        };
        let when = changes::moment(view, moment.at);
        let source = moment.source.as_str();
        out.extend(hop(view, &when, boundary, source, (Role::Text, width)));
        // A page that was just told is not told again.
        let page = moment.url.as_ref();
        if let Some(url) = page.filter(|url| before != Some(*url)) {
            let style = view.styles.get(Role::Accent);
            out.extend(paragraph(url.as_str(), style, WHEN + 2, width));
        }
        before = page.or(before);
    }
    if row.moments.get(Boundary::Deployed).is_none()
        && let Some((stage, since)) = changes::waiting(&row.moments)
    {
        let words = format!("{} for {}", stage.label(), span(view.now.since(since)));
        out.extend(pair(view, "since then", &words, Role::Warn, width));
    }
    out
}

/// Why a moment is not there: its time is part of the stage that ends at the next one that is.
fn unknown(row: &Delivered, boundary: Boundary) -> String {
    let known = |b: &Boundary| row.moments.get(*b).is_some();
    let place = boundary as usize;
    let mut later = Boundary::ALL.into_iter().skip(place + 1);
    let earlier = Boundary::ALL.into_iter().take(place).any(|b| known(&b));
    match later.find(known) {
        None => "not yet".to_owned(),
        Some(_) if !earlier => "none: not known, the clock begins at what follows".to_owned(),
        Some(next) => {
            let stage = (next as usize).checked_sub(1);
            let stage = stage.and_then(|i| Stage::ALL.get(i)).map(|s| s.label());
            format!(
                "none: its time is part of \"{}\"",
                stage.unwrap_or_default()
            )
        }
    }
}

fn of_stage(view: &View<'_>, stage: Stage, long: SignedDuration, width: usize) -> Line<'static> {
    let (role, fill) = changes::look(stage);
    let words = format!("{} {}", changes::named(stage), span(long));
    let room = width.saturating_sub(WHEN + 6);
    Line::from(vec![
        view.span(format!("  {}{fill}{fill} ", " ".repeat(WHEN - 1)), role),
        view.span(text::truncate(&words, room), Role::Muted),
    ])
}

/// A moment: when, what, and what says so, in as many rows as that takes.
fn hop(
    view: &View<'_>,
    when: &str,
    boundary: Boundary,
    source: &str,
    (role, width): (Role, usize),
) -> Vec<Line<'static>> {
    let rows = text::wrap(source, width.saturating_sub(WHEN + WHAT + 4).max(8));
    let rows = if rows.is_empty() {
        vec![String::new()]
    } else {
        rows
    };
    let lines = rows.into_iter().enumerate().map(|(i, row)| {
        let (when, what) = if i == 0 {
            (when, boundary.label())
        } else {
            ("", "")
        };
        Line::from(vec![
            view.span(format!("  {}", text::pad(when, WHEN)), role),
            view.span(format!("{} ", text::pad(what, WHAT)), Role::Muted),
            view.span(row, role),
        ])
    });
    lines.collect()
}

/// An environment: since when the change is there, and by which deployment it came first.
fn of_rung(view: &View<'_>, rung: &Rung, width: usize) -> Vec<Line<'static>> {
    let first = rung.shipped.as_ref().map(|m| {
        let at = changes::moment(view, m.at);
        (m.at, format!("{} by {}", at.trim_start(), m.source))
    });
    let (role, told) = match (rung.contained, &first, rung.since) {
        (Some(true), Some((at, first)), Some(since)) if since == *at => {
            (Role::Good, format!("✔ there since {first}"))
        }
        (Some(true), Some((_, first)), Some(since)) => {
            let since = changes::moment(view, since);
            let since = since.trim_start();
            let told = format!("✔ there since {since}; first shipped {first}, and gone in between");
            (Role::Good, told)
        }
        (Some(true), _, _) => (Role::Good, "✔ there, since when is not known".to_owned()),
        (Some(false), Some((_, first)), _) => (
            Role::Bad,
            format!("▼ not there any longer: first shipped {first}; what runs now is without it"),
        ),
        (Some(false), None, _) => (Role::Muted, "○ not there yet".to_owned()),
        (None, Some((_, first)), _) => (Role::Good, format!("● first shipped {first}")),
        (None, None, _) => (Role::Muted, "? what runs there is not known".to_owned()),
    };
    let mut out = pair(view, rung.env.as_str(), &told, role, width);
    if let Some(url) = rung.shipped.as_ref().and_then(|m| m.url.as_ref()) {
        out.extend(pair(view, "", url.as_str(), Role::Accent, width));
    }
    out
}
