//! The overview: up to ten repositories in one GraphQL call, each under an alias. The query's parts are read from
//! `queries/overview.graphql`; names are written into it as escaped literals. An error touches only its alias, and a
//! deployment list that is missing fails its repository: an empty list would say "nothing is live".

use std::collections::VecDeque;
use std::fmt::Write as _;

use serde_json::Value;

use super::client::GitHub;
use super::queries::{OVERVIEW, body, literal};
use super::requests::GraphReply;
use super::wire::{address, array, each, nodes, raw};
use super::{errors, wire_overview as wire};
use crate::domain::ids::{EnvId, ServiceId};
use crate::domain::release::{Deployment, Overview};
use crate::domain::text::Safe;
use crate::providers::OverviewAsk;
use crate::providers::error::{ErrorKind, ProviderError};

/// Repositories in one call; more take longer than the server's ten seconds.
const BATCH: usize = 10;

/// The parts of the template: before the repositories, a repository without its deployments, one deployments field.
struct Parts {
    head: String,
    repository: String,
    deployments: String,
}

fn parts() -> Option<Parts> {
    let body = body(OVERVIEW);
    let (head, rest) = body.split_once("  r0: ")?;
    let (repository, rest) = rest.split_once("    d0: ")?;
    let end = rest.find("\n    }\n")?;
    let (deployments, _) = rest.split_at(end);
    Some(Parts {
        head: head.to_owned(),
        repository: repository.to_owned(),
        deployments: format!("{deployments}\n    }}\n"),
    })
}

/// The query for some repositories.
fn query(asks: &[&OverviewAsk]) -> Option<String> {
    let parts = parts()?;
    let mut out = parts.head;
    for (r, ask) in asks.iter().enumerate() {
        let repository = parts
            .repository
            .replacen("\"OWNER\"", &literal(&ask.repo.owner), 1)
            .replacen("\"NAME\"", &literal(&ask.repo.name), 1);
        write!(out, "  r{r}: {repository}").ok()?;
        for (d, (_, name)) in ask.environments.iter().enumerate() {
            let deployments = parts
                .deployments
                .replacen("\"production\"", &literal(name), 1);
            write!(out, "    d{d}: {deployments}").ok()?;
        }
        out.push_str("  }\n");
    }
    out.push_str("}\n");
    Some(out)
}

type Answers = Vec<(ServiceId, Result<Overview, ProviderError>)>;

impl GitHub {
    pub(super) async fn overviews(&self, asks: &[OverviewAsk]) -> Answers {
        let mut answers = Answers::new();
        let mut queue: VecDeque<Vec<&OverviewAsk>> =
            asks.chunks(BATCH).map(|c| c.iter().collect()).collect();
        while let Some(batch) = queue.pop_front() {
            let Some(query) = query(&batch) else { continue };
            match self.graphql(&query).await {
                Ok(reply) => answers.extend(self.split(&batch, &reply)),
                // Too heavy for the server's time limit: ask for half as much.
                Err(e) if batch.len() > 1 && matches!(e.call.status, Some(502 | 504)) => {
                    let (left, right) = batch.split_at(batch.len() / 2);
                    queue.push_front(right.to_vec());
                    queue.push_front(left.to_vec());
                }
                Err(e) => {
                    let failed = batch.iter().map(|a| (a.service.clone(), Err(e.clone())));
                    answers.extend(failed);
                }
            }
        }
        answers
    }

    /// Hands each repository its part of the answer and its errors.
    fn split(&self, batch: &[&OverviewAsk], reply: &GraphReply) -> Answers {
        let each = batch.iter().enumerate().map(|(r, ask)| {
            let alias = format!("r{r}");
            let errors: Vec<Value> = reply
                .errors
                .iter()
                .filter(|e| path_of(e).first().is_none_or(|p| *p == alias))
                .cloned()
                .collect();
            let repository = reply.data.get(&alias).filter(Value::is_object);
            let overview = match repository {
                Some(repository) => self.read(ask, &repository, &errors, reply),
                None => Err(self.graph_error(ask, &errors, reply)),
            };
            (ask.service.clone(), overview)
        });
        each.collect()
    }

    fn graph_error(
        &self,
        ask: &OverviewAsk,
        errors: &[Value],
        reply: &GraphReply,
    ) -> ProviderError {
        let mut call = self.call("POST", &self.settings.graphql_url());
        call.status = Some(reply.reply.status.as_u16());
        let mut error =
            errors::from_graphql(call, errors, Some(&reply.reply), &self.redactor, self.now());
        if errors.is_empty() {
            // GraphQL answers null for what it does not know.
            error.kind = ErrorKind::NotFound;
        }
        if error.detail.is_empty() {
            error.detail = Safe::new(&ask.repo.to_string());
        }
        error
    }

    fn read(
        &self,
        ask: &OverviewAsk,
        repository: &Value,
        errors: &[Value],
        reply: &GraphReply,
    ) -> Result<Overview, ProviderError> {
        let mut left_out = 0;
        let mut deployments: Vec<(EnvId, Vec<Deployment>)> = Vec::new();
        for (d, (env, _)) in ask.environments.iter().enumerate() {
            let alias = format!("d{d}");
            let Some(items) = nodes(repository, &alias) else {
                let own: Vec<Value> = errors
                    .iter()
                    .filter(|e| path_of(e).get(1).is_none_or(|p| *p == alias))
                    .cloned()
                    .collect();
                let mut error = self.graph_error(ask, &own, reply);
                if own.is_empty() {
                    error.kind = ErrorKind::Protocol { hint: None };
                    error.detail =
                        Safe::new(&format!("no deployments of {} in the answer", ask.repo));
                }
                return Err(error);
            };
            let (mut list, bad) = each(items, wire::deployment);
            left_out += bad;
            list.sort_by_key(|d| std::cmp::Reverse((d.created_at, d.id)));
            deployments.push((env.clone(), list));
        }
        let list = |key: &str| nodes(repository, key).map_or(&[][..], Vec::as_slice);
        let (environments, _) = each(list("environments"), wire::environment);
        let (releases, bad_releases) = each(list("releases"), wire::release);
        let refs: Vec<Value> = list("refs")
            .iter()
            .filter(|r| !is_no_commit(r))
            .cloned()
            .collect();
        let (tags, bad_tags) = each(&refs, wire::tag);
        let (milestones, bad_milestones) = each(list("milestones"), wire::milestone);
        left_out += bad_releases + bad_tags + bad_milestones;
        self.tell(ask, left_out, errors);
        Ok(Overview {
            url: address(repository, "url").unwrap_or_default(),
            default_branch: wire::default_branch(repository),
            environments,
            releases,
            tags,
            milestones,
            deployments,
        })
    }

    /// Says what is not complete.
    fn tell(&self, ask: &OverviewAsk, left_out: usize, errors: &[Value]) {
        let mut words = Vec::new();
        if left_out > 0 {
            words.push(format!(
                "{left_out} entries could not be read and are left out"
            ));
        }
        for error in errors.iter().take(3) {
            let field = path_of(error).get(1).cloned().unwrap_or_default();
            words.push(format!(
                "{field}: {}",
                raw(error, "message").unwrap_or("not readable")
            ));
        }
        let words = words.join("; ");
        let warning = (!words.is_empty()).then_some(words.as_str());
        self.warn(ask.repo.to_string(), warning);
    }
}

/// Whether a ref names something else than a commit (a tree, a blob); such a tag is no malformed entry.
fn is_no_commit(item: &Value) -> bool {
    let kind = item.get("target").and_then(|t| raw(t, "__typename"));
    matches!(kind, Some("Tree" | "Blob"))
}

/// Where an error happened: the names of the path; indices left out.
pub(super) fn path_of(error: &Value) -> Vec<String> {
    let path = array(error, "path").map_or(&[][..], Vec::as_slice);
    path.iter()
        .filter_map(|p| p.as_str().map(ToOwned::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_repeats_repositories_and_environments_and_escapes_names() {
        let ask = |service: &str, envs: &[&str]| OverviewAsk {
            service: service.parse().unwrap(),
            repo: format!("acme/{service}").parse().unwrap(),
            environments: envs
                .iter()
                .map(|e| ("x".parse().unwrap(), (*e).to_owned()))
                .collect(),
        };
        let a = ask("checkout", &["staging", "prod\"]) { id } #"]);
        let b = ask("payments", &["production"]);
        let text = query(&[&a, &b]).unwrap();
        assert!(text.contains("r0: repository(owner: \"acme\", name: \"checkout\")"));
        assert!(text.contains("r1: repository(owner: \"acme\", name: \"payments\")"));
        assert!(text.contains("environments: [\"prod\\\"]) { id } #\"]"));
        assert_eq!(text.matches(": deployments(").count(), 3);
        assert_eq!(text.matches("orderBy: {field: CREATED_AT, direction: DESC}) {\n      nodes {\n        databaseId").count(), 3);
        let outside = text.replace("prod\\\"]) { id } #", "");
        assert_eq!(outside.matches('{').count(), outside.matches('}').count());
        assert!(!text.contains("OWNER") && !text.contains("NAME\""));
    }
}
