//! The queries of the past, put together from the parts of `queries/newest.graphql` and `queries/past.graphql`.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::queries::{NEWEST, PAST, body, field, literal};
use crate::domain::change::sync::Terms;
use crate::domain::change::sync::plan::PageAsk;
use crate::domain::change::synced::Source;
use crate::domain::ids::{CommitSha, RepoSlug};
use crate::domain::text::Safe;

/// Rows of one line beside the main branch in one answer.
const LINE: u32 = 50;

fn named(text: &str, repo: &RepoSlug) -> String {
    text.replacen("\"OWNER\"", &literal(&repo.owner), 1)
        .replacen("\"NAME\"", &literal(&repo.name), 1)
}

/// The environments put into the field of deployments.
fn deployed(field: &str, terms: &Terms) -> String {
    let names: Vec<String> = terms.environments.iter().map(|e| literal(e)).collect();
    let list = match names.as_slice() {
        [] => String::new(),
        _ => format!("environments: [{}], ", names.join(", ")),
    };
    field.replacen("environments: [\"ENVIRONMENTS\"], ", &list, 1)
}

/// The fields of incidents, one for each label.
fn labelled(issues: &str, terms: &Terms) -> Vec<String> {
    let each = terms.incident_labels.iter().enumerate();
    each.map(|(n, label)| {
        issues
            .replacen("i0: ", &format!("i{n}: "), 1)
            .replacen("\"LABEL\"", &literal(label), 1)
    })
    .collect()
}

/// What is newest in some repositories.
pub(super) fn newest(repos: &[RepoSlug], terms: &Terms) -> Option<String> {
    let body = body(NEWEST);
    let (head, rest) = body.split_once("  r0: ")?;
    let issues = field(&body, "i0")?;
    let (repository, _) = rest.split_once(issues)?;
    let repository = deployed(repository, terms);
    let mut out = head.to_owned();
    for (r, repo) in repos.iter().enumerate() {
        write!(out, "  r{r}: {}", named(&repository, repo)).ok()?;
        out.extend(labelled(issues, terms));
        out.push_str("  }\n");
    }
    out.push_str("}\n");
    Some(out)
}

/// A page of a source: its place and its size put in.
fn paged(field: &str, after: Option<&str>, size: u32) -> String {
    let after = after.map_or_else(|| "null".to_owned(), literal);
    field
        .replacen("first: 100", &format!("first: {size}"), 1)
        .replacen("\"AFTER\"", &after, 1)
}

/// The next pages of a repository's sources, `size` rows each.
pub(super) fn page(
    repo: &RepoSlug,
    ask: &PageAsk,
    terms: &Terms,
    (since, size): (Timestamp, u32),
) -> Option<String> {
    let body = body(PAST);
    let (head, _) = body.split_once("    reach: ")?;
    let mut out = named(head, repo);
    for (source, cursor) in &ask.sources {
        let after = cursor.as_ref().map(Safe::as_str);
        match source {
            Source::Commits => {
                let Some(from) = &ask.head else { continue };
                let from = literal(from.as_str());
                let with_head = |alias| Some(field(&body, alias)?.replacen("\"HEAD\"", &from, 1));
                if after.is_none() {
                    let since = literal(&since.to_string());
                    out.push_str(&with_head("reach")?.replacen("\"SINCE\"", &since, 1));
                }
                out.push_str(&paged(&with_head("commits")?, after, size));
            }
            Source::Pulls | Source::Deployments | Source::Releases => {
                let field = deployed(field(&body, source.word())?, terms);
                out.push_str(&paged(&field, after, size));
            }
            Source::Incidents => {
                let fields = labelled(field(&body, "i0")?, terms);
                let places = Places::read(after, fields.len());
                for (field, place) in fields.iter().zip(places.0) {
                    match place {
                        Place::End => {}
                        Place::Newest => out.push_str(&paged(field, None, size)),
                        Place::After(row) => out.push_str(&paged(field, Some(&row), size)),
                    }
                }
            }
        }
    }
    out.push_str("  }\n}\n");
    Some(out)
}

/// The newest commits that each of these contains.
pub(super) fn lines(repo: &RepoSlug, tips: &[CommitSha]) -> Option<String> {
    let body = body(PAST);
    let (head, _) = body.split_once("    reach: ")?;
    let line = paged(field(&body, "commits")?, None, LINE);
    let mut out = named(head, repo);
    for (l, tip) in tips.iter().enumerate() {
        let line = line.replacen("commits: ", &format!("l{l}: "), 1).replacen(
            "\"HEAD\"",
            &literal(tip.as_str()),
            1,
        );
        out.push_str(&line);
    }
    out.push_str("  }\n}\n");
    Some(out)
}

/// Where a label's list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// At its newest row.
    Newest,
    /// After the row of this place.
    After(String),
    /// It is at its end.
    End,
}

/// Where the lists of all labels go on.
pub(super) struct Places(pub(super) Vec<Place>);

/// A list that is at its end.
const END: &str = "-";

impl Places {
    /// From the one place that the sync keeps. Hosts' places hold no space.
    pub(super) fn read(kept: Option<&str>, labels: usize) -> Self {
        let mut places: Vec<Place> = kept
            .into_iter()
            .flat_map(|kept| kept.split(' '))
            .map(|p| match p {
                END => Place::End,
                row => Place::After(row.to_owned()),
            })
            .collect();
        places.resize(labels, Place::Newest);
        Self(places)
    }

    /// As one place; none: all are at their end.
    pub(super) fn text(next: &[Option<String>]) -> Option<Safe> {
        next.iter().any(Option::is_some).then(|| {
            let each = next.iter().map(|p| p.as_deref().unwrap_or(END));
            Safe::new(&each.collect::<Vec<_>>().join(" "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balanced(text: &str) {
        assert_eq!(
            text.matches('{').count(),
            text.matches('}').count(),
            "{text}"
        );
        for left in [
            "OWNER",
            "NAME\"",
            "AFTER",
            "LABEL",
            "HEAD\"",
            "SINCE",
            "ENVIRONMENTS",
        ] {
            assert!(!text.contains(left), "{left}: {text}");
        }
    }

    fn terms() -> Terms {
        Terms {
            incident_labels: vec!["incident".to_owned(), "out\"age".to_owned()],
            environments: vec!["staging".to_owned(), "prod\"".to_owned()],
            ..Terms::default()
        }
    }

    #[test]
    fn what_is_newest_is_asked_for_every_repository_and_label() {
        let repos = ["acme/shop".parse().unwrap(), "acme/web".parse().unwrap()];
        let text = newest(&repos, &terms()).unwrap();
        balanced(&text);
        assert!(text.contains("(first: 10, environments: [\"staging\", \"prod\\\"\"], orderBy"));
        balanced(&newest(&repos, &Terms::default()).unwrap());
        assert!(text.contains("r1: repository(owner: \"acme\", name: \"web\")"));
        assert_eq!(
            text.matches("i1: issues(first: 1, labels: [\"out\\\"age\"]")
                .count(),
            2
        );
    }

    #[test]
    fn a_page_holds_the_sources_that_are_read_at_their_places() {
        let ask = PageAsk {
            sources: vec![
                (Source::Commits, None),
                (Source::Pulls, Some(Safe::new("Y3Vy"))),
                (Source::Incidents, Some(Safe::new("- b"))),
            ],
            head: Some("a".repeat(40).parse().unwrap()),
        };
        let repo = "acme/shop".parse().unwrap();
        let since = "2026-01-01T00:00:00Z".parse().unwrap();
        let text = page(&repo, &ask, &terms(), (since, 25)).unwrap();
        balanced(&text);
        assert!(text.contains("pullRequests(first: 25, after: \"Y3Vy\","));
        assert!(text.contains("history(first: 25, after: null)"));
        assert!(text.contains("since: \"2026-01-01T00:00:00Z\""));
        assert!(
            !text.contains("i0: issues") && text.contains("i1: issues(first: 25, after: \"b\"")
        );
        assert!(!text.contains("releases"));

        let tips = [
            "b".repeat(40).parse().unwrap(),
            "c".repeat(40).parse().unwrap(),
        ];
        let text = lines(&repo, &tips).unwrap();
        balanced(&text);
        assert!(text.contains(&format!("l1: object(oid: \"{}\")", "c".repeat(40))));
    }

    #[test]
    fn the_places_of_several_labels_are_one() {
        let text = Places::text(&[None, Some("x".to_owned())]).unwrap();
        assert_eq!(text.as_str(), "- x");
        let places = Places::read(Some("- x"), 3).0;
        assert_eq!(
            places,
            [Place::End, Place::After("x".to_owned()), Place::Newest]
        );
        assert_eq!(Places::text(&[None, None]), None);
    }
}
