//! Which service and environment a command is about: named by flags, else by the configuration, else by where one stands.

use super::args::Common;
use super::failure::Failure;
use super::remote;
use crate::config::Loaded;
use crate::config::model::ServiceConfig;
use crate::config::schema::nearest;
use crate::domain::fetched::FaultKind;
use crate::domain::ids::{EnvId, ServiceId, Target};

/// The one target that a command is about.
pub(super) fn one(loaded: &Loaded, common: &Common) -> Result<Target, Failure> {
    let (service, config) = match &common.service {
        Some(name) => named_service(loaded, name)?,
        None => default_service(loaded)?,
    };
    let env = match &common.env {
        Some(name) => named_env(&service, config, name)?,
        None => default_env(loaded, config)?,
    };
    Ok(Target { service, env })
}

/// All targets that a command is about: without flags, every service in each of its environments.
pub(super) fn many(loaded: &Loaded, common: &Common) -> Result<Vec<Target>, Failure> {
    let services = match &common.service {
        Some(name) => vec![named_service(loaded, name)?],
        None => all(loaded),
    };
    let mut targets = Vec::new();
    for (service, config) in &services {
        for env in &config.environments {
            if common
                .env
                .as_deref()
                .is_none_or(|name| name == env.as_str())
            {
                targets.push(Target {
                    service: service.clone(),
                    env: env.clone(),
                });
            }
        }
    }
    match (&common.env, targets.is_empty()) {
        (Some(name), true) => {
            let known = services.iter().flat_map(|(_, c)| &c.environments);
            Err(unknown("environment", name, known.map(EnvId::as_str)))
        }
        _ => Ok(targets),
    }
}

/// Refuses an environment where a clone is read: that knows of tags alone.
pub(super) fn no_env(common: &Common) -> Result<(), Failure> {
    match &common.env {
        Some(_) => Err(Failure::usage(
            "a clone knows no environments: --env and --git exclude each other",
        )),
        None => Ok(()),
    }
}

fn all(loaded: &Loaded) -> Vec<(ServiceId, &ServiceConfig)> {
    let services = loaded.config.services.iter();
    services
        .filter_map(|(name, config)| name.parse().ok().map(|id| (id, config)))
        .collect()
}

fn named_service<'a>(
    loaded: &'a Loaded,
    name: &str,
) -> Result<(ServiceId, &'a ServiceConfig), Failure> {
    let all = all(loaded);
    match all.iter().find(|(id, _)| id.as_str() == name) {
        Some(found) => Ok(found.clone()),
        None => Err(unknown(
            "service",
            name,
            all.iter().map(|(id, _)| id.as_str()),
        )),
    }
}

/// The service that somebody means: the named one, the configured first one, or the one whose repository one stands in; none: that
/// would be a guess.
pub(super) fn meant(loaded: &Loaded, common: &Common) -> Result<Option<ServiceId>, Failure> {
    let named = common
        .service
        .as_ref()
        .or(loaded.config.ui.service.as_ref());
    if let Some(name) = named {
        return named_service(loaded, name).map(|(id, _)| Some(id));
    }
    Ok(standing(loaded).map(|(id, _)| id))
}

/// The service whose repository one stands in.
fn standing(loaded: &Loaded) -> Option<(ServiceId, &ServiceConfig)> {
    let here = loaded.repository.as_deref().and_then(remote::slug)?;
    let mut all = all(loaded).into_iter();
    all.find(|(_, config)| config.repo == here)
}

/// The configured first service, else the one whose repository one stands in, else the first.
fn default_service(loaded: &Loaded) -> Result<(ServiceId, &ServiceConfig), Failure> {
    if let Some(name) = &loaded.config.ui.service {
        return named_service(loaded, name);
    }
    let first = || all(loaded).into_iter().next();
    standing(loaded).or_else(first).ok_or_else(|| {
        Failure::new(FaultKind::Config, "no service is configured")
            .hint("`flightdeck config path` names the files that are read")
    })
}

fn named_env(service: &ServiceId, config: &ServiceConfig, name: &str) -> Result<EnvId, Failure> {
    let found = config.environments.iter().find(|e| e.as_str() == name);
    found.cloned().ok_or_else(|| {
        let known = config.environments.iter().map(EnvId::as_str);
        unknown(&format!("environment of {service}"), name, known)
    })
}

fn default_env(loaded: &Loaded, config: &ServiceConfig) -> Result<EnvId, Failure> {
    let wanted = loaded.config.ui.env.as_deref();
    let found = config
        .environments
        .iter()
        .find(|e| Some(e.as_str()) == wanted)
        .or_else(|| config.environments.last());
    found
        .cloned()
        .ok_or_else(|| Failure::new(FaultKind::Config, "the service has no environment"))
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let mut names: Vec<&str> = Vec::new();
    for name in known {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let known = names;
    let near = nearest(name, known.iter().copied());
    let list = known.join(", ");
    let hint = match near {
        Some(near) => format!("did you mean `{near}`? There are: {list}"),
        None => format!("there are: {list}"),
    };
    let name = crate::domain::text::Safe::new(name);
    Failure::new(FaultKind::NotFound, format!("there is no {what} `{name}`")).hint(hint)
}
