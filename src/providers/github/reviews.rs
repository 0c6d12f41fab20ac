//! What reviewers said of the pull requests that a candidate brings. Of each person the last decisive review counts: an approval
//! that was dismissed is none, changes that were asked for stand until the same person approves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::client::GitHub;
use super::queries::{REVIEWS, body, literal};
use super::wire::{address, nodes, number, raw, text, time};
use crate::domain::ids::{CommitSha, RepoSlug};
use crate::domain::release::{Approvals, PullReviews};
use crate::domain::text::Safe;
use crate::providers::error::ProviderError;

/// Pull requests in one query.
const BATCH: usize = 25;

impl GitHub {
    /// The pull requests between two commits with their reviews, and who wrote the changes.
    pub(super) async fn all_approvals(
        &self,
        repo: &RepoSlug,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Approvals, ProviderError> {
        let (comparison, complete) = self.compared(repo, base, head).await?;
        let numbers: Vec<u64> = comparison.changes.iter().filter_map(|c| c.number).collect();
        let direct = comparison.changes.len() - numbers.len();
        let mut partial = !complete;
        let mut pulls = Vec::with_capacity(numbers.len());
        for batch in numbers.chunks(BATCH) {
            let Some(query) = query(repo, batch) else {
                partial = true;
                continue;
            };
            let reply = self.graphql(&query).await?;
            let repository = reply.data.get("repository");
            for n in 0..batch.len() {
                let item = repository.as_ref().and_then(|r| r.get(format!("p{n}")));
                match item.and_then(pull) {
                    Some(pull) => pulls.push(pull),
                    None => partial = true,
                }
            }
        }
        let mut authors: Vec<Safe> = Vec::new();
        let written = comparison.commits.iter().filter_map(|c| c.author.as_ref());
        let opened = pulls.iter().filter_map(|p| p.author.as_ref());
        for who in written.chain(opened) {
            if !authors.contains(who) {
                authors.push(who.clone());
            }
        }
        // A commit that nobody is named for may be anybody's.
        partial |= comparison.commits.iter().any(|c| c.author.is_none());
        Ok(Approvals {
            base: base.clone(),
            head: head.clone(),
            pulls,
            authors,
            direct: u32::try_from(direct).unwrap_or(u32::MAX),
            partial,
        })
    }
}

/// A pull request; none where its reviews can't be read.
fn pull(item: &Value) -> Option<PullReviews> {
    let reviews = nodes(item, "reviews")?;
    let mut last: BTreeMap<String, (&str, Safe)> = BTreeMap::new();
    for review in reviews {
        let who = review.get("author").and_then(|a| text(a, "login"));
        let (Some(who), Some(state)) = (who, raw(review, "state")) else {
            continue;
        };
        // They come oldest first.
        if matches!(state, "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED") {
            last.insert(who.as_str().to_lowercase(), (state, who));
        }
    }
    let of = |wanted: &str| -> Vec<Safe> {
        last.values()
            .filter(|(state, _)| *state == wanted)
            .map(|(_, who)| who.clone())
            .collect()
    };
    let number = number(item, "number")?;
    Some(PullReviews {
        number,
        title: text(item, "title").unwrap_or_else(|| Safe::new(&format!("#{number}"))),
        author: item.get("author").and_then(|a| text(a, "login")),
        url: address(item, "url"),
        approved_by: of("APPROVED"),
        changes_requested_by: of("CHANGES_REQUESTED"),
        reviewed_at: reviews.iter().filter_map(|r| time(r, "submittedAt")).max(),
    })
}

/// The query for some pull requests, from the parts of `queries/reviews.graphql`.
fn query(repo: &RepoSlug, numbers: &[u64]) -> Option<String> {
    let body = body(REVIEWS);
    let (head, rest) = body.split_once("    p0: ")?;
    let end = rest.find("\n    }\n")?;
    let (object, _) = rest.split_at(end);
    let mut out = head
        .replacen("\"OWNER\"", &literal(&repo.owner), 1)
        .replacen("\"NAME\"", &literal(&repo.name), 1);
    for (n, number) in numbers.iter().enumerate() {
        let object = object.replacen("number: 1", &format!("number: {number}"), 1);
        write!(out, "    p{n}: {object}\n    }}\n").ok()?;
    }
    out.push_str("  }\n}\n");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn review(who: &str, state: &str) -> Value {
        json!({"state": state, "submittedAt": "2026-11-20T10:00:00Z", "author": {"login": who}})
    }

    fn read(reviews: &[Value]) -> PullReviews {
        pull(&json!({"number": 7, "author": {"login": "maria"}, "reviews": {"nodes": reviews}}))
            .unwrap()
    }

    #[test]
    fn the_last_decisive_review_of_a_person_counts() {
        let found = read(&[
            review("li", "CHANGES_REQUESTED"),
            review("noor", "APPROVED"),
            review("li", "APPROVED"),
            review("noor", "DISMISSED"),
        ]);
        assert_eq!(found.approved_by, [Safe::new("li")]);
        assert!(found.changes_requested_by.is_empty());
        assert_eq!(
            read(&[review("li", "COMMENTED")]).approved_by,
            Vec::<Safe>::new()
        );
    }

    #[test]
    fn an_authors_own_approval_is_none() {
        let found = read(&[review("maria", "APPROVED")]);
        assert_eq!(found.approvers().count(), 0);
    }

    #[test]
    fn reviews_that_cannot_be_read_are_not_no_reviews() {
        assert_eq!(pull(&json!({"number": 7, "reviews": null})), None);
    }

    #[test]
    fn the_query_repeats_pull_requests() {
        let text = query(&"acme/shop".parse().unwrap(), &[12, 13]).unwrap();
        assert!(text.contains("p1: pullRequest(number: 13)"));
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
