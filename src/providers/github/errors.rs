//! GitHub's refusals in our words: which status means what, which header names the missing permission, which message is a
//! secondary limit.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::domain::text::Safe;
use crate::providers::error::{Call, ErrorKind, NetKind, ProviderError};
use crate::providers::http::{Redactor, Reply, limits, retry_after};

/// GitHub's error messages name secondary limits in these words.
const SECONDARY: [&str; 2] = ["secondary rate limit", "abuse detection"];

/// Without any hint GitHub asks to wait at least a minute.
const LEAST_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// The sentence of an error body: the message and the first details.
pub(super) fn message(body: &[u8]) -> String {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return String::new();
    };
    let mut text = body
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let details = body.get("errors").and_then(Value::as_array);
    for detail in details.into_iter().flatten().take(3) {
        let word = |key| detail.get(key).and_then(Value::as_str);
        let sentence = detail
            .as_str()
            .or_else(|| word("message"))
            .map(ToOwned::to_owned)
            .or_else(|| Some(format!("{} {}", word("field")?, word("code")?)));
        if let Some(sentence) = sentence.filter(|s| !text.contains(s.as_str())) {
            text = format!("{text}; {sentence}");
        }
    }
    text
}

/// The error that an answer with a status of 300 or more is.
pub(super) fn from_reply(
    mut call: Call,
    reply: &Reply,
    redactor: &Redactor,
    now: Timestamp,
) -> ProviderError {
    let status = reply.status.as_u16();
    call.status = Some(status);
    let words = if reply.is_html() {
        page(reply)
    } else {
        message(&reply.body)
    };
    let kind = match status {
        // A page for people from something between us and the API: a login, a filter.
        401 | 403 if reply.is_foreign_page() => ErrorKind::Protocol { hint: Some(HTML) },
        407 => ErrorKind::Unreachable {
            net: NetKind::Proxy,
            sent: false,
        },
        401 => ErrorKind::Auth,
        403 | 429 => limited(reply, &words, now).unwrap_or_else(|| forbidden(reply, redactor)),
        // The API's own 404 is JSON; a page for people comes from a wrong address.
        404 if reply.is_html() => ErrorKind::Protocol { hint: Some(HTML) },
        404 | 410 | 451 => match sso(reply, redactor) {
            None => ErrorKind::NotFound,
            sso_url => ErrorKind::Forbidden {
                permission: None,
                sso_url,
            },
        },
        500.. => ErrorKind::Server,
        300..=399 => ErrorKind::Protocol {
            hint: Some(
                "the repository or the server has moved: write its new name into the configuration",
            ),
        },
        _ if reply.is_html() => ErrorKind::Protocol { hint: Some(HTML) },
        _ => ErrorKind::Protocol { hint: None },
    };
    ProviderError::new(kind, call, redactor.clean(&words))
}

/// What to do when a page for people comes back.
pub(super) const HTML: &str = "a page for people came back: check the `api` address (Enterprise: https://HOST/api/v3), and whether a login (a portal of the \
     network, single sign-on) or a proxy stands before it";

/// A page for people in words.
pub(super) fn page(reply: &Reply) -> String {
    match reply.html_title() {
        Some(title) => format!("an HTML page (\"{title}\"), not JSON"),
        None => "an HTML page, not JSON".to_owned(),
    }
}

/// Whether the server could not answer within its ten seconds, or the answer is too long: less can be asked for.
pub(super) fn is_too_heavy(error: &ProviderError) -> bool {
    let words = error.detail.as_str().to_ascii_lowercase();
    match error.kind {
        ErrorKind::Server => matches!(error.call.status, Some(502 | 504)),
        ErrorKind::TooLarge { .. } => true,
        ErrorKind::Unreachable { net, sent } => sent && net == NetKind::Timeout,
        ErrorKind::Protocol { .. } => ["timeout", "timed out", "time limit"]
            .iter()
            .any(|w| words.contains(w)),
        _ => false,
    }
}

/// The permission that an address most likely wants: the API answers 404 to who lacks it.
pub fn likely_permission(call: &Call) -> Option<&'static str> {
    if call.system != "GitHub" {
        return None;
    }
    let (_, below) = call.url.split_once("/repos/")?;
    let mut parts = below.splitn(3, '/').skip(2);
    let rest = parts.next().unwrap_or_default();
    let level = |read, write| if call.method == "GET" { read } else { write };
    Some(match rest.split('/').next().unwrap_or_default() {
        "deployments" => level("Deployments: read", "Deployments: write"),
        "actions" => level("Actions: read", "Actions: write"),
        "environments" => "Actions: read",
        "pulls" => "Pull requests: read",
        "milestones" | "issues" => "Issues: read",
        "commits" if rest.ends_with("/check-runs") => "Checks: read",
        "commits" if rest.ends_with("/status") => "Commit statuses: read",
        "statuses" => "Commit statuses: write",
        "" => "access to the repository",
        _ => "Contents: read",
    })
}

fn limited(reply: &Reply, words: &str, now: Timestamp) -> Option<ErrorKind> {
    let seen = limits(&reply.headers);
    let words = words.to_ascii_lowercase();
    let used_up = seen.remaining == Some(0);
    let secondary = SECONDARY.iter().any(|s| words.contains(s));
    let asked = retry_after(&reply.headers, now);
    let is_limit = reply.status.as_u16() == 429
        || used_up
        || secondary
        || asked.is_some()
        || words.contains("rate limit exceeded");
    if !is_limit {
        return None;
    }
    let until = asked
        .or_else(|| seen.reset_at.filter(|t| used_up && *t > now))
        .or_else(|| now.checked_add(LEAST_WAIT).ok())
        .unwrap_or(now);
    Some(ErrorKind::RateLimited {
        until,
        secondary: secondary || !used_up,
    })
}

fn forbidden(reply: &Reply, redactor: &Redactor) -> ErrorKind {
    ErrorKind::Forbidden {
        permission: permission(reply),
        sso_url: sso(reply, redactor),
    }
}

/// The missing permission, from the header that names what would suffice.
pub(super) fn permission(reply: &Reply) -> Option<Safe> {
    if let Some(accepted) = reply.header("x-accepted-github-permissions") {
        return Some(Safe::new(&permission_words(accepted))).filter(|p| !p.is_empty());
    }
    // Classic tokens: the scopes that would suffice, if none of them is held.
    let wanted = reply.header("x-accepted-oauth-scopes")?;
    let held: Vec<&str> = reply
        .header("x-oauth-scopes")?
        .split(',')
        .map(str::trim)
        .collect();
    let lacking = !wanted.trim().is_empty() && !wanted.split(',').any(|w| held.contains(&w.trim()));
    lacking.then(|| Safe::new(&format!("(scope) {}", wanted.trim())))
}

/// `checks=read,contents=write;metadata=read` as `Checks: read and Contents: write, or Metadata: read`.
fn permission_words(header: &str) -> String {
    let one = |p: &str| {
        let (name, level) = p.trim().split_once('=').unwrap_or((p.trim(), ""));
        let name = name.replace('_', " ");
        let mut letters = name.chars();
        let name: String = letters
            .next()
            .map(|c| c.to_ascii_uppercase())
            .into_iter()
            .chain(letters)
            .collect();
        if level.is_empty() {
            name
        } else {
            format!("{name}: {level}")
        }
    };
    let all = |set: &str| set.split(',').map(one).collect::<Vec<_>>().join(" and ");
    header.split(';').map(all).collect::<Vec<_>>().join(", or ")
}

/// Where the token can be authorised for an organisation with single sign-on.
fn sso(reply: &Reply, redactor: &Redactor) -> Option<Safe> {
    let header = reply.header("x-github-sso")?;
    let url = header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("url="))?;
    url.starts_with("https://").then(|| redactor.clean(url))
}

/// The error that GraphQL's `errors` stand for when nothing came besides them.
pub(super) fn from_graphql(
    call: Call,
    errors: &[Value],
    reply: Option<&Reply>,
    redactor: &Redactor,
    now: Timestamp,
) -> ProviderError {
    let first = errors.first();
    let word = |key: &str| {
        first
            .and_then(|e| e.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let words = word("message");
    let saml = first.is_some_and(|e| {
        e.pointer("/extensions/saml_failure")
            .and_then(Value::as_bool)
            .unwrap_or(false)
    });
    let limited_now = reply.and_then(|r| {
        let says_so = word("type") == "RATE_LIMITED"
            || SECONDARY
                .iter()
                .any(|s| words.to_ascii_lowercase().contains(s));
        says_so
            .then(|| limited(r, words, now))
            .flatten()
            .or_else(|| {
                says_so.then(|| ErrorKind::RateLimited {
                    until: limits(&r.headers)
                        .reset_at
                        .filter(|t| *t > now)
                        .or_else(|| now.checked_add(LEAST_WAIT).ok())
                        .unwrap_or(now),
                    secondary: word("type") != "RATE_LIMITED",
                })
            })
    });
    let kind = match (limited_now, word("type")) {
        (Some(kind), _) => kind,
        (None, "NOT_FOUND") => ErrorKind::NotFound,
        (None, "FORBIDDEN" | "INSUFFICIENT_SCOPES") => ErrorKind::Forbidden {
            permission: None,
            sso_url: saml.then(|| reply.and_then(|r| sso(r, redactor))).flatten(),
        },
        _ => ErrorKind::Protocol { hint: None },
    };
    ProviderError::new(kind, call, redactor.clean(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_put_in_words() {
        assert_eq!(
            permission_words("checks=read,commit_statuses=write; metadata=read"),
            "Checks: read and Commit statuses: write, or Metadata: read"
        );
    }

    #[test]
    fn details_of_all_kinds_are_read() {
        let body = br#"{"message":"Validation Failed","errors":["plain",{"field":"ref","code":"invalid"},{"message":"m"}]}"#;
        assert_eq!(message(body), "Validation Failed; plain; ref invalid; m");
        assert_eq!(message(b"<html>"), "");
    }
}
