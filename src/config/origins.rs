//! Which layer set which key, and the effective values as TOML with secrets hidden.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use config::ValueKind;

use super::diagnostic::shown_path;
use super::document::ROOT;
use super::merge::Merged;
use super::schema::{Kind, Node};
use super::tree::{Layer, Place, key_text};

/// The layer that set a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A file, at this 1-based line.
    File {
        /// Whose file.
        layer: Layer,
        /// Where it lies.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// An environment variable.
    Env(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { layer, path, line } => {
                let whose = match layer {
                    Layer::Found => "found",
                    Layer::User => "user",
                    Layer::Project => "project",
                    _ => "given",
                };
                write!(f, "{whose} {}:{line}", shown_path(path))
            }
            Self::Env(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// An effective key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Its path.
    pub path: Vec<String>,
    /// Its value as TOML; secrets are hidden.
    pub value: String,
    /// The layer that set it.
    pub origin: Origin,
}

/// Where each effective key comes from: found out for who asks, not at every start.
#[derive(Clone)]
pub struct Origins(Arc<Merged>);

/// The values may be secrets: none is shown.
impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origins").finish_non_exhaustive()
    }
}

impl Origins {
    pub(crate) fn new(merged: Merged) -> Self {
        Self(Arc::new(merged))
    }

    /// Every effective key, in the order of the table of keys and of the files.
    pub fn all(&self) -> Vec<Effective> {
        let mut all = Vec::new();
        let root = &self.0.config.cache;
        walk(&ROOT, root, &self.0, &mut Vec::new(), &mut all);
        all
    }

    /// The layer that set the key at `path` (with dots); none: there is no such key.
    pub fn of(&self, path: &str) -> Option<Origin> {
        let names = names(&self.0.config.cache, path)?;
        Some(origin(&self.0, &names))
    }
}

/// The names in a path with dots, as they stand in the tree.
fn names(value: &config::Value, path: &str) -> Option<Vec<String>> {
    let ValueKind::Table(table) = &value.kind else {
        return None;
    };
    table.iter().find_map(|(name, inner)| {
        let rest = path.strip_prefix(key_text(name).as_str())?;
        if rest.is_empty() {
            return Some(vec![name.clone()]);
        }
        let mut below = names(inner, rest.strip_prefix('.')?)?;
        below.insert(0, name.clone());
        Some(below)
    })
}

fn walk(
    node: &Node,
    value: &config::Value,
    merged: &Merged,
    path: &mut Vec<String>,
    all: &mut Vec<Effective>,
) {
    let ValueKind::Table(table) = &value.kind else {
        return;
    };
    // Values before tables, as TOML needs it; else the order of the table of keys, where it knows one.
    let mut names: Vec<&String> = table.keys().collect();
    let rank = |name: &str| node.keys().iter().position(|key| key.name == name);
    let below = |name: &str| !node.child(name).is_some_and(|(child, _)| child.is_whole());
    names.sort_by_key(|name| (below(name), rank(name)));
    for name in names {
        let (Some((child, _)), Some(inner)) = (node.child(name), table.get(name)) else {
            continue;
        };
        path.push(name.clone());
        let whole = child.is_whole();
        let empty = matches!(&inner.kind, ValueKind::Table(inner) if inner.is_empty());
        if whole || (empty && matches!(child, Node::Named { .. })) {
            all.push(Effective {
                path: path.clone(),
                value: toml(&child, inner),
                origin: origin(merged, path),
            });
        } else {
            walk(&child, inner, merged, path, all);
        }
        path.pop();
    }
}

fn origin(merged: &Merged, path: &[String]) -> Origin {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let place = merged.place(&names);
    let line = place.line_column().map_or(0, |(line, _)| line);
    match place {
        Place::Default => Origin::Default,
        Place::File(source, _) => Origin::File {
            layer: source.layer,
            path: source.path.clone(),
            line,
        },
        Place::Env(name) => Origin::Env(name),
        Place::Flag(name) => Origin::Flag(name),
    }
}

/// A value as TOML on one line.
fn toml(node: &Node, value: &config::Value) -> String {
    if matches!(node, Node::Leaf(Kind::Header)) {
        return "\"<hidden>\"".to_owned();
    }
    match &value.kind {
        ValueKind::Table(table) => {
            let entries: Vec<String> = table
                .iter()
                .map(|(name, inner)| {
                    let child = node
                        .child(name)
                        .map_or(Node::Leaf(Kind::AnyText), |(child, _)| child);
                    format!("{} = {}", key_text(name), toml(&child, inner))
                })
                .collect();
            if entries.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", entries.join(", "))
            }
        }
        ValueKind::Array(entries) => {
            let all: Vec<String> = entries
                .iter()
                .map(|entry| toml(&Node::Leaf(Kind::AnyText), entry))
                .collect();
            format!("[{}]", all.join(", "))
        }
        ValueKind::String(text) => one_line(text),
        ValueKind::Boolean(yes) => yes.to_string(),
        ValueKind::I64(n) => n.to_string(),
        ValueKind::Float(n) => toml::Value::Float(*n).to_string(),
        other => one_line(&other.to_string()),
    }
}

/// A text as a TOML string without line breaks: literal where that saves escapes.
fn one_line(text: &str) -> String {
    let controls = text.chars().any(char::is_control);
    if text.contains(['"', '\\']) && !text.contains('\'') && !controls {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
