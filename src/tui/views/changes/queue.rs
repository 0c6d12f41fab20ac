//! The queue: for each environment what is merged and not live, the oldest first, and how far one can go without shipping something
//! that a later change takes back.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::View;
use super::cursor::Cursor;
use super::head::{Head, draw};
use super::question::Part;
use super::{told, words};
use crate::app::action::ActionId;
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::change::listing::{Ask, Listing, Whose};
use crate::domain::change::queue::{Queue, Waiting};
use crate::domain::ids::EnvId;
use crate::domain::text::Safe;
use crate::domain::units::age;
use crate::tui::overlays::detail::Queued;
use crate::tui::panes::empty;
use crate::tui::widgets::table::{self, Column};
use crate::tui::widgets::text;

/// A row: the heading of a queue, something that waits, or how many more do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Heading(usize),
    Row(usize, usize),
    /// Nothing waits there.
    Nothing,
    More(usize),
}

/// What the rows were read from.
type Key = (Option<Ask>, Option<jiff::Timestamp>, u64, Option<EnvId>);

/// The queue's state.
#[derive(Debug, Clone, Default)]
pub(super) struct Waits {
    cursor: Cursor,
    top: usize,
    items: Vec<Item>,
    /// The rows that can be selected, as places among the items.
    rows: Vec<usize>,
    /// Where each of these changes stands in the list of all; none: not listed.
    listed: Vec<Option<usize>>,
    key: Option<Key>,
}

/// The answer, where it is about the selected service.
fn listing(world: &World) -> Option<&Listing> {
    let (of, fetched) = &world.delivery.listing;
    let here = world.focus.as_ref().map(|t| &t.service);
    let holds = matches!((of, here), (Some(Ask { whose: Whose::Service(id), .. }), Some(here)) if id == here);
    fetched.value().filter(|_| holds)
}

impl Waits {
    /// Brings the rows up to date.
    pub(super) fn observe(&mut self, world: &World) {
        let (of, fetched) = &world.delivery.listing;
        let env = world.focus.as_ref().map(|t| t.env.clone());
        let key = (of.clone(), fetched.at(), world.delivery.stamp, env.clone());
        if self.key.as_ref() == Some(&key) {
            return;
        }
        self.key = Some(key);
        self.items.clear();
        let queues = listing(world).map_or(&[][..], |l| l.queues.as_slice());
        // The environment that one looks at stands first.
        let mut order: Vec<usize> = (0..queues.len()).collect();
        order.sort_by_key(|i| queues.get(*i).map(|q| Some(&q.env) != env.as_ref()));
        for i in order {
            let Some(queue) = queues.get(i) else { continue };
            self.items.push(Item::Heading(i));
            let waiting = queue.waiting.len();
            self.items.extend((0..waiting).map(|w| Item::Row(i, w)));
            if queue.total > waiting {
                self.items.push(Item::More(queue.total - waiting));
            }
            if queue.total == 0 {
                self.items.push(Item::Nothing);
            }
        }
        let places = self.items.iter().enumerate();
        let rows = places.filter(|(_, item)| matches!(item, Item::Row(..)));
        self.rows = rows.map(|(place, _)| place).collect();
        self.cursor.clamp(self.rows.len());
        let all = listing(world).map_or(&[][..], |l| l.rows.as_slice());
        let here = world.focus.as_ref().map(|t| &t.service);
        let ours = all
            .iter()
            .enumerate()
            .filter(|(_, r)| Some(&r.service) == here);
        let places: HashMap<&Safe, usize> = ours.map(|(i, r)| (&r.id, i)).collect();
        let waiting = self.rows.iter().map(|place| match self.items.get(*place) {
            Some(Item::Row(i, at)) => queues.get(*i)?.waiting.get(*at),
            _ => None,
        });
        self.listed = waiting.map(|w| places.get(&w?.id).copied()).collect();
    }

    /// What is selected, with all that is known of the change.
    pub(super) fn selected(&self, view: &View<'_>) -> Option<Queued> {
        let found = listing(view.world)?;
        let item = self.items.get(*self.rows.get(self.cursor.at)?)?;
        let Item::Row(queue, at) = *item else {
            return None;
        };
        let queue = found.queues.get(queue)?;
        let row = self.listed.get(self.cursor.at).copied().flatten();
        Some(Queued {
            env: queue.env.clone(),
            live: queue.live.clone(),
            before: at,
            first_stop: queue.first_stop,
            waiting: queue.waiting.get(at)?.clone(),
            change: row.and_then(|i| found.rows.get(i).cloned()),
        })
    }

    /// Moves; false when the action is no movement.
    pub(super) fn on_action(&mut self, action: ActionId, area: Rect) -> bool {
        let room = usize::from(area.height.saturating_sub(2)).max(1);
        if !self.cursor.on_action(action, self.rows.len(), room) {
            return false;
        }
        self.top = self.first(room);
        true
    }

    /// The first item that is seen: the selected row is, and the heading above the first one.
    fn first(&self, room: usize) -> usize {
        let at = self.rows.get(self.cursor.at).copied().unwrap_or_default();
        let at = if self.cursor.at == 0 { 0 } else { at };
        super::super::list::top(self.top, at, self.items.len(), room)
    }

    /// Draws it.
    pub(super) fn render(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
        let fetched = &view.world.delivery.listing.1;
        let found = listing(view.world);
        let as_of = found.and_then(|l| l.as_of);
        let service = view.target().map(|t| t.service.to_string());
        let waits = found.map(|l| {
            l.queues
                .iter()
                .map(|q| format!("{} for {}", words::count(q.total), q.env))
                .collect::<Vec<_>>()
        });
        let waits = waits.filter(|w| !w.is_empty()).map(|w| w.join(" · "));
        let head = Head {
            part: Part::Queue,
            subject: view.line(service.unwrap_or_default(), Role::Text),
            rights: waits
                .map(|w| view.line(w, Role::Muted))
                .into_iter()
                .collect(),
            ..Head::default()
        };
        let Some(found) = found.filter(|_| !self.items.is_empty()) else {
            let inside = draw(view, head, focused, area, buffer);
            let (why, hint) = why_empty(view, found.is_some());
            empty(view, inside, buffer, &why, &hint);
            return;
        };
        let head = head.dated(view, fetched, as_of);
        let inside = draw(view, head, focused, area, buffer);
        let room = usize::from(inside.height);
        let top = self.first(room);
        let columns = columns(inside.width);
        let places = table::layout(&columns, inside.width.saturating_sub(1));
        let chosen = self.rows.get(self.cursor.at).copied();
        let seen = self.items.iter().enumerate().skip(top).take(room);
        for ((place, item), y) in seen.zip(inside.top()..) {
            let line = Rect {
                y,
                height: 1,
                width: inside.width.saturating_sub(1),
                ..inside
            };
            match *item {
                Item::Heading(i) => {
                    if let Some(queue) = found.queues.get(i) {
                        heading(view, queue, line, buffer);
                    }
                }
                Item::Nothing => {
                    let words = "  ✔ nothing waits: all that is merged runs there";
                    text::put(buffer, line, words, view.styles.get(Role::Muted));
                }
                Item::More(n) => {
                    let words = format!("  … and {} more", words::count(n));
                    text::put(buffer, line, &words, view.styles.get(Role::Muted));
                }
                Item::Row(i, at) => {
                    let queue = found.queues.get(i);
                    let row = queue.and_then(|q| Some((q, q.waiting.get(at)?)));
                    let Some((queue, waiting)) = row else {
                        continue;
                    };
                    let marked = if chosen == Some(place) { "▸" } else { " " };
                    let role = if focused { Role::Accent } else { Role::Muted };
                    let first = queue.first_stop == Some(at);
                    let cells = cells(view, waiting, first, view.span(marked, role));
                    table::row(&columns, &places, &cells, line, buffer);
                }
            }
        }
    }
}

/// `production  v2.15.0 live since 13:58 ──── 12 wait, the oldest 3d`.
fn heading(view: &View<'_>, queue: &Queue, place: Rect, buffer: &mut Buffer) {
    let mut spans = vec![view.span(format!(" {}", queue.env), Role::Title)];
    spans.push(match &queue.live {
        Some((name, at)) => view.span(
            format!("  {name} live since {}", words::since(view, *at)),
            Role::Muted,
        ),
        None => view.span("  nothing is known to run there", Role::Muted),
    });
    let oldest = queue.waiting.first().and_then(|w| w.since);
    let oldest = oldest.map(|at| format!(", the oldest {}", age(view.now.since(at))));
    let stop = match (queue.total, queue.first_stop) {
        (0, _) | (_, Some(_)) => "",
        _ => " · no safe stop",
    };
    let right = match queue.total {
        0 => view.line("none waits", Role::Muted),
        1 => view.line(
            format!("1 waits{}{stop}", oldest.unwrap_or_default()),
            Role::Text,
        ),
        n => {
            let n = words::count(n);
            let words = format!("{n} wait{}{stop}", oldest.unwrap_or_default());
            view.line(words, Role::Text)
        }
    };
    let used: usize = spans.iter().map(|s| text::width(&s.content)).sum();
    let gap = usize::from(place.width).saturating_sub(used + text::line_width(&right) + 2);
    if gap > 2 {
        spans.push(view.span(format!(" {} ", "─".repeat(gap)), Role::Border));
        spans.extend(right.spans);
    }
    text::put_line(buffer, place, &Line::from(spans));
}

/// Mark and id, title, who, how long it waits, what that means.
fn columns(width: u16) -> [Column; 5] {
    let column = Column::new;
    [
        column(8, 8, 9),
        column(14, width / 3, 10),
        column(8, 16, 5),
        Column {
            right: true,
            ..column(6, 6, 8)
        },
        column(22, 34, 7),
    ]
}

fn cells(
    view: &View<'_>,
    waiting: &Waiting,
    first: bool,
    mark: Span<'static>,
) -> Vec<Line<'static>> {
    let since = waiting.since.map(|at| age(view.now.since(at)));
    let (role, note) = stop(waiting, first);
    vec![
        Line::from(vec![
            mark,
            view.span(words::brief(&waiting.id), Role::Muted),
        ]),
        view.line(waiting.title.to_string(), Role::Text),
        view.line(words::login(waiting.author.as_ref()), Role::Muted),
        view.line(since.unwrap_or_else(|| "–".to_owned()), Role::Text),
        view.line(note, role),
    ]
}

/// What going exactly up to here would mean.
pub(in crate::tui) fn stop(waiting: &Waiting, first: bool) -> (Role, String) {
    match (&waiting.reverted_by, waiting.safe_stop) {
        (Some(by), _) => (Role::Warn, format!("! taken back by {}", words::brief(by))),
        (None, true) if first => (Role::Good, "◆ first safe stop".to_owned()),
        (None, true) => (Role::Muted, "◇ safe stop".to_owned()),
        (None, false) => (Role::Warn, "! no safe stop".to_owned()),
    }
}

fn why_empty(view: &View<'_>, answered: bool) -> (String, String) {
    let (_, fetched) = &view.world.delivery.listing;
    let as_of = fetched.value().and_then(|l| l.as_of);
    if let Some(unread) = told::why_unread(view, fetched, as_of) {
        return unread;
    }
    if !answered {
        return ("reading what waits …".to_owned(), String::new());
    }
    (
        "this service has no environment whose deployments are known".to_owned(),
        "GitHub deployments or releases tell what runs where; flightdeck doctor says what is missing"
            .to_owned(),
    )
}
