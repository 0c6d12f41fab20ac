//! The screen: pictures of every story, keys, and how few bytes a change costs.

use flightdeck::app::keymap::{Chord, Keymap};
use flightdeck::app::world::World;
use flightdeck::config::theme::Theme;
use flightdeck::domain::units::Now;
use flightdeck::tui::decode::InputEvent;
use flightdeck::tui::routing::Intent;
use flightdeck::tui::screen::{Look, Screen, render};
use flightdeck::tui::styles::Depth;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::stories::{self, Shop};

fn look(theme: &str) -> Look {
    Look {
        keymap: Keymap::default(),
        theme: Theme::built_in(theme).unwrap(),
        depth: Depth::True,
        browser: false,
        ids: stories::ids,
    }
}

fn screen(size: (u16, u16)) -> Screen {
    Screen::new(look("dark"), size)
}

/// The picture of a screen.
fn draw(world: &World, now: Now, screen: &mut Screen) -> Buffer {
    screen.observe(world, now);
    let mut buffer = Buffer::empty(screen.area());
    render(world, screen, now, screen.area(), &mut buffer);
    buffer
}

/// The rows of a picture as text.
fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut skip = 0;
        let mut row = String::new();
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = symbol.width().saturating_sub(1);
            row.push_str(symbol);
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

fn key(screen: &mut Screen, shop: &Shop, chord: &str) -> Vec<Intent> {
    let chord = Chord::parse(chord).unwrap();
    screen.on_input(&InputEvent::Key(chord), &shop.world, shop.now)
}

/// Presses keys; messages go to the World.
fn press(screen: &mut Screen, shop: &mut Shop, chords: &[&str]) -> Vec<Intent> {
    let mut rest = Vec::new();
    for chord in chords {
        for intent in key(screen, shop, chord) {
            match intent {
                Intent::Send(msg) => shop.tell(msg),
                other => rest.push(other),
            }
        }
    }
    rest
}

fn snapshot(name: &str, size: (u16, u16), shop: &mut Shop, keys: &[&str]) {
    let mut screen = screen(size);
    press(&mut screen, shop, keys);
    let picture = text(&draw(&shop.world, shop.now, &mut screen));
    let name = format!("{name}__{}x{}", size.0, size.1);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../pictures");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, picture));
}

#[test]
fn the_main_story_at_every_size() {
    let mut shop = stories::bad_deploy();
    for size in [
        (59, 15),
        (60, 16),
        (80, 24),
        (100, 30),
        (120, 40),
        (80, 50),
        (200, 60),
    ] {
        snapshot("cockpit__bad_deploy", size, &mut shop, &[]);
    }
}

#[test]
fn every_story_has_its_picture() {
    let tales: [(&str, fn() -> Shop); 10] = [
        ("idle", stories::idle),
        ("cached", stories::cached),
        ("first_start", stories::first_start),
        ("stale_github", stories::stale_github),
        ("metrics_failing", stories::metrics_failing),
        ("empty", stories::empty),
        ("hostile_texts", stories::hostile_texts),
        ("read_only", stories::read_only),
        ("rollback_running", stories::rollback_running),
        ("recovered", stories::recovered),
    ];
    for (name, tale) in tales {
        let mut shop = tale();
        for size in [(80, 24), (120, 40)] {
            snapshot(&format!("cockpit__{name}"), size, &mut shop, &[]);
        }
    }
}

#[test]
fn the_rollback_in_its_stages() {
    let tales: [(&str, fn() -> Shop); 8] = [
        ("form", stories::bad_deploy),
        ("read_only", stories::read_only),
        ("no_rollback", stories::no_rollback),
        ("running", stories::rollback_running),
        ("verifying", stories::rollback_verifying),
        ("recovered", stories::recovered),
        ("lost_answer", stories::lost_answer),
        ("open_intent", stories::open_intent),
    ];
    for (name, tale) in tales {
        let mut shop = tale();
        for size in [(80, 24), (120, 40)] {
            snapshot(&format!("rollback__{name}"), size, &mut shop, &["R"]);
        }
    }
}

#[test]
fn overlays_and_zoom() {
    let mut shop = stories::bad_deploy();
    for size in [(80, 24), (120, 40)] {
        snapshot("help", size, &mut shop, &["?"]);
        snapshot("detail__deploy", size, &mut shop, &["enter"]);
        snapshot("detail__errors", size, &mut shop, &["tab", "enter"]);
        snapshot(
            "detail__gates",
            size,
            &mut shop,
            &["tab", "tab", "tab", "enter"],
        );
        snapshot("detail__calendar", size, &mut shop, &["shift-tab", "enter"]);
        snapshot("zoom__calendar", size, &mut shop, &["shift-tab", "z"]);
        snapshot("zoom__errors", size, &mut shop, &["tab", "z"]);
        snapshot("dry_run", size, &mut shop, &["R", "tab", "enter"]);
        snapshot("frozen", size, &mut shop, &["f"]);
    }
}
