//! Waits until the plan is as good as it gets: the repository read in this run, the ledger read, the changes known.

use std::time::Duration;

use crate::app::effect::EffectKey;
use crate::app::world::{EnvSlice, World};
use crate::cli::drive::{
    answered, ledger_answered, overview_answered, signals_answered, until, who_answered,
};
use crate::cli::failure::Failure;
use crate::cli::setup::Setup;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::Target;
use crate::domain::rollback::Refusal;
use crate::runtime::Driver;

/// A plan must be there within that time, retries of the sources included.
const PLAN_WITHIN: Duration = Duration::from_mins(1);
/// What would hold the run is known within that time, or said to be not known: for a plan to read, and before a real rollback.
const HOLDS_WITHIN: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(3));
/// The verdict gives a reason within that time, or the person has to.
const REASON_WITHIN: Duration = Duration::from_secs(20);

/// What can be told without asking anybody, and without making anything on this machine.
pub(super) fn at_once(setup: &Setup, target: &Target) -> Option<Refusal> {
    if let Some(why) = &setup.read_only {
        return Some(Refusal::ReadOnly(why.clone()));
    }
    if let Some(why) = withheld(setup, target) {
        return Some(Refusal::ReadOnly(why));
    }
    let services = &setup.loaded.config.services;
    let env = services
        .get(target.service.as_str())
        .and_then(|service| service.env.get(target.env.as_str()));
    let configured = env
        .and_then(|env| env.rollback.as_ref())
        .is_some_and(|rollback| !rollback.ladder.is_empty());
    (!configured).then(|| Refusal::NotConfigured(target.clone()))
}

/// The way back stands in a project's file that is not trusted.
fn withheld(setup: &Setup, target: &Target) -> Option<String> {
    let service = format!("services.{}", target.service);
    let whole = format!("{service}.env.{}.rollback", target.env);
    let named = setup.loaded.withheld.iter().any(|w| w.key == whole);
    named.then(|| {
        format!("the rollback of {target} is withheld: the project's file is not trusted (`flightdeck config trust`)")
    })
}

/// Waits for the plan; a source that fails is an error, whatever an earlier run left behind.
pub(super) async fn wait(driver: &mut Driver, target: &Target) -> Result<(), Failure> {
    until(driver, PLAN_WITHIN, |d| is_there(d.world(), target)).await;
    let world = driver.world();
    let source = world.configured(target).map_or("", |(s, _)| &s.source);
    if let Some(fault) = &world.ledger.fault {
        // What can't be recorded is not done.
        return Err(Failure::fault("ledger", fault));
    }
    if let Some(fault) = overview_fault(world, target) {
        return Err(Failure::fault(format!("github.{source}"), fault));
    }
    if !overview_answered(world, target) || !ledger_answered(world) {
        let message = format!("github.{source} has not answered within 60 s");
        return Err(Failure::new(FaultKind::Unreachable, message));
    }
    Ok(())
}

fn overview_fault<'a>(world: &'a World, target: &Target) -> Option<&'a Fault> {
    world.services.get(&target.service)?.overview.fault()
}

fn is_there(world: &World, target: &Target) -> bool {
    let Some(slice) = world.envs.get(target) else {
        return true;
    };
    if !ledger_answered(world) || !overview_answered(world, target) {
        return false;
    }
    if overview_fault(world, target).is_some() {
        return true;
    }
    let planned = match &slice.plan {
        Some(Ok(plan)) => plan.reverts_known || slice.comparison.fault().is_some(),
        Some(Err(_)) => true,
        None => false,
    };
    planned && who_answered(world, target)
}

/// Waits a moment for what would hold the run, and for the run that may be repeated. A rollback never waits long for either.
pub(super) async fn holds(driver: &mut Driver, target: &Target, dry_run: bool) {
    let limit = if dry_run {
        HOLDS_WITHIN.0
    } else {
        HOLDS_WITHIN.1
    };
    until(driver, limit, |d| {
        let world = d.world();
        let Some(slice) = world.envs.get(target) else {
            return true;
        };
        let asked = |key: &EffectKey| match key {
            EffectKey::Holds(t, _) | EffectKey::OldRun(t, _) => t == target,
            _ => false,
        };
        !world.schedule.asks(asked)
            && (answered(&slice.holds) || !matches!(slice.plan, Some(Ok(_))))
    })
    .await;
}

/// The reason: the given one, else what the verdict says. Empty: the person has to write one.
pub(super) async fn reason(driver: &mut Driver, target: &Target, given: Option<&str>) -> String {
    if let Some(given) = given {
        return given.to_owned();
    }
    until(driver, REASON_WITHIN, |d| signals_answered(d, target)).await;
    let slice = driver.world().envs.get(target);
    slice.map_or_else(String::new, EnvSlice::reason)
}
