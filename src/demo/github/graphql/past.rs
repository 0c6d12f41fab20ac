//! The objects that tell of the past: a commit's history, issues, what happened to a pull request besides reviews.

use jiff::Timestamp;
use serde_json::Value;

use super::nodes::{Answer, At, Graph, Node, Out, leaf, one};
use super::objects::page;
use super::value::Args;
use crate::demo::catalog::OWNER;
use crate::demo::github::json::{WEB, maybe, node, time};
use crate::demo::model::{Issue, Pull, Repo};

/// What happened to a pull request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Happened {
    /// The draft became ready.
    Ready,
    /// Its head was replaced.
    Forced,
}

/// All that a commit contains, newest first.
pub(crate) fn history(graph: &Graph<'_>, place: usize, from: At, args: &Args) -> Vec<Node> {
    let moment = |key: &str| args.text(key).and_then(|t| t.parse::<Timestamp>().ok());
    let (since, until) = (moment("since"), moment("until"));
    let mut found = Vec::new();
    let mut at = Some(from);
    while let Some(here) = at {
        let Some(commit) = graph.commit(place, here) else {
            break;
        };
        if since.is_none_or(|s| commit.committed >= s)
            && until.is_none_or(|u| commit.committed <= u)
        {
            found.push(Node::Commit(place, here));
        }
        at = match here {
            At::Main(n) => n.checked_sub(1).map(At::Main),
            _ => commit
                .parent
                .as_ref()
                .and_then(|sha| graph.locate(place, sha)),
        };
    }
    found
}

fn updated(issue: &Issue) -> Timestamp {
    issue.closed.unwrap_or(issue.created)
}

/// The issues of a repository with any of these labels, in these states.
pub(crate) fn issues(repo: &Repo, place: usize, args: &Args) -> Vec<Node> {
    let (labels, states) = (args.texts("labels"), args.texts("states"));
    let filter = args.0.get("filterBy");
    let since = filter.and_then(|f| f.get("since")?.as_str()?.parse::<Timestamp>().ok());
    let also: Option<Vec<&str>> = filter
        .and_then(|f| f.get("labels")?.as_array())
        .map(|l| l.iter().filter_map(Value::as_str).collect());
    let any = |wanted: &Option<Vec<&str>>, issue: &Issue| {
        wanted
            .as_ref()
            .is_none_or(|w| issue.labels.iter().any(|l| w.contains(l)))
    };
    let mut found: Vec<_> = repo.issues.iter().enumerate().collect();
    found.retain(|(_, i)| {
        states.as_ref().is_none_or(|s| s.contains(&state(i)))
            && any(&labels, i)
            && any(&also, i)
            && since.is_none_or(|s| updated(i) >= s)
    });
    match args.order() {
        Some(("UPDATED_AT", _)) => found.sort_by_key(|(_, i)| updated(i)),
        _ => found.sort_by_key(|(_, i)| i.created),
    }
    if args.order().is_some_and(|(_, descending)| descending) {
        found.reverse();
    }
    found
        .into_iter()
        .map(|(n, _)| Node::Issue(place, n))
        .collect()
}

fn state(issue: &Issue) -> &'static str {
    if issue.closed.is_some() {
        "CLOSED"
    } else {
        "OPEN"
    }
}

/// A field of an issue.
pub(crate) fn issue(repo: &Repo, n: usize, name: &str, args: &Args) -> Answer {
    let Some(issue) = repo.issues.get(n) else {
        return Ok(Out::Leaf(Value::Null));
    };
    Ok(match name {
        "number" => leaf(issue.number),
        "title" => leaf(issue.title.as_str()),
        "body" => leaf(issue.body.as_str()),
        "url" => leaf(format!(
            "{WEB}/{OWNER}/{}/issues/{}",
            repo.name, issue.number
        )),
        "state" => leaf(state(issue)),
        "closed" => leaf(issue.closed.is_some()),
        "createdAt" => leaf(time(issue.created)),
        "updatedAt" => leaf(time(updated(issue))),
        "closedAt" => Out::Leaf(maybe(issue.closed)),
        "author" => Out::One(Node::Person(issue.author)),
        "labels" => {
            let labels = issue.labels.iter().map(|l| Node::Label(l)).collect();
            return page("LabelConnection", name, args, labels);
        }
        _ => leaf(node("I", repo.id * 10_000 + issue.number)),
    })
}

/// What happened to a pull request, oldest first.
pub(crate) fn timeline(pull: &Pull, (place, n): (usize, usize), args: &Args) -> Vec<Node> {
    let kinds = args.texts("itemTypes");
    let wanted = |kind: &str| kinds.as_ref().is_none_or(|k| k.contains(&kind));
    let ready = pull.ready.filter(|_| wanted("READY_FOR_REVIEW_EVENT"));
    let forced = pull.before.as_ref();
    let forced = forced.filter(|_| wanted("HEAD_REF_FORCE_PUSHED_EVENT"));
    let ready = ready.map(|_| Happened::Ready);
    let all = forced.map(|_| Happened::Forced).into_iter().chain(ready);
    all.map(|what| Node::Event(place, n, what)).collect()
}

/// A field of what happened.
pub(crate) fn event(repo: &Repo, (place, n): (usize, usize), what: Happened, name: &str) -> Out {
    let Some(pull) = repo.pulls.get(n) else {
        return Out::Leaf(Value::Null);
    };
    let at = match what {
        Happened::Ready => pull.ready.unwrap_or(pull.created),
        Happened::Forced => pull.created,
    };
    match name {
        "createdAt" => leaf(time(at)),
        "actor" => Out::One(Node::Person(pull.author)),
        "pullRequest" => Out::One(Node::Pull(place, n)),
        "beforeCommit" => Out::One(Node::Commit(place, At::Replaced(n))),
        "afterCommit" => one(pull
            .commits
            .len()
            .checked_sub(1)
            .map(|c| Node::Commit(place, At::Branch(n, c)))),
        _ => leaf(node("EV", repo.id * 10_000 + pull.number)),
    }
}
