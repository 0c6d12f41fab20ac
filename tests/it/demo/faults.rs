//! Faults that tests can order.

use super::{CHECKOUT, Company};
use reqwest::Method;
use serde_json::json;

const ROLLBACK: &str = "/repos/acme/checkout/actions/workflows/rollback.yml/dispatches";

async fn rollbacks(company: &Company) -> u64 {
    let runs = company
        .get(&format!(
            "{CHECKOUT}/actions/workflows/rollback.yml/runs?created=%3E%3D2026-11-20"
        ))
        .await;
    runs["total_count"].as_u64().unwrap()
}

#[tokio::test]
async fn an_answer_can_be_lost_before_or_after_the_effect() {
    let company = Company::new();
    let order = json!({ "ref": "main", "inputs": { "version": "v2.14.0" } });
    for (when, runs) in [("before", 0), ("after", 1)] {
        let fault = json!({ "path_prefix": "*/dispatches", "method": "POST", "mode": "reset", "when": when });
        assert_eq!(company.post("/_demo/fault", fault).await.0, 200);
        let lost = company
            .request(Method::POST, ROLLBACK)
            .json(&order)
            .send()
            .await;
        assert!(lost.is_err(), "{when}");
        assert_eq!(rollbacks(&company).await, runs, "{when}");
    }
    // The faults are used up.
    assert_eq!(company.post(ROLLBACK, order).await.0, 204);
    let counted = company.get("/_demo/requests").await;
    assert_eq!(
        counted["requests"][format!(
            "POST {}",
            ROLLBACK.replace("acme/checkout", "{owner}/{repo}")
        )],
        3
    );
}

#[tokio::test]
async fn answers_can_be_wrong_in_many_ways() {
    let company = Company::new();
    let order = |fault| company.post("/_demo/fault", fault);
    order(json!({ "path_prefix": "/user", "mode": "status", "status": 503, "headers": { "retry-after": "7" }, "times": 2 })).await;
    for _ in 0..2 {
        let answer = company.request(Method::GET, "/user").send().await.unwrap();
        assert_eq!(
            (
                answer.status().as_u16(),
                answer.headers()["retry-after"].to_str().unwrap()
            ),
            (503, "7")
        );
    }
    order(json!({ "path_prefix": "/user", "mode": "html" })).await;
    let answer = company.request(Method::GET, "/user").send().await.unwrap();
    assert!(answer.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    order(json!({ "path_prefix": CHECKOUT, "mode": "cut" })).await;
    let answer = company
        .request(Method::GET, &format!("{CHECKOUT}/releases"))
        .send()
        .await
        .unwrap();
    assert!(answer.bytes().await.is_err(), "the body breaks off");
    order(json!({ "path_prefix": "/user", "mode": "huge" })).await;
    let answer = company.request(Method::GET, "/user").send().await.unwrap();
    assert!(answer.content_length().unwrap() > 50_000_000);
    drop(answer);
    order(json!({ "path_prefix": "/user", "mode": "delay", "delay_ms": 30 })).await;
    assert_eq!(company.get("/user").await["login"], "maria");
    order(json!({ "path_prefix": "/api/v1/query", "mode": "status", "status": 503 })).await;
    let url = format!("{}/api/v1/query?query=1", company.demo.prometheus_url);
    assert_eq!(company.client.get(url).send().await.unwrap().status(), 503);
    assert_eq!(order(json!({ "mode": "explode" })).await.0, 400);
}

#[tokio::test]
async fn a_stopped_company_listens_no_more() {
    let company = Company::new();
    let url = format!("{}/versions", company.demo.github_url);
    assert!(company.client.get(&url).send().await.is_ok());
    company.demo.stop();
    assert!(company.client.get(&url).send().await.is_err());
}
