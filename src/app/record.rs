//! The ledger as a person reads it: older rows than the program itself needs, and whether the chain of hashes holds. Asked for
//! only while somebody looks.

use crate::app::world::World;
use crate::domain::fetched::Fetched;
use crate::domain::ledger::{Chain, Row};
use crate::domain::text::Safe;

/// The most older rows that are kept; who wants more has `flightdeck ledger list`.
pub const MOST: usize = 20_000;

/// What a person asks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordAsk {
    /// Somebody looks.
    Open,
    /// Nobody looks any longer.
    Close,
    /// Rows before the oldest one that is there.
    Older,
}

/// What is known of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Whether somebody looks.
    pub open: bool,
    /// Rows before those of the ledger's slice, in order of their numbers.
    pub older: Vec<Row>,
    /// Rows that can't be read: their numbers, and why.
    pub unreadable: Vec<(u64, Safe)>,
    /// Rows before this number are asked for.
    pub wanted: Option<u64>,
    /// Whether there is nothing before the oldest row that is there.
    pub ended: bool,
    /// Whether the rows are as recorded.
    pub chain: Fetched<Chain>,
}

impl Record {
    /// Whether rows before `first` can still be had.
    pub fn has_more(&self, first: u64) -> bool {
        first > 1 && !self.ended && self.older.len() < MOST
    }
}

/// The number of the oldest row that is there; none while there is no row.
pub fn first(world: &World) -> Option<u64> {
    let kept = world.record.older.first().or(world.ledger.rows.first());
    let unreadable = world.record.unreadable.iter().map(|(seq, _)| *seq).min();
    match (kept.map(|r| r.seq), unreadable) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
