//! What a service says it runs: a GET without credentials, the version from the JSON, a header or the text.

use jsonpath_rust::JsonPath;
use serde_json::Value;
use url::Url;

use super::{DEADLINE, HttpValues};
use crate::domain::release::ladder::{ProbeAsk, VersionAt};
use crate::domain::text::Safe;
use crate::providers::Result;
use crate::providers::error::{Call, ErrorKind, ProviderError};
use crate::providers::http::{shown_url, with_retry};

/// A longer answer is no version.
const LONGEST: usize = 80;

impl HttpValues {
    /// The version at a probe's address.
    ///
    /// # Errors
    /// The address does not answer, or there is no version where it is said to be.
    pub async fn probe(&self, ask: &ProbeAsk) -> Result<Safe> {
        let mut call = Call {
            system: "HTTP",
            source: "probe".to_owned(),
            method: "GET",
            url: String::new(),
            status: None,
            token_from: String::new(),
        };
        let Ok(url) = Url::parse(&ask.url) else {
            let detail = Safe::new("the probe's address can't be read");
            return Err(ProviderError::new(ErrorKind::Config, call, detail));
        };
        call.url = shown_url(&url);
        let reply =
            with_retry(self.clients.policy(), &self.clock, || self.get(&url, &call)).await?;
        call.status = Some(reply.status.as_u16());
        let found = match &ask.version {
            VersionAt::Header(name) => reply.header(name).map(str::to_owned),
            VersionAt::Text => String::from_utf8(reply.body.to_vec()).ok(),
            VersionAt::Path(path) => {
                let (path, body) = (path.clone(), reply.body.clone());
                let work = tokio::task::spawn_blocking(move || at_path(&path, &body));
                tokio::time::timeout(DEADLINE, work)
                    .await
                    .ok()
                    .and_then(std::result::Result::ok)
                    .flatten()
            }
        };
        let version = found.map(|text| text.trim().to_owned());
        version
            .filter(|text| !text.is_empty() && text.len() <= LONGEST && !text.contains('<'))
            .map(|text| Safe::new(&text))
            .ok_or_else(|| {
                let kind = ErrorKind::Protocol {
                    hint: Some("check `probe.version`: a JSONPath, `header NAME` or `text`"),
                };
                let detail = Safe::new("there is no version in the answer");
                ProviderError::new(kind, call, detail)
            })
    }
}

fn at_path(path: &str, body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    match body.query(path).ok()?.into_iter().next()? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
