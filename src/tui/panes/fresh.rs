//! How fresh what a pane shows is: live, cached, stale with its reason and the next try. Several sources together are as
//! fresh as the worst of them.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::View;
use crate::config::theme::Role;
use crate::domain::fetched::{Fault, Fetched};
use crate::domain::units::{Now, span};
use crate::tui::widgets::text;

/// The freshness of one or more sources.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fresh<'a> {
    /// The oldest answer.
    pub at: Option<Timestamp>,
    /// Whether something comes from an earlier run.
    pub cached: bool,
    /// Why something is stale or missing.
    pub fault: Option<&'a Fault>,
}

impl<'a> Fresh<'a> {
    /// Of one source.
    pub fn of<T>(fetched: &'a Fetched<T>) -> Self {
        Self {
            at: fetched.at(),
            cached: fetched.is_cached(),
            fault: fetched.fault(),
        }
    }

    /// Together with another one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            at: match (self.at, other.at) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            cached: self.cached || other.cached,
            fault: self.fault.or(other.fault),
        }
    }

    /// The mark in a pane's title: `cached 5m`, `stale 2m`; none while all is well.
    pub fn mark(&self, view: &View<'_>) -> Option<String> {
        let word = match (self.fault, self.cached) {
            (Some(_), _) if self.at.is_some() => "stale",
            (None, true) => "cached",
            _ => return None,
        };
        let age = self.at.map(|at| old(view, at)).unwrap_or_default();
        Some(format!("{word} {age}").trim_end().to_owned())
    }

    /// The lower edge of a pane: its age, or what is wrong and when it is tried again.
    pub fn foot(&self, view: &View<'_>, source: &str) -> Line<'static> {
        if let Some(fault) = self.fault {
            // The end is cut where there is no room: when it is tried again comes first; all of it is told where the row opens.
            let cause = fault.cause();
            let words = match fault.retry_at {
                Some(at) if at > view.now.0 => {
                    format!(
                        "▲ retry in {}: {cause}",
                        span(at.duration_since(view.now.0)),
                    )
                }
                Some(_) => format!("▲ trying again: {cause}"),
                None => format!("▲ {cause}"),
            };
            return view.line(words, Role::Warn);
        }
        match self.at {
            None => Line::default(),
            Some(_) if self.cached => view.line(
                format!("{source}: from the last run, asking again"),
                Role::Warn,
            ),
            Some(at) => view.line(format!("{source} {}", coarse(view, at)), Role::Muted),
        }
    }
}

/// The age of what is stale: less than a minute is no `now`.
pub fn old(view: &View<'_>, at: Timestamp) -> String {
    let age = view.age(at);
    if age == "now" { "<1m".to_owned() } else { age }
}

/// An age that does not tick: under a minute it is `now`.
fn coarse(view: &View<'_>, at: Timestamp) -> String {
    let passed = view.now.since(at);
    if passed.as_secs() < 60 {
        "<1m".to_owned()
    } else {
        crate::domain::units::age(passed)
    }
}

/// `, next try in 8s`; empty when none is planned.
pub fn next_try(fault: &Fault, now: Now) -> String {
    match fault.retry_at {
        Some(at) if at > now.0 => format!(", next try in {}", span(at.duration_since(now.0))),
        Some(_) => ", trying again".to_owned(),
        None => String::new(),
    }
}

/// A pane on a single row: that something is stale is never what has no room.
pub fn folded(
    area: Rect,
    buffer: &mut Buffer,
    left: &Line<'_>,
    mark: Option<String>,
    view: &View<'_>,
) {
    let right = mark.map_or_else(Line::default, |m| view.line(format!("◌ {m}"), Role::Warn));
    let kept = match text::line_width(&right) {
        0 => 0,
        used => used + 2,
    };
    let cut = text::truncate_line(left, usize::from(area.width).saturating_sub(kept));
    text::left_right(buffer, area, &cut, &right);
}

/// Writes a line into the lower edge of a frame, at its right end.
pub fn put_foot(area: Rect, buffer: &mut Buffer, line: &Line<'static>) {
    let room = area.width.saturating_sub(6);
    let used = text::line_width(line);
    if used == 0 || area.height < 3 || room < 8 {
        return;
    }
    let width = room.min(u16::try_from(used + 2).unwrap_or(room));
    let place = Rect {
        x: area.right().saturating_sub(width + 2),
        y: area.bottom() - 1,
        width,
        height: 1,
    };
    let mut spans = vec![ratatui::text::Span::raw(" ")];
    spans.extend(text::truncate_line(line, usize::from(width.saturating_sub(2))).spans);
    spans.push(ratatui::text::Span::raw(" "));
    text::put_line(buffer, place, &Line::from(spans));
}
