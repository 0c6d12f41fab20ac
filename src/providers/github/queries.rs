//! The texts of the GraphQL queries, and how names get into them.

use serde_json::Value;

pub(super) const NAMED: &str = include_str!("queries/named.graphql");
pub(super) const OVERVIEW: &str = include_str!("queries/overview.graphql");
pub(super) const NEWEST: &str = include_str!("queries/newest.graphql");
pub(super) const PAST: &str = include_str!("queries/past.graphql");
pub(super) const PULLS: &str = include_str!("queries/pulls.graphql");
pub(super) const REVIEWS: &str = include_str!("queries/reviews.graphql");

/// A query's text without its comment lines.
pub(super) fn body(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let code = |line: &&str| !line.trim_start().starts_with('#');
    for line in text.lines().filter(code) {
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// A string as a GraphQL literal. JSON's escapes are GraphQL's.
pub(super) fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

/// The field of a repository with this alias, whole; the template writes it with four spaces before it.
pub(super) fn field<'a>(body: &'a str, alias: &str) -> Option<&'a str> {
    let start = body.find(&format!("\n    {alias}: "))? + 1;
    let (_, rest) = body.split_at_checked(start)?;
    let end = rest.find("\n    }\n")? + "\n    }\n".len();
    rest.split_at_checked(end).map(|(field, _)| field)
}
