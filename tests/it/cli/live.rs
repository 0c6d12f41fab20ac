//! The ladder over real HTTP: deployments, workflow runs, the service's own word, releases; which one told is said, and drift shows.

use super::{Home, Served};

#[test]
fn how_a_service_is_released_chooses_its_candidate() {
    let home = Home::new();
    let demo = Served::start(&home, &["--deploy-in", "3600s"]);
    let text = std::fs::read_to_string(demo.config()).unwrap();
    let own = |line: &&str| !line.starts_with("release = ");
    let text = text.lines().filter(own).collect::<Vec<_>>().join("\n");
    let how = |release: &str| {
        let table = "[services.checkout]\n";
        assert!(text.contains(table), "{text}");
        let text = text.replace(table, &format!("{table}release = {release}\n"));
        let config = home.write("release.toml", &text).display().to_string();
        let args = [
            "gates",
            "--json",
            "--service",
            "checkout",
            "--env",
            "production",
        ];
        let ran = home.run(&[&args[..], &["--config", &config]].concat());
        let candidate = ran.json("gates")["candidate"].clone();
        let field = |name: &str| candidate[name].as_str().map(str::to_owned);
        (field("version"), field("chosen").unwrap())
    };
    let (tag, chosen) = how("{ from = \"tags\" }");
    assert!(
        tag.unwrap().starts_with('v') && chosen.contains("tag"),
        "{chosen}"
    );
    let (release, chosen) = how("{ from = \"releases\" }");
    assert!(release.is_some() && !chosen.contains("tag"), "{chosen}");
    assert_eq!(how("{ from = \"branch\" }").1, "the head of main");
    let (_, chosen) = how("{ from = \"tags\", tags = \"other-v*\" }");
    assert_eq!(chosen, "the head of main: no tag is like other-v*");
}

#[test]
fn the_first_rung_that_has_data_tells_and_drift_shows() {
    let home = Home::new();
    let demo = Served::start(&home, &["--scenario", "healthy"]);
    let token = home.write("token", demo.token());
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&token, mode).unwrap();
    let of = |key: &str| demo.hello[key].as_str().unwrap();
    let health = of("metrics_url").replace("/metrics", "/healthz");
    let service = |id: &str, rest: &str| {
        format!(
            "[services.{id}]\nrepo = \"acme/{id}\"\nenvironments = [\"production\"]\n[services.{id}.env.production]\n{rest}\n"
        )
    };
    let text = [
        format!(
            "schema = 1\n[github.main]\napi = \"{}\"\ngraphql = \"{}\"\ntoken = {{ from = \"file\", path = \"{}\" }}\n",
            of("github_url"),
            of("graphql_url"),
            token.display()
        ),
        service("search", &format!("live = [\"deployments\", \"probe\"]\nprobe = {{ url = \"{health}/search/production\", version = \"$.version\" }}")),
        service("payments", &format!("probe = {{ url = \"{health}/search/production\", version = \"header X-Version\" }}")),
        service("catalog", "github_environment = \"nowhere\"\nlive = [\"deployments\", \"releases\"]"),
        service("accounts", "github_environment = \"nowhere\"\nlive = [\"deployments\", \"runs\"]\ndeploy = { workflow = \"deploy.yml\", ref = \"main\" }"),
        service("web", &format!("github_environment = \"nowhere\"\nlive = [\"deployments\", \"probe\", \"releases\"]\nprobe = {{ url = \"{health}/web/production\", version = \"$.commit\" }}")),
        service("checkout", &format!("probe = {{ url = \"{health}/nothing/here\", version = \"text\" }}")),
    ]
    .concat();
    let config = home.write("ladder.toml", &text).display().to_string();
    let json = home
        .run(&["status", "--json", "--config", &config])
        .ended(0)
        .json("status");
    let status = |id: &str| {
        let all = json["services"].as_array().unwrap();
        all.iter().find(|s| s["service"] == id).unwrap().clone()
    };
    let source = |id: &str| status(id)["live"]["source"].clone();
    assert_eq!(
        (source("search"), &status("search")["drift"]),
        ("deployments".into(), &serde_json::Value::Null)
    );
    assert_eq!(source("payments"), "deployments");
    let drift = &status("payments")["drift"];
    assert_eq!(
        (&drift["recorded"], &drift["running"]),
        (&"v3.9.2".into(), &"8.0.3".into())
    );
    assert_eq!(source("catalog"), "releases");
    assert_eq!(source("accounts"), "runs");
    assert_eq!(
        (source("web"), &status("web")["live"]["version"]),
        ("probe".into(), &"v12.3.0".into())
    );
    let errors = status("checkout")["source_errors"].clone();
    assert_eq!(
        (&errors[0]["source"], &errors[0]["kind"]),
        (&"probe".into(), &"not_found".into())
    );

    let text = home.run(&["status", "--config", &config]).ended(0).out;
    let line = |id: &str| text.lines().find(|l| l.starts_with(id)).unwrap().to_owned();
    assert!(line("payments").contains("drift: it runs 8.0.3"), "{text}");
    assert!(
        line("catalog").contains("newest release, approximate"),
        "{text}"
    );
    assert!(!line("search").contains("drift"), "{text}");
}
