//! What every command starts from: the environment, the folders, the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::args::{Common, Screen};
use super::failure::Failure;
use super::logging::{self, Log};
use super::output::Output;
use crate::app::action::ActionId;
use crate::app::chord::Chord;
use crate::config::{self, Folders, Loaded, Sources};
use crate::domain::fetched::FaultKind;
use crate::runtime::query::trust;

/// The machine around the program, read once.
#[derive(Clone)]
pub(super) struct Machine {
    /// The environment.
    pub(super) env: BTreeMap<String, String>,
    /// The user's folders.
    pub(super) folders: Folders,
    /// Where one stands.
    pub(super) cwd: PathBuf,
}

/// The environment may hold tokens: only the folders are shown.
impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine")
            .field("folders", &self.folders)
            .field("cwd", &self.cwd)
            .finish_non_exhaustive()
    }
}

/// A command's start.
#[derive(Debug)]
pub(super) struct Setup {
    /// The machine.
    pub(super) machine: Machine,
    /// The configuration.
    pub(super) loaded: Loaded,
    /// Why writes are off.
    pub(super) read_only: Option<String>,
    /// Keeps the log open until the end.
    _log: Option<Log>,
}

impl Machine {
    /// Reads it.
    pub(super) fn read() -> Result<Self, Failure> {
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let folders = Folders::new(&env).ok_or_else(|| {
            Failure::new(FaultKind::Config, "there is no home folder")
                .hint("set HOME, or XDG_CONFIG_HOME, XDG_STATE_HOME and XDG_CACHE_HOME")
        })?;
        let cwd = std::env::current_dir().map_err(|e| {
            Failure::new(FaultKind::Internal, "the current folder can't be read")
                .cause(e.to_string())
        })?;
        Ok(Self { env, folders, cwd })
    }

    /// A variable that is set to something.
    pub(super) fn var(&self, name: &str) -> Option<&str> {
        self.env
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// Loads the configuration, and says nothing if it holds.
    pub(super) fn load(&self, common: &Common, screen: &Screen) -> Result<Loaded, Failure> {
        self.load_found(common, screen, None)
    }

    /// Loads the configuration over one that was found out instead of written.
    pub(super) fn load_found(
        &self,
        common: &Common,
        screen: &Screen,
        found: Option<String>,
    ) -> Result<Loaded, Failure> {
        let mut sources = self.sources(common, screen);
        sources.found = found;
        config::load(&sources).map_err(|found| Failure::Config(Box::new(found)))
    }

    /// What a configuration is made from here. A project's file is trusted as the store has it.
    pub(super) fn sources(&self, common: &Common, screen: &Screen) -> Sources {
        let mut sources = Sources::new(&self.cwd, self.folders.clone());
        sources.env.clone_from(&self.env);
        sources.config_flag.clone_from(&common.config);
        let theme = screen.theme.iter();
        sources.flags = theme
            .map(|name| ("ui.theme".to_owned(), name.clone(), "--theme".to_owned()))
            .collect();
        sources.actions = ActionId::ALL
            .iter()
            .map(|id| id.row().name.to_owned())
            .collect();
        sources.chord = Some(|text| Chord::parse(text).map(drop).map_err(|e| e.to_string()));
        let folders = self.folders.clone();
        sources.trust = Some(Arc::new(move |profile, path, sha256| {
            trust::holds(&folders.profile(profile), path, sha256)
        }));
        sources
    }
}

impl Setup {
    /// The configuration of a command that watches something; without any service there is nothing to do.
    pub(super) fn configured(common: &Common) -> Result<Self, Failure> {
        let setup = Self::any(common, &Screen::default())?;
        if setup.loaded.is_configured() {
            return Ok(setup);
        }
        let setup = match setup.surveyed(common)? {
            Ok(found) => return Ok(found),
            Err(setup) => setup,
        };
        let files: Vec<String> = setup
            .loaded
            .files
            .iter()
            .map(|f| f.path.display().to_string())
            .collect();
        Err(Failure::new(
            FaultKind::Config,
            format!("no service is configured in {}", files.join(" or ")),
        )
        .hint("`flightdeck config init` in a clone writes one, `flightdeck demo` needs none"))
    }

    /// Says on stderr what an untrusted project file does not get; where JSON is asked for, the answers carry it.
    pub(super) fn say_withheld(&self, out: &Output) {
        let withheld = &self.loaded.withheld;
        if withheld.is_empty() || out.is_json() {
            return;
        }
        let keys: Vec<&str> = withheld.iter().map(|w| w.key.as_str()).collect();
        out.note(&format!(
            "withheld from the project's file, which is not trusted: {}\n  `flightdeck config trust` shows what they would do, and asks",
            keys.join(", ")
        ));
    }

    /// The configuration, whatever is in it.
    pub(super) fn any(common: &Common, screen: &Screen) -> Result<Self, Failure> {
        Self::on(Machine::read()?, common, screen)
    }

    /// The configuration on a machine.
    pub(super) fn on(machine: Machine, common: &Common, screen: &Screen) -> Result<Self, Failure> {
        let loaded = machine.load(common, screen)?;
        let switch = machine.var("FLIGHTDECK_READ_ONLY");
        let read_only = if common.read_only {
            Some("read-only: started with --read-only".to_owned())
        } else {
            switch
                .filter(|v| !matches!(*v, "0" | "false" | "no"))
                .map(|_| "read-only: FLIGHTDECK_READ_ONLY is set".to_owned())
        };
        let logs = machine.folders.profile(&loaded.config.state.profile).logs;
        let log = machine
            .var("FLIGHTDECK_LOG")
            .map(|filter| logging::start(filter, &logs))
            .transpose()?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            profile = loaded.config.state.profile.as_str(),
            services = loaded.config.services.len(),
            read_only = read_only.is_some(),
            "flightdeck starts"
        );
        Ok(Self {
            machine,
            loaded,
            read_only,
            _log: log,
        })
    }

    /// The same with what was found out, to look at only.
    pub(super) fn with_found(mut self, loaded: Loaded, why: &str) -> Self {
        self.loaded = loaded;
        self.read_only.get_or_insert_with(|| why.to_owned());
        self
    }
}
