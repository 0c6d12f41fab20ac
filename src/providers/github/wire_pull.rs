//! A merged pull request as GraphQL gives it, with the moments of its life: when its first commit was written, when it could be
//! reviewed, was reviewed, was approved, was merged.

use jiff::Timestamp;
use serde_json::Value;

use super::wire::{address, each, nodes, number, raw, sha, text, time};
use super::wire_past::{author, searched};
use crate::domain::change::flags::Flag;
use crate::domain::change::lead_time::{Boundary, Moment, Moments};
use crate::domain::change::marks::{self, Signs, Words};
use crate::domain::change::synced::PullRow;
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// GitHub lists no more commits of a pull request.
const LISTED: u64 = 250;

/// A pull request; none without its number or its merge.
pub(super) fn pull(item: &Value) -> Option<PullRow> {
    let merged = time(item, "mergedAt")?;
    let id = number(item, "number")?;
    let title = raw(item, "title").unwrap_or_default();
    let body = searched(raw(item, "body").unwrap_or_default());
    let branch = raw(item, "headRefName").unwrap_or_default();
    let url = address(item, "url");
    let writer = who(item);
    let commits = commits(item);
    let forced = forced(item);
    let signs = Signs {
        title,
        body,
        branch,
        author: writer.as_ref().map_or("", |(login, _)| login.as_str()),
        is_bot: writer.as_ref().is_some_and(|(_, bot)| *bot),
        ..Signs::default()
    };
    // What makes a hotfix is configured: it is told when the rows are read.
    let mut flags = marks::flags(&signs, &Words::none());
    let own_bot = flags.has(Flag::Bot);
    let total = item.get("commits").and_then(|c| number(c, "totalCount"));
    let total = total.unwrap_or_default();
    let first = first_commit(&commits, forced.iter(), own_bot);
    flags.put(Flag::ForcePushed, !forced.is_empty());
    flags.put(Flag::CherryPick, commits.iter().any(|c| c.picked));
    let unseen = total > commits.len() as u64;
    flags.put(
        Flag::Truncated,
        total > LISTED || (unseen && first.is_none()),
    );

    let mut moments = Moments::default();
    if let Some((at, sha)) = first {
        let page = url
            .as_ref()
            .map(|u| Safe::new(&format!("{u}/commits/{sha}")));
        put(
            &mut moments,
            Boundary::FirstCommit,
            at,
            &format!("author date of {}", sha.short()),
            page,
        );
    }
    let opened = ready(item).map(|at| (at, format!("#{id} ready for review")));
    let opened = opened.or_else(|| Some((time(item, "createdAt")?, format!("#{id} opened"))));
    if let Some((at, source)) = opened {
        put(&mut moments, Boundary::Opened, at, &source, url.clone());
    }
    let reviews = reviews(item, writer.as_ref(), merged);
    if let Some(first) = reviews.iter().min_by_key(|r| r.at) {
        put(
            &mut moments,
            Boundary::FirstReview,
            first.at,
            &first.source(),
            first.url.clone(),
        );
    }
    if let Some(first) = approval(&reviews) {
        put(
            &mut moments,
            Boundary::Approved,
            first.at,
            &first.source(),
            first.url.clone(),
        );
    }
    put(
        &mut moments,
        Boundary::Merged,
        merged,
        &format!("#{id} merged"),
        url.clone(),
    );

    let list = |key| nodes(item, key).map_or(&[][..], Vec::as_slice);
    Some(PullRow {
        number: id,
        title: text(item, "title").unwrap_or_else(|| Safe::new(&format!("#{id}"))),
        author: writer.map(|(login, _)| login),
        url,
        branch: Safe::new(branch),
        labels: list("labels")
            .iter()
            .filter_map(|l| text(l, "name"))
            .collect(),
        moments,
        merged,
        merge: item.get("mergeCommit").and_then(|c| sha(c, "oid")),
        commits: commits.into_iter().map(|c| c.sha).collect(),
        reverts: marks::reverts(title, body),
        closes: list("closingIssuesReferences")
            .iter()
            .filter_map(|i| number(i, "number"))
            .collect(),
        flags: flags.bits(),
        updated: time(item, "updatedAt").unwrap_or(merged),
    })
}

fn put(moments: &mut Moments, boundary: Boundary, at: Timestamp, source: &str, url: Option<Safe>) {
    let source = Safe::new(source);
    moments.set(boundary, Some(Moment { at, source, url }));
}

/// Who did it, and whether the host calls that a bot; none: a deleted account.
fn who(item: &Value) -> Option<(Safe, bool)> {
    let author = item.get("author")?;
    let login = text(author, "login")?;
    let bot = raw(author, "__typename") == Some("Bot") || marks::is_bot(login.as_str());
    Some((login, bot))
}

struct Own {
    sha: CommitSha,
    /// When it was written: a copy counts from when it was made.
    at: Timestamp,
    picked: bool,
    /// A merge of the main branch, which says nothing of when the work began.
    merge: bool,
    bot: bool,
}

fn commits(item: &Value) -> Vec<Own> {
    let listed = nodes(item, "commits").map_or(&[][..], Vec::as_slice);
    let one = |node: &Value| {
        let commit = node.get("commit")?;
        let picked = marks::picked_from(searched(raw(commit, "message").unwrap_or_default()));
        let written = time(commit, "authoredDate");
        let made = time(commit, "committedDate");
        let parents = commit.get("parents").and_then(|p| number(p, "totalCount"));
        Some(Own {
            sha: sha(commit, "oid")?,
            at: made.filter(|_| picked.is_some()).or(written)?,
            picked: picked.is_some(),
            merge: parents.is_some_and(|n| n > 1),
            bot: author(commit).is_some_and(|a| marks::is_bot(a.as_str())),
        })
    };
    each(listed, one).0
}

/// The earliest of its own commits. Those of bots count only in a bot's pull request.
fn first_commit<'a>(
    commits: &[Own],
    forced: impl Iterator<Item = &'a (Timestamp, CommitSha)>,
    own_bot: bool,
) -> Option<(Timestamp, CommitSha)> {
    let own = commits.iter().filter(|c| !c.merge && (own_bot || !c.bot));
    let own = own.map(|c| (c.at, c.sha.clone()));
    own.chain(forced.cloned()).min_by_key(|(at, _)| *at)
}

fn timeline<'a>(
    item: &'a Value,
    kinds: &'static [&'static str],
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let all = nodes(item, "timelineItems").map_or(&[][..], Vec::as_slice);
    all.iter()
        .filter_map(|e| Some((raw(e, "__typename")?, e)))
        .filter(move |(kind, _)| kinds.contains(kind))
}

/// The heads that force pushes replaced.
fn forced(item: &Value) -> Vec<(Timestamp, CommitSha)> {
    let before = timeline(item, &["HeadRefForcePushedEvent"]);
    let commit = |(_, e): (&str, &Value)| {
        let commit = e.get("beforeCommit")?;
        Some((time(commit, "authoredDate")?, sha(commit, "oid")?))
    };
    before.filter_map(commit).collect()
}

/// When it could be reviewed, if it began as a draft: it became ready before it ever became a draft again.
fn ready(item: &Value) -> Option<Timestamp> {
    let turns = timeline(item, &["ReadyForReviewEvent", "ConvertToDraftEvent"]);
    let first = turns
        .filter_map(|(kind, e)| Some((time(e, "createdAt")?, kind)))
        .min()?;
    (first.1 == "ReadyForReviewEvent").then_some(first.0)
}

struct Review {
    by: String,
    state: String,
    at: Timestamp,
    url: Option<Safe>,
}

impl Review {
    fn source(&self) -> String {
        let by = if self.by.is_empty() {
            "a deleted account"
        } else {
            &self.by
        };
        match self.state.as_str() {
            "APPROVED" => format!("approval by {by}"),
            _ => format!("review by {by}"),
        }
    }
}

/// What other people said before the merge, oldest first.
fn reviews(item: &Value, writer: Option<&(Safe, bool)>, merged: Timestamp) -> Vec<Review> {
    let listed = nodes(item, "reviews").map_or(&[][..], Vec::as_slice);
    let one = |node: &Value| {
        let by = who(node);
        let own = by.as_ref().map(|(l, _)| l) == writer.map(|(l, _)| l);
        if own || by.as_ref().is_some_and(|(_, bot)| *bot) {
            return None;
        }
        Some(Review {
            by: by.map_or(String::new(), |(l, _)| l.as_str().to_owned()),
            state: raw(node, "state")?.to_owned(),
            at: time(node, "submittedAt").filter(|at| *at <= merged)?,
            url: address(node, "url"),
        })
    };
    let mut reviews = each(listed, one).0;
    reviews.sort_by_key(|r| r.at);
    reviews
}

/// The first approval that still stood at the merge: nobody dismissed it, and the same person did not ask for changes later.
fn approval(reviews: &[Review]) -> Option<&Review> {
    let taken_back = |(n, a): (usize, &Review)| {
        let later = reviews.iter().skip(n + 1).filter(|r| r.by == a.by);
        later.into_iter().any(|r| r.state == "CHANGES_REQUESTED")
    };
    let approvals = reviews.iter().enumerate();
    approvals
        .filter(|(_, r)| r.state == "APPROVED")
        .find(|a| !taken_back(*a))
        .map(|(_, r)| r)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::flags::Flags;
    use serde_json::json;

    fn at(hour: u32) -> String {
        format!("2026-01-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)
    }

    fn commit(c: char, hour: u32, parents: u64, login: &str) -> Value {
        json!({"commit": {
            "oid": c.to_string().repeat(40), "message": "m", "authoredDate": at(hour), "committedDate": at(hour + 1),
            "parents": {"totalCount": parents}, "author": {"name": login, "user": {"login": login}},
        }})
    }

    fn review(login: &str, state: &str, hour: u32) -> Value {
        let kind = if login.ends_with("[bot]") {
            "Bot"
        } else {
            "User"
        };
        json!({"state": state, "submittedAt": at(hour), "url": null, "author": {"__typename": kind, "login": login}})
    }

    fn whole(commits: &[Value], total: u64, reviews: &[Value], timeline: &[Value]) -> Value {
        json!({
            "number": 7, "title": "tax", "body": "", "url": "https://github.com/acme/shop/pull/7", "headRefName": "tax",
            "createdAt": at(20), "updatedAt": at(60), "mergedAt": at(50),
            "author": {"__typename": "User", "login": "maria"}, "mergeCommit": null,
            "labels": {"nodes": [{"name": "bug"}]}, "closingIssuesReferences": {"nodes": [{"number": 3}]},
            "commits": {"totalCount": total, "nodes": commits}, "reviews": {"nodes": reviews},
            "timelineItems": {"nodes": timeline},
        })
    }

    fn hour(row: &PullRow, boundary: Boundary) -> Option<i64> {
        let zero: Timestamp = at(0).parse().unwrap();
        Some(row.moments.at(boundary)?.duration_since(zero).as_hours())
    }

    fn has(row: &PullRow, flag: Flag) -> bool {
        Flags::from_bits(row.flags).has(flag)
    }

    #[test]
    fn the_first_commit_is_a_persons_own() {
        let commits = [
            commit('a', 1, 1, "dependabot[bot]"),
            commit('b', 2, 2, "maria"),
            commit('c', 5, 1, "maria"),
            commit('d', 4, 1, "maria"),
        ];
        let row = pull(&whole(&commits, 4, &[], &[])).unwrap();
        assert_eq!(hour(&row, Boundary::FirstCommit), Some(4));
        let first = row.moments.get(Boundary::FirstCommit).unwrap();
        assert_eq!(first.source.as_str(), "author date of ddddddd");
        assert!(
            first
                .url
                .as_ref()
                .unwrap()
                .as_str()
                .ends_with("/pull/7/commits/dddddddddddddddddddddddddddddddddddddddd")
        );
        assert_eq!((row.commits.len(), row.closes.as_slice()), (4, &[3][..]));

        let before = json!({"__typename": "HeadRefForcePushedEvent", "beforeCommit": {"oid": "e".repeat(40), "authoredDate": at(3)}});
        let lost = json!({"__typename": "HeadRefForcePushedEvent", "beforeCommit": null});
        let row = pull(&whole(&commits, 4, &[], &[lost, before])).unwrap();
        assert_eq!(hour(&row, Boundary::FirstCommit), Some(3));
        assert!(has(&row, Flag::ForcePushed) && !has(&row, Flag::Truncated));
    }

    #[test]
    fn a_copy_counts_from_when_it_was_made() {
        let mut copy = commit('a', 1, 1, "maria");
        copy["commit"]["message"] = json!("tax\n\n(cherry picked from commit 9f3c1ab)");
        let row = pull(&whole(&[copy], 1, &[], &[])).unwrap();
        assert_eq!(hour(&row, Boundary::FirstCommit), Some(2));
        assert!(has(&row, Flag::CherryPick));
    }

    #[test]
    fn what_can_not_be_known_is_said() {
        let row = pull(&whole(&[], 0, &[], &[])).unwrap();
        assert!(row.moments.get(Boundary::FirstCommit).is_none() && !has(&row, Flag::Truncated));
        let row = pull(&whole(&[commit('a', 1, 2, "li")], 30, &[], &[])).unwrap();
        assert!(has(&row, Flag::Truncated), "only merges are listed");
        let row = pull(&whole(&[commit('a', 1, 1, "li")], 251, &[], &[])).unwrap();
        assert!(has(&row, Flag::Truncated));
        assert!(!has(
            &pull(&whole(&[commit('a', 1, 1, "li")], 250, &[], &[])).unwrap(),
            Flag::Truncated
        ));
        let mut gone = whole(&[], 0, &[review("li", "APPROVED", 30)], &[]);
        gone["author"] = Value::Null;
        let row = pull(&gone).unwrap();
        assert_eq!(
            (row.author.clone(), hour(&row, Boundary::Approved)),
            (None, Some(30))
        );
        gone["mergedAt"] = Value::Null;
        assert_eq!(pull(&gone), None);
    }

    #[test]
    fn a_draft_opens_when_it_is_ready() {
        let event = |kind: &str, hour: u32| json!({"__typename": kind, "createdAt": at(hour)});
        let ready = event("ReadyForReviewEvent", 28);
        let again = [event("ConvertToDraftEvent", 24), ready.clone()];
        assert_eq!(
            hour(
                &pull(&whole(&[], 0, &[], &[ready])).unwrap(),
                Boundary::Opened
            ),
            Some(28)
        );
        assert_eq!(
            hour(
                &pull(&whole(&[], 0, &[], &again)).unwrap(),
                Boundary::Opened
            ),
            Some(20)
        );
    }

    #[test]
    fn a_review_is_somebody_elses_and_an_approval_stands() {
        let reviews = [
            review("maria", "COMMENTED", 21),
            review("coverage[bot]", "COMMENTED", 22),
            review("li", "APPROVED", 24),
            review("noor", "DISMISSED", 25),
            review("li", "CHANGES_REQUESTED", 26),
            review("priya", "COMMENTED", 27),
            review("li", "APPROVED", 40),
            review("priya", "APPROVED", 44),
            review("jonas", "APPROVED", 55),
        ];
        let row = pull(&whole(&[], 0, &reviews, &[])).unwrap();
        assert_eq!(hour(&row, Boundary::FirstReview), Some(24));
        assert_eq!(hour(&row, Boundary::Approved), Some(40));
        assert_eq!(hour(&row, Boundary::Merged), Some(50));
        let late = pull(&whole(&[], 0, &reviews[8..], &[])).unwrap();
        assert_eq!(hour(&late, Boundary::Approved), None, "after the merge");
    }
}
