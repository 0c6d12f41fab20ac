//! The rows of the calendar: the heading of a day, an entry with its bar or its line, where one is in the day.

use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::View;
use super::calendar::Item;
use crate::config::theme::Role;
use crate::domain::calendar::rule::{Rule, RuleKind};
use crate::domain::calendar::{Entry, EntryKind, EntryState, When};
use crate::domain::text::Safe;
use crate::tui::panes::calendar;
use crate::tui::widgets::table::{self, Column};
use crate::tui::widgets::text;

/// The columns of a bar.
const BAR: u16 = 34;

/// Whether an entry holds the words, in any letter case.
pub(super) fn holds(entry: &Entry, needle: &str) -> bool {
    let word = calendar::look(entry).2;
    let env = entry.env.as_ref().map(ToString::to_string);
    let source = entry.source.as_ref().map(ToString::to_string);
    let texts = [
        entry.title.to_string(),
        entry.service.to_string(),
        word.to_owned(),
        env.unwrap_or_default(),
        source.unwrap_or_default(),
    ];
    texts.iter().any(|t| t.to_lowercase().contains(needle))
}

/// The rule that an entry comes from.
pub(in crate::tui) fn rule_of<'a>(view: &View<'a>, entry: &Entry) -> Option<&'a Rule> {
    let kind = match entry.kind {
        EntryKind::Window => RuleKind::Window,
        EntryKind::Freeze => RuleKind::Freeze,
        _ => return None,
    };
    let mut rules = view.world.calendar.rules.iter();
    rules.find(|r| r.kind == kind && entry.title.as_str() == format!("{} {kind}", r.id))
}

/// Draws rows from the top of `area`; `chosen` is the number of the selected entry, and whether the rows have the focus.
pub(super) fn render<'a>(
    view: &View<'_>,
    entries: &[Entry],
    items: impl Iterator<Item = &'a Item>,
    (chosen, focused): (usize, bool),
    area: Rect,
    buffer: &mut Buffer,
) {
    let area = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let columns = columns();
    let places = table::layout(&columns, area.width);
    for (item, y) in items.zip(area.top()..area.bottom()) {
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        match item {
            Item::Day(day) => heading(view, entries, *day, place, buffer),
            Item::Now => now(view, place, buffer),
            Item::Entry(i) => {
                let Some(entry) = entries.get(*i) else {
                    continue;
                };
                let mark = if *i == chosen { "▸" } else { " " };
                let mark = view.span(mark, if focused { Role::Accent } else { Role::Muted });
                let bar = places.get(2).copied().flatten().map_or(0, |(_, w)| w);
                let cells = cells(view, entry, mark, bar);
                table::row(&columns, &places, &cells, place, buffer);
            }
        }
    }
}

/// Time with the mark before it, symbol, what, its end, its word, why, where it is written.
fn columns() -> [Column; 7] {
    let column = Column::new;
    [
        column(8, 8, 8),
        column(1, 1, 8),
        column(22, BAR, 9),
        column(11, 11, 6),
        column(9, 9, 5),
        column(10, 200, 7),
        column(14, 20, 2),
    ]
}

/// A rule that fills what is left of a row.
fn ruled(
    view: &View<'_>,
    mut line: Line<'static>,
    right: Line<'static>,
    place: Rect,
    role: Role,
    buffer: &mut Buffer,
) {
    let used = text::line_width(&line) + text::line_width(&right);
    let gap = usize::from(place.width).saturating_sub(used + 1);
    if gap > 2 {
        line.spans
            .push(view.span(format!(" {}", "─".repeat(gap - 1)), role));
        line.spans.push(Span::raw(" "));
        line.spans.extend(right.spans);
    }
    text::put_line(buffer, place, &line);
}

/// `Fri 21 Nov  today ──── week 47`, with the freeze that lasts from an earlier day.
fn heading(
    view: &View<'_>,
    entries: &[Entry],
    day: Option<Date>,
    place: Rect,
    buffer: &mut Buffer,
) {
    let Some(day) = day else {
        let line = view.line("not dated", Role::Title);
        ruled(view, line, Line::default(), place, Role::Border, buffer);
        return;
    };
    let here = view.now.0.to_zoned(view.world.zone.clone()).date();
    let form = if day.year() == here.year() {
        "%a %-d %b"
    } else {
        "%a %-d %b %Y"
    };
    let today = day == here;
    let mut spans = vec![view.span(
        day.strftime(form).to_string(),
        if today { Role::Accent } else { Role::Title },
    )];
    if today {
        spans.push(view.span("  today", Role::Accent));
    } else if here.tomorrow().is_ok_and(|t| t == day) {
        spans.push(view.span("  tomorrow", Role::Muted));
    }
    let midnight = day
        .to_zoned(view.world.zone.clone())
        .ok()
        .map(|z| z.timestamp());
    let lasting = entries.iter().find(|e| {
        let begun = e.when.instant().zip(midnight).is_some_and(|(a, m)| a < m);
        let ends = e.end.zip(midnight).is_some_and(|(end, m)| end > m);
        e.kind == EntryKind::Freeze && begun && ends
    });
    if let Some(freeze) = lasting {
        let ends = freeze.end.map(|end| end.to_zoned(view.world.zone.clone()));
        let until = ends.map_or_else(String::new, |end| {
            let form = if end.date() == day {
                "%H:%M"
            } else {
                "%a %-d %b %H:%M"
            };
            end.strftime(form).to_string()
        });
        let role = if freeze.state == EntryState::Done {
            Role::Muted
        } else {
            Role::Warn
        };
        spans.push(view.span(format!("  ⏸ {} until {until}", freeze.title), role));
    }
    let week = view.line(format!("week {}", day.iso_week_date().week()), Role::Muted);
    ruled(view, Line::from(spans), week, place, Role::Border, buffer);
}

fn now(view: &View<'_>, place: Rect, buffer: &mut Buffer) {
    let clock = view.now.0.to_zoned(view.world.zone.clone());
    let line = Line::from(vec![
        view.span(format!("   {}", clock.strftime("%H:%M")), Role::Accent),
        view.span("  now", Role::Accent),
    ]);
    ruled(view, line, Line::default(), place, Role::Accent, buffer);
}

fn cells(view: &View<'_>, entry: &Entry, mark: Span<'static>, bar: u16) -> Vec<Line<'static>> {
    let past = match entry.end {
        Some(end) => end <= view.now.0,
        None => calendar::is_past(entry, view),
    };
    let (symbol, role, word) = calendar::look(entry);
    let plain = if past { Role::Muted } else { Role::Text };
    let loud = if past && role != Role::Bad {
        Role::Muted
    } else {
        role
    };
    let time = match entry.when {
        When::At(at) => at
            .to_zoned(view.world.zone.clone())
            .strftime("%H:%M")
            .to_string(),
        When::On(_) => "all day".to_owned(),
        When::Open => String::new(),
    };
    // A whole day has no room for the space before it.
    let time = if time.len() > 5 {
        time
    } else {
        format!("  {time}")
    };
    let rule = rule_of(view, entry);
    let what = match entry.kind {
        EntryKind::Window => view.span(filled(entry.title.as_str(), bar, "█", "▌"), loud),
        EntryKind::Freeze => {
            let fill = if rule.is_some_and(|r| r.hard) {
                "▓"
            } else {
                "░"
            };
            view.span(filled(entry.title.as_str(), bar, fill, fill), loud)
        }
        _ if entry.state == EntryState::Running => {
            view.span(calendar::what(entry, view), Role::Title)
        }
        _ => view.span(calendar::what(entry, view), plain),
    };
    let word = match entry.kind {
        EntryKind::Freeze if past => "over",
        EntryKind::Window if past => "closed",
        _ => word,
    };
    let note = match (rule, entry.conflicts.first()) {
        (_, Some(conflict)) => view.line(format!("! {conflict}"), Role::Warn),
        (Some(rule), None) => {
            let mut spans = Vec::new();
            if rule.hard {
                spans.push(view.span("hard", if past { Role::Muted } else { Role::Bad }));
                spans.push(view.span(if rule.reason.is_empty() { "" } else { " · " }, Role::Muted));
            }
            spans.push(view.span(rule.reason.to_string(), plain));
            Line::from(spans)
        }
        (None, None) => Line::default(),
    };
    // The folder is told by the evidence.
    let source = entry.source.as_ref().map(Safe::as_str);
    let source = source.and_then(|s| s.rsplit('/').next()).map(str::to_owned);
    vec![
        Line::from(vec![mark, view.span(time, plain)]),
        view.line(symbol, loud),
        Line::from(what),
        view.line(calendar::until(entry, view).unwrap_or_default(), plain),
        view.line(word, loud),
        note,
        view.line(source.unwrap_or_default(), Role::Muted),
    ]
}

/// A name in a bar, as wide as there is room.
fn filled(name: &str, width: u16, fill: &str, end: &str) -> String {
    let name = format!(
        " {} ",
        text::truncate(name, usize::from(width).saturating_sub(6))
    );
    let room = usize::from(width.min(BAR)).saturating_sub(text::width(&name) + 1);
    let left = room / 2;
    format!(
        "{}{name}{}{end}",
        fill.repeat(left),
        fill.repeat(room - left)
    )
}
