//! `flightdeck dora`: the delivery metrics of each service, from what is kept of its past.

use jiff::Timestamp;

use super::args::{Common, Dora as Args};
use super::failure::{Failure, GOOD};
use super::history;
use super::output::Output;
use super::setup::Setup;
use crate::domain::change::dora::Counting;
use crate::domain::ids::Target;
use crate::report::dora::{DoraReport, ServiceDora};
use crate::runtime::session;

/// Runs it.
pub(super) fn run(common: &Common, args: &Args, out: &mut Output) -> Result<u8, Failure> {
    if args.csv && common.json {
        return Err(Failure::usage("--csv and --json exclude each other"));
    }
    let setup = Setup::configured(common)?;
    setup.say_withheld(out);
    let (past, targets) = history::past(&setup, common)?;
    let mut notes = history::read_on(&setup, &past, args.offline, out)?;
    let now = session::clock(&setup.loaded.config).now();
    let counting = Counting {
        bots: args.all,
        releases: args.all,
    };
    let mut services = Vec::new();
    for target in chosen(&past, targets, common) {
        let how = (args.days, args.year, counting);
        let sheet = past.shelf.sheet(&target, how, now);
        let sheet = sheet.map_err(|f| Failure::fault("store", &f))?;
        services.push(ServiceDora::of(&target, &sheet));
    }
    // As old as the oldest; none: one was never read to its end.
    let read: Option<Vec<Timestamp>> = services.iter().map(|s| s.as_of).collect();
    let as_of = read.and_then(|all| all.into_iter().min());
    notes.extend(history::aged(as_of, now));
    let report = DoraReport::new(args.days, args.year, services, notes);
    let mut said = report.notes.clone();
    if out.is_json() {
        out.json(&report);
        // It has them.
        said.clear();
    } else if args.csv {
        out.text(&report.csv());
        // The lines have no room for them.
        for s in &report.services {
            let of = format!("{} ▸ {}", s.service, s.environment);
            said.extend(s.notes.iter().map(|n| format!("{of}: {n}")));
        }
    } else {
        out.text(&report.plain(now));
    }
    history::say(&said, out);
    Ok(GOOD)
}

/// Each service in its last environment, where none was named: that is the one that the metrics are about.
fn chosen(past: &history::Past, targets: Vec<Target>, common: &Common) -> Vec<Target> {
    if common.env.is_some() {
        return targets;
    }
    let last = |t: &Target| {
        let service = past
            .shelf
            .services()
            .iter()
            .find(|s| s.service == t.service);
        service
            .and_then(|s| s.environments.last())
            .is_some_and(|(env, _)| *env == t.env)
    };
    targets.into_iter().filter(last).collect()
}
