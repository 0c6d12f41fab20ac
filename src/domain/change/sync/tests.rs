//! However often a sync is killed, and whatever happens at the host meanwhile: in the end the store has what a new one would have.

use proptest::prelude::*;

use super::Terms;
use super::model::{Event, Host, Kept, at};
use super::plan::{PageAsk, Plan, Step};
use crate::domain::change::synced::Source;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// Runs a sync, in which the host goes on living between the requests, until it ends or that many requests were sent. Gives the
/// requests.
fn sync(
    host: &mut Host,
    kept: &mut Kept,
    life: &mut Vec<Event>,
    size: usize,
    most: usize,
) -> usize {
    let open = kept
        .deployments
        .values()
        .filter(|(_, d)| d.is_open())
        .map(|(_, d)| d.created)
        .min();
    let now = at(host.clock);
    let mut plan = Plan::new(
        kept.progress.clone(),
        open,
        host.newest(),
        &Terms::default(),
        now,
    );
    drive(&mut plan, host, kept, life, (size, most))
}

/// Follows a plan, as [`sync`] does.
fn drive(
    plan: &mut Plan,
    host: &mut Host,
    kept: &mut Kept,
    life: &mut Vec<Event>,
    (size, most): (usize, usize),
) -> usize {
    let now = at(host.clock);
    let mut sent = 1;
    loop {
        assert!(sent < 10_000, "it does not end");
        let mut turns = Vec::new();
        let step = plan.step();
        if matches!(step, Step::Page(_) | Step::Lines(_)) {
            if sent >= most {
                return sent;
            }
            sent += 1;
            if let Some(event) = life.pop() {
                host.happen(event);
            }
        }
        match step {
            Step::Lineage => plan.lineage(kept.links()),
            Step::Page(ask) => turns = plan.pages(host.page(&ask, size), now),
            Step::Anchors => {
                let deployed = kept.deployments.values();
                let deployed = deployed.map(|(_, d)| (d.sha.clone(), d.created));
                let released = kept.releases.values();
                let released = released.map(|(_, r)| (r.sha.clone(), r.published));
                plan.anchors(deployed.chain(released).collect());
            }
            Step::Lines(tips) => {
                let line = |t: &CommitSha| Some(host.line(t, None, 3).0);
                plan.lines(tips.iter().map(line).collect());
            }
            Step::Join => turns.extend(plan.join(now)),
            Step::Done => return sent,
        }
        for turn in turns {
            let source = turn.source;
            let progress = kept.turn(turn).expect("nobody else is there");
            plan.kept(source, progress);
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let n = 0_u8..12;
    prop_oneof![
        4 => Just(Event::Commit),
        2 => (n.clone(), n.clone()).prop_map(|(a, b)| Event::Merge(a, b)),
        1 => n.clone().prop_map(Event::Force),
        4 => Just(Event::Pull),
        2 => n.clone().prop_map(Event::Touch),
        3 => n.clone().prop_map(Event::Deploy),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| Event::DeployBeside(a, b)),
        2 => n.clone().prop_map(Event::Finish),
        1 => n.clone().prop_map(Event::Undeploy),
        2 => n.clone().prop_map(Event::Release),
        1 => n.clone().prop_map(Event::Unrelease),
        2 => Just(Event::Incident),
        1 => n.clone().prop_map(Event::Close),
        1 => n.prop_map(Event::Unlabel),
    ]
}

fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(event(), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]
    #[test]
    fn a_sync_that_is_killed_ends_as_an_undisturbed_one(
        before in events(80),
        runs in prop::collection::vec((1_usize..9, 1_usize..12, events(6)), 0..8),
    ) {
        let (mut host, mut kept) = (Host::aged(), Kept::default());
        for event in before {
            host.happen(event);
        }
        for (size, most, mut life) in runs {
            sync(&mut host, &mut kept, &mut life, size, most);
            for event in life {
                host.happen(event);
            }
        }
        // Twice: a source that had begun earlier is read to what is newest now.
        sync(&mut host, &mut kept, &mut Vec::new(), 7, usize::MAX);
        sync(&mut host, &mut kept, &mut Vec::new(), 7, usize::MAX);
        let mut new = Kept::default();
        sync(&mut host.clone(), &mut new, &mut Vec::new(), 100, usize::MAX);
        prop_assert_eq!(kept.rows(), new.rows());
        prop_assert_eq!(sync(&mut host, &mut kept, &mut Vec::new(), 7, usize::MAX), 1, "all is quiet");
    }
}

/// The host after some events, and a store that knows all of it.
fn synced(events: &[Event]) -> (Host, Kept) {
    let (mut host, mut kept) = (Host::default(), Kept::default());
    for event in events {
        host.happen(*event);
    }
    sync(&mut host, &mut kept, &mut Vec::new(), 100, usize::MAX);
    (host, kept)
}

/// A plan, and the page that it asks for first.
fn asked(host: &Host, kept: &Kept, terms: &Terms) -> (Plan, PageAsk) {
    let newest = host.newest();
    let mut plan = Plan::new(kept.progress.clone(), None, newest, terms, at(host.clock));
    loop {
        match plan.step() {
            Step::Lineage => plan.lineage(kept.links()),
            Step::Page(ask) => return (plan, ask),
            other => panic!("{other:?}"),
        }
    }
}

fn fault(kind: FaultKind) -> Fault {
    Fault {
        message: Safe::new("no"),
        hint: None,
        kind,
        at: at(0),
        retry_at: None,
    }
}

#[test]
fn a_place_that_the_host_has_lost_is_begun_anew() {
    let (mut host, mut kept) = synced(&[Event::Commit]);
    for _ in 0..9 {
        host.happen(Event::Pull);
    }
    sync(&mut host, &mut kept, &mut Vec::new(), 2, 3);
    let (mut plan, ask) = asked(&host, &kept, &Terms::default());
    assert!(
        matches!(ask.sources.as_slice(), [(Source::Pulls, Some(_))]),
        "{ask:?}"
    );
    let lost = || vec![(Source::Pulls, Err(fault(FaultKind::Protocol)))];
    assert!(plan.pages(lost(), at(0)).is_empty());
    let Step::Page(ask) = plan.step() else {
        panic!("it is not begun anew");
    };
    assert_eq!(ask.sources, [(Source::Pulls, None)]);
    // Lost again: this time it is told.
    plan.pages(lost(), at(0));
    assert_eq!((plan.step(), plan.faults().len()), (Step::Done, 1));
}

#[test]
fn a_head_that_came_and_went_while_it_was_read_leaves_no_doubt() {
    let (mut host, mut kept) = synced(&[Event::Commit; 5]);
    let head = host.head.clone();
    let known = kept.rows();
    for _ in 0..9 {
        host.happen(Event::Commit);
    }
    sync(&mut host, &mut kept, &mut Vec::new(), 2, 3);
    assert!(kept.rows().commits.len() > 5, "half of it was read");
    // The push is taken back, and the host forgets what it brought.
    host.head = head;
    let (mut plan, ask) = asked(&host, &kept, &Terms::default());
    assert!(
        matches!(ask.sources.as_slice(), [(Source::Commits, Some(_))]),
        "{ask:?}"
    );
    let lost = vec![(Source::Commits, Err(fault(FaultKind::NotFound)))];
    assert!(plan.pages(lost, at(0)).is_empty());
    let most = (100, usize::MAX);
    let sent = drive(&mut plan, &mut host, &mut kept, &mut Vec::new(), most);
    assert!(sent <= 3 && plan.faults().is_empty(), "{sent}");
    assert!(!kept.progress[&Source::Commits].doubt);
    assert_eq!(kept.rows(), known);
    let again = sync(&mut host, &mut kept, &mut Vec::new(), 100, usize::MAX);
    assert_eq!(again, 1, "all is quiet");
}

#[test]
fn while_the_main_branch_is_not_known_nothing_beside_it_is_asked_for() {
    let mut host = Host::default();
    host.happen(Event::Commit);
    host.happen(Event::Deploy(0));
    let mut kept = Kept::default();
    let (mut plan, ask) = asked(&host, &kept, &Terms::default());
    let mut pages = host.page(&ask, 100);
    for (source, page) in &mut pages {
        if *source == Source::Commits {
            *page = Err(fault(FaultKind::Forbidden));
        }
    }
    for turn in plan.pages(pages, at(0)) {
        let source = turn.source;
        let progress = kept.turn(turn).unwrap();
        plan.kept(source, progress);
    }
    assert_eq!(plan.step(), Step::Done);
    assert!(
        kept.progress[&Source::Deployments].beside,
        "it is still to be done"
    );
    sync(&mut host, &mut kept, &mut Vec::new(), 100, usize::MAX);
    assert!(!kept.progress[&Source::Deployments].beside);
    assert_eq!(kept.rows().commits.len(), 1);
}

#[test]
fn an_empty_repository_is_looked_at_once() {
    let (mut host, mut kept) = synced(&[]);
    assert_eq!(
        sync(&mut host, &mut kept, &mut Vec::new(), 100, usize::MAX),
        1
    );
}

#[test]
fn under_other_terms_what_depends_on_them_is_read_anew() {
    let (host, kept) = synced(&[
        Event::Commit,
        Event::Pull,
        Event::Incident,
        Event::Deploy(0),
    ]);
    let sources = |terms: &Terms| -> Vec<Source> {
        let (_, ask) = asked(&host, &kept, terms);
        ask.sources.into_iter().map(|(s, _)| s).collect()
    };
    let labels = Terms {
        incident_labels: vec!["outage".to_owned()],
        ..Terms::default()
    };
    assert_eq!(sources(&labels), [Source::Incidents]);
    let environments = Terms {
        environments: vec!["production".to_owned()],
        ..Terms::default()
    };
    assert_eq!(sources(&environments), [Source::Deployments]);
    let reach = Terms {
        reach: jiff::SignedDuration::from_hours(24),
        ..Terms::default()
    };
    assert_eq!(sources(&reach), Source::ALL);
}
