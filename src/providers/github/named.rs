//! What a name stands for in a repository, and whether one commit contains another: each a single request.

use serde_json::Value;

use super::client::GitHub;
use super::errors;
use super::queries::{NAMED, body, literal};
use super::runs::repo_path;
use super::wire::{number, sha, text};
use crate::domain::ids::{CommitSha, RepoSlug};
use crate::domain::text::Safe;
use crate::providers::Named;
use crate::providers::error::{ErrorKind, ProviderError};

impl GitHub {
    pub(super) async fn what_is(
        &self,
        repo: &RepoSlug,
        name: &str,
        number: Option<u64>,
    ) -> Result<Option<Named>, ProviderError> {
        let reply = self.graphql(&query(repo, name, number)).await?;
        let found = reply.data.get("repository").filter(|r| !r.is_null());
        let Some(found) = found else {
            // The repository itself can't be read: that says nothing of the name.
            let mut call = self.call("POST", &self.settings.graphql_url());
            call.status = Some(reply.reply.status.as_u16());
            let (errors, reply) = (&reply.errors, Some(&reply.reply));
            let mut error = errors::from_graphql(call, errors, reply, &self.redactor, self.now());
            if errors.is_empty() {
                error.kind = ErrorKind::NotFound;
            }
            if error.detail.is_empty() {
                error.detail = Safe::new(&repo.to_string());
            }
            return Err(error);
        };
        Ok(read(&found))
    }

    pub(super) async fn is_within(
        &self,
        repo: &RepoSlug,
        what: &CommitSha,
        of: &CommitSha,
    ) -> Result<Option<bool>, ProviderError> {
        if what == of {
            return Ok(Some(true));
        }
        // The second page of one commit each: the files are on the first one only.
        let path = format!(
            "{}/compare/{what}...{of}?per_page=1&page=2",
            repo_path(repo)
        );
        let page = match self.get(&self.url(&path)).await {
            Ok(page) => page,
            Err(e) if e.kind == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let status = text(&page.body, "status");
        Ok(status.map(|s| matches!(s.as_str(), "ahead" | "identical")))
    }
}

fn query(repo: &RepoSlug, name: &str, number: Option<u64>) -> String {
    let lines = body(NAMED);
    let lines = lines.lines().filter_map(|line| {
        if line.trim_start().starts_with("pullRequest(") {
            return number.map(|n| line.replace("number: 0", &format!("number: {n}")));
        }
        Some(line.to_owned())
    });
    let text: Vec<String> = lines.collect();
    text.join("\n")
        .replace("\"EXPRESSION\"", &literal(name))
        .replace("\"OWNER\"", &literal(&repo.owner))
        .replace("\"NAME\"", &literal(&repo.name))
}

fn read(found: &Value) -> Option<Named> {
    if let Some(pull) = found.get("pullRequest").filter(|p| !p.is_null()) {
        let merge = pull.get("mergeCommit").and_then(|m| sha(m, "oid"));
        return Some(Named {
            sha: merge,
            pull: number(pull, "number"),
            open: pull.get("merged").and_then(Value::as_bool) != Some(true),
        });
    }
    let mut object = found.get("object").filter(|o| !o.is_null())?;
    while let Some(target) = object.get("target").filter(|t| !t.is_null()) {
        object = target;
    }
    Some(Named {
        sha: Some(sha(object, "oid")?),
        pull: None,
        open: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sha_of(c: char) -> String {
        c.to_string().repeat(40)
    }

    #[test]
    fn names_are_quoted_and_a_number_is_asked_for_only_where_there_is_one() {
        let repo: RepoSlug = "acme/shop".parse().unwrap();
        let asked = query(&repo, "v1\" }", None);
        assert!(asked.contains(r#"object(expression: "v1\" }")"#), "{asked}");
        assert!(!asked.contains("pullRequest"));
        assert!(query(&repo, "12", Some(12)).contains("pullRequest(number: 12)"));
    }

    #[test]
    fn pull_requests_come_before_commits_and_tags_lead_to_theirs() {
        let tag = json!({ "object": { "target": { "target": { "oid": sha_of('a') } } } });
        assert_eq!(read(&tag).unwrap().sha.unwrap().as_str(), sha_of('a'));
        let pull = json!({
            "pullRequest": { "number": 12, "merged": false, "mergeCommit": null },
            "object": { "oid": sha_of('a') },
        });
        let found = read(&pull).unwrap();
        assert_eq!((found.sha, found.pull, found.open), (None, Some(12), true));
        assert!(read(&json!({ "pullRequest": null, "object": null })).is_none());
        assert!(
            read(&json!({ "object": {} })).is_none(),
            "neither commit nor tag"
        );
    }
}
