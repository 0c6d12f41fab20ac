//! What runs where: the machine's shape of `flightdeck status`, and one line for each service and environment for people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::table;
use super::verdict::SCHEMA;
use crate::app::world::{EnvSlice, World};
use crate::domain::calendar::decision::Decision;
use crate::domain::fetched::{Fault, FaultKind, Fetched};
use crate::domain::gate::Tally;
use crate::domain::ids::Target;
use crate::domain::release::DeploymentState;
use crate::domain::release::ladder::LiveSource;
use crate::domain::release::watch::Phase;
use crate::domain::signal::VerdictState;
use crate::domain::text::Safe;
use crate::domain::units::{Now, age, span};

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    /// Version of this shape.
    pub schema: u32,
    /// When it was asked.
    pub now: Timestamp,
    /// One entry for each service and environment.
    pub services: Vec<TargetStatus>,
    /// Keys of an untrusted project file that have no effect.
    #[serde(default)]
    pub withheld: Vec<Safe>,
}

/// A service in an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetStatus {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// What runs; none: nothing that is known.
    pub live: Option<LiveStatus>,
    /// What is recorded is not what runs.
    pub drift: Option<DriftStatus>,
    /// The deploy under way, or the one that failed half-way.
    pub deploying: Option<DeployStatus>,
    /// What the signals say of the watched deploy.
    pub verdict: Option<VerdictStatus>,
    /// Whether releases are allowed now.
    pub window: WindowStatus,
    /// The candidate's gates by state.
    pub gates: GatesStatus,
    /// What could not be read.
    pub source_errors: Vec<SourceError>,
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveStatus {
    /// The tag or release, if it has a name.
    pub version: Option<Safe>,
    /// The commit.
    pub sha: String,
    /// When it became live.
    pub since: Timestamp,
    /// How this is known: `deployments`, `runs`, `probe`, or (approximate) `releases`.
    pub source: LiveSource,
}

/// What is recorded is not what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftStatus {
    /// What is recorded: the version, else the commit.
    pub recorded: String,
    /// What the service says.
    pub running: Safe,
}

/// How a deploy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeployState {
    /// Accepted, not started.
    Queued,
    /// Held by a rule or a concurrency group.
    Waiting,
    /// Under way.
    InProgress,
    /// A rollback stops it.
    Cancelling,
    /// It failed or was stopped half-way.
    Failed,
}

impl DeployState {
    fn label(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::InProgress => "in progress",
            Self::Cancelling => "cancelling",
            Self::Failed => "failed",
        }
    }
}

/// A deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployStatus {
    /// The tag or release, if it has a name.
    pub version: Option<Safe>,
    /// The commit.
    pub sha: String,
    /// How it stands.
    pub state: DeployState,
    /// When it began.
    pub started_at: Timestamp,
    /// Where to look.
    pub url: Option<Safe>,
}

/// What the signals say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictStatus {
    /// The state.
    pub state: VerdictState,
    /// One sentence.
    pub summary: String,
}

/// Whether releases are allowed. All of it is `null` while that is not worked out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowStatus {
    /// Whether a deploy may go now.
    pub open: Option<bool>,
    /// Why.
    pub reason: Option<String>,
    /// Until when that holds.
    pub until: Option<Timestamp>,
}

/// Gates by state. All of it is `null` where the candidate's gates are not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatesStatus {
    /// Passing.
    pub pass: Option<u32>,
    /// Failing.
    pub fail: Option<u32>,
    /// Not decided yet.
    pub pending: Option<u32>,
    /// Can't be told.
    pub unknown: Option<u32>,
    /// Gone without.
    pub waived: Option<u32>,
}

/// A source that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceError {
    /// Which: `github.main`, `metrics.prom`, `ledger`.
    pub source: String,
    /// The kind of failure.
    pub kind: FaultKind,
    /// What happened.
    pub message: Safe,
    /// What to do now.
    pub hint: Option<Safe>,
}

impl SourceError {
    /// A source's fault.
    pub fn of(source: &str, fault: &Fault) -> Self {
        Self {
            source: source.to_owned(),
            kind: fault.kind,
            message: fault.message.clone(),
            hint: fault.hint.clone(),
        }
    }
}

impl StatusReport {
    /// What the World knows of these targets.
    pub fn of(world: &World, targets: &[Target], now: Now) -> Self {
        let services = targets
            .iter()
            .filter_map(|t| world.envs.get(t).map(|slice| of_target(world, t, slice)))
            .collect();
        Self {
            schema: SCHEMA,
            now: now.0,
            services,
            withheld: world.withheld.clone(),
        }
    }

    /// One aligned line for each service and environment.
    pub fn text(&self) -> String {
        let rows: Vec<Vec<String>> = self.services.iter().map(|s| line(s, self.now)).collect();
        table(&rows)
    }

    /// What could not be read, each once.
    pub fn errors(&self) -> Vec<&SourceError> {
        let mut seen: Vec<&SourceError> = Vec::new();
        for error in self.services.iter().flat_map(|s| &s.source_errors) {
            if !seen.contains(&error) {
                seen.push(error);
            }
        }
        seen
    }
}

fn of_target(world: &World, target: &Target, slice: &EnvSlice) -> TargetStatus {
    let state = slice.state.as_ref();
    TargetStatus {
        service: target.service.as_str().to_owned(),
        environment: target.env.as_str().to_owned(),
        live: state.and_then(|s| s.live.as_ref()).map(|l| LiveStatus {
            version: l.what.version.clone(),
            sha: l.what.sha.as_str().to_owned(),
            since: l.since,
            source: l.source,
        }),
        drift: slice.drift.as_ref().map(|d| DriftStatus {
            recorded: d.recorded.to_string(),
            running: d.running.clone(),
        }),
        deploying: deploying(world, target, slice),
        verdict: slice
            .signals
            .verdict
            .as_ref()
            // A verdict that an earlier run left behind, or whose source fails now, is not known.
            .filter(|_| {
                slice.watch.is_some() && matches!(slice.signals.status, Fetched::Fresh { .. })
            })
            .map(|v| VerdictStatus {
                state: v.state,
                summary: v.summary.clone(),
            }),
        window: slice
            .window
            .as_ref()
            .map_or_else(WindowStatus::default, window),
        gates: slice
            .checklist
            .as_ref()
            .map_or_else(GatesStatus::default, |c| c.tally().into()),
        source_errors: source_errors(world, target, slice),
    }
}

fn window(decision: &Decision) -> WindowStatus {
    WindowStatus {
        open: Some(decision.open()),
        reason: Some(decision.sentence().to_string()),
        until: decision.until,
    }
}

fn deploying(world: &World, target: &Target, slice: &EnvSlice) -> Option<DeployStatus> {
    if let Some(attempt) = slice.state.as_ref().and_then(|s| s.in_flight.first()) {
        let cancelled = attempt.run.is_some()
            && world
                .ledger
                .open
                .iter()
                .any(|o| o.target == *target && o.facts.cancel_run == attempt.run);
        let state = match attempt.state {
            _ if cancelled => DeployState::Cancelling,
            DeploymentState::Waiting => DeployState::Waiting,
            DeploymentState::Queued | DeploymentState::Pending => DeployState::Queued,
            _ => DeployState::InProgress,
        };
        return Some(DeployStatus {
            version: attempt.what.version.clone(),
            sha: attempt.what.sha.as_str().to_owned(),
            state,
            started_at: attempt.started_at,
            url: attempt.url.clone(),
        });
    }
    let watch = slice.watch.as_ref().filter(|w| w.phase == Phase::Broken)?;
    Some(DeployStatus {
        version: watch.subject.version.clone(),
        sha: watch.subject.sha.as_str().to_owned(),
        state: DeployState::Failed,
        started_at: watch.started_at,
        url: watch.url.clone(),
    })
}

fn source_errors(world: &World, target: &Target, slice: &EnvSlice) -> Vec<SourceError> {
    let mut list: Vec<SourceError> = Vec::new();
    let mut add = |source: &str, fault: Option<&Fault>| {
        if let Some(error) = fault.map(|f| SourceError::of(source, f))
            && !list.contains(&error)
        {
            list.push(error);
        }
    };
    if let Some((service, _)) = world.configured(target) {
        let github = format!("github.{}", service.source);
        let overview = world.services.get(&target.service).map(|s| &s.overview);
        add(&github, overview.and_then(|o| o.fault()));
        add(&github, slice.run.fault());
        add(&github, slice.checks.fault());
        add(&github, slice.deploy_runs.fault());
        add("probe", slice.probed.fault());
        if let Some(metrics) = &service.metrics {
            let metrics = format!("metrics.{metrics}");
            add(&metrics, slice.signals.clock.fault());
            add(&metrics, slice.signals.status.fault());
        }
        for missing in slice.checks.value().iter().flat_map(|c| &c.missing) {
            list.push(SourceError {
                source: github.clone(),
                kind: FaultKind::Forbidden,
                message: missing.clone(),
                hint: None,
            });
        }
    }
    if let Some(fault) = &world.ledger.fault {
        list.push(SourceError::of("ledger", fault));
    }
    list
}

impl From<Tally> for GatesStatus {
    fn from(tally: Tally) -> Self {
        Self {
            pass: Some(tally.pass),
            fail: Some(tally.fail),
            pending: Some(tally.pending),
            unknown: Some(tally.unknown),
            waived: Some(tally.waived),
        }
    }
}

fn line(status: &TargetStatus, now: Timestamp) -> Vec<String> {
    let since = |at: Timestamp| now.duration_since(at);
    let name = |version: &Option<Safe>, sha: &str| {
        version
            .as_ref()
            .map_or_else(|| sha.chars().take(7).collect(), ToString::to_string)
    };
    let live = status.live.as_ref().map_or_else(
        || "live unknown".to_owned(),
        |l| {
            let remark = l
                .source
                .remark()
                .map_or_else(String::new, |r| format!(" ({r})"));
            format!("live {}{remark}", name(&l.version, &l.sha))
        },
    );
    let live_since = status
        .live
        .as_ref()
        .map_or_else(String::new, |l| age(since(l.since)));
    let deploying = status.deploying.as_ref().map_or_else(String::new, |d| {
        format!(
            "{} {} {}",
            name(&d.version, &d.sha),
            d.state.label(),
            span(since(d.started_at))
        )
    });
    let verdict = status.verdict.as_ref().map_or_else(String::new, |v| {
        if v.summary.starts_with(v.state.label()) {
            v.summary.clone()
        } else {
            format!("{}: {}", v.state.label(), v.summary)
        }
    });
    let gates = status.gates.pass.map_or_else(String::new, |pass| {
        let g = &status.gates;
        let all: u32 = [g.pass, g.fail, g.pending, g.unknown, g.waived]
            .iter()
            .flatten()
            .sum();
        format!("gates {}/{all}", pass + g.waived.unwrap_or(0))
    });
    let window = match (status.window.open, status.window.until) {
        (Some(true), Some(until)) => format!("closes in {}", span(until.duration_since(now))),
        (Some(false), Some(until)) => {
            format!("closed, opens in {}", span(until.duration_since(now)))
        }
        (Some(false), None) => "closed".to_owned(),
        (Some(true) | None, _) => String::new(),
    };
    let drift = status
        .drift
        .as_ref()
        .map_or_else(String::new, |d| format!("drift: it runs {}", d.running));
    let trouble = if status.source_errors.is_empty() {
        String::new()
    } else {
        "(!) not all sources answered".to_owned()
    };
    vec![
        status.service.clone(),
        status.environment.clone(),
        live,
        live_since,
        gates,
        window,
        deploying,
        [drift, verdict, trouble]
            .into_iter()
            .filter(|t| !t.is_empty())
            .collect::<Vec<_>>()
            .join("  "),
    ]
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
