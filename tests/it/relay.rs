//! A slow link with much buffer between the program and the terminal: 8 KB/s and 256 KB, a picture in which every cell
//! changes 30 times a second. A key must be answered on *that* screen within a second.
//!
//! The link, the terminal and the clock are modelled millisecond by millisecond, so the result does not depend on the
//! machine; gate, encoder, painter, decoder and keymap are the real ones.

use std::collections::VecDeque;
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use flightdeck::app::action::{ActionId, Context};
use flightdeck::app::keymap::Keymap;
use flightdeck::tui::decode::{Decoder, InputEvent};
use flightdeck::tui::gate::{Draw, Link, Why};
use flightdeck::tui::paint::Painter;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

const BYTES_PER_MS: usize = 8;
const BUFFER: usize = 256 * 1024;
/// One way, for answers and keys; the way of the pictures is slowed by the link itself.
const LATENCY_MS: u64 = 75;
const KEY: &[u8] = b"R";

/// The far end: an emulator behind the link.
struct Screen {
    emulator: vt100::Parser,
    answers: bool,
    recent: Vec<u8>,
    /// Inside a synchronized frame, which is not shown before its end.
    hidden: bool,
    counter: u32,
}

impl Screen {
    fn new(width: u16, height: u16, answers: bool) -> Self {
        let size = |n| NonZeroU16::new(n).unwrap();
        Self {
            emulator: vt100::Parser::new(size(height), size(width), 0),
            answers,
            recent: Vec::new(),
            hidden: false,
            counter: 0,
        }
    }

    /// Takes a byte; true when it completes a question that is answered.
    fn byte(&mut self, byte: u8) -> bool {
        self.emulator.process(&[byte]);
        self.recent.push(byte);
        if self.recent.len() > 16 {
            self.recent.drain(..8);
        }
        if self.recent.ends_with(b"\x1b[?2026h") {
            self.hidden = true;
        } else if self.recent.ends_with(b"\x1b[?2026l") {
            self.hidden = false;
        }
        self.answers && self.recent.ends_with(b"\x1b[c")
    }

    /// The counter of keys that the person sees.
    fn shown_keys(&mut self) -> u32 {
        if !self.hidden {
            let row = self.emulator.screen().contents_between(0, 0, 0, 9);
            self.counter = row
                .strip_prefix("KEYS=")
                .and_then(|n| n.parse().ok())
                .unwrap_or(self.counter);
        }
        self.counter
    }
}

/// What a run found.
#[derive(Debug)]
struct Outcome {
    /// For each key, the milliseconds until its answer was on the screen; `None` = not before the end.
    answered_after: Vec<Option<u64>>,
    most_in_flight: usize,
    largest_frame: usize,
    frames: usize,
    link: Link,
}

/// The whole system: program, link, terminal, person.
fn run(width: u16, height: u16, terminal_answers: bool, keys_at: &[u64], until_ms: u64) -> Outcome {
    let start = Instant::now();
    let at = |ms: u64| start + Duration::from_millis(ms);
    let keymap = Keymap::default();
    let (mut painter, mut decoder) = (Painter::new(Vec::new()), Decoder::new());
    let mut screen = Screen::new(width, height, terminal_answers);
    let mut to_terminal: VecDeque<u8> = VecDeque::new();
    let mut blocked: Option<Vec<u8>> = None;
    let mut to_program: VecDeque<(u64, Vec<u8>)> = VecDeque::new();
    let (mut keys, mut tick, mut random) = (0u32, 0u64, 12_345u64);
    let mut dirty = Some(Why::Data);
    let mut outcome = Outcome {
        answered_after: vec![None; keys_at.len()],
        most_in_flight: 0,
        largest_frame: 0,
        frames: 0,
        link: Link::Unknown,
    };
    for ms in 0..until_ms {
        // The person presses keys; they travel beside the terminal's answers.
        for _ in keys_at.iter().filter(|t| **t == ms) {
            to_program.push_back((ms + LATENCY_MS, KEY.to_vec()));
        }
        // The link delivers to the terminal.
        for _ in 0..BYTES_PER_MS.min(to_terminal.len()) {
            let byte = to_terminal.pop_front().unwrap();
            if screen.byte(byte) {
                to_program.push_back((ms + LATENCY_MS, b"\x1b[?62;22;52c".to_vec()));
            }
        }
        let seen = screen.shown_keys() as usize;
        for (n, pressed) in keys_at.iter().enumerate().take(seen) {
            outcome.answered_after[n].get_or_insert(ms - pressed);
        }
        // The program: input first.
        while to_program.front().is_some_and(|(due, _)| *due <= ms) {
            let (_, bytes) = to_program.pop_front().unwrap();
            for event in decoder.feed(&bytes, at(ms)) {
                match event {
                    InputEvent::Da1 => painter.answer(at(ms)),
                    InputEvent::Key(chord)
                        if keymap.resolve(Context::Pane, &chord) == Some(ActionId::RollBack) =>
                    {
                        keys += 1;
                        dirty = Some(Why::Person);
                    }
                    other => panic!("an answer came as {other:?}"),
                }
            }
        }
        // Its writer: a write is done when the system's buffer has taken it.
        if blocked
            .as_ref()
            .is_some_and(|frame| to_terminal.len() + frame.len() <= BUFFER)
        {
            to_terminal.extend(blocked.take().unwrap());
            painter.written();
        }
        if ms % 33 == 0 {
            tick += 1;
            dirty.get_or_insert(Why::Data);
        }
        let drawn = |why| blocked.is_none() && painter.may_draw(why, at(ms)) == Draw::Now;
        if dirty.is_some_and(drawn) {
            dirty = None;
            let picture = storm(width, height, tick, keys, &mut random);
            if let Some(frame) = painter.paint(picture, at(ms)) {
                outcome.frames += 1;
                outcome.largest_frame = outcome.largest_frame.max(frame.len());
                blocked = Some(frame);
            }
        }
        outcome.most_in_flight = outcome.most_in_flight.max(to_terminal.len());
    }
    outcome.link = painter.link().0;
    outcome
}

/// A picture in which every cell is another one than before.
fn storm(width: u16, height: u16, tick: u64, keys: u32, random: &mut u64) -> Buffer {
    let mut picture = Buffer::empty(Rect::new(0, 0, width, height));
    for y in 0..height {
        for x in 0..width {
            *random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(tick | 1);
            let letter = b'a' + u8::try_from((*random >> 40) % 26).unwrap();
            picture[(x, y)].set_char(char::from(letter));
        }
    }
    picture.set_string(
        0,
        0,
        format!("KEYS={keys:04} tick {tick:06} "),
        Style::new().fg(Color::Yellow),
    );
    picture
}

#[test]
fn a_key_is_answered_within_a_second() {
    // Keys at moments that fall everywhere within the frames.
    let keys: Vec<u64> = (0..12).map(|n| 1_500 + n * 1_037).collect();
    let outcome = run(80, 24, true, &keys, 16_000);
    assert_eq!(outcome.link, Link::Answers);
    for (n, after) in outcome.answered_after.iter().enumerate() {
        assert!(
            after.is_some_and(|ms| ms <= 1_000),
            "key {n}: {after:?} ms; {outcome:?}"
        );
    }
    // The reason: nothing queues up but the frame under way.
    assert!(
        outcome.most_in_flight <= outcome.largest_frame + 1_024,
        "{outcome:?}"
    );
    // And the link is used: frames follow each other as fast as it carries them.
    assert!(outcome.frames > 20, "{outcome:?}");
}

#[test]
fn a_larger_screen_keeps_to_one_frame_in_flight() {
    let keys: Vec<u64> = (0..8).map(|n| 3_000 + n * 1_703).collect();
    let outcome = run(120, 40, true, &keys, 20_000);
    assert!(
        outcome.most_in_flight <= outcome.largest_frame + 1_024,
        "{outcome:?}"
    );
    // At most the rest of one frame, the answer's way and one more frame.
    let frame_ms = u64::try_from(outcome.largest_frame / BYTES_PER_MS).unwrap();
    for after in &outcome.answered_after {
        assert!(
            after.is_some_and(|ms| ms <= 2 * frame_ms + 3 * LATENCY_MS + 40),
            "{outcome:?}"
        );
    }
}

/// The counter-test: where the terminal never answers, only the writer paces, and this link swallows seconds of
/// pictures. So the model does queue, and what keeps it short above is the gate.
#[test]
fn without_answers_the_link_queues_for_seconds() {
    let outcome = run(80, 24, false, &[12_000], 20_000);
    assert_eq!(outcome.link, Link::Mute);
    assert_eq!(outcome.answered_after, [None], "{outcome:?}");
    assert!(outcome.most_in_flight > 100 * 1_024, "{outcome:?}");
}
