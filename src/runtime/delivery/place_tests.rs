//! What repositories know of a name, and what they do not.

use super::*;
use crate::config::{Folders, Sources, load};
use crate::domain::change::lead_time::Moments;
use crate::domain::change::synced::{Batch, CommitRow, DeploymentRow, Progress, PullRow};
use jiff::Timestamp;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + hours * 3_600).unwrap()
}

fn sha(repo: u8, n: u8) -> CommitSha {
    format!("{repo:02x}{n:02x}").repeat(10).parse().unwrap()
}

/// Two commits, the second by pull request 12; so many of them are in production.
fn rows(repo: u8, deployed: u8) -> Batch {
    let commit = |n: u8| CommitRow {
        sha: sha(repo, n),
        parents: n.checked_sub(1).map(|p| sha(repo, p)).into_iter().collect(),
        authored: at(i64::from(n)),
        committed: at(i64::from(n)),
        author: None,
        subject: Safe::new("tax"),
        reverts: Vec::new(),
        pull: (n == 1).then_some(12),
    };
    let pull = PullRow {
        number: 12,
        title: Safe::new("tax"),
        author: None,
        url: None,
        branch: Safe::new("tax"),
        labels: Vec::new(),
        moments: Moments::default(),
        merged: at(1),
        merge: Some(sha(repo, 1)),
        commits: Vec::new(),
        reverts: Vec::new(),
        closes: Vec::new(),
        flags: 0,
        updated: at(1),
    };
    let deployments = (0..deployed).map(|n| DeploymentRow {
        id: u64::from(n) + 1,
        environment: Safe::new("production"),
        sha: sha(repo, n),
        name: None,
        created: at(i64::from(n) + 10),
        succeeded: Some(at(i64::from(n) + 10)),
        failed: false,
        url: None,
    });
    Batch {
        commits: vec![commit(0), commit(1)],
        pulls: vec![pull],
        deployments: deployments.collect(),
        ..Batch::default()
    }
}

/// A shelf over repositories `a`, `b`, .. with so many deployments each; read to their end or not.
fn shelf(folder: &std::path::Path, repos: &[u8], whole: bool) -> Shelf {
    let mut history = crate::store::History::open(folder).unwrap();
    let mut services = Vec::new();
    for (n, deployed) in (0_u8..).zip(repos) {
        let name = char::from(b'a' + n);
        services.push(Kept {
            service: name.to_string().parse().unwrap(),
            source: "none".to_owned(),
            repo: format!("acme/{name}").parse().unwrap(),
            environments: ["staging", "production"]
                .map(|e| (e.parse().unwrap(), e.to_owned()))
                .to_vec(),
        });
        let key = RepoKey {
            host: String::new(),
            slug: format!("acme/{name}").parse().unwrap(),
        };
        let mut batch = rows(n, *deployed);
        for source in Source::ALL {
            let progress = Progress {
                at: whole.then(|| at(100)),
                ..Progress::default()
            };
            history
                .keep(&key, source, &std::mem::take(&mut batch), &progress)
                .unwrap();
        }
    }
    let env = [("HOME".to_owned(), folder.display().to_string())];
    let folders = Folders::new(&env.into_iter().collect()).unwrap();
    let config = load(&Sources::new(folder, folders)).unwrap().config;
    Shelf::new(&config, services, folder.to_owned())
}

fn look(shelf: &Shelf, name: &str, home: Option<&str>) -> Vec<Located> {
    let home = home.map(|h| h.parse().unwrap());
    let wanted = Wanted {
        name,
        env: None,
        home: home.as_ref(),
    };
    let services: Vec<&Kept> = shelf.services().iter().collect();
    shelf.locate(&wanted, &services, Now(at(101))).unwrap()
}

#[test]
fn a_number_is_another_change_in_another_repository() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path(), &[1, 2], true);
    let both = look(&shelf, "12", None);
    let shas: Vec<_> = both.iter().map(|l| l.report.sha.clone().unwrap()).collect();
    assert_eq!(shas, [sha(0, 1).as_str(), sha(1, 1).as_str()]);
    let arrived: Vec<bool> = both.iter().map(|l| l.report.arrived()).collect();
    assert_eq!(arrived, [false, true]);
    assert!(both.iter().all(|l| l.report.environments.len() == 2));
    for (home, arrived) in [("a", false), ("b", true)] {
        let found = look(&shelf, "#12", Some(home));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].services[0].as_str(), home);
        assert_eq!(found[0].report.arrived(), arrived);
    }
    assert_eq!(look(&shelf, sha(1, 1).as_str(), Some("a")).len(), 1);
    assert!(look(&shelf, "#13", None).is_empty());
    let of_b = look(&shelf, "https://github.com/acme/b/pull/12", Some("a"));
    assert_eq!((of_b.len(), of_b[0].services[0].as_str()), (1, "b"));
}

#[test]
fn of_a_past_that_was_not_read_to_its_end_only_what_was_found_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path(), &[0, 1, 2], false);
    let found = look(&shelf, "12", None);
    let last: Vec<_> = found
        .iter()
        .map(|l| (l.report.as_of, l.report.environments[1].contained))
        .collect();
    assert_eq!(last, [(None, None), (None, None), (None, Some(true))]);
    assert!(found.iter().all(|l| !l.report.first_release_known));
    assert!(found.iter().all(|l| !l.is_sure()), "of staging");
}

#[test]
fn one_environment_is_told_of_alone() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path(), &[2], true);
    let services: Vec<&Kept> = shelf.services().iter().collect();
    for (env, arrived) in [("staging", false), ("production", true)] {
        let wanted = Wanted {
            name: "#12",
            env: Some(env),
            home: None,
        };
        let found = shelf.locate(&wanted, &services, Now(at(101))).unwrap();
        let report = &found[0].report;
        assert_eq!(report.environments.len(), 1);
        assert_eq!(report.environments[0].environment, env);
        assert_eq!(report.arrived(), arrived);
    }
}

#[test]
fn what_was_not_read_may_have_the_number_too() {
    let folder = tempfile::tempdir().unwrap();
    for (whole, may) in [(false, true), (true, false)] {
        let shelf = shelf(folder.path(), &[1, 1], whole);
        let service = &shelf.services()[0];
        let of = |name: &str| shelf.may_know(name, service, Now(at(101))).unwrap();
        assert_eq!((of("12"), of("v1.2.0")), (may, may));
        assert!(!of("https://github.com/acme/b/pull/12"));
    }
}
