//! Rollbacks that are still open in the ledger: joined, resumed, or closed by hand. None of these sends anything again.

use std::time::Duration;

use crate::app::msg::Msg;
use crate::app::world::World;
use crate::cli::args::Common;
use crate::cli::choose;
use crate::cli::drive::{drive, ledger_answered, until, who_answered};
use crate::cli::failure::{Failure, GOOD};
use crate::cli::output::Output;
use crate::cli::setup::Setup;
use crate::domain::fetched::FaultKind;
use crate::domain::ids::{CorrelationId, Target};
use crate::domain::ledger::Row;
use crate::domain::rollback::{OpenIntent, journal};
use crate::report::ledger as words;
use crate::runtime::query::ledger as query;
use crate::runtime::{Driver, session};

/// The ledger answers within that time.
const LEDGER_WITHIN: Duration = Duration::from_secs(10);

/// Whether a rollback of a target is open.
pub(super) fn is_open(world: &World, target: &Target) -> bool {
    intent(world, target).is_some()
}

fn intent<'a>(world: &'a World, target: &Target) -> Option<&'a OpenIntent> {
    world.ledger.open.iter().find(|o| o.target == *target)
}

/// What is open, in words.
pub(super) fn describe(world: &World, target: &Target) -> Option<String> {
    let intent = intent(world, target)?;
    Some(format!(
        "still open: {}; it would be followed, not repeated",
        journal::describe(intent)
    ))
}

/// An open rollback is joined unless it goes elsewhere than `--to` says.
pub(super) fn may_join(world: &World, target: &Target, to: Option<&str>) -> Result<(), Failure> {
    let (Some(intent), Some(wanted)) = (intent(world, target), to) else {
        return Ok(());
    };
    let goes = &intent.facts.to;
    let same = goes.version.as_ref().is_some_and(|v| v.as_str() == wanted)
        || (wanted.len() >= 7 && goes.sha.as_str().starts_with(wanted));
    if same {
        return Ok(());
    }
    let message = format!("a rollback of {target} to {goes} is open already");
    Err(Failure::new(FaultKind::Refused, message).hint(
        "follow it with `flightdeck rollback resume`, or close it with `flightdeck rollback resolve --reason TEXT`",
    ))
}

/// `rollback resume`.
pub(super) fn resume(setup: &Setup, common: &Common, out: &mut Output) -> Result<u8, Failure> {
    let target = the_open_one(setup, common)?;
    drive(setup, vec![target.clone()], async |driver| {
        wait_for_ledger(driver, &target).await?;
        driver.send(Msg::Resume(target.clone()));
        super::follow::to_the_end(driver, &target, None, out).await
    })
}

/// `rollback resolve`.
pub(super) fn resolve(
    setup: &Setup,
    common: &Common,
    reason: &str,
    out: &mut Output,
) -> Result<u8, Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::usage("closing a rollback needs a reason"));
    }
    let target = the_open_one(setup, common)?;
    let row = drive(setup, vec![target.clone()], async |driver| {
        wait_for_ledger(driver, &target).await?;
        let open = intent(driver.world(), &target).map(|o| o.facts.operation.clone());
        let operation = open.ok_or_else(|| nothing_open(&format!("of {target} ")))?;
        driver.send(Msg::Resolve(target.clone(), reason.to_owned()));
        until(driver, LEDGER_WITHIN, |d| {
            resolved(d.world(), &operation).is_some() || d.world().ledger.fault.is_some()
        })
        .await;
        let world = driver.world();
        match (resolved(world, &operation), &world.ledger.fault) {
            (Some(row), _) => Ok(row.clone()),
            (None, Some(fault)) => Err(Failure::fault("ledger", fault)),
            (None, None) => {
                let message = "the ledger did not take the row in time";
                Err(Failure::new(FaultKind::Internal, message))
            }
        }
    })?;
    if out.is_json() {
        out.json(&words::json_line(&row));
    } else {
        out.line(&words::plain_line(&row));
    }
    Ok(GOOD)
}

/// The row that closed it by hand, once it is on disk.
fn resolved<'a>(world: &'a World, operation: &CorrelationId) -> Option<&'a Row> {
    world.ledger.rows.iter().find(|row| {
        row.kind == journal::RESOLVED
            && row.body.get("operation").and_then(|v| v.as_str()) == Some(operation.as_str())
    })
}

/// The open rollback that is meant: of the named target, else the only one there is.
fn the_open_one(setup: &Setup, common: &Common) -> Result<Target, Failure> {
    if let Some(why) = &setup.read_only {
        return Err(Failure::new(FaultKind::Refused, why.clone()));
    }
    if common.service.is_some() || common.env.is_some() {
        return choose::one(&setup.loaded, common);
    }
    let now = session::clock(&setup.loaded.config).now();
    let listing = query::rows(&setup.loaded, &setup.machine.env, None, now)
        .map_err(|f| Failure::fault("ledger", &f))?;
    let (open, _) = journal::read(&listing.rows);
    match open.as_slice() {
        [] => Err(nothing_open("")),
        [one] => Ok(one.target.clone()),
        many => {
            let names: Vec<String> = many.iter().map(|o| o.target.to_string()).collect();
            let hint = format!("name one with --service and --env: {}", names.join(", "));
            Err(Failure::usage("more than one rollback is open").hint(hint))
        }
    }
}

fn nothing_open(of: &str) -> Failure {
    Failure::new(FaultKind::NotFound, format!("no rollback {of}is open"))
        .hint("`flightdeck ledger list` tells how the last one ended")
}

/// Waits until the ledger was read and it is known who acts.
async fn wait_for_ledger(driver: &mut Driver, target: &Target) -> Result<(), Failure> {
    until(driver, LEDGER_WITHIN, |d| {
        ledger_answered(d.world()) && who_answered(d.world(), target)
    })
    .await;
    match &driver.world().ledger.fault {
        Some(fault) => Err(Failure::fault("ledger", fault)),
        None => Ok(()),
    }
}
