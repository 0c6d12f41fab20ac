//! The token never appears: not in an output, an error, a log at its most talkative, a file that is left behind, nor in the ledger;
//! whatever a server sends back.

use std::sync::Arc;

use serde_json::json;

use super::{Home, Ran, Served};
use crate::stub::{Stub, reply};
use crate::{stub, tls};

const TOKEN: &str = "ghp_Zm9vYmFyQmF6UXV4MDEyMzQ1Njc4OWFiY2RlZg";

/// Every command that may meet a token.
const COMMANDS: &[&[&str]] = &[
    &["status", "--timeout", "2s"],
    &["status", "--json", "--timeout", "2s"],
    &["gates", "--timeout", "2s"],
    &["gates", "--json", "--timeout", "2s"],
    &["verdict", "--timeout", "2s"],
    &["rollback", "--dry-run"],
    &["rollback", "--yes", "--reason", "why"],
    &["rollback", "--yes", "--reason", "why", "--json"],
    &["sign", "uat", "--reason", "seen", "--timeout", "2s"],
    &["calendar", "--timeout", "2s"],
    &["ledger", "list"],
    &["ledger", "verify", "--json"],
    &["doctor", "--timeout", "2s"],
    &["doctor", "--json", "--timeout", "2s"],
    &["config", "check"],
    &["config", "show"],
    &["config", "show", "--json"],
    &["--service", "nobody", "status"],
    // The cockpit without a terminal.
    &[],
];

fn configuration(api: &str, more: &str) -> String {
    format!(
        "[github.main]\napi = \"{api}\"\n[metrics.prom]\nurl = \"{api}\"\nauth = {{ bearer = {{ from = \"env\", name = \"GH_TOKEN\" }} }}\n\
         [gates.uat]\nstage = \"test\"\nmanual = {{}}\n{more}\
         [services.checkout]\nrepo = \"acme/checkout\"\nmetrics = \"prom\"\nenvironments = [\"production\"]\n[services.checkout.env.production]\n\
         [services.checkout.env.production.rollback]\nladder = [\"w\"]\n[services.checkout.env.production.rollback.way.w]\n\
         github_workflow = {{ file = \"undo.yml\", ref = \"main\" }}\n"
    )
}

/// Runs everything at once, and looks for the token wherever something could be left.
async fn silent(home: Arc<Home>, token: &'static str) {
    let runs = COMMANDS.iter().map(|args| {
        let home = Arc::clone(&home);
        tokio::task::spawn_blocking(move || {
            let config = home.path("config.toml").display().to_string();
            let mut command = home.command(&[&["--config", &config], *args].concat());
            command
                .env("GH_TOKEN", token)
                .env("FLIGHTDECK_LOG", "trace")
                .env("RUST_LOG", "trace")
                .env("RUST_BACKTRACE", "full");
            (args, Ran::of(command.spawn().unwrap()))
        })
    });
    let mut said = 0;
    for run in runs.collect::<Vec<_>>() {
        let (args, ran) = run.await.unwrap();
        assert!(!format!("{ran:?}").contains(token), "{args:?}: {ran:?}");
        said += ran.out.len() + ran.err.len();
    }
    assert!(said > 1_000, "nothing was said at all");
    let mut logged = 0;
    for (path, bytes) in home.all_bytes() {
        let held = bytes.windows(token.len()).any(|w| w == token.as_bytes());
        assert!(!held, "{} holds the token", path.display());
        logged += usize::from(path.components().any(|c| c.as_os_str() == "logs")) * bytes.len();
    }
    assert!(logged > 0, "nothing was logged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_server_sends_back() {
    // The server repeats the token wherever words go.
    let echo = |status: u16| {
        move |_: &stub::Seen, n: usize| match n % 4 {
            0 => stub::json(
                status,
                &json!({"message": format!("no: {TOKEN}"), "login": TOKEN, "name": TOKEN, "default_branch": TOKEN, "errors": [{"message": format!("{TOKEN} again")}]}),
            ),
            1 => reply(
                status,
                &[("content-type", "text/html")],
                format!("<title>Hello {TOKEN}</title>"),
            ),
            2 => stub::json(
                status,
                &json!({"status": "error", "error": format!("bad {TOKEN}"), "message": TOKEN, "errors": [{"type": "FORBIDDEN", "message": TOKEN}], "data": null}),
            ),
            _ => {
                let sso = format!("required; url=https://github.com/orgs/{TOKEN}/sso");
                let wants = format!("metadata={TOKEN}");
                reply(
                    status,
                    &[
                        ("x-github-sso", &sso),
                        ("x-accepted-github-permissions", &wants),
                        ("x-oauth-scopes", TOKEN),
                    ],
                    "{",
                )
            }
        }
    };
    for status in [200, 401, 403, 404, 500] {
        let stub = Stub::start(echo(status)).await;
        let home = Arc::new(Home::new());
        home.write("config.toml", &configuration(&stub.url, ""));
        silent(home, TOKEN).await;
        let sent = stub
            .seen()
            .iter()
            .any(|s| s.header("authorization").is_some_and(|a| a.contains(TOKEN)));
        assert!(sent, "the token was never sent: the test shows nothing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_breaks_on_the_way() {
    let gone = stub::closed_port().await;
    let distrusted = tls::start("server.pem", "{}");
    for api in [
        gone.as_str(),
        distrusted.as_str(),
        "https://flightdeck.invalid",
    ] {
        let home = Arc::new(Home::new());
        home.write("config.toml", &configuration(api, ""));
        silent(home, TOKEN).await;
    }
}

#[test]
fn on_the_demo_with_a_rollback_that_is_done() {
    let home = Home::new();
    let demo = Served::start(&home, &["--speed", "60"]);
    let token = demo.token().to_owned();
    let files: Vec<_> = home.all_bytes().into_iter().map(|(path, _)| path).collect();
    for args in [
        &["status"][..],
        &["doctor"],
        &[
            "rollback",
            "--yes",
            "--reason",
            "it burns",
            "--env",
            "production",
        ],
        &["ledger", "list", "--json"],
    ] {
        let mut command = home.command(&[args, &["--config", demo.config()]].concat());
        command
            .env("FLIGHTDECK_LOG", "trace")
            .env("RUST_BACKTRACE", "full");
        let ran = Ran::of(command.spawn().unwrap());
        assert!(!format!("{ran:?}").contains(&token), "{ran:?}");
        assert!(!ran.out.is_empty(), "{ran:?}");
    }
    for (path, bytes) in home.all_bytes() {
        let held = bytes.windows(token.len()).any(|w| w == token.as_bytes());
        assert!(
            !held || files.contains(&path),
            "{} holds the token",
            path.display()
        );
    }
}
