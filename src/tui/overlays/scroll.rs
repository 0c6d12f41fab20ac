//! A dialog of rows that may be longer than the screen: a frame, the rows from a place on, and how much more there is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::action::ActionId;
use crate::config::theme::Role;
use crate::tui::layout;
use crate::tui::panes::View;
use crate::tui::widgets::panel::Panel;
use crate::tui::widgets::text;

/// The widest a dialog gets, with its frame.
pub const WIDTH: u16 = 100;

/// The first row that is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scroll {
    pub top: usize,
}

impl Scroll {
    /// Moves over `rows` rows of which `room` are seen; false when the action is no movement.
    pub fn on_action(&mut self, action: ActionId, rows: usize, room: usize) -> bool {
        let last = rows.saturating_sub(room);
        let page = room.saturating_sub(1).max(1);
        self.top = match action {
            ActionId::Up => self.top.saturating_sub(1),
            ActionId::Down => self.top.saturating_add(1),
            ActionId::PageUp => self.top.saturating_sub(page),
            ActionId::PageDown => self.top.saturating_add(page),
            ActionId::Home => 0,
            ActionId::End => last,
            _ => return false,
        }
        .min(last);
        true
    }
}

/// The columns for text in a dialog on a screen of this size.
pub fn text_width(area: Rect) -> usize {
    usize::from(area.width.min(WIDTH).saturating_sub(4))
}

/// The rows that are seen of `rows` on a screen of this size.
pub fn room(area: Rect, rows: usize) -> usize {
    let wish = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2);
    let place = layout::dialog(area, area.width.min(WIDTH), wish);
    usize::from(place.height.saturating_sub(2))
}

/// Clears a place and draws a frame there; returns the room inside.
pub fn frame(view: &View<'_>, title: &str, right: &str, place: Rect, buffer: &mut Buffer) -> Rect {
    let place = place.intersection(buffer.area);
    clear(place, buffer);
    let panel = Panel {
        title,
        right: view.line(right, Role::Muted),
        focused: true,
        ..Panel::default()
    };
    panel.render(place, buffer, view.styles)
}

/// Empties a place. A wide character that hangs into it from the left loses its left half too.
pub fn clear(place: Rect, buffer: &mut Buffer) {
    for y in place.top()..place.bottom() {
        if let Some(before) = place.x.checked_sub(1)
            && let Some(cell) = buffer.cell_mut((before, y))
            && text::width(cell.symbol()) > 1
        {
            cell.set_symbol(" ");
        }
        for x in place.left()..place.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}

/// Draws the dialog.
pub fn render(
    view: &View<'_>,
    title: &str,
    rows: &[Line<'static>],
    scroll: Scroll,
    area: Rect,
    buffer: &mut Buffer,
) {
    let wish = u16::try_from(rows.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let place = layout::dialog(area, area.width.min(WIDTH), wish);
    let room = usize::from(place.height.saturating_sub(2));
    let top = scroll.top.min(rows.len().saturating_sub(room));
    let right = if rows.len() > room {
        format!(
            "{}–{} of {}",
            top + 1,
            (top + room).min(rows.len()),
            rows.len()
        )
    } else {
        String::new()
    };
    let inside = frame(view, title, &right, place, buffer);
    let shown = rows
        .iter()
        .skip(top)
        .take(room)
        .cloned()
        .collect::<Vec<_>>();
    crate::tui::panes::lines(inside, buffer, &shown);
}

/// A heading.
pub fn heading(view: &View<'_>, text: &str) -> Line<'static> {
    view.line(text, Role::Title)
}

/// A text in rows, each indented.
pub fn paragraph(text: &str, style: Style, indent: usize, width: usize) -> Vec<Line<'static>> {
    text::wrap(text, width.saturating_sub(indent).max(8))
        .into_iter()
        .map(|row| Line::from(Span::styled(format!("{}{row}", " ".repeat(indent)), style)))
        .collect()
}

/// A label and its text, the text's further rows below its first.
pub fn pair(
    view: &View<'_>,
    label: &str,
    text: &str,
    role: Role,
    width: usize,
) -> Vec<Line<'static>> {
    const LABEL: usize = 14;
    let rows = text::wrap(text, width.saturating_sub(LABEL + 2).max(8));
    let mut out = Vec::new();
    for (i, row) in rows.into_iter().enumerate() {
        let label = if i == 0 { label } else { "" };
        out.push(Line::from(vec![
            view.span(format!("  {}", text::pad(label, LABEL)), Role::Muted),
            view.span(row, role),
        ]));
    }
    out
}
