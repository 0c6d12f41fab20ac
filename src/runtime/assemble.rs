//! From the configuration to what the core works with: the catalog, the verdict's dials. Pure.

use crate::config::InputValue;
use crate::config::model::{
    Config, Confirm as ConfirmConfig, Dispatch, EnvConfig, LatencyQuery, LiveSource as LiveConfig,
    ReleaseFrom, Roles, ServiceConfig, TimeUnit, VerdictConfig, Way as WayConfig,
};
use crate::domain::catalog::{
    Catalog, Confirm, Environment, LatencyTemplate, Service, SignalTemplates,
};
use crate::domain::ids::{EnvId, ServiceId};
use crate::domain::release::candidate::{self, Releasing};
use crate::domain::release::ladder::{Ladder, LiveSource, ProbeAsk, VersionAt};
use crate::domain::rollback::{Way, WayKind};
use crate::domain::signal::Settings;
use crate::domain::text::Safe;

/// The catalog that a configuration describes.
pub fn catalog(config: &Config) -> Catalog {
    let services = config
        .services
        .iter()
        .filter_map(|(id, service)| {
            id.parse()
                .ok()
                .map(|id: ServiceId| self::service(config, id, service))
        })
        .collect();
    Catalog { services }
}

fn service(config: &Config, id: ServiceId, service: &ServiceConfig) -> Service {
    let environments = service
        .environments
        .iter()
        .filter_map(|env| {
            service
                .env
                .get(env.as_str())
                .map(|settings| environment(config, &id, service, env, settings))
        })
        .collect();
    Service {
        repo: service.repo.clone(),
        source: service.github.clone(),
        metrics: service.metrics.clone(),
        environments,
        irreversible: service.irreversible.clone(),
        accountable: service.roles.accountable.as_deref().map(Safe::new),
        people: people(&service.roles),
        runbook: service.runbook.as_deref().map(Safe::new),
        releasing: Releasing {
            from: match service.release.from {
                ReleaseFrom::Tags => candidate::From::Tags,
                ReleaseFrom::Releases => candidate::From::Releases,
                ReleaseFrom::Branch => candidate::From::Branch,
            },
            tags: service.release.tags.clone(),
        },
        id,
    }
}

/// Who answers for a service and who does its work, by login: who is in a team is not known here.
fn people(roles: &Roles) -> Vec<Safe> {
    let named = roles.accountable.iter().chain(&roles.responsible);
    let mut people = Vec::new();
    for login in named.map(|name| name.trim_start_matches('@')) {
        let login = Safe::new(login);
        if !login.as_str().contains('/') && !people.contains(&login) {
            people.push(login);
        }
    }
    people
}

fn environment(
    config: &Config,
    service_id: &ServiceId,
    service: &ServiceConfig,
    id: &EnvId,
    settings: &EnvConfig,
) -> Environment {
    Environment {
        id: id.clone(),
        github_environment: settings.github_name(id).to_owned(),
        signals: signals(config, service_id, service, id),
        ladder: ladder(service, id, settings),
        bake: settings.bake.0,
        verify_within: settings.verify_within.0,
        confirm: match settings.confirm {
            ConfirmConfig::ServiceName => Confirm::ServiceName,
            ConfirmConfig::Key => Confirm::Key,
        },
        ways: settings
            .rollback
            .as_ref()
            .map_or_else(Vec::new, |rollback| {
                let of = |name: &String| rollback.way.get(name).map(|w| way(name, w));
                rollback.ladder.iter().filter_map(of).collect()
            }),
        gates: super::gates::specs(config, service_id, id),
    }
}

fn ladder(service: &ServiceConfig, id: &EnvId, settings: &EnvConfig) -> Ladder {
    let workflow = settings.deploy.as_ref().map(|d| d.workflow.clone());
    let shared = workflow.is_some()
        && service.env.iter().any(|(other, env)| {
            other != id.as_str() && env.deploy.as_ref().map(|d| &d.workflow) == workflow.as_ref()
        });
    let rung = |source: &LiveConfig| match source {
        LiveConfig::Deployments => LiveSource::Deployments,
        LiveConfig::Runs => LiveSource::Runs,
        LiveConfig::Probe => LiveSource::Probe,
        LiveConfig::Releases => LiveSource::Releases,
    };
    Ladder {
        rungs: settings.live.iter().map(rung).collect(),
        workflow,
        shared,
        probe: settings.probe.as_ref().and_then(|p| {
            Some(ProbeAsk {
                url: p.url.clone(),
                version: VersionAt::read(&p.version)?,
            })
        }),
    }
}

fn way(name: &str, way: &WayConfig) -> Way {
    let kind = match way {
        WayConfig::GithubCancel {} => WayKind::Cancel,
        WayConfig::GithubRerun(rerun) => WayKind::Rerun {
            max_age_s: rerun.max_age.0.as_secs(),
        },
        WayConfig::GithubWorkflow(Dispatch {
            file,
            git_ref,
            inputs,
        }) => WayKind::Workflow {
            file: file.clone(),
            git_ref: git_ref.clone(),
            inputs: inputs.iter().map(|(k, v)| (k.clone(), input(v))).collect(),
        },
    };
    Way {
        id: name.to_owned(),
        kind,
    }
}

/// An input as GitHub takes it: `workflow_dispatch` reads every input from text.
fn input(value: &InputValue) -> String {
    match value {
        InputValue::Bool(b) => b.to_string(),
        InputValue::Whole(n) => n.to_string(),
        InputValue::Number(n) => n.to_string(),
        InputValue::Text(text) => text.clone(),
    }
}

/// The queries of a service in an environment, with every variable but `$bin` filled in.
fn signals(
    config: &Config,
    id: &ServiceId,
    service: &ServiceConfig,
    env: &EnvId,
) -> Option<SignalTemplates> {
    let metrics = service.metrics.as_ref()?;
    let queries = config.signals(service);
    let fill = |query: &str| fill(query, id, service, env);
    let slo = config.defaults.slo.latency.as_ref();
    let scrape = config.metrics.get(metrics).and_then(|m| m.scrape);
    Some(SignalTemplates {
        requests: fill(&queries.requests?),
        errors: fill(&queries.errors?),
        latency: queries
            .latency
            .as_ref()
            .map(|LatencyQuery { buckets, unit }| LatencyTemplate {
                buckets: fill(buckets),
                ms_per_unit: match unit {
                    TimeUnit::S => 1000.0,
                    TimeUnit::Ms => 1.0,
                },
            }),
        slo_latency_ms: slo.map(|s| s.below.0.as_secs_f64() * 1000.0),
        scrape_s: scrape
            .and_then(|s| u32::try_from(s.0.as_secs()).ok())
            .map(|s| s.max(1)),
    })
}

/// Fills `$service`, `$env`, the service's labels, and `$track` with nothing: both tracks count.
fn fill(query: &str, id: &ServiceId, service: &ServiceConfig, env: &EnvId) -> String {
    let mut values: Vec<(&str, &str)> = service
        .labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    for (name, value) in [
        ("service", id.as_str()),
        ("env", env.as_str()),
        ("track", ""),
    ] {
        if !values.iter().any(|(n, _)| *n == name) {
            values.push((name, value));
        }
    }
    // The longest name first, so that `$env_name` is not taken for `$env`.
    values.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let hit = values
            .iter()
            .find_map(|(name, value)| after.strip_prefix(name).map(|left| (*value, left)));
        if let Some((value, left)) = hit {
            out.push_str(&escaped(value));
            rest = left;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// A value inside a quoted string of a query: backslashes and quotes are escaped, so that a label can't change the query.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The verdict's dials.
pub fn verdict(config: &VerdictConfig) -> Settings {
    Settings {
        alpha: config.alpha,
        baseline_share: config.s,
        rel: config.rel,
        abs: config.abs,
        slowdown: config.slowdown,
        lat_abs: config.lat_abs,
        beta: config.beta,
        warm_up_s: config.warm_up.0.as_secs(),
        horizon_s: config.horizon.0.as_secs(),
        ..Settings::default()
    }
}
