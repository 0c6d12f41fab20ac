//! The GraphQL half: a query is held against GitHub's schema, and an answer against the query's selection.

use std::collections::BTreeMap;

use graphql_parser::query::{
    Definition as QueryPart, Field as Asked, OperationDefinition, Selection, SelectionSet,
    TypeCondition, Value as Literal,
};
use graphql_parser::schema::{Definition, Field, InputValue, Type, TypeDefinition, parse_schema};
use serde_json::Value;

type Kind = TypeDefinition<'static, String>;
type Set = SelectionSet<'static, String>;

/// A type's name.
pub(crate) fn name(of: &Kind) -> &str {
    match of {
        TypeDefinition::Scalar(t) => &t.name,
        TypeDefinition::Object(t) => &t.name,
        TypeDefinition::Interface(t) => &t.name,
        TypeDefinition::Union(t) => &t.name,
        TypeDefinition::Enum(t) => &t.name,
        TypeDefinition::InputObject(t) => &t.name,
    }
}

/// Types by their names.
pub(crate) struct Sdl(BTreeMap<String, Kind>);

impl Sdl {
    pub(crate) fn parse(text: &str) -> Self {
        let document = parse_schema::<String>(text).unwrap().into_static();
        let of = |d| match d {
            Definition::TypeDefinition(t) => Some((name(&t).to_owned(), t)),
            _ => None,
        };
        Self(document.definitions.into_iter().filter_map(of).collect())
    }

    pub(crate) fn load() -> Self {
        Self::parse(&std::fs::read_to_string(super::fixture("schema.graphql")).unwrap())
    }

    fn fields(&self, of: &str) -> &[Field<'static, String>] {
        match self.0.get(of) {
            Some(TypeDefinition::Object(t)) => &t.fields,
            Some(TypeDefinition::Interface(t)) => &t.fields,
            _ => &[],
        }
    }

    fn field(&self, on: &str, name: &str) -> Option<&Field<'static, String>> {
        self.fields(on).iter().find(|f| f.name == name)
    }

    /// The objects that a type stands for.
    fn stands_for(&self, of: &str) -> Vec<&str> {
        let implements = |t: &Kind| matches!(t, TypeDefinition::Object(o) if o.name == of || o.implements_interfaces.iter().any(|i| i == of));
        match self.0.get(of) {
            Some(TypeDefinition::Union(u)) => u.types.iter().map(String::as_str).collect(),
            _ => self
                .0
                .values()
                .filter(|t| implements(t))
                .map(name)
                .collect(),
        }
    }

    /// What of `other` is not in this schema, or is otherwise: types, fields, arguments, values.
    pub(crate) fn lacks(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (kind, theirs) in &other.0 {
            let Some(ours) = self.0.get(kind) else {
                found.push(format!("there is no type {kind}"));
                continue;
            };
            if std::mem::discriminant(ours) != std::mem::discriminant(theirs) {
                found.push(format!("{kind} is of another sort"));
            }
            for field in other.fields(kind) {
                let Some(known) = self.field(kind, &field.name) else {
                    found.push(format!("{kind} has no field {}", field.name));
                    continue;
                };
                if known.field_type != field.field_type {
                    found.push(format!(
                        "{kind}.{} is {}, not {}",
                        field.name, known.field_type, field.field_type
                    ));
                }
                found.extend(other_inputs(
                    &format!("{kind}.{}", field.name),
                    &known.arguments,
                    &field.arguments,
                ));
            }
            match (ours, theirs) {
                (TypeDefinition::Enum(ours), TypeDefinition::Enum(theirs)) => {
                    let strange = theirs
                        .values
                        .iter()
                        .filter(|v| !ours.values.iter().any(|o| o.name == v.name));
                    found.extend(strange.map(|v| format!("{kind} has no value {}", v.name)));
                }
                (TypeDefinition::InputObject(ours), TypeDefinition::InputObject(theirs)) => {
                    found.extend(other_inputs(kind, &ours.fields, &theirs.fields));
                }
                (TypeDefinition::Union(ours), TypeDefinition::Union(theirs)) => {
                    found.extend(
                        theirs
                            .types
                            .iter()
                            .filter(|t| !ours.types.contains(t))
                            .map(|t| format!("{kind} is never a {t}")),
                    );
                }
                (TypeDefinition::Object(ours), TypeDefinition::Object(theirs)) => {
                    let strange = theirs
                        .implements_interfaces
                        .iter()
                        .filter(|i| !ours.implements_interfaces.contains(i));
                    found.extend(strange.map(|i| format!("{kind} is no {i}")));
                }
                _ => {}
            }
        }
        found
    }

    /// What is wrong with an exchange; empty: nothing.
    pub(crate) fn faults(&self, sent: &[u8], answer: &[u8]) -> Vec<String> {
        let sent: Value = serde_json::from_slice(sent).unwrap();
        let text = sent["query"].as_str().unwrap_or_default();
        let document = match graphql_parser::parse_query::<String>(text) {
            Ok(document) => document.into_static(),
            Err(e) => return vec![format!("no GraphQL: {e}")],
        };
        let mut found = Vec::new();
        let answer: Value = serde_json::from_slice(answer).unwrap();
        for part in &document.definitions {
            let QueryPart::Operation(OperationDefinition::Query(query)) = part else {
                found.push("only plain queries are understood here".to_owned());
                continue;
            };
            self.selection(&query.selection_set, "Query", "query", &mut found);
            if found.is_empty() {
                self.shape(
                    &[&query.selection_set],
                    "Query",
                    &answer["data"],
                    "data",
                    &mut found,
                );
            }
        }
        found
    }

    fn selection(&self, set: &Set, on: &str, at: &str, found: &mut Vec<String>) {
        for item in &set.items {
            match item {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => self.asked(field, on, at, found),
                Selection::InlineFragment(inner) => {
                    let Some(TypeCondition::On(to)) = &inner.type_condition else {
                        continue;
                    };
                    let (here, there) = (self.stands_for(on), self.stands_for(to));
                    if !there.iter().any(|t| here.contains(t)) {
                        found.push(format!("{at}: {on} is never a {to}"));
                    }
                    self.selection(&inner.selection_set, to, &format!("{at}({to})"), found);
                }
                Selection::FragmentSpread(_) => {
                    found.push(format!("{at}: spreads are not understood here"));
                }
            }
        }
    }

    fn asked(&self, field: &Asked<'static, String>, on: &str, at: &str, found: &mut Vec<String>) {
        let at = format!("{at}.{}", field.name);
        let Some(known) = self.field(on, &field.name) else {
            found.push(format!("{at}: {on} has no such field"));
            return;
        };
        self.inputs(
            &known.arguments,
            &field
                .arguments
                .iter()
                .map(|(n, v)| (n, v))
                .collect::<Vec<_>>(),
            &at,
            found,
        );
        let target = heart(&known.field_type);
        let leaf = matches!(
            self.0.get(target),
            None | Some(TypeDefinition::Scalar(_) | TypeDefinition::Enum(_))
        );
        if leaf != field.selection_set.items.is_empty() {
            found.push(format!(
                "{at}: a selection where none belongs, or none where one does"
            ));
        }
        self.selection(&field.selection_set, target, &at, found);
    }

    fn inputs(
        &self,
        known: &[InputValue<'static, String>],
        given: &[(&String, &Literal<'static, String>)],
        at: &str,
        found: &mut Vec<String>,
    ) {
        for (name, value) in given {
            match known.iter().find(|k| k.name == **name) {
                None => found.push(format!("{at}: no argument `{name}`")),
                Some(k) if !self.fits(value, &k.value_type) => {
                    found.push(format!("{at}: `{name}: {value}` is no {}", k.value_type));
                }
                Some(_) => {}
            }
        }
        let needed = |k: &&InputValue<'static, String>| {
            matches!(k.value_type, Type::NonNullType(_)) && k.default_value.is_none()
        };
        for k in known
            .iter()
            .filter(needed)
            .filter(|k| !given.iter().any(|(n, _)| **n == k.name))
        {
            found.push(format!("{at}: `{}` is missing", k.name));
        }
    }

    fn fits(&self, value: &Literal<'static, String>, of: &Type<'static, String>) -> bool {
        match (of, value) {
            (Type::NonNullType(_), Literal::Null) => false,
            (Type::NonNullType(inner), value) => self.fits(value, inner),
            (_, Literal::Null) => true,
            (Type::ListType(inner), Literal::List(items)) => {
                items.iter().all(|i| self.fits(i, inner))
            }
            (Type::ListType(inner), one) => self.fits(one, inner),
            (Type::NamedType(name), value) => match (self.0.get(name), value) {
                (Some(TypeDefinition::Enum(e)), Literal::Enum(v)) => {
                    e.values.iter().any(|k| k.name == *v)
                }
                (Some(TypeDefinition::InputObject(i)), Literal::Object(fields)) => {
                    let mut wrong = Vec::new();
                    self.inputs(
                        &i.fields,
                        &fields.iter().collect::<Vec<_>>(),
                        "",
                        &mut wrong,
                    );
                    wrong.is_empty()
                }
                (Some(TypeDefinition::Scalar(_)), Literal::String(_)) => true,
                (None, Literal::Int(_)) => ["Int", "Float", "ID"].contains(&name.as_str()),
                (None, Literal::String(_)) => ["String", "ID"].contains(&name.as_str()),
                (None, Literal::Boolean(_)) => name == "Boolean",
                (None, Literal::Float(_)) => name == "Float",
                _ => false,
            },
        }
    }

    /// Whether an object is what these selections ask of a type.
    fn shape(&self, sets: &[&Set], on: &str, value: &Value, at: &str, found: &mut Vec<String>) {
        let Some(object) = value.as_object() else {
            found.push(format!("{at} is no object"));
            return;
        };
        let actual = object.get("__typename").and_then(Value::as_str);
        if let Some(actual) = actual.filter(|a| !self.stands_for(on).contains(a)) {
            found.push(format!("{at}: a {actual} is no {on}"));
        }
        let mut asked: BTreeMap<&str, (&str, Vec<&Asked<'static, String>>)> = BTreeMap::new();
        for set in sets {
            self.collect(set, on, actual, object, &mut asked);
        }
        for key in object.keys().filter(|k| !asked.contains_key(k.as_str())) {
            found.push(format!("{at}.{key} was not asked for"));
        }
        for (key, (on, fields)) in asked {
            let here = format!("{at}.{key}");
            match (object.get(key), self.field(on, &fields[0].name)) {
                (None, _) => found.push(format!("{here} is missing")),
                (Some(v), None) if !v.is_string() => {
                    found.push(format!("{here} is no name of a type"));
                }
                (Some(_), None) => {}
                (Some(v), Some(known)) => {
                    let sets: Vec<&Set> = fields.iter().map(|f| &f.selection_set).collect();
                    self.value(&sets, &known.field_type, v, &here, found);
                }
            }
        }
    }

    /// The fields that concern an object. Without its type's name a fragment concerns it if its fields are there.
    fn collect<'a>(
        &self,
        set: &'a Set,
        on: &'a str,
        actual: Option<&str>,
        object: &serde_json::Map<String, Value>,
        out: &mut BTreeMap<&'a str, (&'a str, Vec<&'a Asked<'static, String>>)>,
    ) {
        for item in &set.items {
            match item {
                Selection::Field(f) => out
                    .entry(f.alias.as_ref().unwrap_or(&f.name))
                    .or_insert((on, Vec::new()))
                    .1
                    .push(f),
                Selection::InlineFragment(inner) => {
                    let Some(TypeCondition::On(to)) = &inner.type_condition else {
                        continue;
                    };
                    let there = |s: &Selection<'static, String>| matches!(s, Selection::Field(f) if object.contains_key(f.alias.as_ref().unwrap_or(&f.name)));
                    let concerns = actual.map_or_else(
                        || inner.selection_set.items.iter().all(there),
                        |a| self.stands_for(to).contains(&a),
                    );
                    if concerns {
                        self.collect(&inner.selection_set, to, actual, object, out);
                    }
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn value(
        &self,
        sets: &[&Set],
        of: &Type<'static, String>,
        value: &Value,
        at: &str,
        found: &mut Vec<String>,
    ) {
        let wrong = match (of, value) {
            (Type::NonNullType(_), Value::Null) => true,
            (Type::NonNullType(inner), value) => return self.value(sets, inner, value, at, found),
            (_, Value::Null) => false,
            (Type::ListType(inner), Value::Array(items)) => {
                for (n, item) in items.iter().enumerate() {
                    self.value(sets, inner, item, &format!("{at}[{n}]"), found);
                }
                false
            }
            (Type::ListType(_), _) => true,
            (Type::NamedType(name), value) => match (self.0.get(name), name.as_str()) {
                (Some(TypeDefinition::Enum(e)), _) => {
                    !e.values.iter().any(|v| *value == v.name.as_str())
                }
                (Some(TypeDefinition::Scalar(_)), "DateTime" | "GitTimestamp") => value
                    .as_str()
                    .is_none_or(|t| t.parse::<jiff::Timestamp>().is_err()),
                (Some(TypeDefinition::Scalar(_)), "URI") => value
                    .as_str()
                    .is_none_or(|t| t.parse::<url::Url>().is_err()),
                (Some(TypeDefinition::Scalar(_)), _) | (None, "String" | "ID") => {
                    !value.is_string()
                }
                (None, "Int") => value.as_i64().is_none_or(|n| i32::try_from(n).is_err()),
                (None, "Float") => !value.is_number(),
                (None, "Boolean") => !value.is_boolean(),
                (None, _) => true,
                (Some(_), name) => return self.shape(sets, name, value, at, found),
            },
        };
        if wrong {
            found.push(format!("{at} is {value}, no {of}"));
        }
    }
}

fn heart<'a>(of: &'a Type<'static, String>) -> &'a str {
    match of {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => heart(inner),
    }
}

fn other_inputs(
    at: &str,
    ours: &[InputValue<'static, String>],
    theirs: &[InputValue<'static, String>],
) -> Vec<String> {
    let wrong = |t: &&InputValue<'static, String>| {
        !ours
            .iter()
            .any(|o| o.name == t.name && o.value_type == t.value_type)
    };
    theirs
        .iter()
        .filter(wrong)
        .map(|t| format!("{at} takes no `{}: {}`", t.name, t.value_type))
        .collect()
}
