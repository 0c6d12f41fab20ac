//! `gates` and `sign` from outside, against the simulated company: chosen candidate, evidence, roles, a row of the ledger that counts.

use serde_json::{Value, json};

use super::{Home, Ran, Served};

const GATES: &str = r#"
[gates]
ci = { stage = "test", checks = { hide = ["*coverage*", "security*", "codecov*"] } }
way-back = { stage = "prepare", rollback_plan = {} }
uat = { stage = "prepare", manual = { slots = ["qa"] } }
review = { stage = "test", required = false, approvals = { min = 1 } }
asked = { stage = "test", http = { get = "URL/_demo/requests", path = "$.requests.*", reduce = "count", at_least = 1 }, valid_for = "1h" }
wrong = { stage = "test", required = false, http = { get = "URL/_demo/requests", path = "$.requests", at_least = 1 } }
"#;

fn state<'a>(answer: &'a Value, id: &str) -> &'a Value {
    let gates = answer["gates"].as_array().unwrap();
    gates.iter().find(|g| g["id"] == id).unwrap()
}

#[test]
fn a_checklist_is_signed_and_goes() {
    let home = Home::new();
    let demo = Served::start(&home, &["--scenario", "healthy"]);
    let text = std::fs::read_to_string(demo.config()).unwrap();
    let url = demo.hello["github_url"].as_str().unwrap();
    let config = home.write(
        "gates.toml",
        &format!("{text}{}", GATES.replace("URL", url)),
    );
    let config = config.display().to_string();
    let run = |args: &[&str]| -> Ran {
        let common = [
            "--config",
            &config,
            "--service",
            "search",
            "--env",
            "production",
            "--json",
        ];
        home.run(&[&common[..], args].concat())
    };
    let first = run(&["gates"]);
    let answer = first.json("gates");
    assert_eq!(state(&answer, "uat")["state"], "pending", "{answer:#}");
    assert_eq!(state(&answer, "uat")["owner"], "qa");
    assert_eq!(state(&answer, "way-back")["state"], "pass", "{answer:#}");
    assert!(answer["candidate"]["chosen"].is_string());
    let asked = state(&answer, "asked");
    assert_eq!(asked["state"], "pass", "{asked}");
    assert!(asked["evidence"]["valid_until"].is_string(), "{asked}");
    let wrong = state(&answer, "wrong");
    assert_eq!(wrong["state"], "unknown", "{wrong}");
    let words = wrong["summary"].as_str().unwrap();
    assert!(
        words.contains("gate wrong: `$.requests` gives an object, a number is needed"),
        "{words}"
    );
    let review = state(&answer, "review");
    assert_ne!(review["state"], "unknown", "{review}");
    assert_eq!(answer["outcome"], "pending", "{answer:#}");
    assert_eq!(first.code, 4);

    run(&["sign", "uat", "--slot", "dev"]).ended(2);
    run(&["sign", "way-back"]).ended(2);
    let moved = run(&["sign", "uat", "--candidate", "v0.0.1"])
        .ended(5)
        .error();
    assert_eq!(moved["kind"], "refused");
    assert!(
        moved["message"]
            .as_str()
            .unwrap()
            .contains("the candidate has moved")
    );
    run(&["--read-only", "sign", "uat"]).ended(5);

    let row = run(&["sign", "uat", "--reason", "tested on staging"])
        .ended(0)
        .json("ledger-row");
    assert_eq!(
        (&row["kind"], &row["body"]["slot"]),
        (&json!("gate.signoff"), &json!("qa"))
    );
    assert_eq!(row["published"], json!([]));
    let answer = run(&["gates"]).ended(0).json("gates");
    assert_eq!(answer["outcome"], "go", "{answer:#}");
    let uat = state(&answer, "uat");
    assert!(
        uat["summary"]
            .as_str()
            .unwrap()
            .contains("tested on staging"),
        "{uat}"
    );

    // A no holds it up again, and another candidate was never signed.
    run(&["sign", "uat", "--no"]).ended(0);
    run(&["gates"]).ended(3);
    let live = run(&["status"]).json("status")["services"][0]["live"]["version"].clone();
    let other = run(&["gates", "--candidate", live.as_str().unwrap()]).json("gates");
    assert_eq!(other["candidate"]["version"], live);
    assert_eq!(state(&other, "uat")["state"], "pending", "{other:#}");
    run(&["gates", "--candidate", "v99.0.0"]).ended(2);
    run(&["ledger", "verify"]).ended(0);
}

#[test]
fn without_gates_in_the_configuration_the_checks_are_the_gates() {
    let home = Home::new();
    let demo = Served::start(&home, &["--scenario", "healthy"]);
    let args = [
        "gates",
        "--json",
        "--config",
        demo.config(),
        "--service",
        "search",
    ];
    let answer = home.run(&args).json("gates");
    assert_eq!(state(&answer, "ci")["kind"], "checks", "{answer:#}");
}
