//! The repository one stands in, read from git's own files without asking git: the remote `origin` (else `upstream`, else the only
//! one), its host and its name, also for worktrees and for hosts that are only an alias in ssh's configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::domain::ids::RepoSlug;
use crate::domain::yaml;

/// A repository at a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    /// The host, in lower case.
    pub(super) host: String,
    /// The repository.
    pub(super) repo: RepoSlug,
}

/// The repository that the checkout at `root` belongs to.
pub(super) fn slug(root: &Path) -> Option<RepoSlug> {
    remote(root, None).map(|r| r.repo)
}

/// The remote of the checkout at `root`; aliases of hosts are looked up below `home`.
pub(super) fn remote(root: &Path, home: Option<&Path>) -> Option<Remote> {
    let text = std::fs::read_to_string(git_folder(root)?.join("config")).ok()?;
    let mut found = of_url(&chosen(&text)?)?;
    let aliases = home.map(|h| h.join(".ssh/config"));
    if let Some(text) = aliases.and_then(|path| std::fs::read_to_string(path).ok())
        && let Some(host) = host_name(&text, &found.host)
    {
        found.host = host;
    }
    if found.host == "ssh.github.com" {
        "github.com".clone_into(&mut found.host);
    }
    Some(found)
}

/// Whether a host is known to be a GitHub: github.com, a tenant of it, or a server that `gh` was told of. Others are not asked,
/// since a token would go there.
pub(super) fn is_github(host: &str, env: &BTreeMap<String, String>, home: Option<&Path>) -> bool {
    if host == "github.com" || host.ends_with(".ghe.com") {
        return true;
    }
    if env
        .get("GH_HOST")
        .is_some_and(|h| h.eq_ignore_ascii_case(host))
    {
        return true;
    }
    let folder = |name: &str| env.get(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let folder = folder("GH_CONFIG_DIR")
        .or_else(|| folder("XDG_CONFIG_HOME").map(|f| f.join("gh")))
        .or_else(|| home.map(|h| h.join(".config/gh")));
    let hosts = folder.and_then(|f| std::fs::read_to_string(f.join("hosts.yml")).ok());
    hosts
        .and_then(|text| yaml::parse(&text))
        .is_some_and(|hosts| hosts.get(host).is_some())
}

/// The REST API of a GitHub host.
pub(super) fn api(host: &str) -> String {
    if host == "github.com" || host.ends_with(".ghe.com") {
        format!("https://api.{host}")
    } else {
        format!("https://{host}/api/v3")
    }
}

/// `.git`, or the shared folder that a worktree's `.git` file leads to.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = std::fs::read_to_string(&git).ok()?;
    let folder = root.join(text.strip_prefix("gitdir:")?.trim());
    match std::fs::read_to_string(folder.join("commondir")) {
        Ok(common) => Some(folder.join(common.trim())),
        Err(_) => Some(folder),
    }
}

/// The address of `origin`, else of `upstream`, else of the only remote.
fn chosen(config: &str) -> Option<String> {
    let mut urls: Vec<(String, String)> = Vec::new();
    let mut inside: Option<String> = None;
    for line in config.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            inside = section
                .strip_prefix("remote")
                .and_then(|rest| rest.trim().strip_prefix('"'))
                .and_then(|rest| rest.split('"').next())
                .map(str::to_owned);
        } else if let Some(name) = &inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "url"
            && !urls.iter().any(|(n, _)| n == name)
        {
            urls.push((name.clone(), value.trim().trim_matches('"').to_owned()));
        }
    }
    let of = |wanted: &str| {
        urls.iter()
            .find(|(n, _)| n == wanted)
            .map(|(_, u)| u.clone())
    };
    of("origin")
        .or_else(|| of("upstream"))
        .or_else(|| match urls.as_slice() {
            [(_, only)] => Some(only.clone()),
            _ => None,
        })
}

/// Host and name of an address: `https://host/owner/name.git`, `git@host:owner/name`, `ssh://git@host:22/owner/name.git`.
fn of_url(url: &str) -> Option<Remote> {
    let (authority, path, ssh) = if let Some((scheme, rest)) = url.split_once("://") {
        let (authority, path) = rest.split_once('/')?;
        (authority, path, scheme.contains("ssh"))
    } else {
        let (authority, path) = url.split_once(':')?;
        (authority, path, true)
    };
    let host = authority.rsplit('@').next().unwrap_or(authority);
    // A port belongs to a web server's name; over ssh it says nothing of the API.
    let host = if ssh {
        host.split(':').next().unwrap_or(host)
    } else {
        host
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!host.is_empty()).then_some(())?;
    Some(Remote {
        host: host.to_ascii_lowercase(),
        repo: path.parse().ok()?,
    })
}

/// The `HostName` of a host in ssh's configuration; patterns are not followed.
fn host_name(config: &str, host: &str) -> Option<String> {
    let mut ours = false;
    for line in config.lines().map(str::trim) {
        let (key, value) = line.split_once([' ', '\t', '=']).unwrap_or((line, ""));
        let value = value.trim_matches([' ', '\t', '=', '"']);
        match key.to_ascii_lowercase().as_str() {
            "host" => {
                let mut hosts = value.split_whitespace();
                ours = hosts.any(|h| h.eq_ignore_ascii_case(host));
            }
            "match" => ours = false,
            "hostname" if ours && !value.contains('%') => return Some(value.to_ascii_lowercase()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_all_kinds_name_host_and_repository() {
        for (url, host) in [
            ("https://github.com/acme/checkout.git", "github.com"),
            (
                "https://token@GitHub.example:8443/acme/checkout",
                "github.example:8443",
            ),
            ("git@github.com:acme/checkout.git", "github.com"),
            ("ssh://git@github.com:22/acme/checkout.git/", "github.com"),
            ("work:acme/checkout", "work"),
        ] {
            let found = of_url(url).unwrap();
            assert_eq!(
                (found.host.as_str(), found.repo.to_string().as_str()),
                (host, "acme/checkout"),
                "{url}"
            );
        }
        assert!(of_url("/srv/git/checkout.git").is_none());
        assert!(of_url("https://github.com/acme").is_none());
    }

    #[test]
    fn origin_comes_before_upstream_and_before_a_lonely_one() {
        let remote =
            |name: &str| format!("[remote \"{name}\"]\n\turl = git@x:{name}/b\n\tfetch = +refs\n");
        let all = format!(
            "[core]\n\tbare = false\n{}{}{}",
            remote("fork"),
            remote("upstream"),
            remote("origin")
        );
        assert_eq!(chosen(&all).as_deref(), Some("git@x:origin/b"));
        assert_eq!(
            chosen(&(remote("fork") + &remote("upstream"))).as_deref(),
            Some("git@x:upstream/b")
        );
        assert_eq!(chosen(&remote("fork")).as_deref(), Some("git@x:fork/b"));
        assert_eq!(chosen(&(remote("a") + &remote("b"))), None);
    }

    #[test]
    fn an_alias_of_ssh_leads_to_its_host() {
        let config = "Host *\n  User me\nHost work other\n  HostName github.com\n  IdentityFile ~/.ssh/w\nHost x\n HostName=y.example\n";
        assert_eq!(host_name(config, "work").as_deref(), Some("github.com"));
        assert_eq!(host_name(config, "x").as_deref(), Some("y.example"));
        assert_eq!(host_name(config, "github.com"), None);
    }

    #[test]
    fn only_known_hosts_are_githubs() {
        let keep = tempfile::tempdir().unwrap();
        let mut env = BTreeMap::new();
        let known =
            |host: &str, env: &BTreeMap<String, String>| is_github(host, env, Some(keep.path()));
        assert!(known("github.com", &env) && known("acme.ghe.com", &env));
        assert!(!known("gitlab.com", &env) && !known("git.acme.example", &env));
        std::fs::create_dir_all(keep.path().join(".config/gh")).unwrap();
        std::fs::write(
            keep.path().join(".config/gh/hosts.yml"),
            "git.acme.example:\n    user: li\n",
        )
        .unwrap();
        assert!(known("git.acme.example", &env));
        env.insert("GH_HOST".to_owned(), "ghes.example".to_owned());
        assert!(known("ghes.example", &env));
        assert_eq!(api("acme.ghe.com"), "https://api.acme.ghe.com");
        assert_eq!(api("ghes.example"), "https://ghes.example/api/v3");
    }

    #[test]
    fn a_worktree_leads_to_the_shared_configuration() {
        let keep = tempfile::tempdir().unwrap();
        let (main, tree) = (keep.path().join("main/.git"), keep.path().join("tree"));
        std::fs::create_dir_all(main.join("worktrees/tree")).unwrap();
        std::fs::create_dir_all(&tree).unwrap();
        std::fs::write(
            main.join("config"),
            "[remote \"origin\"]\nurl = git@x:acme/search\n",
        )
        .unwrap();
        std::fs::write(main.join("worktrees/tree/commondir"), "../..\n").unwrap();
        let link = format!("gitdir: {}\n", main.join("worktrees/tree").display());
        std::fs::write(tree.join(".git"), link).unwrap();
        assert_eq!(slug(&tree).unwrap().to_string(), "acme/search");
    }
}
