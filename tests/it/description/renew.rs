//! Cuts the extracts out of the whole published descriptions. Not a test by itself: it is started by hand when they are to be
//! renewed, as `tests/fixtures/github/README.md` says.

use std::collections::BTreeSet;
use std::path::PathBuf;

use graphql_parser::schema::{
    Definition, Document, Field, InputValue, Type, TypeDefinition, parse_schema,
};
use serde_json::{Map, Value, json};

/// What the program asks and what the simulator answers.
const OPERATIONS: &[(&str, &str)] = &[
    ("get", "/versions"),
    ("get", "/user"),
    ("get", "/rate_limit"),
    ("get", "/repos/{owner}/{repo}"),
    ("get", "/repos/{owner}/{repo}/actions/jobs/{job_id}"),
    ("get", "/repos/{owner}/{repo}/actions/runs"),
    ("get", "/repos/{owner}/{repo}/actions/runs/{run_id}"),
    (
        "get",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/approvals",
    ),
    (
        "get",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}",
    ),
    (
        "get",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs",
    ),
    ("get", "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs"),
    (
        "get",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments",
    ),
    ("get", "/repos/{owner}/{repo}/actions/workflows"),
    (
        "get",
        "/repos/{owner}/{repo}/actions/workflows/{workflow_id}",
    ),
    (
        "get",
        "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs",
    ),
    ("get", "/repos/{owner}/{repo}/branches/{branch}"),
    ("get", "/repos/{owner}/{repo}/commits"),
    ("get", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls"),
    ("get", "/repos/{owner}/{repo}/commits/{ref}"),
    ("get", "/repos/{owner}/{repo}/commits/{ref}/check-runs"),
    ("get", "/repos/{owner}/{repo}/commits/{ref}/status"),
    ("get", "/repos/{owner}/{repo}/compare/{basehead}"),
    ("get", "/repos/{owner}/{repo}/contents/{path}"),
    ("get", "/repos/{owner}/{repo}/deployments"),
    ("get", "/repos/{owner}/{repo}/deployments/{deployment_id}"),
    (
        "get",
        "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
    ),
    ("get", "/repos/{owner}/{repo}/environments"),
    (
        "get",
        "/repos/{owner}/{repo}/environments/{environment_name}",
    ),
    ("get", "/repos/{owner}/{repo}/branches/{branch}/protection"),
    ("get", "/repos/{owner}/{repo}/rules/branches/{branch}"),
    (
        "get",
        "/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies",
    ),
    (
        "get",
        "/repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules",
    ),
    ("get", "/repos/{owner}/{repo}/milestones"),
    ("get", "/repos/{owner}/{repo}/pulls"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    ("get", "/repos/{owner}/{repo}/releases"),
    ("get", "/repos/{owner}/{repo}/releases/latest"),
    ("get", "/repos/{owner}/{repo}/releases/tags/{tag}"),
    ("get", "/repos/{owner}/{repo}/tags"),
    ("post", "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel"),
    (
        "post",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/force-cancel",
    ),
    ("post", "/repos/{owner}/{repo}/actions/runs/{run_id}/rerun"),
    (
        "post",
        "/repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs",
    ),
    (
        "post",
        "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches",
    ),
];

/// Said of a thing, not about its shape.
const PROSE: &[&str] = &[
    "description",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "title",
    "tags",
    "deprecated",
    "headers",
    "operationId",
    "default",
];

fn file(name: &str) -> PathBuf {
    super::fixture(name)
}

fn given(variable: &str) -> String {
    let path = std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} names the whole description"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
#[ignore = "writes the extracts anew; started by hand"]
fn renew() {
    let openapi: Value = serde_json::from_str(&given("GITHUB_OPENAPI")).unwrap();
    let mut text = serde_json::to_string_pretty(&cut(&openapi)).unwrap();
    text.push('\n');
    std::fs::write(file("description.json"), text).unwrap();
    let ours = include_str!("../../../src/demo/github/graphql/schema.graphql");
    std::fs::write(file("schema.graphql"), cut_sdl(&given("GITHUB_SDL"), ours)).unwrap();
}

fn cut(whole: &Value) -> Value {
    let mut paths = Map::new();
    for (method, path) in OPERATIONS {
        let operation = &whole["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is gone");
        let kept: Map<String, Value> = ["parameters", "requestBody", "responses"]
            .into_iter()
            .filter_map(|part| {
                Some((
                    part.to_owned(),
                    bare(operation.get(part)?, part == "responses"),
                ))
            })
            .collect();
        let entry = paths.entry(*path).or_insert_with(|| json!({}));
        entry[*method] = Value::Object(kept);
    }
    let mut out = json!({ "openapi": whole["openapi"], "info": bare(&whole["info"], true), "paths": paths, "components": {} });
    out["info"] = json!({ "title": whole["info"]["title"], "version": whole["info"]["version"], "license": whole["info"]["license"] });
    loop {
        let mut wanted = BTreeSet::new();
        references(&out, &mut wanted);
        let missing: Vec<String> = wanted
            .into_iter()
            .filter(|r| out.pointer(super::within(r)).is_none())
            .collect();
        if missing.is_empty() {
            return out;
        }
        for reference in missing {
            let parts: Vec<&str> = reference.split('/').collect();
            let ["#", "components", section, name] = parts[..] else {
                panic!("{reference}")
            };
            let found = bare(whole.pointer(super::within(&reference)).unwrap(), false);
            out["components"][section][name] = found;
        }
    }
}

/// Without prose; `names`: the keys are names, not words of the description's language.
fn bare(of: &Value, names: bool) -> Value {
    match of {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| names || !(PROSE.contains(&key.as_str()) || key.starts_with("x-")))
            .map(|(key, inner)| (key.clone(), bare(inner, !names && key == "properties")))
            .collect(),
        Value::Array(items) => items.iter().map(|i| bare(i, false)).collect(),
        plain => plain.clone(),
    }
}

fn references(of: &Value, out: &mut BTreeSet<String>) {
    match of {
        Value::Object(map) => map.iter().for_each(|(key, inner)| match inner {
            Value::String(to) if key == "$ref" => drop(out.insert(to.clone())),
            _ => references(inner, out),
        }),
        Value::Array(items) => items.iter().for_each(|i| references(i, out)),
        _ => {}
    }
}

fn heart<'a>(of: &'a Type<'static, String>) -> &'a String {
    match of {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => heart(inner),
    }
}

fn types(text: &str) -> Vec<TypeDefinition<'static, String>> {
    let document = parse_schema::<String>(text).unwrap().into_static();
    let of = |d| match d {
        Definition::TypeDefinition(t) => Some(t),
        _ => None,
    };
    document.definitions.into_iter().filter_map(of).collect()
}

/// Of GitHub's schema the types that ours names, with those of their fields that stay among them, and what arguments need.
fn cut_sdl(whole: &str, ours: &str) -> String {
    let whole = types(whole);
    let mut kept: BTreeSet<String> = types(ours)
        .iter()
        .map(|t| super::graphql::name(t).to_owned())
        .collect();
    let leaf = |name: &String| {
        ["Int", "Float", "String", "Boolean", "ID"].contains(&name.as_str())
            || whole.iter().any(|t| {
                super::graphql::name(t) == name
                    && matches!(t, TypeDefinition::Scalar(_) | TypeDefinition::Enum(_))
            })
    };
    let named = kept.clone();
    let stays = |f: &Field<'static, String>| {
        named.contains(heart(&f.field_type)) || leaf(heart(&f.field_type))
    };
    let mut out: Vec<TypeDefinition<'static, String>> = Vec::new();
    loop {
        let taken: Vec<String> = out
            .iter()
            .map(|t| super::graphql::name(t).to_owned())
            .collect();
        let next: Vec<_> = whole
            .iter()
            .filter(|t| {
                kept.contains(super::graphql::name(t))
                    && !taken.iter().any(|n| n == super::graphql::name(t))
            })
            .cloned()
            .collect();
        if next.is_empty() {
            break;
        }
        for mut definition in next {
            plain(&mut definition, &stays, &named);
            for used in used(&definition) {
                kept.insert(used);
            }
            out.push(definition);
        }
    }
    out.sort_by(|a, b| super::graphql::name(a).cmp(super::graphql::name(b)));
    let document = Document {
        definitions: out.into_iter().map(Definition::TypeDefinition).collect(),
    };
    format!("# An extract of GitHub's public schema; see README.md.\n{document}")
}

/// What arguments and fields of inputs are, and leaves.
fn used(of: &TypeDefinition<'static, String>) -> Vec<String> {
    let arguments = |fields: &[Field<'static, String>]| -> Vec<String> {
        let each = |f: &Field<'static, String>| {
            let leaf = std::iter::once(heart(&f.field_type).clone());
            leaf.chain(f.arguments.iter().map(|a| heart(&a.value_type).clone()))
                .collect::<Vec<_>>()
        };
        fields.iter().flat_map(each).collect()
    };
    match of {
        TypeDefinition::Object(o) => arguments(&o.fields),
        TypeDefinition::Interface(i) => arguments(&i.fields),
        TypeDefinition::InputObject(i) => i
            .fields
            .iter()
            .map(|f| heart(&f.value_type).clone())
            .collect(),
        _ => Vec::new(),
    }
}

fn plain(
    of: &mut TypeDefinition<'static, String>,
    stays: &impl Fn(&Field<'static, String>) -> bool,
    named: &BTreeSet<String>,
) {
    let input = |i: &mut InputValue<'static, String>| {
        i.description = None;
        i.directives.clear();
    };
    let fields = |all: &mut Vec<Field<'static, String>>| {
        all.retain(|f| stays(f));
        for field in all {
            field.description = None;
            field.directives.clear();
            field.arguments.iter_mut().for_each(input);
        }
    };
    match of {
        TypeDefinition::Object(o) => {
            (o.description, o.directives) = (None, Vec::new());
            o.implements_interfaces.retain(|i| named.contains(i));
            fields(&mut o.fields);
        }
        TypeDefinition::Interface(i) => {
            (i.description, i.directives) = (None, Vec::new());
            i.implements_interfaces.retain(|i| named.contains(i));
            fields(&mut i.fields);
        }
        TypeDefinition::Union(u) => {
            (u.description, u.directives) = (None, Vec::new());
            u.types.retain(|t| named.contains(t));
        }
        TypeDefinition::Enum(e) => {
            (e.description, e.directives) = (None, Vec::new());
            for value in &mut e.values {
                (value.description, value.directives) = (None, Vec::new());
            }
        }
        TypeDefinition::InputObject(i) => {
            (i.description, i.directives) = (None, Vec::new());
            i.fields.iter_mut().for_each(input);
        }
        TypeDefinition::Scalar(s) => (s.description, s.directives) = (None, Vec::new()),
    }
}
