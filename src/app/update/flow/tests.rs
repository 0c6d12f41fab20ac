//! The rollback's flow, message by message: what is written when, and that nothing is ever sent twice.

use crate::app::effect::{Effect, EffectKey, Write};
use crate::app::flow::{FlowOutcome, Stage};
use crate::app::msg::{Answer, IntentOutcome, Msg, Written};
use crate::app::testing::{
    answer, at, bad_deploy, deployment, ids, overview, row, send, started, target, world,
};
use crate::app::world::World;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ledger::{Draft, Row};
use crate::domain::release::{Conclusion, DeploymentState, Run, RunId, RunStatus, RunView};
use crate::domain::rollback::{CancelAnswer, Confirmation, DispatchAnswer, journal};
use crate::domain::text::Safe;

pub(super) fn plan_and_confirm(world: &mut World, s: i64) -> Vec<Effect> {
    let plan = world.envs[&target()].plan.clone().unwrap().unwrap();
    let approved = plan
        .approve(&Confirmation::Typed("checkout".to_owned()), "errors", ids())
        .unwrap();
    send(world, s, Msg::Confirmed(Box::new(approved)))
}

fn writes(effects: &[Effect]) -> Vec<&Write> {
    effects
        .iter()
        .filter_map(|e| {
            if let Effect::Write { what, .. } = e {
                Some(what)
            } else {
                None
            }
        })
        .collect()
}

pub(super) fn sent(effects: &[Effect]) -> usize {
    writes(effects)
        .iter()
        .filter(|w| matches!(w, Write::Dispatch(_) | Write::Rerun(_)))
        .count()
}

pub(super) fn kinds(effects: &[Effect]) -> Vec<String> {
    let kind = |w: &&Write| match w {
        Write::OpenIntent { draft: d, .. }
        | Write::Record(d)
        | Write::Note(d)
        | Write::TakeOver { draft: d, .. } => d.kind.clone(),
        Write::Cancel(_) => "CANCEL".to_owned(),
        Write::Dispatch(_) => "DISPATCH".to_owned(),
        Write::Rerun(_) => "RERUN".to_owned(),
    };
    writes(effects).iter().map(kind).collect()
}

pub(super) fn draft(effects: &[Effect]) -> Draft {
    writes(effects)
        .into_iter()
        .find_map(|w| match w {
            Write::OpenIntent { draft: d, .. } | Write::Record(d) => Some(d.clone()),
            _ => None,
        })
        .unwrap()
}

pub(super) fn won(world: &mut World, s: i64, asked: &[Effect]) -> Vec<Effect> {
    let intent: Row = row(1, &draft(asked));
    send(
        world,
        s,
        Msg::Written(target(), Written::Intent(Ok(IntentOutcome::Won(intent)))),
    )
}

pub(super) fn recorded(world: &mut World, s: i64, asked: &[Effect]) -> Vec<Effect> {
    let r = row(2, &draft(asked));
    send(world, s, Msg::Written(target(), Written::Recorded(Ok(r))))
}

pub(super) fn fault(kind: FaultKind) -> Fault {
    Fault {
        message: Safe::new("reset by peer"),
        hint: None,
        kind,
        at: at(0),
        retry_at: None,
    }
}

pub(super) fn view(id: u64, status: RunStatus, conclusion: Option<Conclusion>) -> RunView {
    let run = Run {
        id: RunId(id),
        title: Safe::new("Rollback"),
        name: None,
        path: None,
        attempt: 1,
        sha: None,
        status,
        conclusion,
        created_at: at(0),
        started_at: None,
        updated_at: None,
        url: Safe::new("https://github.com/acme/checkout/actions/runs/1002"),
        actor: None,
    };
    RunView { run, jobs: vec![] }
}

/// Up to the sent dispatch; returns what the last step asked.
fn dispatched(world: &mut World) -> Vec<Effect> {
    started(world, 0, bad_deploy());
    let asked = plan_and_confirm(world, 1);
    assert_eq!(kinds(&asked), [journal::INTENT]);
    let asked = won(world, 1, &asked);
    assert_eq!(kinds(&asked), [journal::CANCEL_INTENT]);
    let mut looking = recorded(world, 1, &asked);
    assert_eq!(kinds(&looking), ["CANCEL"]);
    let asked = send(
        world,
        2,
        Msg::Written(target(), Written::Cancelled(CancelAnswer::Accepted)),
    );
    assert_eq!(kinds(&asked), [journal::CANCEL_OUTCOME]);
    looking.extend(asked);
    let ended = view(903, RunStatus::Completed, Some(Conclusion::Cancelled));
    let is = |k: &EffectKey| matches!(k, EffectKey::FlowCancelled(..));
    let asked = answer(world, 6, is, Answer::Run(Ok(ended)));
    assert_eq!(kinds(&asked), [journal::DISPATCH_INTENT]);
    let asked = recorded(world, 6, &asked);
    assert_eq!(kinds(&asked), ["DISPATCH"]);
    asked
}

#[test]
fn the_plan_cancels_what_is_under_way_and_goes_back_to_live() {
    let mut world = world();
    started(&mut world, 0, bad_deploy());
    let plan = world.envs[&target()].plan.clone().unwrap().unwrap();
    assert_eq!(
        (plan.from.to_string(), plan.to.to_string()),
        ("v3".to_owned(), "v2".to_owned())
    );
    assert_eq!(plan.cancel.unwrap().run, RunId(903));
}

#[test]
fn every_step_is_recorded_before_it_is_sent_and_the_end_is_verified() {
    let mut world = world();
    dispatched(&mut world);
    let answered = DispatchAnswer::Accepted {
        run: Some(RunId(1002)),
        url: None,
    };
    let mut asked = send(
        &mut world,
        7,
        Msg::Written(target(), Written::Dispatched(answered)),
    );
    assert_eq!(kinds(&asked), [journal::DISPATCH_OUTCOME]);
    asked.extend(send(&mut world, 8, Msg::Tick));
    let good = view(1002, RunStatus::Completed, Some(Conclusion::Success));
    let asked = answer(
        &mut world,
        50,
        |k| matches!(k, EffectKey::FlowRun(..)),
        Answer::Run(Ok(good)),
    );
    assert_eq!(kinds(&asked), [journal::RUNNING]);
    assert_eq!(world.flows[&target()].stage, Stage::AwaitingLive);
    // The old deployment of v2 is not the ordered one: live only with a newer success.
    let mut deployments = bad_deploy();
    deployments[0] = deployment(
        3,
        'c',
        -180,
        &[DeploymentState::InProgress, DeploymentState::Inactive],
    );
    deployments.push(deployment(
        4,
        'b',
        20,
        &[DeploymentState::InProgress, DeploymentState::Success],
    ));
    send(&mut world, 90, Msg::Tick);
    let now_live = Answer::Overview(vec![(target().service, Ok(overview(deployments)))]);
    let asked = answer(
        &mut world,
        91,
        |k| matches!(k, EffectKey::Overview(_)),
        now_live,
    );
    assert_eq!(kinds(&asked), [journal::LIVE]);
    assert!(matches!(world.flows[&target()].stage, Stage::Verifying(_)));
    // No recovery within the limit: dispatched, not verified.
    let asked = send(&mut world, 16 * 60, Msg::Tick);
    assert_eq!(kinds(&asked), [journal::NOT_VERIFIED]);
    assert_eq!(
        world.flows[&target()].outcome,
        Some(FlowOutcome::Dispatched)
    );
}

#[test]
fn a_lost_answer_is_looked_up_and_never_sent_again() {
    let mut world = world();
    dispatched(&mut world);
    let mut all = send(
        &mut world,
        7,
        Msg::Written(
            target(),
            Written::Dispatched(DispatchAnswer::Lost(fault(FaultKind::Unreachable))),
        ),
    );
    let mut looked = 0;
    let lookup = |k: &EffectKey| matches!(k, EffectKey::FlowFind(..));
    for s in 8..140 {
        all.extend(send(&mut world, s, Msg::Tick));
        if world.schedule.running().iter().any(|(k, _)| lookup(k)) {
            looked += 1;
            all.extend(answer(&mut world, s, lookup, Answer::Found(Ok(None))));
        }
    }
    assert!(looked > 10);
    assert_eq!(sent(&all), 0);
    assert_eq!(world.flows[&target()].outcome, Some(FlowOutcome::Unknown));
    assert!(kinds(&all).contains(&journal::UNKNOWN.to_owned()));
}

#[test]
fn a_lost_answer_whose_run_is_there_goes_on() {
    let mut world = world();
    dispatched(&mut world);
    let mut asked = send(
        &mut world,
        7,
        Msg::Written(
            target(),
            Written::Dispatched(DispatchAnswer::Lost(fault(FaultKind::Unreachable))),
        ),
    );
    asked.extend(send(&mut world, 8, Msg::Tick));
    let run = view(1002, RunStatus::Queued, None).run;
    let asked = answer(
        &mut world,
        9,
        |k| matches!(k, EffectKey::FlowFind(..)),
        Answer::Found(Ok(Some(run))),
    );
    assert_eq!(kinds(&asked), [journal::DISPATCH_OUTCOME]);
    assert_eq!(world.flows[&target()].stage, Stage::Running(RunId(1002)));
}

#[test]
fn a_refusal_is_believed_once_a_look_found_nothing() {
    let refused = |kind| Written::Dispatched(DispatchAnswer::Rejected(fault(kind)));
    let lookup = |k: &EffectKey| matches!(k, EffectKey::FlowFind(..));
    let mut world = world();
    dispatched(&mut world);
    let mut all = send(
        &mut world,
        7,
        Msg::Written(target(), refused(FaultKind::Forbidden)),
    );
    assert_eq!(kinds(&all), [journal::DISPATCH_OUTCOME]);
    for s in 8..30 {
        assert!(!world.flows[&target()].is_over() || s > 17, "{s}");
        all.extend(send(&mut world, s, Msg::Tick));
        if world.schedule.running().iter().any(|(k, _)| lookup(k)) {
            all.extend(answer(&mut world, s, lookup, Answer::Found(Ok(None))));
        }
    }
    let flow = &world.flows[&target()];
    assert_eq!(flow.outcome, Some(FlowOutcome::Failed));
    let why = flow.trouble.as_ref().map(|t| t.kind);
    assert_eq!(why, Some(FaultKind::Forbidden));
    assert_eq!(sent(&all), 0);

    // Without any answer to the looks the refusal stands.
    let mut world = crate::app::testing::world();
    dispatched(&mut world);
    send(
        &mut world,
        7,
        Msg::Written(target(), refused(FaultKind::Forbidden)),
    );
    for s in 8..80 {
        send(&mut world, s, Msg::Tick);
    }
    let flow = &world.flows[&target()];
    assert_eq!(flow.outcome, Some(FlowOutcome::Failed));

    // What never left needs no look.
    let mut world = crate::app::testing::world();
    dispatched(&mut world);
    let asked = send(
        &mut world,
        7,
        Msg::Written(target(), refused(FaultKind::Unreachable)),
    );
    assert_eq!(kinds(&asked), [journal::DISPATCH_OUTCOME, journal::FAILED]);
}

#[test]
fn a_refusal_whose_run_is_there_is_followed() {
    let mut world = world();
    dispatched(&mut world);
    let refused = DispatchAnswer::Rejected(fault(FaultKind::Forbidden));
    send(
        &mut world,
        7,
        Msg::Written(target(), Written::Dispatched(refused)),
    );
    send(&mut world, 8, Msg::Tick);
    let run = view(1002, RunStatus::Queued, None).run;
    let asked = answer(
        &mut world,
        9,
        |k| matches!(k, EffectKey::FlowFind(..)),
        Answer::Found(Ok(Some(run))),
    );
    assert_eq!(kinds(&asked), [journal::DISPATCH_OUTCOME]);
    let flow = &world.flows[&target()];
    assert_eq!(flow.stage, Stage::Running(RunId(1002)));
    assert!(flow.trouble.is_none());
}

#[test]
fn a_second_confirmation_while_one_is_under_way_does_nothing() {
    let mut world = world();
    started(&mut world, 0, bad_deploy());
    let plan = world.envs[&target()].plan.clone().unwrap().unwrap();
    assert_eq!(kinds(&plan_and_confirm(&mut world, 1)), [journal::INTENT]);
    let again = plan.approve(&Confirmation::Flag, "again", ids()).unwrap();
    assert!(kinds(&send(&mut world, 1, Msg::Confirmed(Box::new(again)))).is_empty());
}

#[test]
fn without_the_intent_on_disk_nothing_is_sent() {
    let mut world = world();
    started(&mut world, 0, bad_deploy());
    plan_and_confirm(&mut world, 1);
    let failed = Written::Intent(Err(fault(FaultKind::Internal)));
    assert!(kinds(&send(&mut world, 1, Msg::Written(target(), failed))).is_empty());
    assert_eq!(world.flows[&target()].outcome, Some(FlowOutcome::Failed));
}

#[test]
fn a_plan_that_the_world_has_overtaken_is_refused() {
    let mut world = world();
    started(&mut world, 0, bad_deploy());
    let plan = world.envs[&target()].plan.clone().unwrap().unwrap();
    let approved = plan.approve(&Confirmation::Flag, "errors", ids()).unwrap();
    send(&mut world, 40, Msg::Tick);
    let mut deployments = bad_deploy();
    deployments[0] = deployment(
        3,
        'c',
        -180,
        &[DeploymentState::InProgress, DeploymentState::Success],
    );
    let newer = Answer::Overview(vec![(target().service, Ok(overview(deployments)))]);
    answer(
        &mut world,
        41,
        |k| matches!(k, EffectKey::Overview(_)),
        newer,
    );
    assert!(kinds(&send(&mut world, 42, Msg::Confirmed(Box::new(approved)))).is_empty());
    assert!(world.flows.is_empty());
}

#[test]
fn read_only_refuses() {
    let mut world = world();
    started(&mut world, 0, bad_deploy());
    let plan = world.envs[&target()].plan.clone().unwrap().unwrap();
    world.read_only = Some("read-only".to_owned());
    let approved = plan.approve(&Confirmation::Flag, "errors", ids()).unwrap();
    assert!(kinds(&send(&mut world, 1, Msg::Confirmed(Box::new(approved)))).is_empty());
}

/// An open intent in the ledger, with these rows after it.
pub(super) fn with_open_intent(
    world: &mut World,
    more: &[(&str, serde_json::Value)],
) -> Vec<Effect> {
    let mut other = crate::app::testing::world();
    started(&mut other, 0, bad_deploy());
    let first = draft(&plan_and_confirm(&mut other, 1));
    let operation = first.body["operation"].clone();
    let mut rows = vec![row(1, &first)];
    for (i, (kind, body)) in more.iter().enumerate() {
        let mut body = body.clone();
        body["operation"] = operation.clone();
        rows.push(row(
            2 + i as u64,
            &Draft {
                kind: (*kind).to_owned(),
                body,
                ..first.clone()
            },
        ));
    }
    started(world, 10, bad_deploy());
    answer(
        world,
        10,
        |k| *k == EffectKey::Ledger,
        Answer::Ledger(Ok(rows)),
    )
}

/// Takes the intent over and reads the ledger again.
pub(super) fn take_over(world: &mut World) -> Vec<Effect> {
    let mut asked = send(world, 11, Msg::Resume(target()));
    assert_eq!(kinds(&asked), [journal::RESUMED]);
    asked.extend(send(
        world,
        12,
        Msg::Written(target(), Written::TakenOver(Ok(true))),
    ));
    let rows = world.ledger.rows.clone();
    answer(
        world,
        12,
        |k| *k == EffectKey::Ledger,
        Answer::Ledger(Ok(rows)),
    )
}

#[test]
fn a_rollback_killed_before_anything_was_sent_is_closed_as_failed() {
    let mut world = world();
    with_open_intent(&mut world, &[]);
    let asked = take_over(&mut world);
    assert_eq!(kinds(&asked), [journal::FAILED]);
    assert_eq!(world.flows[&target()].outcome, Some(FlowOutcome::Failed));
}

#[test]
fn a_rollback_killed_around_the_dispatch_is_looked_up_and_never_sent() {
    let mut world = world();
    with_open_intent(
        &mut world,
        &[(journal::DISPATCH_INTENT, serde_json::json!({}))],
    );
    let mut all = take_over(&mut world);
    assert!(matches!(
        world.flows[&target()].stage,
        Stage::LookingUp {
            accepted: false,
            ..
        }
    ));
    for s in 13..150 {
        all.extend(send(&mut world, s, Msg::Tick));
    }
    assert_eq!(sent(&all), 0);
    assert_eq!(world.flows[&target()].outcome, Some(FlowOutcome::Unknown));
}

#[test]
fn a_rollback_killed_while_it_ran_is_followed_by_its_run() {
    let mut world = world();
    let outcome = serde_json::json!({ "result": "accepted", "run": 1002 });
    with_open_intent(
        &mut world,
        &[
            (journal::DISPATCH_INTENT, serde_json::json!({})),
            (journal::DISPATCH_OUTCOME, outcome),
        ],
    );
    let asked = take_over(&mut world);
    assert_eq!(sent(&asked), 0);
    assert_eq!(world.flows[&target()].stage, Stage::Running(RunId(1002)));
}

#[test]
fn an_intent_of_a_living_process_is_followed_only() {
    let mut world = world();
    with_open_intent(&mut world, &[]);
    send(&mut world, 11, Msg::Resume(target()));
    let asked = send(
        &mut world,
        12,
        Msg::Written(target(), Written::TakenOver(Ok(false))),
    );
    assert!(kinds(&asked).is_empty());
    assert_eq!(world.flows[&target()].stage, Stage::Following);
    assert!(world.flows[&target()].joined);
}
