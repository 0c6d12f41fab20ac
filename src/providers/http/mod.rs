//! ONE policy for all HTTP: two clients, built late and off the loop (loading the system's certificates takes time). The
//! *read* client keeps connections, speaks HTTP/2 and gzip; its callers read bodies through a cap and retry outside. The
//! *write* client never repeats anything by itself: no retry, no redirect, no idle connection that might be dead, HTTP/1.

mod body;
mod headers;
mod net;
mod redact;
mod retry;
pub mod settings;

use reqwest::redirect;
use tokio::sync::OnceCell;

pub use body::{BodyFault, Reply, read_capped};
pub use headers::{Limits, limits, link_next, retry_after};
pub use net::{NetFault, classify};
pub use redact::Redactor;
pub use retry::with_retry;
pub use settings::HttpPolicy;

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("flightdeck/", env!("CARGO_PKG_VERSION"));

/// Installs the TLS provider (ring). Call it first thing; again is harmless.
pub fn init_tls() {
    // An error means that one is installed already, which is what is wanted.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// What to do when JSON breaks off or can't be read.
pub const CUT: &str =
    "something on the way cuts or changes answers: check the proxy; it is tried again";

/// The two clients of a source.
#[derive(Debug)]
pub struct Clients {
    policy: HttpPolicy,
    read: OnceCell<reqwest::Client>,
    write: OnceCell<reqwest::Client>,
}

/// Why a client could not be built, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ClientFault(pub String);

impl Clients {
    /// Nothing is built before the first request.
    pub fn new(policy: HttpPolicy) -> Self {
        Self {
            policy,
            read: OnceCell::new(),
            write: OnceCell::new(),
        }
    }

    /// The policy.
    pub fn policy(&self) -> &HttpPolicy {
        &self.policy
    }

    /// The client for requests that may be repeated.
    pub async fn read(&self) -> Result<reqwest::Client, ClientFault> {
        let build = || off_loop(self.policy.clone(), read_client);
        self.read.get_or_try_init(build).await.cloned()
    }

    /// The client for requests that are sent once.
    pub async fn write(&self) -> Result<reqwest::Client, ClientFault> {
        let build = || off_loop(self.policy.clone(), write_client);
        self.write.get_or_try_init(build).await.cloned()
    }
}

/// Builds on the blocking pool: reading certificates must not hold up the screen.
async fn off_loop(
    policy: HttpPolicy,
    build: fn(&HttpPolicy) -> Result<reqwest::Client, ClientFault>,
) -> Result<reqwest::Client, ClientFault> {
    tokio::task::spawn_blocking(move || build(&policy))
        .await
        .map_err(|_| ClientFault("the HTTP client could not be built".to_owned()))?
}

fn common(policy: &HttpPolicy) -> Result<reqwest::ClientBuilder, ClientFault> {
    init_tls();
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(policy.connect_timeout)
        .read_timeout(policy.read_timeout)
        .timeout(policy.timeout)
        .referer(false)
        .retry(reqwest::retry::never())
        .tcp_nodelay(true);
    if !policy.system_proxy {
        builder = builder.no_proxy();
    }
    if let Some(path) = &policy.ca_file {
        let fault = |e: &dyn std::fmt::Display| ClientFault(format!("{}: {e}", path.display()));
        let pem = std::fs::read(path).map_err(|e| fault(&e))?;
        let certs = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|_| fault(&"no certificates in PEM form"))?;
        if certs.is_empty() {
            return Err(fault(&"no certificates in PEM form"));
        }
        builder = builder.tls_certs_merge(certs);
    }
    Ok(builder)
}

fn finish(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, ClientFault> {
    builder.build().map_err(|_| {
        ClientFault(
            "the HTTP client could not be built: check `ca_file` and the proxy settings".to_owned(),
        )
    })
}

fn read_client(policy: &HttpPolicy) -> Result<reqwest::Client, ClientFault> {
    let redirects = redirects(policy.foreign_redirects);
    finish(
        common(policy)?
            .redirect(redirects)
            .pool_max_idle_per_host(4)
            .gzip(true),
    )
}

fn write_client(policy: &HttpPolicy) -> Result<reqwest::Client, ClientFault> {
    finish(
        common(policy)?
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .http1_only(),
    )
}

/// At most five, never from https to http. To another host only without authorization (reqwest removes it), and not at all
/// when other headers carry secrets.
fn redirects(foreign: bool) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        let Some(from) = attempt.previous().last() else {
            return attempt.stop();
        };
        let to = attempt.url();
        let downgrade = from.scheme() == "https" && to.scheme() != "https";
        if attempt.previous().len() > 5 || downgrade || (!foreign && from.origin() != to.origin()) {
            attempt.stop()
        } else {
            attempt.follow()
        }
    })
}

/// An address without query, user and password, for messages.
pub fn shown_url(url: &url::Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only for addresses that cannot have a user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
