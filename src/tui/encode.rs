//! Two pictures to the bytes that turn one into the other. Keeps the pen and the cursor from frame to frame, so that a
//! small change costs a move and its characters and nothing else.
//! A picture is first read as the terminal will hold it: what can't stand in a cell (a wide character in the last
//! column, a control character, half a wide character) becomes a space.

use std::cmp::Ordering;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Colours and attributes; the terminal keeps them until told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

/// The pen after a reset.
const PLAIN: Pen = Pen {
    fg: Color::Reset,
    bg: Color::Reset,
    modifier: Modifier::empty(),
};

impl Pen {
    /// What of it is seen on a space: nothing of the foreground, unless a line is drawn in it or it is the background.
    fn on_space(self) -> Self {
        let drawn = Modifier::UNDERLINED | Modifier::CROSSED_OUT | Modifier::REVERSED;
        if self.modifier.intersects(drawn) {
            return self;
        }
        Self {
            bg: self.bg,
            ..PLAIN
        }
    }

    /// Whether a symbol looks the same with either.
    fn draws_alike(self, other: Self, symbol: &str) -> bool {
        self == other || (symbol == " " && self.on_space() == other.on_space())
    }
}

/// What stands in a cell of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glyph<'a> {
    /// A character with its columns (1 or 2).
    Starts {
        symbol: &'a str,
        width: u16,
        pen: Pen,
    },
    /// The right half of the wide character before it.
    Continues { pen: Pen },
}

impl Glyph<'_> {
    /// An empty cell that erasing would leave just the same.
    fn is_blank(&self) -> bool {
        matches!(self, Self::Starts { symbol: " ", pen, .. } if *pen == PLAIN)
    }
}

/// The encoder: one for the life of the terminal.
#[derive(Debug, Clone)]
pub struct Encoder {
    pen: Pen,
    /// Column and row from 0; `None` when only an absolute move is safe.
    cursor: Option<(u16, u16)>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder that assumes a pen after reset and an unknown cursor.
    pub fn new() -> Self {
        Self {
            pen: PLAIN,
            cursor: None,
        }
    }

    /// The bytes that turn the picture `prev` on the terminal into `next`; nothing when they are alike.
    /// Pictures of different size, or no `prev`, mean: clear, then all of `next`.
    pub fn encode(&mut self, prev: Option<&Buffer>, next: &Buffer) -> Vec<u8> {
        let mut out = Vec::new();
        let area = next.area;
        let prev = prev.filter(|p| (p.area.width, p.area.height) == (area.width, area.height));
        if prev.is_none() {
            *self = Self::new();
            out.extend_from_slice(b"\x1b[m\x1b[2J");
        }
        let width = usize::from(area.width).max(1);
        for (y, line) in next.content.chunks(width).enumerate() {
            let Ok(y) = u16::try_from(y) else { break };
            let before = prev.and_then(|p| p.content.chunks(width).nth(usize::from(y)));
            if before == Some(line) {
                continue;
            }
            let old = before.map_or_else(|| blank(line.len()), glyphs);
            let glyphs = glyphs(line);
            if glyphs != old {
                self.line(y, &old, &glyphs, &mut out);
            }
        }
        out
    }

    /// The changed glyphs of one row.
    fn line(&mut self, y: u16, old: &[Glyph<'_>], new: &[Glyph<'_>], out: &mut Vec<u8>) {
        let last_visible = new.iter().rposition(|g| !g.is_blank());
        let mut x = 0;
        while let (Some(glyph), Some(before)) = (new.get(x), old.get(x)) {
            let Glyph::Starts { symbol, width, pen } = *glyph else {
                x += 1;
                continue;
            };
            let second = x + 1;
            let changed = glyph != before || (width == 2 && new.get(second) != old.get(second));
            if !changed {
                x += 1;
                continue;
            }
            let Ok(column) = u16::try_from(x) else { return };
            self.go(column, y, new, out);
            // The rest of the row is empty now: erasing it is shorter than sending spaces.
            let visible = |glyphs: &[Glyph<'_>]| glyphs.iter().filter(|g| !g.is_blank()).count();
            if last_visible.is_none_or(|last| last < x)
                && old.get(x..).is_some_and(|rest| visible(rest) > 3)
            {
                if !self.pen.draws_alike(PLAIN, " ") {
                    self.pen(PLAIN, out);
                }
                out.extend_from_slice(b"\x1b[K");
                return;
            }
            if !self.pen.draws_alike(pen, symbol) {
                self.pen(pen, out);
            }
            out.extend_from_slice(symbol.as_bytes());
            let end = column.saturating_add(width);
            let at_edge = usize::from(end) >= new.len();
            // Terminals differ in where the cursor stands after the last column: move absolutely next time.
            self.cursor = (!at_edge && certain(symbol)).then_some((end, y));
            x = usize::from(end);
        }
    }

    /// Moves the cursor by the shortest safe sequence.
    fn go(&mut self, x: u16, y: u16, row: &[Glyph<'_>], out: &mut Vec<u8>) {
        if self.cursor == Some((x, y)) {
            return;
        }
        let (line, column) = (y.saturating_add(1), x.saturating_add(1));
        let mut best = match (y, x) {
            (0, 0) => b"\x1b[H".to_vec(),
            (_, 0) => format!("\x1b[{line}H").into_bytes(),
            _ => format!("\x1b[{line};{column}H").into_bytes(),
        };
        if let Some((cx, cy)) = self.cursor {
            let mut step = vertical(cy, y);
            step.extend(self.horizontal(cx, x, row, cy == y));
            if step.len() < best.len() {
                best = step;
            }
        }
        out.extend_from_slice(&best);
        self.cursor = Some((x, y));
    }

    /// The shortest move along a row; over unchanged characters when the cursor `stands` in it.
    fn horizontal(&self, from: u16, to: u16, row: &[Glyph<'_>], stands: bool) -> Vec<u8> {
        let column = to.saturating_add(1);
        let absolute = format!("\x1b[{column}G").into_bytes();
        let near = match to.cmp(&from) {
            Ordering::Equal => return Vec::new(),
            Ordering::Less if to == 0 => b"\r".to_vec(),
            Ordering::Less => vec![8; usize::from(from - to)],
            Ordering::Greater => times(to - from, 'C'),
        };
        let over = stands.then(|| self.resend(from, to, row)).flatten();
        [absolute, near]
            .into_iter()
            .chain(over)
            .min_by_key(Vec::len)
            .unwrap_or_default()
    }

    /// The unchanged characters of a short gap, when they have the pen we hold: sending them again moves the cursor too.
    fn resend(&self, from: u16, to: u16, row: &[Glyph<'_>]) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for glyph in row.get(usize::from(from)..usize::from(to))? {
            match glyph {
                Glyph::Starts { symbol, pen, .. }
                    if self.pen.draws_alike(*pen, symbol) && symbol.is_ascii() =>
                {
                    bytes.extend_from_slice(symbol.as_bytes());
                }
                _ => return None,
            }
            if bytes.len() > 6 {
                return None;
            }
        }
        Some(bytes)
    }

    /// Changes the pen by the shorter of "only what differs" and "reset, then all".
    fn pen(&mut self, to: Pen, out: &mut Vec<u8>) {
        if self.pen == to {
            return;
        }
        let fresh = sgr(PLAIN, to, true);
        let step = sgr(self.pen, to, false);
        out.extend_from_slice(if step.len() <= fresh.len() {
            &step
        } else {
            &fresh
        });
        self.pen = to;
    }
}

/// The shortest move from row to row, in the same column.
fn vertical(from: u16, to: u16) -> Vec<u8> {
    let line = to.saturating_add(1);
    let absolute = format!("\x1b[{line}d").into_bytes();
    let near = match to.cmp(&from) {
        Ordering::Equal => return Vec::new(),
        Ordering::Less => times(from - to, 'A'),
        Ordering::Greater if to - from < 4 => vec![b'\n'; usize::from(to - from)],
        Ordering::Greater => times(to - from, 'B'),
    };
    if near.len() < absolute.len() {
        near
    } else {
        absolute
    }
}

/// A relative move, so many times.
fn times(count: u16, way: char) -> Vec<u8> {
    if count == 1 {
        return format!("\x1b[{way}").into_bytes();
    }
    format!("\x1b[{count}{way}").into_bytes()
}

/// Whether all terminals agree on the width: not on composed characters, nor on symbols that some draw as pictures.
fn certain(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let single = matches!((chars.next(), chars.next()), (Some(c), None) if !matches!(c, '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..));
    single
}

/// A row of empty cells.
fn blank(width: usize) -> Vec<Glyph<'static>> {
    vec![
        Glyph::Starts {
            symbol: " ",
            width: 1,
            pen: PLAIN
        };
        width
    ]
}

/// A row as the terminal will hold it.
fn glyphs(line: &[Cell]) -> Vec<Glyph<'_>> {
    let mut row = Vec::with_capacity(line.len());
    for (x, cell) in line.iter().enumerate() {
        if x < row.len() {
            continue;
        }
        let pen = Pen {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        };
        let symbol = cell.symbol();
        let plain = symbol.len() == 1 && symbol != "\x7f" && symbol.as_bytes() >= b" ".as_slice();
        let width = if plain { 1 } else { symbol.width() };
        let fits = x + width <= line.len();
        if (1..=2).contains(&width) && fits && (plain || !symbol.contains(char::is_control)) {
            row.push(Glyph::Starts {
                symbol,
                width: if width == 2 { 2 } else { 1 },
                pen: if symbol == " " { pen.on_space() } else { pen },
            });
            if width == 2 {
                row.push(Glyph::Continues { pen });
            }
        } else {
            row.push(Glyph::Starts {
                symbol: " ",
                width: 1,
                pen: pen.on_space(),
            });
        }
    }
    row
}

/// Attributes: flag, number that sets it, number that clears it. Bold and dim share their clearing number.
const ATTRIBUTES: [(Modifier, u8, u8); 8] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// The sequence from one pen to another; with `reset` it starts from a reset pen.
fn sgr(from: Pen, to: Pen, reset: bool) -> Vec<u8> {
    let mut out = b"\x1b[".to_vec();
    if reset && to == PLAIN {
        out.push(b'm');
        return out;
    }
    let mut codes: Vec<String> = Vec::new();
    if reset {
        codes.push("0".to_owned());
    }
    let weight = Modifier::BOLD | Modifier::DIM;
    let lost = from.modifier - to.modifier;
    let mut have = from.modifier;
    for (flag, _, clear) in ATTRIBUTES {
        if lost.contains(flag) && have.contains(flag) {
            codes.push(clear.to_string());
            have -= if clear == 22 { weight } else { flag };
        }
    }
    for (flag, set, _) in ATTRIBUTES {
        if to.modifier.contains(flag) && !have.contains(flag) {
            codes.push(set.to_string());
        }
    }
    if from.fg != to.fg {
        codes.push(color(to.fg, 30));
    }
    if from.bg != to.bg {
        codes.push(color(to.bg, 40));
    }
    out.extend_from_slice(codes.join(";").as_bytes());
    out.push(b'm');
    out
}

/// The number of a colour; `base` is 30 for the foreground and 40 for the background.
fn color(color: Color, base: u8) -> String {
    let n = match color {
        Color::Reset => return (base + 9).to_string(),
        Color::Indexed(i) => return format!("{};5;{i}", base + 8),
        Color::Rgb(r, g, b) => return format!("{};2;{r};{g};{b}", base + 8),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
    };
    (base + n).to_string()
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
