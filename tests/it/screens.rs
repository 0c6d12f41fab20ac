//! Pictures of every story at the sizes that count. Whoever changes the screen looks at what changed there.

use flightdeck::tui::screen::Screen;
use flightdeck::tui::styles::Depth;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use crate::canvas::{draw, look, press, screen, text};
use crate::stories::{self, Shop};

/// A story's name and how it comes to be.
type Tale = (&'static str, fn() -> Shop);

const USUAL: [(u16, u16); 2] = [(80, 24), (120, 40)];

pub(crate) fn keep(name: &str, size: (u16, u16), picture: &str) {
    let name = format!("{name}__{}x{}", size.0, size.1);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../pictures");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, picture));
}

fn snapshot(name: &str, size: (u16, u16), shop: &mut Shop, keys: &[&str]) {
    let mut screen = screen(size);
    press(&mut screen, shop, keys);
    keep(name, size, &text(&draw(shop, &mut screen)));
}

/// A picture with what the attributes say: `*` bold, `.` dim, `#` reversed, `_` underlined, below each row that has any.
fn with_attributes(buffer: &Buffer) -> String {
    let mut out = String::new();
    for (row, y) in text(buffer).lines().zip(0..) {
        out.push_str(row);
        out.push('\n');
        let marks: String = (0..buffer.area.width)
            .map(|x| {
                let modifier = buffer[(x, y)].modifier;
                let known = [
                    (Modifier::REVERSED, '#'),
                    (Modifier::UNDERLINED, '_'),
                    (Modifier::BOLD, '*'),
                    (Modifier::DIM, '.'),
                ];
                known
                    .iter()
                    .find(|(m, _)| modifier.contains(*m))
                    .map_or(' ', |(_, c)| *c)
            })
            .collect();
        if !marks.trim().is_empty() {
            out.push_str(marks.trim_end());
            out.push('\n');
        }
    }
    out
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
fn without_colour_the_bad_thing_is_still_the_loudest() {
    let shop = stories::bad_deploy();
    for size in USUAL {
        let mut screen = Screen::new(look("mono", Depth::None), size);
        let picture = draw(&shop, &mut screen);
        for cell in &picture.content {
            let plain = ratatui::style::Color::Reset;
            assert_eq!((cell.fg, cell.bg), (plain, plain));
        }
        keep("cockpit__bad_deploy_mono", size, &with_attributes(&picture));
    }
}

#[test]
fn every_story_has_its_picture() {
    let tales: Vec<Tale> = vec![
        ("ruled", stories::ruled),
        ("weekend", stories::weekend),
        ("warming", stories::warming),
        ("healthy", stories::healthy),
        ("bad_token", stories::bad_token),
        ("idle", stories::idle),
        ("declared_steps", stories::declared_steps),
        ("cached", stories::cached),
        ("first_start", stories::first_start),
        ("stale_github", stories::stale_github),
        ("stale_metrics", stories::stale_metrics),
        ("metrics_failing", stories::metrics_failing),
        ("empty", stories::empty),
        ("hostile_texts", stories::hostile_texts),
        ("read_only", stories::read_only),
        ("rollback_running", stories::rollback_running),
        ("recovered", stories::recovered),
    ];
    for (name, tale) in tales {
        let mut shop = tale();
        for size in USUAL {
            snapshot(&format!("cockpit__{name}"), size, &mut shop, &[]);
        }
    }
}

#[test]
fn the_rollback_in_its_stages() {
    let tales: Vec<Tale> = vec![
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
        for size in USUAL {
            snapshot(&format!("rollback__{name}"), size, &mut shop, &["R"]);
        }
    }
}

#[test]
fn what_holds_a_rollback_is_on_its_card() {
    let tales: Vec<Tale> = vec![
        ("held", stories::held),
        ("held_unknown", stories::held_unknown),
        ("held_running", stories::held_running),
        ("old_run", stories::old_run),
        ("too_old_run", stories::too_old_run),
    ];
    for (name, tale) in tales {
        let mut shop = tale();
        for size in USUAL {
            snapshot(&format!("rollback__{name}"), size, &mut shop, &["R"]);
        }
    }
    for (name, tale) in [
        ("held", stories::held as fn() -> Shop),
        ("old_run", stories::old_run),
    ] {
        let mut shop = tale();
        for size in USUAL {
            let name = format!("dry_run__{name}");
            snapshot(&name, size, &mut shop, &["R", "tab", "enter"]);
        }
    }
    snapshot("cockpit__held", (120, 40), &mut stories::held(), &[]);
}

#[test]
fn configured_gates_in_their_stages() {
    let mut shop = stories::gated();
    for size in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        snapshot("cockpit__gated", size, &mut shop, &[]);
    }
}

#[test]
fn overlays_of_other_stories() {
    let mut shop = stories::bad_deploy();
    for size in USUAL {
        // All of a pane that has no selected row.
        snapshot("detail__calendar", size, &mut shop, &["shift-tab", "enter"]);
        snapshot("frozen", size, &mut shop, &["f"]);
    }
    for (name, tale) in [
        ("ruled", stories::ruled as fn() -> Shop),
        ("weekend", stories::weekend),
    ] {
        let mut shop = tale();
        let detail = format!("detail__calendar_{name}");
        snapshot(&detail, (120, 40), &mut shop, &["shift-tab", "enter"]);
    }
    for size in [(40, 10), (60, 16)] {
        let mut shop = stories::bad_deploy();
        snapshot("rollback__form", size, &mut shop, &["R"]);
        let mut shop = stories::rollback_running();
        snapshot("rollback__running", size, &mut shop, &["R"]);
    }
    let mut shop = stories::recovered();
    snapshot(
        "rollback__already_done",
        (80, 24),
        &mut shop,
        &["R", "esc", "R"],
    );
}

#[test]
fn with_ascii_alone_the_story_is_told_too() {
    let mut shop = stories::bad_deploy();
    let mut look = look("dark", Depth::True);
    look.ascii = true;
    let mut screen = Screen::new(look, (80, 24));
    let picture = text(&draw(&shop, &mut screen));
    assert!(picture.is_ascii(), "{picture}");
    keep("cockpit__bad_deploy_ascii", (80, 24), &picture);
    press(&mut screen, &mut shop, &["R"]);
    assert!(text(&draw(&shop, &mut screen)).is_ascii());
}
