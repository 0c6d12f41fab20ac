//! The counters of one group of pods (a version on a track): running totals by scrape, made when they are asked for, forwards and backwards
//! from an anchor, and kept, so that a range costs what it spans and not what came before it.

use super::num;
use super::traffic::{COUNTERS, Growth};

/// Totals of one group of pods.
#[derive(Debug, Clone)]
pub(crate) struct Counters {
    /// The tick at which the totals are `base`.
    anchor: i64,
    base: [u64; COUNTERS],
    /// What was added from the anchor until each later tick.
    after: Vec<Growth>,
    /// What was added from each earlier tick until the anchor.
    before: Vec<Growth>,
}

fn add(sum: &Growth, more: &Growth) -> Growth {
    let mut out = *sum;
    for (cell, n) in out.iter_mut().zip(more) {
        *cell = cell.saturating_add(*n);
    }
    out
}

impl Counters {
    /// Totals that are `base` at a tick.
    pub(crate) fn new(anchor: i64, base: [u64; COUNTERS]) -> Self {
        Self {
            anchor,
            base,
            after: Vec::new(),
            before: Vec::new(),
        }
    }

    /// Makes sure that the totals of all ticks in a range (both ends included) are known; `grow` tells what is added in a tick.
    pub(crate) fn ensure(&mut self, from: i64, to: i64, mut grow: impl FnMut(i64) -> Growth) {
        while self.anchor + signed(self.after.len()) < to {
            let more = grow(self.anchor + signed(self.after.len()));
            let sum = self.after.last().map_or(more, |s| add(s, &more));
            self.after.push(sum);
        }
        while self.anchor - signed(self.before.len()) > from {
            let more = grow(self.anchor - signed(self.before.len()) - 1);
            let sum = self.before.last().map_or(more, |s| add(s, &more));
            self.before.push(sum);
        }
    }

    /// A counter's total at a tick; 0 where it is not known.
    pub(crate) fn total(&self, tick: i64, counter: usize) -> u64 {
        let base = self.base.get(counter).copied().unwrap_or(0);
        let cell = |list: &[Growth], n: i64| {
            let growth = num::position(n).and_then(|n| list.get(n));
            u64::from(growth.and_then(|g| g.get(counter)).copied().unwrap_or(0))
        };
        match tick - self.anchor {
            0 => base,
            ahead @ 1.. => base + cell(&self.after, ahead - 1),
            behind => base.saturating_sub(cell(&self.before, -behind - 1)),
        }
    }
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grow(tick: i64) -> Growth {
        let mut g = [0; COUNTERS];
        g[0] = u32::try_from(tick.rem_euclid(7)).unwrap();
        g
    }

    #[test]
    fn totals_are_the_same_in_whatever_order_they_are_made() {
        let mut one = Counters::new(100, [1_000; COUNTERS]);
        one.ensure(50, 150, grow);
        let mut two = Counters::new(100, [1_000; COUNTERS]);
        for tick in [120, 90, 150, 50] {
            two.ensure(tick, tick, grow);
        }
        let mut last = 0;
        for tick in 50..=150 {
            assert_eq!(one.total(tick, 0), two.total(tick, 0));
            assert!(one.total(tick, 0) >= last);
            last = one.total(tick, 0);
        }
        assert_eq!(one.total(101, 0) - one.total(100, 0), 100 % 7);
        assert_eq!(one.total(100, 0) - one.total(99, 0), 99 % 7);
    }
}
