//! The ground under octocrab: a tower service over our own client. It decides what octocrab's stack would decide against our
//! policy: the user agent, that authorization goes only to the configured hosts, and that bodies have a known length.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body_util::BodyExt;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue, USER_AGENT};
use tower_service::Service;

use crate::providers::http::USER_AGENT as AGENT;

/// The headers of the credentials and the hosts they may be sent to.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) authorization: Option<HeaderValue>,
    pub(super) origins: Vec<url::Origin>,
}

/// Sends octocrab's requests by a client of ours.
#[derive(Clone)]
struct Ground {
    client: reqwest::Client,
    credentials: Arc<Credentials>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Service<Request<OctoBody>> for Ground {
    type Response = Response<reqwest::Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<OctoBody>) -> Self::Future {
        let Self {
            client,
            credentials,
        } = self.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            parts.headers.remove(CONTENT_LENGTH);
            parts
                .headers
                .insert(USER_AGENT, HeaderValue::from_static(AGENT));
            parts
                .headers
                .entry(ACCEPT)
                .or_insert(HeaderValue::from_static(ACCEPT_JSON));
            parts.headers.remove(AUTHORIZATION);
            let url: url::Url = parts.uri.to_string().parse()?;
            if credentials.origins.contains(&url.origin())
                && let Some(value) = &credentials.authorization
            {
                parts.headers.insert(AUTHORIZATION, value.clone());
            }
            let request: reqwest::Request =
                Request::from_parts(parts, reqwest::Body::from(body)).try_into()?;
            Ok(client.execute(request).await?.into())
        })
    }
}

/// An octocrab over a client of ours. Call it inside the runtime: octocrab starts a task.
pub(super) fn octocrab(client: reqwest::Client, credentials: Arc<Credentials>) -> Octocrab {
    let ground = Ground {
        client,
        credentials,
    };
    let built = OctocrabBuilder::new_empty()
        .with_service(ground)
        .with_auth(AuthState::None)
        .build();
    match built {
        Ok(octocrab) => octocrab,
        Err(never) => match never {},
    }
}

/// Media types: GitHub's own, and plain JSON for what stands in for it.
pub(super) const ACCEPT_JSON: &str = "application/vnd.github+json, application/json;q=0.9";

/// `Accept` and, where an answer is stored, `If-None-Match`.
pub(super) fn read_headers(etag: Option<&str>) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(ACCEPT_JSON));
    if let Some(etag) = etag.and_then(|e| HeaderValue::from_str(e).ok()) {
        headers.insert(HeaderName::from_static("if-none-match"), etag);
    }
    headers
}
