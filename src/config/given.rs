//! Environment variables and flags as a layer. `FLIGHTDECK_UI__THEME=mono` is `ui.theme`; in ids `_` reads as `-`.

use std::collections::BTreeMap;

use super::diagnostic::{Diagnostic, quoted};
use super::file::parse_value;
use super::schema::{Kind, Node, nearest};
use super::strict::Strict;
use super::tree::{Item, Place, Table, Value};

/// The prefix of every variable.
const PREFIX: &str = "FLIGHTDECK_";

/// The layer of the environment. Names without `__` are other programs' or single switches: ignored here.
pub(crate) fn from_env(
    root: &Node,
    env: &BTreeMap<String, String>,
    strict: &mut Strict<'_>,
) -> Table {
    let mut layer = Table::new();
    for (name, text) in env {
        let Some(rest) = name.strip_prefix(PREFIX).filter(|rest| rest.contains("__")) else {
            continue;
        };
        let path: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
        set(
            root,
            &path,
            text,
            &Place::Env(name.clone()),
            strict,
            &mut layer,
        );
    }
    layer
}

/// The layer of the flags: (key path with dots, value, the flag's name).
pub(crate) fn from_flags(
    root: &Node,
    flags: &[(String, String, String)],
    strict: &mut Strict<'_>,
) -> Table {
    let mut layer = Table::new();
    for (key, text, flag) in flags {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        set(
            root,
            &path,
            text,
            &Place::Flag(flag.clone()),
            strict,
            &mut layer,
        );
    }
    layer
}

fn set(
    root: &Node,
    names: &[String],
    text: &str,
    place: &Place,
    strict: &mut Strict<'_>,
    layer: &mut Table,
) {
    let (node, mut path) = match resolve(root, names) {
        Ok(found) => found,
        Err((message, hint)) => {
            strict
                .faults
                .push(Diagnostic::new(place, message).hint(hint));
            return;
        }
    };
    let Some(mut item) = read(&node, text, place) else {
        let (what, hint) = if matches!(node, Node::Leaf(_)) {
            ("this is not valid TOML", "write the value as in a file")
        } else {
            (
                "this is a table",
                "write it inline as in a file: { key = \"value\" }",
            )
        };
        strict.faults.push(Diagnostic::new(place, what).hint(hint));
        return;
    };
    if strict.item(&node, &mut item, &mut path) {
        put(layer, &path, item);
    } else {
        strict.dropped.push(path);
    }
}

/// The node that the names lead to, and the names as the file would write them.
fn resolve(root: &Node, names: &[String]) -> Result<(Node, Vec<String>), (String, String)> {
    let mut node = *root;
    let mut path: Vec<String> = Vec::new();
    for name in names {
        let shown = super::tree::dotted(&path);
        let name = match node {
            Node::Keyed(_) => name.replace('_', "-"),
            _ => name.clone(),
        };
        if let Node::Named { .. } | Node::Token | Node::Choice(_) = node {
            return Err((
                format!("`{shown}` can only be set as a whole"),
                "write its table inline as in a file: { key = \"value\" }".to_owned(),
            ));
        }
        let Some((child, _)) = node.child(&name) else {
            let known: Vec<&str> = node.keys().iter().map(|key| key.name).collect();
            let hint = match nearest(&name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => {
                    format!("`{shown}` is a value: nothing stands below it")
                }
                None => format!("known here: {}", known.join(", ")),
            };
            let at = if path.is_empty() {
                "at the top".to_owned()
            } else {
                format!("in `{shown}`")
            };
            return Err((format!("unknown key {} {at}", quoted(&name)), hint));
        };
        path.push(name);
        node = child;
    }
    Ok((node, path))
}

/// Reads the text of a variable as what the key wants: texts need no quotes there, lists may be written with commas.
fn read(node: &Node, text: &str, place: &Place) -> Option<Item> {
    let item = |value| {
        Some(Item {
            key: place.clone(),
            at: place.clone(),
            value,
        })
    };
    match node {
        Node::Leaf(Kind::Bool | Kind::Number { .. } | Kind::Version(_)) => {
            // What is no TOML stays text, so that the check can say what is wanted.
            parse_value(text.trim(), place).or_else(|| item(Value::Text(text.to_owned())))
        }
        Node::Leaf(Kind::List(_) | Kind::Many(_)) if text.trim_start().starts_with('[') => {
            parse_value(text.trim(), place)
        }
        Node::Leaf(Kind::List(_)) => {
            let entries = text
                .split(',')
                .map(str::trim)
                .filter(|entry| !entry.is_empty());
            item(Value::List(
                entries
                    .filter_map(|entry| item(Value::Text(entry.to_owned())))
                    .collect(),
            ))
        }
        Node::Leaf(_) => item(Value::Text(text.to_owned())),
        // A token written literally reaches the check as a text, which says how to write it.
        Node::Token => {
            parse_value(text.trim(), place).or_else(|| item(Value::Text(text.to_owned())))
        }
        _ => parse_value(text.trim(), place).filter(|item| matches!(item.value, Value::Table(_))),
    }
}

fn put(table: &mut Table, path: &[String], item: Item) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        table.retain(|(name, _)| name != first);
        table.push((first.clone(), item));
        return;
    }
    if !table.iter().any(|(name, _)| name == first) {
        let holder = Item {
            key: item.key.clone(),
            at: item.at.clone(),
            value: Value::Table(Table::new()),
        };
        table.push((first.clone(), holder));
    }
    if let Some((_, holder)) = table.iter_mut().find(|(name, _)| name == first)
        && let Value::Table(inner) = &mut holder.value
    {
        put(inner, rest, item);
    }
}
