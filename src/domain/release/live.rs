//! What is live in an environment, derived from its deployments. A total function: whatever the history, there is an answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Deployment, DeploymentState, RunId, VersionRef};
use crate::domain::text::Safe;

/// How it is known what is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveSource {
    /// From GitHub's deployments.
    Deployments,
    /// From the runs of the workflow that deploys.
    Runs,
    /// From what the service itself says.
    Probe,
    /// From the newest release: approximate, since releasing is not deploying.
    Releases,
}

impl LiveSource {
    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deployments => "deployments",
            Self::Runs => "runs",
            Self::Probe => "probe",
            Self::Releases => "releases",
        }
    }

    /// What stands beside a version that is known this way; nothing for the surest way.
    pub fn remark(self) -> Option<&'static str> {
        match self {
            Self::Deployments => None,
            Self::Runs => Some("by workflow runs"),
            Self::Probe => Some("by its own word"),
            Self::Releases => Some("newest release, approximate"),
        }
    }
}

/// What an environment runs: the newest deployment that ever succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// The commit and its name.
    pub what: VersionRef,
    /// When it became live.
    pub since: Timestamp,
    /// How this is known.
    pub source: LiveSource,
    /// The deployment's number.
    pub deployment: u64,
    /// When its deployment began.
    pub started_at: Timestamp,
    /// The workflow run behind it, where it can be told.
    pub run: Option<RunId>,
    /// Who started it.
    pub creator: Option<Safe>,
    /// Where to look.
    pub url: Option<Safe>,
}

/// A deployment newer than live that has not succeeded: under way, or ended badly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The commit and its name.
    pub what: VersionRef,
    /// When it began.
    pub started_at: Timestamp,
    /// The deployment's number.
    pub deployment: u64,
    /// The workflow run behind it, where it can be told.
    pub run: Option<RunId>,
    /// Who started it.
    pub creator: Option<Safe>,
    /// The newest status.
    pub state: DeploymentState,
    /// Where to look.
    pub url: Option<Safe>,
}

/// A version that was live before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownGood {
    /// The commit and its name.
    pub what: VersionRef,
    /// When it became live (the last time).
    pub since: Timestamp,
    /// When something else replaced it.
    pub until: Timestamp,
    /// The newest workflow run that put it there, where it can be told.
    #[serde(default)]
    pub run: Option<RunId>,
}

/// An environment's state, read from its deployments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvState {
    /// What runs.
    pub live: Option<Live>,
    /// Newer deployments under way, newest first.
    pub in_flight: Vec<Attempt>,
    /// Newer deployments that failed, newest first: the environment may be half-deployed.
    pub broken: Vec<Attempt>,
    /// Versions that were live before, newest first, each commit once, never the live one.
    pub known_good: Vec<KnownGood>,
    /// Set when live was put there by a rollback and nothing newer succeeded since: the version that was left.
    pub rolled_back_from: Option<Left>,
}

/// The version that a rollback left, and when the return succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// What was left.
    pub what: VersionRef,
    /// Its deployment's number.
    pub deployment: u64,
    /// When its deployment began.
    pub started_at: Timestamp,
    /// The workflow run behind it.
    pub run: Option<RunId>,
    /// Who started it.
    pub creator: Option<Safe>,
    /// When the older version was live again.
    pub returned_at: Timestamp,
}

/// Names commits by tags and releases.
pub type NameOf<'a> = &'a dyn Fn(&Deployment) -> VersionRef;

/// Reads an environment's state from its deployments, in any order. `name` gives a deployment its version.
pub fn read(deployments: &[Deployment], name: NameOf<'_>) -> EnvState {
    let mut by_age: Vec<&Deployment> = deployments.iter().collect();
    by_age.sort_by_key(|d| std::cmp::Reverse((d.created_at, d.id)));

    let attempt = |d: &Deployment| Attempt {
        what: name(d),
        started_at: d.created_at,
        deployment: d.id,
        run: d.run_id(),
        creator: d.creator.clone(),
        state: d
            .latest()
            .map_or(DeploymentState::Pending, |s| s.state.clone()),
        url: d.latest().and_then(|s| s.log_url.clone()),
    };
    let mut state = EnvState::default();
    let Some(at) = by_age.iter().position(|d| d.succeeded_at().is_some()) else {
        state.in_flight = by_age
            .iter()
            .filter(|d| d.is_running())
            .map(|d| attempt(d))
            .collect();
        state.broken = by_age
            .iter()
            .filter(|d| d.is_failed())
            .map(|d| attempt(d))
            .collect();
        return state;
    };
    let (newer, rest) = by_age.split_at(at);
    state.in_flight = newer
        .iter()
        .filter(|d| d.is_running())
        .map(|d| attempt(d))
        .collect();
    state.broken = newer
        .iter()
        .filter(|d| d.is_failed())
        .map(|d| attempt(d))
        .collect();
    let Some((live, older)) = rest.split_first() else {
        return state;
    };
    let since = live.succeeded_at().unwrap_or(live.created_at);
    state.live = Some(Live {
        what: name(live),
        since,
        source: LiveSource::Deployments,
        deployment: live.id,
        started_at: live.created_at,
        run: live.run_id(),
        creator: live.creator.clone(),
        url: live.latest().and_then(|s| s.log_url.clone()),
    });

    let mut until = since;
    for d in older {
        let Some(good_since) = d.succeeded_at() else {
            continue;
        };
        if let Some(known) = state.known_good.iter_mut().find(|k| k.what.sha == d.sha) {
            known.run = known.run.or_else(|| d.run_id());
        } else if d.sha != live.sha {
            state.known_good.push(KnownGood {
                what: name(d),
                since: good_since,
                until,
                run: d.run_id(),
            });
        }
        until = good_since;
    }
    state.rolled_back_from = left_by_rollback(live, older, name, since);
    state
}

/// A return: the live commit succeeded once before, and another commit was deployed (or tried) in between.
fn left_by_rollback(
    live: &Deployment,
    older: &[&Deployment],
    name: NameOf<'_>,
    returned_at: Timestamp,
) -> Option<Left> {
    let before = older
        .iter()
        .position(|d| d.sha == live.sha && d.succeeded_at().is_some())?;
    let between = older.get(..before)?;
    let left = between.iter().find(|d| d.sha != live.sha)?;
    Some(Left {
        what: name(left),
        deployment: left.id,
        started_at: left.created_at,
        run: left.run_id(),
        creator: left.creator.clone(),
        returned_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::CommitSha;
    use crate::domain::release::DeploymentStatus;

    fn sha(c: char) -> CommitSha {
        c.to_string().repeat(40).parse().unwrap()
    }

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(1_760_000_000 + s).unwrap()
    }

    /// A deployment of commit `c` at second `t` with these states, oldest first.
    fn dep(id: u64, c: char, t: i64, states: &[DeploymentState]) -> Deployment {
        let mut statuses: Vec<_> = states
            .iter()
            .enumerate()
            .map(|(i, s)| DeploymentStatus {
                state: s.clone(),
                at: at(t + 1 + i64::try_from(i).unwrap()),
                log_url: Some(Safe::new(&format!(
                    "https://github.com/a/b/actions/runs/{}/job/1",
                    5_000_000_000 + id
                ))),
                environment_url: None,
                description: None,
            })
            .collect();
        statuses.reverse();
        Deployment {
            id,
            sha: sha(c),
            git_ref: None,
            task: None,
            created_at: at(t),
            creator: None,
            correlation: None,
            rollout: None,
            statuses,
        }
    }

    fn name(d: &Deployment) -> VersionRef {
        VersionRef {
            sha: d.sha.clone(),
            version: None,
        }
    }

    use DeploymentState::{Failure, InProgress, Inactive, Queued, Success};

    #[test]
    fn nothing_is_live_without_deployments() {
        assert_eq!(read(&[], &name), EnvState::default());
    }

    #[test]
    fn an_inactive_one_was_live_and_a_running_one_is_not() {
        let all = [
            dep(3, 'c', 300, &[Queued, InProgress]),
            dep(1, 'a', 100, &[Success, Inactive]),
            dep(2, 'b', 200, &[InProgress, Success]),
        ];
        let state = read(&all, &name);
        assert_eq!(state.live.as_ref().unwrap().what.sha, sha('b'));
        assert_eq!(state.in_flight[0].what.sha, sha('c'));
        assert_eq!(state.in_flight[0].run, Some(RunId(5_000_000_003)));
        assert_eq!(state.known_good[0].what.sha, sha('a'));
        assert!(state.rolled_back_from.is_none());
    }

    #[test]
    fn a_failed_newer_one_is_broken_not_live() {
        let all = [
            dep(2, 'b', 200, &[InProgress, Failure]),
            dep(1, 'a', 100, &[Success]),
        ];
        let state = read(&all, &name);
        assert_eq!(state.live.unwrap().what.sha, sha('a'));
        assert_eq!(state.broken.len(), 1);
    }

    #[test]
    fn a_return_is_seen_and_its_target_is_not_offered_again() {
        let all = [
            dep(3, 'a', 300, &[Success]),
            dep(2, 'b', 200, &[InProgress, Failure]),
            dep(1, 'a', 100, &[Success]),
            dep(0, 'e', 50, &[Success, Inactive]),
        ];
        let state = read(&all, &name);
        assert_eq!(state.rolled_back_from.unwrap().what.sha, sha('b'));
        assert_eq!(
            state
                .known_good
                .iter()
                .map(|k| k.what.sha.clone())
                .collect::<Vec<_>>(),
            [sha('e')]
        );
    }

    #[test]
    fn inactive_after_a_failure_was_never_live() {
        let all = [dep(1, 'a', 100, &[Failure, Inactive])];
        assert!(read(&all, &name).live.is_none());
    }
}
