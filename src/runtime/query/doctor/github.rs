//! A GitHub source: its token, the way to it, the limits, the clock; then for each repository what the configuration needs of it,
//! by feature, with the permission that is missing.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::{Round, rollback};
use crate::config::Config;
use crate::config::model::GithubConfig;
use crate::config::secrets::TokenKind;
use crate::domain::catalog::Service;
use crate::domain::units::span;
use crate::providers::github::{Budget, GitHub, RESERVE, Reading, RepoStanding, Standing};
use crate::providers::{CodeHost as _, ErrorKind, MemoryCache, ProviderError};
use crate::report::doctor::{Check, Severity};
use crate::runtime::make;

/// What the configuration needs of every repository, besides what it always reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    approvals: bool,
}

impl Needs {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            approvals: config
                .gates
                .iter()
                .any(|(_, gate)| gate.approvals.is_some()),
        }
    }
}

pub(super) async fn look(
    round: &Round,
    name: &str,
    config: &GithubConfig,
    services: Vec<Service>,
    needs: Needs,
) -> Vec<Check> {
    let id = |what: &str| format!("github.{name}.{what}");
    // The source that always exists is only looked at where something uses it.
    if services.is_empty() {
        return Vec::new();
    }
    let host = config.api.host();
    let now = round.clock.now().0;
    let secret = match make::secret(&config.token, &host, &round.env, now).await {
        Ok(secret) => secret,
        Err(fault) => {
            let check = Check::new(id("token"), Severity::Error, fault.message.as_str());
            return vec![match &fault.hint {
                Some(hint) => check.fix(hint.as_str()),
                None => check,
            }];
        }
    };
    let kind = secret.kind();
    let mut found = vec![token(id("token"), kind, secret.source(), &host)];
    let cache = Arc::new(MemoryCache::default());
    let (policy, timer) = (round.policy(), round.timer());
    let github = Arc::new(make::github(name, config, &secret, policy, cache, timer));
    let standing = match github.standing().await {
        Ok(standing) => standing,
        Err(error) => {
            found.push(failed(id("reach"), &error));
            return found;
        }
    };
    found.push(Check::good(
        id("reach"),
        &format!("{} answers", config.api.as_str()),
    ));
    found.extend(limits(&id("limits"), &github.budget()));
    found.extend(clock(id("clock"), &standing, round));
    if standing.hidden {
        found.push(
            Check::new(
                id("sso"),
                Severity::Warning,
                "the token is not authorised for some organisations: what they have is missing",
            )
            .fix("authorise it at https://github.com/settings/tokens (Configure SSO)"),
        );
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (nth, service) in services.into_iter().enumerate() {
        let (github, scopes, limit) = (Arc::clone(&github), standing.scopes.clone(), round.limit);
        tasks.spawn(async move {
            let checks = repository(&github, &service, scopes, kind, needs, limit).await;
            (nth, checks)
        });
    }
    let mut of_services = tasks.join_all().await;
    of_services.sort_by_key(|(nth, _)| *nth);
    found.extend(of_services.into_iter().flat_map(|(_, checks)| checks));
    found
}

/// The kind of token, and where it came from; never what it is.
fn token(id: String, kind: TokenKind, source: &str, host: &str) -> Check {
    let from = format!("from {source}, for {host}");
    match kind {
        TokenKind::Classic => Check::good(id, &format!("a classic token {from}")),
        TokenKind::OAuth => {
            Check::good(id, &format!("a token of an OAuth app (such as gh) {from}"))
        }
        TokenKind::Unknown => Check::good(id, &format!("a token {from}")),
        TokenKind::FineGrained => Check::new(
            id,
            Severity::Info,
            &format!(
                "a fine-grained token {from}: it can't read check runs, workflow runs stand in for them"
            ),
        ),
        TokenKind::AppUser => Check::new(
            id,
            Severity::Info,
            &format!("a person's token of a GitHub App {from}: it lasts some hours"),
        ),
        TokenKind::Installation => Check::new(
            id,
            Severity::Warning,
            &format!(
                "an installation's token {from}: it lasts an hour, and can't approve a deployment"
            ),
        )
        .fix("for a cockpit that stays open use a personal token or `gh auth login`"),
    }
}

/// A failed call as a finding.
pub(super) fn failed(id: String, error: &ProviderError) -> Check {
    let check = Check::new(id, Severity::Error, &error.to_string());
    match error.hint() {
        Some(hint) => check.fix(&hint),
        None => check,
    }
}

fn limits(id: &str, budget: &Budget) -> Vec<Check> {
    let mut found = Vec::new();
    let buckets = [
        ("REST", budget.remaining, budget.limit, budget.reset_at),
        (
            "GraphQL",
            budget.graphql_remaining,
            budget.graphql_limit,
            budget.graphql_reset_at,
        ),
    ];
    for (what, remaining, limit, reset) in buckets {
        let (Some(remaining), Some(limit)) = (remaining, limit) else {
            continue;
        };
        let reset = reset.map_or_else(String::new, |at| {
            format!(", full again at {} UTC", at.strftime("%H:%M"))
        });
        let message = format!("{what}: {remaining} of {limit} requests left{reset}");
        let id = format!("{id}-{}", what.to_ascii_lowercase());
        let low = remaining <= RESERVE.min(limit / 5);
        found.push(if low {
            Check::new(id, Severity::Warning, &message)
                .fix("other tools share the limit: stop one, or lower `budget` here; a rollback still has its reserve")
        } else {
            Check::good(id, &message)
        });
    }
    found
}

/// The server's clock against ours: baselines and verdicts compare moments of both.
fn clock(id: String, standing: &Standing, round: &Round) -> Option<Check> {
    let ahead = standing.date?.duration_since(round.clock.now().0);
    Some(skew(id, ahead, round.clock.speed(), "GitHub's"))
}

/// More than a minute is a warning; `speed` is that of our own clock.
pub(super) fn skew(id: String, ahead: SignedDuration, speed: f64, whose: &str) -> Check {
    let most = SignedDuration::from_secs_f64(60.0 * speed.max(1.0));
    if ahead.abs() <= most {
        return Check::good(id, &format!("{whose} clock and this machine's agree"));
    }
    let way = if ahead.is_negative() {
        "behind"
    } else {
        "ahead of"
    };
    Check::new(
        id,
        Severity::Warning,
        &format!(
            "{whose} clock is {} {way} this machine's",
            span(ahead.abs())
        ),
    )
    .fix("set this machine's clock (timedatectl set-ntp true): what happened when is compared")
}

/// What a repository gives, by feature.
async fn repository(
    github: &Arc<GitHub>,
    service: &Service,
    scopes: Option<Vec<String>>,
    kind: TokenKind,
    needs: Needs,
    limit: Duration,
) -> Vec<Check> {
    let id = |what: &str| format!("services.{}.{what}", service.id);
    let facts = match github.repository(&service.repo).await {
        Ok(facts) => facts,
        Err(error) => return vec![failed(id("repository"), &error)],
    };
    let mut found = vec![if facts.archived {
        Check::new(
            id("repository"),
            Severity::Warning,
            &format!("{} is archived: nothing can be started there", service.repo),
        )
        .fix("name the repository that took its place")
    } else {
        Check::good(
            id("repository"),
            &format!("{}, default branch {}", service.repo, facts.default_branch),
        )
    }];
    let writes = service.environments.iter().any(|env| !env.ways.is_empty());
    let error_if = |yes| {
        if yes {
            Severity::Error
        } else {
            Severity::Warning
        }
    };
    let mut asked = vec![
        (
            Reading::Deployments,
            "deployments",
            "what is live",
            Severity::Error,
        ),
        (
            Reading::Runs,
            "runs",
            "the deploy under way",
            error_if(writes),
        ),
        (
            Reading::CheckRuns,
            "checks",
            "check runs of a candidate",
            Severity::Warning,
        ),
        (
            Reading::Statuses,
            "statuses",
            "commit statuses of a candidate",
            Severity::Warning,
        ),
        (
            Reading::Releases,
            "releases",
            "releases and tags",
            Severity::Warning,
        ),
        (
            Reading::Milestones,
            "milestones",
            "planned releases in the calendar, incidents",
            Severity::Warning,
        ),
    ];
    asked.push((
        Reading::PullRequests,
        "pulls",
        if needs.approvals {
            "approvals (a gate asks for them)"
        } else {
            "the changes in a release"
        },
        error_if(needs.approvals),
    ));
    let answers = asked.into_iter().map(|(what, name, feature, severity)| {
        let (github, repo) = (Arc::clone(github), service.repo.clone());
        let (branch, id) = (facts.default_branch.clone(), id(name));
        tokio::spawn(async move {
            let answer = github.can_read(&repo, what, &branch).await;
            reading(id, what, feature, severity, answer)
        })
    });
    for answer in answers.collect::<Vec<_>>() {
        found.extend(answer.await.ok());
    }
    if writes {
        found.push(may_write(id("writes"), &facts, scopes.as_deref(), kind));
    }
    found.extend(rollback::look(github, service, &facts, limit).await);
    found
}

/// A feature, and the permission it lacks.
fn reading(
    id: String,
    what: Reading,
    feature: &str,
    severity: Severity,
    answer: Result<(), ProviderError>,
) -> Check {
    let error = match answer {
        Ok(()) => return Check::good(id, &format!("reading {feature}")),
        Err(error) => error,
    };
    let lacks = match &error.kind {
        ErrorKind::Forbidden {
            permission: Some(p),
            ..
        } => p.to_string(),
        ErrorKind::Forbidden {
            sso_url: Some(_), ..
        } => return failed(id, &error),
        ErrorKind::Forbidden { .. } | ErrorKind::NotFound => what.permission().to_owned(),
        _ => return failed(id, &error),
    };
    let instead = match what {
        Reading::CheckRuns => "; workflow runs stand in for them",
        _ => "",
    };
    let fix = match what {
        Reading::CheckRuns => {
            "a classic token or one of a GitHub App can read them; without, workflow runs are used"
                .to_owned()
        }
        _ => format!("give the token the permission {lacks}"),
    };
    Check::new(
        id,
        severity,
        &format!("reading {feature}: missing {lacks}{instead}"),
    )
    .fix(&fix)
}

/// Whether a workflow may be started; it is only known for certain when one is.
fn may_write(
    id: String,
    facts: &RepoStanding,
    scopes: Option<&[String]>,
    kind: TokenKind,
) -> Check {
    if facts.may_push == Some(false) {
        return Check::new(
            id,
            Severity::Error,
            "starting and cancelling workflows: who the token stands for may not write to the repository",
        )
        .fix("ask for the role Write there, or use another account's token");
    }
    if let Some(scopes) = scopes {
        let has = |name: &str| scopes.iter().any(|s| s == name);
        if has("repo") || (!facts.private && has("public_repo")) {
            return Check::good(
                id,
                "starting and cancelling workflows: the token has the scope for it",
            );
        }
        let held = if scopes.is_empty() {
            "none".to_owned()
        } else {
            scopes.join(", ")
        };
        return Check::new(
            id,
            Severity::Error,
            &format!(
                "starting and cancelling workflows: missing the scope repo (the token has: {held})"
            ),
        )
        .fix("give the token the scope repo, for gh: gh auth refresh --scopes repo");
    }
    match kind {
        TokenKind::FineGrained | TokenKind::AppUser | TokenKind::Installation => Check::new(
            id,
            Severity::Info,
            "starting and cancelling workflows takes Actions: write; GitHub does not tell whether the token has it",
        )
        .fix("look at the token's permissions: Actions must be read and write"),
        _ => Check::good(id, "starting and cancelling workflows: nothing speaks against it"),
    }
}
