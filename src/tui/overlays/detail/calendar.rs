//! The evidence behind the calendar: whether a release may go and by which rule, and every entry with its place.

use ratatui::text::{Line, Span};

use crate::config::theme::Role;
use crate::tui::overlays::scroll::{heading, pair, paragraph};
use crate::tui::panes::{View, calendar};

pub(super) fn of_calendar(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let mut out = vec![view.line(
        format!("  times in {}", calendar::zone_name(view)),
        Role::Muted,
    )];
    out.extend(why(view, width));
    let mut day_before = None;
    for entry in view.agenda {
        let day = match entry.when {
            crate::domain::calendar::When::Open => "not dated".to_owned(),
            when => when
                .day(&view.world.zone)
                .strftime("%A %d %B %Y")
                .to_string(),
        };
        if day_before.as_ref() != Some(&day) {
            out.push(Line::default());
            out.push(heading(view, &day));
            day_before = Some(day);
        }
        let (symbol, role, word) = calendar::look(entry);
        let time = match entry.when {
            crate::domain::calendar::When::At(at) => at
                .to_zoned(view.world.zone.clone())
                .strftime("%H:%M")
                .to_string(),
            _ => "     ".to_owned(),
        };
        out.push(Line::from(vec![
            view.span(format!("  {time} "), Role::Muted),
            view.span(format!("{symbol} "), role),
            view.span(calendar::what(entry, view), Role::Text),
            view.span(
                format!(
                    "  {}",
                    calendar::until(entry, view).unwrap_or_else(|| word.to_owned())
                ),
                Role::Muted,
            ),
        ]));
        for conflict in &entry.conflicts {
            let role = view.styles.get(Role::Warn);
            out.extend(paragraph(&format!("! {conflict}"), role, 10, width));
        }
        if let Some(source) = entry.source.as_ref().filter(|s| !s.is_empty()) {
            let role = view.styles.get(Role::Muted);
            out.extend(paragraph(source.as_str(), role, 10, width));
        }
        if let Some(url) = &entry.url {
            out.extend(paragraph(
                url.as_str(),
                view.styles.get(Role::Muted),
                10,
                width,
            ));
        }
    }
    out
}

/// Whether a release may go, and the rules that say so with their places.
pub(super) fn why(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let Some(decision) = view.slice().and_then(|s| s.window.as_ref()) else {
        return Vec::new();
    };
    let mut out = vec![Line::default(), heading(view, "May a release go now?")];
    let headline = calendar::headline(view).unwrap_or_default();
    out.push(Line::from(vec![Span::raw("  "), headline]));
    if decision.reasons.is_empty() {
        let words = decision.sentence();
        out.extend(pair(view, "", words.as_str(), Role::Muted, width));
    }
    for reason in &decision.reasons {
        out.extend(pair(
            view,
            "why",
            reason.sentence.as_str(),
            Role::Text,
            width,
        ));
        if let Some(until) = reason.until {
            out.extend(pair(view, "until", &view.moment(until), Role::Text, width));
        }
        let rule = view
            .world
            .calendar
            .rules
            .iter()
            .find(|r| r.id == reason.rule && r.kind == reason.kind);
        let Some(rule) = rule else { continue };
        if let Some(repeats) = &rule.times.repeats {
            let words = format!(
                "{} from {} in {}",
                repeats.starts.text(),
                repeats.starts.start(),
                rule.zone_name
            );
            out.extend(pair(view, "rule", &words, Role::Muted, width));
        } else {
            let words = format!("dates in {}", rule.zone_name);
            out.extend(pair(view, "rule", &words, Role::Muted, width));
        }
        if !rule.scope.words.is_empty() {
            out.extend(pair(
                view,
                "for",
                rule.scope.words.as_str(),
                Role::Muted,
                width,
            ));
        }
        if !rule.allow.is_empty() {
            let kinds: Vec<String> = rule.allow.iter().map(ToString::to_string).collect();
            let words = format!("{} may pass", kinds.join(", "));
            out.extend(pair(view, "but", &words, Role::Muted, width));
        }
        out.extend(pair(view, "place", rule.place.as_str(), Role::Muted, width));
    }
    out
}
