//! A repository's own file that is not trusted runs nothing, sends no token anywhere, arms nothing and reads nothing outside; and it
//! is said. `config trust` shows what it asks for; a changed file is asked about again.

use std::path::PathBuf;

use serde_json::json;

use super::{Home, Ran};
use crate::stub::{self, Stub, reply};

const TOKEN: &str = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
/// What stands in files outside of the repository.
const OUTSIDE: &str = "what-nobody-may-read-0123456789";
const SERVICE: &str = "[services.checkout]\nrepo = \"acme/checkout\"\nenvironments = [\"production\"]\n\
    [services.checkout.env.production]\n";
const ROLLBACK: &str = "rollback = { ladder = [\"w\"], way = { w = { github_workflow = { file = \"undo.yml\", ref = \"main\" } } } }\n";

/// A home whose `work` folder is a repository with a project file.
fn repository(project: &str) -> Home {
    let home = Home::new();
    home.write("work/.git/HEAD", "ref: refs/heads/main\n");
    home.write("work/.flightdeck/config.toml", project);
    home
}

/// Runs with the token in the environment, off the test's own runtime.
async fn run(home: &std::sync::Arc<Home>, args: &'static [&'static str]) -> Ran {
    let home = std::sync::Arc::clone(home);
    tokio::task::spawn_blocking(move || {
        let child = home.command(args).env("GH_TOKEN", TOKEN).spawn().unwrap();
        Ran::of(child)
    })
    .await
    .unwrap()
}

/// Opens the cockpit there: it says what is withheld, refuses a rollback, asks the user's own server, and goes.
fn fly(home: &Home, asked: impl Fn() -> bool) {
    let mut flight = home.fly(&[], &[("GH_TOKEN", TOKEN)], (120, 40));
    flight.wait_for("withheld");
    flight.press(b"R");
    flight.wait_for("is withheld");
    flight.press(b"\x1b");
    flight.wait("a closed form", |shown| !shown.contains("is withheld"));
    flight.wait("request to the user's own server", |_| asked());
    flight.press(b"q");
    assert!(flight.ended(), "{}", flight.shown());
}

fn user(home: &Home, api: &str) -> PathBuf {
    home.write(
        "config/flightdeck/config.toml",
        &format!("[github.main]\napi = \"{api}\"\n"),
    )
}

#[tokio::test]
async fn an_untrusted_file_runs_nothing_and_sends_no_token_anywhere() {
    let evil = Stub::start(|_, _| stub::json(200, &json!({"login": "evil", "data": {}}))).await;
    let to_evil = format!("{}/user", evil.url);
    let good = Stub::start(move |seen, _| match seen.path() {
        // Even the trusted server can't send the token on.
        "/user" => reply(302, &[("location", &to_evil)], ""),
        _ => stub::json(404, &json!({"message": "Not Found"})),
    })
    .await;
    let project = format!(
        "[github.main]\napi = \"{evil}\"\ntoken = {{ from = \"command\", argv = [\"/bin/sh\", \"-c\", \"touch ran; echo x\"] }}\n\
         [metrics.prom]\nurl = \"{evil}\"\nauth = {{ bearer = {{ from = \"env\", name = \"GH_TOKEN\" }} }}\n\
         [gates.cov]\nstage = \"test\"\nhttp = {{ get = \"{evil}/cov\", path = \"$.n\", at_least = 1 }}\n\
         [github.other]\napi = \"{evil}\"\ntoken = {{ from = \"file\", path = \"../outside-token\" }}\nca_file = \"../outside.toml\"\n\
         {SERVICE}metrics = \"prom\"\nprobe = {{ url = \"{evil}/version\", version = \"text\" }}\n{ROLLBACK}",
        evil = evil.url
    )
    .replace("[services.checkout.env.production]\nmetrics = \"prom\"\n", "metrics = \"prom\"\n[services.checkout.env.production]\n");
    let home = std::sync::Arc::new(repository(&project));
    let outside = home.write("outside-token", OUTSIDE);
    std::fs::set_permissions(outside, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    home.write("outside.toml", OUTSIDE);
    user(&home, &good.url);

    let ran = run(&home, &["status", "--timeout", "5s"]).await;
    for key in [
        "github.main.api",
        "github.main.token",
        "github.other.api",
        "github.other.token",
        "github.other.ca_file",
        "metrics.prom.url",
        "gates.cov.http",
        "services.checkout.env.production.probe",
        "services.checkout.env.production.rollback",
        "flightdeck config trust",
    ] {
        assert!(ran.err.contains(key), "{key}: {ran:?}");
    }
    // What is asked for is shown whole, before anybody says yes.
    let asks = run(&home, &["config", "trust"]).await.ended(2).out;
    let probe = format!(
        "asks {}/version which version runs for checkout in production",
        evil.url
    );
    assert!(asks.contains(&probe) && !asks.contains("a table"), "{asks}");
    let ran = run(&home, &["rollback", "--yes", "--reason", "x", "--json"])
        .await
        .ended(5);
    let refused = ran.json("rollback");
    assert!(refused.to_string().contains("is withheld"), "{refused}");
    for args in [
        &["gates", "--timeout", "5s"][..],
        &["calendar"],
        &["doctor", "--timeout", "5s"],
        &["config", "show"],
        &["verdict", "--timeout", "2s"],
    ] {
        let ran = run(&home, args).await;
        let said = format!("{ran:?}");
        assert!(
            said.contains("withheld") || said.contains("not trusted"),
            "{args:?}: {said}"
        );
        assert!(!said.contains(OUTSIDE), "{args:?}: {said}");
    }
    let (cockpit, before) = (std::sync::Arc::clone(&home), good.count());
    tokio::task::spawn_blocking(move || fly(&cockpit, || good.count() > before))
        .await
        .unwrap();
    assert!(!home.path("work/ran").exists(), "a program was run");
    for seen in evil.seen() {
        let sent = format!("{seen:?}");
        assert!(!sent.contains(TOKEN) && !sent.contains(OUTSIDE), "{sent}");
        assert_eq!(seen.header("authorization"), None);
        assert_eq!(seen.path(), "/user", "only the redirect leads there");
    }

    // Trusted, it does what it says.
    run(&home, &["config", "trust", "--yes"]).await.ended(0);
    let before = evil.count();
    let ran = run(&home, &["status", "--timeout", "5s"]).await;
    assert!(!ran.err.contains("withheld"), "{ran:?}");
    assert!(home.path("work/ran").exists());
    assert!(evil.count() > before);
}

#[test]
fn trust_is_in_the_contents_and_can_be_taken_back() {
    let home = repository(&format!("{SERVICE}{ROLLBACK}"));
    let withheld = || {
        let ran = home.run(&["config", "check"]).ended(0);
        ran.out.contains("withheld until the file is trusted")
    };
    assert!(withheld());
    // Without a terminal and without --yes nothing happens, but what it asks for is shown.
    let ran = home.run(&["config", "trust"]).ended(2);
    assert!(
        ran.out
            .contains("line 5: may start the workflow undo.yml for checkout in production"),
        "{ran:?}"
    );
    assert!(withheld());
    home.run(&["config", "trust", "--yes", "--read-only"])
        .ended(5);
    assert!(withheld());
    let ran = home.run(&["config", "trust", "--yes", "--json"]).ended(0);
    let answer = ran.json("config-trust");
    assert_eq!(answer["keys"][0]["line"], 5);
    assert!(!withheld());
    // By whatever way one comes to it.
    std::os::unix::fs::symlink(home.path("work"), home.path("alias")).unwrap();
    let child = home
        .command(&["config", "check"])
        .current_dir(home.path("alias"))
        .spawn();
    assert!(!Ran::of(child.unwrap()).ended(0).out.contains("withheld"));
    let listed = home.run(&["config", "trust", "--list"]).ended(0).out;
    assert!(
        listed.contains("work/.flightdeck/config.toml") && !listed.contains("changed"),
        "{listed}"
    );

    home.write(
        "work/.flightdeck/config.toml",
        &format!("{SERVICE}{ROLLBACK}# one word more\n"),
    );
    assert!(withheld());
    let listed = home.run(&["config", "trust", "--list"]).ended(0).out;
    assert!(listed.contains("changed"), "{listed}");

    home.run(&["config", "trust", "--yes"]).ended(0);
    assert!(!withheld());
    let ran = home.run(&["config", "trust", "--revoke"]).ended(0);
    assert!(ran.out.starts_with("no longer trusted"), "{ran:?}");
    assert!(withheld());
    // A copy elsewhere is another file.
    home.run(&["config", "trust", "--yes"]).ended(0);
    home.write("other/.git/HEAD", "");
    home.write(
        "other/.flightdeck/config.toml",
        &format!("{SERVICE}{ROLLBACK}# one word more\n"),
    );
    let child = home
        .command(&["config", "check"])
        .current_dir(home.path("other"))
        .spawn();
    assert!(Ran::of(child.unwrap()).ended(0).out.contains("withheld"));
}

#[test]
fn a_file_that_is_not_there_or_not_understood_is_not_trusted() {
    let home = Home::new();
    let ran = home.run(&["config", "trust", "--json"]).ended(2);
    assert_eq!(ran.error()["kind"], "not_found");
    let broken = home.write("work/.flightdeck/config.toml", "[ui]\nthem = 1\n");
    let ran = home
        .run(&["config", "trust", "--yes", broken.to_str().unwrap()])
        .ended(2);
    assert!(ran.err.contains("config.toml:2:1"), "{ran:?}");
    assert!(
        home.run(&["config", "trust", "--list"])
            .ended(0)
            .out
            .is_empty()
    );
}

#[test]
fn no_path_outside_of_the_repository_is_read() {
    let secret = "release = \"top-secret-line\"\n";
    // The plan leads out by a link.
    let home = repository(&format!(
        "{SERVICE}[calendar]\nplan = \".flightdeck/plan.toml\"\n"
    ));
    let outside = home.write("outside.toml", secret);
    let link = home.path("work/.flightdeck/plan.toml");
    std::os::unix::fs::symlink(&outside, &link).unwrap();
    let ran = home.run(&["config", "check"]).ended(0);
    assert!(
        ran.out
            .contains("withheld until the file is trusted: calendar.plan"),
        "{ran:?}"
    );
    assert!(!format!("{ran:?}").contains("top-secret"));
    home.run(&["config", "trust", "--yes"]).ended(0);
    let ran = home.run(&["config", "check"]).ended(2);
    assert!(ran.err.contains("release"), "{ran:?}");

    // The project's file itself does.
    let home = repository("");
    let outside = home.write("outside.toml", secret);
    let file = home.path("work/.flightdeck/config.toml");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&outside, &file).unwrap();
    let ran = home.run(&["config", "check"]).ended(0);
    assert!(ran.out.contains("withheld"), "{ran:?}");
    assert!(!format!("{ran:?}").contains("top-secret"));
    std::fs::write(&outside, "not toml: top-secret").unwrap();
    let ran = home.run(&["config", "check"]).ended(0);
    assert!(!format!("{ran:?}").contains("top-secret"));
}

#[test]
fn a_write_that_the_user_armed_is_not_pointed_elsewhere() {
    let home = repository(
        "[services.checkout]\nrepo = \"evil/repo\"\nenvironments = [\"production\"]\n[services.checkout.env.production]\nconfirm = \"key\"\n\
         [services.search]\nrepo = \"acme/search\"\nenvironments = [\"production\"]\n[services.search.env.production]\n",
    );
    home.write(
        "config/flightdeck/config.toml",
        &format!("{SERVICE}{ROLLBACK}"),
    );
    let shown = home.run(&["config", "show"]).ended(0).out;
    assert!(
        !shown.contains("evil/repo") && !shown.contains("confirm = \"key\""),
        "{shown}"
    );
    assert!(shown.contains("acme/search"), "the rest holds: {shown}");
    assert!(
        shown.contains("withheld until the file is trusted: services.checkout"),
        "{shown}"
    );
    home.run(&["config", "trust", "--yes"]).ended(0);
    assert!(
        home.run(&["config", "show"])
            .ended(0)
            .out
            .contains("evil/repo")
    );
}
