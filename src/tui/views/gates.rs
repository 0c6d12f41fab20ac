//! The gates: the checklist of the candidate with all the room, the evidence of the selected gate beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::View;
use super::page::Page;
use crate::app::action::ActionId;
use crate::app::world::World;
use crate::domain::ids::Target;
use crate::domain::units::Now;
use crate::tui::overlays::detail::Of;
use crate::tui::panes::gates;

/// The page's state.
#[derive(Debug, Clone, Default)]
pub(super) struct Gates {
    rows: gates::State,
    target: Option<Target>,
}

impl Page for Gates {
    fn observe(&mut self, world: &World, _now: Now) {
        if self.target != world.focus {
            self.target.clone_from(&world.focus);
            self.rows = gates::State::default();
        }
    }

    fn on_action(&mut self, action: ActionId, view: &View<'_>, _area: Rect) -> bool {
        self.rows.on_action(action, view)
    }

    fn render(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
        gates::render(view, &self.rows, focused, area, buffer);
    }

    fn opened(&self, view: &View<'_>) -> Option<Of> {
        let gate = self.rows.gate(view)?;
        Some(Of::Gate(gate.id.to_string()))
    }
}
