//! Changes and metrics in the real loop: the past is read over real HTTP while somebody looks, kept, and told from there.

#[path = "delivery/kept.rs"]
mod kept;

use flightdeck::app::delivery::Look;
use flightdeck::app::msg::Msg;
use flightdeck::demo::Scenario;
use flightdeck::domain::change::delivery::Place;
use flightdeck::domain::change::listing::{Ask, Whose};

use crate::support::{Company, target};

fn changes(whose: Whose, days: u32) -> Msg {
    Msg::Look(Some(Look::Changes(Ask {
        whose,
        days,
        words: String::new(),
        bots: false,
    })))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_past_is_read_while_somebody_looks_and_told_from_the_store() {
    let company = Company::start(Scenario::BadDeploy);
    let mut driver = company.driver();
    driver.send(changes(Whose::Service(target().service), 30));
    company
        .until(&mut driver, 120, "the past, read to its end", |w| {
            let reading = w.delivery.readings.get("main");
            let read = reading.is_some_and(|r| r.progress.is_none() && r.done.value().is_some());
            let listing = w.delivery.listing.1.value();
            read && listing.is_some_and(|l| l.as_of.is_some() && l.total > 5)
        })
        .await;
    let world = driver.world();
    let done = world.delivery.readings["main"].done.value().unwrap();
    assert!(done.faults.is_empty(), "{:?}", done.faults);
    assert!(done.requests <= 40, "{} requests", done.requests);
    let listing = world.delivery.listing.1.value().unwrap();
    assert!(listing.lead.n > 3 && listing.weeks.iter().flatten().count() > 3);
    let live = |p: Place<'_>| matches!(p, Place::Live(r) if r.env.as_str() == "production");
    assert!(listing.rows.iter().any(|r| live(r.place())));
    // v2.15.0 is on its way to production: its changes wait there.
    let queue = listing
        .queues
        .iter()
        .find(|q| q.env == target().env)
        .unwrap();
    assert!(queue.total > 3 && queue.first_stop.is_some(), "{queue:?}");

    driver.send(changes(Whose::All, 90));
    company
        .until(&mut driver, 30, "the changes of all services", |w| {
            w.delivery.is_current() && w.delivery.listing.1.value().is_some_and(|l| l.total > 100)
        })
        .await;
    driver.send(Msg::Look(Some(Look::Dora(target(), 90))));
    company
        .until(&mut driver, 30, "the metrics", |w| {
            w.delivery
                .sheet
                .1
                .value()
                .is_some_and(|s| s.dora.deployments.len() > 5)
        })
        .await;
    let sheet = driver.world().delivery.sheet.1.value().unwrap();
    assert_eq!(sheet.source.as_str(), "GitHub deployments");
    assert!(sheet.dora.lead.n > 20 && !sheet.dora.weeks.is_empty());
}
