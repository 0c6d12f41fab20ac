//! The gate kind `checks`: the candidate's check runs and commit statuses pass. What is required by name and has not reported is
//! pending, so an empty list is never green.

use super::evaluate::{Facts, Finding, answer};
use super::{Evidence, GateState};
use crate::domain::release::{CheckItem, CheckState};
use crate::domain::text::Safe;

/// Which checks count. Entries are names or patterns (`test*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSet {
    /// Each of these must have reported, and all that match must pass.
    pub require: Vec<String>,
    /// These may fail.
    pub allow: Vec<String>,
    /// These are not looked at.
    pub hide: Vec<String>,
    /// Whether checks that no list names must pass as well.
    pub blocking: bool,
}

fn named(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|p| matches(p, name))
}

/// A check's name has no folders, so `*` spans a slash too: `*` is tried between the slashes and across them.
fn matches(pattern: &str, name: &str) -> bool {
    let flat = |text: &str| text.replace('/', "\u{1}");
    pattern == name || fast_glob::glob_match(flat(pattern), flat(name))
}

/// Judges the checks.
pub fn evaluate(set: &CheckSet, facts: &Facts<'_>) -> Finding {
    let (checks, _) = match answer(facts.checks, facts.stale_after, facts.now) {
        Ok((checks, at)) if checks.sha == facts.candidate.sha => (checks, at),
        Ok(_) => return Finding::unknown("not read yet for this candidate"),
        Err(found) => return *found,
    };
    let counting: Vec<&CheckItem> = checks
        .items
        .iter()
        .filter(|c| !named(&set.hide, c.name.as_str()))
        .filter(|c| {
            let name = c.name.as_str();
            // Required beats allowed: who names a check in both wants it.
            named(&set.require, name) || (set.blocking && !named(&set.allow, name))
        })
        .collect();
    let of = |state: CheckState| -> Vec<&str> {
        counting
            .iter()
            .filter(|c| c.state == state)
            .map(|c| c.name.as_str())
            .collect()
    };
    let absent: Vec<&str> = set
        .require
        .iter()
        .filter(|p| !counting.iter().any(|c| matches(p, c.name.as_str())))
        .map(String::as_str)
        .collect();
    let (failed, running, unknown) = (
        of(CheckState::Failed),
        of(CheckState::Running),
        of(CheckState::Unknown),
    );
    let (passed, total) = (of(CheckState::Passed).len(), counting.len());
    let tolerated = checks
        .items
        .iter()
        .filter(|c| c.state == CheckState::Failed)
        .filter(|c| !counting.iter().any(|o| o.name == c.name && o.app == c.app))
        .filter(|c| !named(&set.hide, c.name.as_str()))
        .count();
    let (state, summary) = if !failed.is_empty() {
        let words = format!("{} of {total} failed: {}", failed.len(), list(&failed));
        (GateState::Fail, words)
    } else if let Some(missing) = checks.missing.first() {
        (GateState::Unknown, missing.to_string())
    } else if !unknown.is_empty() {
        let words = format!("in an unknown state: {}", list(&unknown));
        (GateState::Unknown, words)
    } else if !absent.is_empty() {
        let words = format!("expected, not started: {}", list(&absent));
        (GateState::Pending, words)
    } else if !running.is_empty() {
        let words = format!("{} of {total} under way: {}", running.len(), list(&running));
        (GateState::Pending, words)
    } else if passed == 0 {
        (GateState::Pending, "no check has run yet".to_owned())
    } else {
        let plural = if total == 1 { "check" } else { "checks" };
        let more = if tolerated > 0 {
            format!(", {tolerated} failed that may fail")
        } else {
            String::new()
        };
        (GateState::Pass, format!("{total} {plural} green{more}"))
    };
    let times = || counting.iter().filter_map(|c| c.at);
    Finding {
        state,
        summary,
        evidence: Evidence {
            at: times().max(),
            value: Some(Safe::new(&format!("{passed} of {total} passed"))),
            rule: Some(Safe::new(&rule(set))),
            source: Some(Safe::new("checks and statuses of the commit")),
            url: counting
                .iter()
                .find(|c| c.state == CheckState::Failed)
                .and_then(|c| c.url.clone()),
            valid_until: None,
        },
        ages_from: times().min(),
        owner: None,
    }
}

fn rule(set: &CheckSet) -> String {
    let mut parts = Vec::new();
    if !set.require.is_empty() {
        parts.push(format!("{} pass", set.require.join(", ")));
    }
    if set.blocking {
        parts.push(if set.require.is_empty() {
            "every check passes, and there is one".to_owned()
        } else {
            "no other fails".to_owned()
        });
    }
    if !set.allow.is_empty() {
        parts.push(format!("{} may fail", set.allow.join(", ")));
    }
    parts.join("; ")
}

/// The first few names.
fn list(names: &[&str]) -> String {
    let shown: Vec<&str> = names.iter().copied().take(3).collect();
    let more = names.len().saturating_sub(shown.len());
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_span_slashes() {
        assert!(matches("test*", "test / unit (3.12)"));
        assert!(matches("flightdeck/*", "flightdeck/signoff/uat"));
        assert!(matches("build [linux]", "build [linux]"), "a name as it is");
        assert!(!matches("test", "test-2"));
    }
}
