//! What a page is, and how it stands on the screen: its rows, and beside or below them, where there is room, the evidence of the
//! selected one, or what is told of all. Tab goes from one to the other, the zoom gives one of them all the room.

use std::fmt::Debug;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::View;
use crate::app::action::ActionId;
use crate::app::msg::Msg;
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::units::Now;
use crate::tui::overlays::detail::{Detail, Of};
use crate::tui::overlays::scroll::Scroll;
use crate::tui::widgets::panel::Panel;

/// From this width on the evidence stands beside the rows.
const BESIDE: u16 = 150;
/// From this height on it stands below them.
const BELOW: u16 = 30;
/// The rows have at least this height above it.
const LEAST: u16 = 8;

/// A page of rows.
pub(in crate::tui) trait Page: Debug {
    /// Brings up to date what follows from the World and the time. Called before every frame and every key.
    fn observe(&mut self, world: &World, now: Now);
    /// Moves in the rows, which stand in `area`; false when the action is none of the page's.
    fn on_action(&mut self, action: ActionId, view: &View<'_>, area: Rect) -> bool;
    /// Draws the rows.
    fn render(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer);
    /// What the selected row opens into.
    fn opened(&self, view: &View<'_>) -> Option<Of>;
    /// The rows of the screen that all of it would take; none: there is nothing to open, so no evidence is shown.
    fn wish(&self) -> Option<u16>;
    /// The words that rows are filtered by; none: rows can't be filtered.
    fn needle(&self) -> Option<&str> {
        None
    }
    /// Shows only rows that hold these words; none: all.
    fn filter(&mut self, _needle: &str) {}
    /// What is to be asked while the page is seen.
    fn wants(&mut self, _world: &World) -> Option<Msg> {
        None
    }
    /// What stands beside the rows, in so many columns: its title and its rows.
    fn beside(&self, view: &View<'_>, width: usize) -> (&'static str, Vec<Line<'static>>) {
        self.opened(view)
            .map(Detail::new)
            .map_or(("Evidence", Vec::new()), |detail| {
                (detail.title(), detail.lines(view, width))
            })
    }
    /// Shows the next or the previous part of the page; false: there is one only.
    fn step(&mut self, _forward: bool) -> bool {
        false
    }
    /// Shows the first part of the page again.
    fn first(&mut self) {}
    /// Goes into the selected row where it stands for rows of its own; false: it does not.
    fn enter(&mut self) -> bool {
        false
    }
    /// Comes back out of it; false: it was not entered.
    fn leave(&mut self) -> bool {
        false
    }
    /// What an action chooses for all of the page, as the key line says it; none: nothing.
    fn chooses(&self, _action: ActionId) -> Option<String> {
        None
    }
    /// Chooses it.
    fn choose(&mut self, _action: ActionId, _world: &World) {}
}

/// How a page is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tui) struct Frame {
    /// Whether the evidence has the focus.
    pub aside: bool,
    /// Whether what has the focus has all the room.
    pub zoomed: bool,
    /// The scroll of the evidence.
    pub scroll: Scroll,
}

/// The places of the rows and of the evidence; an empty one is not seen.
pub(in crate::tui) fn places(page: &dyn Page, frame: &Frame, area: Rect) -> (Rect, Rect) {
    let none = Rect::default();
    let Some(wish) = page.wish() else {
        return (area, none);
    };
    if frame.zoomed {
        return if frame.aside {
            (none, area)
        } else {
            (area, none)
        };
    }
    if area.width >= BESIDE {
        let width = area.width * 3 / 5;
        return (
            Rect { width, ..area },
            Rect {
                x: area.x + width,
                width: area.width - width,
                ..area
            },
        );
    }
    if area.height >= BELOW {
        let height = (area.height * 3 / 5).min(wish.max(LEAST));
        return (
            Rect { height, ..area },
            Rect {
                y: area.y + height,
                height: area.height - height,
                ..area
            },
        );
    }
    (area, none)
}

/// What stands beside the rows in this place: its title and its rows.
pub(in crate::tui) fn evidence(
    page: &dyn Page,
    view: &View<'_>,
    place: Rect,
) -> (&'static str, Vec<Line<'static>>) {
    page.beside(view, usize::from(place.width.saturating_sub(4)))
}

/// Draws a page with the evidence of its selected row.
pub(in crate::tui) fn render(
    page: &dyn Page,
    frame: &Frame,
    view: &View<'_>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    let (list, aside) = places(page, frame, area);
    let in_evidence = frame.aside && !aside.is_empty();
    if !list.is_empty() {
        page.render(view, focused && !in_evidence, list, buffer);
    }
    if aside.is_empty() {
        return;
    }
    let (title, rows) = evidence(page, view, aside);
    let room = usize::from(aside.height.saturating_sub(2));
    let top = frame.scroll.top.min(rows.len().saturating_sub(room));
    let right = if rows.len() > room {
        let end = (top + room).min(rows.len());
        format!("{}–{end} of {}", top + 1, rows.len())
    } else {
        String::new()
    };
    let panel = Panel {
        title,
        right: view.line(right, Role::Muted),
        focused: focused && in_evidence,
        ..Panel::default()
    };
    let inside = panel.render(aside, buffer, view.styles);
    let seen: Vec<Line<'static>> = rows.into_iter().skip(top).take(room).collect();
    crate::tui::panes::lines(inside, buffer, &seen);
}
