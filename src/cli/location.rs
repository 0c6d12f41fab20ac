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
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::{ServiceId, Target};
use crate::domain::text::Safe;
use crate::domain::units::Now;
use crate::report::location::WhereReport;
use crate::runtime::delivery::{Located, Wanted};
use crate::runtime::query::git;
use crate::runtime::{Clock, assemble, delivery, session};

/// Runs it.
pub(super) fn run(common: &Common, args: &Where, out: &mut Output) -> Result<u8, Failure> {
    let (report, now) = if let Some(path) = &args.git {
        choose::no_env(common)?;
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

/// What is kept of a name.
struct Stored {
    located: Located,
    /// The service of which GitHub is asked before this is told.
    ask: Option<ServiceId>,
    /// That one is meant, but what is kept is another repository's: its repository may know the name by now.
    beside: bool,
}

/// From what is kept; where that knows nothing of it, from GitHub.
fn found(setup: &Setup, common: &Common, args: &Where) -> Result<WhereReport, Failure> {
    let (past, targets) = history::past(setup, common)?;
    let clock = session::clock(&setup.loaded.config);
    let meant = choose::meant(&setup.loaded, common)?;
    let stored = if args.now {
        None
    } else {
        let wanted = Wanted {
            name: &args.name,
            env: common.env.as_deref(),
            home: meant.as_ref(),
        };
        stored(&past, wanted, clock.now())?
    };
    let unknown = |service: &str| {
        let name = Safe::new(&args.name);
        Failure::new(FaultKind::NotFound, format!("{service} knows no `{name}`"))
            .hint("a commit, a tag, a branch, #NUMBER or a pull request's address; --service chooses another service")
    };
    let mut service = match &stored {
        Some(stored) => match &stored.ask {
            Some(service) if !args.offline => service_of(setup, service)?,
            _ => return Ok(told(stored, clock.now())),
        },
        None if args.offline => {
            return Err(unknown("what is kept of the past")
                .hint("without --offline GitHub is asked; `flightdeck changes` reads the past"));
        }
        None => asked(setup, common, (&args.name, &targets))?,
    };
    let wanted = |env: &str| common.env.as_deref().is_none_or(|only| only == env);
    service.environments.retain(|e| wanted(e.id.as_str()));
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
    match (answer, stored) {
        // What is kept is enough for an answer, if it is of what is meant.
        (Err(fault), Some(stored)) if !stored.beside => {
            let mut report = told(&stored, clock.now());
            let note = format!("{} was not asked: {}", service.repo, fault.message);
            report.notes.push(note);
            Ok(report)
        }
        (Err(fault), _) => Err(Failure::fault(source, &fault)),
        (Ok(Some(mut report)), _) => {
            let mut others = past.shelf.services().iter();
            if meant.is_none()
                && !args.name.contains("://")
                && others.any(|s| s.repo != service.repo)
            {
                let note = format!("only {} was asked: --service chooses", service.repo);
                report.notes.push(note);
            }
            Ok(report)
        }
        (Ok(None), Some(stored)) => Ok(told(&stored, clock.now())),
        (Ok(None), None) => Err(unknown(&service.repo.to_string())),
    }
}

/// The answer of the store, with what one should know of it.
fn told(stored: &Stored, now: Now) -> WhereReport {
    let mut report = stored.located.report.clone();
    if let Some(meant) = stored.ask.as_ref().filter(|_| stored.beside) {
        let (name, repo) = (&report.name, &stored.located.repo);
        let note = format!("{meant} knows no `{name}`: this is that of {repo}");
        report.notes.push(note);
    }
    report.notes.extend(history::aged(report.as_of, now));
    report
}

/// What is kept of the one change that is meant. A number or a tag may be of several repositories: then nobody knows which.
fn stored(past: &history::Past, wanted: Wanted<'_>, now: Now) -> Result<Option<Stored>, Failure> {
    let shelf = &past.shelf;
    let err = |f: Fault| Failure::fault("store", &f);
    let services: Vec<&Kept> = shelf.services().iter().collect();
    let home = wanted.home;
    let meant = home.filter(|m| services.iter().any(|s| s.service == **m));
    let mut located = shelf.locate(&wanted, &services, now).map_err(err)?;
    let several = |of: &[&ServiceId], what: &str| {
        let mut of: Vec<&str> = of.iter().map(|s| s.as_str()).collect();
        of.dedup();
        let name = Safe::new(wanted.name);
        Failure::usage(format!("{what} `{name}`: {}", of.join(", ")))
            .hint("--service says which one is meant")
    };
    if located.len() > 1 {
        let of: Vec<&ServiceId> = located.iter().flat_map(|l| &l.services).collect();
        return Err(several(&of, "services of different repositories have a"));
    }
    let Some(located) = located.pop() else {
        return Ok(None);
    };
    let is_of = |s: &ServiceId| located.services.contains(s);
    let mut ask = None;
    let mut beside = false;
    if !wanted.is_unique() && !meant.is_some_and(is_of) {
        if meant.is_none() {
            let mut may = Vec::new();
            for other in services.iter().filter(|s| !is_of(&s.service)) {
                if shelf.may_know(wanted.name, other, now).map_err(err)? {
                    may.push(&other.service);
                }
            }
            if !may.is_empty() {
                may.extend(&located.services);
                return Err(several(
                    &may,
                    "not all is read yet, each of these may have a",
                ));
            }
        }
        ask = meant.cloned();
        beside = ask.is_some();
    }
    // Of several services in one repository GitHub is not asked in four requests.
    if let ([one], false, None) = (located.services.as_slice(), located.is_sure(), &ask) {
        ask = Some(one.clone());
    }
    Ok(Some(Stored {
        located,
        ask,
        beside,
    }))
}

/// A service by its id.
fn service_of(setup: &Setup, id: &ServiceId) -> Result<Service, Failure> {
    let catalog = assemble::catalog(&setup.loaded.config);
    let mut services = catalog.services.into_iter();
    services
        .find(|s| s.id == *id)
        .ok_or_else(|| Failure::new(FaultKind::Internal, "the chosen service is gone"))
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
    service_of(setup, &target.service)
}
