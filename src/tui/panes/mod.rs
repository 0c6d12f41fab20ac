//! The panes of the cockpit, one file each, and what they all are given: the World, the time, the styles.

pub mod calendar;
pub mod deploy;
pub mod errors;
pub mod fresh;
pub mod gates;
pub mod latency;
pub(in crate::tui) mod measured;
pub mod verdict;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::world::{EnvSlice, World};
use crate::config::theme::Role;
use crate::domain::calendar::Entry;
use crate::domain::catalog::{Environment, Service};
use crate::domain::ids::Target;
use crate::domain::release::watch::Phase;
use crate::domain::units::Now;

use super::styles::Styles;
use super::widgets::text;

/// What a pane draws from.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub world: &'a World,
    pub now: Now,
    pub styles: &'a Styles,
    /// The charts' window of time, in unix seconds.
    pub window: (i64, i64),
    /// The calendar around now, in order.
    pub agenda: &'a [Entry],
    /// Whether charts are drawn with ASCII only.
    pub ascii: bool,
}

impl<'a> View<'a> {
    /// The selected target.
    pub fn target(&self) -> Option<&'a Target> {
        self.world.focus.as_ref()
    }

    /// What is known of the selected target.
    pub fn slice(&self) -> Option<&'a EnvSlice> {
        self.world.focused().map(|(_, slice)| slice)
    }

    /// What is configured for the selected target.
    pub fn configured(&self) -> Option<(&'a Service, &'a Environment)> {
        self.world.configured(self.target()?)
    }

    /// Whether seconds matter: see [`is_live`].
    pub fn live(&self) -> bool {
        is_live(self.world)
    }

    /// A piece of text in a role's style.
    pub fn span(&self, text: impl Into<String>, role: Role) -> Span<'static> {
        Span::styled(text.into(), self.styles.get(role))
    }

    /// A line of one piece.
    pub fn line(&self, text: impl Into<String>, role: Role) -> Line<'static> {
        Line::from(self.span(text, role))
    }

    /// A moment on the screen's clock: the time, with its day when that is another one.
    pub fn moment(&self, at: jiff::Timestamp) -> String {
        let there = at.to_zoned(self.world.zone.clone());
        let here = self.now.0.to_zoned(self.world.zone.clone());
        if there.date() == here.date() {
            there.strftime("%H:%M").to_string()
        } else {
            there.strftime("%a %d %b %H:%M").to_string()
        }
    }

    /// An age: in seconds while seconds matter, else in whole minutes, so that an idle screen does not tick.
    pub fn age(&self, at: jiff::Timestamp) -> String {
        let passed = self.now.since(at);
        if self.live() || passed.as_secs() >= 60 {
            crate::domain::units::age(passed)
        } else {
            "now".to_owned()
        }
    }

    /// A duration that grows: with seconds while seconds matter, else in whole minutes.
    pub fn growing(&self, since: jiff::Timestamp) -> String {
        let passed = self.now.since(since);
        if self.live() {
            crate::domain::units::span(passed)
        } else {
            crate::domain::units::age(passed)
        }
    }
}

/// Whether seconds matter: a deploy or a rollback is under way here, or is still watched.
pub fn is_live(world: &World) -> bool {
    let Some((target, slice)) = world.focused() else {
        return false;
    };
    let watched = slice
        .watch
        .as_ref()
        .is_some_and(|w| w.phase != Phase::Broken);
    watched || world.flows.get(target).is_some_and(|f| !f.is_over())
}

/// Lines one below the other, as many as there is room for, one column away from the frame.
pub(super) fn lines(area: Rect, buffer: &mut Buffer, lines: &[Line<'_>]) {
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        let place = Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(2),
            height: 1,
        };
        text::put_line(buffer, place, line);
    }
}

/// A pane without data: why, and what to do, cut into rows at the top of the area.
pub(super) fn empty(view: &View<'_>, area: Rect, buffer: &mut Buffer, why: &str, hint: &str) {
    let width = usize::from(area.width.saturating_sub(2));
    let mut rows: Vec<Line<'static>> = text::wrap(why, width)
        .into_iter()
        .map(|row| view.line(row, Role::Text))
        .collect();
    if !hint.is_empty() {
        // Lines of a configuration stay lines.
        let hint = hint.lines().flat_map(|line| text::wrap(line, width));
        rows.extend(hint.map(|row| view.line(row, Role::Muted)));
    }
    lines(area, buffer, &rows);
}

/// Moves a selection over `rows` rows; false when the action is no movement.
fn select(selected: &mut usize, action: crate::app::action::ActionId, rows: usize) -> bool {
    use crate::app::action::ActionId;
    const PAGE: usize = 8;
    let last = rows.saturating_sub(1);
    *selected = match action {
        ActionId::Up => selected.saturating_sub(1),
        ActionId::Down => selected.saturating_add(1),
        ActionId::PageUp => selected.saturating_sub(PAGE),
        ActionId::PageDown => selected.saturating_add(PAGE),
        ActionId::Home => 0,
        ActionId::End => last,
        _ => return false,
    }
    .min(last);
    true
}

/// The first row to show, so that the selected one is seen.
fn scroll_to(selected: usize, total: usize, room: usize) -> usize {
    let selected = selected.min(total.saturating_sub(1));
    let most = total.saturating_sub(room);
    selected
        .saturating_sub(room.saturating_sub(2).max(room / 2))
        .min(most)
}
