//! The built-in values: put in where no layer says anything. Of fixed tables always, of entries by id for each entry that is there.

use config::{Map, Value, ValueKind};

use super::file::parse_value;
use super::merge::value;
use super::schema::{Key, Node};
use super::tree::Place;

/// A table of the merge.
type Tree = Map<String, Value>;

/// Completes `table`, which stands where `node` says.
pub(super) fn fill(node: &Node, table: &mut Tree) {
    match node {
        Node::Table(keys) => {
            let mut given = std::mem::take(table);
            table.reserve(keys.len());
            for key in *keys {
                if let Some(whole) = complete(key, given.shift_remove(key.name)) {
                    table.insert(key.name.to_owned(), whole);
                }
            }
            table.extend(given);
        }
        Node::Keyed(keyed) => {
            let mut given = std::mem::take(table);
            for id in keyed.built_in {
                let entry = given.shift_remove(*id).unwrap_or_else(empty);
                table.insert((*id).to_owned(), entry);
            }
            table.extend(given);
            for entry in table.values_mut() {
                if let ValueKind::Table(inner) = &mut entry.kind {
                    fill(&keyed.entry, inner);
                }
            }
        }
        _ => {}
    }
}

/// What stands behind a key, given what the layers say of it.
fn complete(key: &Key, given: Option<Value>) -> Option<Value> {
    if let Some(toml) = key.default {
        return given.or_else(|| parse_value(toml, &Place::Default).map(|item| value(&item)));
    }
    let said = given.is_some();
    match key.node {
        Node::Table(keys) if said || !optional(keys) => {}
        Node::Keyed(_) => {}
        _ => return given,
    }
    let mut whole = given.unwrap_or_else(empty);
    if let ValueKind::Table(inner) = &mut whole.kind {
        fill(&key.node, inner);
        if !said && inner.is_empty() {
            return None;
        }
    }
    Some(whole)
}

fn empty() -> Value {
    Value::new(None, ValueKind::Table(Tree::new()))
}

/// A table that says nothing when left out: no key in it has a built-in value.
fn optional(keys: &[Key]) -> bool {
    keys.iter().all(|key| {
        key.default.is_none()
            && match key.node {
                Node::Table(inner) => optional(inner),
                _ => true,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document::ROOT;

    /// A default stands for the whole value: of tables from free names, a given name would else hide the built-in ones.
    #[test]
    fn no_table_of_free_names_has_a_built_in_value() {
        fn walk(node: &Node) {
            for key in node.keys() {
                let free = matches!(
                    key.node,
                    Node::Named { .. } | Node::Table(_) | Node::Keyed(_)
                );
                assert!(!(free && key.default.is_some()), "{}", key.name);
                walk(&key.node);
            }
            if let Node::Keyed(keyed) = node {
                walk(&keyed.entry);
            }
        }
        walk(&ROOT);
    }
}
