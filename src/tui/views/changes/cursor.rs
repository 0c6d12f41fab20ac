//! A selection in a list of rows, and where the list is scrolled to.

use super::super::list;
use crate::app::action::ActionId;

/// The selection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cursor {
    pub(super) at: usize,
    top: usize,
}

impl Cursor {
    /// Moves over `rows` rows of which `room` are seen; false when the action is no movement.
    pub(super) fn on_action(&mut self, action: ActionId, rows: usize, room: usize) -> bool {
        let Some(to) = list::moved(self.at, action, rows, room) else {
            return false;
        };
        self.top = list::top(self.top, to, rows, room);
        self.at = to;
        true
    }

    /// The first row that is seen.
    pub(super) fn top(&self, rows: usize, room: usize) -> usize {
        list::top(self.top, self.at, rows, room)
    }

    /// The rows are others now; the selection stays among them.
    pub(super) fn clamp(&mut self, rows: usize) {
        self.at = self.at.min(rows.saturating_sub(1));
    }
}
