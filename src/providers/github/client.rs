//! A GitHub source: its settings, credentials, clients, and what it remembers between requests (limits, warnings).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use octocrab::Octocrab;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use url::Url;

use super::errors;
use super::rate::{Bucket, Budget};
use super::settings::GithubSettings;
use super::transport::{self, Credentials};
use crate::domain::text::Safe;
use crate::providers::error::{Call, ErrorKind, ProviderError};
use crate::providers::http::{
    BodyFault, CUT, Clients, HttpPolicy, Redactor, Reply, classify, limits, shown_url,
};
use crate::providers::{Clock, ResponseCache};

/// A GitHub source. Cheap to make; clients are built at the first request.
pub struct GitHub {
    pub(super) settings: GithubSettings,
    pub(super) clock: Clock,
    pub(super) redactor: Redactor,
    pub(super) cache: Arc<dyn ResponseCache>,
    pub(super) clients: Clients,
    credentials: Arc<Credentials>,
    pub(super) account: String,
    /// A token that cannot stand in a header: nothing is sent then.
    bad_token: bool,
    /// Where the token came from, in words; empty: not told.
    token_from: String,
    read: OnceCell<Octocrab>,
    write: OnceCell<Octocrab>,
    budget: Mutex<Budget>,
    asked: AtomicU64,
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
            token_from: String::new(),
            read: OnceCell::new(),
            write: OnceCell::new(),
            budget: Mutex::new(budget),
            asked: AtomicU64::new(0),
            warnings: Mutex::new(BTreeMap::new()),
        }
    }

    /// Says where the token came from (`GH_TOKEN`, `gh auth token`), so that errors can name it.
    #[must_use]
    pub fn with_token_from(mut self, source: &str) -> Self {
        source.clone_into(&mut self.token_from);
        self
    }

    /// Whether requests carry credentials.
    pub(super) fn has_token(&self) -> bool {
        self.bad_token || self.credentials.authorization.is_some()
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
            token_from: self.token_from.clone(),
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

    /// Counts a GraphQL query that is sent.
    pub(super) fn note_asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// The GraphQL queries that were sent, those that were repeated counted once.
    pub(super) fn graphql_asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
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
            if warnings.len() < 100 || warnings.contains_key(&subject) {
                let text = self.redactor.clean(&format!("{subject}: {text}"));
                warnings.insert(subject, text);
            }
        } else {
            warnings.remove(&subject);
        }
    }

    pub(super) fn note(&self, reply: &Reply, bucket: Bucket) {
        let seen = limits(&reply.headers);
        self.with_budget(|b| b.note(&seen, bucket));
        let sso = reply.header("x-github-sso");
        if sso.is_some_and(|sso| sso.starts_with("partial-results")) {
            let why = "the token is not authorised for some organisations (single sign-on), so what they have is missing";
            self.warn("single sign-on".to_owned(), Some(why));
        }
    }

    /// Remembers that the server asked to slow down, so that later reads do not knock on a closed door. A limit that is
    /// used up is known from its headers, for its own bucket.
    pub(super) fn note_error(&self, error: &ProviderError) {
        if let ErrorKind::RateLimited {
            until,
            secondary: true,
        } = error.kind
        {
            let now = self.now();
            self.with_budget(|b| b.block(until, now));
        }
    }

    /// Refuses a read while the server asked to wait, or while only the reserve is left.
    pub(super) fn gate(&self, bucket: Bucket, call: &Call) -> Result<(), ProviderError> {
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

    pub(super) async fn reader(&self, call: &Call) -> Result<&Octocrab, ProviderError> {
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

    pub(super) async fn writer(&self, call: &Call) -> Result<&Octocrab, ProviderError> {
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

    pub(super) fn broken(call: &Call, error: &(dyn std::error::Error + 'static)) -> ProviderError {
        let fault = classify(error);
        let kind = ErrorKind::Unreachable {
            net: fault.kind,
            sent: fault.sent,
        };
        ProviderError::new(kind, call.clone(), Safe::default())
    }

    /// An answer came, with this status, but its body could not be read.
    pub(super) fn body_error(
        &self,
        call: &Call,
        status: reqwest::StatusCode,
        fault: BodyFault,
    ) -> ProviderError {
        let mut call = call.clone();
        call.status = Some(status.as_u16());
        let kind = match fault {
            BodyFault::TooLarge => ErrorKind::TooLarge {
                cap: self.clients.policy().body_cap,
            },
            BodyFault::Net(net) => ErrorKind::Unreachable {
                net: net.kind,
                sent: true,
            },
        };
        ProviderError::new(kind, call, Safe::default())
    }

    /// Parses a body as JSON.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        call: &Call,
        reply: &Reply,
    ) -> Result<T, ProviderError> {
        serde_json::from_slice(&reply.body).map_err(|_| {
            let mut call = call.clone();
            call.status = Some(reply.status.as_u16());
            let (hint, detail) = if reply.is_html() {
                (Some(errors::HTML), errors::page(reply))
            } else {
                (Some(CUT), "the JSON is broken or cut short".to_owned())
            };
            ProviderError::new(
                ErrorKind::Protocol { hint },
                call,
                self.redactor.clean(&detail),
            )
        })
    }
}
