//! The file in which `gh` keeps its hosts, for machines that have the file but not the program. Newer versions of `gh` keep the
//! token in the keyring instead: then there is none in the file, and only `gh auth token` knows it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::{SecretError, from_file};
use crate::domain::yaml;

/// The token that the file has for `host` (as `gh` knows it), with the file's path. No file, or no token in it, is no error.
///
/// # Errors
/// The file holds a token and others can read it, or it can't be read.
pub(super) fn token(
    host: &str,
    env: &BTreeMap<String, String>,
) -> Result<Option<(SecretString, PathBuf)>, SecretError> {
    let Some(path) = path(env).filter(|path| path.is_file()) else {
        return Ok(None);
    };
    let text = from_file(&path)?;
    Ok(of_host(text.expose_secret(), host).map(|token| (token, path)))
}

/// Where `gh` keeps it: `$GH_CONFIG_DIR`, else `$XDG_CONFIG_HOME/gh`, else `~/.config/gh`.
fn path(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    let given = |name: &str| env.get(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let folder = given("GH_CONFIG_DIR")
        .or_else(|| given("XDG_CONFIG_HOME").map(|d| d.join("gh")))
        .or_else(|| given("HOME").map(|d| d.join(".config").join("gh")))?;
    Some(folder.join("hosts.yml"))
}

/// `HOST: { user, oauth_token, users: { NAME: { oauth_token } } }`: the host's own token, else that of its user.
fn of_host(text: &str, host: &str) -> Option<SecretString> {
    let root = yaml::parse(text)?;
    let (_, entry) = root
        .pairs()
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(host))?;
    let token = |at: &yaml::Yaml| {
        let text = at.get("oauth_token")?.text()?.trim();
        (!text.is_empty()).then(|| SecretString::from(text.to_owned()))
    };
    token(entry).or_else(|| {
        let user = entry.get("user")?.text()?;
        token(entry.get("users")?.get(user)?)
    })
}
