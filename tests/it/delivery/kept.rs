//! What follows from a kept past: two services of one repository, asked together and one by one.

use std::path::Path;

use flightdeck::config::{self, Config, Folders, Sources};
use flightdeck::domain::change::dora::Counting;
use flightdeck::domain::change::lead_time::Moments;
use flightdeck::domain::change::listing::{Ask, Whose};
use flightdeck::domain::change::origin::Kept;
use flightdeck::domain::change::synced::{
    Batch, CommitRow, DeploymentRow, Progress, PullRow, ReleaseRow, Source,
};
use flightdeck::domain::change::tiers::Year;
use flightdeck::domain::ids::{CommitSha, ServiceId, Target};
use flightdeck::domain::text::Safe;
use flightdeck::domain::units::Now;
use flightdeck::report::dora::{DoraReport, ServiceDora};
use flightdeck::runtime::assemble;
use flightdeck::runtime::delivery::{Shelf, Wanted};
use flightdeck::store::{History, RepoKey};

const TOML: &str = r#"
[services.eu]
repo = "acme/shop"
environments = ["staging", "europe"]
[services.eu.env.staging]
[services.eu.env.europe]
[services.us]
repo = "acme/shop"
environments = ["staging", "america"]
[services.us.env.staging]
[services.us.env.america]
"#;

fn at(hours: i64) -> jiff::Timestamp {
    let start: jiff::Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
    start + jiff::SignedDuration::from_hours(hours)
}

fn sha(n: u64) -> CommitSha {
    format!("{n:040x}").parse().unwrap()
}

fn commit(n: u64, parent: u64) -> CommitRow {
    CommitRow {
        sha: sha(n),
        parents: vec![sha(parent)],
        authored: at(0),
        committed: at(1),
        author: None,
        subject: Safe::new("tax"),
        reverts: Vec::new(),
        pull: None,
    }
}

fn deployment(id: u64, environment: &str, n: u64) -> DeploymentRow {
    DeploymentRow {
        id,
        environment: Safe::new(environment),
        sha: sha(n),
        name: None,
        created: at(2),
        succeeded: Some(at(3)),
        failed: false,
        url: None,
    }
}

/// The configuration, and its services.
fn configured(dir: &Path) -> (Config, Vec<Kept>) {
    let file = dir.join("config.toml");
    std::fs::write(&file, TOML).unwrap();
    let env = [("HOME".to_owned(), dir.display().to_string())];
    let folders = Folders::new(&env.into_iter().collect()).unwrap();
    let config = config::load(&Sources {
        config_flag: Some(file),
        ..Sources::new(dir, folders)
    });
    let config = config.unwrap().config;
    let services = assemble::catalog(&config).services;
    let services = services.iter().map(Kept::from).collect();
    (config, services)
}

/// What is asked of a service.
fn ask(service: &ServiceId) -> Ask {
    Ask {
        whose: Whose::Service(service.clone()),
        days: 30,
        words: String::new(),
        bots: false,
    }
}

/// What the rows tell, every source read to its end, with this head.
fn keep(dir: &Path, head: u64, rows: &Batch) {
    let key = RepoKey {
        host: "https://api.github.com".to_owned(),
        slug: "acme/shop".parse().unwrap(),
    };
    let progress = Progress {
        done: Some(Safe::new(&format!("{} 0 {}", at(4), sha(head)))),
        at: Some(at(4)),
        ..Progress::default()
    };
    let mut history = History::open(dir).unwrap();
    history
        .keep(&key, Source::Commits, rows, &progress)
        .unwrap();
    for source in Source::ALL.into_iter().filter(|s| *s != Source::Commits) {
        let read = Progress {
            done: None,
            ..progress.clone()
        };
        let none = Batch::default();
        history.keep(&key, source, &none, &read).unwrap();
    }
}

#[test]
fn work_in_progress_is_no_change_whichever_services_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (config, all) = configured(dir.path());
    // 1 - 2 is the main branch; 30 is on staging; 40, of a release branch, is live in Europe.
    let rows = Batch {
        commits: vec![commit(2, 1), commit(30, 2), commit(40, 2)],
        deployments: vec![
            deployment(1, "staging", 30),
            deployment(2, "europe", 40),
            deployment(3, "america", 2),
        ],
        ..Batch::default()
    };
    keep(dir.path(), 2, &rows);

    let us: ServiceId = "us".parse().unwrap();
    let now = Now(at(5));
    let mut prints = Vec::new();
    for services in [all.clone(), vec![all[1].clone()]] {
        let shelf = Shelf::new(&config, services, dir.path().to_owned());
        let ask = ask(&us);
        let found = shelf.listing(&ask, (ask.from(now), 100), now).unwrap();
        let mut ids: Vec<Safe> = found.rows.into_iter().map(|r| r.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, [2, 40].map(|n| Safe::new(sha(n).as_str())));
        prints.push(History::open(dir.path()).unwrap().print(&us).unwrap());
    }
    assert_eq!(prints[0], prints[1], "nothing is derived twice");
}

#[test]
fn a_stream_that_starts_afresh_says_so_where_its_figures_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (config, services) = configured(dir.path());
    // The first deployment is of a commit that nobody knows.
    let later = |id, n, hours| DeploymentRow {
        created: at(hours),
        succeeded: Some(at(hours)),
        ..deployment(id, "europe", n)
    };
    let rows = Batch {
        commits: vec![commit(2, 1), commit(3, 2), commit(4, 3)],
        deployments: vec![later(1, 9, 3), later(2, 3, 4), later(3, 4, 5)],
        ..Batch::default()
    };
    keep(dir.path(), 4, &rows);
    let shelf = Shelf::new(&config, services, dir.path().to_owned());
    let now = Now(at(6));
    let eu: ServiceId = "eu".parse().unwrap();
    let ask = ask(&eu);
    let found = shelf.listing(&ask, (ask.from(now), 100), now).unwrap();
    assert_eq!((found.lead.n, found.left_out.afresh), (1, 2));

    let target = Target {
        service: eu,
        env: "europe".parse().unwrap(),
    };
    let how = (30, Year::Y2024, Counting::default());
    let sheet = shelf.sheet(&target, how, now).unwrap();
    let report = DoraReport::new(
        30,
        Year::Y2024,
        vec![ServiceDora::of(&target, &sheet)],
        Vec::new(),
    );
    assert_eq!(report.services[0].lead_time.spread.n, 1);
    let plain = report.plain(now);
    let note = "note: deployment 2 shares no known history with those before it";
    assert!(plain.contains(note), "{plain}");
}

#[test]
fn a_commit_that_was_squashed_is_where_its_branch_and_its_merge_are() {
    let dir = tempfile::tempdir().unwrap();
    let (config, services) = configured(dir.path());
    // Staging runs 31, the end of a branch whose commit 30 was squashed to 3, which is released and live in Europe.
    let pull = PullRow {
        number: 12,
        title: Safe::new("tax"),
        author: None,
        url: None,
        branch: Safe::new("tax"),
        labels: Vec::new(),
        moments: Moments::default(),
        merged: at(2),
        merge: Some(sha(3)),
        commits: vec![sha(30)],
        reverts: Vec::new(),
        closes: Vec::new(),
        flags: 0,
        updated: at(2),
    };
    let release = ReleaseRow {
        tag: Safe::new("v2"),
        sha: sha(3),
        published: at(3),
        prerelease: false,
        url: None,
    };
    let rows = Batch {
        commits: vec![commit(2, 1), commit(3, 2), commit(30, 2), commit(31, 30)],
        pulls: vec![pull],
        releases: vec![release],
        deployments: vec![
            deployment(1, "staging", 31),
            deployment(2, "europe", 3),
            deployment(3, "america", 2),
        ],
        ..Batch::default()
    };
    keep(dir.path(), 3, &rows);
    let shelf = Shelf::new(&config, services.clone(), dir.path().to_owned());
    let services: Vec<&Kept> = services.iter().collect();
    for (name, staging) in [(sha(30).to_string(), true), ("#12".to_owned(), false)] {
        let wanted = Wanted {
            name: &name,
            env: None,
            home: None,
        };
        let mut located = shelf.locate(&wanted, &services, Now(at(6))).unwrap();
        let found = located.remove(0).report;
        assert!(located.is_empty(), "one repository");
        let held: Vec<_> = found.environments.iter().map(|r| r.contained).collect();
        let want = [staging, true, staging, false].map(Some);
        assert_eq!(held, want, "{name}");
        assert_eq!(found.first_release.unwrap().tag, Safe::new("v2"), "{name}");
    }
}
