//! A network that speaks only IPv6: servers that listen there alone are reached, and a host that can't be is told as that.

use std::net::ToSocketAddrs as _;

use flightdeck::domain::fetched::FaultKind;
use flightdeck::providers::error::NetKind;
use flightdeck::providers::{CodeHost as _, ErrorKind};
use serde_json::json;

use crate::stub::{Seen, Stub};
use crate::{github, prometheus, stub};

/// A server on `[::1]` alone; none where the machine has no IPv6 at all.
async fn server() -> Option<Stub> {
    let answer = |seen: &Seen| match seen.path() {
        "/user" => stub::json(200, &json!({"login": "li"})),
        _ => stub::json(
            200,
            &json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "1793000000"]}}),
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
        let login = github::source(url).login().await.unwrap().unwrap();
        assert_eq!(login.as_str(), "li");
        prometheus::source(url).skew().await.unwrap();
        asked += 2;
        assert_eq!(stub.count(), asked);
    }
}

#[tokio::test]
async fn an_address_without_a_way_is_told_as_that() {
    // No TCP connection can be made to a multicast address: the system says that there is no way, at once and on every machine.
    let error = github::source("http://[ff02::1]:9")
        .login()
        .await
        .unwrap_err();
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
