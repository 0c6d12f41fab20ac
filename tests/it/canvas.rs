//! A screen without a terminal: it draws into a buffer, takes keys, and what it wants goes to the story's World.

use flightdeck::app::keymap::{Chord, Keymap};
use flightdeck::app::world::World;
use flightdeck::config::theme::Theme;
use flightdeck::domain::units::Now;
use flightdeck::tui::decode::InputEvent;
use flightdeck::tui::routing::Intent;
use flightdeck::tui::screen::{Browser, Look, Screen, render};
use flightdeck::tui::styles::Depth;
use flightdeck::tui::views::ViewId;
use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

use crate::stories::{Shop, ids};

pub(crate) fn look(theme: &str, depth: Depth) -> Look {
    Look {
        keymap: Keymap::default(),
        theme: Theme::built_in(theme).unwrap(),
        depth,
        browser: Browser::Missing,
        view: ViewId::default(),
        ascii: false,
        ids,
    }
}

/// A screen in the dark theme.
pub(crate) fn screen(size: (u16, u16)) -> Screen {
    Screen::new(look("dark", Depth::True), size)
}

/// The picture of a screen.
pub(crate) fn draw(shop: &Shop, screen: &mut Screen) -> Buffer {
    picture(&shop.world, shop.now, screen)
}

/// The picture of a World.
pub(crate) fn picture(world: &World, now: Now, screen: &mut Screen) -> Buffer {
    screen.observe(world, now);
    let mut buffer = Buffer::empty(screen.area());
    render(world, screen, now, screen.area(), &mut buffer);
    buffer
}

/// The rows of a picture as text.
pub(crate) fn text(buffer: &Buffer) -> String {
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

/// What the screen shows, as text.
pub(crate) fn shown(shop: &Shop, screen: &mut Screen) -> String {
    text(&draw(shop, screen))
}

/// Presses keys; messages go to the World, the other wishes come back.
pub(crate) fn press(screen: &mut Screen, shop: &mut Shop, chords: &[&str]) -> Vec<Intent> {
    let mut rest = Vec::new();
    for chord in chords {
        let event = InputEvent::Key(Chord::parse(chord).unwrap());
        for intent in screen.on_input(&event, &shop.world, shop.now) {
            match intent {
                Intent::Send(msg) => shop.tell(*msg),
                other => rest.push(other),
            }
        }
    }
    rest
}

/// Types a text, a key a character.
pub(crate) fn type_in(screen: &mut Screen, shop: &mut Shop, typed: &str) {
    for c in typed.chars() {
        let name = if c == ' ' {
            "space".to_owned()
        } else {
            c.to_string()
        };
        press(screen, shop, &[&name]);
    }
}
