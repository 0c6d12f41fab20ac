//! Runs a checked query: walks its selections and asks `nodes` for each field. An error empties its field, the rest is still answered.

use std::collections::BTreeMap;

use graphql_parser::query::{
    Definition, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    TypeCondition, VariableDefinition, parse_query,
};
use serde_json::{Map, Value, json};

use super::check::{Check, Schema};
use super::nodes::{Graph, Node, Out};
use super::value::{Args, value};

type Fragments = BTreeMap<String, FragmentDefinition<'static, String>>;

/// An operation: its name, variables and selection.
type Operation = (
    String,
    Vec<VariableDefinition<'static, String>>,
    SelectionSet<'static, String>,
);

fn refused(message: &str) -> Value {
    json!({ "errors": [{ "message": message }] })
}

/// Answers a GraphQL request body.
pub(crate) fn answer(schema: &Schema, graph: &Graph<'_>, body: &[u8]) -> Value {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return json!({ "message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/graphql" });
    };
    let Some(text) = body.get("query").and_then(Value::as_str) else {
        return refused("A query attribute must be specified and must be a string.");
    };
    let document = match parse_query::<String>(text) {
        Ok(document) => document.into_static(),
        Err(error) => {
            let error = error.to_string();
            let line = error.lines().next().unwrap_or_default();
            return json!({ "errors": [{ "message": format!("Parse error: {line}"), "extensions": { "code": "parseError" } }] });
        }
    };
    let (mut operations, mut fragments): (Vec<Operation>, Fragments) =
        (Vec::new(), BTreeMap::new());
    for definition in document.definitions {
        match definition {
            Definition::Fragment(fragment) => {
                drop(fragments.insert(fragment.name.clone(), fragment));
            }
            Definition::Operation(OperationDefinition::SelectionSet(set)) => {
                operations.push(("query".to_owned(), Vec::new(), set));
            }
            Definition::Operation(OperationDefinition::Query(q)) => {
                let name = q
                    .name
                    .map_or_else(|| "query".to_owned(), |n| format!("query {n}"));
                operations.push((name, q.variable_definitions, q.selection_set));
            }
            Definition::Operation(_) => return refused("Only queries are simulated here."),
        }
    }
    let wanted = body.get("operationName").and_then(Value::as_str);
    let found = match wanted {
        Some(wanted) => operations.iter().find(|o| o.0 == format!("query {wanted}")),
        None if operations.len() > 1 => return refused("An operation name is required"),
        None => operations.first(),
    };
    let Some((name, declared, set)) = found else {
        return refused("No operation to run");
    };
    let variables = variables(declared, body.get("variables"));
    let variables = match variables {
        Ok(variables) => variables,
        Err(name) => return refused(&format!("Variable ${name} was provided invalid value")),
    };
    let mut check = Check {
        schema,
        fragments: &fragments,
        variables: declared.iter().map(|v| v.name.clone()).collect(),
        errors: Vec::new(),
        depth: 0,
    };
    check.selection(set, "Query", &[json!(name)]);
    if !check.errors.is_empty() {
        return json!({ "errors": check.errors });
    }
    let mut run = Run {
        schema,
        graph,
        fragments: &fragments,
        variables,
        errors: Vec::new(),
    };
    let data = run.object(&Node::Query, &[set], &mut Vec::new());
    if run.errors.is_empty() {
        json!({ "data": data })
    } else {
        json!({ "data": data, "errors": run.errors })
    }
}

fn variables(
    declared: &[VariableDefinition<'static, String>],
    given: Option<&Value>,
) -> Result<Map<String, Value>, String> {
    let mut all = Map::new();
    for variable in declared {
        let given = given.and_then(|g| g.get(&variable.name)).cloned();
        let default = || {
            variable
                .default_value
                .as_ref()
                .map(|d| value(d, &Map::new()))
        };
        match given.or_else(default) {
            Some(value) if !value.is_null() => drop(all.insert(variable.name.clone(), value)),
            _ if matches!(
                variable.var_type,
                graphql_parser::query::Type::NonNullType(_)
            ) =>
            {
                return Err(variable.name.clone());
            }
            _ => {}
        }
    }
    Ok(all)
}

struct Run<'a> {
    schema: &'a Schema,
    graph: &'a Graph<'a>,
    fragments: &'a Fragments,
    variables: Map<String, Value>,
    errors: Vec<Value>,
}

type Set = SelectionSet<'static, String>;

impl<'a> Run<'a> {
    fn object(&mut self, node: &Node, sets: &[&'a Set], path: &mut Vec<Value>) -> Value {
        let mut fields: Vec<(&str, Vec<&'a Field<'static, String>>)> = Vec::new();
        for set in sets {
            self.collect(node.type_name(), set, &mut fields);
        }
        let mut out = Map::new();
        for (key, same) in fields {
            path.push(json!(key));
            let value = self.field(node, &same, path);
            path.pop();
            out.insert(key.to_owned(), value);
        }
        Value::Object(out)
    }

    /// The fields that are meant for a type, those under the same key together.
    fn collect(
        &self,
        on: &str,
        set: &'a Set,
        fields: &mut Vec<(&'a str, Vec<&'a Field<'static, String>>)>,
    ) {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    let key = field.alias.as_deref().unwrap_or(&field.name);
                    match fields.iter_mut().find(|(k, _)| *k == key) {
                        Some((_, same)) => same.push(field),
                        None => fields.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let fits = match &fragment.type_condition {
                        Some(TypeCondition::On(wanted)) => self.schema.is_a(on, wanted),
                        None => true,
                    };
                    if fits {
                        self.collect(on, &fragment.selection_set, fields);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.fragment_name) {
                        let TypeCondition::On(wanted) = &fragment.type_condition;
                        if self.schema.is_a(on, wanted) {
                            self.collect(on, &fragment.selection_set, fields);
                        }
                    }
                }
            }
        }
    }

    fn field(
        &mut self,
        node: &Node,
        same: &[&'a Field<'static, String>],
        path: &mut Vec<Value>,
    ) -> Value {
        let Some(field) = same.first() else {
            return Value::Null;
        };
        let sets: Vec<&Set> = same.iter().map(|f| &f.selection_set).collect();
        let args = field
            .arguments
            .iter()
            .map(|(name, literal)| (name.clone(), value(literal, &self.variables)));
        let args = Args(args.filter(|(_, v)| !v.is_null()).collect());
        match self.graph.resolve(node, &field.name, &args) {
            Ok(Out::Leaf(value)) => value,
            Ok(Out::One(node)) => self.object(&node, &sets, path),
            Ok(Out::Many(nodes)) => {
                let mut items = Vec::new();
                for (n, node) in nodes.iter().enumerate() {
                    path.push(json!(n));
                    items.push(self.object(node, &sets, path));
                    path.pop();
                }
                Value::Array(items)
            }
            Err((kind, message)) => {
                let at = field.position;
                self.errors.push(json!({
                    "type": kind, "path": path.clone(), "message": message,
                    "locations": [{ "line": at.line, "column": at.column }],
                }));
                Value::Null
            }
        }
    }
}
