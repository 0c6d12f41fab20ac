//! Writes `config.example.toml` from the table of keys: every part once, prose as `# text`, keys as `#key = value`.

use std::fmt::Write as _;

use super::document::ROOT;
use super::schema::{Key, Node};

const HEAD: &str = "\
# flightdeck: every part of the configuration, once. This file is generated; it changes nothing as it stands.
#
# Lines that begin with `# ` explain. Lines that begin with `#` alone are settings: uncomment what you need, with the
# [table] above it. Values are the built-in ones, or examples where there is none.
#
# Layers, each beating the one before: built in, $XDG_CONFIG_HOME/flightdeck/config.toml, .flightdeck/config.toml of the
# repository, environment variables (FLIGHTDECK_UI__THEME=mono is ui.theme), flags. `--config FILE` stands for both files.
# `flightdeck config check` finds mistakes, `flightdeck config show` says which layer set what.
";

/// The text of `config.example.toml`.
pub fn example() -> String {
    let mut out = HEAD.to_owned();
    table(&ROOT, &mut Vec::new(), "", &mut out);
    out
}

fn prose(doc: &str, out: &mut String) {
    for line in doc.lines() {
        let _ = writeln!(out, "# {line}");
    }
}

fn setting(name: &str, value: &str, out: &mut String) {
    let _ = writeln!(out, "#{name} = {value}");
}

fn value(key: &Key) -> Option<&'static str> {
    key.example.or(key.default)
}

/// A table: its header, its values, then the tables in it.
fn table(node: &Node, path: &mut Vec<&'static str>, doc: &str, out: &mut String) {
    let keys = node.keys();
    if keys.iter().any(|key| value(key).is_some()) {
        out.push('\n');
        prose(doc, out);
        if !path.is_empty() {
            let _ = writeln!(out, "#[{}]", path.join("."));
        }
    } else if !doc.is_empty() {
        out.push('\n');
        prose(doc, out);
    }
    for key in keys {
        if let Some(value) = value(key) {
            prose(key.doc, out);
            setting(key.name, value, out);
        }
    }
    for key in keys.iter().filter(|key| value(key).is_none()) {
        path.push(key.name);
        match &key.node {
            Node::Keyed(keyed) => {
                if let Node::Choice(kinds) = keyed.entry {
                    out.push('\n');
                    prose(key.doc, out);
                    let _ = writeln!(out, "#[{}]", path.join("."));
                    for (id, kind) in keyed.examples.iter().zip(kinds) {
                        prose(kind.doc, out);
                        setting(
                            id,
                            &format!("{{ {} = {} }}", kind.name, value(kind).unwrap_or("{}")),
                            out,
                        );
                    }
                } else if let Some(first) = keyed.examples.first() {
                    path.push(first);
                    table(&keyed.entry, path, key.doc, out);
                    path.pop();
                }
                if !keyed.more.is_empty() {
                    out.push('\n');
                    for line in keyed.more.lines() {
                        let _ = writeln!(out, "#{line}");
                    }
                }
            }
            node => table(node, path, key.doc, out),
        }
        path.pop();
    }
}
