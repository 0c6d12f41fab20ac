//! The metrics week by week: deployments, failures, the median lead time, as bars over the same weeks; what is left out below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::View;
use super::figures;
use super::words::{count, took};
use crate::config::theme::Role;
use crate::domain::change::dora::{Dora, Week};
use crate::tui::panes::lines;
use crate::tui::widgets::{bars, text};

/// The columns of a name before its bars.
const NAME: usize = 14;
/// The columns of what is said after them.
const NOTE: usize = 16;
/// A week is drawn at most that wide.
const WIDEST: usize = 4;

/// Draws it into what is left of the page.
pub(super) fn render(view: &View<'_>, dora: &Dora, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width.saturating_sub(2));
    let height = usize::from(area.height);
    let below = below(view, dora, width);
    let fixed = 3 + below.len();
    let mut rows = Vec::new();
    // Heading, three charts of a row at least, their weeks.
    if height >= 5 {
        let room = height.saturating_sub(fixed);
        rows = chart(view, dora, width, room);
    }
    let left = height.saturating_sub(rows.len());
    // What is left out is told before the chart's air is.
    rows.extend(below.into_iter().take(left));
    lines(area, buffer, &rows);
}

fn below(view: &View<'_>, dora: &Dora, width: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let told = [figures::left_out(dora), figures::afresh(dora)]
        .into_iter()
        .flatten()
        .chain([figures::besides(dora)]);
    for words in told {
        out.push(view.line(text::truncate(&words, width), Role::Muted));
    }
    out
}

/// The charts in about so many rows.
fn chart(view: &View<'_>, dora: &Dora, width: usize, room: usize) -> Vec<Line<'static>> {
    let weeks = &dora.weeks;
    let ruled = |words: &str| {
        let rest = width.saturating_sub(text::width(words) + 1);
        Line::from(vec![
            view.span(format!("{words} "), Role::Title),
            view.span("─".repeat(rest), Role::Border),
        ])
    };
    let mut out = vec![Line::default(), ruled("week by week")];
    if weeks.is_empty() {
        out.push(view.line("no whole week lies in this time yet", Role::Muted));
        return out;
    }
    let columns = width.saturating_sub(NAME + NOTE + 2);
    let wide = (columns / weeks.len()).clamp(1, WIDEST);
    // The newest weeks, where there is not room for all.
    let from = weeks.len().saturating_sub((columns / wide).max(1));
    let seen = weeks.get(from..).unwrap_or_default();
    // Deployments and lead times share what failures leave.
    let tall = (room.saturating_sub(2) / 2).clamp(1, 4);
    let all = |of: fn(&Week) -> Option<f64>| seen.iter().map(of).collect::<Vec<_>>();
    let most = |values: &[Option<f64>]| values.iter().flatten().copied().fold(0.0, f64::max);
    let deployments = all(|w| Some(w.deployments as f64));
    let failed = all(|w| Some(w.failed as f64));
    let lead = all(|w| w.lead_s);
    let whole = |of: fn(&Week) -> usize| seen.iter().map(of).max().unwrap_or(0);
    let charts = [
        (
            "deployments",
            deployments,
            tall,
            Role::ChartMain,
            at_most(whole(|w| w.deployments)),
        ),
        ("failed", failed, 1, Role::Bad, at_most(whole(|w| w.failed))),
    ];
    for (name, values, rows, role, note) in charts {
        out.extend(bar_rows(view, (name, &note), &values, (rows, wide), role));
    }
    let note = if most(&lead) > 0.0 {
        format!("{} at most", took(Some(most(&lead))))
    } else {
        "none".to_owned()
    };
    let named = ("median lead", note.as_str());
    out.extend(bar_rows(view, named, &lead, (tall, wide), Role::ChartMain));
    out.push(axis(view, seen, wide));
    out
}

/// The highest of counts.
fn at_most(n: usize) -> String {
    match n {
        0 => "none".to_owned(),
        n => format!("{} at most", count(n)),
    }
}

/// A chart with its name before its lowest row, and what is to be said after it.
fn bar_rows(
    view: &View<'_>,
    (name, note): (&str, &str),
    values: &[Option<f64>],
    (rows, wide): (usize, usize),
    role: Role,
) -> Vec<Line<'static>> {
    let drawn = bars::bars(values, rows, wide);
    let last = drawn.len().saturating_sub(1);
    let line = |(i, row): (usize, String)| {
        let (name, note) = if i == last { (name, note) } else { ("", "") };
        // A point is no bar.
        let mut spans = vec![view.span(text::pad(name, NAME), Role::Muted)];
        spans.extend(pieces(view, &row, role));
        spans.push(view.span(format!("  {}", text::truncate(note, NOTE)), Role::Muted));
        Line::from(spans)
    };
    drawn.into_iter().enumerate().map(line).collect()
}

/// Bars in their role, points softly.
fn pieces(view: &View<'_>, row: &str, role: Role) -> Vec<Span<'static>> {
    let mut out: Vec<Span<'static>> = Vec::new();
    let mut soft = None;
    for c in row.chars() {
        let is_soft = c == '·';
        match out.last_mut() {
            Some(last) if soft == Some(is_soft) => last.content.to_mut().push(c),
            _ => {
                let role = if is_soft { Role::Muted } else { role };
                out.push(view.span(c.to_string(), role));
            }
        }
        soft = Some(is_soft);
    }
    out
}

/// The first day of the first and of the last week.
fn axis(view: &View<'_>, weeks: &[Week], wide: usize) -> Line<'static> {
    let day = |week: Option<&Week>| {
        let day = week.map(|w| w.monday.strftime("%-d %b").to_string());
        day.unwrap_or_default()
    };
    let (first, last) = (day(weeks.first()), day(weeks.last()));
    let columns = weeks.len() * wide;
    let used = text::width(&first) + text::width(&last);
    let words = if columns > used + 1 && weeks.len() > 1 {
        format!("{first}{}{last}", " ".repeat(columns - used))
    } else {
        format!("{first} – {last}")
    };
    view.line(format!("{}{words}", " ".repeat(NAME)), Role::Muted)
}
