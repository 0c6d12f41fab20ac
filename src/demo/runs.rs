//! Workflow runs: a plan of jobs and steps with their durations, and what is to be seen of it at a moment. A run holds no state that a
//! clock would have to push; only when it began and how it ended.

use jiff::{SignedDuration, Timestamp};

use super::gate::Gate;

/// A step of a job and how long it takes.
#[derive(Debug, Clone)]
pub(crate) struct StepPlan {
    pub(crate) name: String,
    pub(crate) takes: SignedDuration,
}

/// A job; jobs run one after the other.
#[derive(Debug, Clone)]
pub(crate) struct JobPlan {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) steps: Vec<StepPlan>,
}

impl JobPlan {
    fn takes(&self) -> SignedDuration {
        self.steps
            .iter()
            .fold(SignedDuration::ZERO, |sum, s| sum + s.takes)
    }
}

/// What happens to the world when a run reaches a moment.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// A deployment of a commit appears.
    Deploy { env: &'static str, commit: usize },
    /// The run's newest deployment gets a status.
    Status {
        state: &'static str,
        description: &'static str,
    },
    /// A share of the traffic goes to a commit's version.
    Canary {
        env: &'static str,
        commit: usize,
        percent: u32,
    },
    /// All traffic goes to a commit's version.
    Live { env: &'static str, commit: usize },
    /// The run ends.
    Finish { conclusion: &'static str },
}

/// A workflow run (its newest attempt).
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) workflow: usize,
    pub(crate) event: &'static str,
    pub(crate) commit: usize,
    pub(crate) branch: Option<String>,
    pub(crate) title: String,
    pub(crate) actor: usize,
    /// Who started its newest attempt.
    pub(crate) triggering: usize,
    pub(crate) created: Timestamp,
    pub(crate) attempt: u64,
    pub(crate) attempt_created: Timestamp,
    /// At most one run of a group runs at a time.
    pub(crate) group: Option<String>,
    /// What it deploys where, so that it can be run again.
    pub(crate) target: Option<(&'static str, usize)>,
    pub(crate) payload: serde_json::Value,
    pub(crate) jobs: Vec<JobPlan>,
    pub(crate) began: Option<Timestamp>,
    pub(crate) cancel_at: Option<Timestamp>,
    pub(crate) ended: Option<(Timestamp, &'static str)>,
    pub(crate) acts: Vec<(SignedDuration, Act)>,
    /// What it waits for before it begins.
    pub(crate) gate: Option<Gate>,
    /// Another run of its group is in its way.
    pub(crate) held: bool,
    /// How many of the acts have happened.
    pub(crate) done: usize,
}

/// A part of a run (job or step) as it is seen at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) status: &'static str,
    pub(crate) conclusion: Option<&'static str>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) completed: Option<Timestamp>,
}

/// The time that a job waits for a machine.
pub(crate) const PICK_UP: SignedDuration = SignedDuration::from_secs(1);
/// The time that a run waits before its first job.
pub(crate) const QUEUED: SignedDuration = SignedDuration::from_secs(3);

impl Run {
    /// Its status and conclusion.
    pub(crate) fn seen(&self) -> (&'static str, Option<&'static str>) {
        match (self.ended, self.began) {
            (Some((_, conclusion)), _) => ("completed", Some(conclusion)),
            (None, Some(_)) => ("in_progress", None),
            (None, None) if self.held => ("pending", None),
            (None, None) if self.gate.is_some() => ("waiting", None),
            (None, None) => ("queued", None),
        }
    }

    /// When it last changed, as far as is known at `now`.
    pub(crate) fn updated(&self, now: Timestamp) -> Timestamp {
        match (self.ended, self.began) {
            (Some((at, _)), _) => at,
            (None, Some(began)) => {
                let mut last = began;
                for job in 0..self.jobs.len() {
                    let seen = self.job(job, now);
                    last = [seen.started, seen.completed]
                        .into_iter()
                        .flatten()
                        .fold(last, Timestamp::max);
                }
                last
            }
            (None, None) => self.attempt_created,
        }
    }

    /// When a job starts, counted from the beginning of the run.
    pub(crate) fn starts(&self, job: usize) -> SignedDuration {
        self.jobs
            .iter()
            .take(job)
            .fold(PICK_UP, |sum, j| sum + j.takes() + PICK_UP)
    }

    /// A job at a moment.
    pub(crate) fn job(&self, job: usize, now: Timestamp) -> Seen {
        let Some(plan) = self.jobs.get(job) else {
            return self.span(SignedDuration::ZERO, SignedDuration::ZERO, now);
        };
        let from = self.starts(job);
        self.span(from, from + plan.takes(), now)
    }

    /// A step of a job at a moment.
    pub(crate) fn step(&self, job: usize, step: usize, now: Timestamp) -> Seen {
        let steps = self.jobs.get(job).map_or(&[][..], |j| &j.steps);
        let before = steps
            .iter()
            .take(step)
            .fold(self.starts(job), |sum, s| sum + s.takes);
        let takes = steps.get(step).map_or(SignedDuration::ZERO, |s| s.takes);
        self.span(before, before + takes, now)
    }

    /// What is seen of a stretch of the run: done, under way, still to come, or cut off by the run's end.
    fn span(&self, from: SignedDuration, to: SignedDuration, now: Timestamp) -> Seen {
        let waiting = Seen {
            status: "queued",
            conclusion: None,
            started: None,
            completed: None,
        };
        let at = |offset| self.began.and_then(|b| b.checked_add(offset).ok());
        let (start, end) = (at(from), at(to));
        if let Some((stop, conclusion)) = self.ended {
            let (Some(start), Some(end)) = (start, end) else {
                return Seen {
                    status: "completed",
                    conclusion: Some("cancelled"),
                    started: None,
                    completed: Some(stop),
                };
            };
            if end < stop || (end == stop && conclusion == "success") {
                return Seen {
                    status: "completed",
                    conclusion: Some("success"),
                    started: Some(start),
                    completed: Some(end),
                };
            }
            if start < stop {
                return Seen {
                    status: "completed",
                    conclusion: Some(conclusion),
                    started: Some(start),
                    completed: Some(stop),
                };
            }
            let conclusion = if conclusion == "cancelled" {
                "cancelled"
            } else {
                "skipped"
            };
            return Seen {
                status: "completed",
                conclusion: Some(conclusion),
                started: None,
                completed: Some(stop),
            };
        }
        match (start, end) {
            (Some(start), Some(end)) if now >= end => Seen {
                status: "completed",
                conclusion: Some("success"),
                started: Some(start),
                completed: Some(end),
            },
            (Some(start), _) if now >= start => Seen {
                status: "in_progress",
                started: Some(start),
                ..waiting
            },
            _ => waiting,
        }
    }
}
