//! Rows of columns. Each column has a least and a wished width and a rank; where there is no room, the columns of the
//! lowest rank vanish first, the others shrink to their least width.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text;

/// A column's wishes, in terminal columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub least: u16,
    pub wished: u16,
    /// Higher stays longer.
    pub rank: u8,
    /// Numbers and ages stand on the right.
    pub right: bool,
}

impl Column {
    /// A column of text, which stands on the left.
    pub const fn new(least: u16, wished: u16, rank: u8) -> Self {
        Self {
            least,
            wished,
            rank,
            right: false,
        }
    }
}

/// Columns between two columns.
const GAP: u16 = 2;

/// The place of each column within `width`: offset and width, or nothing where the column vanished.
/// The first column of the highest rank takes what is left over.
pub fn layout(columns: &[Column], width: u16) -> Vec<Option<(u16, u16)>> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let column = |i: usize| columns.get(i).copied();
    let least = |shown: &[usize]| -> u32 {
        let gaps =
            u32::from(GAP) * u32::try_from(shown.len().saturating_sub(1)).unwrap_or(u32::MAX);
        shown
            .iter()
            .filter_map(|i| column(*i))
            .map(|c| u32::from(c.least))
            .sum::<u32>()
            + gaps
    };
    while shown.len() > 1 && least(&shown) > u32::from(width) {
        // Of equal rank, the one further to the right goes first.
        let loser = shown
            .iter()
            .copied()
            .min_by_key(|i| (column(*i).map(|c| c.rank), std::cmp::Reverse(*i)));
        shown.retain(|i| Some(*i) != loser);
    }
    let mut spare = width.saturating_sub(u16::try_from(least(&shown)).unwrap_or(u16::MAX));
    let mut widths: Vec<Option<u16>> = (0..columns.len())
        .map(|i| {
            column(i)
                .filter(|_| shown.contains(&i))
                .map(|c| c.least.min(width))
        })
        .collect();
    let mut by_rank = shown.clone();
    by_rank.sort_by_key(|i| (std::cmp::Reverse(column(*i).map(|c| c.rank)), *i));
    for i in &by_rank {
        if let (Some(c), Some(Some(w))) = (column(*i), widths.get_mut(*i)) {
            let more = c.wished.saturating_sub(*w).min(spare);
            *w += more;
            spare -= more;
        }
    }
    if let Some(Some(w)) = by_rank.first().and_then(|i| widths.get_mut(*i)) {
        *w += spare;
    }
    let mut x = 0;
    widths
        .into_iter()
        .map(|w| {
            let w = w?;
            let place = (x, w);
            x += w + GAP;
            Some(place)
        })
        .collect()
}

/// Draws one row into the first row of `area`, at places from [`layout`] for its width.
pub fn row(
    columns: &[Column],
    places: &[Option<(u16, u16)>],
    cells: &[Line<'_>],
    area: Rect,
    buffer: &mut Buffer,
) {
    for ((column, place), cell) in columns.iter().zip(places).zip(cells) {
        let Some((x, w)) = *place else { continue };
        let cell = text::truncate_line(cell, usize::from(w));
        let used = u16::try_from(text::line_width(&cell)).unwrap_or(w);
        let shift = if column.right {
            w.saturating_sub(used)
        } else {
            0
        };
        let place = Rect::new(
            area.x.saturating_add(x + shift),
            area.y,
            w - shift.min(w),
            area.height.min(1),
        );
        text::put_line(buffer, place.intersection(area), &cell);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_stays_inside, hostile, picture};
    use super::*;
    use proptest::prelude::*;

    const GATES: [Column; 3] = [
        Column {
            least: 6,
            wished: 14,
            rank: 9,
            right: false,
        },
        Column {
            least: 8,
            wished: 24,
            rank: 5,
            right: false,
        },
        Column {
            least: 3,
            wished: 3,
            rank: 7,
            right: true,
        },
    ];

    fn draw(width: u16) -> String {
        let cells = [
            Line::from("✔ coverage"),
            Line::from("84.2 % of at least 80 %"),
            Line::from("12m"),
        ];
        let places = layout(&GATES, width);
        picture(width, 1, |area, buffer| {
            row(&GATES, &places, &cells, area, buffer);
        })
        .trim_end()
        .to_owned()
    }

    #[test]
    fn columns_shrink_and_then_vanish_by_rank() {
        assert_eq!(
            draw(50),
            "✔ coverage           84.2 % of at least 80 %   12m"
        );
        assert_eq!(draw(36), "✔ coverage      84.2 % of at l…  12m");
        assert_eq!(draw(22), "✔ cove…  84.2 % …  12m");
        assert_eq!(draw(20), "✔ coverage       12m");
        assert_eq!(draw(16), "✔ coverage   12m");
        assert_eq!(draw(5), "✔ co…");
    }

    proptest! {
        #[test]
        fn places_never_overlap_or_leave(columns in prop::collection::vec((1u16..40, 0u16..60, 0u8..5, any::<bool>()), 0..8), w in 1u16..200, cell in hostile()) {
            let columns: Vec<Column> = columns.into_iter().map(|(least, wished, rank, right)| Column { least, wished, rank, right }).collect();
            let places = layout(&columns, w);
            let mut end = 0;
            for (x, cw) in places.iter().flatten() {
                prop_assert!(*x >= end && x + cw <= w, "{places:?} in {w}");
                end = x + cw;
            }
            let cells = vec![Line::from(cell); columns.len()];
            assert_stays_inside(w, 1, |area, buffer| row(&columns, &places, &cells, area, buffer));
        }
    }
}
