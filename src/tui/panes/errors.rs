//! The error ratio over time, against what it was before the deploy.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::View;
use super::measured::Measured;
use crate::config::theme::Role;
use crate::domain::units::percent;
use crate::tui::widgets::chart::Level;

/// Draws the pane.
pub fn render(view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let Some(slice) = view.slice() else { return };
    let signals = &slice.signals;
    let level = signals.errors;
    let bad = is_bad(view, "errors");
    let mut right = Vec::new();
    if let Some(now) = level.now {
        right.push(view.span(percent(now), if bad { Role::Bad } else { Role::Text }));
    }
    if let Some(was) = level.was {
        right.push(view.span(format!("  was {}", percent(was)), Role::Muted));
    }
    let levels = level.was.map(|was| Level {
        value: was,
        label: "was".to_owned(),
        role: Role::ChartBaseline,
    });
    Measured {
        title: "Errors",
        right: Line::from(right),
        points: &signals.series.errors,
        levels: levels.into_iter().collect(),
        label: &tick,
        bad,
        missing: None,
    }
    .render(view, focused, area, buffer);
}

/// A ratio as a tick of the axis: percent, without more digits than needed.
fn tick(ratio: f64) -> String {
    let p = (ratio * 1e6).round() / 1e4;
    let text = format!("{p:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}%")
}

/// Whether the verdict holds this metric against the deploy.
pub(super) fn is_bad(view: &View<'_>, metric: &str) -> bool {
    let verdict = view.slice().and_then(|s| s.signals.verdict.as_ref());
    verdict.is_some_and(|v| {
        v.state == crate::domain::signal::VerdictState::Degraded
            && v.evidence
                .iter()
                .any(|e| e.metric.starts_with(metric) && e.log_e >= e.limit)
    })
}

#[cfg(test)]
mod tests {
    use super::tick;

    #[test]
    fn ticks_are_short() {
        let ticks = [0.0, 0.02, 0.005, 0.00025, 1.0].map(tick);
        assert_eq!(ticks, ["0%", "2%", "0.5%", "0.03%", "100%"]);
    }
}
