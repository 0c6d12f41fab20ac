//! The calendar, day by day: windows and freezes with their rule and reason, releases, plans, milestones, deployments, and what
//! stands against them. It reaches as far as one scrolls, a year back and two ahead.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::page::Page;
use super::{View, calendar_rows as rows, list};
use crate::app::action::ActionId;
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::calendar::{Entry, EntryKind, EntryState, When, in_order, ruled};
use crate::domain::ids::{EnvId, ServiceId, Target};
use crate::domain::text::Safe;
use crate::domain::units::Now;
use crate::tui::agenda;
use crate::tui::overlays::detail::Of;
use crate::tui::panes::{calendar, empty, fresh};
use crate::tui::widgets::panel::Panel;

/// From this width on the zone is named beside the state.
const WIDE: u16 = 100;
/// Weeks back and ahead at first, by which they grow, and at most.
const WEEKS: (i64, i64) = (2, 8);
const MORE: (i64, i64) = (4, 8);
const MOST: (i64, i64) = (52, 104);

/// A row of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// The heading of a day; none: what is not dated.
    Day(Option<Date>),
    /// The entry with this number.
    Entry(usize),
    /// Where one is in the day.
    Now,
}

/// What makes an entry the same one after new data.
type Id = (EntryKind, Option<Timestamp>, Safe, ServiceId, Option<EnvId>);

/// What the rows follow from.
type Key = (
    Option<Target>,
    Vec<Option<Timestamp>>,
    i64,
    (i64, i64),
    String,
);

/// The page's state.
#[derive(Debug, Clone, Default)]
pub(super) struct Agenda {
    /// The selected entry; none: what is under way or comes next.
    selected: Option<Id>,
    top: Option<usize>,
    needle: String,
    /// Weeks that were added to what is seen at first: back and ahead.
    more: (i64, i64),
    entries: Vec<Entry>,
    items: Vec<Item>,
    /// The number of the entry that stands at now.
    start: usize,
    key: Option<Key>,
}

fn id(entry: &Entry) -> Id {
    (
        entry.kind,
        entry.when.instant(),
        entry.title.clone(),
        entry.service.clone(),
        entry.env.clone(),
    )
}

impl Agenda {
    fn refresh(&mut self, world: &World, now: Now) {
        let key = (
            world.focus.clone(),
            world.services.values().map(|s| s.overview.at()).collect(),
            now.0.as_second().div_euclid(60),
            self.more,
            self.needle.clone(),
        );
        if self.key.as_ref() == Some(&key) {
            return;
        }
        if self.key.as_ref().is_some_and(|k| k.0 != world.focus) {
            (self.selected, self.top) = (None, None);
        }
        self.key = Some(key);
        let weeks = |n: i64| SignedDuration::from_hours(n * 7 * 24);
        let back = weeks(WEEKS.0 + self.more.0);
        let ahead = weeks(WEEKS.1 + self.more.1);
        let from = now.0.checked_sub(back).unwrap_or(Timestamp::MIN);
        let to = now.0.checked_add(ahead).unwrap_or(Timestamp::MAX);
        let mut all = agenda::told(world);
        all.retain(|e| {
            let begins = e.when.begins(&world.zone);
            begins.is_none_or(|at| from <= at && at < to)
        });
        if let Some(target) = &world.focus {
            all.extend(ruled(&world.calendar, target, now.0, (from, to)));
        }
        let needle = self.needle.to_lowercase();
        all.retain(|e| rows::holds(e, &needle));
        self.entries = in_order(all, &world.zone);
        self.arrange(world, now);
    }

    /// Headings between the days, and a line where one is.
    fn arrange(&mut self, world: &World, now: Now) {
        let today = now.0.to_zoned(world.zone.clone()).date();
        let mut items = Vec::new();
        let mut day_before = None;
        let mut told_now = false;
        let (mut start, mut under_way) = (None, None);
        let mut today_told = false;
        for (i, entry) in self.entries.iter().enumerate() {
            let day = match entry.when {
                When::Open => None,
                when => Some(when.day(&world.zone)),
            };
            let behind = match entry.when {
                When::At(at) => at <= now.0,
                When::On(day) => day < today,
                When::Open => false,
            };
            // A day without any entry has no heading, but today always has.
            if !told_now && !behind && day != Some(today) {
                if !today_told {
                    items.push(Item::Day(Some(today)));
                }
                items.push(Item::Now);
                (told_now, today_told) = (true, true);
            }
            if day_before != Some(day) {
                items.push(Item::Day(day));
                day_before = Some(day);
                today_told |= day == Some(today);
            }
            if !told_now && !behind && matches!(entry.when, When::At(_)) {
                items.push(Item::Now);
                told_now = true;
            }
            // What lasts (a window, a freeze) is no place to begin at; a deployment under way is.
            let lasts = matches!(entry.kind, EntryKind::Window | EntryKind::Freeze);
            let ahead = !behind || (entry.state == EntryState::Running && !lasts);
            if start.is_none() && ahead {
                start = Some(i);
            }
            if under_way.is_none() && entry.state == EntryState::Running && !lasts {
                under_way = Some(i);
            }
            items.push(Item::Entry(i));
        }
        if !told_now {
            if !today_told {
                items.push(Item::Day(Some(today)));
            }
            items.push(Item::Now);
        }
        let last = self.entries.len().saturating_sub(1);
        self.start = under_way.or(start).unwrap_or(last);
        self.items = items;
    }

    /// The number of the selected entry.
    fn at(&self) -> usize {
        self.selected
            .as_ref()
            .and_then(|chosen| self.entries.iter().position(|e| id(e) == *chosen))
            .unwrap_or(self.start)
    }

    /// The row of an entry.
    fn row_of(&self, entry: usize) -> usize {
        let mut items = self.items.iter();
        items
            .position(|i| *i == Item::Entry(entry))
            .unwrap_or_default()
    }

    /// The first row that is seen: where one has scrolled to, else a little before now.
    fn top(&self, room: usize) -> usize {
        let row = self.row_of(self.at());
        let now = self.items.iter().position(|i| *i == Item::Now);
        let usual = || now.unwrap_or(row).saturating_sub(room / 4);
        let top = list::top(self.top.unwrap_or_else(usual), row, self.items.len(), room);
        // The first row is the heading of its day, whatever stands there.
        if top == row && room > 1 {
            top.saturating_sub(1)
        } else {
            top
        }
    }

    /// The rows that are seen from `top` on, below the heading of their day.
    fn seen(&self, top: usize, room: usize) -> impl Iterator<Item = &Item> {
        let (before, rest) = self.items.split_at(top.min(self.items.len()));
        let is_day = |item: &&Item| matches!(item, Item::Day(_));
        let (heading, skip) = match (rest.first(), rest.get(1)) {
            (Some(Item::Day(_)) | None, _) => (None, 0),
            // Nothing of that day is left to be headed.
            (_, Some(Item::Day(_))) => (None, 1),
            _ => (before.iter().rev().find(is_day), 1),
        };
        heading.into_iter().chain(rest.iter().skip(skip)).take(room)
    }
}

impl Page for Agenda {
    fn observe(&mut self, world: &World, now: Now) {
        self.refresh(world, now);
    }

    fn on_action(&mut self, action: ActionId, view: &View<'_>, area: Rect) -> bool {
        let room = usize::from(area.height.saturating_sub(2)).max(1);
        let at = self.at();
        let Some(to) = list::moved(at, action, self.entries.len(), room) else {
            return false;
        };
        let chosen = self.entries.get(to).map(id);
        // At an end the calendar goes on.
        let back = to == 0 && matches!(action, ActionId::Up | ActionId::PageUp | ActionId::Home);
        let last = to + 1 >= self.entries.len();
        let ahead = last && matches!(action, ActionId::Down | ActionId::PageDown | ActionId::End);
        self.top = Some(self.top(room));
        if back && self.more.0 < MOST.0 - WEEKS.0 {
            self.more.0 += MORE.0;
        } else if ahead && self.more.1 < MOST.1 - WEEKS.1 {
            self.more.1 += MORE.1;
        }
        let before = self.items.len();
        self.selected = chosen;
        self.refresh(view.world, view.now);
        let grown = self.items.len().saturating_sub(before);
        if grown > 0 && back {
            self.top = self.top.map(|top| top + grown);
        }
        // What was just added is where one wanted to go.
        if grown > 0 && to == at {
            let next = if back {
                self.at().saturating_sub(1)
            } else {
                self.at() + 1
            };
            self.selected = self.entries.get(next).or(self.entries.last()).map(id);
        }
        self.top = Some(self.top(room));
        true
    }

    fn opened(&self, _view: &View<'_>) -> Option<Of> {
        let entry = self.entries.get(self.at())?;
        Some(Of::Entry(Box::new(entry.clone())))
    }

    fn wish(&self) -> Option<u16> {
        (!self.entries.is_empty() || !self.needle.is_empty()).then_some(u16::MAX)
    }

    fn needle(&self) -> Option<&str> {
        Some(&self.needle)
    }

    fn filter(&mut self, needle: &str) {
        needle.trim().clone_into(&mut self.needle);
        self.top = None;
    }

    fn render(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
        let fresh = calendar::freshness(view);
        let mark = fresh.mark(view);
        let mut subject = Line::default();
        if let Some(target) = view.target() {
            subject = view.line(format!("rules of {target}"), Role::Muted);
        }
        if !self.needle.is_empty() {
            subject = view.line(format!("/{}", self.needle), Role::Accent);
        }
        let mut right = Line::default();
        if let Some(state) = calendar::headline(view).filter(|_| calendar::is_ruled(view)) {
            right.spans.push(state);
        }
        let zone = view.span(calendar::zone_name(view), Role::Muted);
        if right.spans.is_empty() {
            right.spans.push(zone);
        } else if area.width >= WIDE {
            right.spans.extend([view.span(" · ", Role::Muted), zone]);
        }
        let panel = Panel {
            title: "Calendar",
            subject,
            right,
            focused,
            stale: mark.as_deref(),
            ..Panel::default()
        };
        let inside = panel.render(area, buffer, view.styles);
        if fresh.fault.is_some() || fresh.cached {
            fresh::put_foot(area, buffer, &fresh.foot(view, "github"));
        }
        if self.entries.is_empty() && !self.needle.is_empty() {
            let why = format!("nothing holds \"{}\"", self.needle);
            empty(view, inside, buffer, &why, "Esc shows everything again");
            return;
        }
        if self.entries.is_empty() {
            let (why, hint) = calendar::why_empty(view);
            empty(view, inside, buffer, &why, &hint);
            return;
        }
        let room = usize::from(inside.height);
        let top = self.top(room);
        let chosen = (self.at(), focused);
        let seen = self.seen(top, room);
        rows::render(view, &self.entries, seen, chosen, inside, buffer);
    }
}
