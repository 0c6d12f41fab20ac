//! What the months before the story have to tell: a change that was taken back, a hotfix after an incident, a release made by a
//! robot, a draft, a branch that was rewritten, incidents that name what they came from, or nothing. Only releases that nobody
//! looks at any more are touched, and with random numbers of their own.

use jiff::{SignedDuration, Timestamp};

use super::catalog::{OWNER, ServiceSpec};
use super::history::hours_before;
use super::model::{Commit, Deployment, Issue, Pull, Repo};
use super::people::PEOPLE;
use super::rng::{self, Rng};

/// The newest releases stay as they are.
const TOLD: usize = 5;

/// The robot among the people.
const ROBOT: usize = PEOPLE.len() - 1;

/// Gives some pull requests of older releases a meaning. Their numbers must be there.
pub(crate) fn changes(seed: u64, spec: &ServiceSpec, repo: &mut Repo) {
    let mut rng = Rng::new(seed, &[rng::key("tales"), rng::key(spec.name)]);
    let stops: Vec<(usize, Timestamp)> = repo
        .tags()
        .filter_map(|r| Some((r.commit, r.published?)))
        .collect();
    let settled = stops.len().saturating_sub(TOLD);
    // The pull requests of each settled release, but for the first: nothing lies before it.
    let shipped: Vec<Vec<usize>> = (0..settled)
        .map(|n| {
            let stop = |n: usize| stops.get(n).map_or(0, |s| s.0);
            let low = n.checked_sub(1).map(stop);
            let within = |p: &Pull| {
                p.merge
                    .is_some_and(|m| low.is_some_and(|l| m > l) && m <= stop(n))
            };
            let found = repo.pulls.iter().enumerate().filter(|(_, p)| within(p));
            found.map(|(at, _)| at).collect()
        })
        .collect();
    let of = |n: usize| shipped.get(n).map_or(&[][..], Vec::as_slice);
    for at in shipped.iter().flatten() {
        if repo.pulls.get(*at).is_some_and(|p| p.author == ROBOT) {
            let title = format!("bump dependency {} to the current release", rng.int(1, 40));
            rename(repo, *at, &title);
        }
    }
    // A change is taken back soon after it was released.
    let gap = |n: &usize| {
        stops
            .get(*n)
            .zip(stops.get(n - 1))
            .map(|(b, a)| b.1.duration_since(a.1))
    };
    let quick = (3..settled).min_by_key(gap);
    let hot = (3..settled)
        .rev()
        .find(|n| Some(*n) != quick && quick.is_none_or(|q| n.abs_diff(q) > 1));
    if let Some(quick) = quick
        && let (Some(bad), Some(back)) = (of(quick - 1).last(), of(quick).first())
    {
        revert(repo, *bad, *back);
    }
    if let Some(hot) = hot {
        for at in of(hot) {
            hotfix(repo, *at);
        }
    }
    let mut plain =
        (1..settled).filter(|n| Some(*n) != quick && Some(*n) != hot && Some(*n + 1) != quick);
    if let Some(n) = plain.next()
        && let Some(at) = of(n).last()
    {
        release(repo, *at, n);
    }
    for at in plain.flat_map(of) {
        let Some(pull) = repo.pulls.get_mut(*at).filter(|p| p.author != ROBOT) else {
            continue;
        };
        let first = pull.reviews.first().map(|r| r.at).or(pull.merged);
        if rng.chance(0.1) {
            let open = first.map_or(0.0, |f| f.duration_since(pull.created).as_secs_f64());
            pull.ready = Some(hours_before(
                pull.created,
                -open * rng.between(0.2, 0.8) / 3600.0,
            ));
        } else if rng.chance(0.1)
            && let Some(own) = pull.commits.first()
        {
            let at = hours_before(own.authored, rng.between(2.0, 30.0));
            pull.before = Some(Commit {
                sha: rng.sha(),
                authored: at,
                committed: at,
                ..own.clone()
            });
        }
    }
}

fn rename(repo: &mut Repo, at: usize, title: &str) {
    let Some(pull) = repo.pulls.get_mut(at) else {
        return;
    };
    title.clone_into(&mut pull.title);
    pull.body = format!("{title}.");
    let number = pull.number;
    if let Some(first) = pull.commits.first_mut() {
        title.clone_into(&mut first.message);
    }
    let merge = pull.merge;
    if let Some(commit) = merge.and_then(|m| repo.commits.get_mut(m)) {
        commit.message = format!("{title} (#{number})");
    }
}

fn revert(repo: &mut Repo, bad: usize, back: usize) {
    let Some(old) = repo.pulls.get(bad) else {
        return;
    };
    let (title, number, branch) = (old.title.clone(), old.number, old.branch.clone());
    rename(repo, back, &format!("Revert \"{title}\""));
    if let Some(pull) = repo.pulls.get_mut(back) {
        pull.body = format!("Reverts {OWNER}/{}#{number}", repo.name);
        pull.branch = format!("revert-{number}-{branch}");
        pull.labels = vec!["bug"];
    }
}

fn hotfix(repo: &mut Repo, at: usize) {
    let Some(pull) = repo.pulls.get(at) else {
        return;
    };
    rename(repo, at, &format!("hotfix: {}", pull.title));
    if let Some(pull) = repo.pulls.get_mut(at) {
        pull.branch = format!("hotfix/{}", pull.branch);
        pull.labels = vec!["hotfix"];
    }
}

fn release(repo: &mut Repo, at: usize, n: usize) {
    let version = repo
        .tags()
        .nth(n)
        .map(|r| r.tag.trim_start_matches('v').to_owned());
    rename(
        repo,
        at,
        &format!("chore: release {}", version.unwrap_or_default()),
    );
    if let Some(pull) = repo.pulls.get_mut(at) {
        "release-please--branches--main".clone_into(&mut pull.branch);
        pull.author = ROBOT;
        pull.labels = vec!["chore"];
    }
}

/// Adds the incidents. The deployments must be there.
pub(crate) fn incidents(seed: u64, spec: &ServiceSpec, repo: &mut Repo) {
    let mut rng = Rng::new(seed, &[rng::key("incidents"), rng::key(spec.name)]);
    let hot = repo.pulls.iter().position(|p| p.labels.contains(&"hotfix"));
    if let Some(pull) = hot.and_then(|at| repo.pulls.get(at)) {
        let (opened, closed) = (hours_before(pull.created, 1.5), pull.merged);
        let number = free(repo, opened);
        issue(
            repo,
            (opened, closed),
            "half of the pages are slow",
            String::new(),
            4,
        );
        if let Some(pull) = hot.and_then(|at| repo.pulls.get_mut(at)) {
            pull.body = format!("{}.\n\nFixes #{number}", pull.title);
            pull.closes = vec![number];
        }
    }
    let live: Vec<Deployment> = repo
        .deployments
        .iter()
        .filter(|d| d.env == "production" && d.succeeded())
        .cloned()
        .collect();
    for (bad, back) in live.iter().zip(live.iter().skip(1)) {
        // One of two rollbacks had been noticed by somebody who wrote it down.
        if back.commit >= bad.commit || !rng.chance(0.6) {
            continue;
        }
        let between = back.created.duration_since(bad.created).as_secs_f64() / 3600.0;
        let opened = hours_before(bad.created, -between * rng.between(0.4, 0.9));
        let closed = hours_before(back.created, -rng.between(0.3, 2.0));
        let text = match rng.int(0, 2) {
            0 => format!("Since {} is out. Rolled back.", bad.reference),
            1 => pull_of(repo, bad.commit)
                .map_or_else(String::new, |n| format!("It came with #{n}.")),
            _ => String::new(),
        };
        let who = usize::try_from(rng.int(0, 9)).unwrap_or_default();
        issue(
            repo,
            (opened, Some(closed)),
            "production fails for some",
            text,
            who,
        );
    }
    repo.issues.sort_by_key(|i| i.created);
}

fn pull_of(repo: &Repo, commit: usize) -> Option<u64> {
    let pull = repo.commit(commit)?.pull?;
    Some(repo.pulls.get(pull)?.number)
}

/// A number that nothing has yet: issues and pull requests share theirs.
fn free(repo: &Repo, at: Timestamp) -> u64 {
    let before = repo.pulls.iter().filter(|p| p.created <= at);
    let mut number = before.map(|p| p.number).max().unwrap_or(0) + 1;
    let taken = |n: u64| {
        repo.pulls.iter().any(|p| p.number == n) || repo.issues.iter().any(|i| i.number == n)
    };
    while taken(number) {
        number += 1;
    }
    number
}

fn issue(
    repo: &mut Repo,
    (created, closed): (Timestamp, Option<Timestamp>),
    title: &str,
    body: String,
    author: usize,
) {
    let closed = closed.map(|c| {
        c.max(
            created
                .checked_add(SignedDuration::from_mins(5))
                .unwrap_or(c),
        )
    });
    repo.issues.push(Issue {
        number: free(repo, created),
        title: title.to_owned(),
        body,
        author,
        labels: vec!["incident"],
        created,
        closed,
    });
}
