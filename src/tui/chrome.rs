//! What stands around the panes: the title with freshness, budget and clock, the tabs, the key line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::layout::SMALL;
use super::overlays::Overlay;
use super::overlays::help;
use super::panes::fresh::{Fresh, old};
use super::panes::{View, calendar, measured, verdict};
use super::screen::Screen;
use super::views::places;
use super::widgets::line_input::LineInput;
use super::widgets::text;
use crate::app::action::{ActionId, Context};
use crate::config::theme::Role;
use crate::domain::units::thousands;

/// A source with fewer requests left than this part of its limit is pointed out.
const LITTLE: u64 = 10;

/// The title line: where one is, how fresh, what is left of the limits, the time. What has no room goes; the clock last, but for a calendar
/// that is closed.
pub(super) fn title(view: &View<'_>, screen: &Screen, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let mut left = vec![view.span(" flightdeck  ", Role::Muted)];
    match view.target() {
        Some(target) => left.push(view.span(target.to_string(), Role::Title)),
        None => left.push(view.span("no service", Role::Muted)),
    }
    if !view.world.banner.is_empty() {
        left.push(Span::raw("  "));
        left.push(view.span(format!(" {} ", view.world.banner), Role::Banner));
    }
    if view.world.read_only.is_some() {
        left.push(Span::raw("  "));
        left.push(view.span("read-only", Role::Warn));
    }
    if screen.frozen.is_some() {
        let at = clock(view, "%H:%M:%S");
        left.push(Span::raw("  "));
        left.push(view.span(format!(" FROZEN {at}, f goes on "), Role::Banner));
    }
    let left = Line::from(left);
    let time = if view.live() { "%H:%M:%S" } else { "%H:%M" };
    let long = view.span(clock(view, &format!("%a %-d %b {time} %Z")), Role::Text);
    let short = view.span(clock(view, &format!("{time} %Z")), Role::Text);
    let fresh = freshness(view);
    let budget = budget(view);
    let state = calendar::headline(view).unwrap_or_default();
    let mut forms: Vec<Vec<&Span<'static>>> = vec![vec![&fresh, &budget, &state, &long]];
    // That nothing is ruled is the first to go; what is ruled goes after the date and the budget.
    if calendar::is_ruled(view) {
        forms.extend([
            vec![&fresh, &budget, &state, &short],
            vec![&fresh, &state, &long],
            vec![&fresh, &state, &short],
        ]);
        let window = view.slice().and_then(|s| s.window.as_ref());
        if window.is_some_and(|w| !w.open()) {
            forms.push(vec![&fresh, &state]);
        }
    } else {
        forms.push(vec![&fresh, &budget, &long]);
    }
    forms.extend([
        vec![&fresh, &long],
        vec![&fresh, &short],
        vec![&short],
        vec![],
    ]);
    let room = usize::from(area.width).saturating_sub(text::line_width(&left) + 2);
    let right = forms
        .into_iter()
        .map(|form| joined(&form))
        .find(|line| text::line_width(line) <= room)
        .unwrap_or_default();
    text::left_right(buffer, area, &left, &right);
}

/// Pieces with a gap between them and a column at the end; empty ones are left out.
fn joined(pieces: &[&Span<'static>]) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for piece in pieces.iter().filter(|p| !p.content.is_empty()) {
        if !spans.is_empty() {
            spans.push(Span::raw("   "));
        }
        spans.push((*piece).clone());
    }
    if !spans.is_empty() {
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

fn clock(view: &View<'_>, format: &str) -> String {
    view.now
        .0
        .to_zoned(view.world.zone.clone())
        .strftime(format)
        .to_string()
}

/// `● live 2s`, `◌ cached 5m`, `▲ github stale 3m`: the worst of what the selected target is drawn from, and whose fault it is.
fn freshness(view: &View<'_>) -> Span<'static> {
    let Some((target, _)) = view.world.focused() else {
        return Span::raw("");
    };
    let overview = view
        .world
        .services
        .get(&target.service)
        .map_or_else(Fresh::default, |s| Fresh::of(&s.overview));
    let mut sources = Vec::new();
    if let Some((service, env)) = view.configured() {
        sources.push((service.source.as_str(), overview));
        if let (Some(metrics), Some(_)) = (&service.metrics, &env.signals) {
            sources.push((metrics.as_str(), measured::freshness(view)));
        }
    }
    let faulty = |(_, fresh): &&(&str, Fresh<'_>)| fresh.fault.is_some();
    let who: Vec<&str> = sources
        .iter()
        .filter(faulty)
        .map(|(name, _)| *name)
        .collect();
    let told = sources.iter().filter(|s| who.is_empty() || faulty(s));
    let fresh = told
        .map(|(_, fresh)| *fresh)
        .reduce(Fresh::and)
        .unwrap_or_default();
    let who = match who.as_slice() {
        [] => String::new(),
        all => format!(" {}", all.join(", ")),
    };
    let age = fresh
        .at
        .map(|at| view.age(at))
        .filter(|a| a != "now")
        .unwrap_or_default();
    let age = match fresh.at {
        Some(at) if fresh.fault.is_some() => old(view, at),
        _ => age,
    };
    let (word, role) = match (fresh.fault, fresh.cached, fresh.at) {
        (Some(_), _, Some(_)) => (format!("▲{who} stale"), Role::Warn),
        (Some(_), _, None) => (format!("▲{who} no answer"), Role::Bad),
        (None, true, _) => ("◌ cached".to_owned(), Role::Warn),
        (None, false, Some(_)) => ("● live".to_owned(), Role::Good),
        (None, false, None) => ("○ asking".to_owned(), Role::Muted),
    };
    view.span(format!("{word} {age}").trim_end().to_owned(), role)
}

/// `GitHub 4,812 left`, of the tighter of its two limits.
fn budget(view: &View<'_>) -> Span<'static> {
    let budget = view
        .configured()
        .and_then(|(s, _)| view.world.budgets.get(&s.source));
    let Some(budget) = budget else {
        return Span::raw("");
    };
    let pairs = [
        (budget.remaining, budget.limit),
        (budget.graphql_remaining, budget.graphql_limit),
    ];
    let tighter = pairs
        .into_iter()
        .filter_map(|(left, limit)| Some((left?, limit.unwrap_or(5_000).max(1))))
        .min_by_key(|(left, limit)| left.saturating_mul(1_000) / limit);
    match tighter {
        Some((left, limit)) => {
            let role = if left < limit / LITTLE {
                Role::Warn
            } else {
                Role::Muted
            };
            view.span(format!("GitHub {} left", thousands(left)), role)
        }
        None => Span::raw(""),
    }
}

/// The line that says why so little is to be seen.
pub(super) fn small(view: &View<'_>, area: Rect, buffer: &mut Buffer) {
    let words = format!(
        " small terminal: {}x{} or more shows the panes",
        SMALL.0, SMALL.1
    );
    text::put(buffer, area, &words, view.styles.get(Role::Muted));
}

/// The key line: the most useful keys here, a danger that is advised first; or a message.
pub(super) fn keys(view: &View<'_>, screen: &Screen, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    if let Some(Overlay::Filter(field)) = screen.overlays.last() {
        filter(view, field, area, buffer);
        return;
    }
    if let Some((severity, words)) = screen.message(view.world, view.now) {
        let (symbol, role) = help::severity(severity);
        text::put(
            buffer,
            area,
            &format!(" {symbol} {words}"),
            view.styles.get(role),
        );
        return;
    }
    let context = screen.context(view.world);
    let last = match context {
        Context::Pane | Context::Global => ActionId::Quit,
        Context::Dialog => ActionId::Close,
        Context::Form => ActionId::Cancel,
    };
    let entries: Vec<Vec<Span<'static>>> = ActionId::ALL
        .iter()
        .copied()
        .filter(|id| *id != last)
        .filter_map(|id| entry(view, screen, context, id))
        .collect();
    let end = entry(view, screen, context, last).unwrap_or_default();
    let width =
        |spans: &[Span<'static>]| spans.iter().map(|s| text::width(&s.content)).sum::<usize>();
    let mut room = usize::from(area.width).saturating_sub(width(&end) + 1);
    let mut spans = vec![Span::raw(" ")];
    for entry in entries {
        let wide = width(&entry) + 3;
        if wide > room {
            continue;
        }
        room -= wide;
        spans.extend(entry);
        spans.push(Span::raw("   "));
    }
    spans.extend(end);
    text::put_line(buffer, area, &Line::from(spans));
}

/// The words that rows are filtered by, as they are typed.
fn filter(view: &View<'_>, field: &LineInput, area: Rect, buffer: &mut Buffer) {
    let used = text::put_line(buffer, area, &view.line(" / ", Role::Key));
    let hint = Line::from(vec![
        view.span("Enter", Role::Key),
        view.span(" keeps   ", Role::Text),
        view.span("Esc", Role::Key),
        view.span(" shows all ", Role::Text),
    ]);
    let behind = u16::try_from(text::line_width(&hint)).unwrap_or(u16::MAX);
    let rest = area.width.saturating_sub(used);
    let shown = rest > behind + 12;
    let place = Rect {
        x: area.x + used,
        width: if shown { rest - behind - 1 } else { rest },
        ..area
    };
    field.render(place, buffer, view.styles, true);
    if shown {
        let place = Rect {
            x: area.right() - behind,
            width: behind,
            ..area
        };
        text::put_line(buffer, place, &hint);
    }
}

/// Whether somebody has something to sign here.
fn signs(view: &View<'_>) -> bool {
    view.target()
        .is_some_and(|t| !crate::app::sign::manual_gates(view.world, t).is_empty())
}

/// An action as it stands on the key line; none where it is of no use.
fn entry(
    view: &View<'_>,
    screen: &Screen,
    context: Context,
    id: ActionId,
) -> Option<Vec<Span<'static>>> {
    let row = id.row();
    if row.label.is_empty() || id == ActionId::Help {
        return None;
    }
    let chord = screen.look.keymap.shown(context, id)?;
    let (mut key_role, mut role) = (Role::Key, Role::Text);
    let page = screen.pages.of(screen.shown());
    let label = match id {
        ActionId::RollBack => {
            let slice = view.slice()?;
            let target = view.target()?;
            if view.world.flows.contains_key(target) {
                "show the rollback".to_owned()
            } else if let Some(Ok(plan)) = &slice.plan {
                if verdict::advised(slice) {
                    (key_role, role) = (Role::Banner, Role::Bad);
                }
                format!("roll back to {}", text::truncate(&plan.to.to_string(), 20))
            } else {
                role = Role::Muted;
                "roll back".to_owned()
            }
        }
        ActionId::Sign if !signs(view) => return None,
        ActionId::NextPane | ActionId::Whose | ActionId::Bots => {
            page.and_then(|(page, _)| page.chooses(id))?
        }
        ActionId::TimeRange if page.is_some() => page.and_then(|(page, _)| page.chooses(id))?,
        ActionId::TimeRange => match screen.minutes() {
            m if m < 60 => format!("range {m}m"),
            m => format!("range {}h", m / 60),
        },
        ActionId::Filter if page.is_none_or(|(page, _)| page.needle().is_none()) => return None,
        ActionId::Zoom => match page {
            Some((_, frame)) if frame.zoomed => "unzoom".to_owned(),
            Some((page, frame)) if places(page, frame, screen.body()).1.is_empty() => return None,
            None if screen.zoomed => "unzoom".to_owned(),
            _ => row.label.to_owned(),
        },
        ActionId::Freeze if screen.frozen.is_some() => "go on".to_owned(),
        ActionId::NextService if view.world.catalog.services.len() < 2 => return None,
        ActionId::NextEnvironment
            if view
                .configured()
                .is_none_or(|(s, _)| s.environments.len() < 2) =>
        {
            return None;
        }
        ActionId::OpenInBrowser | ActionId::Copy if screen.shows_help() => return None,
        ActionId::OpenInBrowser if screen.url(view).is_none() => return None,
        ActionId::Open if context == Context::Dialog => return None,
        ActionId::Confirm | ActionId::NextField
            if !screen.has_plan(view.world) && !screen.is_signing() =>
        {
            return None;
        }
        _ => row.label.to_owned(),
    };
    Some(vec![
        view.span(chord.label(), key_role),
        view.span(format!(" {label}"), role),
    ])
}
