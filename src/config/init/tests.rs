use super::*;
use crate::config::{Folders, Sources, load};
use crate::domain::survey::families::Queries;
use crate::domain::survey::{
    EnvFacts, InputFacts, InputKind, MetricFacts, Missing, RepoFacts, Required, SignalFacts,
    WorkflowFacts,
};
use crate::domain::text::Safe;

fn survey() -> Survey {
    let env = |name: &str, deployed| EnvFacts {
        name: Safe::new(name),
        deployed,
        workflow: deployed.then(|| "deploy.yml".to_owned()),
    };
    let input = |name: &str| InputFacts {
        name: name.to_owned(),
        required: true,
        kind: InputKind::Text,
        default: None,
    };
    let workflow = |file: &str, inputs: Option<Vec<InputFacts>>| WorkflowFacts {
        file: file.to_owned(),
        name: Safe::new(file),
        inputs,
        titled: vec!["cockpit_id".to_owned()],
    };
    Survey {
        repo: RepoFacts {
            repo: "acme/Check.Out".parse().unwrap(),
            branch: Safe::new("trunk"),
            environments: vec![env("Production \"EU\"", true), env("staging", false)],
            workflows: vec![
                workflow("deploy.yml", None),
                workflow(
                    "rollback.yml",
                    Some(vec![input("sha"), input("cockpit_id")]),
                ),
            ],
            required: Required::Checks(vec![Safe::new("build"), Safe::new("test [x]")]),
            reviews: Some(2),
            seen_checks: vec![Safe::new("build")],
            tags: vec![Safe::new("shop-v1.2.0")],
            releases: true,
            missing: Vec::new(),
        },
        metrics: None,
    }
}

/// Loads a text as the only configuration there is.
fn loaded(text: &str) -> crate::config::Loaded {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    let folder = |name: &str| dir.path().join(name);
    let folders = Folders {
        home: None,
        config: folder("c"),
        state: folder("s"),
        cache: folder("x"),
    };
    let sources = Sources {
        config_flag: Some(file),
        ..Sources::new(dir.path(), folders)
    };
    let loaded = load(&sources).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
    assert!(loaded.warnings.is_empty(), "{text}");
    loaded
}

#[test]
fn what_was_found_is_a_configuration_without_a_fault() {
    let text = text(&survey(), "https://git.acme.example/api/v3");
    assert!(text.starts_with("#:schema "), "{text}");
    let config = loaded(&text).config;
    assert_eq!(
        config.github.get("main").unwrap().api.as_str(),
        "https://git.acme.example/api/v3"
    );
    let service = config.services.get("check-out").unwrap();
    let envs: Vec<&str> = service
        .environments
        .iter()
        .map(crate::domain::ids::EnvId::as_str)
        .collect();
    assert_eq!(envs, ["staging", "production-eu"]);
    assert_eq!(service.release.tags, "shop-v*");
    let production = service.env.get("production-eu").unwrap();
    assert_eq!(
        production.github_environment.as_deref(),
        Some("Production \"EU\"")
    );
    assert_eq!(production.deploy.as_ref().unwrap().workflow, "deploy.yml");
    assert!(production.rollback.is_some());
    assert!(
        service.env.get("staging").unwrap().rollback.is_none(),
        "it would act on production"
    );
    let gate = |id: &str| config.gates.get(id).unwrap();
    assert_eq!(
        gate("ci").checks.as_ref().unwrap().require,
        ["build", "test ?x?"]
    );
    assert_eq!(gate("review").approvals.unwrap().min, 2);
    assert_eq!(gate("way-back").when.env, ["production-eu"]);
}

#[test]
fn what_the_token_may_not_know_is_advisory_and_says_what_it_takes() {
    let mut survey = survey();
    survey.repo.required = Required::Hidden;
    survey.repo.reviews = None;
    survey.repo.missing = vec![Missing {
        what: "branch protection",
        permission: "Administration: read",
        why: Safe::new("not\nallowed \"x\""),
    }];
    let text = text(&survey, GITHUB);
    assert!(
        text.contains("# - branch protection: needs the permission \"Administration: read\""),
        "{text}"
    );
    let config = loaded(&text).config;
    assert!(!config.gates.get("ci").unwrap().required);
    assert!(!config.gates.get("review").unwrap().required);
    assert!(
        !text.contains("[github.main]"),
        "github.com need not be written"
    );
}

#[test]
fn a_bare_repository_has_a_configuration_too() {
    let mut survey = survey();
    let repo = &mut survey.repo;
    (repo.environments, repo.workflows, repo.tags) = (vec![], vec![], vec![]);
    (repo.releases, repo.required, repo.reviews) = (false, Required::None, Some(0));
    repo.seen_checks = Vec::new();
    let text = text(&survey, GITHUB);
    let config = loaded(&text).config;
    let service = config.services.get("check-out").unwrap();
    assert_eq!(
        service.release.from,
        crate::config::model::ReleaseFrom::Branch
    );
    assert!(service.env.get("production").unwrap().rollback.is_none());
    assert!(text.contains("# No way back:"), "{text}");
}

#[test]
fn metrics_show_what_matched_with_its_value() {
    let mut survey = survey();
    survey.metrics = Some(MetricFacts {
        url: "https://prom.example".to_owned(),
        seen: vec!["Istio", "Traefik"],
        signals: Some(SignalFacts {
            family: "Istio",
            queries: Queries {
                requests: "sum(increase(r{a=\"$service\"}[$bin]))".to_owned(),
                errors: "sum(increase(r{a=\"$service\",c=~\"5..\"}[$bin]))".to_owned(),
                latency: None,
            },
            service: Some("shop-checkout".to_owned()),
            per_second: Some(36.24),
            failing: Some(0.0031),
        }),
        why: None,
    });
    let text = text(&survey, GITHUB);
    assert!(
        text.contains(
            "Found: Istio. Now in production-eu: 36.2 requests a second, 0.31 % of them fail."
        ),
        "{text}"
    );
    assert!(text.contains("Also there: Traefik."));
    let config = loaded(&text).config;
    let service = config.services.get("check-out").unwrap();
    assert_eq!(service.metrics.as_deref(), Some("prom"));
    assert_eq!(
        service.labels.get("service").map(String::as_str),
        Some("shop-checkout")
    );
    survey.metrics.as_mut().unwrap().signals = None;
    survey.metrics.as_mut().unwrap().why = Some(Safe::new("no label of r names it"));
    let text = super::text(&survey, GITHUB);
    assert!(text.contains("# No queries fit: no label of r names it."));
    assert_eq!(
        loaded(&text)
            .config
            .services
            .get("check-out")
            .unwrap()
            .metrics,
        None
    );
}

#[test]
fn the_provisional_one_holds() {
    let text = provisional(
        &"acme/x".parse().unwrap(),
        GITHUB,
        Some("http://127.0.0.1:9090"),
    );
    assert!(loaded(&text).is_configured());
}
