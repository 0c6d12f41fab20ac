//! Intents: one winner, joiners, what was done already, and owners that are gone.

use std::sync::Barrier;
use std::thread;

use flightdeck::domain::ids::{CorrelationId, Target};
use flightdeck::domain::ledger::Draft;
use flightdeck::domain::release::VersionRef;
use flightdeck::domain::rollback::journal::{self, Closed, IntentFacts, Owner};
use flightdeck::store::{
    Alive, IntentOutcome, Ledger, Stamp, StoreError, TakeOver, already_done, intent_draft, own,
};
use jiff::Timestamp;
use serde_json::json;

use super::{ledger_of, vandal};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + minute * 60).unwrap()
}

fn stamp(minute: i64) -> Stamp {
    Stamp {
        at: at(minute),
        who: "ana".to_owned(),
        who_verified: true,
    }
}

fn target(service: &str) -> Target {
    Target {
        service: service.parse().unwrap(),
        env: "production".parse().unwrap(),
    }
}

fn version(digit: &str) -> VersionRef {
    VersionRef {
        sha: digit.repeat(40).parse().unwrap(),
        version: None,
    }
}

pub(super) fn facts(id: u128, from: &str, to: &str) -> IntentFacts {
    IntentFacts {
        operation: CorrelationId::from_bits(id),
        correlation_id: CorrelationId::from_bits(id + 1_000_000),
        from: version(from),
        to: version(to),
        way: "workflow".to_owned(),
        workflow: Some("rollback.yml".to_owned()),
        git_ref: Some("main".to_owned()),
        rerun: None,
        cancel_run: None,
        reason: "errors".to_owned(),
        reverts: Vec::new(),
    }
}

pub(super) fn intent(service: &str, facts: &IntentFacts, minute: i64) -> Draft {
    intent_draft(&target(service), facts, &own(), &stamp(minute)).unwrap()
}

fn close(ledger: &mut Ledger, service: &str, facts: &IntentFacts, kind: &str, minute: i64) {
    let draft = Draft {
        kind: kind.to_owned(),
        body: json!({"operation": facts.operation.as_str()}),
        ..intent(service, facts, minute)
    };
    ledger.append(&draft).unwrap();
}

pub(super) fn never(_: &[Closed]) -> Option<Closed> {
    None
}

#[test]
fn of_two_racers_exactly_one_wins_each_time() {
    const ROUNDS: usize = 200;
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 0));
    let start = Barrier::new(2);
    let racer = |which: u128| {
        let mut ledger = Ledger::open(dir.path()).unwrap();
        let mut out = Vec::new();
        for round in 0..ROUNDS {
            let f = facts(round as u128 * 2 + which, "b", "a");
            let draft = intent(&format!("s-{round}"), &f, 0);
            start.wait();
            let outcome = loop {
                match ledger.open_intent(&draft, never) {
                    Err(StoreError::Locked { .. }) => {}
                    other => break other.unwrap(),
                }
            };
            out.push((f.operation, outcome));
        }
        out
    };
    let (one, two) = thread::scope(|s| {
        let one = s.spawn(|| racer(0));
        let two = s.spawn(|| racer(1));
        (one.join().unwrap(), two.join().unwrap())
    });
    for (a, b) in one.into_iter().zip(two) {
        let (winner, joiner) = match (&a.1, &b.1) {
            (IntentOutcome::Won(_), IntentOutcome::Joined(_)) => (a, b),
            (IntentOutcome::Joined(_), IntentOutcome::Won(_)) => (b, a),
            other => panic!("not one winner: {other:?}"),
        };
        let IntentOutcome::Joined(open) = joiner.1 else {
            unreachable!()
        };
        assert_eq!(open.facts.operation, winner.0, "joined what the other won");
    }
    let ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.verify().unwrap().rows, ROUNDS as u64);
    assert!(ledger.verify().unwrap().ok);
}

#[test]
fn an_open_intent_is_joined_until_it_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 0);
    let first = facts(1, "b", "a");
    let won = ledger
        .open_intent(&intent("shop", &first, 0), never)
        .unwrap();
    assert!(
        matches!(won, IntentOutcome::Won(ref r) if r.seq == 1),
        "{won:?}"
    );
    let second = intent("shop", &facts(2, "c", "a"), 1);
    let IntentOutcome::Joined(open) = ledger.open_intent(&second, never).unwrap() else {
        panic!("it is open");
    };
    assert_eq!((open.seq, open.facts), (1, first.clone()));
    assert_eq!(open.owner, Some(own()));

    let other = ledger.open_intent(&intent("other", &facts(3, "b", "a"), 1), never);
    assert!(
        matches!(other.unwrap(), IntentOutcome::Won(_)),
        "another target is free"
    );
    close(&mut ledger, "shop", &first, journal::UNKNOWN, 2);
    assert!(matches!(
        ledger.open_intent(&second, never).unwrap(),
        IntentOutcome::Joined(_)
    ));
    close(&mut ledger, "shop", &first, journal::FAILED, 3);
    assert!(matches!(
        ledger.open_intent(&second, never).unwrap(),
        IntentOutcome::Won(_)
    ));
    let (open, closed) = ledger.rollbacks().unwrap();
    assert_eq!((open.len(), closed.len()), (2, 1));
}

#[test]
fn what_was_done_just_now_is_not_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 0);
    let first = facts(1, "b", "a");
    ledger
        .open_intent(&intent("shop", &first, 0), never)
        .unwrap();
    close(&mut ledger, "shop", &first, journal::RECOVERED, 5);

    let again = facts(2, "b", "a");
    let draft = intent("shop", &again, 6);
    let done = ledger
        .open_intent(&draft, already_done(&again, at(4)))
        .unwrap();
    assert!(
        matches!(done, IntentOutcome::AlreadyDone(ref c) if c.facts == first),
        "{done:?}"
    );
    assert_eq!(ledger.verify().unwrap().rows, 2, "no row for what was done");

    // Long ago, another way, or another target: it is a new one.
    let further = facts(3, "a", "0");
    let other = facts(4, "b", "a");
    let outcome = ledger
        .open_intent(&intent("else", &other, 6), already_done(&other, at(4)))
        .unwrap();
    assert!(matches!(outcome, IntentOutcome::Won(_)));
    let outcome = ledger
        .open_intent(&intent("shop", &further, 6), already_done(&further, at(4)))
        .unwrap();
    assert!(matches!(outcome, IntentOutcome::Won(_)));
    close(&mut ledger, "shop", &further, journal::NOT_VERIFIED, 7);
    // The latest went elsewhere, so b -> a is not what was done last.
    let outcome = ledger
        .open_intent(&draft, already_done(&again, at(4)))
        .unwrap();
    assert!(matches!(outcome, IntentOutcome::Won(_)));
    close(&mut ledger, "shop", &again, journal::RECOVERED, 8);
    let late = facts(5, "b", "a");
    let outcome = ledger
        .open_intent(&intent("shop", &late, 90), already_done(&late, at(60)))
        .unwrap();
    assert!(
        matches!(outcome, IntentOutcome::Won(_)),
        "a later deploy of b"
    );
}

#[test]
fn a_draft_that_is_no_intent_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 0);
    let good = intent("shop", &facts(1, "b", "a"), 0);
    let mut ownerless = good.clone();
    ownerless.body.as_object_mut().unwrap().remove("owner");
    let mut factless = good.clone();
    factless.body.as_object_mut().unwrap().remove("to");
    let other_kind = Draft {
        kind: journal::RUNNING.to_owned(),
        ..good
    };
    for bad in [ownerless, factless, other_kind] {
        let e = ledger.open_intent(&bad, never).unwrap_err();
        assert!(matches!(e, StoreError::NotAnIntent { .. }), "{e:?}");
    }
    assert_eq!(ledger.verify().unwrap().rows, 0);
}

#[test]
fn an_intent_that_cannot_be_read_stops_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 0);
    ledger
        .open_intent(&intent("shop", &facts(1, "b", "a"), 0), never)
        .unwrap();
    vandal(dir.path())
        .execute("UPDATE ledger SET body = json_remove(body, '$.to')", [])
        .unwrap();
    let e = ledger
        .open_intent(&intent("shop", &facts(2, "b", "a"), 1), never)
        .unwrap_err();
    assert!(matches!(e, StoreError::BadRow { seq: 1, .. }), "{e:?}");
}

#[test]
fn only_a_dead_owner_is_followed_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 0);
    let me = own();
    let dead = Owner {
        boot: "another-boot".to_owned(),
        ..me.clone()
    };
    let away = Owner {
        host: "another-host".to_owned(),
        ..dead.clone()
    };
    for (i, (owner, alive)) in [(me.clone(), Alive::Yes), (away, Alive::NotKnown)]
        .into_iter()
        .enumerate()
    {
        let f = facts(10 + i as u128, "b", "a");
        let draft = intent_draft(&target(&format!("s-{i}")), &f, &owner, &stamp(0)).unwrap();
        ledger.open_intent(&draft, never).unwrap();
        assert_eq!(
            ledger.take_over(&f.operation, &me, &stamp(1)).unwrap(),
            TakeOver::Owned {
                owner: Some(owner),
                alive
            }
        );
    }

    let f = facts(20, "b", "a");
    let draft = intent_draft(&target("shop"), &f, &dead, &stamp(0)).unwrap();
    ledger.open_intent(&draft, never).unwrap();
    let TakeOver::Taken(row) = ledger.take_over(&f.operation, &me, &stamp(1)).unwrap() else {
        panic!("its owner is gone");
    };
    assert_eq!(row.kind, journal::RESUMED);
    assert_eq!(row.service.as_str(), "shop");
    // Whoever comes next meets a living owner.
    assert_eq!(
        ledger.take_over(&f.operation, &me, &stamp(2)).unwrap(),
        TakeOver::Owned {
            owner: Some(me.clone()),
            alive: Alive::Yes
        }
    );
    close(&mut ledger, "shop", &f, journal::RECOVERED, 3);
    assert_eq!(
        ledger.take_over(&f.operation, &me, &stamp(4)).unwrap(),
        TakeOver::NotOpen
    );
    assert!(ledger.verify().unwrap().ok);
}
