//! Where a commit, pull request or tag is, from what is kept.

use super::shelf::Shelf;
use crate::domain::change::ancestry::Node;
use crate::domain::change::origin::{self, Kept};
use crate::domain::change::repository::Repository;
use crate::domain::change::stream::Stream;
use crate::domain::fetched::Fault;
use crate::domain::ids::CommitSha;
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

impl Shelf {
    /// Where a commit, pull request (`#12`, its address, or the bare number) or tag is; none: what is kept knows nothing of it.
    ///
    /// # Errors
    /// The disk's.
    pub fn locate(
        &self,
        name: &str,
        services: &[&Kept],
        now: Now,
    ) -> Result<Option<WhereReport>, Fault> {
        let err = |e: StoreError| e.to_fault(now);
        let history = self.open(std::iter::empty(), now)?;
        let closed = self.closed(now)?;
        // Only repositories that know the name are connected.
        let number = numbered(name);
        let mut chosen = Vec::new();
        for service in services.iter().filter(|s| names(s, name)) {
            if history
                .mentions(&self.key(service), name, number)
                .map_err(err)?
            {
                chosen.push(*service);
            }
        }
        if chosen.is_empty() && is_commit(name) {
            // A commit of a squashed branch is known by no index.
            chosen = services
                .iter()
                .copied()
                .filter(|s| names(s, name))
                .collect();
        }
        let mut seen: Option<(RepoKey, Repository)> = None;
        let mut report: Option<WhereReport> = None;
        for service in chosen {
            let key = self.key(service);
            let repository = match seen.take() {
                Some((of, repository)) if of == key => repository,
                _ => self.repository(&history, &key).map_err(err)?,
            };
            if let Some(found) = find(&repository, name) {
                let as_of = self.as_of(&history, &[service]).map_err(err)?;
                let report = report.get_or_insert_with(|| {
                    let mut new = WhereReport::new(name, as_of.unwrap_or(now.0));
                    new.sha = found.sha.as_ref().map(|s| s.as_str().to_owned());
                    new.first_release = released(&repository, &found);
                    new
                });
                let named = &service.environments;
                for (place, (env, _)) in named.iter().enumerate() {
                    let (stream, origin) =
                        origin::stream(&repository, &service.service, (named, place), &closed);
                    let mut rung =
                        rung(&repository, &found, &stream, report.first_release.as_ref());
                    rung.service = Some(service.service.as_str().to_owned());
                    env.as_str().clone_into(&mut rung.environment);
                    report.environments.push(rung);
                    if origin == origin::Origin::Releases {
                        let note = format!(
                            "no deployment of {} to {env} is known: its releases stand for them",
                            service.service
                        );
                        report.notes.push(note);
                    }
                }
            }
            seen = Some((key, repository));
        }
        Ok(report)
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
