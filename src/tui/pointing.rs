//! The mouse: a click focuses, the wheel scrolls what has the focus.

use super::decode::{Mouse, MouseKind};
use super::layout::{self, PaneId};
use super::routing::Intent;
use super::screen::Screen;
use super::views::places;
use crate::app::action::{ActionId, Context};
use crate::app::world::World;
use crate::domain::units::Now;

impl Screen {
    pub(super) fn on_mouse(&mut self, mouse: Mouse, world: &World, now: Now) -> Vec<Intent> {
        let wheel = match mouse.kind {
            MouseKind::WheelUp => Some(ActionId::Up),
            MouseKind::WheelDown => Some(ActionId::Down),
            MouseKind::Click => None,
        };
        match self.context(world) {
            Context::Form => Vec::new(),
            Context::Dialog => {
                wheel.map_or_else(Vec::new, |action| self.on_dialog(action, world, now))
            }
            Context::Pane | Context::Global => {
                let at = (mouse.column, mouse.row).into();
                let body = self.body();
                if let Some((page, frame)) = self.pages.of_mut(self.shown()) {
                    let (list, aside) = places(page, frame, body);
                    let over = (list.contains(at), aside.contains(at));
                    match (wheel, over) {
                        (None, (true, _)) => frame.aside = false,
                        (None, (_, true)) => frame.aside = true,
                        (Some(action), (true, _)) if !frame.aside => {
                            self.in_pane(action, world, now);
                        }
                        (Some(action), (_, true)) if frame.aside => {
                            self.in_pane(action, world, now);
                        }
                        _ => {}
                    }
                    return Vec::new();
                }
                let zoom = self.zoomed.then_some(self.focus);
                if let Some(pane) = layout::plan(self.area, zoom).at(mouse.column, mouse.row) {
                    match wheel {
                        None => self.focus = pane,
                        Some(action)
                            if pane == self.focus
                                && matches!(pane, PaneId::Gates | PaneId::Calendar) =>
                        {
                            self.in_pane(action, world, now);
                        }
                        Some(_) => {}
                    }
                }
                Vec::new()
            }
        }
    }
}
