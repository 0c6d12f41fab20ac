//! `flightdeck sign`: answers a manual gate for the candidate, as a row of the ledger.

use std::time::Duration;

use serde_json::json;

use super::args::{Common, Sign};
use super::choose;
use super::drive::{answered, drive, until, who_answered};
use super::failure::{Failure, GOOD};
use super::gates::settled;
use super::output::Output;
use super::setup::Setup;
use crate::app::msg::Msg;
use crate::app::sign::{Signed, Signing};
use crate::app::world::World;
use crate::domain::fetched::FaultKind;
use crate::domain::gate::signoff::Answer;
use crate::domain::ids::Target;
use crate::domain::ledger::Row;
use crate::domain::text::Safe;
use crate::report::ledger as words;
use crate::runtime::Driver;

/// A row is written that fast, or the disk has failed.
const WRITE: Duration = Duration::from_secs(15);

/// Runs it.
pub(super) fn run(common: &Common, args: &Sign, out: &mut Output) -> Result<u8, Failure> {
    let setup = Setup::configured(common)?;
    setup.say_withheld(out);
    let target = choose::one(&setup.loaded, common)?;
    let row = drive(&setup, vec![target.clone()], async |driver| {
        let known = |d: &Driver| settled(d.world(), &target) && who_answered(d.world(), &target);
        until(driver, args.timeout, known).await;
        let signing = signing(driver.world(), &target, args)?;
        driver.send(Msg::Sign(target.clone(), signing));
        let done = |d: &Driver| !matches!(d.world().signed.get(&target), Some(Signed::Writing));
        until(driver, WRITE, done).await;
        match driver.world().signed.get(&target) {
            Some(Signed::Recorded(row)) => Ok((**row).clone()),
            Some(Signed::Refused(fault)) => Err(Failure::fault("gates", fault)),
            Some(Signed::Writing) | None => Err(Failure::new(
                FaultKind::Internal,
                "it is not known whether the sign-off was written",
            )
            .hint("`flightdeck ledger list` tells")),
        }
    })?;
    if out.is_json() {
        let mut line = words::json_line(&row);
        if let Some(line) = line.as_object_mut() {
            // Nothing is written anywhere besides.
            line.insert("published".to_owned(), json!([]));
        }
        out.json(&line);
    } else {
        out.line(&sentence(&row));
    }
    Ok(GOOD)
}

/// What the arguments say of the candidate that there is.
fn signing(world: &World, target: &Target, args: &Sign) -> Result<Signing, Failure> {
    let slice = world.envs.get(target);
    let overview = world.services.get(&target.service).map(|s| &s.overview);
    if let (Some((service, _)), Some(fault)) =
        (world.configured(target), overview.and_then(|o| o.fault()))
    {
        return Err(Failure::fault(format!("github.{}", service.source), fault));
    }
    // What an earlier run left behind may have moved since.
    let fresh = overview.is_some_and(answered);
    let Some((candidate, _)) = slice.and_then(|s| s.candidate.as_ref()).filter(|_| fresh) else {
        return Err(Failure::new(
            FaultKind::Refused,
            format!("it is not known what the candidate for {target} is"),
        )
        .hint("give the sources more time with --timeout"));
    };
    if let Some(wanted) = &args.candidate {
        let named = candidate
            .version
            .as_ref()
            .is_some_and(|v| v.as_str() == wanted)
            || (wanted.len() >= 7 && candidate.sha.as_str().starts_with(wanted.as_str()));
        if !named {
            return Err(Failure::new(
                FaultKind::Refused,
                format!(
                    "the candidate has moved: it is {candidate} ({}), not {}",
                    candidate.sha.short(),
                    Safe::new(wanted)
                ),
            )
            .hint("look at the new one with `flightdeck gates`, then sign that"));
        }
    }
    Ok(Signing {
        gate: args.gate.clone(),
        slot: args.slot.clone(),
        answer: if args.no { Answer::No } else { Answer::Yes },
        reason: args.reason.clone().unwrap_or_default(),
        sha: candidate.sha.clone(),
    })
}

fn sentence(row: &Row) -> String {
    let text = |key: &str| row.body.get(key).and_then(|v| v.as_str()).map(Safe::new);
    let slot = text("slot").map_or_else(String::new, |s| format!(" as {s}"));
    let what = text("version").or_else(|| text("sha")).unwrap_or_default();
    let said = if text("answer").is_some_and(|a| a.as_str() == "no") {
        "refused"
    } else {
        "signed"
    };
    format!(
        "{said}: {} of {what} in {}{slot}, by {} (row {} of the ledger)",
        text("gate").unwrap_or_default(),
        row.environment,
        Safe::new(&row.who),
        row.seq
    )
}
