//! The stories themselves.

use flightdeck::app::effect::Write;
use flightdeck::app::flow::Flow;
use flightdeck::app::msg::{IntentOutcome, Msg, Written};
use flightdeck::domain::fetched::FaultKind;
use flightdeck::domain::gate::Stage;
use flightdeck::domain::gate::checks::CheckSet;
use flightdeck::domain::gate::manual::Manual;
use flightdeck::domain::gate::spec::{GateKind, GateSpec};
use flightdeck::domain::ids::CorrelationId;
use flightdeck::domain::release::rollout::DeclaredStep;
use flightdeck::domain::release::{CheckState, Conclusion, DeploymentState, RunId, RunStatus};
use flightdeck::domain::rollback::orders::Confirmation;
use flightdeck::domain::rollback::{CancelAnswer, DispatchAnswer, Ids};
use flightdeck::domain::text::Safe;
use jiff::SignedDuration;

use super::calendar::calendar;
use super::shop::{Shop, at, budget, deployment, fault, hostile, run, target};

/// Fixed ids, so that pictures are the same every time.
pub(crate) fn ids() -> Ids {
    let id = |n: u128| CorrelationId::from_bits(n << 60 | 0x1234_5678_9abc);
    Ids {
        operation: id(1),
        dispatch: id(2),
        cancel: id(3),
    }
}

/// The deploy has just begun: nothing can be said yet.
pub(crate) fn warming() -> Shop {
    bad_deploy_at("12:58:50")
}

/// The deployment's payload declares its steps; the second is under way.
pub(crate) fn declared_steps() -> Shop {
    bad_deploy_of(|shop| {
        let checkout = shop.overviews.get_mut("checkout").unwrap();
        let deployment = &mut checkout.as_mut().unwrap().deployments[1].1[0];
        let steps = [
            (Some("canary"), Some(10)),
            (Some("half"), Some(50)),
            (None, Some(100)),
        ];
        deployment.rollout = Some(
            steps
                .into_iter()
                .filter_map(|(name, weight)| DeclaredStep::new(name, weight))
                .collect(),
        );
        let mut next = deployment.statuses[0].clone();
        next.at += SignedDuration::from_secs(100);
        deployment.statuses.insert(0, next);
    })
}

/// The deploy went well and is live, still watched.
pub(crate) fn healthy() -> Shop {
    let mut shop = Shop::open("12:58:05", |_| ());
    shop.traffic = |_| (28, 0.0);
    shop.tell(budget());
    shop.tell(Msg::Tick);
    shop.pass(240);
    let done = [DeploymentState::InProgress, DeploymentState::Success];
    let checkout = shop
        .overviews
        .get_mut("checkout")
        .unwrap()
        .as_mut()
        .unwrap();
    checkout.deployments[1].1[0] = deployment(991, 'c', "2025-11-21T12:58:00Z", &done);
    if let Some(Ok(run)) = &mut shop.run {
        run.run.status = RunStatus::Completed;
        run.run.conclusion = Some(Conclusion::Success);
        for job in &mut run.jobs {
            job.status = RunStatus::Completed;
            job.conclusion = Some(Conclusion::Success);
        }
    }
    shop.pass(600);
    shop
}

/// The token is refused.
pub(crate) fn bad_token() -> Shop {
    let mut shop = Shop::open("13:03:10", |start| {
        start.withheld = vec![
            Safe::new("metrics.prom.url"),
            Safe::new("services.checkout.env.production.rollback"),
        ];
    });
    let mut refused = fault(
        "GitHub refused the token of github",
        FaultKind::Auth,
        shop.now.0,
    );
    refused.hint = Some(Safe::new(
        "set GH_TOKEN to a token with the permission Contents: read",
    ));
    for overview in shop.overviews.values_mut() {
        *overview = Err(refused.clone());
    }
    shop.tell(Msg::Tick);
    shop
}

/// A deploy is under way and it goes badly: five minutes in.
pub(crate) fn bad_deploy() -> Shop {
    bad_deploy_at("13:03:10")
}

/// The same at another moment of it.
pub(crate) fn bad_deploy_at(moment: &str) -> Shop {
    bad_deploy_with(moment, |_| ())
}

/// The same in a shop that differs.
pub(crate) fn bad_deploy_of(change: fn(&mut Shop)) -> Shop {
    bad_deploy_with("13:03:10", change)
}

fn bad_deploy_with(moment: &str, change: fn(&mut Shop)) -> Shop {
    let mut shop = Shop::open("12:58:05", |_| ());
    change(&mut shop);
    shop.tell(budget());
    shop.tell(Msg::Tick);
    while shop.now.0 < at(moment) {
        shop.pass(5);
    }
    shop
}

/// The bad deploy with gates of every weight configured.
pub(crate) fn gated() -> Shop {
    let spec = |id: &str, stage, required, kind| GateSpec {
        id: id.to_owned(),
        stage,
        required,
        kind,
        valid_for: None,
        kinds: vec![],
    };
    let checks = CheckSet {
        require: vec![],
        allow: vec!["license".to_owned()],
        hide: vec![],
        blocking: true,
    };
    let manual = |slots: &[&str]| {
        GateKind::Manual(Manual {
            slots: slots.iter().map(|s| (*s).to_owned()).collect(),
            bar_authors: false,
        })
    };
    let mut shop = bad_deploy();
    for env in &mut shop.world.catalog.services[0].environments {
        env.gates = vec![
            spec("ci", Stage::Test, true, GateKind::Checks(checks.clone())),
            spec("way-back", Stage::Prepare, true, GateKind::RollbackPlan),
            spec("uat", Stage::Prepare, true, manual(&["@maria", "@acme/qa"])),
            spec("product", Stage::Prepare, false, manual(&["@li"])),
        ];
    }
    shop.pass(5);
    shop
}

/// The same with windows, freezes and a plan: today's window closes into the weekend's freeze.
pub(crate) fn ruled() -> Shop {
    let mut shop = Shop::open("12:58:05", |start| start.calendar = calendar());
    shop.tell(budget());
    shop.tell(Msg::Tick);
    while shop.now.0 < at("13:03:00") {
        shop.pass(5);
    }
    shop
}

/// The weekend has begun, nothing is under way.
pub(crate) fn weekend() -> Shop {
    let mut shop = Shop::open("17:00:00", |start| start.calendar = calendar());
    shop.overviews
        .get_mut("checkout")
        .unwrap()
        .as_mut()
        .unwrap()
        .deployments[1]
        .1
        .remove(0);
    shop.traffic = |_| (28, 0.0);
    shop.tell(budget());
    shop.tell(Msg::Tick);
    shop.pass(20);
    shop
}

/// Nothing is under way, all is well.
pub(crate) fn idle() -> Shop {
    let mut shop = Shop::open("13:03:10", |_| ());
    let checkout = shop
        .overviews
        .get_mut("checkout")
        .unwrap()
        .as_mut()
        .unwrap();
    checkout.deployments[1].1.remove(0);
    shop.traffic = |_| (28, 0.0);
    shop.tell(budget());
    shop.tell(Msg::Tick);
    shop.pass(20);
    shop
}

/// The program has just started: the last screen is there, nothing has answered.
pub(crate) fn cached() -> Shop {
    let mut shop = bad_deploy();
    for slice in shop.world.services.values_mut() {
        slice.overview = std::mem::take(&mut slice.overview).into_cached();
    }
    for slice in shop.world.envs.values_mut() {
        slice.run = std::mem::take(&mut slice.run).into_cached();
        slice.checks = std::mem::take(&mut slice.checks).into_cached();
        slice.signals.status = std::mem::take(&mut slice.signals.status).into_cached();
    }
    shop.now = flightdeck::domain::units::Now(at("13:08:00"));
    shop
}

/// The program starts without a cache.
pub(crate) fn first_start() -> Shop {
    Shop::open("13:03:10", |_| ())
}

/// GitHub fails while the deploy is under way.
pub(crate) fn stale_github() -> Shop {
    let mut shop = bad_deploy();
    let broken = fault(
        "GitHub answered 502 for acme/checkout",
        FaultKind::Unreachable,
        shop.now.0,
    );
    for overview in shop.overviews.values_mut() {
        *overview = Err(broken.clone());
    }
    shop.run = Some(Err(broken.clone()));
    shop.checks = Some(Err(broken));
    shop.pass(75);
    shop
}

/// The metrics source has failed for a minute; GitHub answers.
pub(crate) fn stale_metrics() -> Shop {
    let mut shop = bad_deploy();
    shop.metrics_fault = Some(fault(
        "Prometheus (prom): the server failed [POST https://prom.example/api/v1/query_range -> 503]",
        FaultKind::Unreachable,
        shop.now.0,
    ));
    for _ in 0..15 {
        shop.pass(5);
    }
    shop
}

/// The metrics source refuses the query.
pub(crate) fn metrics_failing() -> Shop {
    let mut shop = Shop::open("13:03:10", |_| ());
    let mut broken = fault(
        "prom: parse error: unexpected character: '$' at 1:12",
        FaultKind::Protocol,
        shop.now.0,
    );
    broken.hint = Some(Safe::new(
        "look at requests in [services.checkout.env.production.signals]",
    ));
    shop.metrics_fault = Some(broken);
    shop.tell(budget());
    shop.tell(Msg::Tick);
    shop
}

/// A service that nothing is known of: no deployment, no tag, no metrics.
pub(crate) fn empty() -> Shop {
    let mut shop = Shop::open("13:03:10", |start| {
        start.focus = Some(target("payments", "production"));
        start.catalog.services.remove(0);
        start.catalog.services.remove(0);
    });
    let payments = shop
        .overviews
        .get_mut("payments")
        .unwrap()
        .as_mut()
        .unwrap();
    payments.deployments.clear();
    payments.releases.clear();
    payments.tags.clear();
    payments.milestones.clear();
    payments.default_branch = None;
    shop.tell(Msg::Tick);
    shop
}

/// Every text that comes from outside is hostile.
pub(crate) fn hostile_texts() -> Shop {
    let mut shop = Shop::open("12:58:05", |start| start.banner = Safe::new(&hostile()));
    let text = Safe::new(&hostile());
    let checkout = shop
        .overviews
        .get_mut("checkout")
        .unwrap()
        .as_mut()
        .unwrap();
    for release in &mut checkout.releases {
        release.tag = text.clone();
    }
    for milestone in &mut checkout.milestones {
        milestone.title = text.clone();
    }
    for d in &mut checkout.deployments[1].1 {
        d.creator = Some(text.clone());
    }
    if let Some(Ok(run)) = &mut shop.run {
        run.run.title = text.clone();
        run.jobs.iter_mut().for_each(|j| j.name = text.clone());
    }
    if let Some(Ok(checks)) = &mut shop.checks {
        for item in &mut checks.items {
            item.name = text.clone();
            item.summary = Some(text.clone());
            item.state = CheckState::Failed;
        }
    }
    if let Some(Ok(comparison)) = &mut shop.comparison {
        comparison
            .changes
            .iter_mut()
            .for_each(|c| c.title = text.clone());
    }
    shop.metrics_fault = Some(fault(text.as_str(), FaultKind::Protocol, shop.now.0));
    shop.tell(Msg::Tick);
    shop.pass(60);
    shop
}

/// Started with `--read-only`.
pub(crate) fn read_only() -> Shop {
    let mut shop = Shop::open("12:58:05", |start| {
        start.read_only = Some("flightdeck was started with --read-only".to_owned());
    });
    shop.tell(Msg::Tick);
    shop.pass(180);
    shop
}

/// No rollback is configured.
pub(crate) fn no_rollback() -> Shop {
    let mut shop = Shop::open("12:58:05", |start| {
        for env in &mut start.catalog.services[0].environments {
            env.ways.clear();
        }
    });
    shop.tell(Msg::Tick);
    shop.pass(180);
    shop
}

/// The person confirms the plan as it stands.
pub(crate) fn confirm(shop: &mut Shop) {
    let here = target("checkout", "production");
    let slice = &shop.world.envs[&here];
    let plan = slice.plan.clone().unwrap().unwrap();
    let reason = slice.reason();
    let approved = plan
        .approve(&Confirmation::Typed("checkout".to_owned()), &reason, ids())
        .unwrap();
    shop.tell(Msg::Confirmed(Box::new(approved)));
}

/// Answers all writes that wait, as a machine without trouble does.
fn answer_writes(shop: &mut Shop) {
    for _ in 0..20 {
        let Some((target, write)) = (!shop.writes.is_empty()).then(|| shop.writes.remove(0)) else {
            return;
        };
        let written = match write {
            Write::OpenIntent { draft, .. } => {
                Written::Intent(Ok(IntentOutcome::Won(shop.record(&draft))))
            }
            Write::Record(draft) => Written::Recorded(Ok(shop.record(&draft))),
            Write::Note(draft) => Written::Noted(Ok(shop.record(&draft))),
            Write::Cancel(_) => Written::Cancelled(CancelAnswer::Accepted),
            Write::Dispatch(_) => {
                shop.run = Some(Ok(run(1_002, shop.now.0)));
                Written::Dispatched(DispatchAnswer::Accepted {
                    run: Some(RunId(1_002)),
                    url: Some(Safe::new(
                        "https://github.com/acme/checkout/actions/runs/1002",
                    )),
                })
            }
            other @ (Write::TakeOver { .. } | Write::Rerun(_)) => panic!("unexpected {other:?}"),
        };
        shop.tell(Msg::Written(target, written));
    }
}

/// The rollback was confirmed: the deploy is cancelled, the workflow runs.
pub(crate) fn rollback_running() -> Shop {
    rollback_running_of(|_| ())
}

/// The same in a shop that differs.
pub(crate) fn rollback_running_of(change: fn(&mut Shop)) -> Shop {
    let mut shop = bad_deploy_of(change);
    confirm(&mut shop);
    answer_writes(&mut shop);
    shop.pass(5);
    if let Some(Ok(run)) = &mut shop.run {
        run.run.status = RunStatus::Completed;
        run.run.conclusion = Some(Conclusion::Cancelled);
    }
    let checkout = shop
        .overviews
        .get_mut("checkout")
        .unwrap()
        .as_mut()
        .unwrap();
    checkout.deployments[1].1[0] = deployment(
        991,
        'c',
        "2025-11-21T12:58:00Z",
        &[DeploymentState::InProgress, DeploymentState::Failure],
    );
    shop.pass(10);
    answer_writes(&mut shop);
    shop.pass(20);
    answer_writes(&mut shop);
    shop
}

/// The older version is live again, the signals heal.
pub(crate) fn rollback_verifying() -> Shop {
    let mut shop = rollback_running();
    if let Some(Ok(run)) = &mut shop.run {
        run.run.status = RunStatus::Completed;
        run.run.conclusion = Some(Conclusion::Success);
        for job in &mut run.jobs {
            job.status = RunStatus::Completed;
            job.conclusion = Some(Conclusion::Success);
        }
    }
    let created = shop.now.0 - SignedDuration::from_secs(20);
    let checkout = shop
        .overviews
        .get_mut("checkout")
        .unwrap()
        .as_mut()
        .unwrap();
    let back = deployment(
        1_002,
        'b',
        &created.to_string(),
        &[DeploymentState::Success],
    );
    checkout.deployments[1].1.insert(0, back);
    shop.traffic = |t| match t {
        t if t > at("13:04:00") => (31, 0.0),
        t if t > at("13:01:20") => (233, 1.0),
        t if t > at("12:59:10") => (233, 0.0),
        _ => (31, 0.0),
    };
    shop.pass(15);
    answer_writes(&mut shop);
    shop.pass(10);
    shop
}

/// The signals have recovered.
pub(crate) fn recovered() -> Shop {
    let mut shop = rollback_verifying();
    for _ in 0..120 {
        if shop.world.flows.values().all(Flow::is_over) {
            break;
        }
        shop.pass(5);
        answer_writes(&mut shop);
    }
    shop
}

/// The dispatch's answer was lost: it is looked up, and nothing is sent again.
pub(crate) fn lost_answer() -> Shop {
    let mut shop = bad_deploy();
    // Without a run in the way, the dispatch comes at once.
    confirm(&mut shop);
    while let Some((target, write)) = (!shop.writes.is_empty()).then(|| shop.writes.remove(0)) {
        let written = match write {
            Write::OpenIntent { draft, .. } => {
                Written::Intent(Ok(IntentOutcome::Won(shop.record(&draft))))
            }
            Write::Record(draft) => Written::Recorded(Ok(shop.record(&draft))),
            Write::Note(draft) => Written::Noted(Ok(shop.record(&draft))),
            Write::Cancel(_) => Written::Cancelled(CancelAnswer::AlreadyEnded),
            Write::Dispatch(_) => Written::Dispatched(DispatchAnswer::Lost(fault(
                "GitHub did not answer within 10 s",
                FaultKind::Unreachable,
                shop.now.0,
            ))),
            other @ (Write::TakeOver { .. } | Write::Rerun(_)) => panic!("unexpected {other:?}"),
        };
        shop.tell(Msg::Written(target, written));
    }
    shop.pass(10);
    shop
}

/// Another process rolls back: this one does not follow, and sends nothing.
pub(crate) fn open_intent() -> Shop {
    let mut source = rollback_running();
    let rows = std::mem::take(&mut source.rows);
    let mut shop = Shop::open("13:04:00", |start| start.follow_intents = false);
    shop.rows = rows;
    shop.tell(budget());
    shop.tell(Msg::Tick);
    shop
}
