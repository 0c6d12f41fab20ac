//! The changes that a rollback takes away.

use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::units;
use crate::tui::overlays::scroll::pair;
use crate::tui::panes::View;

pub(super) fn of_changes(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let Some(Ok(plan)) = view.slice().and_then(|s| s.plan.as_ref()) else {
        return Vec::new();
    };
    let mut out = vec![view.line(format!("  {} → {}", plan.from, plan.to), Role::Muted)];
    for change in &plan.reverts {
        let number = change.number.map(|n| format!("#{n}")).unwrap_or_default();
        let by = change
            .author
            .as_ref()
            .map(|a| format!("  @{a}"))
            .unwrap_or_default();
        out.extend(pair(
            view,
            &number,
            &format!("{}{by}", change.title),
            Role::Text,
            width,
        ));
    }
    if !plan.reverts_known {
        out.extend(pair(
            view,
            "",
            "the list is not complete",
            Role::Warn,
            width,
        ));
    }
    let ready = plan
        .usual_s
        .map(|s| units::span(jiff::SignedDuration::from_secs(s)));
    if let Some(usual) = ready {
        out.extend(pair(
            view,
            "",
            &format!("a rollback usually takes {usual}"),
            Role::Muted,
            width,
        ));
    }
    out
}
