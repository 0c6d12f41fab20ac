//! What is written: dispatches, cancellations, re-runs, and what comes of them.

use super::{CHECKOUT, Company};
use serde_json::{Value, json};

const ROLLBACK: &str = "/repos/acme/checkout/actions/workflows/rollback.yml/dispatches";
const DEPLOY: &str = "/repos/acme/checkout/actions/workflows/deploy.yml/dispatches";

async fn run(company: &Company, id: &Value) -> Value {
    company.get(&format!("{CHECKOUT}/actions/runs/{id}")).await
}

#[tokio::test]
async fn a_rollback_makes_the_old_version_live_and_heals_the_metrics() {
    let company = Company::new();
    company.pass(60);
    assert!(company.error_ratio("30s").await > 0.014);
    let bad = company.deploy_run().await;
    let (status, _) = company
        .post(
            &format!("{CHECKOUT}/actions/runs/{}/cancel", bad["id"]),
            json!({}),
        )
        .await;
    assert_eq!(status, 202);
    assert_eq!(
        run(&company, &bad["id"]).await["status"],
        "in_progress",
        "cancelling takes a while"
    );
    let old = company.get(&format!("{CHECKOUT}/commits/v2.14.0")).await;
    let order = json!({ "ref": "main", "inputs": { "sha": old["sha"], "cockpit_id": "fd-abcdefgh23456777" }, "return_run_details": true });
    let (status, details) = company.post(ROLLBACK, order).await;
    assert_eq!(status, 200);
    let id = &details["workflow_run_id"];
    assert!(id.as_u64().unwrap() > u64::from(u32::MAX));
    let first = run(&company, id).await;
    assert_eq!(first["status"], "queued");
    assert!(
        first["display_title"]
            .as_str()
            .unwrap()
            .contains("fd-abcdefgh23456777")
    );

    company.pass(3);
    assert_eq!(
        run(&company, id).await["status"],
        "pending",
        "the deploy still holds the environment"
    );
    company.pass(2);
    assert_eq!(run(&company, &bad["id"]).await["conclusion"], "cancelled");
    let jobs = company.jobs(&bad).await;
    assert_eq!(jobs[3], ("canary 25 %".to_owned(), "cancelled".to_owned()));
    assert_eq!(run(&company, id).await["status"], "in_progress");
    // The canary still has its share of the traffic: errors go on.
    assert_eq!(company.live().await, "2.14.0");
    company.pass(10);
    assert!(company.error_ratio("15s").await > 0.01);

    company.pass(40);
    let last = run(&company, id).await;
    assert_eq!(
        (last["status"].as_str(), last["conclusion"].as_str()),
        (Some("completed"), Some("success"))
    );
    let deployments = company
        .get(&format!(
            "{CHECKOUT}/deployments?environment=production&per_page=2"
        ))
        .await;
    assert_eq!(deployments[0]["sha"], old["sha"]);
    let statuses = company
        .get(&format!(
            "{CHECKOUT}/deployments/{}/statuses",
            deployments[0]["id"]
        ))
        .await;
    let states: Vec<&str> = statuses
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["success", "in_progress", "queued"]);
    let statuses = company
        .get(&format!(
            "{CHECKOUT}/deployments/{}/statuses",
            deployments[1]["id"]
        ))
        .await;
    assert_eq!(statuses[0]["state"], "failure");
    company.pass(45);
    assert!(company.error_ratio("30s").await < 0.008);
    let truth = company.get("/_demo/truth").await;
    assert_eq!(truth[1]["canary"], Value::Null);
    let requests = company.get("/_demo/requests").await;
    assert_eq!(
        requests["requests"]["POST /repos/{owner}/{repo}/actions/workflows/rollback.yml/dispatches"],
        1
    );
}

#[tokio::test]
async fn without_details_the_run_is_found_by_its_title() {
    let company = Company::healthy();
    company.pass(600);
    let order = json!({ "ref": "main", "inputs": { "version": "v2.14.0", "cockpit_id": "fd-findmefindmefind" } });
    assert_eq!(company.post(ROLLBACK, order).await, (204, Value::Null));
    let since = "created=%3E%3D2026-11-20T00:00:00Z";
    let runs = company.get(&format!("{CHECKOUT}/actions/workflows/rollback.yml/runs?event=workflow_dispatch&branch=main&{since}")).await;
    let found = runs["workflow_runs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| {
            r["display_title"]
                .as_str()
                .unwrap()
                .contains("fd-findmefindmefind")
        });
    assert_eq!(found.count(), 1);
    company.pass(60);
    assert_eq!(company.live().await, "2.14.0");
}

#[tokio::test]
async fn the_same_rollback_cannot_overtake_another() {
    let company = Company::new();
    let order =
        json!({ "ref": "main", "inputs": { "version": "v2.14.0" }, "return_run_details": true });
    let (_, first) = company.post(ROLLBACK, order.clone()).await;
    let (_, second) = company.post(ROLLBACK, order).await;
    company.pass(100);
    for details in [&first, &second] {
        assert_eq!(
            run(&company, &details["workflow_run_id"]).await["status"],
            "pending"
        );
    }
    let bad = company.deploy_run().await;
    company
        .post(
            &format!("{CHECKOUT}/actions/runs/{}/cancel", bad["id"]),
            json!({}),
        )
        .await;
    company.pass(20);
    assert_eq!(
        run(&company, &first["workflow_run_id"]).await["status"],
        "in_progress"
    );
    assert_eq!(
        run(&company, &second["workflow_run_id"]).await["status"],
        "pending"
    );
    company.pass(60);
    assert_eq!(
        run(&company, &second["workflow_run_id"]).await["status"],
        "in_progress"
    );
}

#[tokio::test]
async fn wrong_orders_are_refused_and_start_nothing() {
    let company = Company::new();
    let cases = [
        (
            ROLLBACK,
            json!({ "ref": "nowhere" }),
            422,
            "No ref found for: nowhere",
        ),
        (
            ROLLBACK,
            json!({ "ref": "0123456789012345678901234567890123456789" }),
            422,
            "No ref found",
        ),
        (ROLLBACK, json!({ "inputs": {} }), 422, "wasn't supplied"),
        (
            ROLLBACK,
            json!({ "ref": "main", "inputs": { "target": "x" } }),
            422,
            "Unexpected inputs provided: [\"target\"]",
        ),
        (
            DEPLOY,
            json!({ "ref": "main", "inputs": { "sha": "x" } }),
            422,
            "Required input 'version' not provided",
        ),
        (DEPLOY, json!({ "ref": "main", "colour": 1 }), 422, "colour"),
        (
            "/repos/acme/checkout/actions/workflows/ci.yml/dispatches",
            json!({ "ref": "main" }),
            422,
            "workflow_dispatch",
        ),
        (
            "/repos/acme/checkout/actions/workflows/gone.yml/dispatches",
            json!({ "ref": "main" }),
            404,
            "Not Found",
        ),
        (
            "/repos/acme/gone/actions/workflows/deploy.yml/dispatches",
            json!({ "ref": "main" }),
            404,
            "Not Found",
        ),
    ];
    let before = company.get(&format!("{CHECKOUT}/actions/runs")).await["total_count"].clone();
    for (path, body, status, message) in cases {
        let (got, answer) = company.post(path, body.clone()).await;
        assert_eq!(got, status, "{body}");
        assert!(
            answer["message"].as_str().unwrap().contains(message),
            "{answer}"
        );
        assert!(answer["documentation_url"].is_string());
    }
    assert_eq!(
        company.get(&format!("{CHECKOUT}/actions/runs")).await["total_count"],
        before
    );
}

#[tokio::test]
async fn a_rollback_to_an_unknown_commit_fails_by_itself() {
    let company = Company::healthy();
    company.pass(600);
    let order = json!({ "ref": "main", "inputs": { "sha": "ffffffffffffffffffffffffffffffffffffffff" }, "return_run_details": true });
    let (_, details) = company.post(ROLLBACK, order).await;
    company.pass(30);
    let run = run(&company, &details["workflow_run_id"]).await;
    assert_eq!(run["conclusion"], "failure");
    assert_eq!(
        company.jobs(&run).await,
        [("plan".to_owned(), "failure".to_owned())]
    );
    assert_eq!(company.live().await, "2.15.0");
}

#[tokio::test]
async fn finished_runs_cannot_be_cancelled_but_run_again() {
    let company = Company::healthy();
    company.pass(600);
    let path = format!("{CHECKOUT}/actions/workflows/deploy.yml/runs?status=success&per_page=20");
    let runs = company.get(&path).await;
    let old = runs["workflow_runs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["display_title"] == "Deploy v2.14.0 to production")
        .unwrap()
        .clone();
    let base = format!("{CHECKOUT}/actions/runs/{}", old["id"]);
    assert_eq!(
        company.post(&format!("{base}/cancel"), json!({})).await.0,
        409
    );
    assert_eq!(
        company.post(&format!("{base}/rerun"), json!({})).await.0,
        201
    );
    let again = company.get(&base).await;
    assert_eq!(
        (again["run_attempt"].as_u64(), again["status"].as_str()),
        (Some(2), Some("queued"))
    );
    assert_eq!(
        company.post(&format!("{base}/rerun"), json!({})).await.0,
        403
    );
    company.pass(150);
    assert_eq!(company.get(&base).await["conclusion"], "success");
    assert_eq!(company.live().await, "2.14.0");
}
