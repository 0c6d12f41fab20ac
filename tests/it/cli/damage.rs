//! A ledger that is damaged, cut, locked or on a full disk: the place is named, what can be read is read, nothing is rewritten,
//! and nothing is dispatched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use flightdeck::domain::ledger::Draft;
use flightdeck::runtime::session;
use flightdeck::store::Ledger;
use serde_json::{Value, json};

use super::{Home, Ran, Served};
use crate::support::{counted_dispatches, load};

const SPEED: &[&str] = &["--speed", "40"];
const ROLL_BACK: &[&str] = &["rollback", "--yes", "--reason", "errors", "--json"];

/// A served company, a home, and where the ledger of its configuration lies.
struct Place {
    home: Home,
    demo: Served,
    state: PathBuf,
}

impl Place {
    fn new() -> Self {
        let home = Home::new();
        let demo = Served::start(&home, SPEED);
        let env = home.env();
        let loaded = load(Path::new(demo.config()), &env);
        let state = session::paths(&loaded.config, &env).unwrap().state_dir;
        Self { home, demo, state }
    }

    /// A ledger of as many notes, so long each.
    fn notes(&self, count: usize, long: usize) -> Ledger {
        let mut ledger = Ledger::open(&self.state).unwrap();
        for n in 1..=count {
            ledger
                .append(&note(
                    &json!({ "note": format!("number-{n}"), "pad": "x".repeat(long) }),
                ))
                .unwrap();
        }
        ledger
    }

    fn file(&self) -> PathBuf {
        self.state.join("flightdeck.db")
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.home
            .run(&[args, &["--config", self.demo.config()]].concat())
    }

    fn dispatches(&self) -> u64 {
        let url = format!(
            "{}/_demo/requests",
            self.demo.hello["github_url"].as_str().unwrap()
        );
        flightdeck::providers::http::init_tls();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let seen: Value =
            runtime.block_on(async { reqwest::get(url).await.unwrap().json().await.unwrap() });
        counted_dispatches(&seen)
    }
}

fn note(body: &Value) -> Draft {
    Draft {
        at: "2026-11-21T12:00:00Z".parse().unwrap(),
        kind: "note.made".to_owned(),
        who: "maria".to_owned(),
        who_verified: true,
        service: "checkout".parse().unwrap(),
        environment: "production".parse().unwrap(),
        body: body.clone(),
    }
}

/// The bytes of all files of a ledger that last.
fn bytes(place: &Place) -> Vec<(String, Vec<u8>)> {
    ["flightdeck.db", "ledger.head"]
        .map(|name| (name.to_owned(), fs::read(place.state.join(name)).unwrap()))
        .to_vec()
}

#[test]
fn a_flipped_byte_is_named_and_the_rest_is_read() {
    let place = Place::new();
    drop(place.notes(6, 20));
    let mut damaged = fs::read(place.file()).unwrap();
    let at = damaged.windows(8).position(|w| w == b"number-4").unwrap();
    damaged[at] ^= 1;
    fs::write(place.file(), &damaged).unwrap();
    let before = bytes(&place);
    let found = place
        .run(&["ledger", "verify", "--json"])
        .ended(3)
        .json("ledger-verify");
    assert_eq!(
        (&found["ok"], &found["broken_at"]),
        (&json!(false), &json!(4)),
        "{found}"
    );
    let ran = place.run(&["ledger", "verify"]).ended(3);
    assert!(ran.out.contains("row 4"), "{ran:?}");
    let listed = place.run(&["ledger", "list", "--json"]).ended(0);
    assert_eq!(listed.out.lines().count(), 6, "{listed:?}");
    assert!(listed.out.contains("ote\":\"number-5"));
    assert_eq!(bytes(&place), before, "nothing is rewritten by reading");
}

#[test]
fn a_cut_tail_is_named_and_the_rest_is_read() {
    let place = Place::new();
    drop(place.notes(40, 1_000));
    let whole = fs::read(place.file()).unwrap();
    fs::write(place.file(), &whole[..whole.len() - 3 * 4_096]).unwrap();
    let before = bytes(&place);
    let ran = place.run(&["ledger", "verify", "--json"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(
        format!("{}{}", ran.out, ran.err).contains("flightdeck.db")
            || ran.json("ledger-verify")["broken_at"].is_u64(),
        "{ran:?}"
    );
    let listed = place.run(&["ledger", "list", "--json"]);
    assert!(listed.out.contains("number-1\""), "{listed:?}");
    assert_eq!(bytes(&place), before, "nothing is rewritten by reading");
    // What can't be read could be an open rollback: nothing is sent.
    let ran = place.run(ROLL_BACK);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(
        format!("{}{}", ran.out, ran.err).contains("flightdeck.db"),
        "{ran:?}"
    );
    assert_eq!(place.dispatches(), 0);
    // All that was there is there still.
    let after = fs::read(place.file()).unwrap();
    assert_eq!(after.len(), whole.len() - 3 * 4_096);
}

#[test]
fn a_lock_is_named_reading_goes_on_and_nothing_is_dispatched() {
    let place = Place::new();
    drop(place.notes(2, 20));
    let other = rusqlite::Connection::open(place.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let listed = place.run(&["ledger", "list", "--json"]).ended(0);
    assert_eq!(listed.out.lines().count(), 2, "{listed:?}");
    place.run(&["ledger", "verify"]).ended(0);
    let ran = place.run(ROLL_BACK).ended(3);
    let report = ran.json("rollback");
    assert_eq!(report["outcome"], "failed");
    let why = report["trouble"]["message"].as_str().unwrap_or_default();
    assert!(
        why.contains("flightdeck.db is locked")
            && why.contains(&format!("process {}", std::process::id())),
        "{ran:?}"
    );
    assert_eq!(place.dispatches(), 0);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        place
            .run(&["ledger", "list", "--json"])
            .ended(0)
            .out
            .lines()
            .count(),
        2
    );
}

/// The disk is full for the log of the database alone, which is longer already than this process may write: every other
/// file has room.
#[test]
fn a_full_disk_while_the_intent_is_written_sends_nothing() {
    let place = Place::new();
    // An open connection keeps the log as long as it is.
    let ledger = place.notes(150, 3_000);
    let log = fs::metadata(place.state.join("flightdeck.db-wal"))
        .unwrap()
        .len();
    assert!(log > 400_000, "{log}");
    let plain = place
        .home
        .command(&[ROLL_BACK, &["--config", place.demo.config()]].concat());
    // Blocks of 512 or 1,024 bytes, by shell; the signal that would kill the process is ignored, so that writing fails.
    let script = "trap '' XFSZ; ulimit -f 300; exec \"$@\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, "sh"])
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    let output = command
        .current_dir(place.home.path("work"))
        .output()
        .unwrap();
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    let ran = ran.ended(3);
    let report = ran.json("rollback");
    assert_eq!(report["outcome"], "failed", "{ran:?}");
    assert!(
        report["trouble"]["message"]
            .as_str()
            .unwrap()
            .contains("flightdeck.db"),
        "{ran:?}"
    );
    assert_eq!(place.dispatches(), 0);
    assert!(ledger.verify().unwrap().ok);
    assert_eq!(ledger.verify().unwrap().rows, 150, "no half row");
    drop(ledger);
    // With room again it is done.
    let ran = place.run(ROLL_BACK);
    assert!([0, 4].contains(&ran.code), "{ran:?}");
    assert_eq!(place.dispatches(), 1);
}
