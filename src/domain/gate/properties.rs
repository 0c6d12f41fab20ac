//! Property tests: whatever gates are configured, a required one that is unknown, expired or pending is never GO.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::approvals::Approve;
use super::checks::CheckSet;
use super::evaluate::{Facts, rows};
use super::http::{Bounds, HttpValue, Measured, Reading, Reduce};
use super::manual::Manual;
use super::rollback_plan::WayBack;
use super::signoff::{Answer, Body, SignOff};
use super::spec::{GateKind, GateSpec};
use super::{Checklist, GateState, Outcome, Stage};
use crate::domain::fetched::{Fault, FaultKind, Fetched};
use crate::domain::ids::CommitSha;
use crate::domain::release::{Approvals, CheckItem, CheckState, Checks, PullReviews, VersionRef};
use crate::domain::rollback::{Refusal, RollbackPlan, Way, WayKind};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// How the source of a gate's evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Good,
    NeverAsked,
    Failing,
    /// The last good answer is long ago.
    Stale,
    /// It answers, with old evidence.
    Old,
    /// It answers, undecided.
    Undecided,
    /// It answers for another commit.
    Other,
    Bad,
}

fn source() -> impl Strategy<Value = Source> {
    use Source::{Bad, Failing, Good, NeverAsked, Old, Other, Stale, Undecided};
    prop_oneof![
        6 => Just(Good),
        1 => Just(NeverAsked),
        1 => Just(Failing),
        1 => Just(Stale),
        1 => Just(Old),
        1 => Just(Undecided),
        1 => Just(Other),
        1 => Just(Bad),
    ]
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000 + s).unwrap()
}

fn sha(c: char) -> CommitSha {
    c.to_string().repeat(40).parse().unwrap()
}

fn fetched<T>(source: Source, value: T) -> Fetched<T> {
    let fault = Fault {
        message: Safe::new("the server failed"),
        hint: None,
        kind: FaultKind::Unreachable,
        at: at(0),
        retry_at: None,
    };
    match source {
        Source::NeverAsked => Fetched::Never,
        Source::Failing => Fetched::Failed { fault },
        Source::Stale => Fetched::Stale {
            value,
            at: at(-200_000),
            fault: Some(fault),
        },
        _ => Fetched::Fresh { value, at: at(-5) },
    }
}

fn head(source: Source) -> CommitSha {
    sha(if source == Source::Other { 'd' } else { 'c' })
}

fn checks(source: Source) -> Fetched<Checks> {
    let item = |name: &str, state| CheckItem {
        name: Safe::new(name),
        app: Some(Safe::new("ci")),
        state,
        summary: None,
        at: Some(at(if source == Source::Old { -100_000 } else { -60 })),
        url: None,
    };
    let state = match source {
        Source::Bad => CheckState::Failed,
        Source::Undecided => CheckState::Running,
        _ => CheckState::Passed,
    };
    fetched(
        source,
        Checks {
            sha: head(source),
            items: vec![item("build", CheckState::Passed), item("test", state)],
            missing: vec![],
        },
    )
}

fn approvals(source: Source) -> Fetched<Approvals> {
    let name = |n: &str| vec![Safe::new(n)];
    fetched(
        source,
        Approvals {
            base: sha('b'),
            head: head(source),
            pulls: vec![PullReviews {
                number: 1,
                title: Safe::new("a change"),
                author: Some(Safe::new("maria")),
                url: None,
                // An author's own approval is none.
                approved_by: name(if source == Source::Undecided {
                    "maria"
                } else {
                    "li"
                }),
                changes_requested_by: if source == Source::Bad {
                    name("noor")
                } else {
                    vec![]
                },
                reviewed_at: Some(at(if source == Source::Old { -100_000 } else { -60 })),
            }],
            authors: name("maria"),
            direct: 0,
            partial: false,
        },
    )
}

fn reading(source: Source) -> Fetched<Reading> {
    let mut all = fetched(
        source,
        Reading {
            value: match source {
                Source::Bad => Measured::Number(12.0),
                Source::Undecided => Measured::Word(Safe::new("soon")),
                _ => Measured::Number(84.0),
            },
            from: Safe::new("https://ci.example/cov"),
        },
    );
    if let (Source::Old | Source::Other, Fetched::Fresh { at: when, .. }) = (source, &mut all) {
        *when = at(-100_000);
    }
    all
}

fn signoff(source: Source) -> Vec<SignOff> {
    if matches!(
        source,
        Source::NeverAsked | Source::Failing | Source::Undecided
    ) {
        return vec![];
    }
    vec![SignOff {
        seq: 1,
        at: at(if matches!(source, Source::Old | Source::Stale) {
            -100_000
        } else {
            -60
        }),
        who: Safe::new("noor"),
        verified: true,
        body: Body {
            gate: "g".to_owned(),
            slot: Some("@noor".to_owned()),
            sha: head(source),
            version: None,
            answer: if source == Source::Bad {
                Answer::No
            } else {
                Answer::Yes
            },
            reason: None,
        },
    }]
}

fn plan(source: Source) -> Option<Result<RollbackPlan, Refusal>> {
    let target = || crate::domain::ids::Target {
        service: "checkout".parse().unwrap(),
        env: "production".parse().unwrap(),
    };
    match source {
        Source::NeverAsked | Source::Failing => None,
        Source::Undecided => Some(Err(Refusal::Unknown(target(), "cut off".to_owned()))),
        _ => Some(Err(Refusal::NoTarget(target()))),
    }
}

fn kind(nth: usize) -> GateKind {
    match nth {
        0 => GateKind::Checks(CheckSet {
            require: vec!["te*".to_owned()],
            allow: vec![],
            hide: vec![],
            blocking: true,
        }),
        1 => GateKind::Approvals(Approve { min: 1 }),
        2 => GateKind::RollbackPlan,
        3 => GateKind::Http(HttpValue {
            get: "https://ci.example/cov/$sha".to_owned(),
            path: "$.percent".to_owned(),
            reduce: Reduce::First,
            bounds: Bounds {
                at_least: Some(80.0),
                ..Bounds::default()
            },
            unit: Some("%".to_owned()),
        }),
        4 => GateKind::Manual(Manual {
            slots: vec!["@noor".to_owned()],
            bar_authors: false,
        }),
        _ => GateKind::Withheld,
    }
}

fn state(nth: usize, required: bool, source: Source) -> (GateState, Outcome) {
    let spec = GateSpec {
        id: "g".to_owned(),
        stage: Stage::Test,
        required,
        kind: kind(nth),
        valid_for: Some(SignedDuration::from_hours(1)),
        kinds: vec![],
    };
    let version = |c| VersionRef {
        sha: sha(c),
        version: None,
    };
    let (candidate, base) = (version('c'), version('b'));
    let (checks, approvals) = (checks(source), approvals(source));
    let readings = BTreeMap::from([("g".to_owned(), reading(source))]);
    let (signoffs, plan) = (signoff(source), plan(source));
    let ways = if source == Source::Bad {
        vec![]
    } else {
        vec![Way {
            id: "workflow".to_owned(),
            kind: WayKind::Workflow {
                file: "rollback.yml".to_owned(),
                git_ref: "main".to_owned(),
                inputs: vec![],
            },
        }]
    };
    let rows = rows(
        &[spec],
        &Facts {
            now: Now(at(0)),
            candidate: &candidate,
            base: Some(&base),
            checks: &checks,
            approvals: &approvals,
            readings: &readings,
            signoffs: Ok(&signoffs),
            way_back: WayBack {
                ways: &ways,
                live: (source != Source::Other).then_some(&base),
                plan: plan.as_ref(),
                seen_at: Some(at(if matches!(source, Source::Old | Source::Stale) {
                    -100_000
                } else {
                    -5
                })),
                fault: None,
            },
            window: None,
            stale_after: SignedDuration::from_mins(10),
        },
    );
    let state = rows[0].state;
    let list = Checklist {
        candidate,
        chosen: Safe::default(),
        gates: rows,
    };
    (state, list.outcome())
}

#[test]
fn each_kind_passes_on_good_evidence_only() {
    for nth in 0..=5 {
        let good = state(nth, true, Source::Good);
        let wanted = if nth == 5 {
            GateState::Unknown
        } else {
            GateState::Pass
        };
        assert_eq!(good.0, wanted, "kind {nth}");
        for source in [
            Source::NeverAsked,
            Source::Failing,
            Source::Stale,
            Source::Old,
            Source::Undecided,
            Source::Other,
            Source::Bad,
        ] {
            assert_ne!(
                state(nth, true, source).0,
                GateState::Pass,
                "kind {nth}, {source:?}"
            );
            assert_ne!(
                state(nth, true, source).1,
                Outcome::Go,
                "kind {nth}, {source:?}"
            );
        }
        assert_eq!(
            state(nth, false, Source::Good).1,
            Outcome::Pending,
            "nothing required, nothing granted"
        );
    }
}

proptest! {
    #[test]
    fn no_combination_with_a_required_gate_that_does_not_pass_is_go(
        gates in proptest::collection::vec((0..6_usize, any::<bool>(), source()), 1..8)
    ) {
        let all: Vec<_> = gates.iter().map(|(n, required, source)| (*required, state(*n, *required, *source).0)).collect();
        let list = Checklist {
            candidate: VersionRef { sha: sha('c'), version: None },
            chosen: Safe::default(),
            gates: all.iter().map(|(required, state)| super::GateRow {
                id: Safe::new("g"),
                kind: Safe::new("k"),
                stage: Stage::Test,
                state: *state,
                required: *required,
                summary: Safe::default(),
                evidence: super::Evidence::default(),
                owner: None,
            }).collect(),
        };
        let good = |(n, required, source): &(usize, bool, Source)| !required || (*n != 5 && *source == Source::Good);
        let required = gates.iter().any(|(_, required, _)| *required);
        prop_assert_eq!(list.outcome() == Outcome::Go, required && gates.iter().all(good));
    }
}
