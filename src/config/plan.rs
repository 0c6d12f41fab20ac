//! The plan file: releases that people have planned, each with its place.

use std::path::Path;

use super::diagnostic::{Diagnostic, quoted, shown_path};
use super::document::PLAN;
use super::file::{self, Read};
use super::merge::Merged;
use super::schema::{Node, nearest};
use super::strict::{Strict, missing};
use super::tree::{Layer, Place, Table, Value, dotted, find};
use super::values::AnyTime;
use crate::domain::calendar::rule::ReleaseKind;

/// A planned release, as written.
#[derive(Debug, Clone)]
pub struct PlannedConfig {
    /// Its id.
    pub id: String,
    /// The service's id; it exists.
    pub service: String,
    /// The environment's id; the service has it.
    pub environment: String,
    /// The version.
    pub version: String,
    /// When.
    pub at: AnyTime,
    /// Its kind.
    pub kind: Option<ReleaseKind>,
    /// Where it was written.
    pub place: Place,
}

/// What came of reading the plan.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) releases: Vec<PlannedConfig>,
    pub(crate) faults: Vec<Diagnostic>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Reads the plan that the configuration names. A plan that is not there is only a warning: nothing is planned.
pub(crate) fn read(merged: &Merged, root: Option<&Path>, cwd: &Path) -> Plan {
    let path = ["calendar", "plan"];
    let mut plan = Plan::default();
    let Some(name) = merged.text(&path) else {
        return plan;
    };
    let named = merged.place(&path);
    let base = match &named {
        Place::File(source, _) if source.layer == Layer::Project => root.unwrap_or(cwd),
        Place::File(source, _) => source.path.parent().unwrap_or(cwd),
        _ => cwd,
    };
    let file = base.join(name);
    match file::read(&file, Layer::Project) {
        Read::Missing => plan.warnings.push(
            Diagnostic::new(
                &named,
                format!("`calendar.plan`: there is no file {}", shown_path(&file)),
            )
            .hint("write the planned releases there, or leave the key out"),
        ),
        Read::Broken(faults) => plan.faults.extend(faults),
        Read::Parsed(source, mut table) => {
            let mut strict = Strict::new(base, None);
            strict.table(&PLAN, &mut table, &mut Vec::new());
            source.masks.get_or_init(|| strict.masks);
            plan.faults.extend(strict.faults);
            if let Some(Value::Table(all)) = find(&table, &["releases"]).map(|i| &i.value) {
                for (id, item) in all {
                    if let Value::Table(entry) = &item.value {
                        let full = ["releases".to_owned(), id.clone()];
                        if let Some(Node::Keyed(keyed)) = PLAN.child("releases").map(|c| c.0) {
                            for key in keyed.entry.keys().iter().filter(|key| key.required) {
                                let dropped = strict.dropped.iter().any(|gone| {
                                    gone.split_last().is_some_and(|(last, rest)| {
                                        *last == key.name && rest == full
                                    })
                                });
                                if find(entry, &[key.name]).is_none() && !dropped {
                                    plan.faults.push(missing(&item.key, &full, key));
                                }
                            }
                        }
                        if known(merged, id, entry, &mut plan.faults) {
                            plan.releases.extend(release(id, entry, &item.key));
                        }
                    }
                }
            }
        }
    }
    plan
}

fn text<'a>(entry: &'a Table, key: &str) -> Option<&'a str> {
    match &find(entry, &[key])?.value {
        Value::Text(text) | Value::Moment(text) => Some(text),
        _ => None,
    }
}

fn release(id: &str, entry: &Table, place: &Place) -> Option<PlannedConfig> {
    Some(PlannedConfig {
        id: id.to_owned(),
        service: text(entry, "service")?.to_owned(),
        environment: text(entry, "environment")?.to_owned(),
        version: text(entry, "version")?.to_owned(),
        at: text(entry, "at")?.parse().ok()?,
        kind: text(entry, "kind").and_then(|kind| {
            serde_json::from_value(serde_json::Value::String(kind.to_owned())).ok()
        }),
        place: place.clone(),
    })
}

/// The service and its environment must exist.
fn known(merged: &Merged, id: &str, entry: &Table, faults: &mut Vec<Diagnostic>) -> bool {
    let Some(service) = text(entry, "service") else {
        return true;
    };
    let services = merged.names(&["services"]);
    let (key, name, known) = if services.iter().any(|s| s == service) {
        let Some(env) = text(entry, "environment") else {
            return true;
        };
        let known = merged.texts(&["services", service, "environments"]);
        if known.iter().any(|e| e == env) {
            return true;
        }
        ("environment", env, known)
    } else {
        ("service", service, services)
    };
    let hint = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("known: {}", known.join(", ")),
    };
    let place = find(entry, &[key]).map_or(Place::Default, |item| item.at.clone());
    faults.push(
        Diagnostic::new(
            &place,
            format!(
                "`{}` names {}, but there is no such {key}",
                dotted(&["releases", id, key]),
                quoted(name)
            ),
        )
        .hint(hint),
    );
    false
}
