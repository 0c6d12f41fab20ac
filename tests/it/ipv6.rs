//! A network that speaks only IPv6: servers that listen there alone are reached, and a host that can't be is told as that.

use std::net::ToSocketAddrs as _;
use std::sync::Arc;

use flightdeck::domain::fetched::FaultKind;
use flightdeck::providers::error::NetKind;
use flightdeck::providers::github::{GitHub, GithubSettings};
use flightdeck::providers::prometheus::{MetricsAuth, Prometheus, PrometheusSettings};
use flightdeck::providers::{CodeHost as _, ErrorKind, MemoryCache};

use crate::stub::{Stub, clock, json, policy};

fn github(url: &str) -> GitHub {
    let settings = GithubSettings {
        name: "main".to_owned(),
        api: url.parse().unwrap(),
        graphql: None,
        token: Some("ghp_secretsecretsecret".to_owned().into()),
        budget: 0.5,
    };
    GitHub::new(
        settings,
        policy(),
        Arc::new(MemoryCache::default()),
        clock(),
    )
}

fn prometheus(url: &str) -> Prometheus {
    let settings = PrometheusSettings {
        name: "prom".to_owned(),
        url: url.parse().unwrap(),
        auth: MetricsAuth::None,
        headers: vec![],
        ca_file: None,
        scrape_s: None,
    };
    Prometheus::new(settings, policy(), clock())
}

/// A server on `[::1]` alone; none where the machine has no IPv6 at all.
async fn server() -> Option<Stub> {
    let answer = |seen: &crate::stub::Seen| match seen.path() {
        "/user" => json(200, &serde_json::json!({"login": "li"})),
        _ => json(
            200,
            &serde_json::json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "1793000000"]}}),
        ),
    };
    Stub::start_on("[::1]:0", move |seen, _| answer(seen)).await
}

#[tokio::test]
async fn github_and_prometheus_are_reached_by_their_address_and_by_name() {
    let Some(stub) = server().await else {
        eprintln!("skipped: this machine has no IPv6");
        return;
    };
    assert!(stub.url.starts_with("http://[::1]:"), "{}", stub.url);
    let named = stub.url.replace("[::1]", "localhost");
    // Names may lead to both; one that leads to IPv4 alone can't reach it, and is left out.
    let both = named
        .strip_prefix("http://")
        .and_then(|at| at.to_socket_addrs().ok())
        .is_some_and(|mut all| all.any(|a| a.is_ipv6()));
    let mut asked = 0;
    for url in std::iter::once(&stub.url).chain(both.then_some(&named)) {
        let login = github(url).login().await.unwrap().unwrap();
        assert_eq!(login.as_str(), "li");
        prometheus(url).skew().await.unwrap();
        asked += 2;
        assert_eq!(stub.count(), asked);
    }
}

#[tokio::test]
async fn an_address_without_a_way_is_told_as_that() {
    // No TCP connection can be made to a multicast address: the system says that there is no way, at once and on every machine.
    let error = github("http://[ff02::1]:9").login().await.unwrap_err();
    let ErrorKind::Unreachable { net, sent: false } = error.kind else {
        panic!("{error:?}")
    };
    assert_eq!(net, NetKind::NoRoute);
    assert_eq!(error.fault_kind(), FaultKind::Unreachable);
    assert!(
        error
            .to_string()
            .contains("there is no way to the host's address"),
        "{error}"
    );
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("only IPv6") && hint.contains("HTTPS_PROXY"),
        "{hint}"
    );
}
