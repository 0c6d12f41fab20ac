//! The evidence behind a pane: what was asked, what was found, how old it is, where to look.

mod calendar;
mod changes;
mod deploy;
mod gates;

use ratatui::text::Line;

use super::evidence::of_signals;
use super::scroll::{Scroll, pair};
use crate::config::theme::Role;
use crate::tui::layout::PaneId;
use crate::tui::panes::View;

/// An open detail.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    pub of: Of,
    pub scroll: Scroll,
}

/// What it is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Of {
    Pane(PaneId),
    /// The changes that a rollback takes away.
    Changes,
    /// What a rollback would send.
    DryRun(Vec<(String, String)>),
}

impl Detail {
    /// Opened at its first row.
    pub fn new(of: Of) -> Self {
        Self {
            of,
            scroll: Scroll::default(),
        }
    }

    /// The title.
    pub fn title(&self) -> &'static str {
        match self.of {
            Of::Pane(PaneId::Deploy) => "Deploy: run, jobs, steps",
            Of::Pane(PaneId::Errors) => "Errors: evidence",
            Of::Pane(PaneId::Latency) => "Latency: evidence",
            Of::Pane(PaneId::Gates) => "Gates: evidence",
            Of::Pane(PaneId::Calendar) => "Calendar: agenda",
            Of::Changes => "Changes that go",
            Of::DryRun(_) => "Dry run: what would be sent",
        }
    }

    /// The rows, for text of so many columns.
    pub fn lines(&self, view: &View<'_>, width: usize) -> Vec<Line<'static>> {
        let mut out = match &self.of {
            Of::Pane(PaneId::Deploy) => deploy::of_deploy(view, width),
            Of::Pane(PaneId::Errors) => of_signals(view, "errors", width),
            Of::Pane(PaneId::Latency) => of_signals(view, "latency", width),
            Of::Pane(PaneId::Gates) => gates::of_gates(view, width),
            Of::Pane(PaneId::Calendar) => calendar::of_calendar(view, width),
            Of::Changes => changes::of_changes(view, width),
            Of::DryRun(rows) => rows
                .iter()
                .flat_map(|(label, text)| pair(view, label, text, Role::Text, width))
                .chain([Line::default(), view.line("  nothing was sent", Role::Good)])
                .collect(),
        };
        if out.is_empty() {
            out.push(view.line("  nothing is known yet", Role::Muted));
        }
        out
    }
}
