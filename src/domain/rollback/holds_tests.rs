//! What would hold a run, as a table of rules and sentences; and that nothing unread is ever silent.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

fn at(s: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000 + s).unwrap()
}

fn way() -> Way {
    Way {
        id: "workflow".to_owned(),
        kind: WayKind::Workflow {
            file: "rollback.yml".to_owned(),
            git_ref: "main".to_owned(),
            inputs: vec![],
        },
    }
}

fn fault(kind: FaultKind, hint: Option<&str>) -> Fault {
    Fault {
        message: Safe::new("GitHub answered 502"),
        hint: hint.map(Safe::new),
        kind,
        at: at(0),
        retry_at: None,
    }
}

fn busy(id: u64, status: RunStatus) -> Busy {
    Busy {
        run: RunId(id),
        status,
        url: Safe::new("https://github.com/acme/checkout/actions/runs/1001"),
    }
}

fn facts(protection: Protection, runs: Vec<Busy>) -> HoldFacts {
    HoldFacts {
        protection: Ok(protection),
        busy: vec![("rollback.yml".to_owned(), Ok(runs))],
    }
}

fn texts(facts: HoldFacts) -> Vec<String> {
    let facts = Fetched::Fresh {
        value: facts,
        at: at(0),
    };
    let (way, who) = (way(), Safe::new("maria"));
    let ask = Ask {
        environment: "production",
        facts: &facts,
        way: &way,
        rerun: None,
        cancel: Some(RunId(903)),
        who: Some(&who),
        now: Now(at(10)),
    };
    told(&ask).iter().map(|h| h.text.to_string()).collect()
}

fn team(name: &str) -> Reviewer {
    Reviewer::Team(Safe::new(name))
}

fn person(name: &str) -> Reviewer {
    Reviewer::Person(Safe::new(name))
}

#[test]
fn nothing_in_the_way_says_nothing() {
    assert_eq!(texts(facts(Protection::default(), vec![])), [""; 0]);
    let cancelled = facts(
        Protection::default(),
        vec![busy(903, RunStatus::InProgress)],
    );
    assert_eq!(texts(cancelled), [""; 0], "it is cancelled first");
}

#[test]
fn rules_read_as_sentences() {
    let reviewed = |reviewers: &[Reviewer], bars_self| Protection {
        reviewers: reviewers.to_vec(),
        bars_self,
        ..Protection::default()
    };
    let branches = |branches| Protection {
        branches,
        ..Protection::default()
    };
    let named = |p: &str| Branches::Named(vec![Safe::new(p)]);
    let table: Vec<(Protection, &str)> = vec![
        (
            reviewed(&[team("acme/ops")], true),
            "needs a review by @acme/ops for production, you can't approve your own run",
        ),
        (
            reviewed(&[team("acme/ops"), person("li")], false),
            "needs a review by @acme/ops or @li for production",
        ),
        (
            reviewed(&[person("maria")], false),
            "needs a review by @maria for production, which you may give yourself",
        ),
        (
            reviewed(&[person("maria")], true),
            "needs a review by @maria for production, and you can't approve your own run: somebody else has to start it",
        ),
        (
            reviewed(
                &[
                    person("a"),
                    person("b"),
                    person("c"),
                    person("d"),
                    person("e"),
                ],
                false,
            ),
            "needs a review by @a, @b, @c or 2 more for production",
        ),
        (
            Protection {
                wait_min: Some(10),
                ..Protection::default()
            },
            "waits 10 min before it starts in production",
        ),
        (
            Protection {
                apps: vec![Safe::new("sentry")],
                ..Protection::default()
            },
            "the app sentry must agree before it starts in production",
        ),
        (
            branches(Branches::Protected),
            "production takes protected branches only: main must be one",
        ),
        (
            branches(named("release/*")),
            "production takes only release/*: a run on main is refused",
        ),
    ];
    for (rules, wanted) in table {
        assert_eq!(texts(facts(rules, vec![])), [wanted]);
    }
    assert_eq!(texts(facts(branches(named("m*")), vec![])), [""; 0]);
}

#[test]
fn a_busy_workflow_is_named_with_its_first_run() {
    let one = facts(
        Protection::default(),
        vec![busy(1_001, RunStatus::InProgress)],
    );
    assert_eq!(
        texts(one),
        ["run 1001 of rollback.yml is in progress: yours may queue behind it"]
    );
    let more = vec![
        busy(903, RunStatus::InProgress),
        busy(1_001, RunStatus::Waiting),
        busy(1_002, RunStatus::Pending),
    ];
    assert_eq!(
        texts(facts(Protection::default(), more)),
        [
            "run 1001 of rollback.yml waits for a review or a timer (and 1 more): yours may queue behind it"
        ]
    );
}

#[test]
fn what_can_not_be_read_is_said_to_be_not_known() {
    let forbidden = HoldFacts {
        protection: Err(fault(
            FaultKind::Forbidden,
            Some("give the token the permission actions=read"),
        )),
        busy: vec![(
            "rollback.yml".to_owned(),
            Err(fault(FaultKind::NotFound, None)),
        )],
    };
    assert_eq!(
        texts(forbidden),
        [
            "the rules of production are not known: give the token the permission actions=read",
            "whether rollback.yml is busy is not known: the token does not see them (needs Actions: read)",
        ]
    );
}

#[test]
fn a_waiting_run_says_who_can_let_it_go() {
    let pending = |minutes: Option<i64>, reviewers: Vec<Reviewer>, may_approve| Pending {
        environment: Safe::new("production"),
        reviewers,
        may_approve,
        wait_until: minutes.map(|m| at(m * 60)),
    };
    let now = Now(at(0));
    let said = |p| waits_for(&[p], now).unwrap();
    assert_eq!(
        said(pending(None, vec![team("acme/ops")], false)),
        "waits for a review by @acme/ops: you can't approve it (production)"
    );
    assert_eq!(
        said(pending(Some(5), vec![person("maria")], true)),
        "waits 5m 00s for the timer, for a review by @maria: you may approve it (production)"
    );
    assert_eq!(
        said(pending(Some(-1), vec![], false)),
        "waits for a rule of production"
    );
    assert_eq!(waits_for(&[], now), None);
}

proptest! {
    /// Whatever was read: each rule that stands has its row, and each part that was not read has one too.
    #[test]
    fn nothing_that_holds_is_silent(
        reviewers in 0_usize..7, bars in any::<bool>(), wait in proptest::option::of(0_u64..100), apps in 0_usize..3,
        rules_read in any::<bool>(), busy_read in any::<bool>(), runs in 0_u64..4, age in 0_i64..10_000, stale in any::<bool>(),
    ) {
        let rules = Protection {
            reviewers: (0..reviewers).map(|n| person(&format!("p{n}"))).collect(),
            bars_self: bars,
            wait_min: wait,
            apps: (0..apps).map(|n| Safe::new(&format!("app{n}"))).collect(),
            ..Protection::default()
        };
        let value = HoldFacts {
            protection: rules_read.then_some(rules).ok_or_else(|| fault(FaultKind::Unreachable, None)),
            busy: vec![(
                "rollback.yml".to_owned(),
                busy_read.then(|| (0..runs).map(|n| busy(2_000 + n, RunStatus::Queued)).collect())
                    .ok_or_else(|| fault(FaultKind::Unreachable, None)),
            )],
        };
        let facts = if stale {
            Fetched::Stale { value, at: at(0), fault: Some(fault(FaultKind::Unreachable, None)) }
        } else {
            Fetched::Fresh { value, at: at(0) }
        };
        let way = way();
        let ask = Ask {
            environment: "production", facts: &facts, way: &way, rerun: None, cancel: None, who: None,
            now: Now(at(0).checked_add(SignedDuration::from_secs(age)).unwrap()),
        };
        let holds = told(&ask);
        let count = |kind: HoldKind| holds.iter().filter(|h| h.kind == kind).count();
        prop_assert_eq!(count(HoldKind::Review), usize::from(rules_read && reviewers > 0));
        prop_assert_eq!(count(HoldKind::Wait), usize::from(rules_read && wait.is_some_and(|m| m > 0)));
        prop_assert_eq!(count(HoldKind::App), if rules_read { apps } else { 0 });
        prop_assert_eq!(count(HoldKind::Busy), usize::from(busy_read && runs > 0));
        let old = stale && age > 180;
        prop_assert_eq!(count(HoldKind::Unknown), usize::from(!rules_read) + usize::from(!busy_read) + usize::from(old));
        prop_assert_eq!(brief(&holds).is_none(), holds.iter().all(|h| h.kind == HoldKind::Unknown));
    }
}

#[test]
fn not_read_yet_and_failed_are_said() {
    let way = way();
    let ask = |facts| {
        told(&Ask {
            environment: "production",
            facts: &facts,
            way: &way,
            rerun: None,
            cancel: None,
            who: None,
            now: Now(at(0)),
        })
    };
    let never = ask(Fetched::Never);
    assert_eq!(
        never[0].text.as_str(),
        "what holds a run in production is not known: still being read"
    );
    let failed = ask(Fetched::Failed {
        fault: fault(FaultKind::Unreachable, None),
    });
    assert_eq!(
        failed[0].text.as_str(),
        "what holds a run in production is not known: GitHub answered 502"
    );
    assert_eq!(never[0].kind, HoldKind::Unknown);
}
