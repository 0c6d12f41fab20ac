//! The token never appears: not in an output, an error, a log at its most talkative, a file that is left behind, nor in the ledger;
//! whatever a server sends back.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use flightdeck::config::secrets;
use flightdeck::providers::MemoryCache;
use flightdeck::providers::github::{GitHub, GithubSettings};
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
    nothing_left(&home, token);
}

/// No file of a home holds the token, and something was logged.
fn nothing_left(home: &Home, token: &str) {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_server_sends_us() {
    let other = Stub::start(|_, _| stub::json(200, &json!({"login": "evil", "data": {}}))).await;
    for status in [301, 302, 307, 308] {
        let to = other.url.clone();
        let stub = Stub::start(move |seen, _| {
            reply(status, &[("location", &format!("{to}{}", seen.uri))], "")
        })
        .await;
        let home = Arc::new(Home::new());
        home.write("config.toml", &configuration(&stub.url, ""));
        silent(home, TOKEN).await;
        assert!(stub.count() > 0);
    }
    assert!(other.count() > 0, "nobody followed: the test shows nothing");
    for seen in other.seen() {
        assert!(!format!("{seen:?}").contains(TOKEN), "{seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_clone_is_looked_at_and_trusted() {
    let echo = |_: &stub::Seen, n: usize| match n % 3 {
        0 => stub::json(403, &json!({"message": format!("no: {TOKEN}")})),
        1 => stub::json(
            200,
            &json!({"default_branch": TOKEN, "data": {}, "workflows": [{"name": TOKEN, "path": TOKEN}]}),
        ),
        _ => reply(
            401,
            &[("content-type", "text/html")],
            format!("<title>{TOKEN}</title>"),
        ),
    };
    let stub = Stub::start(echo).await;
    let home = Arc::new(super::init::clone_of("git@github.com:acme/checkout.git"));
    home.write(
        "work/.flightdeck/config.toml",
        &format!("[metrics.prom]\nurl = \"{}\"\nauth = {{ bearer = {{ from = \"env\", name = \"GH_TOKEN\" }} }}\n", stub.url),
    );
    let print = ["config", "init", "--print", "--metrics", &stub.url].map(str::to_owned);
    let write = ["config", "init", "--yes", "--force"].map(str::to_owned);
    let trust = |how: &str| ["config", "trust", how].map(str::to_owned);
    for args in [
        print.to_vec(),
        trust("--list").to_vec(),
        trust("--yes").to_vec(),
        [&trust("--yes")[..], &["--json".to_owned()]].concat(),
        write.to_vec(),
        [&write[..], &["--json".to_owned()]].concat(),
        vec!["status".to_owned(), "--timeout".to_owned(), "2s".to_owned()],
    ] {
        let (home, api) = (Arc::clone(&home), stub.url.clone());
        let ran = tokio::task::spawn_blocking(move || {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let mut command = home.command(&args);
            command
                .env("FLIGHTDECK_GITHUB__MAIN__API", api)
                .env("GH_TOKEN", TOKEN)
                .env("FLIGHTDECK_LOG", "trace")
                .env("RUST_BACKTRACE", "full");
            Ran::of(command.spawn().unwrap())
        });
        let ran = ran.await.unwrap();
        assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    }
    assert!(stub.count() > 3, "nobody asked: the test shows nothing");
    nothing_left(&home, TOKEN);
}

#[test]
fn in_the_cockpit_at_its_most_talkative() {
    let home = Home::new();
    let demo = Served::start(&home, &["--speed", "1"]);
    let token = demo.token().to_owned();
    let files: Vec<_> = home.all_bytes().into_iter().map(|(path, _)| path).collect();
    let args = ["--config", demo.config()];
    let mut flight = home.fly(&args, &[("FLIGHTDECK_LOG", "trace")], (120, 40));
    flight.wait_for("way back v2.14.0");
    // Evidence, the copied command, the form of a rollback, a view that reads the ledger.
    flight.press(b"\r");
    flight.wait_for("Sources");
    flight.press(b"\x1b");
    flight.wait("a closed overlay", |shown| !shown.contains("Sources"));
    flight.press(b"y");
    flight.wait_for("copied:");
    flight.press(b"R");
    flight.wait_for("to roll back:");
    flight.press(b"\x1b");
    flight.wait("a closed form", |shown| !shown.contains("to roll back:"));
    flight.press(b"7");
    flight.wait_for("Ledger ─");
    flight.press(b"q");
    assert!(flight.ended());
    let output = flight.output();
    assert!(!output.windows(token.len()).any(|w| w == token.as_bytes()));
    let mut logged = 0;
    for (path, bytes) in home.all_bytes() {
        let held = bytes.windows(token.len()).any(|w| w == token.as_bytes());
        assert!(!held || files.contains(&path), "{}", path.display());
        logged += usize::from(path.components().any(|c| c.as_os_str() == "logs")) * bytes.len();
    }
    assert!(logged > 0, "nothing was logged");
}

/// Where the child finds the token.
const PANICS: &str = "SILENCE_TEST_PANICS";

/// The child: not a test by itself. It breaks with everything at hand that ever held a token in its message.
#[test]
#[ignore = "started by the next test, in a process of its own"]
fn child() {
    if std::env::var_os(PANICS).is_none() {
        return;
    }
    drop(color_eyre::install());
    let env: BTreeMap<String, String> = std::env::vars().collect();
    let home = Home::new();
    let file = home.write("config.toml", &configuration("http://127.0.0.1:9", ""));
    let loaded = crate::support::load(&file, &crate::support::sealed(&home.path("")));
    let main = loaded.config.github.get("main").unwrap();
    let secret = secrets::resolve(&main.token, &main.api.host(), &env).unwrap();
    let settings = GithubSettings {
        name: "main".to_owned(),
        api: main.api.url().clone(),
        graphql: None,
        token: secret.for_host(&main.api.host()).cloned(),
        budget: 0.5,
    };
    let shown = format!("{settings:?}");
    let cache = Arc::new(MemoryCache::default());
    let github = GitHub::new(settings, stub::policy(), cache, stub::clock());
    let headers = loaded.config.metrics.get("prom");
    panic!(
        "it broke: {secret:?} {shown} {github:#?} {headers:?} {:?}",
        loaded.config
    );
}

#[test]
fn when_the_program_breaks() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cli::silence::child", "--ignored", "--nocapture"])
        .env(PANICS, "1")
        .env("GH_TOKEN", TOKEN)
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&child.stdout),
        String::from_utf8_lossy(&child.stderr)
    );
    assert!(!child.status.success());
    assert!(
        said.contains("it broke") && said.contains("GH_TOKEN"),
        "{said}"
    );
    assert!(!said.contains(TOKEN), "{said}");
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
