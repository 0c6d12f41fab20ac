//! How true what is shown is: how old, what is being read, what could not be read; and what an empty list means.

use ratatui::text::Line;

use super::super::View;
use super::words::{count, counted};
use crate::app::delivery::{Done, Progress, Reading};
use crate::config::theme::Role;
use crate::domain::fetched::{Fault, Fetched};
use crate::domain::units::thousands;
use crate::tui::panes::fresh::{Fresh, next_try, old};

/// The readings, by source.
fn readings<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a String, &'a Reading)> {
    view.world.delivery.readings.iter()
}

/// The mark in the title: `asking`, `stale 5m`; none while all is well.
pub(super) fn mark<T>(
    view: &View<'_>,
    fetched: &Fetched<T>,
    as_of: Option<jiff::Timestamp>,
) -> Option<String> {
    let failing = readings(view).any(|(_, r)| r.done.fault().is_some());
    if failing || fetched.fault().is_some() {
        let age = as_of.map(|at| old(view, at)).unwrap_or_default();
        return Some(format!("stale {age}").trim_end().to_owned());
    }
    (!view.world.delivery.is_current() && fetched.value().is_some()).then(|| "asking".to_owned())
}

/// `reading acme/checkout 400 of 1,204 rows, 12 requests`.
pub(super) fn progress(progress: &Progress) -> String {
    let repo = progress.repo.as_ref().map(ToString::to_string);
    let repo = repo.unwrap_or_else(|| "the repositories".to_owned());
    let (done, all) = progress.repositories;
    let whole = if all > 1 {
        format!(" ({} of {all} repositories done)", count(done))
    } else {
        String::new()
    };
    let rows = match (progress.rows, progress.expected) {
        (0, None) => String::new(),
        (n, None) => format!(" {} rows,", thousands(n)),
        (n, Some(of)) => format!(" {} of {} rows,", thousands(n), thousands(of.max(n))),
    };
    let requests = usize::try_from(progress.requests).unwrap_or(usize::MAX);
    format!(
        "reading {repo}{rows} {}{whole}",
        counted(requests, "request")
    )
}

/// What a reading left out or put off; none: nothing.
fn lacks(view: &View<'_>, done: &Done) -> Option<String> {
    if let Some((repo, fault)) = done.faults.first() {
        let more = match done.faults.len() {
            1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        return Some(format!("{repo}: {}{more}", fault.cause()));
    }
    let until = done.paused_until.filter(|at| *at > view.now.0)?;
    Some(format!(
        "the limits are nearly used up, read on at {}",
        view.moment(until)
    ))
}

/// The lower edge: what is wrong and when it is tried again, what is being read, else how old it is.
pub(super) fn foot<T>(
    view: &View<'_>,
    fetched: &Fetched<T>,
    as_of: Option<jiff::Timestamp>,
) -> Line<'static> {
    if fetched.fault().is_some() {
        return Fresh::of(fetched).foot(view, "store");
    }
    if let Some((_, reading)) = readings(view).find(|(_, r)| r.done.fault().is_some()) {
        return Fresh::of(&reading.done).foot(view, "github");
    }
    if let Some(under_way) = readings(view).find_map(|(_, r)| r.progress.as_ref()) {
        return view.line(progress(under_way), Role::Info);
    }
    let mut done = readings(view).filter_map(|(_, r)| r.done.value());
    if let Some(words) = done.find_map(|d| lacks(view, d)) {
        return view.line(format!("▲ {words}"), Role::Warn);
    }
    match as_of {
        Some(at) => view.line(format!("as of {} ago", old(view, at)), Role::Muted),
        None => Line::default(),
    }
}

/// Why there is nothing to show, and what to do; none: it was looked for and is not there.
pub(super) fn why_unread<T>(
    view: &View<'_>,
    fetched: &Fetched<T>,
    as_of: Option<jiff::Timestamp>,
) -> Option<(String, String)> {
    if view.world.catalog.services.is_empty() {
        return Some((
            "no service is configured".to_owned(),
            "flightdeck config init finds out what there is and writes a configuration that works"
                .to_owned(),
        ));
    }
    let hint = |fault: &Fault| {
        let hint = fault.hint.as_ref().map(ToString::to_string);
        hint.unwrap_or_default()
    };
    if let Some(fault) = fetched.fault().filter(|_| fetched.value().is_none()) {
        let words = format!(
            "✖ what is kept can't be read: {}{}",
            fault.message,
            next_try(fault, view.now)
        );
        return Some((words, hint(fault)));
    }
    if as_of.is_some() {
        return None;
    }
    // Nothing was ever read to its end: that is the reason, whatever else is.
    if let Some(fault) = readings(view).find_map(|(_, r)| r.done.fault()) {
        let words = format!(
            "✖ nothing could be read yet: {}{}",
            fault.message,
            next_try(fault, view.now)
        );
        return Some((words, hint(fault)));
    }
    if let Some(under_way) = readings(view).find_map(|(_, r)| r.progress.as_ref()) {
        let words = format!("the first reading is under way: {}", progress(under_way));
        return Some((words, "rows appear here as they are read".to_owned()));
    }
    let lacking = readings(view).find_map(|(_, r)| {
        let (repo, fault) = r.done.value()?.faults.first()?;
        Some((format!("✖ {repo}: {}", fault.message), hint(fault)))
    });
    if lacking.is_some() {
        return lacking;
    }
    let words = if fetched.value().is_none() {
        "reading what is kept …"
    } else {
        "nothing was read from GitHub yet"
    };
    Some((words.to_owned(), String::new()))
}
