//! Where a change is: the machine's shape of `flightdeck where`, and the same in lines for people.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::table;
use super::verdict::SCHEMA;
use crate::domain::text::Safe;
use crate::domain::units::{Now, age};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhereReport {
    /// Version of this shape.
    pub schema: u32,
    /// What was asked for.
    #[serde(rename = "ref")]
    pub name: String,
    /// The commit that it is.
    pub sha: Option<String>,
    /// The first release that contains it.
    pub first_release: Option<FirstRelease>,
    /// Whether that is known: then none says that no release contains it yet.
    pub first_release_known: bool,
    /// The ladder of environments, in their order.
    pub environments: Vec<Rung>,
    /// What it waits for, where it is in no release and no environment.
    pub waiting_for: Option<String>,
    /// What one should know of the data.
    pub notes: Vec<String>,
    /// How old what is told may be; none: the past was never read to its end.
    pub as_of: Option<Timestamp>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstRelease {
    /// Its tag.
    pub tag: Safe,
    /// When it was made.
    pub at: Timestamp,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// The service.
    pub service: Option<String>,
    /// Its name.
    pub environment: String,
    /// Whether what runs there contains it; none: not known.
    pub contained: Option<bool>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// By which deployment.
    pub deployment: Option<Safe>,
    /// What it waits for.
    pub waiting_for: Option<String>,
}

impl WhereReport {
    /// An answer that is still to be filled.
    pub fn new(name: &str, as_of: Option<Timestamp>) -> Self {
        Self {
            schema: SCHEMA,
            name: Safe::new(name).as_str().to_owned(),
            sha: None,
            first_release: None,
            first_release_known: true,
            environments: Vec::new(),
            waiting_for: None,
            notes: Vec::new(),
            as_of,
        }
    }

    /// Whether it has arrived: in the last environment of every service, or in a release where nothing tells of environments.
    pub fn arrived(&self) -> bool {
        let all = &self.environments;
        // A service's rungs stand together.
        let after = all.iter().skip(1).map(Some).chain([None]);
        let mut last = all
            .iter()
            .zip(after)
            .filter(|(rung, next)| next.is_none_or(|n| n.service != rung.service));
        if all.is_empty() {
            self.first_release.is_some()
        } else {
            last.all(|(rung, _)| rung.contained == Some(true))
        }
    }

    /// For people.
    pub fn plain(&self, now: Now) -> String {
        let ago = |at: Timestamp| {
            let passed = now.since(at);
            let day = at.strftime("%Y-%m-%d %H:%M UTC");
            if passed.is_negative() {
                format!("{day}")
            } else {
                format!("{day} ({} ago)", age(passed))
            }
        };
        let mut rows = Vec::new();
        let sha = self.sha.as_deref().unwrap_or("no commit known");
        rows.push(vec![self.name.clone(), sha.to_owned()]);
        rows.push(if let Some(first) = &self.first_release {
            let tag = first.tag.to_string();
            vec!["first release".to_owned(), tag, ago(first.at)]
        } else {
            let known = self.first_release_known;
            let word = if known { "none yet" } else { "not known" };
            vec!["first release".to_owned(), word.to_owned()]
        });
        for rung in &self.environments {
            let place = rung.service.as_ref().map_or_else(
                || rung.environment.clone(),
                |s| format!("{s} ▸ {}", rung.environment),
            );
            let state = match rung.contained {
                Some(true) => "✔ live",
                Some(false) => "○ not yet",
                None => "? not known",
            };
            let mut more: Vec<String> = rung
                .since
                .map(|s| format!("since {}", ago(s)))
                .into_iter()
                .collect();
            more.extend(rung.deployment.as_ref().map(|d| format!("by {d}")));
            more.extend(rung.waiting_for.as_ref().map(|w| format!("waits for {w}")));
            rows.push(vec![place, state.to_owned(), more.join(", ")]);
        }
        let mut out = table(&rows);
        if let Some(what) = &self.waiting_for {
            let _ = writeln!(out, "waits for {what}");
        }
        for note in &self.notes {
            let _ = writeln!(out, "note: {note}");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(service: &str, environment: &str, contained: Option<bool>) -> Rung {
        Rung {
            service: Some(service.to_owned()),
            environment: environment.to_owned(),
            contained,
            since: None,
            deployment: None,
            waiting_for: None,
        }
    }

    #[test]
    fn it_has_arrived_where_every_service_runs_it_at_its_end() {
        let of = |rungs: &[(&str, &str, Option<bool>)]| {
            let mut report = WhereReport::new("#12", None);
            let rungs = rungs.iter().map(|(s, e, c)| rung(s, e, *c));
            report.environments.extend(rungs);
            report.arrived()
        };
        let (yes, no) = (Some(true), Some(false));
        assert!(of(&[("api", "staging", no), ("api", "production", yes)]));
        assert!(!of(&[("api", "staging", yes), ("api", "production", no)]));
        assert!(!of(&[
            ("api", "production", no),
            ("web", "production", yes)
        ]));
        assert!(!of(&[
            ("api", "production", None),
            ("web", "production", yes)
        ]));
        assert!(of(&[
            ("api", "production", yes),
            ("web", "production", yes)
        ]));
        assert!(!of(&[]));
    }
}
