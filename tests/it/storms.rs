//! Whatever the size, the texts and the keys: no panic, no control character, nothing outside; and few bytes for a change.

use std::sync::OnceLock;
use std::time::Instant;

use flightdeck::app::keymap::Chord;
use flightdeck::app::world::World;
use flightdeck::domain::units::Now;
use flightdeck::tui::decode::InputEvent;
use flightdeck::tui::encode::Encoder;
use flightdeck::tui::paint::Painter;
use flightdeck::tui::routing::Intent;
use flightdeck::tui::screen::render;
use proptest::prelude::*;
use ratatui::buffer::Buffer;

use crate::canvas::{draw, screen};
use crate::stories;

/// The Worlds of the storms, made once.
fn worlds() -> &'static [(World, Now)] {
    static WORLDS: OnceLock<Vec<(World, Now)>> = OnceLock::new();
    WORLDS.get_or_init(|| {
        let tales: [fn() -> stories::Shop; 19] = [
            stories::bad_deploy,
            stories::hostile_texts,
            stories::recovered,
            stories::rollback_running,
            stories::open_intent,
            stories::empty,
            stories::first_start,
            stories::no_rollback,
            stories::gated,
            stories::ruled,
            stories::weekend,
            stories::recorded,
            stories::broken_chain,
            stories::unreadable,
            stories::hostile_record,
            stories::delivered_seen,
            stories::hostile_seen,
            stories::first_reading,
            stories::unread,
        ];
        let shops = tales.into_iter().map(|tale| tale());
        shops.map(|shop| (shop.world, shop.now)).collect()
    })
}

const KEYS: [&str; 53] = [
    "3",
    "4",
    "5",
    "6",
    "7",
    "/",
    "m",
    "b",
    "n",
    "N",
    "s",
    "R",
    "enter",
    "esc",
    "tab",
    "shift-tab",
    "up",
    "down",
    "left",
    "right",
    "pageup",
    "pagedown",
    "home",
    "end",
    "z",
    "f",
    "t",
    "+",
    "-",
    "T",
    "?",
    "f1",
    "o",
    "y",
    "ctrl-y",
    "r",
    "f5",
    "1",
    "[",
    "]",
    "{",
    "}",
    "q",
    "c",
    "h",
    "e",
    "k",
    "space",
    "backspace",
    "delete",
    "ctrl-w",
    "ctrl-left",
    "G",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn nothing_breaks_the_screen(
        which in 0usize..19,
        view in 0usize..6,
        w in 1u16..300,
        h in 1u16..100,
        keys in prop::collection::vec(0usize..KEYS.len(), 0..30),
        paste in "\\PC{0,20}|[\u{0}-\u{1f}\u{7f}-\u{9f}漢🚀]{0,20}",
        second in (1u16..300, 1u16..100),
    ) {
        let (world, now) = &worlds()[which];
        let mut screen = screen((w, h));
        let view = Chord::parse(["1", "3", "4", "5", "6", "7"][view]).unwrap();
        screen.on_input(&InputEvent::Key(view), world, *now);
        for (i, key) in keys.iter().enumerate() {
            let event = InputEvent::Key(Chord::parse(KEYS[*key]).unwrap());
            for intent in screen.on_input(&event, world, *now) {
                if let Intent::Copy(text) = intent {
                    prop_assert!(!text.contains(char::is_control));
                }
            }
            if i == 5 {
                screen.on_input(&InputEvent::Paste(paste.clone()), world, *now);
                screen.resize(second);
            }
        }
        screen.observe(world, *now);
        let mut buffer = Buffer::empty(screen.area());
        render(world, &screen, *now, screen.area(), &mut buffer);
        for cell in &buffer.content {
            prop_assert!(!cell.symbol().contains(char::is_control), "{:?}", cell.symbol());
        }
        // Drawing changes nothing: the same again is the same picture.
        let mut again = Buffer::empty(screen.area());
        render(world, &screen, *now, screen.area(), &mut again);
        prop_assert_eq!(buffer, again);
    }
}

#[test]
fn an_idle_redraw_writes_nothing() {
    let mut shop = stories::idle();
    let mut screen = screen((120, 40));
    let mut painter = Painter::new(Vec::new());
    let start = Instant::now();
    assert!(painter.paint(draw(&shop, &mut screen), start).is_some());
    // Within the minute nothing that is shown changes, as long as no answer arrives.
    for _ in 0..9 {
        shop.now = Now(shop.now.0 + jiff::SignedDuration::from_secs(3));
        assert_eq!(
            painter.paint(draw(&shop, &mut screen), start),
            None,
            "at {}",
            shop.now.0
        );
    }
}

#[test]
fn the_first_frame_is_small() {
    let tales: [(&str, stories::Shop); 4] = [
        ("idle", stories::idle()),
        ("cached", stories::cached()),
        ("healthy", stories::healthy()),
        ("first start", stories::first_start()),
    ];
    for (name, shop) in tales {
        let frame = Encoder::new().encode(None, &draw(&shop, &mut screen((120, 40))));
        assert!(frame.len() <= 6_000, "{name}: {} bytes", frame.len());
    }
}

#[test]
fn a_live_deploy_costs_less_than_600_bytes_a_second() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut shop = stories::bad_deploy();
        let mut screen = screen(size);
        let mut encoder = Encoder::new();
        let mut before = draw(&shop, &mut screen);
        let frame = encoder.encode(None, &before);
        let first = frame.len();

        let (mut total, seconds) = (0, 120);
        for _ in 0..seconds {
            shop.pass(1);
            let next = draw(&shop, &mut screen);
            total += encoder.encode(Some(&before), &next).len();
            before = next;
        }
        let rate = total / seconds;
        assert!(rate < 600, "{size:?}: {rate} bytes a second");
        eprintln!("{size:?}: first frame {first} bytes, then {rate} bytes a second");
        if size == (120, 40) {
            assert!(first < 6_500, "{first}");
        }
    }
}
