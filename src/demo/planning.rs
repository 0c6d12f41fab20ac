//! What a repository has besides its history: workflow files, and milestones for the releases that are planned.

use jiff::Timestamp;

use super::catalog::ServiceSpec;
use super::history::hours_before;
use super::model::{Input, Milestone, Repo, Workflow};
use super::num;
use super::rng::Rng;

const DEPLOY_INPUTS: &[Input] = &[
    input("version", true),
    input("sha", false),
    input("environment", false),
    input("cockpit_id", false),
];
const ROLLBACK_INPUTS: &[Input] = &[
    input("sha", false),
    input("version", false),
    input("service", false),
    input("environment", false),
    input("reason", false),
    input("cockpit_id", false),
];

const fn input(name: &'static str, required: bool) -> Input {
    Input { name, required }
}

/// The workflow files of a repository.
pub(crate) fn workflows(repo: u64, created: Timestamp) -> Vec<Workflow> {
    [
        ("CI", "ci.yml", None),
        ("Deploy", "deploy.yml", Some(DEPLOY_INPUTS)),
        ("Roll back", "rollback.yml", Some(ROLLBACK_INPUTS)),
    ]
    .into_iter()
    .zip(1..)
    .map(|((name, file, inputs), n)| Workflow {
        id: repo / 10 + n,
        name,
        file,
        inputs,
        created,
    })
    .collect()
}

/// Adds the milestones: the last releases' closed ones, the planned one, and one without a date.
pub(crate) fn milestones(repo: &mut Repo, rng: &mut Rng, spec: &ServiceSpec, start: Timestamp) {
    // GitHub keeps only the date of a milestone; it comes back as a moment in the morning.
    let morning = |days: i64| {
        let day = start.as_second().div_euclid(86_400) + days;
        Timestamp::from_second(day * 86_400 + 8 * 3_600).ok()
    };
    for (n, release) in repo.releases.iter().rev().skip(1).take(3).rev().enumerate() {
        repo.milestones.push(Milestone {
            number: num::wide(n) + 1,
            title: release.tag.clone(),
            description: String::new(),
            due: release.published,
            created: hours_before(release.created, 400.0),
            closed: release.published,
            open_issues: 0,
            closed_issues: rng.int(4, 15),
        });
    }
    let planned = spec
        .planned
        .map(|(title, days, description)| (title, description, morning(days)));
    for (title, description, due) in planned.into_iter().chain([("Backlog", "Some day", None)]) {
        repo.milestones.push(Milestone {
            number: num::wide(repo.milestones.len()) + 1,
            title: title.to_owned(),
            description: description.to_owned(),
            due,
            created: hours_before(start, 300.0),
            closed: None,
            open_issues: rng.int(1, 9),
            closed_issues: rng.int(0, 9),
        });
    }
}
