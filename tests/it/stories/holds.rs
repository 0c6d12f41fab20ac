//! Stories of rollbacks that something holds, and of the way back that repeats an old run.

use flightdeck::app::msg::Msg;
use flightdeck::domain::release::{Conclusion, RunId, RunStatus, RunView};
use flightdeck::domain::rollback::holds::{Busy, HoldFacts, Pending, Protection, Reviewer};
use flightdeck::domain::rollback::{Way, WayKind};
use flightdeck::domain::text::Safe;

use super::shop::{Shop, at, run, target};
use super::tales::{bad_deploy_of, rollback_running_of};

/// An environment without rules, and workflows that are not busy.
pub(crate) fn free() -> HoldFacts {
    HoldFacts {
        protection: Ok(Protection::default()),
        busy: ["rollback.yml", "deploy.yml"]
            .map(|f| (f.to_owned(), Ok(Vec::new())))
            .into(),
    }
}

fn reviewers() -> Vec<Reviewer> {
    vec![
        Reviewer::Team(Safe::new("acme/ops")),
        Reviewer::Person(Safe::new("li")),
    ]
}

fn guarded(shop: &mut Shop) {
    shop.holds = HoldFacts {
        protection: Ok(Protection {
            reviewers: reviewers(),
            bars_self: true,
            wait_min: Some(10),
            ..Protection::default()
        }),
        busy: vec![(
            "rollback.yml".to_owned(),
            Ok(vec![Busy {
                run: RunId(1_001),
                status: RunStatus::InProgress,
                url: Safe::new("https://github.com/acme/checkout/actions/runs/1001"),
            }]),
        )],
    };
}

/// A bad deploy to an environment with reviewers, a timer and a busy workflow.
pub(crate) fn held() -> Shop {
    bad_deploy_of(guarded)
}

/// The same, but the token may not read the rules.
pub(crate) fn held_unknown() -> Shop {
    bad_deploy_of(|shop| {
        let mut fault = super::shop::fault(
            "GitHub answered 403",
            flightdeck::domain::fetched::FaultKind::Forbidden,
            at("13:00:00"),
        );
        fault.hint = Some(Safe::new("give the token the permission actions=read"));
        shop.holds.protection = Err(fault);
    })
}

/// The rollback's run waits for a review.
pub(crate) fn held_running() -> Shop {
    let mut shop = rollback_running_of(guarded);
    if let Some(Ok(view)) = &mut shop.run {
        view.run.status = RunStatus::Waiting;
        for job in &mut view.jobs {
            job.status = RunStatus::Waiting;
        }
    }
    shop.pending = vec![Pending {
        environment: Safe::new("production"),
        reviewers: reviewers(),
        may_approve: false,
        wait_until: None,
    }];
    shop.pass(20);
    shop
}

fn both_ways(shop: &mut Shop) {
    let envs = &mut shop.world.catalog.services[0].environments;
    let production = envs.iter_mut().find(|e| e.id.as_str() == "production");
    production.unwrap().ways.push(Way {
        id: "old-run".to_owned(),
        kind: WayKind::Rerun {
            max_age_s: 30 * 86_400,
        },
    });
    let mut view = run(960, at("12:58:00") - jiff::SignedDuration::from_hours(147));
    view.run.status = RunStatus::Completed;
    view.run.conclusion = Some(Conclusion::Success);
    shop.old_run = Some(RunView {
        jobs: Vec::new(),
        ..view
    });
}

/// Two ways back; the person chose to repeat the old run.
pub(crate) fn old_run() -> Shop {
    let mut shop = bad_deploy_of(both_ways);
    let here = target("checkout", "production");
    shop.tell(Msg::WantWay(here, Some("old-run".to_owned())));
    shop
}

/// The ladder begins with the old run, but that one is too old: the next way is taken, and the form says why.
pub(crate) fn too_old_run() -> Shop {
    bad_deploy_of(|shop| {
        both_ways(shop);
        let envs = &mut shop.world.catalog.services[0].environments;
        let production = envs.iter_mut().find(|e| e.id.as_str() == "production");
        production.unwrap().ways.reverse();
        let old = shop.old_run.as_mut().unwrap();
        old.run.created_at = at("12:58:00") - jiff::SignedDuration::from_hours(41 * 24);
    })
}
