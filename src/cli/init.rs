//! `flightdeck config init`: asks the repository, not the person; shows what it would write; writes it, and keeps what is there.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::{Common, Init, Screen};
use super::ask;
use super::failure::{Failure, GOOD};
use super::found;
use super::output::Output;
use super::remote;
use super::setup::Machine;
use crate::config::{self, Loaded, init, paths};
use crate::domain::fetched::FaultKind;
use crate::domain::ids::RepoSlug;
use crate::domain::survey::Survey;
use crate::report::verdict::SCHEMA;
use crate::runtime::Clock;
use crate::runtime::query::survey::{SurveyAsk, survey};
use crate::runtime::query::trust;
use crate::runtime::session;

/// Runs it.
pub(super) fn run(
    machine: &Machine,
    common: &Common,
    args: &Init,
    out: &mut Output,
) -> Result<u8, Failure> {
    let path = target(machine, common);
    if path.exists() && !args.force && !args.print {
        return Err(Failure::usage(format!(
            "there is a configuration already: {}; nothing was written",
            path.display()
        ))
        .hint("--print shows what would be written, --force replaces the file and keeps a copy"));
    }
    if !args.yes && !args.print && !ask::possible(out) {
        return Err(Failure::usage("there is no terminal to ask on")
            .hint("--print only shows what would be written, --yes writes it"));
    }
    let base = alone(machine, None)?;
    let (repo, api) = which(machine, args, &base)?;
    let survey = look(machine, args, &api, repo)?;
    let text = init::text(&survey, &api);
    if !out.is_json() {
        out.text(&text);
    }
    let question = format!("write this to {}?", path.display());
    let go = args.yes || (!args.print && ask::agreed(&question, out)?);
    let backup = if go { write(&path, &text)? } else { None };
    if go {
        trust_own(machine, common, &path)?;
    }
    if out.is_json() {
        out.json(&answer(&path, &text, go, backup.as_deref(), &survey));
    } else if go {
        if let Some(backup) = backup {
            out.note(&format!(
                "the file that was there is now {}",
                backup.display()
            ));
        }
        out.note(&format!("written: {}", path.display()));
    } else {
        out.note("nothing was written");
    }
    Ok(GOOD)
}

/// A project's file that its user has just seen and let be written is trusted as it stands, so that it works at once.
fn trust_own(machine: &Machine, common: &Common, path: &Path) -> Result<(), Failure> {
    if path != paths::project(&machine.cwd).file {
        return Ok(());
    }
    let broken = |found| Failure::Config(Box::new(found));
    let asked = config::inspect(path, machine.folders.home.as_deref()).map_err(broken)?;
    let sources = machine.sources(common, &Screen::default());
    let profile = config::own_profile(&sources).map_err(broken)?;
    let Some(asked) = asked else { return Ok(()) };
    let profile = machine.folders.profile(&profile);
    trust::trust(&profile, &asked.path, &asked.sha256, Clock::real().now())
        .map_err(|fault| Failure::fault("the store", &fault))
}

/// Where it goes: the given file, else the project's.
fn target(machine: &Machine, common: &Common) -> PathBuf {
    let given = common.config.clone();
    let given = given.or_else(|| machine.var("FLIGHTDECK_CONFIG").map(PathBuf::from));
    given.map_or_else(
        || paths::project(&machine.cwd).file,
        |path| machine.cwd.join(path),
    )
}

/// The configuration without a project's file, which is only to be written: tokens come from where the user has them.
fn alone(machine: &Machine, found: Option<String>) -> Result<Loaded, Failure> {
    let mut own = machine.clone();
    own.env.remove("FLIGHTDECK_CONFIG");
    // No project lies at the root of all folders.
    own.cwd = PathBuf::from("/");
    let mut loaded = own.load_found(&Common::default(), &Screen::default(), found)?;
    loaded.repository = paths::project(&machine.cwd).root;
    Ok(loaded)
}

/// The repository and the API of its host.
fn which(machine: &Machine, args: &Init, base: &Loaded) -> Result<(RepoSlug, String), Failure> {
    let given = args.github.as_ref().map(|u| u.as_str().to_owned());
    if let Some(repo) = &args.repo {
        let api = given.or_else(|| found::configured_api(base));
        return Ok((repo.clone(), api.unwrap_or_else(|| init::GITHUB.to_owned())));
    }
    let Some(remote) = found::stand(machine, base) else {
        return Err(Failure::usage("this is no clone with a remote")
            .hint("stand in a clone of the repository, or name it with --repo OWNER/NAME"));
    };
    let Some(api) = given.or_else(|| found::api(machine, base, &remote.host)) else {
        return Err(Failure::usage(format!(
            "{} is not known to be a GitHub, so no token is sent there",
            crate::domain::text::Safe::new(&remote.host)
        ))
        .hint(format!(
            "if it is one: --github {}, or `gh auth login --hostname {}`",
            remote::api(&remote.host),
            crate::domain::text::Safe::new(&remote.host)
        )));
    };
    Ok((remote.repo, api))
}

fn look(machine: &Machine, args: &Init, api: &str, repo: RepoSlug) -> Result<Survey, Failure> {
    let metrics = args.metrics.clone().or_else(|| found::metrics(machine));
    let text = format!("schema = 1\n[github.main]\napi = {api:?}\n");
    let loaded = alone(machine, Some(text))?;
    let runtime = session::runtime().map_err(|e| {
        Failure::new(FaultKind::Internal, "the runtime can't be started").cause(e.to_string())
    })?;
    let clock = session::clock(&loaded.config);
    let ask = SurveyAsk { repo, metrics };
    let found = runtime.block_on(survey(&loaded.config, &machine.env, &clock, &ask));
    runtime.shutdown_background();
    found.map_err(|fault| Failure::fault("github.main", &fault))
}

/// Writes the file whole or not at all; what was there is kept beside it under the answered name.
fn write(path: &Path, text: &str) -> Result<Option<PathBuf>, Failure> {
    let fail = |e: std::io::Error| {
        Failure::new(
            FaultKind::Config,
            format!("{} can't be written", path.display()),
        )
        .cause(e.to_string())
        .hint("check the folder's owner and permissions")
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(fail)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    // Others of the project read it too; a temporary file is for its owner alone.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(mode).map_err(fail)?;
    }
    let mut backup = None;
    if path.exists() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let free = (0_u32..1_000)
            .map(|n| match n {
                0 => folder.join(format!("{name}.bak")),
                n => folder.join(format!("{name}.bak{n}")),
            })
            .find(|p| !p.exists());
        let Some(free) = free else {
            return Err(Failure::new(
                FaultKind::Config,
                "there are a thousand copies of the file already",
            ));
        };
        std::fs::copy(path, &free).map_err(fail)?;
        backup = Some(free);
    }
    let kept = if backup.is_some() {
        file.persist(path)
    } else {
        // Somebody else may have been quicker.
        file.persist_noclobber(path)
    };
    kept.map_err(|e| fail(e.error))?;
    Ok(backup)
}

fn answer(
    path: &Path,
    text: &str,
    written: bool,
    backup: Option<&Path>,
    survey: &Survey,
) -> serde_json::Value {
    let metrics = survey.metrics.as_ref();
    let signals = metrics.and_then(|m| m.signals.as_ref());
    json!({
        "schema": SCHEMA,
        "path": path.display().to_string(),
        "written": written,
        "backup": backup.map(|b| b.display().to_string()),
        "repo": survey.repo.repo,
        "missing": survey.repo.missing.iter().map(|m| json!({
            "what": m.what, "permission": m.permission, "why": m.why,
        })).collect::<Vec<_>>(),
        "metrics": metrics.map(|m| json!({
            "url": m.url, "seen": m.seen, "family": signals.map(|s| s.family),
            "requests_per_second": signals.and_then(|s| s.per_second), "error_ratio": signals.and_then(|s| s.failing),
            "why": m.why,
        })),
        "config": text,
    })
}
