//! `flightdeck ledger list|verify`.

use super::args::{Common, Ledger, Screen};
use super::choose;
use super::failure::{BAD, Failure, GOOD};
use super::output::Output;
use super::setup::Setup;
use crate::report::ledger as words;
use crate::runtime::query::ledger as query;
use crate::runtime::session;

/// Runs it.
pub(super) fn run(common: &Common, args: &Ledger, out: &mut Output) -> Result<u8, Failure> {
    let setup = Setup::any(common, &Screen::default())?;
    match args {
        Ledger::List { limit } => list(&setup, common, *limit, out),
        Ledger::Verify => verify(&setup, out),
    }
}

fn list(
    setup: &Setup,
    common: &Common,
    limit: Option<usize>,
    out: &mut Output,
) -> Result<u8, Failure> {
    // Without flags the whole ledger is listed, also rows of services that are no longer configured.
    let only = if common.service.is_some() || common.env.is_some() {
        Some(choose::many(&setup.loaded, common)?)
    } else {
        None
    };
    let now = session::clock(&setup.loaded.config).now();
    let listing = query::rows(&setup.loaded, &setup.machine.env, None, now)
        .map_err(|f| Failure::fault("ledger", &f))?;
    let mut rows = listing.rows;
    if let Some(targets) = only {
        rows.retain(|row| {
            targets
                .iter()
                .any(|t| t.service == row.service && t.env == row.environment)
        });
    }
    let skip = limit.map_or(0, |limit| rows.len().saturating_sub(limit));
    for row in rows.iter().skip(skip) {
        if out.is_json() {
            out.json(&words::json_line(row));
        } else {
            out.line(&words::plain_line(row));
        }
    }
    for (seq, why) in &listing.unreadable {
        out.note(&format!("warning: row {seq} can't be read: {why}"));
    }
    if rows.is_empty() && !out.is_json() {
        out.note("the ledger is empty");
    }
    Ok(GOOD)
}

fn verify(setup: &Setup, out: &mut Output) -> Result<u8, Failure> {
    let now = session::clock(&setup.loaded.config).now();
    let found = query::verify(&setup.loaded, &setup.machine.env, now)
        .map_err(|f| Failure::fault("ledger", &f))?;
    let reason = found.reason.as_deref();
    if out.is_json() {
        out.json(&words::verify_json(
            found.ok,
            found.rows,
            found.broken_at,
            reason,
        ));
    } else {
        out.line(&words::verify_sentence(
            found.ok,
            found.rows,
            found.broken_at,
            reason,
        ));
    }
    Ok(if found.ok { GOOD } else { BAD })
}
