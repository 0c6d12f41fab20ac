//! The ledger's stories: a rollback, sign-offs and older rows; the same with a broken chain.

use flightdeck::app::msg::Msg;
use flightdeck::domain::ledger::{Chain, Draft, GENESIS, Row};
use flightdeck::domain::text::Safe;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::shop::Shop;
use super::tales::recovered;

fn draft(at: Timestamp, kind: &str, who: (&str, bool), body: Value) -> Draft {
    Draft {
        at,
        kind: kind.to_owned(),
        who: who.0.to_owned(),
        who_verified: who.1,
        service: "checkout".parse().unwrap(),
        environment: "production".parse().unwrap(),
        body,
    }
}

/// What was recorded on the days before.
fn before(shop: &Shop) -> Vec<Row> {
    let day = |n: i64| shop.now.0 - SignedDuration::from_hours(24 * n);
    let sha = "a".repeat(40);
    let drafts = [
        draft(
            day(340),
            "note.made",
            ("old-hand", false),
            json!({"note": "the ledger begins"}),
        ),
        draft(
            day(3),
            "gate.signoff",
            ("noor", true),
            json!({"gate": "uat", "slot": "@noor", "sha": sha, "version": "v2.14.0", "answer": "yes", "reason": "tested on staging"}),
        ),
        draft(
            day(1),
            "gate.signoff",
            ("kim", false),
            json!({"gate": "product", "slot": null, "sha": sha, "version": "v2.14.0", "answer": "no", "reason": "prices are wrong"}),
        ),
    ];
    let rows = drafts.into_iter().zip(1..);
    rows.map(|(d, seq)| Row {
        seq,
        at: d.at,
        kind: d.kind,
        who: d.who,
        who_verified: d.who_verified,
        service: d.service,
        environment: d.environment,
        body: d.body,
        prev: GENESIS.to_owned(),
        hash: format!("{seq:064x}"),
    })
    .collect()
}

/// A rollback that recovered, and what was recorded on the days before it.
pub(crate) fn recorded() -> Shop {
    let mut shop = recovered();
    shop.older = before(&shop);
    let shift = shop.older.len() as u64;
    for row in &mut shop.rows {
        row.seq += shift;
        row.prev = format!("{:064x}", row.seq - 1);
        row.hash = format!("{:064x}", row.seq);
    }
    shop.tell(Msg::LedgerChanged);
    shop.pass(60);
    shop
}

/// The same, but somebody changed a row.
pub(crate) fn broken_chain() -> Shop {
    let mut shop = recorded();
    shop.chain = Some(Chain {
        ok: false,
        rows: 5,
        broken_at: Some(6),
        reason: Some(Safe::new("its hash is not that of its contents")),
    });
    shop
}

/// The ledger can't be read.
pub(crate) fn unreadable() -> Shop {
    let mut shop = recorded();
    shop.world.ledger.rows.clear();
    shop.world.ledger.fault = Some(super::shop::fault(
        "row 9 of the ledger can't be read: body: expected value at line 1 column 1",
        flightdeck::domain::fetched::FaultKind::Internal,
        shop.now.0,
    ));
    shop
}

/// Everything that the ledger and the calendar hold is hostile.
pub(crate) fn hostile_record() -> Shop {
    let text = super::shop::hostile();
    let mut shop = recorded();
    shop.world.calendar = super::calendar::calendar();
    for rule in &mut shop.world.calendar.rules {
        rule.reason = Safe::new(&text);
        rule.place = Safe::new(&text);
        rule.hard = true;
    }
    for plan in &mut shop.world.calendar.plans {
        plan.version = Safe::new(&text);
    }
    for row in &mut shop.rows {
        row.who.clone_from(&text);
        row.body = json!({"reason": text, "x": [text, {"y": text}], "result": text, "run": text});
        row.hash.clone_from(&text);
    }
    if let Some(row) = shop.rows.last_mut() {
        row.kind = text;
    }
    shop.tell(Msg::LedgerChanged);
    shop.pass(60);
    shop
}
