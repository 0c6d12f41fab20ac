//! The main path over real HTTP, in virtual time: a bad deploy is seen, rolled back, and verified; the ledger tells the story.

use flightdeck::app::flow::FlowOutcome;
use flightdeck::app::msg::Msg;
use flightdeck::demo::Scenario;
use flightdeck::domain::rollback::Confirmation;
use flightdeck::domain::signal::VerdictState;
use flightdeck::runtime::Driver;
use flightdeck::runtime::query::ledger;

use super::support::{Company, target};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bad_deploy_is_seen_rolled_back_and_verified() {
    let company = Company::start(Scenario::BadDeploy);
    let mut driver = company.driver();
    let degraded = |w: &flightdeck::app::world::World| {
        w.envs[&target()]
            .signals
            .verdict
            .as_ref()
            .is_some_and(|v| v.state == VerdictState::Degraded)
    };
    company.until(&mut driver, 30, "degraded", degraded).await;
    let slice = &driver.world().envs[&target()];
    let verdict = slice.signals.verdict.as_ref().unwrap();
    assert!(verdict.advise_rollback, "{}", verdict.summary);
    company
        .until(
            &mut driver,
            30,
            "the plan with its changes",
            |w| matches!(&w.envs[&target()].plan, Some(Ok(p)) if p.reverts_known),
        )
        .await;
    let slice = &driver.world().envs[&target()];
    let plan = slice.plan.clone().unwrap().unwrap();
    assert_eq!(
        (plan.from.to_string(), plan.to.to_string()),
        ("v2.15.0".to_owned(), "v2.14.0".to_owned())
    );
    assert_eq!(plan.reverts.len(), 12);
    assert!(plan.cancel.is_some());
    let approved = plan
        .approve(
            &Confirmation::Typed("checkout".to_owned()),
            &slice.reason(),
            Driver::ids(),
        )
        .unwrap();
    driver.send(Msg::Confirmed(Box::new(approved)));
    company
        .until(&mut driver, 900, "the end of the rollback", |w| {
            w.flows[&target()].is_over()
        })
        .await;
    let flow = &driver.world().flows[&target()];
    assert_eq!(flow.outcome, Some(FlowOutcome::Recovered), "{flow:#?}");
    // The last row is still on its way to the disk.
    while driver.is_writing() {
        let soon = std::time::Duration::from_millis(50);
        drop(tokio::time::timeout(soon, driver.next()).await);
    }
    assert_eq!(company.dispatches().await, 1);
    drop(driver);
    let rows = ledger::rows(&company.loaded, &company.env, None, company.clock.now())
        .unwrap()
        .rows;
    let kinds: Vec<&str> = rows.iter().map(|r| r.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "rollback.intent",
            "cancel.intent",
            "cancel.outcome",
            "dispatch.intent",
            "dispatch.outcome",
            "rollback.running",
            "rollback.live",
            "rollback.recovered"
        ]
    );
    assert!(
        ledger::verify(&company.loaded, &company.env, company.clock.now())
            .unwrap()
            .ok
    );
}
