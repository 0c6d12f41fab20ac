//! Sent once, followed to the end: a dispatch whose answer is lost, a second rollback of the same, a second cockpit; the server
//! counts. The single faults and moments are the matrix' subject.

use flightdeck::app::flow::FlowOutcome;
use flightdeck::app::world::World;
use flightdeck::demo::Scenario;
use flightdeck::domain::ledger::Row;
use flightdeck::runtime::Driver;
use flightdeck::runtime::query::ledger;
use serde_json::{Value, json};

use super::support::{Company, confirm_ready, target};

/// Confirms the ready card and follows to the end.
async fn roll_back(company: &Company, driver: &mut Driver) {
    company
        .until(driver, 60, "a plan", |w| {
            matches!(w.envs[&target()].plan, Some(Ok(_)))
        })
        .await;
    confirm_ready(driver, &target());
    company.until(driver, 1_000, "the end", over).await;
    company.until(driver, 1_000, "the last row", |_| true).await;
}

fn over(world: &World) -> bool {
    world
        .flows
        .get(&target())
        .is_some_and(flightdeck::app::flow::Flow::is_over)
}

fn rows(company: &Company) -> Vec<Row> {
    assert!(
        ledger::verify(&company.loaded, &company.env, company.clock.now())
            .unwrap()
            .ok
    );
    ledger::rows(&company.loaded, &company.env, None, company.clock.now())
        .unwrap()
        .rows
}

/// A fault at the dispatch, the outcome it ends in, and the kind of the last row.
async fn case(fault: Value, outcome: FlowOutcome, last: &str) {
    let company = Company::start(Scenario::BadDeploy);
    let mut body = json!({ "path_prefix": "*dispatches", "method": "POST", "times": 5 });
    body.as_object_mut()
        .unwrap()
        .extend(fault.as_object().unwrap().clone());
    company.order(body).await;
    let mut driver = company.driver();
    roll_back(&company, &mut driver).await;
    let flow = driver.world().flows[&target()].clone();
    assert_eq!(flow.outcome, Some(outcome), "{fault}: {:#?}", flow.steps);
    assert_eq!(company.dispatches().await, 1, "{fault}");
    // Leaving waits for the rows on their way.
    while driver.is_writing() {
        driver.next().await;
    }
    drop(driver);
    let rows = rows(&company);
    assert_eq!(rows.last().unwrap().kind, last, "{fault}");
    let text = serde_json::to_string(&rows).unwrap();
    assert!(
        !text.contains(&company.demo.token),
        "the token is in the ledger"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn lost_after_it_took_effect_is_found_by_its_id_and_followed() {
    case(
        json!({ "mode": "reset", "when": "after" }),
        FlowOutcome::Recovered,
        "rollback.recovered",
    )
    .await;
    case(
        json!({ "mode": "status", "status": 500, "when": "after" }),
        FlowOutcome::Recovered,
        "rollback.recovered",
    )
    .await;
    case(
        json!({ "mode": "html", "when": "after" }),
        FlowOutcome::Recovered,
        "rollback.recovered",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_second_one_of_the_same_is_already_done() {
    let company = Company::start(Scenario::BadDeploy);
    let mut driver = company.driver();
    roll_back(&company, &mut driver).await;
    assert_eq!(
        driver.world().flows[&target()].outcome,
        Some(FlowOutcome::Recovered)
    );
    let refused = driver.world().envs[&target()]
        .plan
        .clone()
        .unwrap()
        .unwrap_err();
    assert!(refused.to_string().contains("already done"), "{refused}");
    assert_eq!(company.dispatches().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_second_cockpit_joins_and_sends_nothing() {
    let company = Company::start(Scenario::BadDeploy);
    let (mut first, mut second) = (company.driver(), company.driver());
    for driver in [&mut first, &mut second] {
        company
            .until(driver, 60, "a plan", |w| {
                matches!(w.envs[&target()].plan, Some(Ok(_)))
            })
            .await;
        confirm_ready(driver, &target());
        company
            .until(driver, 5, "the intent", |w| {
                !w.flows[&target()]
                    .steps
                    .iter()
                    .any(|s| s.step.as_str() == "recording the intent")
            })
            .await;
    }
    assert!(second.world().flows[&target()].joined);
    company.until(&mut first, 1_000, "the end", over).await;
    company
        .until(&mut second, 60, "the end, seen by the other", over)
        .await;
    assert_eq!(
        second.world().flows[&target()].outcome,
        Some(FlowOutcome::Recovered)
    );
    assert_eq!(company.dispatches().await, 1);
}
