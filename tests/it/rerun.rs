//! The way back that repeats an old run, and what holds a rollback's run: over real HTTP against the demo company, in virtual
//! time. The server counts how often the run was really repeated.

use std::collections::BTreeMap;

use flightdeck::app::flow::FlowOutcome;
use flightdeck::app::msg::Msg;
use flightdeck::app::world::{Scope, World};
use flightdeck::demo::Scenario;
use flightdeck::domain::fetched::FaultKind;
use flightdeck::domain::ids::{CorrelationId, Target};
use flightdeck::domain::ledger::Row;
use flightdeck::domain::release::RunId;
use flightdeck::domain::rollback::holds::HoldKind;
use flightdeck::domain::rollback::{Confirmation, DispatchAnswer, Ids, RerunOrder, RollbackPlan};
use flightdeck::providers::CodeHost;
use flightdeck::runtime::Driver;
use flightdeck::runtime::query::ledger;
use flightdeck::runtime::session::{self, Options};
use serde_json::{Value, json};

use super::support::{Company, confirm};
use crate::github::source;
use crate::stub::{self, Stub};

fn target(service: &str) -> Target {
    Target {
        service: service.parse().unwrap(),
        env: "production".parse().unwrap(),
    }
}

fn checkout() -> Target {
    target("checkout")
}

/// An order to repeat a run, as a plan that was read back gives it.
fn order() -> RerunOrder {
    let id = |n| CorrelationId::from_bits(n);
    let version = |c: &str| json!({ "sha": c.repeat(40), "version": null });
    let plan: RollbackPlan = serde_json::from_value(json!({
        "target": { "service": "checkout", "env": "production" }, "repo": "acme/checkout", "source": "main",
        "from": version("b"), "from_state": "live", "to": version("a"), "to_live_s": null, "choices": [version("a")],
        "cancel": null, "way": { "id": "old-run", "kind": { "Rerun": { "max_age_s": 2_592_000 } } },
        "rerun": {
            "run": 5_000_000_777_u64, "attempt": 3, "file": "deploy.yml", "created_at": "2026-11-20T10:00:00Z",
            "actor": "li", "url": "https://github.com/acme/checkout/actions/runs/5000000777",
        },
        "reverts": [], "reverts_known": true, "warnings": [], "confirm": "key", "usual_s": null,
    }))
    .unwrap();
    let ids = Ids {
        operation: id(1),
        dispatch: id(2),
        cancel: id(3),
    };
    let approved = plan.approve(&Confirmation::Key, "errors", ids).unwrap();
    assert!(approved.dispatch_order().is_none());
    approved.rerun_order().unwrap()
}

#[tokio::test]
async fn the_order_is_sent_once_whatever_comes_back() {
    for (status, wanted) in [
        (201, "accepted"),
        (202, "accepted"),
        (401, "rejected"),
        (403, "rejected"),
        (404, "rejected"),
        (409, "rejected"),
        (422, "rejected"),
        (429, "rejected"),
        (408, "lost"),
        (500, "lost"),
        (502, "lost"),
        (503, "lost"),
    ] {
        let stub = Stub::start(move |_, _| stub::json(status, &json!({}))).await;
        let answer = source(&stub.url).rerun(&order()).await;
        let said = match &answer {
            DispatchAnswer::Accepted { run, .. } => {
                assert_eq!(*run, Some(RunId(5_000_000_777)));
                "accepted"
            }
            DispatchAnswer::Rejected(_) => "rejected",
            DispatchAnswer::Lost(_) => "lost",
        };
        assert_eq!((said, stub.count()), (wanted, 1), "{status}: {answer:?}");
    }
}

#[tokio::test]
async fn each_part_of_what_holds_a_run_is_read_or_not_known_for_itself() {
    let stub = Stub::start(|seen, _| {
        if seen.uri.contains("/environments/") {
            return stub::json(403, &json!({ "message": "Resource not accessible" }));
        }
        let id = if seen.uri.contains("status=waiting") { json!([{
            "id": 7, "status": "waiting", "created_at": "2026-11-21T10:00:00Z", "html_url": "https://github.com/r/7",
        }]) } else { json!([]) };
        stub::json(200, &json!({ "total_count": 1, "workflow_runs": id }))
    })
    .await;
    let files = ["rollback.yml".to_owned()];
    let repo = "acme/checkout".parse().unwrap();
    let host = source(&stub.url);
    let facts = host.holds(&repo, "production", &files).await.unwrap();
    let fault = facts.protection.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Forbidden);
    let busy = facts.busy[0].1.as_ref().unwrap();
    assert_eq!((busy.len(), busy[0].run), (1, RunId(7)));
    // Where nothing answers at all, the question itself has failed.
    let down = Stub::start(|_, _| stub::json(502, &json!({}))).await;
    let host = source(&down.url);
    assert!(host.holds(&repo, "production", &files).await.is_err());
}

/// A Driver that looks at a service in production.
fn driver(company: &Company, service: &str) -> Driver {
    let options = Options {
        scope: Scope::Focus,
        focus: Some(target(service)),
        read_only: None,
        follow_intents: false,
    };
    let world = session::world(&company.loaded, options, &company.clock, &company.env).unwrap();
    session::open(&company.loaded, world, company.clock.clone(), &company.env).unwrap()
}

fn client() -> reqwest::Client {
    flightdeck::providers::http::init_tls();
    // The server refuses who does not say what it is, as GitHub does.
    reqwest::Client::builder()
        .user_agent("tests")
        .build()
        .unwrap()
}

async fn fault(company: &Company, path: &str, fault: &Value) {
    let mut body = json!({ "path_prefix": path, "times": 5 });
    let more = fault.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    let url = format!("{}/_demo/fault", company.demo.github_url);
    let answer = client().post(url).json(&body).send().await.unwrap();
    assert!(answer.status().is_success());
}

async fn get(company: &Company, path: &str) -> Value {
    let url = format!("{}{path}", company.demo.github_url);
    let ask = client().get(url).bearer_auth(&company.demo.token);
    ask.send().await.unwrap().json().await.unwrap()
}

/// How many requests with this ending reached the server; faulty ones included.
async fn posts(company: &Company, ending: &str) -> u64 {
    let seen = get(company, "/_demo/requests").await;
    let all: BTreeMap<String, u64> = serde_json::from_value(seen["requests"].clone()).unwrap();
    let ours = all
        .iter()
        .filter(|(k, _)| k.starts_with("POST") && k.ends_with(ending));
    ours.map(|(_, n)| n).sum()
}

/// The attempt that a run is at: what really happened, whatever was answered.
async fn attempts(company: &Company, run: u64) -> u64 {
    let path = format!("/repos/acme/checkout/actions/runs/{run}");
    get(company, &path).await["run_attempt"].as_u64().unwrap()
}

fn plan(world: &World, at: &Target) -> Option<RollbackPlan> {
    world.envs[at].plan.clone()?.ok()
}

fn over(world: &World, at: &Target) -> bool {
    let flow = world.flows.get(at);
    flow.is_some_and(flightdeck::app::flow::Flow::is_over)
}

/// The ready card by repeating the old run, with all that holds it read.
async fn card(company: &Company, driver: &mut Driver) -> RollbackPlan {
    driver.send(Msg::WantWay(checkout(), Some("old-run".to_owned())));
    let known = |w: &World| {
        plan(w, &checkout()).is_some_and(|p| {
            p.rerun.is_some() && p.holds.iter().all(|h| h.kind != HoldKind::Unknown)
        })
    };
    company.until(driver, 60, "the card", known).await;
    plan(driver.world(), &checkout()).unwrap()
}

/// Leaves a Driver as a person does; the rows on their way are written first.
async fn leave(mut driver: Driver) {
    while driver.is_writing() {
        driver.next().await;
    }
}

fn rows(company: &Company) -> Vec<Row> {
    let now = company.clock.now();
    assert!(
        ledger::verify(&company.loaded, &company.env, now)
            .unwrap()
            .ok
    );
    ledger::rows(&company.loaded, &company.env, None, now)
        .unwrap()
        .rows
}

fn count(rows: &[Row], kind: &str) -> usize {
    rows.iter().filter(|r| r.kind == kind).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_old_run_is_repeated_once_and_its_version_is_live_and_verified() {
    let company = Company::start(Scenario::BadDeploy);
    let mut driver = driver(&company, "checkout");
    let plan = card(&company, &mut driver).await;
    let old = plan.rerun.clone().unwrap();
    assert_eq!(plan.to.to_string(), "v2.14.0");
    assert_eq!(old.file.as_ref().unwrap().as_str(), "deploy.yml");
    assert_eq!(attempts(&company, old.run.0).await, 1);
    let beware = &plan.warnings[0];
    assert!(beware.as_str().contains("repeats all of run"), "{beware}");
    confirm(&mut driver, plan);
    company
        .until(&mut driver, 1_500, "the end", |w| over(w, &checkout()))
        .await;
    let flow = driver.world().flows[&checkout()].clone();
    assert_eq!(flow.outcome, Some(FlowOutcome::Recovered), "{flow:#?}");
    assert_eq!(flow.run, Some(old.run));
    leave(driver).await;
    assert_eq!(posts(&company, "/rerun").await, 1);
    assert_eq!(posts(&company, "/dispatches").await, 0);
    assert_eq!(attempts(&company, old.run.0).await, 2);
    let rows = rows(&company);
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
    assert_eq!(
        rows[0].body["rerun"],
        json!({ "run": old.run, "attempt": 1 })
    );
    assert_eq!(rows[3].body["attempt"], 2);
}

/// A fault at the order to repeat; the outcome, and how many repetitions really happened.
async fn case(broken: Value, outcome: FlowOutcome, happened: u64) {
    let company = Company::start(Scenario::BadDeploy);
    let mut driver = driver(&company, "checkout");
    let plan = card(&company, &mut driver).await;
    let run = plan.rerun.as_ref().unwrap().run;
    let mut order = broken.clone();
    order["method"] = json!("POST");
    fault(&company, "*rerun", &order).await;
    confirm(&mut driver, plan);
    company
        .until(&mut driver, 1_500, "the end", |w| over(w, &checkout()))
        .await;
    let flow = driver.world().flows[&checkout()].clone();
    assert_eq!(flow.outcome, Some(outcome), "{broken}: {:#?}", flow.steps);
    leave(driver).await;
    assert_eq!(posts(&company, "/rerun").await, 1, "{broken}");
    assert_eq!(attempts(&company, run.0).await, 1 + happened, "{broken}");
    let rows = rows(&company);
    assert_eq!(count(&rows, "dispatch.intent"), 1);
    let text = serde_json::to_string(&rows).unwrap();
    assert!(
        !text.contains(&company.demo.token),
        "the token is in the ledger"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn refused_is_failed_and_nothing_more_is_sent() {
    for status in [403, 404, 422] {
        let broken = json!({ "mode": "status", "status": status });
        case(broken, FlowOutcome::Failed, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn lost_before_it_took_effect_ends_unknown() {
    let reset = json!({ "mode": "reset", "when": "before" });
    case(reset, FlowOutcome::Unknown, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn lost_after_it_took_effect_is_found_by_its_attempt_and_followed() {
    let reset = json!({ "mode": "reset", "when": "after" });
    case(reset, FlowOutcome::Recovered, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_leaver_began_is_resumed_by_the_next_without_sending() {
    let company = Company::start(Scenario::BadDeploy);
    let mut first = driver(&company, "checkout");
    let plan = card(&company, &mut first).await;
    let run = plan.rerun.as_ref().unwrap().run;
    confirm(&mut first, plan);
    let running = |w: &World| w.flows[&checkout()].run.is_some();
    company
        .until(&mut first, 200, "the new attempt", running)
        .await;
    // A second cockpit joins; it has nothing to send.
    let mut second = driver(&company, "checkout");
    company
        .until(&mut second, 60, "the open intent", |w| {
            !w.ledger.open.is_empty()
        })
        .await;
    second.send(Msg::Resume(checkout()));
    company
        .until(&mut second, 60, "joined", |w| {
            w.flows.get(&checkout()).is_some_and(|f| f.joined)
        })
        .await;
    company
        .until(&mut first, 1_500, "the end", |w| over(w, &checkout()))
        .await;
    company
        .until(&mut second, 60, "the end, seen by the other", |w| {
            over(w, &checkout())
        })
        .await;
    let outcome = second.world().flows[&checkout()].outcome;
    assert_eq!(outcome, Some(FlowOutcome::Recovered));
    assert_eq!(posts(&company, "/rerun").await, 1);
    assert_eq!(attempts(&company, run.0).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_run_that_is_repeated_by_somebody_else_is_not_repeated_by_us() {
    let company = Company::start(Scenario::BadDeploy);
    let mut driver = driver(&company, "checkout");
    let plan = card(&company, &mut driver).await;
    let run = plan.rerun.as_ref().unwrap().run;
    // Between the card and the order somebody repeats it by hand.
    let url = format!(
        "{}/repos/acme/checkout/actions/runs/{run}/rerun",
        company.demo.github_url
    );
    let by_hand = client().post(url).bearer_auth(&company.demo.token);
    assert_eq!(by_hand.send().await.unwrap().status(), 201);
    confirm(&mut driver, plan);
    company
        .until(&mut driver, 1_500, "the end", |w| over(w, &checkout()))
        .await;
    let flow = driver.world().flows[&checkout()].clone();
    assert_eq!(flow.outcome, Some(FlowOutcome::Failed), "{flow:#?}");
    leave(driver).await;
    assert_eq!(attempts(&company, run.0).await, 2, "only the one by hand");
}

/// What would hold a rollback of a service, once it is read.
async fn holds(company: &Company, driver: &mut Driver, at: &Target) -> Vec<(HoldKind, String)> {
    let read = |w: &World| w.envs[at].holds.at().is_some() && plan(w, at).is_some();
    company.until(driver, 60, "the holds", read).await;
    let plan = plan(driver.world(), at).unwrap();
    plan.holds
        .iter()
        .map(|h| (h.kind, h.text.to_string()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn reviewers_are_known_before_and_named_while_the_run_waits() {
    let company = Company::start(Scenario::Healthy);
    let here = target("payments");
    let mut driver = driver(&company, "payments");
    let known = holds(&company, &mut driver, &here).await;
    assert_eq!(
        known,
        [(
            HoldKind::Review,
            "needs a review by @acme/ops or @li for production, you can't approve your own run"
                .to_owned()
        )]
    );
    let ready = plan(driver.world(), &here).unwrap();
    confirm(&mut driver, ready);
    let waits = |w: &World| {
        let step = w.flows.get(&here).and_then(|f| f.steps.last());
        let said = step
            .and_then(|s| s.detail.as_ref())
            .map(ToString::to_string);
        said.is_some_and(|s| {
            s.contains("waits for a review by @acme/ops or @li: you can't approve it")
        })
    };
    company
        .until(&mut driver, 60, "who may approve", waits)
        .await;
    let step = driver.world().flows[&here].steps.last().unwrap().clone();
    let run = driver.world().flows[&here].run.unwrap();
    assert!(
        step.url
            .unwrap()
            .as_str()
            .ends_with(&format!("/actions/runs/{run}"))
    );
    // Another rollback of the same would queue behind it.
    let mut second = self::driver(&company, "payments");
    let busy = holds(&company, &mut second, &here).await;
    let expected = format!(
        "run {run} of rollback.yml waits for a review or a timer: yours may queue behind it"
    );
    assert!(busy.contains(&(HoldKind::Busy, expected)), "{busy:?}");
    company
        .until(&mut driver, 2_000, "the end", |w| over(w, &here))
        .await;
    let flow = &driver.world().flows[&here];
    assert!(flow.held.as_secs() >= 60, "{flow:#?}");
    assert!(
        matches!(
            flow.outcome,
            Some(FlowOutcome::Recovered | FlowOutcome::Dispatched)
        ),
        "{flow:#?}"
    );
    assert_eq!(posts(&company, "/dispatches").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_wait_timer_is_known_before() {
    let company = Company::start(Scenario::Healthy);
    let here = target("catalog");
    let mut driver = driver(&company, "catalog");
    let known = holds(&company, &mut driver, &here).await;
    let text = "waits 2 min before it starts in production".to_owned();
    assert_eq!(known, [(HoldKind::Wait, text)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_the_token_may_not_read_is_not_known_and_blocks_nothing() {
    let company = Company::start(Scenario::BadDeploy);
    let forbidden = json!({ "mode": "status", "status": 403, "times": 1_000 });
    fault(&company, "*environments/production", &forbidden).await;
    let mut driver = driver(&company, "checkout");
    let known = holds(&company, &mut driver, &checkout()).await;
    let (kind, text) = known.first().unwrap();
    assert_eq!(*kind, HoldKind::Unknown);
    assert!(
        text.starts_with("the rules of production are not known: "),
        "{text}"
    );
    let ready = plan(driver.world(), &checkout()).unwrap();
    confirm(&mut driver, ready);
    company
        .until(&mut driver, 1_000, "the end", |w| over(w, &checkout()))
        .await;
    let outcome = driver.world().flows[&checkout()].outcome;
    assert_eq!(outcome, Some(FlowOutcome::Recovered));
}
