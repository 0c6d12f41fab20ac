//! Exactly once, proven: {before, during, after the request} × {kill -9, reset, timeout, 5xx, 403, 404, 422, slow}, with the
//! server counting; who is killed is the built program. In every cell at most one dispatch is sent, the ledger says what the server knows,
//! and the next start goes on or asks a person; it sends nothing.

use std::process::Child;
use std::time::{Duration, Instant};

use flightdeck::app::flow::FlowOutcome;
use flightdeck::app::msg::Msg;
use flightdeck::demo::Scenario;
use flightdeck::runtime::Driver;
use flightdeck::runtime::query::ledger;
use serde_json::{Value, json};

use super::cli::{Home, Ran, Served, schema};
use super::support::{Company, confirm_ready, counted_dispatches, target};

/// Virtual seconds per second for the built program.
const SPEED: &[&str] = &["--speed", "15"];
/// Longer than any client waits, in milliseconds.
const NEVER: u64 = 120_000;
/// Cells at a time.
const SIDE_BY_SIDE: usize = 13;
const PATIENCE: Duration = Duration::from_mins(1);

/// What a cell must come to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// A run was started and is followed to the target: by the first process, or by the next start.
    Followed,
    /// Nothing was started, and the ledger says so.
    Failed,
    /// Nothing was started, which nobody can know: it stays open until a person closes it.
    Unknown,
}

struct Cell {
    name: &'static str,
    fault: Value,
    /// Killed once the server has this.
    kill: Option<Kill>,
    end: End,
    /// Dispatches and runs by the server's count.
    counts: (u64, u64),
}

#[derive(Debug, Clone, Copy)]
enum Kill {
    /// The cancel, which is sent before the dispatch.
    Cancel,
    /// The dispatch.
    Dispatch,
    /// The run that the dispatch started.
    Run,
}

fn cells() -> Vec<Cell> {
    use End::{Failed, Followed, Unknown};
    let cell = |name, fault, end, counts| Cell {
        name,
        fault,
        kill: None,
        end,
        counts,
    };
    let killed = |name, fault, kill, end, counts| Cell {
        name,
        fault,
        kill: Some(kill),
        end,
        counts,
    };
    let status =
        |status: u16, when: &str| json!({ "mode": "status", "status": status, "when": when });
    let delay = |ms: u64, when: &str| json!({ "mode": "delay", "delay_ms": ms, "when": when });
    let mode = |mode: &str, when: &str| json!({ "mode": mode, "when": when });
    vec![
        killed(
            "before × kill, nothing was sent yet",
            delay(NEVER, "before"),
            Kill::Cancel,
            Failed,
            (0, 0),
        ),
        killed(
            "before × kill, the request is on its way",
            delay(NEVER, "before"),
            Kill::Dispatch,
            Unknown,
            (1, 0),
        ),
        cell("before × reset", mode("reset", "before"), Unknown, (1, 0)),
        cell("before × timeout", delay(NEVER, "before"), Unknown, (1, 0)),
        cell("before × 5xx", status(502, "before"), Unknown, (1, 0)),
        cell("before × 403", status(403, "before"), Failed, (1, 0)),
        cell("before × 404", status(404, "before"), Failed, (1, 0)),
        cell("before × 422", status(422, "before"), Failed, (1, 0)),
        cell("before × slow", delay(1_500, "before"), Followed, (1, 1)),
        killed(
            "during × kill",
            delay(NEVER, "during"),
            Kill::Run,
            Followed,
            (1, 1),
        ),
        cell("during × reset", mode("reset", "during"), Followed, (1, 1)),
        cell(
            "during × reset in the head",
            mode("cut", "after"),
            Followed,
            (1, 1),
        ),
        cell("during × timeout", delay(NEVER, "during"), Followed, (1, 1)),
        cell("during × 5xx", status(500, "during"), Followed, (1, 1)),
        cell("during × 403", status(403, "during"), Followed, (1, 1)),
        cell("during × 404", status(404, "during"), Followed, (1, 1)),
        cell("during × 422", status(422, "during"), Followed, (1, 1)),
        cell("during × slow", delay(1_500, "during"), Followed, (1, 1)),
        killed(
            "after × kill",
            delay(NEVER, "after"),
            Kill::Run,
            Followed,
            (1, 1),
        ),
        cell("after × reset", mode("reset", "after"), Followed, (1, 1)),
        cell("after × timeout", delay(NEVER, "after"), Followed, (1, 1)),
        cell("after × 5xx", status(503, "after"), Followed, (1, 1)),
        cell("after × 403", status(403, "after"), Followed, (1, 1)),
        cell("after × 404", status(404, "after"), Followed, (1, 1)),
        cell("after × 422", status(422, "after"), Followed, (1, 1)),
        cell("after × slow", delay(1_500, "after"), Followed, (1, 1)),
    ]
}

/// A company in a process of its own, and a home for the program.
struct Stage {
    home: Home,
    demo: Served,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Stage {
    fn new() -> Self {
        flightdeck::providers::http::init_tls();
        let home = Home::new();
        let demo = Served::start(&home, SPEED);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            home,
            demo,
            runtime,
            client,
        }
    }

    fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.demo.hello["github_url"].as_str().unwrap());
        let ask = self
            .client
            .get(url)
            .bearer_auth(self.demo.token())
            .header("user-agent", "test");
        self.runtime
            .block_on(async { ask.send().await.unwrap().json().await.unwrap() })
    }

    fn order(&self, fault: &Value, place: &str) {
        let mut order = json!({ "path_prefix": format!("*{place}"), "method": "POST", "times": 5 });
        order
            .as_object_mut()
            .unwrap()
            .extend(fault.as_object().unwrap().clone());
        let url = format!(
            "{}/_demo/fault",
            self.demo.hello["github_url"].as_str().unwrap()
        );
        let answer = self
            .runtime
            .block_on(self.client.post(url).json(&order).send())
            .unwrap();
        assert!(answer.status().is_success(), "{order}");
    }

    /// The runs of the rollback's workflow, as the server knows them.
    fn runs(&self) -> Vec<u64> {
        let seen = self.get(
            "/repos/acme/checkout/actions/workflows/rollback.yml/runs?event=workflow_dispatch",
        );
        seen["workflow_runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["id"].as_u64().unwrap())
            .collect()
    }

    fn dispatches(&self) -> u64 {
        counted_dispatches(&self.get("/_demo/requests"))
    }

    fn cancels(&self) -> u64 {
        let seen = self.get("/_demo/requests");
        seen["requests"]["POST /repos/{owner}/{repo}/actions/runs/{id}/cancel"]
            .as_u64()
            .unwrap_or(0)
    }

    fn live(&self) -> Value {
        let truth = self.get("/_demo/truth");
        let here = |t: &&Value| t["service"] == "checkout" && t["environment"] == "production";
        truth.as_array().unwrap().iter().find(here).unwrap()["live"].clone()
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.home
            .run(&[args, &["--config", self.demo.config()]].concat())
    }

    fn rows(&self) -> Vec<Value> {
        let ran = self.run(&["ledger", "list", "--json"]).ended(0);
        ran.out
            .lines()
            .map(|l| schema::checked("ledger-row", l))
            .collect()
    }

    /// Kills the program once the server has what the cell waits for.
    fn kill(&self, mut child: Child, at: Kill, runs_before: usize) {
        let until = Instant::now() + PATIENCE;
        loop {
            let there = match at {
                Kill::Cancel => self.cancels() > 0,
                Kill::Dispatch => self.dispatches() > 0,
                Kill::Run => self.runs().len() > runs_before,
            };
            if there {
                break;
            }
            assert!(
                child.try_wait().unwrap().is_none(),
                "it ended by itself: {:?}",
                Ran::of(child)
            );
            assert!(Instant::now() < until, "the server never had it");
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Kills the built program, and starts it again.
fn killed(cell: &Cell, at: Kill) {
    let stage = Stage::new();
    let before = stage.runs();
    let place = if matches!(at, Kill::Cancel) {
        "/cancel"
    } else {
        "/dispatches"
    };
    stage.order(&cell.fault, place);
    let args = [
        "rollback",
        "--yes",
        "--reason",
        "errors",
        "--json",
        "--config",
        stage.demo.config(),
    ];
    stage.kill(stage.home.command(&args).spawn().unwrap(), at, before.len());
    let next = stage.run(&["rollback", "resume", "--json"]);
    let outcome = next.json("rollback")["outcome"]
        .as_str()
        .unwrap()
        .to_owned();
    let wanted: &[(&str, i32)] = match cell.end {
        End::Followed => &[("recovered", 0), ("dispatched", 4)],
        End::Failed => &[("failed", 3)],
        End::Unknown => &[("unknown", 4)],
    };
    assert!(wanted.contains(&(outcome.as_str(), next.code)), "{next:?}");
    let started: Vec<u64> = stage
        .runs()
        .into_iter()
        .filter(|r| !before.contains(r))
        .collect();
    assert_eq!(
        (stage.dispatches(), started.len() as u64),
        cell.counts,
        "dispatches and runs"
    );
    let rows = stage.rows();
    truth(cell, &rows, &started);
    if cell.end == End::Followed {
        assert_eq!(stage.live(), "2.14.0");
    }
    if cell.end == End::Unknown {
        stage
            .run(&["rollback", "resolve", "--reason", "looked at by hand"])
            .ended(0);
    }
    stage.run(&["ledger", "verify"]).ended(0);
    assert_eq!(stage.dispatches(), cell.counts.0);
}

/// The ledger says what the server knows. `followed` to its run at least.
fn truth(cell: &Cell, rows: &[Value], started: &[u64]) {
    let kinds: Vec<&str> = rows.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    let count = |kind: &str| kinds.iter().filter(|k| **k == kind).count();
    assert_eq!(count("rollback.intent"), 1, "{kinds:?}");
    assert_eq!(count("dispatch.intent") as u64, cell.counts.0, "{kinds:?}");
    let dispatched =
        |r: &&Value| r["kind"] == "dispatch.outcome" || r["kind"] == "rollback.running";
    let named: Vec<u64> = rows
        .iter()
        .filter(dispatched)
        .filter_map(|r| r["body"]["run"].as_u64())
        .collect();
    assert!(
        named.iter().all(|run| started.contains(run)),
        "the ledger names {named:?}, the server {started:?}"
    );
    assert_eq!(
        named.is_empty(),
        started.is_empty(),
        "the ledger names {named:?}, the server {started:?}"
    );
    assert_eq!(
        count("rollback.failed"),
        usize::from(cell.end == End::Failed),
        "{kinds:?}"
    );
    assert_eq!(
        count("rollback.unknown") > 0,
        cell.end == End::Unknown,
        "{kinds:?}"
    );
}

/// Faults that the program lives to see: in virtual time, which stands still while an answer is awaited.
async fn faulty(cell: &Cell) {
    let company = Company::start(Scenario::BadDeploy);
    let runs = async || {
        let seen = company
            .get("/repos/acme/checkout/actions/workflows/rollback.yml/runs?event=workflow_dispatch")
            .await;
        let runs = seen["workflow_runs"].as_array().unwrap().clone();
        runs.iter()
            .map(|r| r["id"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    let before = runs().await;
    let mut order = json!({ "path_prefix": "*/dispatches", "method": "POST", "times": 5 });
    order
        .as_object_mut()
        .unwrap()
        .extend(cell.fault.as_object().unwrap().clone());
    company.order(order).await;
    let mut driver = company.driver();
    confirm(&company, &mut driver).await;
    // A run is followed until it is seen to be under way: from there on nothing is sent.
    company
        .until(&mut driver, 300, "a run or the end", |w| {
            w.flows[&target()].is_over() || w.flows[&target()].view.is_some()
        })
        .await;
    company
        .until(&mut driver, 1, "the last row", |_| true)
        .await;
    while driver.is_writing() {
        driver.next().await;
    }
    let flow = driver.world().flows[&target()].clone();
    let outcome = match cell.end {
        End::Followed => None,
        End::Failed => Some(FlowOutcome::Failed),
        End::Unknown => Some(FlowOutcome::Unknown),
    };
    assert_eq!(flow.outcome, outcome, "{:#?}", flow.steps);
    drop(driver);
    let started: Vec<u64> = runs()
        .await
        .into_iter()
        .filter(|r| !before.contains(r))
        .collect();
    assert_eq!(
        (company.dispatches().await, started.len() as u64),
        cell.counts,
        "dispatches and runs"
    );
    assert_eq!(
        flow.run.map(|r| r.0),
        started.first().copied(),
        "{:#?}",
        flow.steps
    );
    let now = company.clock.now();
    let listing = ledger::rows(&company.loaded, &company.env, None, now).unwrap();
    let rows: Vec<Value> = listing
        .rows
        .iter()
        .map(|r| serde_json::to_value(r).unwrap())
        .collect();
    truth(cell, &rows, &started);
    // The next start: what is open is joined, or closed by a person; nothing is sent.
    if cell.end != End::Failed {
        let mut next = company.driver();
        confirm(&company, &mut next).await;
        assert!(
            next.world().flows[&target()].joined,
            "{:#?}",
            next.world().flows
        );
        next.send(Msg::Resolve(target(), "looked at by hand".to_owned()));
        while next.is_writing() {
            next.next().await;
        }
    }
    assert_eq!(company.dispatches().await, cell.counts.0);
    assert!(
        ledger::verify(&company.loaded, &company.env, now)
            .unwrap()
            .ok
    );
}

/// Confirms the ready plan, and waits until the intent is recorded or joined.
async fn confirm(company: &Company, driver: &mut Driver) {
    company
        .until(driver, 60, "a plan", |w| {
            matches!(w.envs[&target()].plan, Some(Ok(_)))
        })
        .await;
    confirm_ready(driver, &target());
    company
        .until(driver, 5, "the intent", |w| {
            w.flows[&target()]
                .steps
                .iter()
                .all(|s| s.step.as_str() != "recording the intent")
        })
        .await;
}

fn play(cell: &Cell) {
    if let Some(at) = cell.kill {
        return killed(cell, at);
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(faulty(cell));
}

#[test]
fn every_fault_at_every_moment_ends_with_one_dispatch_at_most_and_a_true_ledger() {
    let only = std::env::var("CELL").unwrap_or_default();
    let cells: Vec<Cell> = cells()
        .into_iter()
        .filter(|c| c.name.contains(&only))
        .collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failed = std::sync::Mutex::new(Vec::new());
    // The long ones first.
    let mut order: Vec<&Cell> = cells.iter().collect();
    order.sort_by_key(|c| !(c.kill.is_some() || c.name.ends_with("timeout")));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(cell) =
                    order.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
                {
                    let began = Instant::now();
                    if std::panic::catch_unwind(|| play(cell)).is_err() {
                        failed.lock().unwrap().push(cell.name);
                    }
                    println!("{:5.1} s  {}", began.elapsed().as_secs_f64(), cell.name);
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} of {} cells failed: {failed:#?}",
        failed.len(),
        order.len()
    );
}
