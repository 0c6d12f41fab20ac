//! Keeps secrets, and what a terminal would obey, out of the source lines that diagnostics show.
//!
//! Two nets: the strict check marks the exact bytes of header values and of tokens written literally; and since a file that
//! does not parse has no such marks, lines whose key or table speaks of secrets are hidden behind their `=` there.

use super::tree::SourceText;

/// Words in a key or a table's name that announce a secret.
const WORDS: &[&str] = &["token", "password", "secret", "bearer", "auth", "headers"];

/// Whether a key's name, perhaps mistyped, announces a secret.
pub(crate) fn speaks_of_secrets(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS
        .iter()
        .any(|word| name.contains(word) || strsim::jaro_winkler(&name, word) > 0.85)
}

/// Whether a text could be a token: long, and of nothing but letters, digits, `_` and `-`.
pub(crate) fn looks_like_one(text: &str) -> bool {
    text.len() >= 20
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.=+/".contains(&b))
        && text
            .bytes()
            .any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// The file's text with every secret replaced by `*` and every control character by `?`, byte for byte, so that spans keep their meaning.
pub(crate) fn hidden(source: &SourceText) -> String {
    let mut bytes = source.text.clone().into_bytes();
    if let Some(masks) = source.masks.get() {
        for range in masks {
            if let Some(part) = bytes.get_mut(range.clone()) {
                part.fill(b'*');
            }
        }
    } else {
        by_words(&source.text, &mut bytes);
    }
    let controls = source
        .text
        .char_indices()
        .filter(|(_, c)| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    for (at, c) in controls {
        if let Some(part) = bytes.get_mut(at..at + c.len_utf8()) {
            part.fill(b'?');
        }
    }
    // Only whole characters were replaced, so this never loses anything.
    String::from_utf8_lossy(&bytes).into_owned()
}

fn by_words(text: &str, bytes: &mut [u8]) {
    let (mut start, mut secret_table) = (0, false);
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let speaks = WORDS.iter().any(|word| lower.contains(word));
        if lower.trim_start().starts_with('[') {
            secret_table = speaks;
        } else if speaks || secret_table {
            // Everything after the first `=`; without one (the rest of a broken value) the whole line.
            let from = line.find('=').map_or(0, |at| at + 1);
            for (at, c) in line.char_indices().filter(|(at, _)| *at >= from) {
                if c.is_alphanumeric()
                    && let Some(part) = bytes.get_mut(start + at..start + at + c.len_utf8())
                {
                    part.fill(b'*');
                }
            }
        }
        start += line.len();
    }
}
