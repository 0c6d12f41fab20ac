//! A question and an answer, without the wire: what the routes work with.

use serde_json::{Value, json};

/// A request, its path split and decoded.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The server's own address, without a slash at the end.
    pub(crate) base: String,
    /// The undecoded path, for links.
    pub(crate) raw_path: String,
}

impl Ask {
    /// A query parameter, if it is there and not empty.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .rev()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A query parameter as a number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.param(name)?.parse().ok()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
}

/// The page with the documentation that error answers point to.
const DOCS: &str = "https://docs.github.com/rest";

impl Reply {
    /// 200 with a body.
    pub(crate) fn ok(body: Value) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    /// A status without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    /// An error as GitHub words it.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        let body =
            json!({ "message": message, "documentation_url": DOCS, "status": status.to_string() });
        Self {
            status,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    /// 404; also what somebody sees who may not see it.
    pub(crate) fn missing() -> Self {
        Self::error(404, "Not Found")
    }
}

/// One page of a list, with the `Link` header that leads to the others; `wrap` makes the body from the total and the page's items.
pub(crate) fn page<T>(
    ask: &Ask,
    items: Vec<T>,
    show: impl Fn(T) -> Value,
    wrap: impl FnOnce(usize, Vec<Value>) -> Value,
) -> Reply {
    let total = items.len();
    let size = ask.number("per_page").unwrap_or(30).clamp(1, 100);
    let number = ask.number("page").unwrap_or(1).max(1);
    let last = total.div_ceil(size).max(1);
    let skipped = (number - 1).saturating_mul(size);
    let shown = items
        .into_iter()
        .skip(skipped)
        .take(size)
        .map(show)
        .collect();
    let mut reply = Reply::ok(wrap(total, shown));
    reply.headers.extend(links(ask, number, last));
    reply
}

/// The `Link` header of a page, when there is more than one.
pub(crate) fn links(ask: &Ask, number: usize, last: usize) -> Option<(&'static str, String)> {
    let url = |page: usize| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(ask.query.iter().filter(|(key, _)| key != "page"));
        query.append_pair("page", &page.to_string());
        format!("<{}{}?{}>", ask.base, ask.raw_path, query.finish())
    };
    let mut parts = Vec::new();
    if number > 1 {
        parts.push(format!("{}; rel=\"prev\"", url((number - 1).min(last))));
    }
    if number < last {
        parts.push(format!("{}; rel=\"next\"", url(number + 1)));
        parts.push(format!("{}; rel=\"last\"", url(last)));
    }
    if number > 1 {
        parts.push(format!("{}; rel=\"first\"", url(1)));
    }
    (!parts.is_empty()).then(|| ("link", parts.join(", ")))
}

/// A page of a plain list.
pub(crate) fn list<T>(ask: &Ask, items: Vec<T>, show: impl Fn(T) -> Value) -> Reply {
    page(ask, items, show, |_, items| Value::Array(items))
}

/// A page of a list that is wrapped with its total.
pub(crate) fn counted<T>(ask: &Ask, key: &str, items: Vec<T>, show: impl Fn(T) -> Value) -> Reply {
    page(
        ask,
        items,
        show,
        |total, items| json!({ "total_count": total, key: items }),
    )
}
