//! What a repository tells of itself: environments, workflows and what started their deployments, required checks, releases.
//! Only the repository itself must be readable; each other part that is not is left out and named with its permission.

use serde_json::Value;

use super::client::GitHub;
use super::runs::repo_path;
use super::wire::{array, number, raw, segment, text};
use crate::domain::ids::{CommitSha, RepoSlug};
use crate::domain::release::{Deployment, RunId};
use crate::domain::survey::choice::rank;
use crate::domain::survey::{EnvFacts, Missing, RepoFacts, Required, WorkflowFacts, workflow};
use crate::domain::text::Safe;
use crate::providers::error::{ErrorKind, ProviderError};

/// Workflow files that are read; of more, those whose names promise something.
const FILES: usize = 12;
/// Environments whose deployments are looked at.
const ENVIRONMENTS: usize = 10;

/// What was asked for and could not be read.
type Lacking = Vec<Missing>;

impl GitHub {
    pub(super) async fn survey_repo(&self, ask: &RepoSlug) -> Result<RepoFacts, ProviderError> {
        let page = self.get(&self.url(&repo_path(ask))).await?.body;
        // A renamed repository answers under its new name.
        let repo = raw(&page, "full_name")
            .and_then(|n| n.parse().ok())
            .unwrap_or_else(|| ask.clone());
        let branch = text(&page, "default_branch").unwrap_or_else(|| Safe::new("main"));
        let mut lacking = Lacking::new();
        let environments = self.survey_environments(&repo, &mut lacking).await;
        let workflows = self.survey_workflows(&repo, &mut lacking).await;
        let (required, reviews, head) = self.survey_branch(&repo, &branch, &mut lacking).await;
        let seen_checks = match head {
            Some(sha) => self.survey_checks(&repo, &sha, &mut lacking).await,
            None => Vec::new(),
        };
        let base = repo_path(&repo);
        let tags = self
            .part(
                &format!("{base}/tags?per_page=30"),
                "tags",
                "Contents: read",
                &mut lacking,
            )
            .await;
        let releases = self
            .part(
                &format!("{base}/releases?per_page=5"),
                "releases",
                "Contents: read",
                &mut lacking,
            )
            .await;
        Ok(RepoFacts {
            repo,
            branch,
            environments,
            workflows,
            required,
            reviews,
            seen_checks,
            tags: names(tags.as_ref().and_then(Value::as_array), "name"),
            releases: releases
                .as_ref()
                .and_then(Value::as_array)
                .is_some_and(|list| {
                    list.iter()
                        .any(|r| r.get("draft") != Some(&Value::Bool(true)))
                }),
            missing: lacking,
        })
    }

    /// A part that may be out of reach.
    async fn part(
        &self,
        path: &str,
        what: &'static str,
        permission: &'static str,
        lacking: &mut Lacking,
    ) -> Option<Value> {
        match self.get(&self.url(path)).await {
            Ok(page) => Some(page.body),
            Err(e) => {
                if !lacking.iter().any(|m| m.what == what) {
                    lacking.push(Missing {
                        what,
                        permission,
                        why: Safe::new(&e.to_string()),
                    });
                }
                None
            }
        }
    }

    async fn survey_environments(&self, repo: &RepoSlug, lacking: &mut Lacking) -> Vec<EnvFacts> {
        let base = repo_path(repo);
        let path = format!("{base}/environments?per_page=100");
        let listed = self
            .part(&path, "environments", "Actions: read", lacking)
            .await;
        let mut names = names(
            listed.as_ref().and_then(|l| array(l, "environments")),
            "name",
        );
        if names.is_empty() {
            // Deployments name environments too, made or not.
            let path = format!("{base}/deployments?per_page=100");
            let all = self
                .part(&path, "deployments", "Deployments: read", lacking)
                .await;
            for name in self::names(all.as_ref().and_then(Value::as_array), "environment") {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        // Those nearest to the users are looked at more closely.
        names.sort_by_key(|n| std::cmp::Reverse(rank(n.as_str())));
        let mut found = Vec::new();
        for (n, name) in names.into_iter().enumerate() {
            let (deployed, workflow) = if n < ENVIRONMENTS {
                self.survey_deployment(repo, &name, lacking).await
            } else {
                (false, None)
            };
            found.push(EnvFacts {
                name,
                deployed,
                workflow,
            });
        }
        found
    }

    /// Whether anything was deployed there, and the file of the workflow that did it last.
    async fn survey_deployment(
        &self,
        repo: &RepoSlug,
        env: &Safe,
        lacking: &mut Lacking,
    ) -> (bool, Option<String>) {
        let base = repo_path(repo);
        let path = format!(
            "{base}/deployments?per_page=1&environment={}",
            segment(env.as_str())
        );
        let list = self
            .part(&path, "deployments", "Deployments: read", lacking)
            .await;
        let newest = list
            .as_ref()
            .and_then(Value::as_array)
            .and_then(|l| l.first());
        let Some(id) = newest.and_then(|d| number(d, "id")) else {
            return (false, None);
        };
        let path = format!("{base}/deployments/{id}/statuses?per_page=10");
        let statuses = self
            .part(&path, "deployments", "Deployments: read", lacking)
            .await;
        let run: Option<RunId> = statuses
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|s| raw(s, "log_url").or_else(|| raw(s, "target_url")))
            .find_map(Deployment::run_of_url);
        let Some(run) = run else {
            return (true, None);
        };
        let path = format!("{base}/actions/runs/{run}");
        let run = self
            .part(&path, "workflow runs", "Actions: read", lacking)
            .await;
        let file = run.as_ref().and_then(|r| raw(r, "path")).and_then(file_of);
        (true, file)
    }

    async fn survey_workflows(&self, repo: &RepoSlug, lacking: &mut Lacking) -> Vec<WorkflowFacts> {
        let base = repo_path(repo);
        let path = format!("{base}/actions/workflows?per_page=100");
        let list = self
            .part(&path, "workflows", "Actions: read", lacking)
            .await;
        let mut found: Vec<(String, Safe)> = list
            .as_ref()
            .and_then(|l| array(l, "workflows"))
            .into_iter()
            .flatten()
            .filter(|w| raw(w, "state").is_none_or(|s| s == "active"))
            .filter_map(|w| {
                let file = raw(w, "path").and_then(file_of)?;
                let name = text(w, "name").unwrap_or_else(|| Safe::new(&file));
                Some((file, name))
            })
            .collect();
        found.sort_by_key(|(file, name)| !promising(file) && !promising(name.as_str()));
        let mut workflows = Vec::new();
        for (n, (file, name)) in found.into_iter().enumerate() {
            let body = if n < FILES {
                let path = format!("{base}/contents/.github/workflows/{}", segment(&file));
                self.part(&path, "workflow files", "Contents: read", lacking)
                    .await
            } else {
                None
            };
            let content = body
                .as_ref()
                .and_then(|b| raw(b, "content"))
                .and_then(base64);
            workflows.push(workflow::read(&file, &name, &content.unwrap_or_default()));
        }
        workflows
    }

    /// What the branch requires, and its head.
    async fn survey_branch(
        &self,
        repo: &RepoSlug,
        branch: &Safe,
        lacking: &mut Lacking,
    ) -> (Required, Option<u32>, Option<CommitSha>) {
        let (base, at) = (repo_path(repo), segment(branch.as_str()));
        let path = format!("{base}/branches/{at}");
        let Some(page) = self
            .part(&path, "the default branch", "Contents: read", lacking)
            .await
        else {
            return (Required::Hidden, None, None);
        };
        let head = page.pointer("/commit/sha").and_then(Value::as_str);
        let head = head.and_then(|s| s.parse().ok());
        // Servers before rulesets have none.
        let rules = self
            .get(&self.url(&format!("{base}/rules/branches/{at}?per_page=100")))
            .await;
        let rules = rules.ok().map(|p| p.body);
        let of = |kind: &'static str| {
            let list = rules
                .as_ref()
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            list.filter(move |r| raw(r, "type") == Some(kind))
                .filter_map(|r| r.get("parameters"))
        };
        let mut checks: Vec<Safe> = of("required_status_checks")
            .flat_map(|p| names(array(p, "required_status_checks"), "context"))
            .collect();
        let mut reviews = of("pull_request")
            .filter_map(|p| number(p, "required_approving_review_count"))
            .max();
        let protected = page.get("protected") == Some(&Value::Bool(true));
        let mut hidden = false;
        if protected {
            let shown = page.pointer("/protection/required_status_checks");
            checks.extend(contexts(shown));
            // The whole of it takes a permission that few tokens have; asked only for what is not known yet.
            if shown.is_none() || reviews.is_none() {
                let whole = self
                    .get(&self.url(&format!("{base}/branches/{at}/protection")))
                    .await;
                match whole {
                    Ok(whole) => {
                        checks.extend(contexts(whole.body.get("required_status_checks")));
                        let count = whole
                            .body
                            .pointer(
                                "/required_pull_request_reviews/required_approving_review_count",
                            )
                            .and_then(Value::as_u64);
                        reviews = reviews.max(count).or(Some(0));
                    }
                    Err(e) => {
                        // A branch that is guarded by rulesets alone has no protection of the older kind.
                        let none = e.kind == ErrorKind::NotFound
                            && e.detail.as_str().contains("not protected");
                        hidden = !none && shown.is_none() && checks.is_empty();
                        if !none && (hidden || reviews.is_none()) {
                            lacking.push(Missing {
                                what: "branch protection",
                                permission: "Administration: read",
                                why: Safe::new(&e.to_string()),
                            });
                        } else if none {
                            reviews = reviews.or(Some(0));
                        }
                    }
                }
            }
        } else {
            reviews = reviews.or(Some(0));
        }
        checks.sort();
        checks.dedup();
        let required = if hidden {
            Required::Hidden
        } else if checks.is_empty() {
            Required::None
        } else {
            Required::Checks(checks)
        };
        (required, reviews.and_then(|n| u32::try_from(n).ok()), head)
    }

    async fn survey_checks(
        &self,
        repo: &RepoSlug,
        head: &CommitSha,
        lacking: &mut Lacking,
    ) -> Vec<Safe> {
        match self.all_checks(repo, head).await {
            Ok(checks) => {
                for why in &checks.missing {
                    lacking.push(Missing {
                        what: "checks",
                        permission: "Checks: read",
                        why: why.clone(),
                    });
                }
                let mut names: Vec<Safe> = checks.items.into_iter().map(|c| c.name).collect();
                names.sort();
                names.dedup();
                names
            }
            Err(e) => {
                lacking.push(Missing {
                    what: "checks",
                    permission: "Checks: read",
                    why: Safe::new(&e.to_string()),
                });
                Vec::new()
            }
        }
    }
}

fn names(list: Option<&Vec<Value>>, key: &str) -> Vec<Safe> {
    list.into_iter()
        .flatten()
        .filter_map(|item| text(item, key))
        .collect()
}

/// The names of required checks, old list and new.
fn contexts(required: Option<&Value>) -> Vec<Safe> {
    let Some(required) = required.filter(|r| raw(r, "enforcement_level") != Some("off")) else {
        return Vec::new();
    };
    let old = array(required, "contexts").into_iter().flatten();
    let mut all: Vec<Safe> = old.filter_map(Value::as_str).map(Safe::new).collect();
    all.extend(names(array(required, "checks"), "context"));
    all
}

/// The file name of a workflow in its usual folder (a run's path may end in `@ref`); what GitHub runs by itself has none.
fn file_of(path: &str) -> Option<String> {
    let path = path.split('@').next().unwrap_or(path);
    let file = path.strip_prefix(".github/workflows/")?;
    (!file.is_empty() && !file.contains('/')).then(|| file.to_owned())
}

fn promising(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["deploy", "release", "roll", "revert", "promote", "publish"]
        .iter()
        .any(|word| name.contains(word))
}

/// Base64 as the contents API writes it: padded, in lines. None: it is none, or no text.
fn base64(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for c in text
        .bytes()
        .filter(|c| !c.is_ascii_whitespace() && *c != b'=')
    {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn base64_is_read_in_lines() {
        assert_eq!(base64("bmFtZTog\neAo=\n").as_deref(), Some("name: x\n"));
        assert_eq!(base64("Zm9v").as_deref(), Some("foo"));
        assert_eq!(base64("a-b"), None);
        assert_eq!(base64("/w=="), None, "no text");
    }

    #[test]
    fn files_and_contexts_are_read() {
        assert_eq!(
            file_of(".github/workflows/a.yml@refs/heads/main").as_deref(),
            Some("a.yml")
        );
        assert_eq!(file_of("dynamic/pages/pages-build-deployment"), None);
        let both = json!({"contexts": ["build"], "checks": [{"context": "test"}]});
        assert_eq!(
            contexts(Some(&both)),
            [Safe::new("build"), Safe::new("test")]
        );
        let off = json!({"enforcement_level": "off", "contexts": ["build"]});
        assert!(contexts(Some(&off)).is_empty());
    }
}
