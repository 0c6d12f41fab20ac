//! Finds the secret that a reference leads to. The secret is checked, wrapped, and shown nowhere; what is shown is its source.
//!
//! A secret is found *for a host*: the usual variables of github.com are never sent to another server. Blocking (a program may be
//! run): call it off the loop. What `gh` keeps is read in `secrets_hosts.rs`, the keyring in
//! `secrets_keyring.rs`.

#[path = "secrets_hosts.rs"]
mod hosts;
#[path = "secrets_keyring.rs"]
mod keyring;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use secrecy::{ExposeSecret, SecretString};

use super::model::TokenRef;

/// The longest a program may take to print a secret.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that is read of a file or of a program's answer, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// The longest secret that is sent, in bytes: servers refuse longer headers.
const MAX_LENGTH: usize = 8 * 1024;

/// The service under which the keyring is asked, unless the configuration names another.
const KEYRING_SERVICE: &str = "flightdeck";

/// A secret, where it came from, and the host it is for.
#[derive(Clone)]
pub struct Secret {
    value: SecretString,
    source: String,
    host: String,
}

impl Secret {
    /// The secret itself, if it is for this host; a token never goes to another one.
    pub fn for_host(&self, host: &str) -> Option<&SecretString> {
        self.host.eq_ignore_ascii_case(host).then_some(&self.value)
    }
    /// Where it came from, in words: `GH_TOKEN`, `gh auth token`, `~/token`.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// The host it is for, as the configuration has it.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// What kind of GitHub token it is, by its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A classic personal token, with coarse scopes.
    Classic,
    /// A fine-grained personal token: one owner, no permission for checks.
    FineGrained,
    /// Of `gh` or another OAuth app: what its user may.
    OAuth,
    /// A person's token of a GitHub App; it lasts hours.
    AppUser,
    /// An installation's token of a GitHub App, or that of a workflow; it lasts an hour.
    Installation,
    /// Another beginning.
    Unknown,
}

impl Secret {
    /// The kind of GitHub token that this is.
    pub fn kind(&self) -> TokenKind {
        let text = self.value.expose_secret();
        let kinds = [
            ("ghp_", TokenKind::Classic),
            ("github_pat_", TokenKind::FineGrained),
            ("gho_", TokenKind::OAuth),
            ("ghu_", TokenKind::AppUser),
            ("ghs_", TokenKind::Installation),
        ];
        let known = kinds.into_iter().find(|(begin, _)| text.starts_with(begin));
        known.map_or(TokenKind::Unknown, |(_, kind)| kind)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("value", &"<hidden>")
            .field("source", &self.source)
            .field("host", &self.host)
            .finish()
    }
}

/// Why there is no secret. Never holds a part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SecretError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

fn fail<T>(message: impl Into<String>, hint: impl Into<String>) -> Result<T, SecretError> {
    Err(SecretError {
        message: message.into(),
        hint: hint.into(),
    })
}

/// Finds the secret behind `reference`, for requests to `host` (as in the API's URL, with a port where one is written). `env` is
/// the environment, also of the programs that are run.
///
/// # Errors
/// Nothing found, an unsafe file, a program that failed, or a value that can't be sent; each says what to do.
pub fn resolve(
    reference: &TokenRef,
    host: &str,
    env: &BTreeMap<String, String>,
) -> Result<Secret, SecretError> {
    let (raw, source) = match reference {
        TokenRef::Auto {} => auto(host, env)?,
        TokenRef::Env { name } => match env.get(name) {
            Some(value) => (SecretString::from(value.clone()), name.clone()),
            None => {
                return fail(
                    format!("the variable {name} is not set"),
                    format!("export {name}, or name another variable"),
                );
            }
        },
        TokenRef::File { path } => (from_file(path)?, path.display().to_string()),
        TokenRef::Keyring { service, user } => {
            let service = service.as_deref().unwrap_or(KEYRING_SERVICE);
            let user = user.clone().unwrap_or_else(|| known_host(host));
            (keyring::secret(service, &user)?, "the keyring".to_owned())
        }
        TokenRef::Command { argv } => {
            let name = argv.first().cloned().unwrap_or_default();
            (run(argv, env, PATIENCE)?, name)
        }
    };
    Ok(Secret {
        value: checked(&raw, &source)?,
        source,
        host: host.to_owned(),
    })
}

/// The host as `gh` and people know it: `api.github.com` is `github.com`, `api.acme.ghe.com` is `acme.ghe.com`; no port.
fn known_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    let host = if host.starts_with('[') {
        host.split_inclusive(']')
            .next()
            .unwrap_or_default()
            .to_owned()
    } else {
        host.split(':').next().unwrap_or_default().to_owned()
    };
    match host.strip_prefix("api.") {
        Some(rest) if rest == "github.com" || rest.ends_with(".ghe.com") => rest.to_owned(),
        _ => host,
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn auto(host: &str, env: &BTreeMap<String, String>) -> Result<(SecretString, String), SecretError> {
    let host = known_host(host);
    let own = host == "github.com" || host.ends_with(".ghe.com") || is_loopback(&host);
    let names = if own {
        ["GH_TOKEN", "GITHUB_TOKEN"]
    } else {
        ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]
    };
    for name in names {
        if let Some(value) = env.get(name).filter(|value| !value.trim().is_empty()) {
            return Ok((SecretString::from(value.clone()), name.to_owned()));
        }
    }
    let argv: Vec<String> = ["gh", "auth", "token", "--hostname", &host]
        .map(str::to_owned)
        .to_vec();
    // `gh` looks at the same variables: those of github.com are not even shown to it on the way to another host.
    let mut theirs = env.clone();
    if !own {
        theirs.retain(|name, _| !matches!(name.as_str(), "GH_TOKEN" | "GITHUB_TOKEN"));
    }
    if let Ok(raw) = run(&argv, &theirs, PATIENCE)
        && !raw.expose_secret().trim().is_empty()
    {
        return Ok((raw, "gh auth token".to_owned()));
    }
    // Without `gh` itself its file may still be there.
    if let Some((raw, path)) = hosts::token(&host, env)? {
        return Ok((raw, path.display().to_string()));
    }
    fail(
        format!("there is no token for {host}"),
        format!(
            "set {}, or run `gh auth login --hostname {host}`, or write `token` in the configuration",
            names[0]
        ),
    )
}

/// Trims a secret and makes sure that it can stand in a header.
fn checked(raw: &SecretString, source: &str) -> Result<SecretString, SecretError> {
    let text = raw.expose_secret().trim();
    if text.is_empty() {
        return fail(
            format!("the secret from {source} is empty"),
            "put the secret there",
        );
    }
    if text.len() > MAX_LENGTH {
        return fail(
            format!("the secret from {source} is longer than {MAX_LENGTH} characters"),
            "put only the secret there, on one line",
        );
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return fail(
            format!(
                "the secret from {source} holds a space, a line break or a character beyond ASCII"
            ),
            "put only the secret there, on one line",
        );
    }
    Ok(SecretString::from(text.to_owned()))
}

/// Reads a file that only its owner may read.
fn from_file(path: &Path) -> Result<SecretString, SecretError> {
    let shown = path.display();
    let unreadable = |e: std::io::Error| SecretError {
        message: format!("the secret's file {shown} can't be read: {}", e.kind()),
        hint: "check the path and its owner".to_owned(),
    };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return fail(format!("{shown} is not a file"), "name a file");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if meta.mode() & 0o077 != 0 {
            return fail(
                format!(
                    "others can read the secret's file {shown} (mode {:03o})",
                    meta.mode() & 0o777
                ),
                format!("run: chmod 600 {shown}"),
            );
        }
    }
    let mut bytes = Vec::new();
    file.by_ref()
        .take(MAX_BYTES as u64)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    text(bytes, &shown.to_string())
}

fn text(bytes: Vec<u8>, source: &str) -> Result<SecretString, SecretError> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SecretString::from(text)),
        Err(_) => fail(
            format!("the secret from {source} is not text"),
            "put only the secret there, on one line",
        ),
    }
}

/// Runs a program without a shell and takes what it prints.
fn run(
    argv: &[String],
    env: &BTreeMap<String, String>,
    patience: Duration,
) -> Result<SecretString, SecretError> {
    let Some((program, arguments)) = argv.split_first() else {
        return fail("the command is empty", "write argv = [\"program\", ..]");
    };
    let spawned = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // What a program says when it fails may hold a secret, and the screen is not its place.
        .stderr(Stdio::null())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(e) => {
            return fail(
                format!("{program} can't be run: {}", e.kind()),
                "check argv and PATH",
            );
        }
    };
    let read = match child.stdout.take() {
        Some(out) => printed(out, patience),
        None => Err(Unread::Broken),
    };
    if matches!(read, Err(Unread::Late)) {
        drop(child.kill());
        drop(child.wait());
        return fail(
            format!("{program} printed nothing within {} s", patience.as_secs()),
            "run it by hand: it may be waiting for you",
        );
    }
    // It has closed its output: it ends now, or is ended.
    let mut status = child.try_wait();
    for _ in 0..100 {
        if !matches!(status, Ok(None)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        status = child.try_wait();
    }
    match (status, read) {
        (Ok(Some(status)), Ok(bytes)) if status.success() => text(bytes, program),
        (Ok(Some(status)), _) => fail(
            format!("{program} failed: {status}"),
            "run it by hand to see why",
        ),
        _ => {
            drop(child.kill());
            drop(child.wait());
            fail(
                format!("{program} did not end"),
                "run it by hand to see why",
            )
        }
    }
}

/// Why a program's output was not read to its end.
enum Unread {
    /// It did not come within the time.
    Late,
    /// The pipe failed.
    Broken,
}

/// What a program prints until it closes its output. Its own children may keep that open after it: so not for ever.
fn printed(mut out: ChildStdout, patience: Duration) -> Result<Vec<u8>, Unread> {
    let until = Instant::now() + patience;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while bytes.len() < MAX_BYTES {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|_| Unread::Broken)?;
        match poll(&mut [PollFd::new(&out, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(Unread::Late),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => return Err(Unread::Broken),
        }
        match out.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => bytes.extend_from_slice(chunk.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(Unread::Broken),
        }
    }
    bytes.truncate(MAX_BYTES);
    Ok(bytes)
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
