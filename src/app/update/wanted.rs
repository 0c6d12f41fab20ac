//! Which questions the World has, and how often: derived anew after every message, so nothing is polled that nobody looks at,
//! and polling follows need within the API budget.

use jiff::SignedDuration;

use super::ladders;
use crate::app::effect::{Effect, EffectKey, Fetch};
use crate::app::flow::Stage;
use crate::app::schedule::Wanted;
use crate::app::world::World;
use crate::domain::gate::spec::GateKind;
use crate::domain::ids::Target;
use crate::domain::observe::{Budget, OverviewAsk};
use crate::domain::release::watch::Phase;
use crate::domain::rollback::plan;
use crate::domain::units::Now;

/// Overviews while nothing happens.
const IDLE_S: i64 = 30;
/// Overviews during a deploy.
const DEPLOY_S: i64 = 10;
/// Everything that a rollback waits for.
const ROLLBACK_S: i64 = 3;
/// Runs and jobs during a deploy.
const RUN_S: i64 = 5;
/// What a rollback's run waits for.
const PENDING_S: i64 = 10;
/// Checks of a candidate.
const CHECKS_S: i64 = 60;
/// Another process' ledger rows are looked for that often while they are waited for; else the store tells of changes.
const LEDGER_S: i64 = 60;
/// Requests kept for a rollback and for approvals.
const RESERVE: u64 = 200;

/// What is due now, as effects; and the cancelling of what is no longer wanted.
pub(super) fn due(world: &mut World, now: Now) -> Vec<Effect> {
    let wanted = wanted(world, now);
    let far = ladders::far(world, now);
    let (due, cancelled) = world.schedule.sync(&wanted, &far, now.0);
    let mut effects: Vec<Effect> = cancelled.into_iter().map(Effect::Cancel).collect();
    for (key, generation) in due {
        if let Some(what) = fetch(world, &key, now) {
            effects.push(Effect::Fetch {
                key,
                generation,
                what,
            });
        } else {
            // Nothing to ask right now (no complete bin yet): as if it had been answered.
            world.schedule.accept(&key, generation);
            world.schedule.succeeded(&key);
        }
    }
    effects
}

/// How much slower to ask, so that the limits hold until they start anew: 1 while there is plenty.
pub(super) fn slow_down(budget: Option<&Budget>, now: Now) -> f64 {
    let one = |remaining: Option<u64>, reset: Option<jiff::Timestamp>, limit: Option<u64>| {
        let (Some(remaining), Some(limit)) = (remaining, limit) else {
            return 1.0;
        };
        let left = remaining.saturating_sub(RESERVE);
        let seconds = reset.map_or(3_600.0, |r| {
            r.duration_since(now.0).as_secs_f64().clamp(1.0, 3_600.0)
        });
        // The share of the hour that is left, against the share of the limit that is left.
        let pace = (left as f64 / limit.max(1) as f64) / (seconds / 3_600.0);
        if pace >= 0.5 {
            1.0
        } else {
            (0.5 / pace.max(0.01)).min(20.0)
        }
    };
    budget.map_or(1.0, |b| {
        one(b.remaining, b.reset_at, b.limit).max(one(
            b.graphql_remaining,
            b.graphql_reset_at,
            b.graphql_limit,
        ))
    })
}

fn wanted(world: &World, now: Now) -> Vec<Wanted> {
    let mut list = vec![Wanted {
        key: EffectKey::Ledger,
        every: Some(every(world, ledger_interval(world), 1.0)),
    }];
    let close = world.close_targets();
    let mut sources: Vec<&str> = Vec::new();
    for service in world.overview_services() {
        if !sources.contains(&service.source.as_str()) {
            sources.push(&service.source);
        }
    }
    for source in sources {
        let factor = slow_down(world.budgets.get(source), now);
        let seconds = overview_interval(world, source, &close);
        // What a rollback waits for is never slowed down: that is what the reserve is for.
        let factor = if seconds == ROLLBACK_S { 1.0 } else { factor };
        list.push(Wanted {
            key: EffectKey::Overview(source.to_owned()),
            every: Some(every(world, seconds, factor)),
        });
        list.push(Wanted {
            key: EffectKey::Login(source.to_owned()),
            every: None,
        });
    }
    super::record::wanted(world, &mut list);
    super::delivery::wanted(world, &mut list);
    for target in &close {
        of_target(world, target, now, &mut list);
    }
    list
}

pub(super) fn every(world: &World, seconds: i64, factor: f64) -> SignedDuration {
    SignedDuration::from_secs_f64(seconds as f64 * factor).max(world.min_poll)
}

fn ledger_interval(world: &World) -> i64 {
    if world.flows.values().any(|f| f.stage == Stage::Following) {
        1
    } else {
        LEDGER_S
    }
}

fn overview_interval(world: &World, source: &str, close: &[Target]) -> i64 {
    let here = |t: &&Target| {
        world
            .catalog
            .service(&t.service)
            .is_some_and(|s| s.source == source)
    };
    let rolling = close
        .iter()
        .filter(here)
        .any(|t| world.flows.get(t).is_some_and(|f| !f.is_over()));
    let deploying = close
        .iter()
        .filter(here)
        .any(|t| world.envs.get(t).is_some_and(|e| e.watch.is_some()));
    if rolling {
        ROLLBACK_S
    } else if deploying {
        DEPLOY_S
    } else {
        IDLE_S
    }
}

fn of_target(world: &World, target: &Target, now: Now, list: &mut Vec<Wanted>) {
    let (Some(slice), Some((service, env))) = (world.envs.get(target), world.configured(target))
    else {
        return;
    };
    let factor = slow_down(world.budgets.get(&service.source), now);
    let busy = slice.watch.is_some() || world.flows.contains_key(target);
    let pace = if busy { DEPLOY_S } else { IDLE_S };
    for (key, factor) in ladders::questions(slice, env, target, factor) {
        list.push(Wanted {
            key,
            every: Some(every(world, pace, factor)),
        });
    }
    if let Some(watch) = &slice.watch
        && let Some(run) = watch.run
    {
        let ended = slice
            .run
            .value()
            .is_some_and(|v| v.run.id == run && v.run.is_completed());
        let under_way = matches!(
            watch.phase,
            Phase::InProgress | Phase::Waiting | Phase::Queued
        );
        let again = (under_way || !ended).then(|| every(world, RUN_S, factor));
        list.push(Wanted {
            key: EffectKey::Run(target.clone(), run),
            every: again,
        });
    }
    if let Some((candidate, _)) = &slice.candidate {
        let key = EffectKey::Checks(target.clone(), candidate.sha.clone());
        list.push(Wanted {
            key,
            every: Some(every(world, CHECKS_S, factor)),
        });
    }
    super::gates::wanted(world, target, |s| every(world, s, factor), list);
    // A look at many targets needs neither every ready card nor signals where nothing is watched.
    let near = world.focus.as_ref() == Some(target) || world.flows.contains_key(target);
    if near
        && let Some(Ok((from, _, to))) =
            super::derive::with_plan_input(world, target, now, plan::endpoints)
    {
        super::holds::wanted(world, target, &to, |s| every(world, s, factor), list);
        list.push(Wanted {
            key: EffectKey::Compare(target.clone(), to.sha, from.sha),
            every: None,
        });
    }
    if (near || slice.watch.is_some()) && env.signals.is_some() && service.metrics.is_some() {
        list.push(Wanted {
            key: EffectKey::Clock(target.clone()),
            every: Some(SignedDuration::from_mins(10)),
        });
        if let (Some(anchor), Some(_)) = (slice.signals.anchor, slice.signals.clock.value()) {
            // A baseline that is still too short is lengthened at once.
            let templates = env.signals.as_ref();
            let more = templates
                .and_then(|t| slice.signals.next_query(t, now.0))
                .is_some_and(|q| q.to_s <= 0);
            let interval = if more {
                world.min_poll
            } else {
                slice.signals.interval().max(world.min_poll)
            };
            list.push(Wanted {
                key: EffectKey::Signals(target.clone(), anchor),
                every: Some(interval),
            });
        }
    }
    if let Some(flow) = world.flows.get(target) {
        let fast = Some(every(world, ROLLBACK_S, 1.0));
        match &flow.stage {
            Stage::Cancelling | Stage::WaitingForEnd(_) => {
                if let Some(run) = flow.facts.cancel_run {
                    list.push(Wanted {
                        key: EffectKey::FlowCancelled(target.clone(), run),
                        every: fast,
                    });
                }
            }
            Stage::LookingUp { .. } if flow.facts.workflow.is_some() => {
                let key = EffectKey::FlowFind(target.clone(), flow.facts.correlation_id.clone());
                list.push(Wanted { key, every: fast });
            }
            Stage::LookingUp { .. } => {
                if let Some(ours) = flow.facts.rerun {
                    let key = EffectKey::FlowRerun(target.clone(), ours.run);
                    list.push(Wanted { key, every: fast });
                }
            }
            Stage::Running(run) => {
                list.push(Wanted {
                    key: EffectKey::FlowRun(target.clone(), *run),
                    every: fast,
                });
                if flow.held_since.is_some() {
                    list.push(Wanted {
                        key: EffectKey::FlowPending(target.clone(), *run),
                        every: Some(every(world, PENDING_S, 1.0)),
                    });
                }
            }
            _ => {}
        }
    }
}

fn fetch(world: &World, key: &EffectKey, now: Now) -> Option<Fetch> {
    let source_and_repo = |target: &Target| {
        world
            .catalog
            .service(&target.service)
            .map(|s| (s.source.clone(), s.repo.clone()))
    };
    Some(match key {
        EffectKey::Ledger => Fetch::Ledger,
        EffectKey::OlderRows(before) => Fetch::OlderRows { before: *before },
        EffectKey::Chain(_) => Fetch::Chain,
        EffectKey::Reading(_) | EffectKey::Listing(..) | EffectKey::Sheet(..) => {
            super::delivery::fetch(world, key)?
        }
        EffectKey::Login(source) => Fetch::Login {
            source: source.clone(),
        },
        EffectKey::Overview(source) => Fetch::Overview {
            source: source.clone(),
            asks: world
                .overview_services()
                .into_iter()
                .filter(|s| s.source == *source)
                .map(|s| OverviewAsk {
                    service: s.id.clone(),
                    repo: s.repo.clone(),
                    environments: s
                        .environments
                        .iter()
                        .map(|e| (e.id.clone(), e.github_environment.clone()))
                        .collect(),
                })
                .collect(),
        },
        EffectKey::Run(target, run)
        | EffectKey::OldRun(target, run)
        | EffectKey::FlowRerun(target, run)
        | EffectKey::FlowRun(target, run)
        | EffectKey::FlowCancelled(target, run) => {
            let (source, repo) = source_and_repo(target)?;
            Fetch::Run {
                source,
                repo,
                run: *run,
            }
        }
        EffectKey::Holds(target, files) => {
            let (source, repo) = source_and_repo(target)?;
            let (_, env) = world.configured(target)?;
            Fetch::Holds {
                source,
                repo,
                environment: env.github_environment.clone(),
                files: files.clone(),
            }
        }
        EffectKey::FlowPending(target, run) => {
            let (source, repo) = source_and_repo(target)?;
            Fetch::Pending {
                source,
                repo,
                run: *run,
            }
        }
        EffectKey::DeployRuns(target) => {
            let (source, repo) = source_and_repo(target)?;
            let (_, env) = world.configured(target)?;
            Fetch::DeployRuns {
                source,
                repo,
                file: env.ladder.runs_of()?.to_owned(),
            }
        }
        EffectKey::Probe(target) => {
            let (_, env) = world.configured(target)?;
            Fetch::Probe(env.ladder.probe.clone()?)
        }
        EffectKey::Checks(target, sha) => {
            let (source, repo) = source_and_repo(target)?;
            Fetch::Checks {
                source,
                repo,
                sha: sha.clone(),
            }
        }
        EffectKey::Compare(target, base, head) => {
            let (source, repo) = source_and_repo(target)?;
            Fetch::Compare {
                source,
                repo,
                base: base.clone(),
                head: head.clone(),
            }
        }
        EffectKey::Approvals(target, base, head) => {
            let (source, repo) = source_and_repo(target)?;
            Fetch::Approvals {
                source,
                repo,
                base: base.clone(),
                head: head.clone(),
            }
        }
        EffectKey::GateValue(target, id, _) => {
            let (_, env) = world.configured(target)?;
            let (candidate, _) = world.envs.get(target)?.candidate.as_ref()?;
            let gate = env.gates.iter().find(|g| g.id == *id)?;
            let GateKind::Http(value) = &gate.kind else {
                return None;
            };
            Fetch::GateValue(value.ask(id, candidate)?)
        }
        EffectKey::FlowFind(target, correlation) => {
            let flow = world.flows.get(target)?;
            Fetch::FindRun {
                source: flow.source.clone(),
                repo: flow.repo.clone(),
                file: flow.facts.workflow.clone()?,
                git_ref: flow.facts.git_ref.clone()?,
                correlation: correlation.clone(),
                since: flow
                    .started_at
                    .checked_sub(SignedDuration::from_secs(60))
                    .unwrap_or(flow.started_at),
            }
        }
        EffectKey::Clock(target) => {
            let (service, env) = world.configured(target)?;
            Fetch::Clock {
                source: service.metrics.clone()?,
                templates: env.signals.clone()?,
            }
        }
        EffectKey::Signals(target, _) => {
            let (service, env) = world.configured(target)?;
            let query = world
                .envs
                .get(target)?
                .signals
                .next_query(env.signals.as_ref()?, now.0)?;
            Fetch::Signals {
                source: service.metrics.clone()?,
                query,
            }
        }
    })
}
