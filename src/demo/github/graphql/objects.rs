//! The fields of the GraphQL objects that hang on a repository.

use serde_json::Value;

use super::nodes::{Answer, At, Graph, Node, Out, leaf, one};
use super::pages::Page;
use super::past;
use super::value::Args;
use crate::demo::catalog::OWNER;
use crate::demo::github::checks;
use crate::demo::github::commits::size;
use crate::demo::github::json::{WEB, maybe, node, time};
use crate::demo::github::repos::{environment_url, log_url};
use crate::demo::model::{Deployment, Repo};
use crate::demo::people::person;
use crate::demo::rng;

fn text<'a>(sha: &'a str, commit: Option<&'a crate::demo::model::Commit>) -> &'a str {
    commit.map_or(sha, |c| &c.sha)
}

/// A field of an object.
pub(crate) fn field(graph: &Graph<'_>, of: &Node, name: &str, args: &Args) -> Answer {
    let null = Ok(Out::Leaf(Value::Null));
    let place = match of {
        Node::Branch(p)
        | Node::TagRef(p, _)
        | Node::TagObject(p, _)
        | Node::Commit(p, _)
        | Node::GitActor(p, ..)
        | Node::Comparison(p, ..)
        | Node::Rollup(p, _)
        | Node::Check(p, ..)
        | Node::Context(p, ..)
        | Node::Environment(p, _)
        | Node::Deployment(p, _)
        | Node::Status(p, ..)
        | Node::Release(p, _)
        | Node::Milestone(p, _)
        | Node::Pull(p, _)
        | Node::Review(p, ..)
        | Node::PullCommit(p, ..)
        | Node::Issue(p, _)
        | Node::Event(p, ..) => *p,
        _ => return null,
    };
    let Some(repo) = graph.repo(place) else {
        return null;
    };
    let web = format!("{WEB}/{OWNER}/{}", repo.name);
    match *of {
        Node::Branch(_) => Ok(reference(repo, place, name, args, None)),
        Node::TagRef(_, n) => Ok(reference(repo, place, name, args, Some(n))),
        Node::TagObject(_, n) => {
            let Some(release) = repo.releases.get(n) else {
                return null;
            };
            let oid = release.tag_object.as_deref().unwrap_or_default();
            Ok(match name {
                "oid" => leaf(oid),
                "abbreviatedOid" => leaf(oid.get(..7).unwrap_or(oid)),
                "name" => leaf(release.tag.as_str()),
                "message" => leaf(release.body.as_str()),
                "target" => Out::One(Node::Commit(place, At::Main(release.commit))),
                "tagger" => Out::One(Node::GitActor(place, At::Main(release.commit), false)),
                "commitUrl" => leaf(format!(
                    "{web}/commit/{}",
                    text("", repo.commit(release.commit))
                )),
                _ => leaf(node("TA", release.id)),
            })
        }
        Node::Commit(_, at) => commit(graph, repo, (place, at), name, args),
        Node::GitActor(_, at, author) => {
            let Some(commit) = graph.commit(place, at) else {
                return null;
            };
            let who = person(commit.author);
            Ok(match name {
                "name" => leaf(who.name),
                "email" => leaf(format!("{}@acme.example", who.login)),
                "date" => leaf(time(if author {
                    commit.authored
                } else {
                    commit.committed
                })),
                _ => one((!who.login.ends_with("bot")).then_some(Node::Person(commit.author))),
            })
        }
        Node::Comparison(_, from, to) => Ok(match name {
            "aheadBy" => leaf(to.saturating_sub(from)),
            "behindBy" => leaf(from.saturating_sub(to)),
            "status" => leaf(match from.cmp(&to) {
                std::cmp::Ordering::Less => "AHEAD",
                std::cmp::Ordering::Equal => "IDENTICAL",
                std::cmp::Ordering::Greater => "BEHIND",
            }),
            _ => {
                let nodes = ((from + 1)..=to)
                    .map(|n| Node::Commit(place, At::Main(n)))
                    .collect();
                return page("ComparisonCommitConnection", name, args, nodes);
            }
        }),
        Node::Rollup(_, at) => {
            let Some(commit) = graph.commit(place, at) else {
                return null;
            };
            let runs = checks::checks(repo, commit);
            Ok(match name {
                "state" => leaf(if runs.iter().all(|c| graph.world.now >= c.completed) {
                    "SUCCESS"
                } else {
                    "PENDING"
                }),
                "commit" => Out::One(Node::Commit(place, at)),
                "contexts" => {
                    let contexts = checks::statuses(repo, commit).len();
                    let runs = (0..runs.len()).map(|n| Node::Check(place, at, n));
                    let nodes = runs
                        .chain((0..contexts).map(|n| Node::Context(place, at, n)))
                        .collect();
                    return page("StatusCheckRollupContextConnection", name, args, nodes);
                }
                _ => leaf(node("SCR", rng::key(&commit.sha))),
            })
        }
        Node::Check(_, at, n) => {
            let found = graph
                .commit(place, at)
                .and_then(|c| checks::checks(repo, c).into_iter().nth(n));
            let Some(check) = found else { return null };
            let now = graph.world.now;
            let done = now >= check.completed;
            Ok(match name {
                "name" => leaf(check.name),
                "status" => leaf(if done {
                    "COMPLETED"
                } else if now >= check.started {
                    "IN_PROGRESS"
                } else {
                    "QUEUED"
                }),
                "conclusion" => {
                    if done {
                        leaf(check.conclusion.to_ascii_uppercase())
                    } else {
                        Out::Leaf(Value::Null)
                    }
                }
                "startedAt" => Out::Leaf(maybe((now >= check.started).then_some(check.started))),
                "completedAt" => Out::Leaf(maybe(done.then_some(check.completed))),
                "detailsUrl" => leaf(format!("{web}/runs/{}", check.id)),
                "isRequired" => {
                    leaf(check.name.starts_with("build") || check.name.starts_with("test"))
                }
                // GraphQL's Int has 32 bits; GitHub too answers null or an overflow for large ids.
                "databaseId" => Out::Leaf(Value::Null),
                _ => leaf(node("CR", check.id)),
            })
        }
        Node::Context(_, at, n) => {
            let Some(commit) = graph.commit(place, at) else {
                return null;
            };
            let Some((context, state, description)) =
                checks::statuses(repo, commit).into_iter().nth(n)
            else {
                return null;
            };
            Ok(match name {
                "context" => leaf(context),
                "state" => leaf(state.to_ascii_uppercase()),
                "description" => leaf(description),
                "createdAt" => leaf(time(commit.committed)),
                "targetUrl" => leaf(format!("{web}/commit/{}", commit.sha)),
                "isRequired" => leaf(false),
                _ => leaf(node("SC", rng::key(&commit.sha))),
            })
        }
        Node::Environment(_, n) => {
            let Some(env) = repo.environments.get(n) else {
                return null;
            };
            Ok(match name {
                "name" => leaf(env.name),
                "latestCompletedDeployment" => {
                    let over = |d: &Deployment| {
                        matches!(
                            d.state(),
                            Some("success" | "failure" | "error" | "inactive")
                        )
                    };
                    one(repo
                        .deployments
                        .iter()
                        .rposition(|d| d.env == env.name && over(d))
                        .map(|n| Node::Deployment(place, n)))
                }
                "databaseId" => Out::Leaf(Value::Null),
                _ => leaf(node("EN", env.id)),
            })
        }
        Node::Deployment(_, n) => deployment(repo, place, n, name, args),
        Node::Status(_, d, n) => {
            let Some(deployment) = repo.deployments.get(d) else {
                return null;
            };
            let Some(status) = deployment.statuses.get(n) else {
                return null;
            };
            Ok(match name {
                "state" => leaf(status.state.to_ascii_uppercase()),
                "createdAt" | "updatedAt" => leaf(time(status.at)),
                "description" => leaf(status.description.as_str()),
                "logUrl" => leaf(log_url(repo, deployment)),
                "environmentUrl" => leaf(environment_url(repo, deployment)),
                "environment" => leaf(deployment.env),
                "creator" => Out::One(Node::Person(deployment.creator)),
                "deployment" => Out::One(Node::Deployment(place, d)),
                _ => leaf(node("DES", status.id)),
            })
        }
        Node::Release(_, n) => {
            let Some(release) = repo.releases.get(n) else {
                return null;
            };
            let latest = repo.releases.iter().rposition(|r| r.published.is_some()) == Some(n);
            let published = release.published.is_some();
            Ok(match name {
                "tagName" | "name" => leaf(release.tag.as_str()),
                "tag" => one(published.then_some(Node::TagRef(place, n))),
                "tagCommit" => {
                    one(published.then_some(Node::Commit(place, At::Main(release.commit))))
                }
                "url" => leaf(format!("{web}/releases/tag/{}", release.tag)),
                "isDraft" => leaf(!published),
                "isPrerelease" => leaf(release.prerelease),
                "isLatest" => leaf(latest),
                "publishedAt" => Out::Leaf(maybe(release.published)),
                "createdAt" | "updatedAt" => leaf(time(release.created)),
                "description" => leaf(release.body.as_str()),
                "author" => Out::One(Node::Person(release.author)),
                "databaseId" => Out::Leaf(Value::Null),
                _ => leaf(node("RE", release.id)),
            })
        }
        Node::Milestone(_, n) => {
            let Some(milestone) = repo.milestones.get(n) else {
                return null;
            };
            let all = milestone.open_issues + milestone.closed_issues;
            Ok(match name {
                "number" => leaf(milestone.number),
                "title" => leaf(milestone.title.as_str()),
                "description" => leaf(milestone.description.as_str()),
                "dueOn" => Out::Leaf(maybe(milestone.due)),
                "url" => leaf(format!("{web}/milestone/{}", milestone.number)),
                "state" => leaf(if milestone.closed.is_some() {
                    "CLOSED"
                } else {
                    "OPEN"
                }),
                "closed" => leaf(milestone.closed.is_some()),
                "closedAt" => Out::Leaf(maybe(milestone.closed)),
                "createdAt" => leaf(time(milestone.created)),
                "progressPercentage" => {
                    leaf(100.0 * milestone.closed_issues as f64 / all.max(1) as f64)
                }
                _ => leaf(node("MI", repo.id * 10 + milestone.number)),
            })
        }
        Node::Pull(_, n) => pull(repo, place, n, name, args),
        Node::Review(_, p, n) => {
            let Some(review) = repo.pulls.get(p).and_then(|p| p.reviews.get(n)) else {
                return null;
            };
            Ok(match name {
                "author" => Out::One(Node::Person(review.author)),
                "state" => leaf(review.state),
                "submittedAt" => leaf(time(review.at)),
                "url" => {
                    let number = repo.pulls.get(p).map_or(0, |p| p.number);
                    let at = review.at.as_second();
                    leaf(format!("{web}/pull/{number}#pullrequestreview-{at}"))
                }
                _ => leaf(node("PRR", rng::key(&time(review.at)))),
            })
        }
        Node::Issue(_, n) => past::issue(repo, n, name, args),
        Node::Event(_, p, what) => Ok(past::event(repo, (place, p), what, name)),
        Node::PullCommit(_, p, n) => {
            let Some(pull) = repo.pulls.get(p) else {
                return null;
            };
            let Some(commit) = pull.commits.get(n) else {
                return null;
            };
            Ok(match name {
                "commit" => Out::One(Node::Commit(place, At::Branch(p, n))),
                "url" => leaf(format!("{web}/pull/{}/commits/{}", pull.number, commit.sha)),
                _ => leaf(node("PRC", rng::key(&commit.sha))),
            })
        }
        _ => null,
    }
}

pub(crate) fn page(kind: &'static str, name: &str, args: &Args, nodes: Vec<Node>) -> Answer {
    Page::cut(kind, name, args, nodes).map(|p| Out::One(Node::Page(Box::new(p))))
}

/// A branch (without `tag`) or a tag.
fn reference(repo: &Repo, place: usize, name: &str, args: &Args, tag: Option<usize>) -> Out {
    let release = tag.and_then(|n| repo.releases.get(n));
    let commit = release.map_or_else(|| repo.head().map_or(0, |(n, _)| n), |r| r.commit);
    match name {
        "name" => leaf(release.map_or("main", |r| &r.tag)),
        "prefix" => leaf(if tag.is_some() {
            "refs/tags/"
        } else {
            "refs/heads/"
        }),
        "target" => Out::One(match (tag, release.and_then(|r| r.tag_object.as_ref())) {
            (Some(n), Some(_)) => Node::TagObject(place, n),
            _ => Node::Commit(place, At::Main(commit)),
        }),
        "compare" => {
            let head = args.text("headRef").unwrap_or("");
            one(repo
                .resolve(head)
                .map(|to| Node::Comparison(place, commit, to)))
        }
        _ => leaf(node("REF", release.map_or(repo.id, |r| r.id))),
    }
}

fn commit(
    graph: &Graph<'_>,
    repo: &Repo,
    (place, at): (usize, At),
    name: &str,
    args: &Args,
) -> Answer {
    let Some(commit) = graph.commit(place, at) else {
        return Ok(Out::Leaf(Value::Null));
    };
    let url = format!("{WEB}/{OWNER}/{}/commit/{}", repo.name, commit.sha);
    Ok(match name {
        "oid" => leaf(commit.sha.as_str()),
        "abbreviatedOid" => leaf(commit.sha.get(..7).unwrap_or_default()),
        "url" | "commitUrl" => leaf(url),
        "message" => leaf(commit.message.as_str()),
        "messageHeadline" => leaf(commit.message.lines().next().unwrap_or_default()),
        "committedDate" => leaf(time(commit.committed)),
        "authoredDate" => leaf(time(commit.authored)),
        "author" | "committer" => Out::One(Node::GitActor(place, at, name == "author")),
        "additions" => leaf(commit.files.iter().map(|f| f.additions).sum::<u64>()),
        "deletions" => leaf(commit.files.iter().map(|f| f.deletions).sum::<u64>()),
        "associatedPullRequests" => {
            let nodes = commit
                .pull
                .map(|p| Node::Pull(place, p))
                .into_iter()
                .collect();
            return page("PullRequestConnection", name, args, nodes);
        }
        "statusCheckRollup" => Out::One(Node::Rollup(place, at)),
        "parents" => {
            let parent = commit.parent.as_ref();
            let parent = parent.and_then(|sha| graph.locate(place, sha));
            let nodes = parent.map(|at| Node::Commit(place, at));
            return page("CommitConnection", name, args, nodes.into_iter().collect());
        }
        "history" => {
            let nodes = past::history(graph, place, at, args);
            return page("CommitHistoryConnection", name, args, nodes);
        }
        _ => leaf(node("C", rng::key(&commit.sha))),
    })
}

fn deployment(repo: &Repo, place: usize, n: usize, name: &str, args: &Args) -> Answer {
    let Some(d) = repo.deployments.get(n) else {
        return Ok(Out::Leaf(Value::Null));
    };
    let last = d.statuses.len().checked_sub(1);
    Ok(match name {
        "databaseId" => leaf(d.id),
        "commit" => Out::One(Node::Commit(place, At::Main(d.commit))),
        "commitOid" => leaf(text("", repo.commit(d.commit))),
        "createdAt" => leaf(time(d.created)),
        "updatedAt" => leaf(time(d.statuses.last().map_or(d.created, |s| s.at))),
        "creator" => Out::One(Node::Person(d.creator)),
        "description" => leaf(d.description.as_str()),
        "environment" | "latestEnvironment" | "originalEnvironment" => leaf(d.env),
        "latestStatus" => one(last.map(|s| Node::Status(place, n, s))),
        // As on GitHub the payload is a text that holds JSON.
        "payload" => leaf(d.payload.to_string()),
        "ref" => one(repo
            .releases
            .iter()
            .position(|r| r.published.is_some() && r.tag == d.reference)
            .map(|r| Node::TagRef(place, r))),
        "state" => leaf(match d.state() {
            None => "ABANDONED",
            Some("success") if repo.live(d.env).map(|l| l.id) == Some(d.id) => "ACTIVE",
            Some("success") => "INACTIVE",
            Some(other) => return Ok(leaf(other.to_ascii_uppercase())),
        }),
        "task" => leaf("deploy"),
        "statuses" => {
            let nodes = (0..d.statuses.len())
                .rev()
                .map(|s| Node::Status(place, n, s))
                .collect();
            return page("DeploymentStatusConnection", name, args, nodes);
        }
        _ => leaf(node("DE", d.id)),
    })
}

fn pull(repo: &Repo, place: usize, n: usize, name: &str, args: &Args) -> Answer {
    let Some(p) = repo.pulls.get(n) else {
        return Ok(Out::Leaf(Value::Null));
    };
    let (additions, deletions, files) = size(p);
    let merged = p.merged.is_some();
    Ok(match name {
        "databaseId" => Out::Leaf(Value::Null),
        "number" => leaf(p.number),
        "title" => leaf(p.title.as_str()),
        "body" => leaf(p.body.as_str()),
        "url" => leaf(format!("{WEB}/{OWNER}/{}/pull/{}", repo.name, p.number)),
        "state" => leaf(if merged { "MERGED" } else { "OPEN" }),
        "isDraft" => leaf(p.draft),
        "merged" => leaf(merged),
        "createdAt" => leaf(time(p.created)),
        "updatedAt" => leaf(time(p.merged.unwrap_or(p.created))),
        "mergedAt" | "closedAt" => Out::Leaf(maybe(p.merged)),
        "mergedBy" => one(merged.then_some(Node::Person(p.merger))),
        "author" => Out::One(Node::Person(p.author)),
        "baseRefName" => leaf("main"),
        "headRefName" => leaf(p.branch.as_str()),
        "headRefOid" => leaf(text("", p.commits.last())),
        "mergeCommit" => one(p.merge.map(|m| Node::Commit(place, At::Main(m)))),
        "additions" => leaf(additions),
        "deletions" => leaf(deletions),
        "changedFiles" => leaf(files),
        "reviewDecision" => leaf(if p.reviews.iter().any(|r| r.state == "APPROVED") {
            "APPROVED"
        } else {
            "REVIEW_REQUIRED"
        }),
        "labels" => {
            return page(
                "LabelConnection",
                name,
                args,
                p.labels.iter().map(|l| Node::Label(l)).collect(),
            );
        }
        "reviews" => {
            let states = args.texts("states");
            let found = p
                .reviews
                .iter()
                .enumerate()
                .filter(|(_, r)| states.as_ref().is_none_or(|s| s.contains(&r.state)));
            return page(
                "PullRequestReviewConnection",
                name,
                args,
                found.map(|(r, _)| Node::Review(place, n, r)).collect(),
            );
        }
        "closingIssuesReferences" => {
            let issues = repo.issues.iter().enumerate();
            let closed = issues.filter(|(_, i)| p.closes.contains(&i.number));
            let nodes = closed.map(|(i, _)| Node::Issue(place, i)).collect();
            return page("IssueConnection", name, args, nodes);
        }
        "timelineItems" => {
            let nodes = past::timeline(p, (place, n), args);
            return page("PullRequestTimelineItemsConnection", name, args, nodes);
        }
        "commits" => {
            let nodes = (0..p.commits.len())
                .map(|c| Node::PullCommit(place, n, c))
                .collect();
            return page("PullRequestCommitConnection", name, args, nodes);
        }
        _ => leaf(node("PR", repo.id * 10_000 + p.number)),
    })
}
