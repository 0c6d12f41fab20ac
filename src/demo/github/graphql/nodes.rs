//! The objects of the GraphQL graph: positions in the company's state, and the fields of a repository. The fields of the other types are
//! in `objects`.

use serde_json::{Value, json};

use super::objects;
use super::pages::{self, Page};
use super::past::{self, Happened};
use super::value::Args;
use crate::demo::catalog::OWNER;
use crate::demo::github::json::{WEB, maybe, node, person_id, time};
use crate::demo::model::{Commit, Repo};
use crate::demo::people::person;
use crate::demo::world::World;

/// Where a commit lies: on the main branch, on a pull request's branch (pull request, position), or nowhere any more, since a force
/// push replaced it (pull request).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum At {
    Main(usize),
    Branch(usize, usize),
    Replaced(usize),
}

/// An object. The first number is the repository's position.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Query,
    RateLimit,
    Person(usize),
    Owner,
    Repo(usize),
    Branch(usize),
    TagRef(usize, usize),
    TagObject(usize, usize),
    Commit(usize, At),
    GitActor(usize, At, bool),
    Comparison(usize, usize, usize),
    Rollup(usize, At),
    Check(usize, At, usize),
    Context(usize, At, usize),
    Environment(usize, usize),
    Deployment(usize, usize),
    Status(usize, usize, usize),
    Release(usize, usize),
    Milestone(usize, usize),
    Pull(usize, usize),
    Review(usize, usize, usize),
    PullCommit(usize, usize, usize),
    Label(&'static str),
    Issue(usize, usize),
    Event(usize, usize, Happened),
    Page(Box<Page>),
    Edge(Box<Node>, usize),
    PageInfo(Box<Page>, usize),
}

/// What a field is.
#[derive(Debug)]
pub(crate) enum Out {
    Leaf(Value),
    One(Node),
    Many(Vec<Node>),
}

/// The type and the message of an error.
pub(crate) type Failure = (&'static str, String);
/// What came of asking for a field.
pub(crate) type Answer = Result<Out, Failure>;

/// How much of the hour's budget is used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) limit: u64,
    pub(crate) used: u64,
    pub(crate) reset: jiff::Timestamp,
}

/// The graph over the company's state.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    pub(crate) world: &'a World,
    pub(crate) budget: Budget,
}

/// A node or null.
pub(crate) fn one(found: Option<Node>) -> Out {
    found.map_or(Out::Leaf(Value::Null), Out::One)
}

/// A value.
pub(crate) fn leaf(value: impl Into<Value>) -> Out {
    Out::Leaf(value.into())
}

impl Node {
    /// Its type's name.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::RateLimit => "RateLimit",
            Self::Person(n) if person(*n).login.ends_with("bot") => "Bot",
            Self::Person(_) => "User",
            Self::Owner => "Organization",
            Self::Repo(_) => "Repository",
            Self::Branch(_) | Self::TagRef(..) => "Ref",
            Self::TagObject(..) => "Tag",
            Self::Commit(..) => "Commit",
            Self::GitActor(..) => "GitActor",
            Self::Comparison(..) => "Comparison",
            Self::Rollup(..) => "StatusCheckRollup",
            Self::Check(..) => "CheckRun",
            Self::Context(..) => "StatusContext",
            Self::Environment(..) => "Environment",
            Self::Deployment(..) => "Deployment",
            Self::Status(..) => "DeploymentStatus",
            Self::Release(..) => "Release",
            Self::Milestone(..) => "Milestone",
            Self::Pull(..) => "PullRequest",
            Self::Review(..) => "PullRequestReview",
            Self::PullCommit(..) => "PullRequestCommit",
            Self::Label(_) => "Label",
            Self::Issue(..) => "Issue",
            Self::Event(_, _, Happened::Ready) => "ReadyForReviewEvent",
            Self::Event(_, _, Happened::Forced) => "HeadRefForcePushedEvent",
            Self::Page(page) => page.kind,
            Self::Edge(..) => "Edge",
            Self::PageInfo(..) => "PageInfo",
        }
    }
}

impl Graph<'_> {
    /// The repository at a position.
    pub(crate) fn repo(&self, place: usize) -> Option<&Repo> {
        self.world.repos.get(place)
    }

    /// The commit at a place.
    pub(crate) fn commit(&self, place: usize, at: At) -> Option<&Commit> {
        let repo = self.repo(place)?;
        match at {
            At::Main(n) => repo.commit(n),
            At::Branch(pull, n) => repo.pulls.get(pull)?.commits.get(n),
            At::Replaced(pull) => repo.pulls.get(pull)?.before.as_ref(),
        }
    }

    /// Where the commit with an id lies.
    pub(crate) fn locate(&self, place: usize, sha: &str) -> Option<At> {
        let repo = self.repo(place)?;
        repo.commits
            .iter()
            .rposition(|c| c.sha == sha)
            .map(At::Main)
            .or_else(|| {
                let in_pull = |(n, pull): (usize, &crate::demo::model::Pull)| {
                    pull.commits
                        .iter()
                        .position(|c| c.sha == sha)
                        .map(|at| At::Branch(n, at))
                };
                repo.pulls.iter().enumerate().find_map(in_pull)
            })
    }

    /// A field of an object.
    pub(crate) fn resolve(&self, node: &Node, name: &str, args: &Args) -> Answer {
        if name == "__typename" {
            return Ok(leaf(node.type_name()));
        }
        Ok(match node {
            Node::Query => return self.query(name, args),
            Node::RateLimit => match name {
                "limit" => leaf(self.budget.limit),
                "used" => leaf(self.budget.used),
                "remaining" => leaf(self.budget.limit.saturating_sub(self.budget.used)),
                "resetAt" => leaf(time(self.budget.reset)),
                "nodeCount" => leaf(0),
                _ => leaf(1),
            },
            Node::Person(n) => match name {
                "login" => leaf(person(*n).login),
                "name" => leaf(person(*n).name),
                "url" => leaf(format!("{WEB}/{}", person(*n).login)),
                "databaseId" => leaf(person_id(*n)),
                _ => leaf(crate::demo::github::json::node("U", person_id(*n))),
            },
            Node::Owner => match name {
                "login" => leaf(OWNER),
                "url" => leaf(format!("{WEB}/{OWNER}")),
                _ => leaf(crate::demo::github::json::node("O", 69_999)),
            },
            Node::Label(label) => match name {
                "name" => leaf(*label),
                "color" => leaf("ededed"),
                _ => leaf(crate::demo::github::json::node(
                    "LA",
                    crate::demo::rng::key(label) % 1_000_000,
                )),
            },
            Node::Repo(place) => return self.repository(*place, name, args),
            Node::Page(page) => page.field(name),
            Node::Edge(node, at) => pages::edge(node, *at, name),
            Node::PageInfo(page, shown) => Out::Leaf(page.info(*shown, name)),
            other => return objects::field(self, other, name, args),
        })
    }

    fn query(&self, name: &str, args: &Args) -> Answer {
        match name {
            "rateLimit" => Ok(Out::One(Node::RateLimit)),
            "viewer" => Ok(Out::One(Node::Person(0))),
            _ => {
                let (owner, repo) = (
                    args.text("owner").unwrap_or(""),
                    args.text("name").unwrap_or(""),
                );
                let found = self.world.place(owner, repo);
                found
                    .map(|place| Out::One(Node::Repo(place)))
                    .ok_or_else(|| {
                        (
                            "NOT_FOUND",
                            format!(
                                "Could not resolve to a Repository with the name '{owner}/{repo}'."
                            ),
                        )
                    })
            }
        }
    }

    fn repository(&self, place: usize, name: &str, args: &Args) -> Answer {
        let Some(repo) = self.repo(place) else {
            return Ok(Out::Leaf(Value::Null));
        };
        let head = repo.head();
        let page = |kind, nodes| {
            Page::cut(kind, name, args, nodes).map(|p| Out::One(Node::Page(Box::new(p))))
        };
        Ok(match name {
            "id" => leaf(node("R", repo.id)),
            "databaseId" => leaf(repo.id),
            "name" => leaf(repo.name),
            "nameWithOwner" => leaf(format!("{OWNER}/{}", repo.name)),
            "url" => leaf(format!("{WEB}/{OWNER}/{}", repo.name)),
            "description" => leaf(repo.description),
            "isPrivate" | "hasIssuesEnabled" => leaf(true),
            "isArchived" => leaf(false),
            "createdAt" => leaf(time(repo.created)),
            "pushedAt" => Out::Leaf(maybe(head.map(|(_, c)| c.committed))),
            "owner" => Out::One(Node::Owner),
            "viewerPermission" => leaf("WRITE"),
            "defaultBranchRef" => Out::One(Node::Branch(place)),
            "ref" => {
                let wanted = args.text("qualifiedName").unwrap_or("");
                if matches!(wanted, "main" | "refs/heads/main") {
                    return Ok(Out::One(Node::Branch(place)));
                }
                one(repo
                    .tag(wanted)
                    .and_then(|_| tag_named(repo, wanted))
                    .map(|n| Node::TagRef(place, n)))
            }
            "refs" => return page("RefConnection", refs(repo, place, args)),
            "object" => {
                let at = match (args.text("oid"), args.text("expression")) {
                    (Some(sha), _) => self.locate(place, sha),
                    (None, Some(text)) => repo.resolve(text).map(At::Main),
                    (None, None) => None,
                };
                one(at.map(|at| Node::Commit(place, at)))
            }
            "environments" => {
                let names = args.texts("names");
                let wanted = |n: &&str| names.as_ref().is_none_or(|names| names.contains(n));
                let found = repo
                    .environments
                    .iter()
                    .enumerate()
                    .filter(|(_, e)| wanted(&e.name));
                return page(
                    "EnvironmentConnection",
                    found.map(|(n, _)| Node::Environment(place, n)).collect(),
                );
            }
            "environment" => {
                let found = repo
                    .environments
                    .iter()
                    .position(|e| Some(e.name) == args.text("name"));
                one(found.map(|n| Node::Environment(place, n)))
            }
            "deployments" => {
                let envs = args.texts("environments");
                let wanted = |env: &str| envs.as_ref().is_none_or(|envs| envs.contains(&env));
                let found = repo
                    .deployments
                    .iter()
                    .enumerate()
                    .filter(|(_, d)| wanted(d.env));
                let mut found: Vec<Node> = found.map(|(n, _)| Node::Deployment(place, n)).collect();
                // Without an order GitHub answers the oldest first.
                if args.order().is_some_and(|(_, descending)| descending) {
                    found.reverse();
                }
                return page("DeploymentConnection", found);
            }
            "releases" => {
                let mut found: Vec<usize> = (0..repo.releases.len()).collect();
                match args.order() {
                    Some(("NAME", _)) => {
                        found.sort_by_key(|n| repo.releases.get(*n).map(|r| r.tag.clone()));
                    }
                    _ => found.sort_by_key(|n| repo.releases.get(*n).map(|r| r.created)),
                }
                if args.order().is_none_or(|(_, descending)| descending) {
                    found.reverse();
                }
                return page(
                    "ReleaseConnection",
                    found.into_iter().map(|n| Node::Release(place, n)).collect(),
                );
            }
            "release" => one(tag_named(repo, args.text("tagName").unwrap_or(""))
                .map(|n| Node::Release(place, n))),
            "latestRelease" => one(repo
                .releases
                .iter()
                .rposition(|r| r.published.is_some())
                .map(|n| Node::Release(place, n))),
            "milestones" => {
                let states = args.texts("states");
                let state = |open: bool| if open { "OPEN" } else { "CLOSED" };
                let mut found: Vec<_> = repo.milestones.iter().enumerate().collect();
                found.retain(|(_, m)| {
                    states
                        .as_ref()
                        .is_none_or(|s| s.contains(&state(m.closed.is_none())))
                });
                match args.order() {
                    Some(("DUE_DATE", _)) => found.sort_by_key(|(_, m)| (m.due.is_none(), m.due)),
                    Some(("CREATED_AT" | "UPDATED_AT", _)) => found.sort_by_key(|(_, m)| m.created),
                    _ => {}
                }
                if args.order().is_some_and(|(_, descending)| descending) {
                    found.reverse();
                }
                return page(
                    "MilestoneConnection",
                    found
                        .into_iter()
                        .map(|(n, _)| Node::Milestone(place, n))
                        .collect(),
                );
            }
            "milestone" => {
                let wanted = args.0.get("number").and_then(Value::as_u64);
                let found = repo
                    .milestones
                    .iter()
                    .position(|m| Some(m.number) == wanted);
                one(found.map(|n| Node::Milestone(place, n)))
            }
            "pullRequest" => {
                let wanted = args.0.get("number").and_then(Value::as_u64);
                let Some(found) = repo.pulls.iter().position(|p| Some(p.number) == wanted) else {
                    let number = wanted.map_or_else(|| "null".to_owned(), |n| n.to_string());
                    return Err((
                        "NOT_FOUND",
                        format!("Could not resolve to a PullRequest with the number of {number}."),
                    ));
                };
                Out::One(Node::Pull(place, found))
            }
            "pullRequests" => return page("PullRequestConnection", pulls(repo, place, args)),
            "issues" => return page("IssueConnection", past::issues(repo, place, args)),
            _ => Out::Leaf(json!(null)),
        })
    }
}

fn tag_named(repo: &Repo, name: &str) -> Option<usize> {
    let name = name.strip_prefix("refs/tags/").unwrap_or(name);
    repo.releases
        .iter()
        .position(|r| r.published.is_some() && r.tag == name)
}

fn refs(repo: &Repo, place: usize, args: &Args) -> Vec<Node> {
    match args.text("refPrefix") {
        Some("refs/heads/") => vec![Node::Branch(place)],
        Some("refs/tags/") => {
            let wanted = |tag: &str| args.text("query").is_none_or(|q| tag.contains(q));
            let mut found: Vec<_> = repo
                .releases
                .iter()
                .enumerate()
                .filter(|(_, r)| r.published.is_some() && wanted(&r.tag))
                .collect();
            match args.order() {
                Some(("TAG_COMMIT_DATE", _)) => found
                    .sort_by_key(|(_, r)| (repo.commit(r.commit).map(|c| c.committed), r.created)),
                _ => found.sort_by_key(|(_, r)| &r.tag),
            }
            let descending = args
                .order()
                .map_or(args.text("direction") == Some("DESC"), |o| o.1);
            if descending {
                found.reverse();
            }
            found
                .into_iter()
                .map(|(n, _)| Node::TagRef(place, n))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn pulls(repo: &Repo, place: usize, args: &Args) -> Vec<Node> {
    let states = args.texts("states");
    let mut found: Vec<_> = repo.pulls.iter().enumerate().collect();
    found.retain(|(_, p)| {
        let state = if p.merged.is_some() { "MERGED" } else { "OPEN" };
        states.as_ref().is_none_or(|s| s.contains(&state))
            && args.text("baseRefName").is_none_or(|b| b == "main")
    });
    match args.order() {
        Some(("UPDATED_AT", _)) => found.sort_by_key(|(_, p)| p.merged.unwrap_or(p.created)),
        _ => found.sort_by_key(|(_, p)| p.created),
    }
    if args.order().is_some_and(|(_, descending)| descending) {
        found.reverse();
    }
    found
        .into_iter()
        .map(|(n, _)| Node::Pull(place, n))
        .collect()
}
