//! Where things lie: the user's folders (XDG), the project's file, and what belongs to a profile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folders that files are looked for in. Built from the machine once, or by a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// The home folder, for `~/`.
    pub home: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME/flightdeck`.
    pub config: PathBuf,
    /// `$XDG_STATE_HOME/flightdeck`.
    pub state: PathBuf,
    /// `$XDG_CACHE_HOME/flightdeck`.
    pub cache: PathBuf,
}

impl Folders {
    /// The folders by `env` (`XDG_*_HOME`, then `HOME`), else by the machine. `None`: there is no home folder at all.
    pub fn new(env: &BTreeMap<String, String>) -> Option<Self> {
        let system = directories::BaseDirs::new();
        // The XDG rule: a relative path is invalid and ignored.
        let absolute = |name: &str| {
            env.get(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let home =
            absolute("HOME").or_else(|| system.as_ref().map(|dirs| dirs.home_dir().to_owned()));
        let given_home = absolute("HOME").is_some();
        let folder = |name: &str, below_home: &str, machine: Option<PathBuf>| {
            let base = absolute(name)
                .or_else(|| {
                    home.as_ref()
                        .filter(|_| given_home && cfg!(target_os = "linux"))
                        .map(|home| home.join(below_home))
                })
                .or(machine)
                .or_else(|| home.as_ref().map(|home| home.join(below_home)))?;
            Some(base.join("flightdeck"))
        };
        let dirs = system.as_ref();
        Some(Self {
            config: folder(
                "XDG_CONFIG_HOME",
                ".config",
                dirs.map(|d| d.config_dir().to_owned()),
            )?,
            state: folder(
                "XDG_STATE_HOME",
                ".local/state",
                dirs.and_then(|d| d.state_dir().map(Path::to_owned)),
            )?,
            cache: folder(
                "XDG_CACHE_HOME",
                ".cache",
                dirs.map(|d| d.cache_dir().to_owned()),
            )?,
            home,
        })
    }

    /// The user's file.
    pub fn user_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// What belongs to a profile.
    pub fn profile(&self, profile: &str) -> ProfilePaths {
        let state = self.state.join(profile);
        ProfilePaths {
            database: state.join("flightdeck.db"),
            head: state.join("ledger.head"),
            logs: state.join("logs"),
            responses: self.cache.join(profile).join("responses.cache"),
            cache: self.cache.join(profile),
            state,
        }
    }
}

/// The files of a profile; nothing here makes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfilePaths {
    /// The state folder (mode 0700).
    pub state: PathBuf,
    /// Ledger, history, trust (mode 0600).
    pub database: PathBuf,
    /// The head of the ledger's chain, kept apart from it.
    pub head: PathBuf,
    /// The log folder.
    pub logs: PathBuf,
    /// The cache folder.
    pub cache: PathBuf,
    /// HTTP validators and bodies, the last screen.
    pub responses: PathBuf,
}

/// The project's file, and the root of the repository it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// `.flightdeck/config.toml`; it may not exist.
    pub file: PathBuf,
    /// The folder that holds `.git`, if one stands in a repository.
    pub root: Option<PathBuf>,
}

/// Looks for `.flightdeck/config.toml` from `cwd` upward, up to the repository's root; outside of a repository only in `cwd`
/// itself, since a folder further up may belong to anybody.
pub fn project(cwd: &Path) -> Project {
    let root = cwd
        .ancestors()
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_owned);
    let last = root.as_deref().unwrap_or(cwd);
    let file = |folder: &Path| folder.join(".flightdeck").join("config.toml");
    let found = cwd
        .ancestors()
        .take_while(|folder| folder.starts_with(last))
        .map(file)
        .find(|path| path.exists());
    Project {
        file: found.unwrap_or_else(|| file(last)),
        root,
    }
}
