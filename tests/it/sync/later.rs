//! What a host changes after a first sync: what is old is touched, what waited goes on, what is deployed lies on branches.

use flightdeck::domain::change::synced::Batch;
use flightdeck::domain::ids::CommitSha;
use tempfile::TempDir;

use super::host::{Host, Past, YEAR};
use super::scale::{shop, well};
use super::{key, rows};

const DAY: i64 = 86_400;

fn kept(host: &Host, dir: &TempDir) -> Batch {
    rows(dir.path(), &key(&host.stub.url, "shop"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_beyond_the_reach_may_be_touched_at_little_cost() {
    let mut past = Past::of(30, 500, 3, 3);
    past.old = 100;
    past.incidents = (1..=400).map(|n| (n, i64::try_from(n).unwrap())).collect();
    let lists = [&mut past.pulls, &mut past.incidents];
    for (n, touched) in lists.into_iter().flatten() {
        if *n <= 100 {
            *touched = -2 * YEAR;
        }
    }
    let host = Host::start(past).await;
    let dir = TempDir::new().unwrap();
    well(&shop(&host, dir.path()).await);
    let before = kept(&host, &dir);
    assert_eq!((before.pulls.len(), before.incidents.len()), (400, 300));
    for (again, touched) in (YEAR - 60..YEAR).enumerate().take(3) {
        // Somebody comments on a pull request and on an incident of three years ago.
        host.past().pulls[again].1 = touched;
        host.past().incidents[again].1 = touched;
        let report = shop(&host, dir.path()).await;
        well(&report);
        assert_eq!(report.requests, 2, "what is newest, and one page");
        assert_eq!(kept(&host, &dir), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_never_ended_hides_none_that_waits() {
    let mut past = Past::of(30, 3, 0, 3);
    past.deployments = vec![
        (1, YEAR - 60 * DAY, "IN_PROGRESS"),
        (2, YEAR - DAY, "WAITING"),
    ];
    let later = |n: u64| (n, YEAR - DAY + i64::try_from(n).unwrap() * 100, "SUCCESS");
    past.deployments.extend((3..=200).map(later));
    let host = Host::start(past).await;
    let dir = TempDir::new().unwrap();
    well(&shop(&host, dir.path()).await);
    let is_open = |n: u64| {
        let all = kept(&host, &dir).deployments;
        all.iter().find(|d| d.id == n).unwrap().is_open()
    };
    assert!(is_open(1) && is_open(2));
    host.past().deployments[1].2 = "SUCCESS";
    host.past().deployments.push(later(201));
    let report = shop(&host, dir.path()).await;
    well(&report);
    assert!(is_open(1) && !is_open(2), "it was approved meanwhile");
    assert!(report.requests <= 4, "{}", report.requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_now_is_known_first_however_much_was_deployed_from_branches() {
    let mut past = Past::of(30, 3, 450, 3);
    past.branched = (1..=450).map(|n| (n, 1_000_000 + n)).collect();
    let host = Host::start(past).await;
    let dir = TempDir::new().unwrap();
    let missing = || {
        let rows = kept(&host, &dir);
        let known = |sha: &CommitSha| rows.commits.iter().any(|c| c.sha == *sha);
        let unknown = rows.deployments.iter().filter(|d| !known(&d.sha));
        unknown.map(|d| d.id).collect::<Vec<_>>()
    };
    well(&shop(&host, dir.path()).await);
    assert!(
        !missing().is_empty() && missing().iter().all(|n| *n < 400),
        "{:?}",
        missing()
    );
    let mut all = 0;
    while !missing().is_empty() {
        let report = shop(&host, dir.path()).await;
        well(&report);
        assert!((2..=21).contains(&report.requests), "{}", report.requests);
        all += 1;
        assert!(all < 10, "{:?}", missing());
    }
    assert_eq!(shop(&host, dir.path()).await.requests, 1, "all is quiet");
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_are_gone_are_asked_for_once() {
    let mut past = Past::of(30, 3, 450, 3);
    past.branched = (1..=450).map(|n| (n, 1_000_000 + n)).collect();
    // By id as by age they would stand before the others.
    past.gone = past
        .branched
        .values()
        .copied()
        .filter(|n| n % 450 > 100)
        .collect();
    let there = past.branched.len() - past.gone.len();
    let host = Host::start(past).await;
    let dir = TempDir::new().unwrap();
    for _ in 0..8 {
        well(&shop(&host, dir.path()).await);
    }
    assert_eq!(kept(&host, &dir).commits.len(), 30 + there);
    assert_eq!(shop(&host, dir.path()).await.requests, 1, "all is quiet");
    host.past().deployments.push((451, YEAR - 60, "SUCCESS"));
    let report = shop(&host, dir.path()).await;
    well(&report);
    assert!(report.requests <= 3, "{}", report.requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_could_not_tell_of_a_commit_is_asked_for_again() {
    let mut past = Past::of(30, 3, 5, 3);
    past.branched = (1..=5).map(|n| (n, 1_000_000 + n)).collect();
    past.branches_fail = true;
    let host = Host::start(past).await;
    let dir = TempDir::new().unwrap();
    well(&shop(&host, dir.path()).await);
    assert_eq!(kept(&host, &dir).commits.len(), 30);
    host.past().branches_fail = false;
    host.past().deployments.push((6, YEAR - 60, "SUCCESS"));
    well(&shop(&host, dir.path()).await);
    assert_eq!(kept(&host, &dir).commits.len(), 35);
}
