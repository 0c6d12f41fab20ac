//! What a rollback needs before it is needed: the workflow can be started on its branch, its inputs are known, nothing holds its
//! run at the environment, and a lost answer could be found again.

use std::sync::Arc;
use std::time::Duration;

use super::github::failed;
use crate::domain::catalog::{Environment, Service};
use crate::domain::rollback::WayKind;
use crate::domain::rollback::holds::{Branches, Protection};
use crate::providers::ErrorKind;
use crate::providers::github::{GitHub, RepoStanding, WorkflowFile};
use crate::report::doctor::{Check, Severity};

pub(super) async fn look(
    github: &Arc<GitHub>,
    service: &Service,
    _facts: &RepoStanding,
    limit: Duration,
) -> Vec<Check> {
    let mut found = Vec::new();
    for env in &service.environments {
        for way in &env.ways {
            let WayKind::Workflow {
                file,
                git_ref,
                inputs,
            } = &way.kind
            else {
                continue;
            };
            let id = format!("services.{}.{}.rollback", service.id, env.id);
            let asked = Asked {
                file,
                git_ref,
                inputs,
            };
            let looked = tokio::time::timeout(limit * 3, one(github, service, env, &id, &asked));
            found.extend(looked.await.unwrap_or_else(|_| {
                vec![
                    Check::new(id.clone(), Severity::Error, "it takes too long to look at")
                        .fix("give it more time with --timeout"),
                ]
            }));
        }
    }
    found
}

struct Asked<'a> {
    file: &'a str,
    git_ref: &'a str,
    inputs: &'a [(String, String)],
}

async fn one(
    github: &GitHub,
    service: &Service,
    env: &Environment,
    id: &str,
    asked: &Asked<'_>,
) -> Vec<Check> {
    let Asked {
        file,
        git_ref,
        inputs,
    } = asked;
    if git_ref.contains('$') {
        let message =
            format!("{file} is started on `{git_ref}`, which depends on the target: not looked at");
        return vec![Check::new(
            format!("{id}.workflow"),
            Severity::Info,
            &message,
        )];
    }
    let (read, active) = tokio::join!(
        github.workflow_file(&service.repo, file, git_ref),
        github.workflow_is_active(&service.repo, file)
    );
    let workflow_id = format!("{id}.workflow");
    let workflow = match read {
        Ok(Some(workflow)) => workflow,
        Ok(None) => {
            let message = format!(
                "there is no workflow .github/workflows/{file} on {git_ref} of {}, or it can't be read",
                service.repo
            );
            return vec![
                Check::new(workflow_id, Severity::Error, &message).fix(
                    "check `file` and `ref` of the way back; it must be on that branch or tag",
                ),
            ];
        }
        Err(error) => return vec![failed(workflow_id, &error)],
    };
    if !workflow.dispatchable {
        let message = format!("{file} on {git_ref} can't be started by hand");
        return vec![
            Check::new(workflow_id, Severity::Error, &message)
                .fix("add `workflow_dispatch:` under `on:` in it, on that branch"),
        ];
    }
    let mut found = Vec::new();
    found.push(match active {
        Ok(Some(false)) => Check::new(
            workflow_id,
            Severity::Error,
            &format!("{file} is switched off"),
        )
        .fix(&format!("gh workflow enable {file} --repo {}", service.repo)),
        Ok(None) => Check::new(
            workflow_id,
            Severity::Warning,
            &format!("{file} is on {git_ref}, but GitHub does not list it: it must be on the default branch, too"),
        )
        .fix("merge it into the default branch"),
        Err(error) => failed(workflow_id, &error),
        Ok(Some(true)) => Check::good(workflow_id, &format!("{file} can be started on {git_ref}")),
    });
    found.extend(self::inputs(id, file, inputs, &workflow));
    let named: Vec<&str> = if workflow.environments.is_empty() {
        vec![env.github_environment.as_str()]
    } else {
        workflow.environments.iter().map(String::as_str).collect()
    };
    for name in named {
        let id = format!("{id}.environment");
        match github.protection(&service.repo, name).await {
            Ok(protection) => found.extend(held(&id, name, &protection)),
            // GitHub has no such environment: nothing there holds a run.
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => found.push(failed(id, &error)),
        }
    }
    found
}

fn inputs(id: &str, file: &str, given: &[(String, String)], workflow: &WorkflowFile) -> Vec<Check> {
    let id = format!("{id}.inputs");
    let unknown: Vec<&str> = given
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| workflow.inputs.iter().all(|i| i.name != *name))
        .collect();
    let missing: Vec<&str> = workflow
        .inputs
        .iter()
        .filter(|i| i.required && given.iter().all(|(name, _)| *name != i.name))
        .map(|i| i.name.as_str())
        .collect();
    let mut found = Vec::new();
    if !unknown.is_empty() {
        let known: Vec<&str> = workflow.inputs.iter().map(|i| i.name.as_str()).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        let message = format!(
            "{file} has no input {}: GitHub would refuse the start",
            unknown.join(", ")
        );
        found.push(
            Check::new(id.clone(), Severity::Error, &message).fix(&format!(
                "it has: {known}; mend `inputs` of the way back, or the workflow"
            )),
        );
    }
    if !missing.is_empty() {
        let message = format!(
            "{file} requires the input {}, which is not given",
            missing.join(", ")
        );
        found.push(
            Check::new(id.clone(), Severity::Error, &message)
                .fix("write it into `inputs` of the way back"),
        );
    }
    if !found.is_empty() {
        return found;
    }
    let marked = given
        .iter()
        .find(|(_, value)| value.contains("$correlation_id"));
    let shown = marked.is_some_and(|(name, _)| {
        let run_name = workflow.run_name.as_deref().unwrap_or_default();
        run_name.contains(&format!("inputs.{name}"))
    });
    vec![if shown {
        Check::good(
            id,
            "its inputs are known, and a lost answer can be found again",
        )
    } else {
        Check::new(
            id,
            Severity::Warning,
            "its inputs are known, but no input puts $correlation_id into the `run-name`: a lost answer can't be found again",
        )
        .fix("run-name: rollback ${{ inputs.cockpit_id }} in the workflow, inputs = { cockpit_id = \"$correlation_id\" } here")
    }]
}

/// What would hold a run at an environment.
fn held(id: &str, name: &str, protection: &Protection) -> Vec<Check> {
    let mut found = Vec::new();
    if let Some(minutes) = protection.wait_min.filter(|m| *m > 0) {
        let message = format!("every run to {name} waits {minutes} min first, a rollback, too");
        found.push(
            Check::new(format!("{id}.wait"), Severity::Warning, &message)
                .fix("let the rollback's job name an environment without a wait timer"),
        );
    }
    if !protection.reviewers.is_empty() {
        let alone = if protection.bars_self {
            ", and who starts it may not approve it"
        } else {
            ""
        };
        let message = format!("a run to {name} has to be approved by a reviewer first{alone}");
        found.push(
            Check::new(format!("{id}.review"), Severity::Warning, &message)
                .fix("have a second person at hand, or let the rollback's job name an environment without reviewers"),
        );
    }
    if protection.branches != Branches::Any {
        let message = format!("only some branches or tags may go to {name}");
        found.push(
            Check::new(format!("{id}.branches"), Severity::Info, &message)
                .fix("make sure that the `ref` of the way back is among them"),
        );
    }
    if found.is_empty() {
        found.push(Check::good(id, &format!("nothing holds a run to {name}")));
    }
    found
}
