//! How people, repositories and commits look in REST answers: every field that GitHub's published description requires.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::demo::catalog::OWNER;
use crate::demo::model::{Commit, Repo};
use crate::demo::num;
use crate::demo::people::person;
use crate::demo::rng;

/// Where a browser would go; nothing answers there.
pub(crate) const WEB: &str = "https://github.example";

/// A moment as GitHub writes it: whole seconds, UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A moment or null.
pub(crate) fn maybe(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::String(time(at)))
}

/// An id of the GraphQL kind.
pub(crate) fn node(kind: &str, id: u64) -> String {
    format!("{kind}_kwDO{id:012x}")
}

fn account(base: &str, login: &str, id: u64, kind: &str) -> Value {
    let url = format!("{base}/users/{login}");
    let mut user = json!({
        "login": login, "id": id, "node_id": node("U", id), "gravatar_id": "", "type": kind, "site_admin": false,
        "avatar_url": format!("{WEB}/avatars/{id}"), "html_url": format!("{WEB}/{login}"), "url": url,
        "user_view_type": "public",
    });
    let links = [
        ("followers_url", "followers"),
        ("following_url", "following{/other_user}"),
        ("gists_url", "gists{/gist_id}"),
        ("starred_url", "starred{/owner}{/repo}"),
        ("subscriptions_url", "subscriptions"),
        ("organizations_url", "orgs"),
        ("repos_url", "repos"),
        ("events_url", "events{/privacy}"),
        ("received_events_url", "received_events"),
    ];
    extend(
        &mut user,
        links.map(|(key, tail)| (key, json!(format!("{url}/{tail}")))),
    );
    user
}

/// Adds fields to an object.
pub(crate) fn extend<'a>(target: &mut Value, fields: impl IntoIterator<Item = (&'a str, Value)>) {
    if let Some(map) = target.as_object_mut() {
        map.extend(
            fields
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value)),
        );
    }
}

/// A person's id.
pub(crate) fn person_id(index: usize) -> u64 {
    70_000 + num::wide(index)
}

/// A person (`simple-user`).
pub(crate) fn user(base: &str, index: usize) -> Value {
    let login = person(index).login;
    account(
        base,
        login,
        person_id(index),
        if login.ends_with("bot") {
            "Bot"
        } else {
            "User"
        },
    )
}

/// The organisation.
pub(crate) fn owner(base: &str) -> Value {
    account(base, OWNER, 69_999, "Organization")
}

/// Who the token belongs to (`private-user`).
pub(crate) fn me(base: &str, created: Timestamp) -> Value {
    let mut me = user(base, 0);
    extend(
        &mut me,
        [
            ("name", json!(person(0).name)),
            ("company", json!(OWNER)),
            ("user_view_type", json!("private")),
            ("created_at", json!(time(created))),
            ("updated_at", json!(time(created))),
            ("two_factor_authentication", json!(true)),
        ],
    );
    extend(
        &mut me,
        [
            "blog",
            "bio",
            "email",
            "hireable",
            "location",
            "twitter_username",
        ]
        .map(|key| (key, Value::Null)),
    );
    let counts = [
        "followers",
        "following",
        "public_gists",
        "public_repos",
        "collaborators",
        "disk_usage",
        "owned_private_repos",
        "private_gists",
        "total_private_repos",
    ];
    extend(&mut me, counts.map(|key| (key, json!(0))));
    me
}

/// The address of a repository in the API.
pub(crate) fn repo_url(base: &str, repo: &Repo) -> String {
    format!("{base}/repos/{OWNER}/{}", repo.name)
}

/// A repository, short (`minimal-repository`).
pub(crate) fn short_repo(base: &str, repo: &Repo) -> Value {
    let url = repo_url(base, repo);
    let mut out = json!({
        "id": repo.id, "node_id": node("R", repo.id), "name": repo.name, "full_name": format!("{OWNER}/{}", repo.name),
        "owner": owner(base), "private": true, "description": repo.description, "fork": false, "url": url,
        "html_url": format!("{WEB}/{OWNER}/{}", repo.name),
    });
    let links = [
        ("archive_url", "{archive_format}{/ref}"),
        ("assignees_url", "assignees{/user}"),
        ("blobs_url", "git/blobs{/sha}"),
        ("branches_url", "branches{/branch}"),
        ("collaborators_url", "collaborators{/collaborator}"),
        ("comments_url", "comments{/number}"),
        ("commits_url", "commits{/sha}"),
        ("compare_url", "compare/{base}...{head}"),
        ("contents_url", "contents/{+path}"),
        ("contributors_url", "contributors"),
        ("deployments_url", "deployments"),
        ("downloads_url", "downloads"),
        ("events_url", "events"),
        ("forks_url", "forks"),
        ("git_commits_url", "git/commits{/sha}"),
        ("git_refs_url", "git/refs{/sha}"),
        ("git_tags_url", "git/tags{/sha}"),
        ("hooks_url", "hooks"),
        ("issue_comment_url", "issues/comments{/number}"),
        ("issue_events_url", "issues/events{/number}"),
        ("issues_url", "issues{/number}"),
        ("keys_url", "keys{/key_id}"),
        ("labels_url", "labels{/name}"),
        ("languages_url", "languages"),
        ("merges_url", "merges"),
        ("milestones_url", "milestones{/number}"),
        (
            "notifications_url",
            "notifications{?since,all,participating}",
        ),
        ("pulls_url", "pulls{/number}"),
        ("releases_url", "releases{/id}"),
        ("stargazers_url", "stargazers"),
        ("statuses_url", "statuses/{sha}"),
        ("subscribers_url", "subscribers"),
        ("subscription_url", "subscription"),
        ("tags_url", "tags"),
        ("teams_url", "teams"),
        ("trees_url", "git/trees{/sha}"),
    ];
    extend(
        &mut out,
        links.map(|(key, tail)| (key, json!(format!("{url}/{tail}")))),
    );
    out
}

/// A repository in full (`full-repository`).
pub(crate) fn full_repo(base: &str, repo: &Repo) -> Value {
    let mut out = side_repo(base, repo);
    let counts = ["network_count", "subscribers_count"];
    extend(&mut out, counts.map(|key| (key, json!(0))));
    out
}

/// A repository as the side of a pull request (`repository`): in full, but for two counts.
pub(crate) fn side_repo(base: &str, repo: &Repo) -> Value {
    let mut out = short_repo(base, repo);
    let git = format!("{WEB}/{OWNER}/{}.git", repo.name);
    let pushed = repo.head().map_or(repo.created, |(_, c)| c.committed);
    let open = repo.pulls.iter().filter(|p| p.merged.is_none()).count();
    extend(
        &mut out,
        [
            ("clone_url", json!(git)),
            ("git_url", json!(git)),
            (
                "ssh_url",
                json!(format!("git@github.example:{OWNER}/{}.git", repo.name)),
            ),
            ("svn_url", json!(format!("{WEB}/{OWNER}/{}", repo.name))),
            ("default_branch", json!("main")),
            ("language", json!(repo.language)),
            ("license", Value::Null),
            ("homepage", Value::Null),
            ("mirror_url", Value::Null),
            ("visibility", json!("private")),
            ("size", json!(4_096)),
            ("open_issues", json!(open)),
            ("open_issues_count", json!(open)),
            ("pushed_at", json!(time(pushed))),
            ("updated_at", json!(time(pushed))),
            ("created_at", json!(time(repo.created))),
            ("has_issues", json!(true)),
            (
                "permissions",
                json!({ "admin": false, "maintain": true, "push": true, "triage": true, "pull": true }),
            ),
        ],
    );
    let counts = [
        "forks",
        "forks_count",
        "stargazers_count",
        "watchers",
        "watchers_count",
    ];
    extend(&mut out, counts.map(|key| (key, json!(0))));
    let switches = [
        "archived",
        "disabled",
        "has_projects",
        "has_wiki",
        "has_pages",
        "has_discussions",
        "has_downloads",
    ];
    extend(&mut out, switches.map(|key| (key, json!(false))));
    out
}

/// The id of the tree of a commit.
pub(crate) fn tree(commit: &Commit) -> String {
    rng::Rng::new(rng::key(&commit.sha), &[1]).sha()
}

fn signature(author: usize, at: Timestamp) -> Value {
    let person = person(author);
    json!({ "name": person.name, "email": format!("{}@acme.example", person.login), "date": time(at) })
}

/// A commit (`commit`), without files.
pub(crate) fn commit(base: &str, repo: &Repo, commit: &Commit) -> Value {
    let url = format!("{}/commits/{}", repo_url(base, repo), commit.sha);
    let git = format!("{}/git/commits/{}", repo_url(base, repo), commit.sha);
    let html = format!("{WEB}/{OWNER}/{}/commit/{}", repo.name, commit.sha);
    let parents: Vec<Value> = commit
        .parent
        .iter()
        .map(|sha| json!({ "sha": sha, "url": format!("{}/commits/{sha}", repo_url(base, repo)), "html_url": format!("{WEB}/{OWNER}/{}/commit/{sha}", repo.name) }))
        .collect();
    json!({
        "sha": commit.sha, "node_id": node("C", rng::key(&commit.sha)), "url": url, "html_url": html,
        "comments_url": format!("{url}/comments"),
        "commit": {
            "url": git, "message": commit.message, "comment_count": 0,
            "author": signature(commit.author, commit.authored),
            "committer": signature(commit.author, commit.committed),
            "tree": { "sha": tree(commit), "url": format!("{}/git/trees/{}", repo_url(base, repo), tree(commit)) },
            "verification": { "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null },
        },
        "author": user(base, commit.author), "committer": user(base, commit.author), "parents": parents,
    })
}

/// The files that some commits touch, each once (`diff-entry`).
pub(crate) fn files<'a>(
    base: &str,
    repo: &Repo,
    commits: impl Iterator<Item = &'a Commit>,
) -> Vec<Value> {
    let mut sums: Map<String, Value> = Map::new();
    for commit in commits {
        for file in &commit.files {
            let added = |key: &str, n: u64| {
                n + sums
                    .get(&file.path)
                    .and_then(|f| f.get(key))
                    .and_then(Value::as_u64)
                    .unwrap_or(0)
            };
            let (additions, deletions) = (
                added("additions", file.additions),
                added("deletions", file.deletions),
            );
            let path = &file.path;
            let sha = &commit.sha;
            let entry = json!({
                "sha": rng::Rng::new(rng::key(path), &[rng::key(sha)]).sha(), "filename": path,
                "status": if path.contains("/migrations/") { "added" } else { "modified" },
                "additions": additions, "deletions": deletions, "changes": additions + deletions,
                "blob_url": format!("{WEB}/{OWNER}/{}/blob/{sha}/{path}", repo.name),
                "raw_url": format!("{WEB}/{OWNER}/{}/raw/{sha}/{path}", repo.name),
                "contents_url": format!("{}/contents/{path}?ref={sha}", repo_url(base, repo)),
            });
            sums.insert(path.clone(), entry);
        }
    }
    sums.into_iter().map(|(_, file)| file).collect()
}
