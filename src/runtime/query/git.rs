//! Questions that a local clone answers by itself: no network, no token, no configuration.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::change::lead_time::Measured;
use crate::domain::change::local::{self, History, LocalChange};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::text::Safe;
use crate::domain::units::{Now, thousands};
use crate::providers::git::{Clone, GitError};
use crate::report::changes::{ChangeEntry, ChangesReport, Counted};
use crate::report::location::{FirstRelease, WhereReport};

/// How lead time is counted in a clone.
const DEFINITION: &str = "from the author date of a change's first commit to the date of the first tag that contains it; \
     what the first tag contains is listed, but does not count";

/// Which clone, and what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// A path in the clone.
    pub path: PathBuf,
    /// The tags that are releases: a glob.
    pub tags: String,
    /// The folder where commits are kept; none: nothing is kept.
    pub cache: Option<PathBuf>,
}

/// Which changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Those that landed after it.
    pub since: Option<Timestamp>,
    /// Only those of whom the clone's settings name.
    pub mine: bool,
    /// Bots and releases count, too.
    pub all: bool,
    /// So many are put into words.
    pub most: usize,
}

fn fault(error: &GitError, now: Now) -> Fault {
    Fault {
        message: Safe::new(&error.to_string()),
        hint: Some(Safe::new(error.hint())),
        kind: error.kind(),
        at: now.0,
        retry_at: None,
    }
}

impl Ask {
    fn takes(&self) -> impl Fn(&str) -> bool + '_ {
        |name| self.tags == "*" || fast_glob::glob_match(&self.tags, name)
    }

    fn cache_file(&self, clone: &Clone) -> Option<PathBuf> {
        self.cache.as_deref().map(|f: &Path| clone.cache_file(f))
    }

    fn notes(&self, history: &History) -> Vec<String> {
        let mut notes = Vec::new();
        if history.shallow {
            notes.push(
                "this clone is shallow: older commits are missing; `git fetch --unshallow` brings them".to_owned(),
            );
        }
        if history.tags.is_empty() {
            notes.push(if self.tags == "*" {
                "this clone has no tags: nothing is released; `git fetch --tags` may bring them"
                    .to_owned()
            } else {
                format!("no tag of this clone matches `{}`", self.tags)
            });
        }
        let light = history.tags.iter().filter(|t| !t.annotated).count();
        if light > 0 {
            notes.push(format!(
                "{} of {} tags have no date of their own: their commit's date stands for it",
                thousands(light as u64),
                thousands(history.tags.len() as u64)
            ));
        }
        notes
    }
}

/// The changes of a clone, with their lead times.
///
/// # Errors
/// There is no clone, or it is damaged.
pub fn changes(ask: &Ask, which: &Which, now: Now) -> Result<ChangesReport, Fault> {
    let err = |e: GitError| fault(&e, now);
    let clone = Clone::open(&ask.path).map_err(err)?;
    let cache = ask.cache_file(&clone);
    let history = clone
        .history(&ask.takes(), &[], cache.as_deref())
        .map_err(err)?;
    let mut notes = ask.notes(&history);
    if history.head.is_none() {
        notes.push("nothing is committed on what is checked out".to_owned());
    }
    if which.mine && history.me.is_none() {
        return Err(Fault {
            message: Safe::new("the clone does not say who you are"),
            hint: Some(Safe::new("set it with `git config user.email ADDRESS`")),
            kind: FaultKind::Config,
            at: now.0,
            retry_at: None,
        });
    }
    let by = history.me.as_deref().filter(|_| which.mine);
    let found = local::changes(&history, which.since, by, now);
    if found.merges > 0 {
        let n = thousands(found.merges as u64);
        notes.push(format!("{n} merge commits are no changes by themselves"));
    }
    let entry = |c: &LocalChange, measured: &Measured| {
        let tag = c.tag.and_then(|t| history.tags.get(t));
        let change = history.describe(c)?;
        Some(ChangeEntry::of(
            &change,
            measured,
            tag.map(|t| t.name.clone()),
        ))
    };
    let measured = found.changes.into_iter().map(|c| {
        let measured = c.measured.clone();
        (c, measured)
    });
    let listed = (Counted { all: which.all }, which.most);
    Ok(ChangesReport::of(
        DEFINITION, measured, entry, listed, notes,
    ))
}

/// Where a commit, tag or branch of a clone is.
///
/// # Errors
/// There is no clone, the name is not known, or the clone is damaged.
pub fn locate(ask: &Ask, name: &str, now: Now) -> Result<WhereReport, Fault> {
    let err = |e: GitError| fault(&e, now);
    let clone = Clone::open(&ask.path).map_err(err)?;
    let cache = ask.cache_file(&clone);
    let bare = name.parse::<u64>().ok().filter(|_| name.len() < 9);
    let target = match clone.resolve(name) {
        Ok(oid) => Some(oid),
        // It may be a pull request.
        Err(_) if bare.is_some() || pull_number(name).is_some() => None,
        Err(e) => return Err(err(e)),
    };
    let more: Vec<_> = target.into_iter().collect();
    let history = clone
        .history(&ask.takes(), &more, cache.as_deref())
        .map_err(err)?;
    // A tag may be called `2024`; else a number is a pull request before it is the beginning of a commit's id.
    let bare = bare.filter(|_| !history.tags.iter().any(|t| t.name.as_str() == name));
    let number = pull_number(name).or(bare);
    let by_number = number.and_then(|n| local::pull(&history, n));
    let target = by_number.or(target).ok_or_else(|| {
        err(GitError::NoSuchRef {
            name: name.to_owned(),
            path: ask.path.clone(),
        })
    })?;
    let mut report = WhereReport::new(name, Some(now.0));
    report.sha = Some(target.to_string());
    report.notes = ask.notes(&history);
    let tag = history.find(target).and_then(|n| history.first_tag(n));
    report.first_release = tag.map(|t| FirstRelease {
        tag: t.name.clone(),
        at: t.at,
    });
    if tag.is_none() {
        let on_main = history.head.zip(history.find(target));
        let on_main = on_main.is_some_and(|(h, n)| history.graph.contains(h, n));
        report.waiting_for = Some(if on_main {
            "a release: no tag contains it".to_owned()
        } else {
            "its merge: what is checked out does not contain it".to_owned()
        });
    }
    Ok(report)
}

/// The number of `#12`, or of a pull request's address.
pub fn pull_number(name: &str) -> Option<u64> {
    if let Some(digits) = name.strip_prefix('#') {
        return digits.parse().ok();
    }
    let (_, rest) = name
        .split_once("/pull/")
        .filter(|(a, _)| a.contains("://"))?;
    rest.split(['/', '?', '#']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_requests_are_known_by_number_or_address() {
        assert_eq!(pull_number("#12"), Some(12));
        assert_eq!(
            pull_number("https://github.com/acme/shop/pull/12/files"),
            Some(12)
        );
        assert_eq!(pull_number("12"), None);
        assert_eq!(pull_number("feature/pull/12"), None);
    }
}
