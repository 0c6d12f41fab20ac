//! The list of changes: where each is now, how long it took, in which stages; below it what that says of all of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::View;
use super::cursor::Cursor;
use super::head::{Head, draw};
use super::question::{Part, Question};
use super::{stages, told, words};
use crate::app::action::ActionId;
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::change::delivery::Delivered;
use crate::domain::change::flags::{Flag, Flags};
use crate::domain::change::listing::{Ask, Listing};
use crate::domain::ids::ServiceId;
use crate::domain::text::Safe;
use crate::domain::units::Now;
use crate::tui::panes::empty;
use crate::tui::widgets::bars::spark;
use crate::tui::widgets::table::{self, Column};

/// From this width on, oddities have a column.
const PLENTY: u16 = 96;
/// From this height on, what the figures say stands below the rows.
const WITH_SAYING: u16 = 6;
/// What the figures say has so many lines at most.
const SAID: usize = 3;

/// What the rows were read from.
type Key = (Option<Ask>, Option<jiff::Timestamp>, u64);

/// The list's state.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    cursor: Cursor,
    /// The change that is selected; none: the one that moved last, whichever that is.
    chosen: Option<(ServiceId, Safe)>,
    rows: usize,
    /// Whether anything is odd about any of them.
    odd: bool,
    key: Option<Key>,
}

fn listing<'a>(view: &View<'a>) -> Option<&'a Listing> {
    view.world.delivery.listing.1.value()
}

impl List {
    /// Brings the rows up to date; the selection stays on its change.
    pub(super) fn observe(&mut self, world: &World, now: Now) {
        let (of, fetched) = &world.delivery.listing;
        let key = (of.clone(), fetched.at(), world.delivery.stamp);
        if self.key.as_ref() == Some(&key) {
            return;
        }
        self.key = Some(key);
        let rows = fetched.value().map_or(&[][..], |l| l.rows.as_slice());
        self.rows = rows.len();
        let is_odd = |r: &Delivered| r.measured(now).flags != Flags::default();
        self.odd = rows.iter().any(is_odd);
        let again = self.chosen.as_ref().and_then(|(service, id)| {
            rows.iter()
                .position(|r| r.service == *service && r.id == *id)
        });
        match again {
            Some(at) => self.cursor.at = at,
            None if self.chosen.is_none() => self.cursor.at = 0,
            None => {}
        }
        self.cursor.clamp(self.rows);
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The selected change.
    pub(super) fn selected<'a>(&self, view: &View<'a>) -> Option<&'a Delivered> {
        listing(view)?.rows.get(self.cursor.at)
    }

    /// Moves; false when the action is no movement.
    pub(super) fn on_action(&mut self, action: ActionId, view: &View<'_>, area: Rect) -> bool {
        let room = room(area.height.saturating_sub(2), SAID).0;
        let room = usize::from(room).max(1);
        if !self.cursor.on_action(action, self.rows, room) {
            return false;
        }
        let row = self.selected(view).filter(|_| self.cursor.at > 0);
        self.chosen = row.map(|r| (r.service.clone(), r.id.clone()));
        true
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
        let fetched = &view.world.delivery.listing.1;
        let found = fetched.value();
        let as_of = found.and_then(|l| l.as_of);
        let mut subject = vec![view.span(question.told(view.world), Role::Text)];
        if !question.words.is_empty() {
            subject.push(view.span(format!("  /{}", question.words), Role::Accent));
        }
        let counted = found.filter(|l| l.lead.n > 0);
        let mut head = Head {
            part: Part::Changes,
            subject: Line::from(subject),
            rights: counted.map(|l| figures(view, l)).unwrap_or_default(),
            ..Head::default()
        };
        let Some(found) = found.filter(|l| !l.rows.is_empty()) else {
            let why = told::why_unread(view, fetched, as_of);
            if why.is_none() {
                head.foot = told::foot(view, fetched, as_of);
            }
            let inside = draw(view, head, focused, area, buffer);
            let (why, hint) = why.unwrap_or_else(|| why_empty(view, question));
            empty(view, inside, buffer, &why, &hint);
            return;
        };
        let head = head.dated(view, fetched, as_of);
        let inside = draw(view, head, focused, area, buffer);
        let width = usize::from(inside.width.saturating_sub(2));
        let said = stages::saying(view, found, width);
        let (rows, saying) = room(inside.height, said.len());
        let upper = Rect {
            height: rows,
            ..inside
        };
        self.draw_rows(view, question, (found, focused), upper, buffer);
        let lower = Rect {
            y: inside.y + rows,
            height: saying,
            ..inside
        };
        crate::tui::panes::lines(lower, buffer, &said);
    }

    fn draw_rows(
        &self,
        view: &View<'_>,
        question: &Question,
        (found, focused): (&Listing, bool),
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let one = question.is_of_one(view.world);
        let many = question.is_of_many(view.world);
        let columns = columns(area.width, (one, many), self.odd);
        let places = table::layout(&columns, area.width.saturating_sub(1));
        let room = usize::from(area.height);
        let top = self.cursor.top(found.rows.len(), room);
        let seen = found.rows.iter().enumerate().skip(top).take(room);
        for ((i, row), y) in seen.zip(area.top()..) {
            let marked = if i == self.cursor.at { "▸" } else { " " };
            let chosen = if focused { Role::Accent } else { Role::Muted };
            let wide = |at: usize| {
                let place = places.get(at).copied().flatten();
                place.map_or(0, |(_, w)| usize::from(w))
            };
            let cells = cells(view, row, view.span(marked, chosen), (wide(4), wide(6)));
            let place = Rect {
                y,
                height: 1,
                width: area.width.saturating_sub(1),
                ..area
            };
            table::row(&columns, &places, &cells, place, buffer);
        }
    }
}

/// The rows for changes and for what the figures say in so many lines, of so many.
fn room(height: u16, lines: usize) -> (u16, u16) {
    let lines = u16::try_from(lines).unwrap_or(u16::MAX);
    let saying = if height >= WITH_SAYING + lines {
        lines
    } else {
        0
    };
    (height - saying, saying)
}

/// Mark and id, title, who, service, where, how long, by stage, what is odd.
fn columns(width: u16, (one, many): (bool, bool), odd: bool) -> [Column; 8] {
    let column = Column::new;
    // A column that is not wanted is one that never has room.
    let never = column(u16::MAX, 0, 0);
    let flags = width >= PLENTY && odd;
    [
        column(8, 8, 9),
        column(14, width / 5, 10),
        if one { never } else { column(8, 14, 5) },
        if many { column(8, 12, 4) } else { never },
        column(18, if one { 30 } else { 24 }, 7),
        Column {
            right: true,
            ..column(7, 7, 8)
        },
        column(8, 24, 6),
        if flags { column(6, 22, 3) } else { never },
    ]
}

fn cells(
    view: &View<'_>,
    row: &Delivered,
    mark: Span<'static>,
    (place, bar): (usize, usize),
) -> Vec<Line<'static>> {
    let told = words::whereabouts(view, row);
    let measured = row.measured(view.now);
    let id = words::brief(&row.id);
    // What does not count is told more softly.
    let counts = !measured
        .flags
        .iter()
        .any(|f| matches!(f, Flag::Bot | Flag::ReleasePr | Flag::Seed | Flag::Negative));
    let lead = words::lead(&measured, &row.moments);
    let mut flags = Vec::new();
    for flag in measured.flags.iter() {
        let role = if flag.is_doubt() {
            Role::Warn
        } else {
            Role::Muted
        };
        let gap = if flags.is_empty() { "" } else { " · " };
        flags.push(view.span(gap, Role::Muted));
        flags.push(view.span(flag.label(), role));
    }
    vec![
        Line::from(vec![mark, view.span(id, Role::Muted)]),
        view.line(row.title.to_string(), Role::Text),
        view.line(words::login(row.author.as_ref()), Role::Muted),
        view.line(row.service.to_string(), Role::Muted),
        view.line(told.within(place), told.role),
        view.line(lead, if counts { Role::Text } else { Role::Muted }),
        words::bar(view, row, &measured, bar),
        Line::from(flags),
    ]
}

/// `p50 1d 4h  p90 3d 2h  n 41  ▁▂▅▃`, the longest first.
fn figures(view: &View<'_>, found: &Listing) -> Vec<Line<'static>> {
    let lead = &found.lead;
    let figure = |name: &str, value: String| {
        [
            view.span(format!("{name} "), Role::Muted),
            view.span(format!("{value}  "), Role::Title),
        ]
    };
    let p50 = figure("p50", words::took(lead.p50_s));
    let p90 = figure("p90", words::took(lead.p90_s));
    let n = figure("n", words::count(lead.n));
    let trend = view.span(spark(&found.weeks), Role::ChartMain);
    let line = |parts: Vec<Span<'static>>| Line::from(parts);
    let all = [&p50[..], &p90[..], &n[..]].concat();
    let two = [&p50[..], &n[..]].concat();
    let mut whole = all.clone();
    whole.push(trend);
    let mut rights = vec![line(whole), line(all), line(two), line(p50.to_vec())];
    for right in &mut rights {
        if let Some(last) = right.spans.last_mut() {
            last.content = last.content.trim_end().to_owned().into();
        }
    }
    rights
}

fn why_empty(view: &View<'_>, question: &Question) -> (String, String) {
    if !question.words.is_empty() {
        return (
            format!(
                "no change{} holds \"{}\"",
                question.whom(view.world),
                question.words
            ),
            "Esc takes the filter away; m looks among others' changes; author:NAME, label:NAME, service:NAME seek in one place"
                .to_owned(),
        );
    }
    (
        question.nothing(view.world),
        question.elsewhere(view.world).to_owned(),
    )
}
