//! Check runs and commit statuses: made from the commit's id when asked, always green on what is released.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::json::{WEB, maybe, node, owner, repo_url, short_repo, time};
use super::reply::{Ask, Reply, counted};
use crate::demo::catalog::{self, OWNER};
use crate::demo::model::{Commit, Repo};
use crate::demo::num;
use crate::demo::rng::{self, Rng};

const GROUPS: [(&str, u64); 7] = [
    ("build", 4),
    ("test unit", 12),
    ("test integration", 8),
    ("e2e", 8),
    ("lint", 3),
    ("security", 4),
    ("docs", 3),
];

/// The checks that the branch requires.
pub(crate) const REQUIRED: [&str; 2] = ["build 1/4", "test unit 1/12"];

/// A check run: its name, when it started and how it ended.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) started: Timestamp,
    pub(crate) completed: Timestamp,
    pub(crate) conclusion: &'static str,
}

fn later(at: Timestamp, seconds: u64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(
        i64::try_from(seconds).unwrap_or(0),
    ))
    .unwrap_or(at)
}

/// The check runs of a commit.
pub(crate) fn checks(repo: &Repo, commit: &Commit) -> Vec<Check> {
    let wanted = catalog::service(repo.name).map_or(0, |s| s.checks);
    let mut rng = Rng::new(rng::key(&commit.sha), &[2]);
    let first = 40_000_000_000 + rng.int(0, 99_999) * 1_000;
    let names = GROUPS
        .iter()
        .flat_map(|(group, parts)| (1..=*parts).map(move |n| format!("{group} {n}/{parts}")));
    names
        .take(wanted)
        .zip(first..)
        .map(|(name, id)| {
            let started = later(commit.committed, rng.int(3, 40));
            let completed = later(started, rng.int(20, 300));
            let conclusion = if name.starts_with("docs") && rng.chance(0.3) {
                "skipped"
            } else {
                "success"
            };
            Check {
                id,
                name,
                started,
                completed,
                conclusion,
            }
        })
        .collect()
}

/// A commit status: context, state and description.
pub(crate) fn statuses(repo: &Repo, commit: &Commit) -> Vec<(&'static str, &'static str, String)> {
    if !catalog::service(repo.name).is_some_and(|s| s.statuses) {
        return Vec::new();
    }
    let mut rng = Rng::new(rng::key(&commit.sha), &[3]);
    vec![
        (
            "codecov/project",
            "success",
            format!("{:.1} % (target 80 %)", rng.between(81.0, 89.0)),
        ),
        (
            "security/scan",
            "success",
            format!("0 critical, {} high", rng.int(0, 4)),
        ),
        (
            "licence/cla",
            "success",
            "All contributors have signed".to_owned(),
        ),
    ]
}

fn check(base: &str, repo: &Repo, commit: &Commit, check: &Check, now: Timestamp) -> Value {
    let url = format!("{}/check-runs/{}", repo_url(base, repo), check.id);
    let done = now >= check.completed;
    let status = if done {
        "completed"
    } else if now >= check.started {
        "in_progress"
    } else {
        "queued"
    };
    let html = format!("{WEB}/{OWNER}/{}/runs/{}", repo.name, check.id);
    json!({
        "id": check.id, "node_id": node("CR", check.id), "head_sha": commit.sha, "name": check.name, "external_id": "",
        "url": url, "html_url": html, "details_url": html, "status": status,
        "conclusion": done.then_some(check.conclusion), "started_at": maybe((now >= check.started).then_some(check.started)),
        "completed_at": maybe(done.then_some(check.completed)), "check_suite": { "id": check.id / 1_000 },
        "output": {
            "title": null, "summary": null, "text": null, "annotations_count": 0,
            "annotations_url": format!("{url}/annotations"),
        },
        "app": {
            "id": 15_368, "node_id": "A_kwHO15368", "slug": "github-actions", "owner": owner(base), "name": "GitHub Actions",
            "description": null, "external_url": "https://help.github.example", "html_url": format!("{WEB}/apps/github-actions"),
            "created_at": time(repo.created), "updated_at": time(repo.created), "permissions": { "checks": "write", "metadata": "read" }, "events": [],
        },
        "pull_requests": [],
    })
}

/// The check runs of a commit, as a page.
pub(crate) fn check_runs(ask: &Ask, repo: &Repo, commit: &Commit, now: Timestamp) -> Reply {
    let name = ask.param("check_name");
    let found = checks(repo, commit)
        .into_iter()
        .filter(|c| name.is_none_or(|n| n == c.name))
        .collect();
    counted(ask, "check_runs", found, |c: Check| {
        check(&ask.base, repo, commit, &c, now)
    })
}

/// The combined status of a commit. Without any status it is `pending`, as on GitHub.
pub(crate) fn status(ask: &Ask, repo: &Repo, commit: &Commit) -> Reply {
    let statuses = statuses(repo, commit);
    let url = format!("{}/commits/{}", repo_url(&ask.base, repo), commit.sha);
    let state = if statuses.is_empty() {
        "pending"
    } else {
        "success"
    };
    let total = statuses.len();
    let at = later(commit.committed, 400);
    let shown: Vec<Value> = statuses
        .into_iter()
        .zip(1..)
        .map(|((context, state, description), n)| {
            let id = 30_000_000_000 + rng::key(&commit.sha) % 1_000_000_000 + n;
            json!({
                "id": id, "node_id": node("SC", id), "context": context, "state": state, "description": description,
                "target_url": format!("{WEB}/{OWNER}/{}/commit/{}", repo.name, commit.sha), "avatar_url": null,
                "url": format!("{}/statuses/{}", repo_url(&ask.base, repo), commit.sha),
                "created_at": time(at), "updated_at": time(at),
            })
        })
        .skip((ask.number("page").unwrap_or(1).max(1) - 1).saturating_mul(ask.number("per_page").unwrap_or(30)))
        .take(ask.number("per_page").unwrap_or(30).clamp(1, 100))
        .collect();
    Reply::ok(json!({
        "state": state, "sha": commit.sha, "total_count": num::wide(total), "statuses": shown,
        "repository": short_repo(&ask.base, repo), "commit_url": url, "url": format!("{url}/status"),
    }))
}
