//! What `config check|show|path` say: text for people, valid TOML where it is a configuration.

use std::fmt::Write as _;

use super::diagnostic::shown_path;
use super::load::Loaded;
use super::tree::{Layer, Place, key_text};

/// The effective configuration as TOML, each key with the layer that set it; secrets hidden, withheld keys named.
pub fn show(loaded: &Loaded) -> String {
    let mut out = String::new();
    for withheld in &loaded.withheld {
        let _ = writeln!(
            out,
            "# withheld until the file is trusted: {} ({})",
            withheld.key,
            at(&withheld.place)
        );
    }
    let mut section: Vec<String> = Vec::new();
    for key in &loaded.origins.all() {
        let (Some(name), parent) = (
            key.path.last(),
            key.path.get(..key.path.len() - 1).unwrap_or_default(),
        ) else {
            continue;
        };
        if parent != section.as_slice() {
            section = parent.to_vec();
            let _ = writeln!(out, "\n[{}]", super::tree::dotted(&section));
        }
        let _ = writeln!(out, "{} = {}  # {}", key_text(name), key.value, key.origin);
    }
    out.trim_start().to_owned()
}

/// The files that were looked for, one a line, with whether they are there.
pub fn path(loaded: &Loaded) -> String {
    let mut out = String::new();
    for file in &loaded.files {
        let whose = match file.layer {
            Layer::User => "user",
            Layer::Project => "project",
            _ => "given",
        };
        let found = if file.found { "" } else { "  (not there)" };
        let _ = writeln!(out, "{whose:<8} {}{found}", shown_path(&file.path));
    }
    out
}

/// What a check of a configuration that holds has to say: the files, what is withheld, the warnings.
pub fn check(loaded: &Loaded, colour: bool) -> String {
    let mut out = String::new();
    for warning in &loaded.warnings {
        let _ = writeln!(out, "{}\n", warning.render_warning(colour));
    }
    for withheld in &loaded.withheld {
        let _ = writeln!(
            out,
            "withheld until the file is trusted: {} ({})",
            withheld.key,
            at(&withheld.place)
        );
    }
    if !loaded.withheld.is_empty() {
        out.push_str("  `flightdeck config trust` shows what they would do, and asks\n");
    }
    let used = loaded.files.iter().filter(|file| file.found).count();
    let services = loaded.config.services.len();
    let _ = match used {
        0 => writeln!(out, "ok: no configuration file, everything is built in"),
        _ => writeln!(
            out,
            "ok: {used} file{}, {services} service{}",
            if used == 1 { "" } else { "s" },
            if services == 1 { "" } else { "s" }
        ),
    };
    out
}

fn at(place: &Place) -> String {
    match (place, place.line_column()) {
        (Place::File(source, _), Some((line, _))) => format!("{}:{line}", shown_path(&source.path)),
        (Place::Env(name) | Place::Flag(name), _) => name.clone(),
        _ => "built in".to_owned(),
    }
}
