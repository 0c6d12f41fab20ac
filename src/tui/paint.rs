//! The way of a picture: gate, diff, bytes. One frame is one buffer of bytes for one `write`; the picture that was
//! last sent is kept, so whatever changed while the gate was shut is in the next frame.

use std::time::Instant;

use ratatui::buffer::Buffer;

use super::encode::Encoder;
use super::gate::{self, Draw, Gate, Link, Why};

/// Frames above this many bytes are shown at once by terminals that know synchronized output.
pub const SYNCHRONIZED_ABOVE: usize = 1024;

/// Turns pictures into frames.
#[derive(Debug, Clone, Default)]
pub struct Painter {
    encoder: Encoder,
    gate: Gate,
    shown: Option<Buffer>,
    prefix: Vec<u8>,
}

impl Painter {
    /// For a terminal that was just entered; `opening` goes before the first frame, in the same write.
    pub fn new(opening: Vec<u8>) -> Self {
        Self {
            prefix: opening,
            ..Self::default()
        }
    }

    /// Whether a frame may be drawn; ask when something is to be drawn, before rendering it.
    pub fn may_draw(&mut self, why: Why, now: Instant) -> Draw {
        self.gate.may_draw(why, now)
    }

    /// The frame that brings the terminal to `next`; `None` when it shows that already.
    /// The caller has asked [`Self::may_draw`] and gives the frame to the writer.
    pub fn paint(&mut self, next: Buffer, now: Instant) -> Option<Vec<u8>> {
        let body = self.encoder.encode(self.shown.as_ref(), &next);
        self.shown = Some(next);
        if body.is_empty() && self.prefix.is_empty() {
            return None;
        }
        let mut frame = std::mem::take(&mut self.prefix);
        if body.len() > SYNCHRONIZED_ABOVE {
            frame.extend_from_slice(b"\x1b[?2026h");
            frame.extend_from_slice(&body);
            frame.extend_from_slice(b"\x1b[?2026l");
        } else {
            frame.extend_from_slice(&body);
        }
        if self.gate.frame(frame.len(), now) {
            frame.extend_from_slice(gate::QUESTION);
        }
        Some(frame)
    }

    /// Bytes to send with the next frame: a question to the terminal, a clipboard's content.
    pub fn send_along(&mut self, bytes: &[u8]) {
        self.prefix.extend_from_slice(bytes);
    }

    /// The writer is done with the last frame.
    pub fn written(&mut self) {
        self.gate.written();
    }

    /// The terminal answered the gate's question.
    pub fn answer(&mut self, now: Instant) {
        self.gate.answer(now);
    }

    /// The terminal's content is unknown (resized, repainted by hand): the next frame clears and draws all.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// What is known of the terminal, and the bytes it has not answered; for the debug pane.
    pub fn link(&self) -> (Link, usize) {
        (self.gate.link(), self.gate.unanswered())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;
    use std::time::Duration;

    fn picture(text: &str) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 30));
        for y in 0..30 {
            buffer.set_string(0, y, text, Style::new());
        }
        buffer
    }

    #[test]
    fn the_first_frame_carries_the_opening_and_unchanged_pictures_cost_nothing() {
        let now = Instant::now();
        let mut painter = Painter::new(b"OPEN".to_vec());
        let frame = painter.paint(picture(""), now).unwrap();
        assert!(frame.starts_with(b"OPEN\x1b[m\x1b[2J"));
        assert_eq!(painter.paint(picture(""), now), None);
        painter.forget();
        assert_eq!(painter.paint(picture(""), now).unwrap(), b"\x1b[m\x1b[2J");
    }

    #[test]
    fn only_large_frames_are_synchronized_and_ask() {
        let now = Instant::now();
        let mut painter = Painter::new(Vec::new());
        let small = painter.paint(picture("x"), now).unwrap();
        assert!(!small.ends_with(gate::QUESTION) && !small.starts_with(b"\x1b[?2026h"));
        painter.written();
        let large = painter.paint(picture(&"y".repeat(60)), now).unwrap();
        assert!(large.starts_with(b"\x1b[?2026h") && large.ends_with(b"\x1b[?2026l\x1b[c"));
        assert_eq!(
            painter.may_draw(Why::Data, now + Duration::from_millis(100)),
            Draw::Wait
        );
        painter.written();
        assert_ne!(
            painter.may_draw(Why::Data, now + Duration::from_millis(100)),
            Draw::Now
        );
        painter.answer(now + Duration::from_millis(200));
        assert_eq!(
            painter.may_draw(Why::Data, now + Duration::from_millis(200)),
            Draw::Now
        );
        assert_eq!(painter.link(), (Link::Answers, 0));
    }
}
