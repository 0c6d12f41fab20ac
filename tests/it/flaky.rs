//! The scenario `flaky-api`: while GitHub and Prometheus fail in every way, the bad deploy gets its verdict, and the way back is sent
//! once for each time that somebody confirms it.

use std::collections::BTreeSet;

use flightdeck::app::flow::{Flow, FlowOutcome};
use flightdeck::app::world::World;
use flightdeck::demo::Scenario;
use flightdeck::domain::fetched::FaultKind;
use flightdeck::domain::ids::Target;
use flightdeck::domain::signal::VerdictState;
use flightdeck::runtime::Driver;
use serde_json::Value;

use super::support::{Company, confirm_ready};

fn target() -> Target {
    Target {
        service: "checkout".parse().unwrap(),
        env: "production".parse().unwrap(),
    }
}

/// What the company knows, asked until it answers: its own weather is not asked there.
async fn control(company: &Company, path: &str) -> Value {
    flightdeck::providers::http::init_tls();
    let url = format!("{}/_demo/{path}", company.demo.github_url);
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

/// How many dispatches were sent, whatever became of them.
async fn sent(company: &Company) -> u64 {
    let seen = control(company, "requests").await;
    let requests = seen["requests"].as_object().unwrap();
    requests
        .iter()
        .filter(|(k, _)| k.starts_with("POST") && k.ends_with("/dispatches"))
        .map(|(_, v)| v.as_u64().unwrap())
        .sum()
}

/// What is live in production, by the company's own account.
async fn live(company: &Company) -> String {
    let truth = control(company, "truth").await;
    let row = |r: &&Value| r["service"] == "checkout" && r["environment"] == "production";
    let row = truth.as_array().unwrap().iter().find(row).unwrap();
    row["live"].as_str().unwrap().to_owned()
}

fn degraded(world: &World) -> bool {
    let verdict = world.envs[&target()].signals.verdict.as_ref();
    verdict.is_some_and(|v| v.state == VerdictState::Degraded && v.advise_rollback)
}

/// Confirms the ready card; waits for the end.
async fn roll_back(company: &Company, driver: &mut Driver) -> FlowOutcome {
    company
        .until(driver, 300, "a plan", |w| {
            matches!(w.envs[&target()].plan, Some(Ok(_)))
        })
        .await;
    confirm_ready(driver, &target());
    let over = |w: &World| w.flows.get(&target()).is_some_and(Flow::is_over);
    company.until(driver, 1_500, "the end", over).await;
    driver.world().flows[&target()].outcome.unwrap()
}

/// Flies a company through its bad deploy and back; whether it is back.
async fn fly(seed: u64) -> bool {
    let company = Company::seeded(Scenario::FlakyApi, seed);
    let mut driver = company.driver();
    company.until(&mut driver, 300, "degraded", degraded).await;
    let outcome = roll_back(&company, &mut driver).await;
    let flow = &driver.world().flows[&target()];
    let said = format!("seed {seed}: {outcome:?} {:#?}", flow.steps);
    assert_eq!(sent(&company).await, 1, "{said}");
    let back = live(&company).await == "2.14.0";
    assert_eq!(outcome == FlowOutcome::Recovered, back, "{said}");
    back
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_verdict_comes_and_the_way_back_is_sent_once() {
    assert!(fly(1).await, "the demo's own story ends well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn with_another_seed_it_is_sent_once_too() {
    fly(5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn both_sources_fail_in_many_ways_and_come_back() {
    let company = Company::start(Scenario::FlakyApi);
    let mut driver = company.driver();
    let (mut github, mut metrics) = (BTreeSet::new(), BTreeSet::new());
    let word = |kind: FaultKind| kind.word();
    for _ in 0..24 {
        let start = company.hand.now();
        let passed = |_: &World| company.hand.now().duration_since(start).as_secs() >= 10;
        company.until(&mut driver, 20, "ten seconds", passed).await;
        let world = driver.world();
        let overview = &world.services[&target().service].overview;
        github.extend(overview.fault().map(|f| word(f.kind)));
        metrics.extend(
            world.envs[&target()]
                .signals
                .status
                .fault()
                .map(|f| word(f.kind)),
        );
    }
    for seen in [&github, &metrics] {
        assert!(seen.len() >= 2, "{github:?} {metrics:?}");
    }
    let fresh = |w: &World| {
        w.services[&target().service].overview.fault().is_none()
            && w.envs[&target()].signals.status.fault().is_none()
    };
    company.until(&mut driver, 120, "both back", fresh).await;
}
