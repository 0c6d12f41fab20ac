//! Connections: a list of nodes of which a page is shown.

use serde_json::{Value, json};

use super::nodes::{Failure, Node, Out};
use super::value::Args;

/// A page of a list.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// The type of the connection, such as `DeploymentConnection`.
    pub(crate) kind: &'static str,
    pub(crate) nodes: Vec<Node>,
    pub(crate) total: usize,
    /// How many nodes of the list come before the page.
    pub(crate) before: usize,
}

fn cursor(position: usize) -> String {
    format!("cursor:v1:{position:06}")
}

fn position(text: &str) -> Option<usize> {
    text.strip_prefix("cursor:v1:")?.parse().ok()
}

impl Page {
    /// Cuts the page that the arguments ask for; `name` is the connection's field, for the error message.
    pub(crate) fn cut(
        kind: &'static str,
        name: &str,
        args: &Args,
        all: Vec<Node>,
    ) -> Result<Self, Failure> {
        let total = all.len();
        let (first, last) = (args.number("first"), args.number("last"));
        if first.is_none() && last.is_none() {
            let message = format!(
                "You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            );
            return Err(("MISSING_PAGINATION_BOUNDARIES", message));
        }
        if first.or(last).is_some_and(|n| n > 100) {
            let message = format!(
                "Requesting {} records on the `{name}` connection exceeds the `first` limit of 100 records.",
                first.or(last).unwrap_or(0)
            );
            return Err(("EXCESSIVE_PAGINATION", message));
        }
        let bound = |key: &str| {
            args.text(key).map(|text| {
                position(text).ok_or((
                    "INVALID_CURSOR_ARGUMENTS",
                    format!("`{text}` does not appear to be a valid cursor."),
                ))
            })
        };
        let mut low = bound("after").transpose()?.map_or(0, |n| n + 1).min(total);
        let mut high = bound("before").transpose()?.unwrap_or(total).min(total);
        if let Some(first) = first {
            high = high.min(low + first);
        }
        if let Some(last) = last {
            low = low.max(high.saturating_sub(last));
        }
        let nodes = all.into_iter().take(high).skip(low).collect();
        Ok(Self {
            kind,
            nodes,
            total,
            before: low,
        })
    }

    /// A field of the connection.
    pub(crate) fn field(&self, name: &str) -> Out {
        match name {
            "nodes" => Out::Many(self.nodes.clone()),
            "edges" => Out::Many(
                self.nodes
                    .iter()
                    .zip(self.before..)
                    .map(|(n, at)| Node::Edge(Box::new(n.clone()), at))
                    .collect(),
            ),
            "pageInfo" => Out::One(Node::PageInfo(
                Box::new(Self {
                    nodes: Vec::new(),
                    ..self.clone()
                }),
                self.nodes.len(),
            )),
            "checkRunCount" => Out::Leaf(json!(
                self.nodes
                    .iter()
                    .filter(|n| n.type_name() == "CheckRun")
                    .count()
            )),
            "statusContextCount" => Out::Leaf(json!(
                self.nodes
                    .iter()
                    .filter(|n| n.type_name() == "StatusContext")
                    .count()
            )),
            _ => Out::Leaf(json!(self.total)),
        }
    }

    /// A field of the page's `PageInfo`; `shown` is the page's length.
    pub(crate) fn info(&self, shown: usize, name: &str) -> Value {
        let edge = |at: usize| {
            if shown == 0 {
                Value::Null
            } else {
                json!(cursor(at))
            }
        };
        match name {
            "hasNextPage" => json!(self.before + shown < self.total),
            "hasPreviousPage" => json!(self.before > 0),
            "startCursor" => edge(self.before),
            _ => edge(self.before + shown.saturating_sub(1)),
        }
    }
}

/// A field of an edge.
pub(crate) fn edge(node: &Node, at: usize, name: &str) -> Out {
    if name == "cursor" {
        Out::Leaf(json!(cursor(at)))
    } else {
        Out::One(node.clone())
    }
}
