//! What the company's workflows do: their jobs with durations, and what happens to the world at which moment of a run.

use jiff::SignedDuration;

use super::num;
use super::runs::{Act, JobPlan, PICK_UP, StepPlan};

/// A pipeline under construction: jobs one after the other, and the acts that happen on the way.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    pub(crate) jobs: Vec<JobPlan>,
    pub(crate) acts: Vec<(SignedDuration, Act)>,
    at: SignedDuration,
    first_id: u64,
}

/// How a deployment to production takes place: the bake of each canary step in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) first: i64,
    pub(crate) second: i64,
}

/// The pace of the release that goes wrong: a long bake on the first step, in which somebody should act.
pub(crate) const SLOW: Pace = Pace {
    first: 1_800,
    second: 600,
};
/// The pace of the release that goes well.
pub(crate) const BRISK: Pace = Pace {
    first: 240,
    second: 120,
};

fn secs(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

impl Pipeline {
    /// An empty pipeline; jobs get ids from `run` and `attempt`.
    pub(crate) fn new(run: u64, attempt: u64) -> Self {
        Self {
            at: PICK_UP,
            first_id: run * 1_000 + attempt * 20,
            ..Self::default()
        }
    }

    /// Appends a job; `when` acts happen at the end of the step with that position.
    fn job(&mut self, name: &str, steps: &[(&str, i64)], when: Vec<(usize, Act)>) {
        let begins = self.at;
        let mut all = vec![("Set up job", 1)];
        all.extend_from_slice(steps);
        for (position, act) in when {
            let offset = all.iter().take(position + 2).map(|s| s.1).sum();
            self.acts.push((begins + secs(offset), act));
        }
        self.at = begins + secs(all.iter().map(|s| s.1).sum()) + PICK_UP;
        self.jobs.push(JobPlan {
            id: self.first_id + num::wide(self.jobs.len()),
            name: name.to_owned(),
            steps: all
                .into_iter()
                .map(|(name, takes)| StepPlan {
                    name: name.to_owned(),
                    takes: secs(takes),
                })
                .collect(),
        });
    }

    fn finish(mut self, conclusion: &'static str) -> Self {
        let end = self.at;
        self.acts.push((end, Act::Finish { conclusion }));
        self.acts.sort_by_key(|(offset, _)| *offset);
        self
    }

    fn build_and_test(&mut self) {
        self.job(
            "build",
            &[("Check out", 2), ("Build", 17), ("Upload image", 2)],
            vec![],
        );
        self.job(
            "test",
            &[
                ("Check out", 2),
                ("Unit tests", 13),
                ("End-to-end tests", 12),
            ],
            vec![],
        );
    }

    /// Forward, in steps of 25, 50 and 100 %, for environments with a canary; else at once.
    pub(crate) fn deploy(mut self, env: &'static str, commit: usize, pace: Pace) -> Self {
        let success = Act::Status {
            state: "success",
            description: "All traffic is on the new version",
        };
        self.acts.push((secs(0), Act::Deploy { env, commit }));
        self.acts.push((
            secs(1),
            Act::Status {
                state: "in_progress",
                description: "Rolling out",
            },
        ));
        self.build_and_test();
        if env != "production" {
            let done = vec![(0, Act::Live { env, commit }), (1, success)];
            self.job(env, &[("Deploy", 12), ("Smoke tests", 7)], done);
            return self.finish("success");
        }
        self.job("staging", &[("Deploy", 12), ("Smoke tests", 7)], vec![]);
        for (percent, bake) in [(25, pace.first), (50, pace.second)] {
            let (name, step) = (
                format!("canary {percent} %"),
                format!("Shift {percent} % of the traffic"),
            );
            let shift = (
                0,
                Act::Canary {
                    env,
                    commit,
                    percent,
                },
            );
            self.job(&name, &[(&step, 5), ("Bake", bake)], vec![shift]);
        }
        let done = vec![(0, Act::Live { env, commit }), (1, success)];
        self.job(
            "100 %",
            &[("Shift all traffic", 5), ("Check health", 6)],
            done,
        );
        self.finish("success")
    }

    /// Back to a known commit, all at once.
    pub(crate) fn rollback(mut self, env: &'static str, commit: usize) -> Self {
        self.job(
            "plan",
            &[("Resolve the target", 3), ("Check the image", 3)],
            vec![],
        );
        let began = self.at;
        self.acts.push((began, Act::Deploy { env, commit }));
        self.acts.push((
            began + secs(1),
            Act::Status {
                state: "in_progress",
                description: "Rolling back",
            },
        ));
        let success = Act::Status {
            state: "success",
            description: "Rolled back",
        };
        let done = vec![(1, Act::Live { env, commit }), (2, success)];
        let steps = [
            ("Pull the image", 8),
            ("Shift all traffic", 12),
            ("Check health", 6),
        ];
        self.job("rollback", &steps, done);
        self.job("announce", &[("Post to the channel", 3)], vec![]);
        self.finish("success")
    }

    /// A run that finds out in its first job that it was asked for something that does not exist.
    pub(crate) fn refused(mut self) -> Self {
        self.job("plan", &[("Resolve the target", 3)], vec![]);
        self.at -= PICK_UP;
        self.finish("failure")
    }

    /// Continuous integration of a commit.
    pub(crate) fn ci(mut self) -> Self {
        self.build_and_test();
        self.job("lint", &[("Lint", 31)], vec![]);
        self.finish("success")
    }
}
