//! Every pane, view and overlay at the four sizes that count: the picture, and below it how it is styled with colours and
//! without. Whoever changes the screen looks at what changed there.

use std::fmt::Write as _;

use flightdeck::config::theme::{Role, Theme};
use flightdeck::tui::screen::Screen;
use flightdeck::tui::styles::{Depth, Styles};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

use crate::canvas::{draw, look, press, text};
use crate::screens::keep;
use crate::stories::{self, Shop};

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 60)];

/// What is shown, the story and its name, and the keys that lead there.
type Shown = (
    &'static str,
    &'static str,
    fn() -> Shop,
    &'static [&'static str],
);

const SHOWN: &[Shown] = &[
    // Panes, zoomed.
    ("deploy", "bad_deploy", stories::bad_deploy, &["z"]),
    ("errors", "bad_deploy", stories::bad_deploy, &["tab", "z"]),
    (
        "latency",
        "bad_deploy",
        stories::bad_deploy,
        &["tab", "tab", "z"],
    ),
    (
        "gates",
        "gated",
        stories::gated,
        &["tab", "tab", "tab", "z"],
    ),
    ("calendar", "ruled", stories::ruled, &["shift-tab", "z"]),
    // Views.
    ("view_cockpit", "bad_deploy", stories::bad_deploy, &[]),
    ("view_calendar", "ruled", stories::ruled, &["3"]),
    (
        "view_calendar",
        "filtered",
        stories::ruled,
        &["3", "/", "f", "r", "e", "e", "z", "e", "enter"],
    ),
    ("view_gates", "gated", stories::gated, &["4"]),
    ("view_deploy", "bad_deploy", stories::bad_deploy, &["5"]),
    ("view_changes", "delivered", stories::delivered, &["6"]),
    (
        "view_changes",
        "all",
        stories::delivered,
        &["6", "m", "m", "m", "b"],
    ),
    ("view_changes", "taken_back", stories::taken_back, &["6"]),
    (
        "view_changes",
        "filtered",
        stories::delivered,
        &["6", "m", "m", "/", "t", "a", "x", "enter"],
    ),
    (
        "view_changes",
        "first_reading",
        stories::first_reading,
        &["6"],
    ),
    ("view_changes", "unread", stories::unread, &["6"]),
    ("view_changes", "forbidden", stories::forbidden, &["6"]),
    (
        "view_changes",
        "nothing_happened",
        stories::nothing_happened,
        &["6"],
    ),
    ("view_changes", "hostile", stories::hostile_changes, &["6"]),
    ("view_queue", "delivered", stories::delivered, &["6", "tab"]),
    (
        "view_queue",
        "first_reading",
        stories::first_reading,
        &["6", "tab"],
    ),
    (
        "view_dora",
        "delivered",
        stories::delivered,
        &["6", "shift-tab"],
    ),
    (
        "view_dora",
        "year",
        stories::delivered,
        &["6", "shift-tab", "t"],
    ),
    (
        "view_dora",
        "nothing_happened",
        stories::nothing_happened,
        &["6", "shift-tab"],
    ),
    ("view_ledger", "recorded", stories::recorded, &["7"]),
    ("view_ledger", "broken_chain", stories::broken_chain, &["7"]),
    (
        "view_ledger",
        "unreadable",
        stories::unreadable,
        &["7", "down"],
    ),
    (
        "view_ledger",
        "open_intent",
        stories::open_intent,
        &["7", "end"],
    ),
    (
        "view_ledger",
        "filtering",
        stories::recorded,
        &["7", "/", "r", "u", "n"],
    ),
    ("view_ledger", "empty", stories::idle, &["7"]),
    // Overlays.
    ("help", "bad_deploy", stories::bad_deploy, &["?"]),
    (
        "detail_deploy",
        "bad_deploy",
        stories::bad_deploy,
        &["enter"],
    ),
    (
        "detail_errors",
        "bad_deploy",
        stories::bad_deploy,
        &["tab", "enter"],
    ),
    (
        "detail_latency",
        "bad_deploy",
        stories::bad_deploy,
        &["tab", "tab", "enter"],
    ),
    (
        "detail_gate",
        "gated",
        stories::gated,
        &["4", "down", "down", "enter"],
    ),
    (
        "detail_entry",
        "ruled",
        stories::ruled,
        &["3", "/", "e", "n", "d", "enter", "enter"],
    ),
    (
        "detail_job",
        "bad_deploy",
        stories::bad_deploy,
        &["5", "down", "down", "enter"],
    ),
    (
        "detail_row",
        "recorded",
        stories::recorded,
        &["7", "end", "up", "up", "up", "enter"],
    ),
    (
        "detail_change",
        "live",
        stories::delivered,
        &["6", "down", "down", "enter"],
    ),
    (
        "detail_change",
        "on_its_way",
        stories::delivered,
        &["6", "enter"],
    ),
    (
        "detail_queued",
        "delivered",
        stories::delivered,
        &["6", "tab", "down", "enter"],
    ),
    (
        "detail_dora_frequency",
        "delivered",
        stories::delivered,
        &["6", "shift-tab", "enter"],
    ),
    (
        "detail_dora_lead_time",
        "delivered",
        stories::delivered,
        &["6", "shift-tab", "down", "enter"],
    ),
    (
        "detail_dora_recovery",
        "delivered",
        stories::delivered,
        &["6", "shift-tab", "down", "down", "enter"],
    ),
    (
        "detail_dora_fail_rate",
        "delivered",
        stories::delivered,
        &["6", "shift-tab", "down", "down", "down", "enter"],
    ),
    (
        "detail_dora_rework",
        "delivered",
        stories::delivered,
        &["6", "shift-tab", "end", "enter"],
    ),
    (
        "detail_deployment",
        "delivered",
        stories::delivered,
        &["6", "shift-tab", "down", "down", "down", "enter", "enter"],
    ),
    ("rollback", "bad_deploy", stories::bad_deploy, &["R"]),
    (
        "dry_run",
        "bad_deploy",
        stories::bad_deploy,
        &["R", "tab", "enter"],
    ),
    (
        "changes",
        "bad_deploy",
        stories::bad_deploy,
        &["R", "tab", "tab", "tab", "enter"],
    ),
    ("progress", "recovered", stories::recovered, &["R"]),
    ("sign", "gated", stories::gated, &["s"]),
    (
        "quit",
        "rollback_running",
        stories::rollback_running,
        &["q"],
    ),
];

fn painted(theme: &str, depth: Depth, size: (u16, u16), shop: &mut Shop, keys: &[&str]) -> Buffer {
    let mut screen = Screen::new(look(theme, depth), size);
    press(&mut screen, shop, keys);
    draw(shop, &mut screen)
}

/// The role that a cell is styled as; several may look the same, the first is told.
fn role(cell: &Cell, styles: &Styles) -> char {
    let letters = "tmbBTagwxicChksKN".chars();
    let known = Role::ALL.iter().zip(letters).find(|((role, _), _)| {
        let style: Style = styles.get(*role);
        style.fg.unwrap_or(Color::Reset) == cell.fg
            && style.bg.unwrap_or(Color::Reset) == cell.bg
            && style.add_modifier == cell.modifier
    });
    known.map_or('?', |(_, letter)| letter)
}

/// The attribute of a cell.
fn attribute(cell: &Cell) -> char {
    let known = [
        (Modifier::REVERSED, '#'),
        (Modifier::UNDERLINED, '_'),
        (Modifier::BOLD, '*'),
        (Modifier::DIM, '.'),
    ];
    let found = known.iter().find(|(m, _)| cell.modifier.contains(*m));
    found.map_or('-', |(_, letter)| *letter)
}

/// The styles of a picture, a line for a row: each run's letter and its columns. What is blank goes with what is before it.
fn runs(buffer: &Buffer, letter: impl Fn(&Cell) -> char) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(char, usize)> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let blank = cell.symbol().trim().is_empty()
                && cell.bg == Color::Reset
                && !cell.modifier.contains(Modifier::REVERSED);
            let this = letter(cell);
            match runs.last_mut() {
                Some((last, n)) if blank || *last == this => *n += 1,
                _ => runs.push((this, 1)),
            }
        }
        let words: Vec<String> = runs.iter().map(|(c, n)| format!("{c}{n}")).collect();
        writeln!(out, "{y:>2} {}", words.join(" ")).unwrap();
    }
    out
}

fn in_colour(theme: &str, buffer: &Buffer) -> String {
    let styles = Styles::new(&Theme::built_in(theme).unwrap(), Depth::True);
    format!("{theme}\n{}", runs(buffer, |cell| role(cell, &styles)))
}

#[test]
fn everything_at_every_size_with_and_without_colour() {
    for (what, story, tale, keys) in SHOWN {
        let shop = tale();
        for size in SIZES {
            let dark = painted("dark", Depth::True, size, &mut shop.clone(), keys);
            let mono = painted("mono", Depth::None, size, &mut shop.clone(), keys);
            let picture = text(&dark);
            assert_eq!(
                text(&mono),
                picture,
                "{what} {story} {size:?}: colour alone tells"
            );
            for cell in &mono.content {
                assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
            }
            let whole = format!(
                "{picture}\n{}\nmono\n{}",
                in_colour("dark", &dark),
                runs(&mono, attribute)
            );
            keep(&format!("{what}__{story}"), size, &whole);
        }
    }
}

#[test]
fn the_other_themes_style_the_same_picture() {
    let shop = stories::bad_deploy();
    let size = (120, 40);
    let dark = text(&painted("dark", Depth::True, size, &mut shop.clone(), &[]));
    for theme in ["light", "high-contrast"] {
        let other = painted(theme, Depth::True, size, &mut shop.clone(), &[]);
        assert_eq!(text(&other), dark, "{theme}");
        let name = format!("view_cockpit__{}", theme.replace('-', "_"));
        keep(&name, size, &in_colour(theme, &other));
    }
}
