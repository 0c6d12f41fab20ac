//! Somebody sets the machine's clock while the cockpit runs: a day ahead, an hour back. Nothing waits, nothing storms, no age is negative.

use flightdeck::app::world::World;
use flightdeck::demo::Scenario;
use flightdeck::domain::fetched::Fetched;
use flightdeck::domain::ids::Target;
use flightdeck::domain::signal::VerdictState;
use jiff::Timestamp;
use serde_json::Value;

use super::canvas::{picture, screen, text};
use super::support::Company;

fn target() -> Target {
    Target {
        service: "checkout".parse().unwrap(),
        env: "production".parse().unwrap(),
    }
}

/// Whether a value was answered since `from`, and not in a time that lies ahead.
fn since<T>(fetched: &Fetched<T>, from: Timestamp, now: Timestamp) -> bool {
    matches!(fetched, Fetched::Fresh { at, .. } if (from..=now).contains(at))
}

/// When the newest measured bin ends, by the metrics source's clock.
fn newest(world: &World) -> Option<i64> {
    let series = &world.envs[&target()].signals.series;
    series
        .errors
        .iter()
        .rev()
        .find_map(|(at, v)| v.map(|_| *at))
}

async fn requests(company: &Company) -> u64 {
    flightdeck::providers::http::init_tls();
    let url = format!("{}/_demo/requests", company.demo.github_url);
    let seen: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    seen["total"].as_u64().unwrap()
}

async fn leap(seconds: i64) {
    let company = Company::start(Scenario::BadDeploy);
    let mut driver = company.driver();
    let measured = |w: &World| newest(w).is_some() && w.envs[&target()].plan.is_some();
    company.until(&mut driver, 60, "measured", measured).await;
    let (before, asked) = (newest(driver.world()).unwrap(), requests(&company).await);
    company.leap(seconds);
    let leapt = company.hand.now();
    let goes_on = |w: &World| {
        let (now, slice) = (company.hand.now(), &w.envs[&target()]);
        let overview = &w.services[&target().service].overview;
        since(overview, leapt, now)
            && since(&slice.signals.status, leapt, now)
            && since(&slice.signals.clock, leapt, now)
            && since(&slice.run, leapt, now)
            && newest(w).is_some_and(|at| at > before)
    };
    company.until(&mut driver, 60, "news", goes_on).await;
    // What was seen before is judged to its end.
    let degraded = |w: &World| {
        let verdict = w.envs[&target()].signals.verdict.as_ref();
        verdict.is_some_and(|v| v.state == VerdictState::Degraded)
    };
    company
        .until(&mut driver, 60, "the verdict", degraded)
        .await;
    let after = company.hand.now().duration_since(leapt).as_secs();
    let after = after.unsigned_abs();
    let asked = requests(&company).await - asked;
    assert!(asked <= 40 + 3 * after, "{asked} requests in {after} s");
    for size in [(80, 24), (120, 40)] {
        let shown = text(&picture(driver.world(), driver.now(), &mut screen(size)));
        assert!(shown.contains("● live"), "{shown}");
        assert!(!shown.contains("stale"), "{shown}");
        let negative = |word: &str| {
            let digits = word.strip_prefix('-').unwrap_or_default();
            digits.starts_with(|c: char| c.is_ascii_digit())
        };
        assert!(!shown.split_whitespace().any(negative), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_hour_back() {
    leap(-3_600).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_day_ahead() {
    leap(86_400).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn three_seconds_back() {
    leap(-3).await;
}
