//! `flightdeck calendar`: when releases may go. The rules answer without any network; only the list of entries asks the sources.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::args::{Calendar, Common};
use super::choose;
use super::drive::{drive, overview_answered, until};
use super::failure::{BAD, Failure, GOOD};
use super::output::Output;
use super::setup::Setup;
use crate::app::world::{Scope, World};
use crate::domain::calendar::decision::{Question, decide, next_slots};
use crate::domain::calendar::{Entry, in_order, ruled};
use crate::domain::ids::Target;
use crate::report::calendar::CalendarReport;
use crate::report::ics::ics;
use crate::runtime::session::{self, Options};

/// The list goes that many days back and ahead by itself.
const AROUND: (i64, i64) = (2, 14);
/// So many slots are told.
const SLOTS: usize = 5;

/// Runs it.
pub(super) fn run(common: &Common, args: &Calendar, out: &mut Output) -> Result<u8, Failure> {
    let setup = Setup::configured(common)?;
    setup.say_withheld(out);
    let target = choose::one(&setup.loaded, common)?;
    for warning in &setup.loaded.warnings {
        out.note(&warning.render_warning(out.colour()));
    }
    let clock = session::clock(&setup.loaded.config);
    let now = clock.now().0;
    let rules_only = args.can_deploy || args.next;
    let zone;
    let report = if rules_only {
        let options = Options {
            scope: Scope::Only(Vec::new()),
            focus: Some(target.clone()),
            read_only: None,
            follow_intents: false,
        };
        let world = session::world(&setup.loaded, options, &clock, &setup.machine.env)?;
        zone = world.zone.clone();
        report(&world, &target, args, now, &[])
    } else {
        let targets = choose::many(&setup.loaded, common)?;
        let (found, its) = drive(&setup, targets.clone(), async |driver| {
            let all = |d: &crate::runtime::Driver| {
                targets.iter().all(|t| overview_answered(d.world(), t))
            };
            if !until(driver, args.timeout, all).await {
                out.note("warning: not all sources answered in time (--timeout gives more)");
            }
            let world = driver.world();
            let mut told: Vec<String> = Vec::new();
            for (id, slice) in &world.services {
                if let Some(fault) = slice.overview.fault() {
                    let words = format!("warning: {}", fault.message);
                    if targets.iter().any(|t| t.service == *id) && !told.contains(&words) {
                        told.push(words);
                    }
                }
            }
            for words in &told {
                out.note(words);
            }
            let entries = entries(world, &target, common, args, now)?;
            Ok((
                report(world, &target, args, now, &entries),
                world.zone.clone(),
            ))
        })?;
        zone = its;
        found
    };
    if args.ics {
        out.text(&ics(&report, &zone));
        return Ok(GOOD);
    }
    if out.is_json() {
        out.json(&report);
    } else if args.next {
        out.text(&report.slots(&zone));
    } else {
        out.text(&report.answer(&zone));
        if !args.can_deploy && !report.entries.is_empty() {
            out.line("");
            out.text(&report.agenda(&zone));
        }
    }
    let good = if args.next {
        !report.next_slots.is_empty()
    } else {
        report.open
    };
    Ok(if good { GOOD } else { BAD })
}

fn report(
    world: &World,
    target: &Target,
    args: &Calendar,
    now: Timestamp,
    entries: &[Entry],
) -> CalendarReport {
    let question = Question {
        target,
        kind: args.kind.map(Into::into),
    };
    let rules = &world.calendar.rules;
    let bake = world
        .configured(target)
        .map_or(SignedDuration::ZERO, |(_, env)| env.bake);
    let decision = decide(rules, &question, now);
    let slots = next_slots(rules, &question, now, bake, SLOTS);
    CalendarReport::of(target, now, &decision, entries, &slots, &world.zone)
}

/// The entries from `--from` to `--to`, and those without a date.
fn entries(
    world: &World,
    target: &Target,
    common: &Common,
    args: &Calendar,
    now: Timestamp,
) -> Result<Vec<Entry>, Failure> {
    let zone = &world.zone;
    let days = |n: i64| now.saturating_add(SignedDuration::from_hours(24 * n));
    let around = |given: &Option<String>, n: i64| match given {
        Some(text) => time(text, zone),
        None => days(n).map_err(|e| Failure::usage(e.to_string())),
    };
    let from = around(&args.from, -AROUND.0)?;
    let to = around(&args.to, AROUND.1)?;
    if from >= to {
        return Err(Failure::usage("--to is not after --from"));
    }
    let wanted = |e: &Entry| {
        common
            .service
            .as_deref()
            .is_none_or(|s| s == e.service.as_str())
            && e.when.begins(zone).is_none_or(|at| from <= at && at < to)
    };
    let told = world
        .services
        .values()
        .flat_map(|s| s.entries.iter().cloned());
    let mut all: Vec<Entry> = told.filter(wanted).collect();
    // What began before and still holds belongs to the list.
    let ruled = ruled(&world.calendar, target, now, (from, to));
    let named = |e: &Entry| {
        e.end.is_some()
            || common
                .service
                .as_deref()
                .is_none_or(|s| s == e.service.as_str())
    };
    all.extend(ruled.into_iter().filter(named));
    Ok(in_order(all, zone))
}

/// A day or a moment: `2026-11-24`, `2026-11-24T15:00`, `2026-11-24T15:00:00Z`.
fn time(text: &str, zone: &TimeZone) -> Result<Timestamp, Failure> {
    let local = |l: jiff::civil::DateTime| zone.to_ambiguous_timestamp(l).compatible().ok();
    let found = text.parse::<Timestamp>().ok().or_else(|| {
        let day = text.parse::<Date>().ok().filter(|_| !text.contains('T'));
        let start = day.map(|d| d.to_datetime(jiff::civil::Time::midnight()));
        start.or_else(|| text.parse().ok()).and_then(local)
    });
    found.ok_or_else(|| {
        let text = crate::domain::text::Safe::new(text);
        Failure::usage(format!("`{text}` is no day and no moment"))
            .hint("write 2026-11-24, 2026-11-24T15:00 or 2026-11-24T14:00:00Z")
    })
}
