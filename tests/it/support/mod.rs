//! What journeys share: a company in virtual time that a test's hand moves, and a Driver on it with sealed folders.

pub(crate) mod hop;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use flightdeck::app::msg::Msg;
use flightdeck::app::world::{Scope, World};
use flightdeck::config::{self, Folders, Loaded};
use flightdeck::demo::{self, Demo, RealClock, Scenario};
use flightdeck::domain::ids::Target;
use flightdeck::domain::rollback::{Confirmation, RollbackPlan};
use flightdeck::runtime::Driver;
use flightdeck::runtime::clock::{Clock, Hand};
use flightdeck::runtime::session::{self, Options};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

/// When every story starts: a Saturday afternoon, so that nothing depends on the machine's date.
pub(crate) const START: &str = "2026-11-21T13:00:00Z";

/// A company, its folders and its clock.
#[derive(Debug)]
pub(crate) struct Company {
    pub(crate) demo: Demo,
    pub(crate) hand: Hand,
    pub(crate) clock: Clock,
    /// How far ahead of the machine's clock the true time is, in seconds.
    ahead_s: Arc<AtomicI64>,
    /// Holds the folders while the test runs.
    dir: TempDir,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) loaded: Loaded,
}

impl Company {
    /// A company in which this happens.
    pub(crate) fn start(scenario: Scenario) -> Self {
        Self::told(scenario, 1, "", str::to_owned)
    }

    /// The same as another seed tells it.
    pub(crate) fn seeded(scenario: Scenario, seed: u64) -> Self {
        Self::told(scenario, seed, "", str::to_owned)
    }

    /// A company with `more` in its configuration, whose GitHub is reached at another address than its own.
    pub(crate) fn reached(scenario: Scenario, more: &str, at: impl FnOnce(&str) -> String) -> Self {
        Self::told(scenario, 1, more, at)
    }

    fn told(scenario: Scenario, seed: u64, more: &str, at: impl FnOnce(&str) -> String) -> Self {
        let way = at;
        let at: Timestamp = START.parse().unwrap();
        let (clock, hand) = Clock::manual(at);
        let ahead_s = Arc::new(AtomicI64::new(0));
        let real = {
            let (hand, ahead) = (hand.clone(), Arc::clone(&ahead_s));
            RealClock::new(move || {
                let ahead = SignedDuration::from_secs(ahead.load(Ordering::SeqCst));
                hand.now() + ahead
            })
        };
        let mut options = demo::Options::new(
            demo::Clock {
                at,
                real_at: at,
                speed: 1.0,
            },
            real,
        );
        options.scenario = scenario;
        options.seed = seed;
        // Real time: nobody waits for a server that says nothing.
        options.silence = Duration::from_millis(20);
        let demo = demo::start(options).unwrap();
        let dir = TempDir::new().unwrap();
        let token = dir.path().join("token");
        write_private(&token, &demo.token);
        let file = dir.path().join("config.toml");
        let text = demo.config_toml(&token);
        let text = text.replace(&demo.github_url, &way(&demo.github_url));
        std::fs::write(&file, format!("{text}\n{more}")).unwrap();
        let env = sealed(dir.path());
        let loaded = load(&file, &env);
        Self {
            demo,
            hand,
            clock,
            ahead_s,
            dir,
            env,
            loaded,
        }
    }

    /// A Driver on it, as the cockpit would have it.
    pub(crate) fn driver(&self) -> Driver {
        self.driver_with(Scope::Focus, None)
    }

    /// A Driver with these.
    pub(crate) fn driver_with(&self, scope: Scope, read_only: Option<String>) -> Driver {
        let options = Options {
            scope,
            focus: None,
            read_only,
            follow_intents: false,
        };
        let world = session::world(&self.loaded, options, &self.clock, &self.env).unwrap();
        session::open(&self.loaded, world, self.clock.clone(), &self.env).unwrap()
    }

    /// Orders a fault of the simulator.
    pub(crate) async fn order(&self, fault: Value) {
        self.control("/_demo/fault", &fault).await;
    }

    /// Tells the simulator something at one of its control addresses.
    pub(crate) async fn control(&self, path: &str, what: &Value) {
        flightdeck::providers::http::init_tls();
        let url = format!("{}{path}", self.demo.github_url);
        let answer = reqwest::Client::new().post(url).json(what).send().await;
        assert!(answer.unwrap().status().is_success(), "{what}");
    }

    /// A folder for a store besides the Driver's.
    pub(crate) fn state_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("past")
    }

    /// What the simulator answers to a `GET`.
    pub(crate) async fn get(&self, path: &str) -> Value {
        flightdeck::providers::http::init_tls();
        let url = format!("{}{path}", self.demo.github_url);
        let ask = reqwest::Client::new()
            .get(url)
            .bearer_auth(&self.demo.token);
        let answer = ask.header("user-agent", "test").send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// How many dispatches reached the server, counted by it; faulty ones included.
    pub(crate) async fn dispatches(&self) -> u64 {
        counted_dispatches(&self.get("/_demo/requests").await)
    }

    /// Somebody sets the machine's clock; the rest of the world knows better.
    pub(crate) fn leap(&self, seconds: i64) {
        self.ahead_s.fetch_sub(seconds, Ordering::SeqCst);
        self.hand
            .set(self.hand.now() + SignedDuration::from_secs(seconds));
    }

    /// Puts another token where the configuration looks for it.
    pub(crate) fn replace_token(&self, token: &str) {
        write_private(&self.dir.path().join("token"), token);
    }

    /// Lets time pass until the World is as wished: answers are awaited, then the clock jumps to what is due next.
    ///
    /// # Panics
    /// When `limit_s` virtual seconds have passed.
    pub(crate) async fn until(
        &self,
        driver: &mut Driver,
        limit_s: i64,
        what: &str,
        done: impl Fn(&World) -> bool,
    ) {
        let start = self.hand.now();
        driver.send(Msg::Tick);
        while !done(driver.world()) {
            let passed = self.hand.now().duration_since(start).as_secs();
            assert!(
                passed <= limit_s,
                "{what}: not within {limit_s} s; {:#?}",
                driver.world().flows
            );
            if driver.world().schedule.is_idle() && !driver.is_writing() {
                self.hand.advance(SignedDuration::from_secs(1));
                driver.send(Msg::Tick);
            } else {
                // An answer that never comes would otherwise hang the test for good.
                tokio::time::timeout(Duration::from_secs(30), driver.next())
                    .await
                    .unwrap();
            }
        }
    }
}

/// A person confirms the plan that is ready for a target.
pub(crate) fn confirm_ready(driver: &mut Driver, target: &Target) {
    let plan = driver.world().envs[target].plan.clone();
    confirm(driver, plan.unwrap().unwrap());
}

/// A person confirms this plan.
pub(crate) fn confirm(driver: &mut Driver, plan: RollbackPlan) {
    let approved = plan
        .approve(&Confirmation::Flag, "errors", Driver::ids())
        .unwrap();
    driver.send(Msg::Confirmed(Box::new(approved)));
}

/// Where the story takes place.
pub(crate) fn target() -> Target {
    Target {
        service: "checkout".parse().unwrap(),
        env: "production".parse().unwrap(),
    }
}

/// The dispatches in what `/_demo/requests` answers.
pub(crate) fn counted_dispatches(seen: &Value) -> u64 {
    let requests = seen["requests"].as_object().unwrap();
    let dispatch = |key: &&String| key.starts_with("POST") && key.ends_with("/dispatches");
    let counts = requests.iter().filter(|(key, _)| dispatch(key));
    counts.map(|(_, n)| n.as_u64().unwrap()).sum()
}

/// Folders of its own for a program: nothing of the person who runs the tests.
pub(crate) fn sealed(dir: &Path) -> BTreeMap<String, String> {
    let path = |name: &str| dir.join(name).display().to_string();
    [
        ("HOME", path("home")),
        ("XDG_CONFIG_HOME", path("config")),
        ("XDG_STATE_HOME", path("state")),
        ("XDG_CACHE_HOME", path("cache")),
        ("USER", "tester".to_owned()),
    ]
    .into_iter()
    .map(|(k, v)| (k.to_owned(), v))
    .collect()
}

/// Loads a file as `--config` does.
pub(crate) fn load(file: &Path, env: &BTreeMap<String, String>) -> Loaded {
    let mut sources = config::Sources::new(file.parent().unwrap(), Folders::new(env).unwrap());
    sources.env.clone_from(env);
    sources.config_flag = Some(file.to_owned());
    config::load(&sources).unwrap_or_else(|e| panic!("{}", e.render(false)))
}

pub(crate) fn write_private(file: &Path, text: &str) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .unwrap();
    out.write_all(text.as_bytes()).unwrap();
}
