//! The control addresses under `/_demo/` for tests. See the module's documentation for what they take and give.

use serde::Deserialize;
use serde_json::{Value, json};

use super::github::{Ask, time};
use super::state::{State, Wire};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    core_used: Option<u64>,
    graphql_used: Option<u64>,
}

fn read<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, Wire> {
    serde_json::from_slice(body).map_err(|e| Wire::json(400, &json!({ "message": e.to_string() })))
}

/// Answers a control request; `None` when the address is none of its own.
pub(crate) fn answer(state: &mut State, ask: &Ask) -> Option<Wire> {
    let [first, rest @ ..] = ask.path.as_slice() else {
        return None;
    };
    if first != "_demo" {
        return None;
    }
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    Some(handle(state, ask, &rest).unwrap_or_else(|refused| refused))
}

fn handle(state: &mut State, ask: &Ask, rest: &[&str]) -> Result<Wire, Wire> {
    let done = || Wire::json(200, &json!({ "ok": true }));
    Ok(match (ask.method.as_str(), rest) {
        ("GET", ["requests"]) => Wire::json(200, &state.journal.shown()),
        ("DELETE", ["requests"]) => {
            state.journal.clear();
            done()
        }
        ("GET", ["now"]) => {
            let now = state.catch_up();
            Wire::json(200, &json!({ "now": now.to_string() }))
        }
        ("POST", ["fault"]) => {
            state.faults.order(read(&ask.body)?);
            done()
        }
        ("DELETE", ["fault" | "faults"]) => {
            state.faults.clear();
            done()
        }
        ("POST", ["budget"]) => {
            let budgets: Budgets = read(&ask.body)?;
            state.catch_up();
            state.set_used(budgets.core_used, budgets.graphql_used);
            done()
        }
        ("GET", ["truth"]) => {
            state.catch_up();
            Wire::json(200, &truth(state))
        }
        _ => Wire::json(404, &json!({ "message": "no such control address" })),
    })
}

/// What is live where, and where the traffic goes: what a client should find out by itself.
fn truth(state: &State) -> Value {
    let mut out = Vec::new();
    for repo in &state.world.repos {
        for env in &repo.environments {
            let live = repo.live(env.name);
            let traffic = repo.traffic(env.name);
            let version = |commit: Option<usize>| commit.and_then(|c| repo.version_of(c));
            out.push(json!({
                "service": repo.name, "environment": env.name,
                "live": version(live.map(|d| d.commit)), "since": live.and_then(|d| d.statuses.iter().find(|s| s.state == "success")).map(|s| time(s.at)),
                "stable": version(traffic.map(|t| t.stable)),
                "canary": version(traffic.and_then(|t| t.canary).map(|c| c.0)),
                "canary_percent": traffic.and_then(|t| t.canary).map_or(0, |c| c.1),
            }));
        }
    }
    Value::Array(out)
}
