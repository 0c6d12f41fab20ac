//! The verdict on the deploy in its pane: symbol, word, sentence, what it costs, and the way back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::View;
use crate::app::world::EnvSlice;
use crate::config::theme::Role;
use crate::domain::release::watch::{Phase, Watch};
use crate::domain::rollback::holds;
use crate::domain::signal::{Verdict, VerdictState};
use crate::domain::units::{span, thousands};
use crate::tui::widgets::text;

/// The symbol, the word and the role of a verdict.
pub(in crate::tui) fn verdict_word(state: VerdictState) -> (&'static str, String, Role) {
    let (symbol, role) = match state {
        VerdictState::Warming => ("○", Role::Muted),
        VerdictState::Watching => ("●", Role::Info),
        VerdictState::Suspect => ("!", Role::Warn),
        VerdictState::Healthy | VerdictState::Recovered => ("✔", Role::Good),
        VerdictState::Degraded => ("▼", Role::Bad),
        VerdictState::Inconclusive => ("?", Role::Warn),
        VerdictState::NoData => ("–", Role::Warn),
    };
    let word = match state {
        VerdictState::Degraded | VerdictState::Suspect => state.label().to_uppercase(),
        _ => state.label().to_owned(),
    };
    (symbol, word, role)
}

/// Whether the way back is to be offered loudly.
pub(in crate::tui) fn advised(slice: &EnvSlice) -> bool {
    let broken = slice
        .watch
        .as_ref()
        .is_some_and(|w| w.phase == Phase::Broken);
    let bad = slice
        .signals
        .verdict
        .as_ref()
        .is_some_and(|v| v.advise_rollback);
    (broken || bad) && matches!(slice.plan, Some(Ok(_)))
}

/// The verdict: symbol, word, sentence; then what it costs and how sure it is; the way back at the right end.
pub(super) fn verdict_rows(
    view: &View<'_>,
    slice: &EnvSlice,
    watch: Option<&Watch>,
    area: Rect,
    buffer: &mut Buffer,
) {
    if area.is_empty() {
        return;
    }
    let rolling = view
        .target()
        .and_then(|t| view.world.flows.get(t))
        .is_some_and(|f| !f.is_over());
    let hint = match (rolling, advised(slice)) {
        (true, _) => Line::from(vec![
            view.span(" R ", Role::Key),
            view.span("  show the rollback", Role::Text),
        ]),
        (false, true) => Line::from(vec![
            view.span(" R ", Role::Banner),
            view.span("  roll back", Role::Bad),
        ]),
        _ => Line::default(),
    };
    let Some(verdict) = &slice.signals.verdict else {
        text::left_right(buffer, area, &no_verdict(view, slice, watch), &hint);
        return;
    };
    let (symbol, word, role) = verdict_word(verdict.state);
    let head = view.span(format!("{symbol} {word}"), role);
    let extra = extras(view, verdict);
    let room = usize::from(area.width);
    let hint_room = match text::line_width(&hint) {
        0 => 0,
        w => w + 2,
    };
    let sentence = |extra: &[Span<'static>]| {
        let mut spans = vec![
            head.clone(),
            view.span(format!("  {}", verdict.short), Role::Text),
        ];
        spans.extend(extra.iter().cloned());
        Line::from(spans)
    };
    let whole = sentence(&extra);
    let fits = text::line_width(&whole) + if area.height < 2 { hint_room } else { 0 } <= room;
    if area.height < 2 {
        let all = if fits { whole } else { sentence(&[]) };
        let cut = text::truncate_line(&all, room.saturating_sub(hint_room));
        text::left_right(buffer, area, &cut, &hint);
        return;
    }
    text::put_line(buffer, area, &if fits { whole } else { sentence(&[]) });
    let second = Rect {
        y: area.y + 1,
        height: 1,
        ..area
    };
    let mut rest: Vec<Span<'static>> = if fits { Vec::new() } else { extra };
    if let Some(card) = ready_card(slice).filter(|_| !rolling) {
        rest.push(view.span(" · ", Role::Muted));
        rest.push(view.span(card, Role::Muted));
    }
    // The first piece is a separator.
    let rest = Line::from(rest.into_iter().skip(1).collect::<Vec<_>>());
    let cut = text::truncate_line(&rest, room.saturating_sub(hint_room));
    text::left_right(buffer, second, &cut, &hint);
}

/// The way back in a few words, known before it is needed.
fn ready_card(slice: &EnvSlice) -> Option<String> {
    let Some(Ok(plan)) = &slice.plan else {
        return None;
    };
    let live = plan
        .to_live_s
        .map(|s| format!(" (live {})", span(jiff::SignedDuration::from_secs(s))))
        .unwrap_or_default();
    let takes = match plan.reverts.len() {
        0 => String::new(),
        1 => ", takes 1 change back".to_owned(),
        n => format!(", takes {n} changes back"),
    };
    let usual = plan
        .usual_s
        .map(|s| format!(", usually {}", span(jiff::SignedDuration::from_secs(s))))
        .unwrap_or_default();
    let held = holds::brief(&plan.holds)
        .map(|held| format!(", {held}"))
        .unwrap_or_default();
    Some(format!("way back {}{live}{takes}{held}{usual}", plan.to))
}

/// What goes with the sentence: a separator first, so that it can be left out on a row of its own.
fn extras(view: &View<'_>, verdict: &Verdict) -> Vec<Span<'static>> {
    let mut parts: Vec<Span<'static>> = Vec::new();
    let mut add = |span: Span<'static>| {
        parts.push(view.span(" · ", Role::Muted));
        parts.push(span);
    };
    if verdict.extra_failures > 0 && verdict.state != VerdictState::Healthy {
        let many = format!("about {} extra failures", thousands(verdict.extra_failures));
        add(view.span(many, Role::Text));
    }
    let undecided = matches!(
        verdict.state,
        VerdictState::Warming | VerdictState::Watching | VerdictState::Suspect
    );
    if undecided {
        let full = (verdict.progress * 8.0).round();
        let bar: String = (0..8)
            .map(|i| if f64::from(i) < full { '▰' } else { '▱' })
            .collect();
        add(view.span(format!("evidence against it {bar}"), Role::Muted));
    }
    if verdict.stale {
        add(view.span("the last measurements are missing", Role::Warn));
    }
    parts
}

/// Why there is no verdict.
fn no_verdict(view: &View<'_>, slice: &EnvSlice, watch: Option<&Watch>) -> Line<'static> {
    if watch.is_some_and(|w| w.phase == Phase::Broken) {
        return Line::from(vec![
            view.span("✖ DEPLOY FAILED", Role::Bad),
            view.span("  the environment may be half-deployed", Role::Text),
        ]);
    }
    let measured = view
        .configured()
        .is_some_and(|(s, e)| s.metrics.is_some() && e.signals.is_some());
    let signals = &slice.signals;
    let why = if !measured {
        "no metrics are configured: `flightdeck config init --metrics URL` finds them".to_owned()
    } else if let Some(fault) = signals.status.fault().or(signals.clock.fault()) {
        fault.message.to_string()
    } else {
        "waiting for the first measurements".to_owned()
    };
    Line::from(vec![
        view.span("– no verdict", Role::Warn),
        view.span(format!("  {why}"), Role::Text),
    ])
}
