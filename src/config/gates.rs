//! The typed tree of `[gates]`, and what only the whole shows of them.

use config::ValueKind;
use serde::Deserialize;

use super::diagnostic::{Diagnostic, quoted};
use super::merge::Merged;
use super::schema::nearest;
use super::tree::dotted;
use super::values::{InputValue, Period};

/// A gate: exactly one of the kinds is there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateConfig {
    /// When it is looked at.
    pub stage: GateStage,
    /// Required, or advisory.
    #[serde(default = "yes")]
    pub required: bool,
    /// How long its evidence counts.
    pub valid_for: Option<Period>,
    /// When it is asked.
    #[serde(default)]
    pub when: WhenConfig,
    /// Checks and statuses.
    pub checks: Option<ChecksConfig>,
    /// Reviews.
    pub approvals: Option<ApprovalsConfig>,
    /// A way back.
    pub rollback_plan: Option<NoKeys>,
    /// The calendar.
    pub window: Option<NoKeys>,
    /// A value on the web.
    pub http: Option<HttpConfig>,
    /// Sign-offs.
    pub manual: Option<ManualConfig>,
}

/// A table without keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoKeys {}

/// When in a release a gate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateStage {
    /// While it is planned.
    Plan,
    /// While it is tested.
    Test,
    /// While the deploy is prepared.
    Prepare,
    /// When it is deployed.
    Deploy,
}

/// When a gate is asked; an empty list: always.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhenConfig {
    /// For these kinds of release.
    #[serde(default)]
    pub kind: Vec<ReleaseWord>,
    /// In these environments.
    #[serde(default)]
    pub env: Vec<String>,
}

/// A kind of release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseWord {
    /// The first number rises.
    Major,
    /// The second.
    Minor,
    /// A later one.
    Patch,
}

/// `checks`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecksConfig {
    /// Must have reported, and pass.
    #[serde(default)]
    pub require: Vec<String>,
    /// May fail.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Not looked at.
    #[serde(default)]
    pub hide: Vec<String>,
    /// Whether the rest must pass as well.
    #[serde(default = "yes")]
    pub blocking: bool,
}

/// `approvals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalsConfig {
    /// Of each pull request, its author not counted.
    pub min: u32,
}

/// `http`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// The address, with variables.
    pub get: String,
    /// The `JSONPath`.
    pub path: String,
    /// How several values become one.
    #[serde(default)]
    pub reduce: Reduce,
    /// Not less.
    pub at_least: Option<f64>,
    /// Not more.
    pub at_most: Option<f64>,
    /// Exactly this.
    pub equals: Option<InputValue>,
    /// The unit.
    pub unit: Option<String>,
}

/// How several values become one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduce {
    /// The first.
    #[default]
    First,
    /// How many.
    Count,
    /// Their sum.
    Sum,
    /// The greatest.
    Max,
}

/// `manual`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManualConfig {
    /// Who signs; empty: anybody, once.
    #[serde(default)]
    pub slots: Vec<String>,
    /// Whether authors may not.
    #[serde(default)]
    pub bar_authors: bool,
}

fn yes() -> bool {
    true
}

/// Contradictions in gates.
pub(crate) fn cross(merged: &Merged, services: &[String]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for id in merged.names(&["gates"]) {
        checks(merged, &id, &mut found);
        http(merged, &id, &mut found);
        environments(merged, &id, services, &mut found);
    }
    found
}

/// A gate that asks nothing would never pass: say so instead of leaving it pending for ever.
fn checks(merged: &Merged, id: &str, found: &mut Vec<Diagnostic>) {
    let path = ["gates", id, "checks"];
    let silent = merged
        .get(&["gates", id, "checks", "blocking"])
        .is_some_and(|v| matches!(v.kind, ValueKind::Boolean(false)));
    if silent && merged.texts(&["gates", id, "checks", "require"]).is_empty() {
        found.push(
            Diagnostic::new(
                &merged.place(&["gates", id, "checks", "blocking"]),
                format!(
                    "`{}` requires nothing, so it would never pass",
                    dotted(&path)
                ),
            )
            .hint("name the checks that must pass in `require`, or leave `blocking` out"),
        );
    }
}

fn http(merged: &Merged, id: &str, found: &mut Vec<Diagnostic>) {
    let has = |key: &str| {
        merged
            .get(&["gates", id, "http", key])
            .is_some_and(|v| !matches!(v.kind, ValueKind::Nil))
    };
    if !has("get") {
        return;
    }
    let path = ["gates", id, "http"];
    let place = merged.place(&path);
    let exact = has("equals");
    let bounds = has("at_least") || has("at_most");
    if !exact && !bounds {
        found.push(
            Diagnostic::new(
                &place,
                format!("`{}` does not say what is wanted", dotted(&path)),
            )
            .hint("add at_least, at_most or equals"),
        );
    } else if exact && bounds {
        found.push(
            Diagnostic::new(
                &merged.place(&["gates", id, "http", "equals"]),
                format!("`{}` has both `equals` and bounds", dotted(&path)),
            )
            .hint("keep `equals`, or at_least and at_most"),
        );
    }
    let reduce = merged.text(&["gates", id, "http", "reduce"]);
    let word = merged
        .get(&["gates", id, "http", "equals"])
        .is_some_and(|v| matches!(v.kind, ValueKind::String(_) | ValueKind::Boolean(_)));
    if let Some(reduce) = reduce.filter(|r| word && *r != "first") {
        found.push(
            Diagnostic::new(
                &merged.place(&["gates", id, "http", "equals"]),
                format!(
                    "`{}`: `{reduce}` gives a number, which never equals a text",
                    dotted(&path)
                ),
            )
            .hint("write a number, or reduce = \"first\""),
        );
    }
}

fn environments(merged: &Merged, id: &str, services: &[String], found: &mut Vec<Diagnostic>) {
    if services.is_empty() {
        return;
    }
    let known: Vec<String> = services
        .iter()
        .flat_map(|service| merged.texts(&["services", service, "environments"]))
        .collect();
    let path = ["gates", id, "when", "env"];
    for (nth, name) in merged.texts(&path).iter().enumerate() {
        if known.contains(name) {
            continue;
        }
        let nth = nth.to_string();
        let hint = nearest(name, known.iter().map(String::as_str)).map_or_else(
            || format!("known: {}", known.join(", ")),
            |near| format!("did you mean \"{near}\"?"),
        );
        found.push(
            Diagnostic::new(
                &merged.place(&["gates", id, "when", "env", &nth]),
                format!(
                    "`{}` names {}, but there is no such environment",
                    dotted(&path),
                    quoted(name)
                ),
            )
            .hint(hint),
        );
    }
}
