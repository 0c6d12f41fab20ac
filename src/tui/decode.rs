//! Terminal bytes to events. The bytes are first cut into whole sequences by their grammar (ECMA-48), so that what
//! nobody knows is dropped whole and never arrives as keys; `termina` then says what a whole sequence means.

use std::time::{Duration, Instant};

use termina::Parser;
use termina::escape::osc::{ColorOrQuery, DynamicColorNumber, Osc};
use termina::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, Modifiers, MouseEvent, MouseEventKind,
};

use crate::app::keymap::{Chord, Key};

/// A lone ESC is the key when nothing follows within this time.
pub const ESC_WAIT: Duration = Duration::from_millis(50);
/// ESC and one more byte are Alt and a key when nothing follows within this time.
const ALT_WAIT: Duration = Duration::from_millis(500);
/// A longer sequence that stays unfinished is dropped.
const SEQUENCE_WAIT: Duration = Duration::from_secs(1);
/// A paste whose end never comes is taken as it is.
const PASTE_WAIT: Duration = Duration::from_secs(10);
/// The most that is kept of a paste, in bytes.
const PASTE_MAX: usize = 64 * 1024;
/// The longest answer that is waited for.
const SEQUENCE_MAX: usize = 16 * 1024;

const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What happened at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputEvent {
    Key(Chord),
    Mouse(Mouse),
    /// Pasted text, at most 64 KiB; it may hold controls and is made harmless by who takes it.
    Paste(String),
    /// The terminal's own report of its size (columns, rows); most send SIGWINCH instead.
    Resize(u16, u16),
    /// The window got (true) or lost the focus.
    Focus(bool),
    /// The answer to the frame gate's question.
    Da1,
    /// The terminal's background colour (red, green, blue).
    Background(u8, u8, u8),
    /// The terminal is gone.
    Closed,
}

/// A mouse report, column and row from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub kind: MouseKind,
    pub column: u16,
    pub row: u16,
}

/// What the mouse did, of that which has a meaning here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    Click,
    WheelUp,
    WheelDown,
}

/// Bytes in, events out; keeps what is unfinished. Pure: the time is given.
#[derive(Debug)]
pub struct Decoder {
    pending: Vec<u8>,
    /// The text of a paste under way.
    paste: Option<Vec<u8>>,
    last_byte: Option<Instant>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// What stands at the start of the pending bytes.
#[derive(Debug, PartialEq, Eq)]
enum Frame {
    /// This many bytes are one whole sequence or character.
    Whole(usize),
    /// This many bytes mean nothing.
    Junk(usize),
    /// More must come.
    Unfinished,
}

impl Decoder {
    /// With nothing pending.
    pub fn new() -> Self {
        Self {
            pending: Vec::new(),
            paste: None,
            last_byte: None,
        }
    }

    /// The events that `bytes` complete.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) -> Vec<InputEvent> {
        let mut events = self.tick(now);
        self.last_byte = Some(now);
        self.pending.extend_from_slice(bytes);
        self.drain(&mut events);
        events
    }

    /// When [`Self::tick`] should be called if no byte comes until then.
    pub fn deadline(&self) -> Option<Instant> {
        let wait = match (&self.paste, self.pending.len()) {
            (Some(_), _) => PASTE_WAIT,
            (None, 0) => return None,
            (None, 1) if self.pending == b"\x1b" => ESC_WAIT,
            (None, 2) => ALT_WAIT,
            (None, _) => SEQUENCE_WAIT,
        };
        self.last_byte.map(|at| at + wait)
    }

    /// The events that the passing of time completes.
    pub fn tick(&mut self, now: Instant) -> Vec<InputEvent> {
        if self.deadline().is_none_or(|at| now < at) {
            return Vec::new();
        }
        let pending = std::mem::take(&mut self.pending);
        if let Some(text) = self.paste.take() {
            return vec![pasted(&text, &pending)];
        }
        match pending.as_slice() {
            b"\x1b" => vec![InputEvent::Key(Chord::plain(Key::Esc))],
            // Alt with a character that could have begun a sequence.
            [0x1b, byte] if byte.is_ascii_graphic() => {
                vec![InputEvent::Key(Chord::new(
                    Key::Char(char::from(*byte)),
                    false,
                    true,
                    false,
                ))]
            }
            _ => Vec::new(),
        }
    }

    /// Cuts whole sequences off the pending bytes.
    fn drain(&mut self, events: &mut Vec<InputEvent>) {
        loop {
            if self.paste.is_some() {
                match self.paste_more() {
                    Some(event) => events.push(event),
                    None => return,
                }
            }
            match frame(&self.pending) {
                Frame::Unfinished => return,
                Frame::Junk(n) => {
                    self.pending.drain(..n.clamp(1, self.pending.len()));
                }
                Frame::Whole(n) => {
                    let sequence: Vec<u8> =
                        self.pending.drain(..n.min(self.pending.len())).collect();
                    if sequence == PASTE_START {
                        self.paste = Some(Vec::new());
                    } else {
                        events.extend(meaning(&sequence));
                    }
                }
            }
            if self.pending.is_empty() && self.paste.is_none() {
                return;
            }
        }
    }

    /// Moves pending bytes into the paste; the paste when its end is there.
    fn paste_more(&mut self) -> Option<InputEvent> {
        let end = self
            .pending
            .windows(PASTE_END.len())
            .position(|w| w == PASTE_END);
        // Without the end, the last bytes may be its beginning and stay.
        let take = end.unwrap_or_else(|| self.pending.len().saturating_sub(PASTE_END.len() - 1));
        let text: Vec<u8> = self.pending.drain(..take).collect();
        let paste = self.paste.get_or_insert_default();
        let room = PASTE_MAX.saturating_sub(paste.len());
        paste.extend(text.into_iter().take(room));
        end?;
        self.pending
            .drain(..PASTE_END.len().min(self.pending.len()));
        Some(pasted(&self.paste.take()?, b""))
    }
}

/// The event of a paste.
fn pasted(text: &[u8], rest: &[u8]) -> InputEvent {
    InputEvent::Paste(String::from_utf8_lossy(&[text, rest].concat()).into_owned())
}

/// What stands at the start of `bytes`.
fn frame(bytes: &[u8]) -> Frame {
    match bytes {
        [] | [0x1b] | [0x1b, b'O'] => Frame::Unfinished,
        [0x1b, 0x1b, ..] => Frame::Whole(1),
        [0x1b, b'[', ..] => control_sequence(bytes),
        [0x1b, b'O', 0x1b, ..] => Frame::Whole(2),
        [0x1b, b'O', ..] => Frame::Whole(3),
        [0x1b, b']' | b'P' | b'_' | b'^' | b'X', ..] => string_sequence(bytes),
        [0x1b, rest @ ..] => match character(rest) {
            Frame::Whole(n) => Frame::Whole(n + 1),
            Frame::Junk(n) => Frame::Junk(n + 1),
            Frame::Unfinished => Frame::Unfinished,
        },
        _ => character(bytes),
    }
}

/// A UTF-8 character.
fn character(bytes: &[u8]) -> Frame {
    let need = match bytes.first() {
        None => return Frame::Unfinished,
        Some(0..=0x7f) => 1,
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        Some(_) => return Frame::Junk(1),
    };
    let have = bytes.len().min(need);
    match std::str::from_utf8(bytes.get(..have).unwrap_or_default()) {
        Ok(_) => Frame::Whole(need),
        Err(error) if error.error_len().is_none() => Frame::Unfinished,
        Err(error) => Frame::Junk(error.error_len().unwrap_or(1)),
    }
}

/// `ESC [`, parameters, a final byte; and two old forms that break this rule.
fn control_sequence(bytes: &[u8]) -> Frame {
    let fixed = |n: usize| {
        if bytes.len() < n {
            Frame::Unfinished
        } else {
            Frame::Whole(n)
        }
    };
    match bytes.get(2) {
        // The function keys of the Linux console.
        Some(b'[') => return fixed(4),
        // A mouse report from before SGR: three bytes follow.
        Some(b'M') => return fixed(6),
        _ => {}
    }
    for (at, byte) in bytes.iter().enumerate().skip(2) {
        match byte {
            0x20..=0x3f if at < SEQUENCE_MAX => {}
            0x40..=0x7e => return Frame::Whole(at + 1),
            // Broken off: what broke it begins something new.
            _ => return Frame::Junk(at),
        }
    }
    Frame::Unfinished
}

/// `ESC ]`, `ESC P` and their like: text up to ST, or BEL.
fn string_sequence(bytes: &[u8]) -> Frame {
    for (at, byte) in bytes.iter().enumerate().skip(2) {
        match (byte, bytes.get(at + 1)) {
            (0x07, _) => return Frame::Whole(at + 1),
            (0x1b, Some(b'\\')) => return Frame::Whole(at + 2),
            (0x1b, None) => return Frame::Unfinished,
            (0x1b | 0x18, _) => return Frame::Junk(at),
            _ if at >= SEQUENCE_MAX => return Frame::Junk(at),
            _ => {}
        }
    }
    Frame::Unfinished
}

/// What a whole sequence means here, if anything.
fn meaning(sequence: &[u8]) -> Option<InputEvent> {
    if let Some(parameters) = sequence
        .strip_prefix(b"\x1b[")
        .and_then(|s| s.strip_suffix(b"c"))
    {
        let parameters = parameters.strip_prefix(b"?").unwrap_or(parameters);
        let plain = parameters.iter().all(|b| b.is_ascii_digit() || *b == b';');
        return (plain && !parameters.is_empty()).then_some(InputEvent::Da1);
    }
    let mut parser = Parser::default();
    let (last, head) = sequence.split_last()?;
    // The parser gives up in the middle of what it does not know and takes the rest for keys: whatever is complete
    // before its last byte, or is one bare character at the end of a sequence, is such a rest.
    parser.parse(head, true);
    if parser.pop().is_some() {
        return None;
    }
    parser.parse(&[*last], false);
    let event = parser.pop()?;
    if let (Event::Key(key), [0x1b, _, ..]) = (&event, sequence) {
        let bare = matches!(key.code, KeyCode::Char(_)) && key.modifiers.is_empty();
        if bare && *last != b'u' {
            return None;
        }
    }
    match event {
        Event::Key(key) => chord(key).map(InputEvent::Key),
        Event::Mouse(mouse) => mouse_event(mouse),
        Event::FocusIn => Some(InputEvent::Focus(true)),
        Event::FocusOut => Some(InputEvent::Focus(false)),
        Event::WindowResized(size) => Some(InputEvent::Resize(size.cols, size.rows)),
        Event::Paste(text) => Some(InputEvent::Paste(text)),
        Event::Osc(Osc::ChangeDynamicColors(DynamicColorNumber::TextBackgroundColor, colors)) => {
            match colors.first()? {
                ColorOrQuery::Color(c) => Some(InputEvent::Background(c.red, c.green, c.blue)),
                ColorOrQuery::Query => None,
            }
        }
        Event::Csi(_) | Event::Osc(_) | Event::Dcs(_) => None,
    }
}

/// A key press as a chord; releases and keys without a meaning here are dropped.
fn chord(event: KeyEvent) -> Option<Chord> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let mut shift = event.modifiers.contains(Modifiers::SHIFT);
    let mut ctrl = event.modifiers.contains(Modifiers::CONTROL);
    let key = match event.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Null => {
            ctrl = true;
            Key::Char(' ')
        }
        KeyCode::Function(n) => Key::F(n),
        KeyCode::Enter => Key::Enter,
        KeyCode::Escape => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => {
            shift = true;
            Key::Tab
        }
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Insert,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    };
    Some(Chord::new(
        key,
        ctrl,
        event.modifiers.contains(Modifiers::ALT),
        shift,
    ))
}

/// A mouse report as an event; moves, drags and releases are dropped.
fn mouse_event(mouse: MouseEvent) -> Option<InputEvent> {
    let kind = match mouse.kind {
        MouseEventKind::Down(_) => MouseKind::Click,
        MouseEventKind::ScrollUp => MouseKind::WheelUp,
        MouseEventKind::ScrollDown => MouseKind::WheelDown,
        _ => return None,
    };
    Some(InputEvent::Mouse(Mouse {
        kind,
        column: mouse.column,
        row: mouse.row,
    }))
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
