//! YAML of others, read as plain values: workflow files, `gh`'s hosts. Scalars stay text, since nobody here needs more, and
//! nothing is resolved but anchors (shared, so that a text of a few lines can't grow into gigabytes). Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;

/// The longest text that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// How deep values may lie in one another.
const MAX_DEPTH: usize = 64;
/// How many anchors a text may have; each may hold the ones before it, and so add to the depth.
const MAX_ANCHORS: usize = 64;

/// A value.
#[derive(Debug, Clone)]
pub enum Yaml {
    /// A scalar as it is written, without its quotes; a missing value is empty.
    Text(String),
    /// A sequence.
    List(Vec<Arc<Yaml>>),
    /// A mapping, in order. Keys that are no scalars are left out.
    Map(Vec<(String, Arc<Yaml>)>),
}

/// Reads the first document of a text; `None`: it is no YAML, too long or too deep.
pub fn parse(text: &str) -> Option<Arc<Yaml>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut parser = Parser::new_from_str(text);
    let mut anchors: BTreeMap<usize, Arc<Yaml>> = BTreeMap::new();
    let mut open: Vec<Open> = Vec::new();
    loop {
        let (value, anchor) = match parser.next_token().ok()?.0 {
            Event::Scalar(text, _, anchor, _) => (Arc::new(Yaml::Text(text)), anchor),
            Event::Alias(id) => (Arc::clone(anchors.get(&id)?), 0),
            Event::SequenceStart(anchor, _) => {
                open.push(Open::new(anchor, false));
                (open.len() <= MAX_DEPTH).then_some(())?;
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open::new(anchor, true));
                (open.len() <= MAX_DEPTH).then_some(())?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let closed = open.pop()?;
                let anchor = closed.anchor;
                (Arc::new(closed.value()), anchor)
            }
            Event::DocumentEnd | Event::StreamEnd => return None,
            Event::Nothing | Event::StreamStart | Event::DocumentStart => continue,
        };
        if anchor > 0 {
            anchors.insert(anchor, Arc::clone(&value));
            (anchors.len() <= MAX_ANCHORS).then_some(())?;
        }
        match open.last_mut() {
            Some(parent) => parent.items.push(value),
            None => return Some(value),
        }
    }
}

/// A list or mapping whose end has not come; a mapping's items are keys and values in turn.
struct Open {
    anchor: usize,
    map: bool,
    items: Vec<Arc<Yaml>>,
}

impl Open {
    fn new(anchor: usize, map: bool) -> Self {
        Self {
            anchor,
            map,
            items: Vec::new(),
        }
    }

    fn value(self) -> Yaml {
        if !self.map {
            return Yaml::List(self.items);
        }
        let pairs = self.items.chunks_exact(2).filter_map(|pair| match pair {
            [key, value] => Some((key.text()?.to_owned(), Arc::clone(value))),
            _ => None,
        });
        Yaml::Map(pairs.collect())
    }
}

impl Yaml {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        let found = self.pairs().iter().find(|(name, _)| name == key)?;
        Some(&found.1)
    }

    /// The pairs of a mapping; none for the rest.
    pub fn pairs(&self) -> &[(String, Arc<Yaml>)] {
        match self {
            Self::Map(pairs) => pairs,
            Self::Text(_) | Self::List(_) => &[],
        }
    }

    /// The items of a list; none for the rest.
    pub fn items(&self) -> &[Arc<Yaml>] {
        match self {
            Self::List(items) => items,
            Self::Text(_) | Self::Map(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_is_read() {
        let text = "name: x\non:\n  push: {branches: [main]}\n  workflow_dispatch:\n    inputs:\n      \
                    sha: {required: true}\n      why:\n        default: 'a: b'\n";
        let yaml = parse(text).unwrap();
        let on = yaml.get("on").unwrap();
        let inputs = on
            .get("workflow_dispatch")
            .and_then(|d| d.get("inputs"))
            .unwrap();
        let names: Vec<&str> = inputs.pairs().iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(names, ["sha", "why"]);
        let default = inputs.get("why").and_then(|i| i.get("default")).unwrap();
        assert_eq!(default.text(), Some("a: b"));
        let branches = on.get("push").and_then(|p| p.get("branches")).unwrap();
        assert_eq!(branches.items().len(), 1);
    }

    #[test]
    fn laughs_are_shared_and_depth_is_bounded() {
        let mut text = String::from("a0: &a0 [x]\n");
        for i in 1..60 {
            let last = format!("*a{}", i - 1);
            text.extend([format!(
                "a{i}: &a{i} [{last}, {last}, {last}, {last}, {last}, {last}, {last}]\n"
            )]);
        }
        assert_eq!(parse(&text).unwrap().pairs().len(), 60);
        assert!(parse(&"[".repeat(200)).is_none());
        assert!(parse(&"- ".repeat(100_000)).is_none());
        assert!(parse(&"x".repeat(MAX_BYTES + 1)).is_none());
        assert!(parse("a: [").is_none() && parse("").is_none());
        assert!(parse("a: *nobody").is_none());
    }
}
