//! The repository one stands in, read from `.git/config`: the address of the remote `origin`, without asking git.

use std::path::{Path, PathBuf};

use crate::domain::ids::RepoSlug;

/// The repository that `origin` names, for the checkout at `root`.
pub(super) fn slug(root: &Path) -> Option<RepoSlug> {
    let text = std::fs::read_to_string(git_folder(root)?.join("config")).ok()?;
    of_url(&origin(&text)?)
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

/// The first `url` of `[remote "origin"]`.
fn origin(config: &str) -> Option<String> {
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.replace(' ', "") == "[remote\"origin\"]";
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "url"
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}

/// `owner/name` of an address: `https://host/owner/name.git`, `git@host:owner/name`, `ssh://git@host/owner/name.git`.
fn of_url(url: &str) -> Option<RepoSlug> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url.split_once(':')?.1,
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    path.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_all_kinds_name_their_repository() {
        for url in [
            "https://github.com/acme/checkout.git",
            "https://token@github.example/acme/checkout",
            "git@github.com:acme/checkout.git",
            "ssh://git@github.com:22/acme/checkout.git/",
        ] {
            assert_eq!(of_url(url).unwrap().to_string(), "acme/checkout", "{url}");
        }
        assert!(of_url("/srv/git/checkout.git").is_none());
        assert!(of_url("https://github.com/acme").is_none());
    }

    #[test]
    fn origin_is_found_among_other_remotes() {
        let config = "[core]\n\tbare = false\n[remote \"fork\"]\n\turl = git@x:a/b\n[remote \"origin\"]\n\turl = git@x:acme/checkout\n\tfetch = +refs\n";
        assert_eq!(origin(config).as_deref(), Some("git@x:acme/checkout"));
        assert_eq!(origin("[remote \"fork\"]\nurl = git@x:a/b\n"), None);
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
