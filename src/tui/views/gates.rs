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
    /// The gates and their stages' headings.
    height: usize,
}

impl Page for Gates {
    fn observe(&mut self, world: &World, _now: Now) {
        if self.target != world.focus {
            self.target.clone_from(&world.focus);
            self.rows = gates::State::default();
        }
        let list = world.focused().and_then(|(_, s)| s.checklist.as_ref());
        self.height = list.map_or(0, |list| {
            let pairs = list.gates.iter().zip(list.gates.iter().skip(1));
            let stages = pairs.filter(|(a, b)| a.stage != b.stage).count();
            // One stage alone has no heading.
            list.gates.len() + if stages > 0 { stages + 1 } else { 0 }
        });
    }

    fn on_action(&mut self, action: ActionId, view: &View<'_>, _area: Rect) -> bool {
        self.rows.on_action(action, view)
    }

    fn render(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
        gates::render(view, &self.rows, focused, area, buffer);
    }

    fn wish(&self) -> Option<u16> {
        let rows = u16::try_from(self.height).unwrap_or(u16::MAX);
        (rows > 0).then(|| rows.saturating_add(2))
    }

    fn opened(&self, view: &View<'_>) -> Option<Of> {
        let gate = self.rows.gate(view)?;
        Some(Of::Gate(gate.id.to_string()))
    }
}
