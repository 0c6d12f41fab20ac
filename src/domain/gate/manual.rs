//! The gate kind `manual`: people say yes, each in a slot. A sign-off counts for exactly the commit it was given for; one that
//! was given for another commit says so and does not count.

use jiff::{SignedDuration, Timestamp};

use super::evaluate::{Facts, Finding, answer};
use super::signoff::{Answer, SignOff, may_sign};
use super::{Evidence, GateState};
use crate::domain::text::Safe;
use crate::domain::units::age;

/// Who has to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manual {
    /// Who signs: `@login`, `@org/team`, or a word; empty: one sign-off by anybody.
    pub slots: Vec<String>,
    /// Whether who wrote the changes may not sign.
    pub bar_authors: bool,
}

/// Where one slot stands.
struct Slot<'a> {
    name: Option<&'a str>,
    state: GateState,
    words: String,
    given: Option<&'a SignOff>,
}

/// Judges the sign-offs of a gate.
pub fn evaluate(
    id: &str,
    manual: &Manual,
    valid_for: Option<SignedDuration>,
    facts: &Facts<'_>,
) -> Finding {
    let signoffs = match facts.signoffs {
        Ok(all) => all,
        Err(why) => return Finding::unknown(format!("the ledger can't be read: {why}")),
    };
    let authors = authors(manual, facts);
    let names: Vec<Option<&str>> = if manual.slots.is_empty() {
        vec![None]
    } else {
        manual.slots.iter().map(|s| Some(s.as_str())).collect()
    };
    let slots: Vec<Slot<'_>> = names
        .into_iter()
        .map(|name| {
            let given: Vec<&SignOff> = signoffs
                .iter()
                .filter(|s| s.body.gate == id && s.body.slot.as_deref() == name)
                .collect();
            judge(manual, name, &given, authors.as_deref(), valid_for, facts)
        })
        .collect();
    let state = slots
        .iter()
        .map(|s| s.state)
        .min()
        .unwrap_or(GateState::Pending);
    let worst = slots.iter().find(|s| s.state == state);
    let signed = slots.iter().filter(|s| s.state == GateState::Pass).count();
    let summary = if state == GateState::Pass {
        let all: Vec<&str> = slots.iter().map(|s| s.words.as_str()).collect();
        all.join(", ")
    } else {
        worst.map_or_else(String::new, |s| s.words.clone())
    };
    let open: Vec<&str> = slots
        .iter()
        .filter(|s| s.state != GateState::Pass)
        .map(|s| s.name.unwrap_or("anybody"))
        .collect();
    let given = || slots.iter().filter_map(|s| s.given);
    let rows: Vec<String> = given().map(|s| s.seq.to_string()).collect();
    let earliest: Option<Timestamp> = given().map(|s| s.at).min();
    Finding {
        state,
        summary,
        evidence: Evidence {
            at: given().map(|s| s.at).max(),
            value: Some(Safe::new(&format!("{signed} of {} signed", slots.len()))),
            rule: Some(Safe::new(&rule(manual))),
            source: Some(Safe::new(&match rows.as_slice() {
                [] => "the ledger".to_owned(),
                [one] => format!("row {one} of the ledger"),
                many => format!("rows {} of the ledger", many.join(", ")),
            })),
            url: None,
            valid_until: valid_for
                .zip(earliest)
                .and_then(|(limit, at)| at.saturating_add(limit).ok()),
        },
        // Each slot has judged its own age.
        ages_from: None,
        owner: (!open.is_empty()).then(|| Safe::new(&open.join(", "))),
    }
}

/// Who wrote the candidate's changes; none: not known.
fn authors(manual: &Manual, facts: &Facts<'_>) -> Option<Vec<Safe>> {
    if !manual.bar_authors {
        return None;
    }
    let base = facts.base?;
    // Who wrote a range of commits never changes, so an old answer is as good as a new one.
    let (found, _) = answer(facts.approvals, SignedDuration::MAX, facts.now).ok()?;
    (found.head == facts.candidate.sha && found.base == base.sha && !found.partial)
        .then(|| found.authors.clone())
}

fn judge<'a>(
    manual: &Manual,
    name: Option<&'a str>,
    given: &[&'a SignOff],
    authors: Option<&[Safe]>,
    valid_for: Option<SignedDuration>,
    facts: &Facts<'_>,
) -> Slot<'a> {
    let who = name.unwrap_or("somebody");
    let here = given
        .iter()
        .rev()
        .find(|s| s.body.sha == facts.candidate.sha)
        .copied();
    let slot = |state, words, given| Slot {
        name,
        state,
        words,
        given,
    };
    let Some(sign) = here else {
        let words = match given.last() {
            Some(old) => format!(
                "{who} has to sign again: @{} signed {}, the candidate is {}",
                old.who,
                old.body
                    .version
                    .as_ref()
                    .map_or_else(|| old.body.sha.short().to_owned(), ToString::to_string),
                facts.candidate
            ),
            None => format!("{who} has to sign"),
        };
        return slot(GateState::Pending, words, None);
    };
    let note = sign
        .body
        .reason
        .as_ref()
        .map_or_else(String::new, |r| format!(" \"{r}\""));
    let proven = if sign.verified { "" } else { " (not proven)" };
    if sign.body.answer == Answer::No {
        let words = format!("refused @{}{proven}{note}", sign.who);
        return slot(GateState::Fail, words, Some(sign));
    }
    if let Err(why) = may_sign(manual, name, &sign.who, sign.verified, authors) {
        let state = match why {
            super::signoff::NotYours::AuthorsUnknown => GateState::Unknown,
            _ => GateState::Pending,
        };
        return slot(
            state,
            format!("a sign-off does not count: {why}"),
            Some(sign),
        );
    }
    if let Some(until) = valid_for.and_then(|limit| sign.at.saturating_add(limit).ok())
        && until <= facts.now.0
    {
        let words = format!(
            "expired {} ago: signed @{}",
            age(facts.now.since(until)),
            sign.who
        );
        return slot(GateState::Unknown, words, Some(sign));
    }
    let words = format!("signed @{}{proven}{note}", sign.who);
    slot(GateState::Pass, words, Some(sign))
}

fn rule(manual: &Manual) -> String {
    let who = if manual.slots.is_empty() {
        "one sign-off".to_owned()
    } else {
        format!("signed by {}", manual.slots.join(", "))
    };
    if manual.bar_authors {
        format!("{who}; not by an author")
    } else {
        who
    }
}
