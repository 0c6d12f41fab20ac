//! What one commit has that another lacks, with the pull requests that brought it in.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::client::GitHub;
use super::queries::{PULLS, body, literal};
use super::runs::repo_path;
use super::wire::{address, array, each, nodes, number, raw, sha, text, time};
use crate::domain::ids::{CommitSha, RepoSlug};
use crate::domain::release::{Change, CommitLine, Comparison, ComparisonStatus};
use crate::domain::text::Safe;
use crate::providers::error::ProviderError;

/// The most commits read.
const MAX_COMMITS: usize = 250;
/// GitHub lists at most that many files.
const MAX_FILES: usize = 300;
/// Commits in one GraphQL query.
const BATCH: usize = 50;

impl GitHub {
    pub(super) async fn comparison(
        &self,
        repo: &RepoSlug,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Comparison, ProviderError> {
        Ok(self.compared(repo, base, head).await?.0)
    }

    /// The comparison, and whether all of its commits and changes are known (its files may lack some).
    pub(super) async fn compared(
        &self,
        repo: &RepoSlug,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<(Comparison, bool), ProviderError> {
        let first = self.url(&format!(
            "{}/compare/{base}...{head}?per_page=100&page=1",
            repo_path(repo)
        ));
        let (pages, more) = self.pages(first, MAX_COMMITS.div_ceil(100)).await?;
        let head_page = pages.first().unwrap_or(&Value::Null);
        let mut commits = Vec::new();
        let mut left_out = 0;
        for page in &pages {
            let (read, bad) = each(
                array(page, "commits").map_or(&[][..], Vec::as_slice),
                commit,
            );
            commits.extend(read);
            left_out += bad;
        }
        commits.truncate(MAX_COMMITS);
        let files = array(head_page, "files").map_or(&[][..], Vec::as_slice);
        let (mut files, bad_files) = each(files, |f| text(f, "filename"));
        files.truncate(MAX_FILES);
        let ahead_by = number(head_page, "ahead_by").unwrap_or(commits.len() as u64);
        let total = number(head_page, "total_commits").unwrap_or(ahead_by);
        let (changes, all_known) = self.changes(repo, &commits).await;
        let complete = !more && left_out == 0 && total <= commits.len() as u64 && all_known;
        let comparison = Comparison {
            base: base.clone(),
            head: head.clone(),
            status: status(head_page),
            ahead_by,
            behind_by: number(head_page, "behind_by").unwrap_or(0),
            partial: !complete || bad_files > 0 || files.len() >= MAX_FILES,
            commits,
            changes,
            files,
        };
        Ok((comparison, complete))
    }

    /// The pull requests behind commits, in their order, each once; commits without one stand for themselves. Tells
    /// whether every commit could be looked up.
    async fn changes(&self, repo: &RepoSlug, commits: &[CommitLine]) -> (Vec<Change>, bool) {
        let mut changes = Vec::new();
        let mut seen = HashSet::new();
        let mut all_known = true;
        for batch in commits.chunks(BATCH) {
            let answer = match pulls_query(repo, batch) {
                Some(query) => self.graphql(&query).await.ok(),
                None => None,
            };
            let data = answer.as_ref().and_then(|a| a.data.get("repository"));
            for (c, line) in batch.iter().enumerate() {
                let object = data.as_ref().and_then(|d| d.get(format!("c{c}")));
                let pulls = object.and_then(|o| nodes(o, "associatedPullRequests"));
                all_known &= pulls.is_some();
                match pulls.and_then(|p| merged(p)) {
                    Some((number, change)) => {
                        if seen.insert(number) {
                            changes.push(change);
                        }
                    }
                    None => changes.push(Change {
                        number: None,
                        title: line.title.clone(),
                        author: line.author.clone(),
                        url: None,
                    }),
                }
            }
        }
        let warning = "the pull requests behind some commits could not be read";
        self.warn(format!("{repo} changes"), (!all_known).then_some(warning));
        (changes, all_known)
    }
}

fn status(page: &Value) -> ComparisonStatus {
    let word = text(page, "status").unwrap_or_default();
    match word.as_str() {
        "ahead" => ComparisonStatus::Ahead,
        "behind" => ComparisonStatus::Behind,
        "diverged" => ComparisonStatus::Diverged,
        "identical" => ComparisonStatus::Identical,
        _ => ComparisonStatus::Other(word),
    }
}

fn commit(item: &Value) -> Option<CommitLine> {
    let inner = item.get("commit");
    let signed = inner.and_then(|c| c.get("author"));
    let message = inner.and_then(|c| raw(c, "message")).unwrap_or_default();
    Some(CommitLine {
        sha: sha(item, "sha")?,
        title: Safe::new(message.lines().next().unwrap_or_default()),
        author: item
            .get("author")
            .and_then(|a| text(a, "login"))
            .or_else(|| signed.and_then(|a| text(a, "name"))),
        authored_at: signed.and_then(|a| time(a, "date")),
    })
}

/// The pull request that brought the commit in: a merged one. An association alone may be one that merely holds it.
fn merged(pulls: &[Value]) -> Option<(u64, Change)> {
    let pull = pulls
        .iter()
        .filter(|p| time(p, "mergedAt").is_some())
        .min_by_key(|p| time(p, "mergedAt"))?;
    let id = number(pull, "number")?;
    let change = Change {
        number: Some(id),
        title: text(pull, "title").unwrap_or_else(|| Safe::new(&format!("#{id}"))),
        author: pull.get("author").and_then(|a| text(a, "login")),
        url: address(pull, "url"),
    };
    Some((id, change))
}

/// The query for some commits, from the parts of `queries/pulls.graphql`.
fn pulls_query(repo: &RepoSlug, commits: &[CommitLine]) -> Option<String> {
    let body = body(PULLS);
    let (head, rest) = body.split_once("    c0: ")?;
    let end = rest.find("\n    }\n")?;
    let (object, _) = rest.split_at(end);
    let mut out = head
        .replacen("\"OWNER\"", &literal(&repo.owner), 1)
        .replacen("\"NAME\"", &literal(&repo.name), 1);
    for (c, commit) in commits.iter().enumerate() {
        let object = object.replacen("\"SHA\"", &literal(commit.sha.as_str()), 1);
        write!(out, "    c{c}: {object}\n    }}\n").ok()?;
    }
    out.push_str("  }\n}\n");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_query_repeats_commits() {
        let line = |c: &str| CommitLine {
            sha: c.repeat(40).parse().unwrap(),
            title: Safe::default(),
            author: None,
            authored_at: None,
        };
        let text = pulls_query(&"acme/shop".parse().unwrap(), &[line("a"), line("b")]).unwrap();
        assert!(text.contains(&format!("c1: object(oid: \"{}\")", "b".repeat(40))));
        assert_eq!(text.matches('{').count(), text.matches('}').count());
        assert_eq!(text.matches("associatedPullRequests").count(), 2);
    }

    #[test]
    fn the_merged_pull_request_is_chosen() {
        let pulls = [
            json!({"number": 9, "title": "open", "mergedAt": null}),
            json!({"number": 8, "title": "backport", "mergedAt": "2026-02-02T00:00:00Z"}),
            json!({"number": 7, "title": "feature", "mergedAt": "2026-01-01T00:00:00Z"}),
        ];
        assert_eq!(merged(&pulls).unwrap().0, 7);
        assert!(merged(&pulls[..1]).is_none());
    }
}
