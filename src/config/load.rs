//! Loading: finds the files, checks each layer, merges, checks the whole, and makes the typed tree. Everything that it depends
//! on comes in through [`Sources`].

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use config::ConfigError;

use super::checks;
use super::diagnostic::{Diagnostic, Diagnostics, shown_path};
use super::document::ROOT;
use super::file::{self, Read};
use super::given;
use super::merge::{Merged, merge};
use super::model::Config;
use super::paths::{Folders, project};
use super::plan::PlannedConfig;
use super::schema::nearest;
use super::strict::Strict;
use super::tree::{Layer, Place, SourceText, Table, Value, dotted, find};
use super::trust::{self, ProjectFile, TrustCheck, Withheld};

pub use super::origins::{Origin, Origins};

/// Checks a chord; the error says what is wrong with it.
pub type ChordCheck = fn(&str) -> Result<(), String>;

/// All that a configuration is made from.
#[derive(Clone)]
pub struct Sources {
    /// The folder one stands in: where the search for the project's file starts.
    pub cwd: PathBuf,
    /// The user's folders.
    pub folders: Folders,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// `--config FILE`; replaces the user's and the project's file, as `FLIGHTDECK_CONFIG` does.
    pub config_flag: Option<PathBuf>,
    /// Flags that set keys: (key path with dots, value, the flag's name).
    pub flags: Vec<(String, String, String)>,
    /// Whether the project's file is trusted, whatever it says.
    pub trusted: bool,
    /// Else: asks whether its contents are. `None`: they are not.
    pub trust: Option<TrustCheck>,
    /// The actions that `ui.keys` may name; empty: not checked.
    pub actions: Vec<String>,
    /// Checks the chords of `ui.keys`.
    pub chord: Option<ChordCheck>,
    /// A configuration that was found out instead of written: the lowest layer above the built-in one.
    pub found: Option<String>,
}

impl Sources {
    /// Nothing but folders: no environment, no flags, no trust.
    pub fn new(cwd: impl Into<PathBuf>, folders: Folders) -> Self {
        Self {
            cwd: cwd.into(),
            folders,
            env: BTreeMap::new(),
            config_flag: None,
            flags: Vec::new(),
            trusted: false,
            trust: None,
            actions: Vec::new(),
            chord: None,
            found: None,
        }
    }

    fn given_file(&self) -> Option<PathBuf> {
        let named = self
            .env
            .get("FLIGHTDECK_CONFIG")
            .filter(|path| !path.is_empty());
        self.config_flag
            .clone()
            .or_else(|| named.map(PathBuf::from))
            .map(|path| self.cwd.join(path))
    }
}

/// The environment may hold tokens: only its names are shown.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("cwd", &self.cwd)
            .field("folders", &self.folders)
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("config_flag", &self.config_flag)
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}

/// A file that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUsed {
    /// Where.
    pub path: PathBuf,
    /// Whose.
    pub layer: Layer,
    /// Whether it is there.
    pub found: bool,
}

/// A configuration that holds.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The typed tree.
    pub config: Config,
    /// Planned releases of the plan file.
    pub plan: Vec<PlannedConfig>,
    /// For each effective key its value and the layer that set it.
    pub origins: Origins,
    /// What works but should be looked at.
    pub warnings: Vec<Diagnostic>,
    /// What the project's file says but may not, being untrusted.
    pub withheld: Vec<Withheld>,
    /// The project's own file, if it is there and was understood.
    pub project: Option<ProjectFile>,
    /// The files that were looked for, lowest layer first.
    pub files: Vec<FileUsed>,
    /// The root of the repository that one stands in.
    pub repository: Option<PathBuf>,
}

impl Loaded {
    /// Whether there is any service: without one there is nothing to watch.
    pub fn is_configured(&self) -> bool {
        !self.config.services.is_empty()
    }
}

/// Loads the configuration. No file at all is fine: then everything is built in.
///
/// # Errors
/// All faults of all layers at once, each with its place and with what to write instead.
pub fn load(sources: &Sources) -> Result<Loaded, Diagnostics> {
    let project = project(&sources.cwd);
    let root = project.root.as_deref().unwrap_or(&sources.cwd).to_owned();
    let stray = trust::leads_out(&project.file, &root);
    let wanted = match sources.given_file() {
        Some(path) => vec![(path, Layer::Given)],
        None => vec![
            (sources.folders.user_file(), Layer::User),
            (project.file, Layer::Project),
        ],
    };
    let mut faults = Vec::new();
    let mut dropped = Vec::new();
    let mut files = Vec::new();
    let mut layers: Vec<(Layer, Table)> = Vec::new();
    let mut own_file = None;
    let mut broken = false;
    let mut stray_faults = Vec::new();
    let found = sources.found.as_ref().map(|text| {
        let path = PathBuf::from("(found in this clone)");
        let read = file::text(&path, Layer::Found, text.clone());
        (path, Layer::Found, read)
    });
    let read = wanted.into_iter().map(|(path, layer)| {
        let read = file::read(&path, layer);
        (path, layer, read)
    });
    for (path, layer, read) in found.into_iter().chain(read) {
        if layer != Layer::Found {
            files.push(FileUsed {
                path: path.clone(),
                layer,
                found: !matches!(read, Read::Missing),
            });
        }
        match read {
            Read::Missing if layer == Layer::Given => faults.push(no_such_file(sources, &path)),
            Read::Missing => {}
            // No line of a file that lies elsewhere is shown before it is trusted.
            Read::Broken(_) if layer == Layer::Project && stray => {}
            Read::Broken(found) => {
                broken = true;
                faults.extend(found);
            }
            Read::Parsed(source, mut table) => {
                let base = path.parent().unwrap_or(Path::new("."));
                let mut strict = Strict::new(base, sources.folders.home.as_deref());
                strict.table(&ROOT, &mut table, &mut Vec::new());
                // Set once, here: the text is not shown before.
                source.masks.get_or_init(|| strict.masks);
                if layer == Layer::Project && stray {
                    stray_faults = strict.faults;
                } else {
                    faults.extend(strict.faults);
                }
                dropped.extend(strict.dropped);
                layers.push((layer, table));
                if layer == Layer::Project {
                    own_file = Some(source);
                }
            }
        }
    }
    let mut strict = Strict::new(&sources.cwd, sources.folders.home.as_deref());
    layers.push((
        Layer::Env,
        given::from_env(&ROOT, &sources.env, &mut strict),
    ));
    layers.push((
        Layer::Flag,
        given::from_flags(&ROOT, &sources.flags, &mut strict),
    ));
    faults.extend(strict.faults);
    dropped.extend(strict.dropped);

    let (own_file, withheld) = match own_file {
        Some(source) => judge(sources, &source, &root, stray, &mut layers),
        None => (None, Vec::new()),
    };
    if own_file.as_ref().is_some_and(|file| file.trusted) {
        faults.extend(stray_faults);
    }
    let merged = merge(layers.into_iter().map(|(_, table)| table).collect()).map_err(|e| {
        Diagnostics(vec![Diagnostic::new(
            &Place::Default,
            format!("the layers can't be merged: {e}"),
        )])
    })?;
    // A file that does not parse lacks everything: what would be missed then says nothing.
    if !broken {
        faults.extend(checks::required(&merged, &dropped));
        faults.extend(checks::cross(&merged, &dropped));
        faults.extend(own_keys(&merged, sources));
        faults.extend(super::calendar_checks::cross(&merged, &dropped));
    }
    let plan = super::plan::read(&merged, project.root.as_deref(), &sources.cwd);
    faults.extend(plan.faults);
    if !faults.is_empty() {
        return Err(Diagnostics(in_order(faults)));
    }
    let mut warnings = checks::warnings(&merged);
    warnings.extend(plan.warnings);
    let config = typed(&merged).map_err(|fault| Diagnostics(vec![fault]))?;
    Ok(Loaded {
        config,
        plan: plan.releases,
        origins: Origins::new(merged),
        warnings,
        withheld,
        project: own_file,
        files,
        repository: project.root,
    })
}

fn no_such_file(sources: &Sources, path: &Path) -> Diagnostic {
    let place = if sources.config_flag.is_some() {
        Place::Flag("--config".to_owned())
    } else {
        Place::Env("FLIGHTDECK_CONFIG".to_owned())
    };
    Diagnostic::new(&place, format!("there is no file {}", shown_path(path)))
        .hint("name an existing configuration file")
}

/// The profile as the user's own layers have it: where trust is kept. A project's file has no say in it.
///
/// # Errors
/// The user's file can't be read.
pub fn own_profile(sources: &Sources) -> Result<String, Diagnostics> {
    let mut strict = Strict::new(&sources.cwd, sources.folders.home.as_deref());
    let mut layers = vec![
        given::from_flags(&ROOT, &sources.flags, &mut strict),
        given::from_env(&ROOT, &sources.env, &mut strict),
    ];
    let file = sources.given_file();
    match file::read(
        &file.unwrap_or_else(|| sources.folders.user_file()),
        Layer::User,
    ) {
        Read::Missing => {}
        Read::Broken(found) => return Err(Diagnostics(found)),
        Read::Parsed(_, table) => layers.push(table),
    }
    Ok(profile_in(layers.iter()))
}

/// The first profile of these layers, highest first.
fn profile_in<'a>(layers: impl Iterator<Item = &'a Table>) -> String {
    let named = layers
        .filter_map(|table| find(table, &["state", "profile"]))
        .find_map(|item| match &item.value {
            Value::Text(name) => Some(name.clone()),
            _ => None,
        });
    named.unwrap_or_else(|| "default".to_owned())
}

/// Whether the project's file is trusted; what it may not say is taken out of its layer.
fn judge(
    sources: &Sources,
    source: &SourceText,
    root: &Path,
    stray: bool,
    layers: &mut [(Layer, Table)],
) -> (Option<ProjectFile>, Vec<Withheld>) {
    let mut layer = Table::new();
    let mut own = Vec::new();
    for (which, table) in layers.iter_mut() {
        if *which == Layer::Project {
            layer = std::mem::take(table);
        } else {
            own.push(&*table);
        }
    }
    let path = trust::real(&source.path);
    let sha256 = trust::sha256(source.text.as_bytes());
    let mut asks = trust::asks(&layer, Some(root));
    if stray {
        asks.insert(0, trust::whole(&path));
    }
    let profile = profile_in(own.iter().rev().copied());
    let check = || {
        let check = sources.trust.as_ref();
        check.is_some_and(|check| check(&profile, &path, &sha256))
    };
    let trusted = sources.trusted || check();
    let withheld = match (trusted, stray) {
        (true, _) => Vec::new(),
        // What lies elsewhere is not the repository's: nothing of it holds, and no line of it is shown.
        (false, true) => {
            layer.clear();
            asks.clone()
        }
        (false, false) => trust::withhold(&mut layer, root, &own),
    };
    for (which, table) in layers {
        if *which == Layer::Project {
            *table = std::mem::take(&mut layer);
        }
    }
    let file = ProjectFile {
        path,
        sha256,
        trusted,
        asks,
    };
    (Some(file), withheld)
}

/// `ui.keys` against the actions and the chords that exist.
fn own_keys(merged: &Merged, sources: &Sources) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for action in merged.names(&["ui", "keys"]) {
        let path = ["ui", "keys", action.as_str()];
        if !sources.actions.is_empty() && !sources.actions.contains(&action) {
            let hint = nearest(&action, sources.actions.iter().map(String::as_str)).map_or_else(
                || "`?` on the screen names the actions".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            found.push(
                Diagnostic::new(
                    &merged.place(&path),
                    format!("unknown action `{}`", dotted(&path)),
                )
                .hint(hint),
            );
        }
        let mut chords = merged.texts(&path);
        chords.extend(merged.text(&path).map(str::to_owned));
        for chord in chords {
            if let Some(Err(why)) = sources.chord.map(|check| check(&chord)) {
                found.push(
                    Diagnostic::new(&merged.place(&path), format!("`{}`: {why}", dotted(&path)))
                        .hint("write a chord such as \"R\", \"ctrl-l\" or \"F5\""),
                );
            }
        }
    }
    found
}

/// The typed tree. The checks have seen every key, so a fault here is one of flightdeck itself; it still names its place.
fn typed(merged: &Merged) -> Result<Config, Diagnostic> {
    merged.config.clone().try_deserialize().map_err(|e| {
        let path: Vec<&str> = match &e {
            ConfigError::Type { key, .. } | ConfigError::At { key, .. } => key.as_deref(),
            _ => None,
        }
        .map_or_else(Vec::new, |key| key.split('.').collect());
        Diagnostic::new(&merged.place(&path), e.to_string())
    })
}

/// File by file, each from top to bottom; then variables and flags.
fn in_order(mut faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    faults.sort_by_key(|fault| match &fault.place {
        Place::Default => (Layer::Default, 0),
        Place::File(source, span) => (source.layer, span.start),
        Place::Env(_) => (Layer::Env, 0),
        Place::Flag(_) => (Layer::Flag, 0),
    });
    faults
}
