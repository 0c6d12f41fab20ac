//! The view of changes: which question its keys ask, what becomes of answers, the parts and what their rows open into.

use flightdeck::app::delivery::Look;
use flightdeck::app::effect::{Effect, EffectKey};
use flightdeck::app::msg::{Answer, Msg};
use flightdeck::app::update::update;
use flightdeck::domain::change::listing::{Ask, Listing, Whose};
use flightdeck::domain::text::Safe;
use flightdeck::tui::encode::Encoder;
use flightdeck::tui::routing::Intent;
use flightdeck::tui::screen::Screen;
use flightdeck::tui::styles::Depth;
use flightdeck::tui::views::ViewId;

use crate::canvas::{draw, look, press, screen, shown, type_in};
use crate::stories::{self, Shop, target};

const SIZE: (u16, u16) = (120, 40);
const NARROW: (u16, u16) = (80, 24);

/// What is asked now.
fn asked(shop: &Shop) -> Ask {
    match &shop.world.delivery.look {
        Some(Look::Changes(ask)) => ask.clone(),
        other => panic!("{other:?}"),
    }
}

/// The loop of the screen asks at each turn what is wanted.
fn turn(s: &mut Screen, shop: &mut Shop) {
    shown(shop, s);
    for msg in s.wants(&shop.world) {
        shop.tell(msg);
    }
}

fn people(names: &[&str]) -> Whose {
    Whose::People(names.iter().map(|n| Safe::new(n)).collect())
}

fn service(name: &str) -> Whose {
    Whose::Service(name.parse().unwrap())
}

#[test]
fn nothing_is_asked_before_one_looks_and_nothing_after() {
    let mut shop = stories::delivered();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["4"]);
    assert_eq!(shop.world.delivery.look, None);
    press(&mut s, &mut shop, &["6"]);
    assert_eq!(s.shown(), ViewId::Changes);
    let first = Ask {
        whose: people(&["maria"]),
        days: 30,
        words: String::new(),
        bots: false,
    };
    assert_eq!(asked(&shop), first);
    // From the ledger: both are told, that one left it and that one looks.
    press(&mut s, &mut shop, &["7", "6"]);
    assert!(!shop.world.record.open);
    assert_eq!(asked(&shop), first);
    press(&mut s, &mut shop, &["1"]);
    assert_eq!(shop.world.delivery.look, None);
    // Without room for rows nobody sees them.
    press(&mut s, &mut shop, &["6"]);
    s.resize((50, 12));
    assert_eq!(s.wants(&shop.world), [Msg::Look(None)]);
}

#[test]
fn the_first_view_asks_before_any_key() {
    let shop = stories::delivered();
    let mut look = look("dark", Depth::True);
    look.view = ViewId::by_name("changes").unwrap();
    let mut s = Screen::new(look, SIZE);
    assert!(shown(&shop, &mut s).contains("▸Changes"));
    assert!(matches!(
        s.wants(&shop.world).as_slice(),
        [Msg::Look(Some(Look::Changes(_)))]
    ));
}

#[test]
fn keys_change_the_question_and_the_store_answers_it() {
    let mut shop = stories::delivered();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["6"]);
    for (key, whose) in [
        ("m", people(&["li", "noor"])),
        ("m", service("checkout")),
        ("m", Whose::All),
        ("m", people(&["maria"])),
    ] {
        press(&mut s, &mut shop, &[key]);
        assert_eq!(asked(&shop).whose, whose);
    }
    for (key, days) in [
        ("t", 90),
        ("-", 365),
        ("-", 365),
        ("+", 90),
        ("+", 30),
        ("+", 7),
        ("+", 7),
    ] {
        press(&mut s, &mut shop, &[key]);
        assert_eq!(asked(&shop).days, days, "{key}");
    }
    press(&mut s, &mut shop, &["t", "b"]);
    assert!(asked(&shop).bots);
    assert!(shown(&shop, &mut s).contains("mine · 30 days · with bots"));
    press(&mut s, &mut shop, &["b"]);
    assert!(!asked(&shop).bots);

    // Another service is another team and another service's changes.
    press(&mut s, &mut shop, &["m", "m", "]"]);
    turn(&mut s, &mut shop);
    assert_eq!(asked(&shop).whose, service("search"));
    assert!(shown(&shop, &mut s).contains("search · 30 days"));
}

#[test]
fn words_are_sought_by_the_store_as_they_are_typed() {
    let mut shop = stories::delivered();
    let mut s = screen(NARROW);
    press(&mut s, &mut shop, &["6", "m", "m", "/"]);
    type_in(&mut s, &mut shop, "author:noor label:tax");
    assert_eq!(asked(&shop).words, "author:noor label:tax");
    press(&mut s, &mut shop, &["enter"]);
    let picture = shown(&shop, &mut s);
    assert!(picture.contains("/author:noor label:tax"), "{picture}");
    assert!(picture.contains("@noor") && !picture.contains("@maria"));
    press(&mut s, &mut shop, &["/", "z", "z", "enter"]);
    assert!(
        shown(&shop, &mut s).contains("no change of checkout holds \"author:noor label:taxzz\"")
    );
    press(&mut s, &mut shop, &["esc"]);
    assert_eq!(asked(&shop).words, "");
    press(&mut s, &mut shop, &["m", "m", "/", "z", "z", "z", "enter"]);
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("no change of @maria holds \"zzz\""),
        "{picture}"
    );
    press(&mut s, &mut shop, &["esc", "m", "m"]);
    // What waits and the metrics have no rows to filter.
    press(&mut s, &mut shop, &["tab", "/"]);
    assert!(shown(&shop, &mut s).contains("nothing to filter here"));
    // Its own number leads back to the list, where there are.
    press(&mut s, &mut shop, &["6", "/"]);
    type_in(&mut s, &mut shop, "tax");
    assert_eq!(asked(&shop).words, "tax");
}

#[test]
fn who_has_no_change_sees_the_services_and_who_is_not_known_is_told() {
    let mut shop = stories::delivered();
    shop.world.who.name = Safe::new("newcomer");
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["6"]);
    assert_eq!(asked(&shop).whose, people(&["newcomer"]));
    // The answer has come; a message for the World follows without a key.
    turn(&mut s, &mut shop);
    assert_eq!(asked(&shop).whose, service("checkout"));
    assert_eq!(s.wants(&shop.world), []);
    // Chosen, it stays.
    press(&mut s, &mut shop, &["m", "m"]);
    assert_eq!(asked(&shop).whose, people(&["newcomer"]));
    assert!(shown(&shop, &mut s).contains("no change of @newcomer moved in 30 days"));

    // While the first reading is under way, mine may still come.
    let mut shop = stories::first_reading();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["6"]);
    turn(&mut s, &mut shop);
    assert_eq!(asked(&shop).whose, people(&["maria"]));
    assert!(shown(&shop, &mut s).contains("the first reading is under way"));

    // That nobody holds some words, or that a week was quiet, is no reason to look elsewhere.
    let mut shop = stories::delivered();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["6", "/", "z", "z", "z", "esc"]);
    turn(&mut s, &mut shop);
    assert_eq!(asked(&shop).whose, people(&["maria"]));

    let mut shop = stories::delivered();
    shop.world.who.verified = false;
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["6"]);
    assert_eq!(asked(&shop).whose, service("checkout"));
    press(&mut s, &mut shop, &["m", "m"]);
    assert_eq!(asked(&shop).whose, Whose::All);
    assert!(shown(&shop, &mut s).contains("all (nobody is known) · 30 days"));

    for service in &mut shop.world.catalog.services {
        service.people.clear();
    }
    press(&mut s, &mut shop, &["m"]);
    assert_eq!(asked(&shop).whose, service("checkout"));
    assert!(shown(&shop, &mut s).contains("checkout (no team is configured)"));
}

#[test]
fn an_answer_to_an_older_question_changes_nothing() {
    let mut shop = stories::delivered();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["6"]);
    let before = shop.world.delivery.listing.clone();
    // Asked by hand, so that nothing answers.
    let mut older = asked(&shop);
    older.days = 7;
    let look = |ask: &Ask| Msg::Look(Some(Look::Changes(ask.clone())));
    let now = shop.now;
    let effects = update(&mut shop.world, look(&older), now);
    let fetch = effects.into_iter().find_map(|e| match e {
        Effect::Fetch {
            key, generation, ..
        } if matches!(key, EffectKey::Listing(..)) => Some((key, generation)),
        _ => None,
    });
    let (key, generation) = fetch.unwrap();
    assert!(
        shown(&shop, &mut s).contains("◌ asking"),
        "the last answer stays, marked"
    );
    let newer = Ask { days: 90, ..older };
    update(&mut shop.world, look(&newer), now);
    let answer = Answer::Listing(Ok(Listing::default()));
    let late = Msg::Answer {
        key,
        generation,
        answer,
    };
    update(&mut shop.world, late, now);
    assert_eq!(shop.world.delivery.listing, before);
}

#[test]
fn the_selection_stays_on_its_change_when_others_arrive() {
    let mut shop = stories::delivered();
    let mut s = screen(SIZE);
    let selected = |shop: &Shop, s: &mut Screen| {
        let picture = shown(shop, s);
        let mut rows = picture.lines().skip(3);
        let row = rows.find(|l| l.starts_with("│▸")).unwrap_or_default();
        row.to_owned()
    };
    press(&mut s, &mut shop, &["6", "down", "down"]);
    let before = selected(&shop, &mut s);
    assert!(before.contains("#4836"), "{before}");
    // Bots' changes come in between.
    press(&mut s, &mut shop, &["b", "t"]);
    assert!(selected(&shop, &mut s).contains("#4836"));
    press(&mut s, &mut shop, &["end", "home"]);
    assert!(selected(&shop, &mut s).contains("#4841"));
}

#[test]
fn tab_shows_the_parts_and_each_opens_its_rows() {
    let mut shop = stories::delivered();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["6", "tab"]);
    assert_eq!(asked(&shop).whose, service("checkout"));
    let picture = shown(&shop, &mut s);
    assert!(picture.contains("▸Queue  checkout"), "{picture}");
    assert!(picture.contains("! taken back by #4848"), "{picture}");
    assert!(picture.contains("v2.15.0 live since 13:58"), "{picture}");
    press(&mut s, &mut shop, &["t"]);
    assert!(shown(&shop, &mut s).contains("the time range is one of"));
    press(&mut s, &mut shop, &["down", "enter"]);
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("#4844 is taken back by #4848") && picture.contains("Its way"),
        "{picture}"
    );
    press(&mut s, &mut shop, &["esc", "tab"]);
    let production = target("checkout", "production");
    let dora = |days| Some(Look::Dora(production.clone(), days));
    assert_eq!(shop.world.delivery.look, dora(90));
    press(&mut s, &mut shop, &["t"]);
    assert_eq!(shop.world.delivery.look, dora(365));
    press(&mut s, &mut shop, &["t", "{"]);
    turn(&mut s, &mut shop);
    let staging = target("checkout", "staging");
    assert_eq!(shop.world.delivery.look, Some(Look::Dora(staging, 30)));
    press(&mut s, &mut shop, &["m"]);
    assert!(shown(&shop, &mut s).contains("whose changes are seen is chosen"));
    press(&mut s, &mut shop, &["tab"]);
    assert_eq!(asked(&shop).whose, people(&["maria"]));
}

#[test]
fn a_metric_opens_into_its_list_and_each_line_into_its_evidence() {
    let mut shop = stories::delivered();
    let mut s = screen(NARROW);
    press(&mut s, &mut shop, &["6", "shift-tab"]);
    let picture = shown(&shop, &mut s);
    assert!(picture.contains("1 open, oldest 7d"), "{picture}");
    for (steps, list, evidence) in [
        (0, "4 changes", "Deployment: evidence"),
        (1, "the longest first", "Change: receipt"),
        (2, "✖ open since 7d", "✖ open since 7d"),
        (3, "#4829 was reverted", "It failed"),
        (4, "rollback", "Deployment: evidence"),
    ] {
        press(&mut s, &mut shop, &["home"]);
        for _ in 0..steps {
            press(&mut s, &mut shop, &["down"]);
        }
        press(&mut s, &mut shop, &["enter"]);
        let picture = shown(&shop, &mut s);
        assert!(picture.contains(list), "{steps}: {picture}");
        press(&mut s, &mut shop, &["enter"]);
        let picture = shown(&shop, &mut s);
        assert!(picture.contains(evidence), "{steps}: {picture}");
        press(&mut s, &mut shop, &["esc", "esc"]);
        assert!(shown(&shop, &mut s).contains("week by week"));
    }
}

#[test]
fn rows_are_copied_and_their_pages_opened() {
    let mut shop = stories::delivered();
    let mut s = screen(SIZE);
    let copied = |intents: Vec<Intent>| match intents.as_slice() {
        [Intent::Copy(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    let text = copied(press(&mut s, &mut shop, &["6", "down", "y"]));
    assert_eq!(
        text,
        "#4833 new tax engine: live production 13m, lead time 2d 8h (waiting for a release 1d 1h) \
         https://github.com/acme/checkout/pull/4833"
    );
    let page = copied(press(&mut s, &mut shop, &["o"]));
    assert_eq!(page, "https://github.com/acme/checkout/pull/4833");
    let text = copied(press(&mut s, &mut shop, &["tab", "y"]));
    assert!(
        text.starts_with("#4841 new address form: waits for production for 2h"),
        "{text}"
    );
    let text = copied(press(&mut s, &mut shop, &["tab", "y"]));
    assert!(
        text.starts_with("checkout ▸ production deployment frequency: "),
        "{text}"
    );
    let page = copied(press(&mut s, &mut shop, &["enter", "o"]));
    assert_eq!(
        page,
        "https://github.com/acme/checkout/actions/runs/991/job/1"
    );
}

#[test]
fn the_receipt_says_what_is_not_known() {
    let mut shop = stories::delivered();
    let mut s = screen((200, 60));
    press(
        &mut s,
        &mut shop,
        &["6", "m", "m", "/", "4", "8", "3", "2", "enter", "enter"],
    );
    let picture = shown(&shop, &mut s);
    for words in [
        "none: its time is part of \"waiting for the merge\"",
        "the sum of its 4 stages, to the second",
        "there since Fri 21 Nov 13:58 by deployment 991 of v2.15.0",
        "revert: it takes a change back",
        "the pull request names its merge commit",
    ] {
        assert!(picture.contains(words), "{words}: {picture}");
    }
    let mut shop = stories::taken_back();
    let mut s = screen((200, 60));
    press(&mut s, &mut shop, &["6", "down", "enter"]);
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("▼ rolled back from production"),
        "{picture}"
    );
    assert!(
        picture.contains("▼ not there any longer: first shipped Fri 21 Nov 13:58"),
        "{picture}"
    );
}

#[test]
fn a_source_that_fails_leaves_what_is_kept_and_says_so() {
    let mut shop = stories::unread();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["6"]);
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("◌ stale 3m") && picture.contains("new tax engine"),
        "{picture}"
    );
    assert!(
        picture.contains("the server failed: down (502)"),
        "{picture}"
    );
    assert!(
        s.is_ticking(&shop.world, shop.now),
        "the next try is counted down"
    );
}

#[test]
fn an_arrow_costs_few_bytes_in_every_part() {
    for size in [NARROW, SIZE, (200, 60)] {
        for keys in [
            &["6"][..],
            &["6", "m", "m", "m"],
            &["6", "tab"],
            &["6", "shift-tab"],
            &["6", "shift-tab", "enter"],
            &["6", "shift-tab", "down", "enter"],
        ] {
            let mut shop = stories::delivered();
            let mut s = screen(size);
            press(&mut s, &mut shop, keys);
            let mut encoder = Encoder::new();
            let mut before = draw(&shop, &mut s);
            encoder.encode(None, &before);
            let mut costs = Vec::new();
            for key in ["down", "down", "up", "down", "up"] {
                press(&mut s, &mut shop, &[key]);
                let next = draw(&shop, &mut s);
                costs.push(encoder.encode(Some(&before), &next).len());
                before = next;
            }
            costs.sort_unstable();
            assert!(
                costs[costs.len() / 2] <= 130,
                "{size:?} {keys:?}: {costs:?}"
            );
        }
    }
}
