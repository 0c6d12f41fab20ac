//! GitHub's GraphQL API: the cockpit's own queries, partial answers, refusals.

use super::Company;
use serde_json::{Value, json};

const OVERVIEW: &str = include_str!("../../../src/providers/github/queries/overview.graphql");
const PULLS: &str = include_str!("../../../src/providers/github/queries/pulls.graphql");

#[tokio::test]
async fn the_overview_query_is_answered() {
    let company = Company::new();
    let query = OVERVIEW
        .replace("OWNER", "acme")
        .replace("NAME", "checkout");
    let answer = company.graphql(&query).await;
    assert_eq!(answer["errors"], Value::Null);
    let repo = &answer["data"]["r0"];
    assert_eq!(repo["nameWithOwner"], "acme/checkout");
    let names: Vec<&str> = repo["environments"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["staging", "production"]);
    assert_eq!(repo["releases"]["nodes"][0]["tagName"], "v2.15.0");
    let tag = &repo["refs"]["nodes"][0];
    assert_eq!(
        (tag["name"].as_str(), tag["target"]["__typename"].as_str()),
        (Some("v2.15.0"), Some("Tag"))
    );
    let deployments = repo["d0"]["nodes"].as_array().unwrap();
    assert!((15..=30).contains(&deployments.len()));
    assert_eq!(deployments[0]["state"], "IN_PROGRESS");
    assert_eq!(deployments[0]["commitOid"], tag["target"]["target"]["oid"]);
    assert_eq!(
        (
            deployments[1]["state"].as_str(),
            deployments[1]["ref"]["name"].as_str()
        ),
        (Some("ACTIVE"), Some("v2.14.0"))
    );
    let states: Vec<&str> = deployments[1]["statuses"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["SUCCESS", "IN_PROGRESS", "QUEUED"]);
    assert!(deployments.iter().all(|d| d["environment"] == "production"
        && d["databaseId"].as_i64().unwrap() <= i64::from(i32::MAX)));
    assert_eq!(repo["milestones"]["nodes"][0]["title"], "v2.16.0");
    assert_eq!(answer["data"]["rateLimit"]["cost"], 1);
}

#[tokio::test]
async fn the_pulls_query_is_answered() {
    let company = Company::new();
    let commit = company.get("/repos/acme/checkout/commits/v2.15.0").await;
    let query = PULLS
        .replace("OWNER", "acme")
        .replace("NAME", "checkout")
        .replace("SHA", commit["sha"].as_str().unwrap());
    let answer = company.graphql(&query).await;
    let pull = &answer["data"]["repository"]["c0"]["associatedPullRequests"]["nodes"][0];
    assert_eq!(pull["title"], "typo");
    assert_eq!(pull["baseRefName"], "main");
    assert!(pull["author"]["login"].is_string());
}

#[tokio::test]
async fn a_missing_repository_leaves_the_others_alone() {
    let company = Company::new();
    let answer = company.graphql(r#"{ r0: repository(owner: "acme", name: "web") { name } r1: repository(owner: "acme", name: "gone") { name } }"#).await;
    assert_eq!(
        answer["data"],
        json!({ "r0": { "name": "web" }, "r1": null })
    );
    assert_eq!(answer["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(answer["errors"][0]["path"], json!(["r1"]));
}

#[tokio::test]
async fn variables_fragments_and_pages_work() {
    let company = Company::new();
    let query = "query D($owner: String!, $env: [String!], $n: Int = 2, $after: String) {
        repository(owner: $owner, name: \"checkout\") {
            deployments(first: $n, after: $after, environments: $env, orderBy: {field: CREATED_AT, direction: DESC}) {
                totalCount pageInfo { hasNextPage endCursor } nodes { ...it }
            }
            head: object(expression: \"main\") { __typename ... on Tag { name } ... on Commit { oid statusCheckRollup { state contexts(first: 1) { totalCount nodes { __typename } } } } }
        }
    }
    fragment it on Deployment { id environment latestStatus { state } }";
    let ask = |after: Value| {
        company.post("/graphql", json!({ "query": query, "variables": { "owner": "acme", "env": ["staging"], "after": after } }))
    };
    let (status, first) = ask(Value::Null).await;
    assert_eq!((status, &first["errors"]), (200, &Value::Null));
    let page = &first["data"]["repository"]["deployments"];
    assert_eq!(page["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    assert_eq!(page["nodes"][1]["latestStatus"]["state"], "INACTIVE");
    let head = &first["data"]["repository"]["head"];
    assert_eq!(
        (
            head["__typename"].as_str(),
            head["statusCheckRollup"]["state"].as_str()
        ),
        (Some("Commit"), Some("SUCCESS"))
    );
    assert_eq!(head["name"], Value::Null);
    let (_, second) = ask(page["pageInfo"]["endCursor"].clone()).await;
    let other = &second["data"]["repository"]["deployments"]["nodes"];
    assert!(!page["nodes"].as_array().unwrap().contains(&other[0]));
}

#[tokio::test]
async fn mistakes_are_refused_with_their_place() {
    let company = Company::new();
    let repo =
        |inner: &str| format!("{{ repository(owner: \"acme\", name: \"web\") {{ {inner} }} }}");
    let cases = [
        (repo("colour"), "undefinedField"),
        (
            repo("releases(newest: 1) { totalCount }"),
            "argumentNotAccepted",
        ),
        (repo("ref { name }"), "missingRequiredArguments"),
        (repo("name { first }"), "selectionMismatch"),
        (repo("releases(first: 1)"), "selectionMismatch"),
        (repo("...nothing"), "useAndDefineFragment"),
        (repo("... on Planet { name }"), "undefinedType"),
        (
            repo("release(tagName: $tag) { name }"),
            "variableNotDefined",
        ),
    ];
    for (query, code) in cases {
        let answer = company.graphql(&query).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{query}");
        assert!(answer["errors"][0]["locations"][0]["line"].is_u64());
        assert_eq!(answer["data"], Value::Null, "{query}");
    }
    assert!(
        company.graphql("{ repository(").await["errors"][0]["message"]
            .as_str()
            .unwrap()
            .starts_with("Parse error")
    );
    let unbounded = company.graphql(&repo("releases { totalCount }")).await;
    assert_eq!(
        unbounded["errors"][0]["type"],
        "MISSING_PAGINATION_BOUNDARIES"
    );
    let loops = "{ repository(owner: \"acme\", name: \"web\") { ...a } } fragment a on Repository { defaultBranchRef { name } ...a }";
    assert!(company.graphql(loops).await["errors"].is_array());
}
