//! The rollback plan: from, to, how, what goes with it, and what to beware of. Computed while the deploy runs, so that it is
//! there when `R` is pressed.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::catalog::Confirm;
use crate::domain::ids::{CommitSha, RepoSlug, Target};
use crate::domain::release::live::{Attempt, EnvState, KnownGood};
use crate::domain::release::{Change, Comparison, DeploymentState, RunId, VersionRef};
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

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Writes are off.
    #[error("{0}")]
    ReadOnly(String),
    /// No way back is configured here.
    #[error("no rollback is configured for {0}")]
    NotConfigured(Target),
    /// It is not known what runs.
    #[error("it is not known what runs in {0}: {1}")]
    Unknown(Target, String),
    /// There is nothing older to go to.
    #[error("no earlier version that was live in {0} is known")]
    NoTarget(Target),
    /// The last rollback already did it.
    #[error(
        "already done: {target} was rolled back from {from} to {to}, and nothing newer was deployed since"
    )]
    AlreadyDone {
        /// Where.
        target: Target,
        /// What was left.
        from: Box<VersionRef>,
        /// What is live.
        to: Box<VersionRef>,
    },
    /// The wanted version was never live here.
    #[error("{wanted} was never live in {target}; known: {known}")]
    NotKnownGood {
        /// Where.
        target: Target,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// The wanted version is live already.
    #[error("{wanted} is live in {target} already")]
    IsLive {
        /// Where.
        target: Target,
        /// What was asked for.
        wanted: String,
    },
}

impl Refusal {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::ReadOnly(_) => {
                "start without --read-only, and trust the project's file (`flightdeck config trust`), to allow writes"
                    .to_owned()
            }
            Self::NotConfigured(t) => format!(
                "add [services.{}.env.{}.rollback] with a way, for example way.workflow = {{ github_workflow = {{ file = \"rollback.yml\", ref = \"main\" }} }}",
                t.service, t.env
            ),
            Self::Unknown(..) => {
                "wait for the source to answer, or run `flightdeck status` to see what fails"
                    .to_owned()
            }
            Self::NoTarget(_) | Self::NotKnownGood { .. } => return None,
            Self::AlreadyDone { .. } => "go further back with --to VERSION".to_owned(),
            Self::IsLive { .. } => "choose another version".to_owned(),
        })
    }
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
    // The first way that reaches the target by itself; cancelling a deploy is a step of every way, not one of its own.
    let Some(way) = input
        .ways
        .iter()
        .find(|w| matches!(w.kind, WayKind::Workflow { .. }))
    else {
        return Err(Refusal::NotConfigured(input.target.clone()));
    };
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
    let mut warnings = Vec::new();
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
        way: way.clone(),
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
