//! Reading JSON that somebody else writes, field by field: what is missing, null or of another type is none, so one odd
//! value never fails a page. Items without what makes them (an id, a commit) are left out and counted.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// A text field, made harmless; none if empty.
pub(super) fn text(item: &Value, key: &str) -> Option<Safe> {
    raw(item, key).map(Safe::new).filter(|t| !t.is_empty())
}

/// A text field as it came.
pub(super) fn raw<'a>(item: &'a Value, key: &str) -> Option<&'a str> {
    item.get(key)?.as_str()
}

/// A number that is not negative; some are sent as text.
pub(super) fn number(item: &Value, key: &str) -> Option<u64> {
    let value = item.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// An instant.
pub(super) fn time(item: &Value, key: &str) -> Option<Timestamp> {
    raw(item, key)?.parse().ok()
}

/// A commit id, checked.
pub(super) fn sha(item: &Value, key: &str) -> Option<CommitSha> {
    raw(item, key)?.to_ascii_lowercase().parse().ok()
}

/// An address, only if it is a web address: it may be opened.
pub(super) fn address(item: &Value, key: &str) -> Option<Safe> {
    text(item, key).filter(|u| {
        let u = u.as_str();
        u.starts_with("https://") || u.starts_with("http://")
    })
}

/// The items of an array field; none where there is no array.
pub(super) fn array<'a>(item: &'a Value, key: &str) -> Option<&'a Vec<Value>> {
    item.get(key)?.as_array()
}

/// The nodes of a GraphQL connection.
pub(super) fn nodes<'a>(item: &'a Value, key: &str) -> Option<&'a Vec<Value>> {
    item.get(key)?.get("nodes")?.as_array()
}

/// Reads each item; counts those that cannot be read. Null items (GraphQL: not visible) count too.
pub(super) fn each<T>(items: &[Value], read: impl Fn(&Value) -> Option<T>) -> (Vec<T>, usize) {
    let read: Vec<T> = items.iter().filter_map(read).collect();
    let left_out = items.len() - read.len();
    (read, left_out)
}

/// Encodes one segment of a path: whatever a name holds, it stays one segment.
pub(super) fn segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(half), 16).unwrap_or('0');
                out.push(digit.to_ascii_uppercase());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn odd_fields_are_none() {
        let item = json!({"a": null, "b": 7, "c": "", "d": "x\u{1b}[31m", "id": "5000000001", "u": "javascript:alert(1)"});
        assert_eq!(text(&item, "a"), None);
        assert_eq!(text(&item, "b"), None);
        assert_eq!(text(&item, "c"), None);
        assert_eq!(text(&item, "d").unwrap().as_str(), "x");
        assert_eq!(number(&item, "id"), Some(5_000_000_001));
        assert_eq!(time(&item, "d"), None);
        assert_eq!(address(&item, "u"), None);
        assert_eq!(array(&item, "a"), None);
    }

    #[test]
    fn a_name_stays_one_segment() {
        assert_eq!(segment("release/1.2 é"), "release%2F1.2%20%C3%A9");
    }
}
