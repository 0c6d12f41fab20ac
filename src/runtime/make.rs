//! Sources made from their configuration: the secret is found (off the loop, since a program may be run for it), and goes only
//! into a source of the host that it was found for.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::model::{Auth, GithubConfig, MetricsConfig, TokenRef};
use crate::config::secrets::{self, Secret};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::text::Safe;
use crate::providers::github::{GitHub, GithubSettings};
use crate::providers::http::{HttpPolicy, init_tls};
use crate::providers::prometheus::{MetricsAuth, Prometheus, PrometheusSettings};
use crate::providers::{Clock, ResponseCache};

/// Finds a secret off the loop.
pub(super) async fn secret(
    reference: &TokenRef,
    host: &str,
    env: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Secret, Fault> {
    let fault = |kind, message: &str, hint: &str| Fault {
        message: Safe::new(message),
        hint: Some(Safe::new(hint)),
        kind,
        at: now,
        retry_at: None,
    };
    let (reference, host, env) = (reference.clone(), host.to_owned(), env.clone());
    let found =
        tokio::task::spawn_blocking(move || secrets::resolve(&reference, &host, &env)).await;
    match found {
        Ok(Ok(secret)) => Ok(secret),
        Ok(Err(e)) => Err(fault(FaultKind::Auth, &e.message, &e.hint)),
        Err(_) => Err(fault(
            FaultKind::Internal,
            "looking for the token was interrupted",
            "try again",
        )),
    }
}

/// A GitHub source with a token that was found for its host.
pub(super) fn github(
    name: &str,
    config: &GithubConfig,
    secret: &Secret,
    mut policy: HttpPolicy,
    cache: Arc<dyn ResponseCache>,
    clock: Clock,
) -> GitHub {
    init_tls();
    let settings = GithubSettings {
        name: name.to_owned(),
        api: config.api.url().clone(),
        graphql: config.graphql.as_ref().map(|u| u.url().clone()),
        token: secret.for_host(&config.api.host()).cloned(),
        budget: config.budget,
    };
    policy.ca_file.clone_from(&config.ca_file);
    GitHub::new(settings, policy, cache, clock).with_token_from(secret.source())
}

/// A metrics source.
pub(super) async fn metrics(
    name: &str,
    config: &MetricsConfig,
    env: &BTreeMap<String, String>,
    policy: HttpPolicy,
    clock: Clock,
) -> Result<Prometheus, Fault> {
    init_tls();
    let host = config.url.host();
    let now = clock();
    let find = |reference: TokenRef| {
        let host = host.clone();
        async move {
            let found = secret(&reference, &host, env, now).await?;
            Ok::<_, Fault>(found.for_host(&host).cloned().unwrap_or_default())
        }
    };
    let auth = match &config.auth {
        None => MetricsAuth::None,
        Some(Auth::Bearer(token)) => MetricsAuth::Bearer(find(token.clone()).await?),
        Some(Auth::Basic { user, password }) => MetricsAuth::Basic {
            user: user.clone(),
            password: find(password.clone()).await?,
        },
    };
    let settings = PrometheusSettings {
        name: name.to_owned(),
        url: config.url.url().clone(),
        auth,
        headers: config
            .headers
            .iter()
            .map(|(k, v)| (k.clone(), v.secret().clone()))
            .collect(),
        ca_file: config.ca_file.clone(),
        scrape_s: config
            .scrape
            .and_then(|s| u32::try_from(s.0.as_secs()).ok()),
    };
    Ok(Prometheus::new(settings, policy, clock))
}
