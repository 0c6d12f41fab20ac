//! What the two charts share: the frame, the curve with the deploy's mark, and why there is no curve.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::fresh::{self, Fresh};
use super::{View, empty};
use crate::app::signals::Point;
use crate::config::theme::Role;
use crate::tui::widgets::chart::{Chart, Level, Marker};
use crate::tui::widgets::panel::Panel;

/// One chart.
pub(super) struct Measured<'a> {
    pub title: &'a str,
    /// The figures on the right of the title.
    pub right: Line<'static>,
    pub points: &'a [Point],
    pub levels: Vec<Level>,
    pub label: &'a dyn Fn(f64) -> String,
    /// Whether the curve is what is wrong.
    pub bad: bool,
    /// Why this one can't be drawn although the source answers.
    pub missing: Option<(String, String)>,
}

impl Measured<'_> {
    pub(super) fn render(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
        let fresh = freshness(view);
        let mark = fresh.mark(view);
        let why = self.why_empty(view);
        let panel = Panel {
            title: self.title,
            right: if why.is_some() {
                Line::default()
            } else {
                self.right.clone()
            },
            focused,
            stale: mark.as_deref(),
            ..Panel::default()
        };
        let inside = panel.render(area, buffer, view.styles);
        if let Some((why, hint)) = why {
            empty(view, inside, buffer, &why, &hint);
            return;
        }
        fresh::put_foot(area, buffer, &foot(view, &fresh));
        let marker = view.slice().and_then(|s| s.watch.as_ref()).map(|w| Marker {
            at: w.started_at.as_second(),
            label: w.subject.to_string(),
        });
        let place = Rect {
            x: inside.x + 1,
            width: inside.width.saturating_sub(2),
            ..inside
        };
        Chart {
            points: self.points,
            window: view.window,
            levels: &self.levels,
            marker: marker.as_ref(),
            zone: &view.world.zone,
            label: self.label,
            role: self.role(view),
            ascii: view.ascii,
        }
        .render(place, buffer, view.styles);
    }

    /// How the curve is painted. A reversed cell would turn its dots inside out.
    fn role(&self, view: &View<'_>) -> Role {
        let reversed = view
            .styles
            .get(Role::Bad)
            .add_modifier
            .contains(Modifier::REVERSED);
        if self.bad && !reversed {
            Role::Bad
        } else {
            Role::ChartMain
        }
    }

    /// Why there is nothing to draw, and what to do.
    fn why_empty(&self, view: &View<'_>) -> Option<(String, String)> {
        let (service, env) = view.configured()?;
        let target = view.target()?;
        let signals = &view.slice()?.signals;
        if service.metrics.is_none() || env.signals.is_none() {
            return Some((
                format!("nothing is measured for {target}"),
                format!(
                    "`flightdeck config init --metrics URL` finds the queries, or write:\n\
                     [metrics.prom]\nurl = \"https://prometheus.example\"\n[services.{}]\nmetrics = \"prom\"",
                    service.id
                ),
            ));
        }
        if let Some(missing) = &self.missing {
            return Some(missing.clone());
        }
        let (from, to) = view.window;
        let inside = |p: &&Point| (from..=to).contains(&p.0);
        if self.points.iter().filter(inside).any(|(_, v)| v.is_some()) {
            return None;
        }
        let fault = signals.status.fault().or(signals.clock.fault());
        if let Some(fault) = fault {
            let hint = fault
                .hint
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            return Some((
                format!("▲ {}{}", fault.message, fresh::next_try(fault, view.now)),
                hint,
            ));
        }
        if signals.status.at().is_none() {
            return Some((
                format!(
                    "asking {} …",
                    service.metrics.as_deref().unwrap_or("the metrics source")
                ),
                String::new(),
            ));
        }
        Some((
            "no requests were counted in this time".to_owned(),
            format!(
                "take a longer time range with t, or write the query for this service:\n\
                 [services.{}.signals]\nrequests = 'sum(increase(http_requests_total{{service=\"$service\",env=\"$env\"$track}}[$bin]))'",
                service.id
            ),
        ))
    }
}

/// The freshness of what is measured.
pub(in crate::tui) fn freshness<'a>(view: &View<'a>) -> Fresh<'a> {
    view.slice().map_or_else(Fresh::default, |s| {
        let fresh = Fresh::of(&s.signals.status);
        Fresh {
            fault: fresh.fault.or(s.signals.clock.fault()),
            ..fresh
        }
    })
}

/// The source's name and age; what the server warned of comes first.
fn foot(view: &View<'_>, fresh: &Fresh<'_>) -> Line<'static> {
    let warning = view.slice().and_then(|s| s.signals.warnings.first());
    if let (Some(warning), None) = (warning, fresh.fault) {
        return view.line(format!("! {warning}"), Role::Warn);
    }
    let source = view
        .configured()
        .and_then(|(s, _)| s.metrics.clone())
        .unwrap_or_default();
    fresh.foot(view, &source)
}
