//! The HTTP policy, over real connections, seen through the GitHub source, as far as it is not every source's contract: its own
//! limits, where credentials go, and ways that never come about.

use std::sync::Arc;

use flightdeck::domain::fetched::FaultKind;
use flightdeck::providers::error::NetKind;
use flightdeck::providers::github::{GitHub, GithubSettings};
use flightdeck::providers::http::HttpPolicy;
use flightdeck::providers::{CodeHost, ErrorKind, MemoryCache, ProviderError};
use serde_json::json;

use crate::stub::{NOW_S, Stub, clock, json, policy, reply};

const TOKEN: &str = "ghp_secretsecretsecret";

fn source(url: &str, policy: HttpPolicy) -> GitHub {
    let settings = GithubSettings {
        name: "main".to_owned(),
        api: url.parse().unwrap(),
        graphql: None,
        token: Some(TOKEN.to_owned().into()),
        budget: 0.5,
    };
    GitHub::new(settings, policy, Arc::new(MemoryCache::default()), clock())
}

async fn login(url: &str) -> Result<Option<String>, ProviderError> {
    let login = source(url, policy()).login().await;
    login.map(|l| l.map(|l| l.to_string()))
}

#[tokio::test]
async fn who_we_are_and_what_we_accept() {
    let stub = Stub::start(|_, _| json(200, &json!({"login": "li\u{1b}[31m"}))).await;
    assert_eq!(login(&stub.url).await.unwrap().as_deref(), Some("li"));
    let seen = &stub.seen()[0];
    let agents: Vec<_> = seen.headers.get_all("user-agent").iter().collect();
    assert_eq!(agents, [concat!("flightdeck/", env!("CARGO_PKG_VERSION"))]);
    let accept = seen.header("accept").unwrap();
    assert!(accept.starts_with("application/vnd.github+json"));
    assert_eq!(seen.header("x-github-api-version"), Some("2022-11-28"));
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert_eq!(seen.uri, "/user");
}

#[tokio::test]
async fn while_the_server_asks_to_wait_nothing_more_is_sent() {
    let stub = Stub::start(|_, _| reply(429, &[("retry-after", "90")], "{}")).await;
    let github = source(&stub.url, policy());
    let limited = |e: ProviderError| {
        matches!(
            e.kind,
            ErrorKind::RateLimited {
                secondary: true,
                ..
            }
        )
    };
    assert!(limited(github.login().await.unwrap_err()));
    assert!(limited(github.login().await.unwrap_err()));
    assert_eq!(stub.count(), 1);
}

#[tokio::test]
async fn limits_are_told_apart() {
    let reset = (NOW_S + 600).to_string();
    let stub = Stub::start(move |_, _| {
        let headers = [
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", reset.as_str()),
            ("x-ratelimit-resource", "core"),
        ];
        reply(403, &headers, r#"{"message":"API rate limit exceeded"}"#)
    })
    .await;
    let primary = ErrorKind::RateLimited {
        until: jiff::Timestamp::from_second(NOW_S + 600).unwrap(),
        secondary: false,
    };
    assert_eq!(login(&stub.url).await.unwrap_err().kind, primary);
    assert_eq!(stub.count(), 1);

    let words = r#"{"message":"You have exceeded a secondary rate limit. Please wait."}"#;
    let stub =
        Stub::start(move |_, _| reply(403, &[("x-ratelimit-remaining", "4000")], words)).await;
    let secondary = ErrorKind::RateLimited {
        until: jiff::Timestamp::from_second(NOW_S + 60).unwrap(),
        secondary: true,
    };
    assert_eq!(login(&stub.url).await.unwrap_err().kind, secondary);
}

#[tokio::test]
async fn single_sign_on_is_a_refusal_with_an_address() {
    let sso = [(
        "x-github-sso",
        "required; url=https://github.com/orgs/acme/sso?x=1",
    )];
    let stub = Stub::start(move |_, _| reply(403, &sso, r#"{"message":"SAML"}"#)).await;
    let error = login(&stub.url).await.unwrap_err();
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("https://github.com/orgs/acme/sso?x=1"),
        "{hint}"
    );
    assert_eq!(error.fault_kind(), FaultKind::Forbidden);
    let token = source(&stub.url, policy());
    assert!(!format!("{token:?} {:?}", token.budget()).contains(TOKEN));
}

#[tokio::test]
async fn ways_that_never_come_about_are_told_apart() {
    let net = |error: &ProviderError| match error.kind {
        ErrorKind::Unreachable { net, sent } => (net, sent),
        _ => panic!("{error:?}"),
    };
    // A name that can never exist (RFC 2606).
    let error = login("http://flightdeck.invalid").await.unwrap_err();
    assert!(!net(&error).1 && error.never_sent(), "{error:?}");

    // TLS where none is spoken.
    let stub = Stub::start(|_, _| reply(200, &[], "{}")).await;
    let error = login(&stub.url.replace("http://", "https://"))
        .await
        .unwrap_err();
    assert_eq!(net(&error), (NetKind::Tls, false));
    assert!(error.hint().unwrap().contains("ca_file"));
}

#[tokio::test]
async fn authorization_stays_with_its_host() {
    let other = Stub::start(|_, _| json(200, &json!({"login": "elsewhere"}))).await;
    let elsewhere = format!("{}/user", other.url);
    let stub = Stub::start(move |seen, _| match seen.path() {
        "/user" => reply(301, &[("location", "/moved")], ""),
        "/moved" => json(200, &json!({"login": "li"})),
        _ => reply(302, &[("location", &elsewhere)], ""),
    })
    .await;
    assert_eq!(login(&stub.url).await.unwrap().as_deref(), Some("li"));
    assert!(stub.seen()[1].header("authorization").is_some());

    // The base path leads to the redirect that leaves the host.
    let away = login(&format!("{}/away", stub.url)).await.unwrap();
    assert_eq!(away.as_deref(), Some("elsewhere"));
    assert_eq!(other.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_said_and_not_dropped() {
    let stub = Stub::start(|_, _| json(200, &json!({"login": "li"}))).await;
    let settings = |token: &str| GithubSettings {
        name: "main".to_owned(),
        api: stub.url.parse().unwrap(),
        graphql: None,
        token: Some(token.to_owned().into()),
        budget: 0.5,
    };
    let make = |token| {
        GitHub::new(
            settings(token),
            policy(),
            Arc::new(MemoryCache::default()),
            clock(),
        )
    };
    let error = make("ghp_a\nb").login().await.unwrap_err();
    assert_eq!((error.kind, stub.count()), (ErrorKind::Config, 0));
    // A line's end around it is what files give.
    assert!(make("ghp_abc\n").login().await.is_ok());
    assert_eq!(
        stub.seen()[0].header("authorization"),
        Some("Bearer ghp_abc")
    );
}

#[tokio::test]
async fn a_missing_certificate_file_is_a_configuration_error() {
    let policy = HttpPolicy {
        ca_file: Some("/nonexistent/ca.pem".into()),
        ..policy()
    };
    let error = source("https://localhost:1", policy)
        .login()
        .await
        .unwrap_err();
    assert_eq!(error.fault_kind(), FaultKind::Config);
    assert!(error.to_string().contains("ca.pem"));
}

#[tokio::test]
async fn no_log_at_any_level_holds_the_token() {
    #[derive(Clone, Default)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    tracing::trace!("the log is open");
    let stub = Stub::start(|_, n| reply(if n == 0 { 500 } else { 401 }, &[], "{}")).await;
    login(&stub.url).await.unwrap_err();
    drop(guard);
    let text = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(text.contains("the log is open"));
    assert!(!text.contains(TOKEN), "{text}");
    assert_eq!(stub.count(), 2);
}
