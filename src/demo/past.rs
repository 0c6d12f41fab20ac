//! The deployments and workflow runs of the months before the story: most of them fine, some failed, some rolled back.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::catalog::{STAR, ServiceSpec};
use super::history::hours_before;
use super::model::Repo;
use super::num;
use super::pipelines::{BRISK, Pipeline};
use super::rng::{self, Rng};
use super::runs::{Act, QUEUED, Run};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Deploy,
    Broken,
    Rollback,
    Ci,
}

#[derive(Debug, Clone, Copy)]
struct Event {
    at: Timestamp,
    kind: Kind,
    env: &'static str,
    commit: usize,
}

/// Adds the past to a repository whose commits and releases are there.
pub(crate) fn fill(seed: u64, spec: &'static ServiceSpec, start: Timestamp, repo: &mut Repo) {
    let mut rng = Rng::new(seed, &[rng::key("past"), rng::key(spec.name)]);
    let mut events = deployments(&mut rng, spec, start, repo);
    let fortnight = hours_before(start, 24.0 * 14.0);
    let fresh = repo
        .commits
        .iter()
        .enumerate()
        .filter(|(_, c)| c.committed > fortnight);
    events.extend(fresh.map(|(commit, c)| Event {
        at: c.committed,
        kind: Kind::Ci,
        env: "",
        commit,
    }));
    events.sort_by_key(|e| e.at);
    for event in events {
        run(&mut rng, repo, event);
    }
}

fn deployments(
    rng: &mut Rng,
    spec: &'static ServiceSpec,
    start: Timestamp,
    repo: &Repo,
) -> Vec<Event> {
    let mut events = Vec::new();
    let releases: Vec<_> = repo.tags().collect();
    let newest = releases.len().saturating_sub(1);
    for (n, release) in releases.iter().enumerate() {
        let published = release.published.unwrap_or(start);
        let after = |hours: f64| hours_before(published, -hours);
        let left = if n == newest {
            spec.released_hours_ago
        } else {
            60.0
        };
        for (place, env) in spec.environments.iter().enumerate() {
            let commit = release.commit;
            let event = |at, kind| Event {
                at,
                kind,
                env: env.name,
                commit,
            };
            if env.name != "production" {
                let hours = rng.between(0.2, 0.5) + num::wide(place) as f64 * rng.between(0.5, 1.5);
                events.push(event(after(hours.min(left * 0.4)), Kind::Deploy));
                continue;
            }
            if n == newest && spec.name == STAR {
                continue;
            }
            let mut at = after(rng.between(3.0, 28.0).min(left * 0.7));
            if n + 1 == newest && spec.name == STAR {
                at = hours_before(start, 6.0 * 24.0 + 3.0);
            }
            let settled = n + 3 > newest;
            if !settled && rng.chance(0.08) {
                events.push(event(hours_before(at, 1.1), Kind::Broken));
            }
            events.push(event(at, Kind::Deploy));
            let drill = n + 8 == newest && spec.name == STAR;
            if (!settled && rng.chance(0.07)) || drill {
                let back = n
                    .checked_sub(1)
                    .and_then(|p| releases.get(p))
                    .map_or(commit, |r| r.commit);
                let later = hours_before(at, -rng.between(0.4, 1.5));
                events.push(Event {
                    commit: back,
                    ..event(later, Kind::Rollback)
                });
            }
        }
    }
    events
}

fn run(rng: &mut Rng, repo: &mut Repo, event: Event) {
    let Event {
        at,
        kind,
        env,
        commit,
    } = event;
    let id = repo.run_id();
    let version = repo.version_of(commit).unwrap_or("?").to_owned();
    let pipeline = Pipeline::new(id, 1);
    let head = repo
        .commits
        .iter()
        .rposition(|c| c.committed <= at)
        .unwrap_or(0);
    let (workflow, pipeline, title, event, head) = match kind {
        Kind::Ci => {
            let message = repo
                .commit(commit)
                .map(|c| c.message.clone())
                .unwrap_or_default();
            (0, pipeline.ci(), message, "push", commit)
        }
        Kind::Deploy | Kind::Broken => {
            let title = format!("Deploy v{version} to {env}");
            (
                1,
                pipeline.deploy(env, commit, BRISK),
                title,
                "workflow_dispatch",
                head,
            )
        }
        Kind::Rollback => {
            let title = format!("Roll back {env} to v{version}");
            (
                2,
                pipeline.rollback(env, commit),
                title,
                "workflow_dispatch",
                head,
            )
        }
    };
    // Payloads come as objects from some tools and as texts from others.
    let payload = if rng.chance(0.5) {
        json!({ "version": version })
    } else {
        json!(format!("{{\"version\":\"{version}\"}}"))
    };
    let odd = repo.name == "accounts" && repo.runs.len() == 3;
    let began = at.checked_add(QUEUED).unwrap_or(at);
    let actor = num::index(rng.bits(), 6);
    repo.runs.push(Run {
        id,
        number: number(repo, workflow),
        workflow,
        event,
        commit: head,
        branch: (!odd).then(|| "main".to_owned()),
        title,
        actor,
        triggering: actor,
        gate: None,
        created: at,
        attempt: 1,
        attempt_created: at,
        group: (kind != Kind::Ci).then(|| format!("deploy-{env}")),
        target: (kind != Kind::Ci).then_some((env, commit)),
        payload,
        jobs: pipeline.jobs,
        began: Some(began),
        cancel_at: None,
        ended: None,
        done: pipeline.acts.len(),
        acts: Vec::new(),
        held: false,
    });
    let place = repo.runs.len() - 1;
    let before = repo.traffic(env).map(|s| s.stable);
    for (offset, act) in pipeline.acts {
        if kind == Kind::Broken && matches!(act, Act::Canary { percent: 50, .. }) {
            // It failed before it got this far: the traffic goes back.
            let stop =
                repo.runs.get(place).map_or(offset, |r| r.starts(4)) - SignedDuration::from_secs(1);
            let at = began.checked_add(stop).unwrap_or(began);
            repo.status_of_run(place, "failure", "The canary is worse", at);
            if let Some(commit) = before {
                repo.apply(place, &Act::Live { env, commit }, at);
            }
            repo.apply(
                place,
                &Act::Finish {
                    conclusion: "failure",
                },
                at,
            );
            return;
        }
        let at = began.checked_add(offset).unwrap_or(began);
        repo.apply(place, &act, at);
    }
}

/// The number of the next run of a workflow.
pub(crate) fn number(repo: &Repo, workflow: usize) -> u64 {
    let runs = repo.runs.iter().filter(|r| r.workflow == workflow).count();
    num::wide(runs) + 1 + if workflow == 0 { 900 } else { 0 }
}
