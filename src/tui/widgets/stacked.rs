//! A bar of pieces beside each other, each as long as its share. A piece tells itself by its word where that has room, else by the
//! word's first letter, so that no colour is needed.

use std::cmp::Ordering;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text;

/// A piece of the bar.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// How much of the whole it is; what is not more than nothing has no place.
    pub weight: f64,
    /// Its word, of ASCII letters.
    pub word: &'static str,
    /// What fills its room after the word, one column wide.
    pub fill: char,
    /// How it looks.
    pub style: Style,
}

/// The bar in exactly `columns` columns; empty without pieces. A piece of less than half a column has none.
pub fn stacked(pieces: &[Piece], columns: usize) -> Line<'static> {
    let pieces: Vec<&Piece> = pieces
        .iter()
        .filter(|p| p.weight > 0.0 && p.weight.is_finite())
        .collect();
    let widths = shares(&pieces, columns);
    let spans = pieces.into_iter().zip(widths).filter(|(_, w)| *w > 0);
    let spans = spans.map(|(piece, wide)| {
        // Words never run into each other.
        let word = if piece.word.len() < wide {
            piece.word
        } else {
            piece.word.get(..1).unwrap_or_default()
        };
        let rest = wide.saturating_sub(text::width(word));
        let fill = std::iter::repeat_n(piece.fill, rest);
        Span::styled(word.chars().chain(fill).collect::<String>(), piece.style)
    });
    Line::from(spans.collect::<Vec<_>>())
}

/// The columns of each piece: their sum is all there are.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the screen's columns"
)]
fn shares(pieces: &[&Piece], columns: usize) -> Vec<usize> {
    let whole: f64 = pieces.iter().map(|p| p.weight).sum();
    if pieces.is_empty() || !(whole > 0.0 && whole.is_finite()) {
        return vec![0; pieces.len()];
    }
    let exact: Vec<f64> = pieces
        .iter()
        .map(|p| p.weight / whole * columns as f64)
        .collect();
    let mut widths: Vec<usize> = exact.iter().map(|e| e.round() as usize).collect();
    let lacks = |at: usize, widths: &[usize]| {
        let (want, has) = (exact.get(at), widths.get(at));
        want.zip(has).map_or(0.0, |(want, has)| want - *has as f64)
    };
    // What rounding left over goes to who lacks most, what it took too much comes from who has most beyond its share.
    loop {
        let sum: usize = widths.iter().sum();
        let lack = |a: &usize, b: &usize| lacks(*a, &widths).total_cmp(&lacks(*b, &widths));
        let places = 0..widths.len();
        let at = match sum.cmp(&columns) {
            Ordering::Equal => return widths,
            Ordering::Less => places.max_by(lack),
            Ordering::Greater => places
                .filter(|i| widths.get(*i).is_some_and(|w| *w > 0))
                .min_by(lack),
        };
        let Some(slot) = at.and_then(|i| widths.get_mut(i)) else {
            return widths;
        };
        if sum < columns {
            *slot += 1;
        } else {
            *slot -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn piece(weight: f64, word: &'static str, fill: char) -> Piece {
        Piece {
            weight,
            word,
            fill,
            style: Style::new(),
        }
    }

    #[test]
    fn a_piece_is_as_long_as_its_share_and_tells_itself() {
        let pieces = [
            piece(5.0, "code", '─'),
            piece(0.0, "pickup", '░'),
            piece(11.0, "review", '─'),
            piece(0.01, "merge", '░'),
            piece(24.0, "wait", '░'),
        ];
        let bar = |columns| stacked(&pieces, columns).to_string();
        assert_eq!(bar(20), "c──r────wait░░░░░░░░");
        assert_eq!(bar(30), "c───review──wait░░░░░░░░░░░░░░");
        assert_eq!(bar(4), "crw░");
        assert_eq!(bar(2), "rw");
        assert_eq!(bar(0), "");
        assert_eq!(stacked(&[], 9).to_string(), "");
    }

    proptest! {
        #[test]
        fn the_bar_has_exactly_its_columns(weights in prop::collection::vec(any::<f64>(), 1..7), columns in 0usize..120) {
            let pieces: Vec<Piece> = weights.iter().map(|w| piece(*w, "review", '░')).collect();
            let drawn = text::line_width(&stacked(&pieces, columns));
            prop_assert!(drawn == columns || drawn == 0);
        }
    }
}
