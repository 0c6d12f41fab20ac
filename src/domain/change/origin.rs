//! Where a service's deployments are known from, and what follows for each of its environments: the host's deployments, else its
//! releases, which stand for deployments to the last environment only, approximately.

use super::delivery::{self, Delivered};
use super::queue::{self, Queue};
use super::repository::Repository;
use super::stream::{self, LedgerRollback, Stream};
use super::synced::DeploymentRow;
use crate::domain::catalog::Service;
use crate::domain::ids::{EnvId, RepoSlug, ServiceId, Target};
use crate::domain::rollback::journal::{Closed, Closing};
use jiff::SignedDuration;

/// A host's deployment may have been begun that long before or after what the ledger says of the rollback: clocks differ.
const NEAR: SignedDuration = SignedDuration::from_mins(10);

/// What tells of an environment's deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The host's deployments.
    Deployments,
    /// Its releases.
    Releases,
    /// Nothing does.
    Nothing,
}

impl Origin {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Deployments => "GitHub deployments",
            Self::Releases => "releases (approximate)",
            Self::Nothing => "nothing: no deployment and no release is known",
        }
    }
}

/// An environment: its id, and its name at the host.
pub type Named = (EnvId, String);

/// A service whose past is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The service.
    pub service: ServiceId,
    /// The GitHub source's name in the configuration.
    pub source: String,
    /// Its repository.
    pub repo: RepoSlug,
    /// Its environments, in their order.
    pub environments: Vec<Named>,
}

impl From<&Service> for Kept {
    fn from(service: &Service) -> Self {
        let all = service.environments.iter();
        Self {
            service: service.id.clone(),
            source: service.source.clone(),
            repo: service.repo.clone(),
            environments: all
                .map(|e| (e.id.clone(), e.github_environment.clone()))
                .collect(),
        }
    }
}

/// The stream of an environment (its position among the service's), and where it is from.
pub fn stream(
    repository: &Repository,
    service: &ServiceId,
    (environments, place): (&[Named], usize),
    closed: &[Closed],
) -> (Stream, Origin) {
    let Some((env, name)) = environments.get(place) else {
        return (Stream::default(), Origin::Nothing);
    };
    let target = Target {
        service: service.clone(),
        env: env.clone(),
    };
    let mut attempts = repository.attempts(name, &|d| ledgered(closed, &target, d));
    let mut origin = Origin::Deployments;
    if attempts.is_empty() {
        // Releases are of production, if of anything.
        if place + 1 == environments.len() {
            attempts = repository.releases_as_attempts();
        }
        origin = if attempts.is_empty() {
            Origin::Nothing
        } else {
            Origin::Releases
        };
    }
    let stream = stream::read(&repository.graph, &attempts, &repository.changes);
    (stream, origin)
}

/// A service's changes on their way, and what waits in each of its environments.
pub fn derive(
    service: &ServiceId,
    repository: &Repository,
    environments: &[Named],
) -> (Vec<Delivered>, Vec<Queue>) {
    let streams: Vec<(EnvId, Stream)> = environments
        .iter()
        .enumerate()
        .map(|(place, (env, _))| {
            let (stream, _) = stream(repository, service, (environments, place), &[]);
            (env.clone(), stream)
        })
        .collect();
    let rows = delivery::of(service, repository, &streams);
    let queues = streams
        .iter()
        .enumerate()
        .map(|(place, (env, stream))| queue::of(&rows, place, env, stream));
    let queues = queues.collect();
    (rows, queues)
}

/// What the ledger knows of a deployment: the rollback that put this commit there at about that time.
fn ledgered(closed: &[Closed], target: &Target, d: &DeploymentRow) -> Option<LedgerRollback> {
    let found = closed.iter().find(|c| {
        let begun = c.at.checked_sub(c.took).unwrap_or(c.at);
        c.target == *target
            && c.facts.to.sha == d.sha
            && c.closing != Closing::Failed
            && d.created.duration_since(begun) >= -NEAR
            && d.created.duration_since(c.at) <= NEAR
    })?;
    Some(LedgerRollback {
        drill: false,
        recovered: (found.closing == Closing::Recovered).then_some(found.at),
    })
}

#[cfg(test)]
mod tests {
    use super::super::stream::Kind;
    use super::super::synced::{Batch, CommitRow, ReleaseRow, Snapshot};
    use super::super::vectors::at;
    use super::*;
    use crate::domain::ids::{CommitSha, CorrelationId};
    use crate::domain::release::VersionRef;
    use crate::domain::rollback::journal::IntentFacts;
    use crate::domain::text::Safe;

    fn sha(n: u8) -> CommitSha {
        format!("{n:02x}").repeat(20).parse().unwrap()
    }

    fn repository(deployments: &[(u8, f64)]) -> Repository {
        let commit = |n: u8, parents: &[u8]| CommitRow {
            sha: sha(n),
            parents: parents.iter().map(|p| sha(*p)).collect(),
            authored: at(f64::from(n)),
            committed: at(f64::from(n)),
            author: None,
            subject: Safe::new("c"),
            reverts: Vec::new(),
            pull: None,
        };
        let rows = Batch {
            commits: vec![commit(3, &[2]), commit(2, &[1]), commit(1, &[])],
            deployments: (1..)
                .zip(deployments)
                .map(|(id, (n, hours))| DeploymentRow {
                    id,
                    environment: Safe::new("Production"),
                    sha: sha(*n),
                    name: None,
                    created: at(*hours),
                    succeeded: Some(at(*hours)),
                    failed: false,
                    url: None,
                })
                .collect(),
            releases: vec![ReleaseRow {
                tag: Safe::new("v1"),
                sha: sha(2),
                published: at(5.0),
                prerelease: false,
                url: None,
            }],
            ..Batch::default()
        };
        Repository::new(Snapshot {
            rows,
            ..Snapshot::default()
        })
    }

    fn environments() -> Vec<Named> {
        let env = |id: &str, name: &str| (id.parse().unwrap(), name.to_owned());
        vec![env("staging", "Staging"), env("production", "Production")]
    }

    fn shop() -> ServiceId {
        "shop".parse().unwrap()
    }

    #[test]
    fn without_deployments_releases_stand_for_those_to_production() {
        let envs = environments();
        let repo = repository(&[]);
        let of = |place| stream(&repo, &shop(), (&envs, place), &[]);
        assert_eq!(of(0).1, Origin::Nothing);
        let (s, origin) = of(1);
        assert_eq!((origin, s.deployments.len()), (Origin::Releases, 1));
        assert_eq!(s.deployments[0].version, Some(Safe::new("v1")));
        let (rows, queues) = derive(&shop(), &repo, &envs);
        assert_eq!(rows[1].rungs[1].since, Some(at(5.0)));
        assert_eq!((queues[0].total, queues[1].total), (3, 1));
        let told = repository(&[(1, 4.0)]);
        assert_eq!(
            stream(&told, &shop(), (&envs, 1), &[]).1,
            Origin::Deployments
        );
    }

    #[test]
    fn the_ledger_knows_a_rollback_and_when_it_had_recovered() {
        let version = |n| VersionRef {
            sha: sha(n),
            version: None,
        };
        let closed = |closing| Closed {
            target: Target {
                service: shop(),
                env: "production".parse().unwrap(),
            },
            facts: IntentFacts {
                operation: CorrelationId::from_bits(1),
                correlation_id: CorrelationId::from_bits(2),
                from: version(3),
                to: version(2),
                way: "workflow".to_owned(),
                workflow: None,
                git_ref: None,
                rerun: None,
                cancel_run: None,
                reason: "errors".to_owned(),
                reverts: Vec::new(),
            },
            closing,
            at: at(8.2),
            took: SignedDuration::from_mins(10),
        };
        let envs = environments();
        let repo = repository(&[(2, 6.0), (3, 7.0), (2, 8.1)]);
        let of = |c| stream(&repo, &shop(), (&envs, 1), &[c]).0.deployments;
        let found = of(closed(Closing::Recovered));
        assert_eq!(found[2].rollback.unwrap().recovered, Some(at(8.2)));
        assert_eq!(found[0].rollback, None, "the same commit, long before");
        assert_eq!(of(closed(Closing::Failed))[2].rollback, None);
        assert_eq!(found[2].kind, Kind::Rollback);
    }
}
