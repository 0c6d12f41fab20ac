//! Open intents: another process' rollback is joined and followed, one whose process is gone is taken over, and a person may
//! close one. None of these has an order to send.

use serde_json::json;

use super::send::{LOOKUP, running, sought};
use super::{end, fault, later, over, rename, rows, with_flow, write};
use crate::app::effect::{Effect, Write};
use crate::app::flow::{Flow, FlowOutcome, Stage, StepMark};
use crate::app::notice::{Notice, Severity};
use crate::app::world::{Who, World};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::Target;
use crate::domain::ledger::Row;
use crate::domain::rollback::{OpenIntent, journal};
use crate::domain::text::Safe;
use crate::domain::units::Now;

pub(super) fn join(flow: &mut Flow, intent: OpenIntent, now: Now) {
    flow.approved = None;
    flow.joined = true;
    flow.stage = Stage::Following;
    flow.started_at = intent.at;
    rename(
        flow,
        "joined a rollback under way",
        Some(format!("by {} since {}", intent.who, intent.at)),
    );
    flow.settle(StepMark::Done);
    flow.facts = intent.facts;
    flow.begin(now.0, "following", None, None);
}

/// A person, or the start of the cockpit, follows an open intent again.
pub(in crate::app::update) fn resume(world: &mut World, target: &Target, now: Now) -> Vec<Effect> {
    if world.flows.get(target).is_some_and(|f| !f.is_over()) {
        return Vec::new();
    }
    let Some(intent) = world
        .ledger
        .open
        .iter()
        .find(|o| o.target == *target)
        .cloned()
    else {
        return Vec::new();
    };
    let Some((service, env)) = world.catalog.environment(target) else {
        return Vec::new();
    };
    let mut flow = Flow::new(service, env, intent.facts.clone(), intent.at);
    flow.stage = Stage::TakingOver;
    flow.run = intent.run;
    flow.begin(
        now.0,
        "resuming",
        Some(journal::describe(&intent).to_string()),
        None,
    );
    let effect = take_over(&flow, &world.who, now);
    world.flows.insert(target.clone(), flow);
    vec![effect]
}

fn take_over(flow: &Flow, who: &Who, now: Now) -> Effect {
    let draft = rows::draft(who, flow, journal::RESUMED, json!({}), now);
    write(
        flow,
        Write::TakeOver {
            operation: flow.facts.operation.clone(),
            draft,
        },
    )
}

pub(super) fn taken_over(flow: &mut Flow, result: Result<bool, Fault>, now: Now) -> Vec<Effect> {
    match result {
        Ok(true) => {
            flow.joined = false;
            rename(
                flow,
                "resumed",
                Some("the process that started it is gone".to_owned()),
            );
            // Where it stood is read from its rows; `ledger_read` of the row just written brings them.
            flow.stage = Stage::TakingOver;
            Vec::new()
        }
        Ok(false) if flow.stage == Stage::TakingOver => {
            flow.joined = true;
            flow.stage = Stage::Following;
            rename(
                flow,
                "following",
                Some("another process does it".to_owned()),
            );
            Vec::new()
        }
        Ok(false) => Vec::new(),
        Err(fault) => {
            let joined = flow.stage == Stage::Following;
            if !joined {
                over(flow, FlowOutcome::Unknown, Some(fault), now);
            }
            Vec::new()
        }
    }
}

/// The ledger was read: followed rollbacks learn of new rows, open intents of gone processes are resumed.
pub(in crate::app::update) fn ledger_read(world: &mut World, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    let targets: Vec<Target> = world.flows.keys().cloned().collect();
    for target in targets {
        let (open, closed, ledger_rows) = (
            world.ledger.open.clone(),
            world.ledger.closed.clone(),
            world.ledger.rows.clone(),
        );
        effects.extend(with_flow(world, &target, |flow, who| {
            let operation = flow.facts.operation.clone();
            let mine = open.iter().find(|o| o.facts.operation == operation);
            match flow.stage {
                Stage::Following => {
                    let ours = |r: &&Row| {
                        r.body.get("operation").and_then(|v| v.as_str()) == Some(operation.as_str())
                    };
                    flow.steps = ledger_rows.iter().filter(ours).map(rows::step_of).collect();
                    if let Some(done) = closed.iter().find(|c| c.facts.operation == operation) {
                        over(flow, rows::outcome_of(done.closing), None, now);
                        return Vec::new();
                    }
                    // Should its owner die, this process goes on watching in its place; it has no order to send.
                    vec![take_over(flow, who, now)]
                }
                Stage::TakingOver => {
                    mine.map_or_else(Vec::new, |intent| go_on(flow, who, intent, now))
                }
                _ => Vec::new(),
            }
        }));
    }
    if world.follow_intents && world.read_only.is_none() {
        let waiting: Vec<Target> = world
            .ledger
            .open
            .iter()
            .map(|o| o.target.clone())
            .filter(|t| !world.flows.contains_key(t) && world.envs.contains_key(t))
            .collect();
        for target in waiting {
            effects.extend(resume(world, &target, now));
        }
    }
    effects
}

/// Goes on where the rows of a taken-over rollback end. It only follows: the orders went with the process that had them.
fn go_on(flow: &mut Flow, who: &Who, intent: &OpenIntent, now: Now) -> Vec<Effect> {
    // The row of the taking over is not among them yet: wait for it.
    if flow
        .steps
        .last()
        .is_none_or(|s| s.step.as_str() != "resumed")
    {
        return Vec::new();
    }
    flow.started_at = intent.at;
    if let Some(live) = intent.live_at {
        flow.stage = Stage::Verifying(live);
        flow.begin(now.0, "verifying", None, None);
    } else if let Some(run) = intent.run.filter(|_| flow.facts.rerun.is_none()) {
        running(flow, run, None, now);
    } else if !intent.sent {
        let message = "the process that started it ended before anything was dispatched";
        let hint = "nothing was sent: roll back again";
        return end(
            flow,
            who,
            FlowOutcome::Failed,
            Some(fault(FaultKind::Refused, message, Some(hint), now)),
            now,
        );
    } else {
        flow.stage = Stage::LookingUp {
            until: later(now, LOOKUP),
            accepted: intent.accepted,
        };
        flow.begin(
            now.0,
            "looking for its run",
            Some(match flow.facts.rerun {
                Some(_) => sought(&flow.facts),
                None => flow.facts.correlation_id.to_string(),
            }),
            None,
        );
    }
    Vec::new()
}

/// A person closes an open intent.
pub(in crate::app::update) fn resolve(
    world: &mut World,
    target: &Target,
    reason: &str,
    now: Now,
) -> Vec<Effect> {
    let Some(intent) = world
        .ledger
        .open
        .iter()
        .find(|o| o.target == *target)
        .cloned()
    else {
        world.notices.push(Notice {
            at: now.0,
            severity: Severity::Warning,
            title: Safe::new(&format!("no rollback of {target} is open")),
            hint: None,
            source: Safe::new("rollback"),
        });
        return Vec::new();
    };
    let Some((service, env)) = world.catalog.environment(target) else {
        return Vec::new();
    };
    let mut flow = Flow::new(service, env, intent.facts, intent.at);
    flow.begin(now.0, "resolved", Some(reason.to_owned()), None);
    let extra = json!({ "reason": Safe::new(reason) });
    let row = write(
        &flow,
        Write::Note(rows::draft(
            &world.who,
            &flow,
            journal::RESOLVED,
            extra,
            now,
        )),
    );
    over(&mut flow, FlowOutcome::Failed, None, now);
    world.flows.insert(target.clone(), flow);
    vec![row]
}
