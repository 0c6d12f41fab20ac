//! Workflow runs: one with its jobs, and the search for the run that a dispatch started.

use jiff::SignedDuration;

use super::client::GitHub;
use super::wire::{array, each, segment};
use super::wire_run;
use crate::domain::ids::RepoSlug;
use crate::domain::release::{Run, RunId, RunView};
use crate::domain::text::Safe;
use crate::providers::RunAsk;
use crate::providers::error::{ErrorKind, ProviderError};

/// Pages of 100 jobs; a matrix has 256 at most.
const JOB_PAGES: usize = 5;

/// Pages of 100 dispatched runs, newest first.
const RUN_PAGES: usize = 3;

/// `/repos/OWNER/NAME`, encoded.
pub(super) fn repo_path(repo: &RepoSlug) -> String {
    format!("/repos/{}/{}", segment(&repo.owner), segment(&repo.name))
}

impl GitHub {
    pub(super) async fn run_view(
        &self,
        repo: &RepoSlug,
        id: RunId,
    ) -> Result<RunView, ProviderError> {
        let base = format!("{}/actions/runs/{id}", repo_path(repo));
        let url = self.url(&base);
        let page = self.get(&url).await?;
        let Some(run) = wire_run::run(&page.body) else {
            let detail = Safe::new("this is no workflow run");
            let kind = ErrorKind::Protocol { hint: None };
            return Err(ProviderError::new(kind, self.call("GET", &url), detail));
        };
        let first = self.url(&format!("{base}/jobs?filter=latest&per_page=100"));
        let (pages, more) = self.pages(first, JOB_PAGES).await?;
        let mut jobs = Vec::new();
        let mut left_out = 0;
        for page in &pages {
            let (read, bad) = each(
                array(page, "jobs").map_or(&[][..], Vec::as_slice),
                wire_run::job,
            );
            jobs.extend(read);
            left_out += bad;
        }
        let words = format!("{left_out} jobs could not be read and are left out");
        let warning = if left_out > 0 {
            Some(words.as_str())
        } else {
            more.then_some("not all jobs are shown")
        };
        self.warn(format!("{repo} run {id}"), warning);
        Ok(RunView { run, jobs })
    }

    /// The newest runs of a workflow.
    pub(super) async fn runs_of_workflow(
        &self,
        repo: &RepoSlug,
        file: &str,
    ) -> Result<Vec<Run>, ProviderError> {
        let url = self.url(&format!(
            "{}/actions/workflows/{}/runs?exclude_pull_requests=true&per_page=30",
            repo_path(repo),
            segment(file),
        ));
        let page = self.get(&url).await?;
        let runs = array(&page.body, "workflow_runs").map_or(&[][..], Vec::as_slice);
        let (runs, left_out) = each(runs, wire_run::run);
        let words = format!("{left_out} runs could not be read and are left out");
        self.warn(
            format!("{repo} {file}"),
            (left_out > 0).then_some(words.as_str()),
        );
        Ok(runs)
    }

    pub(super) async fn search_run(&self, ask: &RunAsk) -> Result<Option<Run>, ProviderError> {
        let RunAsk {
            repo,
            file,
            git_ref,
            correlation,
            since,
        } = ask;
        let from = since
            .saturating_sub(SignedDuration::from_secs(60))
            .unwrap_or(*since);
        let branch = ["refs/heads/", "refs/tags/"]
            .iter()
            .find_map(|prefix| git_ref.strip_prefix(prefix))
            .unwrap_or(git_ref);
        let mut at = Some(self.url(&format!(
            "{}/actions/workflows/{}/runs?event=workflow_dispatch&branch={}&per_page=100",
            repo_path(repo),
            segment(file),
            segment(branch),
        )));
        for _ in 0..RUN_PAGES {
            let Some(url) = at else { break };
            let page = self.get(&url).await?;
            let runs = array(&page.body, "workflow_runs").map_or(&[][..], Vec::as_slice);
            // Only the correlation id tells: another run of the same minute is somebody else's.
            let ours = |run: &Run| {
                let id = correlation.as_str();
                run.title.as_str().contains(id)
                    || run.name.as_ref().is_some_and(|n| n.as_str().contains(id))
            };
            let runs = each(runs, wire_run::run).0;
            // Newest first: past this page there are only older ones. (The filter `created` is not asked for: GitHub's
            // description of it, a plain date, contradicts its documentation, a range.)
            let past = runs.last().is_some_and(|run| run.created_at < from);
            if let Some(run) = runs.into_iter().find(ours) {
                return Ok(Some(run));
            }
            if past {
                break;
            }
            at = page.next.and_then(|next| self.next_url(&url, &next));
        }
        Ok(None)
    }
}
