//! Whether a query fits the schema. As on GitHub, a query with a mistake is not run at all: it gets `errors` and no `data`.

use std::collections::BTreeMap;

use graphql_parser::Pos;
use graphql_parser::query::{FragmentDefinition, Selection, SelectionSet, TypeCondition};
use graphql_parser::schema::{
    Definition, Field as SchemaField, Type, TypeDefinition, parse_schema,
};
use serde_json::{Value, json};

/// The types that have fields, by name; and which types an abstract type stands for.
#[derive(Debug)]
pub(crate) struct Schema {
    fields: BTreeMap<String, BTreeMap<String, SchemaField<'static, String>>>,
    members: BTreeMap<String, Vec<String>>,
}

/// The name at the heart of a type.
fn heart<'a>(of: &'a Type<'static, String>) -> &'a str {
    match of {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => heart(inner),
    }
}

/// What goes on while a query is checked.
pub(crate) struct Check<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) fragments: &'a BTreeMap<String, FragmentDefinition<'static, String>>,
    pub(crate) variables: Vec<String>,
    pub(crate) errors: Vec<Value>,
    pub(crate) depth: usize,
}

/// Selections nest no deeper than this.
const DEEPEST: usize = 25;

impl Schema {
    /// Reads the schema that is built in.
    pub(crate) fn load() -> Result<Self, String> {
        let document = parse_schema::<String>(include_str!("schema.graphql"))
            .map_err(|e| e.to_string())?
            .into_static();
        let mut schema = Self {
            fields: BTreeMap::new(),
            members: BTreeMap::new(),
        };
        for definition in document.definitions {
            let Definition::TypeDefinition(definition) = definition else {
                continue;
            };
            let (name, fields) = match definition {
                TypeDefinition::Object(object) => {
                    for abstract_type in &object.implements_interfaces {
                        schema
                            .members
                            .entry(abstract_type.clone())
                            .or_default()
                            .push(object.name.clone());
                    }
                    (object.name, object.fields)
                }
                TypeDefinition::Interface(interface) => (interface.name, interface.fields),
                TypeDefinition::Union(union) => {
                    schema
                        .members
                        .entry(union.name.clone())
                        .or_default()
                        .extend(union.types);
                    (union.name, Vec::new())
                }
                _ => continue,
            };
            schema.fields.insert(
                name,
                fields.into_iter().map(|f| (f.name.clone(), f)).collect(),
            );
        }
        Ok(schema)
    }

    /// Whether an object of type `actual` is meant by a condition on `wanted`.
    pub(crate) fn is_a(&self, actual: &str, wanted: &str) -> bool {
        actual == wanted
            || self
                .members
                .get(wanted)
                .is_some_and(|m| m.iter().any(|n| n == actual))
    }
}

fn join(path: &[Value], last: &str) -> Vec<Value> {
    path.iter().cloned().chain([json!(last)]).collect()
}

impl Check<'_> {
    fn error(&mut self, at: Pos, path: &[Value], code: &str, message: &str, more: Value) {
        let mut extensions = json!({ "code": code });
        if let (Some(to), Value::Object(from)) = (extensions.as_object_mut(), more) {
            to.extend(from);
        }
        self.errors.push(json!({
            "path": path, "extensions": extensions, "message": message,
            "locations": [{ "line": at.line, "column": at.column }],
        }));
    }

    /// Checks a selection on a type.
    pub(crate) fn selection(
        &mut self,
        set: &SelectionSet<'static, String>,
        on: &str,
        path: &[Value],
    ) {
        self.depth += 1;
        if self.depth > DEEPEST {
            self.error(
                set.span.0,
                path,
                "depthLimit",
                "The query nests too deeply",
                json!({}),
            );
        } else {
            for item in &set.items {
                self.item(item, on, path);
            }
        }
        self.depth -= 1;
    }

    fn item(&mut self, item: &Selection<'static, String>, on: &str, path: &[Value]) {
        match item {
            Selection::Field(field) => self.field(field, on, path),
            Selection::InlineFragment(fragment) => {
                let on = match &fragment.type_condition {
                    Some(TypeCondition::On(name)) => name,
                    None => on,
                };
                if !self.known_type(on, fragment.position, path) {
                    return;
                }
                self.selection(
                    &fragment.selection_set,
                    on,
                    &join(path, &format!("... on {on}")),
                );
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.fragment_name;
                let Some(fragment) = self.fragments.get(name) else {
                    let message = format!("Fragment {name} was used, but not defined");
                    self.error(
                        spread.position,
                        path,
                        "useAndDefineFragment",
                        &message,
                        json!({ "fragmentName": name }),
                    );
                    return;
                };
                let TypeCondition::On(on) = &fragment.type_condition;
                if self.known_type(on, fragment.position, path) {
                    self.selection(
                        &fragment.selection_set,
                        on,
                        &[json!(format!("fragment {name}"))],
                    );
                }
            }
        }
    }

    fn known_type(&mut self, name: &str, at: Pos, path: &[Value]) -> bool {
        let known = self.schema.fields.contains_key(name);
        if !known {
            let message = format!("No such type {name}, so it can't be a fragment condition");
            self.error(
                at,
                path,
                "undefinedType",
                &message,
                json!({ "typeName": name }),
            );
        }
        known
    }

    fn field(
        &mut self,
        field: &graphql_parser::query::Field<'static, String>,
        on: &str,
        path: &[Value],
    ) {
        let name = &field.name;
        let here = join(path, field.alias.as_ref().unwrap_or(name));
        if name == "__typename" {
            return;
        }
        let schema = self.schema;
        let Some(known) = schema.fields.get(on).and_then(|fields| fields.get(name)) else {
            let message = format!("Field '{name}' doesn't exist on type '{on}'");
            self.error(
                field.position,
                &here,
                "undefinedField",
                &message,
                json!({ "typeName": on, "fieldName": name }),
            );
            return;
        };
        for (argument, value) in &field.arguments {
            if !known.arguments.iter().any(|a| a.name == *argument) {
                let message = format!("Field '{name}' doesn't accept argument '{argument}'");
                let more = json!({ "name": name, "typeName": "Field", "argumentName": argument });
                self.error(
                    field.position,
                    &join(&here, argument),
                    "argumentNotAccepted",
                    &message,
                    more,
                );
            }
            self.variables_of(value, field.position, &here);
        }
        let missing: Vec<&str> = known
            .arguments
            .iter()
            .filter(|a| matches!(a.value_type, Type::NonNullType(_)))
            .map(|a| a.name.as_str())
            .filter(|n| !field.arguments.iter().any(|(given, _)| given == n))
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "Field '{name}' is missing required arguments: {}",
                missing.join(", ")
            );
            let more =
                json!({ "className": "Field", "name": name, "arguments": missing.join(", ") });
            self.error(
                field.position,
                &here,
                "missingRequiredArguments",
                &message,
                more,
            );
        }
        let target = heart(&known.field_type);
        match (
            schema.fields.contains_key(target),
            field.selection_set.items.is_empty(),
        ) {
            (true, true) => {
                let message = format!(
                    "Field must have selections (field '{name}' returns {target} but has no selections. Did you mean '{name} {{ ... }}'?)"
                );
                self.error(
                    field.position,
                    &here,
                    "selectionMismatch",
                    &message,
                    json!({ "typeName": target }),
                );
            }
            (false, false) => {
                let message = format!(
                    "Selections can't be made on scalars (field '{name}' returns {target} but has selections)"
                );
                self.error(
                    field.position,
                    &here,
                    "selectionMismatch",
                    &message,
                    json!({ "typeName": target }),
                );
            }
            (true, false) => self.selection(&field.selection_set, target, &here),
            (false, true) => {}
        }
    }

    fn variables_of(
        &mut self,
        value: &graphql_parser::query::Value<'static, String>,
        at: Pos,
        path: &[Value],
    ) {
        use graphql_parser::query::Value as Literal;
        match value {
            Literal::Variable(name) if !self.variables.contains(name) => {
                let message = format!("Variable ${name} is used but not declared");
                self.error(
                    at,
                    path,
                    "variableNotDefined",
                    &message,
                    json!({ "variableName": name }),
                );
            }
            Literal::List(items) => items.iter().for_each(|i| self.variables_of(i, at, path)),
            Literal::Object(fields) => fields.values().for_each(|f| self.variables_of(f, at, path)),
            _ => {}
        }
    }
}
