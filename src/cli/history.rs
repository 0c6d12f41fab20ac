//! What the commands about delivery start from: the kept past of the configured services, read on from the sources first.

use super::args::Common;
use super::choose;
use super::failure::Failure;
use super::output::Output;
use super::setup::Setup;
use crate::domain::change::origin::Kept;
use crate::domain::fetched::FaultKind;
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::domain::units::{Now, age, thousands};
use crate::runtime::assemble;
use crate::runtime::delivery::{self, Shelf};
use crate::runtime::session;
use crate::runtime::sync::{self, Heard, RepoKey, Wanted};

/// What is older is said to be.
const OLD: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// The kept past that a command is about.
#[derive(Debug)]
pub(super) struct Past {
    /// The store's answers.
    pub(super) shelf: Shelf,
}

/// The kept past of the services that the flags choose.
pub(super) fn past(setup: &Setup, common: &Common) -> Result<(Past, Vec<Target>), Failure> {
    let targets = choose::many(&setup.loaded, common)?;
    let catalog = assemble::catalog(&setup.loaded.config);
    let chosen = catalog.services.iter();
    let chosen = chosen.filter(|s| targets.iter().any(|t| t.service == s.id));
    let services: Vec<Kept> = chosen.map(Kept::from).collect();
    let paths = session::paths(&setup.loaded.config, &setup.machine.env)?;
    let past = Past {
        shelf: Shelf::new(&setup.loaded.config, services, paths.state_dir),
    };
    Ok((past, targets))
}

/// Reads the sources on, unless nobody is to be asked; the notes say what could not be read. What is kept is enough for an answer:
/// only where nothing is, a source that fails is a failure.
pub(super) fn read_on(
    setup: &Setup,
    past: &Past,
    offline: bool,
    out: &Output,
) -> Result<Vec<String>, Failure> {
    let mut notes = whole(setup, past);
    if offline {
        return Ok(notes);
    }
    let (config, env) = (&setup.loaded.config, &setup.machine.env);
    let clock = session::clock(config);
    let mut repos: Vec<Wanted> = Vec::new();
    for service in past.shelf.services() {
        let wanted = Wanted {
            source: service.source.clone(),
            repo: past.shelf.key(service),
        };
        if !repos.contains(&wanted) {
            repos.push(wanted);
        }
    }
    let told = |heard: &Heard| {
        let (rows, all) = (thousands(heard.rows), thousands(heard.expected));
        let share = heard.rows as f64 / heard.expected.max(1) as f64;
        let text = format!(
            "{} {rows} of {all} rows, {} requests",
            heard.repo, heard.requests
        );
        out.progress(Some((share, &text)));
    };
    let cache = session::paths(config, env)?.cache_dir;
    let mut unnamed: Vec<&str> = Vec::new();
    for source in past.shelf.services().iter().map(|s| s.source.as_str()) {
        let kept = || delivery::kept_login(config, &cache, source, clock.now());
        if !unnamed.contains(&source) && kept().is_none() {
            unnamed.push(source);
        }
    }
    let runtime = runtime()?;
    let report = runtime.block_on(async {
        let hosts = sync::hosts(config, env, &clock).await;
        let (terms, folder) = (past.shelf.terms(), past.shelf.folder());
        let report = sync::sync(&repos, &hosts, terms, (folder, &clock), &told).await;
        if report.outcomes.iter().any(|o| o.rows.is_ok()) {
            for source in unnamed {
                // For `--mine --offline`, later. Without it that says what it lacks.
                drop(delivery::login(config, (env, &cache), &clock, source).await);
            }
        }
        report
    });
    runtime.shutdown_background();
    out.progress(None);
    let known = |key: &RepoKey| past.shelf.is_kept(key, clock.now());
    notes.extend(report.warnings.iter().map(Safe::to_string));
    let mut failed = Vec::new();
    for outcome in report.outcomes {
        let slug = &outcome.repo.slug;
        if let Err(fault) = outcome.rows {
            let hint = fault
                .hint
                .as_ref()
                .map_or_else(String::new, |h| format!(" ({h})"));
            notes.push(format!("{slug} was not read on: {}{hint}", fault.message));
            failed.push((outcome.repo.clone(), fault));
        }
        for (source, fault) in outcome.faults {
            notes.push(format!(
                "{} of {slug} were not read: {}",
                source.word(),
                fault.message
            ));
        }
    }
    // All failed, and nothing was ever read: there is no answer.
    match failed.first() {
        Some((repo, fault))
            if failed.len() == repos.len() && !failed.iter().any(|(r, _)| known(r)) =>
        {
            Err(Failure::fault(repo.host.clone(), fault))
        }
        _ => Ok(notes),
    }
}

/// Services whose folder alone is meant, while the changes of their whole repository are kept.
fn whole(setup: &Setup, past: &Past) -> Vec<String> {
    let services = past.shelf.services().iter().map(|s| s.service.as_str());
    let configured = services.filter_map(|id| Some((id, setup.loaded.config.services.get(id)?)));
    configured
        .filter_map(|(id, service)| {
            let path = service.path.as_ref()?;
            let repo = &service.repo;
            Some(format!(
                "{id}: all changes of {repo} count, not only those of {path}"
            ))
        })
        .collect()
}

/// Whose token it is; offline: whose it was when that was asked last.
pub(super) fn login(setup: &Setup, past: &Past, offline: bool) -> Result<Safe, Failure> {
    let (config, env) = (&setup.loaded.config, &setup.machine.env);
    let Some(service) = past.shelf.services().first() else {
        return Err(Failure::new(FaultKind::Config, "no service is configured"));
    };
    let clock = session::clock(config);
    let (cache, source) = (session::paths(config, env)?.cache_dir, &service.source);
    let login = if offline {
        let kept = delivery::kept_login(config, &cache, source, clock.now());
        kept.ok_or_else(|| {
            Failure::usage("--mine needs to know who you are, and nobody is asked with --offline")
                .hint("use --filter author:NAME, or leave --offline out once: then it is kept")
        })?
    } else {
        let runtime = runtime()?;
        let login = runtime.block_on(delivery::login(config, (env, &cache), &clock, source));
        runtime.shutdown_background();
        login.map_err(|f| Failure::fault(format!("github.{source}"), &f))?
    };
    login.ok_or_else(|| {
        Failure::new(
            FaultKind::Auth,
            "the token belongs to no person: nothing is yours",
        )
        .hint("use --filter author:NAME")
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    session::runtime().map_err(|e| {
        Failure::new(FaultKind::Internal, "the runtime can't be started").cause(e.to_string())
    })
}

/// Says notes where the answer is no text.
pub(super) fn say(notes: &[String], out: &Output) {
    for note in notes {
        out.note(&format!("note: {note}"));
    }
}

/// A note where what is kept is old.
pub(super) fn aged(as_of: Option<jiff::Timestamp>, now: Now) -> Option<String> {
    match as_of {
        Some(at) if now.since(at) < OLD => None,
        Some(at) => Some(format!(
            "as of {} ago; `flightdeck changes` reads on",
            age(now.since(at))
        )),
        None => {
            Some("the past was never read to its end: `flightdeck changes` reads it".to_owned())
        }
    }
}
