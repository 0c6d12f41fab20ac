//! The way back that repeats an old run: which run it is, what limits hold, and how its new attempt is told from an older one.
//! A run is repeated whole, as it was then: its workflow file, its inputs, its commit; secrets and variables are today's.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::fetched::{Fault, Fetched};
use crate::domain::ids::CommitSha;
use crate::domain::release::live::EnvState;
use crate::domain::release::{Conclusion, Run, RunId, RunStatus, RunView};
use crate::domain::text::Safe;
use crate::domain::units::{Now, span};

/// GitHub repeats a run that long after it was created.
pub const GITHUB_LIMIT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// GitHub repeats a run that often, full and partial repetitions together.
pub const MOST_RERUNS: u32 = 50;
/// Clocks differ: an attempt that started that long before the intent may still be ours.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);

/// The run that would be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rerun {
    /// The run.
    pub run: RunId,
    /// Its latest attempt, as it was last read; the repetition is the next one.
    pub attempt: u32,
    /// Its workflow's file name.
    pub file: Option<Safe>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who started it, where that is told: the repetition has their rights.
    pub actor: Option<Safe>,
    /// Its page.
    pub url: Safe,
}

/// What the ledger keeps of a repetition: the next attempt is known by these two and by when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RerunFacts {
    /// The run.
    pub run: RunId,
    /// Its latest attempt before ours.
    pub attempt: u32,
}

/// Why no run can be repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The deployments name no run.
    #[error("no workflow run is known that deployed it")]
    NoRun,
    /// It was not read yet.
    #[error("run {0} is still being read")]
    NotRead(RunId),
    /// It can't be read.
    #[error("run {0} can't be read: {1}")]
    Unreadable(RunId, Safe),
    /// It is under way.
    #[error("run {0} is under way, so it can't be repeated now")]
    UnderWay(RunId),
    /// It did not end well.
    #[error("run {0} ended as {1}: repeating it would most likely do so again")]
    EndedBadly(RunId, String),
    /// It is too old.
    #[error("run {run} is {} old; {whose} {}", long(*.age), long(*.limit))]
    TooOld {
        /// The run.
        run: RunId,
        /// How old it is.
        age: SignedDuration,
        /// How old it may be.
        limit: SignedDuration,
        /// Whose limit it is.
        whose: &'static str,
    },
    /// It was repeated too often.
    #[error("run {0} was repeated {1} times; GitHub repeats a run {MOST_RERUNS} times at most")]
    TooOften(RunId, u32),
}

/// A length of time: in whole days from one on.
fn long(time: SignedDuration) -> String {
    match time.as_secs() / 86_400 {
        0 => span(time),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// The run that deployed a commit here, as far as the deployments tell.
pub fn known_run(state: &EnvState, to: &CommitSha) -> Option<RunId> {
    let live = state.live.as_ref().filter(|l| l.what.sha == *to);
    let known = state.known_good.iter().find(|k| k.what.sha == *to);
    live.and_then(|l| l.run).or_else(|| known?.run)
}

/// Holds the run that deployed the target against the limits.
///
/// # Errors
/// Why it can't be repeated.
pub fn fit(
    known: Option<RunId>,
    read: &Fetched<RunView>,
    max_age_s: i64,
    now: Now,
) -> Result<Rerun, Unfit> {
    let id = known.ok_or(Unfit::NoRun)?;
    let Some(run) = read.value().map(|v| &v.run).filter(|r| r.id == id) else {
        return Err(match read.fault() {
            Some(Fault { message, .. }) => Unfit::Unreadable(id, message.clone()),
            None => Unfit::NotRead(id),
        });
    };
    if run.status != RunStatus::Completed {
        return Err(Unfit::UnderWay(id));
    }
    if !run.conclusion.as_ref().is_some_and(Conclusion::passed) {
        let words = run
            .conclusion
            .as_ref()
            .map_or_else(|| "unknown".to_owned(), Conclusion::words);
        return Err(Unfit::EndedBadly(id, words));
    }
    let age = now.since(run.created_at);
    let own = SignedDuration::from_secs(max_age_s);
    let (limit, whose) = if own < GITHUB_LIMIT {
        (own, "`max_age` is")
    } else {
        (GITHUB_LIMIT, "GitHub repeats a run for")
    };
    if age >= limit {
        return Err(Unfit::TooOld {
            run: id,
            age,
            limit,
            whose,
        });
    }
    let again = run.attempt.saturating_sub(1);
    if again >= MOST_RERUNS {
        return Err(Unfit::TooOften(id, again));
    }
    Ok(Rerun {
        run: id,
        attempt: run.attempt,
        file: run.file(),
        created_at: run.created_at,
        // Of a repeated run, it is who repeated it last: whose rights it has is not told then.
        actor: run.actor.clone().filter(|_| run.attempt == 1),
        url: run.url.clone(),
    })
}

/// Whether what is seen of the run is the attempt that was ordered, or a later one. An older one says nothing of ours.
pub fn reached(run: &Run, ours: RerunFacts) -> bool {
    run.id == ours.run && run.attempt > ours.attempt
}

/// Whether an order whose answer was lost has arrived: exactly the next attempt, started after the intent.
pub fn is_ours(run: &Run, ours: RerunFacts, intent_at: Timestamp) -> bool {
    let earliest = intent_at.saturating_sub(CLOCKS).unwrap_or(Timestamp::MIN);
    run.id == ours.run
        && run.attempt == ours.attempt.saturating_add(1)
        && run.started_at.is_some_and(|at| at >= earliest)
}

#[cfg(test)]
#[path = "rerun_tests.rs"]
mod tests;
