//! The rollback plan: from, to, how, what goes with it, and what to beware of. Computed while the deploy runs, so that it is
//! there when `R` is pressed.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::holds::{self, Hold, HoldFacts};
pub use super::refusal::Refusal;
use super::rerun::Rerun;
use super::ways::{self, WayChoice};
use crate::domain::catalog::Confirm;
use crate::domain::fetched::Fetched;
use crate::domain::ids::{CommitSha, RepoSlug, Target};
use crate::domain::release::live::{Attempt, EnvState, KnownGood};
use crate::domain::release::{Change, Comparison, DeploymentState, RunId, RunView, VersionRef};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// A configured way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Its id in the configuration.
    pub id: String,
    /// What it does.
    pub kind: WayKind,
}

/// What a way does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WayKind {
    /// Dispatches a workflow that deploys the older version.
    Workflow {
        /// The workflow's file name.
        file: String,
        /// The branch or tag whose version of the workflow runs.
        git_ref: String,
        /// Its inputs, with `$to_sha`, `$to_version`, `$from_sha`, `$from_version`, `$service`, `$env`, `$correlation_id`.
        inputs: Vec<(String, String)>,
    },
    /// Runs the workflow run again that once deployed the target: all of it, as it was then.
    Rerun {
        /// Runs older than that are left alone, in seconds; GitHub's own limit is 30 days.
        max_age_s: i64,
    },
    /// Cancels the deploy's run. It leaves the environment as it stands, so alone it reaches no target.
    Cancel,
}

/// A deploy still in progress, to be cancelled first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRun {
    /// The run.
    pub run: RunId,
    /// Its page.
    pub url: Option<Safe>,
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RollbackPlan {
    /// Where.
    pub target: Target,
    /// The repository.
    pub repo: RepoSlug,
    /// The GitHub source's name.
    pub source: String,
    /// What is left.
    pub from: VersionRef,
    /// Whether what is left is fully live, under way, or failed half-way.
    pub from_state: FromState,
    /// Where it goes.
    pub to: VersionRef,
    /// How long `to` was live, in seconds, where it is known.
    pub to_live_s: Option<i64>,
    /// All targets one may choose from, the default first.
    pub choices: Vec<VersionRef>,
    /// The deploy that is cancelled first.
    pub cancel: Option<CancelRun>,
    /// How.
    pub way: Way,
    /// The run that is repeated, where the way is to repeat one.
    pub rerun: Option<Rerun>,
    /// All ways that could reach the target, in the order of the ladder.
    #[serde(default)]
    pub ways: Vec<WayChoice>,
    /// What would hold the rollback's run before it starts, as far as it is known.
    #[serde(default)]
    pub holds: Vec<Hold>,
    /// The changes that go.
    pub reverts: Vec<Change>,
    /// Whether `reverts` is all of them; false while they are not known.
    pub reverts_known: bool,
    /// What to beware of.
    pub warnings: Vec<Safe>,
    /// What the person must do to confirm.
    pub confirm: ConfirmBy,
    /// How long it usually takes, in seconds, from earlier rollbacks.
    pub usual_s: Option<i64>,
}

/// What confirms, as plain data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfirmBy {
    /// The service's name is typed.
    ServiceName,
    /// One more key.
    Key,
}

impl From<Confirm> for ConfirmBy {
    fn from(confirm: Confirm) -> Self {
        match confirm {
            Confirm::ServiceName => Self::ServiceName,
            Confirm::Key => Self::Key,
        }
    }
}

/// How far the version that is left came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromState {
    /// It is live.
    Live,
    /// Its deploy is under way.
    InProgress,
    /// Its deploy failed or was cancelled half-way.
    Broken,
}

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// Where.
    pub target: &'a Target,
    /// The repository.
    pub repo: &'a RepoSlug,
    /// The GitHub source's name.
    pub source: &'a str,
    /// The environment's state.
    pub state: &'a EnvState,
    /// The ways back, in order.
    pub ways: &'a [Way],
    /// What confirms.
    pub confirm: Confirm,
    /// What lies between target and bad version, `base` being the target; if it is known.
    pub comparison: Option<&'a Comparison>,
    /// Globs of paths that a rollback does not undo.
    pub irreversible: &'a [String],
    /// Commits that a rollback in the ledger moved away from.
    pub left: &'a [CommitSha],
    /// A version or sha that was asked for (`--to`).
    pub wanted: Option<&'a str>,
    /// A way that was asked for by its id.
    pub wanted_way: Option<&'a str>,
    /// The environment's name at GitHub.
    pub environment: &'a str,
    /// The run that deployed the target, as it was last read.
    pub old_run: &'a Fetched<RunView>,
    /// The environment's rules and the runs under way, as they were last read.
    pub holds: &'a Fetched<HoldFacts>,
    /// Who would start the run: the token's login, where it is known.
    pub who: Option<&'a Safe>,
    /// How long earlier rollbacks took, in seconds.
    pub usual_s: Option<i64>,
    /// The time.
    pub now: Now,
}

/// What would be left, and where to: the pair that the comparison has to be fetched for.
///
/// # Errors
/// A [`Refusal`] that says why there is no such pair.
pub fn endpoints(input: &PlanInput<'_>) -> Result<(VersionRef, FromState, VersionRef), Refusal> {
    let pair = all_endpoints(input)?;
    Ok((pair.from, pair.from_state, pair.to))
}

struct Endpoints<'a> {
    from: VersionRef,
    from_state: FromState,
    attempt: Option<&'a Attempt>,
    to: VersionRef,
    to_live_s: Option<i64>,
    choices: Vec<VersionRef>,
}

fn all_endpoints<'a>(input: &PlanInput<'a>) -> Result<Endpoints<'a>, Refusal> {
    let state = input.state;
    let target = || input.target.clone();
    let Some(live) = &state.live else {
        return Err(Refusal::NoTarget(target()));
    };
    let usable = |k: &&KnownGood| !input.left.contains(&k.what.sha);
    // A newer attempt of the live commit itself is a redeploy: nothing to return from.
    let attempt = state
        .in_flight
        .first()
        .or_else(|| state.broken.first())
        .filter(|a| a.what.sha != live.what.sha);
    let still_left = state
        .rolled_back_from
        .as_ref()
        .filter(|_| attempt.is_none());

    let live_s = |until: jiff::Timestamp, since: jiff::Timestamp| {
        Some(until.duration_since(since).as_secs())
    };
    let (from, from_state, mut choices): (VersionRef, FromState, Vec<(VersionRef, Option<i64>)>) =
        match attempt {
            Some(a) => {
                let from_state = if is_under_way(&a.state) {
                    FromState::InProgress
                } else {
                    FromState::Broken
                };
                (
                    a.what.clone(),
                    from_state,
                    vec![(live.what.clone(), live_s(input.now.0, live.since))],
                )
            }
            None => (live.what.clone(), FromState::Live, Vec::new()),
        };
    choices.extend(
        state
            .known_good
            .iter()
            .filter(usable)
            .filter(|k| k.what.sha != from.sha)
            .map(|k| (k.what.clone(), live_s(k.until, k.since))),
    );

    let chosen = if let Some(wanted) = input.wanted {
        let names = |v: &VersionRef| {
            v.version.as_ref().is_some_and(|n| n.as_str() == wanted)
                || (wanted.len() >= 7 && v.sha.as_str().starts_with(wanted))
        };
        if attempt.is_none() && names(&live.what) {
            return Err(Refusal::IsLive {
                target: target(),
                wanted: Safe::new(wanted).to_string(),
            });
        }
        choices.iter().position(|(v, _)| names(v)).ok_or_else(|| {
            let known: Vec<String> = choices.iter().take(5).map(|(v, _)| v.to_string()).collect();
            Refusal::NotKnownGood {
                target: target(),
                wanted: Safe::new(wanted).to_string(),
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                },
            }
        })?
    } else if let Some(left) = still_left {
        return Err(Refusal::AlreadyDone {
            target: target(),
            from: Box::new(left.what.clone()),
            to: Box::new(live.what.clone()),
        });
    } else {
        0
    };
    let Some((to, to_live_s)) = choices.get(chosen).cloned() else {
        return Err(Refusal::NoTarget(target()));
    };
    let choices = choices.into_iter().map(|(v, _)| v).collect();
    Ok(Endpoints {
        from,
        from_state,
        attempt,
        to,
        to_live_s,
        choices,
    })
}

fn is_under_way(state: &DeploymentState) -> bool {
    matches!(
        state,
        DeploymentState::Queued
            | DeploymentState::Pending
            | DeploymentState::InProgress
            | DeploymentState::Waiting
    )
}

/// Makes the plan.
///
/// # Errors
/// A [`Refusal`] that says why there is none.
pub fn plan(input: &PlanInput<'_>) -> Result<RollbackPlan, Refusal> {
    // Cancelling a deploy is a step of every way, not one of its own.
    if !input.ways.iter().any(ways::reaches) {
        return Err(Refusal::NotConfigured(input.target.clone()));
    }
    let ends = all_endpoints(input)?;
    let cancel = ends
        .attempt
        .filter(|a| is_under_way(&a.state))
        .and_then(|a| {
            a.run.map(|run| CancelRun {
                run,
                url: a.url.clone(),
            })
        });
    let chosen = ways::choose(input, &ends.to)?;
    let mut warnings = chosen.warnings;
    if ends.from_state == FromState::InProgress && cancel.is_none() {
        warnings.push(Safe::new("the deploy's workflow run is not known, so it can't be cancelled first: it may still deploy after the rollback"));
    }
    let comparison = input
        .comparison
        .filter(|c| c.base == ends.to.sha && c.head == ends.from.sha);
    if let Some(c) = comparison {
        warnings.extend(irreversible(&c.files, input.irreversible));
        if c.partial {
            warnings.push(Safe::new("the list of changes is not complete"));
        }
        if c.behind_by > 0 {
            warnings.push(Safe::new(&format!(
                "{} commits of {} are not in {}: they come back",
                c.behind_by, ends.to, ends.from
            )));
        }
    }
    let holds = holds::told(&holds::Ask {
        environment: input.environment,
        facts: input.holds,
        way: &chosen.way,
        rerun: chosen.rerun.as_ref(),
        cancel: cancel.as_ref().map(|c| c.run),
        who: input.who,
        now: input.now,
    });
    Ok(RollbackPlan {
        target: input.target.clone(),
        repo: input.repo.clone(),
        source: input.source.to_owned(),
        from: ends.from,
        from_state: ends.from_state,
        to: ends.to,
        to_live_s: ends.to_live_s,
        choices: ends.choices,
        cancel,
        way: chosen.way,
        rerun: chosen.rerun,
        ways: chosen.ways,
        holds,
        reverts: comparison.map(|c| c.changes.clone()).unwrap_or_default(),
        reverts_known: comparison.is_some_and(|c| !c.partial),
        warnings,
        confirm: input.confirm.into(),
        usual_s: input.usual_s,
    })
}

fn irreversible(files: &[Safe], globs: &[String]) -> Vec<Safe> {
    let hits: Vec<&str> = files
        .iter()
        .map(Safe::as_str)
        .filter(|f| globs.iter().any(|g| fast_glob::glob_match(g, f)))
        .collect();
    match hits.as_slice() {
        [] => Vec::new(),
        [one] => vec![Safe::new(&format!(
            "1 irreversible change in this range: {one} will not be undone"
        ))],
        [first, ..] => vec![Safe::new(&format!(
            "{} irreversible changes in this range: {first} and {} more will not be undone",
            hits.len(),
            hits.len() - 1
        ))],
    }
}

/// The usual duration of earlier rollbacks: their median, in seconds.
pub fn usual(durations: &mut [SignedDuration]) -> Option<i64> {
    durations.sort();
    durations
        .get(durations.len() / 2)
        .map(SignedDuration::as_secs)
}
