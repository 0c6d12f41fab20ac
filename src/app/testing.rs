//! A small World for tests: one service with a bad deploy under way, built from the same answers that sources give.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::effect::{Effect, EffectKey};
use super::msg::{Answer, Msg};
use super::update::update;
use super::world::{Scope, Start, Who, World};
use crate::domain::calendar::Calendar;
use crate::domain::catalog::{Catalog, Confirm, Environment, Service, SignalTemplates};
use crate::domain::ids::{CommitSha, CorrelationId, Target};
use crate::domain::ledger::{Draft, GENESIS, Row};
use crate::domain::release::candidate::Releasing;
use crate::domain::release::ladder::Ladder;
use crate::domain::release::{Deployment, DeploymentState, DeploymentStatus, Overview, Tag};
use crate::domain::rollback::{Ids, Way, WayKind};
use crate::domain::signal::Settings;
use crate::domain::text::Safe;
use crate::domain::units::Now;

pub(crate) fn at(s: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000 + s).unwrap()
}

pub(crate) fn sha(c: char) -> CommitSha {
    c.to_string().repeat(40).parse().unwrap()
}

pub(crate) fn target() -> Target {
    Target {
        service: "checkout".parse().unwrap(),
        env: "production".parse().unwrap(),
    }
}

pub(crate) fn deployment(id: u64, c: char, t: i64, states: &[DeploymentState]) -> Deployment {
    let status = |(i, state): (usize, &DeploymentState)| DeploymentStatus {
        state: state.clone(),
        at: at(t + 1 + i64::try_from(i).unwrap()),
        log_url: Some(Safe::new(&format!(
            "https://github.com/acme/checkout/actions/runs/{}/job/1",
            900 + id
        ))),
        environment_url: None,
        description: None,
    };
    let mut statuses: Vec<_> = states.iter().enumerate().map(status).collect();
    statuses.reverse();
    Deployment {
        id,
        sha: sha(c),
        git_ref: None,
        task: None,
        created_at: at(t),
        creator: Some(Safe::new("maria")),
        correlation: None,
        rollout: None,
        statuses,
    }
}

pub(crate) fn overview(deployments: Vec<Deployment>) -> Overview {
    let tag = |name: &str, c| Tag {
        name: Safe::new(name),
        sha: sha(c),
    };
    Overview {
        url: Safe::new("https://github.com/acme/checkout"),
        default_branch: Some((Safe::new("main"), sha('f'))),
        environments: vec![Safe::new("production")],
        releases: vec![],
        tags: vec![tag("v3", 'c'), tag("v2", 'b'), tag("v1", 'a')],
        milestones: vec![],
        deployments: vec![(target().env, deployments)],
    }
}

/// v1 and v2 were live, v3 is being deployed.
pub(crate) fn bad_deploy() -> Vec<Deployment> {
    use DeploymentState::{InProgress, Inactive, Success};
    vec![
        deployment(3, 'c', -180, &[InProgress]),
        deployment(2, 'b', -600_000, &[Success]),
        deployment(1, 'a', -900_000, &[Success, Inactive]),
    ]
}

pub(crate) fn world() -> World {
    let environment = Environment {
        id: target().env,
        github_environment: "production".to_owned(),
        signals: Some(SignalTemplates {
            requests: "requests".to_owned(),
            errors: "errors".to_owned(),
            latency: None,
            slo_latency_ms: None,
            scrape_s: Some(5),
        }),
        bake: SignedDuration::from_mins(30),
        ladder: Ladder::default(),
        verify_within: SignedDuration::from_mins(15),
        confirm: Confirm::ServiceName,
        ways: vec![Way {
            id: "workflow".to_owned(),
            kind: WayKind::Workflow {
                file: "rollback.yml".to_owned(),
                git_ref: "main".to_owned(),
                inputs: vec![
                    ("sha".to_owned(), "$to_sha".to_owned()),
                    ("cockpit_id".to_owned(), "$correlation_id".to_owned()),
                ],
            },
        }],
        gates: vec![],
    };
    World::new(Start {
        catalog: Catalog {
            services: vec![Service {
                id: target().service,
                repo: "acme/checkout".parse().unwrap(),
                source: "main".to_owned(),
                metrics: Some("prom".to_owned()),
                environments: vec![environment],
                irreversible: vec![],
                accountable: None,
                people: Vec::new(),
                runbook: None,
                releasing: Releasing::default(),
            }],
        },
        zone: TimeZone::UTC,
        banner: Safe::default(),
        read_only: None,
        withheld: vec![],
        calendar: Calendar::default(),
        verdict: Settings::default(),
        scope: Scope::Focus,
        focus: None,
        follow_intents: false,
        min_poll: SignedDuration::from_millis(250),
        who: Who {
            name: Safe::new("li"),
            verified: true,
        },
    })
}

pub(crate) fn ids() -> Ids {
    let id = |n| CorrelationId::from_bits(n);
    Ids {
        operation: id(1),
        dispatch: id(2),
        cancel: id(3),
    }
}

/// Sends a message at second `s`.
pub(crate) fn send(world: &mut World, s: i64, msg: Msg) -> Vec<Effect> {
    update(world, msg, Now(at(s)))
}

/// Answers the question with such a key that is under way, as the runtime would.
pub(crate) fn answer(
    world: &mut World,
    s: i64,
    is: fn(&EffectKey) -> bool,
    answer: Answer,
) -> Vec<Effect> {
    let found = world
        .schedule
        .running()
        .into_iter()
        .find(|(key, _)| is(key));
    let (key, generation) = found.expect("the question was asked");
    send(
        world,
        s,
        Msg::Answer {
            key,
            generation,
            answer,
        },
    )
}

/// The World after its first overview, and what it asked since.
pub(crate) fn started(world: &mut World, s: i64, deployments: Vec<Deployment>) -> Vec<Effect> {
    let mut asked = send(world, s, Msg::Tick);
    let all = Answer::Overview(vec![(target().service, Ok(overview(deployments)))]);
    let more = answer(world, s, |k| matches!(k, EffectKey::Overview(_)), all);
    asked.extend(more);
    asked
}

/// A recorded row of a draft.
pub(crate) fn row(seq: u64, draft: &Draft) -> Row {
    Row {
        seq,
        at: draft.at,
        kind: draft.kind.clone(),
        who: draft.who.clone(),
        who_verified: draft.who_verified,
        service: draft.service.clone(),
        environment: draft.environment.clone(),
        body: draft.body.clone(),
        prev: GENESIS.to_owned(),
        hash: GENESIS.to_owned(),
    }
}
