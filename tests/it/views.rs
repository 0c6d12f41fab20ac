//! The views: their tabs and keys, what Tab, the zoom, the filter and Esc do, how far the calendar reaches, what is copied.

use flightdeck::app::msg::Msg;
use flightdeck::app::record::RecordAsk;
use flightdeck::tui::decode::{InputEvent, Mouse, MouseKind};
use flightdeck::tui::routing::Intent;
use flightdeck::tui::screen::{Browser, Screen};
use flightdeck::tui::styles::Depth;
use flightdeck::tui::views::ViewId;

use crate::canvas::{look, press, screen, shown, type_in};
use crate::stories;

const SIZE: (u16, u16) = (120, 40);
const NARROW: (u16, u16) = (80, 24);

/// The row that is selected.
fn selected(picture: &str) -> String {
    let mut rows = picture.lines().skip(3);
    let row = rows.find(|l| l.trim_start_matches(['│', ' ']).starts_with('▸'));
    row.unwrap_or_default().to_owned()
}

#[test]
fn number_keys_switch_and_the_tabs_say_where_one_is() {
    let mut shop = stories::gated();
    let mut s = screen(SIZE);
    for (key, view) in [
        ("3", ViewId::Calendar),
        ("4", ViewId::Gates),
        ("5", ViewId::Deploy),
        ("6", ViewId::Changes),
        ("7", ViewId::Ledger),
        ("1", ViewId::Cockpit),
    ] {
        press(&mut s, &mut shop, &[key]);
        assert_eq!(s.shown(), view);
    }
    // On a small screen the rest of the cockpit stands; the view comes back with the room.
    press(&mut s, &mut shop, &["7"]);
    s.resize((50, 12));
    assert_eq!(s.shown(), ViewId::Cockpit);
    assert!(shown(&shop, &mut s).contains("small terminal"));
    s.resize(SIZE);
    assert_eq!(s.shown(), ViewId::Ledger);
}

#[test]
fn a_view_can_be_the_first() {
    let shop = stories::recorded();
    let mut look = look("dark", Depth::True);
    look.view = ViewId::Ledger;
    let mut s = Screen::new(look, SIZE);
    assert!(shown(&shop, &mut s).contains("▸Ledger"));
    // It says what it needs before any key is pressed.
    assert_eq!(s.wants(&shop.world), [Msg::Record(RecordAsk::Open)]);
}

#[test]
fn the_ledger_reads_on_and_stops_when_nobody_looks() {
    let mut shop = stories::recorded();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["7"]);
    assert!(shop.world.record.open);
    assert!(shown(&shop, &mut s).contains("✔ chain verified, 11 rows"));
    assert!(shown(&shop, &mut s).contains("older rows follow"));
    press(&mut s, &mut shop, &["end", "end"]);
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("the ledger begins") && picture.contains("2024-12-16"),
        "{picture}"
    );
    assert!(selected(&picture).contains("? old-hand"), "{picture}");
    press(&mut s, &mut shop, &["1"]);
    assert!(!shop.world.record.open && shop.world.record.older.is_empty());
}

#[test]
fn a_filter_shows_what_holds_its_words_and_esc_shows_all() {
    let mut shop = stories::recorded();
    let mut s = screen(NARROW);
    press(&mut s, &mut shop, &["n"]);
    assert!(shown(&shop, &mut s).contains("no filter is set"));
    press(&mut s, &mut shop, &["/"]);
    assert!(shown(&shop, &mut s).contains("nothing to filter here"));
    press(&mut s, &mut shop, &["7", "end", "home", "/"]);
    // Letters that are keys elsewhere only type.
    type_in(&mut s, &mut shop, "Run 9q");
    press(&mut s, &mut shop, &["backspace"]);
    let picture = shown(&shop, &mut s);
    assert!(picture.contains("about to cancel run 991"), "{picture}");
    assert!(!picture.contains("rolled back, live"), "{picture}");
    press(&mut s, &mut shop, &["enter", "n"]);
    assert!(selected(&shown(&shop, &mut s)).contains("about to cancel"));
    press(&mut s, &mut shop, &["N"]);
    assert!(selected(&shown(&shop, &mut s)).contains("cancel of run 991"));
    press(&mut s, &mut shop, &["esc"]);
    assert!(shown(&shop, &mut s).contains("rolled back, live"));
    press(&mut s, &mut shop, &["/", "z", "z", "z"]);
    assert!(shown(&shop, &mut s).contains("no row holds \"zzz\""));
    press(&mut s, &mut shop, &["esc"]);
    assert!(shown(&shop, &mut s).contains("rolled back, live"));
}

#[test]
fn tab_goes_to_the_evidence_and_the_zoom_gives_it_all_the_room() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["5"]);
    let before = shown(&shop, &mut s);
    assert!(before.contains("▸Run and versions") && before.contains(" Verdict: evidence"));
    press(&mut s, &mut shop, &["tab", "down"]);
    let aside = shown(&shop, &mut s);
    assert!(
        aside.contains("▸Verdict: evidence") && aside.contains("2–14 of"),
        "{aside}"
    );
    press(&mut s, &mut shop, &["z"]);
    let zoomed = shown(&shop, &mut s);
    assert!(!zoomed.contains("Run and versions") && zoomed.contains("▸Verdict: evidence"));
    press(&mut s, &mut shop, &["esc"]);
    assert!(shown(&shop, &mut s).contains("▸Run and versions"));
    // Each view has a focus of its own.
    press(&mut s, &mut shop, &["tab", "7", "5"]);
    assert!(shown(&shop, &mut s).contains("▸Verdict: evidence"));
    let mut s = screen(NARROW);
    press(&mut s, &mut shop, &["5", "tab"]);
    assert!(shown(&shop, &mut s).contains("Enter opens it"));
    press(&mut s, &mut shop, &["enter"]);
    assert!(shown(&shop, &mut s).contains("▸Verdict: evidence"));
}

#[test]
fn the_calendar_reaches_as_far_as_one_scrolls() {
    let mut shop = stories::ruled();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["3"]);
    assert!(selected(&shown(&shop, &mut s)).contains("checkout v2.15.0"));
    for _ in 0..30 {
        press(&mut s, &mut shop, &["end"]);
    }
    let far = shown(&shop, &mut s);
    assert!(far.contains("Nov 2027"), "{far}");
    for _ in 0..30 {
        press(&mut s, &mut shop, &["home"]);
    }
    // The rules begin in January.
    let back = shown(&shop, &mut s);
    assert!(back.contains("Wed 1 Jan"), "{back}");
    press(&mut s, &mut shop, &["3"]);
    assert!(!selected(&shown(&shop, &mut s)).is_empty());
}

#[test]
fn one_step_in_the_calendar_is_one_entry_also_across_its_ends() {
    let mut shop = stories::ruled();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["3"]);
    let mut seen = vec![selected(&shown(&shop, &mut s))];
    for _ in 0..25 {
        press(&mut s, &mut shop, &["up"]);
        seen.push(selected(&shown(&shop, &mut s)));
    }
    for expected in seen.iter().rev().skip(1) {
        press(&mut s, &mut shop, &["down"]);
        assert_eq!(selected(&shown(&shop, &mut s)), *expected);
    }
}

#[test]
fn a_hard_freeze_says_so() {
    let mut shop = stories::ruled();
    for rule in &mut shop.world.calendar.rules {
        rule.hard = rule.id == "weekend";
    }
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["3", "/", "w", "e", "e", "k", "enter"]);
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("▓ weekend freeze ▓") && picture.contains("hard · nobody is here"),
        "{picture}"
    );
    assert!(picture.contains("its name is to be typed"), "{picture}");
}

#[test]
fn o_says_what_it_does_here_and_over_ssh() {
    let mut shop = stories::bad_deploy();
    for (browser, words) in [
        (Browser::Here, "opening https://"),
        (Browser::Remote, "over SSH no browser is opened; copied"),
        (
            Browser::Missing,
            "there is no display for a browser; copied",
        ),
    ] {
        let mut look = look("dark", Depth::True);
        look.browser = browser;
        let mut s = Screen::new(look, (200, 60));
        let intents = press(&mut s, &mut shop, &["5", "down", "down", "o"]);
        let page = "https://github.com/acme/checkout/actions/runs/991/job/1".to_owned();
        let expected = match browser {
            Browser::Here => Intent::Browse(page),
            _ => Intent::Copy(page),
        };
        assert_eq!(intents, [expected]);
        assert!(shown(&shop, &mut s).contains(words), "{words}");
    }
    let mut s = screen(SIZE);
    assert_eq!(press(&mut s, &mut shop, &["7", "o"]), []);
    assert!(shown(&shop, &mut s).contains("there is no page for this"));
}

#[test]
fn y_copies_the_row_and_its_evidence_the_same() {
    let mut shop = stories::recorded();
    let mut s = screen(SIZE);
    let row = press(&mut s, &mut shop, &["7", "y"]);
    let Some(Intent::Copy(text)) = row.first() else {
        panic!("{row:?}")
    };
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(json["kind"], "rollback.recovered");
    assert_eq!(press(&mut s, &mut shop, &["enter", "y"]), row);
    let mut shop = stories::gated();
    let gate = press(&mut s, &mut shop, &["esc", "4", "end", "y"]);
    assert_eq!(
        gate,
        [Intent::Copy("product pending: @li has to sign".to_owned())]
    );
}

#[test]
fn the_panes_of_the_cockpit_open_the_selected_row() {
    let mut shop = stories::gated();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["tab", "tab", "tab", "down", "enter"]);
    assert!(shown(&shop, &mut s).contains("gate          way-back"));
    press(&mut s, &mut shop, &["esc", "tab", "enter"]);
    assert!(shown(&shop, &mut s).contains("Calendar: agenda"));
    press(&mut s, &mut shop, &["esc", "down", "enter"]);
    assert!(shown(&shop, &mut s).contains("Calendar: entry"));
    // The sign form begins at the gate that is selected in its view.
    press(&mut s, &mut shop, &["esc", "4", "end", "s"]);
    assert!(shown(&shop, &mut s).contains("product"));
}

#[test]
fn what_stands_still_stands_still_in_the_views_too() {
    let mut shop = stories::recorded();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["7", "f"]);
    shop.pass(600);
    shop.world.ledger.rows.clear();
    assert!(shown(&shop, &mut s).contains("rolled back, live"));
    press(&mut s, &mut shop, &["f"]);
    assert!(!shown(&shop, &mut s).contains("rolled back, live"));
}

#[test]
fn the_wheel_and_a_click_work_in_the_views() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["5"]);
    let mut mouse = |kind, row| {
        let event = InputEvent::Mouse(Mouse {
            kind,
            column: 20,
            row,
        });
        s.on_input(&event, &shop.world, shop.now);
        shown(&shop, &mut s)
    };
    assert!(selected(&mouse(MouseKind::WheelDown, 10)).contains("run 991"));
    assert!(mouse(MouseKind::Click, 32).contains("▸Deploy: run, jobs, steps"));
    assert!(mouse(MouseKind::WheelDown, 32).contains("2–"));
    assert!(mouse(MouseKind::Click, 10).contains("▸Run and versions"));
}
