//! Two processes race for one intent, two hundred times: one wins each time, and the other learns what it lost to.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout};

use flightdeck::store::{IntentOutcome, Ledger, StoreError};

use super::intents::{facts, intent, never};
use super::ledger_of;
use super::processes::{DIR, started};

const ROUNDS: usize = 200;

#[test]
#[ignore = "the child of `of_two_processes_one_wins_each_of_two_hundred_times`"]
fn child_that_races_for_intents() {
    let dir = std::env::var(DIR).expect("started by its parent");
    let mut ledger = Ledger::open(Path::new(&dir)).unwrap();
    println!("ready");
    for line in std::io::stdin().lines().map(Result::unwrap) {
        let (round, id) = line.split_once(' ').unwrap();
        let facts = facts(id.parse().unwrap(), "b", "a");
        let draft = intent(&format!("s-{round}"), &facts, 0);
        let outcome = loop {
            match ledger.open_intent(&draft, never) {
                Err(StoreError::Locked { .. }) => {}
                other => break other.unwrap(),
            }
        };
        match outcome {
            IntentOutcome::Won(_) => println!("won {}", facts.operation),
            IntentOutcome::Joined(open) => println!("lost {}", open.facts.operation),
            IntentOutcome::AlreadyDone(_) => println!("done"),
        }
    }
}

struct Racer {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Racer {
    fn start(dir: &Path) -> Self {
        let mut child = started("store::races::child_that_races_for_intents", dir);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|l| l.unwrap().ends_with("ready")));
        Self { child, lines }
    }

    fn go(&mut self, round: usize, id: usize) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{round} {id}").unwrap();
    }

    fn outcome(&mut self) -> (String, String) {
        let line = self.lines.next().unwrap().unwrap();
        let (word, operation) = line.split_once(' ').unwrap();
        (word.to_owned(), operation.to_owned())
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

#[test]
fn of_two_processes_one_wins_each_of_two_hundred_times() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 0));
    let mut racers = [Racer::start(dir.path()), Racer::start(dir.path())];
    let mut wins = [0, 0];
    for round in 0..ROUNDS {
        // Who is told first changes, so that neither is always ahead.
        for turn in 0..2 {
            let which = (round + turn) % 2;
            racers[which].go(round, round * 2 + which);
        }
        let [one, two] = racers.each_mut().map(Racer::outcome);
        assert_eq!(
            one.1, two.1,
            "round {round}: the loser follows the winner's"
        );
        match (one.0.as_str(), two.0.as_str()) {
            ("won", "lost") => wins[0] += 1,
            ("lost", "won") => wins[1] += 1,
            other => panic!("round {round}: {other:?}"),
        }
    }
    drop(racers);
    assert!(wins.iter().all(|n| *n > 0), "it was no race: {wins:?}");
    let found = Ledger::open(dir.path()).unwrap().verify().unwrap();
    assert!(found.ok, "{found:?}");
    assert_eq!(found.rows, ROUNDS as u64);
}
