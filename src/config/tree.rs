//! A layer as a tree: what was written, each part with its place. Built from a file, a variable, a flag or the defaults.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// A file as it was read.
pub struct SourceText {
    /// Where it lies.
    pub path: PathBuf,
    /// Whose file it is.
    pub layer: Layer,
    /// What it says.
    pub(crate) text: String,
    /// Byte ranges that are never shown: values that are, or may be, secrets.
    pub(crate) masks: OnceLock<Vec<Range<usize>>>,
    /// Where its lines begin; looked up for each key of each start.
    pub(crate) lines: OnceLock<Vec<usize>>,
}

impl SourceText {
    /// The 1-based line of a byte.
    fn line(&self, at: usize) -> usize {
        let begins = self.lines.get_or_init(|| {
            let after = |(at, _): (usize, &str)| at + 1;
            self.text.match_indices('\n').map(after).collect()
        });
        begins.partition_point(|begin| *begin <= at) + 1
    }
}

/// The text may hold secrets: only the path is shown.
impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceText")
            .field("path", &self.path)
            .field("layer", &self.layer)
            .finish_non_exhaustive()
    }
}

/// The layers, lowest first: a later one beats an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Built in.
    Default,
    /// What the repository tells of itself, where nothing is configured; never a file.
    Found,
    /// The user's file.
    User,
    /// The project's `.flightdeck/config.toml`.
    Project,
    /// The file given by `--config` or `FLIGHTDECK_CONFIG`, in place of the user's and the project's.
    Given,
    /// An environment variable.
    Env,
    /// A flag of the command line.
    Flag,
}

/// Where something was written.
#[derive(Debug, Clone)]
pub enum Place {
    /// Nowhere: it is built in.
    Default,
    /// In a file, at these bytes.
    File(Arc<SourceText>, Range<usize>),
    /// In this environment variable.
    Env(String),
    /// In this flag.
    Flag(String),
}

impl Place {
    /// The 1-based line and column (in characters) of its start, in a file.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        let Self::File(source, span) = self else {
            return None;
        };
        let mut start = span.start.min(source.text.len());
        while !source.text.is_char_boundary(start) {
            start -= 1;
        }
        let before = source.text.get(..start)?;
        let line = source.line(start);
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some((line, column))
    }
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Where its key stands (for list entries: the value's own place).
    pub(crate) key: Place,
    /// Where the value stands.
    pub(crate) at: Place,
    /// The value.
    pub(crate) value: Value,
}

/// What was written.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// A TOML date or time, as it was written.
    Moment(String),
    List(Vec<Item>),
    Table(Table),
}

/// Entries in the order of the file.
pub(crate) type Table = Vec<(String, Item)>;

impl Value {
    /// Its type in words, with an article.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::Moment(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// The item at `path`, by keys and by indices of lists.
pub(crate) fn find<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Item> {
    let (first, rest) = path.split_first()?;
    let item = &table.iter().find(|(name, _)| name == first)?.1;
    if rest.is_empty() {
        return Some(item);
    }
    match &item.value {
        Value::Table(inner) => find(inner, rest),
        _ => None,
    }
}

/// Removes the item at `path`, if it is there.
pub(crate) fn remove(table: &mut Table, path: &[String]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        table.retain(|(name, _)| name != first);
    } else if let Some((_, item)) = table.iter_mut().find(|(name, _)| name == first)
        && let Value::Table(inner) = &mut item.value
    {
        remove(inner, rest);
    }
}

/// A path of keys as a person would write it; names that are not bare are quoted.
pub(crate) fn dotted<S: AsRef<str>>(path: &[S]) -> String {
    let parts: Vec<String> = path.iter().map(|part| key_text(part.as_ref())).collect();
    parts.join(".")
}

fn is_bare(name: &str) -> bool {
    let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !name.is_empty() && name.bytes().all(bare)
}

/// A key as TOML.
pub(crate) fn key_text(name: &str) -> String {
    if is_bare(name) {
        name.to_owned()
    } else {
        toml::Value::String(name.to_owned()).to_string()
    }
}
