//! A command's Driver: opened for a few targets, run until a question is answered or time is up.

use std::time::Duration;

use crate::app::effect::EffectKey;
use crate::app::msg::Msg;
use crate::app::world::{Scope, World};
use crate::domain::fetched::{FaultKind, Fetched};
use crate::domain::ids::Target;
use crate::runtime::Driver;
use crate::runtime::session::{self, Options, SessionError};

use super::failure::Failure;
use super::setup::Setup;

/// Tasks that are still under way at the end get that long.
const LEAVE: Duration = Duration::from_millis(100);

/// Runs a question on a Driver that follows these targets closely.
pub(super) fn drive<R>(
    setup: &Setup,
    targets: Vec<Target>,
    ask: impl AsyncFnOnce(&mut Driver) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let clock = session::clock(&setup.loaded.config);
    let options = Options {
        focus: targets.first().cloned(),
        scope: Scope::Only(targets),
        read_only: setup.read_only.clone(),
        follow_intents: false,
    };
    let world = session::world(&setup.loaded, options, &clock, &setup.machine.env)?;
    let runtime = session::runtime().map_err(|e| {
        Failure::new(FaultKind::Internal, "the runtime can't be started").cause(e.to_string())
    })?;
    let answer = runtime.block_on(async {
        let mut driver = session::open(&setup.loaded, world, clock, &setup.machine.env)?;
        driver.send(Msg::Tick);
        ask(&mut driver).await
    });
    // Questions that nobody waits for any more are left behind.
    runtime.shutdown_timeout(LEAVE);
    answer
}

/// Runs the Driver until `done`, or until `limit` has passed in real time; tells whether it is done.
pub(super) async fn until(
    driver: &mut Driver,
    limit: Duration,
    mut done: impl FnMut(&Driver) -> bool,
) -> bool {
    let end = tokio::time::Instant::now() + limit;
    while !done(driver) {
        if tokio::time::timeout_at(end, driver.next()).await.is_err() {
            return done(driver);
        }
    }
    true
}

/// Whether a source has answered in this run, well or badly. What an earlier run left behind is no answer.
pub(super) fn answered<T>(fetched: &Fetched<T>) -> bool {
    match fetched {
        Fetched::Never | Fetched::Stale { fault: None, .. } => false,
        Fetched::Fresh { .. } | Fetched::Stale { .. } | Fetched::Failed { .. } => true,
    }
}

/// Whether a service's repository was looked at.
pub(super) fn overview_answered(world: &World, target: &Target) -> bool {
    let service = world.services.get(&target.service);
    service.is_none_or(|s| answered(&s.overview))
}

/// Whether the ledger was read, or can't be.
pub(super) fn ledger_answered(world: &World) -> bool {
    world.ledger.read_at.is_some() || world.ledger.fault.is_some()
}

/// Whether it is known who acts, or can't be: the token's login goes into the ledger and is worth waiting for.
pub(super) fn who_answered(world: &World, target: &Target) -> bool {
    world.configured(target).is_none_or(|(service, _)| {
        let key = EffectKey::Login(service.source.clone());
        !world.schedule.is_running(&key)
    })
}

/// Whether all is measured that the verdict on the watched deploy needs, or can't be. True where there is nothing to measure.
pub(super) fn signals_answered(driver: &Driver, target: &Target) -> bool {
    let world = driver.world();
    let (Some(slice), Some((service, env))) = (world.envs.get(target), world.configured(target))
    else {
        return true;
    };
    let (Some(templates), true, true) = (
        &env.signals,
        service.metrics.is_some(),
        slice.watch.is_some(),
    ) else {
        return true;
    };
    let signals = &slice.signals;
    if signals.clock.fault().is_some() || signals.status.fault().is_some() {
        return true;
    }
    // What an earlier run left behind says nothing of now.
    if !answered(&signals.clock) || !answered(&signals.status) {
        return false;
    }
    // A baseline that is too short is lengthened first.
    let lengthens = signals
        .next_query(templates, driver.now().0)
        .is_some_and(|q| q.to_s <= 0);
    signals.judged && signals.verdict.is_some() && !lengthens
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let failure = Self::new(error.kind, error.message);
        match error.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
