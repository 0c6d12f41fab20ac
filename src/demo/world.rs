//! The state of the simulated company. It is moved on to the virtual present by whoever asks, in the order in which things happen.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::Scenario;
use super::catalog::{OWNER, SERVICES, STAR};
use super::gate::Gate;
use super::history;
use super::metrics::Metrics;
use super::model::Repo;
use super::past;
use super::pipelines::{BRISK, Pace, Pipeline, SLOW};
use super::runs::{QUEUED, Run};
use super::traffic::Defect;

/// How long a run goes on after it was told to stop.
const STOPPING: SignedDuration = SignedDuration::from_secs(4);
/// Runs can be run again for that long.
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The bad version starts to fail so long after its deployment started.
const ONSET: SignedDuration = SignedDuration::from_secs(135);

/// The simulated company.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) repos: Vec<Repo>,
    pub(crate) metrics: Metrics,
    scenario: Scenario,
    /// When the release of the scenario starts to be deployed, until it did.
    scheduled: Option<Timestamp>,
}

/// What became of the wish to run a run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rerun {
    Started,
    UnderWay,
    TooOld,
    TooOften,
}

/// What a dispatch asks for, checked.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) workflow: usize,
    pub(crate) reference: String,
    pub(crate) inputs: Map<String, Value>,
    pub(crate) actor: usize,
}

impl World {
    /// The company at `start`, its release being deployed since three minutes or, with `deploy_in`, only later.
    pub(crate) fn new(
        scenario: Scenario,
        seed: u64,
        start: Timestamp,
        deploy_in: Option<SignedDuration>,
    ) -> Self {
        let repos: Vec<Repo> = SERVICES
            .iter()
            .enumerate()
            .map(|(place, spec)| history::generate(seed, place, spec, start))
            .collect();
        let wait = deploy_in.unwrap_or(SignedDuration::from_secs(-180));
        let at = start.checked_add(wait).unwrap_or(start);
        let defect = repos
            .iter()
            .find(|r| r.name == STAR && is_bad(scenario))
            .and_then(|r| r.tags().next_back())
            .map(|release| Defect {
                commit: release.commit,
                from: at.checked_add(ONSET).unwrap_or(at),
            });
        let metrics = Metrics::new(seed, start, defect);
        let mut world = Self {
            now: at.min(start),
            repos,
            metrics,
            scenario,
            // In a freeze nobody deploys, unless the caller says when.
            scheduled: (scenario != Scenario::Frozen || deploy_in.is_some()).then_some(at),
        };
        world.advance(start);
        world
    }

    /// The position of the repository of that owner and name.
    pub(crate) fn place(&self, owner: &str, name: &str) -> Option<usize> {
        if !owner.eq_ignore_ascii_case(OWNER) {
            return None;
        }
        self.repos
            .iter()
            .position(|r| r.name.eq_ignore_ascii_case(name))
    }

    /// Moves on to a moment; all that happens until then happens in order.
    pub(crate) fn advance(&mut self, to: Timestamp) {
        while let Some((at, what)) = self.next(to) {
            self.now = self.now.max(at);
            self.happen(at, what);
        }
        self.now = self.now.max(to);
    }

    fn next(&self, to: Timestamp) -> Option<(Timestamp, What)> {
        let mut first: Option<(Timestamp, What)> = None;
        let mut offer = |at: Timestamp, what: What| {
            if at <= to && first.as_ref().is_none_or(|(other, _)| at < *other) {
                first = Some((at, what));
            }
        };
        if let Some(at) = self.scheduled {
            offer(at, What::Scenario);
        }
        for (place, repo) in self.repos.iter().enumerate() {
            for (n, run) in repo
                .runs
                .iter()
                .enumerate()
                .filter(|(_, r)| r.ended.is_none())
            {
                if let Some(at) = run.cancel_at {
                    offer(at, What::Stop(place, n));
                }
                if let Some(began) = run.began {
                    if let Some((offset, _)) = run.acts.get(run.done) {
                        offer(
                            began.checked_add(*offset).unwrap_or(began),
                            What::Act(place, n),
                        );
                    }
                } else if !run.held || !Self::blocked(repo, n) {
                    let ready = run
                        .attempt_created
                        .checked_add(QUEUED)
                        .unwrap_or(run.attempt_created);
                    let ready = run.gate.map_or(ready, |gate| gate.opens().max(ready));
                    offer(
                        if run.held { ready.max(self.now) } else { ready },
                        What::Begin(place, n),
                    );
                }
            }
        }
        first
    }

    /// Whether another run of the same group is under way or came earlier.
    fn blocked(repo: &Repo, run: usize) -> bool {
        let Some(this) = repo.runs.get(run) else {
            return false;
        };
        this.group.is_some()
            && repo.runs.iter().enumerate().any(|(n, other)| {
                n != run
                    && other.ended.is_none()
                    && other.group == this.group
                    && (other.began.is_some()
                        || other.attempt_created < this.attempt_created
                        || (other.attempt_created == this.attempt_created && n < run))
            })
    }

    fn happen(&mut self, at: Timestamp, what: What) {
        match what {
            What::Scenario => {
                self.scheduled = None;
                self.start_scenario(at);
            }
            What::Begin(place, n) => {
                let blocked = self
                    .repos
                    .get(place)
                    .is_some_and(|repo| Self::blocked(repo, n));
                if let Some(run) = self.repos.get_mut(place).and_then(|r| r.runs.get_mut(n)) {
                    run.held = blocked;
                    if !blocked {
                        run.began = Some(at);
                    }
                }
            }
            What::Act(place, n) => {
                let Some(repo) = self.repos.get_mut(place) else {
                    return;
                };
                let Some(run) = repo.runs.get_mut(n) else {
                    return;
                };
                let act = run.acts.get(run.done).map(|(_, act)| act.clone());
                run.done += 1;
                if let Some(act) = act {
                    repo.apply(n, &act, at);
                }
            }
            What::Stop(place, n) => {
                let Some(repo) = self.repos.get_mut(place) else {
                    return;
                };
                let open = repo
                    .runs
                    .get(n)
                    .and_then(|run| {
                        repo.deployments
                            .iter()
                            .rev()
                            .find(|d| d.run == Some(run.id))
                    })
                    .is_some_and(|d| {
                        matches!(d.state(), Some("queued" | "in_progress" | "pending"))
                    });
                if open {
                    repo.status_of_run(n, "failure", "The run was cancelled", at);
                }
                if let Some(run) = repo.runs.get_mut(n) {
                    run.ended = Some((at, "cancelled"));
                }
            }
        }
    }

    fn pace(&self) -> Pace {
        if is_bad(self.scenario) { SLOW } else { BRISK }
    }

    fn start_scenario(&mut self, at: Timestamp) {
        let Some(place) = self.place(OWNER, STAR) else {
            return;
        };
        let Some(repo) = self.repos.get(place) else {
            return;
        };
        let Some(release) = repo.tags().next_back() else {
            return;
        };
        let (commit, tag) = (release.commit, release.tag.clone());
        let sha = repo
            .commit(commit)
            .map(|c| c.sha.clone())
            .unwrap_or_default();
        let inputs = json!({ "version": tag, "sha": sha });
        let inputs = inputs.as_object().cloned().unwrap_or_default();
        let dispatch = Dispatch {
            workflow: 1,
            reference: "main".to_owned(),
            inputs,
            actor: 0,
        };
        self.start(place, dispatch, at);
    }

    /// Starts a run now and tells its id.
    pub(crate) fn dispatch(&mut self, place: usize, dispatch: Dispatch) -> Option<u64> {
        self.start(place, dispatch, self.now)
    }

    fn start(&mut self, place: usize, dispatch: Dispatch, at: Timestamp) -> Option<u64> {
        let pace = self.pace();
        let repo = self.repos.get_mut(place)?;
        let text = |key: &str| {
            dispatch
                .inputs
                .get(key)
                .and_then(Value::as_str)
                .filter(|t| !t.is_empty())
        };
        let wanted = text("environment").unwrap_or("production");
        let env = repo
            .environments
            .iter()
            .map(|e| e.name)
            .find(|e| *e == wanted);
        let commit = match (text("sha"), text("version")) {
            (Some(sha), _) => repo.resolve(sha),
            (None, Some(version)) => repo
                .tag(version)
                .or_else(|| repo.tag(&format!("v{version}"))),
            (None, None) => None,
        };
        let id = repo.run_id();
        let target = env.zip(commit);
        let back = dispatch.workflow == 2;
        let pipeline = pipeline(id, 1, back, target, pace);
        let version = commit
            .and_then(|c| repo.version_of(c))
            .map_or_else(|| "an unknown commit".to_owned(), |v| format!("v{v}"));
        let mut title = if back {
            format!("Roll back {wanted} to {version}")
        } else {
            format!("Deploy {version} to {wanted}")
        };
        if let Some(correlation) = text("cockpit_id") {
            title = format!("{title} [{correlation}]");
        }
        let head = repo.resolve(&dispatch.reference)?;
        let number = past::number(repo, dispatch.workflow);
        let gate = env.and_then(|env| Gate::new(env, repo.rules(env), at));
        repo.runs.push(Run {
            id,
            number,
            workflow: dispatch.workflow,
            event: "workflow_dispatch",
            commit: head,
            branch: Some(dispatch.reference.clone()),
            title,
            actor: dispatch.actor,
            triggering: dispatch.actor,
            gate,
            created: at,
            attempt: 1,
            attempt_created: at,
            group: Some(format!("deploy-{wanted}")),
            target,
            payload: Value::Object(dispatch.inputs),
            jobs: pipeline.jobs,
            began: None,
            cancel_at: None,
            ended: None,
            acts: pipeline.acts,
            held: false,
            done: 0,
        });
        Some(id)
    }

    /// Tells a run to stop. `Some(false)`: it is over already.
    pub(crate) fn cancel(&mut self, place: usize, id: u64) -> Option<bool> {
        let at = self.now.checked_add(STOPPING).ok()?;
        let run = self
            .repos
            .get_mut(place)?
            .runs
            .iter_mut()
            .find(|r| r.id == id)?;
        if run.ended.is_some() {
            return Some(false);
        }
        run.cancel_at = run.cancel_at.or(Some(at));
        Some(true)
    }

    /// Somebody approves what a run waits for.
    pub(crate) fn approve(&mut self, place: usize, id: u64, who: usize) {
        let now = self.now;
        let repo = self.repos.get_mut(place);
        let run = repo.and_then(|r| r.runs.iter_mut().find(|r| r.id == id));
        if let Some(gate) = run.and_then(|r| r.gate.as_mut()) {
            gate.approved = gate.approved.or(Some((now, who)));
        }
    }

    /// Runs a finished run again, by whoever owns the token. As on GitHub: for a month, fifty times.
    pub(crate) fn rerun(&mut self, place: usize, id: u64) -> Option<Rerun> {
        let now = self.now;
        let repo = self.repos.get_mut(place)?;
        let at = repo.runs.iter().position(|r| r.id == id)?;
        let rules = repo
            .runs
            .get(at)
            .and_then(|r| r.target)
            .map(|(env, _)| (env, repo.rules(env)));
        let run = repo.runs.get_mut(at)?;
        if run.ended.is_none() {
            return Some(Rerun::UnderWay);
        }
        if now.duration_since(run.created) >= MONTH {
            return Some(Rerun::TooOld);
        }
        if run.attempt > 50 {
            return Some(Rerun::TooOften);
        }
        run.attempt += 1;
        run.triggering = 0;
        run.gate = rules.and_then(|(env, rules)| Gate::new(env, rules, now));
        let pipeline = match run.workflow {
            0 => Pipeline::new(id, run.attempt).ci(),
            // An old image is there already: no long bake.
            other => pipeline(
                id,
                run.attempt,
                other == 2,
                run.target,
                Pace {
                    first: 12,
                    second: 8,
                },
            ),
        };
        (run.jobs, run.acts, run.done) = (pipeline.jobs, pipeline.acts, 0);
        (run.began, run.ended, run.cancel_at, run.held) = (None, None, None, false);
        run.attempt_created = now;
        Some(Rerun::Started)
    }
}

/// Whether the scenario's release is the one that fails.
fn is_bad(scenario: Scenario) -> bool {
    matches!(scenario, Scenario::BadDeploy | Scenario::FlakyApi)
}

fn pipeline(
    id: u64,
    attempt: u64,
    back: bool,
    target: Option<(&'static str, usize)>,
    pace: Pace,
) -> Pipeline {
    let empty = Pipeline::new(id, attempt);
    match target {
        Some((env, commit)) if back => empty.rollback(env, commit),
        Some((env, commit)) => empty.deploy(env, commit, pace),
        None => empty.refused(),
    }
}

/// What can happen next: to which repository (by position) and run.
#[derive(Debug, Clone, Copy)]
enum What {
    Scenario,
    Begin(usize, usize),
    Act(usize, usize),
    Stop(usize, usize),
}
