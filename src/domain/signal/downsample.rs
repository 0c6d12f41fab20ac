//! Fewer points for a chart, without losing peaks or gaps: at most two points a column.

/// A point of a series; `None` is a gap.
pub type Point = (i64, Option<f64>);

/// Reduces `points` (in order of time) to at most two a column, over `columns` columns of equal time. A column keeps its
/// smallest and largest value, in order of time; one with a gap inside keeps the gap and its largest value (a peak and a
/// gap are what must be seen). Values that are not finite count as gaps.
pub fn min_max(points: &[Point], columns: usize) -> Vec<Point> {
    let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else {
        return Vec::new();
    };
    if columns == 0 {
        return Vec::new();
    }
    if points.len() <= columns.saturating_mul(2) {
        return points.iter().map(|p| clean(*p)).collect();
    }
    let span = (i128::from(*last) - i128::from(*first) + 1).max(1);
    let mut out = Vec::with_capacity(columns.saturating_mul(2));
    let mut open = Column::default();
    let mut open_at = 0;
    for point in points {
        let offset = i128::from(point.0) - i128::from(*first);
        let at = offset.saturating_mul(columns as i128) / span;
        if at != open_at {
            std::mem::take(&mut open).close(&mut out);
            open_at = at;
        }
        open.add(clean(*point));
    }
    open.close(&mut out);
    out
}

fn clean((t, value): Point) -> Point {
    (t, value.filter(|v| v.is_finite()))
}

#[derive(Debug, Default)]
struct Column {
    least: Option<(i64, f64)>,
    most: Option<(i64, f64)>,
    gap: Option<i64>,
}

impl Column {
    fn add(&mut self, (t, value): Point) {
        let Some(v) = value else {
            self.gap.get_or_insert(t);
            return;
        };
        if self.least.is_none_or(|(_, least)| v < least) {
            self.least = Some((t, v));
        }
        if self.most.is_none_or(|(_, most)| v > most) {
            self.most = Some((t, v));
        }
    }

    fn close(self, out: &mut Vec<Point>) {
        let mut pair = match (self.least, self.most, self.gap) {
            (_, Some((t, v)), Some(gap)) => vec![(gap, None), (t, Some(v))],
            (Some(least), Some(most), None) if least.0 != most.0 => {
                vec![(least.0, Some(least.1)), (most.0, Some(most.1))]
            }
            (_, Some((t, v)), None) => vec![(t, Some(v))],
            (_, None, Some(gap)) => vec![(gap, None)],
            (_, None, None) => return,
        };
        pair.sort_by_key(|(t, _)| *t);
        out.append(&mut pair);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_points_stay_as_they_are() {
        let points = [(0, Some(1.0)), (15, None), (30, Some(f64::NAN))];
        assert_eq!(
            min_max(&points, 2),
            vec![(0, Some(1.0)), (15, None), (30, None)]
        );
        assert_eq!(min_max(&[], 5), vec![]);
        assert_eq!(min_max(&points, 0), vec![]);
    }

    proptest! {
        #[test]
        fn peaks_and_gaps_survive(
            values in prop::collection::vec(prop::option::weighted(0.8, 0.0..1e6f64), 1..400),
            columns in 1usize..60,
        ) {
            let points: Vec<Point> = (0i64..).zip(&values).map(|(i, v)| (i * 15, *v)).collect();
            let out = min_max(&points, columns);
            prop_assert!(out.len() <= columns * 2 || out.len() == points.len());
            prop_assert!(out.windows(2).all(|w| w[0].0 <= w[1].0));
            let peak = |ps: &[Point]| ps.iter().filter_map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((peak(&out) - peak(&points)).abs() < 1e-9 || peak(&points) == f64::NEG_INFINITY);
            prop_assert_eq!(points.iter().any(|p| p.1.is_none()), out.iter().any(|p| p.1.is_none()));
            prop_assert!(out.iter().all(|p| points.contains(p)));
        }
    }
}
