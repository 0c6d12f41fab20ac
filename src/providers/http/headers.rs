//! Headers that steer when and what to ask next: `Retry-After`, `x-ratelimit-*`, `Link`.

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The limits a server reports. Absent where it has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests an hour.
    pub limit: Option<u64>,
    /// What is left.
    pub remaining: Option<u64>,
    /// When it is full again.
    pub reset_at: Option<Timestamp>,
    /// Whether these are the limits of GraphQL.
    pub graphql: bool,
    /// Whether these are the limits of REST.
    pub core: bool,
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Reads `x-ratelimit-*`.
pub fn limits(headers: &HeaderMap) -> Limits {
    let number = |name| text(headers, name)?.trim().parse::<u64>().ok();
    let resource = text(headers, "x-ratelimit-resource").unwrap_or("core");
    Limits {
        limit: number("x-ratelimit-limit"),
        remaining: number("x-ratelimit-remaining"),
        reset_at: number("x-ratelimit-reset")
            .and_then(|s| Timestamp::from_second(i64::try_from(s).ok()?).ok()),
        graphql: resource == "graphql",
        core: resource == "core",
    }
}

/// Until when `Retry-After` asks to wait: seconds from now, or a date.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let raw = text(headers, RETRY_AFTER.as_str())?.trim();
    if let Ok(seconds) = raw.parse::<u32>() {
        // More than a day is no honest answer.
        let seconds = i64::from(seconds.min(86_400));
        return now.checked_add(SignedDuration::from_secs(seconds)).ok();
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(raw).ok()?;
    Some(at.max(now))
}

/// The address of the next page.
pub fn link_next(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (address, params) = part.split_once(';')?;
        let next = params
            .split(';')
            .any(|p| matches!(p.trim(), "rel=\"next\"" | "rel=next"));
        let address = address.trim().strip_prefix('<')?.strip_suffix('>')?;
        next.then(|| address.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn now() -> Timestamp {
        Timestamp::from_second(1_760_000_000).unwrap()
    }

    fn wait(value: &'static str) -> Option<i64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
        retry_after(&headers, now()).map(|t| t.as_second() - now().as_second())
    }

    #[test]
    fn both_forms_of_retry_after() {
        assert_eq!(wait("17"), Some(17));
        assert_eq!(wait("Thu, 09 Oct 2025 08:54:20 GMT"), Some(60));
        assert_eq!(wait("Thu, 09 Oct 2025 08:00:00 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("4000000000"), Some(86_400));
    }

    #[test]
    fn the_next_page_is_found() {
        let link = "<https://h/a?page=1>; rel=\"prev\", <https://h/a?page=3>; rel=\"next\"";
        assert_eq!(link_next(link).as_deref(), Some("https://h/a?page=3"));
        assert_eq!(link_next("<https://h/a?page=9>; rel=\"last\""), None);
    }
}
