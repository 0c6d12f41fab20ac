//! An entry of the calendar, whole: when it is, here and in its rule's zone; the rule with its place; what stands against it; where it
//! comes from.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::text::Line;

use super::calendar::why;
use crate::config::theme::Role;
use crate::domain::calendar::rule::{End, Rule};
use crate::domain::calendar::{Entry, EntryKind, When};
use crate::tui::overlays::evidence::{ago, freshness};
use crate::tui::overlays::scroll::{heading, pair};
use crate::tui::panes::{View, calendar};
use crate::tui::views::rule_of;

pub(super) fn of_entry(view: &View<'_>, entry: &Entry, width: usize) -> Vec<Line<'static>> {
    let words = |label: &str, text: &str, role| pair(view, label, text, role, width);
    let (symbol, role, word) = calendar::look(entry);
    let kind = match entry.kind {
        EntryKind::Milestone => "milestone on GitHub",
        EntryKind::Release => "release on GitHub",
        EntryKind::Deployment => "deployment on GitHub",
        EntryKind::Plan => "planned release",
        EntryKind::Window => "window",
        EntryKind::Freeze => "freeze",
    };
    let ruled = matches!(entry.kind, EntryKind::Window | EntryKind::Freeze);
    let rule = rule_of(view, entry);
    let mut out = words("what", &calendar::what(entry, view), Role::Title);
    let state = if kind.starts_with(word) {
        format!("{symbol} {kind}")
    } else {
        format!("{symbol} {word} · {kind}")
    };
    out.extend(words("state", &state, role));
    match &entry.env {
        Some(env) if !ruled => {
            out.extend(words(
                "where",
                &format!("{} ▸ {env}", entry.service),
                Role::Text,
            ));
        }
        None => out.extend(words("service", entry.service.as_str(), Role::Text)),
        Some(_) => {}
    }
    let zone = &view.world.zone;
    out.extend(words("from", &when(view, entry), Role::Text));
    if let Some(end) = entry.end {
        out.extend(words("until", &long(end, zone), Role::Text));
    }
    if let (Some(rule), Some(start)) = (rule, entry.when.instant())
        && rule.zone != *zone
    {
        let end = entry.end.map(|end| format!(" → {}", long(end, &rule.zone)));
        let there = format!("{}{}", long(start, &rule.zone), end.unwrap_or_default());
        out.extend(words("in its zone", &there, Role::Muted));
    }
    if !entry.conflicts.is_empty() {
        out.push(Line::default());
        out.push(heading(view, "What stands against it"));
        for conflict in &entry.conflicts {
            out.extend(words("conflict", &format!("! {conflict}"), Role::Warn));
        }
    }
    if let Some(rule) = rule {
        out.push(Line::default());
        out.push(heading(view, "The rule"));
        out.extend(of_rule(view, rule, width));
    } else if let Some(source) = entry.source.as_ref().filter(|s| !s.is_empty()) {
        out.extend(words("written at", source.as_str(), Role::Text));
    }
    if let Some(url) = &entry.url {
        out.extend(words("page", url.as_str(), Role::Accent));
    }
    if let Some(slice) = view.world.services.get(&entry.service)
        && !ruled
        && entry.kind != EntryKind::Plan
    {
        out.push(Line::default());
        out.push(heading(view, "Source"));
        if let Some(service) = view.world.catalog.service(&entry.service) {
            let asked = format!("{} at {}", service.repo, service.source);
            out.extend(words("asked", &asked, Role::Text));
        }
        out.extend(freshness(view, "answer", &slice.overview, width));
    }
    if ruled {
        out.extend(why(view, width));
    }
    out
}

fn when(view: &View<'_>, entry: &Entry) -> String {
    match entry.when {
        When::At(at) if at <= view.now.0 => {
            format!("{} ({})", long(at, &view.world.zone), ago(view, at))
        }
        When::At(at) => format!(
            "{} (in {})",
            long(at, &view.world.zone),
            crate::domain::units::age(at.duration_since(view.now.0))
        ),
        When::On(day) => day.strftime("%a %-d %b %Y, all day").to_string(),
        When::Open => "not dated".to_owned(),
    }
}

fn long(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%a %-d %b %Y %H:%M %Z")
        .to_string()
}

/// A rule: what it says, of whom, and where it was written.
pub(super) fn of_rule(view: &View<'_>, rule: &Rule, width: usize) -> Vec<Line<'static>> {
    let words = |label: &str, text: &str, role| pair(view, label, text, role, width);
    let mut out = Vec::new();
    if !rule.reason.is_empty() {
        out.extend(words("reason", rule.reason.as_str(), Role::Text));
    }
    if let Some(repeats) = &rule.times.repeats {
        out.extend(words("rrule", repeats.starts.text(), Role::Text));
        let end = match &repeats.end {
            End::Clock(time) => format!("each to {}", time.strftime("%H:%M")),
            End::After(length) => format!("each for {:#}", length.0),
        };
        let first = repeats.starts.start().strftime("%a %-d %b %Y %H:%M");
        out.extend(words("first", &format!("{first}, {end}"), Role::Text));
    }
    for (from, to) in &rule.times.dates {
        let form = "%a %-d %b %Y %H:%M";
        let dates = format!("{} → {}", from.strftime(form), to.strftime(form));
        out.extend(words("dates", &dates, Role::Text));
    }
    out.extend(words("zone", rule.zone_name.as_str(), Role::Text));
    let scope = if rule.scope.words.is_empty() {
        "everything"
    } else {
        rule.scope.words.as_str()
    };
    out.extend(words("for", scope, Role::Text));
    if rule.hard {
        let hard = "hard: to pass it, its name is to be typed";
        out.extend(words("weight", hard, Role::Bad));
    }
    if !rule.allow.is_empty() {
        let kinds: Vec<String> = rule.allow.iter().map(ToString::to_string).collect();
        out.extend(words(
            "but",
            &format!("{} may pass", kinds.join(", ")),
            Role::Text,
        ));
    }
    out.extend(words("written at", rule.place.as_str(), Role::Text));
    out
}
