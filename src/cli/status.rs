//! `flightdeck status`: asks every source once and answers with what is known.

use super::args::{Common, Status};
use super::choose;
use super::drive::{answered, drive, ledger_answered, overview_answered, signals_answered, until};
use super::failure::{self, Failure, GOOD};
use super::output::Output;
use super::setup::Setup;
use crate::app::world::World;
use crate::domain::fetched::FaultKind;
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::domain::units::span;
use crate::report::status::{SourceError, StatusReport};
use crate::runtime::Driver;

/// Runs it.
pub(super) fn run(common: &Common, args: &Status, out: &mut Output) -> Result<u8, Failure> {
    let setup = Setup::configured(common)?;
    setup.say_withheld(out);
    let targets = choose::many(&setup.loaded, common)?;
    let (report, failed) = drive(&setup, targets.clone(), async |driver| {
        let all = |d: &Driver| ledger_answered(d.world()) && targets.iter().all(|t| settled(d, t));
        let whole = until(driver, args.timeout, all).await;
        let mut report = StatusReport::of(driver.world(), &targets, driver.now());
        if !whole {
            let limit = jiff::SignedDuration::try_from(args.timeout).unwrap_or_default();
            for status in &mut report.services {
                let target = targets.iter().find(|t| {
                    t.service.as_str() == status.service && t.env.as_str() == status.environment
                });
                let late = target.and_then(|t| late(driver, t));
                status.source_errors.extend(late.map(|source| SourceError {
                    source,
                    kind: FaultKind::Unreachable,
                    message: Safe::new(&format!("no answer within {}", span(limit))),
                    hint: Some(Safe::new("give it more time with --timeout")),
                }));
            }
        }
        let failed = targets.iter().all(|t| !looked_at(driver.world(), t));
        Ok((report, failed))
    })?;
    if out.is_json() {
        out.json(&report);
    } else {
        out.text(&report.text());
    }
    let errors = report.errors();
    if let (true, Some(first)) = (failed, errors.first()) {
        let failure = of_source(first);
        out.failure(&failure);
        return Ok(failure::code(first.kind));
    }
    if !out.is_json() {
        for error in errors {
            let hint = error
                .hint
                .as_ref()
                .map_or_else(String::new, |h| format!(" ({h})"));
            out.note(&format!(
                "warning: {}: {}{hint}",
                error.source, error.message
            ));
        }
    }
    Ok(GOOD)
}

fn of_source(error: &SourceError) -> Failure {
    let fault = crate::domain::fetched::Fault {
        message: error.message.clone(),
        hint: error.hint.clone(),
        kind: error.kind,
        at: jiff::Timestamp::UNIX_EPOCH,
        retry_at: None,
    };
    Failure::fault(&error.source, &fault)
}

/// Whether the service's repository was read in this run.
fn looked_at(world: &World, target: &Target) -> bool {
    let overview = world.services.get(&target.service).map(|s| &s.overview);
    overview.is_some_and(|o| answered(o) && o.fault().is_none())
}

/// Whether everything was asked that the answer needs.
fn settled(driver: &Driver, target: &Target) -> bool {
    late(driver, target).is_none()
}

/// The source that has not answered yet.
fn late(driver: &Driver, target: &Target) -> Option<String> {
    let world = driver.world();
    let (service, _) = world.configured(target)?;
    let slice = world.envs.get(target)?;
    let github = || Some(format!("github.{}", service.source));
    if !overview_answered(world, target) {
        return github();
    }
    if !looked_at(world, target) {
        // Without the repository nothing else is asked.
        return None;
    }
    let rungs = world.configured(target).map(|(_, env)| &env.ladder);
    let runs = slice
        .state
        .as_ref()
        .zip(rungs)
        .is_some_and(|(s, l)| l.needs_runs(s));
    if runs && !answered(&slice.deploy_runs) {
        return github();
    }
    if rungs.is_some_and(|l| l.probe.is_some()) && !answered(&slice.probed) {
        return Some("probe".to_owned());
    }
    let run_known = slice.watch.as_ref().is_none_or(|w| w.run.is_none()) || answered(&slice.run);
    if !run_known || (slice.candidate.is_some() && !answered(&slice.checks)) {
        return github();
    }
    if !super::gates::settled(world, target) {
        return Some("gates".to_owned());
    }
    if !signals_answered(driver, target) {
        return service.metrics.as_ref().map(|m| format!("metrics.{m}"));
    }
    None
}
