//! The requests of a GitHub source: conditional reads through octocrab with the cache, GraphQL that keeps both data and
//! errors, writes that are sent once. Limits are read off every answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::client::GitHub;
use super::errors;
use super::rate::Bucket;
use super::transport::{self, ACCEPT_JSON};
use crate::domain::text::Safe;
use crate::providers::error::{Call, ErrorKind, ProviderError};
use crate::providers::http::{Reply, link_next, read_capped, with_retry};
use crate::providers::{CacheKey, CachedResponse};

/// A stored answer that is still right is written again only after that long: its age is for clearing out, nothing else.
const REFRESH: SignedDuration = SignedDuration::from_hours(1);

/// A page of a list.
pub(super) struct Page {
    pub(super) body: Value,
    pub(super) next: Option<String>,
}

/// A GraphQL answer with both halves.
pub(super) struct GraphReply {
    pub(super) data: Data,
    pub(super) errors: Vec<Value>,
    pub(super) reply: Reply,
}

/// The fields of an answer, each parsed when it is asked for: a parsed answer takes ten times the memory of its text.
pub(super) struct Data(BTreeMap<String, Box<RawValue>>);

impl Data {
    /// The field of this name; none: there is no such.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }
}

/// What a GraphQL answer holds.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    data: Option<BTreeMap<String, Box<RawValue>>>,
    #[serde(default)]
    errors: Option<Vec<Value>>,
}

impl GitHub {
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
            let now = self.now();
            if now.duration_since(stored.stored_at) > REFRESH {
                stored.stored_at = now;
                self.cache.put(key, stored).await;
            }
            return Ok(Page { body, next });
        }
        let body = self.json(&call, &reply)?;
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

    pub(super) async fn get_once(
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
        let status = response.status();
        let mut reply = read_capped(response, self.clients.policy().body_cap)
            .await
            .map_err(|fault| self.body_error(call, status, fault))?;
        self.redactor.scrub(&mut reply);
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
        self.note_asked();
        with_retry(self.clients.policy(), &self.clock, || {
            self.graphql_once(&url, &call, query)
        })
        .await
        .inspect_err(|e| self.note_error(e))
    }

    /// As [`Self::graphql`], but a query that was too heavy for the server is not repeated: it comes back as it is, to be asked
    /// for less.
    pub(super) async fn graphql_heavy(&self, query: &str) -> Result<GraphReply, ProviderError> {
        let url = self.settings.graphql_url();
        let call = self.call("POST", &url);
        self.gate(Bucket::Graphql, &call)?;
        self.note_asked();
        with_retry(self.clients.policy(), &self.clock, || async {
            match self.graphql_once(&url, &call, query).await {
                Err(e) if errors::is_too_heavy(&e) => Ok(Err(e)),
                other => other.map(Ok),
            }
        })
        .await
        .flatten()
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
        let status = response.status();
        let mut reply = read_capped(response, self.clients.policy().body_cap)
            .await
            .map_err(|fault| self.body_error(call, status, fault))?;
        self.redactor.scrub(&mut reply);
        self.note(&reply, Bucket::Graphql);
        if !reply.status.is_success() {
            return Err(errors::from_reply(
                call.clone(),
                &reply,
                &self.redactor,
                self.now(),
            ));
        }
        let body: Envelope = self.json(call, &reply)?;
        let errors = body.errors.unwrap_or_default();
        let Some(data) = body.data else {
            let mut call = call.clone();
            call.status = Some(reply.status.as_u16());
            return Err(errors::from_graphql(
                call,
                &errors,
                Some(&reply),
                &self.redactor,
                self.now(),
            ));
        };
        Ok(GraphReply {
            data: Data(data),
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
        let mut reply = read_capped(response, 1024 * 1024).await.unwrap_or(Reply {
            status,
            headers,
            body: Bytes::new(),
        });
        self.redactor.scrub(&mut reply);
        self.note(&reply, Bucket::Core);
        Ok(reply)
    }
}
