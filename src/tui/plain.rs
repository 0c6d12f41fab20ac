//! ASCII drawing: the last step of a picture, for terminals and fonts that have nothing else. Each cell keeps its place and width.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

/// Replaces every character in `area` that is not ASCII by one that is.
pub(super) fn fold(area: Rect, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        let mut covered = 0;
        for x in area.left()..area.right() {
            let Some(cell) = buffer.cell_mut((x, y)) else {
                continue;
            };
            if covered > 0 {
                // The right half of a wide character that is one column now.
                covered -= 1;
                cell.set_symbol(" ");
                continue;
            }
            if cell.symbol().is_ascii() {
                continue;
            }
            covered = cell.symbol().width().saturating_sub(1);
            let plain = cell.symbol().chars().next().map_or(' ', plain);
            cell.set_char(plain);
        }
    }
}

/// What stands for a character: its shape where there is one like it.
fn plain(c: char) -> char {
    match c {
        '╭' | '╮' | '╯' | '╰' | '┼' | '┤' | '├' | '┬' | '┴' | '┌' | '┐' | '└' | '┘' | '✔' => {
            '+'
        }
        '─' | '━' | '┄' | '╌' | '–' | '—' | '−' => '-',
        '│' | '┃' | '╎' | '┆' | '▐' | '▌' => '|',
        '✖' | '✘' | '×' => 'x',
        '●' | '•' | '▪' | '◆' => '*',
        '○' | '◌' | '◇' | '◦' => 'o',
        '▼' | '↓' => 'v',
        '▲' | '↑' => '^',
        '▸' | '→' | '≥' | '▶' => '>',
        '◂' | '←' | '≤' | '◀' => '<',
        '█' | '▰' | '▇' | '▓' => '#',
        '▁' | '▂' => '_',
        '▆' => '%',
        '▱' | '·' | '░' => '.',
        '…' => '~',
        '⏸' | '▃' | '▄' | '▅' => '=',
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        '\u{a0}' => ' ',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::style::Style;

    #[test]
    fn shapes_stay_and_wide_characters_keep_their_columns() {
        let area = Rect::new(0, 0, 12, 1);
        let mut buffer = Buffer::empty(area);
        buffer.set_string(0, 0, "╭✔ 漢字 → x│", Style::new());
        fold(area, &mut buffer);
        let row: String = buffer
            .content
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert_eq!(row, "++ ? ?  > x|");
    }

    proptest! {
        #[test]
        fn nothing_but_ascii_is_left(text in any::<String>(), width in 1_u16..80) {
            let area = Rect::new(0, 0, width, 1);
            let mut buffer = Buffer::empty(area);
            buffer.set_stringn(0, 0, &text, usize::from(width), Style::new());
            fold(area, &mut buffer);
            prop_assert!(buffer.content.iter().all(|c| c.symbol().is_ascii()));
        }
    }
}
