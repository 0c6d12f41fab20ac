//! What a run's acts do to its repository. The past and the present go through the same code.

use jiff::Timestamp;

use super::model::{Deployment, Repo, Shift, Status};
use super::runs::{Act, Run};

/// Deployments' ids start here: large, but still within GraphQL's 32-bit `Int`.
const FIRST_DEPLOYMENT: u64 = 1_900_000_000;
/// Statuses' ids start here.
const FIRST_STATUS: u64 = 4_100_000_000;
/// Runs' ids start here: above 2^32, as on GitHub.
const FIRST_RUN: u64 = 19_300_000_000;

impl Repo {
    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// A fresh id for a run.
    pub(crate) fn run_id(&mut self) -> u64 {
        FIRST_RUN + self.id()
    }

    /// The run with that id.
    pub(crate) fn run(&self, id: u64) -> Option<&Run> {
        self.runs.iter().rev().find(|r| r.id == id)
    }

    /// Lets an act of a run happen.
    pub(crate) fn apply(&mut self, run: usize, act: &Act, at: Timestamp) {
        match act {
            Act::Deploy { env, commit } => self.deploy(run, env, *commit, at),
            Act::Status { state, description } => self.status_of_run(run, state, description, at),
            Act::Canary {
                env,
                commit,
                percent,
            } => {
                let stable = self.traffic(env).map_or(*commit, |s| s.stable);
                self.shifts.push(Shift {
                    env,
                    at,
                    stable,
                    canary: Some((*commit, *percent)),
                });
            }
            Act::Live { env, commit } => {
                self.shifts.push(Shift {
                    env,
                    at,
                    stable: *commit,
                    canary: None,
                });
            }
            Act::Finish { conclusion } => {
                if let Some(run) = self.runs.get_mut(run) {
                    run.ended = Some((at, conclusion));
                }
            }
        }
    }

    /// Where the traffic of an environment goes.
    pub(crate) fn traffic(&self, env: &str) -> Option<&Shift> {
        self.shifts.iter().rev().find(|s| s.env == env)
    }

    fn deploy(&mut self, run: usize, env: &'static str, commit: usize, at: Timestamp) {
        let id = FIRST_DEPLOYMENT + self.id();
        let tag = self.version_of(commit).map(|v| format!("v{v}"));
        let sha = self
            .commit(commit)
            .map(|c| c.sha.clone())
            .unwrap_or_default();
        let Some(run) = self.runs.get(run) else {
            return;
        };
        let version = tag.clone().unwrap_or_else(|| sha.clone());
        self.deployments.push(Deployment {
            id,
            env,
            commit,
            reference: tag.unwrap_or(sha),
            created: at,
            creator: run.actor,
            payload: run.payload.clone(),
            description: format!("{version} to {env}"),
            statuses: Vec::new(),
            run: Some(run.id),
        });
        let newest = self.deployments.len() - 1;
        self.status(newest, "queued", "", at);
    }

    /// Gives the newest deployment of a run a status.
    pub(crate) fn status_of_run(
        &mut self,
        run: usize,
        state: &'static str,
        description: &str,
        at: Timestamp,
    ) {
        let id = self.runs.get(run).map(|r| r.id);
        if let Some(deployment) = self.deployments.iter().rposition(|d| d.run == id) {
            self.status(deployment, state, description, at);
        }
    }

    /// Gives a deployment a status. As on GitHub, a success makes the earlier ones of the same environment inactive, except in production.
    fn status(&mut self, deployment: usize, state: &'static str, description: &str, at: Timestamp) {
        let id = FIRST_STATUS + self.id();
        let Some(target) = self.deployments.get_mut(deployment) else {
            return;
        };
        target.statuses.push(Status {
            id,
            state,
            at,
            description: description.to_owned(),
        });
        let env = target.env;
        if state != "success" || env == "production" {
            return;
        }
        let old: Vec<usize> = self
            .deployments
            .iter()
            .enumerate()
            .filter(|(n, d)| *n != deployment && d.env == env && d.state() == Some("success"))
            .map(|(n, _)| n)
            .collect();
        for n in old {
            self.status(n, "inactive", "Superseded", at);
        }
    }
}
