//! Files: who else can write the configuration, who else can read the state, whether the ledger is as it was recorded.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::config::{Loaded, Origin};
use crate::domain::units::Now;
use crate::report::doctor::{Check, Severity};
use crate::report::text::counted;
use crate::runtime::query::ledger;
use crate::runtime::session;

/// The findings on the files of a configuration that holds.
pub fn files(loaded: &Loaded, env: &BTreeMap<String, String>, now: Now) -> Vec<Check> {
    let mut found = vec![summary(loaded)];
    for (nth, warning) in loaded.warnings.iter().enumerate() {
        let mut check = Check::new(
            format!("config.warning-{}", nth + 1),
            Severity::Warning,
            &warning.message,
        );
        if let Some(hint) = &warning.hint {
            check = check.fix(hint);
        }
        found.push(check);
    }
    if !loaded.withheld.is_empty() {
        let keys: Vec<&str> = loaded.withheld.iter().map(|w| w.key.as_str()).collect();
        let message = format!(
            "the project's file is not trusted, so this has no effect: {}",
            keys.join(", ")
        );
        found.push(
            Check::new("config.trust", Severity::Warning, &message)
                .fix("`flightdeck config trust` shows what it would do, and asks"),
        );
    }
    for file in loaded.files.iter().filter(|f| f.found) {
        found.extend(writable(&file.path));
    }
    found.extend(state(loaded, env, now));
    found
}

fn summary(loaded: &Loaded) -> Check {
    let files = loaded.files.iter().filter(|f| f.found).count();
    let services = loaded.config.services.len();
    if services == 0 {
        let looked: Vec<String> = loaded
            .files
            .iter()
            .map(|f| f.path.display().to_string())
            .collect();
        let message = format!("no service is configured in {}", looked.join(" or "));
        return Check::new("config", Severity::Error, &message)
            .fix("`flightdeck config init` in a clone writes one; `flightdeck demo` needs none");
    }
    let set = loaded
        .origins
        .all()
        .iter()
        .filter(|key| key.origin != Origin::Default)
        .count();
    let message = format!(
        "{}, {}, {}",
        counted(files, "file"),
        counted(services, "service"),
        counted(set, "setting")
    );
    Check::good("config", &message)
}

fn mode(path: &Path) -> Option<u32> {
    let meta = std::fs::metadata(path).ok()?;
    Some(meta.permissions().mode() & 0o7777)
}

/// Who may write the configuration may send the token anywhere.
fn writable(path: &Path) -> Option<Check> {
    let mode = mode(path).filter(|mode| mode & 0o022 != 0)?;
    let shown = path.display();
    let message = format!("others can write {shown} (mode {mode:03o})");
    Some(
        Check::new("config.mode", Severity::Warning, &message)
            .fix(&format!("run: chmod go-w {shown}")),
    )
}

fn state(loaded: &Loaded, env: &BTreeMap<String, String>, now: Now) -> Vec<Check> {
    // Without a home folder no command starts, the doctor neither.
    let Some(profile) = session::profile(&loaded.config, env) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for path in [&profile.state, &profile.database] {
        if let Some(mode) = mode(path).filter(|mode| mode & 0o077 != 0) {
            let shown = path.display();
            let message = format!("others can read {shown} (mode {mode:03o})");
            found.push(
                Check::new("state.mode", Severity::Warning, &message)
                    .fix(&format!("run: chmod go-rwx {shown}")),
            );
        }
    }
    found.push(match ledger::verify(loaded, env, now) {
        Ok(whole) if whole.ok => {
            let message = format!(
                "{}, each as it was recorded",
                counted(usize::try_from(whole.rows).unwrap_or(usize::MAX), "row")
            );
            Check::good("state.ledger", &message)
        }
        Ok(broken) => {
            let at = broken
                .broken_at
                .map_or_else(String::new, |n| format!(" from row {n} on"));
            Check::new(
                "state.ledger",
                Severity::Error,
                &format!("the ledger is not as it was recorded{at}"),
            )
            .fix("`flightdeck ledger verify` says why; keep the file, and ask who changed it")
        }
        Err(fault) => {
            let check = Check::new("state.ledger", Severity::Error, fault.message.as_str());
            match &fault.hint {
                Some(hint) => check.fix(hint.as_str()),
                None => check,
            }
        }
    });
    found
}
