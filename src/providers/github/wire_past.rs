//! The rows of a repository's past as GraphQL gives them: commits, deployments, releases, incidents. Pull requests are in
//! `wire_pull`.

use serde_json::Value;

use super::wire::{address, array, each, nodes, number, raw, sha, text, time};
use crate::domain::change::marks;
use crate::domain::change::synced::{CommitRow, DeploymentRow, IncidentRow, ReleaseRow};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// Texts are searched for marks up to here: they stand at the beginning or the end of what a person writes.
const SEARCHED: usize = 20_000;

/// The beginning of a text that is searched.
pub(super) fn searched(text: &str) -> &str {
    text.split_at_checked(text.floor_char_boundary(SEARCHED))
        .map_or(text, |(start, _)| start)
}

/// A commit; none without its id and its dates.
pub(super) fn commit(item: &Value, branch: Option<&str>) -> Option<CommitRow> {
    let message = searched(raw(item, "message").unwrap_or_default());
    let (subject, rest) = message.split_once('\n').unwrap_or((message, ""));
    let parents = nodes(item, "parents").map_or(&[][..], Vec::as_slice);
    Some(CommitRow {
        sha: sha(item, "oid")?,
        parents: parents.iter().filter_map(|p| sha(p, "oid")).collect(),
        authored: time(item, "authoredDate").or_else(|| time(item, "committedDate"))?,
        committed: time(item, "committedDate").or_else(|| time(item, "authoredDate"))?,
        author: author(item),
        subject: Safe::new(subject),
        reverts: marks::reverts(subject, rest),
        pull: brought_in_by(item, branch),
    })
}

/// The login of a commit's author, else the name.
pub(super) fn author(commit: &Value) -> Option<Safe> {
    let author = commit.get("author")?;
    let login = author.get("user").and_then(|u| text(u, "login"));
    login.or_else(|| text(author, "name"))
}

/// The pull request that brought a commit to the main branch: the first one merged, to that branch if any was. An association
/// alone may be one that merely holds it.
fn brought_in_by(item: &Value, branch: Option<&str>) -> Option<u64> {
    let pulls = nodes(item, "associatedPullRequests")?;
    let merged = pulls.iter().filter_map(|p| {
        Some((
            raw(p, "baseRefName") != branch,
            time(p, "mergedAt")?,
            number(p, "number")?,
        ))
    });
    merged.min().map(|(.., number)| number)
}

/// A deployment; none without its number, commit, environment or date.
pub(super) fn deployment(item: &Value) -> Option<DeploymentRow> {
    let all = item.get("statuses");
    let listed = nodes(item, "statuses").map_or(&[][..], Vec::as_slice);
    let state = |s: &Value| raw(s, "state").map(str::to_ascii_uppercase);
    let (mut statuses, _) = each(listed, |s| Some((time(s, "createdAt")?, state(s)?)));
    statuses.sort();
    let is = |word: &'static str| move |s: &&(jiff::Timestamp, String)| s.1 == word;
    let succeeded = statuses.iter().find(is("SUCCESS")).map(|s| s.0);
    let last = statuses.last().map_or("", |s| s.1.as_str());
    let complete = all
        .and_then(|a| number(a, "totalCount"))
        .is_none_or(|n| n <= listed.len() as u64);
    // What is inactive was live once, unless nothing says so.
    let failed = match last {
        "FAILURE" | "ERROR" => true,
        "INACTIVE" => complete,
        _ => false,
    };
    let tag = |r: &Value| text(r, "name").filter(|_| raw(r, "prefix") == Some("refs/tags/"));
    let id = number(item, "databaseId")?;
    Some(DeploymentRow {
        id,
        environment: text(item, "environment")?,
        sha: sha(item, "commitOid")?,
        name: item.get("ref").and_then(tag),
        created: time(item, "createdAt")?,
        succeeded,
        failed: succeeded.is_none() && failed,
        url: listed.iter().find_map(|s| address(s, "logUrl")),
    })
}

fn flag(item: &Value, key: &str) -> bool {
    item.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// Whether a release is not published yet.
pub(super) fn is_draft(item: &Value) -> bool {
    flag(item, "isDraft")
}

/// A release; none without its tag's commit.
pub(super) fn release(item: &Value) -> Option<ReleaseRow> {
    let commit: CommitSha = item.get("tagCommit").and_then(|c| sha(c, "oid"))?;
    Some(ReleaseRow {
        tag: text(item, "tagName")?,
        sha: commit,
        published: time(item, "publishedAt")?,
        prerelease: flag(item, "isPrerelease"),
        url: address(item, "url"),
    })
}

/// An incident; none without its number and its dates.
pub(super) fn incident(item: &Value) -> Option<IncidentRow> {
    let title = raw(item, "title").unwrap_or_default();
    let body = searched(raw(item, "body").unwrap_or_default());
    let named = marks::named(&format!("{title}\n{body}"));
    Some(IncidentRow {
        number: number(item, "number")?,
        title: Safe::new(title),
        opened: time(item, "createdAt")?,
        closed: time(item, "closedAt"),
        shas: named.shas,
        numbers: named.numbers,
        versions: named.versions,
        url: address(item, "url"),
        updated: time(item, "updatedAt")?,
    })
}

/// The nodes of a page, and the place of the next one.
pub(super) fn page(connection: &Value) -> Option<(&Vec<Value>, Option<String>)> {
    let info = connection.get("pageInfo");
    let more = info.and_then(|i| i.get("hasNextPage")?.as_bool());
    let next = info.and_then(|i| raw(i, "endCursor"));
    let next = next.filter(|_| more.unwrap_or(false)).map(str::to_owned);
    Some((array(connection, "nodes")?, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_commit_belongs_to_the_pull_request_that_was_merged_to_the_branch() {
        let pulls = json!([
            {"number": 3, "mergedAt": null, "baseRefName": "main"},
            {"number": 5, "mergedAt": "2026-01-01T00:00:00Z", "baseRefName": "feature"},
            {"number": 9, "mergedAt": "2026-01-03T00:00:00Z", "baseRefName": "main"},
            {"number": 7, "mergedAt": "2026-01-02T00:00:00Z", "baseRefName": "main"},
        ]);
        let item = json!({
            "oid": "A".repeat(40), "message": "Revert \"tax (#12)\"\n\nThis reverts commit 9f3c1ab.",
            "authoredDate": "2026-01-01T00:00:00Z", "committedDate": "2026-01-02T00:00:00Z",
            "parents": {"nodes": [{"oid": "b".repeat(40)}, null]},
            "author": {"name": "Li Wei", "user": null}, "associatedPullRequests": {"nodes": pulls},
        });
        let row = commit(&item, Some("main")).unwrap();
        assert_eq!((row.pull, row.parents.len()), (Some(7), 1));
        assert_eq!(row.author.unwrap().as_str(), "Li Wei");
        assert_eq!(row.reverts, [marks::Reverted::Commit("9f3c1ab".to_owned())]);
        assert_eq!(commit(&item, Some("trunk")).unwrap().pull, Some(5));
    }

    #[test]
    fn a_deployment_counts_from_its_first_success() {
        let at = |s: &str, minute: u8| json!({"state": s, "createdAt": format!("2026-01-01T00:{minute:02}:00Z"), "logUrl": null});
        let read = |statuses: &[Value], total: u64| {
            let item = json!({
                "databaseId": 7, "commitOid": "a".repeat(40), "environment": "production", "createdAt": "2026-01-01T00:00:00Z",
                "ref": {"name": "v1.2.0", "prefix": "refs/tags/"}, "statuses": {"totalCount": total, "nodes": statuses},
            });
            deployment(&item).unwrap()
        };
        let row = read(
            &[
                at("INACTIVE", 9),
                at("SUCCESS", 8),
                at("SUCCESS", 3),
                at("IN_PROGRESS", 1),
            ],
            4,
        );
        assert_eq!(row.succeeded.unwrap().to_string(), "2026-01-01T00:03:00Z");
        assert!(!row.failed && row.name.unwrap().as_str() == "v1.2.0");
        assert!(read(&[at("FAILURE", 2), at("QUEUED", 1)], 2).failed);
        assert!(read(&[at("INACTIVE", 2)], 1).failed);
        assert!(read(&[at("INACTIVE", 2)], 21).is_open());
        assert!(read(&[at("WAITING", 2)], 1).is_open());
        assert!(read(&[], 0).is_open());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(searched(&"ü".repeat(15_000)).len(), SEARCHED);
        assert_eq!(searched("tax"), "tax");
    }
}
