//! The contract with GitHub: every request that the program sends and every answer of the simulator is held against GitHub's
//! published descriptions, of which `tests/fixtures/github` keeps extracts (its README tells whence, and how to renew them).

#[path = "description/commands.rs"]
mod commands;
#[path = "description/graphql.rs"]
pub(crate) mod graphql;
#[path = "description/renew.rs"]
mod renew;
#[path = "description/rest.rs"]
mod rest;
#[path = "description/simulator.rs"]
mod simulator;

use std::collections::BTreeSet;
use std::path::PathBuf;

use flightdeck::app::flow::{Flow, FlowOutcome};
use flightdeck::demo::Scenario;
use serde_json::{Value, json};

use self::graphql::Sdl;
use self::rest::Description;
use crate::support::hop::{Exchange, Hop};
use crate::support::{Company, confirm_ready, target};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/github")
        .join(name)
}

/// A reference within the same document as a pointer.
fn within(reference: &str) -> &str {
    reference.strip_prefix('#').unwrap()
}

/// Both halves.
pub(crate) struct Judge {
    rest: Description,
    graphql: Sdl,
}

impl Judge {
    pub(crate) fn new() -> Self {
        Self {
            rest: Description::load(),
            graphql: Sdl::load(),
        }
    }

    fn faults(&mut self, seen: &Exchange) -> Vec<String> {
        match (seen.path.as_str(), seen.status) {
            ("/graphql", 200) => self.graphql.faults(&seen.sent, &seen.answer),
            ("/graphql", status) => vec![format!("GraphQL is answered with {status}")],
            _ => self.rest.faults(seen),
        }
    }

    #[track_caller]
    pub(crate) fn all_well(&mut self, seen: &[Exchange]) {
        let found: BTreeSet<String> = seen.iter().flat_map(|e| self.faults(e)).collect();
        assert!(
            found.is_empty(),
            "{} faults:\n{}",
            found.len(),
            found.into_iter().collect::<Vec<_>>().join("\n")
        );
    }
}

/// What was asked, with numbers and names left out.
fn asked(seen: &[Exchange]) -> BTreeSet<String> {
    let part = |p: &str| {
        if p.chars().any(|c| c.is_ascii_digit()) && !p.contains(".yml") {
            "*".to_owned()
        } else {
            p.to_owned()
        }
    };
    let path = |e: &Exchange| e.path.split('/').map(part).collect::<Vec<_>>().join("/");
    seen.iter()
        .map(|e| format!("{} {}", e.method, path(e)))
        .collect()
}

const GATES: &str = "[gates]\n\
    ci = { stage = \"test\", checks = { require = [\"build\"] } }\n\
    review = { stage = \"test\", approvals = { min = 1 } }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rollback_from_the_first_look_to_the_end_keeps_to_the_description() {
    let mut hop = None;
    // Short pages, so that every list has several.
    let company = Company::reached(Scenario::BadDeploy, GATES, |url| {
        hop.insert(Hop::start(url, Some(7))).url.clone()
    });
    let hop = hop.unwrap();
    let mut driver = company.driver();
    company
        .until(
            &mut driver,
            120,
            "a plan with its changes",
            |w| matches!(&w.envs[&target()].plan, Some(Ok(p)) if p.reverts_known),
        )
        .await;
    // The answer is lost after the run was started, so that it is looked for.
    company
        .order(json!({ "path_prefix": "*dispatches", "method": "POST", "mode": "status", "status": 502, "when": "after" }))
        .await;
    confirm_ready(&mut driver, &target());
    company
        .until(&mut driver, 1_000, "the end", |w| {
            w.flows.get(&target()).is_some_and(Flow::is_over)
        })
        .await;
    assert_eq!(
        driver.world().flows[&target()].outcome,
        Some(FlowOutcome::Recovered)
    );
    let seen = hop.taken();
    for address in [
        "POST /graphql",
        "GET /user",
        "GET /repos/acme/checkout/compare/*",
        "GET /repos/acme/checkout/commits/*/check-runs",
        "GET /repos/acme/checkout/commits/*/status",
        "GET /repos/acme/checkout/actions/runs/*",
        "GET /repos/acme/checkout/actions/runs/*/jobs",
        "GET /repos/acme/checkout/actions/workflows/rollback.yml/runs",
        "POST /repos/acme/checkout/actions/runs/*/cancel",
        "POST /repos/acme/checkout/actions/workflows/rollback.yml/dispatches",
    ] {
        assert!(
            asked(&seen).contains(address),
            "{address} was not asked: {:#?}",
            asked(&seen)
        );
    }
    let second = |e: &Exchange| e.query.as_deref().is_some_and(|q| q.contains("page=2"));
    assert!(
        seen.iter()
            .any(|e| second(e) && e.path.contains("/compare/")),
        "a second page"
    );
    assert!(seen.iter().any(|e| e.status == 304), "an unchanged answer");
    let graph = |word: &str| {
        seen.iter()
            .any(|e| String::from_utf8_lossy(&e.sent).contains(word))
    };
    assert!(graph("query Overview") && graph("query Pulls") && graph("query Reviews"));
    Judge::new().all_well(&seen);
}

#[tokio::test]
async fn limits_and_what_is_asked_in_place_of_forbidden_checks_keep_to_the_description() {
    use flightdeck::providers::CodeHost as _;
    let company = Company::start(Scenario::BadDeploy);
    let hop = Hop::start(&company.demo.github_url, None);
    let github = crate::github::with_token(&hop.url, &company.demo.token);
    github.rate_limit().await.unwrap();
    let truth = company.get("/repos/acme/checkout/commits/v2.15.0").await;
    company
        .order(json!({ "path_prefix": "*check-runs", "mode": "status", "status": 403 }))
        .await;
    let sha = truth["sha"].as_str().unwrap().parse().unwrap();
    github
        .checks(&"acme/checkout".parse().unwrap(), &sha)
        .await
        .unwrap();
    let seen = hop.taken();
    for address in ["GET /rate_limit", "GET /repos/acme/checkout/actions/runs"] {
        assert!(asked(&seen).contains(address), "{:#?}", asked(&seen));
    }
    Judge::new().all_well(&seen);
}

fn exchange(method: &str, path: &str, sent: &Value, status: u16, answer: &Value) -> Exchange {
    let bytes = |v: &Value| {
        if v.is_null() {
            Vec::new()
        } else {
            v.to_string().into_bytes()
        }
    };
    let (path, query) = path
        .split_once('?')
        .map_or((path, None), |(p, q)| (p, Some(q.to_owned())));
    Exchange {
        method: method.to_owned(),
        path: path.to_owned(),
        query,
        sent: bytes(sent),
        status,
        answer: bytes(answer),
    }
}

#[test]
fn what_is_wrong_is_caught() {
    let mut judge = Judge::new();
    let dispatch = "/repos/acme/checkout/actions/workflows/rollback.yml/dispatches";
    let good = json!({ "ref": "main", "inputs": { "sha": "a" }, "return_run_details": true });
    let none = Value::Null;
    judge.all_well(&[exchange("POST", dispatch, &good, 204, &none)]);
    let runs = "/repos/acme/checkout/actions/runs";
    let empty = json!({ "total_count": 0, "workflow_runs": [] });
    judge.all_well(&[exchange(
        "GET",
        &format!("{runs}?per_page=100&page=2"),
        &none,
        200,
        &empty,
    )]);
    let wrong = [
        (
            exchange("POST", dispatch, &json!({ "inputs": {} }), 204, &none),
            "ref",
        ),
        (
            exchange("POST", dispatch, &json!({ "ref": 7 }), 204, &none),
            "string",
        ),
        (
            exchange(
                "POST",
                dispatch,
                &json!({ "ref": "main", "force": true }),
                204,
                &none,
            ),
            "body.force is not described",
        ),
        (
            exchange("POST", dispatch, &none, 204, &none),
            "the body is missing",
        ),
        (
            exchange("POST", dispatch, &good, 204, &json!({})),
            "has no body by the description",
        ),
        (
            exchange("POST", dispatch, &good, 207, &none),
            "no answer 207 is described",
        ),
        (
            exchange("DELETE", dispatch, &none, 204, &none),
            "no such operation",
        ),
        (
            exchange(
                "GET",
                "/repos/acme/checkout/secrets",
                &none,
                200,
                &json!([]),
            ),
            "no such operation",
        ),
        (
            exchange("GET", &format!("{runs}?per_page=many"), &none, 200, &empty),
            "query parameter `per_page`",
        ),
        (
            exchange("GET", &format!("{runs}?colour=red"), &none, 200, &empty),
            "no query parameter `colour`",
        ),
        (
            exchange("GET", &format!("{runs}/some"), &none, 404, &none),
            "path parameter `run_id`",
        ),
        (
            exchange("GET", runs, &none, 200, &json!({ "total_count": 0 })),
            "workflow_runs",
        ),
        (
            exchange(
                "GET",
                runs,
                &none,
                200,
                &json!({ "total_count": 0, "workflow_runs": [{ "id": "one" }] }),
            ),
            "workflow_runs/0",
        ),
        (
            exchange(
                "GET",
                runs,
                &none,
                200,
                &json!({ "total_count": 0, "workflow_runs": [], "next": 2 }),
            ),
            "next is not described",
        ),
    ];
    for (seen, words) in wrong {
        let found = judge.faults(&seen).join("\n");
        assert!(found.contains(words), "{words}: {found:?} of {seen:?}");
    }
    let limit =
        json!({ "data": { "rateLimit": { "cost": 1, "resetAt": "2026-11-21T13:00:00Z" } } });
    let query = |text: &str| json!({ "query": text });
    judge.all_well(&[exchange(
        "POST",
        "/graphql",
        &query("query A { rateLimit { cost resetAt } }"),
        200,
        &limit,
    )]);
    let repository = "query A { repository(owner: \"a\", name: \"b\") { environments(first: 3) { nodes { name } } } }";
    let wrong = [
        (
            query("query A { rateLimit { price } }"),
            json!({}),
            "no such field",
        ),
        (
            query("query A { rateLimit { cost(now: true) } }"),
            json!({}),
            "no argument `now`",
        ),
        (
            query("query A { rateLimit }"),
            json!({}),
            "a selection where none belongs",
        ),
        (
            query("query A { repository(owner: \"a\") { url } }"),
            json!({}),
            "`name` is missing",
        ),
        (
            query(&repository.replace('3', "\"three\"")),
            json!({}),
            "is no Int",
        ),
        (
            query("query A { rateLimit { ... on User { login } } }"),
            json!({}),
            "is never a User",
        ),
        (query("query A {"), json!({}), "no GraphQL"),
        (
            query("query A { rateLimit { cost } }"),
            json!({ "data": { "rateLimit": { "cost": "1" } } }),
            "is \"1\", no Int",
        ),
        (
            query("query A { rateLimit { cost } }"),
            json!({ "data": { "rateLimit": {} } }),
            "cost is missing",
        ),
        (
            query("query A { rateLimit { cost } }"),
            json!({ "data": { "rateLimit": { "cost": 1, "used": 1 } } }),
            "used was not asked for",
        ),
        (
            query(repository),
            json!({ "data": { "repository": { "environments": null } } }),
            "is null, no EnvironmentConnection!",
        ),
    ];
    for (sent, answer, words) in wrong {
        let found = judge
            .faults(&exchange("POST", "/graphql", &sent, 200, &answer))
            .join("\n");
        assert!(found.contains(words), "{words}: {found:?} of {sent}");
    }
}
