//! `flightdeck changes`: how long changes took, and in which stage.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::args::{Changes, Common};
use super::failure::{Failure, GOOD};
use super::output::Output;
use super::setup::Machine;
use crate::domain::units::Now;
use crate::report::changes::{ChangesReport, SHOWN};
use crate::runtime::Clock;
use crate::runtime::query::git;

/// Runs it.
pub(super) fn run(common: &Common, args: &Changes, out: &mut Output) -> Result<u8, Failure> {
    if args.csv && common.json {
        return Err(Failure::usage("--csv and --json exclude each other"));
    }
    let machine = Machine::read()?;
    let now = Clock::real().now();
    let which = git::Which {
        since: args.since.as_deref().map(|s| since(s, now)).transpose()?,
        mine: args.mine,
        all: args.all,
        most: if args.csv || common.json {
            usize::MAX
        } else {
            SHOWN
        },
    };
    let ask = git::Ask {
        path: args.git.clone(),
        tags: args.tags.clone(),
        cache: Some(machine.folders.cache.clone()),
    };
    let report = git::changes(&ask, &which, now).map_err(|f| Failure::fault("git", &f))?;
    say(&report, args, out);
    Ok(GOOD)
}

fn say(report: &ChangesReport, args: &Changes, out: &mut Output) {
    if out.is_json() {
        out.json(report);
    } else if args.csv {
        out.text(&report.csv());
        for note in &report.notes {
            out.note(&format!("note: {note}"));
        }
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
