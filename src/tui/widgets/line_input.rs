//! A text field of one line. Editing goes by graphemes, so a flag or an accent is one step of the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::text;
use crate::app::keymap::{Chord, Key};
use crate::config::theme::Role;
use crate::tui::styles::Styles;

/// The most graphemes a field takes; more is dropped.
pub const MAX: usize = 500;

/// The text and the cursor's place in it, counted in graphemes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineInput {
    graphemes: Vec<String>,
    cursor: usize,
}

impl LineInput {
    /// A field that holds `text`, the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// The text.
    pub fn text(&self) -> String {
        self.graphemes.concat()
    }

    /// Inserts typed or pasted text at the cursor; line breaks and tabs become spaces, other controls vanish.
    pub fn insert(&mut self, text: &str) {
        let clean: String = text
            .chars()
            .filter_map(|c| match c {
                '\n' | '\r' | '\t' => Some(' '),
                c if c.is_control() => None,
                c => Some(c),
            })
            .collect();
        let tail: String = self
            .graphemes
            .split_off(self.cursor.min(self.graphemes.len()))
            .concat();
        // An accent that is typed after its letter joins it, so the text is cut anew.
        let head = self.graphemes.concat() + &clean;
        let after_head = head.graphemes(true).count();
        self.graphemes = (head + &tail)
            .graphemes(true)
            .take(MAX)
            .map(str::to_owned)
            .collect();
        self.cursor = after_head.min(self.graphemes.len());
    }

    /// Acts on a key; false when the key is none of the field's.
    pub fn key(&mut self, chord: &Chord) -> bool {
        if let Some(c) = chord.typed() {
            self.insert(c.encode_utf8(&mut [0; 4]));
            return true;
        }
        match (chord.key, chord.ctrl) {
            (Key::Left, false) => self.cursor = self.cursor.saturating_sub(1),
            (Key::Right, false) => self.cursor = (self.cursor + 1).min(self.graphemes.len()),
            (Key::Left, true) => self.cursor = self.word_before(),
            (Key::Right, true) => self.cursor = self.word_after(),
            (Key::Home, _) | (Key::Char('a'), true) => self.cursor = 0,
            (Key::End, _) | (Key::Char('e'), true) => self.cursor = self.graphemes.len(),
            (Key::Backspace, false) => self.remove_back_to(self.cursor.saturating_sub(1)),
            (Key::Delete, false) if self.cursor < self.graphemes.len() => {
                self.graphemes.remove(self.cursor);
            }
            (Key::Delete, false) => {}
            (Key::Char('w') | Key::Backspace, true) => self.remove_back_to(self.word_before()),
            (Key::Char('u'), true) => self.remove_back_to(0),
            _ => return false,
        }
        true
    }

    /// Removes what stands between `from` and the cursor.
    fn remove_back_to(&mut self, from: usize) {
        let end = self.cursor.min(self.graphemes.len());
        self.cursor = from.min(end);
        self.graphemes.drain(self.cursor..end);
    }

    fn is_space(&self, at: usize) -> bool {
        self.graphemes.get(at).is_some_and(|g| g == " ")
    }

    fn word_before(&self) -> usize {
        let mut at = self.cursor;
        while at > 0 && self.is_space(at - 1) {
            at -= 1;
        }
        while at > 0 && !self.is_space(at - 1) {
            at -= 1;
        }
        at
    }

    fn word_after(&self) -> usize {
        let mut at = self.cursor;
        while at < self.graphemes.len() && !self.is_space(at) {
            at += 1;
        }
        while self.is_space(at) {
            at += 1;
        }
        at
    }

    /// Draws the field into the first row of `area`, scrolled so that the cursor is seen; a focused field shows it.
    pub fn render(&self, area: Rect, buffer: &mut Buffer, styles: &Styles, focused: bool) {
        let area = area.intersection(buffer.area);
        let room = usize::from(area.width);
        if area.is_empty() {
            return;
        }
        let plain = styles.get(Role::Text);
        if !focused {
            text::put(buffer, area, &self.text(), plain);
            return;
        }
        let caret = plain.add_modifier(Modifier::REVERSED);
        let under = self.graphemes.get(self.cursor).map_or(" ", String::as_str);
        // From the cursor to the left, as much as has room beside it.
        let mut left = room.saturating_sub(text::columns(under).max(1));
        let mut from = self.cursor;
        while let Some(w) = from
            .checked_sub(1)
            .and_then(|at| self.graphemes.get(at))
            .map(|g| text::columns(g))
        {
            if w > left {
                break;
            }
            left -= w;
            from -= 1;
        }
        let mut x = area.x;
        let shown = self
            .graphemes
            .iter()
            .map(String::as_str)
            .chain([" "])
            .enumerate()
            .skip(from);
        for (at, grapheme) in shown {
            let style = if at == self.cursor { caret } else { plain };
            let next = text::columns(grapheme);
            if next > usize::from(area.right().saturating_sub(x)) {
                break;
            }
            let span = Line::from(Span::styled(grapheme, style));
            x += text::put_line(buffer, Rect::new(x, area.y, area.right() - x, 1), &span);
            if at > self.cursor && x >= area.right() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_stays_inside, hostile, picture, styles};
    use super::*;
    use proptest::prelude::*;

    fn press(field: &mut LineInput, keys: &str) {
        for key in keys.split_whitespace() {
            field.key(&Chord::parse(key).unwrap());
        }
    }

    /// The text after some keys, with the cursor as `|`.
    fn edit(start: &str, keys: &str) -> String {
        let mut field = LineInput::new(start);
        press(&mut field, keys);
        let (head, tail) = field.graphemes.split_at(field.cursor);
        format!("{}|{}", head.concat(), tail.concat())
    }

    #[test]
    fn editing() {
        assert_eq!(edit("", "c h e space R"), "che R|");
        assert_eq!(edit("check", "left left x"), "che|ck".replace('|', "x|"));
        assert_eq!(edit("check", "home delete end backspace"), "hec|");
        assert_eq!(edit("", "backspace delete left right"), "|");
        assert_eq!(edit("abc", "home backspace ctrl-w ctrl-u"), "|abc");
        assert_eq!(edit("abc", "delete"), "abc|");
        assert_eq!(
            edit("one two  three", "ctrl-left ctrl-left"),
            "one |two  three"
        );
        assert_eq!(edit("one two  three", "ctrl-w"), "one two  |");
        assert_eq!(edit("one two", "home ctrl-right"), "one |two");
        assert_eq!(edit("one two", "left ctrl-u"), "|o");
        assert_eq!(edit("a🇩🇪e\u{301}", "backspace backspace"), "a|");
        assert_eq!(edit("e", "\u{301} left"), "|e\u{301}");
    }

    #[test]
    fn pastes_are_made_harmless_and_bounded() {
        let mut field = LineInput::new("a");
        field.insert("b\n\u{1b}[31mc\t");
        assert_eq!(field.text(), "ab [31mc ");
        field.insert(&"x".repeat(10_000));
        assert_eq!(field.text().len(), MAX);
    }

    #[test]
    fn keys_of_others_are_left_alone() {
        let mut field = LineInput::new("a");
        for key in [
            "tab", "enter", "esc", "f1", "ctrl-y", "ctrl-k", "ctrl-d", "up", "alt-x",
        ] {
            assert!(!field.key(&Chord::parse(key).unwrap()), "{key}");
        }
        assert_eq!(field.text(), "a");
    }

    #[test]
    fn the_cursor_is_always_seen() {
        let draw = |field: &LineInput, w| {
            picture(w, 1, |a, b| field.render(a, b, &styles(), true))
                .trim_end()
                .to_owned()
        };
        let mut field = LineInput::new("abcdefghij");
        assert_eq!(draw(&field, 6), "fghij");
        press(&mut field, "home");
        assert_eq!(draw(&field, 6), "abcdef");
        assert_eq!(draw(&LineInput::new("漢字"), 4), "字");
    }

    proptest! {
        #[test]
        fn any_keys_and_any_text(text in hostile(), keys in prop::collection::vec(0usize..12, 0..30), w in 1u16..30) {
            let names = ["left", "right", "home", "end", "backspace", "delete", "ctrl-w", "ctrl-u", "ctrl-left", "ctrl-right", "x", "漢"];
            let mut field = LineInput::new(&text);
            for k in keys {
                field.key(&Chord::parse(names[k]).unwrap());
                prop_assert!(field.cursor <= field.graphemes.len());
            }
            assert_stays_inside(w, 1, |a, b| field.render(a, b, &styles(), true));
            assert_stays_inside(w, 1, |a, b| field.render(a, b, &styles(), false));
        }
    }
}
