//! The scales of a chart: round ticks for values, whole steps for times.

/// The y axis: from zero to a round number above all values.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The value at the upper edge; above zero.
    pub top: f64,
    /// Where labels stand, from zero up.
    pub ticks: Vec<f64>,
}

impl Axis {
    /// An axis for values of zero and more in this many rows; negative values are drawn at zero.
    pub fn new(values: impl IntoIterator<Item = f64>, rows: usize) -> Self {
        let highest = values
            .into_iter()
            .filter(|v| v.is_finite())
            .fold(0.0, f64::max)
            .min(1e300);
        if highest <= f64::MIN_POSITIVE {
            return Self {
                top: 1.0,
                ticks: vec![0.0],
            };
        }
        // About one label every third row, at least the two ends.
        let wanted = (rows / 3).clamp(1, 4);
        let step = round_up(highest / wanted as f64);
        let steps = (1..=wanted)
            .find(|n| *n as f64 * step >= highest * (1.0 - 1e-9))
            .unwrap_or(wanted);
        let ticks: Vec<f64> = (0..=steps).map(|n| n as f64 * step).collect();
        Self {
            top: steps as f64 * step,
            ticks,
        }
    }

    /// The share of the height of a value, 0 at the bottom and 1 at the top; what lies outside is moved to the edge.
    pub fn share(&self, value: f64) -> f64 {
        (value / self.top).clamp(0.0, 1.0)
    }

    /// The row of a value among `rows`, from the top.
    pub fn row(&self, value: f64, rows: u16) -> u16 {
        let dots = usize::from(rows) * 4;
        let from_top = (dots.saturating_sub(1)).saturating_sub(self.dot(value, dots)) / 4;
        u16::try_from(from_top)
            .unwrap_or(0)
            .min(rows.saturating_sub(1))
    }

    /// The dot of a value among `dots`, from the bottom.
    pub fn dot(&self, value: f64, dots: usize) -> usize {
        let last = dots.saturating_sub(1);
        index(
            (self.share(value) * last as f64 + 0.5) / dots.max(1) as f64,
            dots,
        )
    }
}

/// Which of `count` equal parts a share of the whole (0 to 1) falls into.
pub fn index(share: f64, count: usize) -> usize {
    let last = count.saturating_sub(1);
    if !share.is_finite() || share <= 0.0 {
        return 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "above zero, and cut to the count"
    )]
    let at = (share.min(1.0) * count as f64) as usize;
    at.min(last)
}

/// The next of 1, 2, 2.5, 5, 10 times a power of ten that is not below `value`.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let lead = value / power;
    let round = [1.0, 2.0, 2.5, 5.0]
        .into_iter()
        .find(|r| lead <= r * (1.0 + 1e-9))
        .unwrap_or(10.0);
    round * power
}

/// Seconds between two time labels: a round step that leaves each label about twice its room.
pub fn time_step(seconds: i64, columns: u16) -> i64 {
    const STEPS: [i64; 16] = [
        60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
        172_800, 604_800, 2_592_000,
    ];
    let labels = i64::from(columns / 12).max(1);
    let least = seconds / labels;
    STEPS
        .into_iter()
        .find(|s| *s >= least)
        .unwrap_or(31_536_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(Axis::new([2.33], 6).ticks, [0.0, 2.0, 4.0]);
        assert_eq!(Axis::new([412.0], 6).ticks, [0.0, 250.0, 500.0]);
        assert_eq!(
            Axis::new([0.0], 6),
            Axis {
                top: 1.0,
                ticks: vec![0.0]
            }
        );
        assert_eq!(Axis::new([0.9], 2).ticks, [0.0, 1.0]);
        assert_eq!(Axis::new([1.0], 20).ticks, [0.0, 0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn values_find_their_rows() {
        let axis = Axis::new([4.0], 6);
        assert_eq!(
            (
                axis.row(4.0, 6),
                axis.row(0.0, 6),
                axis.row(-3.0, 6),
                axis.row(1e9, 6)
            ),
            (0, 5, 5, 0)
        );
        assert_eq!(
            (axis.dot(0.0, 24), axis.dot(4.0, 24), axis.dot(2.0, 24)),
            (0, 23, 12)
        );
    }

    #[test]
    fn time_steps_leave_room() {
        assert_eq!(time_step(2_400, 60), 600);
        assert_eq!(time_step(2_400, 30), 1_200);
        assert_eq!(time_step(86_400, 100), 10_800);
    }

    proptest! {
        #[test]
        fn the_axis_holds_every_value(values in prop::collection::vec(any::<f64>(), 0..20), rows in 0usize..100) {
            let axis = Axis::new(values.iter().copied(), rows);
            prop_assert!(axis.top > 0.0 && axis.ticks.len() <= 5);
            for v in values.iter().filter(|v| v.is_finite() && **v < 1e299) {
                prop_assert!(*v <= axis.top * 1.000_001, "{v} above {}", axis.top);
            }
        }
    }
}
