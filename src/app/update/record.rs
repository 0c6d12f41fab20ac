//! The ledger as a person reads it: what is asked while somebody looks, and what comes of it.

use super::answers::settle;
use crate::app::effect::EffectKey;
use crate::app::record::{RecordAsk, first};
use crate::app::schedule::Wanted;
use crate::app::world::World;
use crate::domain::fetched::Fault;
use crate::domain::ledger::{Chain, Older, Row};
use crate::domain::units::Now;

/// A chain that nobody appends to is looked at again after this time: files change without a row, too.
const AGAIN: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// A person looks, no longer looks, or wants older rows.
pub(super) fn ask(world: &mut World, ask: RecordAsk) {
    match ask {
        RecordAsk::Open => world.record.open = true,
        RecordAsk::Close => {
            // What was read for a look is read anew for the next one: memory is for what is seen.
            world.record = crate::app::record::Record {
                chain: std::mem::take(&mut world.record.chain),
                ..Default::default()
            };
        }
        RecordAsk::Older => {
            let first = first(world).unwrap_or(u64::MAX);
            if world.record.open && world.record.has_more(first) {
                world.record.wanted = Some(first);
            }
        }
    }
}

/// The questions of a look.
pub(super) fn wanted(world: &World, list: &mut Vec<Wanted>) {
    if !world.record.open {
        return;
    }
    list.push(Wanted {
        key: EffectKey::Chain(world.ledger.rows.last().map(|r| r.seq)),
        every: Some(AGAIN),
    });
    if let Some(before) = world.record.wanted {
        list.push(Wanted {
            key: EffectKey::OlderRows(before),
            every: None,
        });
    }
}

/// The chain was looked at.
pub(super) fn chain(world: &mut World, key: &EffectKey, result: Result<Chain, Fault>, now: Now) {
    let result = settle(world, key, result, now);
    match result {
        Ok(chain) => world.record.chain.receive(chain, now.0),
        Err(fault) => world.record.chain.fail(fault),
    }
}

/// Older rows were read.
pub(super) fn older(world: &mut World, key: &EffectKey, result: Result<Older, Fault>, now: Now) {
    let Ok(page) = settle(world, key, result, now) else {
        return;
    };
    world.record.wanted = None;
    let before = first(world).unwrap_or(u64::MAX);
    let mut rows: Vec<Row> = page.rows.into_iter().filter(|r| r.seq < before).collect();
    rows.append(&mut world.record.older);
    world.record.older = rows;
    let unreadable = page.unreadable.into_iter().filter(|(seq, _)| *seq < before);
    world.record.unreadable.extend(unreadable);
}

/// New rows push the oldest out of the ledger's slice: while somebody looks, they stay.
pub(super) fn keep(world: &mut World, rows: &[Row]) {
    let Some(first) = rows.first().map(|r| r.seq) else {
        return;
    };
    if !world.record.open {
        return;
    }
    let last = world.record.older.last().map_or(0, |r| r.seq);
    let pushed = world.ledger.rows.iter();
    let pushed: Vec<Row> = pushed
        .filter(|r| r.seq < first && r.seq > last)
        .cloned()
        .collect();
    world.record.older.extend(pushed);
    world.record.older.retain(|r| r.seq < first);
}
