//! `flightdeck rollback`: the plan, the confirmation, the flow, through the same Driver as the screen. [`ready`] waits for the
//! plan, [`confirm`] for the person, [`follow`] for the end; [`open`] deals with rollbacks that are still open.

mod confirm;
mod follow;
mod open;
mod ready;
mod said;

use super::args::{Common, OpenRollback, Rollback};
use super::choose;
use super::drive::{drive, signals_answered};
use super::failure::{self, BAD, Failure, GOOD, OPEN};
use super::output::Output;
use super::setup::Setup;
use crate::app::msg::Msg;
use crate::app::world::EnvSlice;
use crate::domain::fetched::FaultKind;
use crate::domain::ids::Target;
use crate::domain::rollback::{Refusal, RollbackPlan};
use crate::report::plan;
use crate::report::rollback::{RollbackOutcome, RollbackReport};
use crate::runtime::Driver;

/// Runs it.
pub(super) fn run(common: &Common, args: &Rollback, out: &mut Output) -> Result<u8, Failure> {
    let plain = args.to.is_none()
        && args.way.is_none()
        && args.reason.is_none()
        && !args.dry_run
        && !args.yes;
    if args.open.is_some() && !plain {
        return Err(Failure::usage(
            "`resume` and `resolve` take the flags behind their own name only",
        )
        .hint("see `flightdeck rollback resolve --help`"));
    }
    let setup = Setup::configured(common)?;
    setup.say_withheld(out);
    match &args.open {
        Some(OpenRollback::Resume) => open::resume(&setup, common, out),
        Some(OpenRollback::Resolve { reason }) => open::resolve(&setup, common, reason, out),
        None => {
            let target = choose::one(&setup.loaded, common)?;
            if let Some(refusal) = ready::at_once(&setup, &target) {
                let (why, hint) = (refusal.to_string(), refusal.hint());
                return Ok(refuse(&target, FaultKind::Refused, why, hint, out));
            }
            let way = confirm::way(args, out)?;
            drive(&setup, vec![target.clone()], async |driver| {
                roll_back(driver, &target, args, way, out).await
            })
        }
    }
}

async fn roll_back(
    driver: &mut Driver,
    target: &Target,
    args: &Rollback,
    way: confirm::Way,
    out: &mut Output,
) -> Result<u8, Failure> {
    if let Some(to) = &args.to {
        driver.send(Msg::Want(target.clone(), Some(to.clone())));
    }
    if let Some(way) = &args.way {
        driver.send(Msg::WantWay(target.clone(), Some(way.clone())));
    }
    ready::wait(driver, target).await?;
    // An open one is followed, whatever would hold another.
    if !open::is_open(driver.world(), target) {
        ready::holds(driver, target, args.dry_run).await;
    }
    if !args.dry_run && open::is_open(driver.world(), target) {
        open::may_join(driver.world(), target, args.to.as_deref())?;
        driver.send(Msg::Resume(target.clone()));
        return follow::to_the_end(driver, target, None, out).await;
    }
    let planned = driver
        .world()
        .envs
        .get(target)
        .and_then(|s| s.plan.clone())
        .unwrap_or_else(|| {
            let why = "nothing was told of it in time".to_owned();
            Err(Refusal::Unknown(target.clone(), why))
        });
    let ready = match planned {
        Ok(plan) => plan,
        Err(refusal) => return Ok(refused(driver, target, &refusal, out)),
    };
    if args.dry_run {
        dry_run(driver, &ready, args.reason.as_deref(), out);
        return Ok(GOOD);
    }
    let reason = ready::reason(driver, target, args.reason.as_deref()).await;
    let Some(approved) = confirm::ask(driver, ready, way, &reason, out).await? else {
        return Err(Failure::new(
            FaultKind::Refused,
            "not confirmed: nothing was done",
        ));
    };
    let plan = approved.plan().clone();
    driver.send(Msg::Confirmed(Box::new(approved)));
    if !driver.world().flows.contains_key(target) {
        return Ok(not_started(driver, target, out));
    }
    follow::to_the_end(driver, target, Some(&plan), out).await
}

fn dry_run(driver: &Driver, ready: &RollbackPlan, reason: Option<&str>, out: &mut Output) {
    let world = driver.world();
    // Only what was measured in this run makes a reason.
    let slice = world
        .envs
        .get(&ready.target)
        .filter(|_| signals_answered(driver, &ready.target));
    let prefilled = || slice.map_or_else(String::new, EnvSlice::reason);
    let reason = reason.map_or_else(prefilled, str::to_owned);
    let open = open::describe(world, &ready.target);
    if out.is_json() {
        let mut report = RollbackReport::planned(ready, &reason);
        report.warnings.extend(open);
        out.json(&report);
        return;
    }
    out.text(&plan::text(ready, &reason));
    if let Some(open) = open {
        out.note(&format!("warning: {open}"));
    }
}

/// Says why nothing was done; the same rollback having been done before is a good answer.
fn refused(driver: &Driver, target: &Target, refusal: &Refusal, out: &mut Output) -> u8 {
    if let Refusal::AlreadyDone { from, to, .. } = refusal {
        let closed = &driver.world().ledger.closed;
        let done = closed
            .iter()
            .rev()
            .find(|c| c.target == *target && c.facts.to.sha == to.sha);
        let open = open::describe(driver.world(), target);
        if out.is_json() {
            let mut report = RollbackReport::already_done(target, from, to, done);
            report.warnings.extend(open);
            out.json(&report);
        } else {
            out.line(&refusal.to_string());
            if let Some(open) = open {
                out.note(&format!("warning: {open}"));
            }
        }
        return GOOD;
    }
    let kind = match refusal {
        Refusal::NotKnownGood { .. } | Refusal::IsLive { .. } | Refusal::NotAWay { .. } => {
            FaultKind::Usage
        }
        _ => FaultKind::Refused,
    };
    refuse(target, kind, refusal.to_string(), refusal.hint(), out)
}

/// The core refused a confirmed plan; it said why in a notice.
fn not_started(driver: &Driver, target: &Target, out: &mut Output) -> u8 {
    let notices = driver.world().notices.iter();
    let notice = notices.filter(|n| n.source.as_str() == "rollback").last();
    let why = notice.map_or_else(|| "it was refused".to_owned(), |n| n.title.to_string());
    refuse(target, FaultKind::Refused, why, None, out)
}

/// The answer says `refused`, the error says why.
fn refuse(
    target: &Target,
    kind: FaultKind,
    why: String,
    hint: Option<String>,
    out: &mut Output,
) -> u8 {
    if out.is_json() {
        out.json(&RollbackReport::refused(
            target,
            kind,
            &why,
            hint.as_deref(),
        ));
    }
    let failure = Failure::new(kind, why);
    out.failure(&match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    });
    failure::code(kind)
}

/// The exit code of an outcome (machine contract).
fn code(outcome: RollbackOutcome) -> u8 {
    use RollbackOutcome as Outcome;
    match outcome {
        Outcome::Planned | Outcome::Recovered | Outcome::AlreadyDone => GOOD,
        Outcome::Failed => BAD,
        Outcome::Dispatched | Outcome::Unknown => OPEN,
        Outcome::Refused => failure::code(FaultKind::Refused),
    }
}
