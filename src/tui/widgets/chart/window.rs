//! The chart's window of time: fixed, with a free quarter on the right into which the curve grows. When it is full,
//! the window jumps left by that quarter, once. So a tick changes a few cells and not the whole chart.

/// The state of the window; keep one beside each set of charts that share a time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Seconds of history that are always to be seen.
    range: i64,
    /// The window's first second, once there is one.
    start: Option<i64>,
}

impl Window {
    /// A window that always shows at least the last `range` seconds.
    pub fn new(range: i64) -> Self {
        Self {
            range: range.max(60),
            start: None,
        }
    }

    /// Seconds of history that are always to be seen.
    pub fn range(&self) -> i64 {
        self.range
    }

    /// Another range; the window starts anew.
    pub fn set_range(&mut self, range: i64) {
        *self = Self::new(range);
    }

    /// The window's first and last second for this moment (unix seconds). Moves only when the moment has left it.
    pub fn at(&mut self, now: i64) -> (i64, i64) {
        let quarter = self.quarter();
        let length = self.range.saturating_add(quarter);
        // A whole number of grid steps, so that labels keep their places over a jump.
        let grid = (self.range / 30).max(1);
        let fresh = |now: i64| now.saturating_sub(self.range).div_euclid(grid) * grid;
        let start = match self.start {
            Some(start) if now >= start && now < start.saturating_add(length) => start,
            Some(start) if now >= start && now < start.saturating_add(length + quarter) => {
                start + quarter
            }
            _ => fresh(now),
        };
        self.start = Some(start);
        (start, start.saturating_add(length))
    }

    /// The free part of a fresh window: a quarter of all.
    fn quarter(&self) -> i64 {
        self.range / 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_stands_until_full_and_jumps_once_by_a_quarter() {
        let mut window = Window::new(1_800);
        let first = window.at(1_000_000);
        assert_eq!(first.1 - first.0, 2_400);
        let free = first.1 - 1_000_000;
        assert!((540..=600).contains(&free), "{free}");
        for now in 1_000_000..first.1 {
            assert_eq!(window.at(now), first);
        }
        let second = window.at(first.1);
        assert_eq!(second, (first.0 + 600, first.1 + 600));
        assert_eq!(window.at(first.1 + 1), second);
    }

    #[test]
    fn after_a_long_sleep_or_a_step_back_it_starts_anew() {
        let mut window = Window::new(1_800);
        window.at(1_000_000);
        let (from, to) = window.at(2_000_000);
        assert!(from <= 2_000_000 - 1_800 && to > 2_000_000);
        let (from, to) = window.at(500_000);
        assert!(from <= 500_000 - 1_800 && to > 500_000);
    }

    proptest! {
        #[test]
        fn the_range_is_always_to_be_seen(range in 60i64..100_000, steps in prop::collection::vec(0i64..5_000, 1..60)) {
            let mut window = Window::new(range);
            let (mut now, mut before) = (1_700_000_000, None);
            for step in steps {
                now += step;
                let (from, to) = window.at(now);
                prop_assert!(now - from >= range && now <= to, "{from} {now} {to}");
                if before.is_some_and(|b| b != (from, to)) {
                    prop_assert!(to - now >= 1);
                }
                before = Some((from, to));
            }
        }
    }
}
