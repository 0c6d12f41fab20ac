//! A repository's past by GraphQL: what is newest in many repositories at once, and the next page of all sources of one. An error
//! touches only its own repository or source; what came beside it is kept.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::Value;

use super::client::GitHub;
use super::overview::path_of;
use super::past_query::{self, Place, Places};
use super::requests::GraphReply;
use super::wire::{each, nodes, number, raw, sha, time};
use super::{errors, wire_past as wire, wire_pull};
use crate::domain::change::sync::plan::PageAsk;
use crate::domain::change::sync::reading::Leaf;
use crate::domain::change::sync::{Mark, Terms};
use crate::domain::change::synced::{CommitRow, Source};
use crate::domain::ids::{CommitSha, RepoSlug};
use crate::domain::text::Safe;
use crate::providers::error::{ErrorKind, ProviderError};
use crate::providers::{Answer, Marks, Pages, Past, Result};

/// Repositories in one call; more take longer than the server's ten seconds.
const BATCH: usize = 20;
/// Fewer rows than that are not asked for.
const SMALLEST: u32 = 10;

type Found = Vec<(RepoSlug, Result<Marks>)>;

impl GitHub {
    async fn all_newest(&self, repos: &[RepoSlug], terms: &Terms) -> Found {
        let mut found = Found::new();
        let mut queue: VecDeque<&[RepoSlug]> = repos.chunks(BATCH).collect();
        while let Some(batch) = queue.pop_front() {
            let Some(query) = past_query::newest(batch, terms) else {
                continue;
            };
            match self.graphql_heavy(&query).await {
                Ok(reply) => {
                    let each = batch.iter().enumerate();
                    found.extend(
                        each.map(|(r, repo)| (repo.clone(), self.marks(repo, r, terms, &reply))),
                    );
                }
                Err(e) if batch.len() > 1 && errors::is_too_heavy(&e) => {
                    let (left, right) = batch.split_at(batch.len() / 2);
                    queue.push_front(right);
                    queue.push_front(left);
                }
                Err(e) => found.extend(batch.iter().map(|r| (r.clone(), Err(e.clone())))),
            }
        }
        found
    }

    /// The marks of one repository out of an answer about several.
    fn marks(&self, repo: &RepoSlug, r: usize, terms: &Terms, reply: &GraphReply) -> Result<Marks> {
        let alias = format!("r{r}");
        let repository = reply.data.get(&alias).filter(Value::is_object);
        let Some(repository) = &repository else {
            let own = |e: &&Value| path_of(e).first().is_none_or(|p| *p == alias);
            let own: Vec<Value> = reply.errors.iter().filter(own).cloned().collect();
            return Err(self.missing(repo, &own, reply, ErrorKind::NotFound));
        };
        let mut marks = Marks::new();
        for source in Source::ALL {
            let mark = match source {
                Source::Commits => head(repository),
                Source::Incidents => incidents(repository, terms),
                _ => newest(repository, source),
            };
            let mark = mark.ok_or_else(|| self.without(repo, &[&alias], source, reply));
            marks.insert(source, mark);
        }
        Ok(marks)
    }

    async fn next_pages(
        &self,
        repo: &RepoSlug,
        ask: &PageAsk,
        terms: &Terms,
        (since, mut size): (Timestamp, u32),
    ) -> Result<Pages> {
        loop {
            let Some(query) = past_query::page(repo, ask, terms, (since, size)) else {
                return Ok(Pages {
                    leaves: Vec::new(),
                    size,
                });
            };
            match self.graphql_heavy(&query).await {
                Ok(reply) => {
                    let leaves = self.leaves(repo, ask, terms, &reply)?;
                    return Ok(Pages { leaves, size });
                }
                Err(e) if size > SMALLEST && errors::is_too_heavy(&e) => {
                    size = (size / 2).max(SMALLEST);
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn leaves(
        &self,
        repo: &RepoSlug,
        ask: &PageAsk,
        terms: &Terms,
        reply: &GraphReply,
    ) -> Result<Vec<(Source, Result<Leaf>)>> {
        let repository = reply.data.get("repository").filter(Value::is_object);
        let Some(repository) = &repository else {
            return Err(self.missing(repo, &reply.errors, reply, ErrorKind::NotFound));
        };
        let branch = default_branch(repository);
        let mut left_out = 0;
        let mut leaves = Vec::new();
        for (source, cursor) in &ask.sources {
            let leaf = match source {
                Source::Commits if ask.head.is_none() => Some(Leaf::default()),
                Source::Commits => commits(repository, branch),
                Source::Incidents => issues(repository, cursor.as_ref().map(Safe::as_str), terms),
                _ => listed(repository, *source),
            };
            left_out += leaf.as_ref().map_or(0, |l| l.left_out);
            let leaf = leaf.ok_or_else(|| self.without(repo, &["repository"], *source, reply));
            leaves.push((*source, leaf));
        }
        let why = format!("{left_out} entries of the past could not be read and are left out");
        self.warn(
            format!("{repo} past"),
            (left_out > 0).then_some(why.as_str()),
        );
        Ok(leaves)
    }

    async fn all_lines(
        &self,
        repo: &RepoSlug,
        tips: &[CommitSha],
    ) -> Result<Vec<Option<Vec<CommitRow>>>> {
        let Some(query) = past_query::lines(repo, tips) else {
            return Ok(vec![None; tips.len()]);
        };
        let reply = self.graphql(&query).await?;
        let repository = reply.data.get("repository").filter(Value::is_object);
        let Some(repository) = &repository else {
            return Err(self.missing(repo, &reply.errors, &reply, ErrorKind::NotFound));
        };
        let branch = default_branch(repository);
        let line = |l: usize| {
            let alias = format!("l{l}");
            let history = repository.get(&alias).and_then(|c| c.get("history"));
            let Some((items, _)) = history.and_then(wire::page) else {
                // A commit that is not there is null without an error; of one with an error nothing is known.
                let own = |e: &Value| path_of(e).get(1).is_none_or(|f| *f == alias);
                return reply.errors.iter().any(own).then(Vec::new);
            };
            Some(each(items, |c| wire::commit(c, branch)).0)
        };
        Ok((0..tips.len()).map(line).collect())
    }

    /// Why a source of a repository is missing in an answer.
    fn without(
        &self,
        repo: &RepoSlug,
        above: &[&str],
        source: Source,
        reply: &GraphReply,
    ) -> ProviderError {
        let names = |field: &str| match source {
            Source::Commits => matches!(field, "commits" | "reach" | "defaultBranchRef"),
            Source::Incidents => field
                .strip_prefix('i')
                .is_some_and(|n| n.parse::<u32>().is_ok()),
            _ => field == source.word(),
        };
        let own = |e: &&Value| {
            let path = path_of(e);
            path.first().is_none_or(|p| above.contains(&p.as_str()))
                && path.get(above.len()).is_none_or(|f| names(f))
        };
        let own: Vec<Value> = reply.errors.iter().filter(own).cloned().collect();
        // A commit that is not there is null without an error.
        let kind = match source {
            Source::Commits => ErrorKind::NotFound,
            _ => ErrorKind::Protocol { hint: None },
        };
        let mut error = self.missing(repo, &own, reply, kind);
        if own.is_empty() {
            error.detail = Safe::new(&format!("no {} of {repo} in the answer", source.word()));
        }
        error
    }

    /// The error that these of GraphQL's errors stand for; `kind` if there are none.
    fn missing(
        &self,
        repo: &RepoSlug,
        own: &[Value],
        reply: &GraphReply,
        kind: ErrorKind,
    ) -> ProviderError {
        let mut call = self.call("POST", &self.settings.graphql_url());
        call.status = Some(reply.reply.status.as_u16());
        let mut error =
            errors::from_graphql(call, own, Some(&reply.reply), &self.redactor, self.now());
        if own.is_empty() {
            error.kind = kind;
        }
        if error.detail.is_empty() {
            error.detail = Safe::new(&repo.to_string());
        }
        error
    }
}

impl Past for GitHub {
    fn newest<'a>(&'a self, repos: &'a [RepoSlug], terms: &'a Terms) -> Answer<'a, Found> {
        Box::pin(self.all_newest(repos, terms))
    }

    fn page<'a>(
        &'a self,
        repo: &'a RepoSlug,
        ask: &'a PageAsk,
        terms: &'a Terms,
        bounds: (Timestamp, u32),
    ) -> Answer<'a, Result<Pages>> {
        Box::pin(self.next_pages(repo, ask, terms, bounds))
    }

    fn lines<'a>(
        &'a self,
        repo: &'a RepoSlug,
        tips: &'a [CommitSha],
    ) -> Answer<'a, Result<Vec<Option<Vec<CommitRow>>>>> {
        Box::pin(self.all_lines(repo, tips))
    }

    fn asked(&self) -> u64 {
        self.graphql_asked()
    }
}

fn default_branch(repository: &Value) -> Option<&str> {
    raw(repository.get("defaultBranchRef")?, "name")
}

/// The default branch's head; in an empty repository there is nothing to read.
fn head(repository: &Value) -> Option<Mark> {
    let branch = repository.get("defaultBranchRef")?;
    if branch.is_null() {
        return Some(Mark::default());
    }
    let target = branch.get("target")?;
    let head: CommitSha = sha(target, "oid")?;
    Some(Mark {
        at: time(target, "committedDate"),
        count: 0,
        print: Safe::new(head.as_str()),
    })
}

/// The mark of a list, whose newest rows tell what else could change.
fn newest(repository: &Value, source: Source) -> Option<Mark> {
    let list = repository.get(source.word())?;
    let rows = nodes(repository, source.word())?;
    let field = match source {
        Source::Pulls => "updatedAt",
        _ => "createdAt",
    };
    let words = |row: &Value| match source {
        Source::Deployments => {
            let id = number(row, "databaseId").unwrap_or_default();
            format!("{id}:{}", raw(row, "state").unwrap_or_default())
        }
        Source::Releases => {
            let tag = raw(row, "tagName").unwrap_or_default();
            format!("{tag}:{}", raw(row, "updatedAt").unwrap_or_default())
        }
        _ => String::new(),
    };
    let print: Vec<String> = rows.iter().map(words).collect();
    Some(Mark {
        at: rows.first().and_then(|r| time(r, field)),
        count: number(list, "totalCount")?,
        print: Safe::new(&print.join(",")),
    })
}

/// The mark of the lists of all labels.
fn incidents(repository: &Value, terms: &Terms) -> Option<Mark> {
    let mut mark = Mark::default();
    for n in 0..terms.incident_labels.len() {
        let alias = format!("i{n}");
        let rows = nodes(repository, &alias)?;
        let at = rows.first().and_then(|r| time(r, "updatedAt"));
        mark.at = mark.at.max(at);
        mark.count += number(repository.get(&alias)?, "totalCount")?;
    }
    Some(mark)
}

fn commits(repository: &Value, branch: Option<&str>) -> Option<Leaf> {
    let (items, next) = wire::page(repository.get("commits")?.get("history")?)?;
    let (commits, left_out) = each(items, |c| wire::commit(c, branch));
    let reach = repository.get("reach").and_then(|r| r.get("history"));
    let mut leaf = Leaf {
        last: commits.last().map(|c| c.committed),
        next: next.as_deref().map(Safe::new),
        total: reach.and_then(|h| number(h, "totalCount")),
        left_out,
        ..Leaf::default()
    };
    leaf.batch.commits = commits;
    Some(leaf)
}

fn listed(repository: &Value, source: Source) -> Option<Leaf> {
    let list = repository.get(source.word())?;
    let (items, next) = wire::page(list)?;
    let field = match source {
        Source::Pulls => "updatedAt",
        _ => "createdAt",
    };
    let mut leaf = Leaf {
        last: items.iter().rev().find_map(|i| time(i, field)),
        next: next.as_deref().map(Safe::new),
        total: number(list, "totalCount"),
        ..Leaf::default()
    };
    let batch = &mut leaf.batch;
    match source {
        Source::Pulls => (batch.pulls, leaf.left_out) = each(items, wire_pull::pull),
        Source::Deployments => (batch.deployments, leaf.left_out) = each(items, wire::deployment),
        _ => {
            // Drafts are no releases yet; nothing is missing.
            let out: Vec<&Value> = items.iter().filter(|i| !wire::is_draft(i)).collect();
            batch.releases = out.iter().filter_map(|i| wire::release(i)).collect();
            leaf.left_out = out.len() - batch.releases.len();
        }
    }
    Some(leaf)
}

/// The pages of all labels' lists as one: it goes on until the last of them is where it has to be.
fn issues(repository: &Value, cursor: Option<&str>, terms: &Terms) -> Option<Leaf> {
    let labels = terms.incident_labels.len();
    let mut leaf = Leaf {
        total: Some(0),
        ..Leaf::default()
    };
    let mut next = vec![None; labels];
    for (n, place) in Places::read(cursor, labels).0.iter().enumerate() {
        if *place == Place::End {
            continue;
        }
        let list = repository.get(format!("i{n}"))?;
        let (items, after) = wire::page(list)?;
        let (rows, left_out) = each(items, wire::incident);
        let last = items.iter().rev().find_map(|i| time(i, "updatedAt"));
        if after.is_some() {
            leaf.last = leaf.last.max(last);
        }
        leaf.batch.incidents.extend(rows);
        leaf.left_out += left_out;
        leaf.total = leaf
            .total
            .zip(number(list, "totalCount"))
            .map(|(a, b)| a + b);
        if let Some(slot) = next.get_mut(n) {
            *slot = after;
        }
    }
    leaf.next = Places::text(&next);
    Some(leaf)
}
