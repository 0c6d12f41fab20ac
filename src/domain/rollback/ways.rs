//! Which way back is taken: the first of the ladder that reaches the target, or the one a person asked for; and why the others
//! are not.

use serde::{Deserialize, Serialize};

use super::plan::{PlanInput, Way, WayKind};
use super::refusal::Refusal;
use super::rerun::{self, Rerun};
use crate::domain::release::VersionRef;
use crate::domain::text::Safe;
use crate::domain::units::span;

/// A way that could reach the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayChoice {
    /// Its id in the configuration.
    pub id: String,
    /// Why it can't be taken now; none: it can.
    pub unfit: Option<Safe>,
}

/// What was chosen.
pub(super) struct Chosen {
    pub(super) way: Way,
    pub(super) rerun: Option<Rerun>,
    pub(super) ways: Vec<WayChoice>,
    pub(super) warnings: Vec<Safe>,
}

/// Whether a way reaches a target by itself. Cancelling leaves the environment as it stands.
pub(super) fn reaches(way: &Way) -> bool {
    match way.kind {
        WayKind::Workflow { .. } | WayKind::Rerun { .. } => true,
        WayKind::Cancel => false,
    }
}

/// Whether some way repeats an old run, so that this run has to be read.
pub fn wants_run(ways: &[Way]) -> bool {
    ways.iter().any(|w| matches!(w.kind, WayKind::Rerun { .. }))
}

/// Chooses among the ways of the ladder.
///
/// # Errors
/// The asked-for way is not there or does not fit; none fits.
pub(super) fn choose(input: &PlanInput<'_>, to: &VersionRef) -> Result<Chosen, Refusal> {
    let tried: Vec<(&Way, Result<Option<Rerun>, Safe>)> = input
        .ways
        .iter()
        .filter(|w| reaches(w))
        .map(|w| (w, fits(input, w, to)))
        .collect();
    let ways = tried
        .iter()
        .map(|(w, fit)| WayChoice {
            id: w.id.clone(),
            unfit: fit.as_ref().err().cloned(),
        })
        .collect();
    let names = || tried.iter().map(|(w, _)| w.id.as_str());
    let at = match input.wanted_way {
        Some(wanted) => {
            let at = names().position(|id| id == wanted);
            at.ok_or_else(|| Refusal::NotAWay {
                target: input.target.clone(),
                wanted: Safe::new(wanted).to_string(),
                known: names().collect::<Vec<_>>().join(", "),
            })?
        }
        // Where none fits, the first one says why below.
        None => tried.iter().position(|(_, fit)| fit.is_ok()).unwrap_or(0),
    };
    let (before, rest) = tried.split_at(at);
    let Some((way, Ok(rerun))) = rest.first() else {
        let asked = input.wanted_way;
        let why: Vec<String> = tried
            .iter()
            .filter(|(w, _)| asked.is_none_or(|id| w.id == id))
            .filter_map(|(w, fit)| fit.as_ref().err().map(|why| format!("{}: {why}", w.id)))
            .collect();
        return Err(Refusal::NoWay {
            target: input.target.clone(),
            to: Box::new(to.clone()),
            why: why.join("; "),
        });
    };
    let mut warnings = Vec::new();
    if input.wanted_way.is_none() {
        warnings.extend(before.iter().filter_map(|(w, fit)| {
            let why = fit.as_ref().err()?;
            Some(Safe::new(&format!("not by {}: {why}", w.id)))
        }));
    }
    if let Some(old) = rerun {
        warnings.push(Safe::new(&limits(old, input)));
    }
    Ok(Chosen {
        way: (*way).clone(),
        rerun: rerun.clone(),
        ways,
        warnings,
    })
}

fn fits(input: &PlanInput<'_>, way: &Way, to: &VersionRef) -> Result<Option<Rerun>, Safe> {
    match way.kind {
        WayKind::Rerun { max_age_s } => {
            let known = rerun::known_run(input.state, &to.sha);
            rerun::fit(known, input.old_run, max_age_s, input.now)
                .map(Some)
                .map_err(|why| Safe::new(&why.to_string()))
        }
        WayKind::Workflow { .. } | WayKind::Cancel => Ok(None),
    }
}

/// What to know before an old run is repeated.
fn limits(old: &Rerun, input: &PlanInput<'_>) -> String {
    let rights = old
        .actor
        .as_ref()
        .filter(|a| Some(*a) != input.who)
        .map_or_else(String::new, |a| format!(", with the rights of @{a}"));
    format!(
        "repeats all of run {} of {} ago: workflow and inputs of then, secrets of today{rights}",
        old.run,
        span(input.now.since(old.created_at))
    )
}
