//! Reads one file: all syntax errors in one go, else a tree with places.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::tree::{Item, Layer, Place, SourceText, Table, Value};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// What came of looking for a file.
pub(crate) enum Read {
    /// There is none.
    Missing,
    /// It can't be read, or is not TOML.
    Broken(Vec<Diagnostic>),
    /// Its content.
    Parsed(Arc<SourceText>, Table),
}

/// Reads and parses the file at `path`.
pub(crate) fn read(path: &Path, layer: Layer) -> Read {
    let broken = |text: String, span, message: String, hint: &str| {
        let source = source(path, layer, text);
        Read::Broken(vec![
            Diagnostic::new(&Place::File(source, span), message).hint(hint),
        ])
    };
    match std::fs::metadata(path) {
        Err(e)
            if matches!(
                e.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Read::Missing;
        }
        Ok(meta) if !meta.is_file() => {
            return broken(
                String::new(),
                0..0,
                "this is not a file".to_owned(),
                "name a TOML file",
            );
        }
        Ok(meta) if meta.len() > MAX_BYTES => {
            return broken(
                String::new(),
                0..0,
                "the file is larger than 1 MiB".to_owned(),
                "a configuration is a few kilobytes: is this the right file?",
            );
        }
        _ => {}
    }
    match std::fs::read(path).map(String::from_utf8) {
        Err(e) => broken(
            String::new(),
            0..0,
            format!("the file can't be read: {}", e.kind()),
            "check its owner and its permissions",
        ),
        Ok(Err(e)) => {
            let good = e.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(e.as_bytes()).into_owned();
            let end = text
                .get(good..)
                .and_then(|rest| rest.chars().next())
                .map_or(good, |c| good + c.len_utf8());
            broken(
                text,
                good..end,
                "this is not UTF-8".to_owned(),
                "save the file as UTF-8",
            )
        }
        Ok(Ok(text)) => parse(source(path, layer, text)),
    }
}

/// Parses a text that is no file.
pub(crate) fn text(path: &Path, layer: Layer, text: String) -> Read {
    parse(source(path, layer, text))
}

fn source(path: &Path, layer: Layer, text: String) -> Arc<SourceText> {
    Arc::new(SourceText {
        path: path.to_owned(),
        layer,
        text,
        masks: OnceLock::new(),
        lines: OnceLock::new(),
    })
}

fn parse(source: Arc<SourceText>) -> Read {
    let text = source.text.clone();
    let (root, errors) = DeTable::parse_recoverable(&text);
    if errors.is_empty() {
        let place = |span| Place::File(Arc::clone(&source), span);
        let table = table(root.into_inner(), &place);
        return Read::Parsed(source, table);
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut last_line = 0;
    for error in &errors {
        let end = text.len();
        let span = error.span().unwrap_or(end..end);
        let at = Place::File(Arc::clone(&source), span);
        // One broken line often gives a tail of errors; the first of a line says enough.
        let line = at.line_column().map_or(0, |(line, _)| line);
        if line != last_line {
            found.push(
                Diagnostic::new(&at, format!("this is not TOML: {}", error.message()))
                    .hint(advice(error.message())),
            );
            last_line = line;
        }
    }
    Read::Broken(found)
}

/// What to write instead, for the slips that are common.
fn advice(message: &str) -> &'static str {
    if message.contains("duplicate") {
        "keep one of the two"
    } else if message.contains("string") || message.contains("quote") {
        "put texts in quotes: key = \"text\""
    } else {
        "write `key = value`, texts in quotes, tables as [name]"
    }
}

/// Parses the value of a variable or a flag as TOML.
pub(crate) fn parse_value(text: &str, place: &Place) -> Option<Item> {
    let value = match literal(text) {
        Some(value) => value,
        None => convert(DeValue::parse(text).ok()?.into_inner(), &|_| place.clone()),
    };
    Some(Item {
        key: place.clone(),
        at: place.clone(),
        value,
    })
}

/// The simplest values of TOML: nearly all that is built in, read at every start. None: the parser is asked.
fn literal(text: &str) -> Option<Value> {
    let inside = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    if let Some(inside) = inside {
        let plain = |c: char| c != '"' && c != '\\' && !c.is_control();
        return inside
            .chars()
            .all(plain)
            .then(|| Value::Text(inside.to_owned()));
    }
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let whole = |t: &str| digits(t) && (t.len() == 1 || !t.starts_with('0'));
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ if whole(text) => text.parse().ok().map(Value::Integer),
        _ => {
            let (before, after) = text.split_once('.')?;
            let number = whole(before) && digits(after);
            number.then(|| text.parse().ok().map(Value::Float))?
        }
    }
}

fn table(entries: DeTable<'_>, place: &dyn Fn(std::ops::Range<usize>) -> Place) -> Table {
    let mut all: Vec<(usize, String, Item)> = entries
        .into_iter()
        .map(|(key, value)| {
            let (key_span, span) = (key.span(), value.span());
            let item = Item {
                key: place(key_span.clone()),
                at: place(span),
                value: convert(value.into_inner(), place),
            };
            (key_span.start, key.into_inner().into_owned(), item)
        })
        .collect();
    // The parser sorts by name; the order of the file is what counts.
    all.sort_by_key(|(start, _, _)| *start);
    all.into_iter()
        .map(|(_, name, item)| (name, item))
        .collect()
}

fn convert(value: DeValue<'_>, place: &dyn Fn(std::ops::Range<usize>) -> Place) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Text(number.to_string()), Value::Integer),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or_else(|_| Value::Text(number.to_string()), Value::Float),
        DeValue::Boolean(yes) => Value::Bool(yes),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(entries) => Value::List(
            entries
                .into_iter()
                .map(|entry: Spanned<DeValue<'_>>| {
                    let at = place(entry.span());
                    Item {
                        key: at.clone(),
                        at,
                        value: convert(entry.into_inner(), place),
                    }
                })
                .collect(),
        ),
        DeValue::Table(entries) => Value::Table(table(entries, place)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_what_the_parser_makes_of_it() {
        for text in [
            "true",
            "false",
            "0",
            "7",
            "42",
            "007",
            "1_000",
            "-1",
            "+1",
            "0.5",
            "00.5",
            "1.",
            ".5",
            "1.50",
            "1e3",
            "\"\"",
            "\"a b\"",
            "\"ä\"",
            "\"a\\\"b\"",
            "\"a\" # c\"",
            "\"a\", \"b\"",
            "\"\"\"a\"\"\"",
            "\"\t\"",
            "\"\u{7f}\"",
            "[]",
            "{}",
            "",
            "\"",
            "inf",
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999",
            "1979-05-27",
            "'a'",
        ] {
            let parsed = DeValue::parse(text).ok();
            let parsed = parsed.map(|value| convert(value.into_inner(), &|_| Place::Default));
            if let Some(simple) = literal(text) {
                assert_eq!(
                    format!("{:?}", Some(simple)),
                    format!("{parsed:?}"),
                    "{text}"
                );
            }
        }
    }
}
