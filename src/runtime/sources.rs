//! The sources by name. A source is made when it is first asked: its token may need a program to be run, its client the
//! machine's certificates; neither may hold up the first frame.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::cache::StoreCache;
use super::clock::Clock;
use super::disk::DiskHandle;
use super::make;
use crate::app::effect::Fetch;
use crate::app::msg::Answer;
use crate::config::model::{Config, GithubConfig, MetricsConfig};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::observe::Budget;
use crate::domain::rollback::{
    CancelAnswer, CancelOrder, DispatchAnswer, DispatchOrder, RerunOrder,
};
use crate::domain::text::Safe;
use crate::providers::github::GitHub;
use crate::providers::http::HttpPolicy;
use crate::providers::http_json::HttpValues;
use crate::providers::prometheus::Prometheus;
use crate::providers::{CodeHost, Metrics, Past, ProviderError, RunAsk};

/// A source that is made once, when it is first asked.
type Lazy<T> = OnceCell<Arc<T>>;

fn timer(clock: &Clock) -> crate::providers::Clock {
    let clock = clock.clone();
    Arc::new(move || clock.now().0)
}

/// All configured sources.
#[derive(Debug)]
pub(super) struct Sources {
    github: BTreeMap<String, (GithubConfig, Lazy<GitHub>)>,
    metrics: BTreeMap<String, (MetricsConfig, Lazy<Prometheus>)>,
    values: HttpValues,
    env: BTreeMap<String, String>,
    disk: DiskHandle,
    clock: Clock,
}

impl Sources {
    /// The sources of a configuration; `env` is the environment that tokens are looked up in.
    pub(super) fn new(
        config: &Config,
        env: BTreeMap<String, String>,
        disk: DiskHandle,
        clock: Clock,
    ) -> Self {
        Self {
            github: config
                .github
                .iter()
                .map(|(n, c)| (n.clone(), (c.clone(), OnceCell::new())))
                .collect(),
            metrics: config
                .metrics
                .iter()
                .map(|(n, c)| (n.clone(), (c.clone(), OnceCell::new())))
                .collect(),
            values: HttpValues::new(HttpPolicy::default(), timer(&clock)),
            env,
            disk,
            clock,
        }
    }

    fn fault(&self, kind: FaultKind, message: &str, hint: &str) -> Fault {
        Fault {
            message: Safe::new(message),
            hint: Some(Safe::new(hint)),
            kind,
            at: self.clock.now().0,
            retry_at: None,
        }
    }

    fn timer(&self) -> crate::providers::Clock {
        timer(&self.clock)
    }

    async fn host(&self, name: &str) -> Result<Arc<GitHub>, Fault> {
        let Some((config, cell)) = self.github.get(name) else {
            return Err(self.fault(
                FaultKind::Config,
                &format!("there is no GitHub source `{name}`"),
                "add it to the configuration",
            ));
        };
        let made = cell.get_or_try_init(|| async {
            let now = self.clock.now().0;
            let secret = make::secret(&config.token, &config.api.host(), &self.env, now).await?;
            let cache = Arc::new(StoreCache::new(self.disk.clone()));
            let policy = HttpPolicy::default();
            Ok(Arc::new(make::github(
                name,
                config,
                &secret,
                policy,
                cache,
                self.timer(),
            )))
        });
        made.await.map(Arc::clone)
    }

    async fn meter(&self, name: &str) -> Result<Arc<Prometheus>, Fault> {
        let Some((config, cell)) = self.metrics.get(name) else {
            return Err(self.fault(
                FaultKind::Config,
                &format!("there is no metrics source `{name}`"),
                "add it to the configuration",
            ));
        };
        let made = cell.get_or_try_init(|| async {
            let policy = HttpPolicy::default();
            make::metrics(name, config, &self.env, policy, self.timer())
                .await
                .map(Arc::new)
        });
        made.await.map(Arc::clone)
    }

    /// A source as the keeper of its repositories' past.
    pub(super) async fn past(&self, name: &str) -> Result<Arc<dyn Past>, Fault> {
        Ok(self.host(name).await?)
    }

    /// What is left of a source's limits, once it was asked.
    pub(super) fn budget(&self, name: &str) -> Option<Budget> {
        let (_, cell) = self.github.get(name)?;
        let seen = cell.get()?.budget();
        Some(Budget {
            limit: seen.limit,
            remaining: seen.remaining,
            reset_at: seen.reset_at,
            graphql_limit: seen.graphql_limit,
            graphql_remaining: seen.graphql_remaining,
            graphql_reset_at: seen.graphql_reset_at,
        })
    }

    fn told<T>(&self, result: Result<T, ProviderError>) -> Result<T, Fault> {
        result.map_err(|e| e.to_fault(self.clock.now().0))
    }

    /// Asks; the answer is of the question's kind.
    pub(super) async fn fetch(&self, what: Fetch) -> Answer {
        match what {
            Fetch::Login { source } => Answer::Login(match self.host(&source).await {
                Ok(host) => self.told(host.login().await),
                Err(fault) => Err(fault),
            }),
            Fetch::Overview { source, asks } => Answer::Overview(match self.host(&source).await {
                Ok(host) => host
                    .overview(&asks)
                    .await
                    .into_iter()
                    .map(|(s, r)| (s, self.told(r)))
                    .collect(),
                Err(fault) => asks
                    .into_iter()
                    .map(|a| (a.service, Err(fault.clone())))
                    .collect(),
            }),
            Fetch::DeployRuns { source, repo, file } => {
                Answer::DeployRuns(match self.host(&source).await {
                    Ok(host) => self.told(host.runs_of(&repo, &file).await),
                    Err(fault) => Err(fault),
                })
            }
            Fetch::Probe(ask) => Answer::Probe(self.told(self.values.probe(&ask).await)),
            Fetch::Run { source, repo, run } => Answer::Run(match self.host(&source).await {
                Ok(host) => self.told(host.run(&repo, run).await),
                Err(fault) => Err(fault),
            }),
            Fetch::Checks { source, repo, sha } => Answer::Checks(match self.host(&source).await {
                Ok(host) => self.told(host.checks(&repo, &sha).await),
                Err(fault) => Err(fault),
            }),
            Fetch::Compare {
                source,
                repo,
                base,
                head,
            } => Answer::Compare(match self.host(&source).await {
                Ok(host) => self.told(host.compare(&repo, &base, &head).await),
                Err(fault) => Err(fault),
            }),
            Fetch::Approvals {
                source,
                repo,
                base,
                head,
            } => Answer::Approvals(match self.host(&source).await {
                Ok(host) => self.told(host.approvals(&repo, &base, &head).await),
                Err(fault) => Err(fault),
            }),
            Fetch::Holds {
                source,
                repo,
                environment,
                files,
            } => Answer::Holds(match self.host(&source).await {
                Ok(host) => self.told(host.holds(&repo, &environment, &files).await),
                Err(fault) => Err(fault),
            }),
            Fetch::Pending { source, repo, run } => {
                Answer::Pending(match self.host(&source).await {
                    Ok(host) => self.told(host.pending(&repo, run).await),
                    Err(fault) => Err(fault),
                })
            }
            Fetch::GateValue(ask) => Answer::GateValue(self.told(self.values.read(&ask).await)),
            Fetch::FindRun {
                source,
                repo,
                file,
                git_ref,
                correlation,
                since,
            } => {
                let ask = RunAsk {
                    repo,
                    file,
                    git_ref,
                    correlation,
                    since,
                };
                Answer::Found(match self.host(&source).await {
                    Ok(host) => self.told(host.find_run(&ask).await),
                    Err(fault) => Err(fault),
                })
            }
            Fetch::Clock { source, templates } => Answer::Clock(match self.meter(&source).await {
                Ok(meter) => self.told(meter.clock(&templates).await),
                Err(fault) => Err(fault),
            }),
            Fetch::Signals { source, query } => Answer::Signals(match self.meter(&source).await {
                Ok(meter) => self.told(meter.signals(&query).await),
                Err(fault) => Err(fault),
            }),
            // The executor asks the store for these; an answer of another kind than the question is dropped.
            Fetch::Ledger
            | Fetch::OlderRows { .. }
            | Fetch::Chain
            | Fetch::Reading { .. }
            | Fetch::Listing { .. }
            | Fetch::Sheet { .. } => Answer::Ledger(Ok(Vec::new())),
        }
    }

    /// Sends a dispatch, once. A source that can't be made was never reached: rejected.
    pub(super) async fn dispatch(&self, order: &DispatchOrder) -> DispatchAnswer {
        match self.host(order.source()).await {
            Ok(host) => host.dispatch(order).await,
            Err(fault) => DispatchAnswer::Rejected(fault),
        }
    }

    /// Repeats a run, once. A source that can't be made was never reached: rejected.
    pub(super) async fn rerun(&self, order: &RerunOrder) -> DispatchAnswer {
        match self.host(order.source()).await {
            Ok(host) => host.rerun(order).await,
            Err(fault) => DispatchAnswer::Rejected(fault),
        }
    }

    /// Sends a cancel, once.
    pub(super) async fn cancel(&self, order: &CancelOrder) -> CancelAnswer {
        match self.host(order.source()).await {
            Ok(host) => host.cancel(order).await,
            Err(fault) => CancelAnswer::Rejected(fault),
        }
    }
}
