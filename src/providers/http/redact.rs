//! Keeps secrets out of messages: a server may repeat what it was sent.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

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
