//! `flightdeck changes`: how long changes took, and in which stage; from what is kept of the services' past, or from a clone.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::args::{Changes, Common};
use super::choose;
use super::failure::{Failure, GOOD};
use super::history;
use super::output::Output;
use super::setup::{Machine, Setup};
use crate::domain::change::listing::{Ask, Whose};
use crate::domain::change::origin::Kept;
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::domain::units::Now;
use crate::report::changes::{ChangesReport, SHOWN};
use crate::runtime::Clock;
use crate::runtime::query::git;
use crate::runtime::session;

/// Without `--since`.
const USUAL: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How lead time is counted in what is kept.
const DEFINITION: &str = "from a change's first commit to the first deployment to the last environment that contains it; \
     what the first deployment known contains, or one that shares no known history with those before it, is listed, but does not count";

/// Runs it.
pub(super) fn run(common: &Common, args: &Changes, out: &mut Output) -> Result<u8, Failure> {
    if args.csv && common.json {
        return Err(Failure::usage("--csv and --json exclude each other"));
    }
    let most = if args.csv || common.json {
        usize::MAX
    } else {
        SHOWN
    };
    let report = match &args.git {
        Some(path) => {
            choose::no_env(common)?;
            of_clone(path.clone(), args, most)?
        }
        None => kept(common, args, most, out)?,
    };
    say(&report, args, out);
    Ok(GOOD)
}

fn of_clone(
    path: std::path::PathBuf,
    args: &Changes,
    most: usize,
) -> Result<ChangesReport, Failure> {
    let machine = Machine::read()?;
    let now = Clock::real().now();
    let which = git::Which {
        since: args.since.as_deref().map(|s| since(s, now)).transpose()?,
        mine: args.mine,
        all: args.all,
        most,
    };
    let ask = git::Ask {
        path,
        tags: args.tags.clone(),
        cache: Some(machine.folders.cache.clone()),
    };
    git::changes(&ask, &which, now).map_err(|f| Failure::fault("git", &f))
}

fn kept(
    common: &Common,
    args: &Changes,
    most: usize,
    out: &Output,
) -> Result<ChangesReport, Failure> {
    let setup = Setup::configured(common)?;
    setup.say_withheld(out);
    let now = session::clock(&setup.loaded.config).now();
    let from = match &args.since {
        Some(text) => since(text, now)?,
        None => now.0.checked_sub(USUAL).unwrap_or(Timestamp::MIN),
    };
    let (past, targets) = history::past(&setup, common)?;
    measured_to(&setup, &past, &targets, common)?;
    let mut notes = history::read_on(&setup, &past, args.offline, out)?;
    let whose = match (args.mine, past.shelf.services()) {
        (true, _) => Whose::People(vec![history::login(&setup, &past, args.offline)?]),
        (false, [one]) => Whose::Service(one.service.clone()),
        (false, _) => Whose::All,
    };
    let ask = Ask {
        whose,
        days: 0,
        words: args.filter.clone().unwrap_or_default(),
        bots: args.all,
    };
    let now = session::clock(&setup.loaded.config).now();
    let listing = past.shelf.listing(&ask, (from, most), now);
    let listing = listing.map_err(|f| Failure::fault("store", &f))?;
    notes.extend(history::aged(listing.as_of, now));
    Ok(ChangesReport::kept(DEFINITION, listing, notes, now))
}

/// Refuses an environment that is not the last one of its service: the way to it is not kept, stage by stage.
fn measured_to(
    setup: &Setup,
    past: &history::Past,
    targets: &[Target],
    common: &Common,
) -> Result<(), Failure> {
    let Some(name) = &common.env else {
        return Ok(());
    };
    let services = past.shelf.services();
    let end = |s: &Kept| s.environments.last().map(|(env, _)| env.clone());
    for target in targets {
        let service = services.iter().find(|s| s.service == target.service);
        let last = service.and_then(end);
        if let Some(last) = last.filter(|l| *l != target.env) {
            let of = &target.service;
            return Err(Failure::usage(format!(
                "changes are measured to the last environment, {last} for {of}; not to {}",
                Safe::new(name)
            ))
            .hint("`flightdeck dora --env NAME` tells the lead time to another one, `flightdeck where` what is there"));
        }
    }
    let configured = setup.loaded.config.services.len();
    if common.service.is_none() && services.len() != configured {
        return Err(Failure::usage(format!(
            "{} is not an environment of every service",
            Safe::new(name)
        ))
        .hint("choose one with --service"));
    }
    Ok(())
}

fn say(report: &ChangesReport, args: &Changes, out: &mut Output) {
    if out.is_json() {
        out.json(report);
    } else if args.csv {
        out.text(&report.csv());
        history::say(&report.notes, out);
    } else {
        out.text(&report.plain());
    }
}

/// A day, a moment, or so long ago.
fn since(text: &str, now: Now) -> Result<Timestamp, Failure> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(day) = text.parse::<Date>()
        && let Ok(at) = day.to_zoned(TimeZone::UTC)
    {
        return Ok(at.timestamp());
    }
    let ago = text.parse::<Span>().ok().and_then(|span| {
        let zoned = now.0.to_zoned(TimeZone::UTC);
        let back: SignedDuration = span.to_duration(&zoned).ok()?;
        now.0.checked_sub(back.abs()).ok()
    });
    ago.ok_or_else(|| {
        Failure::usage(format!("`{text}` is no day and no time"))
            .hint("write for example 2026-11-24, 2026-11-24T09:00:00Z, 30d or 2w")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_a_moment_or_so_long_ago() {
        let now = Now("2026-11-21T12:00:00Z".parse().unwrap());
        let at = |text: &str| since(text, now).unwrap().to_string();
        assert_eq!(at("2026-11-01"), "2026-11-01T00:00:00Z");
        assert_eq!(at("2026-11-01T09:00:00+01:00"), "2026-11-01T08:00:00Z");
        assert_eq!(at("30d"), "2026-10-22T12:00:00Z");
        assert_eq!(at("2 weeks"), "2026-11-07T12:00:00Z");
        assert!(since("soon", now).is_err());
    }
}
