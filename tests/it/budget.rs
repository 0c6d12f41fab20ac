//! What the program may cost, counted and not timed: bytes on the terminal, threads. The real binary flies in a pseudo-terminal
//! on a simulated company whose clock nearly stands still, so that nothing visible changes unless somebody presses a key.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use flightdeck::demo::{self, Demo, RealClock};
use flightdeck::runtime::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use portable_pty::CommandBuilder;
use tempfile::TempDir;

use super::flight::Flight;
use super::support::{START, sealed, write_private};

/// The size that the budgets are meant for.
const SIZE: (u16, u16) = (120, 40);
/// The most bytes until the first picture is whole.
const FIRST_BYTES: usize = 6_000;
/// The most bytes until every source has answered and nothing moves any more.
const SETTLED_BYTES: usize = 8_000;
/// The most bytes for an arrow key, usually.
const KEY_BYTES: usize = 130;
/// The most threads at any time: the loop, one worker, keys, store, two that block.
#[cfg(target_os = "linux")]
const THREADS: usize = 6;
/// The terminal is quiet when nothing came for that long.
const QUIET: Duration = Duration::from_millis(1_500);
/// For a loaded machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A company without a deploy under way, and the folders of somebody who watches it.
struct Company {
    _demo: Demo,
    dir: TempDir,
}

impl Company {
    fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let at: Timestamp = START.parse().unwrap();
        let clock = demo::Clock {
            at,
            real_at: Clock::real().now().0,
            // A minute takes a day: no age on the screen moves on.
            speed: 0.000_7,
        };
        let mut options = demo::Options::new(clock, RealClock::new(|| Clock::real().now().0));
        options.deploy_in = Some(SignedDuration::from_hours(1_000));
        let demo = demo::start(options).unwrap();
        let token = dir.path().join("token");
        write_private(&token, &demo.token);
        std::fs::write(dir.path().join("config.toml"), demo.config_toml(&token)).unwrap();
        Self { _demo: demo, dir }
    }

    /// Starts the cockpit in a process of its own.
    fn start_cockpit(&self) -> Flight {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.env_clear();
        for (name, value) in sealed(self.dir.path()) {
            command.env(name, value);
        }
        command.cwd(self.dir.path());
        command.args(["--config", "config.toml"]);
        Flight::of_command(command, SIZE)
    }

    /// Starts the cockpit and waits until it is settled.
    fn open(&self) -> Cockpit {
        Cockpit::settled(self.start_cockpit())
    }
}

/// A cockpit in flight.
struct Cockpit {
    flight: Flight,
}

impl Cockpit {
    fn settled(flight: Flight) -> Self {
        flight.wait("the charts and gates", |shown| {
            shown.contains("requests/s") && shown.contains("checks green")
        });
        let cockpit = Self { flight };
        cockpit.quiet();
        cockpit
    }

    /// Waits until nothing more is written; says how much was written by then.
    fn quiet(&self) -> usize {
        let until = Instant::now() + PATIENCE;
        let (mut bytes, mut since) = (self.flight.bytes(), Instant::now());
        while since.elapsed() < QUIET {
            assert!(Instant::now() < until, "it never gets quiet");
            std::thread::sleep(Duration::from_millis(20));
            let now = self.flight.bytes();
            if now != bytes {
                (bytes, since) = (now, Instant::now());
            }
        }
        bytes
    }

    fn leave(mut self) {
        self.flight.press(b"q");
        assert!(self.flight.ended());
        self.flight.assert_given_back();
    }
}

#[test]
fn bytes_are_spent_on_what_changes_only() {
    let company = Company::start();
    // The first run knows nothing yet; the second begins with the last known state.
    company.open().leave();
    let cockpit = company.open();
    let output = cockpit.flight.output();
    let end = b"\x1b[?2026l";
    let first = output.windows(end.len()).position(|bytes| bytes == end);
    let first = first.expect("the first frame is synchronized");
    assert!(first <= FIRST_BYTES, "{first} bytes for the first picture");
    let known = String::from_utf8_lossy(&output[..first]).contains("checks green");
    assert!(known, "the first picture is the last known state");
    let settled = output.len();
    assert!(settled <= SETTLED_BYTES, "{settled} bytes until settled");

    // Long enough for the store's look at other processes' rows (2 s) and for the terminal's own question.
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(cockpit.flight.bytes(), settled, "idle");

    // From the deploy past both charts to the gates, which have rows.
    cockpit.flight.press(b"\t\t\t");
    let mut before = cockpit.quiet();
    let mut sizes = Vec::new();
    for key in [b"\x1b[B", b"\x1b[A"].repeat(3) {
        cockpit.flight.press(key);
        let now = cockpit.quiet();
        sizes.push(now - before);
        before = now;
    }
    sizes.sort_unstable();
    let usual = sizes[sizes.len() / 2];
    assert!((1..=KEY_BYTES).contains(&usual), "{sizes:?} bytes a key");
    cockpit.leave();
}

#[cfg(target_os = "linux")]
#[test]
fn few_threads_are_needed_at_any_time() {
    let company = Company::start();
    let flight = company.start_cockpit();
    let tasks = format!("/proc/{}/task", flight.pid());
    let names = move || -> Vec<String> {
        let tasks = std::fs::read_dir(&tasks).into_iter().flatten().flatten();
        // A thread that has just ended has no name any more.
        let names = tasks.filter_map(|t| std::fs::read_to_string(t.path().join("comm")).ok());
        let mut names: Vec<String> = names.map(|n| n.trim().to_owned()).collect();
        names.sort();
        names
    };
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let looking = std::thread::spawn(move || {
        let mut most = Vec::new();
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_millis(1)) {
            most = std::cmp::max_by_key(most, names(), Vec::len);
        }
        (most, names())
    });
    let cockpit = Cockpit::settled(flight);
    drop(stop);
    let (most, settled) = looking.join().unwrap();
    assert!(most.len() <= THREADS, "too many threads: {most:?}");
    for needed in ["input", "store"] {
        assert!(settled.iter().any(|n| n == needed), "{settled:?}");
    }
    assert!(
        !settled.iter().any(|n| n == "writer"),
        "the terminal took every frame at once: {settled:?}"
    );
    cockpit.leave();
}
