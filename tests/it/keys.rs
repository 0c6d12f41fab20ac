//! What keys do: the actions of the table, the form that confirms only an exact name, what a key that can't act says.

use flightdeck::app::effect::Write;
use flightdeck::app::flow::FlowOutcome;
use flightdeck::tui::decode::{InputEvent, Mouse, MouseKind};
use flightdeck::tui::routing::Intent;

use crate::canvas::{press, screen, shown, type_in};
use crate::stories::{self, target};

const SIZE: (u16, u16) = (120, 40);

#[test]
fn a_rollback_needs_the_exact_name_and_enter() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    for wrong in ["", "chec", "checkouts", "Checkout", "checkout "] {
        press(&mut s, &mut shop, &["ctrl-u"]);
        type_in(&mut s, &mut shop, wrong);
        press(&mut s, &mut shop, &["enter"]);
        assert!(
            shop.world.flows.is_empty() && shop.writes.is_empty(),
            "{wrong:?} confirmed"
        );
        assert!(
            shown(&shop, &mut s).contains("type `checkout` to confirm"),
            "{wrong:?}"
        );
    }
    press(&mut s, &mut shop, &["ctrl-u"]);
    type_in(&mut s, &mut shop, "checkout");
    assert!(shop.writes.is_empty(), "typing alone sent something");
    press(&mut s, &mut shop, &["enter"]);
    assert!(
        matches!(shop.writes.as_slice(), [(_, Write::OpenIntent { .. })]),
        "{:?}",
        shop.writes
    );
    assert!(shown(&shop, &mut s).contains("Rolling back checkout ▸ production  v2.15.0 → v2.14.0"));
}

#[test]
fn enter_acts_on_the_focused_field_only() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    type_in(&mut s, &mut shop, "checkout");
    // From the name over dry run, to, goes to the reason: none of them confirms.
    press(&mut s, &mut shop, &["tab", "enter"]);
    assert!(shown(&shop, &mut s).contains("nothing was sent"));
    press(&mut s, &mut shop, &["esc", "tab", "tab", "enter"]);
    assert!(shown(&shop, &mut s).contains("Changes that go"));
    press(&mut s, &mut shop, &["esc", "tab", "enter"]);
    assert!(shop.writes.is_empty() && shop.world.flows.is_empty());
    // Enter in the reason went on to the name, where it confirms.
    press(&mut s, &mut shop, &["enter"]);
    assert_eq!(shop.writes.len(), 1);
}

#[test]
fn without_a_reason_nothing_is_sent() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    type_in(&mut s, &mut shop, "checkout");
    press(&mut s, &mut shop, &["shift-tab", "ctrl-u", "tab", "enter"]);
    assert!(shop.writes.is_empty());
    assert!(shown(&shop, &mut s).contains("a rollback needs a reason"));
}

#[test]
fn letters_in_the_form_are_only_letters() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    for c in ('!'..='~').map(String::from) {
        assert_eq!(press(&mut s, &mut shop, &[&c]), [], "{c}");
    }
    assert!(shop.writes.is_empty());
    assert!(shown(&shop, &mut s).contains("Roll back checkout"));
    press(&mut s, &mut shop, &["esc"]);
    assert!(!shown(&shop, &mut s).contains("Roll back checkout"));
}

#[test]
fn another_version_is_chosen_and_forgotten_again() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    type_in(&mut s, &mut shop, "checkout");
    press(&mut s, &mut shop, &["tab", "tab", "right"]);
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("◂ v2.13.2") && picture.contains("(2 of 2)"),
        "{picture}"
    );
    // The name was typed for another plan: it has to be typed again.
    press(&mut s, &mut shop, &["shift-tab", "shift-tab", "enter"]);
    assert!(shop.writes.is_empty());
    press(&mut s, &mut shop, &["esc"]);
    let here = target("checkout", "production");
    assert_eq!(shop.world.envs[&here].wanted, None);
}

#[test]
fn a_plan_that_changes_under_the_hand_is_not_confirmed() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    type_in(&mut s, &mut shop, "checkout");
    let checkout = shop
        .overviews
        .get_mut("checkout")
        .unwrap()
        .as_mut()
        .unwrap();
    let done = flightdeck::domain::release::DeploymentState::Success;
    checkout.deployments[1].1[0].statuses.insert(
        0,
        flightdeck::domain::release::DeploymentStatus {
            state: done,
            at: shop.now.0,
            log_url: None,
            environment_url: None,
            description: None,
        },
    );
    shop.pass(15);
    press(&mut s, &mut shop, &["enter"]);
    assert!(shop.writes.is_empty(), "confirmed what was not shown");
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("the plan has changed meanwhile"),
        "{picture}"
    );
}

#[test]
fn progress_hides_shows_again_and_is_dismissed_at_its_end() {
    let mut shop = stories::rollback_running();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    assert!(shown(&shop, &mut s).contains("● 14:03:"));
    press(&mut s, &mut shop, &["esc"]);
    assert_eq!(shop.world.flows.len(), 1, "hiding ended it");
    assert!(shown(&shop, &mut s).contains("show the rollback"));

    let mut shop = stories::recovered();
    let flow = shop.world.flows.values().next().unwrap();
    assert_eq!(flow.outcome, Some(FlowOutcome::Recovered));
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    assert!(shown(&shop, &mut s).contains("RECOVERED in"));
    press(&mut s, &mut shop, &["esc"]);
    assert!(shop.world.flows.is_empty());
}

#[test]
fn after_a_rollback_the_next_one_goes_further_back_only_when_asked() {
    let mut shop = stories::recovered();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R", "esc", "R"]);
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("already done") && picture.contains("goes further back: v2.13.2"),
        "{picture}"
    );
    type_in(&mut s, &mut shop, "checkout");
    press(&mut s, &mut shop, &["enter"]);
    assert!(shop.writes.is_empty());
    press(&mut s, &mut shop, &["right"]);
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("v2.13.2  aaaaaaa") && picture.contains("to roll back:"),
        "{picture}"
    );
    press(&mut s, &mut shop, &["esc"]);
    assert_eq!(
        shop.world.envs[&target("checkout", "production")].wanted,
        None
    );
}

#[test]
fn a_second_rollback_is_never_offered_while_one_is_open() {
    let mut shop = stories::open_intent();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    type_in(&mut s, &mut shop, "checkout");
    let picture = shown(&shop, &mut s);
    assert!(
        picture.contains("is open") || !picture.contains("to roll back:"),
        "{picture}"
    );
    assert!(
        !shop
            .writes
            .iter()
            .any(|(_, w)| matches!(w, Write::OpenIntent { .. } | Write::Dispatch(_)))
    );
}

#[test]
fn q_asks_once_more_while_this_process_rolls_back() {
    let mut shop = stories::rollback_running();
    let mut s = screen(SIZE);
    assert_eq!(press(&mut s, &mut shop, &["q"]), []);
    assert!(
        shown(&shop, &mut s)
            .contains("flightdeck rollback resume --service checkout --env production")
    );
    assert_eq!(press(&mut s, &mut shop, &["esc"]), []);
    assert_eq!(press(&mut s, &mut shop, &["q", "enter"]), [Intent::Quit]);
    let mut shop = stories::bad_deploy();
    assert_eq!(press(&mut screen(SIZE), &mut shop, &["q"]), [Intent::Quit]);
}

#[test]
fn y_copies_the_equivalent_command() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    let copied = |intents: Vec<Intent>| match intents.as_slice() {
        [Intent::Copy(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    let line = copied(press(&mut s, &mut shop, &["y"]));
    assert!(
        line.starts_with("flightdeck rollback --service checkout --env production --to v2.14.0 --reason \"errors "),
        "{line}"
    );
    press(&mut s, &mut shop, &["R", "tab", "tab", "right"]);
    assert!(copied(press(&mut s, &mut shop, &["ctrl-y"])).contains("--to v2.13.2"));
    let mut shop = stories::idle();
    let line = copied(press(&mut screen(SIZE), &mut shop, &["y"]));
    assert_eq!(
        line,
        "flightdeck status --service checkout --env production"
    );
}

#[test]
fn a_refusal_says_why() {
    let mut shop = stories::read_only();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    assert!(shown(&shop, &mut s).contains("flightdeck was started with --read-only"));
    let mut shop = stories::no_rollback();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["R"]);
    assert!(shown(&shop, &mut s).contains("no rollback is configured for checkout ▸ production"));
}

#[test]
fn a_notice_takes_the_key_lines_place_for_a_while_and_is_kept_in_the_help() {
    let mut shop = stories::bad_token();
    let mut s = screen((120, 100));
    let last = |shop: &stories::Shop, s: &mut flightdeck::tui::screen::Screen| {
        shown(shop, s).lines().last().unwrap_or_default().to_owned()
    };
    assert!(last(&shop, &mut s).starts_with(" ✖ GitHub refused the token of github: set GH_TOKEN"));
    shop.now = flightdeck::domain::units::Now(shop.now.0 + jiff::SignedDuration::from_secs(11));
    assert!(last(&shop, &mut s).contains("q quit"));
    press(&mut s, &mut shop, &["?"]);
    let help = shown(&shop, &mut s);
    assert!(
        help.contains("GitHub refused the token of github"),
        "{help}"
    );
    assert!(help.contains("metrics.prom.url"), "{help}");
}

#[test]
fn services_and_environments_go_around() {
    let mut shop = stories::idle();
    let mut s = screen(SIZE);
    let focus = |shop: &stories::Shop| shop.world.focus.as_ref().unwrap().to_string();
    press(&mut s, &mut shop, &["]"]);
    assert_eq!(focus(&shop), "search ▸ production");
    press(&mut s, &mut shop, &["]", "]"]);
    assert_eq!(focus(&shop), "checkout ▸ production");
    press(&mut s, &mut shop, &["["]);
    assert_eq!(focus(&shop), "payments ▸ production");
    press(&mut s, &mut shop, &["{"]);
    assert_eq!(focus(&shop), "payments ▸ staging");
    press(&mut s, &mut shop, &["}"]);
    assert_eq!(focus(&shop), "payments ▸ production");
}

#[test]
fn a_frozen_display_stands_still_and_says_so() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["f"]);
    let before = shown(&shop, &mut s);
    assert!(before.contains("FROZEN 14:03:10"));
    shop.pass(60);
    assert_eq!(shown(&shop, &mut s), before);
    press(&mut s, &mut shop, &["f"]);
    assert!(shown(&shop, &mut s).contains("14:04:10"));
}

#[test]
fn zoom_ranges_themes_and_the_hint() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    press(&mut s, &mut shop, &["tab", "z"]);
    let picture = shown(&shop, &mut s);
    assert!(picture.contains("Errors") && !picture.contains("Latency"));
    press(&mut s, &mut shop, &["esc", "t"]);
    assert!(shown(&shop, &mut s).contains("range 1h"));
    press(&mut s, &mut shop, &["-", "-", "-"]);
    assert!(shown(&shop, &mut s).contains("range 6h"));
    press(&mut s, &mut shop, &["+"]);
    assert!(shown(&shop, &mut s).contains("range 3h"));
    press(&mut s, &mut shop, &["r"]);
    assert!(shown(&shop, &mut s).contains("r is no key here"));
    press(&mut s, &mut shop, &["T"]);
    assert!(shown(&shop, &mut s).contains("theme "));
    assert_eq!(press(&mut s, &mut shop, &["f5"]), [Intent::Repaint]);
}

#[test]
fn o_shows_and_copies_the_address_where_there_is_no_browser() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    let url = "https://github.com/acme/checkout/actions/runs/991".to_owned();
    assert_eq!(
        press(&mut s, &mut shop, &["o"]),
        [Intent::Copy(url.clone())]
    );
    assert!(shown(&shop, &mut s).contains(&url));
    // No address that a browser should not be given.
    if let Some(Ok(run)) = &mut shop.run {
        run.run.url = flightdeck::domain::text::Safe::new("javascript:alert(1)");
    }
    shop.pass(10);
    assert_eq!(press(&mut s, &mut shop, &["o"]), []);
}

#[test]
fn a_click_focuses_and_the_help_lists_every_action() {
    let mut shop = stories::bad_deploy();
    let mut s = screen(SIZE);
    let click = InputEvent::Mouse(Mouse {
        kind: MouseKind::Click,
        column: 100,
        row: 30,
    });
    s.on_input(&click, &shop.world, shop.now);
    assert!(shown(&shop, &mut s).contains("▸Calendar"));
    let mut s = screen((120, 100));
    press(&mut s, &mut shop, &["?"]);
    let help = shown(&shop, &mut s);
    for id in flightdeck::app::action::ActionId::ALL {
        let first: String = id.row().doc.chars().take(20).collect();
        assert!(help.contains(&first), "{first}");
    }
}
