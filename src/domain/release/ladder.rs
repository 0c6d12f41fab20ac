//! The ladder: how it is known what an environment runs, best first. The first rung that has data tells; which one it was is
//! always said. What the service itself says it runs is held against what is recorded: where they differ, that is drift. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::candidate::Releasing;
use super::live::{self, EnvState, Live};
use super::{
    Conclusion, Deployment, DeploymentState, DeploymentStatus, Overview, Run, RunStatus, VersionRef,
};
use crate::domain::ids::{CommitSha, EnvId};
use crate::domain::text::Safe;

pub use super::live::LiveSource;

/// How what is live is known in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// The rungs, best first.
    pub rungs: Vec<LiveSource>,
    /// The file of the workflow that deploys.
    pub workflow: Option<String>,
    /// Whether another environment of the service has the same workflow: then only runs that name this one count.
    pub shared: bool,
    /// Where the service says what it runs.
    pub probe: Option<ProbeAsk>,
}

impl Default for Ladder {
    fn default() -> Self {
        Self {
            rungs: vec![LiveSource::Deployments],
            workflow: None,
            shared: false,
            probe: None,
        }
    }
}

impl Ladder {
    /// The workflow whose runs are asked for.
    pub fn runs_of(&self) -> Option<&str> {
        let wanted = self.rungs.contains(&LiveSource::Runs);
        self.workflow.as_deref().filter(|_| wanted)
    }

    /// Whether the workflow's runs could tell more than what was told: not while a better rung has data.
    pub fn needs_runs(&self, told: &EnvState) -> bool {
        let place = |source: LiveSource| self.rungs.iter().position(|r| *r == source);
        let by = told.live.as_ref().and_then(|l| place(l.source));
        self.runs_of().is_some()
            && by.is_none_or(|by| place(LiveSource::Runs).is_some_and(|runs| runs <= by))
    }
}

/// A question for the version that a service says it runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProbeAsk {
    /// The address.
    pub url: String,
    /// Where the version stands in the answer.
    pub version: VersionAt,
}

/// Where a version stands in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VersionAt {
    /// In the JSON, at this `JSONPath` (RFC 9535).
    Path(String),
    /// In this header.
    Header(String),
    /// The whole text.
    Text,
}

impl VersionAt {
    /// Reads `$.version`, `header X-Version` or `text`.
    pub fn read(text: &str) -> Option<Self> {
        if text.starts_with('$') {
            return Some(Self::Path(text.to_owned()));
        }
        if text == "text" {
            return Some(Self::Text);
        }
        let name = text.strip_prefix("header ")?.trim();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (!name.is_empty() && name.bytes().all(plain)).then(|| Self::Header(name.to_owned()))
    }
}

/// What a service said it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probed {
    /// The version or commit, as it said.
    pub version: Safe,
    /// When it was first seen to say so.
    pub since: Timestamp,
}

/// What is recorded is not what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// What is recorded.
    pub recorded: VersionRef,
    /// What the service says.
    pub running: Safe,
}

/// What there is to read from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The repository at a look.
    pub overview: &'a Overview,
    /// The environment, and its name at the host.
    pub env: (&'a EnvId, &'a str),
    /// The runs of the workflow that deploys, newest first.
    pub runs: Option<&'a [Run]>,
    /// What the service says, and when it was asked last.
    pub probed: Option<(&'a Probed, Timestamp)>,
    /// Which releases are the service's own.
    pub releasing: &'a Releasing,
}

/// A service may take that long to answer with its new version after its deployment was called done.
const SETTLE: SignedDuration = SignedDuration::from_secs(30);

/// What runs, by the first rung that has data; and the drift, if there is any.
pub fn tell(ladder: &Ladder, facts: &Facts<'_>) -> (EnvState, Option<Drift>) {
    let mut told = EnvState::default();
    for rung in &ladder.rungs {
        let state = match rung {
            LiveSource::Deployments => facts.overview.env_state(facts.env.0),
            LiveSource::Runs => by_runs(ladder, facts),
            LiveSource::Probe => by_probe(facts),
            LiveSource::Releases => by_releases(facts),
        };
        if state.live.is_some() || !state.in_flight.is_empty() || !state.broken.is_empty() {
            told = state;
            break;
        }
    }
    let drift = drift(&told, facts);
    (told, drift)
}

fn drift(told: &EnvState, facts: &Facts<'_>) -> Option<Drift> {
    let (live, (probed, asked)) = (told.live.as_ref()?, facts.probed?);
    // During a deploy both are right, each for a part of the traffic.
    let settled = told.in_flight.is_empty() && asked.duration_since(live.since) >= SETTLE;
    let differs = live.source != LiveSource::Probe && !same(&live.what, probed.version.as_str());
    (settled && differs).then(|| Drift {
        recorded: live.what.clone(),
        running: probed.version.clone(),
    })
}

/// Whether a service's own words name this version: the tag with or without what stands before its number, or the commit.
pub fn same(what: &VersionRef, said: &str) -> bool {
    let hex = said.len() >= 7 && said.bytes().all(|b| b.is_ascii_hexdigit());
    if hex && what.sha.as_str().starts_with(&said.to_ascii_lowercase()) {
        return true;
    }
    let number = |text: &str| -> Option<String> {
        let at = text.find(|c: char| c.is_ascii_digit())?;
        text.get(at..).map(str::to_owned)
    };
    what.version.as_ref().is_some_and(|v| {
        v.as_str() == said || (number(v.as_str()).is_some() && number(v.as_str()) == number(said))
    })
}

/// Runs as the deployments they are: the commit of a run is what it was started on.
fn by_runs(ladder: &Ladder, facts: &Facts<'_>) -> EnvState {
    let ours =
        |run: &&Run| !ladder.shared || names(run.title.as_str(), facts.env.0.as_str(), facts.env.1);
    let runs = facts.runs.unwrap_or_default();
    let deployments: Vec<Deployment> = runs.iter().filter(ours).filter_map(of_run).collect();
    let mut state = live::read(&deployments, &|d| facts.overview.version(&d.sha));
    if let Some(live) = &mut state.live {
        live.source = LiveSource::Runs;
    }
    state
}

/// Whether a run's title has the environment's name as a word.
fn names(title: &str, id: &str, name: &str) -> bool {
    let title = title.to_ascii_lowercase();
    [id, name].iter().any(|wanted| {
        let wanted = wanted.to_ascii_lowercase();
        title.match_indices(&wanted).any(|(at, _)| {
            let before = title.get(..at).and_then(|t| t.chars().next_back());
            let after = title
                .get(at + wanted.len()..)
                .and_then(|t| t.chars().next());
            let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '-');
            !word(before) && !word(after)
        })
    })
}

fn of_run(run: &Run) -> Option<Deployment> {
    let state = match (&run.status, &run.conclusion) {
        (RunStatus::Completed, Some(Conclusion::Success)) => DeploymentState::Success,
        // It did nothing.
        (RunStatus::Completed, Some(Conclusion::Skipped | Conclusion::Neutral)) => return None,
        (RunStatus::Completed, _) => DeploymentState::Failure,
        (RunStatus::InProgress, _) => DeploymentState::InProgress,
        (RunStatus::Waiting, _) => DeploymentState::Waiting,
        _ => DeploymentState::Queued,
    };
    Some(Deployment {
        id: run.id.0,
        sha: run.sha.clone()?,
        git_ref: None,
        task: None,
        created_at: run.started_at.unwrap_or(run.created_at),
        creator: run.actor.clone(),
        correlation: None,
        rollout: None,
        statuses: vec![DeploymentStatus {
            state,
            at: run.updated_at.unwrap_or(run.created_at),
            log_url: Some(run.url.clone()).filter(|u| !u.is_empty()),
            environment_url: None,
            description: None,
        }],
    })
}

/// What the service says, if the repository knows that version.
fn by_probe(facts: &Facts<'_>) -> EnvState {
    let Some((probed, _)) = facts.probed else {
        return EnvState::default();
    };
    let said = probed.version.as_str();
    let overview = facts.overview;
    let tags = overview.tags.iter().map(|t| &t.sha);
    let heads = overview.default_branch.iter().map(|(_, sha)| sha);
    let releases = overview.releases.iter().filter_map(|r| r.sha.as_ref());
    let known = tags.chain(releases).chain(heads);
    let found: Option<CommitSha> = known
        .map(|sha| overview.version(sha))
        .find(|what| same(what, said))
        .map(|what| what.sha)
        .or_else(|| said.to_ascii_lowercase().parse().ok());
    found.map_or_else(EnvState::default, |sha| {
        only(
            overview.version(&sha),
            probed.since,
            LiveSource::Probe,
            None,
        )
    })
}

/// The newest release of the service: approximate, since releasing is not deploying.
fn by_releases(facts: &Facts<'_>) -> EnvState {
    let overview = facts.overview;
    let release = overview
        .releases
        .iter()
        .filter(|r| !r.draft && !r.prerelease && facts.releasing.takes(&r.tag))
        .filter_map(|r| Some((r.published_at?, r.sha.as_ref()?, r)))
        .max_by_key(|(at, _, _)| *at);
    if let Some((at, sha, release)) = release {
        let url = Some(release.url.clone());
        return only(overview.version(sha), at, LiveSource::Releases, url);
    }
    EnvState::default()
}

fn only(what: VersionRef, since: Timestamp, source: LiveSource, url: Option<Safe>) -> EnvState {
    EnvState {
        live: Some(Live {
            what,
            since,
            source,
            deployment: 0,
            started_at: since,
            run: None,
            creator: None,
            url,
        }),
        ..EnvState::default()
    }
}

#[cfg(test)]
mod tests;
