//! The limits of repeating an old run, as a table; and that an older attempt is never taken for ours.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::domain::fetched::FaultKind;
use crate::domain::release::VersionRef;
use crate::domain::release::live::{KnownGood, Live, LiveSource};

const RUN: RunId = RunId(19_300_000_001);

fn at(s: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000 + s).unwrap()
}

fn sha(c: char) -> CommitSha {
    c.to_string().repeat(40).parse().unwrap()
}

fn run(attempt: u32, started: i64) -> Run {
    Run {
        id: RUN,
        title: Safe::new("Deploy v2 to production"),
        name: None,
        path: Some(Safe::new(".github/workflows/deploy.yml@refs/heads/main")),
        attempt,
        sha: None,
        status: RunStatus::Completed,
        conclusion: Some(Conclusion::Success),
        created_at: at(0),
        started_at: Some(at(started)),
        updated_at: None,
        url: Safe::new("https://github.com/acme/checkout/actions/runs/19300000001"),
        actor: Some(Safe::new("li")),
    }
}

fn read(run: Run) -> Fetched<RunView> {
    Fetched::Fresh {
        value: RunView { run, jobs: vec![] },
        at: at(0),
    }
}

fn days(days: i64) -> Now {
    Now(at(days * 86_400))
}

/// What is told; the run that is known, as it was read; the configured age; when; what follows.
type Case = (&'static str, Option<RunId>, Fetched<RunView>, i64, Now);

#[test]
fn each_limit_is_named() {
    let old = |change: fn(&mut Run)| {
        let mut run = run(1, 0);
        change(&mut run);
        read(run)
    };
    let broken = Fetched::Failed {
        fault: Fault {
            message: Safe::new("GitHub answered 502"),
            hint: None,
            kind: FaultKind::Unreachable,
            at: at(0),
            retry_at: None,
        },
    };
    let month = 30 * 86_400;
    let table: Vec<Case> = vec![
        (
            "no workflow run is known",
            None,
            old(|_| ()),
            month,
            days(6),
        ),
        (
            "still being read",
            Some(RUN),
            Fetched::Never,
            month,
            days(6),
        ),
        (
            "still being read",
            Some(RunId(7)),
            old(|_| ()),
            month,
            days(6),
        ),
        (
            "can't be read: GitHub answered 502",
            Some(RUN),
            broken,
            month,
            days(6),
        ),
        (
            "is under way",
            Some(RUN),
            old(|r| r.status = RunStatus::InProgress),
            month,
            days(6),
        ),
        (
            "is under way",
            Some(RUN),
            old(|r| r.status = RunStatus::Waiting),
            month,
            days(6),
        ),
        (
            "ended as failure",
            Some(RUN),
            old(|r| r.conclusion = Some(Conclusion::Failure)),
            month,
            days(6),
        ),
        (
            "ended as timed out",
            Some(RUN),
            old(|r| r.conclusion = Some(Conclusion::TimedOut)),
            month,
            days(6),
        ),
        (
            "ended as unknown",
            Some(RUN),
            old(|r| r.conclusion = None),
            month,
            days(6),
        ),
        (
            "30 days old; GitHub repeats a run for 30 days",
            Some(RUN),
            old(|_| ()),
            month,
            days(30),
        ),
        (
            "GitHub repeats a run for 30 days",
            Some(RUN),
            old(|_| ()),
            90 * 86_400,
            days(31),
        ),
        (
            "8 days old; `max_age` is 7 days",
            Some(RUN),
            old(|_| ()),
            7 * 86_400,
            days(8),
        ),
        (
            "was repeated 50 times",
            Some(RUN),
            old(|r| r.attempt = 51),
            month,
            days(6),
        ),
    ];
    for (wanted, known, seen, max_age, now) in table {
        let why = fit(known, &seen, max_age, now).unwrap_err().to_string();
        assert!(why.contains(wanted), "{wanted:?} is not in {why:?}");
    }
    let fits = fit(Some(RUN), &old(|r| r.attempt = 50), month, days(29)).unwrap();
    assert_eq!((fits.run, fits.attempt), (RUN, 50));
    assert_eq!(fits.file.unwrap().as_str(), "deploy.yml");
    assert_eq!(
        fits.actor, None,
        "of a repeated run it is not told who started it"
    );
    let first = fit(Some(RUN), &old(|_| ()), month, days(6)).unwrap();
    assert_eq!(first.actor.unwrap().as_str(), "li");
}

#[test]
fn the_run_is_the_one_that_deployed_the_commit() {
    let what = |c| VersionRef {
        sha: sha(c),
        version: None,
    };
    let state = EnvState {
        live: Some(Live {
            what: what('b'),
            since: at(0),
            source: LiveSource::Deployments,
            deployment: 2,
            started_at: at(0),
            run: Some(RunId(2)),
            creator: None,
            url: None,
        }),
        known_good: vec![
            KnownGood {
                what: what('a'),
                since: at(0),
                until: at(0),
                run: Some(RunId(1)),
            },
            KnownGood {
                what: what('9'),
                since: at(0),
                until: at(0),
                run: None,
            },
        ],
        ..EnvState::default()
    };
    assert_eq!(known_run(&state, &sha('b')), Some(RunId(2)));
    assert_eq!(known_run(&state, &sha('a')), Some(RunId(1)));
    assert_eq!(known_run(&state, &sha('9')), None);
    assert_eq!(known_run(&state, &sha('f')), None);
}

#[test]
fn only_the_next_attempt_after_the_intent_is_ours() {
    let ours = RerunFacts {
        run: RUN,
        attempt: 2,
    };
    assert!(is_ours(&run(3, 100), ours, at(100)));
    assert!(is_ours(&run(3, 50), ours, at(100)), "clocks differ");
    assert!(!is_ours(&run(2, 100), ours, at(100)), "the old attempt");
    assert!(
        !is_ours(&run(4, 100), ours, at(100)),
        "one of somebody else"
    );
    assert!(!is_ours(&run(3, 0), ours, at(100)), "it began before");
    let mut unknown = run(3, 100);
    unknown.started_at = None;
    assert!(!is_ours(&unknown, ours, at(100)));
    let mut other = run(3, 100);
    other.id = RunId(1);
    assert!(!is_ours(&other, ours, at(100)) && !reached(&other, ours));
}

proptest! {
    #[test]
    fn no_older_attempt_is_ours(before in 1_u32..60, seen in 1_u32..60, started in -10_000_i64..10_000) {
        let ours = RerunFacts { run: RUN, attempt: before };
        let run = run(seen, started);
        prop_assert_eq!(reached(&run, ours), seen > before);
        if is_ours(&run, ours, at(0)) {
            prop_assert_eq!(seen, before + 1);
            prop_assert!(started >= -60);
            prop_assert!(reached(&run, ours));
        }
    }

    #[test]
    fn what_fits_is_within_every_limit(
        attempt in 1_u32..60, age in 0_i64..60, max_age in 0_i64..60, done in any::<bool>(), good in any::<bool>(),
    ) {
        let mut run = run(attempt, 0);
        if !done {
            run.status = RunStatus::InProgress;
        }
        run.conclusion = (done && good).then_some(Conclusion::Success);
        let now = Now(at(age * 86_400));
        let fits = fit(Some(RUN), &read(run), max_age * 86_400, now).is_ok();
        prop_assert_eq!(fits, done && good && age < max_age.min(30) && attempt <= MOST_RERUNS);
        prop_assert!(GITHUB_LIMIT == SignedDuration::from_hours(720));
    }
}
