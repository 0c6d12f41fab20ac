//! A confirmed plan and the orders it gives. Their fields are private: without a confirmation there is no order, and without
//! an order no provider call compiles.

use serde::{Deserialize, Serialize};

use super::journal::IntentFacts;
use super::plan::{ConfirmBy, RollbackPlan, WayKind};
use super::rerun::RerunFacts;
use crate::domain::ids::{CorrelationId, RepoSlug, Target};
use crate::domain::release::RunId;
use crate::domain::text::Safe;

/// How a person confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// This was typed.
    Typed(String),
    /// The confirming key was pressed.
    Key,
    /// `--yes` on the command line.
    Flag,
}

/// The confirmation is not what the plan asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotConfirmed {
    /// The typed text is not the service's name.
    #[error("type `{wanted}` to confirm")]
    Name {
        /// What would confirm.
        wanted: String,
    },
    /// No reason was given.
    #[error("a rollback needs a reason")]
    Reason,
}

/// The ids of one operation's writes, each new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ids {
    /// Groups the writes of one rollback.
    pub operation: CorrelationId,
    /// Travels with the dispatch.
    pub dispatch: CorrelationId,
    /// Names the cancel in the ledger.
    pub cancel: CorrelationId,
}

/// A plan that a person confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovedPlan {
    plan: RollbackPlan,
    reason: String,
    ids: Ids,
}

/// An order to dispatch the rollback's workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchOrder {
    target: Target,
    source: String,
    repo: RepoSlug,
    file: String,
    git_ref: String,
    inputs: Vec<(String, String)>,
    correlation: CorrelationId,
}

/// An order to repeat an old run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RerunOrder {
    target: Target,
    source: String,
    repo: RepoSlug,
    ours: RerunFacts,
}

/// An order to cancel a deploy's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    target: Target,
    source: String,
    repo: RepoSlug,
    run: RunId,
    correlation: CorrelationId,
}

impl RollbackPlan {
    /// Turns the plan into an approved one.
    ///
    /// # Errors
    /// The typed name is not the service's, or the reason is empty.
    pub fn approve(
        self,
        confirmation: &Confirmation,
        reason: &str,
        ids: Ids,
    ) -> Result<ApprovedPlan, NotConfirmed> {
        let wanted = self.target.service.as_str();
        match (confirmation, self.confirm) {
            (Confirmation::Typed(text), _) if text == wanted => {}
            (Confirmation::Flag, _) | (Confirmation::Key, ConfirmBy::Key) => {}
            _ => {
                return Err(NotConfirmed::Name {
                    wanted: wanted.to_owned(),
                });
            }
        }
        let reason = Safe::new(reason);
        if reason.is_empty() {
            return Err(NotConfirmed::Reason);
        }
        Ok(ApprovedPlan {
            plan: self,
            reason: reason.to_string(),
            ids,
        })
    }
}

impl ApprovedPlan {
    /// The plan.
    pub fn plan(&self) -> &RollbackPlan {
        &self.plan
    }

    /// The ids of its writes.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// What the ledger records before anything is sent.
    pub fn facts(&self) -> IntentFacts {
        let (workflow, git_ref) = match &self.plan.way.kind {
            WayKind::Workflow { file, git_ref, .. } => (Some(file.clone()), Some(git_ref.clone())),
            WayKind::Rerun { .. } | WayKind::Cancel => (None, None),
        };
        IntentFacts {
            operation: self.ids.operation.clone(),
            correlation_id: self.ids.dispatch.clone(),
            from: self.plan.from.clone(),
            to: self.plan.to.clone(),
            way: self.plan.way.id.clone(),
            workflow,
            git_ref,
            rerun: self.rerun_facts(),
            cancel_run: self.plan.cancel.as_ref().map(|c| c.run),
            reason: self.reason.clone(),
            reverts: self.plan.reverts.clone(),
        }
    }

    /// The order to cancel the deploy in progress, if there is one.
    pub fn cancel_order(&self) -> Option<CancelOrder> {
        self.plan.cancel.as_ref().map(|c| CancelOrder {
            target: self.plan.target.clone(),
            source: self.plan.source.clone(),
            repo: self.plan.repo.clone(),
            run: c.run,
            correlation: self.ids.cancel.clone(),
        })
    }

    /// The order to dispatch the workflow, with its inputs filled in.
    pub fn dispatch_order(&self) -> Option<DispatchOrder> {
        let WayKind::Workflow {
            file,
            git_ref,
            inputs,
        } = &self.plan.way.kind
        else {
            return None;
        };
        Some(DispatchOrder {
            target: self.plan.target.clone(),
            source: self.plan.source.clone(),
            repo: self.plan.repo.clone(),
            file: file.clone(),
            git_ref: git_ref.clone(),
            inputs: inputs
                .iter()
                .map(|(k, v)| (k.clone(), self.fill(v)))
                .collect(),
            correlation: self.ids.dispatch.clone(),
        })
    }

    fn rerun_facts(&self) -> Option<RerunFacts> {
        let old = self.plan.rerun.as_ref();
        old.filter(|_| matches!(self.plan.way.kind, WayKind::Rerun { .. }))
            .map(|old| RerunFacts {
                run: old.run,
                attempt: old.attempt,
            })
    }

    /// The order to repeat the old run, where that is the way.
    pub fn rerun_order(&self) -> Option<RerunOrder> {
        self.rerun_facts().map(|ours| RerunOrder {
            target: self.plan.target.clone(),
            source: self.plan.source.clone(),
            repo: self.plan.repo.clone(),
            ours,
        })
    }

    /// Fills the variables of a template. One pass over the template, so a value that holds a `$` is never expanded again.
    fn fill(&self, template: &str) -> String {
        let plan = &self.plan;
        let version = |v: &crate::domain::release::VersionRef| {
            v.version
                .as_ref()
                .map_or_else(|| v.sha.as_str().to_owned(), ToString::to_string)
        };
        let values = [
            ("$correlation_id", self.ids.dispatch.as_str().to_owned()),
            ("$from_version", version(&plan.from)),
            ("$to_version", version(&plan.to)),
            ("$from_sha", plan.from.sha.as_str().to_owned()),
            ("$service", plan.target.service.as_str().to_owned()),
            ("$to_sha", plan.to.sha.as_str().to_owned()),
            ("$env", plan.target.env.as_str().to_owned()),
        ];
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let hit = values.iter().find_map(|(name, value)| {
                after
                    .strip_prefix(name.trim_start_matches('$'))
                    .map(|left| (value, left))
            });
            if let Some((value, left)) = hit {
                out.push_str(value);
                rest = left;
            } else {
                out.push('$');
                rest = after;
            }
        }
        out.push_str(rest);
        out
    }
}

impl DispatchOrder {
    /// Where.
    pub fn target(&self) -> &Target {
        &self.target
    }
    /// The GitHub source's name.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// The repository.
    pub fn repo(&self) -> &RepoSlug {
        &self.repo
    }
    /// The workflow's file name.
    pub fn file(&self) -> &str {
        &self.file
    }
    /// The branch or tag.
    pub fn git_ref(&self) -> &str {
        &self.git_ref
    }
    /// The inputs.
    pub fn inputs(&self) -> &[(String, String)] {
        &self.inputs
    }
    /// The id to find it by.
    pub fn correlation(&self) -> &CorrelationId {
        &self.correlation
    }
}

impl RerunOrder {
    /// Where.
    pub fn target(&self) -> &Target {
        &self.target
    }
    /// The GitHub source's name.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// The repository.
    pub fn repo(&self) -> &RepoSlug {
        &self.repo
    }
    /// The run.
    pub fn run(&self) -> RunId {
        self.ours.run
    }
    /// The attempt that the order asks for.
    pub fn next_attempt(&self) -> u32 {
        self.ours.attempt.saturating_add(1)
    }
}

impl CancelOrder {
    /// Where.
    pub fn target(&self) -> &Target {
        &self.target
    }
    /// The GitHub source's name.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// The repository.
    pub fn repo(&self) -> &RepoSlug {
        &self.repo
    }
    /// The run.
    pub fn run(&self) -> RunId {
        self.run
    }
    /// Its id in the ledger.
    pub fn correlation(&self) -> &CorrelationId {
        &self.correlation
    }
}
