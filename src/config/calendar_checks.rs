//! What only the merged layers show of the calendar: rules that lack a part, never occur, or concern nobody.

use jiff::civil::DateTime;

use super::diagnostic::{Diagnostic, quoted};
use super::merge::Merged;
use super::schema::nearest;
use super::tree::dotted;
use super::values::LocalTime;
use crate::domain::calendar::recurrence::Recurrence;

/// All contradictions in the calendar.
pub(crate) fn cross(merged: &Merged, dropped: &[Vec<String>]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for table in ["window", "freeze"] {
        for id in merged.names(&["calendar", table]) {
            let base = ["calendar", table, id.as_str()];
            let gone = |key: &str| {
                dropped.iter().any(|d| {
                    d.iter()
                        .map(String::as_str)
                        .eq(base.iter().copied().chain([key]))
                })
            };
            times(merged, &base, &gone, &mut found);
            scope(merged, &base, &mut found);
        }
    }
    found
}

fn times(
    merged: &Merged,
    base: &[&str; 3],
    gone: &dyn Fn(&str) -> bool,
    found: &mut Vec<Diagnostic>,
) {
    let path = |key| -> Vec<&str> { base.iter().copied().chain([key]).collect() };
    let text = |key| merged.text(&path(key));
    let mut fault = |key, message: String, hint: &str| {
        found.push(Diagnostic::new(&merged.place(&path(key)), message).hint(hint));
    };
    let Some(rule) = text("rrule") else {
        let dates = merged.get(&path("dates")).is_some() || gone("dates");
        if !dates && !gone("rrule") {
            fault(
                "rrule",
                format!("`{}` says nothing about when it is", dotted(base)),
                "write `rrule` with `start` and `end`, or `dates`",
            );
        }
        return;
    };
    for key in ["start", "end"] {
        if text(key).is_none() && !gone(key) {
            let example = if key == "start" {
                "add `start = \"2026-01-01T09:00\"`, the first start"
            } else {
                "add `end = \"17:00\"` or a length such as `end = \"8h\"`"
            };
            fault(
                "rrule",
                format!("`{}` has a rule without `{key}`", dotted(base)),
                example,
            );
        }
    }
    let start = text("start").and_then(|s| s.parse::<LocalTime>().ok());
    let Some(LocalTime(start)) = start else {
        return;
    };
    if let Some((key, message, hint)) = never(rule, start) {
        fault(key, format!("`{}`: {message}", dotted(&path(key))), &hint);
    }
}

/// What is wrong with a rule from its start on: the key that is to blame, what, and what to write instead.
fn never(rule: &str, start: DateTime) -> Option<(&'static str, String, String)> {
    match Recurrence::parse(rule, start) {
        Err(bad) => Some(("start", bad.what, bad.hint)),
        Ok(rule) if !rule.occurs() => Some((
            "rrule",
            "this rule never comes".to_owned(),
            "write days that exist".to_owned(),
        )),
        Ok(_) => None,
    }
}

fn scope(merged: &Merged, base: &[&str; 3], found: &mut Vec<Diagnostic>) {
    let services = merged.names(&["services"]);
    let of = |key| -> Vec<String> {
        let path: Vec<&str> = base.iter().copied().chain(["scope", key]).collect();
        merged.texts(&path)
    };
    let named = of("service");
    let meant: Vec<&String> = services
        .iter()
        .filter(|s| !named.iter().any(|n| services.contains(n)) || named.contains(s))
        .collect();
    let each = |list: &dyn Fn(&str) -> Vec<String>| -> Vec<String> {
        meant.iter().flat_map(|s| list(s.as_str())).collect()
    };
    let envs = each(&|s| merged.texts(&["services", s, "environments"]));
    let tags = each(&|s| merged.texts(&["services", s, "tags"]));
    for (key, what, known) in [
        ("service", "service", &services),
        ("env", "environment", &envs),
        ("tags", "tag of a service", &tags),
    ] {
        for (nth, name) in of(key).iter().enumerate() {
            if known.contains(name) {
                continue;
            }
            let nth = nth.to_string();
            let path: Vec<&str> = base.iter().copied().chain(["scope", key, &nth]).collect();
            let hint = match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if known.is_empty() => format!("there is no {what} yet"),
                None => {
                    let mut all = known.clone();
                    all.sort();
                    all.dedup();
                    format!("known: {}", all.join(", "))
                }
            };
            found.push(
                Diagnostic::new(
                    &merged.place(&path),
                    format!(
                        "`{}` names {}, but there is no such {what}",
                        dotted(&path),
                        quoted(name)
                    ),
                )
                .hint(hint),
            );
        }
    }
}
