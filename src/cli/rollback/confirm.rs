//! The confirmation: `--yes`, or the plan shown on a terminal and the service's name typed.

use std::io::BufRead;

use crate::cli::args::Rollback;
use crate::cli::ask;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::domain::fetched::FaultKind;
use crate::domain::rollback::plan::ConfirmBy;
use crate::domain::rollback::{ApprovedPlan, Confirmation, NotConfirmed, RollbackPlan};
use crate::report::plan;
use crate::runtime::Driver;

/// Who confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `--yes` did.
    Flag,
    /// The person at the terminal will.
    Person,
    /// Nobody: nothing is to be done.
    Nobody,
}

/// Who confirms this call; asking needs a person to ask.
pub(super) fn way(args: &Rollback, out: &Output) -> Result<Way, Failure> {
    if args.dry_run {
        return Ok(Way::Nobody);
    }
    if args.yes {
        return match &args.reason {
            Some(reason) if reason.trim().is_empty() => Err(no_reason()),
            _ => Ok(Way::Flag),
        };
    }
    if ask::possible(out) {
        return Ok(Way::Person);
    }
    Err(
        Failure::usage("a rollback has to be confirmed, and there is no terminal to ask on")
            .hint("look at the plan with --dry-run, then add --yes --reason TEXT"),
    )
}

/// The approved plan; none: the person decided against it.
pub(super) async fn ask(
    driver: &mut Driver,
    ready: RollbackPlan,
    way: Way,
    reason: &str,
    out: &mut Output,
) -> Result<Option<ApprovedPlan>, Failure> {
    let (confirmation, reason) = match way {
        Way::Nobody => return Ok(None),
        Way::Flag => (Confirmation::Flag, reason.to_owned()),
        Way::Person => {
            out.text(&plan::text(&ready, reason));
            let reason = if reason.is_empty() {
                out.prompt("reason: ");
                line(driver).await?
            } else {
                reason.to_owned()
            };
            match person(driver, &ready, out).await? {
                Some(confirmation) => (confirmation, reason),
                None => return Ok(None),
            }
        }
    };
    match ready.approve(&confirmation, &reason, Driver::ids()) {
        Ok(approved) => Ok(Some(approved)),
        Err(NotConfirmed::Reason) => Err(no_reason()),
        Err(other @ NotConfirmed::Name { .. }) => {
            Err(Failure::usage(format!("not confirmed: {other}")).hint("nothing was done"))
        }
    }
}

async fn person(
    driver: &mut Driver,
    ready: &RollbackPlan,
    out: &Output,
) -> Result<Option<Confirmation>, Failure> {
    match ready.confirm {
        ConfirmBy::ServiceName => {
            out.prompt(&format!("type {} to roll back: ", ready.target.service));
            line(driver)
                .await
                .map(|text| Some(Confirmation::Typed(text)))
        }
        ConfirmBy::Key => {
            out.prompt("roll back? [y/N] ");
            Ok(ask::is_yes(&line(driver).await?).then_some(Confirmation::Key))
        }
    }
}

fn no_reason() -> Failure {
    Failure::usage("a rollback needs a reason").hint("say why with --reason TEXT")
}

/// A line that the person types; meanwhile the Driver goes on, so that the plan stays fresh.
async fn line(driver: &mut Driver) -> Result<String, Failure> {
    let mut typing = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        std::io::stdin().lock().read_line(&mut text).map(|_| text)
    });
    loop {
        tokio::select! {
            biased;
            typed = &mut typing => {
                let typed = typed.map_err(std::io::Error::other).and_then(|text| text);
                return typed.map(|text| text.trim().to_owned()).map_err(|e| {
                    Failure::new(FaultKind::Internal, "the answer can't be read").cause(e.to_string())
                });
            }
            () = driver.next() => {}
        }
    }
}
