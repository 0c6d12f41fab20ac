//! What a GitHub source needs to be told. Plain data, filled by the configuration.

use secrecy::SecretString;
use url::Url;

/// A GitHub source.
#[derive(Debug, Clone)]
pub struct GithubSettings {
    /// Its name in the configuration.
    pub name: String,
    /// The REST base: `https://api.github.com`, Enterprise `https://HOST/api/v3`.
    pub api: Url,
    /// The GraphQL address, only where it can't be derived from `api`.
    pub graphql: Option<Url>,
    /// The token; none for public repositories within the small anonymous limit.
    pub token: Option<SecretString>,
    /// The share of the hourly limit that may be used, 0..1.
    pub budget: f64,
}

impl GithubSettings {
    /// The GraphQL address: `HOST/graphql`, on Enterprise `HOST/api/graphql`.
    pub fn graphql_url(&self) -> Url {
        if let Some(url) = &self.graphql {
            return url.clone();
        }
        let mut url = self.api.clone();
        url.set_query(None);
        let base = url.path().trim_end_matches('/');
        let base = base.strip_suffix("/v3").unwrap_or(base);
        let path = format!("{base}/graphql");
        url.set_path(&path);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(api: &str) -> String {
        let settings = GithubSettings {
            name: "main".to_owned(),
            api: api.parse().unwrap(),
            graphql: None,
            token: None,
            budget: 0.5,
        };
        settings.graphql_url().to_string()
    }

    #[test]
    fn the_graphql_address_follows_from_the_rest_one() {
        assert_eq!(
            derived("https://api.github.com"),
            "https://api.github.com/graphql"
        );
        assert_eq!(
            derived("https://ghe.corp/api/v3/"),
            "https://ghe.corp/api/graphql"
        );
        assert_eq!(
            derived("https://api.acme.ghe.com"),
            "https://api.acme.ghe.com/graphql"
        );
        assert_eq!(
            derived("http://127.0.0.1:9/gh"),
            "http://127.0.0.1:9/gh/graphql"
        );
    }
}
