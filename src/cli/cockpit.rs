//! The cockpit: the screen on a configuration. The only place of the commands that knows the screen. The first frame is drawn from
//! the last known state before the async runtime, the sources and their clients exist.

use super::args::{Common, Screen};
use super::choose;
use super::failure::{Failure, GOOD};
use super::output::Output;
use super::setup::Setup;
use crate::app::keymap::Keymap;
use crate::app::world::Scope;
use crate::config::model::Mouse;
use crate::config::theme::Theme;
use crate::domain::fetched::FaultKind;
use crate::runtime::session::{self, Options};
use crate::tui::{Cockpit, Options as Look};

/// `flightdeck` without a command: opens the cockpit, or says how to begin.
pub(super) fn run(common: &Common, screen: &Screen, out: &mut Output) -> Result<u8, Failure> {
    let setup = Setup::any(common, screen)?;
    if setup.loaded.is_configured() {
        return open(&setup, common);
    }
    out.line("flightdeck is a cockpit for software releases: it watches a deploy, judges it by its signals, and rolls it back.");
    out.line("`flightdeck demo` opens it on a simulated company: no token, no network.");
    out.line("`flightdeck config path` names the files that it reads; config.example.toml shows what goes into them.");
    Ok(GOOD)
}

/// Opens the screen.
pub(super) fn open(setup: &Setup, common: &Common) -> Result<u8, Failure> {
    let (loaded, env) = (&setup.loaded, &setup.machine.env);
    let look = look(setup)?;
    let clock = session::clock(&loaded.config);
    let options = Options {
        scope: Scope::Focus,
        focus: Some(choose::one(loaded, common)?),
        read_only: setup.read_only.clone(),
        follow_intents: true,
    };
    let world = session::world(loaded, options, &clock, env)?;
    let cockpit = Cockpit::first_paint(&world, clock.now(), look).map_err(failed)?;
    let runtime = session::runtime().map_err(|e| {
        Failure::new(FaultKind::Internal, "the runtime can't be started").cause(e.to_string())
    })?;
    let flown = runtime.block_on(async {
        let driver = session::open(loaded, world, clock, env)?;
        cockpit.fly(driver).await.map_err(failed)
    });
    // Requests on their way hold nobody up.
    runtime.shutdown_background();
    flown.map(|()| GOOD)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(FaultKind::Internal, error.to_string())
}

/// Theme, keys and mouse, as the configuration and the environment have them.
fn look(setup: &Setup) -> Result<Look, Failure> {
    let ui = &setup.loaded.config.ui;
    let theme = Theme::choose(&ui.theme, setup.machine.var("NO_COLOR")).ok_or_else(|| {
        let names = Theme::names().collect::<Vec<_>>().join(", ");
        let near = Theme::nearest_name(&ui.theme);
        let failure = Failure::new(
            FaultKind::Config,
            format!("there is no theme `{}`", ui.theme),
        );
        failure.hint(near.map_or_else(
            || format!("there are {names}"),
            |near| format!("did you mean {near}? There are {}", names),
        ))
    })?;
    let bound: Vec<(&str, Vec<String>)> = ui
        .keys
        .iter()
        .map(|(action, chords)| (action.as_str(), chords.all().to_vec()))
        .collect();
    let keymap = Keymap::with_overrides(&bound).map_err(|faults| {
        let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Failure::new(FaultKind::Config, format!("[ui.keys]: {}", all.join("; ")))
            .hint("`flightdeck config show` tells where they were set")
    })?;
    let remote = ["SSH_CONNECTION", "SSH_TTY"]
        .iter()
        .any(|v| setup.machine.var(v).is_some());
    let mouse = match ui.mouse {
        Mouse::On => true,
        Mouse::Off => false,
        Mouse::Auto => !remote,
    };
    Ok(Look::from_environment(theme, keymap, mouse))
}
