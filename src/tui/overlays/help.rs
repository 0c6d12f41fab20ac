//! Every key that works, from the one table of actions; below it what happened lately.

use ratatui::text::Line;

use super::scroll::{heading, paragraph};
use crate::app::action::{ActionId, Group};
use crate::app::keymap::Keymap;
use crate::app::notice::Severity;
use crate::config::theme::Role;
use crate::tui::panes::View;
use crate::tui::widgets::text;

/// The columns of the keys.
const KEYS: usize = 16;

/// The rows of the overlay.
pub fn lines(view: &View<'_>, keymap: &Keymap, width: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    for group in Group::ALL {
        let rows = ActionId::ALL
            .iter()
            .map(|id| id.row())
            .filter(|r| r.group == group);
        out.push(heading(view, group.title()));
        for row in rows {
            let keys: Vec<String> = keymap
                .chords_of(row.id)
                .iter()
                .map(crate::app::chord::Chord::label)
                .collect();
            if keys.is_empty() {
                continue;
            }
            let role = if row.danger { Role::Bad } else { Role::Key };
            let doc = text::wrap(row.doc, width.saturating_sub(KEYS + 2).max(8));
            for (i, part) in doc.into_iter().enumerate() {
                let keys = if i == 0 {
                    keys.join("  ")
                } else {
                    String::new()
                };
                let label = text::truncate(&keys, KEYS - 1);
                let gap = KEYS.saturating_sub(text::width(&label));
                out.push(Line::from(vec![
                    view.span("  ", Role::Text),
                    view.span(label, role),
                    view.span(" ".repeat(gap), Role::Text),
                    view.span(part, Role::Text),
                ]));
            }
        }
        out.push(Line::default());
    }
    if !view.world.withheld.is_empty() {
        out.push(heading(view, "Withheld until flightdeck config trust"));
        let names: Vec<&str> = view.world.withheld.iter().map(AsRef::as_ref).collect();
        out.extend(paragraph(
            &names.join(", "),
            view.styles.get(Role::Warn),
            2,
            width,
        ));
        out.push(Line::default());
    }
    out.push(heading(view, "What happened"));
    out.extend(notices(view, width));
    out
}

/// The notices, newest first.
fn notices(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let mut all: Vec<_> = view.world.notices.iter().collect();
    all.reverse();
    if all.is_empty() {
        return vec![view.line("  nothing worth telling", Role::Muted)];
    }
    let mut out = Vec::new();
    for notice in all {
        let (symbol, role) = severity(notice.severity);
        let head = format!(
            "{} {symbol} {}: {}",
            view.moment(notice.at),
            notice.source,
            notice.title
        );
        out.extend(paragraph(&head, view.styles.get(role), 2, width));
        if let Some(hint) = &notice.hint {
            out.extend(paragraph(
                hint.as_str(),
                view.styles.get(Role::Muted),
                8,
                width,
            ));
        }
    }
    out
}

/// The symbol and the role of a notice.
pub fn severity(severity: Severity) -> (&'static str, Role) {
    match severity {
        Severity::Info => ("i", Role::Info),
        Severity::Warning => ("!", Role::Warn),
        Severity::Error => ("✖", Role::Bad),
    }
}
