//! A reading that is killed at any moment, as the machine would kill it, is as good in the end as one that nobody disturbed.

use std::time::Duration;

use serde_json::Value;

use super::delivery::{list, own};
use super::{Home, Ran, Served};
use crate::support::hop::Hop;

/// What is kept of a year.
fn told(home: &Home, config: &str) -> Value {
    let args = [
        "changes",
        "--json",
        "--offline",
        "--all",
        "--since",
        "365d",
        "--config",
        config,
    ];
    home.run(&args).ended(0).json("changes")
}

#[test]
fn a_reading_that_is_killed_after_any_answer_goes_on_there() {
    let home = Home::new();
    // Nothing happens meanwhile.
    let demo = Served::start(&home, &["--deploy-in", "1000h", "--speed", "0.001"]);
    let config = own(&home, &demo);
    home.run(&["changes", "--config", &config]).ended(0);
    let wanted = told(&home, &config);

    let other = Home::new();
    let real = demo.hello["github_url"].as_str().unwrap();
    let hop = Hop::start(real, None);
    let text = std::fs::read_to_string(own(&other, &demo)).unwrap();
    let config = other.write("hop.toml", &text.replace(real, &hop.url));
    let config = config.to_str().unwrap();
    let mut killed = 0;
    loop {
        // With each try it is left alone for one answer more.
        let mut child = other
            .command(&["changes", "--config", config])
            .spawn()
            .unwrap();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if hop.count() > killed {
                child.kill().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_micros(200));
        };
        let ran = Ran::of(child);
        hop.taken();
        if ended.is_some() {
            ran.ended(0);
            break;
        }
        killed += 1;
        assert!(killed < 100, "it never comes to its end");
    }
    assert!(killed >= 3, "killed {killed} times");
    let kept = told(&other, config);
    assert!(!list(&kept, "changes").is_empty());
    for part in ["changes", "summary", "stages", "left_out"] {
        assert_eq!(kept[part], wanted[part], "{part}, killed {killed} times");
    }
}
