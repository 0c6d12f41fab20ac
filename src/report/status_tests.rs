//! The shape of the status, and its lines.

use serde_json::{Value, json};

use super::*;
use crate::app::effect::EffectKey;
use crate::app::msg::Answer;
use crate::app::testing::{answer, at, bad_deploy, deployment, sha, started, target, world};
use crate::domain::release::{CheckItem, CheckState, Checks, DeploymentState};

fn report(world: &World, s: i64) -> Value {
    let report = StatusReport::of(world, &[target()], Now(at(s)));
    serde_json::to_value(report).unwrap()
}

#[test]
fn nothing_known_is_null_and_never_zero() {
    assert_eq!(
        report(&world(), 0),
        json!({"schema": 1, "now": at(0).to_string(), "services": [{
            "service": "checkout", "environment": "production",
            "live": null, "drift": null, "deploying": null, "verdict": null,
            "window": {"open": null, "reason": null, "until": null},
            "gates": {"pass": null, "fail": null, "pending": null, "unknown": null, "waived": null},
            "source_errors": [],
        }], "withheld": []})
    );
}

#[test]
fn a_deploy_under_way_is_told_with_its_gates() {
    let mut world = world();
    started(&mut world, 0, bad_deploy());
    let item = |name: &str, state| CheckItem {
        name: Safe::new(name),
        app: None,
        state,
        summary: None,
        at: None,
        url: None,
    };
    let checks = Checks {
        sha: sha('c'),
        items: vec![
            item("build", CheckState::Passed),
            item("test", CheckState::Failed),
        ],
        missing: vec![Safe::new("commit statuses: the token lacks a permission")],
    };
    let is = |k: &EffectKey| matches!(k, EffectKey::Checks(..));
    answer(&mut world, 1, is, Answer::Checks(Ok(checks)));
    let json = report(&world, 1);
    let service = &json["services"][0];
    assert_eq!(
        service["live"],
        json!({"version": "v2", "sha": "b".repeat(40), "since": at(-599_999).to_string(), "source": "deployments"})
    );
    assert_eq!(
        service["deploying"],
        json!({"version": "v3", "sha": "c".repeat(40), "state": "in_progress", "started_at": at(-180).to_string(),
            "url": "https://github.com/acme/checkout/actions/runs/903/job/1"})
    );
    assert!(service["gates"]["fail"].as_u64() > Some(0), "{service}");
    assert_eq!(
        service["source_errors"],
        json!([{"source": "github.main", "kind": "forbidden", "hint": null,
            "message": "commit statuses: the token lacks a permission"}])
    );
    let text = StatusReport::of(&world, &[target()], Now(at(1))).text();
    assert!(
        text.starts_with("checkout  production  live v2  6d  gates "),
        "{text}"
    );
    assert!(text.contains("v3 in progress 3m 01s"), "{text}");
}

#[test]
fn every_state_of_a_deploy_has_its_word() {
    use DeploymentState::{Failure, Queued, Success, Waiting};
    for (states, word) in [
        (vec![Queued], "queued"),
        (vec![Queued, Waiting], "waiting"),
        (vec![Queued, Failure], "failed"),
    ] {
        let mut world = world();
        let all = vec![
            deployment(2, 'b', -60, &states),
            deployment(1, 'a', -9_000, &[Success]),
        ];
        started(&mut world, 0, all);
        assert_eq!(report(&world, 0)["services"][0]["deploying"]["state"], word);
    }
}

#[test]
fn a_failing_source_is_named_once() {
    let mut world = world();
    started(&mut world, 0, bad_deploy());
    let fault = Fault {
        message: Safe::new("401 Bad credentials"),
        hint: Some(Safe::new("set GH_TOKEN")),
        kind: FaultKind::Auth,
        at: at(1),
        retry_at: None,
    };
    let is = |k: &EffectKey| matches!(k, EffectKey::Checks(..));
    answer(&mut world, 1, is, Answer::Checks(Err(fault.clone())));
    let is = |k: &EffectKey| matches!(k, EffectKey::Run(..));
    answer(
        &mut world,
        1,
        is,
        Answer::Run(Err(Fault {
            retry_at: Some(at(9)),
            ..fault
        })),
    );
    let status = StatusReport::of(&world, &[target(), target()], Now(at(2)));
    let errors = status.errors();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].source, "github.main");
    assert_eq!(errors[0].kind, FaultKind::Auth);
    assert!(status.text().contains("not all sources answered"));
}
