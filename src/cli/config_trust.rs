//! `flightdeck config trust`: a repository's own file may name servers, run programs and arm writes only once a person has seen
//! what it asks for. Trust is in the file's real path and its contents; a file that changes is asked about again.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Common, Screen, Trust};
use super::ask;
use super::failure::{BAD, Failure, GOOD};
use super::output::Output;
use super::setup::Machine;
use crate::config::paths::{ProfilePaths, project};
use crate::config::{self, ProjectFile, Withheld};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::text::Safe;
use crate::report::verdict::SCHEMA;
use crate::runtime::Clock;
use crate::runtime::query::trust;

/// Runs it.
pub(super) fn run(
    machine: &Machine,
    common: &Common,
    args: &Trust,
    out: &mut Output,
) -> Result<u8, Failure> {
    let sources = machine.sources(common, &Screen::default());
    let name = config::own_profile(&sources).map_err(|found| Failure::Config(Box::new(found)))?;
    let profile = machine.folders.profile(&name);
    if args.list {
        return list(&profile, out);
    }
    if common.read_only {
        return Err(Failure::new(
            FaultKind::Refused,
            "read-only: started with --read-only",
        ));
    }
    let path = file(machine, args.path.as_deref());
    if args.revoke {
        return revoke(&profile, &path, out);
    }
    let found = config::inspect(&path, machine.folders.home.as_deref())
        .map_err(|found| Failure::Config(Box::new(found)))?;
    let Some(asked) = found else {
        return Err(Failure::new(
            FaultKind::NotFound,
            format!("there is no file {}", shown(&path)),
        )
        .hint("name the file, or a folder of its repository"));
    };
    if !trust::holds(&profile, &asked.path, &asked.sha256) {
        if !out.is_json() {
            out.text(&question(&asked));
        }
        if !(args.yes || person_says_yes(out)?) {
            out.note("not trusted; nothing was changed");
            return Ok(BAD);
        }
        trust::trust(&profile, &asked.path, &asked.sha256, Clock::real().now())
            .map_err(|fault| kept(&fault))?;
    }
    if out.is_json() {
        out.json(&answer(&asked));
    } else {
        out.line(&format!("trusted: {}", shown(&asked.path)));
    }
    Ok(GOOD)
}

/// The file that is meant: a file by itself, a folder's project file, or that of the folder one stands in.
fn file(machine: &Machine, given: Option<&Path>) -> PathBuf {
    match given {
        None => project(&machine.cwd).file,
        Some(path) => {
            let path = machine.cwd.join(path);
            if path.is_dir() {
                project(&path).file
            } else {
                path
            }
        }
    }
}

fn list(profile: &ProfilePaths, out: &mut Output) -> Result<u8, Failure> {
    let all = trust::list(profile, Clock::real().now()).map_err(|fault| kept(&fault))?;
    let home = None;
    let is_current = |one: &trust::Trusted| {
        config::inspect(&one.path, home)
            .ok()
            .flatten()
            .is_some_and(|file| file.sha256.eq_ignore_ascii_case(&one.sha256))
    };
    if out.is_json() {
        let files: Vec<Value> = all
            .iter()
            .map(|one| {
                json!({
                    "path": one.path.display().to_string(),
                    "sha256": one.sha256,
                    "at": one.at.map(|at| at.to_string()),
                    "current": is_current(one),
                })
            })
            .collect();
        out.json(&json!({ "schema": SCHEMA, "files": files }));
    } else {
        for one in &all {
            let since = one.at.map_or_else(String::new, |at| {
                format!("  since {}", at.strftime("%Y-%m-%d"))
            });
            let changed = if is_current(one) {
                ""
            } else {
                "  (changed or gone: not trusted as it is)"
            };
            out.line(&format!("{}{since}{changed}", shown(&one.path)));
        }
        if all.is_empty() {
            out.note("no project file is trusted");
        }
    }
    Ok(GOOD)
}

fn revoke(profile: &ProfilePaths, path: &Path, out: &mut Output) -> Result<u8, Failure> {
    // A file that is gone can be forgotten by the path that `--list` shows.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let was = trust::revoke(profile, &real, Clock::real().now()).map_err(|fault| kept(&fault))?;
    if out.is_json() {
        out.json(&json!({
            "schema": SCHEMA, "path": real.display().to_string(), "trusted": false, "was_trusted": was,
        }));
    } else {
        let said = if was {
            "no longer trusted"
        } else {
            "was not trusted"
        };
        out.line(&format!("{said}: {}", shown(&real)));
    }
    Ok(GOOD)
}

/// What the file would be allowed to do, with the place of each key.
fn question(asked: &ProjectFile) -> String {
    let mut text = format!("{}\nsha256 {}\n\n", shown(&asked.path), asked.sha256);
    if asked.asks.is_empty() {
        text.push_str("It asks for nothing that needs trust.\n");
    } else {
        text.push_str("Once trusted, this file:\n");
    }
    for one in &asked.asks {
        let line = place(one).map_or_else(String::new, |(line, _)| format!("line {line}: "));
        let _ = writeln!(text, "  {line}{}\n      {}", one.what, one.key);
    }
    text.push('\n');
    text
}

fn person_says_yes(out: &Output) -> Result<bool, Failure> {
    if !ask::possible(out) {
        return Err(Failure::usage(
            "trust has to be confirmed, and there is no terminal to ask on",
        )
        .hint("read the file, then add --yes"));
    }
    ask::agreed("trust this file, as it is now?", out)
}

fn answer(asked: &ProjectFile) -> Value {
    let keys: Vec<Value> = asked
        .asks
        .iter()
        .map(|one| {
            let at = place(one);
            json!({
                "key": one.key, "what": one.what,
                "line": at.map(|(line, _)| line), "column": at.map(|(_, column)| column),
            })
        })
        .collect();
    json!({
        "schema": SCHEMA, "path": asked.path.display().to_string(), "sha256": asked.sha256,
        "trusted": true, "keys": keys,
    })
}

fn place(one: &Withheld) -> Option<(usize, usize)> {
    one.place.line_column()
}

fn shown(path: &Path) -> String {
    Safe::new(&path.display().to_string()).to_string()
}

fn kept(fault: &Fault) -> Failure {
    Failure::fault("trust", fault)
}
