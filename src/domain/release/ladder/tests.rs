use super::*;
use crate::domain::release::{Release, RunId, Tag};

fn sha(c: char) -> CommitSha {
    c.to_string().repeat(40).parse().unwrap()
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + s).unwrap()
}

fn run(
    id: u64,
    c: char,
    t: i64,
    status: RunStatus,
    conclusion: Option<Conclusion>,
    title: &str,
) -> Run {
    Run {
        id: RunId(id),
        title: Safe::new(title),
        name: None,
        path: None,
        attempt: 1,
        sha: Some(sha(c)),
        status,
        conclusion,
        created_at: at(t),
        started_at: Some(at(t)),
        updated_at: Some(at(t + 60)),
        url: Safe::new("https://github.com/a/b/actions/runs/7"),
        actor: None,
    }
}

fn overview(deployed: bool) -> Overview {
    let deployment = Deployment {
        id: 1,
        sha: sha('a'),
        git_ref: None,
        task: None,
        created_at: at(0),
        creator: None,
        correlation: None,
        rollout: None,
        statuses: vec![DeploymentStatus {
            state: DeploymentState::Success,
            at: at(10),
            log_url: None,
            environment_url: None,
            description: None,
        }],
    };
    let tag = |name: &str, c| Tag {
        name: Safe::new(name),
        sha: sha(c),
    };
    let list = if deployed {
        vec![deployment]
    } else {
        Vec::new()
    };
    Overview {
        url: Safe::new("https://github.com/a/b"),
        default_branch: None,
        environments: Vec::new(),
        releases: vec![Release {
            tag: Safe::new("v3.0.0"),
            name: None,
            draft: false,
            prerelease: false,
            published_at: Some(at(500)),
            sha: Some(sha('c')),
            url: Safe::new("https://github.com/a/b/releases/tag/v3.0.0"),
        }],
        tags: vec![tag("v3.0.0", 'c'), tag("v2.0.0", 'b'), tag("v1.0.0", 'a')],
        milestones: Vec::new(),
        deployments: vec![("production".parse().unwrap(), list)],
    }
}

fn ladder() -> Ladder {
    Ladder {
        rungs: vec![
            LiveSource::Deployments,
            LiveSource::Runs,
            LiveSource::Probe,
            LiveSource::Releases,
        ],
        workflow: Some("deploy.yml".to_owned()),
        shared: false,
        probe: None,
    }
}

fn live(told: &(EnvState, Option<Drift>)) -> (LiveSource, String) {
    let live = told.0.live.as_ref().unwrap();
    (live.source, live.what.to_string())
}

fn look(
    ladder: &Ladder,
    overview: &Overview,
    runs: &[Run],
    probed: Option<(&str, i64)>,
) -> (EnvState, Option<Drift>) {
    let env: EnvId = "production".parse().unwrap();
    let said = probed.map(|(version, asked)| {
        let probed = Probed {
            version: Safe::new(version),
            since: at(5),
        };
        (probed, at(asked))
    });
    tell(
        ladder,
        &Facts {
            overview,
            env: (&env, "Production"),
            runs: Some(runs),
            probed: said.as_ref().map(|(p, asked)| (p, *asked)),
            releasing: &Releasing {
                tags: "v*".to_owned(),
                ..Releasing::default()
            },
        },
    )
}

#[test]
fn the_release_of_another_service_tells_nothing() {
    let mut overview = overview(false);
    overview.releases[0].tag = Safe::new("shop-v3.0.0");
    assert_eq!(look(&ladder(), &overview, &[], None).0.live, None);
}

#[test]
fn the_first_rung_that_has_data_tells() {
    let done = || {
        run(
            7,
            'b',
            100,
            RunStatus::Completed,
            Some(Conclusion::Success),
            "x",
        )
    };
    let with =
        |deployed, runs: &[Run], probed| live(&look(&ladder(), &overview(deployed), runs, probed));
    let said = Some(("1.0.0", 900));
    assert_eq!(
        with(true, &[done()], said),
        (LiveSource::Deployments, "v1.0.0".to_owned())
    );
    assert_eq!(
        with(false, &[done()], said),
        (LiveSource::Runs, "v2.0.0".to_owned())
    );
    assert_eq!(
        with(false, &[], said),
        (LiveSource::Probe, "v1.0.0".to_owned())
    );
    assert_eq!(
        with(false, &[], Some(("9.9.9", 900))),
        (LiveSource::Releases, "v3.0.0".to_owned())
    );
    assert_eq!(
        with(false, &[], None),
        (LiveSource::Releases, "v3.0.0".to_owned())
    );
    let none = look(&Ladder::default(), &overview(false), &[done()], None);
    assert_eq!(
        none,
        (EnvState::default(), None),
        "only rungs that are configured"
    );
}

#[test]
fn runs_under_way_and_failed_ones_are_told_as_such() {
    let runs = [
        run(9, 'c', 300, RunStatus::InProgress, None, "x"),
        run(
            8,
            'b',
            200,
            RunStatus::Completed,
            Some(Conclusion::Failure),
            "x",
        ),
        run(
            7,
            'a',
            100,
            RunStatus::Completed,
            Some(Conclusion::Success),
            "x",
        ),
        run(
            6,
            'b',
            50,
            RunStatus::Completed,
            Some(Conclusion::Skipped),
            "x",
        ),
    ];
    let (state, _) = look(&ladder(), &overview(false), &runs, None);
    assert_eq!(state.live.unwrap().what.sha, sha('a'));
    assert_eq!(
        (state.in_flight[0].deployment, state.broken[0].deployment),
        (9, 8)
    );
    assert!(
        state.known_good.is_empty(),
        "a skipped run deployed nothing"
    );
}

#[test]
fn runs_of_a_shared_workflow_count_only_if_they_name_the_environment() {
    let shared = Ladder {
        shared: true,
        ..ladder()
    };
    let of = |title: &str| {
        let one = [run(
            7,
            'b',
            100,
            RunStatus::Completed,
            Some(Conclusion::Success),
            title,
        )];
        live(&look(&shared, &overview(false), &one, None)).0
    };
    assert_eq!(of("Deploy v2.0.0 to production"), LiveSource::Runs);
    assert_eq!(of("Deploy to PRODUCTION!"), LiveSource::Runs);
    assert_eq!(of("Deploy to pre-production"), LiveSource::Releases);
    assert_eq!(of("Deploy to staging"), LiveSource::Releases);
}

#[test]
fn what_runs_and_is_not_what_is_recorded_is_drift() {
    let with = |said| look(&ladder(), &overview(true), &[], Some(said)).1;
    for same in ["v1.0.0", "1.0.0", "aaaaaaa", "release-1.0.0"] {
        assert_eq!(with((same, 900)), None, "{same}");
    }
    let drift = with(("2.0.0", 900)).unwrap();
    assert_eq!(
        (drift.recorded.to_string(), drift.running.as_str()),
        ("v1.0.0".to_owned(), "2.0.0")
    );
    assert!(with(("bbbbbbb", 900)).is_some());
    assert_eq!(
        with(("2.0.0", 20)),
        None,
        "the deployment was only just done"
    );
}

#[test]
fn the_place_of_a_version_has_three_forms() {
    assert_eq!(
        VersionAt::read("$.v"),
        Some(VersionAt::Path("$.v".to_owned()))
    );
    assert_eq!(
        VersionAt::read("header X-Version"),
        Some(VersionAt::Header("X-Version".to_owned()))
    );
    assert_eq!(VersionAt::read("text"), Some(VersionAt::Text));
    assert_eq!(VersionAt::read("header a: b"), None);
    assert_eq!(VersionAt::read("version"), None);
}
