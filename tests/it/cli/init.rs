//! The first hour on one's own repository, against the demo's company over real HTTP: a clone without a configuration, `config
//! init`, and what works afterwards.

use std::process::Command;

use super::{Home, Ran, Served};

/// A home whose working folder is a clone of this address.
pub(super) fn clone_of(url: &str) -> Home {
    let home = Home::new();
    home.write(
        "work/.git/config",
        &format!("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = {url}\n"),
    );
    home
}

/// A command that finds the simulated GitHub where the remote says github.com.
fn command(home: &Home, demo: &Served, args: &[&str]) -> Command {
    let mut command = home.command(args);
    let api = demo.hello["github_url"].as_str().unwrap();
    command
        .env("FLIGHTDECK_GITHUB__MAIN__API", api)
        .env("GH_TOKEN", demo.token());
    command
}

fn run(home: &Home, demo: &Served, args: &[&str]) -> Ran {
    Ran::of(command(home, demo, args).spawn().unwrap())
}

#[test]
fn init_writes_what_works_without_an_edit() {
    let home = clone_of("git@github.com:acme/checkout.git");
    let demo = Served::start(&home, &[]);
    let metrics = demo.hello["prometheus_url"].as_str().unwrap();
    let args = ["config", "init", "--metrics", metrics];

    let asked = run(&home, &demo, &args).ended(2);
    assert!(asked.err.contains("--yes"), "{asked:?}");
    let shown = run(&home, &demo, &[&args[..], &["--print"]].concat()).ended(0);
    let file = home.path("work/.flightdeck/config.toml");
    assert!(!file.exists());
    let ran = run(&home, &demo, &[&args[..], &["--yes"]].concat()).ended(0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(ran.out, text, "what is written was shown");
    assert!(
        shown
            .out
            .contains("environments = [\"staging\", \"production\"]"),
        "{}",
        shown.out
    );
    assert!(text.contains("ci = { stage = \"test\", checks = { require = [\"build 1/4\", \"test unit 1/12\"], blocking = false } }"), "{text}");
    assert!(
        text.contains("Found: Prometheus client conventions. Now in production:"),
        "{text}"
    );
    assert!(!text.contains(demo.token()));

    // What was written is trusted: nothing is withheld from it where it lies.
    let there = run(&home, &demo, &["status", "--json"]).ended(0);
    assert_eq!(
        there.json("status")["withheld"],
        serde_json::json!([]),
        "{there:?}"
    );
    let config = file.display().to_string();
    let with = |args: &[&str]| run(&home, &demo, &[args, &["--config", &config]].concat());
    assert_eq!(
        with(&["config", "check"]).ended(0).out,
        "ok: 1 file, 1 service\n"
    );
    let json = with(&["status", "--json"]).ended(0).json("status");
    let production = &json["services"].as_array().unwrap()[1];
    assert_eq!(production["live"]["version"], "v2.14.0", "{production}");
    assert_eq!(production["source_errors"], serde_json::json!([]));
    assert_eq!(
        (
            &production["gates"]["fail"],
            &production["gates"]["unknown"]
        ),
        (&0.into(), &0.into())
    );
    let plan = with(&["rollback", "--dry-run", "--json"])
        .ended(0)
        .json("rollback");
    assert!(plan.to_string().contains("rollback.yml"), "{plan}");

    let again = run(&home, &demo, &["config", "init", "--yes"]).ended(2);
    assert!(
        again.err.contains("already") && again.err.contains("nothing was written"),
        "{again:?}"
    );
    std::fs::write(&file, "schema = 1\n# mine\n").unwrap();
    run(&home, &demo, &["config", "init", "--yes", "--force"]).ended(0);
    let kept = std::fs::read_to_string(home.path("work/.flightdeck/config.toml.bak")).unwrap();
    assert_eq!(kept, "schema = 1\n# mine\n");
}

#[test]
fn a_clone_without_a_configuration_can_be_looked_at_and_not_changed() {
    let home = clone_of("https://github.com/acme/payments");
    let demo = Served::start(&home, &[]);
    let json = run(&home, &demo, &["status", "--json"])
        .ended(0)
        .json("status");
    let envs: Vec<&str> = json["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["environment"].as_str().unwrap())
        .collect();
    assert_eq!(envs, ["staging", "eu", "production"]);
    assert_eq!(json["services"][2]["live"]["version"], "v3.9.2");
    let refused = run(
        &home,
        &demo,
        &["rollback", "--yes", "--reason", "x", "--json"],
    )
    .ended(5);
    assert!(
        refused.error()["message"]
            .as_str()
            .unwrap()
            .contains("config init"),
        "{refused:?}"
    );
    // The doctor looks at the same: it is asked when something does not work.
    let looked = run(&home, &demo, &["doctor", "--json"]).ended(0);
    let report = looked.json("doctor");
    let checks = report["checks"].as_array().unwrap();
    let of = |id: &str| checks.iter().find(|c| c["id"] == id).unwrap();
    let config = &of("config")["message"];
    assert_eq!(
        config,
        "there is none; looked at acme/payments, which this clone names"
    );
    assert_eq!(of("github.main.reach")["severity"], "ok");
    assert_eq!(of("services.payments.deployments")["severity"], "ok");
    assert!(!home.path("work/.flightdeck").exists());
}

#[test]
fn a_host_that_is_no_known_github_gets_no_token() {
    let home = clone_of("git@gitlab.example:acme/checkout.git");
    let mut init = home.command(&["config", "init", "--yes"]);
    init.env("GH_ENTERPRISE_TOKEN", "ghp_secret0123456789");
    let ran = Ran::of(init.spawn().unwrap()).ended(2);
    assert!(
        ran.err
            .contains("gitlab.example is not known to be a GitHub"),
        "{ran:?}"
    );
    assert!(
        ran.err.contains(
            "--github https://gitlab.example/api/v3, or `gh auth login --hostname gitlab.example`"
        ),
        "{ran:?}"
    );
    let ran = home.run(&[]).ended(2);
    assert_eq!(ran.out.lines().count(), 3, "{ran:?}");
    assert!(ran.out.contains("gitlab.example"));
    home.run(&["status"]).ended(2);
    let away = Home::new().run(&["config", "init", "--yes"]).ended(2);
    assert!(away.err.contains("--repo"), "{away:?}");
}

#[test]
fn the_program_tells_other_programs_of_itself() {
    let home = Home::new();
    let names = home.run(&["schema"]).ended(0).out;
    assert!(names.lines().any(|n| n == "status"), "{names}");
    let schema: serde_json::Value =
        serde_json::from_str(&home.run(&["schema", "status"]).ended(0).out).unwrap();
    assert_eq!(schema["type"], "object");
    assert!(
        home.run(&["schema", "statos"])
            .ended(2)
            .err
            .contains("status")
    );
    let schema: serde_json::Value =
        serde_json::from_str(&home.run(&["config", "schema"]).ended(0).out).unwrap();
    assert!(schema["properties"]["services"].is_object());
    assert!(
        home.run(&["completions", "bash"])
            .ended(0)
            .out
            .contains("flightdeck")
    );
    assert!(
        home.run(&["completions", "fish"])
            .ended(0)
            .out
            .contains("rollback")
    );
    let man = home.run(&["man"]).ended(0).out;
    assert!(man.contains(".TH") && man.contains("rollback"), "{man}");
}
