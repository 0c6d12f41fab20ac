//! The way that repeats an old run, message by message: sent once, told by its attempt, and held runs do not run out of time.

use super::tests::{draft, fault, kinds, plan_and_confirm, recorded, sent, take_over, view, won};
use crate::app::effect::{Effect, EffectKey, Write};
use crate::app::flow::{FlowOutcome, Stage};
use crate::app::msg::{Answer, Msg, Written};
use crate::app::testing::{answer, at, bad_deploy, row, send, started, target, world as usual};
use crate::app::world::World;
use crate::domain::fetched::FaultKind;
use crate::domain::ledger::Draft;
use crate::domain::release::{Conclusion, RunId, RunStatus, RunView};
use crate::domain::rollback::holds::{Pending, Reviewer};
use crate::domain::rollback::{CancelAnswer, DispatchAnswer, Refusal, Way, WayKind, journal};
use crate::domain::text::Safe;
use serde_json::json;

/// The run that deployed v2.
const OLD: u64 = 902;

/// A World whose only way back is to repeat the old run.
fn world() -> World {
    let mut world = usual();
    world.catalog.services[0].environments[0].ways = vec![old_run()];
    world
}

fn old_run() -> Way {
    Way {
        id: "old-run".to_owned(),
        kind: WayKind::Rerun {
            max_age_s: 30 * 86_400,
        },
    }
}

/// The run at an attempt that started at a second.
fn attempt(n: u32, started: i64, status: RunStatus) -> RunView {
    let conclusion = (status == RunStatus::Completed).then_some(Conclusion::Success);
    let mut view = view(OLD, status, conclusion);
    view.run.attempt = n;
    view.run.created_at = at(-600_000);
    view.run.started_at = Some(at(started));
    view
}

fn old_run_read(world: &mut World, s: i64, view: RunView) -> Vec<Effect> {
    let is = |k: &EffectKey| matches!(k, EffectKey::OldRun(_, RunId(OLD)));
    answer(world, s, is, Answer::Run(Ok(view)))
}

fn ready(world: &mut World, s: i64) {
    started(world, s, bad_deploy());
    old_run_read(world, s, attempt(1, -600_000, RunStatus::Completed));
}

/// Up to the sent order.
fn ordered(world: &mut World) {
    ready(world, 0);
    let asked = plan_and_confirm(world, 1);
    let intent = draft(&asked);
    assert_eq!(intent.body["rerun"], json!({ "run": OLD, "attempt": 1 }));
    let asked = won(world, 1, &asked);
    recorded(world, 1, &asked);
    let gone = Written::Cancelled(CancelAnswer::AlreadyEnded);
    let asked = send(world, 2, Msg::Written(target(), gone));
    let order = asked.iter().find_map(|e| match e {
        Effect::Write {
            what: Write::Record(draft),
            ..
        } => Some(draft.clone()),
        _ => None,
    });
    let order = order.unwrap();
    assert_eq!(order.kind, journal::DISPATCH_INTENT);
    assert_eq!(
        (&order.body["repeats"], &order.body["attempt"]),
        (&json!(OLD), &json!(2))
    );
    let asked = recorded(world, 2, &asked);
    assert_eq!(kinds(&asked), ["RERUN"]);
    assert!(
        world.flows[&target()].approved.is_none(),
        "nothing is left to send"
    );
}

fn answered(world: &mut World, s: i64, said: DispatchAnswer) -> Vec<Effect> {
    send(world, s, Msg::Written(target(), Written::Dispatched(said)))
}

fn accepted() -> DispatchAnswer {
    DispatchAnswer::Accepted {
        run: Some(RunId(OLD)),
        url: None,
    }
}

fn looked_at(world: &mut World, s: i64, view: RunView) -> Vec<Effect> {
    send(world, s, Msg::Tick);
    let is = |k: &EffectKey| matches!(k, EffectKey::FlowRerun(..));
    answer(world, s, is, Answer::Run(Ok(view)))
}

#[test]
fn an_old_attempt_is_never_taken_for_the_new_one() {
    let mut world = world();
    ordered(&mut world);
    let asked = answered(&mut world, 3, accepted());
    assert_eq!(kinds(&asked), [journal::DISPATCH_OUTCOME]);
    // GitHub still shows how the old attempt ended: a success that is not ours.
    let asked = looked_at(&mut world, 7, attempt(1, -600_000, RunStatus::Completed));
    assert!(kinds(&asked).is_empty());
    assert!(matches!(
        world.flows[&target()].stage,
        Stage::LookingUp { accepted: true, .. }
    ));
    looked_at(&mut world, 11, attempt(2, 3, RunStatus::Queued));
    assert_eq!(world.flows[&target()].stage, Stage::Running(RunId(OLD)));
    // And again, from a cache on the way: it must not end the flow.
    let is = |k: &EffectKey| matches!(k, EffectKey::FlowRun(..));
    send(&mut world, 15, Msg::Tick);
    let stale = attempt(1, -600_000, RunStatus::Completed);
    assert!(kinds(&answer(&mut world, 15, is, Answer::Run(Ok(stale)))).is_empty());
    assert_eq!(world.flows[&target()].stage, Stage::Running(RunId(OLD)));
    send(&mut world, 60, Msg::Tick);
    let good = attempt(2, 3, RunStatus::Completed);
    let asked = answer(&mut world, 60, is, Answer::Run(Ok(good)));
    assert_eq!(kinds(&asked), [journal::RUNNING]);
    assert_eq!(world.flows[&target()].stage, Stage::AwaitingLive);
}

#[test]
fn a_lost_answer_is_found_by_the_next_attempt_or_ends_unknown() {
    for arrived in [true, false] {
        let mut world = world();
        ordered(&mut world);
        let lost = DispatchAnswer::Lost(fault(FaultKind::Unreachable));
        let mut all = answered(&mut world, 3, lost);
        all.extend(looked_at(
            &mut world,
            7,
            attempt(1, -600_000, RunStatus::Completed),
        ));
        if arrived {
            let asked = looked_at(&mut world, 11, attempt(2, 3, RunStatus::InProgress));
            assert_eq!(kinds(&asked), [journal::DISPATCH_OUTCOME]);
            assert_eq!(world.flows[&target()].stage, Stage::Running(RunId(OLD)));
        } else {
            for s in 12..150 {
                all.extend(send(&mut world, s, Msg::Tick));
            }
            assert_eq!(world.flows[&target()].outcome, Some(FlowOutcome::Unknown));
            let trouble = world.flows[&target()].trouble.clone().unwrap();
            assert!(
                trouble.message.as_str().contains("attempt 2 of run 902"),
                "{trouble:?}"
            );
        }
        assert_eq!(sent(&all), 0);
    }
}

#[test]
fn a_refused_order_is_failed() {
    let mut world = world();
    ordered(&mut world);
    let no = DispatchAnswer::Rejected(fault(FaultKind::Forbidden));
    let asked = answered(&mut world, 3, no);
    assert_eq!(kinds(&asked), [journal::DISPATCH_OUTCOME, journal::FAILED]);
    assert_eq!(world.flows[&target()].outcome, Some(FlowOutcome::Failed));
}

/// The rows of a process that was killed: its intent, and these.
fn killed(world: &mut World, more: &[(&str, serde_json::Value)]) {
    let mut other = self::world();
    ready(&mut other, 0);
    let first = draft(&plan_and_confirm(&mut other, 1));
    let mut rows = vec![row(1, &first)];
    for (seq, (kind, body)) in (2..).zip(more) {
        let mut body = body.clone();
        body["operation"] = first.body["operation"].clone();
        let draft = Draft {
            kind: (*kind).to_owned(),
            body,
            ..first.clone()
        };
        rows.push(row(seq, &draft));
    }
    started(world, 10, bad_deploy());
    let is = |k: &EffectKey| *k == EffectKey::Ledger;
    answer(world, 10, is, Answer::Ledger(Ok(rows)));
}

#[test]
fn a_killed_one_is_followed_by_its_attempt_and_sends_nothing() {
    let intent = || {
        (
            journal::DISPATCH_INTENT,
            json!({ "repeats": OLD, "attempt": 2 }),
        )
    };
    let outcome = || {
        (
            journal::DISPATCH_OUTCOME,
            json!({ "result": "accepted", "run": OLD }),
        )
    };
    for rows in [vec![intent()], vec![intent(), outcome()]] {
        let mut world = world();
        killed(&mut world, &rows);
        let mut all = take_over(&mut world);
        all.extend(looked_at(
            &mut world,
            16,
            attempt(1, -600_000, RunStatus::Completed),
        ));
        assert!(
            matches!(world.flows[&target()].stage, Stage::LookingUp { .. }),
            "{rows:?}"
        );
        all.extend(looked_at(
            &mut world,
            20,
            attempt(2, 3, RunStatus::InProgress),
        ));
        assert_eq!(world.flows[&target()].stage, Stage::Running(RunId(OLD)));
        assert_eq!(sent(&all), 0);
    }
    let mut world = world();
    killed(&mut world, &[]);
    assert_eq!(kinds(&take_over(&mut world)), [journal::FAILED]);
}

#[test]
fn a_plan_whose_run_was_repeated_meanwhile_is_refused() {
    let mut world = world();
    ready(&mut world, 0);
    let plan = world.envs[&target()].plan.clone().unwrap().unwrap();
    let ids = crate::app::testing::ids();
    let yes = crate::domain::rollback::Confirmation::Flag;
    let approved = plan.approve(&yes, "errors", ids).unwrap();
    send(&mut world, 70, Msg::Tick);
    old_run_read(&mut world, 70, attempt(2, 60, RunStatus::Completed));
    let asked = send(&mut world, 71, Msg::Confirmed(Box::new(approved)));
    assert!(kinds(&asked).is_empty());
    assert!(world.flows.is_empty());
}

#[test]
fn the_ladder_takes_the_next_way_and_says_why() {
    let mut world = usual();
    world.catalog.services[0].environments[0]
        .ways
        .insert(0, old_run());
    started(&mut world, 0, bad_deploy());
    old_run_read(&mut world, 0, attempt(1, -600_000, RunStatus::InProgress));
    let plan = world.envs[&target()].plan.clone().unwrap().unwrap();
    assert_eq!(plan.way.id, "workflow");
    assert!(
        plan.warnings
            .iter()
            .any(|w| w.as_str()
                == "not by old-run: run 902 is under way, so it can't be repeated now")
    );
    // A person who insists is told why not.
    send(
        &mut world,
        1,
        Msg::WantWay(target(), Some("old-run".to_owned())),
    );
    let refusal = world.envs[&target()].plan.clone().unwrap().unwrap_err();
    assert!(matches!(refusal, Refusal::NoWay { .. }), "{refusal}");
    send(
        &mut world,
        1,
        Msg::WantWay(target(), Some("magic".to_owned())),
    );
    let refusal = world.envs[&target()].plan.clone().unwrap().unwrap_err();
    assert!(
        refusal.to_string().contains("known: old-run, workflow"),
        "{refusal}"
    );
    // Once the run has ended, the ladder's first way is back.
    send(&mut world, 1, Msg::WantWay(target(), None));
    send(&mut world, 70, Msg::Tick);
    old_run_read(&mut world, 70, attempt(1, -600_000, RunStatus::Completed));
    let plan = world.envs[&target()].plan.clone().unwrap().unwrap();
    assert_eq!(
        (plan.way.id.as_str(), plan.rerun.unwrap().run),
        ("old-run", RunId(OLD))
    );
}

#[test]
fn a_held_run_says_for_whom_it_waits_and_its_wait_does_not_count() {
    let mut world = world();
    ordered(&mut world);
    answered(&mut world, 3, accepted());
    looked_at(&mut world, 7, attempt(2, 3, RunStatus::Waiting));
    let run = |k: &EffectKey| matches!(k, EffectKey::FlowRun(..));
    send(&mut world, 10, Msg::Tick);
    answer(
        &mut world,
        10,
        run,
        Answer::Run(Ok(attempt(2, 3, RunStatus::Waiting))),
    );
    let pending = Pending {
        environment: Safe::new("production"),
        reviewers: vec![Reviewer::Team(Safe::new("acme/ops"))],
        may_approve: false,
        wait_until: None,
    };
    let is = |k: &EffectKey| matches!(k, EffectKey::FlowPending(..));
    answer(&mut world, 11, is, Answer::Pending(Ok(vec![pending])));
    let said = |world: &World| {
        let step = world.flows[&target()].steps.last().unwrap().clone();
        (step.detail.unwrap().to_string(), step.url)
    };
    let (words, url) = said(&world);
    assert_eq!(
        words,
        "run 902: waits for a review by @acme/ops: you can't approve it (production)"
    );
    assert!(url.is_some());
    // Twenty minutes later somebody approves, and it runs.
    send(&mut world, 1_200, Msg::Tick);
    answer(
        &mut world,
        1_210,
        run,
        Answer::Run(Ok(attempt(2, 1_209, RunStatus::InProgress))),
    );
    assert_eq!(world.flows[&target()].held.as_secs(), 1_200);
    send(&mut world, 1_260, Msg::Tick);
    answer(
        &mut world,
        1_260,
        run,
        Answer::Run(Ok(attempt(2, 1_209, RunStatus::Completed))),
    );
    // More than the limit of 15 minutes has passed since the intent, but only one of them was work.
    send(&mut world, 1_270, Msg::Tick);
    assert_eq!(world.flows[&target()].stage, Stage::AwaitingLive);
    send(&mut world, 1_200 + 16 * 60, Msg::Tick);
    assert_eq!(
        world.flows[&target()].outcome,
        Some(FlowOutcome::Dispatched)
    );
}
