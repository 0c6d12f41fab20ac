//! Ten thousand pull requests within a budget; a hundred quiet services in a few calls; and whatever kills a sync, in the end all is
//! there once.

use std::path::Path;
use std::time::Duration;

use flightdeck::domain::change::synced::Source;
use flightdeck::domain::fetched::FaultKind;
use flightdeck::runtime::Clock;
use flightdeck::runtime::sync::Report;
use jiff::Timestamp;
use tempfile::TempDir;

use super::host::{Host, Past};
use super::{key, rows, run};
use crate::github::source;
use crate::stub::NOW_S;

pub(super) fn clock() -> Clock {
    Clock::manual(Timestamp::from_second(NOW_S).unwrap()).0
}

pub(super) async fn shop(host: &Host, dir: &Path) -> Report {
    run(
        source(&host.stub.url),
        &host.stub.url,
        &["shop"],
        dir,
        &clock(),
    )
    .await
}

#[track_caller]
pub(super) fn well(report: &Report) {
    for outcome in &report.outcomes {
        assert!(
            outcome.rows.is_ok() && outcome.faults.is_empty(),
            "{outcome:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_pull_requests_fit_into_the_budget() {
    let host = Host::start(Past::of(10_000, 10_000, 1_000, 300)).await;
    let dir = TempDir::new().unwrap();
    let report = shop(&host, dir.path()).await;
    well(&report);
    assert!(
        report.requests <= 250 && usize::try_from(report.requests) == Ok(host.stub.count()),
        "{}",
        report.requests
    );
    let found = rows(dir.path(), &key(&host.stub.url, "shop"));
    assert_eq!(
        (
            found.commits.len(),
            found.pulls.len(),
            found.deployments.len(),
            found.releases.len(),
            found.incidents.len()
        ),
        (10_000, 10_000, 1_000, 300, 12)
    );
    // What changes in an hour is one page.
    host.past().pulls.push((10_001, 365 * 86_400 - 5));
    let report = shop(&host, dir.path()).await;
    well(&report);
    assert_eq!(report.requests, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_quiet_services_are_refreshed_by_a_few_calls() {
    let host = Host::start(Past::of(3, 3, 3, 3)).await;
    let dir = TempDir::new().unwrap();
    let names: Vec<String> = (0..100).map(|n| format!("shop-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (at, clock) = (host.stub.url.clone(), clock());
    well(&run(source(&at), &at, &names, dir.path(), &clock).await);
    let report = run(source(&at), &at, &names, dir.path(), &clock).await;
    well(&report);
    assert!(report.requests <= 10, "{}", report.requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_dropped_anywhere_goes_on_there() {
    let host = Host::start(Past::of(730, 510, 230, 40)).await;
    let whole = TempDir::new().unwrap();
    well(&shop(&host, whole.path()).await);
    let at = key(&host.stub.url, "shop");
    let wanted = rows(whole.path(), &at);
    for seed in 1_u64..4 {
        let dir = TempDir::new().unwrap();
        let (mut n, mut cut) = (seed, 0);
        loop {
            // Another moment each time, from before the first answer to the last page.
            n = n
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let moment = Duration::from_micros(500 + (n >> 33) % 60_000 + cut * 2_000);
            if tokio::time::timeout(moment, shop(&host, dir.path()))
                .await
                .is_ok()
            {
                break;
            }
            cut += 1;
        }
        well(&shop(&host, dir.path()).await);
        assert_eq!(rows(dir.path(), &at), wanted, "dropped {cut} times");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_the_same_time_do_not_disturb_each_other() {
    let host = Host::start(Past::of(730, 510, 230, 40)).await;
    let (one, both) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    well(&shop(&host, one.path()).await);
    let (left, right) = tokio::join!(shop(&host, both.path()), shop(&host, both.path()));
    well(&left);
    well(&right);
    let at = key(&host.stub.url, "shop");
    assert_eq!(rows(both.path(), &at), rows(one.path(), &at));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_take_too_long_are_asked_for_in_halves() {
    let mut past = Past::of(300, 300, 10, 10);
    past.slow_above = 25;
    let host = Host::start(past).await;
    let dir = TempDir::new().unwrap();
    let report = shop(&host, dir.path()).await;
    well(&report);
    assert_eq!(
        rows(dir.path(), &key(&host.stub.url, "shop")).pulls.len(),
        300
    );
    assert!((13..=20).contains(&report.requests), "{}", report.requests);
    host.past().slow_above = 5;
    host.past().pulls.push((301, 365 * 86_400 - 5));
    let report = shop(&host, dir.path()).await;
    let fault = report.outcomes[0].rows.as_ref().unwrap_err();
    assert_eq!(
        fault.kind,
        FaultKind::Unreachable,
        "not even the smallest page comes"
    );
}

#[tokio::test]
async fn issues_that_may_not_be_seen_hold_up_nothing_else() {
    let mut past = Past::of(30, 30, 3, 3);
    past.no_issues = true;
    let host = Host::start(past).await;
    let dir = TempDir::new().unwrap();
    let report = shop(&host, dir.path()).await;
    let outcome = &report.outcomes[0];
    assert!(outcome.rows.is_ok());
    let faults: Vec<_> = outcome.faults.iter().map(|(s, f)| (*s, f.kind)).collect();
    assert_eq!(faults, [(Source::Incidents, FaultKind::Forbidden)]);
    let at = key(&host.stub.url, "shop");
    assert_eq!(rows(dir.path(), &at).pulls.len(), 30);
    host.past().no_issues = false;
    well(&shop(&host, dir.path()).await);
    assert_eq!(rows(dir.path(), &at).incidents.len(), 12);
}

#[tokio::test]
async fn what_is_gone_at_the_host_is_gone_here() {
    let host = Host::start(Past::of(300, 30, 150, 20)).await;
    let dir = TempDir::new().unwrap();
    well(&shop(&host, dir.path()).await);
    {
        let mut past = host.past();
        past.incidents.remove(3);
        past.releases.remove(2);
        past.deployments.remove(7);
        // A force push: the last commits are others.
        past.commits.truncate(290);
        past.commits.extend([901, 902]);
    }
    let report = shop(&host, dir.path()).await;
    well(&report);
    assert!(report.requests <= 7, "{}", report.requests);
    let at = key(&host.stub.url, "shop");
    let new = TempDir::new().unwrap();
    well(&shop(&host, new.path()).await);
    assert_eq!(rows(dir.path(), &at), rows(new.path(), &at));
    assert_eq!(rows(dir.path(), &at).commits.len(), 292);
}
