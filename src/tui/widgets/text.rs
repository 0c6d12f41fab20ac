//! Text that keeps to its columns: cut with an ellipsis, padded, two texts on one row that never overlap.
//! Widths are columns of the terminal, never bytes or characters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The columns a text takes.
pub fn width(text: &str) -> usize {
    if is_simple(text) {
        return text.chars().count();
    }
    text.graphemes(true).map(columns).sum()
}

/// Whether each character takes a column of its own. Nearly all of a screen is like that, and needs no look at graphemes.
fn is_simple(text: &str) -> bool {
    let simple = |c| {
        matches!(c, ' '..='~' | '·' | '×' | '–' | '…' | '→' | '▸' | '●' | '○'
            | '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}')
    };
    text.chars().all(simple)
}

/// The columns of one grapheme; what has no width of its own takes none.
pub(super) fn columns(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) {
        0
    } else {
        grapheme.width()
    }
}

/// The text in at most `max` columns; what is cut ends with an ellipsis.
pub fn truncate(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let w = columns(grapheme);
        if used + w + 1 > max {
            break;
        }
        out.push_str(grapheme);
        used += w;
    }
    if max > 0 {
        out.push('…');
    }
    out
}

/// The text in exactly `columns` columns: cut, or filled with spaces on the right.
pub fn pad(text: &str, columns: usize) -> String {
    let mut out = truncate(text, columns);
    let missing = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// As [`pad`], filled on the left.
pub fn pad_left(text: &str, columns: usize) -> String {
    let out = truncate(text, columns);
    let missing = columns.saturating_sub(width(&out));
    format!("{}{out}", " ".repeat(missing))
}

/// The text in rows of at most `max` columns, cut between words; a word that is too long is cut inside.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut used = 0;
    if max == 0 {
        return rows;
    }
    for word in text.split_whitespace() {
        let wide = width(word);
        if used > 0 && used + 1 + wide > max {
            rows.push(std::mem::take(&mut row));
            used = 0;
        }
        if used > 0 {
            row.push(' ');
            used += 1;
        }
        if used + wide <= max {
            row.push_str(word);
            used += wide;
            continue;
        }
        for grapheme in word.graphemes(true) {
            // One character with its marks may be wider than a whole row.
            let (grapheme, w) = match columns(grapheme) {
                w if w > max => ("…", 1),
                w => (grapheme, w),
            };
            if used > 0 && used + w > max {
                rows.push(std::mem::take(&mut row));
                used = 0;
            }
            row.push_str(grapheme);
            used += w;
        }
    }
    if used > 0 {
        rows.push(row);
    }
    rows
}

/// The columns of a styled line.
pub fn line_width(line: &Line<'_>) -> usize {
    line.spans.iter().map(|span| width(&span.content)).sum()
}

/// The line in at most `max` columns; what is cut ends with an ellipsis in the style of the cut piece.
pub fn truncate_line(line: &Line<'_>, max: usize) -> Line<'static> {
    let mut spans = Vec::new();
    let fits = line_width(line) <= max;
    let mut left = max;
    for span in &line.spans {
        let w = if fits { 0 } else { width(&span.content) };
        if fits || w < left {
            spans.push(Span::styled(
                span.content.to_string(),
                line.style.patch(span.style),
            ));
            left = left.saturating_sub(w);
            continue;
        }
        // At least one column is needed for the ellipsis, so this piece is cut even if it would just fit.
        let piece = if w == left {
            format!("{}x", span.content)
        } else {
            span.content.to_string()
        };
        spans.push(Span::styled(
            truncate(&piece, left),
            line.style.patch(span.style),
        ));
        break;
    }
    Line::from(spans)
}

/// Writes a text into the first row of `area`, cut to it; returns the columns used.
pub fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    put_line(buffer, area, &Line::from(Span::styled(text, style)))
}

/// Writes a line into the first row of `area`, cut to it; returns the columns used.
pub fn put_line(buffer: &mut Buffer, area: Rect, line: &Line<'_>) -> u16 {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return 0;
    }
    let cut;
    let line = if line_width(line) <= usize::from(area.width) {
        line
    } else {
        cut = truncate_line(line, usize::from(area.width));
        &cut
    };
    let mut x = area.x;
    for span in &line.spans {
        let place = Rect {
            x,
            width: area.right().saturating_sub(x),
            ..area
        };
        x = put_piece(buffer, place, &span.content, line.style.patch(span.style));
    }
    x.saturating_sub(area.x)
}

/// Writes a text of one style; returns the column after it.
fn put_piece(buffer: &mut Buffer, place: Rect, text: &str, style: Style) -> u16 {
    if !is_simple(text) {
        let room = usize::from(place.width);
        return buffer.set_stringn(place.x, place.y, text, room, style).0;
    }
    let mut columns = place.x..place.right();
    for (c, x) in text.chars().zip(columns.by_ref()) {
        if let Some(cell) = buffer.cell_mut((x, place.y)) {
            cell.set_char(c).set_style(style);
        }
    }
    columns.start
}

/// Two texts on the first row of `area`: the left one keeps its columns, the right one is cut, then dropped.
/// There are always two columns between them.
pub fn left_right(buffer: &mut Buffer, area: Rect, left: &Line<'_>, right: &Line<'_>) {
    const GAP: usize = 2;
    const WORTH: usize = 4;
    let area = area.intersection(buffer.area);
    let total = usize::from(area.width);
    let used = usize::from(put_line(buffer, area, left));
    let room = if used == 0 {
        total
    } else {
        total.saturating_sub(used + GAP)
    };
    let wanted = line_width(right);
    if wanted == 0 || (wanted > room && room < WORTH) {
        return;
    }
    let right = truncate_line(right, room);
    let Ok(w) = u16::try_from(line_width(&right)) else {
        return;
    };
    let place = Rect::new(
        area.right().saturating_sub(w),
        area.y,
        w,
        area.height.min(1),
    );
    put_line(buffer, place, &right);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hostile, row_text};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn simple_characters_take_one_column_each_whatever_stands_beside_them() {
        let simple: String = ('\u{1}'..='\u{ffff}')
            .filter(|c| is_simple(&c.to_string()))
            .collect();
        assert!(
            ['a', '~', '─', '│', '⣿']
                .iter()
                .all(|c| simple.contains(*c))
        );
        assert!(!is_simple("e\u{301}") && !is_simple("漢") && !is_simple("✔\u{fe0f}"));
        let backwards: String = simple.chars().rev().collect();
        for text in [simple, backwards] {
            assert!(
                text.graphemes(true)
                    .eq(text.split("").filter(|c| !c.is_empty()))
            );
            assert!(text.graphemes(true).all(|c| columns(c) == 1));
        }
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(truncate("rollback", 8), "rollback");
        assert_eq!(truncate("rollback", 7), "rollba…");
        assert_eq!(truncate("漢字漢字", 5), "漢字…");
        assert_eq!(truncate("漢字漢字", 4), "漢…");
        assert_eq!(truncate("abc", 1), "…");
        assert_eq!(truncate("abc", 0), "");
        assert_eq!(pad("ab", 4), "ab  ");
        assert_eq!(pad("漢字", 3), "漢…");
        assert_eq!(pad_left("7", 3), "  7");
    }

    #[test]
    fn a_styled_line_is_cut_as_a_whole() {
        let line = Line::from(vec![Span::raw("abc"), Span::raw("def"), Span::raw("ghi")]);
        let text = |max| truncate_line(&line, max).to_string();
        assert_eq!(text(9), "abcdefghi");
        assert_eq!(text(8), "abcdefg…");
        assert_eq!(text(6), "abcde…");
        assert_eq!(text(3), "ab…");
    }

    #[test]
    fn two_texts_never_overlap() {
        let row = |w: u16| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, w, 1));
            left_right(
                &mut buffer,
                Rect::new(0, 0, w, 1),
                &Line::from("Errors"),
                &Line::from("2.33 % was 0.31 %"),
            );
            row_text(&buffer, 0)
        };
        assert_eq!(row(27), "Errors    2.33 % was 0.31 %");
        assert_eq!(row(25), "Errors  2.33 % was 0.31 %");
        assert_eq!(row(18), "Errors  2.33 % wa…");
        assert_eq!(row(11), "Errors     ");
        assert_eq!(row(4), "Err…");
    }

    #[test]
    fn words_are_wrapped_and_long_ones_cut() {
        assert_eq!(wrap("the quick  brown fox", 9), ["the quick", "brown fox"]);
        assert_eq!(wrap("a abcdefghij", 4), ["a", "abcd", "efgh", "ij"]);
        assert_eq!(wrap("漢字漢字", 5), ["漢字", "漢字"]);
        assert_eq!(wrap("  ", 5), Vec::<String>::new());
        assert_eq!(wrap("x", 0), Vec::<String>::new());
        // A wide character with a spacing mark: three columns that can't be taken apart.
        assert_eq!(wrap("\u{4e26}\u{df2}", 2), ["…"]);
    }

    proptest! {
        #[test]
        fn plain_text_is_as_wide_as_its_graphemes(text in "[ -~]{0,60}") {
            let looked_at: usize = text.graphemes(true).map(columns).sum();
            prop_assert_eq!(width(&text), looked_at);
        }

        #[test]
        fn widths_hold_for_any_text(text in hostile(), max in 0usize..40) {
            prop_assert!(width(&truncate(&text, max)) <= max);
            prop_assert_eq!(width(&pad(&text, max)), max);
            let rows = wrap(&text, max.max(2));
            prop_assert!(rows.iter().all(|row| width(row) <= max.max(2) && !row.is_empty()));
            let line = Line::from(vec![Span::raw(text.clone()), Span::raw(text)]);
            prop_assert!(line_width(&truncate_line(&line, max)) <= max);
        }
    }
}
