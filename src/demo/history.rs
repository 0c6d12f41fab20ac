//! The months before the story: commits, pull requests and releases of one service, generated from the seed. Deployments and runs
//! are added by `past`.

use jiff::{SignedDuration, Timestamp};

use super::catalog::{STAR, ServiceSpec};
use super::model::{Commit, Environment, Pull, Release, Repo, Review, Touched};
use super::people::{BAD_RELEASE, HOSTILE_TITLE, PEOPLE, TITLES, long_title};
use super::rng::{self, Rng};
use super::{num, past, planning, tales};

/// How many releases of each service there are.
const RELEASES: usize = 22;

const LABELS: [&str; 5] = ["feature", "bug", "dependencies", "chore", "performance"];
const FOLDERS: [&str; 6] = [
    "src/api",
    "src/core",
    "src/jobs",
    "web/components",
    "tests",
    "docs",
];
/// A moment some hours before another.
pub(crate) fn hours_before(at: Timestamp, hours: f64) -> Timestamp {
    at.checked_sub(SignedDuration::from_secs(num::whole(hours * 3600.0)))
        .unwrap_or(at)
}

fn previous(version: (u64, u64, u64), rng: &mut Rng) -> (u64, u64, u64) {
    match version {
        (major, minor, patch) if patch > 0 => (major, minor, patch - 1),
        (major, minor, _) if minor > 0 => (
            major,
            minor - 1,
            if rng.chance(0.2) { rng.int(1, 2) } else { 0 },
        ),
        (major, _, _) => (major.saturating_sub(1), 9, 0),
    }
}

/// Generates a service's repository as it stands at `start`; `place` is the service's position in the catalog.
pub(crate) fn generate(
    seed: u64,
    place: usize,
    spec: &'static ServiceSpec,
    start: Timestamp,
) -> Repo {
    let mut rng = Rng::new(seed, &[rng::key("history"), rng::key(spec.name)]);
    let id = 500_000_000 + rng.int(0, 99_999_999);
    let created = hours_before(start, 24.0 * 900.0);
    let mut repo = Repo {
        id,
        name: spec.name,
        description: spec.description,
        language: spec.language,
        created,
        commits: Vec::new(),
        pulls: Vec::new(),
        issues: Vec::new(),
        releases: Vec::new(),
        milestones: Vec::new(),
        environments: spec
            .environments
            .iter()
            .zip(1..)
            .map(|(e, n)| Environment {
                id: id * 10 + n,
                name: e.name,
                created,
                rules: e.rules,
            })
            .collect(),
        deployments: Vec::new(),
        workflows: planning::workflows(id, created),
        runs: Vec::new(),
        shifts: Vec::new(),
        next_id: num::wide(place) * 1_000_000,
    };
    // Versions and their moments, newest first, then told from the oldest on.
    let mut plan = Vec::new();
    let (mut version, mut hours) = (spec.latest, spec.released_hours_ago);
    for n in 0..RELEASES {
        plan.push((version, hours_before(start, hours)));
        // The story needs v2.14.0, live for six days, before v2.15.0.
        let told = n == 0 && spec.name == STAR;
        version = if told {
            (version.0, version.1 - 1, 0)
        } else {
            previous(version, &mut rng)
        };
        let gap = if told {
            6.0 * 24.0 + 7.0
        } else {
            rng.between(70.0, 230.0)
        };
        hours += gap;
    }
    plan.reverse();
    let first = hours_before(start, hours);
    commit(
        &mut repo,
        &mut rng,
        first,
        1,
        "initial commit".to_owned(),
        None,
        Vec::new(),
    );
    let mut since = first;
    let newest = plan.len().saturating_sub(1);
    for (n, (version, at)) in plan.into_iter().enumerate() {
        changes(&mut repo, &mut rng, spec, (since, at), n == newest);
        release(&mut repo, &mut rng, spec, version, at);
        since = at;
    }
    let unreleased = if spec.name == STAR { 1 } else { rng.int(2, 4) };
    for n in 0..unreleased {
        let title = rng.pick(&TITLES).to_owned();
        let share = (unreleased - n) as f64 / (unreleased + 1) as f64;
        let merged = hours_before(start, share * spec.released_hours_ago);
        let author = num::index(rng.bits(), PEOPLE.len() - 1);
        pull(&mut repo, &mut rng, title, author, Some(merged), Vec::new());
    }
    for _ in 0..3 {
        let title = rng.pick(&TITLES).to_owned();
        let author = num::index(rng.bits(), PEOPLE.len() - 1);
        pull(&mut repo, &mut rng, title, author, None, Vec::new());
        let created = hours_before(start, rng.between(2.0, 90.0));
        if let Some(open) = repo.pulls.last_mut() {
            open.created = created;
        }
    }
    order(&mut repo, &mut rng, spec);
    planning::milestones(&mut repo, &mut rng, spec, start);
    if let Some(tag) = spec.draft {
        let head = repo.commits.len().saturating_sub(1);
        repo.releases.push(Release {
            id: id * 100 + 99,
            tag: tag.to_owned(),
            commit: head,
            published: None,
            created: hours_before(start, 20.0),
            prerelease: false,
            author: 1,
            body: "Not yet.".to_owned(),
            tag_object: None,
        });
    }
    tales::changes(seed, spec, &mut repo);
    past::fill(seed, spec, start, &mut repo);
    tales::incidents(seed, spec, &mut repo);
    repo
}

fn commit(
    repo: &mut Repo,
    rng: &mut Rng,
    at: Timestamp,
    author: usize,
    message: String,
    pull: Option<usize>,
    files: Vec<Touched>,
) -> usize {
    let parent = repo.commits.last().map(|c| c.sha.clone());
    repo.commits.push(Commit {
        sha: rng.sha(),
        parent,
        message,
        author,
        authored: at,
        committed: at,
        pull,
        files,
    });
    repo.commits.len() - 1
}

fn changes(
    repo: &mut Repo,
    rng: &mut Rng,
    spec: &ServiceSpec,
    (since, until): (Timestamp, Timestamp),
    newest: bool,
) {
    let span = until.duration_since(since).as_secs_f64();
    let bad = newest && spec.name == STAR;
    let count = if bad {
        BAD_RELEASE.len()
    } else {
        num::index(rng.bits(), 6) + 3
    };
    for n in 0..count {
        // Merged in order, the last one a while before the tag.
        let share = (n as f64 + rng.between(0.1, 0.9)) / count as f64 * 0.97;
        let merged = hours_before(until, span * (1.0 - share) / 3600.0);
        let (title, author, files) = match BAD_RELEASE.get(n) {
            Some((title, author, files)) if bad => ((*title).to_owned(), *author, files.to_vec()),
            _ => (
                rng.pick(&TITLES).to_owned(),
                num::index(rng.bits(), PEOPLE.len()),
                Vec::new(),
            ),
        };
        let title = match (spec.name, newest, n) {
            ("catalog", true, 0) => HOSTILE_TITLE.to_owned(),
            ("catalog", true, 1) => long_title(),
            _ => title,
        };
        pull(repo, rng, title, author, Some(merged), files);
    }
}

fn touched(rng: &mut Rng, paths: Vec<&str>) -> Vec<Touched> {
    let mut paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
    while paths.is_empty() || (paths.len() < 5 && rng.chance(0.35)) {
        paths.push(format!(
            "{}/part_{}.txt",
            rng.pick(&FOLDERS),
            rng.int(1, 40)
        ));
    }
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .map(|path| Touched {
            path,
            additions: rng.int(1, 90),
            deletions: rng.int(0, 40),
        })
        .collect()
}

fn pull(
    repo: &mut Repo,
    rng: &mut Rng,
    title: String,
    author: usize,
    merged: Option<Timestamp>,
    files: Vec<&str>,
) {
    let index = repo.pulls.len();
    let files = touched(rng, files);
    let end = merged.unwrap_or(repo.created);
    let open_hours = rng.between(1.0, 60.0);
    let created = hours_before(end, open_hours);
    let base = repo.commits.last().map(|c| c.sha.clone());
    let mut commits = Vec::new();
    let mut parent = base;
    let (total, coding) = (rng.int(1, 4), rng.between(0.5, 40.0));
    for n in 0..total {
        let at = hours_before(created, coding * (total - n) as f64 / total as f64);
        let files = if n + 1 == total {
            files.clone()
        } else {
            Vec::new()
        };
        let sha = rng.sha();
        let message = if n == 0 {
            title.clone()
        } else {
            "review comments".to_owned()
        };
        commits.push(Commit {
            sha: sha.clone(),
            parent,
            message,
            author,
            authored: at,
            committed: at,
            pull: Some(index),
            files,
        });
        parent = Some(sha);
    }
    let mut reviews = Vec::new();
    let mut reviewer = (author + 1 + num::index(rng.bits(), 9)) % (PEOPLE.len() - 1);
    if reviewer == author {
        reviewer = (reviewer + 1) % (PEOPLE.len() - 1);
    }
    if merged.is_some() {
        if rng.chance(0.3) {
            reviews.push(Review {
                author: reviewer,
                state: "CHANGES_REQUESTED",
                at: hours_before(end, open_hours * 0.7),
            });
        }
        reviews.push(Review {
            author: reviewer,
            state: "APPROVED",
            at: hours_before(end, open_hours * 0.2),
        });
    }
    let branch = format!(
        "{}-{}",
        title
            .split(' ')
            .next()
            .unwrap_or("change")
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>(),
        rng.int(10, 999)
    );
    repo.pulls.push(Pull {
        number: 0,
        body: format!("{title}."),
        ready: None,
        before: None,
        closes: Vec::new(),
        title,
        author,
        created,
        merged,
        merger: reviewer,
        labels: vec![rng.pick(&LABELS)],
        reviews,
        commits,
        merge: None,
        branch,
        draft: merged.is_none() && rng.chance(0.4),
    });
    if let Some(at) = merged {
        let message = repo
            .pulls
            .last()
            .map(|p| p.title.clone())
            .unwrap_or_default();
        let merge = commit(repo, rng, at, author, message, Some(index), files);
        if let Some(pull) = repo.pulls.last_mut() {
            pull.merge = Some(merge);
        }
    }
}

fn release(
    repo: &mut Repo,
    rng: &mut Rng,
    spec: &ServiceSpec,
    version: (u64, u64, u64),
    at: Timestamp,
) {
    let (major, minor, patch) = version;
    let id = repo.id * 100 + num::wide(repo.releases.len());
    repo.releases.push(Release {
        id,
        tag: format!("v{major}.{minor}.{patch}"),
        commit: repo.commits.len().saturating_sub(1),
        published: Some(at),
        created: at,
        prerelease: false,
        author: num::index(rng.bits(), 3),
        body: format!("What is new in {major}.{minor}.{patch}"),
        tag_object: spec.annotated.then(|| rng.sha()),
    });
}

/// Gives the pull requests their numbers, oldest first, and puts the number into the message of the squash commit.
fn order(repo: &mut Repo, rng: &mut Rng, spec: &ServiceSpec) {
    let mut number = spec.pull_number;
    for pull in repo.pulls.iter_mut().rev() {
        pull.number = number;
        number = number.saturating_sub(rng.int(1, 4));
        if let Some(merge) = pull.merge.and_then(|m| repo.commits.get_mut(m)) {
            merge.message = format!("{} (#{})", merge.message, pull.number);
        }
    }
}
