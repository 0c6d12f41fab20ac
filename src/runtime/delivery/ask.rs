//! Where a commit, pull request, tag or branch is, as GitHub tells it now: what the name stands for, what is live, and whether
//! that contains it. Four requests at most.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::Config;
use crate::domain::catalog::Service;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::CommitSha;
use crate::domain::observe::OverviewAsk;
use crate::domain::release::Overview;
use crate::domain::text::Safe;
use crate::providers::github::GitHub;
use crate::providers::http::HttpPolicy;
use crate::providers::{CodeHost, MemoryCache, Named};
use crate::report::location::{FirstRelease, Rung, WhereReport};
use crate::runtime::query::git::pull_number;
use crate::runtime::{Clock, make};

/// So many different commits that are live are looked into; with the two questions before that makes four requests.
const LOOKS: usize = 2;

/// Where it is now; none: the repository knows nothing of this name.
///
/// # Errors
/// GitHub does not answer, or refuses.
pub async fn ask(
    config: &Config,
    env: &BTreeMap<String, String>,
    clock: &Clock,
    (service, name): (&Service, &str),
) -> Result<Option<WhereReport>, Fault> {
    let host = host(config, env, clock, &service.source).await?;
    look(&host, service, name, clock.now().0).await
}

/// A GitHub source, to be asked once.
pub(super) async fn host(
    config: &Config,
    env: &BTreeMap<String, String>,
    clock: &Clock,
    source: &str,
) -> Result<GitHub, Fault> {
    let now = clock.now();
    let Some(github) = config.github.get(source) else {
        return Err(Fault {
            message: Safe::new(&format!("there is no GitHub source `{source}`")),
            hint: None,
            kind: FaultKind::Config,
            at: now.0,
            retry_at: None,
        });
    };
    let secret = make::secret(&github.token, &github.api.host(), env, now.0).await?;
    let timer = {
        let clock = clock.clone();
        Arc::new(move || clock.now().0)
    };
    let cache = Arc::new(MemoryCache::default());
    let policy = HttpPolicy::default();
    Ok(make::github(source, github, &secret, policy, cache, timer))
}

async fn look(
    host: &dyn CodeHost,
    service: &Service,
    name: &str,
    now: Timestamp,
) -> Result<Option<WhereReport>, Fault> {
    let fault = |e: crate::providers::ProviderError| e.to_fault(now);
    let bare = name.parse::<u64>().ok().filter(|_| name.len() < 9);
    let number = pull_number(name).or(bare);
    let found = host
        .named(&service.repo, name, number)
        .await
        .map_err(fault)?;
    let Some(found) = found else {
        return Ok(None);
    };
    let mut report = WhereReport::new(name, Some(now));
    report.sha = found.sha.as_ref().map(|s| s.as_str().to_owned());
    let ask = OverviewAsk {
        service: service.id.clone(),
        repo: service.repo.clone(),
        environments: service
            .environments
            .iter()
            .map(|e| (e.id.clone(), e.github_environment.clone()))
            .collect(),
    };
    let answer = host.overview(std::slice::from_ref(&ask)).await;
    let overview = answer.into_iter().next().map(|(_, o)| o.map_err(fault));
    let Some(overview) = overview.transpose()? else {
        return Ok(Some(report));
    };
    let known = rungs(host, service, (&found, &overview), &mut report, now).await?;
    report.first_release = released(&found, &overview);
    report.first_release_known = report.first_release.is_some() || found.open;
    if !report.first_release_known {
        let mut live = known.iter().filter(|(_, within)| *within == Some(true));
        let release = live.find_map(|(sha, _)| release_of(sha, &overview));
        let proven = release.map(|r| format!(" (it is in {} or an earlier one)", r.tag));
        report.notes.push(format!(
            "asked now, only a release of this very commit is known{}; `flightdeck changes` reads the past",
            proven.unwrap_or_default()
        ));
    }
    Ok(Some(report))
}

/// Adds the environments; answers of which commits that are live it is known whether they contain it.
async fn rungs(
    host: &dyn CodeHost,
    service: &Service,
    (found, overview): (&Named, &Overview),
    report: &mut WhereReport,
    now: Timestamp,
) -> Result<Vec<(CommitSha, Option<bool>)>, Fault> {
    let mut known: Vec<(CommitSha, Option<bool>)> = Vec::new();
    // The last environment matters most.
    for env in service.environments.iter().rev() {
        let mut deployments = overview.deployments_of(&env.id).iter();
        let live = deployments.find(|d| d.succeeded_at().is_some());
        let mut rung = Rung {
            service: Some(service.id.as_str().to_owned()),
            environment: env.id.as_str().to_owned(),
            contained: live.is_none().then_some(false),
            since: None,
            deployment: None,
            waiting_for: None,
        };
        if let (Some(live), Some(sha)) = (live, &found.sha) {
            rung.contained = match known.iter().find(|(of, _)| *of == live.sha) {
                Some((_, contained)) => *contained,
                None if known.len() < LOOKS => {
                    let within = host.within(&service.repo, sha, &live.sha).await;
                    let within = within.map_err(|e| e.to_fault(now))?;
                    known.push((live.sha.clone(), within));
                    within
                }
                None => {
                    report.notes.push(format!(
                        "{} was not looked into: it would have taken a fifth request",
                        env.id
                    ));
                    None
                }
            };
            if rung.contained == Some(true) {
                // What was live before may have contained it, too: since then at least.
                rung.since = live.succeeded_at();
                rung.deployment = Some(Safe::new(&live.id.to_string()));
            }
        }
        if rung.contained == Some(false) {
            let under_way = overview.deployments_of(&env.id).first();
            let under_way =
                under_way.filter(|d| d.is_running() && Some(&d.sha) == found.sha.as_ref());
            rung.waiting_for = Some(match under_way {
                Some(d) => format!("deployment {}, which is under way", d.id),
                None if found.open => "its merge".to_owned(),
                None => "a deployment".to_owned(),
            });
        }
        report.environments.push(rung);
    }
    report.environments.reverse();
    if report.environments.iter().any(|r| r.since.is_some()) {
        report.notes.push(
            "asked now: `since` is when what runs was deployed; an earlier version may have had it, too (`flightdeck changes` reads the past)"
                .to_owned(),
        );
    }
    Ok(known)
}

/// The release that is this very commit, if the newest ones name it.
fn released(found: &Named, overview: &Overview) -> Option<FirstRelease> {
    release_of(found.sha.as_ref()?, overview)
}

fn release_of(sha: &CommitSha, overview: &Overview) -> Option<FirstRelease> {
    let tag = overview.tags.iter().find(|t| t.sha == *sha)?;
    let release = overview.releases.iter().find(|r| r.tag == tag.name)?;
    Some(FirstRelease {
        tag: tag.name.clone(),
        at: release.published_at?,
    })
}
