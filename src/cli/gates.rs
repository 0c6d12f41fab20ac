//! `flightdeck gates`: the checklist of a candidate, once everything that it rests on was asked.

use super::args::{Common, Gates};
use super::choose;
use super::drive::{answered, drive, ledger_answered, overview_answered, until};
use super::failure::{BAD, Failure, GOOD, OPEN};
use super::output::Output;
use super::setup::Setup;
use crate::app::msg::Msg;
use crate::app::world::World;
use crate::domain::fetched::FaultKind;
use crate::domain::gate::Outcome;
use crate::domain::gate::spec::GateKind;
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::report::gates::GatesReport;
use crate::runtime::Driver;

/// Runs it.
pub(super) fn run(common: &Common, args: &Gates, out: &mut Output) -> Result<u8, Failure> {
    let setup = Setup::configured(common)?;
    setup.say_withheld(out);
    let target = choose::one(&setup.loaded, common)?;
    let (report, whole) = drive(&setup, vec![target.clone()], async |driver| {
        if args.candidate.is_some() {
            driver.send(Msg::Candidate(target.clone(), args.candidate.clone()));
        }
        let whole = until(driver, args.timeout, |d| settled(d.world(), &target)).await;
        unreadable(driver, &target, args.candidate.as_deref())?;
        let report = GatesReport::of(driver.world(), &target, driver.now());
        Ok((report, whole))
    })?;
    if out.is_json() {
        out.json(&report);
    } else {
        out.text(&report.text());
    }
    if !whole {
        out.note("warning: not every source answered in time; give them more with --timeout");
    }
    Ok(match report.outcome {
        Outcome::Go => GOOD,
        Outcome::NoGo => BAD,
        Outcome::Pending => OPEN,
    })
}

/// Without the repository there is no candidate, so there is no answer either.
fn unreadable(driver: &Driver, target: &Target, asked: Option<&str>) -> Result<(), Failure> {
    let world = driver.world();
    let Some((service, _)) = world.configured(target) else {
        return Ok(());
    };
    let overview = world.services.get(&target.service).map(|s| &s.overview);
    let source = format!("github.{}", service.source);
    if let Some(fault) = overview.and_then(|o| o.fault()) {
        return Err(Failure::fault(source, fault));
    }
    if !overview.is_some_and(answered) {
        return Err(Failure::new(
            FaultKind::Unreachable,
            format!("{source} did not answer in time"),
        )
        .hint("give it more time with --timeout"));
    }
    let known = world
        .envs
        .get(target)
        .is_some_and(|s| s.candidate.is_some());
    match asked {
        Some(name) if !known => {
            let message = format!(
                "there is no tag, release or commit `{}` in {}",
                Safe::new(name),
                service.repo
            );
            Err(Failure::new(FaultKind::NotFound, message)
                .hint("name a tag, a release, or a whole commit id"))
        }
        _ => Ok(()),
    }
}

/// Whether everything was asked that the gates rest on.
pub(super) fn settled(world: &World, target: &Target) -> bool {
    let (Some(slice), Some((_, env))) = (world.envs.get(target), world.configured(target)) else {
        return true;
    };
    if !ledger_answered(world) || !overview_answered(world, target) {
        return false;
    }
    let overview = world.services.get(&target.service).map(|s| &s.overview);
    let looked = overview.is_some_and(|o| answered(o) && o.fault().is_none());
    let Some((candidate, _)) = slice.candidate.as_ref().filter(|_| looked) else {
        return true;
    };
    if !answered(&slice.checks) {
        return false;
    }
    env.gates
        .iter()
        .filter(|g| g.applies(slice.base.as_ref(), candidate))
        .all(|gate| match &gate.kind {
            GateKind::Http(value) => {
                value.ask(&gate.id, candidate).is_none()
                    || slice.readings.get(&gate.id).is_some_and(answered)
            }
            kind if kind.needs_changes() => slice.base.is_none() || answered(&slice.approvals),
            _ => true,
        })
}
