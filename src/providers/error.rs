//! Why a source did not answer, in words for people: what happened, to which call, and what to do about it. Never contains a
//! token (messages of servers pass a redactor first), a query string or a library's own error text.

use std::fmt;

use jiff::Timestamp;

use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::text::Safe;

/// A call that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// Which call.
    pub call: Box<Call>,
    /// The server's own words, or a detail of ours; may be empty.
    pub detail: Safe,
}

/// The call that an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GitHub`, `Prometheus`.
    pub system: &'static str,
    /// The source's name in the configuration.
    pub source: String,
    /// The HTTP method.
    pub method: &'static str,
    /// The address without query, user and password.
    pub url: String,
    /// The status, where an answer came.
    pub status: Option<u16>,
    /// Where the credentials came from (`GH_TOKEN`), never what they are; empty: not told.
    pub token_from: String,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum ErrorKind {
    /// The credentials were refused.
    Auth,
    /// Known, but not allowed.
    Forbidden {
        /// The permission that would suffice, where the server names it.
        permission: Option<Safe>,
        /// Where to authorise the token for the organisation (single sign-on).
        sso_url: Option<Safe>,
    },
    /// Not there, or not visible with these credentials.
    NotFound,
    /// The server asked to wait.
    RateLimited {
        /// Until then.
        until: Timestamp,
        /// A secondary limit: too fast, not too much.
        secondary: bool,
    },
    /// No answer.
    Unreachable {
        /// What broke.
        net: NetKind,
        /// Whether the request may have reached the server.
        sent: bool,
    },
    /// The server failed: 5xx.
    Server,
    /// The server refused a query of the configuration.
    Query {
        /// Which: `requests`, `errors`, `latency`.
        name: &'static str,
    },
    /// The answer is not what was asked for.
    Protocol {
        /// What to do.
        hint: Option<&'static str>,
    },
    /// The answer is longer than the cap.
    TooLarge {
        /// The cap in bytes.
        cap: usize,
    },
    /// The source is not configured right.
    Config,
}

/// What broke on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetKind {
    /// Nothing came in time.
    Timeout,
    /// The name was not found.
    Dns,
    /// Nobody listens there, or the way is blocked.
    Refused,
    /// No trusted connection, for another reason than the next three.
    Tls,
    /// The certificate is signed by somebody who is not trusted here.
    Issuer,
    /// The certificate is for another name.
    WrongName,
    /// The certificate's time is over, or has not come.
    Expired,
    /// The proxy did not let it through.
    Proxy,
    /// There is no way to the host's address.
    NoRoute,
    /// The connection broke.
    Reset,
}

impl ProviderError {
    /// An error about a call.
    pub fn new(kind: ErrorKind, call: Call, detail: Safe) -> Self {
        Self {
            kind,
            call: Box::new(call),
            detail,
        }
    }

    /// The kind in the words of the machine contract.
    pub fn fault_kind(&self) -> FaultKind {
        match self.kind {
            ErrorKind::Auth => FaultKind::Auth,
            ErrorKind::Forbidden { .. } => FaultKind::Forbidden,
            ErrorKind::NotFound => FaultKind::NotFound,
            ErrorKind::RateLimited { .. } => FaultKind::RateLimited,
            ErrorKind::Unreachable { .. } | ErrorKind::Server => FaultKind::Unreachable,
            ErrorKind::Query { .. } | ErrorKind::Protocol { .. } | ErrorKind::TooLarge { .. } => {
                FaultKind::Protocol
            }
            ErrorKind::Config => FaultKind::Config,
        }
    }

    /// What a person can do.
    pub fn hint(&self) -> Option<String> {
        let source = &self.call.source;
        Some(match &self.kind {
            ErrorKind::Auth if !self.call.token_from.is_empty() => format!(
                "the token is from {}: it may be revoked, expired or for another server",
                self.call.token_from
            ),
            ErrorKind::Auth => format!("check the credentials of the source `{source}`"),
            ErrorKind::Forbidden {
                sso_url: Some(url), ..
            } => {
                format!("authorise the token for the organisation: {url}")
            }
            ErrorKind::Forbidden {
                permission: Some(p),
                ..
            } => {
                format!("give the token the permission {p}")
            }
            ErrorKind::Forbidden { .. } => {
                "the token may not do this: check its permissions".to_owned()
            }
            ErrorKind::NotFound => match super::github::likely_permission(&self.call) {
                Some(permission) => format!(
                    "check the name; a token without access (here: {permission}) gets the same answer"
                ),
                None => {
                    "check the name; a private thing is also `not found` for a token without access"
                        .to_owned()
                }
            },
            ErrorKind::RateLimited {
                secondary: true, ..
            } => "too many requests in a short time; polling goes on by itself".to_owned(),
            ErrorKind::RateLimited { .. } => {
                "the limit is shared by all tools of this account; polling goes on by itself"
                    .to_owned()
            }
            ErrorKind::Unreachable { net, .. } => self.way_hint(*net),
            ErrorKind::Server => "the server has trouble; it is tried again".to_owned(),
            ErrorKind::Query { name } => {
                format!("check the query `{name}` of the service's signals")
            }
            ErrorKind::Protocol { hint } => (*hint)?.to_owned(),
            ErrorKind::TooLarge { .. } => {
                "check the address: this is no answer of an API".to_owned()
            }
            ErrorKind::Config => return None,
        })
    }

    /// What to do about a connection that did not come about.
    fn way_hint(&self, net: NetKind) -> String {
        let Call { system, source, .. } = &*self.call;
        let table = match *system {
            "GitHub" => format!("[github.{source}]"),
            "Prometheus" => format!("[metrics.{source}]"),
            _ => "the configuration".to_owned(),
        };
        match net {
            NetKind::Dns => "check the host's name in the configuration and the network; where names are only found by a proxy, set HTTPS_PROXY".to_owned(),
            NetKind::Issuer => format!(
                "a private authority, or a proxy that reads TLS, signed it: write its certificate as `ca_file = \"FILE.pem\"` into {table}"
            ),
            NetKind::WrongName => format!("check the host's name in {table}: the server's certificate is for another one"),
            NetKind::Expired => "check this machine's clock, then ask for the server's certificate to be renewed".to_owned(),
            NetKind::Tls => format!(
                "check that the address speaks https, and the certificate; a private authority goes into `ca_file` of {table}"
            ),
            NetKind::Proxy => "check HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT where it asks who you are), or name the host in NO_PROXY".to_owned(),
            NetKind::NoRoute => "this network reaches no address of the host: where only IPv6 or only IPv4 is spoken, it takes NAT64 or a proxy (HTTPS_PROXY)".to_owned(),
            NetKind::Refused => "check the address, and whether a proxy is needed (HTTPS_PROXY)".to_owned(),
            NetKind::Timeout | NetKind::Reset => "check the network; it is tried again".to_owned(),
        }
    }

    /// The fault that a pane shows.
    pub fn to_fault(&self, now: Timestamp) -> Fault {
        Fault {
            message: Safe::new(&self.to_string()),
            hint: self.hint().map(|h| Safe::new(&h)),
            kind: self.fault_kind(),
            at: now,
            retry_at: match self.kind {
                ErrorKind::RateLimited { until, .. } => Some(until),
                _ => None,
            },
        }
    }

    /// Whether the request surely never reached the server.
    pub fn never_sent(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unreachable { sent: false, .. } | ErrorKind::Config
        )
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Call {
            system,
            source,
            method,
            url,
            status,
            token_from: _,
        } = &*self.call;
        write!(f, "{system} ({source}): ")?;
        match &self.kind {
            ErrorKind::Auth => f.write_str("the credentials were refused")?,
            ErrorKind::Forbidden {
                permission: Some(p),
                ..
            } => write!(f, "the token lacks the permission {p}")?,
            ErrorKind::Forbidden {
                sso_url: Some(_), ..
            } => f.write_str("the token is not authorised for the organisation")?,
            ErrorKind::Forbidden { .. } => f.write_str("not allowed")?,
            ErrorKind::NotFound => f.write_str("not found, or not permitted")?,
            ErrorKind::RateLimited { until, secondary } => {
                let which = if *secondary {
                    "asked to slow down"
                } else {
                    "the hourly limit is used up"
                };
                let until = until.strftime("%H:%M:%S");
                write!(f, "{which}, until {until} UTC")?;
            }
            ErrorKind::Unreachable { net, .. } => f.write_str(match net {
                NetKind::Timeout => "no answer in time",
                NetKind::Dns => "the host's name was not found",
                NetKind::Refused => "the connection was refused",
                NetKind::Tls => "no trusted connection (TLS)",
                NetKind::Issuer => {
                    "no trusted connection: the certificate's issuer is not known here"
                }
                NetKind::WrongName => "no trusted connection: the certificate is for another name",
                NetKind::Expired => "no trusted connection: the certificate is not valid now",
                NetKind::Proxy => "the proxy did not let it through",
                NetKind::NoRoute => "there is no way to the host's address",
                NetKind::Reset => "the connection broke",
            })?,
            ErrorKind::Server => f.write_str("the server failed")?,
            ErrorKind::Query { name } => write!(f, "the query `{name}` was refused")?,
            ErrorKind::Protocol { .. } => f.write_str("the answer is not what was asked for")?,
            ErrorKind::TooLarge { cap } => {
                write!(f, "the answer is longer than {} MiB", cap / (1024 * 1024))?;
            }
            ErrorKind::Config => f.write_str("not configured right")?,
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        write!(f, " [{method} {url}")?;
        if let Some(status) = status {
            write!(f, " -> {status}")?;
        }
        f.write_str("]")
    }
}

impl std::error::Error for ProviderError {}
