//! A source that fails degrades its own slice, says why, and touches nothing else.

use flightdeck::app::flow::FlowOutcome;
use flightdeck::app::world::{EnvSlice, World};
use flightdeck::demo::Scenario;
use flightdeck::domain::fetched::{FaultKind, Fetched};
use flightdeck::domain::ids::Target;
use flightdeck::runtime::{Driver, session};
use serde_json::{Value, json};

use super::canvas::{picture, screen, text};
use super::support::{Company, confirm_ready};

fn target() -> Target {
    Target {
        service: "checkout".parse().unwrap(),
        env: "production".parse().unwrap(),
    }
}

fn slice(world: &World) -> &EnvSlice {
    &world.envs[&target()]
}

async fn control(company: &Company, body: Value) {
    flightdeck::providers::http::init_tls();
    let url = format!("{}/_demo/fault", company.demo.github_url);
    assert!(
        reqwest::Client::new()
            .post(url)
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
}

fn everything_fresh(world: &World) -> bool {
    matches!(
        world.services[&target().service].overview,
        Fetched::Fresh { .. }
    ) && matches!(slice(world).checks, Fetched::Fresh { .. })
        && matches!(slice(world).signals.status, Fetched::Fresh { .. })
}

/// The screen on what a Driver knows.
fn shown(driver: &Driver, size: (u16, u16)) -> String {
    text(&picture(driver.world(), driver.now(), &mut screen(size)))
}

/// The rows of a picture from the one with `from` up to the one with `to`.
fn rows<'a>(picture: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let lines = picture.lines().skip_while(|l| !l.contains(from));
    let found: Vec<&str> = lines.take_while(|l| !l.contains(to)).collect();
    assert!(!found.is_empty(), "no {from} in:\n{picture}");
    found
}

/// Whether rows say that something is old, why, and when it is asked again.
fn says_all(rows: &[&str], cause: &str) -> bool {
    let all = rows.join("\n");
    let try_again = ["retry in", "trying again", "next try in"];
    all.contains("◌ stale") && all.contains(cause) && try_again.iter().any(|t| all.contains(t))
}

fn says_nothing(rows: &[&str]) -> bool {
    !rows
        .iter()
        .any(|row| row.contains("stale") || row.contains('▲'))
}

/// A company that was all fresh, and has had a failing source for more than a minute.
async fn failing(path: &str) -> (Company, Driver) {
    let company = Company::start(Scenario::BadDeploy);
    let mut driver = company.driver();
    company
        .until(&mut driver, 60, "all fresh", everything_fresh)
        .await;
    for path in path.split(' ') {
        let order = json!({ "path_prefix": path, "mode": "status", "status": 502, "times": 5_000 });
        control(&company, order).await;
    }
    let start = company.hand.now();
    let passed = |_: &World| company.hand.now().duration_since(start).as_secs() >= 75;
    company.until(&mut driver, 90, "a minute", passed).await;
    (company, driver)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn github_failing_leaves_the_signals_alone() {
    let (company, mut driver) = failing("/graphql /repos").await;
    let world = driver.world();
    let fault = world.services[&target().service].overview.fault().unwrap();
    assert!(fault.message.as_str().contains("502"), "{fault:?}");
    assert!(fault.retry_at.is_some_and(|at| at > fault.at), "{fault:?}");
    assert!(slice(world).signals.status.fault().is_none());
    for size in [(120, 40), (80, 24)] {
        let picture = shown(&driver, size);
        assert!(picture.contains("▲ main stale 1m"), "{picture}");
        let deploy = rows(&picture, "Deploy  v2.14", "╭ Errors");
        assert!(
            says_all(&deploy, "the server failed: Server Error (502)"),
            "{picture}"
        );
        assert!(
            picture.contains("▼ DEGRADED"),
            "the verdict stays:\n{picture}"
        );
        let charts = rows(&picture, "╭ Errors", "╰");
        assert!(says_nothing(&charts), "{picture}");
        assert!(
            picture.contains("╰") && picture.contains("prom <1m ─╯"),
            "{picture}"
        );
        if size == (120, 40) {
            let below = rows(&picture, "╭ Gates", " R roll back");
            assert!(says_all(&below, "the server failed"), "{picture}");
            assert_eq!(below[0].matches("◌ stale").count(), 2, "{picture}");
        } else {
            for pane in [" gates ", " calendar "] {
                let row = rows(&picture, pane, "\n")[0];
                assert!(row.ends_with("◌ stale 1m"), "{picture}");
            }
        }
    }
    // It comes back by itself, at the time that was said.
    let url = format!("{}/_demo/fault", company.demo.github_url);
    reqwest::Client::new().delete(url).send().await.unwrap();
    let well = |w: &World| {
        let picture = text(&picture(w, company.clock.now(), &mut screen((120, 40))));
        everything_fresh(w) && says_nothing(&picture.lines().collect::<Vec<_>>())
    };
    company
        .until(&mut driver, 310, "all is well again", well)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn prometheus_failing_leaves_github_fresh_on_the_screen() {
    let (_company, driver) = failing("/api/v1").await;
    let world = driver.world();
    let fault = slice(world).signals.status.fault().unwrap();
    assert!(fault.retry_at.is_some_and(|at| at > fault.at), "{fault:?}");
    assert!(world.services[&target().service].overview.fault().is_none());
    for size in [(120, 40), (80, 24)] {
        let picture = shown(&driver, size);
        assert!(picture.contains("▲ prom stale 1m"), "{picture}");
        let charts = rows(&picture, "╭ Errors", "╭ Gates");
        let charts: Vec<_> = charts
            .into_iter()
            .take_while(|l| !l.starts_with(" gates"))
            .collect();
        assert!(says_all(&charts, "the server"), "{picture}");
        assert_eq!(charts[0].matches("◌ stale").count(), 2, "{picture}");
        let deploy = rows(&picture, "Deploy  v2.14", "╭ Errors");
        assert!(says_nothing(&deploy), "{picture}");
        let last = picture
            .lines()
            .rev()
            .take(if size.1 == 40 { 12 } else { 3 });
        assert!(says_nothing(&last.collect::<Vec<_>>()), "{picture}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn prometheus_failing_leaves_github_alone() {
    let company = Company::start(Scenario::BadDeploy);
    for (mode, says) in [
        (json!({ "mode": "html", "status": 200 }), "HTML"),
        (json!({ "mode": "status", "status": 503 }), "503"),
        (json!({ "mode": "huge" }), "16"),
        (json!({ "mode": "cut" }), ""),
    ] {
        let mut fault = json!({ "path_prefix": "/api/v1", "times": 500 });
        fault
            .as_object_mut()
            .unwrap()
            .extend(mode.as_object().unwrap().clone());
        control(&company, fault).await;
        let mut driver = company.driver();
        company
            .until(&mut driver, 60, "the fault", |w| {
                slice(w).signals.status.fault().is_some()
            })
            .await;
        let message = slice(driver.world())
            .signals
            .status
            .fault()
            .unwrap()
            .message
            .clone();
        assert!(message.as_str().contains(says), "{mode}: {message}");
        company
            .until(&mut driver, 60, "the overview", |w| {
                matches!(slice(w).checks, Fetched::Fresh { .. })
            })
            .await;
        assert!(slice(driver.world()).state.as_ref().unwrap().live.is_some());
        let url = format!("{}/_demo/fault", company.demo.github_url);
        reqwest::Client::new().delete(url).send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_wrong_token_is_named_and_shown_nowhere() {
    let company = Company::start(Scenario::BadDeploy);
    company.replace_token("ghp_wrong0000000000000000000000000000000");
    let mut driver = company.driver();
    company
        .until(&mut driver, 60, "the refusal", |w| {
            w.services[&target().service].overview.fault().is_some()
        })
        .await;
    let fault = driver.world().services[&target().service]
        .overview
        .fault()
        .unwrap()
        .clone();
    assert_eq!(fault.kind, FaultKind::Auth);
    assert!(fault.hint.is_some());
    assert!(!format!("{:?}", driver.world()).contains("ghp_wrong"));
    assert!(matches!(slice(driver.world()).plan, Some(Err(_)) | None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_damaged_ledger_stops_a_rollback_before_anything_is_sent() {
    let company = Company::start(Scenario::BadDeploy);
    let paths = session::paths(&company.loaded.config, &company.env).unwrap();
    std::fs::create_dir_all(&paths.state_dir).unwrap();
    std::fs::write(
        paths.state_dir.join("flightdeck.db"),
        "this is no database, and long enough to look at",
    )
    .unwrap();
    let mut driver = company.driver();
    company
        .until(&mut driver, 60, "a plan and the ledger's fault", |w| {
            w.ledger.fault.is_some() && matches!(slice(w).plan, Some(Ok(_)))
        })
        .await;
    confirm_ready(&mut driver, &target());
    company
        .until(&mut driver, 60, "the end", |w| w.flows[&target()].is_over())
        .await;
    assert_eq!(
        driver.world().flows[&target()].outcome,
        Some(FlowOutcome::Failed)
    );
    let url = format!("{}/_demo/requests", company.demo.github_url);
    let seen: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    assert!(!seen.to_string().contains("POST /repos"), "{seen:#}");
    assert_eq!(
        std::fs::read_to_string(paths.state_dir.join("flightdeck.db")).unwrap(),
        "this is no database, and long enough to look at"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_last_screen_is_there_before_any_request() {
    let company = Company::start(Scenario::BadDeploy);
    let mut driver = company.driver();
    company
        .until(&mut driver, 60, "all fresh", everything_fresh)
        .await;
    driver.remember().await;
    drop(driver);
    let again = company.driver();
    let world = again.world();
    assert!(world.services[&target().service].overview.is_cached());
    assert!(slice(world).signals.status.is_cached());
    assert!(!slice(world).signals.series.errors.is_empty());
    assert_eq!(
        slice(world).watch.as_ref().unwrap().subject.to_string(),
        "v2.15.0"
    );
}
