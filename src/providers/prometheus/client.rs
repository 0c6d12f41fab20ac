//! The calls of a Prometheus source: queries as POST forms (long expressions), as GET where something on the way refuses
//! POST; answers through the cap; the server's own words in errors.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::settings::{MetricsAuth, PrometheusSettings};
use crate::domain::text::Safe;
use crate::providers::Clock;
use crate::providers::error::{Call, ErrorKind, ProviderError};
use crate::providers::http::{
    BodyFault, CUT, Clients, HttpPolicy, Redactor, Reply, classify, limits, read_capped,
    retry_after, shown_url, with_retry,
};

/// A Prometheus source. Cheap to make; the client is built at the first request.
pub struct Prometheus {
    pub(super) settings: PrometheusSettings,
    pub(super) clock: Clock,
    clients: Clients,
    redactor: Redactor,
    headers: Result<HeaderMap, String>,
    /// Something on the way refuses POST.
    by_get: AtomicBool,
}

impl std::fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prometheus")
            .field("name", &self.settings.name)
            .field("url", &shown_url(&self.settings.url))
            .finish_non_exhaustive()
    }
}

/// A successful envelope.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) data: Value,
    pub(super) warnings: Vec<Safe>,
    /// The status it came with.
    pub(super) status: u16,
}

const HTML: &str = "a page for people came back: check the `url` (base address with its path prefix), and that no login stands before it";

impl Prometheus {
    /// A source by its settings.
    pub fn new(settings: PrometheusSettings, mut policy: HttpPolicy, clock: Clock) -> Self {
        if settings.ca_file.is_some() {
            policy.ca_file.clone_from(&settings.ca_file);
        }
        // A tenant's header may be a secret; reqwest removes only `Authorization` on the way to another host.
        policy.foreign_redirects = settings.headers.is_empty();
        let mut secrets: Vec<SecretString> =
            settings.headers.iter().map(|(_, v)| v.clone()).collect();
        let headers = headers(&settings, &mut secrets);
        Self {
            settings,
            clock,
            clients: Clients::new(policy),
            redactor: Redactor::new(secrets),
            headers,
            by_get: AtomicBool::new(false),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.settings.url.clone();
        let base = url.path().trim_end_matches('/');
        let base = base.strip_suffix("/api/v1").unwrap_or(base);
        let full = format!("{base}/api/v1/{path}");
        url.set_path(&full);
        url
    }

    /// Asks `path`. `name` is the query's name in the configuration, for errors.
    pub(super) async fn ask(
        &self,
        path: &str,
        name: &'static str,
        form: &[(&str, String)],
    ) -> Result<Envelope, ProviderError> {
        let url = self.url(path);
        with_retry(self.clients.policy(), &self.clock, || {
            self.ask_once(&url, name, form)
        })
        .await
    }

    async fn ask_once(
        &self,
        url: &Url,
        name: &'static str,
        form: &[(&str, String)],
    ) -> Result<Envelope, ProviderError> {
        if !self.by_get.load(Ordering::Relaxed) {
            let reply = self.send(&Method::POST, url, form).await?;
            if !matches!(reply.status.as_u16(), 403 | 405 | 501) {
                return self.open("POST", url, name, &reply);
            }
        }
        let reply = self.send(&Method::GET, url, form).await?;
        if reply.status.is_success() {
            self.by_get.store(true, Ordering::Relaxed);
        }
        self.open("GET", url, name, &reply)
    }

    fn call(&self, method: &'static str, url: &Url) -> Call {
        Call {
            system: "Prometheus",
            source: self.settings.name.clone(),
            method,
            url: shown_url(url),
            status: None,
            token_from: String::new(),
        }
    }

    /// An answer of the right form with the wrong content.
    pub(super) fn odd(&self, name: &str, path: &str, status: u16, words: &str) -> ProviderError {
        let by_get = self.by_get.load(Ordering::Relaxed);
        let mut call = self.call(if by_get { "GET" } else { "POST" }, &self.url(path));
        call.status = Some(status);
        let detail = Safe::new(&format!("{name}: {words}"));
        ProviderError::new(ErrorKind::Protocol { hint: None }, call, detail)
    }

    async fn send(
        &self,
        method: &Method,
        url: &Url,
        form: &[(&str, String)],
    ) -> Result<Reply, ProviderError> {
        let post = *method == Method::POST;
        let call = self.call(if post { "POST" } else { "GET" }, url);
        let config = |words: &str| {
            ProviderError::new(ErrorKind::Config, call.clone(), self.redactor.clean(words))
        };
        let headers = self.headers.as_ref().map_err(|e| config(e))?.clone();
        let client = self.clients.read().await.map_err(|e| config(&e.0))?;
        let request = client.request(method.clone(), url.clone()).headers(headers);
        let request = if post {
            request.form(form)
        } else {
            request.query(form)
        };
        let broken = |fault: crate::providers::http::NetFault| {
            let kind = ErrorKind::Unreachable {
                net: fault.kind,
                sent: fault.sent,
            };
            ProviderError::new(kind, call.clone(), Safe::default())
        };
        let response = request.send().await.map_err(|e| broken(classify(&e)))?;
        let response: http::Response<reqwest::Body> = response.into();
        let cap = self.clients.policy().body_cap;
        let mut call = call.clone();
        call.status = Some(response.status().as_u16());
        let mut reply = read_capped(response, cap)
            .await
            .map_err(|fault| match fault {
                BodyFault::TooLarge => {
                    ProviderError::new(ErrorKind::TooLarge { cap }, call.clone(), Safe::default())
                }
                BodyFault::Net(net) => {
                    let kind = ErrorKind::Unreachable {
                        net: net.kind,
                        sent: true,
                    };
                    ProviderError::new(kind, call.clone(), Safe::default())
                }
            })?;
        self.redactor.scrub(&mut reply);
        Ok(reply)
    }

    /// Opens the envelope, whatever the status.
    fn open(
        &self,
        method: &'static str,
        url: &Url,
        name: &'static str,
        reply: &Reply,
    ) -> Result<Envelope, ProviderError> {
        let mut call = self.call(method, url);
        let status = reply.status.as_u16();
        call.status = Some(status);
        let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let fail = |kind, words: &str| {
            Err(ProviderError::new(
                kind,
                call.clone(),
                self.redactor.clean(words),
            ))
        };
        let field = |key: &str| {
            body.as_ref()
                .and_then(|b| b.get(key))
                .and_then(Value::as_str)
        };
        match status {
            401 => return fail(ErrorKind::Auth, field("error").unwrap_or_default()),
            403 => {
                let kind = ErrorKind::Forbidden {
                    permission: None,
                    sso_url: None,
                };
                return fail(kind, field("error").unwrap_or_default());
            }
            429 => {
                let now = self.now();
                let minute = jiff::SignedDuration::from_secs(60);
                let until = retry_after(&reply.headers, now)
                    .or(limits(&reply.headers).reset_at.filter(|t| *t > now))
                    .or_else(|| now.checked_add(minute).ok())
                    .unwrap_or(now);
                let kind = ErrorKind::RateLimited {
                    until,
                    secondary: true,
                };
                return fail(kind, field("error").unwrap_or_default());
            }
            _ => {}
        }
        if field("status") == Some("error") {
            let words = field("error").unwrap_or("no reason given");
            return fail(ErrorKind::Query { name }, words);
        }
        let Some(mut body) = body else {
            let cut = "the JSON is broken or cut short";
            return match status {
                500.. => fail(ErrorKind::Server, ""),
                404 => fail(ErrorKind::NotFound, ""),
                _ if reply.is_html() => fail(
                    ErrorKind::Protocol { hint: Some(HTML) },
                    "an HTML page, not JSON",
                ),
                300..=399 => fail(
                    ErrorKind::Protocol { hint: Some(HTML) },
                    "sent on to another host",
                ),
                _ => fail(ErrorKind::Protocol { hint: Some(CUT) }, cut),
            };
        };
        if body.get("status").and_then(Value::as_str) != Some("success")
            || !reply.status.is_success()
        {
            return match status {
                500.. => fail(ErrorKind::Server, ""),
                404 => fail(ErrorKind::NotFound, ""),
                _ => fail(
                    ErrorKind::Protocol {
                        hint: Some("this does not speak Prometheus' API: check the `url`"),
                    },
                    "",
                ),
            };
        }
        let mut warnings = Vec::new();
        for key in ["warnings", "infos"] {
            let list = body.get(key).and_then(Value::as_array);
            let words = list.into_iter().flatten().filter_map(Value::as_str);
            warnings.extend(
                words
                    .take(5)
                    .map(|w| self.redactor.clean(&format!("{name}: {w}"))),
            );
        }
        if body.get("isPartial").and_then(Value::as_bool) == Some(true) {
            let words = format!("{name}: a partial answer, some data is missing");
            warnings.push(Safe::new(&words));
        }
        let data = body.get_mut("data").map(Value::take).unwrap_or_default();
        Ok(Envelope {
            data,
            warnings,
            status,
        })
    }
}

/// The headers of every request; the credentials' own forms become secrets too.
fn headers(
    settings: &PrometheusSettings,
    secrets: &mut Vec<SecretString>,
) -> Result<HeaderMap, String> {
    let url = &settings.url;
    let in_query = url.query_pairs().map(|(_, v)| v.into_owned());
    let in_url = url
        .password()
        .map(ToOwned::to_owned)
        .into_iter()
        .chain(in_query);
    secrets.extend(in_url.map(SecretString::from));
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "write user and password into `auth = { basic = .. }`, not into `url`".to_owned(),
        );
    }
    let mut map = HeaderMap::new();
    let secret = |text: &str| {
        let mut value = HeaderValue::from_str(text.trim()).ok()?;
        value.set_sensitive(true);
        Some(value)
    };
    for (name, value) in &settings.headers {
        let bad =
            || format!("the header `{name}` or its value holds characters that no header has");
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        map.insert(header, secret(value.expose_secret()).ok_or_else(bad)?);
    }
    let authorization = match &settings.auth {
        MetricsAuth::None => None,
        MetricsAuth::Bearer(token) => {
            secrets.push(token.expose_secret().trim().to_owned().into());
            Some(format!("Bearer {}", token.expose_secret().trim()))
        }
        MetricsAuth::Basic { user, password } => {
            secrets.push(password.clone());
            let pair = base64(format!("{user}:{}", password.expose_secret()).as_bytes());
            secrets.push(pair.clone().into());
            Some(format!("Basic {pair}"))
        }
    };
    if let Some(text) = authorization {
        let value = secret(&text).ok_or("the token holds characters that no token has")?;
        map.insert(AUTHORIZATION, value);
    }
    Ok(map)
}

/// Base64 with padding (RFC 4648), for basic authentication.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |g, b| g << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let six = usize::try_from(group >> (18 - 6 * i) & 63).unwrap_or(0);
            let letter = ALPHABET.get(six).copied().unwrap_or(b'=');
            out.push(char::from(if i <= chunk.len() { letter } else { b'=' }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_the_rfc() {
        for (text, code) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("a:\u{fc}", "YTrDvA=="),
        ] {
            assert_eq!(base64(text.as_bytes()), code);
        }
    }
}
