//! `flightdeck where`: in which release and environments a commit, pull request, tag or branch is, since when.

use super::args::{Common, Where};
use super::failure::{Failure, GOOD, OPEN};
use super::output::Output;
use super::setup::Machine;
use crate::runtime::Clock;
use crate::runtime::query::git;

/// Runs it.
pub(super) fn run(_common: &Common, args: &Where, out: &mut Output) -> Result<u8, Failure> {
    let machine = Machine::read()?;
    let now = Clock::real().now();
    let ask = git::Ask {
        path: args.git.clone(),
        tags: args.tags.clone(),
        cache: Some(machine.folders.cache.clone()),
    };
    let report = git::locate(&ask, &args.name, now).map_err(|f| Failure::fault("git", &f))?;
    if out.is_json() {
        out.json(&report);
    } else {
        out.text(&report.plain(now));
    }
    Ok(if report.arrived() { GOOD } else { OPEN })
}
