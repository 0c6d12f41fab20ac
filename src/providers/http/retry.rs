//! Repeating reads: exponential pauses with full jitter (a random part of the pause is waited, so that many cockpits do not
//! knock together), few tries, and a short `Retry-After` is honoured. Writes never come here.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use jiff::Timestamp;

use super::settings::HttpPolicy;
use crate::providers::Clock;
use crate::providers::error::{ErrorKind, NetKind, ProviderError};

/// Runs a read, again while it may help.
pub async fn with_retry<T, F, Fut>(
    policy: &HttpPolicy,
    clock: &Clock,
    call: F,
) -> Result<T, ProviderError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, ProviderError>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(policy.pause)
        .with_factor(2.0)
        .with_max_times(policy.tries.saturating_sub(1));
    call.retry(pauses)
        .sleep(tokio::time::sleep)
        .when(|error| worth_it(error, policy, clock()))
        .adjust(|error, pause| {
            let pause = pause?;
            Some(match asked_wait(error, clock()) {
                Some(wait) => wait,
                None => pause.mul_f64(fastrand::f64()),
            })
        })
        .await
}

/// How long the server asked to wait.
fn asked_wait(error: &ProviderError, now: Timestamp) -> Option<Duration> {
    match error.kind {
        ErrorKind::RateLimited { until, .. } => Some(
            until
                .duration_since(now)
                .try_into()
                .unwrap_or(Duration::ZERO),
        ),
        _ => None,
    }
}

fn worth_it(error: &ProviderError, policy: &HttpPolicy, now: Timestamp) -> bool {
    match &error.kind {
        ErrorKind::Unreachable { net, .. } => !matches!(
            net,
            NetKind::Tls | NetKind::Issuer | NetKind::WrongName | NetKind::Expired | NetKind::Proxy
        ),
        ErrorKind::Server => true,
        ErrorKind::RateLimited { .. } => {
            asked_wait(error, now).is_some_and(|wait| wait <= policy.patience)
        }
        _ => false,
    }
}
