//! Bars of eighth blocks, one a value: a trend in a line, or a small chart of some rows.

/// What stands where there is no bar.
const NONE: char = '·';
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The bars in so many rows, the uppermost first; each value has `wide` columns, from two on the last one is a gap. The highest value has all the height; nothing, and
/// what is not known, is a point.
pub fn bars(values: &[Option<f64>], rows: usize, wide: usize) -> Vec<String> {
    let highest = values.iter().flatten().copied().fold(0.0, f64::max);
    let steps: Vec<usize> = values
        .iter()
        .map(|value| match value {
            Some(v) if *v > 0.0 && highest > 0.0 => steps(*v / highest, rows * 8),
            _ => 0,
        })
        .collect();
    let row = |below: usize| {
        let cell = |steps: &usize| match steps.saturating_sub(below * 8) {
            0 if below == 0 => NONE,
            0 => ' ',
            n => EIGHTHS.get(n.min(8) - 1).copied().unwrap_or(' '),
        };
        let (bar, gap) = if wide > 1 { (wide - 1, 1) } else { (wide, 0) };
        let cells = steps.iter().map(cell);
        cells
            .flat_map(|c| std::iter::repeat_n(c, bar).chain(std::iter::repeat_n(' ', gap)))
            .collect::<String>()
    };
    (0..rows).rev().map(row).collect()
}

/// The bars in one row, a column each.
pub fn spark(values: &[Option<f64>]) -> String {
    bars(values, 1, 1).pop().unwrap_or_default()
}

/// A share of the height in steps: whatever is more than nothing is seen.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of at most some hundred steps"
)]
fn steps(share: f64, most: usize) -> usize {
    ((share.clamp(0.0, 1.0) * most as f64).round() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_highest_has_all_the_height_and_nothing_is_a_point() {
        let values = [Some(0.0), Some(1.0), None, Some(4.0), Some(8.0)];
        assert_eq!(spark(&values), "·▁·▄█");
        assert_eq!(bars(&values, 2, 1), ["    █", "·▂·██"]);
        assert_eq!(bars(&values[3..], 1, 2), ["▄ █ "]);
        assert_eq!(spark(&[]), "");
        assert_eq!(
            spark(&[Some(f64::NAN), Some(f64::INFINITY)])
                .chars()
                .count(),
            2
        );
    }

    proptest! {
        #[test]
        fn every_row_has_a_column_for_each_value(
            values in prop::collection::vec(prop::option::of(any::<f64>()), 0..60),
            rows in 0usize..6,
            wide in 1usize..4,
        ) {
            let drawn = bars(&values, rows, wide);
            prop_assert_eq!(drawn.len(), rows);
            for row in drawn {
                prop_assert_eq!(row.chars().count(), values.len() * wide);
            }
        }
    }
}
