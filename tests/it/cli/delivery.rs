//! What is kept of the past, against the demo's company: changes, metrics, places; with GitHub and without.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::{Home, Served};
use crate::support::hop::Hop;

/// A configuration of the demo's company that outlives it: its token and its store are this home's.
pub(super) fn own(home: &Home, demo: &Served) -> String {
    let token = home.write("token", demo.token());
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    let text = std::fs::read_to_string(demo.config()).unwrap();
    let line = |line: &str| {
        if line.starts_with("token = ") {
            format!(
                "token = {{ from = \"file\", path = \"{}\" }}",
                token.display()
            )
        } else if line.starts_with("profile = ") {
            "profile = \"kept\"".to_owned()
        } else {
            line.to_owned()
        }
    };
    let text: Vec<String> = text.lines().map(line).collect();
    let file = home.write("kept.toml", &text.join("\n"));
    file.to_str().unwrap().to_owned()
}

/// The changes of a year.
fn year(config: &str) -> [&str; 8] {
    let of = ["--service", "checkout", "--since", "365d"];
    [
        "changes", "--json", "--config", config, of[0], of[1], of[2], of[3],
    ]
}

/// The past of the demo's company, read once.
fn read() -> (Home, Served, String, Value) {
    let home = Home::new();
    let demo = Served::start(&home, &[]);
    let config = own(&home, &demo);
    let ran = home.run(&year(&config));
    let json = ran.ended(0).json("changes");
    (home, demo, config, json)
}

pub(super) fn list<'a>(of: &'a Value, name: &str) -> &'a Vec<Value> {
    of[name].as_array().unwrap()
}

#[test]
fn changes_are_read_once_and_every_lead_time_is_the_sum_of_its_stages() {
    let (home, mut demo, config, json) = read();
    let changes = list(&json, "changes");
    assert!(changes.len() > 60, "{}", changes.len());
    let mut measured = 0;
    for change in changes {
        let Some(lead) = change["lead_time_s"].as_f64() else {
            continue;
        };
        let stages = change["stages"].as_object().unwrap();
        let sum: f64 = stages.values().filter_map(Value::as_f64).sum();
        assert!((sum - lead).abs() < 0.01, "{change}");
        assert_eq!(change["environment"], "production");
        measured += 1;
    }
    assert!(measured > 50, "{measured}");
    assert_eq!(json["summary"]["n"].as_u64().map(|n| n > 50), Some(true));

    // Without the company the answer is the same: it is kept.
    demo.stop();
    let again = year(&config);
    let kept = home
        .run(&[&again[..], &["--offline"]].concat())
        .ended(0)
        .json("changes");
    assert_eq!(list(&kept, "changes").len(), changes.len());
    assert_eq!(kept["summary"], json["summary"]);
    // With an unreachable GitHub, too, and it is said.
    let ran = home.run(&again).ended(0);
    let notes = list(&ran.json("changes"), "notes").clone();
    assert!(
        notes
            .iter()
            .any(|n| n.as_str().unwrap().contains("was not read on")),
        "{notes:?}"
    );
    let csv = home.run(&[
        "changes",
        "--csv",
        "--offline",
        "--config",
        &config,
        "--service",
        "checkout",
    ]);
    let csv = csv.ended(0).out;
    assert!(
        csv.starts_with("id,kind,title") && csv.lines().count() > 10,
        "{csv}"
    );
    // It is measured to the last environment, and to no other.
    let to = |env: &str| home.run(&[&again[..], &["--offline", "--env", env]].concat());
    assert_eq!(to("production").ended(0).json("changes"), kept);
    assert_eq!(to("staging").ended(2).error()["kind"], "usage");
    assert_eq!(to("nowhere").ended(2).error()["kind"], "not_found");
    let one = home.run(&[
        "changes",
        "--offline",
        "--config",
        &config,
        "--service",
        "checkout",
        "--filter",
        "author:nobody-at-all",
        "--json",
    ]);
    assert!(list(&one.ended(0).json("changes"), "changes").is_empty());
}

#[test]
fn nothing_kept_and_nobody_to_ask_is_a_failure() {
    let home = Home::new();
    let mut demo = Served::start(&home, &[]);
    let config = own(&home, &demo);
    demo.stop();
    let ran = home
        .run(&["changes", "--json", "--config", &config])
        .ended(6);
    assert_eq!(ran.error()["kind"], "unreachable");
    let ran = home
        .run(&["where", "#1", "--offline", "--json", "--config", &config])
        .ended(2);
    assert_eq!(ran.error()["kind"], "not_found");
    let dora = |more: &[&str]| {
        let args = [&["dora", "--offline", "--config", &config], more].concat();
        home.run(&args).ended(0)
    };
    let json = dora(&["--json"]).json("dora");
    let frequency = &json["services"][0]["deployments"];
    assert_eq!(frequency["per_day"], Value::Null, "not known is never 0");
    let notes = list(&json, "notes").clone();
    let never = |n: &Value| n.as_str().unwrap().contains("never read to its end");
    assert!(notes.iter().any(never), "{notes:?}");
    let text = dora(&[]);
    assert!(text.out.contains("not known"), "{text:?}");
    assert!(text.err.contains("never read to its end"), "{text:?}");
}

#[test]
fn a_change_is_where_the_store_says_and_github_says_the_same() {
    let (home, mut demo, config, json) = read();
    let changes = list(&json, "changes");
    let live = changes
        .iter()
        .find(|c| c["deployed_at"].is_string())
        .unwrap();
    let id = live["id"].as_str().unwrap();
    let look = |name: &str, more: &[&str]| {
        let args = [
            &[
                "where",
                name,
                "--json",
                "--config",
                &config,
                "--service",
                "checkout",
            ],
            more,
        ]
        .concat();
        home.run(&args)
    };
    let found = look(id, &["--offline"]).ended(0).json("where");
    let rungs = list(&found, "environments").clone();
    assert_eq!(rungs.len(), 2, "{found}");
    assert_eq!(rungs[1]["contained"], true);
    assert!(rungs[1]["since"].is_string() && rungs[1]["deployment"].is_string());
    assert_eq!(found["first_release"]["tag"], live["released_in"]);
    // The same by its commit, by the beginning of that, by its address, and by asking now.
    let sha = found["sha"].as_str().unwrap();
    for name in [
        sha,
        sha.get(..9).unwrap(),
        live["url"].as_str().unwrap(),
        id.trim_start_matches('#'),
    ] {
        let same = look(name, &["--offline"]).ended(0).json("where");
        assert_eq!(same["environments"][1]["contained"], true, "{name}");
        assert_eq!(same["sha"], sha);
    }
    let now = look(id, &["--now"]).ended(0).json("where");
    assert_eq!(now["environments"][1]["contained"], true);
    // Its release is an older one than those that GitHub is asked for: that is not "none".
    assert_eq!(
        (&now["first_release"], &now["first_release_known"]),
        (&Value::Null, &Value::Bool(false)),
        "{now}"
    );
    let notes = list(&now, "notes").iter();
    assert!(
        notes
            .clone()
            .any(|n| n.as_str().unwrap().contains("or an earlier one")),
        "{now}"
    );
    assert_eq!(found["first_release_known"], true);

    // v2.15.0 is being deployed: on staging, not yet in production.
    for more in [&["--offline"][..], &["--now"]] {
        let young = look("v2.15.0", more).ended(4).json("where");
        let states: Vec<&Value> = list(&young, "environments")
            .iter()
            .map(|r| &r["contained"])
            .collect();
        assert_eq!(states, [&Value::Bool(true), &Value::Bool(false)], "{young}");
        assert!(young["environments"][1]["waiting_for"].is_string());
    }
    // Asked about one environment, the answer and the exit are of that one.
    for (env, code) in [("staging", 0), ("production", 4)] {
        for how in ["--offline", "--now"] {
            let one = look("v2.15.0", &[how, "--env", env]).ended(code);
            let one = one.json("where");
            assert_eq!(list(&one, "environments").len(), 1, "{one}");
            assert_eq!(one["environments"][0]["environment"], env);
        }
    }
    // A branch is not kept: GitHub is asked.
    look("main", &[]).ended(4);
    look("no-such-thing", &[]).ended(2);
    demo.stop();
    look(id, &[]).ended(0);
}

#[test]
fn a_number_of_several_repositories_is_the_one_that_is_meant_or_none() {
    let home = Home::new();
    let demo = Served::start(&home, &[]);
    let config = own(&home, &demo);
    home.run(&["changes", "--json", "--config", &config])
        .ended(0);
    let numbers = |service: &str| {
        let ran = home.run(&[
            "changes",
            "--offline",
            "--json",
            "--since",
            "365d",
            "--config",
            &config,
            "--service",
            service,
        ]);
        let json = ran.ended(0).json("changes");
        let ids = list(&json, "changes").iter();
        ids.map(|c| c["id"].as_str().unwrap().to_owned())
            .collect::<Vec<String>>()
    };
    let others = numbers("web");
    let shared = numbers("checkout").into_iter().find(|n| others.contains(n));
    let shared = shared.unwrap();
    let look = |config: &str, more: &[&str]| {
        home.run(&[&["where", &shared, "--json", "--config", config], more].concat())
    };
    let services = |ran: super::Ran| {
        let json = ran.json("where");
        let rungs = list(&json, "environments").iter();
        rungs
            .map(|r| r["service"].as_str().unwrap().to_owned())
            .collect::<Vec<String>>()
    };
    // The demo's configuration names checkout first.
    assert_eq!(services(look(&config, &[])), ["checkout", "checkout"]);
    let web = services(look(&config, &["--service", "web"]));
    assert!(web.iter().all(|s| s == "web"), "{web:?}");
    let text = std::fs::read_to_string(&config).unwrap();
    let text: Vec<&str> = text
        .lines()
        .filter(|l| !l.starts_with("service = "))
        .collect();
    let nobodys = home.write("nobodys.toml", &text.join("\n"));
    let ran = look(nobodys.to_str().unwrap(), &[]).ended(2);
    let error = ran.error();
    assert_eq!(error["kind"], "usage");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("checkout") && message.contains("web"),
        "{message}"
    );
}

#[test]
fn of_a_past_that_was_not_read_to_its_end_github_is_asked_or_it_is_not_known() {
    let (home, mut demo, config, _) = read();
    let files = home.all_bytes().into_iter().map(|(path, _)| path);
    let mut stores = files.filter(|p| p.extension().is_some_and(|e| e == "db"));
    let store = rusqlite::Connection::open(stores.next().unwrap()).unwrap();
    let forgotten = store.execute(
        "DELETE FROM history_progress WHERE source = 'deployments'",
        [],
    );
    assert!(forgotten.unwrap() > 0);
    drop(store);
    let look = |more: &[&str]| {
        let args = [
            "where",
            "v2.15.0",
            "--json",
            "--config",
            &config,
            "--service",
            "checkout",
        ];
        home.run(&[&args, more].concat()).ended(4).json("where")
    };
    let production = |json: &Value| json["environments"][1]["contained"].clone();
    let never = |json: &Value| {
        let mut notes = list(json, "notes").iter();
        notes.any(|n| n.as_str().unwrap().contains("never read to its end"))
    };
    let kept = look(&["--offline"]);
    assert_eq!(
        (production(&kept), &kept["as_of"]),
        (Value::Null, &Value::Null)
    );
    assert!(never(&kept), "{kept}");
    let asked = look(&[]);
    assert_eq!(production(&asked), false, "{asked}");
    assert!(asked["as_of"].is_string());
    // An unreachable GitHub is no reason to say nothing.
    demo.stop();
    let kept = look(&[]);
    assert_eq!(production(&kept), Value::Null);
    assert!(never(&kept), "{kept}");
}

#[test]
fn changes_and_metrics_count_the_same_changes() {
    let (home, _demo, config, _) = read();
    for days in ["40", "45", "50"] {
        let since = format!("{days}d");
        let of = |args: &[&str]| {
            let more = [
                "--json",
                "--offline",
                "--config",
                &config,
                "--service",
                "checkout",
            ];
            home.run(&[args, &more].concat()).ended(0)
        };
        let changes = of(&["changes", "--since", &since]).json("changes");
        let dora = of(&["dora", "--days", days]).json("dora");
        let n = dora["services"][0]["lead_time"]["n"].as_u64();
        assert!(n > Some(10));
        assert_eq!(changes["summary"]["n"].as_u64(), n, "{days} days");
    }
}

#[test]
fn mine_is_known_offline_once_the_past_was_read() {
    let home = Home::new();
    let mut demo = Served::start(&home, &[]);
    let config = own(&home, &demo);
    let mine = |more: &[&str]| {
        let args = ["changes", "--mine", "--json", "--config", &config];
        home.run(&[&args, more].concat())
    };
    let error = mine(&["--offline"]).ended(2).error();
    assert_eq!(error["kind"], "usage");
    assert!(error["hint"].as_str().unwrap().contains("author:NAME"));
    home.run(&["changes", "--config", &config, "--service", "checkout"])
        .ended(0);
    demo.stop();
    let kept = mine(&["--offline", "--since", "365d"]).ended(0);
    let kept = kept.json("changes");
    let changes = list(&kept, "changes");
    assert!(!changes.is_empty());
    assert!(changes.iter().all(|c| c["author"] == changes[0]["author"]));
    let other = ["--offline", "--since", "365d", "--service", "web"];
    let other = mine(&other).ended(0).json("changes");
    assert!(list(&other, "changes").is_empty(), "of that service alone");
}

#[test]
fn metrics_come_with_the_lists_that_they_were_counted_from() {
    let (home, _demo, config, _) = read();
    let ran = home.run(&[
        "dora",
        "--json",
        "--offline",
        "--config",
        &config,
        "--service",
        "checkout",
        "--days",
        "365",
    ]);
    let json = ran.ended(0).json("dora");
    let service = &json["services"][0];
    let n = service["deployments"]["n"].as_u64().unwrap();
    assert!(n > 15, "{n}");
    assert_eq!(list(service, "deployed").len() as u64, n);
    let failed = service["change_fail_rate"]["failed"].as_u64().unwrap();
    assert!(failed > 0);
    assert_eq!(list(service, "failures").len() as u64, failed);
    assert_eq!(service["source"], "GitHub deployments");
    let mut leads: Vec<f64> = list(service, "shipped")
        .iter()
        .filter_map(|s| s["lead_time_s"].as_f64())
        .collect();
    assert_eq!(service["lead_time"]["n"].as_u64(), Some(leads.len() as u64));
    leads.sort_by(f64::total_cmp);
    let (low, high) = (leads[(leads.len() - 1) / 2], leads[leads.len() / 2]);
    let p50 = service["lead_time"]["p50_s"].as_f64().unwrap();
    assert!(
        (p50 - f64::midpoint(low, high)).abs() < 0.01,
        "{p50} {low} {high}"
    );

    let text = home
        .run(&[
            "dora",
            "--offline",
            "--config",
            &config,
            "--service",
            "checkout",
        ])
        .ended(0)
        .out;
    assert!(
        text.starts_with("checkout ▸ production  (from GitHub deployments)\n"),
        "{text}"
    );
    let staging = home.run(&[
        "dora",
        "--csv",
        "--offline",
        "--config",
        &config,
        "--service",
        "checkout",
        "--env",
        "staging",
    ]);
    assert!(staging.ended(0).out.contains("\r\ncheckout,staging,90,"));
    home.run(&["dora", "--year", "2022", "--config", &config])
        .ended(2);
}

#[test]
fn asking_now_takes_four_requests_at_most_and_the_store_none() {
    let home = Home::new();
    let demo = Served::start(&home, &[]);
    let real = demo.hello["github_url"].as_str().unwrap();
    let hop = Hop::start(real, None);
    let text = std::fs::read_to_string(own(&home, &demo)).unwrap();
    let config = home.write("hop.toml", &text.replace(real, &hop.url));
    let config = config.to_str().unwrap();
    let look = |name: &str, more: &[&str]| {
        let args = ["where", name, "--config", config, "--service", "checkout"];
        home.run(&[&args, more].concat())
    };
    // An empty store: GitHub is asked by itself.
    for (name, code) in [("v2.14.0", 0), ("main", 4), ("no-such-thing", 2)] {
        look(name, &[]).ended(code);
        let asked = hop.taken().len();
        assert!((1..=4).contains(&asked), "{name}: {asked} requests");
    }
    home.run(&["changes", "--config", config, "--service", "checkout"])
        .ended(0);
    let asked = hop.taken().len();
    assert!((2..=10).contains(&asked), "{asked} requests");
    look("v2.14.0", &[]).ended(0);
    assert!(hop.taken().is_empty(), "the store knows");
    look("v2.14.0", &["--now"]).ended(0);
    assert!((1..=4).contains(&hop.taken().len()));
}
