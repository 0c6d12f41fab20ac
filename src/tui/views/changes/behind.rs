//! The list behind a metric: the deployments, changes, failures and recoveries that its figure was computed from. Each opens into
//! its evidence.

use std::cmp::Reverse;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::View;
use super::cursor::Cursor;
use super::{dora, figures, words};
use crate::app::action::ActionId;
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::change::delivery::{Delivered, Rung};
use crate::domain::change::dora::{Sheet, Shipped, deployed};
use crate::domain::change::failures::{Failure, Reason};
use crate::domain::change::lead_time::Boundary;
use crate::domain::change::metric::Metric;
use crate::domain::change::stream::{Deployment, Kind};
use crate::domain::ids::Target;
use crate::domain::units::{age, span};
use crate::tui::overlays::detail::Of;
use crate::tui::panes::lines;
use crate::tui::widgets::table::{self, Column};
use crate::tui::widgets::text;

/// Where so many rows have room below them, the figure and its rule stand above.
const LEAST: u16 = 4;

/// What the rows were read from.
type Key = (Option<(Target, u32)>, Option<jiff::Timestamp>, u64);

/// The list.
#[derive(Debug, Clone)]
pub(super) struct Behind {
    metric: Metric,
    cursor: Cursor,
    /// The rows, as places in the list that the metric is of.
    rows: Vec<usize>,
    key: Option<Key>,
}

impl Behind {
    /// The list behind a metric.
    pub(super) fn new(metric: Metric) -> Self {
        Self {
            metric,
            cursor: Cursor::default(),
            rows: Vec::new(),
            key: None,
        }
    }

    /// Brings the rows up to date.
    pub(super) fn observe(&mut self, world: &World) {
        let (of, fetched) = &world.delivery.sheet;
        let key = (of.clone(), fetched.at(), world.delivery.stamp);
        if self.key.as_ref() == Some(&key) {
            return;
        }
        self.key = Some(key);
        self.rows = dora::sheet(world).map_or_else(Vec::new, |s| rows(self.metric, s));
        self.cursor.clamp(self.rows.len());
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Moves; false when the action is no movement.
    pub(super) fn on_action(&mut self, action: ActionId, area: Rect) -> bool {
        let inside = (area.height.saturating_sub(2), area.width.saturating_sub(2));
        let above = above(self.metric, inside);
        let room = usize::from(inside.0.saturating_sub(above)).max(1);
        self.cursor.on_action(action, self.rows.len(), room)
    }

    /// What the selected row opens into.
    pub(super) fn opened(&self, view: &View<'_>, sheet: &Sheet) -> Option<Of> {
        let row = *self.rows.get(self.cursor.at)?;
        let stream = &sheet.stream.deployments;
        match self.metric {
            Metric::LeadTime => {
                let shipped = sheet.dora.shipped.get(row)?;
                let change = delivered(view.target()?, sheet, shipped)?;
                Some(Of::Change(Box::new(change)))
            }
            Metric::FailRate | Metric::Recovery => {
                let failure = sheet.dora.failures.get(row)?;
                let failed = stream.get(failure.deployment)?;
                Some(Of::Deployment(failed.id.clone()))
            }
            Metric::Frequency | Metric::Rework => Some(Of::Deployment(stream.get(row)?.id.clone())),
        }
    }

    /// Draws it.
    pub(super) fn render(
        &self,
        view: &View<'_>,
        sheet: &Sheet,
        focused: bool,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let above = above(self.metric, (area.height, area.width));
        let width = usize::from(area.width.saturating_sub(2));
        lines(
            Rect {
                height: above,
                ..area
            },
            buffer,
            &self.heading(view, sheet, width),
        );
        let area = Rect {
            x: area.x,
            y: area.y + above,
            width: area.width.saturating_sub(1),
            height: area.height - above,
        };
        if self.rows.is_empty() {
            let words = format!("  none: no {} in this time", self.what());
            text::put(buffer, area, &words, view.styles.get(Role::Muted));
            return;
        }
        let columns = columns(self.metric, area.width);
        let places = table::layout(&columns, area.width);
        let room = usize::from(area.height);
        let top = self.cursor.top(self.rows.len(), room);
        let seen = self.rows.iter().enumerate().skip(top).take(room);
        for ((i, row), y) in seen.zip(area.top()..) {
            let marked = if i == self.cursor.at { "▸" } else { " " };
            let role = if focused { Role::Accent } else { Role::Muted };
            let bar = places.get(4).copied().flatten();
            let bar = bar.map_or(0, |(_, w)| usize::from(w));
            let cells = self.cells(view, sheet, *row, view.span(marked, role), bar);
            let place = Rect {
                y,
                height: 1,
                ..area
            };
            let cells = cells.unwrap_or_default();
            table::row(&columns, &places, &cells, place, buffer);
        }
    }

    /// The figure with its tier, and how it is counted.
    fn heading(&self, view: &View<'_>, sheet: &Sheet, width: usize) -> Vec<Line<'static>> {
        let metric = self.metric;
        let first = Line::from(vec![
            view.span(figures::figure(metric, &sheet.dora), Role::Title),
            view.span(
                format!("  {}", figures::tier(metric, &sheet.dora)),
                Role::Accent,
            ),
            view.span(
                format!("  {}", figures::note(view, metric, &sheet.dora)),
                Role::Muted,
            ),
        ]);
        let rule = rule(metric, width).into_iter();
        std::iter::once(first)
            .chain(rule.map(|row| view.line(row, Role::Muted)))
            .collect()
    }

    fn what(&self) -> &'static str {
        let whole = self.metric.behind();
        whole.split_once(',').map_or(whole, |(what, _)| what)
    }

    fn cells(
        &self,
        view: &View<'_>,
        sheet: &Sheet,
        row: usize,
        mark: Span<'static>,
        bar: usize,
    ) -> Option<Vec<Line<'static>>> {
        match self.metric {
            Metric::LeadTime => {
                let shipped = sheet.dora.shipped.get(row)?;
                let change = delivered(view.target()?, sheet, shipped)?;
                let lead = words::lead(&shipped.measured, &change.moments);
                let at = change.moments.at(Boundary::Deployed);
                Some(vec![
                    Line::from(vec![mark, view.span(words::brief(&change.id), Role::Muted)]),
                    view.line(change.title.to_string(), Role::Text),
                    view.line(words::login(change.author.as_ref()), Role::Muted),
                    view.line(lead, Role::Text),
                    words::bar(view, &change, &shipped.measured, bar),
                    view.line(
                        at.map(|at| words::moment(view, at)).unwrap_or_default(),
                        Role::Muted,
                    ),
                ])
            }
            Metric::FailRate | Metric::Recovery => {
                let failure = sheet.dora.failures.get(row)?;
                let failed = sheet.stream.deployments.get(failure.deployment)?;
                let (role, over) = over(view, failure);
                let why: Vec<String> = failure.reasons.iter().map(Reason::words).collect();
                Some(vec![
                    Line::from(vec![mark, view.span(name(failed), Role::Text)]),
                    view.line(words::moment(view, failed.at), Role::Muted),
                    view.line(over, role),
                    view.line(why.join("; "), Role::Text),
                ])
            }
            Metric::Frequency | Metric::Rework => {
                let d = sheet.stream.deployments.get(row)?;
                let brought = if d.redeploy {
                    "again".to_owned()
                } else {
                    words::counted(d.new.len(), "change")
                };
                let role = if d.kind == Kind::Planned {
                    Role::Muted
                } else {
                    Role::Warn
                };
                Some(vec![
                    Line::from(vec![mark, view.span(name(d), Role::Text)]),
                    view.line(words::moment(view, d.at), Role::Muted),
                    view.line(d.kind.label(), role),
                    view.line(brought, Role::Muted),
                    odd(view, sheet, row, d),
                ])
            }
        }
    }
}

/// What the list holds and how the metric is counted, in rows.
fn rule(metric: Metric, width: usize) -> Vec<String> {
    text::wrap(&format!("{}: {}", metric.behind(), metric.rule()), width)
}

/// The rows above the list, in a place of so many rows and columns: the figure, the rule, a blank one.
fn above(metric: Metric, (height, width): (u16, u16)) -> u16 {
    let rule = rule(metric, usize::from(width.saturating_sub(2))).len();
    let above = u16::try_from(rule + 2).unwrap_or(u16::MAX);
    if height >= above.saturating_add(LEAST) {
        above
    } else {
        0
    }
}

/// The places of what a metric is of, in the order in which they are looked at.
fn rows(metric: Metric, sheet: &Sheet) -> Vec<usize> {
    let dora = &sheet.dora;
    let newest_first = |all: &[usize]| all.iter().rev().copied().collect();
    match metric {
        Metric::Frequency => newest_first(&dora.deployments),
        Metric::Rework => {
            let is_rework = |i: &&usize| {
                let d = sheet.stream.deployments.get(**i);
                d.is_some_and(|d| d.kind != Kind::Planned && !d.rollback.is_some_and(|r| r.drill))
            };
            let all: Vec<usize> = dora.deployments.iter().filter(is_rework).copied().collect();
            newest_first(&all)
        }
        Metric::LeadTime => {
            let mut all: Vec<usize> = (0..dora.shipped.len()).collect();
            all.sort_by_key(|i| Reverse(dora.shipped.get(*i).and_then(|s| s.measured.lead)));
            all
        }
        Metric::FailRate => (0..dora.failures.len()).rev().collect(),
        Metric::Recovery => {
            let mut all: Vec<usize> = (0..dora.failures.len()).rev().collect();
            all.sort_by_key(|i| dora.failures.get(*i).is_some_and(|f| f.recovered.is_some()));
            all
        }
    }
}

/// A change of a sheet as one with its way to the sheet's environment.
fn delivered(target: &Target, sheet: &Sheet, shipped: &Shipped) -> Option<Delivered> {
    let change = sheet.changes.get(shipped.change)?;
    let by = shipped
        .deployment
        .and_then(|d| sheet.stream.deployments.get(d));
    let by = by.map(deployed);
    let mut moments = change.moments.clone();
    moments.set(Boundary::Deployed, by.clone());
    Some(Delivered {
        service: target.service.clone(),
        id: change.id.clone(),
        kind: change.kind,
        title: change.title.clone(),
        author: change.author.clone(),
        url: change.url.clone(),
        labels: change.labels.clone(),
        moments,
        released_in: None,
        rungs: vec![Rung {
            env: target.env.clone(),
            shipped: by,
            contained: None,
            since: None,
        }],
        flags: shipped.measured.flags,
        matched: change.matched,
    })
}

/// A deployment's version, else its commit.
pub(in crate::tui) fn name(d: &Deployment) -> String {
    let version = d.version.as_ref().map(ToString::to_string);
    version.unwrap_or_else(|| d.sha.short().to_owned())
}

/// How a failure ended: after how long, or that it is open.
pub(in crate::tui) fn over(view: &View<'_>, failure: &Failure) -> (Role, String) {
    match failure.recovery() {
        Some(took) => (Role::Good, format!("✔ after {}", span(took))),
        None => (
            Role::Bad,
            format!("✖ open since {}", age(view.now.since(failure.at))),
        ),
    }
}

/// What is special about a deployment: that it failed before all.
fn odd(view: &View<'_>, sheet: &Sheet, place: usize, d: &Deployment) -> Line<'static> {
    let mut failures = sheet.dora.failures.iter();
    if let Some(failure) = failures.find(|f| f.deployment == place) {
        let why = failure.reasons.first().map(Reason::words);
        return view.line(format!("✖ failed: {}", why.unwrap_or_default()), Role::Bad);
    }
    let words = if d.is_afresh() {
        "no known history shared with those before"
    } else if d.seed.is_some() {
        "the first one known"
    } else if d.rollback.is_some_and(|r| r.drill) {
        "a rehearsal"
    } else {
        ""
    };
    view.line(words, Role::Muted)
}

fn columns(metric: Metric, width: u16) -> Vec<Column> {
    let column = Column::new;
    let when = column(16, 17, 6);
    match metric {
        Metric::LeadTime => vec![
            column(8, 8, 9),
            column(14, width / 4, 10),
            column(8, 14, 4),
            Column {
                right: true,
                ..column(7, 7, 8)
            },
            column(10, 36, 7),
            when,
        ],
        Metric::FailRate | Metric::Recovery => vec![
            column(9, 14, 9),
            when,
            column(15, 17, 8),
            column(16, 120, 10),
        ],
        Metric::Frequency | Metric::Rework => vec![
            column(9, 14, 9),
            when,
            column(12, 12, 8),
            column(11, 12, 5),
            column(12, 80, 10),
        ],
    }
}
