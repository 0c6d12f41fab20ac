//! The commands against the demo's company, over real HTTP: status, verdict, and what goes wrong on the way.

use std::time::{Duration, Instant};

use super::{Home, Served};

#[test]
fn the_status_and_the_verdict_of_a_bad_deploy() {
    let home = Home::new();
    let mut demo = Served::start(&home, &["--speed", "20"]);
    let config = demo.config().to_owned();
    let start = Instant::now();
    let verdict = loop {
        let ran = home.run(&["verdict", "--json", "--config", &config]);
        if ran.code == 3 || start.elapsed() > Duration::from_secs(30) {
            break ran.ended(3).json("verdict");
        }
    };
    assert_eq!(verdict["state"], "degraded");
    assert_eq!(verdict["advise_rollback"], true);

    let json = home
        .run(&["status", "--json", "--config", &config])
        .ended(0)
        .json("status");
    let services = json["services"].as_array().unwrap();
    assert!(
        services.len() >= 12,
        "six services in two or three environments: {json}"
    );
    for service in services {
        assert_eq!(service["source_errors"], serde_json::json!([]), "{service}");
        assert!(
            service["live"]["sha"].is_string() && service["gates"]["pass"].is_u64(),
            "{service}"
        );
    }
    let ran = home.run(&[
        "status",
        "--json",
        "--config",
        &config,
        "--service",
        "checkout",
        "--env",
        "production",
    ]);
    let json = ran.ended(0).json("status");
    let only = json["services"].as_array().unwrap();
    assert_eq!(only.len(), 1);
    assert_eq!(only[0]["live"]["version"], "v2.14.0");
    assert_eq!(only[0]["deploying"]["version"], "v2.15.0");
    assert_eq!(only[0]["verdict"]["state"], "degraded");

    let text = home.run(&["status", "--config", &config]).ended(0).out;
    assert_eq!(text.lines().count(), services.len());
    let line = text
        .lines()
        .find(|l| l.starts_with("checkout  production"))
        .unwrap();
    assert!(
        line.contains("live v2.14.0") && line.contains("degraded"),
        "{line}"
    );

    assert_eq!(demo.stop(), Some(0));
    let left: Vec<_> = home.all_bytes().into_iter().map(|(path, _)| path).collect();
    assert!(
        left.is_empty(),
        "a demo that ended leaves nothing: {left:?}"
    );
}

#[test]
fn a_wrong_token_is_told_by_its_source_and_never_shown() {
    let home = Home::new();
    let demo = Served::start(&home, &[]);
    let wrong = "ghp_wrong9876543210";
    let token = home.write("wrong-token", wrong);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&token, mode).unwrap();
    let text = std::fs::read_to_string(demo.config()).unwrap();
    let line = text.lines().find(|l| l.starts_with("token = ")).unwrap();
    let other = format!(
        "token = {{ from = \"file\", path = \"{}\" }}",
        token.display()
    );
    let profile = text.lines().find(|l| l.starts_with("profile = ")).unwrap();
    let text = text
        .replace(line, &other)
        .replace(profile, "profile = \"wrong\"");
    let config = home.write("wrong.toml", &text).display().to_string();

    let ran = home
        .run(&["status", "--json", "--config", &config])
        .ended(5);
    let error = ran.error();
    assert_eq!(
        (&error["kind"], &error["source"]),
        (&"auth".into(), &"github.main".into())
    );
    let json = ran.json("status");
    assert!(json["services"][0]["live"].is_null());
    assert_eq!(json["services"][0]["source_errors"][0]["kind"], "auth");
    for args in [
        &["status"][..],
        &["verdict"],
        &["rollback", "--dry-run"],
        &["rollback", "--yes", "--reason", "x"],
    ] {
        let mut command = home.command(&[args, &["--config", &config]].concat());
        command.env("FLIGHTDECK_LOG", "trace");
        let ran = super::Ran::of(command.spawn().unwrap()).ended(5);
        assert!(ran.err.contains("github.main"), "{ran:?}");
        assert!(
            !ran.out.contains(wrong) && !ran.err.contains(wrong),
            "{ran:?}"
        );
    }
    let mut logged = 0;
    for (path, bytes) in home.all_bytes() {
        if path.ends_with("wrong-token") {
            continue;
        }
        logged += usize::from(path.to_string_lossy().ends_with(".log") && !bytes.is_empty());
        assert!(
            !bytes.windows(wrong.len()).any(|w| w == wrong.as_bytes()),
            "{path:?}"
        );
    }
    assert!(logged > 0, "the log was written");
}

#[test]
fn a_metrics_server_that_fails_leaves_the_rest_alone() {
    let home = Home::new();
    let demo = Served::start(&home, &[]);
    let text = std::fs::read_to_string(demo.config()).unwrap();
    let url = demo.hello["prometheus_url"].as_str().unwrap();
    let profile = text.lines().find(|l| l.starts_with("profile = ")).unwrap();
    let text = text
        .replace(url, "http://127.0.0.1:9")
        .replace(profile, "profile = \"dark\"");
    let config = home.write("dark.toml", &text).display().to_string();
    let ran = home
        .run(&[
            "status",
            "--json",
            "--config",
            &config,
            "--service",
            "checkout",
        ])
        .ended(0);
    let json = ran.json("status");
    let production = &json["services"].as_array().unwrap()[1];
    assert_eq!(production["live"]["version"], "v2.14.0");
    assert!(production["verdict"].is_null(), "{production}");
    assert_eq!(production["source_errors"][0]["source"], "metrics.prom");
    let ran = home
        .run(&["verdict", "--json", "--config", &config])
        .ended(6);
    assert_eq!(ran.error()["source"], "metrics.prom");
}
