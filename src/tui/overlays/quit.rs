//! The question before leaving while this process rolls something back: what goes on, what does not.

use ratatui::text::Line;

use super::scroll::paragraph;
use crate::app::flow::{Flow, Stage};
use crate::app::world::World;
use crate::config::theme::Role;
use crate::report::command;
use crate::tui::panes::View;

/// The rollbacks that this process does (not those of others that it only follows).
pub fn own_flows(world: &World) -> impl Iterator<Item = &Flow> {
    world
        .flows
        .values()
        .filter(|f| !f.is_over() && f.stage != Stage::Following)
}

/// The rows of the dialog.
pub fn lines(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let text = view.styles.get(Role::Text);
    let mut out = Vec::new();
    for flow in own_flows(view.world) {
        let doing = flow.steps.last().map(|s| s.step.to_string());
        let head = format!(
            "The rollback of {} from {} to {} is under way: {}.",
            flow.target,
            flow.facts.from,
            flow.facts.to,
            doing.unwrap_or_default()
        );
        out.extend(paragraph(&head, view.styles.get(Role::Warn), 0, width));
        let sent = flow.approved.is_none();
        let what = if sent {
            "What was sent goes on. Nobody looks whether it becomes live and heals until another flightdeck on this machine takes over, or you run:"
        } else {
            "The rollback is not sent yet, and may never be: nothing goes back by itself. Its intent then stays open until it is resolved:"
        };
        out.extend(paragraph(what, text, 0, width));
        let line = if sent {
            command::resume(&flow.target)
        } else {
            command::resolve(&flow.target)
        };
        out.extend(paragraph(&line, view.styles.get(Role::Accent), 2, width));
        out.push(Line::default());
    }
    out.push(Line::from(vec![
        view.span(" Enter ", Role::Key),
        view.span("  leave     ", Role::Text),
        view.span(" Esc ", Role::Key),
        view.span("  stay", Role::Text),
    ]));
    out
}
