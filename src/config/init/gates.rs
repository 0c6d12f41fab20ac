//! The gates of a first configuration: what the default branch requires. What the token may not know becomes advisory, with the
//! permission that would tell.

use std::fmt::Write as _;

use super::list;
use crate::domain::survey::{RepoFacts, Required};
use crate::domain::text::Safe;

/// More checks than that are not named one by one.
const NAMED: usize = 12;

/// Writes the gates; `ways` are the environments with a way back.
pub(super) fn write(facts: &RepoFacts, ways: &[String], out: &mut String) {
    out.push_str("\n# What a candidate has to meet before it goes.\n[gates]\n");
    let branch = &facts.branch;
    match &facts.required {
        Required::Checks(names) => {
            let _ = writeln!(
                out,
                "# The checks that {branch} requires; the others may fail."
            );
            let names = patterns(names);
            let _ = writeln!(
                out,
                "ci = {{ stage = \"test\", checks = {{ require = {}, blocking = false }} }}",
                list(names.iter().map(String::as_str))
            );
        }
        Required::None => {
            let _ = writeln!(out, "# {branch} requires no check, so this is advisory.");
            advisory(facts, out);
        }
        Required::Hidden => {
            let _ = writeln!(
                out,
                "# Advisory, since the token can't read what {branch} requires: that needs the permission \"Administration: read\"."
            );
            advisory(facts, out);
        }
    }
    match facts.reviews {
        Some(0) => {}
        Some(n) => {
            let _ = write!(
                out,
                "# {branch} requires so many reviews.\nreview = {{ stage = \"test\", approvals = {{ min = {} }} }}\n",
                n.min(20)
            );
        }
        None => out.push_str(
            "# Advisory, since the token can't read how many reviews are required: that needs the permission \"Administration: read\".\n\
             review = { stage = \"test\", required = false, approvals = { min = 1 } }\n",
        ),
    }
    if !ways.is_empty() {
        let _ = write!(
            out,
            "# There is a way back before anything goes.\n\
             way-back = {{ stage = \"prepare\", rollback_plan = {{}}, when = {{ env = {} }} }}\n",
            list(ways.iter().map(String::as_str))
        );
    }
    out.push_str("# The calendar lets it go.\nwindow = { stage = \"deploy\", window = {} }\n");
}

fn advisory(facts: &RepoFacts, out: &mut String) {
    let seen = patterns(&facts.seen_checks);
    let named = (1..=NAMED).contains(&seen.len());
    let checks = if named {
        format!("{{ require = {} }}", list(seen.iter().map(String::as_str)))
    } else {
        "{}".to_owned()
    };
    if named {
        out.push_str("# These were seen on its head.\n");
    }
    let _ = writeln!(
        out,
        "ci = {{ stage = \"test\", required = false, checks = {checks} }}"
    );
}

/// Names as patterns: what a pattern would read as its own letter matches any one letter.
fn patterns(names: &[Safe]) -> Vec<String> {
    let mut all: Vec<String> = names
        .iter()
        .filter(|n| !n.is_empty())
        .map(|n| {
            n.as_str()
                .replace(['*', '[', ']', '{', '}', '\\', '!'], "?")
        })
        .collect();
    all.dedup();
    all
}
