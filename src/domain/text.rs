//! Remote text made harmless. Whatever comes from an API becomes [`Safe`] at the border; panes accept nothing else.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The longest text kept, in characters. A pull request's title has at most 256; a check's summary may be long.
pub const MAX_CHARS: usize = 1_000;

/// Text without control characters, escape sequences or bidirectional controls, of bounded length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Safe(String);

impl Safe {
    /// Makes `raw` harmless: line breaks and tabs become spaces, escape sequences, controls and bidirectional
    /// or invisible format characters vanish, the rest is cut after [`MAX_CHARS`] with an ellipsis.
    pub fn new(raw: &str) -> Self {
        // Nearly all that arrives is harmless already, and there is much of it.
        if raw.len() <= MAX_CHARS && raw.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Self(raw.trim_end().to_owned());
        }
        let mut out = String::with_capacity(raw.len().min(MAX_CHARS));
        let mut kept = 0;
        let mut chars = raw.chars().peekable();
        while let Some(c) = chars.next() {
            let keep = match c {
                '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}' => {
                    if out.ends_with(' ') || out.is_empty() {
                        continue;
                    }
                    ' '
                }
                '\u{1b}' | '\u{9b}' | '\u{9d}' | '\u{90}' => {
                    skip_escape(c, &mut chars);
                    continue;
                }
                c if c.is_control() || is_hidden_format(c) => continue,
                c => c,
            };
            if kept == MAX_CHARS {
                out.push('…');
                break;
            }
            out.push(keep);
            kept += 1;
        }
        out.truncate(out.trim_end().len());
        Self(out)
    }

    /// The harmless text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Skips the rest of an escape sequence that began with `start` (ECMA-48: CSI ends at 0x40..=0x7e, strings at BEL or ST).
fn skip_escape(start: char, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let kind = if start == '\u{1b}' {
        match chars.peek() {
            Some('[' | ']' | 'P' | 'X' | '^' | '_') => chars.next(),
            // A two-character sequence; anything else after ESC stays text.
            Some(c) if ('\u{20}'..='\u{2f}').contains(c) => {
                while chars
                    .next_if(|c| ('\u{20}'..='\u{2f}').contains(c))
                    .is_some()
                {}
                chars.next();
                return;
            }
            _ => return,
        }
    } else {
        Some(match start {
            '\u{9b}' => '[',
            _ => ']',
        })
    };
    let bounded = 4096;
    if kind == Some('[') {
        for _ in 0..bounded {
            match chars.peek() {
                Some(c) if ('\u{20}'..='\u{3f}').contains(c) => {
                    chars.next();
                }
                Some(c) if ('\u{40}'..='\u{7e}').contains(c) => {
                    chars.next();
                    return;
                }
                _ => return,
            }
        }
        return;
    }
    // A string sequence: without its end it must not swallow the rest of the text, so look ahead first.
    let rest: String = chars.clone().take(bounded).collect();
    if let Some(end) = rest.find(['\u{7}', '\u{9c}', '\u{1b}']) {
        let n = rest.get(..end).map_or(0, |s| s.chars().count());
        for _ in 0..=n {
            chars.next();
        }
        chars.next_if(|c| *c == '\\');
    }
}

/// Characters that reorder or hide text: bidirectional controls, zero-width and tag characters, fillers.
/// The zero-width joiner stays: emoji and some scripts need it.
fn is_hidden_format(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for Safe {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Safe {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl AsRef<str> for Safe {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Safe {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(d)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_bidi_vanish() {
        assert_eq!(Safe::new("a\u{1b}[31mred\u{1b}[0m b").as_str(), "ared b");
        assert_eq!(Safe::new("x\u{1b}]0;title\u{7}y").as_str(), "xy");
        assert_eq!(
            Safe::new("x\u{1b}]8;;http://h\u{1b}\\link").as_str(),
            "xlink"
        );
        assert_eq!(Safe::new("abc\u{202e}def").as_str(), "abcdef");
        assert_eq!(Safe::new("one\r\n\ttwo").as_str(), "one two");
        assert_eq!(
            Safe::new("open \u{1b}]0;never closed").as_str(),
            "open 0;never closed"
        );
    }

    proptest! {
        #[test]
        fn plain_text_is_judged_like_any_other(plain in "[ -~]{0,60}") {
            // The mark in front takes the way through every character.
            let looked_at = Safe::new(&format!("\u{e9}{plain}"));
            let at_once = format!("\u{e9}{}", Safe::new(&plain));
            prop_assert_eq!(looked_at.as_str(), at_once.as_str());
        }
    }

    #[test]
    fn long_text_is_cut() {
        let safe = Safe::new(&"x".repeat(10_000));
        assert_eq!(safe.as_str().chars().count(), MAX_CHARS + 1);
        assert!(safe.as_str().ends_with('…'));
    }

    proptest! {
        #[test]
        fn never_a_control_character(raw in any::<String>()) {
            let safe = Safe::new(&raw);
            prop_assert!(!safe.as_str().chars().any(|c| c.is_control() || is_hidden_format(c)));
            prop_assert!(safe.as_str().chars().count() <= MAX_CHARS + 1);
        }
    }
}
