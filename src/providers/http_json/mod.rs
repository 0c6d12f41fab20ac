//! Values on the web for `http` gates: a GET without credentials, the answer through the cap, the value by `JSONPath` off the loop
//! and with a deadline.

mod probe;
pub mod settings;
mod value;

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::error::{Call, ErrorKind, ProviderError};
use super::http::{
    BodyFault, CUT, Clients, HttpPolicy, NetFault, Reply, classify, limits, read_capped,
    retry_after, shown_url, with_retry,
};
use super::{Answer, Clock, Result};
use crate::domain::gate::http::{Reading, ValueAsk};
use crate::domain::text::Safe;

/// Asking the path takes no longer.
const DEADLINE: Duration = Duration::from_secs(5);
/// Without a word from the server, it is asked to wait that long.
const WAIT_S: i64 = 60;

const HTML: &str =
    "a page for people came back: check the address, and that no login stands before it";

/// Reads values from the web. Cheap to make; the client is built at the first request.
pub struct HttpValues {
    clients: Clients,
    clock: Clock,
}

impl std::fmt::Debug for HttpValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpValues").finish_non_exhaustive()
    }
}

impl HttpValues {
    /// A reader with this policy.
    pub fn new(policy: HttpPolicy, clock: Clock) -> Self {
        Self {
            clients: Clients::new(policy),
            clock,
        }
    }

    /// The value that an `http` gate asks for.
    pub fn read<'a>(&'a self, ask: &'a ValueAsk) -> Answer<'a, Result<Reading>> {
        Box::pin(self.ask(ask))
    }

    async fn ask(&self, ask: &ValueAsk) -> Result<Reading> {
        let mut call = Call {
            system: "HTTP",
            source: ask.gate.clone(),
            method: "GET",
            url: String::new(),
            status: None,
            token_from: String::new(),
        };
        let Ok(url) = Url::parse(&ask.url) else {
            let detail = Safe::new("the address can't be read");
            return Err(ProviderError::new(ErrorKind::Config, call, detail));
        };
        call.url = shown_url(&url);
        let reply =
            with_retry(self.clients.policy(), &self.clock, || self.get(&url, &call)).await?;
        call.status = Some(reply.status.as_u16());
        let from = Safe::new(&call.url);
        let odd = |words: &str, hint| {
            let kind = ErrorKind::Protocol { hint };
            ProviderError::new(kind, call.clone(), Safe::new(words))
        };
        let (job, html) = (ask.clone(), reply.is_html());
        let work = tokio::task::spawn_blocking(move || {
            let body: Value = serde_json::from_slice(&reply.body).map_err(|_| None)?;
            value::value(&job, &body).map_err(Some)
        });
        let late = || {
            let words = format!("gate {}: asking `{}` took too long", ask.gate, ask.path);
            odd(&words, Some("write a simpler path"))
        };
        match tokio::time::timeout(DEADLINE, work).await {
            Ok(Ok(Ok(value))) => Ok(Reading { value, from }),
            Ok(Ok(Err(Some(words)))) => Err(odd(
                &words,
                Some("check the gate's `path`, `reduce` and bounds"),
            )),
            Ok(Ok(Err(None))) if html => Err(odd("a page for people, not JSON", Some(HTML))),
            Ok(Ok(Err(None))) => Err(odd("the JSON is broken or cut short", Some(CUT))),
            Ok(Err(_)) => Err(odd("the path could not be asked of this answer", None)),
            Err(_) => Err(late()),
        }
    }

    async fn get(&self, url: &Url, call: &Call) -> Result<Reply> {
        let config =
            |words: &str| ProviderError::new(ErrorKind::Config, call.clone(), Safe::new(words));
        let broken = |fault: NetFault| {
            let kind = ErrorKind::Unreachable {
                net: fault.kind,
                sent: fault.sent,
            };
            ProviderError::new(kind, call.clone(), Safe::default())
        };
        let client = self.clients.read().await.map_err(|e| config(&e.0))?;
        let response = client
            .get(url.clone())
            .header("accept", "application/json")
            .send()
            .await
            .map_err(|e| broken(classify(&e)))?;
        let response: http::Response<reqwest::Body> = response.into();
        let cap = self.clients.policy().body_cap;
        let mut answered = call.clone();
        answered.status = Some(response.status().as_u16());
        let reply = read_capped(response, cap)
            .await
            .map_err(|fault| match fault {
                BodyFault::TooLarge => {
                    ProviderError::new(ErrorKind::TooLarge { cap }, answered, Safe::default())
                }
                BodyFault::Net(net) => {
                    let kind = ErrorKind::Unreachable {
                        net: net.kind,
                        sent: true,
                    };
                    ProviderError::new(kind, answered, Safe::default())
                }
            })?;
        let kind = match reply.status.as_u16() {
            200..300 => return Ok(reply),
            401 => ErrorKind::Auth,
            403 => ErrorKind::Forbidden {
                permission: None,
                sso_url: None,
            },
            404 | 410 => ErrorKind::NotFound,
            429 => ErrorKind::RateLimited {
                until: self.wait_until(&reply),
                secondary: true,
            },
            500..600 => ErrorKind::Server,
            _ => ErrorKind::Protocol { hint: None },
        };
        let mut call = call.clone();
        call.status = Some(reply.status.as_u16());
        Err(ProviderError::new(kind, call, Safe::default()))
    }

    fn wait_until(&self, reply: &Reply) -> jiff::Timestamp {
        let now = (self.clock)();
        let wait = jiff::SignedDuration::from_secs(WAIT_S);
        retry_after(&reply.headers, now)
            .or_else(|| limits(&reply.headers).reset_at)
            .unwrap_or_else(|| now.saturating_add(wait).unwrap_or(now))
    }
}
