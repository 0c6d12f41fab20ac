//! From a loaded configuration to a running Driver, in the order that the first paint demands: the World with the last screen
//! first (no async runtime, no TLS, no writes), then threads, sources and the executor.

use std::collections::BTreeMap;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;

use super::assemble;
use super::calendar;
use super::clock::Clock;
use super::delivery::Shelf;
use super::disk::DiskHandle;
use super::driver::{Driver, QUEUE};
use super::executor::Live;
use super::gates;
use super::remember;
use super::sources::Sources;
use crate::app::msg::Msg;
use crate::app::world::{Scope, Start, Who, World};
use crate::config::paths::{Folders, ProfilePaths};
use crate::config::{Config, Loaded};
use crate::domain::fetched::FaultKind;
use crate::domain::ids::{ServiceId, Target};
use crate::domain::text::Safe;
use crate::store::Paths;

/// What a session is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Which targets are followed closely.
    pub scope: Scope,
    /// The selected target.
    pub focus: Option<Target>,
    /// Why writes are off, if they are.
    pub read_only: Option<String>,
    /// Whether open intents of gone processes are taken over, and those of others followed.
    pub follow_intents: bool,
}

/// Why a session can't start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SessionError {
    /// The kind, for the exit code.
    pub kind: FaultKind,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// The clock that a configuration asks for: the machine's, unless `[clock]` says otherwise.
pub fn clock(config: &Config) -> Clock {
    match (config.clock.at, config.clock.real_at) {
        (Some(at), Some(real_at)) => Clock::virtual_time(at, real_at, config.clock.speed),
        _ => Clock::real(),
    }
}

/// The folders of the configured profile; none: the machine has no home folder for this user.
pub fn profile(config: &Config, env: &BTreeMap<String, String>) -> Option<ProfilePaths> {
    Folders::new(env).map(|f| f.profile(&config.state.profile))
}

/// The World of a session, with the last screen if one was kept.
///
/// # Errors
/// No service is configured, or there is no folder for the state.
pub fn world(
    loaded: &Loaded,
    options: Options,
    clock: &Clock,
    env: &BTreeMap<String, String>,
) -> Result<World, SessionError> {
    let config = &loaded.config;
    let mut catalog = assemble::catalog(config);
    for gate in loaded
        .withheld
        .iter()
        .filter_map(|w| gates::withheld(&w.key))
    {
        for env in catalog
            .services
            .iter_mut()
            .flat_map(|s| &mut s.environments)
        {
            // A gate of the same name in the user's own file holds.
            if !env.gates.iter().any(|own| own.id == gate.id) {
                env.gates.push(gate.clone());
            }
        }
    }
    let mut world = World::new(Start {
        catalog,
        zone: calendar::zone(config),
        banner: Safe::new(&config.ui.banner),
        read_only: options.read_only,
        withheld: loaded.withheld.iter().map(|w| Safe::new(&w.key)).collect(),
        calendar: calendar::calendar(loaded),
        verdict: assemble::verdict(&config.defaults.verdict),
        scope: options.scope,
        focus: options.focus.or_else(|| configured_focus(config)),
        follow_intents: options.follow_intents,
        min_poll: clock.min_poll(),
        who: Who {
            name: Safe::new(&os_user(env)),
            verified: false,
        },
    });
    crate::app::update::calendar(&mut world, clock.now());
    let paths = paths(config, env)?;
    // The screen waits for no other service than the one it shows.
    let later = later(&world);
    let first: Vec<ServiceId> = world
        .services
        .keys()
        .filter(|id| !later.contains(id))
        .cloned()
        .collect();
    for memory in remember::read(&paths.cache_dir, &profile_key(config), first.iter()) {
        crate::app::remember::recall(&mut world, memory, clock.now());
    }
    Ok(world)
}

/// The services whose last known state is read after the first frame: with a screen, all but the selected one.
fn later(world: &World) -> Vec<ServiceId> {
    let (Scope::Focus, Some(focus)) = (&world.scope, &world.focus) else {
        return Vec::new();
    };
    let services = world.services.keys();
    services
        .filter(|id| **id != focus.service)
        .cloned()
        .collect()
}

/// Starts the threads and sources of a session. Call inside the async runtime.
///
/// # Errors
/// The machine can't start a thread, or there is no folder for the state.
pub fn open(
    loaded: &Loaded,
    world: World,
    clock: Clock,
    env: &BTreeMap<String, String>,
) -> Result<Driver, SessionError> {
    open_with(loaded, world, clock, env, &Handle::current(), async {
        None
    })
}

/// As [`open`], with another runtime for the tasks, and a question whose answer comes later as a message.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    loaded: &Loaded,
    world: World,
    clock: Clock,
    env: &BTreeMap<String, String>,
    workers: &Handle,
    question: impl Future<Output = Option<Msg>> + Send + 'static,
) -> Result<Driver, SessionError> {
    let config = &loaded.config;
    let (out, inbox) = mpsc::channel(QUEUE);
    let paths = paths(config, env)?;
    let disk =
        DiskHandle::start(paths.clone(), clock.clone(), out.clone()).map_err(|e| SessionError {
            kind: FaultKind::Internal,
            message: format!("no thread could be started for the store: {e}"),
            hint: Some("check the limits of this user (ulimit -u)".to_owned()),
        })?;
    let (key, later, told) = (profile_key(config), later(&world), out.clone());
    disk.run(move |_| {
        for memory in remember::read(&paths.cache_dir, &key, later.iter()) {
            // A full queue has answers in it, which are newer.
            drop(told.try_send(Msg::Recalled(Box::new(memory))));
        }
    });
    let answer = out.clone();
    workers.spawn(async move {
        if let Some(msg) = question.await {
            // Nobody waits for it once the session is over.
            drop(answer.send(msg).await);
        }
    });
    let sources = Sources::new(config, env.clone(), disk.clone(), clock.clone());
    let shelf = Shelf::new(config, Vec::new(), disk.state_dir().to_owned());
    let (store, key) = ((disk, shelf), profile_key(config));
    let executor = Live::new(sources, store, clock.clone(), out, key, workers.clone());
    Ok(Driver::new(world, clock, inbox, Box::new(executor)))
}

/// The runtime of the program: one worker, two blocking threads that are kept a moment.
///
/// # Errors
/// The machine can't start a thread.
pub fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(2)
        .thread_keep_alive(std::time::Duration::from_secs(5))
        .enable_all()
        .build()
}

/// A runtime for a screen's loop alone, on the thread that waits for it: signals and clocks come to it directly, also while the
/// worker is busy with a large answer.
///
/// # Errors
/// The machine has no descriptors left.
pub fn loop_runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn configured_focus(config: &Config) -> Option<Target> {
    let (id, service) = match &config.ui.service {
        Some(id) => (id.clone(), config.services.get(id)?),
        None => config
            .services
            .iter()
            .next()
            .map(|(id, s)| (id.clone(), s))?,
    };
    let wanted = config
        .ui
        .env
        .as_ref()
        .and_then(|e| service.environments.iter().find(|have| have.as_str() == e));
    let env = wanted.or_else(|| service.environments.last())?;
    Some(Target {
        service: id.parse().ok()?,
        env: env.clone(),
    })
}

/// The last screen belongs to one API and one set of services.
fn profile_key(config: &Config) -> String {
    let apis: Vec<&str> = config.github.iter().map(|(_, g)| g.api.as_str()).collect();
    format!("{}|{}", config.state.profile, apis.join(","))
}

/// The store's folders.
///
/// # Errors
/// The machine has no home folder for this user.
pub fn paths(config: &Config, env: &BTreeMap<String, String>) -> Result<Paths, SessionError> {
    let profile = profile(config, env).ok_or_else(|| SessionError {
        kind: FaultKind::Config,
        message: "there is no home folder to keep the ledger in".to_owned(),
        hint: Some("set HOME, or XDG_STATE_HOME and XDG_CACHE_HOME".to_owned()),
    })?;
    Ok(Paths {
        state_dir: profile.state,
        cache_dir: profile.cache,
    })
}

fn os_user(env: &BTreeMap<String, String>) -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| env.get(name).filter(|v| !v.is_empty()).cloned())
        .unwrap_or_else(|| "unknown".to_owned())
}
