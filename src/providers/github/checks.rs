//! The checks of a commit: check runs and commit statuses, each once. Fine-grained tokens cannot read check runs; then the
//! workflow runs of the commit stand in, and what is missing is said with the permission that would help. The combined
//! state of the statuses is never used: without any status it says `pending` for ever.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;

use super::client::GitHub;
use super::runs::repo_path;
use super::wire::{address, array, each, number, raw, text, time};
use crate::domain::ids::{CommitSha, RepoSlug};
use crate::domain::release::{CheckItem, CheckState, Checks};
use crate::domain::text::Safe;
use crate::providers::error::{ErrorKind, ProviderError};

/// Pages of 100.
const PAGES: usize = 10;

impl GitHub {
    pub(super) async fn all_checks(
        &self,
        repo: &RepoSlug,
        sha: &CommitSha,
    ) -> Result<Checks, ProviderError> {
        let base = format!("{}/commits/{sha}", repo_path(repo));
        let mut checks = Checks {
            sha: sha.clone(),
            items: Vec::new(),
            missing: Vec::new(),
        };
        let runs = self.list(
            format!("{base}/check-runs?filter=latest&per_page=100"),
            "check_runs",
            check_run,
        );
        let statuses = self.list(format!("{base}/status?per_page=100"), "statuses", status);
        let (runs, statuses) = tokio::join!(runs, statuses);
        // Where one of the two answers, the commit is there, and "not found" for the other means "not permitted".
        let known = runs.is_ok() || statuses.is_ok();
        let refused = |e: &ProviderError| {
            matches!(e.kind, ErrorKind::Forbidden { .. })
                || (known && e.kind == ErrorKind::NotFound)
        };
        let mut answered = false;
        match runs {
            Ok(list) => {
                answered = true;
                list.add_to(&mut checks, "check runs");
            }
            Err(e) if refused(&e) => {
                checks
                    .missing
                    .push(lacking("check runs", &e, "Checks: read"));
                let path = format!(
                    "{}/actions/runs?head_sha={sha}&per_page=100",
                    repo_path(repo)
                );
                match self.list(path, "workflow_runs", workflow_run).await {
                    Ok(list) => {
                        answered = true;
                        list.add_to(&mut checks, "workflow runs");
                    }
                    Err(e) if refused(&e) => {
                        checks
                            .missing
                            .push(lacking("workflow runs", &e, "Actions: read"));
                    }
                    Err(e) => return Err(e),
                }
            }
            Err(e) => return Err(e),
        }
        match statuses {
            Ok(list) => list.add_to(&mut checks, "commit statuses"),
            Err(e) if refused(&e) && answered => {
                checks
                    .missing
                    .push(lacking("commit statuses", &e, "Commit statuses: read"));
            }
            Err(e) => return Err(e),
        }
        checks
            .items
            .sort_by(|a, b| (&a.app, &a.name).cmp(&(&b.app, &b.name)));
        Ok(checks)
    }

    async fn list(
        &self,
        path: String,
        key: &str,
        read: fn(&Value) -> Option<Keyed>,
    ) -> Result<List, ProviderError> {
        let (pages, more) = self.pages(self.url(&path), PAGES).await?;
        let mut list = List {
            newest: HashMap::new(),
            left_out: 0,
            more,
        };
        for page in &pages {
            let (items, bad) = each(array(page, key).map_or(&[][..], Vec::as_slice), read);
            list.left_out += bad;
            for item in items {
                list.take(item);
            }
        }
        Ok(list)
    }
}

/// A check with what tells it from others and how new it is.
struct Keyed {
    key: (String, String),
    age: (Option<Timestamp>, u64),
    item: CheckItem,
}

struct List {
    newest: HashMap<(String, String), Keyed>,
    left_out: usize,
    more: bool,
}

impl List {
    /// Of several with the same app and name the newest counts.
    fn take(&mut self, new: Keyed) {
        let older = |old: &Keyed| old.age >= new.age;
        if !self.newest.get(&new.key).is_some_and(older) {
            self.newest.insert(new.key.clone(), new);
        }
    }

    fn add_to(self, checks: &mut Checks, what: &str) {
        if self.left_out > 0 {
            let words = format!("{what}: {} could not be read", self.left_out);
            checks.missing.push(Safe::new(&words));
        }
        if self.more {
            checks.missing.push(Safe::new(&format!(
                "{what}: there are more than could be read"
            )));
        }
        checks
            .items
            .extend(self.newest.into_values().map(|k| k.item));
    }
}

fn lacking(what: &str, error: &ProviderError, usual: &str) -> Safe {
    let permission = match &error.kind {
        ErrorKind::Forbidden {
            permission: Some(p),
            ..
        } => p.as_str(),
        _ => usual,
    };
    Safe::new(&format!(
        "{what}: the token lacks the permission {permission}"
    ))
}

fn check_run(item: &Value) -> Option<Keyed> {
    let name = text(item, "name")?;
    let app = item.get("app");
    let shown = app.and_then(|a| text(a, "name").or_else(|| text(a, "slug")));
    let id = app
        .and_then(|a| number(a, "id").map(|n| n.to_string()))
        .or_else(|| shown.as_ref().map(ToString::to_string))
        .unwrap_or_default();
    Some(Keyed {
        key: (id, name.to_string()),
        age: (time(item, "started_at"), number(item, "id").unwrap_or(0)),
        item: CheckItem {
            name,
            // An app without a name is an app all the same: none would make it a commit status.
            app: Some(shown.unwrap_or_else(|| Safe::new("unknown app"))),
            state: run_state(item),
            summary: item.get("output").and_then(|o| text(o, "title")),
            at: time(item, "completed_at").or_else(|| time(item, "started_at")),
            url: address(item, "html_url").or_else(|| address(item, "details_url")),
        },
    })
}

fn workflow_run(item: &Value) -> Option<Keyed> {
    let name = text(item, "name").or_else(|| text(item, "path"))?;
    Some(Keyed {
        key: (
            raw(item, "event").unwrap_or_default().to_owned(),
            name.to_string(),
        ),
        age: (
            time(item, "run_started_at").or_else(|| time(item, "created_at")),
            number(item, "id").unwrap_or(0),
        ),
        item: CheckItem {
            name,
            app: Some(Safe::new("GitHub Actions")),
            state: run_state(item),
            summary: text(item, "display_title"),
            at: time(item, "updated_at"),
            url: address(item, "html_url"),
        },
    })
}

/// The state of a check run or workflow run. Only a known good end counts as passed.
fn run_state(item: &Value) -> CheckState {
    match raw(item, "status") {
        Some("completed") => match raw(item, "conclusion") {
            Some("success" | "neutral") => CheckState::Passed,
            Some("skipped") => CheckState::Skipped,
            Some("failure" | "timed_out" | "cancelled" | "startup_failure") => CheckState::Failed,
            Some("action_required") => CheckState::Running,
            _ => CheckState::Unknown,
        },
        Some("queued" | "in_progress" | "waiting" | "requested" | "pending") => CheckState::Running,
        _ => CheckState::Unknown,
    }
}

fn status(item: &Value) -> Option<Keyed> {
    let name = text(item, "context")?;
    let at = time(item, "updated_at").or_else(|| time(item, "created_at"));
    Some(Keyed {
        // Contexts do not differ by case.
        key: (String::new(), name.as_str().to_lowercase()),
        age: (at, number(item, "id").unwrap_or(0)),
        item: CheckItem {
            name,
            app: None,
            state: match raw(item, "state") {
                Some("success") => CheckState::Passed,
                Some("failure" | "error") => CheckState::Failed,
                Some("pending" | "expected") => CheckState::Running,
                _ => CheckState::Unknown,
            },
            summary: text(item, "description"),
            at,
            url: address(item, "target_url"),
        },
    })
}
