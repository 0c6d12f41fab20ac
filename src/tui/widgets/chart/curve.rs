//! The curve as dots, two a column and four a row: reduced to first, last, least and greatest value of each dot column,
//! then drawn, so that a hundred thousand points cost no more than a few hundred.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::scale::{Axis, index};

/// The dots of a plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dots {
    columns: usize,
    rows: usize,
    /// One braille pattern a cell, row by row.
    cells: Vec<u8>,
}

/// What one dot column shows: dots from the bottom.
#[derive(Debug, Clone, Copy)]
struct Slice {
    first: usize,
    last: usize,
    least: usize,
    greatest: usize,
    /// Whether the curve reaches it without a gap from the slice before.
    joined: bool,
}

impl Dots {
    /// Draws the points of a window into a plot of this many columns and rows of cells.
    pub fn draw(
        points: &[(i64, Option<f64>)],
        window: (i64, i64),
        axis: &Axis,
        (columns, rows): (u16, u16),
    ) -> Self {
        let (columns, rows) = (usize::from(columns), usize::from(rows));
        let mut dots = Self {
            columns,
            rows,
            cells: vec![0; columns * rows],
        };
        let mut before: Option<(usize, Slice)> = None;
        for (x, slice) in slices(points, window, axis, columns * 2, rows * 4) {
            dots.line((x, slice.least), (x, slice.greatest));
            if let Some((px, previous)) = before.filter(|_| slice.joined) {
                dots.line((px, previous.last), (x, slice.first));
            }
            before = Some((x, slice));
        }
        dots
    }

    /// Whether no dot is in this cell.
    pub fn is_empty(&self, column: u16, row: u16) -> bool {
        let at = usize::from(row) * self.columns + usize::from(column);
        self.cells.get(at).is_none_or(|pattern| *pattern == 0)
    }

    /// Puts the cells with dots into the picture; the others keep what they have.
    pub fn put(&self, plot: Rect, buffer: &mut Buffer, style: Style, ascii: bool) {
        for (y, row) in (plot.top()..plot.bottom()).zip(self.cells.chunks(self.columns.max(1))) {
            for (x, pattern) in (plot.left()..plot.right())
                .zip(row)
                .filter(|(_, p)| **p != 0)
            {
                if let Some(cell) = buffer.cell_mut((x, y)) {
                    let braille = char::from_u32(0x2800 + u32::from(*pattern)).unwrap_or('*');
                    cell.set_char(if ascii { '*' } else { braille })
                        .set_style(style);
                }
            }
        }
    }

    /// A straight line of dots (Bresenham).
    fn line(&mut self, from: (usize, usize), to: (usize, usize)) {
        let (dx, dy) = (to.0.abs_diff(from.0), to.1.abs_diff(from.1));
        let steps = dx.max(dy);
        let along = |a: usize, b: usize, i: usize| {
            let moved = (a.abs_diff(b) * i * 2 + steps)
                .checked_div(steps * 2)
                .unwrap_or(0);
            if b >= a { a + moved } else { a - moved }
        };
        for i in 0..=steps {
            self.set(along(from.0, to.0, i), along(from.1, to.1, i));
        }
    }

    /// Sets one dot; `y` counts from the bottom.
    fn set(&mut self, x: usize, y: usize) {
        const PATTERN: [[u8; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];
        let (column, row) = (x / 2, y / 4);
        let bit = PATTERN
            .get(x % 2)
            .and_then(|side| side.get(y % 4))
            .copied()
            .unwrap_or(0);
        if column < self.columns && row < self.rows {
            let at = (self.rows - 1 - row) * self.columns + column;
            if let Some(cell) = self.cells.get_mut(at) {
                *cell |= bit;
            }
        }
    }
}

/// The points of the window by dot column.
fn slices(
    points: &[(i64, Option<f64>)],
    (from, to): (i64, i64),
    axis: &Axis,
    width: usize,
    height: usize,
) -> Vec<(usize, Slice)> {
    let mut out: Vec<(usize, Slice)> = Vec::with_capacity(width.min(points.len()));
    let mut gap = true;
    for (at, value) in points.iter().filter(|(at, _)| (from..=to).contains(at)) {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            gap = true;
            continue;
        };
        let x = index((at - from) as f64 / (to - from).max(1) as f64, width);
        let y = axis.dot(value, height);
        match out.last_mut() {
            Some((column, slice)) if *column == x => {
                slice.last = y;
                slice.least = slice.least.min(y);
                slice.greatest = slice.greatest.max(y);
            }
            _ => out.push((
                x,
                Slice {
                    first: y,
                    last: y,
                    least: y,
                    greatest: y,
                    joined: !gap,
                },
            )),
        }
        gap = false;
    }
    out
}
