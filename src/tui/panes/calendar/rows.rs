//! The rows of the pane: a third of them tells what was, what lies ahead has the rest.

use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::State;
use super::entry::{bar, day, is_past, look, time, today, until, what};
use crate::config::theme::Role;
use crate::domain::calendar::{EntryKind, EntryState};
use crate::tui::panes::{View, scroll_to};
use crate::tui::widgets::table::{self, Column};

pub(super) fn rows(view: &View<'_>, state: &State, focused: bool, area: Rect, buffer: &mut Buffer) {
    let columns = [
        Column {
            least: 6,
            wished: 6,
            rank: 7,
            right: false,
        },
        Column {
            least: 5,
            wished: 5,
            rank: 6,
            right: false,
        },
        Column {
            least: 1,
            wished: 1,
            rank: 8,
            right: false,
        },
        Column {
            least: 12,
            wished: 200,
            rank: 9,
            right: false,
        },
        Column {
            least: 11,
            wished: 12,
            rank: 5,
            right: false,
        },
    ];
    let area = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let places = table::layout(&columns, area.width);
    let room = usize::from(area.height);
    let total = view.agenda.len();
    let top = if let Some(selected) = state.selected {
        scroll_to(selected, total, room)
    } else {
        // A third of the rows tells what was; what lies ahead has the rest.
        let now = view.agenda.iter().take_while(|e| is_past(e, view)).count();
        let behind = (room / 3).max(room.saturating_sub(total - now));
        now.saturating_sub(behind)
    };
    let mut day_before: Option<Option<Date>> = None;
    for (i, entry) in view.agenda.iter().enumerate().skip(top).take(room) {
        let day = day(entry, view);
        let label = if day_before == Some(day) {
            String::new()
        } else {
            day.map_or_else(|| "open".to_owned(), |d| d.strftime("%a %d").to_string())
        };
        day_before = Some(day);
        let past = is_past(entry, view);
        let (symbol, role, word) = look(entry);
        let plain = if past { Role::Muted } else { Role::Text };
        let window = entry.kind == EntryKind::Window;
        let running = entry.state == EntryState::Running && !window;
        let word = until(entry, view).unwrap_or_else(|| word.to_owned());
        let name = match places.get(3).copied().flatten() {
            Some((_, width)) if window => bar(entry, width),
            _ => what(entry, view),
        };
        let selected = focused && state.selected == Some(i);
        let title = Line::from(vec![
            view.span(if selected { "▸" } else { "" }, Role::Accent),
            view.span(
                name,
                match entry.kind {
                    EntryKind::Window | EntryKind::Freeze => role,
                    _ if running => Role::Title,
                    _ => plain,
                },
            ),
        ]);
        let cells = [
            view.line(
                label,
                if day == Some(today(view)) {
                    Role::Accent
                } else {
                    Role::Muted
                },
            ),
            view.line(time(entry, view), plain),
            view.line(
                symbol,
                if past && role == Role::Good {
                    Role::Muted
                } else {
                    role
                },
            ),
            title,
            view.line(
                word,
                if running || matches!(role, Role::Bad | Role::Warn) {
                    role
                } else {
                    Role::Muted
                },
            ),
        ];
        let y = area.y + u16::try_from(i - top).unwrap_or(0);
        table::row(
            &columns,
            &places,
            &cells,
            Rect {
                y,
                height: 1,
                ..area
            },
            buffer,
        );
    }
}
