//! The candidate of an environment: which commit would go there next, and how it was chosen. Pure.

use super::live::EnvState;
use super::watch::{Phase, Watch};
use super::{Overview, Release, VersionRef};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// What makes a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The newest tag, or a draft release.
    Tags,
    /// The newest release, a draft before all.
    Releases,
    /// The default branch's head.
    Branch,
}

/// How a service is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Releasing {
    /// What makes a candidate.
    pub from: From,
    /// The pattern of its version tags (a glob): a repository may hold the tags of several services.
    pub tags: String,
}

impl Default for Releasing {
    fn default() -> Self {
        Self {
            from: From::Tags,
            tags: "*".to_owned(),
        }
    }
}

impl Releasing {
    /// Whether a tag is a version of the service.
    pub fn takes(&self, tag: &Safe) -> bool {
        self.tags == "*" || fast_glob::glob_match(&self.tags, tag.as_str())
    }

    /// The overview with the service's own releases and tags before all others, so that a commit which several services tagged
    /// has this one's name.
    #[must_use]
    pub fn arrange(&self, mut overview: Overview) -> Overview {
        // A stable sort: newest first within each part.
        overview.releases.sort_by_key(|r| !self.takes(&r.tag));
        overview.tags.sort_by_key(|t| !self.takes(&t.name));
        overview
    }
}

/// The candidate: the version under way, else what the service's way of releasing says, else the default branch's head.
pub fn choose(
    releasing: &Releasing,
    overview: &Overview,
    state: &EnvState,
    watch: Option<&Watch>,
) -> Option<(VersionRef, Safe)> {
    if let Some(watch) = watch
        && !matches!(watch.phase, Phase::Baking | Phase::Returned(_))
    {
        return Some((watch.subject.clone(), Safe::new("being deployed")));
    }
    let released = match releasing.from {
        From::Branch => None,
        From::Tags => draft(releasing, overview, state).or_else(|| tag(releasing, overview, state)),
        From::Releases => {
            draft(releasing, overview, state).or_else(|| release(releasing, overview, state))
        }
    };
    released.or_else(|| head(releasing, overview)).or_else(|| {
        let live = state.live.as_ref()?;
        Some((live.what.clone(), Safe::new("what is live")))
    })
}

fn chosen(sha: &CommitSha, name: &Safe, how: &str) -> (VersionRef, Safe) {
    let what = VersionRef {
        sha: sha.clone(),
        version: Some(name.clone()),
    };
    (what, Safe::new(how))
}

fn was_live(state: &EnvState, sha: &CommitSha) -> bool {
    let good = state.known_good.iter().map(|k| &k.what.sha);
    let left = state.rolled_back_from.iter().map(|l| &l.what.sha);
    let live = state.live.iter().map(|l| &l.what.sha);
    live.chain(good).chain(left).any(|s| s == sha)
}

fn draft(
    releasing: &Releasing,
    overview: &Overview,
    state: &EnvState,
) -> Option<(VersionRef, Safe)> {
    let of = |r: &&Release| r.draft && releasing.takes(&r.tag);
    let draft = overview.releases.iter().find(of)?;
    let sha = draft.sha.as_ref().filter(|sha| !was_live(state, sha))?;
    Some(chosen(sha, &draft.tag, "the newest draft release"))
}

/// Tags are newest first: only one ahead of all that was live is a candidate.
fn tag(releasing: &Releasing, overview: &Overview, state: &EnvState) -> Option<(VersionRef, Safe)> {
    let tag = overview.tags.iter().find(|t| releasing.takes(&t.name))?;
    (!was_live(state, &tag.sha))
        .then(|| chosen(&tag.sha, &tag.name, "the newest tag, never live here"))
}

/// The release published last, whatever its commit's date.
fn release(
    releasing: &Releasing,
    overview: &Overview,
    state: &EnvState,
) -> Option<(VersionRef, Safe)> {
    let published = overview.releases.iter().filter(|r| !r.draft);
    let release = published
        .filter(|r| releasing.takes(&r.tag) && r.sha.is_some())
        .max_by_key(|r| r.published_at)?;
    let sha = release.sha.as_ref().filter(|sha| !was_live(state, sha))?;
    Some(chosen(
        sha,
        &release.tag,
        "the newest release, never live here",
    ))
}

/// The default branch's head; where the pattern fits none of the names there are, that is said.
fn head(releasing: &Releasing, overview: &Overview) -> Option<(VersionRef, Safe)> {
    let (name, sha) = overview.default_branch.as_ref()?;
    let missed = |names: &[&Safe]| !names.is_empty() && !names.iter().any(|n| releasing.takes(n));
    let tags: Vec<&Safe> = overview.tags.iter().map(|t| &t.name).collect();
    let releases: Vec<&Safe> = overview.releases.iter().map(|r| &r.tag).collect();
    let why = match releasing.from {
        From::Tags if missed(&tags) => format!(": no tag is like {}", releasing.tags),
        From::Releases if missed(&releases) => format!(": no release is like {}", releasing.tags),
        _ => String::new(),
    };
    let how = format!("the head of {name}{why}");
    Some((overview.version(sha), Safe::new(&how)))
}

#[cfg(test)]
mod tests;
