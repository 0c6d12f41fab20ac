//! A rollback under way, in the place of its form: each step with its mark, time and detail, the figures while it is verified,
//! and loudly how it ended. Every line is a row of the ledger.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::scroll::{frame, pair, paragraph};
use crate::app::flow::{Flow, FlowOutcome, FlowStep, Stage, StepMark};
use crate::config::theme::Role;
use crate::domain::release::rollout;
use crate::domain::rollback::OpenIntent;
use crate::domain::units::{millis, percent, span};
use crate::report::command;
use crate::tui::layout;
use crate::tui::panes::{View, deploy};
use crate::tui::widgets::text;

const WIDTH: u16 = 102;

/// Draws the progress.
pub fn render(view: &View<'_>, flow: &Flow, area: Rect, buffer: &mut Buffer) {
    let width = area.width.min(WIDTH);
    let inner = usize::from(width.saturating_sub(4));
    let word = if flow.is_over() {
        "Rollback of"
    } else {
        "Rolling back"
    };
    let title = format!(
        "{word} {}  {} → {}",
        flow.target, flow.facts.from, flow.facts.to
    );
    let until = flow.ended_at.unwrap_or(view.now.0);
    let took = span(until.duration_since(flow.started_at));
    let tail = ending(view, flow, inner);
    let whole = rows(view, flow, inner, true);
    let head = if whole.len() + tail.len() + 2 > usize::from(area.height) {
        rows(view, flow, inner, false)
    } else {
        whole
    };
    draw(view, (&title, &took), (head, tail), width, area, buffer);
}

/// An open rollback that this process neither does nor follows.
pub fn render_open(view: &View<'_>, open: &OpenIntent, area: Rect, buffer: &mut Buffer) {
    let width = area.width.min(WIDTH);
    let inner = usize::from(width.saturating_sub(4));
    let title = format!("A rollback of {} is open", open.target);
    let mut rows = pair(
        view,
        "what",
        &format!("{} → {}", open.facts.from, open.facts.to),
        Role::Text,
        inner,
    );
    let by = format!("{}, recorded {}", open.who, view.moment(open.at));
    rows.extend(pair(view, "by", &by, Role::Text, inner));
    rows.extend(pair(view, "reason", &open.facts.reason, Role::Text, inner));
    let sent = match (open.sent, open.run) {
        (_, Some(run)) => format!("dispatched as run {run}"),
        (true, None) => {
            "its dispatch was about to be sent; whether it arrived is not known".to_owned()
        }
        (false, None) => "nothing was sent".to_owned(),
    };
    rows.extend(pair(view, "state", &sent, Role::Warn, inner));
    rows.extend(pair(
        view,
        "",
        "a second one is never sent while it is open",
        Role::Muted,
        inner,
    ));
    let tail = vec![
        Line::default(),
        Line::from(vec![
            view.span(" Enter ", Role::Key),
            view.span("  look after it here     ", Role::Text),
            view.span(" Esc ", Role::Key),
            view.span("  closes     ", Role::Text),
        ]),
        view.line(
            format!("close it by hand: {}", command::resolve(&open.target)),
            Role::Muted,
        ),
    ];
    draw(view, (&title, ""), (rows, tail), width, area, buffer);
}

/// The frame with its rows; where they don't fit, the last ones stay.
fn draw(
    view: &View<'_>,
    (title, right): (&str, &str),
    (head, tail): (Vec<Line<'static>>, Vec<Line<'static>>),
    width: u16,
    area: Rect,
    buffer: &mut Buffer,
) {
    let total = head.len() + tail.len();
    let height = u16::try_from(total).unwrap_or(u16::MAX).saturating_add(2);
    let inside = frame(
        view,
        title,
        right,
        layout::dialog(area, width, height),
        buffer,
    );
    let room = usize::from(inside.height);
    let tail_room = tail.len().min(room);
    let head_room = room - tail_room;
    let skip = head.len().saturating_sub(head_room);
    let shown: Vec<Line<'static>> = head
        .into_iter()
        .skip(skip)
        .chain(tail.into_iter().take(tail_room))
        .collect();
    crate::tui::panes::lines(inside, buffer, &shown);
}

/// The steps; with the jobs of the run under way where there is room for them.
fn rows(view: &View<'_>, flow: &Flow, width: usize, jobs: bool) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    for (i, step) in flow.steps.iter().enumerate() {
        let end = flow.steps.get(i + 1).map(|next| next.at).or(flow.ended_at);
        let (row, whole) = step_row(view, step, end, width);
        out.push(row);
        if let Some(detail) = step
            .detail
            .as_ref()
            .filter(|_| !whole && step.mark != StepMark::Done)
        {
            out.extend(paragraph(
                detail.as_str(),
                view.styles.get(Role::Text),
                14,
                width,
            ));
        }
        let running = jobs && step.mark == StepMark::Doing && step.step.as_str() == "running";
        if running && let Some(jobs) = &flow.view {
            for job in rollout::steps(&jobs.jobs, view.now.0) {
                let (symbol, role) = match job.state {
                    rollout::StepState::Done | rollout::StepState::Skipped => ("✔", Role::Good),
                    rollout::StepState::Running => ("●", Role::Accent),
                    rollout::StepState::Failed | rollout::StepState::Cancelled => ("✘", Role::Bad),
                    rollout::StepState::Held | rollout::StepState::Waiting => ("○", Role::Muted),
                };
                let took = job
                    .took
                    .filter(|t| t.as_secs() > 0)
                    .map(deploy::brief)
                    .unwrap_or_default();
                out.push(Line::from(vec![
                    view.span(format!("              {symbol} "), role),
                    view.span(job.name.as_str(), Role::Text),
                    view.span(format!("  {took}"), Role::Muted),
                ]));
            }
        }
    }
    if matches!(flow.stage, Stage::Verifying(_)) {
        out.extend(figures(view, flow));
    }
    out
}

/// A step's row, and whether its detail is all there.
fn step_row(
    view: &View<'_>,
    step: &FlowStep,
    end: Option<jiff::Timestamp>,
    width: usize,
) -> (Line<'static>, bool) {
    let (symbol, role) = match step.mark {
        StepMark::Doing => ("●", Role::Accent),
        StepMark::Done => ("✔", Role::Good),
        StepMark::Bad => ("✘", Role::Bad),
    };
    let time = step
        .at
        .to_zoned(view.world.zone.clone())
        .strftime("%H:%M:%S")
        .to_string();
    let until = end.unwrap_or(view.now.0);
    let took = deploy::brief(until.duration_since(step.at));
    let words = if step.mark == StepMark::Bad {
        Role::Bad
    } else {
        Role::Text
    };
    let left = Line::from(vec![
        view.span(format!("{symbol} "), role),
        view.span(format!("{time}  "), Role::Muted),
        view.span(step.step.as_str(), words),
        view.span(
            step.detail
                .as_ref()
                .map(|d| format!("  {d}"))
                .unwrap_or_default(),
            Role::Muted,
        ),
    ]);
    let mut line = text::truncate_line(&left, width.saturating_sub(8));
    let whole = text::line_width(&left) <= width.saturating_sub(8);
    let gap = width.saturating_sub(text::line_width(&line) + text::width(&took));
    line.spans
        .push(view.span(format!("{}{took}", " ".repeat(gap)), Role::Muted));
    (line, whole)
}

/// What the signals say while the rollback is verified: since the deploy, now, and before it.
fn figures(view: &View<'_>, flow: &Flow) -> Vec<Line<'static>> {
    let Some(slice) = view.world.envs.get(&flow.target) else {
        return Vec::new();
    };
    let signals = &slice.signals;
    let during = signals
        .verdict
        .as_ref()
        .and_then(|v| v.evidence.iter().find(|e| e.metric == "errors"))
        .and_then(|e| e.after.ratio());
    let row = |name: &str, from: Option<String>, now: Option<String>, was: Option<String>| {
        let now = now.unwrap_or_else(|| "no requests".to_owned());
        let change = from.map_or(now.clone(), |from| format!("{from} → {now}"));
        let was = was
            .map(|w| format!("   (before the deploy {w})"))
            .unwrap_or_default();
        Line::from(vec![
            view.span(format!("              {name} "), Role::Muted),
            view.span(change, Role::Title),
            view.span(was, Role::Muted),
        ])
    };
    vec![
        row(
            "errors",
            during.map(percent),
            signals.errors.now.map(percent),
            signals.errors.was.map(percent),
        ),
        row(
            "p95",
            None,
            signals.latency.now.map(millis),
            signals.latency.was.map(millis),
        ),
    ]
}

/// How it ended, loudly, or what keys do meanwhile.
fn ending(view: &View<'_>, flow: &Flow, width: usize) -> Vec<Line<'static>> {
    let mut out = vec![Line::default()];
    let took = span(
        flow.ended_at
            .unwrap_or(view.now.0)
            .duration_since(flow.started_at),
    );
    if let Some(outcome) = flow.outcome {
        let (symbol, words, role) = match outcome {
            FlowOutcome::Recovered => ("✔", format!("RECOVERED in {took}"), Role::Good),
            FlowOutcome::AlreadyDone => (
                "✔",
                format!("already done: {} is live", flow.facts.to),
                Role::Good,
            ),
            FlowOutcome::Dispatched => ("!", format!("NOT VERIFIED after {took}"), Role::Warn),
            FlowOutcome::Failed => ("✘", format!("FAILED after {took}"), Role::Bad),
            FlowOutcome::Unknown => (
                "?",
                "OUTCOME UNKNOWN: it may have been dispatched".to_owned(),
                Role::Bad,
            ),
            FlowOutcome::Refused => ("✘", "REFUSED: nothing was sent".to_owned(), Role::Bad),
        };
        out.push(view.line(format!("{symbol} {words}"), role));
        if let Some(trouble) = &flow.trouble {
            out.extend(paragraph(
                trouble.message.as_str(),
                view.styles.get(Role::Text),
                2,
                width,
            ));
            if let Some(hint) = &trouble.hint {
                out.extend(paragraph(
                    hint.as_str(),
                    view.styles.get(Role::Muted),
                    2,
                    width,
                ));
            }
        }
        out.push(Line::default());
    }
    let esc = if flow.is_over() {
        "  closes"
    } else {
        "  hides it, the rollback goes on; R shows it again"
    };
    let mut keys = vec![view.span(" Esc ", Role::Key), view.span(esc, Role::Text)];
    if flow.run.is_some() {
        keys.push(view.span("     ", Role::Text));
        keys.push(view.span(" o ", Role::Key));
        keys.push(view.span("  its run", Role::Text));
    }
    out.push(Line::from(keys));
    out
}
