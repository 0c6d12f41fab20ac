//! The vectors of the methods: numbers that were worked out by hand.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::ancestry::tests::graph;
use super::ancestry::{Graph, Node};
use super::dora::{self, Counting, Dora, Often, Window};
use super::failures::{Incident, Reason, RecoveredBy};
use super::flags::{Flag, Flags};
use super::lead_time::{Boundary, Measured, Moments, Stage, measure};
use super::marks::Reverted;
use super::stats::{Share, percentile};
use super::stream::{self, Attempt, Kind, LedgerRollback, Seed, Stream};
use super::tiers::Year;
use super::{Change, ChangeKind, Confidence, Match, Method};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// Hours after the beginning: Monday, 5 January 2026.
pub(super) fn at(hours: f64) -> Timestamp {
    let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs_f64(hours * 3600.0)
}

const LATER: f64 = 24.0 * 30.0;

pub(super) fn commit(name: &str, node: Node, wrote: f64) -> Change {
    Change {
        id: Safe::new(name),
        kind: ChangeKind::Commit,
        number: None,
        title: Safe::new(name),
        author: Some(Safe::new("maria")),
        url: None,
        labels: Vec::new(),
        commits: vec![node],
        shas: vec![format!("{:040x}", u64::from(node.0) + 1).parse().unwrap()],
        moments: Moments::default().with(Boundary::FirstCommit, at(wrote), "author date"),
        reverts: Vec::new(),
        flags: Flags::default(),
        matched: Match {
            method: Method::Commit,
            confidence: Confidence::Exact,
        },
    }
}

pub(super) fn deploy(node: Node, hours: f64) -> Attempt {
    Attempt {
        id: Safe::new(&format!("d{hours}")),
        sha: format!("{:040x}", u64::from(node.0) + 1).parse().unwrap(),
        node: Some(node),
        version: None,
        created: at(hours),
        succeeded: Some(at(hours)),
        failed: false,
        rollback: None,
        marked_failed: false,
        url: None,
    }
}

fn all_of(stream: &Stream, changes: &[Change], incidents: &[Incident]) -> Dora {
    let window = Window {
        from: at(-1.0),
        to: at(LATER),
        zone: TimeZone::UTC,
    };
    dora::compute(
        stream,
        changes,
        incidents,
        &window,
        (Year::Y2024, Counting::default()),
    )
}

fn measured(moments: &Moments) -> Measured {
    measure(moments, Boundary::Deployed, Now(at(LATER)))
}

fn hours(measured: &Measured) -> [Option<i64>; 6] {
    Stage::ALL.map(|s| measured.stage(s).map(|d| d.as_hours()))
}

#[test]
fn d1_percentiles() {
    assert_eq!(percentile(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.5));
    assert_eq!(percentile(&[2.0, 5.0, 9.0, 30.0, 100.0], 0.9), Some(72.0));
    assert_eq!(percentile(&[10.0, 20.0], 0.75), Some(17.5));
}

fn d2() -> Moments {
    Boundary::ALL
        .into_iter()
        .zip([0.0, 5.0, 9.0, 20.0, 22.0, 46.0, 48.0])
        .fold(Moments::default(), |m, (b, h)| m.with(b, at(h), "test"))
}

#[test]
fn d2_stages_sum_to_the_lead_time() {
    let m = measured(&d2());
    assert_eq!(m.lead.unwrap().as_hours(), 48);
    assert_eq!(hours(&m), [5, 4, 11, 2, 24, 2].map(Some));
    assert_eq!(m.biggest().unwrap().0, Stage::ReleaseWait);
    assert_eq!(m.flags, Flags::default());
}

#[test]
fn d3_a_missing_moment_is_none_and_its_time_goes_on() {
    let mut moments = d2();
    moments.set(Boundary::FirstReview, None);
    moments.set(Boundary::Released, None);
    let m = measured(&moments);
    assert_eq!(m.lead.unwrap().as_hours(), 48);
    assert_eq!(
        hours(&m),
        [Some(5), None, Some(15), Some(2), None, Some(26)]
    );
}

#[test]
fn d4_a_way_back_and_forth_ships_nothing_twice() {
    let (g, n) = graph("a b<a c<b d<c");
    let changes: Vec<Change> = (0..4)
        .map(|i| commit(&format!("c{i}"), Node(i), 0.0))
        .collect();
    let attempts = [("b", 1.0), ("d", 2.0), ("b", 3.0), ("d", 4.0)].map(|(c, h)| deploy(n(c), h));
    let s = stream::read(&g, &attempts, &changes);
    let new: Vec<&[usize]> = s.deployments.iter().map(|d| d.new.as_slice()).collect();
    assert_eq!(new, [&[0, 1][..], &[2, 3], &[], &[]]);
    assert!(
        s.deployments[0].seed.is_some() && s.deployments[2].redeploy && s.deployments[3].redeploy
    );
    assert_eq!(s.deployments[2].kind, Kind::Rollback);
    let dora = all_of(&s, &changes, &[]);
    assert_eq!(dora.deployments.len(), 4);
    let failed: Vec<usize> = dora.failures.iter().map(|f| f.deployment).collect();
    assert_eq!(failed, [1]);
    assert_eq!((dora.rework.x, dora.rework.n), (1, 4));
    // The seed's changes have no lead time.
    assert_eq!(dora.lead.n, 2);
}

#[test]
fn after_an_unknown_deployment_the_first_known_one_starts_afresh() {
    let (g, n) = graph("a b<a c<b");
    let changes = ["a", "b", "c"].map(|name| commit(name, n(name), 0.0));
    let mut unknown = deploy(n("a"), 0.0);
    unknown.node = None;
    let attempts = [unknown, deploy(n("b"), 1.0), deploy(n("c"), 2.0)];
    let s = stream::read(&g, &attempts, &changes);
    let told: Vec<_> = s.deployments.iter().map(|d| d.seed).collect();
    assert_eq!(told, [Some(Seed::First), Some(Seed::Afresh), None]);
    let dora = all_of(&s, &changes, &[]);
    assert_eq!((dora.lead.n, &dora.afresh[..]), (1, &[1][..]));
    let way = |place| dora::way(&s, &changes, place, Now(at(LATER))).unwrap();
    let flags = |place| way(place).measured.flags.iter().collect::<Vec<_>>();
    assert_eq!(
        (flags(1), flags(2)),
        (vec![Flag::Seed, Flag::Afresh], vec![])
    );
}

#[test]
fn a_rewritten_history_is_not_shipped_again() {
    // b and its revert c were rewritten to s and t, whose message still names b.
    let (g, n) = graph("a b<a c<b r s<r t<s u<t");
    let old = commit("b", n("b"), 0.0);
    let changes = [
        reverting(commit("c", n("c"), 1.0), &old),
        commit("s", n("s"), 0.0),
        reverting(commit("t", n("t"), 1.0), &old),
        commit("u", n("u"), 3.0),
        old,
    ];
    let attempts = [("a", 0.0), ("b", 1.0), ("c", 2.0), ("t", 3.0), ("u", 4.0)];
    let attempts = attempts.map(|(c, h)| deploy(n(c), h));
    let s = stream::read(&g, &attempts, &changes);
    let dora = all_of(&s, &changes, &[]);
    assert_eq!((dora.lead.n, &dora.afresh[..]), (3, &[3][..]), "b, c and u");
    assert_eq!(s.deployments[3].kind, Kind::Planned);
    let failed: Vec<_> = dora
        .failures
        .iter()
        .map(|f| (f.deployment, f.reasons.len()))
        .collect();
    assert_eq!(failed, [(1, 1)], "it was reverted once");
}

#[test]
fn d5_a_clock_ahead_is_no_coding_time() {
    let m = measured(
        &Moments::default()
            .with(Boundary::FirstCommit, at(2.0), "t")
            .with(Boundary::Opened, at(0.0), "t")
            .with(Boundary::Deployed, at(10.0), "t"),
    );
    assert_eq!(m.stage(Stage::Coding), Some(SignedDuration::ZERO));
    assert_eq!(m.lead.unwrap().as_hours(), 10);
    assert_eq!(m.flags.iter().collect::<Vec<_>>(), [Flag::Skew]);
}

#[test]
fn d6_the_interval_of_the_fail_rate() {
    let near = |found: Option<f64>, want: f64| (found.unwrap() - want).abs() < 5e-4;
    let share = Share::of(2, 20);
    assert!(
        near(share.ratio, 0.1) && near(share.low, 0.028) && near(share.high, 0.301),
        "{share:?}"
    );
    let few = Share::of(0, 8);
    assert!(near(few.low, 0.0) && near(few.high, 0.324), "{few:?}");
    let (g, n) = graph("a b<a c<b d<c e<d f<e g<f h<g");
    let attempts: Vec<Attempt> = "abcdefgh"
        .chars()
        .zip(1_u8..)
        .map(|(c, h)| deploy(n(&c.to_string()), f64::from(h)))
        .collect();
    let dora = all_of(&stream::read(&g, &attempts, &[]), &[], &[]);
    assert_eq!((dora.fail_rate.n, dora.fail_tier), (8, None));
}

#[test]
fn d7_the_word_for_how_often() {
    let weeks = [0, 2, 3, 3, 5, 1, 4, 3, 3, 0, 2, 3, 4];
    assert_eq!(Often::of(&weeks, &[true; 3]), Some(Often::Daily));
    assert_eq!(Often::of(&[1, 0, 1], &[true]), Some(Often::Weekly));
    assert_eq!(Often::of(&[1, 0, 0], &[true]), Some(Often::Monthly));
    assert_eq!(
        Often::of(&[1, 0, 0, 0, 0, 0, 0, 0], &[false, true, false]),
        Some(Often::Yearly)
    );
    assert_eq!(Often::of(&[], &[]), None);
}

fn incident(opened: f64, closed: Option<f64>) -> Incident {
    Incident {
        number: 77,
        title: Safe::new("checkout is down"),
        opened: at(opened),
        closed: closed.map(at),
        shas: Vec::new(),
        numbers: Vec::new(),
        deployments: Vec::new(),
        url: None,
    }
}

#[test]
fn d8_the_earliest_end_is_the_recovery() {
    let (g, n) = graph("a b<a");
    let attempts = [
        deploy(n("a"), 1.0),
        deploy(n("b"), 10.0),
        deploy(n("a"), 10.0 + 25.0 / 60.0),
    ];
    let s = stream::read(&g, &attempts, &[]);
    let outage = incident(10.1, Some(11.0));
    let dora = all_of(&s, &[], std::slice::from_ref(&outage));
    assert_eq!(dora.failures.len(), 1);
    assert_eq!(dora.failures[0].reasons.len(), 2);
    assert_eq!(dora.recovery.p50_s, Some(25.0 * 60.0));
    assert_eq!(dora.restore.p50_s, Some(54.0 * 60.0));

    // The ledger saw the signals recover five minutes later: it knows better.
    let mut told = attempts.clone();
    told[2].rollback = Some(LedgerRollback {
        drill: false,
        recovered: Some(at(10.5)),
    });
    let dora = all_of(&stream::read(&g, &told, &[]), &[], &[]);
    assert_eq!(
        dora.failures[0].recovered,
        Some((at(10.5), RecoveredBy::Ledger))
    );
    // A rehearsal is no failure.
    told[2].rollback = Some(LedgerRollback {
        drill: true,
        recovered: None,
    });
    let dora = all_of(&stream::read(&g, &told, &[]), &[], &[]);
    assert!(dora.failures.is_empty() && dora.rework.x == 0);
}

#[test]
fn d9_a_failed_attempt_is_no_failed_deployment() {
    let (g, n) = graph("a b<a");
    let mut second = deploy(n("b"), 10.5);
    second.succeeded = None;
    second.failed = true;
    let s = stream::read(&g, &[deploy(n("a"), 10.0), second], &[]);
    let dora = all_of(&s, &[], &[]);
    assert_eq!((dora.deployments.len(), dora.fail_rate.x), (1, 0));
    assert_eq!((dora.attempts.x, dora.attempts.n), (1, 2));
}

#[test]
fn tries_that_follow_closely_are_one() {
    let (g, n) = graph("a b<a");
    let mut lost = deploy(n("b"), 10.0);
    lost.succeeded = None;
    lost.failed = true;
    let s = stream::read(&g, &[lost, deploy(n("b"), 10.1), deploy(n("b"), 14.0)], &[]);
    assert_eq!(
        s.deployments.len(),
        2,
        "a later one of the same commit is another deployment"
    );
    assert_eq!(s.attempts.iter().filter(|(_, failed)| *failed).count(), 0);
    assert!(s.deployments[1].redeploy && s.deployments[1].new.is_empty());
}

fn reverting(mut change: Change, sha: &Change) -> Change {
    change.reverts = vec![Reverted::Commit(sha.shas[0].as_str().to_owned())];
    change
}

#[test]
fn d10_what_was_never_live_did_not_fail() {
    let (g, n) = graph("a b<a c<b d<c");
    let tax = commit("b", n("b"), 1.0);
    let back = reverting(commit("c", n("c"), 2.0), &tax);
    let changes = [tax, back];
    let s = stream::read(&g, &[deploy(n("a"), 0.5), deploy(n("c"), 5.0)], &changes);
    assert_eq!(s.deployments[1].new, [0, 1]);
    let dora = all_of(&s, &changes, &[]);
    assert_eq!((dora.fail_rate.x, dora.rework.x), (0, 0));

    // Live first, reverted then: that failed, and the revert is rework.
    let apart = [
        deploy(n("a"), 0.5),
        deploy(n("b"), 3.0),
        deploy(n("c"), 5.0),
    ];
    let s = stream::read(&g, &apart, &changes);
    let dora = all_of(&s, &changes, &[]);
    assert_eq!(s.deployments[2].kind, Kind::Revert);
    assert!(
        matches!(&dora.failures[0].reasons[..], [Reason::Reverted(what, _)] if what.as_str() == "b")
    );
    assert_eq!(dora.recovery.p50_s, Some(2.0 * 3600.0));
    // More than a week later it is a change of mind.
    let late = [
        deploy(n("a"), 0.5),
        deploy(n("b"), 3.0),
        deploy(n("c"), 3.0 + 24.0 * 8.0),
    ];
    assert_eq!(
        all_of(&stream::read(&g, &late, &changes), &changes, &[])
            .fail_rate
            .x,
        0
    );

    // Taking the revert back is no failure of the revert.
    let [tax, back] = changes;
    let again = reverting(commit("d", n("d"), 6.0), &back);
    let changes = [tax, back, again];
    let on = [
        deploy(n("a"), 0.5),
        deploy(n("b"), 3.0),
        deploy(n("c"), 5.0),
        deploy(n("d"), 7.0),
    ];
    let dora = all_of(&stream::read(&g, &on, &changes), &changes, &[]);
    assert_eq!(
        dora.failures
            .iter()
            .map(|f| f.deployment)
            .collect::<Vec<_>>(),
        [1]
    );
}

#[test]
fn d11_a_cherry_pick_is_a_change_of_its_own() {
    // The pick p lives on the release branch, the original o on main.
    let (g, n) = graph("a o<a p<a m<o");
    let changes = [commit("o", n("o"), 0.0), commit("p", n("p"), 12.0)];
    let attempts = [
        deploy(n("a"), 0.0),
        deploy(n("p"), 24.0),
        deploy(n("m"), 24.0 * 9.0),
    ];
    let s = stream::read(&g, &attempts, &changes);
    let lead = |place| {
        let way = dora::way(&s, &changes, place, Now(at(LATER))).unwrap();
        way.measured.lead.unwrap().as_hours()
    };
    assert_eq!((lead(0), lead(1)), (24 * 9, 12));
}

#[test]
fn d12_a_hotfix_blames_what_ran_before_it() {
    let (g, n) = graph("a b<a h<b c<b k<c");
    let hot = |mut change: Change| {
        change.flags.put(Flag::Hotfix, true);
        change
    };
    let changes = [
        commit("b", n("b"), 0.0),
        hot(commit("h", n("h"), 5.0)),
        commit("c", n("c"), 6.0),
        hot(commit("k", n("k"), 9.0)),
    ];
    let blamed = |attempts: &[Attempt]| -> Vec<usize> {
        let s = stream::read(&g, attempts, &changes);
        let dora = all_of(&s, &changes, &[]);
        dora.failures.iter().map(|f| f.deployment).collect()
    };
    let (first, planned) = (deploy(n("a"), 0.0), deploy(n("b"), 1.0));
    assert_eq!(
        blamed(&[first.clone(), planned.clone(), deploy(n("h"), 6.0)]),
        [1]
    );
    assert_eq!(
        blamed(&[
            first.clone(),
            planned.clone(),
            deploy(n("c"), 7.0),
            deploy(n("k"), 10.0)
        ]),
        [2]
    );
    // After three days nobody is blamed.
    assert!(blamed(&[first, planned, deploy(n("h"), 90.0)]).is_empty());
}

#[test]
fn incidents_blame_what_they_name_else_what_was_just_deployed() {
    let (g, n) = graph("a b<a c<b");
    let mut b = commit("b", n("b"), 0.0);
    b.number = Some(12);
    let changes = [b, commit("c", n("c"), 0.0)];
    let attempts = [
        deploy(n("a"), 0.0),
        deploy(n("b"), 1.0),
        deploy(n("c"), 30.0),
    ];
    let s = stream::read(&g, &attempts, &changes);
    let blamed = |i: Incident| -> Vec<usize> {
        let dora = all_of(&s, &changes, &[i]);
        dora.failures.iter().map(|f| f.deployment).collect()
    };
    assert_eq!(blamed(incident(31.0, None)), [2]);
    assert!(
        blamed(incident(29.0, None)).is_empty(),
        "too late for b, too early for c"
    );
    assert_eq!(
        blamed(Incident {
            numbers: vec![12],
            ..incident(40.0, None)
        }),
        [1]
    );
    assert_eq!(
        blamed(Incident {
            shas: vec![changes[1].shas[0].as_str().to_owned()],
            ..incident(90.0, None)
        }),
        [2]
    );
    assert!(
        blamed(Incident {
            numbers: vec![99],
            ..incident(31.0, None)
        })
        .is_empty()
    );
    let open = all_of(&s, &changes, &[incident(31.0, None)]);
    assert_eq!((open.open, open.recovery.n), ((1, Some(at(30.0))), 0));
}

#[test]
fn bots_and_release_pull_requests_are_left_out_unless_asked_for() {
    let (g, n) = graph("a b<a c<b");
    let mut changes = [commit("b", n("b"), 0.0), commit("c", n("c"), 0.0)];
    changes[0].flags.put(Flag::Bot, true);
    let s = stream::read(&g, &[deploy(n("a"), 0.0), deploy(n("c"), 1.0)], &changes);
    let dora = all_of(&s, &changes, &[]);
    assert_eq!((dora.lead.n, dora.excluded), (1, 1));
    let window = Window {
        from: at(-1.0),
        to: at(9.0),
        zone: TimeZone::UTC,
    };
    let all = Counting {
        bots: true,
        releases: true,
    };
    let dora = dora::compute(&s, &changes, &[], &window, (Year::Y2025, all));
    assert_eq!((dora.lead.n, dora.excluded, dora.lead_tier), (2, 0, None));
}

#[test]
fn whole_weeks_only() {
    let empty = Graph::default();
    let s = stream::read(&empty, &[], &[]);
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    // Tuesday to Sunday week: the partial weeks at both ends do not count.
    let window = Window {
        from: at(24.0),
        to: at(24.0 * 20.0),
        zone,
    };
    let dora = dora::compute(&s, &[], &[], &window, (Year::Y2024, Counting::default()));
    let mondays: Vec<String> = dora.weeks.iter().map(|w| w.monday.to_string()).collect();
    assert_eq!(mondays, ["2026-01-12"]);
    assert_eq!((dora.frequency_tier, dora.fail_rate.ratio), (None, None));
}
