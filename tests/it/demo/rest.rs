//! GitHub's REST API: who may ask, pages, validators, budgets, the story that the answers tell.

use super::{CHECKOUT, Company};
use reqwest::Method;
use serde_json::{Value, json};

async fn raw(company: &Company, path: &str, etag: Option<&str>) -> reqwest::Response {
    let request = company.request(Method::GET, path);
    let request = etag
        .into_iter()
        .fold(request, |r, e| r.header("if-none-match", e));
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a reqwest::Response, name: &str) -> &'a str {
    answer
        .headers()
        .get(name)
        .map_or("", |v| v.to_str().unwrap())
}

#[tokio::test]
async fn the_token_is_asked_for() {
    let company = Company::new();
    for token in [None, Some("ghp_wrong")] {
        let request = company
            .client
            .get(format!("{}/user", company.demo.github_url));
        let answer = token
            .into_iter()
            .fold(request, reqwest::RequestBuilder::bearer_auth)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(
            answer.json::<Value>().await.unwrap()["message"],
            "Bad credentials"
        );
    }
    assert_eq!(company.demo.token.len(), 40);
    assert_eq!(company.get("/user").await["login"], "maria");
    let answer = raw(&company, "/repos/acme/nothing", None).await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "x-oauth-scopes")),
        (404, "repo")
    );
}

#[tokio::test]
async fn an_unchanged_answer_is_304_and_free() {
    let company = Company::new();
    let path = format!("{CHECKOUT}/releases");
    let first = raw(&company, &path, None).await;
    let (etag, left) = (
        header(&first, "etag").to_owned(),
        header(&first, "x-ratelimit-remaining").to_owned(),
    );
    let second = raw(&company, &path, Some(&etag)).await;
    assert_eq!(
        (
            second.status().as_u16(),
            header(&second, "x-ratelimit-remaining")
        ),
        (304, left.as_str())
    );
    assert!(second.bytes().await.unwrap().is_empty());
    let third = raw(&company, &path, Some("W/\"old\"")).await;
    assert_eq!(third.status(), 200);
    assert_eq!(
        header(&third, "x-ratelimit-remaining")
            .parse::<u64>()
            .unwrap()
            + 1,
        left.parse::<u64>().unwrap()
    );
}

#[tokio::test]
async fn lists_come_in_pages_whose_links_lead_through_all_of_them() {
    let company = Company::new();
    let all = company
        .get(&format!("{CHECKOUT}/releases?per_page=100"))
        .await;
    let mut next = Some(format!(
        "{}{CHECKOUT}/releases?per_page=5",
        company.demo.github_url
    ));
    let mut tags = Vec::new();
    while let Some(url) = next {
        let answer = company
            .client
            .get(url)
            .bearer_auth(&company.demo.token)
            .send()
            .await
            .unwrap();
        let link = header(&answer, "link").to_owned();
        let page: Value = answer.json().await.unwrap();
        assert!(page.as_array().unwrap().len() <= 5);
        tags.extend(
            page.as_array()
                .unwrap()
                .iter()
                .map(|r| r["tag_name"].clone()),
        );
        let found = link
            .split(", ")
            .find(|l| l.ends_with("rel=\"next\""))
            .map(str::to_owned);
        next = found.map(|l| l.split(['<', '>']).nth(1).unwrap().to_owned());
    }
    let wanted: Vec<Value> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["tag_name"].clone())
        .collect();
    assert_eq!(tags, wanted);
    assert!(tags.len() > 15);
}

#[tokio::test]
async fn the_budget_ends_and_comes_back_after_an_hour() {
    let company = Company::new();
    company
        .post("/_demo/budget", json!({ "core_used": 4_999 }))
        .await;
    company.get("/user").await;
    let answer = raw(&company, "/user", None).await;
    assert_eq!(
        (
            answer.status().as_u16(),
            header(&answer, "x-ratelimit-remaining")
        ),
        (403, "0")
    );
    let limits = company.get("/rate_limit").await;
    assert_eq!(limits["resources"]["core"]["remaining"], 0);
    assert_eq!(limits["resources"]["graphql"]["remaining"], 5_000);
    company.pass(3_601);
    company.get("/user").await;
}

#[tokio::test]
async fn the_bad_deploy_stands_at_its_canary() {
    let company = Company::new();
    let run = company.deploy_run().await;
    assert_eq!(run["status"], "in_progress");
    let names: Vec<String> = company
        .jobs(&run)
        .await
        .into_iter()
        .map(|(n, s)| format!("{n}: {s}"))
        .collect();
    let wanted = [
        "build: success",
        "test: success",
        "staging: success",
        "canary 25 %: in_progress",
        "canary 50 %: queued",
        "100 %: queued",
    ];
    assert_eq!(names, wanted);
    let deployments = company
        .get(&format!(
            "{CHECKOUT}/deployments?environment=production&per_page=2"
        ))
        .await;
    assert_eq!(deployments[0]["ref"], "v2.15.0");
    assert_eq!(deployments[1]["ref"], "v2.14.0");
    let statuses = company
        .get(&format!(
            "{CHECKOUT}/deployments/{}/statuses",
            deployments[0]["id"]
        ))
        .await;
    assert_eq!(statuses[0]["state"], "in_progress");
    assert_eq!(company.live().await, "2.14.0");

    let compare = company
        .get(&format!(
            "{CHECKOUT}/compare/v2.14.0...v2.15.0?per_page=100&page=1"
        ))
        .await;
    assert_eq!(
        (compare["status"].as_str(), compare["ahead_by"].as_u64()),
        (Some("ahead"), Some(12))
    );
    let mut authors: Vec<&str> = compare["commits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["author"]["login"].as_str().unwrap())
        .collect();
    authors.sort_unstable();
    authors.dedup();
    assert_eq!(authors.len(), 5);
    let files = compare["files"].as_array().unwrap();
    assert!(
        files
            .iter()
            .any(|f| f["filename"] == "db/migrations/0042_tax.sql")
    );
    let checks = company
        .get(&format!(
            "{CHECKOUT}/commits/v2.15.0/check-runs?per_page=100"
        ))
        .await;
    assert_eq!(checks["total_count"], 42);
    let red = checks["check_runs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| !matches!(c["conclusion"].as_str(), Some("success" | "skipped")));
    assert!(red.is_none(), "{red:?}");
    let pending = company.get("/repos/acme/search/commits/main/status").await;
    assert_eq!(
        (pending["state"].as_str(), pending["total_count"].as_u64()),
        (Some("pending"), Some(0))
    );

    // Nobody acts: it stays there.
    company.pass(1_000);
    assert_eq!(company.live().await, "2.14.0");
    assert_eq!(company.jobs(&run).await[3].1, "in_progress");
}

#[tokio::test]
async fn the_healthy_deploy_ends_live() {
    let company = Company::healthy();
    assert_eq!(company.live().await, "2.14.0");
    let run = company.deploy_run().await;
    company.pass(450);
    let run = company
        .get(&format!("{CHECKOUT}/actions/runs/{}", run["id"]))
        .await;
    assert_eq!(run["conclusion"], "success");
    assert!(
        company
            .jobs(&run)
            .await
            .iter()
            .all(|(_, state)| state == "success")
    );
    assert_eq!(company.live().await, "2.15.0");
    assert!(company.error_ratio("1m").await < 0.008);
}

#[tokio::test]
async fn a_later_deploy_starts_when_it_was_told_to() {
    let company = Company::with(|o| o.deploy_in = Some(jiff::SignedDuration::from_secs(120)));
    let count = |v: Value| v["total_count"].as_u64().unwrap();
    let path = format!("{CHECKOUT}/actions/workflows/deploy.yml/runs?status=in_progress");
    assert_eq!(count(company.get(&path).await), 0);
    company.pass(124);
    assert_eq!(count(company.get(&path).await), 1);
    assert!(company.error_ratio("1m").await < 0.01);
    company.pass(236);
    assert!(company.error_ratio("1m").await > 0.012);
}

#[tokio::test]
async fn the_same_seed_and_start_give_the_same_bytes() {
    let paths = [
        format!("{CHECKOUT}/releases"),
        format!("{CHECKOUT}/deployments?per_page=100"),
        format!("{CHECKOUT}/actions/runs?per_page=50"),
        "/repos/acme/web/pulls?state=all".to_owned(),
        "/repos/acme/payments/milestones".to_owned(),
    ];
    let mut told = Vec::new();
    for seed in [5, 5, 6] {
        let company = Company::with(|o| o.seed = seed);
        let mut all = String::new();
        for path in &paths {
            let text = raw(&company, path, None).await.text().await.unwrap();
            all.push_str(&text.replace(&company.demo.github_url, "HOST"));
        }
        let range = [
            ("query", "sum by (code, service) (http_requests_total)"),
            ("start", "1795179480"),
            ("end", "1795179780"),
            ("step", "15"),
        ];
        all.push_str(&company.prometheus("query_range", &range).await.to_string());
        told.push(all);
    }
    assert!(told[0] == told[1], "the same seed tells the same story");
    assert!(told[0] != told[2], "another seed tells another one");
}

#[tokio::test]
async fn odd_texts_are_there_to_test_clients() {
    let company = Company::new();
    let pulls = company
        .get("/repos/acme/catalog/pulls?state=all&per_page=100")
        .await;
    let titles: Vec<&str> = pulls
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["title"].as_str().unwrap())
        .collect();
    assert!(
        titles
            .iter()
            .any(|t| t.contains('\u{1b}') && t.contains('\u{202e}'))
    );
    assert!(titles.iter().any(|t| t.chars().count() > 300));
}

#[tokio::test]
async fn a_workflow_file_can_be_read() {
    let company = Company::new();
    for path in [
        ".github/workflows/rollback.yml",
        ".github%2Fworkflows%2Frollback.yml",
    ] {
        let file = company.get(&format!("{CHECKOUT}/contents/{path}")).await;
        assert_eq!(file["name"], "rollback.yml");
        assert!(file["content"].as_str().unwrap().len() > 100);
    }
    let missing = raw(&company, &format!("{CHECKOUT}/contents/README.md"), None).await;
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn every_server_tells_the_virtual_time() {
    let company = Company::new();
    company.pass(86_400);
    for url in [
        format!("{}/versions", company.demo.github_url),
        format!("{}/-/ready", company.demo.prometheus_url),
        company.demo.metrics_url.clone(),
    ] {
        let answer = company.client.get(&url).send().await.unwrap();
        assert_eq!(
            header(&answer, "date"),
            "Sat, 21 Nov 2026 13:03:00 GMT",
            "{url}"
        );
    }
    assert_eq!(
        company.get("/_demo/now").await["now"],
        "2026-11-21T13:03:00Z"
    );
}

#[tokio::test]
async fn the_configuration_names_the_servers() {
    let company = Company::new();
    let text = company
        .demo
        .config_toml(std::path::Path::new("/some \"where\"/token"));
    let config: toml::Table = text.parse().unwrap();
    assert_eq!(
        config["github"]["main"]["api"].as_str(),
        Some(company.demo.github_url.as_str())
    );
    assert_eq!(
        config["github"]["main"]["token"]["path"].as_str(),
        Some("/some \"where\"/token")
    );
    assert_eq!(
        config["metrics"]["prom"]["url"].as_str(),
        Some(company.demo.prometheus_url.as_str())
    );
    let services = config["services"].as_table().unwrap();
    assert_eq!(services.len(), 6);
    let way = &services["checkout"]["env"]["production"]["rollback"]["way"]["workflow"]["github_workflow"];
    assert_eq!(
        way["inputs"]["cockpit_id"].as_str(),
        Some("$correlation_id")
    );
    assert!(!text.contains(&company.demo.token));
}
