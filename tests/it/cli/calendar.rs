//! `flightdeck calendar`: windows and freezes of a configuration at a moment that stands still; with sources that are not there,
//! and on the simulated company.

use super::{Home, Served, nowhere};

/// Office hours, weekends and a plan in Berlin, at `now`: the clock runs so slowly that it stands.
fn at(home: &Home, now: &str) -> String {
    home.write(
        ".flightdeck/plan.toml",
        "[releases.next]\nservice = \"checkout\"\nenvironment = \"production\"\nversion = \"v9\"\nat = \"2026-11-20T16:30\"\nkind = \"minor\"\n",
    );
    nowhere(
        home,
        &format!(
            "[clock]\nat = \"{now}\"\nreal_at = \"2026-01-01T00:00:00Z\"\nspeed = 1e-12\n\
             [calendar]\nplan = \".flightdeck/plan.toml\"\n\
             [calendar.window.office]\nrrule = \"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\"\nstart = \"2026-01-01T09:00\"\nend = \"17:00\"\n\
             timezone = \"Europe/Berlin\"\nscope = {{ env = [\"production\"] }}\n\
             [calendar.freeze.weekend]\nrrule = \"FREQ=WEEKLY;BYDAY=FR\"\nstart = \"2026-01-02T16:00\"\nend = \"2d16h\"\n\
             timezone = \"Europe/Berlin\"\nallow = [\"hotfix\"]\nreason = \"nobody is here\"\n"
        ),
    )
}

#[test]
fn whether_a_release_may_go_is_an_exit_code_and_names_the_rule() {
    let home = Home::new();
    let open = at(&home, "2026-11-20T14:00:00Z");
    let ran = home
        .run(&["calendar", "--can-deploy", "--json", "--config", &open])
        .ended(0);
    let json = ran.json("calendar");
    assert_eq!(
        (&json["open"], &json["until"]),
        (&true.into(), &"2026-11-20T15:00:00Z".into())
    );
    assert_eq!(json["reasons"][0]["rule"], "office");

    let frozen = at(&home, "2026-11-20T15:00:00Z");
    let ran = home
        .run(&["calendar", "--can-deploy", "--json", "--config", &frozen])
        .ended(3);
    let json = ran.json("calendar");
    assert_eq!(json["open"], false);
    let reason = &json["reasons"][0];
    assert_eq!(reason["sentence"], "freeze weekend: nobody is here");
    assert_eq!(reason["until"], "2026-11-23T07:00:00Z");
    assert!(
        reason["source"].as_str().unwrap().contains(".toml:"),
        "{reason}"
    );
    // Closed until the window opens, an hour after the freeze has ended.
    assert_eq!(json["until"], "2026-11-23T08:00:00Z");
    let text = home
        .run(&["calendar", "--can-deploy", "--config", &frozen])
        .ended(3)
        .out;
    assert!(
        text.starts_with("checkout  production  closed until "),
        "{text}"
    );
    assert!(text.contains("freeze weekend: nobody is here"), "{text}");

    // Staging has no window: open as soon as the freeze is over. A hotfix passes the freeze, and the window is open.
    let staging = ["calendar", "--can-deploy", "--json", "--env", "staging"];
    let ran = home
        .run(&[&staging[..], &["--config", &frozen]].concat())
        .ended(3);
    assert_eq!(ran.json("calendar")["until"], "2026-11-23T07:00:00Z");
    let ran = home
        .run(&[
            "calendar",
            "--can-deploy",
            "--kind",
            "hotfix",
            "--config",
            &frozen,
        ])
        .ended(0);
    assert!(ran.out.contains("lets a hotfix pass"), "{ran:?}");
}

#[test]
fn the_next_slots_are_long_enough_to_watch() {
    let home = Home::new();
    let config = at(&home, "2026-11-20T15:00:00Z");
    let ran = home
        .run(&["calendar", "--next", "--json", "--config", &config])
        .ended(0);
    let slots = &ran.json("calendar")["next_slots"];
    assert_eq!(slots[0]["start"], "2026-11-23T08:00:00Z");
    assert_eq!(slots[0]["end"], "2026-11-23T16:00:00Z");
    assert_eq!(slots[0]["bake_end"], "2026-11-23T08:30:00Z");
    // Friday's slot ends with the freeze.
    assert_eq!(slots[4]["end"], "2026-11-27T15:00:00Z");
}

#[test]
fn without_its_sources_the_rules_and_plans_are_still_told() {
    let home = Home::new();
    let config = at(&home, "2026-11-20T14:00:00Z");
    let ran = home
        .run(&["calendar", "--json", "--config", &config])
        .ended(0);
    let json = ran.json("calendar");
    let entries = json["entries"].as_array().unwrap();
    let plan = entries.iter().find(|e| e["kind"] == "plan").unwrap();
    assert_eq!(plan["conflicts"][0], "freeze weekend: nobody is here");
    assert!(entries.iter().any(|e| e["kind"] == "freeze"), "{json}");
    assert!(!ran.err.is_empty(), "the source that failed is named");
    let ics = home
        .run(&["calendar", "--ics", "--config", &config])
        .ended(0)
        .out;
    assert!(ics.starts_with("BEGIN:VCALENDAR\r\n"), "{ics}");
    assert!(ics.contains("SUMMARY:weekend freeze\r\n"), "{ics}");
    assert!(
        ics.contains("DTSTART:20261120T150000Z\r\nDTEND:20261123T070000Z\r\n"),
        "{ics}"
    );
    let bad = home
        .run(&["calendar", "--from", "soon", "--config", &config])
        .ended(2);
    assert!(bad.err.contains("2026-11-24"), "{bad:?}");
}

#[test]
fn a_wrong_rule_is_named_with_its_place() {
    let home = Home::new();
    let more = "[calendar.freeze.x]\nrrule = \"FREQ=DAILY;INTERVAL=0\"\nstart = \"2026-01-01T09:00\"\nend = \"1h\"\n";
    let config = nowhere(&home, more);
    let ran = home
        .run(&["calendar", "--can-deploy", "--config", &config])
        .ended(2);
    assert!(
        ran.err.contains("INTERVAL=0") && ran.err.contains(":11:9"),
        "{ran:?}"
    );
}

#[test]
fn the_company_has_releases_deployments_and_rules() {
    let home = Home::new();
    let demo = Served::start(&home, &[]);
    let args = [
        "calendar",
        "--json",
        "--from",
        "2020-01-01",
        "--to",
        "2100-01-01",
    ];
    let ran = home.run(&[&args[..], &["--config", demo.config()]].concat());
    let json = ran.json("calendar");
    assert_eq!(
        ran.code,
        if json["open"] == true { 0 } else { 3 },
        "{ran:?}"
    );
    for kind in ["deployment", "milestone", "window", "freeze"] {
        let has = json["entries"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| e["kind"] == kind);
        assert!(has, "no {kind}");
    }
    let status = home
        .run(&["status", "--json", "--config", demo.config()])
        .ended(0);
    let all = &status.json("status")["services"];
    let production = all
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["service"] == json["service"] && s["environment"] == json["environment"]);
    assert_eq!(production.unwrap()["window"]["open"], json["open"]);
}

#[test]
fn the_frozen_company_says_why_and_lets_a_hotfix_pass() {
    let home = Home::new();
    let demo = Served::start(&home, &["--scenario", "frozen"]);
    let run = |args: &[&str]| home.run(&[args, &["--config", demo.config()]].concat());
    let can = run(&["calendar", "--can-deploy", "--json"]).ended(3);
    let json = can.json("calendar");
    assert_eq!(json["service"], "checkout");
    assert_eq!(json["open"], false);
    let reason = &json["reasons"][0];
    assert_eq!(
        reason["sentence"],
        "freeze peak-days: the busiest days of the year"
    );
    let place = reason["source"].as_str().unwrap();
    assert!(place.contains("config.toml:"), "{place}");
    assert!(json["until"].as_str() >= reason["until"].as_str(), "{json}");
    let hotfix = run(&["calendar", "--can-deploy", "--kind", "hotfix"]).ended(0);
    assert!(hotfix.out.contains("lets a hotfix pass"), "{hotfix:?}");

    let gates = run(&["gates", "--json"]).ended(3);
    let all = gates.json("gates");
    let gate = |id: &str| {
        let all = all["gates"].as_array().unwrap();
        all.iter().find(|g| g["id"] == id).unwrap().clone()
    };
    assert_eq!(gate("window")["state"], "fail", "{all:#}");
    assert!(
        gate("window")["summary"]
            .as_str()
            .unwrap()
            .contains("peak-days")
    );
    assert_eq!(
        gate("ci")["state"],
        "pass",
        "only the time is wrong: {all:#}"
    );
    assert_eq!(gate("way-back")["state"], "pass", "{all:#}");
    assert_eq!(all["candidate"]["version"], "v2.15.0", "{all:#}");
}
