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
        NetKind::Proxy,
        NetKind::Dns,
        NetKind::Issuer,
        NetKind::WrongName,
        NetKind::Expired,
        NetKind::Tls,
        NetKind::NoRoute,
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
    if let Some(e) = error.downcast_ref::<rustls::Error>() {
        found.kinds.push(tls(e));
    }
    // The proxy's refusal has a type that is not public.
    found.note(
        error.to_string().starts_with("tunnel error"),
        NetKind::Proxy,
    );
    if let Some(e) = error.downcast_ref::<io::Error>() {
        found.note(e.kind() == io::ErrorKind::TimedOut, NetKind::Timeout);
        // A machine without IPv6 does not even know the family of such an address.
        let no_family = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
        let no_way = matches!(
            e.kind(),
            io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::AddrNotAvailable
        ) || e.raw_os_error() == Some(no_family);
        found.note(no_way, NetKind::NoRoute);
        // An io::Error hides what it wraps from `source()`.
        if let Some(inner) = e.get_ref() {
            walk(inner, found, depth + 1);
        }
    }
    if let Some(cause) = error.source() {
        walk(cause, found, depth + 1);
    }
}

fn tls(error: &rustls::Error) -> NetKind {
    use rustls::CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::UnknownIssuer => NetKind::Issuer,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => NetKind::WrongName,
            Bad::Expired
            | Bad::ExpiredContext { .. }
            | Bad::NotValidYet
            | Bad::NotValidYetContext { .. } => NetKind::Expired,
            _ => NetKind::Tls,
        },
        _ => NetKind::Tls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_apart() {
        let of = |error: io::Error| classify(&error).kind;
        let tls = |bad| of(io::Error::other(rustls::Error::InvalidCertificate(bad)));
        assert_eq!(
            tls(rustls::CertificateError::UnknownIssuer),
            NetKind::Issuer
        );
        assert_eq!(tls(rustls::CertificateError::Expired), NetKind::Expired);
        assert_eq!(
            tls(rustls::CertificateError::NotValidForName),
            NetKind::WrongName
        );
        assert_eq!(tls(rustls::CertificateError::BadSignature), NetKind::Tls);
        for kind in [
            io::ErrorKind::NetworkUnreachable,
            io::ErrorKind::HostUnreachable,
        ] {
            assert_eq!(of(io::Error::from(kind)), NetKind::NoRoute);
        }
        let no_family = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
        assert_eq!(
            of(io::Error::from_raw_os_error(no_family)),
            NetKind::NoRoute
        );
        assert_eq!(
            of(io::Error::other("tunnel error: unsuccessful")),
            NetKind::Proxy
        );
        assert_eq!(
            of(io::Error::from(io::ErrorKind::ConnectionReset)),
            NetKind::Reset
        );
    }
}
