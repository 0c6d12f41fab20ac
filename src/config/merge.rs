//! Merges the layers through the `config` crate, puts the built-in values in where no layer says anything, and remembers where
//! each key came from.

use std::collections::BTreeMap;

use config::{ConfigError, Map, Source, ValueKind};

use super::built_in;
use super::document::ROOT;
use super::schema::Node;
use super::tree::{Item, Place, Table, Value, find, remove};

/// The merged layers, not yet typed.
pub(crate) struct Merged {
    /// The merge.
    pub(crate) config: config::Config,
    /// For each path of keys (and indices) that a layer has: where its effective value was written. All else is built in.
    places: Places,
}

/// Places by [`path_text`].
type Places = BTreeMap<String, Place>;

/// A path as one text, each name ended by a NUL.
fn path_text(path: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    for name in path {
        text.push_str(name.as_ref());
        text.push('\0');
    }
    text
}

/// A layer, as the `config` crate sees it.
#[derive(Debug, Clone)]
struct Tree(Map<String, config::Value>);

impl Source for Tree {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }
    fn collect(&self) -> Result<Map<String, config::Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

/// Merges `layers` (lowest first) above the built-in values.
pub(crate) fn merge(mut layers: Vec<Table>) -> Result<Merged, ConfigError> {
    whole_values_replace(&mut layers);
    layers.insert(0, listed_environments(&layers));
    let mut places = Places::new();
    let mut builder = config::Config::builder();
    for layer in layers.iter().filter(|layer| !layer.is_empty()) {
        index(layer, &mut Vec::new(), &mut places);
        builder = builder.add_source(Tree(map(layer)));
    }
    let mut config = builder.build()?;
    if let ValueKind::Table(root) = &mut config.cache.kind {
        built_in::fill(&ROOT, root);
    }
    Ok(Merged { config, places })
}

/// An environment that is listed but has no table of its own has an empty one: everything in it is built in.
fn listed_environments(layers: &[Table]) -> Table {
    let table = |inner: Table| Item {
        key: Place::Default,
        at: Place::Default,
        value: Value::Table(inner),
    };
    let mut services: Table = Vec::new();
    for layer in layers {
        let Some(Value::Table(given)) = find(layer, &["services"]).map(|item| &item.value) else {
            continue;
        };
        for (id, _) in given {
            let listed = find(layer, &["services", id, "environments"]).map(|item| &item.value);
            let Some(Value::List(list)) = listed else {
                continue;
            };
            let envs: Table = list
                .iter()
                .filter_map(|item| match &item.value {
                    Value::Text(name) => Some((name.clone(), table(Vec::new()))),
                    _ => None,
                })
                .collect();
            // A higher layer's list replaces a lower one's.
            services.retain(|(known, _)| known != id);
            services.push((id.clone(), table(vec![("env".to_owned(), table(envs))])));
        }
    }
    if services.is_empty() {
        return Vec::new();
    }
    vec![("services".to_owned(), table(services))]
}

/// Choices and tokens are replaced, not mixed: takes the lower layers' ones away where a higher layer has its own.
fn whole_values_replace(layers: &mut [Table]) {
    for high in (1..layers.len()).rev() {
        let mut paths = Vec::new();
        let (low, rest) = layers.split_at_mut(high);
        if let Some(layer) = rest.first() {
            wholes(&ROOT, layer, &mut Vec::new(), &mut paths);
        }
        for table in low {
            for path in &paths {
                remove(table, path);
            }
        }
    }
}

fn wholes(node: &Node, table: &Table, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for (name, item) in table {
        let Some((child, _)) = node.child(name) else {
            continue;
        };
        path.push(name.clone());
        match (&child, &item.value) {
            (Node::Choice(_) | Node::Token, _) => found.push(path.clone()),
            (_, Value::Table(inner)) => wholes(&child, inner, path, found),
            _ => {}
        }
        path.pop();
    }
}

fn index(table: &Table, path: &mut Vec<String>, places: &mut Places) {
    for (name, item) in table {
        path.push(name.clone());
        match &item.value {
            Value::Table(inner) => {
                // A table belongs to the first layer that wrote it; the built-in ones give way.
                let key = path_text(path);
                match places.get(&key) {
                    None | Some(Place::Default) => {
                        places.insert(key, item.key.clone());
                    }
                    Some(_) => {}
                }
                index(inner, path, places);
            }
            value => {
                places.insert(path_text(path), item.at.clone());
                if let Value::List(entries) = value {
                    for (nth, entry) in entries.iter().enumerate() {
                        path.push(nth.to_string());
                        places.insert(path_text(path), entry.at.clone());
                        path.pop();
                    }
                }
            }
        }
        path.pop();
    }
}

fn map(table: &Table) -> Map<String, config::Value> {
    table
        .iter()
        .map(|(name, item)| (name.clone(), value(item)))
        .collect()
}

pub(super) fn value(item: &Item) -> config::Value {
    let kind = match &item.value {
        Value::Text(text) | Value::Moment(text) => ValueKind::String(text.clone()),
        Value::Integer(n) => ValueKind::I64(*n),
        Value::Float(n) => ValueKind::Float(*n),
        Value::Bool(yes) => ValueKind::Boolean(*yes),
        Value::List(entries) => ValueKind::Array(entries.iter().map(value).collect()),
        Value::Table(inner) => ValueKind::Table(map(inner)),
    };
    config::Value::new(None, kind)
}

impl Merged {
    /// The value at `path`.
    pub(crate) fn get(&self, path: &[&str]) -> Option<&config::Value> {
        path.iter()
            .try_fold(&self.config.cache, |value, name| match &value.kind {
                ValueKind::Table(table) => table.get(*name),
                ValueKind::Array(entries) => entries.get(name.parse::<usize>().ok()?),
                _ => None,
            })
    }
    /// The names in the table at `path`, in order.
    pub(crate) fn names(&self, path: &[&str]) -> Vec<String> {
        match self.get(path).map(|value| &value.kind) {
            Some(ValueKind::Table(table)) => table.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }
    /// The text at `path`.
    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        match &self.get(path)?.kind {
            ValueKind::String(text) => Some(text),
            _ => None,
        }
    }
    /// The texts of the list at `path`.
    pub(crate) fn texts(&self, path: &[&str]) -> Vec<String> {
        match self.get(path).map(|value| &value.kind) {
            Some(ValueKind::Array(entries)) => entries
                .iter()
                .filter_map(|entry| match &entry.kind {
                    ValueKind::String(text) => Some(text.clone()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
    /// Where the value at `path` was written; of what is not there, where the nearest table above it was.
    pub(crate) fn place(&self, path: &[&str]) -> Place {
        let written = self.places.get(&path_text(path));
        if written.is_none() && self.get(path).is_some() {
            return Place::Default;
        }
        (0..=path.len())
            .rev()
            .filter_map(|len| path.get(..len))
            .find_map(|part| self.places.get(&path_text(part)))
            .cloned()
            .unwrap_or(Place::Default)
    }
}
