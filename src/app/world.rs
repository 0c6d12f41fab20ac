//! The World: every slice of live data, each with its freshness. The Driver owns it; `update` alone changes it; the screen and
//! the commands only read it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::delivery::Delivery;
use super::flow::Flow;
use super::notice::Notices;
use super::record::Record;
use super::schedule::Schedule;
use super::sign::Signed;
use super::signals::Signals;
use crate::domain::calendar::decision::Decision;
use crate::domain::calendar::{Calendar, Entry};
use crate::domain::catalog::{Catalog, Environment, Service};
use crate::domain::fetched::{Fault, Fetched};
use crate::domain::gate::Checklist;
use crate::domain::gate::http::Reading;
use crate::domain::ids::{ServiceId, Target};
use crate::domain::ledger::Row;
use crate::domain::observe::Budget;
use crate::domain::release::ladder::{Drift, Probed};
use crate::domain::release::live::EnvState;
use crate::domain::release::watch::{Phase, Watch};
use crate::domain::release::{Approvals, Checks, Comparison, Overview, Run, RunView, VersionRef};
use crate::domain::rollback::holds::HoldFacts;
use crate::domain::rollback::journal::{Closed, OpenIntent};
use crate::domain::rollback::{Refusal, RollbackPlan};
use crate::domain::signal::settings::Settings;
use crate::domain::text::Safe;

/// Everything that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// What is watched.
    pub catalog: Catalog,
    /// The zone that all times on screen are in.
    pub zone: TimeZone,
    /// A word for the title line; the demo writes `DEMO`.
    pub banner: Safe,
    /// Why writes are off, if they are.
    pub read_only: Option<String>,
    /// Keys of an untrusted project file that are withheld.
    pub withheld: Vec<Safe>,
    /// Windows, freezes and planned releases.
    pub calendar: Calendar,
    /// What follows from them for the selected target.
    pub ruled: Ruled,
    /// What the verdict tolerates.
    pub verdict: Settings,
    /// Which targets are followed closely.
    pub scope: Scope,
    /// The selected target.
    pub focus: Option<Target>,
    /// Whether open intents of dead processes are taken over, and those of others followed.
    pub follow_intents: bool,
    /// The shortest sensible time between two polls, in virtual time (250 ms of real time).
    pub min_poll: SignedDuration,
    /// Who acts.
    pub who: Who,
    /// What is known of each service.
    pub services: BTreeMap<ServiceId, ServiceSlice>,
    /// What is known of each service in each environment.
    pub envs: BTreeMap<Target, EnvSlice>,
    /// What is left of each source's limits.
    pub budgets: BTreeMap<String, Budget>,
    /// The ledger's latest rows.
    pub ledger: LedgerSlice,
    /// What the screen sees of the ledger beyond that, while somebody looks.
    pub record: Record,
    /// Changes and delivery metrics, while somebody looks.
    pub delivery: Delivery,
    /// Rollbacks that this process does or follows.
    pub flows: BTreeMap<Target, Flow>,
    /// What became of the latest sign-off here.
    pub signed: BTreeMap<Target, Signed>,
    /// What happened.
    pub notices: Notices,
    /// What is due when.
    pub schedule: Schedule,
}

/// Which targets are followed closely (run, checks, signals); overviews are read for all of these services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The selected one; overviews for all.
    Focus,
    /// These.
    Only(Vec<Target>),
}

/// Who acts: the token's login, else the user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name.
    pub name: Safe,
    /// Whether it is the token's login.
    pub verified: bool,
}

/// What is known of a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceSlice {
    /// Its repository at a look.
    pub overview: Fetched<Overview>,
    /// Its calendar entries.
    pub entries: Vec<Entry>,
}

/// What is known of a service in an environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EnvSlice {
    /// What runs, derived from the overview.
    pub state: Option<EnvState>,
    /// The newest runs of the workflow that deploys here, where they may tell what is live.
    pub deploy_runs: Fetched<Vec<Run>>,
    /// What the service says it runs, where it is asked.
    pub probed: Fetched<Probed>,
    /// What is recorded is not what runs.
    pub drift: Option<Drift>,
    /// The deployment that is watched.
    pub watch: Option<Watch>,
    /// The watched deployment's run.
    pub run: Fetched<RunView>,
    /// The candidate, and how it was chosen.
    pub candidate: Option<(VersionRef, Safe)>,
    /// The candidate's checks.
    pub checks: Fetched<Checks>,
    /// Another candidate to look at, if one was asked for.
    pub asked: Option<String>,
    /// What the candidate replaces.
    pub base: Option<VersionRef>,
    /// What the candidate brings over that, with its reviews.
    pub approvals: Fetched<Approvals>,
    /// What the addresses of `http` gates gave, by gate.
    pub readings: BTreeMap<String, Fetched<Reading>>,
    /// The candidate's gates.
    pub checklist: Option<Checklist>,
    /// What a rollback would undo.
    pub comparison: Fetched<Comparison>,
    /// The run that deployed the version to go back to, where a way back repeats it.
    pub old_run: Fetched<RunView>,
    /// What would hold a rollback's run.
    pub holds: Fetched<HoldFacts>,
    /// What is measured, and the verdict.
    pub signals: Signals,
    /// Whether a release may go now, and why.
    pub window: Option<Decision>,
    /// The ready card: the rollback plan, or why there is none.
    pub plan: Option<Result<RollbackPlan, Refusal>>,
    /// Another version to roll back to, if one was chosen.
    pub wanted: Option<String>,
    /// Another way back, if one was chosen.
    pub wanted_way: Option<String>,
}

/// The windows, freezes and planned releases of the selected target around now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ruled {
    /// For which target, and when it was worked out.
    pub of: Option<(Option<Target>, Timestamp)>,
    /// Up to this instant it holds.
    pub until: Timestamp,
    /// The entries, in no order.
    pub entries: Vec<Entry>,
}

/// What the ledger holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LedgerSlice {
    /// The latest rows, oldest first.
    pub rows: Vec<Row>,
    /// Whether it was read.
    pub read_at: Option<Timestamp>,
    /// Why it can't be read.
    pub fault: Option<Fault>,
    /// Rollbacks that are open.
    pub open: Vec<OpenIntent>,
    /// Rollbacks that were closed.
    pub closed: Vec<Closed>,
}

/// What a World starts from.
#[derive(Debug, Clone)]
pub struct Start {
    /// What is watched.
    pub catalog: Catalog,
    /// The zone of the screen.
    pub zone: TimeZone,
    /// A word for the title line.
    pub banner: Safe,
    /// Why writes are off.
    pub read_only: Option<String>,
    /// Withheld keys.
    pub withheld: Vec<Safe>,
    /// Windows, freezes and planned releases.
    pub calendar: Calendar,
    /// What the verdict tolerates.
    pub verdict: Settings,
    /// Which targets are followed closely.
    pub scope: Scope,
    /// The selected target.
    pub focus: Option<Target>,
    /// Whether open intents are followed.
    pub follow_intents: bool,
    /// The shortest sensible time between two polls.
    pub min_poll: SignedDuration,
    /// Who acts.
    pub who: Who,
}

impl World {
    /// A World that knows nothing yet.
    pub fn new(start: Start) -> Self {
        let services = start
            .catalog
            .services
            .iter()
            .map(|s| (s.id.clone(), ServiceSlice::default()))
            .collect();
        let envs = start
            .catalog
            .targets()
            .map(|t| (t, EnvSlice::default()))
            .collect();
        let focus = start.focus.or_else(|| {
            let service = start.catalog.services.first()?;
            let env = service.last_environment()?;
            Some(Target {
                service: service.id.clone(),
                env: env.id.clone(),
            })
        });
        Self {
            catalog: start.catalog,
            zone: start.zone,
            banner: start.banner,
            read_only: start.read_only,
            withheld: start.withheld,
            calendar: start.calendar,
            ruled: Ruled::default(),
            verdict: start.verdict,
            scope: start.scope,
            focus,
            follow_intents: start.follow_intents,
            min_poll: start.min_poll,
            who: start.who,
            services,
            envs,
            budgets: BTreeMap::new(),
            ledger: LedgerSlice::default(),
            record: Record::default(),
            delivery: Delivery::default(),
            flows: BTreeMap::new(),
            signed: BTreeMap::new(),
            notices: Notices::default(),
            schedule: Schedule::default(),
        }
    }

    /// Takes another catalog on: what is known of targets that stay is kept.
    pub fn adopt(&mut self, catalog: Catalog) {
        let mut services = std::mem::take(&mut self.services);
        self.services = catalog
            .services
            .iter()
            // Its deployments were asked for by other names.
            .map(|s| {
                let kept = services.remove(&s.id).unwrap_or_default();
                (
                    s.id.clone(),
                    ServiceSlice {
                        overview: kept.overview.into_cached(),
                        ..kept
                    },
                )
            })
            .collect();
        let mut envs = std::mem::take(&mut self.envs);
        self.envs = catalog
            .targets()
            .map(|t| {
                let kept = envs.remove(&t).unwrap_or_default();
                (t, kept)
            })
            .collect();
        self.catalog = catalog;
        let there = self
            .focus
            .as_ref()
            .is_some_and(|f| self.envs.contains_key(f));
        if !there {
            self.focus = self.catalog.services.first().and_then(|service| {
                let env = service.last_environment()?;
                Some(Target {
                    service: service.id.clone(),
                    env: env.id.clone(),
                })
            });
        }
        // Windows and entries are worked out anew, and every question that now has another wording is asked at once.
        self.ruled = Ruled::default();
        self.schedule.hurry();
    }

    /// The selected target's slice.
    pub fn focused(&self) -> Option<(&Target, &EnvSlice)> {
        let target = self.focus.as_ref()?;
        self.envs.get(target).map(|slice| (target, slice))
    }

    /// What is configured for a target.
    pub fn configured(&self, target: &Target) -> Option<(&Service, &Environment)> {
        self.catalog.environment(target)
    }

    /// A target's service at a look.
    pub fn overview(&self, service: &ServiceId) -> Option<&Overview> {
        self.services.get(service).and_then(|s| s.overview.value())
    }

    /// The targets that are followed closely.
    pub fn close_targets(&self) -> Vec<Target> {
        let mut targets = match &self.scope {
            Scope::Focus => self.focus.iter().cloned().collect(),
            Scope::Only(targets) => targets.clone(),
        };
        for target in self.flows.keys() {
            if !targets.contains(target) {
                targets.push(target.clone());
            }
        }
        targets
    }

    /// The services whose overviews are read.
    pub fn overview_services(&self) -> Vec<&Service> {
        match &self.scope {
            Scope::Focus => self.catalog.services.iter().collect(),
            Scope::Only(targets) => self
                .catalog
                .services
                .iter()
                .filter(|s| targets.iter().any(|t| t.service == s.id))
                .collect(),
        }
    }
}

impl EnvSlice {
    /// The reason a rollback starts with: what the verdict says now. Empty: the person has to write one. What an earlier run left
    /// behind is no reason.
    pub fn reason(&self) -> String {
        let Some(watch) = &self.watch else {
            return String::new();
        };
        match &self.signals.verdict {
            Some(v) if v.advise_rollback && !self.signals.status.is_cached() => {
                let what = v
                    .short
                    .split_once(", ")
                    .map_or(v.short.as_str(), |(what, _)| what);
                format!("{what} after {}", watch.subject)
            }
            _ if watch.phase == Phase::Broken => {
                format!("the deploy of {} failed half-way", watch.subject)
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::app::msg::Msg;
    use crate::app::testing::{bad_deploy, send, started, target, world};

    #[test]
    fn another_catalog_keeps_what_stays_and_asks_for_the_rest() {
        let mut world = world();
        started(&mut world, 0, bad_deploy());
        let mut catalog = world.catalog.clone();
        let service = &mut catalog.services[0];
        let mut staging = service.environments[0].clone();
        staging.id = "staging".parse().unwrap();
        service.environments.insert(0, staging);
        send(&mut world, 1, Msg::Catalog(catalog.clone()));
        assert_eq!(world.focus, Some(target()));
        assert_eq!(world.envs.len(), 2);
        assert!(world.envs[&target()].watch.is_some(), "what is known stays");
        assert!(world.envs.values().all(|slice| slice.window.is_some()));

        catalog.services[0].environments.truncate(1);
        send(&mut world, 2, Msg::Catalog(catalog));
        let focus = world.focus.clone().unwrap();
        assert_eq!(
            focus.env.as_str(),
            "staging",
            "what is gone is selected no longer"
        );
    }
}
