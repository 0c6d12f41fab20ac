//! `flightdeck where`: in which release and environments a commit, pull request, tag or branch is, since when; from what is kept
//! of the past, from GitHub, or from a clone.

use super::args::{Common, Where};
use super::choose;
use super::failure::{Failure, GOOD, OPEN};
use super::history;
use super::output::Output;
use super::setup::{Machine, Setup};
use crate::domain::catalog::Service;
use crate::domain::change::origin::Kept;
use crate::domain::fetched::FaultKind;
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::report::location::WhereReport;
use crate::runtime::query::git;
use crate::runtime::{Clock, assemble, delivery, session};

/// Runs it.
pub(super) fn run(common: &Common, args: &Where, out: &mut Output) -> Result<u8, Failure> {
    let (report, now) = if let Some(path) = &args.git {
        let machine = Machine::read()?;
        let now = Clock::real().now();
        let ask = git::Ask {
            path: path.clone(),
            tags: args.tags.clone(),
            cache: Some(machine.folders.cache.clone()),
        };
        let report = git::locate(&ask, &args.name, now);
        (report.map_err(|f| Failure::fault("git", &f))?, now)
    } else {
        let setup = Setup::configured(common)?;
        setup.say_withheld(out);
        let now = session::clock(&setup.loaded.config).now();
        (found(&setup, common, args)?, now)
    };
    if out.is_json() {
        out.json(&report);
    } else {
        out.text(&report.plain(now));
    }
    Ok(if report.arrived() { GOOD } else { OPEN })
}

/// From what is kept; where that knows nothing of it, from GitHub.
fn found(setup: &Setup, common: &Common, args: &Where) -> Result<WhereReport, Failure> {
    let (past, targets) = history::past(setup, common)?;
    let clock = session::clock(&setup.loaded.config);
    if !args.now {
        let services: Vec<&Kept> = past.shelf.services().iter().collect();
        let kept = past.shelf.locate(&args.name, &services, clock.now());
        if let Some(mut report) = kept.map_err(|f| Failure::fault("store", &f))? {
            let old = history::aged(Some(report.as_of), clock.now());
            report.notes.extend(old);
            return Ok(report);
        }
    }
    let unknown = |service: &str| {
        let name = Safe::new(&args.name);
        Failure::new(FaultKind::NotFound, format!("{service} knows no `{name}`"))
            .hint("a commit, a tag, a branch, #NUMBER or a pull request's address; --service chooses another service")
    };
    if args.offline {
        return Err(unknown("what is kept of the past")
            .hint("without --offline GitHub is asked; `flightdeck changes` reads the past"));
    }
    let service = asked(setup, common, (&args.name, &targets))?;
    let runtime = session::runtime().map_err(|e| {
        Failure::new(FaultKind::Internal, "the runtime can't be started").cause(e.to_string())
    })?;
    let answer = runtime.block_on(delivery::ask(
        &setup.loaded.config,
        &setup.machine.env,
        &clock,
        (&service, &args.name),
    ));
    runtime.shutdown_background();
    let source = format!("github.{}", service.source);
    let answer = answer.map_err(|f| Failure::fault(source, &f))?;
    answer.ok_or_else(|| unknown(&service.repo.to_string()))
}

/// The one service whose repository is asked: the one of the address, the chosen one, the one that one stands in.
fn asked(
    setup: &Setup,
    common: &Common,
    (name, targets): (&str, &[Target]),
) -> Result<Service, Failure> {
    let catalog = assemble::catalog(&setup.loaded.config);
    let mut services = catalog
        .services
        .into_iter()
        .filter(|s| targets.iter().any(|t| t.service == s.id));
    if name.contains("://") {
        let lower = name.to_ascii_lowercase();
        let of = |s: &Service| lower.contains(&format!("/{}/pull/", s.repo).to_ascii_lowercase());
        return services.find(of).ok_or_else(|| {
            let name = Safe::new(name);
            Failure::new(
                FaultKind::NotFound,
                format!("no configured service has {name}"),
            )
            .hint("`flightdeck status` lists the services")
        });
    }
    let target = choose::one(&setup.loaded, common)?;
    services
        .find(|s| s.id == target.service)
        .ok_or_else(|| Failure::new(FaultKind::Internal, "the chosen service is gone"))
}
