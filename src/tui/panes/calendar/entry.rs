//! An entry of the calendar in words and symbols, for the pane, the view and the evidence.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::config::theme::Role;
use crate::domain::calendar::{Entry, EntryKind, EntryState, When};
use crate::tui::panes::View;
use crate::tui::widgets::text;

/// Whether an entry lies behind.
pub(in crate::tui) fn is_past(entry: &Entry, view: &View<'_>) -> bool {
    match entry.when {
        When::At(at) => at <= view.now.0 && entry.state != EntryState::Running,
        When::On(day) => day < today(view),
        When::Open => false,
    }
}

pub(super) fn today(view: &View<'_>) -> Date {
    view.now.0.to_zoned(view.world.zone.clone()).date()
}

pub(super) fn day(entry: &Entry, view: &View<'_>) -> Option<Date> {
    match entry.when {
        When::Open => None,
        when => Some(when.day(&view.world.zone)),
    }
}

pub(super) fn time(entry: &Entry, view: &View<'_>) -> String {
    match entry.when {
        When::At(at) => clock(at, view),
        When::On(_) | When::Open => String::new(),
    }
}

fn clock(at: Timestamp, view: &View<'_>) -> String {
    at.to_zoned(view.world.zone.clone())
        .strftime("%H:%M")
        .to_string()
}

/// The end of what lasts: `→ 17:00`, `→ Mon 09:00`, `→ 7 Jan`.
pub(in crate::tui) fn until(entry: &Entry, view: &View<'_>) -> Option<String> {
    let end = entry.end?;
    let zone = &view.world.zone;
    let days = When::At(end).day(zone) - entry.when.day(zone);
    let form = match days.get_days() {
        0 => "→ %H:%M",
        -6..=6 => "→ %a %H:%M",
        _ => "→ %-d %b",
    };
    Some(end.to_zoned(zone.clone()).strftime(form).to_string())
}

/// A window's row: its name in a bar, as wide as there is room.
pub(super) fn bar(entry: &Entry, width: u16) -> String {
    let name = format!(" {} ", entry.title);
    let room = usize::from(width.min(30)).saturating_sub(text::width(&name) + 1);
    let left = room / 2;
    format!("{}{name}{}▌", "█".repeat(left), "█".repeat(room - left))
}

/// `checkout v2.15.0`, with the environment where it is not the selected one.
pub(in crate::tui) fn what(entry: &Entry, view: &View<'_>) -> String {
    if matches!(entry.kind, EntryKind::Window | EntryKind::Freeze) {
        return entry.title.to_string();
    }
    let here = view.target().map(|t| &t.env);
    let env = match &entry.env {
        Some(env) if Some(env) != here => format!(" → {env}"),
        _ => String::new(),
    };
    format!("{} {}{env}", entry.service, entry.title)
}

/// The symbol, the role and the word of an entry.
pub(in crate::tui) fn look(entry: &Entry) -> (&'static str, Role, &'static str) {
    match (entry.kind, entry.state) {
        (EntryKind::Window, EntryState::Running) => ("▐", Role::Good, "open"),
        (EntryKind::Window, _) => ("▐", Role::Muted, "window"),
        (EntryKind::Freeze, EntryState::Running) => ("⏸", Role::Bad, "frozen"),
        (EntryKind::Freeze, _) => ("⏸", Role::Warn, "freeze"),
        (EntryKind::Plan, _) if !entry.conflicts.is_empty() => ("!", Role::Warn, "conflict"),
        (_, EntryState::Running) => ("●", Role::Accent, "under way"),
        (_, EntryState::Failed) => ("✖", Role::Bad, "failed"),
        (EntryKind::Milestone, EntryState::Planned) => ("◇", Role::Info, "milestone"),
        (EntryKind::Release, EntryState::Planned) => ("○", Role::Text, "draft"),
        (EntryKind::Plan, _) | (EntryKind::Deployment, EntryState::Planned) => {
            ("○", Role::Text, "planned")
        }
        (EntryKind::Release, EntryState::Done) => ("✔", Role::Good, "published"),
        (EntryKind::Milestone, EntryState::Done) => ("◆", Role::Good, "reached"),
        (EntryKind::Deployment, EntryState::Done) => ("✔", Role::Good, "deployed"),
    }
}
