//! A code host with as much past as a test wants, which answers what the sync asks and may change between two answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::response::Response;
use graphql_parser::query::{
    Definition, Field, OperationDefinition, Selection, SelectionSet, Value as Literal, parse_query,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::stub::{NOW_S, Seen, Stub, json as answered};

type Set = SelectionSet<'static, String>;

/// What is there; the newest at the end. Seconds count from the beginning of the past.
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    pub(super) commits: Vec<u64>,
    /// Number and second of the last change.
    pub(super) pulls: Vec<(u64, i64)>,
    /// Number, second, and how it ended.
    pub(super) deployments: Vec<(u64, i64, &'static str)>,
    pub(super) releases: Vec<(u64, i64)>,
    pub(super) incidents: Vec<(u64, i64)>,
    /// Pages of more rows take too long.
    pub(super) slow_above: u64,
    /// The token may not see issues.
    pub(super) no_issues: bool,
    /// The only token that sees an owner's repositories.
    pub(super) tokens: BTreeMap<&'static str, &'static str>,
    /// Pull requests and incidents up to this number are of three years ago.
    pub(super) old: u64,
    /// Commits that deployments are of, where they are not of the main branch: each on a branch of its own.
    pub(super) branched: BTreeMap<u64, u64>,
    /// Those of them that are gone.
    pub(super) gone: Vec<u64>,
    /// What lies on branches takes too long.
    pub(super) branches_fail: bool,
}

/// All of it happened within a year, but for what is old.
pub(super) const YEAR: i64 = 365 * 86_400;

impl Past {
    /// So many of each, spread over the year.
    pub(super) fn of(commits: u64, pulls: u64, deployments: u64, releases: u64) -> Self {
        let spread = |n: u64| {
            let step = YEAR / i64::try_from(n.max(1)).unwrap();
            (1..=n).zip((0_i64..).map(move |k| k * step))
        };
        Self {
            commits: (1..=commits).collect(),
            pulls: spread(pulls).collect(),
            deployments: spread(deployments)
                .map(|(n, s)| (n, s, "SUCCESS"))
                .collect(),
            releases: spread(releases).collect(),
            incidents: spread(12).collect(),
            slow_above: u64::MAX,
            ..Self::default()
        }
    }
}

impl Past {
    /// When the row of this number began, of those that may be old.
    fn begun(&self, n: u64, else_at: i64) -> i64 {
        if n <= self.old { -3 * YEAR } else { else_at }
    }

    fn is_branched(&self, oid: &str) -> bool {
        self.branched.values().any(|n| sha(*n) == oid)
    }

    /// Some commit, always the same for a number.
    fn sha_of(&self, n: u64) -> String {
        if let Some(branched) = self.branched.get(&n) {
            return sha(*branched);
        }
        let nth = usize::try_from(n).unwrap() * 3 % self.commits.len();
        sha(self.commits[nth])
    }
}

/// The running host.
pub(super) struct Host {
    pub(super) stub: Stub,
    past: Arc<Mutex<Past>>,
}

impl Host {
    pub(super) async fn start(past: Past) -> Self {
        let past = Arc::new(Mutex::new(past));
        let state = Arc::clone(&past);
        let stub = Stub::start(move |seen, _| answer(&state.lock().unwrap(), seen)).await;
        Self { stub, past }
    }

    pub(super) fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap()
    }
}

fn at(s: i64) -> String {
    Timestamp::from_second(NOW_S - YEAR + s)
        .unwrap()
        .to_string()
}

fn sha(n: u64) -> String {
    format!("{n:040x}")
}

fn answer(past: &Past, seen: &Seen) -> Response {
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let query = parse_query::<String>(body["query"].as_str().unwrap()).unwrap();
    let query = query.into_static();
    let Some(Definition::Operation(OperationDefinition::Query(query))) = query.definitions.first()
    else {
        panic!("{seen:?}");
    };
    let (mut data, mut errors) = (Map::new(), Vec::new());
    for field in fields(&query.selection_set) {
        if field.name != "repository" {
            continue;
        }
        let key = field.alias.clone().unwrap_or_else(|| field.name.clone());
        let owner = text(field, "owner").unwrap();
        if let Some(token) = past.tokens.get(owner)
            && !seen.header("authorization").unwrap().ends_with(token)
        {
            errors.push(json!({"type": "NOT_FOUND", "path": [key], "message": "Could not resolve to a Repository"}));
            data.insert(key, Value::Null);
            continue;
        }
        let mut repository = Map::new();
        for inner in fields(&field.selection_set) {
            let alias = inner.alias.clone().unwrap_or_else(|| inner.name.clone());
            if number(inner, "first").unwrap_or(0) > past.slow_above {
                return answered(502, &json!({"message": "Server Error"}));
            }
            let branch = text(inner, "oid").filter(|oid| past.is_branched(oid));
            let value = if past.branches_fail && branch.is_some() {
                errors.push(json!({"path": [key, alias], "message": "Something went wrong while executing your query."}));
                Value::Null
            } else if inner.name == "issues" && past.no_issues {
                errors.push(json!({
                    "type": "FORBIDDEN", "path": [key, alias], "message": "Resource not accessible by personal access token",
                }));
                Value::Null
            } else {
                value(past, inner)
            };
            repository.insert(alias, value);
        }
        data.insert(key, Value::Object(repository));
    }
    let mut out = json!({ "data": data });
    if !errors.is_empty() {
        out["errors"] = Value::Array(errors);
    }
    answered(200, &out)
}

fn fields(set: &Set) -> impl Iterator<Item = &Field<'static, String>> {
    set.items.iter().filter_map(|item| match item {
        Selection::Field(field) => Some(field),
        _ => None,
    })
}

fn argument<'a>(
    field: &'a Field<'static, String>,
    name: &str,
) -> Option<&'a Literal<'static, String>> {
    let mut found = field.arguments.iter().filter(|(n, _)| n == name);
    found.next().map(|(_, v)| v)
}

fn number(field: &Field<'static, String>, name: &str) -> Option<u64> {
    match argument(field, name)? {
        Literal::Int(n) => n.as_i64()?.try_into().ok(),
        _ => None,
    }
}

fn text<'a>(field: &'a Field<'static, String>, name: &str) -> Option<&'a str> {
    match argument(field, name)? {
        Literal::String(text) => Some(text),
        _ => None,
    }
}

fn value(past: &Past, field: &Field<'static, String>) -> Value {
    match field.name.as_str() {
        "defaultBranchRef" => {
            let head = past
                .commits
                .last()
                .map(|n| json!({"oid": sha(*n), "committedDate": at(YEAR)}));
            json!({"name": "main", "target": head})
        }
        "object" => {
            let oid = text(field, "oid").unwrap();
            let Selection::InlineFragment(commit) = &field.selection_set.items[0] else {
                panic!()
            };
            let history = fields(&commit.selection_set).next().unwrap();
            let wanted = u64::from_str_radix(oid, 16).unwrap();
            let line = match past.commits.iter().position(|n| *n == wanted) {
                Some(place) => past.commits[..=place].to_vec(),
                None if past.gone.contains(&wanted) => return Value::Null,
                None if past.is_branched(oid) => {
                    vec![past.commits[0], wanted]
                }
                None => return Value::Null,
            };
            let keys = (0_i64..).zip(line);
            let row = |k: i64, n: u64| {
                let before = usize::try_from(k).unwrap().checked_sub(1);
                let parents: Vec<Value> = before
                    .map(|p| json!({"oid": sha(past.commits[p])}))
                    .into_iter()
                    .collect();
                let when = at(k * 3_000);
                json!({
                    "oid": sha(n), "message": format!("change {n}"), "authoredDate": when, "committedDate": when,
                    "parents": {"nodes": parents}, "author": {"name": "Li Wei", "user": {"login": "li"}},
                    "associatedPullRequests": {"nodes": [{"number": n, "mergedAt": when, "baseRefName": "main"}]},
                })
            };
            json!({"history": page(keys.collect(), row, history)})
        }
        "pullRequests" => page(
            past.pulls.iter().map(|(n, s)| (*s, *n)).collect(),
            |s, n| pull(n, s, past.begun(n, 0)),
            field,
        ),
        "deployments" => {
            let row = |s: i64, n: u64| {
                let (.., state) = past.deployments.iter().find(|d| d.0 == n).unwrap();
                json!({
                    "databaseId": n, "commitOid": past.sha_of(n), "environment": "production", "createdAt": at(s), "state": state, "ref": null,
                    "statuses": {"totalCount": 1, "nodes": [{"state": state, "createdAt": at(s), "logUrl": null}]},
                })
            };
            page(
                past.deployments.iter().map(|(n, s, _)| (*s, *n)).collect(),
                row,
                field,
            )
        }
        "releases" => {
            let row = |s: i64, n: u64| {
                json!({
                    "tagName": format!("v1.{n}.0"), "isDraft": false, "isPrerelease": false, "createdAt": at(s), "publishedAt": at(s),
                    "updatedAt": at(s), "url": "https://github.com/acme/shop/releases", "tagCommit": {"oid": past.sha_of(n)},
                })
            };
            page(
                past.releases.iter().map(|(n, s)| (*s, *n)).collect(),
                row,
                field,
            )
        }
        "issues" => {
            let row = |s: i64, n: u64| {
                json!({
                    "number": n, "title": "down", "body": format!("It came with #{n}."), "url": "https://github.com/acme/shop/issues/1",
                    "createdAt": at(past.begun(n, s)), "updatedAt": at(s), "closedAt": null,
                })
            };
            page(
                past.incidents.iter().map(|(n, s)| (*s, *n)).collect(),
                row,
                field,
            )
        }
        other => panic!("{other} is not asked for"),
    }
}

fn pull(n: u64, s: i64, merged: i64) -> Value {
    json!({
        "number": n, "title": format!("change {n}"), "body": "", "url": format!("https://github.com/acme/shop/pull/{n}"),
        "createdAt": at(merged), "updatedAt": at(s), "mergedAt": at(merged), "headRefName": "b",
        "author": {"__typename": "User", "login": "maria"}, "mergeCommit": {"oid": sha(n)},
        "labels": {"nodes": []}, "closingIssuesReferences": {"nodes": []},
        "commits": {"totalCount": 1, "nodes": [{"commit": {
            "oid": format!("{n:039x}f"), "message": "m", "authoredDate": at(0), "committedDate": at(0),
            "parents": {"totalCount": 1}, "author": {"name": "m", "user": {"login": "maria"}},
        }}]},
        "reviews": {"nodes": []}, "timelineItems": {"nodes": []},
    })
}

/// A page, newest first. As at GitHub its place is that of a row, not a number of rows.
fn page(
    mut keys: Vec<(i64, u64)>,
    row: impl Fn(i64, u64) -> Value,
    field: &Field<'static, String>,
) -> Value {
    keys.sort_unstable_by_key(|k| std::cmp::Reverse(*k));
    let total = keys.len();
    let after = text(field, "after").map(|c| {
        let (at, n) = c.split_once('/').unwrap();
        (at.parse::<i64>().unwrap(), n.parse::<u64>().unwrap())
    });
    let size = usize::try_from(number(field, "first").unwrap()).unwrap();
    let mut rest = keys.into_iter().filter(|k| after.is_none_or(|a| *k < a));
    let shown: Vec<_> = rest.by_ref().take(size).collect();
    let end = shown.last().map(|(at, n)| format!("{at}/{n}"));
    json!({
        "totalCount": total, "pageInfo": {"hasNextPage": rest.next().is_some(), "endCursor": end},
        "nodes": shown.into_iter().map(|(at, n)| row(at, n)).collect::<Vec<_>>(),
    })
}
