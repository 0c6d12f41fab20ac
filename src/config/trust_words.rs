//! What a key that needs trust would do, in a sentence for the person who decides. Values are made harmless for the terminal;
//! those that may be secrets are not shown.

use crate::config::tree::{Value, find};
use crate::domain::text::Safe;

/// The sentence, without its subject: `sends the token of .. to ..`.
pub(super) fn of(path: &[String], value: &Value) -> String {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["github", name, "api" | "graphql"] => format!(
            "sends the token of the GitHub source `{}` to {}",
            safe(name),
            text(value)
        ),
        ["github" | "metrics", name, "token" | "auth"] => {
            format!("for the source `{}` it {}", safe(name), secret(value))
        }
        ["metrics", _, "url"] => format!("asks {} for metrics", text(value)),
        ["metrics", name, "headers"] => {
            format!(
                "sends headers of its own to the metrics source `{}`",
                safe(name)
            )
        }
        [.., "ca_file"] => format!("trusts the certificates in {}", text(value)),
        ["services", service, "env", env, "deploy" | "rollback"] => {
            let mut files = Vec::new();
            workflows(value, &mut files);
            let what = match files.as_slice() {
                [] => "arms a rollback".to_owned(),
                files => format!("may start the workflow {}", files.join(", ")),
            };
            format!("{what} for {} in {}", safe(service), safe(env))
        }
        ["services", service, "env", env, "probe"] => format!(
            "asks {} which version runs for {} in {}",
            entry(value, "url"),
            safe(service),
            safe(env)
        ),
        ["gates", _, "http"] => format!("asks {}", entry(value, "get")),
        ["state", ..] => format!(
            "keeps the ledger in the profile {}",
            entry(value, "profile")
        ),
        ["clock", ..] => "moves the clock".to_owned(),
        _ => format!("sets {}", text(value)),
    }
}

/// Text of a file as it may stand on a terminal, not too long.
pub(super) fn safe(text: &str) -> String {
    let safe = Safe::new(text);
    match safe.as_str().char_indices().nth(200) {
        Some((cut, _)) => format!("{}…", safe.as_str().get(..cut).unwrap_or_default()),
        None => safe.to_string(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Moment(text) => safe(text),
        Value::Integer(n) => n.to_string(),
        Value::Float(n) => n.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::List(items) => {
            let all: Vec<String> = items.iter().map(|item| text(&item.value)).collect();
            all.join(" ")
        }
        Value::Table(_) => "a table".to_owned(),
    }
}

fn entry(value: &Value, key: &str) -> String {
    match value {
        Value::Table(table) => find(table, &[key]).map_or_else(String::new, |i| text(&i.value)),
        other => text(other),
    }
}

/// What a reference to a secret does; inside of `auth` there is one, somewhere.
fn secret(value: &Value) -> String {
    let Value::Table(table) = value else {
        return "takes a secret".to_owned();
    };
    match entry(value, "from").as_str() {
        "command" => format!("runs `{}`", entry(value, "argv")),
        "file" => format!("reads the file {}", entry(value, "path")),
        "env" => format!("takes the variable {}", entry(value, "name")),
        "keyring" => format!(
            "takes the keyring's entry {}",
            [entry(value, "service"), entry(value, "user")]
                .join(" ")
                .trim()
        ),
        "auto" => "takes the usual token".to_owned(),
        _ => table
            .iter()
            .find(|(_, item)| matches!(item.value, Value::Table(_)))
            .map_or_else(
                || "takes a secret".to_owned(),
                |(_, item)| secret(&item.value),
            ),
    }
}

/// The workflow files named anywhere below.
fn workflows(value: &Value, found: &mut Vec<String>) {
    let Value::Table(table) = value else { return };
    for (name, item) in table {
        match &item.value {
            Value::Text(text) if matches!(name.as_str(), "workflow" | "file") => {
                found.push(safe(text));
            }
            inner => workflows(inner, found),
        }
    }
}
