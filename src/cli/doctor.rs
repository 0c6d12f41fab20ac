//! `flightdeck doctor`: everything that a start would stumble over, at once, each with its mend. It answers with a broken
//! configuration, too: then what lies behind it is not asked.

use super::args::{Common, Doctor, Screen};
use super::doctor_terminal;
use super::failure::{Failure, GOOD};
use super::output::Output;
use super::setup::{Machine, Setup};
use crate::config::Finding;
use crate::domain::fetched::FaultKind;
use crate::report::doctor::{Check, DoctorReport, Severity};
use crate::runtime::query::doctor;
use crate::runtime::session;

/// Something fails.
const FAILS: u8 = 1;

/// Runs it.
pub(super) fn run(common: &Common, args: &Doctor, out: &mut Output) -> Result<u8, Failure> {
    let machine = Machine::read()?;
    let mut checks = match Setup::on(machine.clone(), common, &Screen::default()) {
        Ok(setup) => look(setup, common, args)?,
        Err(Failure::Config(found)) => found.findings().iter().map(broken).collect(),
        Err(other) => return Err(other),
    };
    checks.extend(doctor_terminal::look(&machine.env));
    let report = DoctorReport::of(checks);
    if out.is_json() {
        out.json(&report);
    } else {
        out.text(&report.text());
    }
    Ok(if report.ok { GOOD } else { FAILS })
}

/// What is configured; without a configuration what the clone names, as the cockpit would look at it.
fn look(setup: Setup, common: &Common, args: &Doctor) -> Result<Vec<Check>, Failure> {
    if setup.loaded.is_configured() {
        return round(&setup, args);
    }
    let (found, here) = match setup.provisional(common, &Screen::default())? {
        Ok(found) => found,
        Err(setup) => return round(&setup, args),
    };
    let mut checks = round(&found, args)?;
    if let Some(summary) = checks.first_mut() {
        let message = format!(
            "there is none; looked at {}, which this clone names",
            here.repo
        );
        *summary = Check::new("config", Severity::Info, &message)
            .fix("`flightdeck config init` writes one");
    }
    Ok(checks)
}

fn round(setup: &Setup, args: &Doctor) -> Result<Vec<Check>, Failure> {
    let (loaded, env) = (&setup.loaded, &setup.machine.env);
    let clock = session::clock(&loaded.config);
    let mut checks = doctor::files(loaded, env, clock.now());
    let runtime = session::runtime().map_err(|e| {
        Failure::new(FaultKind::Internal, "the runtime can't be started").cause(e.to_string())
    })?;
    checks.extend(runtime.block_on(doctor::sources(loaded, env, &clock, args.timeout)));
    // Requests that took too long are left behind.
    runtime.shutdown_background();
    Ok(checks)
}

/// A fault of the configuration, with its place.
fn broken(finding: &Finding) -> Check {
    let at = match (finding.line, finding.column) {
        (Some(line), Some(column)) => format!("{}:{line}:{column}", finding.source),
        _ => finding.source.clone(),
    };
    let check = Check::new(
        "config",
        Severity::Error,
        &format!("{at}: {}", finding.message),
    );
    match &finding.hint {
        Some(hint) => check.fix(hint),
        None => check.fix("`flightdeck config check` shows the line"),
    }
}
