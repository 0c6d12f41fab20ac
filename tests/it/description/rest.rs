//! The REST half: a request and its answer are held against the operation that GitHub describes for them.

use std::collections::{BTreeMap, HashMap};

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;

use crate::support::hop::Exchange;

/// Where the description lies for the validator.
const BASE: &str = "https://description.example/";

/// Statuses that no operation needs to describe, because they are answers of the whole server; with the reason.
const EVERYWHERE: &[(u16, &str)] = &[
    (
        304,
        "the documentation of conditional requests describes it for every GET; few operations name it, and it has no body",
    ),
    (
        401,
        "the documentation of authentication describes it for every request",
    ),
    (
        403,
        "the documentation of rate limits describes it for every request",
    ),
    (
        422,
        "the documentation describes it for every body that cannot be taken; dispatches name no refusal at all",
    ),
    (
        429,
        "the documentation of rate limits describes it for every request",
    ),
    (
        500,
        "a server's failure, ordered by the test; no description promises one",
    ),
    (
        502,
        "a server's failure, ordered by the test; no description promises one",
    ),
];

/// Fields that GitHub sends although its description lacks them: where the answer's field ends, and why it stands.
const UNDESCRIBED: &[(&str, &str)] = &[
    (
        ".can_admins_bypass",
        "an environment's answer has it; the description knows it of the request alone",
    ),
    (
        ".resource",
        "each limit's answer names its bucket as the header x-ratelimit-resource does",
    ),
    (
        "422.status",
        "every error's body repeats its status as a text; the description says so of the basic error alone",
    ),
];

/// The extract, ready to be asked.
pub(crate) struct Description {
    doc: Value,
    compiler: Compiler,
    schemas: Schemas,
    compiled: HashMap<String, SchemaIndex>,
}

impl Description {
    pub(crate) fn load() -> Self {
        let text = std::fs::read_to_string(super::fixture("description.json")).unwrap();
        let doc = as_json_schema(serde_json::from_str(&text).unwrap());
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V7);
        compiler.add_resource(BASE, doc.clone()).unwrap();
        Self {
            doc,
            compiler,
            schemas: Schemas::new(),
            compiled: HashMap::new(),
        }
    }

    /// What is wrong with an exchange; empty: nothing.
    pub(crate) fn faults(&mut self, seen: &Exchange) -> Vec<String> {
        let place = format!("{} {}", seen.method, seen.path);
        let Some((template, values)) = self.operation(&seen.method, &seen.path) else {
            return vec![format!("{place}: no such operation is described")];
        };
        let at = pointer(&["paths", &template, &seen.method.to_lowercase()]);
        let mut found = self.asked(&at, &values, seen);
        found.extend(self.answered(&at, seen));
        found.into_iter().map(|f| format!("{place}: {f}")).collect()
    }

    /// The operation of a path, with what stands in its places: the one with the fewest places.
    fn operation(&self, method: &str, path: &str) -> Option<(String, BTreeMap<String, String>)> {
        let given: Vec<&str> = path.split('/').collect();
        let fits = |template: &String| {
            let mut values = BTreeMap::new();
            let parts: Vec<&str> = template.split('/').collect();
            let open = template.ends_with("/{path}") && given.len() > parts.len();
            if parts.len() != given.len() && !open {
                return None;
            }
            for (n, part) in parts.iter().enumerate() {
                match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                    Some(name) => drop(values.insert(name.to_owned(), decoded(given[n]))),
                    None if *part == given[n] => {}
                    None => return None,
                }
            }
            Some((template.clone(), values))
        };
        let paths = self.doc["paths"].as_object().unwrap();
        let with = paths
            .iter()
            .filter(|(_, ops)| ops.get(method.to_lowercase()).is_some());
        with.filter_map(|(template, _)| fits(template))
            .min_by_key(|(_, values)| values.len())
    }

    fn asked(
        &mut self,
        at: &str,
        values: &BTreeMap<String, String>,
        seen: &Exchange,
    ) -> Vec<String> {
        let mut found = Vec::new();
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(seen.query.as_deref().unwrap_or("").as_bytes())
                .into_owned()
                .collect();
        let mut known = Vec::new();
        let count = self
            .doc
            .pointer(&format!("{at}/parameters"))
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        for n in 0..count {
            let place = self.resolved(format!("{at}/parameters/{n}"));
            let parameter = self.doc.pointer(&place).unwrap().clone();
            let (name, lies) = (
                parameter["name"].as_str().unwrap(),
                parameter["in"].as_str().unwrap(),
            );
            let value = match lies {
                "path" => values.get(name),
                "query" => query.iter().find(|(n, _)| n == name).map(|(_, v)| v),
                _ => continue,
            };
            if lies == "query" {
                known.push(name.to_owned());
            }
            match value {
                None if parameter["required"] == true => {
                    found.push(format!("the {lies} parameter `{name}` is missing"));
                }
                None => {}
                Some(value) => {
                    let value = self.typed(&format!("{place}/schema"), value);
                    found.extend(self.held(
                        &format!("{place}/schema"),
                        &value,
                        &format!("{lies} parameter `{name}`"),
                    ));
                }
            }
        }
        for (name, _) in query.iter().filter(|(name, _)| !known.contains(name)) {
            found.push(format!("no query parameter `{name}` is described"));
        }
        let body = self.resolved(format!("{at}/requestBody"));
        let schema = format!("{body}/{}", "content/application~1json/schema");
        let required = self.doc.pointer(&format!("{body}/required")) == Some(&Value::Bool(true));
        match (seen.sent.is_empty(), self.doc.pointer(&schema).is_some()) {
            (true, _) if required => found.push("the body is missing".to_owned()),
            (true, _) => {}
            (false, false) => found.push("no body is described".to_owned()),
            (false, true) => match serde_json::from_slice(&seen.sent) {
                Ok(value) => found.extend(self.held(&schema, &value, "body")),
                Err(e) => found.push(format!("the body is no JSON: {e}")),
            },
        }
        found
    }

    fn answered(&mut self, at: &str, seen: &Exchange) -> Vec<String> {
        let response = self.resolved(format!("{at}/responses/{}", seen.status));
        let described = self.doc.pointer(&response).is_some();
        if !described {
            let general = EVERYWHERE.iter().any(|(status, _)| *status == seen.status);
            return if general {
                Vec::new()
            } else {
                vec![format!("no answer {} is described", seen.status)]
            };
        }
        let schema = format!("{response}/content/application~1json/schema");
        if self.doc.pointer(&schema).is_none() {
            let silent = seen.answer.is_empty();
            return if silent {
                Vec::new()
            } else {
                vec![format!(
                    "the answer {} has no body by the description",
                    seen.status
                )]
            };
        }
        match serde_json::from_slice(&seen.answer) {
            Ok(value) => self.held(&schema, &value, &format!("answer {}", seen.status)),
            Err(e) => vec![format!("the answer {} is no JSON: {e}", seen.status)],
        }
    }

    /// Follows a reference.
    fn resolved(&self, at: String) -> String {
        let to = self
            .doc
            .pointer(&at)
            .and_then(|v| v.get("$ref"))
            .and_then(Value::as_str);
        to.map_or(at, |to| self.resolved(super::within(to).to_owned()))
    }

    /// A parameter's text as the type that its schema asks for.
    fn typed(&self, schema: &str, text: &str) -> Value {
        let schema = self.resolved(schema.to_owned());
        let kinds = self.doc.pointer(&format!("{schema}/type"));
        let numeric = kinds.is_some_and(|k| k == "integer" || k == "number" || k == "boolean")
            || self
                .doc
                .pointer(&format!("{schema}/oneOf/0/type"))
                .is_some_and(|k| k == "integer" && text.parse::<u64>().is_ok());
        if numeric {
            serde_json::from_str(text).unwrap_or_else(|_| text.into())
        } else {
            text.into()
        }
    }

    /// What is wrong with a value by a schema: types, formats, what is missing, and fields that nobody described.
    pub(crate) fn held(&mut self, schema: &str, value: &Value, what: &str) -> Vec<String> {
        let index = *self.compiled.entry(schema.to_owned()).or_insert_with(|| {
            let place = format!("{BASE}#{}", encoded(schema));
            self.compiler
                .compile(&place, &mut self.schemas)
                .unwrap_or_else(|e| panic!("{place}: {e:#}"))
        });
        let mut found: Vec<String> = match self.schemas.validate(value, index) {
            Ok(()) => Vec::new(),
            Err(e) => vec![format!("{what}: {e:#}")],
        };
        let schema = self.doc.pointer(schema).unwrap();
        self.strange(&[schema], value, what, &mut found);
        found
    }

    /// Fields that no schema names.
    fn strange(&self, schemas: &[&Value], value: &Value, at: &str, found: &mut Vec<String>) {
        let mut parts = Vec::new();
        for schema in schemas {
            self.parts(schema, &mut parts);
        }
        match value {
            Value::Array(items) => {
                let inner: Vec<&Value> = parts.iter().filter_map(|p| p.get("items")).collect();
                for item in items {
                    self.strange(&inner, item, &format!("{at}[]"), found);
                }
            }
            Value::Object(fields) => {
                let open = |p: &&&Value| {
                    p.get("additionalProperties")
                        .is_some_and(|a| *a != Value::Bool(false))
                };
                let closed = parts.iter().any(|p| p.get("properties").is_some())
                    && !parts.iter().any(|p| open(&p));
                for (name, inner) in fields {
                    let known: Vec<&Value> = parts
                        .iter()
                        .filter_map(|p| p.get("properties")?.get(name))
                        .collect();
                    if !known.is_empty() {
                        self.strange(&known, inner, &format!("{at}.{name}"), found);
                    } else if closed
                        && !UNDESCRIBED
                            .iter()
                            .any(|(end, _)| format!("{at}.{name}").ends_with(end))
                    {
                        found.push(format!("{at}.{name} is not described"));
                    }
                }
            }
            _ => {}
        }
    }

    /// A schema and all that it is put together from.
    fn parts<'a>(&'a self, schema: &'a Value, out: &mut Vec<&'a Value>) {
        if let Some(to) = schema.get("$ref").and_then(Value::as_str) {
            return self.parts(self.doc.pointer(super::within(to)).unwrap(), out);
        }
        out.push(schema);
        for word in ["allOf", "anyOf", "oneOf"] {
            for one in schema
                .get(word)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                self.parts(one, out);
            }
        }
    }
}

/// `OpenAPI` 3.0 says `nullable` where JSON Schema has a type.
fn as_json_schema(of: Value) -> Value {
    match of {
        Value::Array(items) => items.into_iter().map(as_json_schema).collect(),
        Value::Object(mut map) => {
            let nullable = map.get("nullable") == Some(&Value::Bool(true));
            if nullable {
                map.remove("nullable");
            }
            let inner: Value = map
                .into_iter()
                .map(|(key, value)| (key, as_json_schema(value)))
                .collect();
            if nullable {
                serde_json::json!({ "anyOf": [inner, { "type": "null" }] })
            } else {
                inner
            }
        }
        plain => plain,
    }
}

fn pointer(parts: &[&str]) -> String {
    let escaped = |p: &&str| p.replace('~', "~0").replace('/', "~1");
    let parts: Vec<String> = parts.iter().map(escaped).collect();
    format!("/{}", parts.join("/"))
}

/// As the fragment of an address.
fn encoded(pointer: &str) -> String {
    pointer
        .replace('%', "%25")
        .replace('{', "%7B")
        .replace('}', "%7D")
}

fn decoded(segment: &str) -> String {
    let form = format!("v={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(form.as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned()
}
