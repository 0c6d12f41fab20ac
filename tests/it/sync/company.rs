//! Against the simulated company: what it has to tell is found, and nothing is asked twice.

use flightdeck::demo::Scenario;
use flightdeck::domain::change::failures::{self, Reason};
use flightdeck::domain::change::flags::Flag;
use flightdeck::domain::change::lead_time::Boundary;
use flightdeck::domain::change::repository::Repository;
use flightdeck::domain::change::stream::{self, Kind};
use flightdeck::domain::fetched::FaultKind;
use flightdeck::runtime::sync::{self, Heard};
use flightdeck::store::History;
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Mutex;

use super::rows;
use crate::description::Judge;
use crate::support::Company;
use crate::support::hop::Hop;

/// A sync of everything that is configured.
async fn synced(company: &Company) -> (sync::Report, Vec<Heard>) {
    let config = &company.loaded.config;
    let hosts = sync::hosts(config, &company.env, &company.clock).await;
    let heard = Mutex::new(Vec::new());
    let report = sync::sync(
        &sync::repos(config),
        &hosts,
        &sync::terms(config),
        (company.state_dir().as_path(), &company.clock),
        &|h| heard.lock().unwrap().push(h.clone()),
    )
    .await;
    (report, heard.into_inner().unwrap())
}

#[tokio::test]
async fn the_companys_past_is_read_once() {
    let company = Company::start(Scenario::BadDeploy);
    let (report, heard) = synced(&company).await;
    assert_eq!(report.outcomes.len(), 6);
    for outcome in &report.outcomes {
        assert!(
            outcome.rows.is_ok() && outcome.faults.is_empty(),
            "{outcome:?}"
        );
    }
    assert!(report.requests <= 25, "{} requests", report.requests);
    assert!(heard.iter().all(|h| h.rows <= h.expected && h.requests > 0));
    let repos = sync::repos(&company.loaded.config);
    let as_of = || {
        let history = History::open(&company.state_dir()).unwrap();
        let of = |w: &sync::Wanted| history.as_of(&w.repo).unwrap().unwrap();
        repos.iter().map(of).collect::<Vec<_>>()
    };
    let before = as_of();
    company.hand.advance(SignedDuration::from_secs(1));
    let (again, heard) = synced(&company).await;
    assert_eq!((again.requests, heard.len()), (1, 0), "nothing is new");
    assert!(again.outcomes.iter().all(|o| o.rows == Ok(0)));
    let later = before.iter().zip(as_of()).all(|(b, a)| a > *b);
    assert!(later, "what is kept was looked at again");

    // The deployment under way comes to its end: that is all that is new.
    company.hand.advance(SignedDuration::from_mins(40));
    let (later, _) = synced(&company).await;
    assert!((2..=4).contains(&later.requests), "{}", later.requests);
    let repo = &repos[0];
    let rows = rows(&company.state_dir(), &repo.repo);
    assert!(rows.deployments.iter().all(|d| !d.is_open()));
}

#[tokio::test]
async fn what_the_past_has_to_tell_is_found() {
    let company = Company::start(Scenario::Healthy);
    synced(&company).await;
    let config = &company.loaded.config;
    let history = History::open(&company.state_dir()).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for sync::Wanted { repo: key, .. } in sync::repos(config) {
        let snapshot = history.snapshot(&key).unwrap();
        assert!(snapshot.as_of.is_some());
        let mut commits = snapshot.rows.commits.iter();
        assert!(commits.any(|c| snapshot.heads == [c.sha.clone()]));
        let rows = &snapshot.rows;
        assert!(rows.commits.len() > 80 && rows.pulls.len() > 80, "{key:?}");
        let drafts = rows.pulls.iter().filter(|p| {
            let opened = p.moments.get(Boundary::Opened).unwrap();
            opened.source.as_str().ends_with("ready for review")
        });
        seen.extend(drafts.map(|_| "draft"));
        let repo =
            Repository::with_words(snapshot, &sync::words(config), &["production".to_owned()]);
        for change in &repo.changes {
            for flag in change.flags.iter() {
                seen.insert(flag.word());
            }
            assert!(
                change.number.is_some() || change.title.as_str() == "initial commit",
                "{change:?}"
            );
        }
        let attempts = repo.attempts("production", &|_| None);
        let s = stream::read(&repo.graph, &attempts, &repo.changes);
        for kind in s.deployments.iter().map(|d| d.kind) {
            seen.insert(match kind {
                Kind::Planned => "planned",
                Kind::Rollback => "went back",
                Kind::Hotfix => "mended",
                Kind::Revert => "taken back",
                Kind::IncidentFix => "fixed",
            });
        }
        for failure in failures::find(&s, &repo.changes, &repo.incidents) {
            for reason in failure.reasons {
                seen.insert(match reason {
                    Reason::RolledBack(_) => "failed: rolled back",
                    Reason::Reverted(..) => "failed: reverted",
                    Reason::Hotfixed(_) => "failed: hotfixed",
                    Reason::Incident(_) => "failed: incident",
                    Reason::Marked => "failed: marked",
                });
            }
        }
    }
    for wanted in [
        Flag::Bot.word(),
        Flag::ReleasePr.word(),
        Flag::Revert.word(),
        Flag::Hotfix.word(),
        Flag::IncidentFix.word(),
        Flag::ForcePushed.word(),
        "draft",
        "went back",
        "failed: rolled back",
        "failed: reverted",
        "failed: incident",
    ] {
        assert!(seen.contains(wanted), "{wanted}: {seen:?}");
    }
}

#[tokio::test]
async fn a_limit_that_is_used_up_stops_it_and_it_says_until_when() {
    let company = Company::start(Scenario::BadDeploy);
    company
        .control("/_demo/budget", &json!({ "graphql_used": 4_798 }))
        .await;
    let (report, _) = synced(&company).await;
    let stopped = report.stopped().expect("only the reserve is left");
    assert!(
        stopped.retry_at.is_some() && report.requests <= 3,
        "{report:?}"
    );
    let failed = |o: &sync::Outcome| {
        o.rows
            .as_ref()
            .is_err_and(|f| f.kind == FaultKind::RateLimited)
    };
    assert!(report.outcomes.iter().any(failed));

    company.hand.advance(SignedDuration::from_hours(1));
    let (report, _) = synced(&company).await;
    assert!(report.outcomes.iter().all(|o| o.rows.is_ok()), "{report:?}");
}

#[tokio::test]
async fn a_repository_that_fails_leaves_the_others_alone() {
    let company = Company::reached(
        Scenario::BadDeploy,
        "\n[services.gone]\nrepo = \"acme/gone\"\ngithub = \"main\"\nenvironments = [\"production\"]\n",
        str::to_owned,
    );
    let (report, _) = synced(&company).await;
    let (bad, good): (Vec<_>, Vec<_>) = report.outcomes.iter().partition(|o| o.rows.is_err());
    assert_eq!((bad.len(), good.len()), (1, 6));
    let fault = bad[0].rows.as_ref().unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert!(fault.message.as_str().contains("acme/gone"), "{fault:?}");
}

#[tokio::test]
async fn what_the_sync_asks_keeps_to_the_description() {
    let mut hop = None;
    let company = Company::reached(Scenario::BadDeploy, "", |url| {
        let started = Hop::start(url, None);
        let at = started.url.clone();
        hop = Some(started);
        at
    });
    let (report, _) = synced(&company).await;
    assert!(report.outcomes.iter().all(|o| o.faults.is_empty()));
    let seen = hop.unwrap().taken();
    assert!(seen.len() as u64 == report.requests && seen.len() > 5);
    Judge::new().all_well(&seen);
}
