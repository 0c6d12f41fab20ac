//! The tab line: the views there are, what is wrong with all of them, and where one is among services and environments. Where there
//! is no room the right side goes first, then the other views' words, never the view that is shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::panes::View;
use super::screen::Screen;
use super::views::ViewId;
use super::widgets::text;
use crate::app::action::{ActionId, Context};
use crate::app::chord::Chord;
use crate::config::theme::Role;

/// Draws it.
pub(super) fn render(view: &View<'_>, screen: &Screen, area: Rect, buffer: &mut Buffer) {
    let told = told(view);
    let rights = rights(view, screen);
    let total = usize::from(area.width);
    let wide = |left: &Line<'_>, right: &str| {
        let gap = if right.is_empty() { 0 } else { 2 };
        text::line_width(left) + gap + text::width(right) <= total
    };
    let lefts = [Form::Words, Form::Shown, Form::Alone].map(|form| {
        let mut line = views(view, screen, form);
        line.spans.extend(told.clone());
        line
    });
    let fits = lefts
        .iter()
        .flat_map(|left| rights.iter().map(move |right| (left, right)))
        .find(|(left, right)| wide(left, right));
    let alone = String::new();
    // What is wrong is cut rather than the way to the other views.
    let narrow = lefts.get(1).map(|left| (left, &alone));
    if let Some((left, right)) = fits.or(narrow) {
        let right = view.line(right.clone(), Role::Muted);
        text::left_right(buffer, area, left, &right);
    }
}

/// How much is told of the views.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Every view's key and word.
    Words,
    /// Every view's key, the word of the one that is shown.
    Shown,
    /// Only the one that is shown.
    Alone,
}

fn views(view: &View<'_>, screen: &Screen, form: Form) -> Line<'static> {
    let mut spans = Vec::new();
    for id in ViewId::ALL.iter().copied() {
        let here = id == screen.shown();
        if form == Form::Alone && !here {
            continue;
        }
        let key = screen.look.keymap.shown(Context::Pane, id.action());
        let key = key.map(Chord::label).unwrap_or_default();
        spans.push(view.span(format!(" {key} "), Role::Key));
        if here {
            spans.push(view.span(format!(" {} ", id.title()), Role::Accent));
        } else if form == Form::Words {
            spans.push(view.span(format!(" {} ", id.title()), Role::Muted));
        }
    }
    Line::from(spans)
}

/// What is wrong beyond one pane.
fn told(view: &View<'_>) -> Vec<Span<'static>> {
    let mut out = Vec::new();
    if let Some(fault) = &view.world.ledger.fault {
        out.push(view.span(format!("  ✖ ledger: {}", fault.message), Role::Bad));
    }
    match view.world.withheld.len() {
        0 => {}
        1 => out.push(view.span("  ! 1 setting is withheld, ? names it", Role::Warn)),
        n => {
            let words = format!("  ! {n} settings are withheld, ? names them");
            out.push(view.span(words, Role::Warn));
        }
    }
    out
}

/// Where one is among services and environments, and the help: from all of it to nothing.
fn rights(view: &View<'_>, screen: &Screen) -> Vec<String> {
    let catalog = &view.world.catalog;
    let mut service_of = None;
    let mut env_of = None;
    if let Some(target) = view.target() {
        let services = catalog.services.len();
        let mut all = catalog.services.iter();
        let at = all.position(|s| s.id == target.service).unwrap_or(0) + 1;
        service_of = (services > 1).then_some((at, services));
        if let Some(service) = catalog.service(&target.service) {
            let envs = service.environments.len();
            let mut all = service.environments.iter();
            let at = all.position(|e| e.id == target.env).unwrap_or(0) + 1;
            env_of = (envs > 1).then_some((at, envs));
        }
    }
    let help = screen.look.keymap.shown(Context::Pane, ActionId::Help);
    let help = help.map(|key| format!("{} help ", key.label()));
    let joined = |parts: [Option<String>; 3]| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join("   ")
    };
    let long = |word: &str, keys: &str, of: Option<(usize, usize)>| {
        of.map(|(at, n)| format!("{keys} {word} {at}/{n}"))
    };
    let short =
        |keys: &str, of: Option<(usize, usize)>| of.map(|(at, n)| format!("{keys} {at}/{n}"));
    vec![
        joined([
            long("service", "[ ]", service_of),
            long("environment", "{ }", env_of),
            help.clone(),
        ]),
        joined([short("[ ]", service_of), short("{ }", env_of), help.clone()]),
        joined([help, None, None]),
        String::new(),
    ]
}
