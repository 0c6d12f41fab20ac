//! REST: workflows, their runs and jobs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::json::{WEB, maybe, node, repo_url, short_repo, time, tree, user};
use super::reply::{Ask, Reply, counted};
use crate::demo::catalog::OWNER;
use crate::demo::model::{Repo, Workflow};
use crate::demo::people::person;
use crate::demo::runs::{Run, Seen};
use crate::demo::world::{Dispatch, Rerun, World};

/// `workflow`.
pub(crate) fn workflow(base: &str, repo: &Repo, workflow: &Workflow) -> Value {
    let web = format!("{WEB}/{OWNER}/{}", repo.name);
    json!({
        "id": workflow.id, "node_id": node("W", workflow.id), "name": workflow.name,
        "path": format!(".github/workflows/{}", workflow.file), "state": "active",
        "created_at": time(workflow.created), "updated_at": time(workflow.created),
        "url": format!("{}/actions/workflows/{}", repo_url(base, repo), workflow.id),
        "html_url": format!("{web}/blob/main/.github/workflows/{}", workflow.file),
        "badge_url": format!("{web}/workflows/{}/badge.svg", workflow.name),
    })
}

/// `workflow-run`.
pub(crate) fn run(base: &str, repo: &Repo, run: &Run, now: Timestamp) -> Value {
    let url = format!("{}/actions/runs/{}", repo_url(base, repo), run.id);
    let (status, conclusion) = run.seen();
    let workflow = repo.workflows.get(run.workflow);
    let file = workflow.map_or("", |w| w.file);
    let commit = repo.commit(run.commit);
    let author = |n: usize| json!({ "name": person(n).name, "email": format!("{}@acme.example", person(n).login) });
    let suite = run.id + 20_000_000_000;
    json!({
        "id": run.id, "node_id": node("WFR", run.id), "name": workflow.map(|w| w.name), "head_branch": run.branch,
        "head_sha": commit.map_or("", |c| &c.sha), "path": format!(".github/workflows/{file}"),
        "display_title": run.title, "run_number": run.number, "run_attempt": run.attempt, "event": run.event,
        "status": status, "conclusion": conclusion, "workflow_id": workflow.map_or(0, |w| w.id),
        "check_suite_id": suite, "check_suite_node_id": node("CS", suite),
        "created_at": time(run.created), "updated_at": time(run.updated(now)), "run_started_at": time(run.attempt_created),
        "actor": user(base, run.actor), "triggering_actor": user(base, run.triggering), "pull_requests": [],
        "url": url, "html_url": format!("{WEB}/{OWNER}/{}/actions/runs/{}", repo.name, run.id),
        "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"), "artifacts_url": format!("{url}/artifacts"),
        "cancel_url": format!("{url}/cancel"), "rerun_url": format!("{url}/rerun"),
        "check_suite_url": format!("{}/check-suites/{suite}", repo_url(base, repo)),
        "workflow_url": format!("{}/actions/workflows/{}", repo_url(base, repo), workflow.map_or(0, |w| w.id)),
        "previous_attempt_url": (run.attempt > 1).then(|| format!("{url}/attempts/{}", run.attempt - 1)),
        "head_commit": commit.map(|c| json!({
            "id": c.sha, "tree_id": tree(c), "message": c.message, "timestamp": time(c.committed),
            "author": author(c.author), "committer": author(c.author),
        })),
        "repository": short_repo(base, repo), "head_repository": short_repo(base, repo),
    })
}

fn job(base: &str, repo: &Repo, run: &Run, index: usize, now: Timestamp) -> Option<Value> {
    let plan = run.jobs.get(index)?;
    let seen = run.job(index, now);
    let started = seen.started.unwrap_or(run.attempt_created);
    let steps: Vec<Value> = plan
        .steps
        .iter()
        .enumerate()
        .zip(1..)
        .filter(|_| seen.started.is_some())
        .map(|((n, plan), number)| step(&plan.name, number, run.step(index, n, now)))
        .collect();
    let on = seen.started.is_some();
    Some(json!({
        "id": plan.id, "run_id": run.id, "run_url": format!("{}/actions/runs/{}", repo_url(base, repo), run.id),
        "run_attempt": run.attempt, "node_id": node("CR", plan.id), "name": plan.name,
        "head_sha": repo.commit(run.commit).map_or("", |c| &c.sha), "head_branch": run.branch,
        "url": format!("{}/actions/jobs/{}", repo_url(base, repo), plan.id),
        "html_url": format!("{WEB}/{OWNER}/{}/actions/runs/{}/job/{}", repo.name, run.id, plan.id),
        "status": seen.status, "conclusion": seen.conclusion,
        "created_at": time(run.attempt_created), "started_at": time(started), "completed_at": maybe(seen.completed),
        "steps": steps, "check_run_url": format!("{}/check-runs/{}", repo_url(base, repo), plan.id),
        "labels": ["ubuntu-latest"], "workflow_name": repo.workflows.get(run.workflow).map(|w| w.name),
        "runner_id": on.then_some(7), "runner_name": on.then_some("hosted 7"),
        "runner_group_id": on.then_some(2), "runner_group_name": on.then_some("hosted"),
    }))
}

fn step(name: &str, number: u64, seen: Seen) -> Value {
    json!({
        "name": name, "number": number, "status": seen.status, "conclusion": seen.conclusion,
        "started_at": maybe(seen.started), "completed_at": maybe(seen.completed),
    })
}

/// Compares a moment with a search term such as `>=2026-01-01T00:00:00Z`, `<2026-01-01` or `2026-01-01..2026-02-01`.
fn created_matches(at: Timestamp, term: &str) -> bool {
    let text = time(at);
    let edge = |edge: &str, upper: bool| {
        let full = edge.parse::<Timestamp>().map(time);
        full.unwrap_or_else(|_| format!("{edge}T{}", if upper { "23:59:59Z" } else { "00:00:00Z" }))
    };
    if let Some((low, high)) = term.split_once("..") {
        return (low == "*" || text >= edge(low, false))
            && (high == "*" || text <= edge(high, true));
    }
    for (sign, test) in [(">=", 0), ("<=", 1), (">", 2), ("<", 3)] {
        if let Some(rest) = term.strip_prefix(sign) {
            return match test {
                0 => text >= edge(rest, false),
                1 => text <= edge(rest, true),
                2 => text > edge(rest, true),
                _ => text < edge(rest, false),
            };
        }
    }
    text >= edge(term, false) && text <= edge(term, true)
}

/// Runs of a repository, or of one of its workflows, newest first.
pub(crate) fn runs(ask: &Ask, repo: &Repo, workflow: Option<usize>, now: Timestamp) -> Reply {
    let is = |name: &str, value: &str| ask.param(name).is_none_or(|wanted| wanted == value);
    let mut found: Vec<&Run> = repo
        .runs
        .iter()
        .filter(|r| workflow.is_none_or(|w| w == r.workflow))
        .filter(|r| is("event", r.event) && is("actor", person(r.actor).login))
        .filter(|r| is("branch", r.branch.as_deref().unwrap_or("")))
        .filter(|r| is("head_sha", repo.commit(r.commit).map_or("", |c| &c.sha)))
        .filter(|r| {
            let (status, conclusion) = r.seen();
            is("status", status) || conclusion.is_some_and(|c| is("status", c))
        })
        .filter(|r| {
            ask.param("created")
                .is_none_or(|term| created_matches(r.created, term))
        })
        .collect();
    found.sort_by_key(|r| std::cmp::Reverse((r.created, r.id)));
    counted(ask, "workflow_runs", found, |r| {
        run(&ask.base, repo, r, now)
    })
}

/// The jobs of a run's newest attempt.
pub(crate) fn jobs(ask: &Ask, repo: &Repo, run: &Run, now: Timestamp) -> Reply {
    let all: Vec<Value> = (0..run.jobs.len())
        .filter_map(|n| job(&ask.base, repo, run, n, now))
        .collect();
    counted(ask, "jobs", all, |j| j)
}

/// One job by its id.
pub(crate) fn one_job(ask: &Ask, repo: &Repo, id: u64, now: Timestamp) -> Reply {
    repo.runs
        .iter()
        .find_map(|run| {
            let place = run.jobs.iter().position(|j| j.id == id)?;
            job(&ask.base, repo, run, place, now)
        })
        .map_or_else(Reply::missing, Reply::ok)
}

/// Starts a workflow by hand.
pub(crate) fn dispatch(ask: &Ask, world: &mut World, place: usize, workflow: usize) -> Reply {
    let Some(repo) = world.repos.get(place) else {
        return Reply::missing();
    };
    let Some(plan) = repo.workflows.get(workflow) else {
        return Reply::missing();
    };
    let Some(body) = serde_json::from_slice::<Value>(&ask.body)
        .ok()
        .filter(Value::is_object)
    else {
        return Reply::error(400, "Problems parsing JSON");
    };
    let Some(declared) = plan.inputs else {
        return Reply::error(422, "Workflow does not have 'workflow_dispatch' trigger");
    };
    let known = ["ref", "inputs", "return_run_details"];
    let strange = body
        .as_object()
        .into_iter()
        .flatten()
        .find(|(key, _)| !known.contains(&key.as_str()));
    if let Some((key, _)) = strange {
        return Reply::error(
            422,
            &format!("Invalid request.\n\n\"{key}\" is not a permitted key."),
        );
    }
    let Some(reference) = body.get("ref").and_then(Value::as_str) else {
        return Reply::error(422, "Invalid request.\n\n\"ref\" wasn't supplied.");
    };
    // A branch or a tag; a commit's id is refused.
    let branch = reference.strip_prefix("refs/heads/").unwrap_or(reference);
    if branch != "main" && repo.tag(reference).is_none() {
        return Reply::error(422, &format!("No ref found for: {reference}"));
    }
    let inputs = match body.get("inputs") {
        None | Some(Value::Null) => serde_json::Map::new(),
        Some(Value::Object(inputs)) => inputs.clone(),
        Some(_) => {
            return Reply::error(
                422,
                "Invalid request.\n\nFor 'properties/inputs', input is not an object.",
            );
        }
    };
    let unexpected: Vec<String> = inputs
        .keys()
        .filter(|key| !declared.iter().any(|i| i.name == key.as_str()))
        .map(|key| format!("{key:?}"))
        .collect();
    if !unexpected.is_empty() {
        return Reply::error(
            422,
            &format!("Unexpected inputs provided: [{}]", unexpected.join(", ")),
        );
    }
    for input in declared.iter().filter(|i| i.required) {
        let given = inputs
            .get(input.name)
            .is_some_and(|v| !v.is_null() && v.as_str() != Some(""));
        if !given {
            return Reply::error(
                422,
                &format!("Required input '{}' not provided", input.name),
            );
        }
    }
    let details = body
        .get("return_run_details")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let name = repo.name;
    let dispatch = Dispatch {
        workflow,
        reference: branch.to_owned(),
        inputs,
        actor: 0,
    };
    let Some(id) = world.dispatch(place, dispatch) else {
        return Reply::missing();
    };
    if !details {
        return Reply::empty(204);
    }
    Reply::ok(json!({
        "workflow_run_id": id,
        "run_url": format!("{}/repos/{OWNER}/{name}/actions/runs/{id}", ask.base),
        "html_url": format!("{WEB}/{OWNER}/{name}/actions/runs/{id}"),
    }))
}

/// Cancels a run.
pub(crate) fn cancel(world: &mut World, place: usize, id: u64) -> Reply {
    match world.cancel(place, id) {
        None => Reply::missing(),
        Some(false) => Reply::error(409, "Cannot cancel a workflow run that is completed."),
        Some(true) => Reply {
            status: 202,
            headers: Vec::new(),
            body: Some(json!({})),
        },
    }
}

/// Runs a run again.
pub(crate) fn rerun(world: &mut World, place: usize, id: u64) -> Reply {
    match world.rerun(place, id) {
        None => Reply::missing(),
        Some(Rerun::UnderWay) => Reply::error(
            403,
            "The workflow run cannot be retried: it is still in progress",
        ),
        Some(Rerun::TooOld) => Reply::error(
            403,
            "Unable to retry this workflow run because it was created over a month ago",
        ),
        Some(Rerun::TooOften) => Reply::error(
            403,
            "Unable to retry this workflow run because it was retried 50 times",
        ),
        Some(Rerun::Started) => Reply {
            status: 201,
            headers: Vec::new(),
            body: Some(json!({})),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_understands_search_terms() {
        let at: Timestamp = "2026-11-20T13:00:00Z".parse().unwrap();
        for term in [
            ">=2026-11-20T13:00:00Z",
            "2026-11-20",
            "2026-11-19..2026-11-21",
            ">2026-11-19",
            "<=2026-11-20",
            "*..2026-11-21",
        ] {
            assert!(created_matches(at, term), "{term}");
        }
        for term in [
            ">2026-11-20",
            "<2026-11-20T13:00:00Z",
            "2026-11-21",
            "2026-11-21..*",
        ] {
            assert!(!created_matches(at, term), "{term}");
        }
    }
}
