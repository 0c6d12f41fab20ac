//! Where gates get their evidence, over real HTTP: values by `JSONPath`, reviews by GraphQL.

use flightdeck::domain::gate::http::{Measured, Reduce, ValueAsk};
use flightdeck::domain::text::Safe;
use flightdeck::providers::http_json::HttpValues;
use flightdeck::providers::{CodeHost, ProviderError};
use serde_json::json;

use crate::github::{sha, source};
use crate::stub::{Stub, clock, json, policy, reply};

fn ask(url: &str) -> ValueAsk {
    ValueAsk {
        gate: "coverage".to_owned(),
        url: format!("{url}/cov?token=hush"),
        path: "$.totals.percent".to_owned(),
        reduce: Reduce::First,
        takes_word: false,
    }
}

async fn read(url: &str) -> Result<Measured, ProviderError> {
    let values = HttpValues::new(policy(), clock());
    values.read(&ask(url)).await.map(|r| {
        assert!(
            !r.from.as_str().contains("hush"),
            "an address is shown without its query"
        );
        r.value
    })
}

async fn answered(status: u16, body: &str) -> Result<Measured, ProviderError> {
    let body = body.to_owned();
    let stub = Stub::start(move |_, _| {
        reply(
            status,
            &[("content-type", "application/json")],
            body.clone(),
        )
    })
    .await;
    read(&stub.url).await
}

#[tokio::test]
async fn a_value_is_read_without_credentials() {
    let stub = Stub::start(|_, _| json(200, &json!({"totals": {"percent": 84.2}}))).await;
    assert_eq!(read(&stub.url).await, Ok(Measured::Number(84.2)));
    let seen = stub.seen();
    assert_eq!(seen[0].field("token").as_deref(), Some("hush"));
    assert_eq!(seen[0].header("authorization"), None);
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_named_with_gate_path_and_value() {
    let wrong = answered(200, r#"{"totals": {"percent": "84 %"}}"#)
        .await
        .unwrap_err();
    let words = wrong.to_string();
    assert!(
        words.contains(
            "gate coverage: `$.totals.percent` gives the text \"84 %\", a number is needed"
        ),
        "{words}"
    );
    assert!(!words.contains("hush"), "{words}");
}

#[tokio::test]
async fn reviews_of_the_candidates_pull_requests_are_read() {
    let stub = Stub::start(|seen, _| {
        if seen.path().contains("/compare/") {
            let commit = |c: char, who: &str| json!({"sha": sha(c).as_str(), "author": {"login": who}, "commit": {"message": "m"}});
            return json(200, &json!({"status": "ahead", "ahead_by": 2, "total_commits": 2, "commits": [commit('1', "maria"), commit('2', "sam")]}));
        }
        let pulls = json!({"nodes": [{"number": 7, "title": "t", "mergedAt": "2026-11-20T10:00:00Z", "author": {"login": "maria"}}]});
        let body = if seen.body.contains("reviews(") {
            assert!(seen.body.contains("pullRequest(number: 7)"), "{}", seen.body);
            let review = |who: &str, state: &str| json!({"state": state, "submittedAt": "2026-11-20T09:00:00Z", "author": {"login": who}});
            json!({"p0": {"number": 7, "title": "t", "author": {"login": "maria"}, "reviews": {"nodes": [review("li", "APPROVED"), review("maria", "APPROVED")]}}})
        } else {
            json!({"c0": {"associatedPullRequests": pulls}, "c1": {"associatedPullRequests": {"nodes": []}}})
        };
        json(200, &json!({"data": {"repository": body}}))
    })
    .await;
    let github = source(&stub.url);
    let found = github
        .approvals(&"acme/checkout".parse().unwrap(), &sha('b'), &sha('c'))
        .await
        .unwrap();
    assert_eq!(found.pulls.len(), 1);
    assert_eq!(
        found.pulls[0].approvers().count(),
        1,
        "the author's own does not count"
    );
    assert_eq!((found.direct, found.partial), (1, false));
    let authors: Vec<&str> = found.authors.iter().map(Safe::as_str).collect();
    assert_eq!(authors, ["maria", "sam"]);
}
