//! Gates in the World: what is asked, what follows from the answers, and how a sign-off gets into the ledger and counts.

use jiff::SignedDuration;

use crate::app::effect::{Effect, EffectKey, Fetch, Write};
use crate::app::msg::{Answer, Msg, Written};
use crate::app::sign::{Signed, Signing};
use crate::app::testing::{answer, bad_deploy, row, send, sha, started, target, world};
use crate::app::world::World;
use crate::domain::fetched::FaultKind;
use crate::domain::gate::http::{Bounds, HttpValue, Measured, Reading, Reduce};
use crate::domain::gate::manual::Manual;
use crate::domain::gate::signoff::{self, Answer as Said};
use crate::domain::gate::spec::{GateKind, GateSpec};
use crate::domain::gate::{GateState, Outcome, Stage};
use crate::domain::release::Approvals;
use crate::domain::text::Safe;

fn spec(id: &str, kind: GateKind) -> GateSpec {
    GateSpec {
        id: id.to_owned(),
        stage: Stage::Prepare,
        required: true,
        kind,
        valid_for: Some(SignedDuration::from_hours(1)),
        kinds: vec![],
    }
}

fn gated(gates: Vec<GateSpec>) -> World {
    let mut world = world();
    world.catalog.services[0].environments[0].gates = gates;
    world
}

fn uat() -> GateSpec {
    let manual = Manual {
        slots: vec!["@li".to_owned()],
        bar_authors: false,
    };
    spec("uat", GateKind::Manual(manual))
}

fn coverage() -> GateSpec {
    spec(
        "coverage",
        GateKind::Http(HttpValue {
            get: "https://ci.example/$sha?v=$version".to_owned(),
            path: "$.n".to_owned(),
            reduce: Reduce::First,
            bounds: Bounds {
                at_least: Some(80.0),
                ..Bounds::default()
            },
            unit: None,
        }),
    )
}

fn state(world: &World, id: &str) -> GateState {
    let list = world.envs[&target()].checklist.as_ref().unwrap();
    list.gates
        .iter()
        .find(|g| g.id.as_str() == id)
        .unwrap()
        .state
}

fn signing(c: char) -> Signing {
    Signing {
        gate: "uat".to_owned(),
        slot: None,
        answer: Said::Yes,
        reason: "tested\u{1b}[31m on staging".to_owned(),
        sha: sha(c),
    }
}

fn read_ledger(world: &mut World, s: i64, rows: Vec<crate::domain::ledger::Row>) {
    answer(
        world,
        s,
        |k| *k == EffectKey::Ledger,
        Answer::Ledger(Ok(rows)),
    );
}

#[test]
fn a_value_is_asked_for_the_candidate_and_expires() {
    let mut world = gated(vec![coverage()]);
    let asked = started(&mut world, 0, bad_deploy());
    let url = asked.iter().find_map(|e| match e {
        Effect::Fetch {
            what: Fetch::GateValue(ask),
            ..
        } => Some(ask.url.clone()),
        _ => None,
    });
    assert_eq!(url, Some(format!("https://ci.example/{}?v=v3", sha('c'))));
    assert_eq!(state(&world, "coverage"), GateState::Unknown);
    let reading = Reading {
        value: Measured::Number(84.0),
        from: Safe::new("https://ci.example"),
    };
    answer(
        &mut world,
        1,
        |k| matches!(k, EffectKey::GateValue(..)),
        Answer::GateValue(Ok(reading)),
    );
    assert_eq!(state(&world, "coverage"), GateState::Pass);
    let list = world.envs[&target()].checklist.as_ref().unwrap();
    assert_eq!(list.outcome(), Outcome::Go);
    // Nobody answers any more: an hour later the evidence no longer counts.
    send(&mut world, 3_700, Msg::Tick);
    assert_eq!(state(&world, "coverage"), GateState::Unknown);
}

#[test]
fn the_way_back_is_the_plan_even_where_writes_are_off() {
    let mut world = gated(vec![spec("back", GateKind::RollbackPlan)]);
    world.read_only = Some("--read-only".to_owned());
    started(&mut world, 0, bad_deploy());
    assert_eq!(state(&world, "back"), GateState::Pass);
    let list = world.envs[&target()].checklist.as_ref().unwrap();
    assert_eq!(list.gates[0].summary.as_str(), "back to v2 by workflow");
    world.catalog.services[0].environments[0].ways.clear();
    send(&mut world, 1, Msg::Tick);
    assert_eq!(state(&world, "back"), GateState::Fail);
}

#[test]
fn a_sign_off_is_recorded_and_counts_once_it_is_in_the_ledger() {
    let mut world = gated(vec![uat()]);
    started(&mut world, 0, bad_deploy());
    assert_eq!(
        state(&world, "uat"),
        GateState::Unknown,
        "the ledger was not read yet"
    );
    read_ledger(&mut world, 1, vec![]);
    assert_eq!(state(&world, "uat"), GateState::Pending);
    let effects = send(&mut world, 2, Msg::Sign(target(), signing('c')));
    let draft = effects
        .iter()
        .find_map(|e| match e {
            Effect::Write {
                what: Write::Note(draft),
                ..
            } => Some(draft.clone()),
            _ => None,
        })
        .unwrap();
    assert_eq!(draft.kind, signoff::KIND);
    assert_eq!(draft.body["sha"], sha('c').as_str());
    assert_eq!(draft.body["reason"], "tested on staging");
    assert_eq!(world.signed[&target()], Signed::Writing);
    assert_eq!(
        state(&world, "uat"),
        GateState::Pending,
        "not before it is written"
    );
    let row = row(1, &draft);
    send(
        &mut world,
        3,
        Msg::Written(target(), Written::Noted(Ok(row.clone()))),
    );
    assert_eq!(
        world.signed[&target()],
        Signed::Recorded(Box::new(row.clone()))
    );
    read_ledger(&mut world, 3, vec![row]);
    assert_eq!(state(&world, "uat"), GateState::Pass);
    send(&mut world, 3_700, Msg::Tick);
    assert_eq!(
        state(&world, "uat"),
        GateState::Unknown,
        "it was good for an hour"
    );
}

fn refused(world: &mut World, signing: Signing) -> (FaultKind, String) {
    let effects = send(world, 5, Msg::Sign(target(), signing));
    let written = |e: &Effect| matches!(e, Effect::Write { .. });
    assert!(
        !effects.iter().any(written),
        "a refused sign-off writes nothing"
    );
    match &world.signed[&target()] {
        Signed::Refused(fault) => (fault.kind, fault.message.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_candidate_that_moved_is_not_signed() {
    let mut world = gated(vec![uat()]);
    started(&mut world, 0, bad_deploy());
    let (kind, why) = refused(&mut world, signing('b'));
    assert_eq!(kind, FaultKind::Refused);
    assert_eq!(
        why,
        "the candidate has moved since you looked: from bbbbbbb to v3"
    );
}

#[test]
fn only_who_may_signs() {
    let mut world = gated(vec![uat(), coverage()]);
    started(&mut world, 0, bad_deploy());
    world.who.name = Safe::new("maria");
    let (kind, why) = refused(&mut world, signing('c'));
    assert_eq!(
        (kind, why.as_str()),
        (FaultKind::Forbidden, "gate uat: @li signs here, not maria")
    );
    world.who.name = Safe::new("li");
    world.who.verified = false;
    assert_eq!(refused(&mut world, signing('c')).0, FaultKind::Forbidden);
    world.who.verified = true;
    let gate = |id: &str| Signing {
        gate: id.to_owned(),
        ..signing('c')
    };
    let (kind, why) = refused(&mut world, gate("coverage"));
    assert_eq!(kind, FaultKind::NotFound);
    assert!(why.contains("decides by itself"), "{why}");
    assert_eq!(refused(&mut world, gate("nothing")).0, FaultKind::NotFound);
    let slot = Signing {
        slot: Some("@sam".to_owned()),
        ..signing('c')
    };
    assert_eq!(refused(&mut world, slot).0, FaultKind::Usage);
    world.read_only = Some("--read-only".to_owned());
    assert_eq!(refused(&mut world, signing('c')).0, FaultKind::Refused);
}

#[test]
fn authors_are_asked_for_once_and_barred() {
    let manual = Manual {
        slots: vec![],
        bar_authors: true,
    };
    let mut world = gated(vec![spec("uat", GateKind::Manual(manual))]);
    started(&mut world, 0, bad_deploy());
    assert_eq!(
        refused(&mut world, signing('c')).0,
        FaultKind::Forbidden,
        "not known who wrote it"
    );
    let approvals = Approvals {
        base: sha('b'),
        head: sha('c'),
        pulls: vec![],
        authors: vec![Safe::new("Li")],
        direct: 1,
        partial: false,
    };
    answer(
        &mut world,
        6,
        |k| matches!(k, EffectKey::Approvals(..)),
        Answer::Approvals(Ok(approvals)),
    );
    let (kind, why) = refused(&mut world, signing('c'));
    assert_eq!(kind, FaultKind::Forbidden);
    assert!(why.contains("authors are barred"), "{why}");
    world.who.name = Safe::new("noor");
    send(&mut world, 7, Msg::Sign(target(), signing('c')));
    assert_eq!(world.signed[&target()], Signed::Writing);
}
