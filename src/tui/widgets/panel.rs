//! The frame of a pane: rounded border, a title on the left, facts on the right, a mark when its data is stale.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::text;
use crate::config::theme::Role;
use crate::tui::styles::Styles;

/// What the frame shows.
#[derive(Debug, Clone, Default)]
pub struct Panel<'a> {
    pub title: &'a str,
    /// More of the left side, after the title.
    pub subject: Line<'a>,
    pub right: Line<'a>,
    pub focused: bool,
    /// What to say of data that is not fresh, such as `stale 5m`; comes before the right side.
    pub stale: Option<&'a str>,
    /// Only characters that every terminal has.
    pub ascii: bool,
}

/// The lines of a frame: corners from the top left clockwise, then horizontal and vertical.
const ROUNDED: [&str; 6] = ["╭", "╮", "╯", "╰", "─", "│"];
const ASCII: [&str; 6] = ["+", "+", "+", "+", "-", "|"];

impl Panel<'_> {
    /// Draws the frame and returns the room inside. Without room for a frame (under 3x3) all of `area` is inside.
    pub fn render(&self, area: Rect, buffer: &mut Buffer, styles: &Styles) -> Rect {
        let area = area.intersection(buffer.area);
        if area.width < 3 || area.height < 3 {
            return area;
        }
        let border = styles.get(if self.focused {
            Role::BorderFocused
        } else {
            Role::Border
        });
        let [
            top_left,
            top_right,
            bottom_right,
            bottom_left,
            horizontal,
            vertical,
        ] = if self.ascii { ASCII } else { ROUNDED };
        let (left, right, top, bottom) =
            (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
        let mut set = |x: u16, y: u16, symbol: &str| {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.set_symbol(symbol).set_style(border);
            }
        };
        for x in left + 1..right {
            set(x, top, horizontal);
            set(x, bottom, horizontal);
        }
        for y in top + 1..bottom {
            set(left, y, vertical);
            set(right, y, vertical);
        }
        set(left, top, top_left);
        set(right, top, top_right);
        set(right, bottom, bottom_right);
        set(left, bottom, bottom_left);
        // One column of line stays beside each corner's text.
        let head = Rect::new(left + 1, top, area.width - 2, 1);
        let (title, facts) = (self.left_side(styles), self.right_side(styles));
        if head.width >= 4 {
            text::left_right(buffer, head, &title, &facts);
        }
        Rect::new(left + 1, top + 1, area.width - 2, area.height - 2)
    }

    fn left_side(&self, styles: &Styles) -> Line<'static> {
        let mut spans = Vec::new();
        if !self.title.is_empty() {
            let role = if self.focused {
                Role::Accent
            } else {
                Role::Title
            };
            let mark = if self.focused { "▸" } else { " " };
            let mark = if self.ascii && self.focused {
                ">"
            } else {
                mark
            };
            spans.push(Span::styled(
                format!("{mark}{} ", self.title),
                styles.get(role),
            ));
        }
        if text::line_width(&self.subject) > 0 {
            spans.push(Span::raw(" "));
            spans.extend(owned(&self.subject));
            spans.push(Span::raw(" "));
        }
        Line::from(spans)
    }

    fn right_side(&self, styles: &Styles) -> Line<'static> {
        let mut spans = Vec::new();
        if let Some(stale) = self.stale {
            spans.push(Span::styled(
                format!(" {} {stale} ", if self.ascii { "!" } else { "◌" }),
                styles.get(Role::Warn),
            ));
        }
        if text::line_width(&self.right) > 0 {
            spans.push(Span::raw(" "));
            spans.extend(owned(&self.right));
            spans.push(Span::raw(" "));
        }
        Line::from(spans)
    }
}

/// The pieces of a line, on their own.
fn owned(line: &Line<'_>) -> Vec<Span<'static>> {
    let style = line.style;
    line.spans
        .iter()
        .map(|s| Span::styled(s.content.to_string(), style.patch(s.style)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_stays_inside, hostile, picture, styles};
    use super::*;
    use proptest::prelude::*;

    fn panel() -> Panel<'static> {
        Panel {
            title: "Errors",
            subject: Line::from("checkout"),
            right: Line::from("2.33 %  was 0.31 %"),
            ..Panel::default()
        }
    }

    #[test]
    fn it_looks_as_drawn() {
        let draw = |panel: Panel<'_>, w, h| {
            picture(w, h, |area, buffer| {
                panel.render(area, buffer, &styles());
            })
        };
        assert_eq!(
            draw(panel(), 48, 3),
            "╭ Errors  checkout ──────── 2.33 %  was 0.31 % ╮\n│                                              │\n╰──────────────────────────────────────────────╯\n"
        );
        let focused = Panel {
            focused: true,
            stale: Some("stale 5m"),
            ..panel()
        };
        assert!(
            draw(focused.clone(), 60, 3)
                .starts_with("╭▸Errors  checkout ──────── ◌ stale 5m  2.33 %  was 0.31 % ╮\n"),
            "{}",
            draw(focused.clone(), 60, 3)
        );
        let ascii = draw(
            Panel {
                ascii: true,
                ..focused
            },
            60,
            3,
        );
        assert!(ascii.is_ascii() && ascii.starts_with("+>Errors"), "{ascii}");
        assert_eq!(draw(panel(), 12, 3).lines().next(), Some("╭ Errors  …╮"));
    }

    proptest! {
        #[test]
        fn it_stays_inside(w in 1u16..120, h in 1u16..12, title in hostile(), right in hostile(), focused: bool, stale: bool) {
            assert_stays_inside(w, h, |area, buffer| {
                let panel = Panel { title: &title, subject: Line::from(title.clone()), right: Line::from(right.clone()), focused, stale: stale.then_some("stale"), ascii: false };
                let inner = panel.render(area, buffer, &styles());
                assert_eq!(inner.intersection(area), inner);
            });
        }
    }
}
