//! Whose changes are "mine": the token's login, as GitHub tells it, or as it told it last.

use std::collections::BTreeMap;
use std::path::Path;

use super::ask::host;
use crate::config::Config;
use crate::domain::fetched::Fault;
use crate::domain::text::Safe;
use crate::domain::units::Now;
use crate::providers::CodeHost as _;
use crate::runtime::Clock;
use crate::store::{Cache, CacheKey, Limits};

/// Whose token a source has, asked now and kept; none: it belongs to no person.
///
/// # Errors
/// GitHub does not answer, or refuses.
pub async fn login(
    config: &Config,
    (env, cache_dir): (&BTreeMap<String, String>, &Path),
    clock: &Clock,
    source: &str,
) -> Result<Option<Safe>, Fault> {
    let host = host(config, env, clock, source).await?;
    let now = clock.now();
    let login = host.login().await.map_err(|e| e.to_fault(now.0))?;
    keep(config, cache_dir, (source, login.as_ref()), now);
    Ok(login)
}

/// Whose token it was when that was asked last; nobody is asked. None: it never was. `Some(None)`: it belonged to no person.
pub fn kept_login(
    config: &Config,
    cache_dir: &Path,
    source: &str,
    now: Now,
) -> Option<Option<Safe>> {
    let mut cache = Cache::open(cache_dir, Limits::default());
    let found = cache.get(&key(config, source), now.0)?;
    let login = String::from_utf8(found.body).ok()?;
    Some((!login.is_empty()).then(|| Safe::new(&login)))
}

fn keep(config: &Config, cache_dir: &Path, (source, login): (&str, Option<&Safe>), now: Now) {
    let mut cache = Cache::open(cache_dir, Limits::default());
    let body = login.map_or("", Safe::as_str);
    cache.put(&key(config, source), "", body.as_bytes(), now.0);
}

/// Beside the answers of GitHub; the source's name stands for its token, which is not read where nobody is asked.
fn key(config: &Config, source: &str) -> CacheKey {
    let github = config.github.get(source);
    CacheKey {
        host: github.map_or_else(String::new, |g| g.api.as_str().to_owned()),
        account: source.to_owned(),
        accept: "login".to_owned(),
        uri: "/user".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Folders, Sources, load};

    #[test]
    fn a_login_is_kept_for_when_nobody_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let env = [("HOME".to_owned(), folder.path().display().to_string())];
        let folders = Folders::new(&env.into_iter().collect()).unwrap();
        let config = load(&Sources::new(folder.path(), folders)).unwrap().config;
        let now = Now("2026-11-21T12:00:00Z".parse().unwrap());
        let found = |source: &str| kept_login(&config, folder.path(), source, now);
        assert_eq!(found("main"), None);
        let maria = Safe::new("maria");
        keep(&config, folder.path(), ("main", Some(&maria)), now);
        keep(&config, folder.path(), ("other", None), now);
        assert_eq!(
            (found("main"), found("other")),
            (Some(Some(maria)), Some(None))
        );
    }
}
