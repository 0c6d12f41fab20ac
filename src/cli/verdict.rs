//! `flightdeck verdict`: of a recorded deploy at once, of the current one through the Driver.

use std::io::Read;
use std::path::Path;

use super::args::{Common, Verdict as Args};
use super::choose;
use super::drive::{answered, drive, overview_answered, signals_answered, until};
use super::failure::{BAD, Failure, GOOD, OPEN};
use super::output::Output;
use super::setup::Setup;
use crate::app::world::World;
use crate::domain::fetched::FaultKind;
use crate::domain::ids::Target;
use crate::domain::signal::{self, Recording, Settings, Verdict, VerdictState, Word};
use crate::report::evidence;
use crate::report::verdict::{SCHEMA, VerdictReport};

/// A recording larger than that is none.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Runs it.
pub(super) fn run(common: &Common, args: &Args, out: &mut Output) -> Result<u8, Failure> {
    if let Some(path) = &args.input {
        let recording = read(path)?;
        let verdict = signal::judge(&recording, &Settings::default());
        return Ok(tell(&verdict, out));
    }
    let setup = Setup::configured(common)?;
    setup.say_withheld(out);
    let target = choose::one(&setup.loaded, common)?;
    let found = drive(&setup, vec![target.clone()], async |driver| {
        until(driver, args.timeout, |d| {
            overview_answered(d.world(), &target) && signals_answered(d, &target)
        })
        .await;
        current(driver.world(), &target)
    })?;
    Ok(match found {
        Found::Verdict(verdict) => tell(&verdict, out),
        Found::Nothing(why) => nothing(&why, out),
    })
}

fn read(path: &Path) -> Result<Recording, Failure> {
    let shown = path.display().to_string();
    let wrong = |message: String| Failure::usage(message);
    let mut text = String::new();
    let count = if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(LARGEST)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|f| f.take(LARGEST).read_to_string(&mut text))
    };
    count.map_err(|e| wrong(format!("{shown} can't be read")).cause(e.to_string()))?;
    Recording::from_json(&text).map_err(|e| {
        wrong(format!("{shown}: {e}"))
            .hint("a recording is {\"version\":1, \"mode\", \"encoding\", \"step_s\", \"baseline\":[..], \"after\":[..]}")
    })
}

enum Found {
    Verdict(Box<Verdict>),
    Nothing(String),
}

/// What is known of the current deploy.
fn current(world: &World, target: &Target) -> Result<Found, Failure> {
    let (Some(slice), Some((service, env))) = (world.envs.get(target), world.configured(target))
    else {
        return Err(Failure::new(
            FaultKind::NotFound,
            format!("{target} is not configured"),
        ));
    };
    let overview = world.services.get(&target.service).map(|s| &s.overview);
    if let Some(fault) = overview.and_then(|o| o.fault()) {
        return Err(Failure::fault(format!("github.{}", service.source), fault));
    }
    let Some(watch) = &slice.watch else {
        return Ok(Found::Nothing(format!(
            "no deploy of {target} is under way or being watched"
        )));
    };
    let (Some(metrics), true) = (&service.metrics, env.signals.is_some()) else {
        return Ok(Found::Nothing(format!(
            "no signals are configured for {target}"
        )));
    };
    let signals = &slice.signals;
    if let Some(fault) = signals.clock.fault().or(signals.status.fault()) {
        return Err(Failure::fault(format!("metrics.{metrics}"), fault));
    }
    match &signals.verdict {
        // Not what an earlier run left behind.
        Some(verdict) if answered(&signals.status) => Ok(Found::Verdict(Box::new(verdict.clone()))),
        _ => Ok(Found::Nothing(format!(
            "the signals of {} have not arrived in time",
            watch.subject
        ))),
    }
}

fn tell(verdict: &Verdict, out: &mut Output) -> u8 {
    if out.is_json() {
        out.json(&VerdictReport::from(verdict));
    } else {
        out.text(&evidence::text(verdict));
    }
    match verdict.word {
        Word::Healthy => GOOD,
        Word::Degraded => BAD,
        Word::Watching => OPEN,
    }
}

fn nothing(why: &str, out: &mut Output) -> u8 {
    if out.is_json() {
        out.json(&VerdictReport {
            schema: SCHEMA,
            verdict: Word::Watching,
            state: VerdictState::NoData,
            summary: why.to_owned(),
            first_degraded_at_s: None,
            healthy_at_s: None,
            advise_rollback: false,
            evidence: Vec::new(),
            needs_requests: None,
        });
    } else {
        out.line(&format!("{}  {why}", VerdictState::NoData.label()));
    }
    OPEN
}
