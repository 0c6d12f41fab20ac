//! The histories of two public projects, as numbers: the first release of every commit is what git says, and the stages of every
//! change sum to its lead time.

use flightdeck::domain::change::ancestry::{Graph, Node, first_of};
use flightdeck::domain::change::dora::{self, Counting, Sheet, Window};
use flightdeck::domain::change::lead_time::Stage;
use flightdeck::domain::change::local::{self, History, Oid, Record, Tag};
use flightdeck::domain::change::stream::{self, Attempt};
use flightdeck::domain::change::tiers::Year;
use flightdeck::domain::ids::Target;
use flightdeck::domain::text::Safe;
use flightdeck::domain::units::Now;
use flightdeck::report::dora::{DoraReport, ServiceDora};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const MARKUPSAFE: &str = include_str!("../fixtures/history/markupsafe.txt");
const ITSDANGEROUS: &str = include_str!("../fixtures/history/itsdangerous.txt");

fn oid(place: usize) -> Oid {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&(place as u64).to_be_bytes());
    Oid(bytes)
}

/// The history that a file tells, and git's answer for each commit.
fn read(text: &str) -> (History, Vec<Option<usize>>) {
    let mut history = History::default();
    let mut expected = Vec::new();
    history.authors = vec![("someone".to_owned(), String::new())];
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["tag", name, at, commit] => history.tags.push(Tag {
                name: Safe::new(name),
                node: Node(commit.parse().unwrap()),
                at: Timestamp::from_second(at.parse().unwrap()).unwrap(),
                annotated: true,
            }),
            ["head", commit] => history.head = Some(Node(commit.parse().unwrap())),
            [parents, authored, committed, first] => {
                let parents = parents.split(',').filter(|p| *p != "-");
                history.commits.push(Record {
                    oid: oid(history.commits.len()),
                    parents: parents.map(|p| oid(p.parse().unwrap())).collect(),
                    authored: authored.parse().unwrap(),
                    committed: committed.parse().unwrap(),
                    author: 0,
                    subject: "work".to_owned(),
                    title: None,
                    reverts: Vec::new(),
                    picked: false,
                });
                expected.push(first.parse().ok());
            }
            other => panic!("{other:?}"),
        }
    }
    (history.connected(), expected)
}

#[test]
fn the_first_release_of_every_commit_is_what_git_says() {
    for (text, released) in [(MARKUPSAFE, 700), (ITSDANGEROUS, 600)] {
        let (history, expected) = read(text);
        let first = history.first_tags();
        let name = |tag: Option<usize>| tag.map(|t| history.tags[t].name.as_str());
        let mut some = 0;
        for (place, tag) in expected.into_iter().enumerate() {
            let ours = first_of(&first, Node(u32::try_from(place).unwrap()));
            assert_eq!(name(ours), name(tag), "commit {place}");
            some += usize::from(tag.is_some());
        }
        assert!(some > released, "{some}");
    }
}

#[test]
fn the_stages_of_every_change_sum_to_its_lead_time() {
    let now = Now("2026-11-21T12:00:00Z".parse().unwrap());
    for text in [MARKUPSAFE, ITSDANGEROUS] {
        let (history, _) = read(text);
        let found = local::changes(&history, None, None, now);
        let mut measured = 0;
        for change in &found.changes {
            let m = &change.measured;
            let sum: SignedDuration = Stage::ALL.into_iter().filter_map(|s| m.stage(s)).sum();
            if let Some(lead) = m.lead {
                assert_eq!(sum, lead, "{change:?}");
                measured += 1;
            }
        }
        assert!(
            measured > 200 && found.merges > 100,
            "{measured} {}",
            found.merges
        );
    }
}

fn now() -> Now {
    Now("2026-11-21T12:00:00Z".parse().unwrap())
}

/// Four deployments in a month: b, d, back to b, d again.
fn four_deployments(year: Year) -> DoraReport {
    let pairs = [(1, 0), (2, 1), (3, 2)].map(|(c, p)| (Node(c), Node(p)));
    let graph = Graph::new(4, &pairs);
    let now = now();
    let attempts = [(1, 20), (3, 10), (1, 9), (3, 8)].map(|(node, days)| {
        let at = now.0 - SignedDuration::from_hours(24 * days);
        Attempt {
            id: Safe::new(&format!("d{days}")),
            sha: format!("{node:040x}").parse().unwrap(),
            node: Some(Node(node)),
            version: None,
            created: at,
            succeeded: Some(at),
            failed: false,
            rollback: None,
            marked_failed: false,
            url: None,
        }
    });
    let stream = stream::read(&graph, &attempts, &[]);
    let window = Window::last(30, now, TimeZone::UTC);
    let figures = dora::compute(&stream, &[], &[], &window, (year, Counting::default()));
    let target = Target {
        service: "checkout".parse().unwrap(),
        env: "production".parse().unwrap(),
    };
    let sheet = Sheet {
        dora: figures,
        stream,
        changes: Vec::new(),
        incidents: Vec::new(),
        source: Safe::new("GitHub deployments"),
        as_of: Some(now.0),
    };
    let service = ServiceDora::of(&target, &sheet);
    DoraReport::new(30, year, vec![service], Vec::new())
}

#[test]
fn the_metrics_are_told_to_machines_spreadsheets_and_people() {
    let report = four_deployments(Year::Y2024);
    let json = serde_json::to_string(&report).unwrap();
    let json = crate::cli::schema::checked("dora", &json);
    let service = &json["services"][0];
    assert_eq!(service["deployments"]["n"], 4);
    assert_eq!(service["change_fail_rate"]["failed"], 1);
    assert_eq!(service["change_fail_rate"]["tier"], serde_json::Value::Null);
    assert_eq!(service["failures"][0]["deployment"], "d10");
    assert_eq!(service["failures"][0]["reasons"][0]["rolled_back"], "d9");
    assert_eq!(service["recovery"]["p50_s"], 86_400.0);
    assert_eq!(
        service["lead_time"]["p50_s"],
        serde_json::Value::Null,
        "unknown is not 0"
    );
    let csv = report.csv();
    assert_eq!(csv.lines().count(), 2);
    assert!(csv.contains("checkout,production,30,4,"), "{csv}");
    let text = report.plain(now());
    assert!(
        text.starts_with("checkout ▸ production  (from GitHub deployments)\n"),
        "{text}"
    );
    assert!(
        text.contains("25 %  1 of 4 (95 %: 4.56 % to 70 %)")
            && text.contains("no tier under 10 deployments"),
        "{text}"
    );
    assert!(
        text.contains("p50 1d 0h  of 1 recovery  ") && text.contains("low (2024)"),
        "{text}"
    );
    assert!(
        four_deployments(Year::Y2025)
            .plain(now())
            .contains("no tiers were published for 2025")
    );
}
