//! Every address that the simulator answers, asked once: its answers are GitHub's.

use flightdeck::demo::Scenario;
use reqwest::Method;
use serde_json::{Value, json};

use super::graphql::Sdl;
use super::{Judge, exchange};
use crate::support::Company;

/// Asks, and gives the exchange and the answer.
async fn ask(
    company: &Company,
    method: Method,
    path: &str,
    sent: &Value,
) -> (super::Exchange, Value) {
    let mut request = reqwest::Client::new()
        .request(method.clone(), format!("{}{path}", company.demo.github_url))
        .bearer_auth(&company.demo.token)
        .header("user-agent", "test");
    if !sent.is_null() {
        request = request.json(sent);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let value = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap()
    };
    (exchange(method.as_str(), path, sent, status, &value), value)
}

#[tokio::test]
async fn each_address_answers_as_described() {
    let company = Company::start(Scenario::BadDeploy);
    let repo = "/repos/acme/checkout";
    let get = |path: String| {
        let company = &company;
        async move { ask(company, Method::GET, &path, &Value::Null).await }
    };
    let runs = get(format!("{repo}/actions/runs?per_page=100")).await.1;
    let run = runs["workflow_runs"][0]["id"].clone();
    let old = runs["workflow_runs"][5]["id"].clone();
    let job = get(format!("{repo}/actions/runs/{old}/jobs")).await.1["jobs"][0]["id"].clone();
    let deployment = get(format!("{repo}/deployments")).await.1[0]["id"].clone();
    let sha = get(format!("{repo}/commits/v2.15.0")).await.1["sha"]
        .as_str()
        .unwrap()
        .to_owned();
    let pull = get(format!("{repo}/pulls?state=all")).await.1[0]["number"].clone();
    let mut seen = Vec::new();
    for path in ["/versions", "/user", "/rate_limit", "/repos/acme/nothing"] {
        seen.push(get(path.to_owned()).await.0);
    }
    for path in [
        String::new(),
        "/releases?per_page=5".to_owned(),
        "/releases/latest".to_owned(),
        "/releases/tags/v2.15.0".to_owned(),
        "/releases/tags/none".to_owned(),
        "/tags".to_owned(),
        "/milestones?state=all".to_owned(),
        "/environments".to_owned(),
        "/environments/production".to_owned(),
        "/deployments?environment=production".to_owned(),
        format!("/deployments/{deployment}"),
        format!("/deployments/{deployment}/statuses"),
        "/branches/main".to_owned(),
        "/contents/.github/workflows/rollback.yml".to_owned(),
        "/pulls?state=all".to_owned(),
        format!("/pulls/{pull}"),
        "/compare/v2.14.0...v2.15.0?per_page=100&page=1".to_owned(),
        "/compare/v2.14.0...none".to_owned(),
        "/commits?per_page=20".to_owned(),
        format!("/commits/{sha}"),
        "/commits/none".to_owned(),
        format!("/commits/{sha}/check-runs?filter=latest"),
        format!("/commits/{sha}/status"),
        format!("/commits/{sha}/pulls"),
        "/actions/runs?per_page=100".to_owned(),
        format!("/actions/runs/{run}"),
        format!("/actions/runs/{old}"),
        format!("/actions/runs/{run}/jobs?filter=latest"),
        format!("/actions/runs/{old}/jobs"),
        format!("/actions/runs/{run}/attempts/1"),
        format!("/actions/runs/{run}/attempts/1/jobs"),
        format!("/actions/runs/{run}/pending_deployments"),
        format!("/actions/runs/{run}/approvals"),
        format!("/actions/jobs/{job}"),
        "/actions/workflows".to_owned(),
        "/actions/workflows/rollback.yml".to_owned(),
        "/actions/workflows/deploy.yml/runs?event=workflow_dispatch".to_owned(),
    ] {
        seen.push(get(format!("{repo}{path}")).await.0);
    }
    let dispatch = format!("{repo}/actions/workflows/rollback.yml/dispatches");
    for body in [
        json!({ "ref": "main", "inputs": { "version": "v2.14.0" } }),
        json!({ "ref": "main", "inputs": { "version": "v2.14.0" }, "return_run_details": true }),
        json!({ "ref": "nowhere" }),
    ] {
        seen.push(ask(&company, Method::POST, &dispatch, &body).await.0);
    }
    for (of, what) in [
        (&run, "cancel"),
        (&old, "cancel"),
        (&run, "force-cancel"),
        (&old, "rerun"),
        (&old, "rerun-failed-jobs"),
    ] {
        let path = format!("{repo}/actions/runs/{of}/{what}");
        seen.push(ask(&company, Method::POST, &path, &Value::Null).await.0);
    }
    let answered = |status| seen.iter().any(|e| e.status == status);
    assert!(
        [200, 201, 202, 204, 404, 409, 422]
            .into_iter()
            .all(answered),
        "{:?}",
        seen.iter().map(|e| (&e.path, e.status)).collect::<Vec<_>>()
    );
    Judge::new().all_well(&seen);
}

#[test]
fn the_simulators_schema_is_a_part_of_githubs() {
    let ours = Sdl::parse(include_str!(
        "../../../src/demo/github/graphql/schema.graphql"
    ));
    let lacking = Sdl::load().lacks(&ours);
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
    let wrong = "type Ref { nam: String! prefix: String compare(headRef: Int!): Comparison } type Comparison { aheadBy: Int! } type Nothing { a: Int } enum PullRequestState { OPEN LOST }";
    let lacking = Sdl::load().lacks(&Sdl::parse(wrong));
    assert_eq!(lacking.len(), 5, "{lacking:#?}");
}
