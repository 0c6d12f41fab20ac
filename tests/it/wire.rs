//! What breaks on the way, in words for a person: each with what to do. Over real connections.

use std::sync::Arc;

use flightdeck::domain::ids::{CommitSha, RepoSlug};
use flightdeck::domain::release::RunId;
use flightdeck::providers::error::NetKind;
use flightdeck::providers::github::{GitHub, GithubSettings};
use flightdeck::providers::http::HttpPolicy;
use flightdeck::providers::{CodeHost, ErrorKind, MemoryCache, ProviderError};
use serde_json::json;

use crate::stub::{self, NOW_S, Stub, clock, policy, reply};
use crate::tls;

const TOKEN: &str = "ghp_secretsecretsecret";

fn source(url: &str, policy: HttpPolicy) -> GitHub {
    let settings = GithubSettings {
        name: "corp".to_owned(),
        api: url.parse().unwrap(),
        graphql: None,
        token: Some(TOKEN.to_owned().into()),
        budget: 0.5,
    };
    let cache = Arc::new(MemoryCache::default());
    GitHub::new(settings, policy, cache, clock()).with_token_from("GH_TOKEN")
}

async fn failure(url: &str) -> ProviderError {
    source(url, policy()).login().await.unwrap_err()
}

fn words(error: &ProviderError) -> (String, String) {
    let (text, hint) = (error.to_string(), error.hint().unwrap_or_default());
    assert!(
        !format!("{text} {hint} {error:?}").contains(TOKEN),
        "{text} {hint}"
    );
    (text, hint)
}

fn repo() -> RepoSlug {
    "acme/checkout".parse().unwrap()
}

#[tokio::test]
async fn single_sign_on_names_its_page() {
    let sso = [(
        "x-github-sso",
        "required; url=https://github.com/orgs/acme/sso?x=1",
    )];
    for status in [403, 404] {
        let stub =
            Stub::start(move |_, _| reply(status, &sso, r#"{"message":"Resource protected"}"#))
                .await;
        let github = source(&stub.url, policy());
        let sha: CommitSha = "a".repeat(40).parse().unwrap();
        let error = github.checks(&repo(), &sha).await.unwrap_err();
        let (text, hint) = words(&error);
        assert!(
            text.contains("not authorised for the organisation"),
            "{text}"
        );
        assert!(
            hint.contains("https://github.com/orgs/acme/sso?x=1"),
            "{hint}"
        );
    }
    // Half an answer is said, too.
    let partial = [("x-github-sso", "partial-results; organizations=1,2")];
    let stub = Stub::start(move |_, _| reply(200, &partial, r#"{"login":"li"}"#)).await;
    let github = source(&stub.url, policy());
    github.login().await.unwrap();
    assert!(
        github.warnings()[0].as_str().contains("single sign-on"),
        "{:?}",
        github.warnings()
    );
}

#[tokio::test]
async fn not_found_names_the_permission_that_it_may_be() {
    let stub = Stub::start(|_, _| stub::json(404, &json!({"message": "Not Found"}))).await;
    let github = source(&stub.url, policy());
    let run = github.run(&repo(), RunId(7)).await.unwrap_err();
    let (text, hint) = words(&run);
    assert!(text.contains("not found, or not permitted"), "{text}");
    assert!(hint.contains("Actions: read"), "{hint}");
    let sha: CommitSha = "b".repeat(40).parse().unwrap();
    let (_, hint) = words(&github.compare(&repo(), &sha, &sha).await.unwrap_err());
    assert!(hint.contains("Contents: read"), "{hint}");
}

#[tokio::test]
async fn a_refused_token_names_its_source_and_a_limit_its_end() {
    let stub = Stub::start(|_, _| stub::json(401, &json!({"message": "Bad credentials"}))).await;
    let (_, hint) = words(&failure(&stub.url).await);
    assert!(hint.contains("GH_TOKEN"), "{hint}");

    let body = r#"{"message":"You have exceeded a secondary rate limit"}"#;
    let stub = Stub::start(move |_, _| reply(403, &[("retry-after", "120")], body)).await;
    let (text, hint) = words(&failure(&stub.url).await);
    let until = jiff::Timestamp::from_second(NOW_S + 120).unwrap();
    let until = until.strftime("until %H:%M:%S UTC").to_string();
    assert!(
        text.contains("asked to slow down") && text.contains(&until),
        "{text}"
    );
    assert!(hint.contains("goes on by itself"), "{hint}");
}

#[tokio::test]
async fn a_page_for_people_is_called_by_its_title() {
    let page = "<!doctype html><html><head><title>Sign in to Corp Wi-Fi</title></head><body>hello</body></html>";
    let html = [("content-type", "text/html; charset=utf-8")];
    for status in [200, 401, 403] {
        let stub = Stub::start(move |_, _| reply(status, &html, page)).await;
        let error = failure(&stub.url).await;
        assert!(
            matches!(error.kind, ErrorKind::Protocol { .. }),
            "{status}: {error:?}"
        );
        let (text, hint) = words(&error);
        assert!(text.contains("Sign in to Corp Wi-Fi"), "{text}");
        assert!(hint.contains("a login") && hint.contains("proxy"), "{hint}");
    }
    // By a redirect to the portal's host: no token goes there.
    let portal = Stub::start(move |_, _| reply(200, &html, page)).await;
    let to = format!("{}/login", portal.url);
    let stub = Stub::start(move |_, _| reply(302, &[("location", &to)], "")).await;
    assert!(words(&failure(&stub.url).await).0.contains("Sign in"));
    assert_eq!(portal.seen()[0].header("authorization"), None);
    // GitHub's own page of a 401 is a refusal.
    let own = [
        ("content-type", "text/html"),
        ("x-github-request-id", "1:2"),
    ];
    let stub = Stub::start(move |_, _| reply(401, &own, page)).await;
    assert_eq!(failure(&stub.url).await.kind, ErrorKind::Auth);
}

fn net(error: &ProviderError) -> NetKind {
    match error.kind {
        ErrorKind::Unreachable { net, sent: false } => net,
        _ => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn an_unknown_issuer_names_the_ca_file_which_mends_it() {
    let url = tls::start("server.pem", r#"{"login":"li"}"#);
    let error = failure(&url).await;
    assert_eq!(net(&error), NetKind::Issuer);
    let (text, hint) = words(&error);
    assert!(text.contains("issuer is not known here"), "{text}");
    assert!(
        hint.contains("ca_file") && hint.contains("[github.corp]"),
        "{hint}"
    );

    let trusting = HttpPolicy {
        ca_file: Some(tls::file("ca.pem")),
        ..policy()
    };
    let login = source(&url, trusting.clone()).login().await.unwrap();
    assert_eq!(login.unwrap().as_str(), "li");

    let other_name = url.replace("localhost", "127.0.0.1");
    let error = source(&other_name, trusting.clone())
        .login()
        .await
        .unwrap_err();
    assert_eq!(net(&error), NetKind::WrongName, "{error:?}");
    assert!(words(&error).1.contains("name"));

    let old = tls::start("expired.pem", "{}");
    let error = source(&old, trusting).login().await.unwrap_err();
    assert_eq!(net(&error), NetKind::Expired, "{error:?}");
    assert!(words(&error).1.contains("clock"));
}

#[tokio::test]
async fn a_name_that_is_not_found_and_a_proxy_that_refuses() {
    // A name that can never exist (RFC 2606).
    let error = failure("https://flightdeck.invalid").await;
    assert!(
        matches!(net(&error), NetKind::Dns | NetKind::NoRoute),
        "{error:?}"
    );
    assert!(words(&error).1.contains("HTTPS_PROXY"));

    let stub = Stub::start(|_, _| reply(407, &[("proxy-authenticate", "Basic")], "")).await;
    let error = failure(&stub.url).await;
    assert_eq!(net(&error), NetKind::Proxy);
    assert!(words(&error).1.contains("HTTPS_PROXY"));
    assert_eq!(stub.count(), 1, "it is not asked again");
}
