//! What journeys share: a company in virtual time that a test's hand moves, and a Driver on it with sealed folders.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use flightdeck::app::world::{Scope, World};
use flightdeck::config::{self, Folders, Loaded};
use flightdeck::demo::{self, Demo, RealClock, Scenario};
use flightdeck::runtime::Driver;
use flightdeck::runtime::clock::{Clock, Hand};
use flightdeck::runtime::session::{self, Options};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

/// When every story starts: a Saturday afternoon, so that nothing depends on the machine's date.
pub(crate) const START: &str = "2026-11-21T13:00:00Z";

/// A company, its folders and its clock.
#[derive(Debug)]
pub(crate) struct Company {
    pub(crate) demo: Demo,
    pub(crate) hand: Hand,
    pub(crate) clock: Clock,
    /// Holds the folders while the test runs.
    dir: TempDir,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) loaded: Loaded,
}

impl Company {
    /// A company in which this happens.
    pub(crate) fn start(scenario: Scenario) -> Self {
        let at: Timestamp = START.parse().unwrap();
        let (clock, hand) = Clock::manual(at);
        let real = {
            let hand = hand.clone();
            RealClock::new(move || hand.now())
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
        let demo = demo::start(options).unwrap();
        let dir = TempDir::new().unwrap();
        let token = dir.path().join("token");
        write_private(&token, &demo.token);
        let file = dir.path().join("config.toml");
        std::fs::write(&file, demo.config_toml(&token)).unwrap();
        let env = sealed(dir.path());
        let loaded = load(&file, &env);
        Self {
            demo,
            hand,
            clock,
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
        driver.send(flightdeck::app::msg::Msg::Tick);
        while !done(driver.world()) {
            let passed = self.hand.now().duration_since(start).as_secs();
            assert!(
                passed <= limit_s,
                "{what}: not within {limit_s} s; {:#?}",
                driver.world().flows
            );
            if driver.world().schedule.is_idle() && !driver.is_writing() {
                self.hand.advance(SignedDuration::from_secs(1));
                driver.send(flightdeck::app::msg::Msg::Tick);
            } else {
                // An answer that never comes would otherwise hang the test for good.
                tokio::time::timeout(Duration::from_secs(30), driver.next())
                    .await
                    .unwrap();
            }
        }
    }
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
