//! Bodies are read as a stream and only up to a cap: a wrong address may answer with anything.

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::net::{NetFault, classify};

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the body looks like a page for people.
    pub fn is_html(&self) -> bool {
        let typed = self
            .header("content-type")
            .is_some_and(|t| t.contains("html"));
        typed || self.body.trim_ascii_start().starts_with(b"<")
    }
}

impl Reply {
    /// The title of a page for people: it often says what stands in the way (`Sign in`, `Access denied`).
    pub fn html_title(&self) -> Option<String> {
        let text = String::from_utf8_lossy(self.body.get(..self.body.len().min(16 * 1024))?);
        let lower = text.to_ascii_lowercase();
        let from = lower.find("<title")?;
        let from = from + lower.get(from..)?.find('>')? + 1;
        let to = from + lower.get(from..)?.find('<')?;
        let title = text.get(from..to)?.trim();
        (!title.is_empty()).then(|| title.to_owned())
    }

    /// Whether a page for people came back from something else than the API: it lacks what the API's own answers carry.
    pub fn is_foreign_page(&self) -> bool {
        let own = ["x-github-request-id", "x-ratelimit-limit"];
        self.is_html() && own.iter().all(|name| self.header(name).is_none())
    }
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFault {
    /// It is longer than the cap.
    TooLarge,
    /// The connection broke.
    Net(NetFault),
}

/// Reads an answer, at most `cap` bytes of it.
pub async fn read_capped<B>(response: http::Response<B>, cap: usize) -> Result<Reply, BodyFault>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    let (parts, mut body) = response.into_parts();
    let announced = parts
        .headers
        .get(reqwest::header::CONTENT_LENGTH)
        .and_then(|l| l.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > cap) {
        return Err(BodyFault::TooLarge);
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| BodyFault::Net(classify(&e)))?;
        if let Ok(data) = frame.into_data() {
            if read.len().saturating_add(data.len()) > cap {
                return Err(BodyFault::TooLarge);
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(Reply {
        status: parts.status,
        headers: parts.headers,
        body: read.freeze(),
    })
}
