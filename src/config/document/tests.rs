//! Holds the table of keys and the typed tree against each other: neither has a key that the other lacks.

use std::collections::BTreeSet;

use super::ROOT;
use crate::config::example;
use crate::config::schema::{Key, Kind, Node};
use crate::config::{Sources, load, paths::Folders};

fn each_key(node: &Node, path: &str, seen: &mut dyn FnMut(&str, &Key)) {
    match node {
        Node::Table(keys) | Node::Choice(keys) => {
            for key in *keys {
                let path = format!("{path}.{}", key.name);
                seen(&path, key);
                each_key(&key.node, &path, seen);
            }
        }
        Node::Keyed(keyed) => each_key(&keyed.entry, &format!("{path}.ID"), seen),
        Node::Leaf(_) | Node::Named { .. } | Node::Token => {}
    }
}

/// The fields of the typed tree, as serde sees them: what its structs and enums call themselves in `Deserialize`.
fn typed_keys() -> BTreeSet<String> {
    // Each struct in the tree denies unknown keys and so lists the ones it knows in its error for this one.
    let mut all = BTreeSet::new();
    let probe = "no-such-key";
    each_table(&ROOT, &mut Vec::new(), &mut |path| {
        let mut tree = serde_json::json!({ probe: 1 });
        for part in path.iter().rev() {
            tree = serde_json::json!({ part.as_str(): tree });
        }
        let error = serde_json::from_value::<crate::config::Config>(tree)
            .unwrap_err()
            .to_string();
        let (_, known) = error
            .split_once("unknown field `no-such-key`, expected ")
            .or_else(|| error.split_once("unknown variant `no-such-key`, expected "))
            .unwrap_or_else(|| panic!("{path:?}: {error}"));
        for name in known.split('`').skip(1).step_by(2) {
            all.insert(format!(
                "{}.{name}",
                path.iter()
                    .fold(String::new(), |all, part| all + "." + part)
            ));
        }
    });
    all
}

fn each_table(node: &Node, path: &mut Vec<String>, seen: &mut dyn FnMut(&[String])) {
    match node {
        Node::Table(keys) | Node::Choice(keys) => {
            if !keys.is_empty() {
                seen(path);
            }
            for key in *keys {
                path.push(key.name.to_owned());
                each_table(&key.node, path, seen);
                path.pop();
            }
        }
        Node::Keyed(keyed) => {
            path.push("ID".to_owned());
            each_table(&keyed.entry, path, seen);
            path.pop();
        }
        Node::Leaf(_) | Node::Named { .. } | Node::Token => {}
    }
}

#[test]
fn the_table_and_the_types_have_the_same_keys() {
    let mut table = BTreeSet::new();
    each_key(&ROOT, "", &mut |path, _| {
        table.insert(path.to_owned());
    });
    assert_eq!(table, typed_keys());
}

#[test]
fn each_value_has_an_example_or_a_default() {
    each_key(&ROOT, "", &mut |path, key| {
        // The keys of a choice are shown with the choice.
        let in_choice = [".auth.", ".way.ID.", ".gates.ID."]
            .iter()
            .any(|part| path.contains(part));
        let simple = matches!(
            key.node,
            Node::Leaf(_) | Node::Token | Node::Named { .. } | Node::Choice(_)
        );
        assert!(
            !simple || in_choice || key.default.or(key.example).is_some(),
            "{path}"
        );
        assert!(!simple || !key.doc.is_empty(), "{path}");
    });
}

#[test]
fn what_can_redirect_a_secret_or_start_something_is_guarded() {
    let names = [
        "api", "url", "graphql", "token", "auth", "headers", "ca_file", "command", "rollback",
        "deploy", "probe", "state", "clock", "http",
    ];
    each_key(&ROOT, "", &mut |path, key| {
        let below = names.iter().any(|name| path.contains(&format!(".{name}.")));
        if names.contains(&key.name) && !below {
            assert!(key.guarded, "{path}");
        }
        let reaches_out = matches!(
            key.node,
            Node::Token | Node::Leaf(Kind::Url | Kind::Address | Kind::File | Kind::Workflow)
        );
        assert!(!reaches_out || key.guarded || below, "{path}");
    });
}

#[test]
fn the_built_in_layer_makes_a_whole_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let folders = Folders {
        home: None,
        config: folder.path().to_owned(),
        state: folder.path().to_owned(),
        cache: folder.path().to_owned(),
    };
    let loaded = load(&Sources::new(folder.path(), folders)).unwrap();
    assert_eq!(loaded.config.state.profile, "default");
    assert!(
        loaded
            .origins
            .all()
            .iter()
            .all(|key| key.origin == crate::config::Origin::Default)
    );
    assert!(example().contains("#[services.checkout.env.production.rollback]"));
}
