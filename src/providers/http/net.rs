//! What broke on the way, read from the chain of an error's causes; libraries' own words are not shown.

use std::error::Error;
use std::io;

use crate::providers::error::NetKind;

/// A failure without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetFault {
    /// What broke.
    pub kind: NetKind,
    /// Whether the request may have reached the server. False only when no connection came about.
    pub sent: bool,
}

/// Classifies an error of the HTTP stack. Of several causes in the chain the most telling one counts.
pub fn classify(error: &(dyn Error + 'static)) -> NetFault {
    let mut found = Found::default();
    walk(error, &mut found, 0);
    let by_weight = [
        NetKind::Dns,
        NetKind::Tls,
        NetKind::Timeout,
        NetKind::Refused,
    ];
    let kind = by_weight.into_iter().find(|k| found.kinds.contains(k));
    NetFault {
        kind: kind.unwrap_or(NetKind::Reset),
        sent: !found.connecting,
    }
}

#[derive(Default)]
struct Found {
    kinds: Vec<NetKind>,
    /// It failed while connecting.
    connecting: bool,
}

impl Found {
    fn note(&mut self, yes: bool, kind: NetKind) {
        if yes {
            self.kinds.push(kind);
        }
    }
}

fn walk(error: &(dyn Error + 'static), found: &mut Found, depth: usize) {
    if depth > 16 {
        return;
    }
    if let Some(e) = error.downcast_ref::<reqwest::Error>() {
        found.note(e.is_dns(), NetKind::Dns);
        found.note(e.is_timeout(), NetKind::Timeout);
        found.note(e.is_connect(), NetKind::Refused);
        found.connecting |= e.is_connect() || e.is_dns();
    }
    found.note(error.is::<rustls::Error>(), NetKind::Tls);
    if let Some(e) = error.downcast_ref::<io::Error>() {
        found.note(e.kind() == io::ErrorKind::TimedOut, NetKind::Timeout);
        // An io::Error hides what it wraps from `source()`.
        if let Some(inner) = e.get_ref() {
            walk(inner, found, depth + 1);
        }
    }
    if let Some(cause) = error.source() {
        walk(cause, found, depth + 1);
    }
}
