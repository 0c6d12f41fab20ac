//! The cockpit: the screen on a configuration. The only place of the commands that knows the screen. The last screen is painted
//! first; threads, TLS and the network come after.

use super::args::{Common, Screen};
use super::choose;
use super::failure::{Failure, GOOD};
use super::found;
use super::output::Output;
use super::setup::Setup;
use crate::app::keymap::Keymap;
use crate::app::msg::Msg;
use crate::app::world::Scope;
use crate::config::model::{Mouse, Ui};
use crate::config::theme::Theme;
use crate::domain::fetched::FaultKind;
use crate::runtime::session::{self, Options};
use crate::tui::views::ViewId;
use crate::tui::{self, Cockpit, TuiError};

/// `flightdeck` without a command: opens the cockpit, or says how to begin.
pub(super) fn run(common: &Common, screen: &Screen, out: &mut Output) -> Result<u8, Failure> {
    let setup = Setup::any(common, screen)?;
    if out.is_json() {
        return Err(Failure::usage("the cockpit is no answer in JSON")
            .hint("`flightdeck status --json` tells what it shows"));
    }
    if setup.loaded.is_configured() {
        return open(&setup, common, screen);
    }
    let (setup, here) = match setup.provisional(common, screen)? {
        Ok(found) => found,
        Err(setup) => return Ok(begin(&setup, out)),
    };
    let base = setup.loaded.clone();
    let clock = session::clock(&base.config);
    let (machine, common) = (setup.machine.clone(), common.clone());
    let later = found::later(machine, common.clone(), screen.clone(), base, here, clock);
    open_with(&setup, &common, screen, later)
}

/// Three lines for somebody who stands nowhere in particular.
fn begin(setup: &Setup, out: &mut Output) -> u8 {
    out.line("flightdeck is a cockpit for software releases: it watches a deploy, judges it by its signals, and rolls it back.");
    out.line("`flightdeck demo` opens it on a simulated company: no token, no network.");
    let stands = found::stand(&setup.machine, &setup.loaded);
    out.line(&match stands {
        Some(remote) => format!(
            "`flightdeck config init --github URL` writes a configuration for this clone; {} is not known to be a GitHub.",
            crate::domain::text::Safe::new(&remote.host)
        ),
        None => "`flightdeck config init` in a clone of a GitHub repository writes a configuration for it.".to_owned(),
    });
    UNCONFIGURED
}

/// Nothing is configured, and nothing was found.
const UNCONFIGURED: u8 = 2;

/// Opens the screen, until it is left.
pub(super) fn open(setup: &Setup, common: &Common, screen: &Screen) -> Result<u8, Failure> {
    open_with(setup, common, screen, async { None })
}

/// Opens the screen, with a question whose answer comes later.
fn open_with(
    setup: &Setup,
    common: &Common,
    screen: &Screen,
    later: impl Future<Output = Option<Msg>> + Send + 'static,
) -> Result<u8, Failure> {
    let view = view(screen)?;
    let (loaded, env) = (&setup.loaded, &setup.machine.env);
    let clock = session::clock(&loaded.config);
    let options = Options {
        scope: Scope::Focus,
        focus: Some(choose::one(loaded, common)?),
        read_only: setup.read_only.clone(),
        follow_intents: true,
    };
    let world = session::world(loaded, options, &clock, env)?;
    let mut look = look(setup)?;
    look.look.view = view;
    // Above the reports of panics: the terminal is given back before anything is said.
    tui::terminal::install_panic_hook();
    let cockpit = Cockpit::first_paint(&world, clock.now(), look)?;
    let unable = |e: std::io::Error| {
        Failure::new(FaultKind::Internal, "the runtime can't be started").cause(e.to_string())
    };
    let workers = session::runtime().map_err(unable)?;
    let own = session::loop_runtime().map_err(unable)?;
    let left = own.block_on(async {
        let mut driver = session::open_with(loaded, world, clock, env, workers.handle(), later)?;
        // What is due is asked now, not at the first heartbeat.
        driver.send(Msg::Tick);
        cockpit.fly(driver).await.map_err(Failure::from)
    });
    // Requests on their way hold nobody up.
    workers.shutdown_background();
    left.map(|()| GOOD)
}

fn view(screen: &Screen) -> Result<ViewId, Failure> {
    let Some(name) = &screen.view else {
        return Ok(ViewId::default());
    };
    ViewId::by_name(name).ok_or_else(|| {
        let names: Vec<&str> = ViewId::ALL.iter().map(|v| v.name()).collect();
        Failure::usage(format!("there is no view `{name}`"))
            .hint(format!("there are: {}", names.join(", ")))
    })
}

fn look(setup: &Setup) -> Result<tui::Options, Failure> {
    let ui = &setup.loaded.config.ui;
    let no_color = setup.machine.var("NO_COLOR");
    let theme = Theme::choose(&ui.theme, no_color).ok_or_else(|| {
        let names = Theme::names().collect::<Vec<_>>().join(", ");
        let near = Theme::nearest_name(&ui.theme);
        let message = format!("there is no theme `{}`", ui.theme);
        Failure::new(FaultKind::Config, message).hint(near.map_or_else(
            || format!("there are: {names}"),
            |near| format!("did you mean `{near}`? There are: {names}"),
        ))
    })?;
    Ok(tui::Options::from_environment(
        theme,
        keymap(ui)?,
        mouse(setup),
        ui.ascii,
    ))
}

fn keymap(ui: &Ui) -> Result<Keymap, Failure> {
    let own: Vec<(&str, Vec<String>)> = ui
        .keys
        .iter()
        .map(|(action, chords)| (action.as_str(), chords.all().to_vec()))
        .collect();
    Keymap::with_overrides(&own).map_err(|errors| {
        let failure = Failure::new(FaultKind::Config, "the keys of [ui.keys] can't be used")
            .hint("`flightdeck config show` tells where they were set");
        errors
            .iter()
            .fold(failure, |failure, error| failure.cause(error.to_string()))
    })
}

/// Over SSH the terminal's own selection is worth more than a click.
fn mouse(setup: &Setup) -> bool {
    let remote = ["SSH_CONNECTION", "SSH_TTY"];
    match setup.loaded.config.ui.mouse {
        Mouse::On => true,
        Mouse::Off => false,
        Mouse::Auto => remote.iter().all(|name| setup.machine.var(name).is_none()),
    }
}

impl From<TuiError> for Failure {
    fn from(error: TuiError) -> Self {
        match &error {
            TuiError::NoTerminal(_) => Self::usage(error.to_string()),
            TuiError::Terminal(_) => Self::new(FaultKind::Internal, error.to_string()),
        }
    }
}
