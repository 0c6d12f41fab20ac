//! Changes and metrics in words and bars, the same in rows and in evidence.

use jiff::{SignedDuration, Timestamp};
use ratatui::text::Line;

use super::super::View;
use crate::config::theme::Role;
use crate::domain::change::delivery::{Delivered, Place};
use crate::domain::change::lead_time::{Boundary, Measured, Moments, Stage};
use crate::domain::text::Safe;
use crate::domain::units::{span, thousands};
use crate::tui::widgets::stacked::{Piece, stacked};
use crate::tui::widgets::text;

/// Where a change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Told {
    pub(in crate::tui) symbol: &'static str,
    pub(in crate::tui) role: Role,
    pub(in crate::tui) words: String,
    /// The words where there is little room.
    pub(in crate::tui) short: String,
}

impl Told {
    /// Symbol and words, in so many columns if they can.
    pub(in crate::tui) fn within(&self, columns: usize) -> String {
        let long = format!("{} {}", self.symbol, self.words);
        if text::width(&long) <= columns {
            long
        } else {
            format!("{} {}", self.symbol, self.short)
        }
    }
}

/// The furthest that a change has come, and since when.
pub(in crate::tui) fn whereabouts(view: &View<'_>, row: &Delivered) -> Told {
    let told = |symbol, role, words: String, short: Option<String>| Told {
        symbol,
        role,
        short: short.unwrap_or_else(|| words.clone()),
        words,
    };
    let end = row.rungs.last();
    // What a sheet of metrics tells of: shipped, and no word of what runs now.
    if let Some(shipped) = end.filter(|r| r.contained.is_none() && r.shipped.is_some()) {
        let when = shipped.shipped.as_ref().map(|m| since(view, m.at));
        let words = format!("shipped to {} {}", shipped.env, when.unwrap_or_default());
        return told("●", Role::Good, words, None);
    }
    match row.place() {
        Place::Live(rung) if Some(rung) == end => {
            let age = rung.since.map(|at| view.age(at)).unwrap_or_default();
            let words = format!("live {} {age}", rung.env);
            let short = format!("{} {age}", rung.env);
            told("✔", Role::Good, words, Some(short))
        }
        Place::Live(rung) => {
            let at = rung.since.map(|at| since(view, at)).unwrap_or_default();
            let words = format!("{} since {at}", rung.env);
            told("●", Role::Info, words, Some(format!("{} {at}", rung.env)))
        }
        Place::Gone(rung) => {
            let words = format!("rolled back from {}", rung.env);
            let short = format!("gone: {}", rung.env);
            told("▼", Role::Bad, words, Some(short))
        }
        Place::Released(tag) => {
            let words = format!("in {tag}, in no environment");
            told("○", Role::Text, words, Some(format!("in {tag} only")))
        }
        Place::Merged => {
            let short = Some("in no release".to_owned());
            told("○", Role::Muted, "merged, in no release".to_owned(), short)
        }
    }
}

/// An id as short as people say it: a commit's is cut.
pub(in crate::tui) fn brief(id: &Safe) -> String {
    let id = id.as_str();
    let commit = id.len() >= 40 && id.bytes().all(|b| b.is_ascii_hexdigit());
    id.chars().take(if commit { 7 } else { 60 }).collect()
}

/// A moment as briefly as it can be told: the time of today, else the day.
pub(in crate::tui) fn since(view: &View<'_>, at: Timestamp) -> String {
    let there = at.to_zoned(view.world.zone.clone());
    let here = view.now.0.to_zoned(view.world.zone.clone());
    let form = if there.date() == here.date() {
        "%H:%M"
    } else if there.year() == here.year() {
        "%a %-d %b"
    } else {
        "%-d %b %Y"
    };
    there.strftime(form).to_string()
}

/// A moment with its day, in full.
pub(in crate::tui) fn moment(view: &View<'_>, at: Timestamp) -> String {
    let there = at.to_zoned(view.world.zone.clone());
    let here = view.now.0.to_zoned(view.world.zone.clone());
    let form = if there.year() == here.year() {
        "%a %e %b %H:%M"
    } else {
        "%e %b %Y %H:%M"
    };
    there.strftime(form).to_string()
}

/// A duration in seconds, as figures have it; none: not known.
pub(in crate::tui) fn took(seconds: Option<f64>) -> String {
    let known = seconds.and_then(|s| SignedDuration::try_from_secs_f64(s).ok());
    known.map_or_else(|| "–".to_owned(), span)
}

/// A share as a percentage of two digits at most: `0.4 %`, `4.5 %`, `32 %`.
pub(in crate::tui) fn share(ratio: f64) -> String {
    match ratio * 100.0 {
        p if !p.is_finite() => "–".to_owned(),
        p if p <= 0.0 => "0 %".to_owned(),
        p if p < 0.1 => "<0.1 %".to_owned(),
        p if p < 9.95 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// A count.
pub(in crate::tui) fn count(n: usize) -> String {
    thousands(u64::try_from(n).unwrap_or(u64::MAX))
}

/// `1 change`, `2 changes`.
pub(in crate::tui) fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

/// The lead time: `…` while it has not ended, `–` where it can't be told.
pub(super) fn lead(measured: &Measured, moments: &Moments) -> String {
    match (measured.lead, moments.get(Boundary::Deployed)) {
        (Some(lead), _) => span(lead),
        (None, None) => "…".to_owned(),
        (None, Some(_)) => "–".to_owned(),
    }
}

/// The biggest stage: `waiting for a release 1d 2h, 62 %`, as a wait or as work.
pub(in crate::tui) fn biggest(stage: Stage) -> &'static str {
    if stage.is_wait() {
        "biggest wait"
    } else {
        "longest stage"
    }
}

/// How a stage looks: its role and what fills its bar.
pub(in crate::tui) fn look(stage: Stage) -> (Role, char) {
    if stage.is_wait() {
        (Role::ChartThreshold, '░')
    } else {
        (Role::ChartMain, '─')
    }
}

/// The stages as pieces of a bar; what is still waited for is the last one.
pub(in crate::tui) fn bar(
    view: &View<'_>,
    row: &Delivered,
    measured: &Measured,
    columns: usize,
) -> Line<'static> {
    let piece = |stage: Stage, long: SignedDuration| {
        let (role, fill) = look(stage);
        Piece {
            weight: long.as_secs_f64(),
            word: stage.short(),
            fill,
            style: view.styles.get(role),
        }
    };
    let stages = Stage::ALL.into_iter();
    let mut pieces: Vec<Piece> = stages
        .filter_map(|s| measured.stage(s).map(|d| piece(s, d)))
        .collect();
    // A change that ends before it begins has no stages at all.
    if row.moments.get(Boundary::Deployed).is_some() {
        return stacked(&pieces, columns);
    }
    if let Some((stage, since)) = waiting(&row.moments) {
        pieces.push(piece(stage, view.now.since(since)));
    }
    let mut line = stacked(&pieces, columns.saturating_sub(1));
    if !line.spans.is_empty() {
        line.spans.push(view.span("…", Role::Muted));
    }
    line
}

/// What a change on its way waits for, and since when.
pub(in crate::tui) fn waiting(moments: &Moments) -> Option<(Stage, Timestamp)> {
    let (last, moment) = moments.known().last()?;
    let stage = Stage::ALL.get(last as usize)?;
    Some((*stage, moment.at))
}

/// A name as a login.
pub(in crate::tui) fn login(author: Option<&Safe>) -> String {
    author.map_or_else(|| "–".to_owned(), |a| format!("@{a}"))
}
