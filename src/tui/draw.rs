//! The picture: everything of the World and the screen, drawn into a buffer. Pure.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::layout::{self, PaneId};
use super::overlays::{Overlay, detail, help, progress, quit, rollback_form, scroll, sign};
use super::panes::{View, calendar, deploy, errors, gates, latency};
use super::screen::Screen;
use super::{chrome, plain, tabs, views};
use crate::app::world::World;
use crate::domain::units::Now;

/// Draws everything into `buffer`. Pure: the same World, screen and time give the same picture.
pub fn render(world: &World, screen: &Screen, now: Now, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let live = screen.view(world, now);
    let view = screen.seen(world, now);
    let zoom = screen.zoomed.then_some(screen.focus);
    let places = layout::plan(area, zoom);
    chrome::title(&view, screen, places.title, buffer);
    tabs::render(&view, screen, places.tabs, buffer);
    chrome::small(&view, places.small, buffer);
    if let Some((page, frame)) = screen.pages.of(screen.shown()) {
        let focused = !screen.covered();
        views::render(page, frame, &view, focused, layout::body(area), buffer);
    } else {
        cockpit(&view, screen, &places, buffer);
    }
    // A dialog leaves the key line alone: it says which keys act in it.
    let over = Rect {
        height: area.height.saturating_sub(places.keys.height),
        ..area
    };
    // Only the uppermost dialog is drawn: frames over frames tell nothing.
    if let Some(overlay) = screen.overlays.last() {
        // Evidence tells what is seen; what can be confirmed tells what is true.
        let told = match overlay {
            Overlay::Detail(_) | Overlay::Help(_) => &view,
            _ => &live,
        };
        overlay_on(told, screen, overlay, over, buffer);
    }
    chrome::keys(&live, screen, places.keys, buffer);
    if screen.look.ascii {
        plain::fold(area, buffer);
    }
}

/// The panes of the cockpit.
fn cockpit(view: &View<'_>, screen: &Screen, places: &layout::Layout, buffer: &mut Buffer) {
    for pane in PaneId::ALL {
        let place = places.of(pane);
        if place.is_empty() {
            continue;
        }
        let focused = screen.focus == pane && !screen.covered();
        match pane {
            PaneId::Deploy => deploy::render(view, focused, place, buffer),
            PaneId::Errors => errors::render(view, focused, place, buffer),
            PaneId::Latency => latency::render(view, focused, place, buffer),
            PaneId::Gates => gates::render(view, &screen.gates, focused, place, buffer),
            PaneId::Calendar => calendar::render(view, &screen.calendar, focused, place, buffer),
        }
    }
}

fn overlay_on(
    view: &View<'_>,
    screen: &Screen,
    overlay: &Overlay,
    area: Rect,
    buffer: &mut Buffer,
) {
    let width = scroll::text_width(area);
    match overlay {
        Overlay::Help(top) => {
            let rows = help::lines(view, &screen.look.keymap, width);
            scroll::render(view, "Keys", &rows, *top, area, buffer);
        }
        Overlay::Detail(detail::Detail { scroll: top, .. }) => {
            let Overlay::Detail(detail) = overlay else {
                return;
            };
            scroll::render(
                view,
                detail.title(),
                &detail.lines(view, width),
                *top,
                area,
                buffer,
            );
        }
        // It stands in the key line.
        Overlay::Filter(_) => {}
        Overlay::Sign(form) => sign::render(view, form, area, buffer),
        Overlay::Quit => {
            let rows = quit::lines(view, width);
            scroll::render(
                view,
                "Leave?",
                &rows,
                scroll::Scroll::default(),
                area,
                buffer,
            );
        }
        Overlay::Rollback(form) => {
            let open = view
                .world
                .ledger
                .open
                .iter()
                .find(|o| o.target == form.target);
            match (view.world.flows.get(&form.target), open) {
                (Some(flow), _) => progress::render(view, flow, area, buffer),
                (None, Some(open)) => progress::render_open(view, open, area, buffer),
                (None, None) => rollback_form::render(view, form, area, buffer),
            }
        }
    }
}
