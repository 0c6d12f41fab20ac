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
    world.record.ended = page.rows.is_empty() && page.unreadable.is_empty();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::effect::{Effect, Fetch};
    use crate::app::msg::{Answer, Msg};
    use crate::app::testing::{at, send, target, world};
    use crate::domain::text::Safe;

    fn row(seq: u64) -> Row {
        let target = target();
        Row {
            seq,
            at: at(0),
            kind: "note.made".to_owned(),
            who: "ana".to_owned(),
            who_verified: true,
            service: target.service,
            environment: target.env,
            body: serde_json::json!({}),
            prev: String::new(),
            hash: String::new(),
        }
    }

    fn rows(seqs: std::ops::Range<u64>) -> Vec<Row> {
        seqs.map(row).collect()
    }

    fn asked(effects: &[Effect], wanted: impl Fn(&EffectKey) -> bool) -> Option<(EffectKey, u64)> {
        effects.iter().find_map(|e| match e {
            Effect::Fetch {
                key, generation, ..
            } if wanted(key) => Some((key.clone(), *generation)),
            _ => None,
        })
    }

    fn answer(
        world: &mut World,
        (key, generation): (EffectKey, u64),
        answer: Answer,
    ) -> Vec<Effect> {
        let msg = Msg::Answer {
            key,
            generation,
            answer,
        };
        send(world, 1, msg)
    }

    fn seqs(world: &World) -> Vec<u64> {
        let all = world.record.older.iter().chain(&world.ledger.rows);
        all.map(|r| r.seq).collect()
    }

    #[test]
    fn the_chain_is_looked_at_only_while_somebody_looks_and_anew_with_each_row() {
        let mut world = world();
        let is_chain = |k: &EffectKey| matches!(k, EffectKey::Chain(_));
        let effects = send(&mut world, 0, Msg::Tick);
        assert_eq!(asked(&effects, is_chain), None);
        let first = asked(&send(&mut world, 0, Msg::Record(RecordAsk::Open)), is_chain).unwrap();
        assert_eq!(first.0, EffectKey::Chain(None));
        let chain = Chain {
            ok: false,
            rows: 4,
            broken_at: Some(5),
            reason: Some(Safe::new("cut")),
        };
        answer(&mut world, first, Answer::Chain(Ok(chain.clone())));
        assert_eq!(world.record.chain.value(), Some(&chain));
        world.ledger.rows = rows(7..9);
        let effects = send(&mut world, 2, Msg::Tick);
        assert_eq!(
            asked(&effects, is_chain).unwrap().0,
            EffectKey::Chain(Some(8))
        );
        let effects = send(&mut world, 3, Msg::Record(RecordAsk::Close));
        assert!(effects.contains(&Effect::Cancel(EffectKey::Chain(Some(8)))));
    }

    #[test]
    fn older_rows_come_before_the_others_once_and_end() {
        let mut world = world();
        let is_older = |k: &EffectKey| matches!(k, EffectKey::OlderRows(_));
        world.ledger.rows = rows(7..9);
        // Nobody looks: nothing is read.
        let effects = send(&mut world, 0, Msg::Record(RecordAsk::Older));
        assert_eq!(asked(&effects, is_older), None);
        send(&mut world, 0, Msg::Record(RecordAsk::Open));
        let effects = send(&mut world, 0, Msg::Record(RecordAsk::Older));
        assert!(effects.iter().any(|e| matches!(
            e,
            Effect::Fetch {
                what: Fetch::OlderRows { before: 7 },
                ..
            }
        )));
        let key = asked(&effects, is_older).unwrap();
        let page = Older {
            rows: rows(3..8),
            unreadable: vec![(2, Safe::new("no"))],
        };
        answer(&mut world, key, Answer::OlderRows(Ok(page)));
        assert_eq!(seqs(&world), [3, 4, 5, 6, 7, 8]);
        let effects = send(&mut world, 2, Msg::Record(RecordAsk::Older));
        let key = asked(&effects, is_older).unwrap();
        assert_eq!(key.0, EffectKey::OlderRows(2));
        answer(&mut world, key, Answer::OlderRows(Ok(Older::default())));
        // There is nothing before it: it is not asked again.
        let effects = send(&mut world, 3, Msg::Record(RecordAsk::Older));
        assert_eq!(asked(&effects, is_older), None);
        assert!(world.record.ended);
    }

    #[test]
    fn rows_that_new_ones_push_out_stay_while_somebody_looks() {
        let mut world = world();
        world.ledger.rows = rows(3..6);
        keep(&mut world, &rows(5..8));
        assert!(world.record.older.is_empty());
        world.record.open = true;
        keep(&mut world, &rows(5..8));
        world.ledger.rows = rows(5..8);
        assert_eq!(seqs(&world), [3, 4, 5, 6, 7]);
    }
}
