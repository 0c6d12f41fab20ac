//! Half-open stretches of time `[start, end)` and their set algebra.

use jiff::Timestamp;

/// From `start` on, up to but without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// The first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Interval {
    /// Whether `at` lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// The union: in order, no two touch. Empty ones vanish.
pub fn union(mut all: Vec<Interval>) -> Vec<Interval> {
    all.retain(|i| i.start < i.end);
    all.sort_unstable();
    let mut out: Vec<Interval> = Vec::with_capacity(all.len());
    for next in all {
        match out.last_mut() {
            Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
            _ => out.push(next),
        }
    }
    out
}

/// What of `from` is not in `minus`; both as [`union`] gives them.
pub fn without(from: &[Interval], minus: &[Interval]) -> Vec<Interval> {
    let mut out = Vec::new();
    let mut cuts = minus.iter().peekable();
    for &Interval { mut start, end } in from {
        while cuts.next_if(|cut| cut.end <= start).is_some() {}
        // A cut may reach into the next stretch, so it is only passed once it ends before that.
        for cut in cuts.clone().take_while(|cut| cut.start < end) {
            if start < cut.start {
                out.push(Interval {
                    start,
                    end: cut.start,
                });
            }
            start = cut.end;
        }
        if start < end {
            out.push(Interval { start, end });
        }
    }
    out
}

/// The one that holds `at`, if any.
pub fn holding(all: &[Interval], at: Timestamp) -> Option<Interval> {
    all.iter().copied().find(|i| i.contains(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn i(start: i64, end: i64) -> Interval {
        let at = |s| Timestamp::from_second(s).unwrap();
        Interval {
            start: at(start),
            end: at(end),
        }
    }

    #[test]
    fn touching_stretches_are_one_and_empty_ones_none() {
        assert_eq!(
            union(vec![i(5, 7), i(1, 3), i(3, 4), i(9, 9), i(6, 8)]),
            [i(1, 4), i(5, 8)]
        );
    }

    #[test]
    fn a_cut_may_reach_over_several() {
        assert_eq!(
            without(
                &[i(0, 10), i(20, 30), i(40, 50)],
                &[i(2, 3), i(8, 22), i(45, 60)]
            ),
            [i(0, 2), i(3, 8), i(22, 30), i(40, 45)]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn sets_hold_what_their_members_hold(
            a in proptest::collection::vec((0_i64..60, 0_i64..20), 0..8),
            b in proptest::collection::vec((0_i64..60, 0_i64..20), 0..8),
        ) {
            let make = |v: &[(i64, i64)]| union(v.iter().map(|(s, l)| i(*s, s + l)).collect());
            let left = without(&make(&a), &make(&b));
            let inside = |v: &[(i64, i64)], t: i64| v.iter().any(|(s, l)| *s <= t && t < s + l);
            for t in 0..90 {
                let at = Timestamp::from_second(t).unwrap();
                prop_assert_eq!(holding(&left, at).is_some(), inside(&a, t) && !inside(&b, t));
            }
        }
    }
}
