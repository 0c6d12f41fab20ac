//! REST: commits, comparisons, pull requests.

use serde_json::{Value, json};

use super::json::{
    self as shape, WEB, commit, extend, files, maybe, node, repo_url, side_repo, time, user,
};
use super::reply::{Ask, Reply, links, list};
use crate::demo::catalog::OWNER;
use crate::demo::model::{Commit, Pull, Repo};
use crate::demo::num;

/// One commit with its files.
pub(crate) fn one(ask: &Ask, repo: &Repo, found: &Commit) -> Reply {
    let mut out = commit(&ask.base, repo, found);
    let (added, removed) = found
        .files
        .iter()
        .fold((0, 0), |(a, r), f| (a + f.additions, r + f.deletions));
    extend(
        &mut out,
        [
            (
                "files",
                Value::Array(files(&ask.base, repo, std::iter::once(found))),
            ),
            (
                "stats",
                json!({ "additions": added, "deletions": removed, "total": added + removed }),
            ),
        ],
    );
    Reply::ok(out)
}

/// The commits of the main branch, newest first, from a commit or branch on.
pub(crate) fn all(ask: &Ask, repo: &Repo) -> Reply {
    let Some(from) = repo.resolve(ask.param("sha").unwrap_or("main")) else {
        return Reply::missing();
    };
    let since = ask
        .param("since")
        .and_then(|t| t.parse::<jiff::Timestamp>().ok());
    let until = ask
        .param("until")
        .and_then(|t| t.parse::<jiff::Timestamp>().ok());
    let found = repo
        .commits
        .iter()
        .take(from + 1)
        .rev()
        .filter(|c| {
            since.is_none_or(|s| c.committed >= s) && until.is_none_or(|u| c.committed <= u)
        })
        .collect();
    list(ask, found, |c: &Commit| commit(&ask.base, repo, c))
}

/// Compares two commits of the main branch. Unpaged: the last 250 commits; paged: in order, files only on the first page.
pub(crate) fn compare(ask: &Ask, repo: &Repo, basehead: &str) -> Reply {
    let Some((base, head)) = basehead.split_once("...") else {
        return Reply::missing();
    };
    let (Some(from), Some(to)) = (repo.resolve(base), repo.resolve(head)) else {
        return Reply::missing();
    };
    let (Some(from_commit), Some(to_commit)) = (repo.commit(from), repo.commit(to)) else {
        return Reply::missing();
    };
    let ahead: Vec<&Commit> = repo.commits.iter().take(to + 1).skip(from + 1).collect();
    let behind = from.saturating_sub(to);
    let status = match (ahead.len(), behind) {
        (0, 0) => "identical",
        (0, _) => "behind",
        _ => "ahead",
    };
    let paged = ask.param("page").is_some() || ask.param("per_page").is_some();
    let (number, size) = (
        ask.number("page").unwrap_or(1).max(1),
        ask.number("per_page").unwrap_or(250).clamp(1, 250),
    );
    let skip = if paged {
        (number - 1).saturating_mul(size)
    } else {
        ahead.len().saturating_sub(250)
    };
    let shown: Vec<Value> = ahead
        .iter()
        .skip(skip)
        .take(size)
        .map(|c| commit(&ask.base, repo, c))
        .collect();
    let merge_base = if from <= to { from_commit } else { to_commit };
    let url = format!("{}/compare/{basehead}", repo_url(&ask.base, repo));
    let web = format!("{WEB}/{OWNER}/{}/compare/{basehead}", repo.name);
    let mut body = json!({
        "url": url, "html_url": web, "permalink_url": web, "diff_url": format!("{web}.diff"), "patch_url": format!("{web}.patch"),
        "base_commit": commit(&ask.base, repo, from_commit), "merge_base_commit": commit(&ask.base, repo, merge_base),
        "status": status, "ahead_by": ahead.len(), "behind_by": behind, "total_commits": ahead.len(), "commits": shown,
    });
    if number == 1 {
        let touched: Vec<Value> = files(&ask.base, repo, ahead.iter().copied())
            .into_iter()
            .take(300)
            .collect();
        extend(&mut body, [("files", Value::Array(touched))]);
    }
    let mut reply = Reply::ok(body);
    if paged {
        reply
            .headers
            .extend(links(ask, number, ahead.len().div_ceil(size).max(1)));
    }
    reply
}

/// `pull-request-simple`.
pub(crate) fn short_pull(base: &str, repo: &Repo, pull: &Pull) -> Value {
    let api = repo_url(base, repo);
    let (n, id) = (pull.number, repo.id * 10_000 + pull.number);
    let url = format!("{api}/pulls/{n}");
    let html = format!("{WEB}/{OWNER}/{}/pull/{n}", repo.name);
    let head = pull.commits.last();
    let head_sha = head.map_or("", |c| &c.sha);
    let before = pull
        .commits
        .first()
        .and_then(|c| c.parent.clone())
        .unwrap_or_default();
    let merge = pull
        .merge
        .and_then(|m| repo.commit(m))
        .map(|c| c.sha.clone());
    let side = |name: &str, sha: &str| json!({ "label": format!("{OWNER}:{name}"), "ref": name, "sha": sha, "user": shape::owner(base), "repo": side_repo(base, repo) });
    let labels: Vec<Value> = pull
        .labels
        .iter()
        .map(|name| {
            let id = crate::demo::rng::key(name) % 1_000_000;
            json!({ "id": id, "node_id": node("LA", id), "url": format!("{api}/labels/{name}"), "name": name, "description": "", "color": "ededed", "default": false })
        })
        .collect();
    let href = |url: String| json!({ "href": url });
    let ways = json!({
        "self": href(url.clone()), "html": href(html.clone()), "issue": href(format!("{api}/issues/{n}")),
        "comments": href(format!("{api}/issues/{n}/comments")), "review_comments": href(format!("{url}/comments")),
        "review_comment": href(format!("{api}/pulls/comments{{/number}}")), "commits": href(format!("{url}/commits")),
        "statuses": href(format!("{api}/statuses/{head_sha}")),
    });
    let mut out = json!({
        "id": id, "node_id": node("PR", id), "number": n, "title": pull.title, "body": pull.body,
        "state": if pull.merged.is_some() { "closed" } else { "open" }, "locked": false, "draft": pull.draft,
        "user": user(base, pull.author), "author_association": "MEMBER", "labels": labels, "milestone": null,
        "assignee": null, "assignees": [], "requested_reviewers": [], "requested_teams": [], "auto_merge": null,
        "active_lock_reason": null, "created_at": time(pull.created), "updated_at": time(pull.merged.unwrap_or(pull.created)),
        "closed_at": maybe(pull.merged), "merged_at": maybe(pull.merged), "merge_commit_sha": merge,
        "head": side(&pull.branch, head_sha), "base": side("main", &before), "_links": ways,
    });
    let addresses = json!({
        "url": url, "html_url": html, "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"),
        "issue_url": format!("{api}/issues/{n}"), "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"), "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{api}/issues/{n}/comments"), "statuses_url": format!("{api}/statuses/{head_sha}"),
    });
    if let (Some(to), Value::Object(from)) = (out.as_object_mut(), addresses) {
        to.extend(from);
    }
    out
}

/// Lines added, lines removed and files touched by a pull request.
pub(crate) fn size(pull: &Pull) -> (u64, u64, u64) {
    pull.commits
        .iter()
        .flat_map(|c| &c.files)
        .fold((0, 0, 0), |(a, d, n), f| {
            (a + f.additions, d + f.deletions, n + 1)
        })
}

/// `pull-request`.
pub(crate) fn pull(ask: &Ask, repo: &Repo, number: &str) -> Reply {
    let Some(found) = repo.pulls.iter().find(|p| p.number.to_string() == number) else {
        return Reply::missing();
    };
    let mut out = short_pull(&ask.base, repo, found);
    let (additions, deletions, changed) = size(found);
    let merged = found.merged.is_some();
    extend(
        &mut out,
        [
            ("additions", json!(additions)),
            ("deletions", json!(deletions)),
            ("changed_files", json!(changed)),
            ("commits", json!(num::wide(found.commits.len()))),
            ("comments", json!(0)),
            ("review_comments", json!(0)),
            ("maintainer_can_modify", json!(false)),
            ("merged", json!(merged)),
            ("mergeable", if merged { Value::Null } else { json!(true) }),
            (
                "mergeable_state",
                json!(if merged { "unknown" } else { "clean" }),
            ),
            ("rebaseable", Value::Null),
            (
                "merged_by",
                if merged {
                    user(&ask.base, found.merger)
                } else {
                    Value::Null
                },
            ),
        ],
    );
    Reply::ok(out)
}

/// The pull requests of a repository, newest first.
pub(crate) fn pulls(ask: &Ask, repo: &Repo) -> Reply {
    let state = ask.param("state").unwrap_or("open");
    let found = repo
        .pulls
        .iter()
        .rev()
        .filter(|p| state == "all" || (state == "closed") == p.merged.is_some())
        .collect();
    list(ask, found, |p| short_pull(&ask.base, repo, p))
}

/// The pull requests that a commit came in by.
pub(crate) fn pulls_of(ask: &Ask, repo: &Repo, found: &Commit) -> Reply {
    let pull = found.pull.and_then(|p| repo.pulls.get(p));
    list(ask, pull.into_iter().collect(), |p| {
        short_pull(&ask.base, repo, p)
    })
}
