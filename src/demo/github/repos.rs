//! REST: releases, tags, milestones, environments, deployments, branches, contents.

use serde_json::{Value, json};

use super::checks::REQUIRED;
use super::json::{WEB, commit, maybe, node, repo_url, time, user};
use super::protection;
use super::reply::{Ask, Reply, counted, list};
use crate::demo::catalog::OWNER;
use crate::demo::model::{Deployment, Environment, Milestone, Release, Repo, Status};
use crate::demo::num;

/// `release`.
pub(crate) fn release(base: &str, repo: &Repo, release: &Release) -> Value {
    let url = format!("{}/releases/{}", repo_url(base, repo), release.id);
    let archive = |kind: &str| format!("{}/{kind}/refs/tags/{}", repo_url(base, repo), release.tag);
    json!({
        "id": release.id, "node_id": node("RE", release.id), "tag_name": release.tag, "name": release.tag,
        "target_commitish": "main", "body": release.body, "draft": release.published.is_none(),
        "prerelease": release.prerelease, "immutable": false, "created_at": time(release.created),
        "published_at": maybe(release.published), "author": user(base, release.author), "assets": [],
        "url": url, "assets_url": format!("{url}/assets"), "upload_url": format!("{url}/assets{{?name,label}}"),
        "html_url": format!("{WEB}/{OWNER}/{}/releases/tag/{}", repo.name, release.tag),
        "tarball_url": archive("tarball"), "zipball_url": archive("zipball"),
    })
}

/// All releases, drafts too, newest first.
pub(crate) fn releases(ask: &Ask, repo: &Repo) -> Reply {
    list(ask, repo.releases.iter().rev().collect(), |r| {
        release(&ask.base, repo, r)
    })
}

/// The newest published one.
pub(crate) fn latest(ask: &Ask, repo: &Repo) -> Reply {
    let newest = repo.tags().rev().find(|r| !r.prerelease);
    newest.map_or_else(Reply::missing, |r| Reply::ok(release(&ask.base, repo, r)))
}

/// The published one with that tag.
pub(crate) fn by_tag(ask: &Ask, repo: &Repo, tag: &str) -> Reply {
    let found = repo.tags().find(|r| r.tag == tag);
    found.map_or_else(Reply::missing, |r| Reply::ok(release(&ask.base, repo, r)))
}

/// Tags, newest first.
pub(crate) fn tags(ask: &Ask, repo: &Repo) -> Reply {
    list(ask, repo.tags().rev().collect(), |r| {
        let sha = repo.commit(r.commit).map_or("", |c| &c.sha);
        let archive =
            |kind: &str| format!("{}/{kind}/refs/tags/{}", repo_url(&ask.base, repo), r.tag);
        json!({
            "name": r.tag, "node_id": node("REF", r.id), "zipball_url": archive("zipball"), "tarball_url": archive("tarball"),
            "commit": { "sha": sha, "url": format!("{}/commits/{sha}", repo_url(&ask.base, repo)) },
        })
    })
}

fn milestone(base: &str, repo: &Repo, milestone: &Milestone) -> Value {
    let id = repo.id * 10 + milestone.number;
    let url = format!("{}/milestones/{}", repo_url(base, repo), milestone.number);
    json!({
        "id": id, "node_id": node("MI", id), "number": milestone.number, "title": milestone.title,
        "description": milestone.description, "creator": user(base, 1), "due_on": maybe(milestone.due),
        "state": if milestone.closed.is_some() { "closed" } else { "open" },
        "open_issues": milestone.open_issues, "closed_issues": milestone.closed_issues,
        "created_at": time(milestone.created), "updated_at": time(milestone.closed.unwrap_or(milestone.created)),
        "closed_at": maybe(milestone.closed), "url": url, "labels_url": format!("{url}/labels"),
        "html_url": format!("{WEB}/{OWNER}/{}/milestone/{}", repo.name, milestone.number),
    })
}

/// Milestones: open ones by due date, unless asked otherwise.
pub(crate) fn milestones(ask: &Ask, repo: &Repo) -> Reply {
    let state = ask.param("state").unwrap_or("open");
    let mut found: Vec<&Milestone> = repo
        .milestones
        .iter()
        .filter(|m| state == "all" || (state == "closed") == m.closed.is_some())
        .collect();
    match ask.param("sort") {
        Some("completeness") => {
            found.sort_by_key(|m| m.closed_issues * 100 / (m.open_issues + m.closed_issues).max(1));
        }
        _ => found.sort_by_key(|m| (m.due.is_none(), m.due)),
    }
    if ask.param("direction") == Some("desc") {
        found.reverse();
    }
    list(ask, found, |m| milestone(&ask.base, repo, m))
}

fn environment(base: &str, repo: &Repo, env: &Environment) -> Value {
    json!({
        "id": env.id, "node_id": node("EN", env.id), "name": env.name,
        "url": format!("{}/environments/{}", repo_url(base, repo), env.name),
        "html_url": format!("{WEB}/{OWNER}/{}/deployments/activity_log?environments_filter={}", repo.name, env.name),
        "created_at": time(env.created), "updated_at": time(env.created), "can_admins_bypass": true,
        "protection_rules": protection::rules(base, env), "deployment_branch_policy": null,
    })
}

/// Environments.
pub(crate) fn environments(ask: &Ask, repo: &Repo) -> Reply {
    counted(
        ask,
        "environments",
        repo.environments.iter().collect(),
        |e| environment(&ask.base, repo, e),
    )
}

/// One environment.
pub(crate) fn one_environment(ask: &Ask, repo: &Repo, name: &str) -> Reply {
    let found = repo.environments.iter().find(|e| e.name == name);
    found.map_or_else(Reply::missing, |e| {
        Reply::ok(environment(&ask.base, repo, e))
    })
}

fn deployment_url(base: &str, repo: &Repo, deployment: &Deployment) -> String {
    format!("{}/deployments/{}", repo_url(base, repo), deployment.id)
}

fn deployment(base: &str, repo: &Repo, d: &Deployment) -> Value {
    let url = deployment_url(base, repo, d);
    json!({
        "id": d.id, "node_id": node("DE", d.id), "sha": repo.commit(d.commit).map_or("", |c| &c.sha), "ref": d.reference,
        "task": "deploy", "environment": d.env, "original_environment": d.env, "description": d.description,
        "payload": d.payload, "creator": user(base, d.creator), "created_at": time(d.created),
        "updated_at": time(d.statuses.last().map_or(d.created, |s| s.at)),
        "transient_environment": false, "production_environment": d.env == "production", "performed_via_github_app": null,
        "url": url, "statuses_url": format!("{url}/statuses"), "repository_url": repo_url(base, repo),
    })
}

/// Deployments, newest first.
pub(crate) fn deployments(ask: &Ask, repo: &Repo) -> Reply {
    let is = |name: &str, value: &str| {
        ask.param(name)
            .is_none_or(|wanted| wanted == value || wanted == "none")
    };
    let found = repo
        .deployments
        .iter()
        .rev()
        .filter(|d| is("environment", d.env) && is("task", "deploy") && is("ref", &d.reference))
        .filter(|d| is("sha", repo.commit(d.commit).map_or("", |c| &c.sha)))
        .collect();
    list(ask, found, |d| deployment(&ask.base, repo, d))
}

/// The address of the run that made a deployment.
pub(crate) fn log_url(repo: &Repo, d: &Deployment) -> String {
    d.run.map_or_else(String::new, |run| {
        format!("{WEB}/{OWNER}/{}/actions/runs/{run}", repo.name)
    })
}

/// Where an environment can be visited.
pub(crate) fn environment_url(repo: &Repo, d: &Deployment) -> String {
    format!("https://{}.{}.acme.example", repo.name, d.env)
}

fn status(base: &str, repo: &Repo, d: &Deployment, s: &Status) -> Value {
    let url = deployment_url(base, repo, d);
    json!({
        "id": s.id, "node_id": node("DES", s.id), "state": s.state, "description": s.description, "environment": d.env,
        "creator": user(base, d.creator), "created_at": time(s.at), "updated_at": time(s.at),
        "target_url": log_url(repo, d), "log_url": log_url(repo, d), "environment_url": environment_url(repo, d),
        "url": format!("{url}/statuses/{}", s.id), "deployment_url": url, "repository_url": repo_url(base, repo),
        "performed_via_github_app": null,
    })
}

/// One deployment, or (with `rest`) its statuses, newest first, or one of these.
pub(crate) fn one_deployment(ask: &Ask, repo: &Repo, id: &str, rest: &[&str]) -> Reply {
    let Some(d) = repo.deployments.iter().find(|d| d.id.to_string() == id) else {
        return Reply::missing();
    };
    match rest {
        [] => Reply::ok(deployment(&ask.base, repo, d)),
        ["statuses"] => list(ask, d.statuses.iter().rev().collect(), |s| {
            status(&ask.base, repo, d, s)
        }),
        ["statuses", wanted] => d
            .statuses
            .iter()
            .find(|s| s.id.to_string() == *wanted)
            .map_or_else(Reply::missing, |s| Reply::ok(status(&ask.base, repo, d, s))),
        _ => Reply::missing(),
    }
}

/// A branch; there is only one.
pub(crate) fn branch(ask: &Ask, repo: &Repo, name: &str) -> Reply {
    let Some((_, head)) = repo.head().filter(|_| name == "main") else {
        return Reply::error(404, "Branch not found");
    };
    let url = format!("{}/branches/main", repo_url(&ask.base, repo));
    Reply::ok(json!({
        "name": "main", "commit": commit(&ask.base, repo, head), "protected": true,
        "_links": { "self": url, "html": format!("{WEB}/{OWNER}/{}/tree/main", repo.name) },
        "protection": { "enabled": true, "required_status_checks": { "enforcement_level": "non_admins", "contexts": REQUIRED, "checks": [] } },
        "protection_url": format!("{url}/protection"),
    }))
}

/// A workflow file; nothing else is kept.
pub(crate) fn contents(ask: &Ask, repo: &Repo, path: &[&str]) -> Reply {
    // The slashes of the path may come as `%2F`.
    let whole = path.join("/");
    let parts: Vec<&str> = whole.split('/').collect();
    let [".github", "workflows", file] = parts.as_slice() else {
        return Reply::missing();
    };
    let Some((_, workflow)) = repo.workflow(file).filter(|(_, w)| w.file == *file) else {
        return Reply::missing();
    };
    let mut text = format!("name: {}\non:\n", workflow.name);
    match workflow.inputs {
        None => text.push_str("  push:\n"),
        Some(inputs) => {
            text.push_str("  workflow_dispatch:\n    inputs:\n");
            for input in inputs {
                text.extend([format!(
                    "      {}:\n        required: {}\n",
                    input.name, input.required
                )]);
            }
            text.extend([format!(
                "run-name: {} [${{{{ inputs.cockpit_id }}}}]\n",
                workflow.name
            )]);
        }
    }
    let path = path.join("/");
    let sha = crate::demo::rng::Rng::new(crate::demo::rng::key(&text), &[]).sha();
    let url = format!("{}/contents/{path}", repo_url(&ask.base, repo));
    let git = format!("{}/git/blobs/{sha}", repo_url(&ask.base, repo));
    let html = format!("{WEB}/{OWNER}/{}/blob/main/{path}", repo.name);
    Reply::ok(json!({
        "type": "file", "encoding": "base64", "size": num::wide(text.len()), "name": file, "path": path, "sha": sha,
        "content": base64(text.as_bytes()), "url": url, "git_url": git, "html_url": html,
        "download_url": format!("{WEB}/raw/{OWNER}/{}/main/{path}", repo.name),
        "_links": { "self": url, "git": git, "html": html },
    }))
}

/// What guards the branch.
pub(crate) fn protection(ask: &Ask, repo: &Repo, name: &str, rest: &[&str]) -> Reply {
    if name != "main" {
        return Reply::error(404, "Branch not found");
    }
    let url = format!("{}/branches/main/protection", repo_url(&ask.base, repo));
    let of = |part: &str| format!("{url}/{part}");
    let checks = json!({
        "url": of("required_status_checks"), "strict": true, "contexts": REQUIRED,
        "contexts_url": of("required_status_checks/contexts"),
        "checks": REQUIRED.map(|context| json!({ "context": context, "app_id": null })),
    });
    let reviews = json!({
        "url": of("required_pull_request_reviews"), "dismiss_stale_reviews": false,
        "require_code_owner_reviews": false, "required_approving_review_count": 1, "require_last_push_approval": false,
    });
    match rest {
        [] => Reply::ok(json!({
            "url": url, "required_status_checks": checks, "required_pull_request_reviews": reviews,
            "enforce_admins": { "url": of("enforce_admins"), "enabled": false },
            "required_linear_history": { "enabled": true }, "allow_force_pushes": { "enabled": false },
            "allow_deletions": { "enabled": false },
        })),
        ["required_status_checks"] => Reply::ok(checks),
        ["required_pull_request_reviews"] => Reply::ok(reviews),
        _ => Reply::missing(),
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |b, c| (b << 8) | u32::from(*c)) << (8 * (3 - chunk.len()));
        for n in 0..4 {
            let six = usize::try_from((bits >> (18 - 6 * n)) & 63).unwrap_or(0);
            let letter = ALPHABET.get(six).copied().unwrap_or(b'A');
            out.push(if n <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_padded() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("fooba", "Zm9vYmE="),
        ] {
            assert_eq!(super::base64(plain.as_bytes()), coded);
        }
    }
}
