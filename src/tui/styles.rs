//! A theme expanded to the styles of the drawing library, its colours reduced to what the terminal can show.

use ratatui::style::{Color, Modifier, Style};

use crate::config::theme::{Color as Named, Paint, Role, Theme};

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Attributes only.
    None,
    Ansi16,
    Ansi256,
    True,
}

impl Depth {
    /// From the values of `COLORTERM`, `TERM` and `NO_COLOR`.
    pub fn detect(colorterm: Option<&str>, term: Option<&str>, no_color: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|v| !v.is_empty())
            || term == "dumb"
            || term.starts_with("vt1")
            || term.starts_with("vt2")
        {
            return Self::None;
        }
        match colorterm {
            Some("truecolor" | "24bit") => Self::True,
            _ if term.ends_with("-direct") => Self::True,
            _ if term.contains("256") => Self::Ansi256,
            _ => Self::Ansi16,
        }
    }
}

/// The style of every role, ready to copy into cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Styles {
    by_role: Vec<(Role, Style)>,
}

impl Styles {
    /// Expands a theme for a terminal of this depth.
    pub fn new(theme: &Theme, depth: Depth) -> Self {
        let by_role = Role::ALL
            .iter()
            .map(|(role, _)| (*role, style(theme.paint(*role), depth)))
            .collect();
        Self { by_role }
    }

    /// The style of a role.
    pub fn get(&self, role: Role) -> Style {
        self.by_role
            .iter()
            .find(|(r, _)| *r == role)
            .map_or_else(Style::new, |(_, style)| *style)
    }
}

/// A paint as a style.
fn style(paint: Paint, depth: Depth) -> Style {
    let mut style = Style::new();
    if let Some(color) = paint.fg.and_then(|c| reduce(c, depth)) {
        style = style.fg(color);
    }
    if let Some(color) = paint.bg.and_then(|c| reduce(c, depth)) {
        style = style.bg(color);
    }
    // A coloured field that loses its colour must still be seen as a field.
    let reverse = paint.reverse || (depth == Depth::None && paint.bg.is_some());
    for (on, modifier) in [
        (paint.bold, Modifier::BOLD),
        (paint.dim, Modifier::DIM),
        (paint.underline, Modifier::UNDERLINED),
        (reverse, Modifier::REVERSED),
    ] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    style
}

/// The nearest colour the terminal has; `None` when it has none.
fn reduce(color: Named, depth: Depth) -> Option<Color> {
    match (color, depth) {
        (_, Depth::None) => None,
        (Named::Named(n), _) => Some(ansi(n)),
        (Named::Rgb(r, g, b), Depth::True) => Some(Color::Rgb(r, g, b)),
        (Named::Indexed(n), Depth::True | Depth::Ansi256) => Some(Color::Indexed(n)),
        (Named::Rgb(r, g, b), Depth::Ansi256) => Some(Color::Indexed(nearest((r, g, b), 16..=255))),
        (Named::Rgb(r, g, b), Depth::Ansi16) => Some(ansi(nearest((r, g, b), 0..=15))),
        (Named::Indexed(n), Depth::Ansi16) => Some(ansi(nearest(xterm_rgb(n), 0..=15))),
    }
}

/// One of the terminal's own colours.
fn ansi(n: u8) -> Color {
    match n {
        0 => Color::Black,
        1 => Color::Red,
        2 => Color::Green,
        3 => Color::Yellow,
        4 => Color::Blue,
        5 => Color::Magenta,
        6 => Color::Cyan,
        7 => Color::Gray,
        8 => Color::DarkGray,
        9 => Color::LightRed,
        10 => Color::LightGreen,
        11 => Color::LightYellow,
        12 => Color::LightBlue,
        13 => Color::LightMagenta,
        14 => Color::LightCyan,
        _ => Color::White,
    }
}

/// The number in `range` whose colour in xterm's palette is nearest (squared distance, green weighted as the eye does).
fn nearest(wanted: (u8, u8, u8), range: std::ops::RangeInclusive<u8>) -> u8 {
    let d = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    range
        .min_by_key(|n| {
            let (r, g, b) = xterm_rgb(*n);
            2 * d(r, wanted.0) + 4 * d(g, wanted.1) + 3 * d(b, wanted.2)
        })
        .unwrap_or(7)
}

/// xterm's palette: 16 named colours, a 6x6x6 cube, 24 grays.
fn xterm_rgb(n: u8) -> (u8, u8, u8) {
    let level = |i: u8| if i == 0 { 0 } else { 55 + 40 * i };
    match n {
        7 => (229, 229, 229),
        8 => (127, 127, 127),
        12 => (92, 92, 255),
        0..=15 => {
            let on = if n < 8 { 205 } else { 255 };
            let bit = |mask: u8| if n & mask == 0 { 0 } else { on };
            (bit(1), bit(2), bit(4))
        }
        16..=231 => (
            level((n - 16) / 36),
            level((n - 16) / 6 % 6),
            level((n - 16) % 6),
        ),
        _ => {
            let gray = 8 + 10 * (n - 232);
            (gray, gray, gray)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_the_depth() {
        let d = Depth::detect;
        assert_eq!(
            d(Some("truecolor"), Some("xterm-256color"), None),
            Depth::True
        );
        assert_eq!(d(None, Some("tmux-256color"), None), Depth::Ansi256);
        assert_eq!(d(None, Some("linux"), None), Depth::Ansi16);
        assert_eq!(d(None, Some("dumb"), None), Depth::None);
        assert_eq!(d(Some("truecolor"), Some("xterm"), Some("1")), Depth::None);
        assert_eq!(d(None, None, Some("")), Depth::Ansi16);
    }

    #[test]
    fn colours_are_reduced_to_the_nearest() {
        assert_eq!(
            reduce(Named::Rgb(255, 0, 0), Depth::Ansi256),
            Some(Color::Indexed(196))
        );
        assert_eq!(
            reduce(Named::Rgb(128, 128, 128), Depth::Ansi256),
            Some(Color::Indexed(244))
        );
        assert_eq!(
            reduce(Named::Rgb(250, 10, 10), Depth::Ansi16),
            Some(Color::LightRed)
        );
        assert_eq!(
            reduce(Named::Indexed(28), Depth::Ansi16),
            Some(Color::Green)
        );
        assert_eq!(
            reduce(Named::Indexed(28), Depth::Ansi256),
            Some(Color::Indexed(28))
        );
        assert_eq!(
            reduce(Named::Named(9), Depth::Ansi16),
            Some(Color::LightRed)
        );
    }

    #[test]
    fn without_colours_no_theme_sends_any() {
        for name in Theme::names() {
            let styles = Styles::new(&Theme::built_in(name).unwrap(), Depth::None);
            for (role, _) in Role::ALL {
                let style = styles.get(role);
                assert!(style.fg.is_none() && style.bg.is_none(), "{name} {role:?}");
            }
            assert!(
                styles
                    .get(Role::Banner)
                    .add_modifier
                    .contains(Modifier::REVERSED),
                "{name}"
            );
        }
    }
}
