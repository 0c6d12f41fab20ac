//! The evidence behind a pane: what was asked, what was found, how old it is, where to look.

mod calendar;
mod changes;
mod delivery;
mod deploy;
mod entry;
mod gates;
mod receipt;
mod row;
mod taken;

pub use delivery::Queued;
pub(in crate::tui) use deploy::status;
use ratatui::text::Line;

use super::evidence::of_signals;
use super::scroll::{Scroll, pair};
use crate::config::theme::Role;
use crate::domain::calendar::Entry;
use crate::domain::change::delivery::Delivered;
use crate::domain::change::metric::Metric;
use crate::domain::ids::CommitSha;
use crate::domain::ledger::Row;
use crate::domain::text::Safe;
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
    /// A gate of the selected target, by its id.
    Gate(String),
    /// An entry of the calendar.
    Entry(Box<Entry>),
    /// A row of the ledger.
    Row(Box<Row>),
    /// A row of the ledger that can't be read: its number, and why.
    Unreadable(u64, Safe),
    /// What the signals say of the deploy, all of it.
    Verdict,
    /// A job of the run, by its number.
    Job(u64),
    /// A version that is or was live.
    Live(CommitSha),
    /// The changes that a rollback takes away.
    Changes,
    /// A change: its receipt.
    Change(Box<Delivered>),
    /// Something that waits for a deployment.
    Queued(Box<Queued>),
    /// One of the delivery metrics.
    Metric(Metric),
    /// A deployment of the metrics, by its id.
    Deployment(Safe),
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
            Of::Gate(_) => "Gate: evidence",
            Of::Entry(_) => "Calendar: entry",
            Of::Row(_) | Of::Unreadable(..) => "Ledger: row",
            Of::Verdict => "Verdict: evidence",
            Of::Job(_) => "Job: steps",
            Of::Live(_) => "Version: deployments",
            Of::Changes => "Changes that go",
            Of::Change(_) => "Change: receipt",
            Of::Queued(_) => "Queue: what waits",
            Of::Metric(_) => "Metric: how it is counted",
            Of::Deployment(_) => "Deployment: evidence",
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
            Of::Gate(id) => gates::of_one(view, id, width),
            Of::Entry(entry) => entry::of_entry(view, entry, width),
            Of::Row(row) => row::of_row(view, row, width),
            Of::Unreadable(seq, why) => row::unreadable(view, *seq, why, width),
            Of::Verdict => deploy::of_verdict(view, width),
            Of::Job(id) => deploy::of_job(view, *id, width),
            Of::Live(sha) => deploy::of_version(view, sha, width),
            Of::Changes => changes::of_changes(view, width),
            Of::Change(row) => receipt::of_change(view, row, width),
            Of::Queued(queued) => delivery::of_queued(view, queued, width),
            Of::Metric(metric) => delivery::of_metric(view, *metric, width),
            Of::Deployment(id) => delivery::of_deployment(view, id, width),
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
