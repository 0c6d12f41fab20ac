//! The requests of a GitHub source: conditional reads through octocrab with the cache, GraphQL that keeps both data and
//! errors, writes that are sent once. Limits are read off every answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use octocrab::Octocrab;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use url::Url;

use super::errors;
use super::rate::{Bucket, Budget};
use super::settings::GithubSettings;
use super::transport::{self, ACCEPT_JSON, Credentials};
use crate::domain::text::Safe;
use crate::providers::error::{Call, ErrorKind, ProviderError};
use crate::providers::http::{
    BodyFault, Clients, HttpPolicy, Redactor, Reply, classify, limits, link_next, read_capped,
    shown_url, with_retry,
};
use crate::providers::{CacheKey, CachedResponse, Clock, ResponseCache};

/// A GitHub source. Cheap to make; clients are built at the first request.
pub struct GitHub {
    pub(super) settings: GithubSettings,
    pub(super) clock: Clock,
    pub(super) redactor: Redactor,
    cache: Arc<dyn ResponseCache>,
    clients: Clients,
    credentials: Arc<Credentials>,
    account: String,
    /// A token that cannot stand in a header: nothing is sent then.
    bad_token: bool,
    read: OnceCell<Octocrab>,
    write: OnceCell<Octocrab>,
    budget: Mutex<Budget>,
    warnings: Mutex<BTreeMap<String, Safe>>,
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHub")
            .field("name", &self.settings.name)
            .field("api", &shown_url(&self.settings.api))
            .finish_non_exhaustive()
    }
}

/// A page of a list.
pub(super) struct Page {
    pub(super) body: Value,
    pub(super) next: Option<String>,
}

/// A GraphQL answer with both halves.
pub(super) struct GraphReply {
    pub(super) data: Value,
    pub(super) errors: Vec<Value>,
    pub(super) reply: Reply,
}

impl GitHub {
    /// A source by its settings.
    pub fn new(
        settings: GithubSettings,
        policy: HttpPolicy,
        cache: Arc<dyn ResponseCache>,
        clock: Clock,
    ) -> Self {
        // A newline at the end is what files and commands give; it cannot go into a header.
        let token = settings
            .token
            .as_ref()
            .map(|t| SecretString::from(t.expose_secret().trim().to_owned()))
            .filter(|t| !t.expose_secret().is_empty());
        let authorization = token.as_ref().and_then(|t| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", t.expose_secret())).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        let bad_token = token.is_some() && authorization.is_none();
        let account = token.as_ref().map_or_else(
            || "anonymous".to_owned(),
            |t| {
                let hash = Sha256::digest(format!("flightdeck-account\0{}", t.expose_secret()));
                let hex = hash.iter().flat_map(|b| [b >> 4, b & 15]).take(32);
                hex.filter_map(|d| char::from_digit(u32::from(d), 16))
                    .collect()
            },
        );
        let origins = vec![settings.api.origin(), settings.graphql_url().origin()];
        let budget = Budget {
            share: settings.budget,
            ..Budget::default()
        };
        Self {
            redactor: Redactor::new(token),
            settings,
            clock,
            cache,
            clients: Clients::new(policy),
            credentials: Arc::new(Credentials {
                authorization,
                origins,
            }),
            account,
            bad_token,
            read: OnceCell::new(),
            write: OnceCell::new(),
            budget: Mutex::new(budget),
            warnings: Mutex::new(BTreeMap::new()),
        }
    }

    /// Whether requests carry credentials.
    pub(super) fn has_token(&self) -> bool {
        self.credentials.authorization.is_some()
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(super) fn call(&self, method: &'static str, url: &Url) -> Call {
        Call {
            system: "GitHub",
            source: self.settings.name.clone(),
            method,
            url: shown_url(url),
            status: None,
        }
    }

    /// The address of a path under the REST base. `path` is encoded already and may have a query.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.settings.api.clone();
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(p, q)| (p, Some(q)));
        let full = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&full);
        url.set_query(query);
        url
    }

    pub(super) fn last_budget(&self) -> Budget {
        self.budget.lock().map_or_else(|e| *e.into_inner(), |b| *b)
    }

    pub(super) fn with_budget(&self, change: impl FnOnce(&mut Budget)) {
        let mut budget = self
            .budget
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut budget);
    }

    pub(super) fn last_warnings(&self) -> Vec<Safe> {
        let warnings = self
            .warnings
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        warnings.values().cloned().collect()
    }

    /// Keeps, replaces or (with none) removes the warning about a subject.
    pub(super) fn warn(&self, subject: String, warning: Option<&str>) {
        let mut warnings = self
            .warnings
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(text) = warning {
            if warnings.len() < 100 {
                let text = self.redactor.clean(&format!("{subject}: {text}"));
                warnings.insert(subject, text);
            }
        } else {
            warnings.remove(&subject);
        }
    }

    fn note(&self, reply: &Reply, bucket: Bucket) {
        let seen = limits(&reply.headers);
        self.with_budget(|b| b.note(&seen, bucket));
    }

    /// Remembers a limit, so that later reads do not knock on a closed door.
    fn note_error(&self, error: &ProviderError) {
        if let ErrorKind::RateLimited { until, .. } = error.kind {
            self.with_budget(|b| b.blocked_until = Some(until));
        }
    }

    /// Refuses a read while the server asked to wait, or while only the reserve is left.
    fn gate(&self, bucket: Bucket, call: &Call) -> Result<(), ProviderError> {
        let budget = self.last_budget();
        match budget.wait_until(bucket, self.now()) {
            None => Ok(()),
            Some(until) => {
                let asked = budget.blocked_until == Some(until);
                let detail = if asked {
                    "not sent: the server asked to wait"
                } else {
                    "not sent: what is left of the limit is kept for a rollback"
                };
                Err(ProviderError::new(
                    ErrorKind::RateLimited {
                        until,
                        secondary: asked,
                    },
                    call.clone(),
                    Safe::new(detail),
                ))
            }
        }
    }

    async fn reader(&self, call: &Call) -> Result<&Octocrab, ProviderError> {
        self.check_token(call)?;
        let build = || async {
            let client = self.clients.read().await?;
            Ok(transport::octocrab(client, Arc::clone(&self.credentials)))
        };
        self.read
            .get_or_try_init(build)
            .await
            .map_err(|fault| self.config_error(call, &fault))
    }

    async fn writer(&self, call: &Call) -> Result<&Octocrab, ProviderError> {
        self.check_token(call)?;
        let build = || async {
            let client = self.clients.write().await?;
            Ok(transport::octocrab(client, Arc::clone(&self.credentials)))
        };
        self.write
            .get_or_try_init(build)
            .await
            .map_err(|fault| self.config_error(call, &fault))
    }

    fn check_token(&self, call: &Call) -> Result<(), ProviderError> {
        if self.bad_token {
            let detail = Safe::new("the token holds characters that no token has");
            return Err(ProviderError::new(ErrorKind::Config, call.clone(), detail));
        }
        Ok(())
    }

    fn config_error(
        &self,
        call: &Call,
        fault: &crate::providers::http::ClientFault,
    ) -> ProviderError {
        ProviderError::new(
            ErrorKind::Config,
            call.clone(),
            self.redactor.clean(&fault.0),
        )
    }

    fn broken(call: &Call, error: &(dyn std::error::Error + 'static)) -> ProviderError {
        let fault = classify(error);
        let kind = ErrorKind::Unreachable {
            net: fault.kind,
            sent: fault.sent,
        };
        ProviderError::new(kind, call.clone(), Safe::default())
    }

    fn body_error(&self, call: &Call, fault: BodyFault) -> ProviderError {
        let kind = match fault {
            BodyFault::TooLarge => ErrorKind::TooLarge {
                cap: self.clients.policy().body_cap,
            },
            BodyFault::Net(net) => ErrorKind::Unreachable {
                net: net.kind,
                sent: true,
            },
        };
        ProviderError::new(kind, call.clone(), Safe::default())
    }

    /// Parses a body as JSON.
    pub(super) fn json(call: &Call, reply: &Reply) -> Result<Value, ProviderError> {
        serde_json::from_slice(&reply.body).map_err(|_| {
            let mut call = call.clone();
            call.status = Some(reply.status.as_u16());
            let (hint, detail) = if reply.is_html() {
                (Some(errors::HTML), "a page for people, not JSON")
            } else {
                (None, "the JSON is broken or cut short")
            };
            ProviderError::new(ErrorKind::Protocol { hint }, call, Safe::new(detail))
        })
    }

    /// A conditional `GET`, repeated while that may help.
    pub(super) async fn get(&self, url: &Url) -> Result<Page, ProviderError> {
        let call = self.call("GET", url);
        self.gate(Bucket::Core, &call)?;
        let key = CacheKey {
            host: url.origin().ascii_serialization(),
            account: self.account.clone(),
            accept: ACCEPT_JSON.to_owned(),
            uri: url
                .query()
                .map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path())),
        };
        let stored = self.cache.get(&key).await;
        let etag = stored.as_ref().map(|s| s.etag.as_str());
        let result = with_retry(self.clients.policy(), &self.clock, || {
            self.get_once(url, &call, etag)
        })
        .await;
        let reply = result.inspect_err(|e| self.note_error(e))?;
        if reply.status.as_u16() == 304 {
            let Some(mut stored) = stored else {
                let detail = Safe::new("304 without a question");
                return Err(ProviderError::new(
                    ErrorKind::Protocol { hint: None },
                    call,
                    detail,
                ));
            };
            let body = serde_json::from_slice(&stored.body).unwrap_or(Value::Null);
            let next = stored.link.as_deref().and_then(link_next);
            stored.stored_at = self.now();
            self.cache.put(key, stored).await;
            return Ok(Page { body, next });
        }
        let body = Self::json(&call, &reply)?;
        let link = reply.header("link").map(ToOwned::to_owned);
        let next = link.as_deref().and_then(link_next);
        if let Some(etag) = reply
            .header("etag")
            .filter(|_| reply.status.as_u16() == 200)
        {
            let response = CachedResponse {
                etag: etag.to_owned(),
                body: reply.body.clone(),
                link,
                stored_at: self.now(),
            };
            self.cache.put(key, response).await;
        }
        Ok(Page { body, next })
    }

    async fn get_once(
        &self,
        url: &Url,
        call: &Call,
        etag: Option<&str>,
    ) -> Result<Reply, ProviderError> {
        let octocrab = self.reader(call).await?;
        let headers = transport::read_headers(etag);
        let response = octocrab
            ._get_with_headers(url.as_str(), Some(headers))
            .await
            .map_err(|e| Self::broken(call, &e))?;
        let reply = read_capped(response, self.clients.policy().body_cap)
            .await
            .map_err(|fault| self.body_error(call, fault))?;
        self.note(&reply, Bucket::Core);
        let status = reply.status.as_u16();
        if reply.status.is_success() || (status == 304 && etag.is_some()) {
            return Ok(reply);
        }
        Err(errors::from_reply(
            call.clone(),
            &reply,
            &self.redactor,
            self.now(),
        ))
    }

    /// The address of the next page. A link to another host is not followed there: its query is asked of our own host.
    pub(super) fn next_url(&self, current: &Url, next: &str) -> Option<Url> {
        let next: Url = next.parse().ok()?;
        if next.origin() == self.settings.api.origin() {
            return Some(next);
        }
        let mut url = current.clone();
        url.set_query(next.query());
        Some(url)
    }

    /// All pages of a list, `most` at most; tells whether there are more.
    pub(super) async fn pages(
        &self,
        first: Url,
        most: usize,
    ) -> Result<(Vec<Value>, bool), ProviderError> {
        let mut bodies = Vec::new();
        let mut at = Some(first);
        while let Some(url) = at {
            if bodies.len() == most {
                return Ok((bodies, true));
            }
            let page = self.get(&url).await?;
            bodies.push(page.body);
            at = page
                .next
                .and_then(|next| self.next_url(&url, &next))
                .filter(|next| *next != url);
        }
        Ok((bodies, false))
    }

    /// A GraphQL query (a read, so it is repeated while that may help). Keeps data and errors.
    pub(super) async fn graphql(&self, query: &str) -> Result<GraphReply, ProviderError> {
        let url = self.settings.graphql_url();
        let call = self.call("POST", &url);
        self.gate(Bucket::Graphql, &call)?;
        with_retry(self.clients.policy(), &self.clock, || {
            self.graphql_once(&url, &call, query)
        })
        .await
        .inspect_err(|e| self.note_error(e))
    }

    async fn graphql_once(
        &self,
        url: &Url,
        call: &Call,
        query: &str,
    ) -> Result<GraphReply, ProviderError> {
        let octocrab = self.reader(call).await?;
        let body = serde_json::json!({ "query": query });
        let response = octocrab
            ._post(url.as_str(), Some(&body))
            .await
            .map_err(|e| Self::broken(call, &e))?;
        let reply = read_capped(response, self.clients.policy().body_cap)
            .await
            .map_err(|fault| self.body_error(call, fault))?;
        self.note(&reply, Bucket::Graphql);
        if !reply.status.is_success() {
            return Err(errors::from_reply(
                call.clone(),
                &reply,
                &self.redactor,
                self.now(),
            ));
        }
        let mut body = Self::json(call, &reply)?;
        let errors = match body.get_mut("errors").map(Value::take) {
            Some(Value::Array(errors)) => errors,
            _ => Vec::new(),
        };
        let data = body.get_mut("data").map(Value::take).unwrap_or_default();
        if data.is_null() {
            let mut call = call.clone();
            call.status = Some(reply.status.as_u16());
            return Err(errors::from_graphql(
                call,
                &errors,
                Some(&reply),
                &self.redactor,
                self.now(),
            ));
        }
        Ok(GraphReply {
            data,
            errors,
            reply,
        })
    }

    /// Sends a write, once. Only the status and what could be read of the body come back.
    pub(super) async fn send(
        &self,
        url: &Url,
        body: Option<&Value>,
    ) -> Result<Reply, ProviderError> {
        let call = self.call("POST", url);
        let octocrab = self.writer(&call).await?;
        let now = self.now();
        self.with_budget(|b| b.last_write_at = Some(now));
        let response = octocrab
            ._post(url.as_str(), body)
            .await
            .map_err(|e| Self::broken(&call, &e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        // The status is the answer; a body that breaks off must not turn "accepted" into "lost".
        let reply = read_capped(response, 1024 * 1024).await.unwrap_or(Reply {
            status,
            headers,
            body: Bytes::new(),
        });
        self.note(&reply, Bucket::Core);
        Ok(reply)
    }
}
