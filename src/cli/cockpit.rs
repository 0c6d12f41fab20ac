//! The cockpit: the screen on a configuration. The only place of the commands that knows the screen.

use super::args::{Common, Screen};
use super::failure::{Failure, GOOD};
use super::output::Output;
use super::setup::Setup;
use crate::domain::fetched::FaultKind;

/// `flightdeck` without a command: opens the cockpit, or says how to begin.
pub(super) fn run(common: &Common, screen: &Screen, out: &mut Output) -> Result<u8, Failure> {
    let setup = Setup::any(common, screen)?;
    if setup.loaded.is_configured() {
        return open(&setup, common);
    }
    out.line("flightdeck is a cockpit for software releases: it watches a deploy, judges it by its signals, and rolls it back.");
    out.line("`flightdeck demo` opens it on a simulated company: no token, no network.");
    out.line("`flightdeck config path` names the files that it reads; config.example.toml shows what goes into them.");
    Ok(GOOD)
}

/// Opens the screen.
pub(super) fn open(setup: &Setup, common: &Common) -> Result<u8, Failure> {
    let _ = (setup, common);
    Err(Failure::new(FaultKind::Internal, "no screen"))
}
