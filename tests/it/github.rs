//! The GitHub source over real HTTP: what it reads from whole, odd and broken answers, and how often it writes.

use std::sync::Arc;

use flightdeck::domain::fetched::FaultKind;
use flightdeck::domain::ids::{CommitSha, RepoSlug};
use flightdeck::domain::release::{
    CheckState, ComparisonStatus, Deployment, DeploymentState, RunId, RunStatus,
};
use flightdeck::domain::text::Safe;
use flightdeck::providers::github::{GitHub, GithubSettings};
use flightdeck::providers::http::HttpPolicy;
use flightdeck::providers::{
    CacheKey, CodeHost, ErrorKind, MemoryCache, OverviewAsk, ResponseCache, RunAsk,
};
use serde_json::{Value, json};

use crate::stub::{NOW_S, Stub, clock, json, now, policy, reply};

fn fixture(name: &str) -> Value {
    let path = format!(
        "{}/tests/fixtures/api/github/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn settings(url: &str) -> GithubSettings {
    GithubSettings {
        name: "main".to_owned(),
        api: url.parse().unwrap(),
        graphql: None,
        token: Some("ghp_secretsecretsecret".to_owned().into()),
        budget: 0.5,
    }
}

pub(crate) fn with_policy(url: &str, policy: HttpPolicy) -> GitHub {
    GitHub::new(
        settings(url),
        policy,
        Arc::new(MemoryCache::default()),
        clock(),
    )
}

pub(crate) fn source(url: &str) -> GitHub {
    with_policy(url, policy())
}

/// A source that shows this token.
pub(crate) fn with_token(url: &str, token: &str) -> GitHub {
    let settings = GithubSettings {
        token: Some(token.to_owned().into()),
        ..settings(url)
    };
    GitHub::new(
        settings,
        policy(),
        Arc::new(MemoryCache::default()),
        clock(),
    )
}

fn repo() -> RepoSlug {
    "acme/checkout".parse().unwrap()
}

pub(crate) fn sha(c: char) -> CommitSha {
    c.to_string().repeat(40).parse().unwrap()
}

fn ask(service: &str, envs: &[&str]) -> OverviewAsk {
    OverviewAsk {
        service: service.parse().unwrap(),
        repo: format!("acme/{service}").parse().unwrap(),
        environments: envs
            .iter()
            .map(|e| (e.parse().unwrap(), (*e).to_owned()))
            .collect(),
    }
}

#[tokio::test]
async fn a_payload_may_declare_the_steps_and_a_hostile_one_does_no_harm() {
    let steps = json!([{"name": "canary\u{1b}[31m", "weight": 25}, {"weight": 100}]);
    let told = json!({"version": "v2", "rollout": {"steps": steps}}).to_string();
    let crowd = json!({"rollout": {"steps": vec![json!({"weight": 1}); 10_000]}}).to_string();
    let huge = json!({"rollout": {"steps": [{"name": "x".repeat(3 << 20)}]}}).to_string();
    let odd = json!({"rollout": {"steps": [{"name": ["canary"], "weight": {}}]}}).to_string();
    let names = |d: &Deployment| {
        let steps = d.rollout.iter().flatten();
        steps.map(|s| s.name.to_string()).collect::<Vec<_>>()
    };
    let declared = ["canary 25 %", "100 %"].map(str::to_owned).to_vec();
    for (payload, wanted) in [
        (told, declared),
        (crowd, vec![]),
        (huge, vec![]),
        (odd, vec![]),
    ] {
        let mut body = fixture("overview");
        body["data"]["r0"]["d1"]["nodes"][0]["payload"] = payload.into();
        let stub = Stub::start(move |_, _| json(200, &body)).await;
        let asks = [ask("checkout", &["staging", "production"])];
        let answers = source(&stub.url).overview(&asks).await;
        let overview = answers[0].1.as_ref().unwrap();
        let deployments = overview.deployments_of(&"production".parse().unwrap());
        assert!(
            deployments.iter().any(|d| names(d) == wanted),
            "{deployments:?}"
        );
        let told = deployments.iter().filter(|d| d.rollout.is_some()).count();
        assert_eq!(
            told,
            usize::from(!wanted.is_empty()),
            "and no other has any"
        );
    }
}

#[tokio::test]
async fn an_overview_reads_what_it_can_and_an_error_hits_its_repository_only() {
    let stub = Stub::start(|_, _| json(200, &fixture("overview"))).await;
    let github = source(&stub.url);
    let asks = [
        ask("checkout", &["staging", "production"]),
        ask("payments", &["production"]),
        ask("search", &["production"]),
        ask("mail", &["production"]),
    ];
    let answers = github.overview(&asks).await;
    assert_eq!(stub.count(), 1);
    assert_eq!(stub.seen()[0].uri, "/graphql");
    let names: Vec<_> = answers.iter().map(|(s, _)| s.as_str()).collect();
    assert_eq!(names, ["checkout", "payments", "search", "mail"]);

    let checkout = answers[0].1.as_ref().unwrap();
    assert_eq!(checkout.default_branch.as_ref().unwrap().1, sha('c'));
    let envs: Vec<_> = checkout.environments.iter().map(Safe::as_str).collect();
    assert_eq!(envs, ["staging", "production"]);
    assert_eq!(checkout.releases.len(), 2);
    assert_eq!(
        checkout.releases[0].name.as_ref().unwrap().as_str(),
        "4.7 evil"
    );
    assert!(checkout.releases[1].draft);
    assert_eq!(checkout.tags.len(), 2);
    assert_eq!(checkout.tags[0].sha, sha('b'));
    assert_eq!(
        checkout.milestones[0].due.unwrap().to_string(),
        "2026-11-02"
    );
    assert!(
        checkout
            .deployments_of(&"staging".parse().unwrap())
            .is_empty()
    );
    let production = checkout.deployments_of(&"production".parse().unwrap());
    assert_eq!(production.len(), 2);
    assert_eq!(production[0].id, 5_000_000_003);
    assert_eq!(
        production[0].correlation,
        Some("fd-abcdefghijklmnop".parse().unwrap())
    );
    assert_eq!(production[0].run_id(), Some(RunId(5_000_000_777)));
    assert_eq!(
        production[1].correlation,
        Some("fd-bbbbbbbbbbbbbbbb".parse().unwrap())
    );
    assert_eq!(
        production[1].statuses[0].state,
        DeploymentState::Other("LEVITATING".into())
    );
    assert_eq!(production[1].statuses[1].log_url, None);
    let state = checkout.env_state(&"production".parse().unwrap());
    assert_eq!(state.live.unwrap().what.sha, sha('a'));

    let payments = answers[1].1.as_ref().unwrap_err();
    assert_eq!(payments.kind, ErrorKind::NotFound);
    let search = answers[2].1.as_ref().unwrap();
    assert!(search.milestones.is_empty() && search.default_branch.is_none());
    // No list of deployments is not "nothing deployed".
    let mail = answers[3].1.as_ref().unwrap_err();
    assert_eq!(mail.fault_kind(), FaultKind::Forbidden);

    let warnings: Vec<_> = github.warnings().iter().map(ToString::to_string).collect();
    assert!(
        warnings
            .iter()
            .any(|w| w.starts_with("acme/checkout: 3 entries")),
        "{warnings:?}"
    );
    assert!(
        warnings
            .iter()
            .any(|w| w.starts_with("acme/search: milestones: Resource not")),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn many_repositories_are_asked_ten_at_a_time_and_halved_when_too_heavy() {
    let stub = Stub::start(|seen, _| {
        let many = seen.body.matches(": repository(").count();
        if many > 5 {
            return reply(502, &[], "too slow");
        }
        let empty = json!({"nodes": []});
        let one = json!({"url": "https://github.com/a", "environments": empty, "releases": empty,
            "refs": empty, "milestones": empty, "d0": empty});
        let data: serde_json::Map<_, _> =
            (0..many).map(|r| (format!("r{r}"), one.clone())).collect();
        json(200, &json!({ "data": data }))
    })
    .await;
    let asks: Vec<_> = (0..12)
        .map(|i| ask(&format!("s{i}"), &["production"]))
        .collect();
    let answers = source(&stub.url).overview(&asks).await;
    let names: Vec<_> = answers.iter().map(|(s, _)| s.to_string()).collect();
    assert_eq!(names, (0..12).map(|i| format!("s{i}")).collect::<Vec<_>>());
    assert!(answers.iter().all(|(_, a)| a.is_ok()));
    // Three tries of ten, then five and five, then two.
    assert_eq!(stub.count(), 6);
}

#[tokio::test]
async fn graphql_says_its_limit_with_200() {
    let body = json!({"data": null, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]});
    let stub = Stub::start(move |_, _| {
        let reset = (NOW_S + 300).to_string();
        let headers = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", reset.as_str()),
            ("x-ratelimit-resource", "graphql"),
        ];
        reply(200, &headers, body.to_string())
    })
    .await;
    let github = source(&stub.url);
    let answers = github.overview(&[ask("checkout", &["production"])]).await;
    let error = answers[0].1.as_ref().unwrap_err();
    let ErrorKind::RateLimited { until, secondary } = error.kind else {
        panic!("{error}")
    };
    assert_eq!((until.as_second() - NOW_S, secondary), (300, false));
    assert_eq!(github.budget().graphql_remaining, Some(0));
    assert_eq!(github.budget().remaining, None);
}

#[tokio::test]
async fn a_run_with_its_jobs_over_pages() {
    let stub = Stub::start(|seen, _| {
        let all = fixture("jobs");
        match seen.field("page").as_deref() {
            Some("2") => json(200, &all["page2"]),
            _ if seen.path().ends_with("/jobs") => {
                // A link may name another host (a proxy in between): the token must not go there.
                let link =
                    "<https://api.github.invalid/repos/x/jobs?per_page=100&page=2>; rel=\"next\"";
                reply(200, &[("link", link)], all["page1"].to_string())
            }
            _ => json(200, &all["run"]),
        }
    })
    .await;
    let github = source(&format!("{}/api/v3", stub.url));
    let view = github.run(&repo(), RunId(5_000_000_777)).await.unwrap();
    let paths: Vec<_> = stub.seen().iter().map(|s| s.uri.clone()).collect();
    let base = "/api/v3/repos/acme/checkout/actions/runs/5000000777";
    assert_eq!(paths[0], base);
    assert_eq!(paths[1], format!("{base}/jobs?filter=latest&per_page=100"));
    assert_eq!(paths[2], format!("{base}/jobs?per_page=100&page=2"));
    assert_eq!((view.run.id, view.run.attempt), (RunId(5_000_000_777), 2));
    assert_eq!(view.run.actor.unwrap().as_str(), "li");
    assert_eq!(view.jobs.len(), 2);
    assert_eq!(view.jobs[0].id, 6_000_000_001);
    assert_eq!(view.jobs[0].steps.len(), 1);
    assert_eq!(view.jobs[1].status, RunStatus::Other("hibernating".into()));
    assert_eq!(github.warnings().len(), 1);
}

#[tokio::test]
async fn an_unchanged_answer_comes_from_the_cache() {
    let stub = Stub::start(|seen, _| {
        let tag = "W/\"abc\"";
        if seen.header("if-none-match") == Some(tag) {
            return reply(304, &[("etag", tag), ("x-ratelimit-remaining", "4999")], "");
        }
        let all = fixture("jobs");
        if seen.field("page").is_some() {
            return json(200, &all["page2"]);
        }
        if seen.path().ends_with("/jobs") {
            let link = format!("<{}?page=2>; rel=\"next\"", seen.path());
            let host = seen.header("host").unwrap();
            let link = link.replacen('<', &format!("<http://{host}"), 1);
            return reply(
                200,
                &[("etag", tag), ("link", &link)],
                all["page1"].to_string(),
            );
        }
        reply(200, &[("etag", tag)], all["run"].to_string())
    })
    .await;
    let cache = Arc::new(MemoryCache::default());
    let make = |token: &str| {
        let settings = GithubSettings {
            token: Some(token.to_owned().into()),
            ..settings(&stub.url)
        };
        GitHub::new(
            settings,
            policy(),
            Arc::clone(&cache) as Arc<dyn ResponseCache>,
            clock(),
        )
    };
    let first = make("ghp_one_one_one")
        .run(&repo(), RunId(5))
        .await
        .unwrap();
    let second = make("ghp_one_one_one")
        .run(&repo(), RunId(5))
        .await
        .unwrap();
    assert_eq!(first, second);
    assert_eq!(second.jobs.len(), 2, "paging goes on after a 304");
    let asked = |n: usize| {
        stub.seen()[n]
            .header("if-none-match")
            .map(ToOwned::to_owned)
    };
    assert_eq!(asked(0), None);
    assert_eq!(asked(3).as_deref(), Some("W/\"abc\""));
    // Another account's answers are not ours.
    make("ghp_two_two_two")
        .run(&repo(), RunId(5))
        .await
        .unwrap();
    assert_eq!(asked(6), None);
    assert!(!format!("{cache:?}").contains("ghp_one_one_one"));
    let key = CacheKey {
        host: String::new(),
        account: String::new(),
        accept: String::new(),
        uri: String::new(),
    };
    assert!(cache.get(&key).await.is_none());
}

#[tokio::test]
async fn checks_are_each_once_and_the_newest() {
    let stub = Stub::start(|seen, _| {
        let all = fixture("checks");
        if seen.path().ends_with("/status") {
            return json(200, &all["status"]);
        }
        if seen.field("page").as_deref() == Some("2") {
            return json(200, &all["page2"]);
        }
        let link = format!(
            "<http://{}{}?page=2>; rel=\"next\"",
            seen.header("host").unwrap(),
            seen.path()
        );
        reply(200, &[("link", &link)], all["page1"].to_string())
    })
    .await;
    let checks = source(&stub.url).checks(&repo(), &sha('b')).await.unwrap();
    let items: Vec<_> = checks
        .items
        .iter()
        .map(|i| {
            (
                i.app.as_ref().map_or("", |a| a.as_str()),
                i.name.as_str(),
                i.state,
            )
        })
        .collect();
    assert_eq!(
        items,
        [
            ("", "codecov/project", CheckState::Passed),
            ("", "legacy", CheckState::Failed),
            ("GitHub Actions", "build", CheckState::Passed),
            ("Other CI", "build", CheckState::Running),
            ("unknown app", "lint", CheckState::Unknown),
        ]
    );
    assert_eq!(checks.missing.len(), 1, "{:?}", checks.missing);
}

#[tokio::test]
async fn a_repository_without_statuses_is_not_pending() {
    let stub = Stub::start(|seen, _| {
        if seen.path().ends_with("/status") {
            return json(
                200,
                &json!({"state": "pending", "total_count": 0, "statuses": []}),
            );
        }
        json(200, &json!({"total_count": 0, "check_runs": []}))
    })
    .await;
    let checks = source(&stub.url).checks(&repo(), &sha('b')).await.unwrap();
    assert!(checks.items.is_empty() && checks.missing.is_empty());
}

#[tokio::test]
async fn without_the_checks_permission_workflow_runs_stand_in() {
    let stub = Stub::start(|seen, _| {
        if seen.path().ends_with("/check-runs") {
            let headers = [("x-accepted-github-permissions", "checks=read")];
            return reply(403, &headers, r#"{"message":"Resource not accessible by personal access token"}"#);
        }
        if seen.path().ends_with("/status") {
            return reply(403, &[], r#"{"message":"Resource not accessible"}"#);
        }
        json(200, &json!({"workflow_runs": [{"id": 1, "name": "CI", "event": "push", "status": "completed",
            "conclusion": "failure", "run_started_at": "2026-10-25T10:00:00Z", "html_url": "https://github.com/r/1"}]}))
    })
    .await;
    let checks = source(&stub.url).checks(&repo(), &sha('b')).await.unwrap();
    assert_eq!(checks.items.len(), 1);
    assert_eq!(checks.items[0].state, CheckState::Failed);
    let missing: Vec<_> = checks.missing.iter().map(Safe::as_str).collect();
    assert_eq!(
        missing,
        [
            "check runs: the token lacks the permission Checks: read",
            "commit statuses: the token lacks the permission Commit statuses: read",
        ]
    );
    assert_eq!(
        stub.seen().last().unwrap().field("head_sha"),
        Some(sha('b').to_string())
    );
}

#[tokio::test]
async fn not_found_beside_an_answer_is_not_permitted() {
    let stub = Stub::start(|seen, _| match seen.path().rsplit('/').next() {
        Some("status") => reply(404, &[], r#"{"message":"Not Found"}"#),
        _ => json(200, &json!({"check_runs": []})),
    })
    .await;
    let checks = source(&stub.url).checks(&repo(), &sha('b')).await.unwrap();
    assert_eq!(checks.missing.len(), 1);
    assert!(checks.missing[0].as_str().starts_with("commit statuses: "));
    let stub = Stub::start(|_, _| reply(404, &[], r#"{"message":"No commit found"}"#)).await;
    let error = source(&stub.url)
        .checks(&repo(), &sha('b'))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

fn commits(from: usize, to: usize) -> Vec<Value> {
    let one = |i: usize| {
        json!({"sha": format!("{i:040x}"), "author": {"login": "li"},
        "commit": {"message": format!("change {i}\n\nbody"), "author": {"name": "Li", "date": "2026-10-25T10:00:00Z"}}})
    };
    (from..to).map(one).collect()
}

#[tokio::test]
async fn a_comparison_is_paged_bounded_and_knows_its_pull_requests() {
    let stub = Stub::start(|seen, _| {
        if seen.path() == "/graphql" {
            let many = seen.body.matches(": object(").count();
            // Two commits a pull request; the last commit has an open one only.
            let pulls = |c: usize| {
                let merged = if c + 1 == many { Value::Null } else { json!("2026-10-25T10:00:00Z") };
                json!({"oid": "x", "associatedPullRequests": {"nodes": [
                    {"number": 1000 + c / 2, "title": "PR \u{1b}[2J", "url": "https://github.com/p", "mergedAt": merged, "author": {"login": "mo"}}]}})
            };
            let objects: serde_json::Map<_, _> = (0..many).map(|c| (format!("c{c}"), pulls(c))).collect();
            return json(200, &json!({"data": {"repository": objects}}));
        }
        let page: usize = seen.field("page").unwrap().parse().unwrap();
        let body = json!({"status": "ahead", "ahead_by": 400, "behind_by": 0, "total_commits": 400,
            "commits": commits((page - 1) * 100, page * 100),
            "files": if page == 1 { json!([{"filename": "db/migrations/1.sql"}, {"filename": null}]) } else { json!(null) }});
        let link = format!("<http://{}{}?per_page=100&page={}>; rel=\"next\"", seen.header("host").unwrap(), seen.path(), page + 1);
        reply(200, &[("link", &link)], body.to_string())
    })
    .await;
    let comparison = source(&stub.url)
        .compare(&repo(), &sha('a'), &sha('b'))
        .await
        .unwrap();
    assert_eq!(comparison.status, ComparisonStatus::Ahead);
    assert_eq!(
        (
            comparison.commits.len(),
            comparison.ahead_by,
            comparison.partial
        ),
        (250, 400, true)
    );
    assert_eq!(comparison.commits[0].title.as_str(), "change 0");
    assert_eq!(comparison.files.len(), 1);
    let rest = stub
        .seen()
        .iter()
        .filter(|s| s.path() != "/graphql")
        .count();
    assert_eq!((rest, stub.count() - rest), (3, 5));
    let first = &comparison.changes[0];
    assert_eq!((first.number, first.title.as_str()), (Some(1000), "PR"));
    let direct = comparison
        .changes
        .iter()
        .find(|c| c.number.is_none())
        .unwrap();
    assert_eq!(direct.title.as_str(), "change 49");
}

#[tokio::test]
async fn a_comparison_without_pull_requests_says_it_is_partial() {
    let stub = Stub::start(|seen, _| match seen.path() {
        "/graphql" => reply(403, &[], "{}"),
        _ => json(
            200,
            &json!({"status": "behind", "ahead_by": 1, "behind_by": 3, "total_commits": 1,
            "commits": commits(1, 2), "files": []}),
        ),
    })
    .await;
    let comparison = source(&stub.url)
        .compare(&repo(), &sha('a'), &sha('b'))
        .await
        .unwrap();
    assert_eq!(comparison.status, ComparisonStatus::Behind);
    assert!(comparison.partial);
    assert_eq!(comparison.changes[0].title.as_str(), "change 1");
}

#[tokio::test]
async fn a_run_is_found_by_its_correlation_id_only() {
    let run = |id: u64, title: &str, name: Value| {
        json!({"id": id, "display_title": title, "name": name,
        "status": "queued", "created_at": "2026-10-26T07:33:21Z"})
    };
    let stub = Stub::start(move |seen, _| {
        if seen.field("page").is_some() {
            let found = run(7, "rollback", json!("rollback fd-abcdefghijklmnop"));
            return json(200, &json!({"workflow_runs": [found]}));
        }
        let link = format!(
            "<http://{}{}?page=2>; rel=\"next\"",
            seen.header("host").unwrap(),
            seen.path()
        );
        let newest = run(9, "rollback [fd-zzzzzzzzzzzzzzzz]", Value::Null);
        reply(
            200,
            &[("link", &link)],
            json!({"workflow_runs": [newest, {"id": "odd"}]}).to_string(),
        )
    })
    .await;
    let find = |id: &str| RunAsk {
        repo: repo(),
        file: "rollback.yml".to_owned(),
        git_ref: "refs/heads/release/1".to_owned(),
        correlation: id.parse().unwrap(),
        since: now(),
    };
    let github = source(&stub.url);
    let found = github.find_run(&find("fd-abcdefghijklmnop")).await.unwrap();
    assert_eq!(found.unwrap().id, RunId(7));
    assert_eq!(
        github.find_run(&find("fd-qqqqqqqqqqqqqqqq")).await.unwrap(),
        None
    );
    let seen = &stub.seen()[0];
    assert_eq!(
        seen.path(),
        "/repos/acme/checkout/actions/workflows/rollback.yml/runs"
    );
    assert_eq!(seen.field("branch").as_deref(), Some("release/1"));
    assert_eq!(seen.field("event").as_deref(), Some("workflow_dispatch"));
    // Two searches; the second reads both pages. Past runs older than a minute before the dispatch nothing is asked.
    assert_eq!(stub.count(), 4);
    let late = RunAsk {
        since: jiff::Timestamp::from_second(NOW_S + 3_600).unwrap(),
        ..find("fd-abcdefghijklmnop")
    };
    assert_eq!(github.find_run(&late).await.unwrap(), None);
    assert_eq!(stub.count(), 5);
}

#[tokio::test]
async fn limits_and_login() {
    let stub = Stub::start(|seen, _| match seen.path() {
        "/rate_limit" => {
            let one = |n| json!({"limit": 5000, "remaining": n, "reset": NOW_S + 60, "used": 1});
            json(
                200,
                &json!({"resources": {"core": one(4000), "graphql": one(4500)}}),
            )
        }
        _ => reply(
            403,
            &[],
            r#"{"message":"Resource not accessible by integration"}"#,
        ),
    })
    .await;
    let github = source(&stub.url);
    let budget = github.rate_limit().await.unwrap();
    assert_eq!(
        (budget.remaining, budget.graphql_remaining),
        (Some(4000), Some(4500))
    );
    assert_eq!(budget.reset_at.unwrap().as_second(), NOW_S + 60);
    assert_eq!(
        github.login().await.unwrap(),
        None,
        "an installation has no login"
    );
    let anonymous = GithubSettings {
        token: None,
        ..settings(&stub.url)
    };
    let anonymous = GitHub::new(
        anonymous,
        policy(),
        Arc::new(MemoryCache::default()),
        clock(),
    );
    assert_eq!(anonymous.login().await.unwrap(), None);
    assert_eq!(stub.count(), 2);
}
