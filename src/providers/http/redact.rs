//! Keeps secrets out of messages: a server may repeat what it was sent.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::body::Reply;
use crate::domain::text::Safe;

/// Replaces known secrets in text by dots.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<SecretString>,
}

impl Redactor {
    /// Knows these secrets.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut secrets: Vec<SecretString> = secrets
            .into_iter()
            // Shorter ones would tear ordinary words apart.
            .filter(|s| s.expose_secret().len() >= 4)
            .collect();
        secrets.sort_by_key(|s| std::cmp::Reverse(s.expose_secret().len()));
        Self { secrets }
    }

    /// Takes long secrets out of an answer, headers and body: a server may send back what it was sent, and then it would stand in a
    /// title or a message like any other word. Short ones stay, since they may be words of the data.
    pub fn scrub(&self, reply: &mut Reply) {
        for secret in self.secrets.iter().map(ExposeSecret::expose_secret) {
            if secret.len() < 16 {
                continue;
            }
            let holds = |text: &[u8]| String::from_utf8_lossy(text).contains(secret);
            if holds(&reply.body) {
                let text = String::from_utf8_lossy(&reply.body).replace(secret, "•••");
                reply.body = text.into_bytes().into();
            }
            for value in reply.headers.values_mut() {
                if holds(value.as_bytes()) {
                    *value = HeaderValue::from_static("***");
                }
            }
        }
    }

    /// The text without secrets, made harmless and short.
    pub fn clean(&self, text: &str) -> Safe {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.expose_secret(), "•••");
        }
        let safe = Safe::new(&text);
        match safe.as_str().char_indices().nth(300) {
            Some((cut, _)) => Safe::new(&format!(
                "{}…",
                safe.as_str().get(..cut).unwrap_or_default()
            )),
            None => safe,
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_scrubbed_and_stays_json() {
        let secret = "ghp_0123456789abcdef";
        let redactor = Redactor::new([SecretString::from(secret), SecretString::from("name")]);
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(
            "x-echo",
            HeaderValue::from_static("Bearer ghp_0123456789abcdef"),
        );
        let mut reply = Reply {
            status: reqwest::StatusCode::OK,
            headers,
            body: format!(r#"{{"name":"a {secret} b"}}"#).into_bytes().into(),
        };
        redactor.scrub(&mut reply);
        assert_eq!(reply.body, r#"{"name":"a ••• b"}"#);
        assert_eq!(reply.header("x-echo"), Some("***"));
    }

    #[test]
    fn an_echoed_secret_is_gone() {
        let redactor = Redactor::new([
            SecretString::from("ghp_abc"),
            SecretString::from("ghp_abcdef"),
        ]);
        assert_eq!(redactor.clean("bad: ghp_abcdef!").as_str(), "bad: •••!");
        assert!(!format!("{redactor:?}").contains("ghp"));
        assert!(redactor.clean(&"x".repeat(5_000)).as_str().chars().count() <= 301);
    }
}
