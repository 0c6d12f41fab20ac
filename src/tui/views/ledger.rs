//! The ledger: what people and the program did, newest first, and whether the record is as it was written.

use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::page::Page;
use super::{View, list, words};
use crate::app::action::ActionId;
use crate::app::msg::Msg;
use crate::app::record::{RecordAsk, first};
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::fetched::Fetched;
use crate::domain::ledger::Row;
use crate::domain::text::Safe;
use crate::domain::units::{Now, thousands};
use crate::tui::overlays::detail::Of;
use crate::tui::panes::{empty, fresh};
use crate::tui::widgets::panel::Panel;
use crate::tui::widgets::table::{self, Column};

/// What the rows that are shown were chosen from.
type Key = (usize, usize, Option<u64>, Option<u64>, String);

/// The page's state.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// The number of the selected row; none: the newest, whichever that is.
    selected: Option<u64>,
    top: usize,
    needle: String,
    /// The numbers of the rows that are shown, newest first.
    shown: Vec<u64>,
    key: Option<Key>,
}

/// A row as it is there.
enum Found<'a> {
    Row(&'a Row),
    Unreadable(u64, &'a Safe),
}

fn find<'a>(world: &'a World, seq: u64) -> Option<Found<'a>> {
    let within = |rows: &'a [Row]| {
        let at = rows.binary_search_by_key(&seq, |r| r.seq).ok()?;
        rows.get(at).map(Found::Row)
    };
    let unreadable = || {
        let mut all = world.record.unreadable.iter();
        all.find(|(n, _)| *n == seq)
            .map(|(n, why)| Found::Unreadable(*n, why))
    };
    within(&world.ledger.rows)
        .or_else(|| within(&world.record.older))
        .or_else(unreadable)
}

/// Whether a row holds the words, in any letter case.
fn holds(row: &Row, needle: &str) -> bool {
    let who = row.who.to_lowercase();
    let place = format!("{} ▸ {}", row.service, row.environment);
    [row.kind.as_str(), &who, &place]
        .iter()
        .any(|text| text.contains(needle))
        || words::happened(row).to_lowercase().contains(needle)
        || row.body.to_string().to_lowercase().contains(needle)
}

impl Record {
    fn at(&self) -> usize {
        let Some(seq) = self.selected else { return 0 };
        // Newest first: the numbers fall.
        self.shown
            .partition_point(|n| *n > seq)
            .min(self.shown.len().saturating_sub(1))
    }

    fn found<'a>(&self, view: &View<'a>) -> Option<Found<'a>> {
        find(view.world, *self.shown.get(self.at())?)
    }
}

impl Page for Record {
    fn observe(&mut self, world: &World, _now: Now) {
        let (older, rows) = (&world.record.older, &world.ledger.rows);
        let key: Key = (
            older.len() + world.record.unreadable.len(),
            rows.len(),
            rows.first().map(|r| r.seq),
            rows.last().map(|r| r.seq),
            self.needle.clone(),
        );
        if self.key.as_ref() == Some(&key) {
            return;
        }
        self.key = Some(key);
        let needle = self.needle.to_lowercase();
        let chosen = older.iter().chain(rows).filter(|r| holds(r, &needle));
        let unreadable = world.record.unreadable.iter().map(|(seq, _)| *seq);
        self.shown = chosen.map(|r| r.seq).chain(unreadable).collect();
        self.shown.sort_unstable_by(|a, b| b.cmp(a));
        self.shown.dedup();
    }

    fn on_action(&mut self, action: ActionId, _view: &View<'_>, area: Rect) -> bool {
        let room = usize::from(area.height.saturating_sub(2)).max(1);
        let Some(to) = list::moved(self.at(), action, self.shown.len(), room) else {
            return false;
        };
        // The newest row is followed until another one is chosen.
        self.selected = (to > 0).then(|| self.shown.get(to).copied()).flatten();
        self.top = list::top(self.top, to, self.shown.len(), room);
        true
    }

    fn opened(&self, view: &View<'_>) -> Option<Of> {
        Some(match self.found(view)? {
            Found::Row(row) => Of::Row(Box::new(row.clone())),
            Found::Unreadable(seq, why) => Of::Unreadable(seq, why.clone()),
        })
    }

    fn wish(&self) -> Option<u16> {
        (!self.shown.is_empty() || !self.needle.is_empty()).then_some(u16::MAX)
    }

    fn needle(&self) -> Option<&str> {
        Some(&self.needle)
    }

    fn filter(&mut self, needle: &str) {
        needle.trim().clone_into(&mut self.needle);
    }

    fn wants(&mut self, world: &World) -> Option<Msg> {
        if !world.record.open {
            return Some(Msg::Record(RecordAsk::Open));
        }
        let near = self.at() + 50 >= self.shown.len();
        // A filter looks through all that can be had; a damaged ledger is read from the side.
        let unread = world.ledger.rows.is_empty() && world.ledger.fault.is_some();
        let more = match first(world) {
            Some(first) => world.record.has_more(first),
            None => unread && world.record.has_more(u64::MAX),
        };
        (more && near && world.record.wanted.is_none()).then_some(Msg::Record(RecordAsk::Older))
    }

    fn render(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
        let fault = view.world.ledger.fault.as_ref();
        let panel = Panel {
            title: "Ledger",
            subject: self.subject(view),
            right: chain(view),
            focused,
            stale: fault.map(|_| "not read"),
            ..Panel::default()
        };
        let inside = panel.render(area, buffer, view.styles);
        fresh::put_foot(area, buffer, &foot(view));
        if self.shown.is_empty() {
            let (why, hint) = self.why_empty(view);
            empty(view, inside, buffer, &why, hint);
            return;
        }
        self.rows(view, focused, inside, buffer);
    }
}

impl Record {
    /// How many rows are shown, of how many.
    fn subject(&self, view: &View<'_>) -> Line<'static> {
        let all = view.world.ledger.rows.len() + view.world.record.older.len();
        let count = |n: usize| thousands(u64::try_from(n).unwrap_or(u64::MAX));
        let open = view.world.ledger.open.len();
        let mut spans = Vec::new();
        if !self.needle.is_empty() {
            spans.push(view.span(format!("/{} ", self.needle), Role::Accent));
            spans.push(view.span(
                format!("{} of {} rows", count(self.shown.len()), count(all)),
                Role::Muted,
            ));
        } else if all == 1 {
            spans.push(view.span("1 row", Role::Muted));
        } else if all > 1 {
            spans.push(view.span(format!("{} rows", count(all)), Role::Muted));
        }
        if open > 0 {
            spans.push(view.span(format!("  ● {open} open"), Role::Warn));
        }
        Line::from(spans)
    }

    fn why_empty(&self, view: &View<'_>) -> (String, &'static str) {
        let world = view.world;
        if let Some(fault) = &world.ledger.fault {
            return (
                format!("✖ the ledger can't be read: {}", fault.message),
                "flightdeck ledger verify says where; nothing is rewritten",
            );
        }
        if !self.needle.is_empty() {
            return (
                format!("no row holds \"{}\"", self.needle),
                "Esc shows all rows again",
            );
        }
        if world.ledger.read_at.is_none() {
            return ("reading the ledger …".to_owned(), "");
        }
        (
            "nothing is recorded yet".to_owned(),
            "sign-offs, rollbacks and what became of them appear here",
        )
    }

    fn rows(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
        let area = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            ..area
        };
        let columns = columns(area.width);
        let places = table::layout(&columns, area.width);
        let room = usize::from(area.height);
        let at = self.at();
        let top = list::top(self.top, at, self.shown.len(), room);
        let broken = view.world.record.chain.value().and_then(|c| c.broken_at);
        let mut day_before = None;
        let seen = self.shown.iter().enumerate().skip(top).take(room);
        for ((i, seq), y) in seen.zip(area.top()..) {
            let place = Rect {
                y,
                height: 1,
                ..area
            };
            let marked = if i == at { "▸" } else { " " };
            let chosen = if focused { Role::Accent } else { Role::Muted };
            let mark = view.span(marked, chosen);
            let cells = match find(view.world, *seq) {
                Some(Found::Row(row)) => {
                    let look = (broken == Some(*seq), area.width >= PLENTY);
                    cells_of(view, row, mark, &mut day_before, look)
                }
                Some(Found::Unreadable(seq, why)) => {
                    let words = format!("row {seq} can't be read: {why}");
                    let mut cells = vec![Line::default(); columns.len()];
                    let ends = [(0, Line::from(mark)), (2, view.line("✖", Role::Bad))];
                    for (i, line) in ends.into_iter().chain([(6, view.line(words, Role::Bad))]) {
                        if let Some(cell) = cells.get_mut(i) {
                            *cell = line;
                        }
                    }
                    cells
                }
                None => continue,
            };
            table::row(&columns, &places, &cells, place, buffer);
        }
    }
}

/// From this width on days, kinds and places have room.
const PLENTY: u16 = 100;

/// Day with the mark before it, time, symbol, kind, who, where, what happened.
fn columns(width: u16) -> [Column; 7] {
    let column = Column::new;
    let plenty = width >= PLENTY;
    let day = if plenty { 11 } else { 8 };
    [
        column(day, day, 8),
        column(8, 8, 8),
        column(1, 1, 8),
        column(18, 21, 3),
        column(if plenty { 10 } else { 8 }, 16, 5),
        column(22, 26, 4),
        column(26, 200, 9),
    ]
}

fn cells_of(
    view: &View<'_>,
    row: &Row,
    mark: Span<'static>,
    day_before: &mut Option<Date>,
    (broken, plenty): (bool, bool),
) -> Vec<Line<'static>> {
    let there = row.at.to_zoned(view.world.zone.clone());
    let here = view.now.0.to_zoned(view.world.zone.clone());
    let day = there.date();
    let label = if *day_before == Some(day) {
        String::new()
    } else {
        let form = match (plenty, day.year() == here.year()) {
            (true, true) => "%a %d %b",
            (true, false) => "%Y-%m-%d",
            (false, true) => "%e %b",
            (false, false) => "%m/%Y",
        };
        there.strftime(form).to_string()
    };
    *day_before = Some(day);
    let (symbol, role) = if broken {
        ("✖", Role::Bad)
    } else {
        words::mark(row, view.world)
    };
    let today = day == here.date();
    let (verified, who) = if row.who_verified {
        (Role::Good, "✔")
    } else {
        (Role::Warn, "?")
    };
    let mut happened = vec![view.span(
        words::happened(row),
        if role == Role::Muted {
            Role::Text
        } else {
            role
        },
    )];
    if broken {
        happened.insert(0, view.span("not as recorded: ", Role::Bad));
    } else if words::is_open(row, view.world) {
        happened.insert(0, view.span("open: ", Role::Warn));
    }
    vec![
        Line::from(vec![
            mark,
            view.span(label, if today { Role::Accent } else { Role::Muted }),
        ]),
        view.line(there.strftime("%H:%M:%S").to_string(), Role::Text),
        view.line(symbol, role),
        view.line(Safe::new(&row.kind).to_string(), Role::Muted),
        Line::from(vec![
            view.span(format!("{who} "), verified),
            view.span(Safe::new(&row.who).to_string(), Role::Text),
        ]),
        view.line(
            format!("{} ▸ {}", row.service, row.environment),
            Role::Muted,
        ),
        Line::from(happened),
    ]
}

/// Whether the record is as it was written.
fn chain(view: &View<'_>) -> Line<'static> {
    let chain = &view.world.record.chain;
    match (chain, chain.value()) {
        (Fetched::Failed { fault }, _) => view.line(
            format!("? chain not checked: {}", fault.message),
            Role::Warn,
        ),
        (_, Some(found)) if found.ok => {
            let rows = thousands(found.rows);
            let s = if found.rows == 1 { "" } else { "s" };
            view.line(format!("✔ chain verified, {rows} row{s}"), Role::Good)
        }
        (_, Some(found)) => {
            let reason = found.reason.as_ref().map(Safe::as_str).unwrap_or_default();
            let at = found
                .broken_at
                .map(|seq| format!(" at row {seq}"))
                .unwrap_or_default();
            view.line(format!("✖ chain broken{at}: {reason}"), Role::Bad)
        }
        (_, None) => view.line("checking the chain …", Role::Muted),
    }
}

/// Whether older rows are there, and where to find the rest.
fn foot(view: &View<'_>) -> Line<'static> {
    if let Some(fault) = &view.world.ledger.fault {
        return view.line(format!("▲ {}", fault.message), Role::Warn);
    }
    let world = view.world;
    if world.record.wanted.is_some() {
        return view.line("reading older rows …", Role::Muted);
    }
    match first(world) {
        Some(first) if first > 1 && world.record.has_more(first) => {
            view.line("older rows follow", Role::Muted)
        }
        Some(first) if first > 1 => view.line("older rows: flightdeck ledger list", Role::Muted),
        _ => Line::default(),
    }
}
