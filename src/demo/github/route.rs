//! Which address leads where. An address that leads nowhere is 404, as is a thing that does not exist.

use serde_json::json;

use super::json::{full_repo, me};
use super::reply::{Ask, Reply, list};
use super::{actions, checks, commits, protection, repos};
use crate::demo::history::hours_before;
use crate::demo::world::World;

/// Answers a REST request; the rate limit has its own place.
pub(crate) fn route(ask: &Ask, world: &mut World) -> Reply {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    let get = ask.method == "GET" || ask.method == "HEAD";
    match path.as_slice() {
        ["versions"] if get => Reply::ok(json!(["2026-03-10", "2022-11-28"])),
        ["user"] if get => Reply::ok(me(
            &ask.base,
            hours_before(world.repos.first().map_or(world.now, |r| r.created), 900.0),
        )),
        ["repos", owner, name, rest @ ..] => {
            let Some(place) = world.place(owner, name) else {
                return Reply::missing();
            };
            if get {
                read(ask, world, place, rest)
            } else {
                write(ask, world, place, rest)
            }
        }
        _ => Reply::missing(),
    }
}

fn read(ask: &Ask, world: &World, place: usize, rest: &[&str]) -> Reply {
    let Some(repo) = world.repos.get(place) else {
        return Reply::missing();
    };
    let now = world.now;
    let base = &ask.base;
    match rest {
        [] => Reply::ok(full_repo(base, repo)),
        ["releases"] => repos::releases(ask, repo),
        ["releases", "latest"] => repos::latest(ask, repo),
        ["releases", "tags", tag] => repos::by_tag(ask, repo, tag),
        ["tags"] => repos::tags(ask, repo),
        ["milestones"] => repos::milestones(ask, repo),
        ["environments"] => repos::environments(ask, repo),
        ["environments", name] => repos::one_environment(ask, repo, name),
        ["environments", name, what] => protection::of_environment(repo, name, what),
        ["deployments"] => repos::deployments(ask, repo),
        ["deployments", id, rest @ ..] => repos::one_deployment(ask, repo, id, rest),
        ["branches", name] => repos::branch(ask, repo, name),
        ["branches", name, "protection", rest @ ..] => repos::protection(ask, repo, name, rest),
        // The company guards its branch the older way: no rulesets.
        ["rules", "branches", _] => list(ask, Vec::<()>::new(), |()| json!({})),
        ["contents", path @ ..] => repos::contents(ask, repo, path),
        ["pulls"] => commits::pulls(ask, repo),
        ["pulls", number] => commits::pull(ask, repo, number),
        ["compare", basehead] => commits::compare(ask, repo, basehead),
        ["commits"] => commits::all(ask, repo),
        ["commits", reference, rest @ ..] => {
            let Some(commit) = repo.resolve(reference).and_then(|n| repo.commit(n)) else {
                return Reply::error(422, &format!("No commit found for SHA: {reference}"));
            };
            match rest {
                [] => commits::one(ask, repo, commit),
                ["check-runs"] => checks::check_runs(ask, repo, commit, now),
                ["status"] => checks::status(ask, repo, commit),
                ["pulls"] => commits::pulls_of(ask, repo, commit),
                _ => Reply::missing(),
            }
        }
        ["actions", "runs"] => actions::runs(ask, repo, None, now),
        ["actions", "runs", id, rest @ ..] => {
            let Some(run) = id.parse().ok().and_then(|id| repo.run(id)) else {
                return Reply::missing();
            };
            match rest {
                [] => Reply::ok(actions::run(base, repo, run, now)),
                ["jobs"] => actions::jobs(ask, repo, run, now),
                ["attempts", n] if *n == run.attempt.to_string() => {
                    Reply::ok(actions::run(base, repo, run, now))
                }
                ["attempts", n, "jobs"] if *n == run.attempt.to_string() => {
                    actions::jobs(ask, repo, run, now)
                }
                ["pending_deployments"] => protection::pending(ask, repo, run),
                ["approvals"] => protection::approvals(ask, repo, run, now),
                _ => Reply::missing(),
            }
        }
        ["actions", "jobs", id] => id.parse().map_or_else(
            |_| Reply::missing(),
            |id| actions::one_job(ask, repo, id, now),
        ),
        ["actions", "workflows"] => {
            super::reply::counted(ask, "workflows", repo.workflows.iter().collect(), |w| {
                actions::workflow(base, repo, w)
            })
        }
        ["actions", "workflows", name, rest @ ..] => {
            let Some((n, workflow)) = repo.workflow(name) else {
                return Reply::missing();
            };
            match rest {
                [] => Reply::ok(actions::workflow(base, repo, workflow)),
                ["runs"] => actions::runs(ask, repo, Some(n), now),
                _ => Reply::missing(),
            }
        }
        _ => Reply::missing(),
    }
}

fn write(ask: &Ask, world: &mut World, place: usize, rest: &[&str]) -> Reply {
    match rest {
        ["actions", "workflows", name, "dispatches"] if ask.method == "POST" => {
            let found = world
                .repos
                .get(place)
                .and_then(|r| r.workflow(name))
                .map(|(n, _)| n);
            found.map_or_else(Reply::missing, |n| actions::dispatch(ask, world, place, n))
        }
        ["actions", "runs", id, "cancel" | "force-cancel"] if ask.method == "POST" => id
            .parse()
            .map_or_else(|_| Reply::missing(), |id| actions::cancel(world, place, id)),
        ["actions", "runs", id, "pending_deployments"] if ask.method == "POST" => {
            id.parse().map_or_else(
                |_| Reply::missing(),
                |id| protection::review(world, place, id),
            )
        }
        ["actions", "runs", id, "rerun" | "rerun-failed-jobs"] if ask.method == "POST" => id
            .parse()
            .map_or_else(|_| Reply::missing(), |id| actions::rerun(world, place, id)),
        _ => Reply::missing(),
    }
}
