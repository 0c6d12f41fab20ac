//! Many connections, and a process killed in the middle.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use flightdeck::store::{Ledger, StoreError};
use serde_json::json;

use super::{append_patiently, draft, ledger_of};

/// Tells the child test which folder to write to.
pub(super) const DIR: &str = "STORE_TEST_APPEND_TO";

#[test]
fn many_connections_make_one_gapless_chain() {
    let dir = tempfile::tempdir().unwrap();
    // The first opening is part of the race.
    thread::scope(|s| {
        for t in 0..8 {
            let dir = dir.path();
            s.spawn(move || {
                let mut ledger = Ledger::open(dir).unwrap();
                for i in 0..50 {
                    append_patiently(&mut ledger, &draft(json!({"thread": t, "i": i})));
                }
            });
        }
    });
    let ledger = Ledger::open(dir.path()).unwrap();
    let found = ledger.verify().unwrap();
    assert!(found.ok, "{found:?}");
    assert_eq!(found.rows, 400);
    let rows = ledger.rows(0, 1_000).unwrap();
    for t in 0..8 {
        let order: Vec<_> = rows
            .iter()
            .filter(|r| r.body["thread"] == t)
            .map(|r| r.body["i"].as_u64().unwrap())
            .collect();
        assert_eq!(order, (0..50).collect::<Vec<_>>(), "each in its own order");
    }
}

#[test]
fn rows_of_others_show_in_the_data_version() {
    let dir = tempfile::tempdir().unwrap();
    let mut one = ledger_of(dir.path(), 1);
    let two = Ledger::open(dir.path()).unwrap();
    let before = two.data_version().unwrap();
    assert_eq!(two.data_version().unwrap(), before);
    one.append(&draft(json!({}))).unwrap();
    assert_ne!(two.data_version().unwrap(), before);
    assert_eq!(two.recent(1).unwrap()[0].seq, 2);
}

#[test]
fn a_lock_held_for_too_long_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 1);
    let other = rusqlite::Connection::open(dir.path().join("flightdeck.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let e = ledger.append(&draft(json!({}))).unwrap_err();
    assert!(matches!(e, StoreError::Locked { .. }), "{e:?}");
    assert!(e.to_string().contains("flightdeck.db is locked"), "{e}");
    assert_eq!(ledger.rows(0, 10).unwrap().len(), 1, "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ledger.append(&draft(json!({}))).unwrap().seq, 2);
}

#[test]
#[ignore = "the child of `who_holds_the_lock_is_named`"]
fn child_that_holds_the_lock_until_its_input_ends() {
    let dir = std::env::var(DIR).expect("started by its parent");
    let conn = rusqlite::Connection::open(Path::new(&dir).join("flightdeck.db")).unwrap();
    conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    println!("held");
    std::io::stdin().lines().for_each(drop);
}

#[test]
#[cfg(target_os = "linux")]
fn who_holds_the_lock_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 1);
    let mut child = child("child_that_holds_the_lock_until_its_input_ends", dir.path());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|l| l.unwrap().ends_with("held")));
    let e = ledger.append(&draft(json!({}))).unwrap_err();
    let StoreError::Locked { by: Some(by), .. } = &e else {
        panic!("{e:?}");
    };
    assert!(by.contains(&format!("process {}", child.id())), "{by}");
    drop(child.stdin.take());
    child.wait().unwrap();
    assert_eq!(ledger.append(&draft(json!({}))).unwrap().seq, 2);
}

/// Starts one of the ignored tests of this file as a process of its own.
fn child(test: &str, dir: &Path) -> Child {
    started(&format!("store::processes::{test}"), dir)
}

/// Starts an ignored test as a process of its own.
pub(super) fn started(test: &str, dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .args(["--ignored", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the child of `a_kill_in_the_middle_loses_nothing_that_was_confirmed`"]
fn child_that_appends_until_it_is_killed() {
    let dir = std::env::var(DIR).expect("started by its parent");
    let mut ledger = Ledger::open(Path::new(&dir)).unwrap();
    loop {
        let row = ledger
            .append(&draft(json!({"pad": "x".repeat(500)})))
            .unwrap();
        println!("row {}", row.seq);
    }
}

#[test]
fn a_kill_in_the_middle_loses_nothing_that_was_confirmed() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    for round in 1..=6_u64 {
        let mut child = child("child_that_appends_until_it_is_killed", dir.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = last + 3 * round;
        let seq = |line: &str| {
            line.strip_prefix("row ")
                .and_then(|n| n.parse::<u64>().ok())
        };
        while last < wanted {
            let line = lines.next().expect("the child goes on").unwrap();
            last = seq(&line).unwrap_or(last);
        }
        // It is in the middle of one of the next rows.
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            last = seq(&line).unwrap_or(last);
        }
        let found = Ledger::open(dir.path()).unwrap().verify().unwrap();
        assert!(found.ok, "round {round}: {found:?}");
        assert!(
            (last..=last + 1).contains(&found.rows),
            "round {round}: {last} confirmed, {found:?}"
        );
        last = found.rows;
    }
    // The head caught up with what the crash left behind.
    drop(ledger_of(dir.path(), 1));
    let head = std::fs::read_to_string(dir.path().join("ledger.head")).unwrap();
    assert!(head.contains(&format!("\"seq\":{}", last + 1)), "{head}");
}
