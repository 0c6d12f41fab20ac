//! What would hold a run: an environment's protection rules with the names behind them, the runs of a workflow that have not
//! ended, and what a waiting run waits for. Each part is read for itself, so that a missing permission hides only its part.

use serde_json::Value;

use super::client::GitHub;
use super::requests::Page;
use super::runs::repo_path;
use super::wire::{address, array, each, number, raw, segment, text, time};
use super::wire_run;
use crate::domain::fetched::Fault;
use crate::domain::ids::RepoSlug;
use crate::domain::release::RunId;
use crate::domain::rollback::holds::{
    Branches, Busy, HoldFacts, Part, Pending, Protection, Reviewer,
};
use crate::domain::text::Safe;
use crate::providers::error::{ErrorKind, ProviderError};

impl GitHub {
    pub(super) async fn hold_facts(
        &self,
        repo: &RepoSlug,
        environment: &str,
        files: &[String],
    ) -> Result<HoldFacts, ProviderError> {
        let all_busy = async {
            let mut busy = Vec::new();
            for file in files {
                busy.push((file.clone(), self.busy(repo, file).await));
            }
            busy
        };
        let (rules, busy) = tokio::join!(self.protection(repo, environment), all_busy);
        // Nothing was read at all: the source itself fails.
        if busy.iter().all(|(_, part)| part.is_err())
            && let Err(e) = rules
        {
            let transient = matches!(
                e.kind,
                ErrorKind::Unreachable { .. } | ErrorKind::Server | ErrorKind::RateLimited { .. }
            );
            if transient {
                return Err(e);
            }
            return Ok(self.parts(Err(e), busy));
        }
        Ok(self.parts(rules, busy))
    }

    fn parts(
        &self,
        rules: Result<Protection, ProviderError>,
        busy: Vec<(String, Result<Vec<Busy>, ProviderError>)>,
    ) -> HoldFacts {
        HoldFacts {
            protection: self.known(rules),
            busy: busy
                .into_iter()
                .map(|(file, runs)| (file, self.known(runs)))
                .collect(),
        }
    }

    fn known<T>(&self, result: Result<T, ProviderError>) -> Part<T> {
        result.map_err(|e| -> Fault { e.to_fault(self.now()) })
    }

    /// The protection rules of an environment.
    ///
    /// # Errors
    /// As for every read; an environment that GitHub does not have is `NotFound`.
    pub async fn protection(
        &self,
        repo: &RepoSlug,
        name: &str,
    ) -> Result<Protection, ProviderError> {
        let base = format!("{}/environments/{}", repo_path(repo), segment(name));
        let page = self.get(&self.url(&base)).await?;
        let mut rules = protection(&page.body, repo);
        if by_pattern(&page.body) {
            let url = self.url(&format!("{base}/deployment-branch-policies?per_page=100"));
            let page = self.get(&url).await?;
            let policies = array(&page.body, "branch_policies").map_or(&[][..], Vec::as_slice);
            rules.branches = Branches::Named(each(policies, |p| text(p, "name")).0);
        }
        let url = self.url(&format!("{base}/deployment_protection_rules"));
        match self.get(&url).await {
            Ok(page) => {
                let key = "custom_deployment_protection_rules";
                let custom = array(&page.body, key).map_or(&[][..], Vec::as_slice);
                let app = |rule: &Value| {
                    let on = rule.get("enabled").and_then(Value::as_bool).unwrap_or(true);
                    text(rule.get("app")?, "slug").filter(|_| on)
                };
                rules.apps = custom.iter().filter_map(app).collect();
            }
            // Servers without custom rules say so by 404.
            Err(e) if e.kind == ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
        Ok(rules)
    }

    /// The runs that have not ended; GitHub lists one state at a time.
    async fn busy(&self, repo: &RepoSlug, file: &str) -> Result<Vec<Busy>, ProviderError> {
        let ask = |status| self.runs_of(repo, file, status);
        let (running, waiting, held, queued, requested) = tokio::join!(
            ask("in_progress"),
            ask("waiting"),
            ask("pending"),
            ask("queued"),
            ask("requested"),
        );
        let mut all = Vec::new();
        for page in [running?, waiting?, held?, queued?, requested?] {
            let runs = array(&page.body, "workflow_runs").map_or(&[][..], Vec::as_slice);
            for run in each(runs, wire_run::run).0 {
                // A run may change its state between two of the questions.
                if !run.is_completed() && !all.iter().any(|b: &Busy| b.run == run.id) {
                    all.push(Busy {
                        run: run.id,
                        status: run.status,
                        url: run.url,
                    });
                }
            }
        }
        Ok(all)
    }

    async fn runs_of(
        &self,
        repo: &RepoSlug,
        file: &str,
        status: &str,
    ) -> Result<Page, ProviderError> {
        let url = self.url(&format!(
            "{}/actions/workflows/{}/runs?status={status}&per_page=20",
            repo_path(repo),
            segment(file),
        ));
        self.get(&url).await
    }

    pub(super) async fn pending_of(
        &self,
        repo: &RepoSlug,
        run: RunId,
    ) -> Result<Vec<Pending>, ProviderError> {
        let path = format!("{}/actions/runs/{run}/pending_deployments", repo_path(repo));
        let page = self.get(&self.url(&path)).await?;
        let items = page.body.as_array().map_or(&[][..], Vec::as_slice);
        Ok(each(items, |item| pending(item, repo)).0)
    }
}

fn by_pattern(environment: &Value) -> bool {
    environment
        .get("deployment_branch_policy")
        .and_then(|p| p.get("custom_branch_policies")?.as_bool())
        .unwrap_or(false)
}

/// An environment's rules; kinds this version does not know are left out.
fn protection(environment: &Value, repo: &RepoSlug) -> Protection {
    let mut out = Protection {
        url: address(environment, "html_url"),
        ..Protection::default()
    };
    for rule in array(environment, "protection_rules").map_or(&[][..], Vec::as_slice) {
        match raw(rule, "type") {
            Some("wait_timer") => out.wait_min = number(rule, "wait_timer").filter(|m| *m > 0),
            Some("required_reviewers") => {
                out.reviewers = reviewers(rule, repo);
                if out.reviewers.is_empty() {
                    out.reviewers.push(Reviewer::Unnamed);
                }
                out.bars_self = rule
                    .get("prevent_self_review")
                    .and_then(Value::as_bool)
                    .unwrap_or(false);
            }
            _ => {}
        }
    }
    let protected = environment
        .get("deployment_branch_policy")
        .and_then(|p| p.get("protected_branches")?.as_bool())
        .unwrap_or(false);
    if protected {
        out.branches = Branches::Protected;
    }
    out
}

fn reviewers(rule: &Value, repo: &RepoSlug) -> Vec<Reviewer> {
    let items = array(rule, "reviewers").map_or(&[][..], Vec::as_slice);
    let reviewer = |item: &Value| {
        let who = item.get("reviewer")?;
        if raw(item, "type") == Some("Team") {
            let slug = text(who, "slug").or_else(|| text(who, "name"))?;
            return Some(Reviewer::Team(Safe::new(&format!("{}/{slug}", repo.owner))));
        }
        text(who, "login").map(Reviewer::Person)
    };
    each(items, reviewer).0
}

fn pending(item: &Value, repo: &RepoSlug) -> Option<Pending> {
    let minutes = number(item, "wait_timer")
        .and_then(|m| i64::try_from(m).ok())
        .unwrap_or(0);
    Some(Pending {
        environment: text(item.get("environment")?, "name")?,
        reviewers: reviewers(item, repo),
        may_approve: item
            .get("current_user_can_approve")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        wait_until: time(item, "wait_timer_started_at")
            .filter(|_| minutes > 0)
            .and_then(|at| {
                at.checked_add(jiff::SignedDuration::from_mins(minutes))
                    .ok()
            }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_are_read_and_odd_ones_left_out() {
        let repo: RepoSlug = "acme/checkout".parse().unwrap();
        let rules = protection(
            &json!({
                "html_url": "https://github.com/acme/checkout/deployments", "protection_rules": [
                    { "type": "wait_timer", "wait_timer": 10 },
                    { "type": "required_reviewers", "prevent_self_review": true, "reviewers": [
                        { "type": "Team", "reviewer": { "slug": "ops", "name": "Ops" } },
                        { "type": "User", "reviewer": { "login": "li\u{1b}[31m" } },
                        { "type": "User", "reviewer": null },
                    ] },
                    { "type": "moon_phase" }, 7,
                ],
                "deployment_branch_policy": { "protected_branches": true, "custom_branch_policies": false },
            }),
            &repo,
        );
        assert_eq!(rules.wait_min, Some(10));
        assert!(rules.bars_self);
        let names: Vec<String> = rules.reviewers.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["@acme/ops", "@li"]);
        assert_eq!(rules.branches, Branches::Protected);
        let none = protection(&json!({ "protection_rules": null }), &repo);
        assert_eq!(none, Protection::default());
    }
}
