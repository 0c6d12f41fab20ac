//! The picture of the README: the main story's screen as an SVG, drawn cell by cell, so that it is always what the code shows.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::canvas::{draw, screen};
use crate::generated::holds;
use crate::stories;

/// A cell's size in the picture.
const CELL: (f64, f64) = (8.4, 17.0);
/// Space around the screen.
const MARGIN: f64 = 12.0;

/// A colour as the picture has it; the sixteen names as a usual dark terminal shows them.
fn hex(color: Color, default: &str) -> String {
    let name = match color {
        Color::Black => "#16181d",
        Color::Red => "#cc6666",
        Color::Green => "#8fbf6a",
        Color::Yellow => "#e5c76b",
        Color::Blue => "#6f9fd8",
        Color::Magenta => "#b48ead",
        Color::Cyan => "#5fb3b3",
        Color::Gray => "#c5c8c6",
        Color::DarkGray => "#6b7280",
        Color::LightRed => "#ff6e6e",
        Color::LightGreen => "#b5d68a",
        Color::LightYellow => "#f5dd8b",
        Color::LightBlue => "#8fbcff",
        Color::LightMagenta => "#d3aed0",
        Color::LightCyan => "#8fd3d3",
        Color::White => "#ffffff",
        Color::Rgb(r, g, b) => return format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Reset | Color::Indexed(_) => default,
    };
    name.to_owned()
}

fn paint(cell: &Cell) -> (String, Option<String>, bool, bool) {
    let (mut fg, mut bg) = (
        hex(cell.fg, "#d7dae0"),
        (cell.bg != Color::Reset).then(|| hex(cell.bg, "#16181d")),
    );
    if cell.modifier.contains(Modifier::REVERSED) {
        let back = bg.unwrap_or_else(|| "#16181d".to_owned());
        bg = Some(fg);
        fg = back;
    }
    (
        fg,
        bg,
        cell.modifier.contains(Modifier::BOLD),
        cell.modifier.contains(Modifier::DIM),
    )
}

/// The dots of a braille cell at its place, as strokes of no length: fonts differ too much in these.
fn dots(symbol: char, left: f64, top: f64, path: &mut String) {
    let bits = u32::from(symbol) - 0x2800;
    for (bit, (column, row)) in [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
        (0, 3),
        (1, 3),
    ]
    .into_iter()
    .enumerate()
    {
        if bits & (1 << bit) != 0 {
            let (x, y) = (
                left + 2.1 + 4.2 * f64::from(column),
                top + 2.1 + 4.25 * f64::from(row),
            );
            write!(path, "M{x:.1} {y:.1}h0").unwrap();
        }
    }
}

fn is_braille(symbol: &str) -> Option<char> {
    symbol
        .chars()
        .next()
        .filter(|c| ('\u{2801}'..='\u{28ff}').contains(c))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A buffer as an SVG: runs of cells of one look, each at its place and of its exact width.
fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let (width, height) = (
        f64::from(area.width) * CELL.0 + 2.0 * MARGIN,
        f64::from(area.height) * CELL.1 + 2.0 * MARGIN,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n\
         <g font-family=\"'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let look = paint(&buffer[(x, y)]);
            let start = x;
            let (mut run, mut path) = (String::new(), String::new());
            while x < area.width && paint(&buffer[(x, y)]) == look {
                let symbol = buffer[(x, y)].symbol();
                if let Some(cell) = is_braille(symbol) {
                    dots(
                        cell,
                        MARGIN + f64::from(x) * CELL.0,
                        MARGIN + f64::from(y) * CELL.1,
                        &mut path,
                    );
                    run.push(' ');
                } else {
                    run.push_str(symbol);
                }
                x += u16::try_from(symbol.width().max(1)).unwrap();
            }
            let (left, top) = (
                MARGIN + f64::from(start) * CELL.0,
                MARGIN + f64::from(y) * CELL.1,
            );
            let wide = f64::from(x - start) * CELL.0;
            let (fg, bg, bold, dim) = look;
            if let Some(bg) = bg {
                writeln!(out, "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{bg}\"/>", CELL.1).unwrap();
            }
            if !path.is_empty() {
                writeln!(out, "<path d=\"{path}\" stroke=\"{fg}\" stroke-width=\"2.4\" stroke-linecap=\"round\"/>").unwrap();
            }
            if !run.trim().is_empty() {
                let weight = if bold { " font-weight=\"bold\"" } else { "" };
                let faint = if dim { " opacity=\"0.6\"" } else { "" };
                writeln!(
                    out,
                    "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fg}\"{weight}{faint}>{}</text>",
                    top + 13.0,
                    escaped(&run)
                )
                .unwrap();
            }
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

#[test]
fn the_picture_of_the_readme_is_the_screen() {
    let shop = stories::ruled();
    let mut screen = screen((120, 40));
    holds(
        "tests/pictures/cockpit.svg",
        &svg(&draw(&shop, &mut screen)),
    );
}
