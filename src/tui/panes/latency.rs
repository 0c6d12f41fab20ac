//! The 95th percentile of latency over time, against what it was and what is promised.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::View;
use super::errors::is_bad;
use super::measured::Measured;
use crate::config::theme::Role;
use crate::domain::units::millis;
use crate::tui::widgets::chart::Level;

/// Draws the pane.
pub fn render(view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let Some(slice) = view.slice() else { return };
    let signals = &slice.signals;
    let level = signals.latency;
    let templates = view.configured().and_then(|(_, e)| e.signals.as_ref());
    let slo = templates.and_then(|t| t.slo_latency_ms);
    let bad = is_bad(view, "latency");
    let mut right = Vec::new();
    if let Some(now) = level.now {
        let beyond = if level.capped { ">" } else { "" };
        let over = slo.is_some_and(|slo| now > slo);
        let role = match (bad, over) {
            (true, _) => Role::Bad,
            (false, true) => Role::Warn,
            _ => Role::Text,
        };
        right.push(view.span(format!("p95 {beyond}{}", millis(now)), role));
    }
    if let Some(was) = level.was {
        right.push(view.span(format!("  was {}", millis(was)), Role::Muted));
    }
    if let Some(slo) = slo.filter(|_| area.width >= 50) {
        right.push(view.span(format!("   slo {}", millis(slo)), Role::Muted));
    }
    let mut levels = Vec::new();
    // Two dotted lines that nearly touch are one blot: the promise is the one that counts.
    let apart = |was: f64| slo.is_none_or(|slo| (was - slo).abs() > 0.15 * slo);
    if let Some(was) = level.was.filter(|was| apart(*was)) {
        levels.push(Level {
            value: was,
            label: "was".to_owned(),
            role: Role::ChartBaseline,
        });
    }
    if let Some(slo) = slo {
        levels.push(Level {
            value: slo,
            label: "slo".to_owned(),
            role: Role::ChartThreshold,
        });
    }
    let missing = templates.filter(|t| t.latency.is_none()).map(|_| {
        let service = view
            .target()
            .map(|t| t.service.to_string())
            .unwrap_or_default();
        (
            "no latency query is configured".to_owned(),
            format!(
                "[services.{service}.signals]\n\
                 latency = {{ buckets = 'sum by (le) (increase(http_request_duration_seconds_bucket{{service=\"$service\",env=\"$env\"$track}}[$bin]))', unit = \"s\" }}"
            ),
        )
    });
    Measured {
        title: "Latency",
        right: Line::from(right),
        points: &signals.series.p95,
        levels,
        label: &tick,
        bad,
        missing,
    }
    .render(view, focused, area, buffer);
}

/// Milliseconds as a tick of the axis.
fn tick(ms: f64) -> String {
    if ms == 0.0 {
        "0".to_owned()
    } else if ms >= 1_000.0 {
        format!("{}s", (ms / 100.0).round() / 10.0)
    } else {
        format!("{ms:.0}ms")
    }
}
