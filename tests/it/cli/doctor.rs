//! `flightdeck doctor`: all is well on the demo; each finding is provoked once, and names its mend.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use axum::response::Response;
use serde_json::{Value, json};

use super::{Home, Ran, Served};

mod asked;
use crate::stub::{Seen, Stub, closed_port, reply};
use crate::{stub, tls};

const TOKEN: &str = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

const WORKFLOW: &str = "run-name: back ${{ inputs.cockpit_id }}\non:\n  workflow_dispatch:\n    inputs:\n      sha: {required: true}\n      \
                        cockpit_id: {required: false}\njobs:\n  undo: {runs-on: ubuntu-latest, environment: production}\n";

/// Base64 (RFC 4648), as GitHub sends a file.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let six = group >> (18 - 6 * i) & 63;
            out.push(if i <= chunk.len() {
                char::from(LETTERS[six as usize])
            } else {
                '='
            });
        }
    }
    out
}

fn file(text: &str) -> Response {
    stub::json(
        200,
        &json!({"type": "file", "encoding": "base64", "content": base64(text)}),
    )
}

fn limits(remaining: u64, headers: &[(&str, &str)]) -> Response {
    let bucket = json!({"limit": 5000, "remaining": remaining, "reset": 4_000_000_000_u64});
    let body = json!({"resources": {"core": bucket, "graphql": bucket}}).to_string();
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    reply(200, &all, body)
}

/// The answer of a GitHub and a Prometheus with which nothing is wrong.
fn well(seen: &Seen) -> Response {
    let repo = seen.path().strip_prefix("/repos/acme/checkout");
    match (seen.path(), repo) {
        ("/rate_limit", _) => limits(4_000, &[("x-oauth-scopes", "repo, read:org")]),
        ("/api/v1/query", _) => {
            let query = seen.field("query").unwrap();
            if query == "time()" {
                let now = std::time::SystemTime::UNIX_EPOCH
                    .elapsed()
                    .unwrap()
                    .as_secs();
                return metrics(&json!({"resultType": "scalar", "result": [now, now.to_string()]}));
            }
            let label = if query.contains("le") {
                json!({"le": "0.1"})
            } else {
                json!({})
            };
            metrics(
                &json!({"resultType": "vector", "result": [{"metric": label, "value": [1, "42"]}]}),
            )
        }
        (_, Some("")) => stub::json(
            200,
            &json!({"default_branch": "main", "private": true, "archived": false, "permissions": {"push": true}}),
        ),
        (_, Some("/contents/.github/workflows/undo.yml")) => file(WORKFLOW),
        (_, Some("/actions/workflows/undo.yml")) => stub::json(200, &json!({"state": "active"})),
        (_, Some("/environments/production")) => stub::json(200, &json!({"protection_rules": []})),
        (_, Some(_)) => stub::json(200, &json!({})),
        _ => stub::json(404, &json!({"message": "Not Found"})),
    }
}

fn metrics(data: &Value) -> Response {
    stub::json(200, &json!({"status": "success", "data": data}))
}

/// The same, but what is asked at `path` (and, if given, with these words in the query) is answered by `ill`.
async fn ill(path: &'static str, words: &'static str, ill: fn() -> Response) -> Stub {
    Stub::start(move |seen, _| {
        let asked = seen.path() == path
            && (words.is_empty() || seen.field("query").is_some_and(|q| q.contains(words)));
        if asked { ill() } else { well(seen) }
    })
    .await
}

struct Office {
    home: Arc<Home>,
    config: String,
}

impl Office {
    fn new(github: &str, metrics: &str) -> Self {
        let home = Home::new();
        let token = home.write("token", TOKEN);
        mode(&token, 0o600);
        let config = format!(
            "[github.main]\napi = \"{github}\"\ntoken = {{ from = \"file\", path = \"{}\" }}\n[metrics.prom]\nurl = \"{metrics}\"\n\
             [services.checkout]\nrepo = \"acme/checkout\"\nmetrics = \"prom\"\nenvironments = [\"production\"]\n[services.checkout.env.production]\n\
             [services.checkout.env.production.rollback]\nladder = [\"w\"]\n[services.checkout.env.production.rollback.way.w]\n\
             github_workflow = {{ file = \"undo.yml\", ref = \"main\", inputs = {{ sha = \"$to_sha\", cockpit_id = \"$correlation_id\" }} }}\n",
            token.display()
        );
        let config = home.write("config.toml", &config).display().to_string();
        mode(Path::new(&config), 0o600);
        Self {
            home: Arc::new(home),
            config,
        }
    }

    async fn look_with(
        &self,
        args: &'static [&'static str],
        env: Vec<(&'static str, String)>,
    ) -> Ran {
        let (home, config) = (Arc::clone(&self.home), self.config.clone());
        tokio::task::spawn_blocking(move || {
            let all = [&["doctor", "--config", &config], args].concat();
            let mut command = home.command(&all);
            command
                .env("TERM", "xterm-256color")
                .env("LANG", "C.UTF-8")
                .envs(env);
            Ran::of(command.spawn().unwrap())
        })
        .await
        .unwrap()
    }

    async fn look(&self) -> Ran {
        self.look_with(&["--json"], vec![]).await
    }

    fn change(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(&self.config).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        std::fs::write(&self.config, text.replace(from, to)).unwrap();
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The finding is there with its words and a mend, and the exit code and `ok` fit.
#[track_caller]
fn finds(ran: &Ran, id: &str, severity: &str, words: &str) {
    let report = ran.json("doctor");
    assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    let checks = report["checks"].as_array().unwrap();
    let found = checks
        .iter()
        .find(|c| c["id"] == id && c["severity"] == severity);
    let found = found.unwrap_or_else(|| panic!("no {severity} {id}: {report:#}"));
    let message = found["message"].as_str().unwrap();
    assert!(message.contains(words), "{message}");
    assert!(
        severity == "ok" || severity == "info" || found["fix"].is_string(),
        "{found}"
    );
    assert_eq!(found["ok"], severity != "error");
    let fails = checks.iter().any(|c| c["severity"] == "error");
    assert_eq!(report["ok"], !fails);
    assert_eq!(ran.code, i32::from(fails), "{ran:?}");
}

#[test]
fn on_the_demo_all_is_well() {
    let home = Home::new();
    let demo = Served::start(&home, &["--speed", "1"]);
    let ran = home
        .run(&["doctor", "--config", demo.config(), "--json"])
        .ended(0);
    for id in [
        "config",
        "state.ledger",
        "github.main.token",
        "github.main.reach",
        "github.main.clock",
        "github.main.limits-rest",
        "metrics.prom.reach",
        "metrics.prom.clock",
        "services.checkout.deployments",
        "services.checkout.checks",
        "services.checkout.production.rollback.workflow",
        "services.checkout.production.rollback.inputs",
        "services.checkout.production.rollback.environment",
        "services.checkout.production.signals.requests",
        "services.checkout.production.signals.latency",
    ] {
        finds(&ran, id, "ok", "");
    }
    assert!(!format!("{ran:?}").contains(demo.token()));
    let text = home
        .run(&["doctor", "--config", demo.config()])
        .ended(0)
        .out;
    assert!(
        text.starts_with("Configuration\n  ✔ config: 1 file"),
        "{text}"
    );
    assert!(text.contains("\nGitHub\n  ✔ main.token: "), "{text}");
    // Each service is told of once, whatever sources it was looked up in.
    for service in ["accounts", "checkout", "payments", "web"] {
        let lines = text
            .lines()
            .filter(|line| line.contains(&format!(" {service}: ")));
        assert_eq!(lines.count(), 1, "{service}: {text}");
    }
}

#[tokio::test]
async fn what_the_answers_of_github_show() {
    type Ill = (
        &'static str,
        fn() -> Response,
        &'static str,
        &'static str,
        &'static str,
    );
    let cases: &[Ill] = &[
        (
            "/rate_limit",
            || stub::json(401, &json!({"message": "Bad credentials"})),
            "github.main.reach",
            "error",
            "credentials were refused",
        ),
        (
            "/rate_limit",
            || limits(10, &[("x-oauth-scopes", "repo")]),
            "github.main.limits-rest",
            "warning",
            "10 of 5000",
        ),
        (
            "/rate_limit",
            || limits(4_000, &[("x-oauth-scopes", "read:org")]),
            "services.checkout.writes",
            "error",
            "scope repo (the token has: read:org)",
        ),
        (
            "/rate_limit",
            || limits(4_000, &[("date", "Thu, 09 Oct 2025 08:54:20 GMT")]),
            "github.main.clock",
            "warning",
            "behind this machine's",
        ),
        (
            "/rate_limit",
            || {
                limits(
                    4_000,
                    &[("x-github-sso", "partial-results; organizations=1")],
                )
            },
            "github.main.sso",
            "warning",
            "not authorised",
        ),
        (
            "/rate_limit",
            || {
                reply(
                    200,
                    &[("content-type", "text/html")],
                    "<title>Sign in</title>",
                )
            },
            "github.main.reach",
            "error",
            "Sign in",
        ),
        (
            "/repos/acme/checkout",
            || stub::json(404, &json!({"message": "Not Found"})),
            "services.checkout.repository",
            "error",
            "not found, or not permitted",
        ),
        (
            "/repos/acme/checkout",
            || stub::json(200, &json!({"default_branch": "main", "archived": true})),
            "services.checkout.repository",
            "warning",
            "archived",
        ),
        (
            "/repos/acme/checkout",
            || {
                stub::json(
                    200,
                    &json!({"default_branch": "main", "permissions": {"push": false}}),
                )
            },
            "services.checkout.writes",
            "error",
            "may not write",
        ),
        (
            "/repos/acme/checkout/deployments",
            || {
                reply(
                    403,
                    &[("x-accepted-github-permissions", "deployments=read")],
                    r#"{"message":"Resource not accessible"}"#,
                )
            },
            "services.checkout.deployments",
            "error",
            "missing Deployments: read",
        ),
        (
            "/repos/acme/checkout/actions/runs",
            || stub::json(404, &json!({})),
            "services.checkout.runs",
            "error",
            "missing Actions: read",
        ),
        (
            "/repos/acme/checkout/commits/main/check-runs",
            || {
                stub::json(
                    403,
                    &json!({"message": "Resource not accessible by personal access token"}),
                )
            },
            "services.checkout.checks",
            "warning",
            "workflow runs stand in",
        ),
        (
            "/rate_limit",
            || limits(10, &[]),
            "github.main.limits-graphql",
            "warning",
            "10 of 5000",
        ),
        (
            "/repos/acme/checkout/commits/main/status",
            || stub::json(403, &json!({})),
            "services.checkout.statuses",
            "warning",
            "missing Commit statuses: read",
        ),
        (
            "/repos/acme/checkout/releases",
            || stub::json(404, &json!({})),
            "services.checkout.releases",
            "warning",
            "missing Contents: read",
        ),
        (
            "/repos/acme/checkout/contents/.github/workflows/undo.yml",
            || stub::json(500, &json!({})),
            "services.checkout.production.rollback.workflow",
            "error",
            "the server failed",
        ),
        (
            "/repos/acme/checkout/actions/workflows/undo.yml",
            || stub::json(403, &json!({"message": "Resource not accessible"})),
            "services.checkout.production.rollback.workflow",
            "error",
            "not allowed",
        ),
        (
            "/repos/acme/checkout/environments/production",
            || stub::json(403, &json!({"message": "Resource not accessible"})),
            "services.checkout.production.rollback.environment",
            "error",
            "not allowed",
        ),
        (
            "/repos/acme/checkout/milestones",
            || stub::json(404, &json!({})),
            "services.checkout.milestones",
            "warning",
            "missing Issues: read",
        ),
        (
            "/repos/acme/checkout/pulls",
            || {
                reply(
                    403,
                    &[(
                        "x-github-sso",
                        "required; url=https://github.com/orgs/acme/sso",
                    )],
                    "{}",
                )
            },
            "services.checkout.pulls",
            "error",
            "not authorised for the organisation",
        ),
        (
            "/repos/acme/checkout/contents/.github/workflows/undo.yml",
            || stub::json(404, &json!({})),
            "services.checkout.production.rollback.workflow",
            "error",
            "there is no workflow",
        ),
        (
            "/repos/acme/checkout/contents/.github/workflows/undo.yml",
            || file("on: push\n"),
            "services.checkout.production.rollback.workflow",
            "error",
            "can't be started by hand",
        ),
        (
            "/repos/acme/checkout/contents/.github/workflows/undo.yml",
            || file("on: workflow_dispatch\n"),
            "services.checkout.production.rollback.inputs",
            "error",
            "has no input sha, cockpit_id",
        ),
        (
            "/repos/acme/checkout/contents/.github/workflows/undo.yml",
            || file(&WORKFLOW.replace("sha: {", "why: {required: true}\n      sha: {")),
            "services.checkout.production.rollback.inputs",
            "error",
            "requires the input why",
        ),
        (
            "/repos/acme/checkout/contents/.github/workflows/undo.yml",
            || file(&WORKFLOW.replace("run-name", "name")),
            "services.checkout.production.rollback.inputs",
            "warning",
            "can't be found again",
        ),
        (
            "/repos/acme/checkout/actions/workflows/undo.yml",
            || stub::json(200, &json!({"state": "disabled_manually"})),
            "services.checkout.production.rollback.workflow",
            "error",
            "switched off",
        ),
        (
            "/repos/acme/checkout/actions/workflows/undo.yml",
            || stub::json(404, &json!({})),
            "services.checkout.production.rollback.workflow",
            "warning",
            "default branch",
        ),
        (
            "/repos/acme/checkout/environments/production",
            || {
                stub::json(
                    200,
                    &json!({"protection_rules": [{"type": "wait_timer", "wait_timer": 15}]}),
                )
            },
            "services.checkout.production.rollback.environment.wait",
            "warning",
            "waits 15 min",
        ),
        (
            "/repos/acme/checkout/environments/production",
            || {
                stub::json(
                    200,
                    &json!({"protection_rules": [{"type": "required_reviewers", "prevent_self_review": true, "reviewers": [{}]}]}),
                )
            },
            "services.checkout.production.rollback.environment.review",
            "warning",
            "who starts it may not approve it",
        ),
        (
            "/repos/acme/checkout/environments/production",
            || {
                stub::json(
                    200,
                    &json!({"protection_rules": [], "deployment_branch_policy": {"protected_branches": true}}),
                )
            },
            "services.checkout.production.rollback.environment.branches",
            "info",
            "only some branches",
        ),
    ];
    for (path, answer, id, severity, words) in cases {
        let stub = ill(path, "", *answer).await;
        let ran = Office::new(&stub.url, &stub.url).look().await;
        finds(&ran, id, severity, words);
    }
    let fine = Stub::start(|seen, _| well(seen)).await;
    let office = Office::new(&fine.url, &fine.url);
    let ran = office.look().await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.json("doctor");
    let bad: Vec<&Value> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["severity"] == "warning")
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[tokio::test]
async fn what_the_answers_of_the_metrics_server_show() {
    type Ill = (
        &'static str,
        fn() -> Response,
        &'static str,
        &'static str,
        &'static str,
    );
    const NONE: fn() -> Response = || metrics(&json!({"resultType": "vector", "result": []}));
    let signals = "services.checkout.production.signals";
    let cases: &[Ill] = &[
        (
            "time()",
            || reply(401, &[], "{}"),
            "metrics.prom.reach",
            "error",
            "credentials were refused",
        ),
        (
            "time()",
            || metrics(&json!({"resultType": "scalar", "result": [1, "1000"]})),
            "metrics.prom.clock",
            "warning",
            "behind",
        ),
        (
            "sum(increase(http_requests_total{service=\"checkout\",env=\"production\"}",
            NONE,
            "requests",
            "error",
            "finds no series",
        ),
        ("code=~", NONE, "errors", "info", "no series"),
        ("bucket", NONE, "latency", "warning", "finds no series"),
        (
            "bucket",
            || {
                metrics(
                    &json!({"resultType": "vector", "result": [{"metric": {"pod": "a"}, "value": [1, "4"]}]}),
                )
            },
            "latency",
            "error",
            "no label le (they have: pod)",
        ),
        (
            "bucket",
            || {
                metrics(
                    &json!({"resultType": "vector", "result": [{"metric": {}, "histogram": [1, {}]}]}),
                )
            },
            "latency",
            "error",
            "native histograms",
        ),
        (
            "code=~",
            || {
                stub::json(
                    400,
                    &json!({"status": "error", "error": "parse error: here"}),
                )
            },
            "errors",
            "error",
            "parse error: here",
        ),
        (
            "code=~",
            || {
                metrics(
                    &json!({"resultType": "vector", "result": [{"metric": {}, "value": [1, "NaN"]}]}),
                )
            },
            "errors",
            "warning",
            "no number",
        ),
    ];
    for (words, answer, id, severity, said) in cases {
        let stub = ill("/api/v1/query", words, *answer).await;
        let ran = Office::new(&stub.url, &stub.url).look().await;
        let id = if id.contains('.') {
            (*id).to_owned()
        } else {
            format!("{signals}.{id}")
        };
        finds(&ran, &id, severity, said);
    }
}

#[tokio::test]
async fn what_the_way_to_a_source_shows() {
    let fine = Stub::start(|seen, _| well(seen)).await;
    let gone = closed_port().await;
    let refused = Office::new(&gone, &gone).look().await;
    finds(&refused, "github.main.reach", "error", "refused");
    finds(&refused, "metrics.prom.reach", "error", "refused");

    let url = tls::start("server.pem", "{}");
    let office = Office::new(&url, &fine.url);
    let ran = office.look().await;
    finds(
        &ran,
        "github.main.reach",
        "error",
        "issuer is not known here",
    );
    assert!(
        ran.out.contains("[github.main]") && ran.out.contains("ca_file"),
        "{ran:?}"
    );
    // The mend helps.
    let ca = tls::file("ca.pem").display().to_string();
    office.change(
        "[metrics.prom]",
        &format!("ca_file = \"{ca}\"\n[metrics.prom]"),
    );
    finds(&office.look().await, "github.main.reach", "ok", "answers");

    let office = Office::new("https://flightdeck.invalid", &fine.url);
    finds(
        &office.look().await,
        "github.main.reach",
        "error",
        "flightdeck.invalid",
    );
    // A proxy that wants to know who one is, before anything else.
    let proxy = Stub::start(|_, _| reply(407, &[("proxy-authenticate", "Basic")], "")).await;
    let ran = office
        .look_with(
            &["--json"],
            vec![
                ("HTTPS_PROXY", proxy.url.clone()),
                ("NO_PROXY", "127.0.0.1".to_owned()),
            ],
        )
        .await;
    finds(
        &ran,
        "github.main.reach",
        "error",
        "the proxy did not let it through",
    );
}

#[tokio::test]
async fn what_files_and_tokens_show() {
    let fine = Stub::start(|seen, _| well(seen)).await;
    let office = Office::new(&fine.url, &fine.url);
    let token = office.home.path("token");
    for (text, severity, words) in [
        ("github_pat_0123456789", "info", "fine-grained"),
        ("ghs_0123456789", "warning", "lasts an hour"),
        ("gho_0123456789", "ok", "OAuth"),
        ("ghu_0123456789", "info", "some hours"),
        (TOKEN, "ok", "a classic token from"),
    ] {
        std::fs::write(&token, text).unwrap();
        finds(&office.look().await, "github.main.token", severity, words);
    }
    mode(&token, 0o644);
    let ran = office.look().await;
    finds(&ran, "github.main.token", "error", "others can read");
    assert!(ran.out.contains("chmod 600"), "{ran:?}");
    mode(&token, 0o600);

    mode(Path::new(&office.config), 0o666);
    finds(
        &office.look().await,
        "config.mode",
        "warning",
        "others can write",
    );
    mode(Path::new(&office.config), 0o600);

    let state = office.home.path("state/flightdeck/default");
    std::fs::create_dir_all(&state).unwrap();
    mode(&state, 0o755);
    finds(
        &office.look().await,
        "state.mode",
        "warning",
        "others can read",
    );
    mode(&state, 0o700);
    let database = state.join("flightdeck.db");
    std::fs::write(
        &database,
        "this is no database, but it is long enough to be one",
    )
    .unwrap();
    mode(&database, 0o600);
    finds(&office.look().await, "state.ledger", "error", "");
    std::fs::remove_file(&database).unwrap();

    office.change("environments = [", "environmnts = [");
    let ran = office.look().await;
    finds(&ran, "config", "error", "config.toml:");
    finds(&ran, "terminal.letters", "ok", "UTF-8");

    // Nothing configured, and what an untrusted project's file asks for.
    let empty = Office::new(&fine.url, &fine.url);
    std::fs::write(&empty.config, "").unwrap();
    finds(
        &empty.look().await,
        "config",
        "error",
        "no service is configured",
    );
    let home = Home::new();
    home.write("work/.git/HEAD", "");
    home.write(
        "work/.flightdeck/config.toml",
        "[services.a]\nrepo = \"a/b\"\nenvironments = [\"p\"]\n[services.a.env.p]\ndeploy = { workflow = \"d.yml\", ref = \"main\" }\n",
    );
    let ran = tokio::task::spawn_blocking(move || home.run(&["doctor", "--json"]))
        .await
        .unwrap();
    finds(&ran, "config.trust", "warning", "services.a.env.p.deploy");
    finds(
        &ran,
        "github.main.token",
        "error",
        "there is no token for github.com",
    );
}
