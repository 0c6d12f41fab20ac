//! The checklist of the candidate: each gate with its state, what it found, and how old that is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::fresh::{self, Fresh};
use super::{View, empty};
use crate::app::action::ActionId;
use crate::app::world::EnvSlice;
use crate::config::theme::Role;
use crate::domain::gate::{Checklist, GateRow, GateState, Outcome};
use crate::tui::widgets::panel::Panel;
use crate::tui::widgets::table::{self, Column};
use crate::tui::widgets::text;

/// The selected row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    pub selected: usize,
}

impl State {
    /// Moves the selection; false when the action is none of the pane's.
    pub fn on_action(&mut self, action: ActionId, view: &View<'_>) -> bool {
        let rows = list(view).map_or(0, |l| l.gates.len());
        super::select(&mut self.selected, action, rows)
    }

    /// The selected gate.
    pub fn gate<'a>(&self, view: &View<'a>) -> Option<&'a GateRow> {
        list(view)?.gates.get(self.selected)
    }
}

fn list<'a>(view: &View<'a>) -> Option<&'a Checklist> {
    view.slice()?.checklist.as_ref()
}

/// The symbol and the role of a gate's state.
pub(in crate::tui) fn symbol(gate: &GateRow) -> (&'static str, Role) {
    match (gate.state, gate.required) {
        (GateState::Fail, true) => ("✖", Role::Bad),
        (GateState::Fail, false) => ("!", Role::Warn),
        (GateState::Unknown, _) => ("?", Role::Warn),
        (GateState::Pending, _) => ("●", Role::Info),
        (GateState::Waived, _) => ("~", Role::Warn),
        (GateState::Pass, _) => ("✔", Role::Good),
    }
}

/// `GO 5/6` with its role.
pub(in crate::tui) fn outcome(view: &View<'_>, list: &Checklist) -> Line<'static> {
    let (word, role) = match list.outcome() {
        Outcome::Go => ("GO", Role::Good),
        Outcome::NoGo => ("NO-GO", Role::Bad),
        Outcome::Pending => ("pending", Role::Warn),
    };
    let tally = list.tally();
    let ok = tally.pass + tally.waived;
    Line::from(vec![
        view.span(format!("{ok}/{} ", list.gates.len()), Role::Muted),
        view.span(word, role),
    ])
}

/// The freshness of all that gates are judged by here. The way back and the calendar have panes of their own.
fn freshness(slice: &EnvSlice) -> Fresh<'_> {
    let readings = slice.readings.values().map(Fresh::of);
    let all = [Fresh::of(&slice.checks), Fresh::of(&slice.approvals)];
    all.into_iter()
        .chain(readings)
        .fold(Fresh::default(), Fresh::and)
}

/// Draws the pane; on a single row what matters of it.
pub fn render(view: &View<'_>, state: &State, focused: bool, area: Rect, buffer: &mut Buffer) {
    let Some(slice) = view.slice() else { return };
    if area.height < 3 {
        folded(view, focused, area, buffer);
        return;
    }
    let fresh = freshness(slice);
    let mark = fresh.mark(view);
    let env = view.target().map(|t| t.env.to_string()).unwrap_or_default();
    let subject = slice
        .candidate
        .as_ref()
        .map_or_else(Line::default, |(candidate, _)| {
            view.line(format!("{candidate} → {env}"), Role::Title)
        });
    let panel = Panel {
        title: "Gates",
        subject,
        right: list(view).map_or_else(Line::default, |l| outcome(view, l)),
        focused,
        stale: mark.as_deref(),
        ..Panel::default()
    };
    let inside = panel.render(area, buffer, view.styles);
    let Some(list) = list(view) else {
        let (why, hint) = why_empty(view);
        empty(view, inside, buffer, &why, &hint);
        return;
    };
    let mut foot = fresh.foot(view, "checks");
    if fresh.fault.is_none() && !fresh.cached {
        foot = view.line(format!("{}: {}", list.candidate, list.chosen), Role::Muted);
    }
    fresh::put_foot(area, buffer, &foot);
    rows(view, list, state.selected, focused, inside, buffer);
}

fn rows(
    view: &View<'_>,
    list: &Checklist,
    selected: usize,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    let widest = list.gates.iter().map(|g| text::width(g.id.as_str())).max();
    let id = u16::try_from(widest.unwrap_or(0))
        .unwrap_or(u16::MAX)
        .clamp(4, 16);
    let columns = [
        Column {
            least: 2,
            wished: 2,
            rank: 9,
            right: false,
        },
        Column {
            least: id.min(8),
            wished: id,
            rank: 8,
            right: false,
        },
        Column {
            least: 8,
            wished: 200,
            rank: 7,
            right: false,
        },
        Column {
            least: 4,
            wished: 4,
            rank: 3,
            right: true,
        },
    ];
    let area = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    // The first column of the highest rank would take what is left over; the summary is to have it.
    let places = table::layout(&columns, area.width);
    let room = usize::from(area.height);
    let top = super::scroll_to(selected, list.gates.len(), room);
    // Stages have a heading of their own where all of it fits.
    let stages = list.gates.iter().zip(list.gates.iter().skip(1));
    let stages = 1 + stages.filter(|(a, b)| a.stage != b.stage).count();
    let headed = stages > 1 && list.gates.len() + stages <= room;
    let mut stage_before = None;
    let mut y = area.y;
    for (i, gate) in list.gates.iter().enumerate().skip(top).take(room) {
        if headed && stage_before != Some(gate.stage) {
            let heading = view.line(format!(" {}", gate.stage.word()), Role::Muted);
            text::put_line(
                buffer,
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                &heading,
            );
            y += 1;
        }
        stage_before = Some(gate.stage);
        let (symbol, role) = symbol(gate);
        let marked = if focused && i == selected { "▸" } else { " " };
        let advisory = if gate.required { "" } else { "  (advisory)" };
        let words = if gate.state == GateState::Pass {
            Role::Text
        } else {
            role
        };
        let cells = [
            Line::from(vec![
                view.span(marked, Role::Accent),
                view.span(symbol, role),
            ]),
            view.line(gate.id.as_str(), Role::Text),
            Line::from(vec![
                view.span(gate.summary.as_str(), words),
                view.span(advisory, Role::Muted),
            ]),
            view.line(
                gate.evidence.at.map(|at| view.age(at)).unwrap_or_default(),
                Role::Muted,
            ),
        ];
        table::row(
            &columns,
            &places,
            &cells,
            Rect {
                y,
                height: 1,
                ..area
            },
            buffer,
        );
        y += 1;
    }
}

/// Why there is no checklist, and what to do.
fn why_empty(view: &View<'_>) -> (String, String) {
    let Some(slice) = view.slice() else {
        return (String::new(), String::new());
    };
    if let Some(fault) = slice.checks.fault() {
        let hint = fault.hint.as_ref().map(ToString::to_string);
        return (
            format!("▲ {}{}", fault.message, fresh::next_try(fault, view.now)),
            hint.unwrap_or_default(),
        );
    }
    match (&slice.candidate, &slice.state) {
        (Some((candidate, chosen)), _) => (
            format!("asking for the checks of {candidate}, {chosen} …"),
            String::new(),
        ),
        (None, Some(_)) => (
            "there is no candidate: no tag, no draft release, no branch".to_owned(),
            "push a tag or draft a release to see its gates".to_owned(),
        ),
        (None, None) => ("no candidate is known yet".to_owned(), String::new()),
    }
}

/// `gates 5/6 GO  v2.15.0` and the first that does not pass.
fn folded(view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let mark = if focused { "▸" } else { " " };
    let mut spans: Vec<Span<'static>> = vec![
        view.span(mark, Role::Accent),
        view.span("gates ", if focused { Role::Accent } else { Role::Title }),
    ];
    if let Some(list) = list(view) {
        spans.extend(outcome(view, list).spans);
        spans.push(view.span(format!("  {}", list.candidate), Role::Muted));
        let worst = list
            .gates
            .iter()
            .filter(|g| !matches!(g.state, GateState::Pass | GateState::Waived))
            .min_by_key(|g| (!g.required, g.state));
        if let Some(gate) = worst {
            let (symbol, role) = symbol(gate);
            spans.push(view.span(format!("   {symbol} {}", gate.id), role));
            spans.push(view.span(format!(" {}", gate.summary), Role::Text));
        }
    } else {
        spans.push(view.span(why_empty(view).0, Role::Muted));
    }
    let mark = view.slice().and_then(|s| freshness(s).mark(view));
    fresh::folded(area, buffer, &Line::from(spans), mark, view);
}
