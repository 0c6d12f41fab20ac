//! A key press as plain data: what the terminal thread reports and what the configuration names.
//! Notation: `ctrl-l`, `shift-tab`, `R`, `f5`, `[`, `enter`, `esc`. A shifted character is written as itself.

use std::fmt::{self, Write as _};

/// A key without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A character as typed, so `R` and `r` differ. The space bar is `' '`.
    Char(char),
    /// A function key, 1 to 24.
    F(u8),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

/// The keys with a name: in the configuration, and on the screen.
const NAMED: [(Key, &str, &str); 15] = [
    (Key::Enter, "enter", "Enter"),
    (Key::Esc, "esc", "Esc"),
    (Key::Tab, "tab", "Tab"),
    (Key::Backspace, "backspace", "Backspace"),
    (Key::Delete, "delete", "Del"),
    (Key::Insert, "insert", "Ins"),
    (Key::Up, "up", "↑"),
    (Key::Down, "down", "↓"),
    (Key::Left, "left", "←"),
    (Key::Right, "right", "→"),
    (Key::Home, "home", "Home"),
    (Key::End, "end", "End"),
    (Key::PageUp, "pageup", "PgUp"),
    (Key::PageDown, "pagedown", "PgDn"),
    (Key::Char(' '), "space", "Space"),
];

/// A key with its modifiers, in one canonical form: see [`Chord::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    pub key: Key,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

/// Why a text is no chord; its message says how to write one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no key: write one like `R`, `f5`, `[`, `enter`, `ctrl-l`, `alt-x` or `shift-tab`"
)]
pub struct ChordError {
    pub text: String,
}

impl Chord {
    /// A key without modifiers.
    pub fn plain(key: Key) -> Self {
        Self::new(key, false, false, false)
    }

    /// The canonical chord: shift is folded into characters (`shift-r` is `R`), and letters with ctrl are lower case,
    /// because terminals can't tell `ctrl-R` from `ctrl-r`.
    pub fn new(key: Key, ctrl: bool, alt: bool, shift: bool) -> Self {
        let (key, shift) = match key {
            Key::Char(c) if ctrl => (Key::Char(c.to_ascii_lowercase()), false),
            Key::Char(c) if shift => (Key::Char(c.to_ascii_uppercase()), false),
            Key::Char(c) => (Key::Char(c), false),
            key => (key, shift),
        };
        Self {
            key,
            ctrl,
            alt,
            shift,
        }
    }

    /// Reads the notation of the configuration; names and modifiers in any case, characters as they are.
    pub fn parse(text: &str) -> Result<Self, ChordError> {
        let error = || ChordError {
            text: text.to_owned(),
        };
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = text;
        while let Some((modifier, tail)) = rest
            .split_once('-')
            .filter(|(m, t)| !m.is_empty() && !t.is_empty())
        {
            let flag = match modifier.to_ascii_lowercase().as_str() {
                "ctrl" => &mut ctrl,
                "alt" => &mut alt,
                "shift" => &mut shift,
                _ => return Err(error()),
            };
            if std::mem::replace(flag, true) {
                return Err(error());
            }
            rest = tail;
        }
        let key = parse_key(rest).ok_or_else(error)?;
        Ok(Self::new(key, ctrl, alt, shift))
    }

    /// The character this chord types into a text field, if any.
    pub fn typed(&self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt && !c.is_control() => Some(c),
            _ => None,
        }
    }

    /// The chord as people read it on the screen: `Ctrl-L`, `S-Tab`, `Enter`, `R`.
    pub fn label(&self) -> String {
        let mut out = String::new();
        for (on, prefix) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-"), (self.shift, "S-")] {
            if on {
                out.push_str(prefix);
            }
        }
        match (self.key, named(self.key)) {
            (_, Some((_, shown))) => out.push_str(shown),
            (Key::F(n), _) => {
                let _ = write!(out, "F{n}");
            }
            (Key::Char(c), _) if self.ctrl => out.push(c.to_ascii_uppercase()),
            (Key::Char(c), _) => out.push(c),
            _ => {}
        }
        out
    }
}

/// The name of a key in the configuration and on the screen.
fn named(key: Key) -> Option<(&'static str, &'static str)> {
    NAMED
        .iter()
        .find(|(k, ..)| *k == key)
        .map(|(_, name, shown)| (*name, *shown))
}

/// Reads a key without modifiers.
fn parse_key(text: &str) -> Option<Key> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control()).then_some(Key::Char(c));
    }
    let name = text.to_ascii_lowercase();
    if let Some(number) = name.strip_prefix('f').and_then(|n| n.parse().ok()) {
        return (1..=24).contains(&number).then_some(Key::F(number));
    }
    let name = match name.as_str() {
        "escape" => "esc",
        "return" => "enter",
        "del" => "delete",
        "ins" => "insert",
        "page-up" | "pgup" => "pageup",
        "page-down" | "pgdn" => "pagedown",
        other => other,
    };
    NAMED
        .iter()
        .find(|(_, known, _)| *known == name)
        .map(|(key, ..)| *key)
}

impl fmt::Display for Chord {
    /// The notation of the configuration; [`Chord::parse`] reads it back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (on, prefix) in [
            (self.ctrl, "ctrl-"),
            (self.alt, "alt-"),
            (self.shift, "shift-"),
        ] {
            if on {
                f.write_str(prefix)?;
            }
        }
        match (self.key, named(self.key)) {
            (_, Some((name, _))) => f.write_str(name),
            (Key::F(n), _) => write!(f, "f{n}"),
            (Key::Char(c), _) => write!(f, "{c}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_notation_is_read() {
        let chord = |text| Chord::parse(text).unwrap();
        assert_eq!(chord("R"), Chord::plain(Key::Char('R')));
        assert_eq!(chord("shift-r"), chord("R"));
        assert_ne!(chord("r"), chord("R"));
        assert_eq!(chord("Ctrl-L"), chord("ctrl-l"));
        assert_eq!(chord("shift-TAB"), Chord::new(Key::Tab, false, false, true));
        assert_eq!(chord("-"), Chord::plain(Key::Char('-')));
        assert_eq!(
            chord("ctrl--"),
            Chord::new(Key::Char('-'), true, false, false)
        );
        assert_eq!(chord("f12"), Chord::plain(Key::F(12)));
        assert_eq!(chord("escape"), chord("esc"));
        assert_eq!(chord("ctrl-l").label(), "Ctrl-L");
        assert_eq!(chord("shift-tab").label(), "S-Tab");
    }

    #[test]
    fn what_is_no_key_says_how_to_write_one() {
        for text in [
            "",
            "ctrl-",
            "hyper-x",
            "f0",
            "f25",
            "foo",
            "ctrl-ctrl-x",
            "gg",
            "\u{1b}",
        ] {
            let error = Chord::parse(text).unwrap_err().to_string();
            assert!(error.contains("ctrl-l"), "{error}");
        }
    }

    #[test]
    fn only_bare_characters_type() {
        assert_eq!(Chord::parse("R").unwrap().typed(), Some('R'));
        assert_eq!(Chord::parse("space").unwrap().typed(), Some(' '));
        assert_eq!(Chord::parse("ctrl-r").unwrap().typed(), None);
        assert_eq!(Chord::parse("enter").unwrap().typed(), None);
    }

    proptest! {
        #[test]
        fn printed_chords_read_back(c in any::<char>(), ctrl: bool, alt: bool, shift: bool, n in 1u8..=24, which in 0usize..17) {
            prop_assume!(!c.is_control());
            let key = NAMED.get(which).map_or(if which == 15 { Key::F(n) } else { Key::Char(c) }, |row| row.0);
            let chord = Chord::new(key, ctrl, alt, shift);
            prop_assert_eq!(Chord::parse(&chord.to_string()), Ok(chord));
        }
    }
}
