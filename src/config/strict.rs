//! The strict check of one layer against the table of keys. It goes on after each fault, so that all are told at once:
//! what is wrong is taken out of the tree, and the rest is merged and checked further.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, quoted};
use super::kind::{check, expected};
use super::mask;
use super::names::{is_name, name_rule};
use super::schema::{Key, Kind, Node, TOKEN_FORMS, nearest};
use super::tree::{Item, Place, Table, Value, dotted};
use crate::domain::ids::EnvId;

/// A check under way.
pub(crate) struct Strict<'a> {
    /// The folder that relative paths start from.
    pub(crate) base: &'a Path,
    /// The home folder, for `~/`.
    pub(crate) home: Option<&'a Path>,
    /// What is wrong so far.
    pub(crate) faults: Vec<Diagnostic>,
    /// The paths of what was taken out.
    pub(crate) dropped: Vec<Vec<String>>,
    /// Bytes of the file that hold secrets.
    pub(crate) masks: Vec<Range<usize>>,
}

impl<'a> Strict<'a> {
    /// A check that found nothing yet.
    pub(crate) fn new(base: &'a Path, home: Option<&'a Path>) -> Self {
        Self {
            base,
            home,
            faults: Vec::new(),
            dropped: Vec::new(),
            masks: Vec::new(),
        }
    }

    fn fault(&mut self, place: &Place, message: impl Into<String>, hint: impl Into<String>) {
        self.faults.push(Diagnostic::new(place, message).hint(hint));
    }

    fn mask(&mut self, place: &Place) {
        if let Place::File(_, span) = place {
            self.masks.push(span.clone());
        }
    }

    /// Masks the texts in a value: all, or those that look like secrets.
    fn mask_texts(&mut self, item: &Item, all: bool) {
        match &item.value {
            Value::Table(inner) => {
                for (name, inner) in inner {
                    self.mask_texts(inner, all || mask::speaks_of_secrets(name));
                }
            }
            Value::List(entries) => entries.iter().for_each(|entry| self.mask_texts(entry, all)),
            Value::Text(text) if all || mask::looks_like_one(text) => self.mask(&item.at),
            _ => {}
        }
    }

    /// Checks a table's entries and takes out what is wrong.
    pub(crate) fn table(&mut self, node: &Node, table: &mut Table, path: &mut Vec<String>) {
        table.retain_mut(|(name, item)| {
            path.push(name.clone());
            let good = self.entry(node, name, item, path);
            if !good {
                self.dropped.push(path.clone());
            }
            path.pop();
            good
        });
    }

    fn entry(&mut self, node: &Node, name: &str, item: &mut Item, path: &mut Vec<String>) -> bool {
        let Some((child, _)) = node.child(name) else {
            self.unknown_key(node.keys(), name, item, path);
            return false;
        };
        if matches!(child, Node::Leaf(Kind::Header)) {
            self.mask(&item.at);
        }
        match node {
            Node::Keyed(keyed) if name.parse::<EnvId>().is_err() => {
                let tame: String = name
                    .to_lowercase()
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                    .collect();
                self.fault(
                    &item.key,
                    format!("{} is not a valid id of a {}", quoted(name), keyed.what),
                    format!("use lower-case letters, digits and `-`: {}", quoted(&tame)),
                );
                return false;
            }
            Node::Named { what, .. } if !is_name(what, name) => {
                self.fault(
                    &item.key,
                    format!("{} is not a valid name of a {what}", quoted(name)),
                    name_rule(what),
                );
                return false;
            }
            _ => {}
        }
        self.item(&child, item, path)
    }

    fn unknown_key(&mut self, keys: &[Key], name: &str, item: &Item, path: &[String]) {
        // It may be a mistyped `token`, or something that stands beside one.
        let secret = path.iter().any(|part| mask::speaks_of_secrets(part));
        self.mask_texts(item, secret);
        let parent = path.split_last().map_or(&[][..], |(_, parent)| parent);
        let place = if parent.is_empty() {
            "at the top".to_owned()
        } else {
            format!("in `{}`", dotted(parent))
        };
        let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
        let list = || {
            if known.is_empty() {
                "nothing stands in this table".to_owned()
            } else {
                format!("known here: {}", known.join(", "))
            }
        };
        let hint = nearest(name, known.iter().copied())
            .map_or_else(list, |near| format!("did you mean `{near}`?"));
        self.fault(
            &item.key,
            format!("unknown key {} {place}", quoted(name)),
            hint,
        );
    }

    /// Checks a value; false when it has to go.
    pub(crate) fn item(&mut self, node: &Node, item: &mut Item, path: &mut Vec<String>) -> bool {
        match node {
            Node::Leaf(kind) => self.leaf(kind, item, path),
            Node::Token => self.token(item, path),
            Node::Choice(keys) => self.choice(node, keys, item, path),
            Node::Table(_) | Node::Keyed(_) | Node::Named { .. } => {
                let at = item.at.clone();
                if let Value::Table(inner) = &mut item.value {
                    self.table(node, inner, path);
                    true
                } else {
                    let what = item.value.what();
                    if matches!(
                        node,
                        Node::Named {
                            kind: Kind::Header,
                            ..
                        }
                    ) {
                        self.mask(&at);
                    }
                    self.fault(
                        &at,
                        format!("`{}` is a table, {what} does not belong here", dotted(path)),
                        format!("write [{}] and its keys below", dotted(path)),
                    );
                    false
                }
            }
        }
    }

    fn leaf(&mut self, kind: &Kind, item: &mut Item, path: &mut Vec<String>) -> bool {
        if *kind == Kind::Variable && item_is_token(item) {
            self.mask(&item.at);
        }
        match (kind, &mut item.value) {
            (Kind::List(inner), Value::List(entries)) => {
                if entries.is_empty()
                    && path.last().is_some_and(|key| {
                        ["environments", "ladder", "live", "argv", "slots"].contains(&key.as_str())
                    })
                {
                    self.fault(
                        &item.at,
                        format!("`{}` is empty", dotted(path)),
                        format!("write {}", expected(kind)),
                    );
                    return false;
                }
                self.list(inner, entries, path)
            }
            (Kind::Many(inner), Value::List(entries)) => self.list(inner, entries, path),
            (Kind::Many(inner), _) => self.leaf(inner, item, path),
            (_, value) => match check(kind, value) {
                Ok(()) => {
                    if let (Kind::File, Value::Text(text)) = (kind, value) {
                        *text = self.absolute(text);
                    }
                    true
                }
                Err((message, hint)) => {
                    if let (Kind::Url | Kind::Link | Kind::Address, Value::Text(text)) =
                        (kind, &*value)
                        && text.contains(['@', '?', '#'])
                    {
                        self.mask(&item.at);
                    }
                    let message = format!("`{}`: {message}", dotted(path));
                    self.fault(&item.at, message, hint);
                    false
                }
            },
        }
    }

    fn list(&mut self, kind: &Kind, entries: &mut [Item], path: &mut Vec<String>) -> bool {
        let mut good = true;
        let mut seen: Vec<String> = Vec::new();
        for entry in entries {
            good &= self.leaf(kind, entry, path);
            // A command's arguments may repeat; names in a list may not.
            let repeats = path.last().is_some_and(|key| key == "argv");
            if let Value::Text(text) = &entry.value
                && !repeats
            {
                if seen.contains(text) {
                    let message = format!("`{}`: {} is there twice", dotted(path), quoted(text));
                    self.fault(&entry.at, message, "keep one of the two");
                    good = false;
                }
                seen.push(text.clone());
            }
        }
        good
    }

    fn absolute(&self, text: &str) -> String {
        let path = match (text.strip_prefix("~/"), self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.base.join(PathBuf::from(text)),
        };
        path.to_string_lossy().into_owned()
    }

    fn choice(
        &mut self,
        node: &Node,
        keys: &[Key],
        item: &mut Item,
        path: &mut Vec<String>,
    ) -> bool {
        let is_kind = |name: &str| !keys.iter().any(|key| key.beside && key.name == name);
        let names: Vec<&str> = keys
            .iter()
            .filter(|key| !key.beside)
            .map(|key| key.name)
            .collect();
        let hint = format!("write exactly one of: {}", names.join(", "));
        let at = item.at.clone();
        let key = item.key.clone();
        let Value::Table(inner) = &mut item.value else {
            if matches!(item.value, Value::Text(_)) {
                self.mask(&at);
            }
            self.fault(
                &at,
                format!("`{}` is a table with one key: its kind", dotted(path)),
                hint,
            );
            return false;
        };
        let before = self.faults.len();
        self.table(node, inner, path);
        let kinds = inner.iter().filter(|(name, _)| is_kind(name)).count();
        if kinds != 1 && self.faults.len() == before {
            self.fault(&key, format!("`{}` has {kinds} kinds", dotted(path)), hint);
        }
        for needed in keys.iter().filter(|key| key.beside && key.required) {
            let mut full = path.clone();
            full.push(needed.name.to_owned());
            if !inner.iter().any(|(name, _)| name == needed.name) && !self.dropped.contains(&full) {
                self.faults.push(missing(&key, path, needed));
            }
        }
        for (name, entry) in inner.iter() {
            if let Some((child, _)) = node.child(name) {
                path.push(name.clone());
                self.required(&child, entry, path);
                path.pop();
            }
        }
        self.faults.len() == before
    }

    /// A choice is never completed by another layer, so what it needs must be there at once.
    fn required(&mut self, node: &Node, item: &Item, path: &[String]) {
        let Value::Table(inner) = &item.value else {
            return;
        };
        for key in node.keys().iter().filter(|key| key.required) {
            let mut full = path.to_vec();
            full.push(key.name.to_owned());
            if !inner.iter().any(|(name, _)| name == key.name) && !self.dropped.contains(&full) {
                self.faults.push(missing(&item.key, path, key));
            }
        }
    }

    fn token(&mut self, item: &mut Item, path: &mut Vec<String>) -> bool {
        let at = item.at.clone();
        let Value::Table(inner) = &mut item.value else {
            self.mask(&at);
            self.fault(
                &at,
                format!("`{}` holds a value, but a secret is never written here", dotted(path)),
                "write where it is found: { from = \"env\", name = \"NAME\" }, { from = \"file\", path = \"..\" }, { from = \"command\", argv = [..] } or { from = \"keyring\" }",
            );
            return false;
        };
        let forms: Vec<&str> = TOKEN_FORMS.iter().map(|(name, _)| *name).collect();
        let from = inner
            .iter()
            .find(|(name, _)| name == "from")
            .map(|(_, item)| item.clone());
        let Some(from) = from else {
            let list = forms.join(", ");
            for (_, entry) in inner.iter() {
                self.mask(&entry.at);
            }
            self.fault(
                &at,
                format!(
                    "`{}` does not say where the secret comes from",
                    dotted(path)
                ),
                format!("add `from`, one of: {list}"),
            );
            return false;
        };
        let Value::Text(word) = &from.value else {
            self.fault(
                &from.at,
                format!("`{}.from` is a word", dotted(path)),
                format!("write one of: {}", forms.join(", ")),
            );
            return false;
        };
        let Some((_, keys)) = TOKEN_FORMS.iter().find(|(name, _)| name == word) else {
            let hint = nearest(word, forms.iter().copied()).map_or_else(
                || format!("write one of: {}", forms.join(", ")),
                |near| format!("did you mean \"{near}\"?"),
            );
            self.mask(&from.at);
            self.fault(
                &from.at,
                format!("`{}.from` is not known", dotted(path)),
                hint,
            );
            return false;
        };
        let before = self.faults.len();
        let node = Node::Table(keys);
        let mut rest: Table = inner
            .iter()
            .filter(|(name, _)| name != "from")
            .cloned()
            .collect();
        self.table(&node, &mut rest, path);
        let whole = Item {
            key: at.clone(),
            at,
            value: Value::Table(rest.clone()),
        };
        self.required(&node, &whole, path);
        rest.insert(0, ("from".to_owned(), from));
        *inner = rest;
        self.faults.len() == before
    }
}

/// The error for a key that must be there.
pub(crate) fn missing(place: &Place, path: &[String], key: &Key) -> Diagnostic {
    let example = key.example.or(key.default).unwrap_or("..");
    let kind = match key.node {
        Node::Leaf(kind) => expected(&kind),
        _ => "a table".to_owned(),
    };
    Diagnostic::new(place, format!("`{}` lacks `{}`", dotted(path), key.name))
        .hint(format!("add `{} = {example}` ({kind})", key.name))
}

/// Whether a token was written where a variable's name belongs.
fn item_is_token(item: &Item) -> bool {
    check(&Kind::Variable, &item.value).is_err()
}
