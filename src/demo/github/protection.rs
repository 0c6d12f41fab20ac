//! REST: an environment's protection rules, and the reviews that a run waits for.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::json::{WEB, node, repo_url, time, user};
use super::reply::{Ask, Reply, list};
use crate::demo::catalog::OWNER;
use crate::demo::gate::Gate;
use crate::demo::model::{Environment, Repo, Rules};
use crate::demo::runs::Run;
use crate::demo::world::World;

/// The team that reviews.
fn team(base: &str) -> Value {
    let url = format!("{base}/organizations/1/team/7");
    json!({
        "type": "Team",
        "reviewer": {
            "id": 7, "node_id": node("T", 7), "name": "Ops", "slug": "ops", "description": "Keeps it running",
            "privacy": "closed", "notification_setting": "notifications_enabled", "permission": "pull", "url": url,
            "html_url": format!("{WEB}/orgs/{OWNER}/teams/ops"), "members_url": format!("{url}/members{{/member}}"),
            "repositories_url": format!("{url}/repos"), "parent": null, "type": "organization",
        },
    })
}

fn reviewers(base: &str, rules: Rules) -> Vec<Value> {
    rules.reviewer.map_or_else(Vec::new, |person| {
        vec![
            team(base),
            json!({ "type": "User", "reviewer": user(base, person) }),
        ]
    })
}

/// `protection_rules` of an environment.
pub(crate) fn rules(base: &str, env: &Environment) -> Vec<Value> {
    let mut out = Vec::new();
    if let Some(minutes) = env.rules.wait_min {
        let id = env.id * 10 + 1;
        out.push(json!({ "id": id, "node_id": node("GA", id), "type": "wait_timer", "wait_timer": minutes }));
    }
    if env.rules.reviewer.is_some() {
        let id = env.id * 10 + 2;
        out.push(json!({
            "id": id, "node_id": node("GA", id), "type": "required_reviewers", "prevent_self_review": true,
            "reviewers": reviewers(base, env.rules),
        }));
    }
    out
}

/// What hangs on an environment: branch policies and custom rules, of which there are none.
pub(crate) fn of_environment(repo: &Repo, name: &str, what: &str) -> Reply {
    let key = match what {
        "deployment-branch-policies" => "branch_policies",
        "deployment_protection_rules" => "custom_deployment_protection_rules",
        _ => return Reply::missing(),
    };
    let there = repo.environments.iter().any(|e| e.name == name);
    if !there {
        return Reply::missing();
    }
    Reply::ok(json!({ "total_count": 0, key: [] }))
}

fn environment<'a>(repo: &'a Repo, gate: &Gate) -> Option<&'a Environment> {
    repo.environments.iter().find(|e| e.name == gate.env)
}

/// Whether the token's person may approve: not what they started themselves.
fn may_approve(run: &Run, gate: &Gate) -> bool {
    run.triggering != 0 && gate.rules.reviewer == Some(0)
}

/// What a run waits for; empty unless it waits.
pub(crate) fn pending(ask: &Ask, repo: &Repo, run: &Run) -> Reply {
    let waits: Vec<&Gate> = run
        .gate
        .iter()
        .filter(|_| run.seen().0 == "waiting")
        .collect();
    let base = &ask.base;
    list(ask, waits, |gate| {
        let env = environment(repo, gate);
        let (id, name) = env.map_or((0, ""), |e| (e.id, e.name));
        json!({
            "environment": {
                "id": id, "node_id": node("EN", id), "name": name,
                "url": format!("{}/environments/{name}", repo_url(base, repo)),
                "html_url": format!("{WEB}/{OWNER}/{}/deployments/activity_log?environments_filter={name}", repo.name),
            },
            "wait_timer": gate.rules.wait_min.unwrap_or(0), "wait_timer_started_at": time(gate.since),
            "current_user_can_approve": may_approve(run, gate), "reviewers": reviewers(base, gate.rules),
        })
    })
}

/// The reviews that were given.
pub(crate) fn approvals(ask: &Ask, repo: &Repo, run: &Run, now: Timestamp) -> Reply {
    let given = run.gate.as_ref().and_then(|gate| {
        let (at, who) = gate.review().filter(|(at, _)| *at <= now)?;
        Some((at, who, gate))
    });
    list(ask, given.into_iter().collect(), |(_, who, gate)| {
        let env = environment(repo, gate).map_or_else(Vec::new, |e| {
            vec![json!({
                "id": e.id, "node_id": node("EN", e.id), "name": e.name, "created_at": time(e.created),
                "updated_at": time(e.created), "url": format!("{}/environments/{}", repo_url(&ask.base, repo), e.name),
                "html_url": format!("{WEB}/{OWNER}/{}/deployments", repo.name),
            })]
        });
        json!({ "state": "approved", "comment": "", "user": user(&ask.base, who), "environments": env })
    })
}

/// A review by the token's person, who started the run and so may not give it.
pub(crate) fn review(world: &mut World, place: usize, id: u64) -> Reply {
    let run = world.repos.get(place).and_then(|r| r.run(id));
    match run.and_then(|r| r.gate.as_ref().map(|g| (r, g))) {
        Some((run, gate)) if run.seen().0 == "waiting" && may_approve(run, gate) => {
            world.approve(place, id, 0);
            Reply::ok(json!([]))
        }
        Some(_) => Reply::error(
            422,
            "There was a problem approving one of the gates: the current user can't approve it",
        ),
        None => Reply::missing(),
    }
}
