//! The rollback from the command line, end to end: planned, done, done before, joined, left and resumed.

use std::io::BufReader;
use std::process::Stdio;

use rustix::process::Signal;

use super::{Home, Ran, Served, WAY, nowhere, read_until, schema, signal};

const SPEED: &[&str] = &["--speed", "40"];

#[test]
fn a_rollback_is_planned_done_recorded_and_not_done_twice() {
    let home = Home::new();
    let demo = Served::start(&home, SPEED);
    let config = demo.config().to_owned();
    let with = |args: &[&str]| home.run(&[args, &["--config", &config]].concat());
    let mut said: Vec<Ran> = Vec::new();

    let ran = with(&["rollback", "--dry-run", "--json"]).ended(0);
    let plan = ran.json("rollback");
    assert_eq!(
        (&plan["outcome"], &plan["dry_run"]),
        (&"planned".into(), &true.into())
    );
    assert_eq!(
        (&plan["from"]["version"], &plan["to"]["version"]),
        (&"v2.15.0".into(), &"v2.14.0".into())
    );
    assert_eq!(plan["reverts"].as_array().unwrap().len(), 12);
    assert_eq!(
        (&plan["way"], &plan["holds"]),
        (&"workflow".into(), &serde_json::json!([]))
    );
    assert_eq!(
        plan["ways"][1],
        serde_json::json!({ "id": "old-run", "unfit": null })
    );
    said.push(ran);
    let ran = with(&["rollback", "--dry-run", "--way", "old-run"]).ended(0);
    for part in [
        "repeat run ",
        "(deploy.yml)",
        "repeats all of run",
        "--way workflow",
    ] {
        assert!(ran.out.contains(part), "{part}: {ran:?}");
    }
    let ran = with(&["rollback", "--dry-run", "--way", "magic"]).ended(2);
    assert!(ran.err.contains("known: workflow, old-run"), "{ran:?}");
    let payments = [
        "rollback",
        "--dry-run",
        "--service",
        "payments",
        "--env",
        "production",
    ];
    let held = with(&[&payments[..], &["--json"]].concat())
        .ended(0)
        .json("rollback");
    assert_eq!(held["holds"][0]["kind"], "review");
    let ran = with(&payments).ended(0);
    assert!(
        ran.out
            .contains("needs a review by @acme/ops or @li for production"),
        "{ran:?}"
    );
    said.push(with(&["rollback", "--dry-run"]).ended(0));
    assert!(
        with(&["ledger", "list", "--json"]).ended(0).out.is_empty(),
        "a dry run records nothing"
    );

    let ran = with(&[
        "rollback",
        "--yes",
        "--reason",
        "x",
        "--read-only",
        "--json",
    ])
    .ended(5);
    assert_eq!(ran.json("rollback")["outcome"], "refused");
    assert_eq!(ran.error()["kind"], "refused");
    let ran = with(&["rollback", "--yes", "--reason", "x", "--to", "v0.0.1"]).ended(2);
    assert!(ran.err.contains("was never live"), "{ran:?}");

    let ran = with(&["rollback", "--yes", "--reason", "errors rose", "--json"]).ended(0);
    let done = ran.json("rollback");
    assert_eq!(
        (&done["outcome"], &done["joined"]),
        (&"recovered".into(), &false.into())
    );
    assert_eq!(done["reason"], "errors rose");
    assert!(ran.err.is_empty(), "{ran:?}");
    let steps: Vec<&str> = done["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps.first(), Some(&"intent recorded"));
    assert_eq!(steps.last(), Some(&"recovered"));
    said.push(ran);

    // Another process sees the same, measured anew.
    let ran = with(&["verdict", "--json"]).ended(3);
    assert_eq!(ran.json("verdict")["state"], "recovered");
    let ran = with(&[
        "status",
        "--json",
        "--service",
        "checkout",
        "--env",
        "production",
    ])
    .ended(0);
    let status = ran.json("status")["services"][0].clone();
    assert_eq!(status["verdict"]["state"], "recovered");
    assert_eq!(
        (&status["live"]["version"], &status["deploying"]),
        (&"v2.14.0".into(), &serde_json::Value::Null)
    );

    let ran = with(&["rollback", "--yes", "--reason", "again", "--json"]).ended(0);
    let again = ran.json("rollback");
    assert_eq!(again["outcome"], "already_done");
    assert_eq!(again["correlation_id"], done["correlation_id"]);
    said.push(ran);

    let ran = with(&["ledger", "list", "--json"]).ended(0);
    let rows: Vec<_> = ran
        .out
        .lines()
        .map(|l| schema::checked("ledger-row", l))
        .collect();
    let kinds: Vec<&str> = rows.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"rollback.intent"));
    assert_eq!(kinds.last(), Some(&"rollback.recovered"));
    assert_eq!(
        kinds.iter().filter(|k| **k == "dispatch.intent").count(),
        1,
        "{kinds:?}"
    );
    said.push(ran);
    let ran = with(&["ledger", "list", "--limit", "2"]).ended(0);
    assert_eq!(ran.out.lines().count(), 2);
    let ran = with(&["ledger", "verify", "--json"]).ended(0);
    assert_eq!(ran.json("ledger-verify")["rows"], rows.len());
    said.push(ran);

    for ran in &said {
        assert!(
            !ran.out.contains(demo.token()) && !ran.err.contains(demo.token()),
            "{ran:?}"
        );
    }
    for (path, bytes) in home.all_bytes() {
        let shown = bytes
            .windows(demo.token().len())
            .any(|w| w == demo.token().as_bytes());
        assert_eq!(shown, path.ends_with("token"), "{path:?}");
    }
}

#[test]
fn who_comes_second_follows_and_ends_the_same_way() {
    let home = Home::new();
    let demo = Served::start(&home, SPEED);
    let args = [
        "rollback",
        "--yes",
        "--reason",
        "errors",
        "--config",
        demo.config(),
    ];
    let mut first = home.command(&args).spawn().unwrap();
    let mut out = BufReader::new(first.stdout.take().unwrap());
    read_until(&mut out, "dispatched");
    let second = home
        .run(&[&args[..], &["--json"]].concat())
        .ended(0)
        .json("rollback");
    assert_eq!(
        (&second["outcome"], &second["joined"]),
        (&"recovered".into(), &true.into())
    );
    let rest = read_until(&mut out, "recovered in");
    assert!(rest.contains("live"), "{rest}");
    assert_eq!(first.wait().unwrap().code(), Some(0));
    let rows = home
        .run(&["ledger", "list", "--json", "--config", demo.config()])
        .out;
    assert_eq!(
        rows.matches("\"kind\":\"dispatch.intent\"").count(),
        1,
        "{rows}"
    );
}

#[test]
fn a_rollback_that_was_left_goes_on_and_is_resumed() {
    let home = Home::new();
    let demo = Served::start(&home, SPEED);
    let args = [
        "rollback",
        "--yes",
        "--reason",
        "errors",
        "--config",
        demo.config(),
    ];
    let mut first = home.command(&args).spawn().unwrap();
    let mut out = BufReader::new(first.stdout.take().unwrap());
    read_until(&mut out, "running");
    signal(&first, Signal::INT);
    first.stdout = None;
    let ran = Ran::of(first).ended(4);
    assert!(ran.err.contains("flightdeck rollback resume"), "{ran:?}");
    drop(out);
    let ran = home
        .run(&["rollback", "resume", "--json", "--config", demo.config()])
        .ended(0);
    let json = ran.json("rollback");
    assert_eq!(
        (&json["outcome"], &json["joined"]),
        (&"recovered".into(), &false.into())
    );
    let rows = home
        .run(&["ledger", "list", "--json", "--config", demo.config()])
        .out;
    assert_eq!(
        rows.matches("\"kind\":\"dispatch.intent\"").count(),
        1,
        "{rows}"
    );
}

#[test]
fn an_open_rollback_can_be_closed_by_hand() {
    let home = Home::new();
    let demo = Served::start(&home, SPEED);
    let with = |args: &[&str]| home.run(&[args, &["--config", demo.config()]].concat());
    let args = [
        "rollback",
        "--yes",
        "--reason",
        "errors",
        "--config",
        demo.config(),
    ];
    let mut first = home.command(&args).stderr(Stdio::null()).spawn().unwrap();
    read_until(&mut BufReader::new(first.stdout.take().unwrap()), "running");
    first.kill().unwrap();
    first.wait().unwrap();
    let plan = with(&["rollback", "--dry-run", "--json"]);
    assert!(
        plan.out.contains("still open") || plan.code == 5,
        "{plan:?}"
    );
    let row = with(&[
        "rollback",
        "resolve",
        "--reason",
        "looked at by hand",
        "--json",
    ])
    .ended(0)
    .json("ledger-row");
    assert_eq!(row["kind"], "rollback.resolved");
    assert_eq!(row["body"]["reason"], "looked at by hand");
    assert_eq!(
        (&row["who"], &row["who_verified"]),
        (&"maria".into(), &true.into())
    );
    let ran = with(&["rollback", "resolve", "--reason", "again", "--json"]).ended(2);
    assert_eq!(ran.error()["kind"], "not_found");
    with(&["ledger", "verify"]).ended(0);
}

#[test]
fn a_source_that_is_not_there_stops_a_rollback_before_anything_is_written() {
    let home = Home::new();
    let file = nowhere(&home, WAY);
    let ran = home
        .run(&[
            "rollback", "--yes", "--reason", "x", "--json", "--config", &file,
        ])
        .ended(6);
    assert_eq!(ran.error()["kind"], "unreachable");
    let ran = home
        .run(&["ledger", "list", "--config", &file, "--json"])
        .ended(0);
    assert!(ran.out.is_empty(), "{ran:?}");
}
