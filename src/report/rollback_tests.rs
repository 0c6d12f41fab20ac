//! The shape of a rollback's answer: planned, under way, refused, done before.

use serde_json::{Value, json};

use super::*;
use crate::app::msg::Msg;
use crate::app::testing::{at, bad_deploy, ids, send, started, target, world};
use crate::app::world::World;
use crate::domain::rollback::Confirmation;
use crate::report::plan::text;

const KEYS: [&str; 19] = [
    "correlation_id",
    "dry_run",
    "environment",
    "from",
    "holds",
    "how",
    "joined",
    "outcome",
    "reason",
    "reverts",
    "schema",
    "service",
    "steps",
    "to",
    "took_s",
    "trouble",
    "warnings",
    "way",
    "ways",
];

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

fn ready() -> (World, RollbackPlan) {
    let mut world = world();
    started(&mut world, 0, bad_deploy());
    let plan = world.envs[&target()].plan.clone().unwrap().unwrap();
    (world, plan)
}

#[test]
fn a_plan_says_where_and_how_and_what_is_not_known() {
    let (_, plan) = ready();
    let json = serde_json::to_value(RollbackReport::planned(&plan, "")).unwrap();
    assert_eq!(keys(&json), KEYS);
    assert_eq!(json["outcome"], "planned");
    assert_eq!(json["dry_run"], true);
    assert_eq!(
        json["from"],
        json!({"version": "v3", "sha": "c".repeat(40)})
    );
    assert_eq!(json["to"], json!({"version": "v2", "sha": "b".repeat(40)}));
    assert_eq!(json["how"], "workflow rollback.yml on main");
    assert!(json["correlation_id"].is_null() && json["reason"].is_null());
    assert_eq!(
        json["holds"],
        json!([{ "kind": "unknown", "text": "what holds a run in production is not known: still being read", "url": null }])
    );
    assert_eq!(json["ways"], json!([{ "id": "workflow", "unfit": null }]));
    assert_eq!(json["way"], "workflow");
    assert_eq!(
        json["warnings"],
        json!(["it is not known which changes go with it"])
    );
}

#[test]
fn a_plan_reads_in_aligned_lines() {
    let (_, plan) = ready();
    assert_eq!(
        text(&plan, "errors x7.5"),
        "roll back checkout ▸ production\n\
         from    v3  ccccccc  being deployed\n\
         to      v2  bbbbbbb  live for 6d 22h\n\
         how     workflow rollback.yml on main in acme/checkout\n\
         first   run 903 is cancelled\n\
         goes    not known\n\
         ?       what holds a run in production is not known: still being read\n\
         reason  errors x7.5\n\
         or      --to v1\n"
    );
}

#[test]
fn a_rollback_under_way_has_its_id_and_steps() {
    let (mut world, plan) = ready();
    let approved = plan
        .clone()
        .approve(&Confirmation::Flag, "errors", ids())
        .unwrap();
    send(&mut world, 5, Msg::Confirmed(Box::new(approved)));
    let flow = &world.flows[&target()];
    let json = serde_json::to_value(RollbackReport::of_flow(flow, Some(&plan))).unwrap();
    assert_eq!(keys(&json), KEYS);
    assert_eq!(json["correlation_id"], ids().dispatch.as_str());
    // The intent is not even on disk: nobody knows how this ends.
    assert_eq!(json["outcome"], "unknown");
    assert_eq!(
        json["steps"],
        json!([{"at": at(5).to_string(), "step": "recording the intent", "detail": null, "url": null}])
    );
    assert_eq!(json["reason"], "errors");
}

#[test]
fn a_refusal_says_why() {
    let report =
        RollbackReport::refused(&target(), FaultKind::Refused, "read-only", Some("drop it"));
    let json = serde_json::to_value(report).unwrap();
    assert_eq!(keys(&json), KEYS);
    assert_eq!(json["outcome"], "refused");
    assert_eq!(
        json["trouble"],
        json!({"kind": "refused", "message": "read-only", "hint": "drop it"})
    );
    assert!(json["from"].is_null());
}

#[test]
fn a_rollback_done_before_names_both_ends() {
    let (_, plan) = ready();
    let report = RollbackReport::already_done(&target(), &plan.from, &plan.to, None);
    let json = serde_json::to_value(report).unwrap();
    assert_eq!(keys(&json), KEYS);
    assert_eq!(json["outcome"], "already_done");
    assert_eq!(
        (&json["from"]["version"], &json["to"]["version"]),
        (&json!("v3"), &json!("v2"))
    );
}
