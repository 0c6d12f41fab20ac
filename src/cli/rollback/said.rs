//! What was said of a rollback's steps, so that each is said once, and a long one from time to time.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::flow::{Flow, FlowStep, StepMark};

/// A step that only changes its detail is said again after that time.
const AGAIN: Duration = Duration::from_secs(10);

/// What was said of each step, by its place.
#[derive(Debug, Default)]
pub(super) struct Said(Vec<Told>);

#[derive(Debug)]
struct Told {
    step: String,
    bad: bool,
    detail: Option<String>,
    at: Instant,
}

impl Said {
    /// The lines to say now: new steps, renamed ones, bad ends, and from time to time how a long one goes.
    pub(super) fn news(&mut self, flow: &Flow, line: impl Fn(&FlowStep) -> String) -> Vec<String> {
        let mut lines = Vec::new();
        for (nth, step) in flow.steps.iter().enumerate() {
            let now = Told {
                step: step.step.to_string(),
                bad: step.mark == StepMark::Bad,
                detail: step.detail.as_ref().map(ToString::to_string),
                at: Instant::now(),
            };
            match self.0.get_mut(nth) {
                None => {
                    lines.push(line(step));
                    self.0.push(now);
                }
                Some(told) => {
                    let renamed = told.step != now.step || told.bad != now.bad;
                    let goes_on = step.mark == StepMark::Doing
                        && told.detail != now.detail
                        && told.at.elapsed() >= AGAIN;
                    if renamed || goes_on {
                        lines.push(line(step));
                        *told = now;
                    }
                }
            }
        }
        lines
    }
}
