//! What was asked for, counted by method and pattern of the path, so that tests can say "one dispatch, not two".

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Requests so far.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    counts: BTreeMap<String, u64>,
    conditional: u64,
    unchanged: u64,
}

/// A path with its names and numbers replaced: `/repos/{repo}/actions/runs/{id}/jobs`.
pub(crate) fn pattern(path: &[String]) -> String {
    let mut out = String::new();
    let mut skip = 0;
    for (n, part) in path.iter().enumerate() {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let before = n
            .checked_sub(1)
            .and_then(|b| path.get(b))
            .map_or("", String::as_str);
        let number = part.bytes().all(|b| b.is_ascii_digit());
        let shown = match before {
            _ if n == 0 && part == "repos" => {
                skip = 2;
                out.push_str("/repos/{owner}/{repo}");
                continue;
            }
            "commits" => "{ref}",
            "compare" => "{basehead}",
            "branches" => "{branch}",
            "contents" => {
                out.push_str("/{path}");
                break;
            }
            "environments" => "{environment}",
            "tags" if path.len() > 5 => "{tag}",
            _ if number => "{id}",
            _ => part,
        };
        out.push('/');
        out.push_str(shown);
    }
    out
}

impl Journal {
    /// Notes a request.
    pub(crate) fn note(&mut self, method: &str, path: &[String], conditional: bool) {
        *self
            .counts
            .entry(format!("{method} {}", pattern(path)))
            .or_default() += 1;
        self.conditional += u64::from(conditional);
    }

    /// Notes an answer without news.
    pub(crate) fn unchanged(&mut self) {
        self.unchanged += 1;
    }

    /// All counts.
    pub(crate) fn shown(&self) -> Value {
        let total: u64 = self.counts.values().sum();
        json!({ "total": total, "conditional": self.conditional, "not_modified": self.unchanged, "requests": self.counts })
    }

    /// Starts over.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_hide_what_differs() {
        let p =
            |text: &str| super::pattern(&text.split('/').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(
            p("repos/acme/web/actions/runs/17/jobs"),
            "/repos/{owner}/{repo}/actions/runs/{id}/jobs"
        );
        assert_eq!(
            p("repos/acme/web/commits/abc/check-runs"),
            "/repos/{owner}/{repo}/commits/{ref}/check-runs"
        );
        assert_eq!(
            p("repos/acme/web/actions/workflows/rollback.yml/dispatches"),
            "/repos/{owner}/{repo}/actions/workflows/rollback.yml/dispatches"
        );
        assert_eq!(p("repos/acme/web/tags"), "/repos/{owner}/{repo}/tags");
        assert_eq!(p("graphql"), "/graphql");
    }
}
