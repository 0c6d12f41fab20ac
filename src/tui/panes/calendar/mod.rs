//! The calendar: what was deployed and what lies ahead, day by day, in the one zone of the screen.

mod entry;
mod rows;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::fresh::{self, Fresh};
use super::{View, empty};
use crate::app::action::ActionId;
use crate::config::theme::Role;
use crate::domain::calendar::decision::Standing;
use crate::domain::calendar::{Entry, EntryKind, EntryState, When};
use crate::tui::widgets::panel::Panel;
use entry::{day, time, today};
pub(in crate::tui) use entry::{is_past, look, until, what};

/// How far the agenda is scrolled from where it stands by itself, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// The selected entry, counted from the first of the agenda; none: it stands at now.
    pub selected: Option<usize>,
}

impl State {
    /// Moves the selection; false when the action is none of the pane's.
    pub fn on_action(&mut self, action: ActionId, view: &View<'_>) -> bool {
        let mut at = self.selected.unwrap_or_else(|| start(view));
        let moved = super::select(&mut at, action, view.agenda.len());
        if moved {
            self.selected = Some(at);
        }
        moved
    }

    /// The selected entry.
    pub fn entry<'a>(&self, view: &View<'a>) -> Option<&'a Entry> {
        view.agenda
            .get(self.selected.unwrap_or_else(|| start(view)))
    }
}

/// The first entry that is under way or ahead.
fn start(view: &View<'_>) -> usize {
    let past = view.agenda.iter().take_while(|e| is_past(e, view)).count();
    past.min(view.agenda.len().saturating_sub(1))
}

/// Of the rules' entries those worth a row: of each window only the one that is open, or opens next; every freeze and plan.
pub(in crate::tui) fn shown(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(|e| {
        let first = || {
            let same = entries
                .iter()
                .filter(|o| o.kind == EntryKind::Window && o.title == e.title);
            same.filter_map(|o| o.when.instant()).min() == e.when.instant()
        };
        e.kind != EntryKind::Window || first()
    })
}

/// The name of the screen's zone: `Europe/Berlin`, else its offset.
pub(in crate::tui) fn zone_name(view: &View<'_>) -> String {
    let zone = &view.world.zone;
    zone.iana_name().map_or_else(
        || view.now.0.to_zoned(zone.clone()).strftime("%Z").to_string(),
        str::to_owned,
    )
}

/// Whether any rule concerns the selected target: else the state is worth less room than what else there is to tell.
pub(in crate::tui) fn is_ruled(view: &View<'_>) -> bool {
    let decision = view.slice().and_then(|s| s.window.as_ref());
    decision.is_some_and(|d| d.standing != Standing::Unruled)
}

/// The state for the title: `⏸ freeze in 2h 57m`, `open until 17:00`; none while nothing is worked out.
pub(in crate::tui) fn headline(view: &View<'_>) -> Option<Span<'static>> {
    let decision = view.slice()?.window.as_ref()?;
    let words = decision.headline(view.now.0, &view.world.zone);
    let soon = decision.next_freeze.is_some() && words.starts_with("freeze");
    Some(match decision.standing {
        Standing::Unruled => view.span(words, Role::Muted),
        Standing::Frozen | Standing::Outside => view.span(format!("⏸ {words}"), Role::Bad),
        Standing::Free | Standing::Inside if soon => view.span(format!("⏸ {words}"), Role::Warn),
        Standing::Free | Standing::Inside => view.span(words, Role::Good),
    })
}

/// Draws the pane; on a single row what comes next.
pub fn render(view: &View<'_>, state: &State, focused: bool, area: Rect, buffer: &mut Buffer) {
    if area.height < 3 {
        folded(view, focused, area, buffer);
        return;
    }
    let fresh = freshness(view);
    let mark = fresh.mark(view);
    let panel = Panel {
        title: "Calendar",
        right: view.line(zone_name(view), Role::Muted),
        focused,
        stale: mark.as_deref(),
        ..Panel::default()
    };
    let inside = panel.render(area, buffer, view.styles);
    if view.agenda.is_empty() {
        let (why, hint) = why_empty(view);
        empty(view, inside, buffer, &why, &hint);
        return;
    }
    if fresh.fault.is_some() || fresh.cached {
        fresh::put_foot(area, buffer, &fresh.foot(view, "github"));
    } else {
        let count = view.world.services.len();
        let plural = if count == 1 { "service" } else { "services" };
        fresh::put_foot(
            area,
            buffer,
            &view.line(format!("{count} {plural}"), Role::Muted),
        );
    }
    rows::rows(view, state, focused, inside, buffer);
}

/// The freshness of all repositories together.
pub(in crate::tui) fn freshness<'a>(view: &View<'a>) -> Fresh<'a> {
    view.world
        .services
        .values()
        .map(|s| Fresh::of(&s.overview))
        .fold(Fresh::default(), Fresh::and)
}

pub(in crate::tui) fn why_empty(view: &View<'_>) -> (String, String) {
    if let Some(fault) = freshness(view).fault {
        return (
            format!("▲ {}{}", fault.message, fresh::next_try(fault, view.now)),
            String::new(),
        );
    }
    if view
        .world
        .services
        .values()
        .any(|s| s.overview.at().is_some())
    {
        (
            "no deployment, no release, no milestone".to_owned(),
            "milestones with a due date on GitHub appear here; windows and freezes come from the configuration:\n\
             [calendar.freeze.weekend]\nrrule = \"FREQ=WEEKLY;BYDAY=FR\"\nstart = \"2026-01-02T16:00\"\nend = \"2d16h\""
                .to_owned(),
        )
    } else {
        ("asking GitHub …".to_owned(), String::new())
    }
}

/// `next: search v8.1.0 Mon 24 10:00`.
fn folded(view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let mark = if focused { "▸" } else { " " };
    let mut spans: Vec<Span<'static>> = vec![
        view.span(mark, Role::Accent),
        view.span(
            "calendar ",
            if focused { Role::Accent } else { Role::Title },
        ),
    ];
    if let Some(state) = headline(view).filter(|_| is_ruled(view)) {
        spans.push(state);
        spans.push(view.span(" · ", Role::Muted));
    }
    let ahead = view.agenda.iter().filter(|e| {
        let told = e.state != EntryState::Running && e.when != When::Open;
        !is_past(e, view) && told && e.kind != EntryKind::Window
    });
    let next: Vec<String> = ahead
        .take(2)
        .map(|e| {
            let at = time(e, view);
            let day = day(e, view)
                .filter(|d| *d != today(view) || at.is_empty())
                .map(|d| d.strftime("%a %d").to_string());
            [
                Some(what(e, view)),
                day,
                Some(at).filter(|at| !at.is_empty()),
            ]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
        })
        .collect();
    let last = view.agenda.iter().rfind(|e| is_past(e, view));
    if !next.is_empty() {
        spans.push(view.span(format!("next: {}", next.join(" · ")), Role::Text));
    } else if let Some(last) = last {
        let (symbol, _, word) = look(last);
        let at = match last.when {
            When::At(at) => view.moment(at),
            _ => String::new(),
        };
        spans.push(view.span(
            format!(
                "nothing planned · last: {symbol} {} {word} {at}",
                what(last, view)
            ),
            Role::Muted,
        ));
    } else {
        spans.push(view.span(why_empty(view).0, Role::Muted));
    }
    let mark = freshness(view).mark(view);
    fresh::folded(area, buffer, &Line::from(spans), mark, view);
}
