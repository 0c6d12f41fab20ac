//! What only the merged layers can show: keys that lack, names that lead nowhere, settings that contradict each other.

use config::ValueKind;

use super::diagnostic::{Diagnostic, quoted};
use super::document::ROOT;
use super::kind::{query_variables, unknown_variable, variables};
use super::merge::Merged;
use super::schema::{Node, nearest};
use super::strict::missing;
use super::tree::{Place, dotted};
use super::values::Period;

/// Required keys that no layer has; `dropped` are those that were there but wrong, so already told.
pub(crate) fn required(merged: &Merged, dropped: &[Vec<String>]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk(&ROOT, merged, &mut Vec::new(), dropped, &mut found);
    found
}

fn walk(
    node: &Node,
    merged: &Merged,
    path: &mut Vec<String>,
    dropped: &[Vec<String>],
    found: &mut Vec<Diagnostic>,
) {
    let at: Vec<&str> = path.iter().map(String::as_str).collect();
    let names = merged.names(&at);
    // Choices need their keys at once, in one layer: the strict check has seen to that.
    if let Node::Table(keys) = node {
        for key in keys
            .iter()
            .filter(|key| key.required && !names.iter().any(|name| name == key.name))
        {
            let mut full = path.clone();
            full.push(key.name.to_owned());
            if !dropped.contains(&full) {
                found.push(missing(&merged.place(&at), path, key));
            }
        }
    }
    for name in names {
        if let Some((child, _)) = node.child(&name)
            && !matches!(child, Node::Leaf(_) | Node::Token | Node::Choice(_))
        {
            path.push(name);
            walk(&child, merged, path, dropped, found);
            path.pop();
        }
    }
}

/// All contradictions between keys.
pub(crate) fn cross(merged: &Merged, dropped: &[Vec<String>]) -> Vec<Diagnostic> {
    let mut c = Cross {
        merged,
        dropped,
        found: Vec::new(),
    };
    let services = merged.names(&["services"]);
    for id in &services {
        c.service(id, &services);
    }
    c.default_signals(&services);
    c.ui(&services);
    c.clock();
    c.verdict();
    let mut found = c.found;
    found.extend(super::gates::cross(merged, &services));
    found
}

/// Plain http to another machine shows tokens to whoever listens: a warning, since some networks are closed.
pub(crate) fn warnings(merged: &Merged) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (table, key) in [("github", "api"), ("github", "graphql"), ("metrics", "url")] {
        for name in merged.names(&[table]) {
            let path = [table, name.as_str(), key];
            let url = merged
                .text(&path)
                .and_then(|text| text.parse::<super::values::ServerUrl>().ok());
            let secret = table == "github"
                || merged.get(&[table, &name, "auth"]).is_some()
                || merged.get(&[table, &name, "headers"]).is_some();
            if secret && url.is_some_and(|url| url.url().scheme() == "http" && !url.is_loopback()) {
                found.push(
                    Diagnostic::new(
                        &merged.place(&path),
                        format!("`{}` sends secrets over plain http", dotted(&path)),
                    )
                    .hint("write https"),
                );
            }
        }
    }
    found
}

struct Cross<'a> {
    merged: &'a Merged,
    dropped: &'a [Vec<String>],
    found: Vec<Diagnostic>,
}

impl Cross<'_> {
    fn fault(&mut self, path: &[&str], message: String, hint: String) {
        self.found
            .push(Diagnostic::new(&self.merged.place(path), message).hint(hint));
    }

    fn was_dropped(&self, path: &[&str]) -> bool {
        self.dropped
            .iter()
            .any(|gone| gone.iter().map(String::as_str).eq(path.iter().copied()))
    }

    /// The name at `path` must be one of `known`.
    fn names(&mut self, path: &[&str], name: &str, what: &str, known: &[String], table: &str) {
        if known.iter().any(|k| k == name) || self.was_dropped(&[table, name]) {
            return;
        }
        let hint = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => format!("there is no {what} yet: write [{table}.{name}]"),
            None => format!("known: {}; or write [{table}.{name}]", known.join(", ")),
        };
        self.fault(
            path,
            format!(
                "`{}` names {}, but there is no such {what}",
                dotted(path),
                quoted(name)
            ),
            hint,
        );
    }

    fn service(&mut self, id: &str, services: &[String]) {
        for (key, table, what) in [
            ("github", "github", "GitHub source"),
            ("metrics", "metrics", "metrics source"),
        ] {
            let path = ["services", id, key];
            if let Some(name) = self.merged.text(&path) {
                let known = self.merged.names(&[table]);
                self.names(&path, name, what, &known, table);
            }
        }
        for (nth, name) in self
            .merged
            .texts(&["services", id, "needs"])
            .iter()
            .enumerate()
        {
            let nth = nth.to_string();
            let path = ["services", id, "needs", nth.as_str()];
            if name == id {
                self.fault(
                    &path,
                    format!("`{id}` needs itself"),
                    "take it out of the list".to_owned(),
                );
            } else {
                self.names(
                    &["services", id, "needs", &nth],
                    name,
                    "service",
                    services,
                    "services",
                );
            }
        }
        let environments = self.merged.texts(&["services", id, "environments"]);
        let tables = self.merged.names(&["services", id, "env"]);
        if !self.was_dropped(&["services", id, "environments"]) && !environments.is_empty() {
            for env in tables.iter().filter(|env| !environments.contains(env)) {
                let hint = nearest(env, environments.iter().map(String::as_str)).map_or_else(
                    || format!("add \"{env}\" to `services.{id}.environments`, where it belongs in the order"),
                    |near| format!("did you mean [services.{id}.env.{near}]? Else add \"{env}\" to `services.{id}.environments`"),
                );
                self.fault(
                    &["services", id, "env", env],
                    format!("`{env}` is not in `services.{id}.environments`"),
                    hint,
                );
            }
        }
        for env in &tables {
            self.ladder(id, env);
        }
        let labels = self.merged.names(&["services", id, "labels"]);
        for query in queries() {
            let mut path = vec!["services", id, "signals"];
            path.extend(query);
            self.query(&path, &labels);
        }
    }

    /// GitHub repeats no run that is older than 30 days, so a longer limit would promise what can't be held.
    fn max_age(&mut self, path: &[&str]) {
        let age = self
            .merged
            .text(path)
            .and_then(|t| t.parse::<Period>().ok());
        let Some(Period(age)) = age else {
            return;
        };
        if age > crate::domain::rollback::rerun::GITHUB_LIMIT {
            self.fault(
                path,
                format!(
                    "`{}` is more than 30 days, but GitHub repeats no run that is older",
                    dotted(path)
                ),
                "write \"30d\" or less".to_owned(),
            );
        }
    }

    fn ladder(&mut self, id: &str, env: &str) {
        let base = ["services", id, "env", env, "rollback"];
        let ways = self.merged.names(&[&base[..], &["way"]].concat());
        for way in &ways {
            self.max_age(&[&base[..], &["way", way, "github_rerun", "max_age"]].concat());
        }
        let ladder = self.merged.texts(&[&base[..], &["ladder"]].concat());
        for (nth, name) in ladder.iter().enumerate() {
            let nth = nth.to_string();
            let path = [&base[..], &["ladder", &nth]].concat();
            if ways.contains(name) || self.was_dropped(&[&base[..], &["way", name]].concat()) {
                continue;
            }
            let hint = nearest(name, ways.iter().map(String::as_str)).map_or_else(
                || {
                    format!(
                        "write [{}.way] with `{name} = {{ .. }}` below",
                        base.join(".")
                    )
                },
                |near| format!("did you mean \"{near}\"?"),
            );
            self.fault(
                &path,
                format!(
                    "the ladder names {}, but there is no such way back",
                    quoted(name)
                ),
                hint,
            );
        }
    }

    fn query(&mut self, path: &[&str], labels: &[String]) {
        let Some(text) = self.merged.text(path) else {
            return;
        };
        let unknown = variables(text, |name| {
            query_variables(labels).any(|known| known == name)
        });
        if let Some(name) = unknown
            && let Err((message, hint)) = unknown_variable::<()>(name, query_variables(labels))
        {
            self.fault(
                path,
                format!("`{}`: {message}", dotted(path)),
                format!("{hint}; or add it to the service's `labels`"),
            );
        }
    }

    /// A variable in a default query must be a label of each service that uses this query.
    fn default_signals(&mut self, services: &[String]) {
        for query in queries() {
            let path: Vec<&str> = ["defaults", "signals"]
                .into_iter()
                .chain(query.iter().copied())
                .collect();
            if services.is_empty() {
                self.query(&path, &[]);
                continue;
            }
            for id in services {
                let own: Vec<&str> = ["services", id, "signals"]
                    .into_iter()
                    .chain(query.iter().copied())
                    .collect();
                let before = self.found.len();
                if self.merged.get(&own).is_none() {
                    self.query(&path, &self.merged.names(&["services", id, "labels"]));
                }
                if self.found.len() > before {
                    // One service is enough to show the fault.
                    break;
                }
            }
        }
    }

    fn ui(&mut self, services: &[String]) {
        let service = self.merged.text(&["ui", "service"]);
        if let Some(name) = service {
            self.names(&["ui", "service"], name, "service", services, "services");
        }
        let Some(env) = self.merged.text(&["ui", "env"]) else {
            return;
        };
        if service.is_some_and(|name| !services.iter().any(|known| known == name)) {
            return;
        }
        let of: Vec<&str> = service.map_or_else(
            || services.iter().map(String::as_str).collect(),
            |one| vec![one],
        );
        let known: Vec<String> = of
            .iter()
            .flat_map(|id| self.merged.texts(&["services", id, "environments"]))
            .collect();
        if !known.iter().any(|name| name == env) {
            let hint = match nearest(env, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if known.is_empty() => "there is no environment yet".to_owned(),
                None => format!("known: {}", known.join(", ")),
            };
            self.fault(
                &["ui", "env"],
                format!(
                    "`ui.env` names {}, but there is no such environment",
                    quoted(env)
                ),
                hint,
            );
        }
    }

    fn verdict(&mut self) {
        let period = |key| -> Option<Period> {
            self.merged
                .text(&["defaults", "verdict", key])?
                .parse()
                .ok()
        };
        if let (Some(warm_up), Some(horizon)) = (period("warm_up"), period("horizon"))
            && warm_up >= horizon
        {
            // The one that somebody wrote is to blame.
            let written = ["horizon", "warm_up"]
                .into_iter()
                .find(|key| {
                    !matches!(
                        self.merged.place(&["defaults", "verdict", key]),
                        Place::Default
                    )
                })
                .unwrap_or("warm_up");
            self.fault(
                &["defaults", "verdict", written],
                "`defaults.verdict.warm_up` is not shorter than `horizon`, so there would never be a verdict".to_owned(),
                "write a shorter `warm_up` or a longer `horizon`".to_owned(),
            );
        }
    }

    fn clock(&mut self) {
        let has = |key| {
            self.merged
                .get(&["clock", key])
                .is_some_and(|v| !matches!(v.kind, ValueKind::Nil))
        };
        let (there, lacks) = match (has("at"), has("real_at")) {
            (true, false) => ("at", "real_at"),
            (false, true) => ("real_at", "at"),
            _ => return,
        };
        if !self.was_dropped(&["clock", lacks]) {
            self.fault(
                &["clock", there],
                format!("`clock.{there}` is there without `clock.{lacks}`"),
                "write both, or none".to_owned(),
            );
        }
    }
}

fn queries() -> [Vec<&'static str>; 3] {
    [vec!["requests"], vec!["errors"], vec!["latency", "buckets"]]
}
