//! What needs no network: recorded verdicts, wrong usage, wrong configuration, an empty ledger.

use std::time::{Duration, Instant};

use super::{Home, nowhere, recording};

#[test]
fn a_recorded_bad_deploy_is_degraded_and_a_good_one_healthy() {
    let home = Home::new();
    let bad = home
        .run(&["verdict", "--input", &recording("bad.json"), "--json"])
        .ended(3);
    let json = bad.json("verdict");
    assert_eq!(json["verdict"], "degraded");
    assert_eq!(json["advise_rollback"], true);
    assert!(json["first_degraded_at_s"].as_i64() > Some(0));
    let good = home
        .run(&["verdict", "--input", &recording("good.json"), "--json"])
        .ended(0);
    assert_eq!(good.json("verdict")["state"], "healthy");
    let short = home
        .run(&["verdict", "--input", &recording("short.json"), "--json"])
        .ended(4);
    assert_eq!(short.json("verdict")["verdict"], "watching");
    let text = home
        .run(&["verdict", "--input", &recording("bad.json")])
        .ended(3)
        .out;
    assert!(text.starts_with("degraded  errors"), "{text}");
    assert!(text.contains("tolerated"), "{text}");
}

#[test]
fn a_recording_may_come_from_standard_input() {
    let home = Home::new();
    let text = std::fs::read_to_string(recording("good.json")).unwrap();
    let ran = home
        .run_with_input(&["verdict", "--input", "-", "--json"], &text)
        .ended(0);
    assert_eq!(ran.json("verdict")["verdict"], "healthy");
}

#[test]
fn half_an_hour_is_judged_at_once() {
    let home = Home::new();
    let file = recording("good.json");
    let quickest = (0..5).map(|_| {
        let start = Instant::now();
        home.run(&["verdict", "--input", &file]).ended(0);
        start.elapsed()
    });
    // The best of five: the machine may be busy with other tests.
    assert!(quickest.min().unwrap() < Duration::from_millis(400));
}

#[test]
fn a_file_that_is_no_recording_is_wrong_usage_and_says_where() {
    let home = Home::new();
    let file = home.write("bad.json", "{\"version\":1,\"mode\":\"sideways\",\"encoding\":\"intervals\",\"step_s\":15,\"baseline\":[],\"after\":[]}");
    let ran = home
        .run(&["verdict", "--input", file.to_str().unwrap()])
        .ended(2);
    assert!(
        ran.out.is_empty() && ran.err.contains("mode: `sideways`"),
        "{ran:?}"
    );
    let ran = home
        .run(&["verdict", "--input", "/no/such/file", "--json"])
        .ended(2);
    assert_eq!(ran.error()["kind"], "usage");
}

#[test]
fn wrong_usage_is_told_for_people_and_for_scripts() {
    let home = Home::new();
    let ran = home.run(&["statsu"]).ended(2);
    assert!(
        ran.err.contains("unrecognized subcommand 'statsu'"),
        "{ran:?}"
    );
    let ran = home.run(&["rollback", "--yess", "--json"]).ended(2);
    let error = ran.error();
    assert_eq!(error["kind"], "usage");
    assert!(
        error["message"].as_str().unwrap().contains("--yess"),
        "{error}"
    );
    assert!(error["hint"].as_str().unwrap().contains("--yes"), "{error}");
    let ran = home
        .run(&["demo", "--serve", "--scenario", "worse"])
        .ended(2);
    assert!(ran.err.contains("`flaky-api` and `frozen`"), "{ran:?}");
}

#[test]
fn without_a_configuration_three_lines_say_how_to_begin() {
    let home = Home::new();
    let ran = home.run(&[]).ended(2);
    assert_eq!(ran.out.lines().count(), 3, "{ran:?}");
    assert!(ran.out.contains("flightdeck demo") && ran.out.contains("config init"));
    let ran = home.run(&["status", "--json"]).ended(2);
    assert_eq!(ran.error()["kind"], "config");
}

#[test]
fn a_broken_configuration_is_told_with_its_place() {
    let home = Home::new();
    let file = home.write("x.toml", "schema = 1\n[ui]\nthem = \"dark\"\n");
    let file = file.to_str().unwrap();
    for command in [
        &["config", "check"][..],
        &["status"],
        &["rollback", "--dry-run"],
    ] {
        let ran = home.run(&[command, &["--config", file]].concat()).ended(2);
        assert!(ran.out.is_empty(), "{ran:?}");
        assert!(
            ran.err.contains("x.toml:3:1") && ran.err.contains("`theme`"),
            "{ran:?}"
        );
    }
    let ran = home.run(&["status", "--config", file, "--json"]).ended(2);
    let error = ran.error();
    assert_eq!(error["kind"], "config");
    assert!(
        error["message"].as_str().unwrap().contains("x.toml:3:1: "),
        "{error}"
    );
    // Where the files lie is told all the same.
    let ran = home.run(&["config", "path", "--config", file]).ended(0);
    assert!(ran.out.contains("x.toml"), "{ran:?}");
}

#[test]
fn a_configuration_that_holds_is_shown_without_its_secrets() {
    let home = Home::new();
    let file = nowhere(&home, "");
    let ran = home.run(&["config", "check", "--config", &file]).ended(0);
    assert_eq!(ran.out, "ok: 1 file, 1 service\n");
    let ran = home.run(&["config", "show", "--config", &file]).ended(0);
    assert!(
        ran.out.contains("repo = \"acme/checkout\"  # given"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("ghp_secret"), "{}", ran.out);
    let ran = home
        .run(&["config", "check", "--config", &file, "--json"])
        .ended(0);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["schema"], &json["ok"]), (&1.into(), &true.into()));
}

#[test]
fn names_that_do_not_exist_are_answered_with_the_nearest() {
    let home = Home::new();
    let file = nowhere(&home, "");
    let ran = home
        .run(&[
            "status",
            "--config",
            &file,
            "--service",
            "chekout",
            "--json",
        ])
        .ended(2);
    let error = ran.error();
    assert_eq!(error["kind"], "not_found");
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .starts_with("did you mean `checkout`?"),
        "{error}"
    );
    let ran = home
        .run(&["rollback", "--dry-run", "--config", &file, "--env", "prod"])
        .ended(2);
    assert!(ran.err.contains("did you mean `production`?"), "{ran:?}");
}

#[test]
fn an_empty_ledger_is_sound() {
    let home = Home::new();
    let file = nowhere(&home, "");
    let ran = home
        .run(&["ledger", "verify", "--config", &file, "--json"])
        .ended(0);
    let json = ran.json("ledger-verify");
    assert_eq!((&json["ok"], &json["rows"]), (&true.into(), &0.into()));
    let ran = home
        .run(&["ledger", "list", "--config", &file, "--json"])
        .ended(0);
    assert!(ran.out.is_empty(), "{ran:?}");
    assert!(!home.path("state").exists(), "reading makes nothing");
}

#[test]
fn a_rollback_that_is_not_configured_or_not_confirmed_does_nothing() {
    let home = Home::new();
    let file = nowhere(&home, "");
    let ran = home
        .run(&["rollback", "--dry-run", "--config", &file, "--json"])
        .ended(5);
    assert_eq!(ran.json("rollback")["outcome"], "refused");
    assert_eq!(ran.error()["kind"], "refused");
    let file = nowhere(&home, super::WAY);
    let ran = home.run(&["rollback", "--config", &file]).ended(2);
    assert!(ran.err.contains("--yes --reason"), "{ran:?}");
    let ran = home
        .run(&["rollback", "--yes", "--reason", " ", "--config", &file])
        .ended(2);
    assert!(ran.err.contains("needs a reason"), "{ran:?}");
    let ran = home
        .run(&["rollback", "--config", &file, "--json", "resume"])
        .ended(2);
    assert_eq!(ran.error()["kind"], "not_found");
    let ran = home
        .run(&["rollback", "resume", "--config", &file, "--read-only"])
        .ended(5);
    assert!(ran.err.contains("--read-only"), "{ran:?}");
    assert!(!home.path("state").exists(), "a refusal makes nothing");
}

#[test]
fn a_source_that_is_not_there_is_unreachable() {
    let home = Home::new();
    let file = nowhere(&home, "");
    let ran = home.run(&["status", "--config", &file, "--json"]).ended(6);
    let json = ran.json("status");
    assert_eq!(json["services"].as_array().unwrap().len(), 2);
    assert_eq!(
        json["services"][0]["source_errors"][0]["kind"],
        "unreachable"
    );
    let error = ran.error();
    assert_eq!(
        (&error["kind"], &error["source"]),
        (&"unreachable".into(), &"github.main".into())
    );
}

#[test]
fn a_view_that_does_not_exist_is_wrong_usage_and_names_those_that_do() {
    let home = Home::new();
    let ran = home.run(&["demo", "--view", "nowhere"]).ended(2);
    assert!(
        ran.err.contains("there is no view `nowhere`")
            && ran
                .err
                .contains("cockpit, calendar, gates, deploy, changes, ledger"),
        "{}",
        ran.err
    );
}
