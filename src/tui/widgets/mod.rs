//! Pieces of the screen: plain data in, cells out. No World, no clock, no state that drawing changes.

pub mod bars;
pub mod chart;
pub mod line_input;
pub mod panel;
pub mod stacked;
pub mod steps;
pub mod table;
pub mod text;

#[cfg(test)]
pub(crate) mod tests {
    //! What the tests of the widgets share.

    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use crate::config::theme::Theme;
    use crate::tui::styles::{Depth, Styles};

    /// The dark theme on a terminal with all colours.
    pub(crate) fn styles() -> Styles {
        Styles::new(&Theme::built_in("dark").unwrap(), Depth::True)
    }

    /// Texts as they come from anywhere.
    pub(crate) fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z ]{0,30}",
            "\\PC{0,30}",
            any::<String>(),
            "[漢字🚀e\u{301}\u{200d}👩 \u{fe0f}\u{1b}\n]{0,30}"
        ]
    }

    /// A row's characters; the second cell of a wide character is left out.
    pub(crate) fn row_text(buffer: &Buffer, y: u16) -> String {
        let mut out = String::new();
        let mut skip = 0;
        for x in buffer.area.left()..buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = super::text::width(symbol).saturating_sub(1);
            out.push_str(symbol);
        }
        out
    }

    /// What is drawn on an empty picture of this size, a line a row.
    pub(crate) fn picture(w: u16, h: u16, draw: impl FnOnce(Rect, &mut Buffer)) -> String {
        let area = Rect::new(0, 0, w, h);
        let mut buffer = Buffer::empty(area);
        draw(area, &mut buffer);
        (0..h).map(|y| row_text(&buffer, y) + "\n").collect()
    }

    /// Draws in the middle of a larger picture and looks that nothing around changed; then where the area hangs over
    /// the picture's edge.
    pub(crate) fn assert_stays_inside(w: u16, h: u16, draw: impl Fn(Rect, &mut Buffer)) {
        let area = Rect::new(3, 2, w, h);
        let mut buffer = Buffer::filled(
            Rect::new(0, 0, w + 6, h + 4),
            ratatui::buffer::Cell::new("#"),
        );
        draw(area, &mut buffer);
        for position in buffer.area.positions() {
            if !area.contains(position) {
                assert_eq!(buffer[position].symbol(), "#", "drew outside at {position}");
            }
        }
        let mut small = Buffer::empty(Rect::new(0, 0, w / 2 + 1, h / 2 + 1));
        draw(area, &mut small);
    }
}
