//! Where a commit, pull request or tag is, from what is kept.

use super::shelf::Shelf;
use crate::domain::change::ancestry::Node;
use crate::domain::change::origin::{self, Kept, Origin};
use crate::domain::change::repository::Repository;
use crate::domain::change::stream::Stream;
use crate::domain::change::synced::Source;
use crate::domain::fetched::Fault;
use crate::domain::ids::{CommitSha, EnvId, RepoSlug, ServiceId};
use crate::domain::rollback::journal::Closed;
use crate::domain::text::Safe;
use crate::domain::units::Now;
use crate::report::location::{FirstRelease, Rung, WhereReport};
use crate::runtime::query::git::pull_number;
use crate::store::{RepoKey, StoreError};

/// What was found: a commit with its place in the graph, or the commits of a pull request.
struct Found {
    sha: Option<CommitSha>,
    nodes: Vec<Node>,
    /// Where this is, the commit is, too: what its pull request became, a squash perhaps.
    landed: Vec<Node>,
}

impl Found {
    /// Whether all of it is there, in its own form or as what it became.
    fn within(&self, holds: impl Fn(Node) -> bool) -> bool {
        let all = |nodes: &[Node]| !nodes.is_empty() && nodes.iter().all(|n| holds(*n));
        all(&self.nodes) || all(&self.landed)
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// A commit, pull request (`#12`, its address, or the bare number) or tag.
    pub name: &'a str,
    /// The only environment that is asked about; none: all.
    pub env: Option<&'a str>,
    /// The service that is meant: if its repository knows the name, no other is asked.
    pub home: Option<&'a ServiceId>,
}

/// Where it is, as one repository tells it. Another one's change of the same number is another change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The repository.
    pub repo: RepoSlug,
    /// Its services, of those that were asked about.
    pub services: Vec<ServiceId>,
    /// The answer.
    pub report: WhereReport,
}

impl Wanted<'_> {
    /// Whether no two repositories have it by chance.
    pub fn is_unique(&self) -> bool {
        is_commit(self.name) && numbered(self.name).is_none()
    }
}

impl Located {
    /// Whether nothing is left open that the rest of the past would tell.
    pub fn is_sure(&self) -> bool {
        let mut rungs = self.report.environments.iter();
        self.report.as_of.is_some() || rungs.all(|r| r.contained.is_some())
    }
}

impl Shelf {
    /// Where it is, by each repository that knows the name; empty: what is kept knows nothing of it.
    ///
    /// # Errors
    /// The disk's.
    pub fn locate(
        &self,
        wanted: &Wanted<'_>,
        services: &[&Kept],
        now: Now,
    ) -> Result<Vec<Located>, Fault> {
        let err = |e: StoreError| e.to_fault(now);
        let history = self.open(std::iter::empty(), now)?;
        let closed = self.closed(now)?;
        let (all, home) = self.grouped(wanted, services);
        // Only repositories that know the name are connected.
        let number = numbered(wanted.name);
        let mut chosen = Vec::new();
        for group in &all {
            if history
                .mentions(&group.0, wanted.name, number)
                .map_err(err)?
            {
                chosen.push(group);
            }
        }
        if chosen.is_empty() && is_commit(wanted.name) {
            // A commit of a squashed branch is known by no index.
            chosen = all.iter().collect();
        }
        let mut found = Vec::new();
        for (key, group) in chosen {
            let repository = self.repository(&history, key).map_err(err)?;
            let Some(what) = find(&repository, wanted.name) else {
                continue;
            };
            let as_of = history.as_of(key).map_err(err)?;
            let mut report = WhereReport::new(wanted.name, as_of);
            report.sha = what.sha.as_ref().map(|s| s.as_str().to_owned());
            report.first_release = released(&repository, &what);
            for service in group {
                let of = (*service, wanted.env);
                ladder(&mut report, (&repository, &what), of, &closed);
            }
            let releases = history.progress(key, Source::Releases).map_err(err)?;
            if as_of.is_none() || releases.at.is_none() {
                // An older one may still come.
                report.first_release = None;
                report.first_release_known = false;
            }
            found.push(Located {
                repo: key.slug.clone(),
                services: group.iter().map(|s| s.service.clone()).collect(),
                report,
            });
            if home.as_ref() == Some(key) {
                break;
            }
        }
        Ok(found)
    }

    /// Services by repository, that of the meant one first.
    fn grouped<'a>(
        &self,
        wanted: &Wanted<'_>,
        services: &[&'a Kept],
    ) -> (Vec<(RepoKey, Vec<&'a Kept>)>, Option<RepoKey>) {
        let mut all: Vec<(RepoKey, Vec<&Kept>)> = Vec::new();
        let mut home = None;
        for service in services.iter().filter(|s| names(s, wanted.name)) {
            let key = self.key(service);
            if wanted.home == Some(&service.service) {
                home = Some(key.clone());
            }
            match all.iter_mut().find(|(of, _)| *of == key) {
                Some((_, group)) => group.push(service),
                None => all.push((key, vec![service])),
            }
        }
        all.sort_by_key(|(key, _)| home.as_ref() != Some(key));
        (all, home)
    }

    /// Whether a service's repository may have this name, though what is kept does not tell: that was never read to its end.
    ///
    /// # Errors
    /// The disk's.
    pub fn may_know(&self, name: &str, service: &Kept, now: Now) -> Result<bool, Fault> {
        if !names(service, name) {
            return Ok(false);
        }
        let source = match numbered(name) {
            Some(_) => Source::Pulls,
            None => Source::Releases,
        };
        let history = self.open(std::iter::empty(), now)?;
        let read = history.progress(&self.key(service), source);
        Ok(read.map_err(|e| e.to_fault(now))?.at.is_none())
    }
}

/// Adds the environments of a service, or only one.
fn ladder(
    report: &mut WhereReport,
    (repository, found): (&Repository, &Found),
    (service, only): (&Kept, Option<&str>),
    closed: &[Closed],
) {
    let named = &service.environments;
    let wanted = |env: &EnvId| only.is_none_or(|only| only == env.as_str());
    let rungs = named.iter().enumerate();
    for (place, (env, _)) in rungs.filter(|(_, (env, _))| wanted(env)) {
        let (stream, origin) = origin::stream(repository, &service.service, (named, place), closed);
        let mut rung = rung(repository, found, &stream, report.first_release.as_ref());
        // What was read holds, what was not may change the rest: a deployment, a commit between, a deployment for a release.
        let told = origin == Origin::Deployments && rung.contained == Some(true);
        if report.as_of.is_none() && !told {
            (rung.contained, rung.since, rung.deployment) = (None, None, None);
            rung.waiting_for = None;
        }
        rung.service = Some(service.service.as_str().to_owned());
        env.as_str().clone_into(&mut rung.environment);
        report.environments.push(rung);
        if origin == Origin::Releases && report.as_of.is_some() {
            let note = format!(
                "no deployment of {} to {env} is known: its releases stand for them",
                service.service
            );
            report.notes.push(note);
        }
    }
}

/// Whether a pull request's address is of this service's repository; anything else may be.
fn names(service: &Kept, name: &str) -> bool {
    let Some((before, _)) = name.split_once("/pull/").filter(|(a, _)| a.contains("://")) else {
        return true;
    };
    let slug = service.repo.to_string();
    before
        .to_ascii_lowercase()
        .ends_with(&format!("/{}", slug.to_ascii_lowercase()))
}

/// The number that a name is: a pull request comes before the beginning of a commit's id.
fn numbered(name: &str) -> Option<u64> {
    let bare = name.parse::<u64>().ok().filter(|_| name.len() < 9);
    pull_number(name).or(bare)
}

/// Whether a name may be a commit's id, or the beginning of one.
fn is_commit(name: &str) -> bool {
    (7..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit())
}

fn find(repository: &Repository, name: &str) -> Option<Found> {
    let commit = |sha: &str| {
        let (sha, node) = repository.find(sha)?;
        let mut changes = repository.changes.iter();
        let landed = changes.find(|c| c.shas.contains(sha));
        Some(Found {
            sha: Some(sha.clone()),
            nodes: vec![node],
            landed: landed.map_or_else(Vec::new, |c| c.commits.clone()),
        })
    };
    if let Some(release) = repository.release(name) {
        return commit(release.sha.as_str());
    }
    let by_number = numbered(name).and_then(|number| {
        let mut changes = repository.changes.iter();
        changes.find(|c| c.number == Some(number))
    });
    if let Some(change) = by_number {
        return Some(Found {
            sha: change.shas.last().cloned(),
            nodes: change.commits.clone(),
            landed: Vec::new(),
        });
    }
    let hex = is_commit(name);
    let name = name.to_ascii_lowercase();
    let known = hex.then(|| commit(&name)).flatten();
    known.or_else(|| {
        // A commit of a pull request's branch that was squashed is where the pull request is.
        let mut changes = repository.changes.iter().filter(|_| hex);
        let change = changes.find(|c| c.shas.iter().any(|s| s.as_str().starts_with(&name)))?;
        let sha = change.shas.iter().find(|s| s.as_str().starts_with(&name));
        Some(Found {
            sha: sha.cloned(),
            nodes: change.commits.clone(),
            landed: Vec::new(),
        })
    })
}

fn released(repository: &Repository, found: &Found) -> Option<FirstRelease> {
    // A pull request is released with the last of its commits.
    let last = |nodes: &[Node]| {
        let each = nodes.iter().map(|n| repository.first_release(*n));
        let all: Vec<_> = each.collect::<Option<_>>()?;
        all.into_iter().max_by_key(|r| r.published)
    };
    let either = [last(&found.nodes), last(&found.landed)];
    let first = either.into_iter().flatten().min_by_key(|r| r.published);
    first.map(|r| FirstRelease {
        tag: r.tag.clone(),
        at: r.published,
    })
}

fn rung(
    repository: &Repository,
    found: &Found,
    stream: &Stream,
    release: Option<&FirstRelease>,
) -> Rung {
    let graph = &repository.graph;
    let has = |node: Option<Node>| {
        let at = node?;
        (!found.nodes.is_empty()).then(|| found.within(|n| graph.contains(at, n)))
    };
    let mut rung = Rung {
        service: None,
        environment: String::new(),
        contained: stream
            .deployments
            .last()
            .map_or(Some(false), |d| has(d.node)),
        since: None,
        deployment: None,
        waiting_for: None,
    };
    let live = stream.deployments.iter().rev();
    let since = live
        .take_while(|d| has(d.node) == Some(true))
        .last()
        .filter(|_| rung.contained == Some(true));
    if let Some(first) = since {
        rung.since = Some(first.at);
        let version = first.version.as_ref();
        let what = version.map_or_else(|| first.id.to_string(), |v| format!("{v} ({})", first.id));
        rung.deployment = Some(Safe::new(&what));
    } else if rung.contained == Some(false) {
        let was = stream.deployments.iter().any(|d| has(d.node) == Some(true));
        rung.waiting_for = Some(if was {
            "going forward again: it was rolled back".to_owned()
        } else if found.nodes.is_empty() {
            "its merge".to_owned()
        } else if let Some(release) = release {
            format!("a deployment of {} or newer", release.tag)
        } else {
            "a deployment".to_owned()
        });
    }
    rung
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
