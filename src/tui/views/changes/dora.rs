//! The delivery metrics of the selected service in the selected environment: five figures, each with the list behind it, and how
//! they went week by week.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::View;
use super::behind::Behind;
use super::cursor::Cursor;
use super::figures;
use super::head::{Head, draw};
use super::question::{Part, Question};
use super::{told, trend};
use crate::app::action::ActionId;
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::change::dora::Sheet;
use crate::domain::change::metric::Metric;
use crate::tui::overlays::detail::{Detail, Of};
use crate::tui::panes::empty;
use crate::tui::widgets::table::{self, Column};
use crate::tui::widgets::text;

/// From this width on the notes stand beside the figures.
const WIDE: u16 = 100;
/// From this height on each metric has two rows.
const TALL: u16 = 16;

/// The part's state.
#[derive(Debug, Clone, Default)]
pub(super) struct Metrics {
    cursor: Cursor,
    /// The list behind a metric, while one is in it.
    behind: Option<Behind>,
}

/// The sheet, where it is of the selected target.
pub(super) fn sheet(world: &World) -> Option<&Sheet> {
    let (of, fetched) = &world.delivery.sheet;
    let of = of.as_ref().map(|(target, _)| target);
    let here = of.is_some() && of == world.focus.as_ref();
    fetched.value().filter(|_| here).map(AsRef::as_ref)
}

impl Metrics {
    /// Brings the list behind a metric up to date.
    pub(super) fn observe(&mut self, world: &World) {
        if let Some(behind) = &mut self.behind {
            behind.observe(world);
        }
    }

    fn metric(&self) -> Metric {
        let at = Metric::ALL.get(self.cursor.at).copied();
        at.unwrap_or(Metric::Frequency)
    }

    /// Goes into the list behind the selected metric.
    pub(super) fn enter(&mut self) -> bool {
        if self.behind.is_some() {
            return false;
        }
        self.behind = Some(Behind::new(self.metric()));
        true
    }

    /// Comes back out of it.
    pub(super) fn leave(&mut self) -> bool {
        self.behind.take().is_some()
    }

    /// Moves; false when the action is no movement.
    pub(super) fn on_action(&mut self, action: ActionId, area: Rect) -> bool {
        match &mut self.behind {
            Some(behind) => behind.on_action(action, area),
            None => self
                .cursor
                .on_action(action, Metric::ALL.len(), Metric::ALL.len()),
        }
    }

    /// What the selected row opens into.
    pub(super) fn opened(&self, view: &View<'_>) -> Option<Of> {
        let sheet = sheet(view.world)?;
        match &self.behind {
            Some(behind) => behind.opened(view, sheet),
            None => Some(Of::Metric(self.metric())),
        }
    }

    /// How many rows there are, while one is in a list.
    pub(super) fn wish(&self) -> Option<u16> {
        let rows = self.behind.as_ref()?.rows();
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        (rows > 0).then(|| rows.saturating_add(8))
    }

    /// How the metric whose list is seen is counted.
    pub(super) fn beside(
        &self,
        view: &View<'_>,
        width: usize,
    ) -> (&'static str, Vec<Line<'static>>) {
        let detail = Detail::new(Of::Metric(self.metric()));
        (detail.title(), detail.lines(view, width))
    }

    /// Draws it.
    pub(super) fn render(
        &self,
        view: &View<'_>,
        question: &Question,
        focused: bool,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let fetched = &view.world.delivery.sheet.1;
        let sheet = sheet(view.world);
        let as_of = sheet.and_then(|s| s.as_of);
        let here = view.target().map(ToString::to_string).unwrap_or_default();
        let mut subject = vec![view.span(format!("{here} · {} days", question.days()), Role::Text)];
        if self.behind.is_some() {
            subject.push(view.span(format!("  ▸ {}", self.metric().label()), Role::Accent));
        }
        let right = sheet.map(|s| view.line(format!("by {}", s.source), Role::Muted));
        let head = Head {
            part: Part::Dora,
            subject: Line::from(subject),
            rights: right.into_iter().collect(),
            ..Head::default()
        };
        // Without anything read, figures of nothing would look like figures.
        let unread = told::why_unread(view, fetched, as_of);
        let has_any = |s: &&Sheet| unread.is_none() || !s.stream.deployments.is_empty();
        let told = sheet
            .filter(has_any)
            .filter(|s| !s.dora.deployments.is_empty());
        let Some(sheet) = told else {
            let inside = draw(view, head, focused, area, buffer);
            let (why, hint) = unread.unwrap_or_else(|| {
                let why = format!("no deployment to {here} in {} days", question.days());
                let hint = "t takes a longer time, { } another environment";
                (why, hint.to_owned())
            });
            empty(view, inside, buffer, &why, &hint);
            return;
        };
        let head = head.dated(view, fetched, as_of);
        let inside = draw(view, head, focused, area, buffer);
        if let Some(behind) = &self.behind {
            behind.render(view, sheet, focused, inside, buffer);
            return;
        }
        let used = self.metrics(view, sheet, focused, inside, buffer);
        let lower = Rect {
            y: inside.y + used,
            height: inside.height.saturating_sub(used),
            ..inside
        };
        trend::render(view, &sheet.dora, lower, buffer);
    }

    /// A row or two for each metric; returns how many rows were used.
    fn metrics(
        &self,
        view: &View<'_>,
        sheet: &Sheet,
        focused: bool,
        area: Rect,
        buffer: &mut Buffer,
    ) -> u16 {
        let wide = area.width >= WIDE;
        let tall = area.height >= TALL;
        let columns = columns(wide);
        let places = table::layout(&columns, area.width.saturating_sub(1));
        let mut y = area.y;
        for (i, metric) in Metric::ALL.into_iter().enumerate() {
            let row = |y: u16| {
                Rect {
                    y,
                    width: area.width.saturating_sub(1),
                    height: 1,
                    ..area
                }
                .intersection(area)
            };
            let chosen = i == self.cursor.at;
            let role = if focused { Role::Accent } else { Role::Muted };
            let mark = view.span(if chosen { "▸" } else { " " }, role);
            let note = note(view, metric, sheet);
            let cells = [
                Line::from(vec![mark, view.span(metric.label(), Role::Text)]),
                view.line(figures::figure(metric, &sheet.dora), Role::Title),
                view.line(figures::tier(metric, &sheet.dora), Role::Accent),
                note.clone(),
            ];
            table::row(&columns, &places, &cells, row(y), buffer);
            y += 1;
            if tall {
                let second = if wide {
                    view.line(metric.rule(), Role::Muted)
                } else {
                    note
                };
                let mut spans = vec![Span::raw("   ")];
                spans.extend(second.spans);
                text::put_line(buffer, row(y), &Line::from(spans));
                y += 1;
            }
        }
        y - area.y
    }
}

/// Of what a figure is, an open failure loud.
fn note(view: &View<'_>, metric: Metric, sheet: &Sheet) -> Line<'static> {
    let words = figures::note(view, metric, &sheet.dora);
    let open = figures::open(view, &sheet.dora).filter(|_| metric == Metric::Recovery);
    match open.and_then(|open| Some((words.strip_suffix(&open)?.to_owned(), open.clone()))) {
        Some((before, open)) => Line::from(vec![
            view.span(before, Role::Muted),
            view.span(open, Role::Warn),
        ]),
        None => view.line(words, Role::Muted),
    }
}

/// Metric, figure, tier, of what.
fn columns(wide: bool) -> [Column; 4] {
    let column = Column::new;
    [
        column(21, 23, 8),
        column(14, 22, 9),
        column(11, 16, 7),
        if wide {
            column(30, 60, 10)
        } else {
            column(u16::MAX, 0, 0)
        },
    ]
}
