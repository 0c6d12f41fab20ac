//! `flightdeck config check|show|path|schema`; `init` and `trust` have their own files.

use serde_json::{Value, json};

use super::args::{Common, Config, Screen};
use super::config_trust;
use super::failure::{Failure, GOOD};
use super::init;
use super::output::Output;
use super::setup::Machine;
use crate::config::{self, Loaded};
use crate::report::verdict::SCHEMA;

/// Runs it.
pub(super) fn run(common: &Common, args: &Config, out: &mut Output) -> Result<u8, Failure> {
    let machine = Machine::read()?;
    if let Config::Trust(args) = args {
        return config_trust::run(&machine, common, args, out);
    }
    let loaded = match (machine.load(common, &Screen::default()), args) {
        (_, Config::Schema) => {
            out.json(&config::json_schema());
            return Ok(GOOD);
        }
        (_, Config::Init(args)) => return init::run(&machine, common, args, out),
        (Ok(loaded), _) => loaded,
        // Where the files lie is worth knowing above all when one of them is broken.
        (Err(_), Config::Path) => return Ok(paths_only(&machine, common, out)),
        (Err(failure), _) => return Err(failure),
    };
    if out.is_json() {
        out.json(&answer(&loaded, args));
    } else {
        match args {
            Config::Check => out.text(&config::check(&loaded, out.colour())),
            Config::Show => out.text(&config::show(&loaded)),
            Config::Path | Config::Init(_) | Config::Schema | Config::Trust(_) => {
                out.text(&config::path(&loaded));
            }
        }
    }
    Ok(GOOD)
}

fn answer(loaded: &Loaded, args: &Config) -> Value {
    match args {
        Config::Check => json!({
            "schema": SCHEMA,
            "ok": true,
            "services": loaded.config.services.len(),
            "files": files(loaded),
            "warnings": loaded.warnings.iter().map(config::Diagnostic::finding).collect::<Vec<_>>(),
            "withheld": loaded.withheld.iter().map(|w| w.key.as_str()).collect::<Vec<_>>(),
        }),
        Config::Show => json!({
            "schema": SCHEMA,
            "values": loaded.origins.all().iter().map(|key| json!({
                "key": key.path.join("."),
                "value": key.value,
                "origin": key.origin.to_string(),
            })).collect::<Vec<_>>(),
        }),
        Config::Path | Config::Init(_) | Config::Schema | Config::Trust(_) => {
            json!({ "schema": SCHEMA, "files": files(loaded) })
        }
    }
}

fn files(loaded: &Loaded) -> Vec<Value> {
    let of =
        |f: &config::FileUsed| json!({ "path": f.path.display().to_string(), "found": f.found });
    loaded.files.iter().map(of).collect()
}

/// The files without what is in them.
fn paths_only(machine: &Machine, common: &Common, out: &mut Output) -> u8 {
    let paths = match &common.config {
        Some(path) => vec![machine.cwd.join(path)],
        None => match machine.var("FLIGHTDECK_CONFIG") {
            Some(path) => vec![machine.cwd.join(path)],
            None => vec![
                machine.folders.user_file(),
                config::paths::project(&machine.cwd).file,
            ],
        },
    };
    if out.is_json() {
        let files: Vec<Value> = paths
            .iter()
            .map(|p| json!({ "path": p.display().to_string(), "found": p.exists() }))
            .collect();
        out.json(&json!({ "schema": SCHEMA, "files": files }));
    } else {
        for path in paths {
            let found = if path.exists() { "" } else { "  (not there)" };
            out.line(&format!("{}{found}", path.display()));
        }
    }
    GOOD
}
