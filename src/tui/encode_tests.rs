//! The encoder against a real terminal emulator, and against the byte goals.

use std::num::NonZeroU16;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::*;

fn emulator(width: u16, height: u16) -> vt100::Parser {
    vt100::Parser::new(
        NonZeroU16::new(height).unwrap(),
        NonZeroU16::new(width).unwrap(),
        0,
    )
}

fn vt_color(color: Color) -> vt100::Color {
    match color {
        Color::Reset => vt100::Color::Default,
        Color::Indexed(i) => vt100::Color::Idx(i),
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        Color::Red => vt100::Color::Idx(1),
        Color::White => vt100::Color::Idx(15),
        other => panic!("not generated: {other:?}"),
    }
}

/// Holds every cell of the emulator against the picture.
fn assert_shows(screen: &vt100::Screen, picture: &Buffer) {
    let width = usize::from(picture.area.width);
    for (y, line) in picture.content.chunks(width).enumerate() {
        for (x, glyph) in glyphs(line).iter().enumerate() {
            let cell = screen
                .cell(y.try_into().unwrap(), x.try_into().unwrap())
                .unwrap();
            match glyph {
                Glyph::Continues { .. } => assert!(cell.is_wide_continuation(), "{x},{y}"),
                Glyph::Starts { symbol, width, pen } => {
                    let shown = if cell.has_contents() {
                        cell.contents()
                    } else {
                        " "
                    };
                    assert_eq!(&shown, symbol, "at {x},{y}");
                    assert_eq!(cell.is_wide(), *width == 2, "at {x},{y}");
                    let m = |flag| pen.modifier.contains(flag);
                    // A space shows its foreground only in a line or as a background.
                    let drawn = Modifier::UNDERLINED | Modifier::REVERSED;
                    if *symbol == " " && !pen.modifier.intersects(drawn) {
                        let is = (cell.bgcolor(), cell.underline(), cell.inverse());
                        assert_eq!(is, (vt_color(pen.bg), false, false), "space at {x},{y}");
                        continue;
                    }
                    let is = (
                        cell.fgcolor(),
                        cell.bgcolor(),
                        cell.bold(),
                        cell.dim(),
                        cell.italic(),
                        cell.underline(),
                        cell.inverse(),
                    );
                    let should = (
                        vt_color(pen.fg),
                        vt_color(pen.bg),
                        m(Modifier::BOLD),
                        m(Modifier::DIM),
                        m(Modifier::ITALIC),
                        m(Modifier::UNDERLINED),
                        m(Modifier::REVERSED),
                    );
                    assert_eq!(is, should, "pen at {x},{y} of {symbol:?}");
                }
            }
        }
    }
}

fn any_style() -> impl Strategy<Value = Style> {
    let color = || {
        prop_oneof![
            4 => Just(Color::Reset), 1 => Just(Color::Red), 1 => Just(Color::White),
            1 => any::<u8>().prop_map(Color::Indexed), 1 => any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
        ]
    };
    (color(), color(), 0u16..32).prop_map(|(fg, bg, bits)| {
        let mut modifier = Modifier::empty();
        for (n, flag) in [
            Modifier::BOLD,
            Modifier::DIM,
            Modifier::ITALIC,
            Modifier::UNDERLINED,
            Modifier::REVERSED,
        ]
        .into_iter()
        .enumerate()
        {
            if bits >> n & 1 == 1 {
                modifier |= flag;
            }
        }
        // The emulator holds bold and dim in one field, so it can't show both.
        if modifier.contains(Modifier::BOLD) {
            modifier -= Modifier::DIM;
        }
        Style::new().fg(fg).bg(bg).add_modifier(modifier)
    })
}

fn any_symbol() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[ a-z]",
        2 => Just(" ".to_owned()),
        1 => Just("漢".to_owned()), 1 => Just("🚀".to_owned()),
        1 => Just("e\u{301}".to_owned()), 1 => Just("│".to_owned()), 1 => Just("⠤".to_owned()),
        1 => Just("\u{301}".to_owned()), 1 => Just("\u{1b}".to_owned()), 1 => Just(String::new()),
    ]
}

type Patch = (u16, u16, Vec<String>, Style);

fn any_patches() -> impl Strategy<Value = Vec<Patch>> {
    prop::collection::vec(
        (
            any::<u16>(),
            any::<u16>(),
            prop::collection::vec(any_symbol(), 1..12),
            any_style(),
        ),
        0..12,
    )
}

/// Puts symbols into cells as they come, valid or not.
fn paint(buffer: &mut Buffer, patches: &[Patch]) {
    let (w, h) = (buffer.area.width, buffer.area.height);
    for (x, y, symbols, style) in patches {
        for (i, symbol) in symbols.iter().enumerate() {
            let x = x % w + u16::try_from(i).unwrap();
            if x < w {
                buffer[(x, y % h)].reset();
                buffer[(x, y % h)].set_symbol(symbol).set_style(*style);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_bytes_make_the_next_picture(w in 1u16..24, h in 1u16..8, frames in prop::collection::vec(any_patches(), 1..5), clear in any::<bool>()) {
        let mut terminal = emulator(w, h);
        let mut encoder = Encoder::new();
        let area = Rect::new(0, 0, w, h);
        let mut shown: Option<Buffer> = None;
        let mut next = Buffer::empty(area);
        for patches in &frames {
            if clear {
                next.reset();
            }
            paint(&mut next, patches);
            terminal.process(&encoder.encode(shown.as_ref(), &next));
            assert_shows(terminal.screen(), &next);
            shown = Some(next.clone());
            prop_assert_eq!(encoder.encode(shown.as_ref(), &next), b"");
        }
    }
}

fn base() -> Buffer {
    Buffer::empty(Rect::new(0, 0, 120, 40))
}

/// The bytes of a change after the first frame.
fn cost(prev: &Buffer, next: &Buffer) -> usize {
    let mut encoder = Encoder::new();
    encoder.encode(None, prev);
    encoder.encode(Some(prev), next).len()
}

#[test]
fn small_changes_are_small() {
    let (prev, mut next) = (base(), base());
    next.set_string(70, 0, "5s", Style::new());
    assert!(cost(&prev, &next) <= 9, "two cells: {}", cost(&prev, &next));

    let (mut prev, mut next) = (base(), base());
    for i in 0..6u16 {
        let red = Style::new().fg(Color::Red);
        prev.set_string(
            10 + i * 18,
            5,
            format!("err {:>6.2} %", 2.41 + f64::from(i)),
            red,
        );
        next.set_string(
            10 + i * 18,
            5,
            format!("err {:>6.2} %", 2.73 + f64::from(i)),
            red,
        );
    }
    assert!(
        cost(&prev, &next) <= 60,
        "six counters: {}",
        cost(&prev, &next)
    );
}

#[test]
fn a_selection_marker_that_moves_stays_below_the_goal() {
    let row = |b: &mut Buffer, y: u16, selected: bool| {
        let mark = if selected { "▸" } else { " " };
        b.set_string(
            1,
            y,
            format!("{mark} #48{y:02} a change title that is about sixty characters long"),
            Style::new(),
        );
    };
    let (mut prev, mut next) = (base(), base());
    for y in 5..30 {
        row(&mut prev, y, y == 9);
        row(&mut next, y, y == 10);
    }
    assert!(cost(&prev, &next) <= 54, "{}", cost(&prev, &next));
}

#[test]
fn an_emptied_row_is_erased_not_overwritten() {
    let (mut prev, next) = (base(), base());
    prev.set_string(0, 3, "x".repeat(100), Style::new());
    assert!(cost(&prev, &next) <= 8, "{}", cost(&prev, &next));
}

#[test]
fn a_first_frame_sends_no_empty_cells() {
    let mut picture = base();
    picture.set_string(4, 4, "hello", Style::new());
    let bytes = Encoder::new().encode(None, &picture);
    assert_eq!(
        String::from_utf8_lossy(&bytes),
        "\u{1b}[m\u{1b}[2J\u{1b}[5;5Hhello"
    );
}

#[test]
fn a_space_keeps_the_pen_of_the_words_beside_it() {
    let mut picture = base();
    picture.set_string(0, 0, "a", Style::new().fg(Color::Red));
    picture.set_string(2, 0, "b", Style::new().fg(Color::Red));
    picture.set_string(3, 0, " c", Style::new().add_modifier(Modifier::UNDERLINED));
    let bytes = Encoder::new().encode(None, &picture);
    assert_eq!(
        String::from_utf8_lossy(&bytes),
        "\u{1b}[m\u{1b}[2J\u{1b}[H\u{1b}[31ma b\u{1b}[0;4m c"
    );
}

#[test]
fn a_move_takes_the_shortest_way() {
    let moved = |from: (u16, u16), to: (u16, u16)| {
        let mut encoder = Encoder {
            pen: PLAIN,
            cursor: Some(from),
        };
        let mut out = Vec::new();
        encoder.go(to.0, to.1, &[], &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(moved((70, 20), (70, 19)), "\u{1b}[A");
    assert_eq!(moved((70, 20), (70, 21)), "\n");
    assert_eq!(moved((70, 20), (70, 30)), "\u{1b}[31d");
    assert_eq!(moved((70, 20), (71, 21)), "\n\u{1b}[C");
    assert_eq!(moved((70, 20), (0, 21)), "\n\r");
    assert_eq!(moved((70, 20), (3, 38)), "\u{1b}[39;4H");
}

#[test]
fn another_size_starts_over() {
    let small = Buffer::empty(Rect::new(0, 0, 10, 2));
    let bytes = Encoder::new().encode(Some(&small), &base());
    assert_eq!(bytes, b"\x1b[m\x1b[2J");
    assert!(
        Encoder::new()
            .encode(None, &Buffer::empty(Rect::new(0, 0, 0, 0)))
            .len()
            < 10
    );
}

#[test]
fn escape_sequences_in_cells_never_leave() {
    let mut picture = base();
    picture[(3, 3)].set_symbol("\x1b]0;pwned\x07");
    picture[(9, 3)].set_symbol("\u{9b}31m");
    let text = String::from_utf8(Encoder::new().encode(None, &picture)).unwrap();
    assert!(
        !text.contains("pwned") && !text.contains('\u{9b}'),
        "{text:?}"
    );
}

proptest! {
    /// Whatever stands in cells, only our own sequences leave: every ESC is followed by `[`, and nothing else is a control
    /// but the cursor's own moves.
    #[test]
    fn only_our_own_sequences_leave(w in 1u16..20, symbols in prop::collection::vec(any::<String>(), 0..40)) {
        let mut picture = Buffer::empty(Rect::new(0, 0, w, 3));
        for (cell, symbol) in picture.content.iter_mut().zip(&symbols) {
            cell.set_symbol(symbol);
        }
        let text = String::from_utf8(Encoder::new().encode(None, &picture)).unwrap();
        for (at, c) in text.char_indices().filter(|(_, c)| c.is_control()) {
            match c {
                '\u{1b}' => {
                    let ours = text.get(at..).is_some_and(|rest| rest.starts_with("\u{1b}["));
                    prop_assert!(ours);
                }
                '\r' | '\n' | '\u{8}' => {}
                other => prop_assert!(false, "{other:?} in {text:?}"),
            }
        }
    }
}
