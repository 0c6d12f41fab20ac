//! The chart of one signal over time: y axis with few round ticks, x axis with times of the configured zone, the curve
//! in braille, levels (baseline, threshold) as dotted lines, the deploy as a vertical line with its version.
//! The window is fixed and the curve grows into its free right quarter ([`window::Window`]), so a tick costs few bytes.

pub mod curve;
pub mod scale;
pub mod window;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use self::curve::Dots;
use self::scale::{Axis, index};
use super::text;
use crate::config::theme::Role;
use crate::tui::styles::Styles;

/// A horizontal line with a name, such as `slo` or `was`.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    pub value: f64,
    pub label: String,
    /// [`Role::ChartThreshold`] or [`Role::ChartBaseline`].
    pub role: Role,
}

/// A moment with a name, such as a deploy with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Unix seconds.
    pub at: i64,
    pub label: String,
}

/// All that a chart shows.
pub struct Chart<'a> {
    /// Unix seconds, ascending, with values; `None` is a gap and stays one.
    pub points: &'a [(i64, Option<f64>)],
    /// The window's first and last second, from [`window::Window::at`].
    pub window: (i64, i64),
    pub levels: &'a [Level],
    pub marker: Option<&'a Marker>,
    pub zone: &'a TimeZone,
    /// A value as its tick's label, without unit where the title has it.
    pub label: &'a dyn Fn(f64) -> String,
    /// How the curve is painted, usually [`Role::ChartMain`].
    pub role: Role,
    /// Only characters that every terminal has.
    pub ascii: bool,
}

impl std::fmt::Debug for Chart<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chart")
            .field("points", &self.points.len())
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// The least size that shows a curve.
const LEAST: (u16, u16) = (10, 3);
/// From this width on there are labels beside the y axis.
const LABELS_FROM: u16 = 20;

/// The parts of the area.
struct Places {
    plot: Rect,
    /// The column of the axis, where there is one.
    axis: Option<u16>,
    labels: Rect,
    times: Rect,
}

impl Chart<'_> {
    /// Draws the chart; "no data" where there is none, or no room.
    pub fn render(&self, area: Rect, buffer: &mut Buffer, styles: &Styles) {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        let (from, to) = self.window;
        let seen = self
            .points
            .iter()
            .filter(|(at, _)| (from..=to).contains(at));
        let values: Vec<f64> = seen
            .filter_map(|(_, v)| *v)
            .filter(|v| v.is_finite())
            .collect();
        if values.is_empty() || to <= from || area.width < LEAST.0 || area.height < LEAST.1 {
            let place = Rect {
                y: area.y + area.height / 2,
                height: 1,
                ..area
            };
            let words = text::truncate("no data", usize::from(area.width));
            let indent = (usize::from(area.width).saturating_sub(words.len())) / 2;
            text::put(
                buffer,
                place,
                &format!("{}{words}", " ".repeat(indent)),
                styles.get(Role::Muted),
            );
            return;
        }
        let levels = self.levels.iter().map(|l| l.value);
        let axis = Axis::new(
            values.iter().copied().chain(levels),
            usize::from(area.height - 1),
        );
        let places = self.places(area, &axis);
        self.y_axis(&places, &axis, buffer, styles);
        self.level_lines(&places, &axis, buffer, styles);
        self.marker_and_times(&places, buffer, styles);
        let dots = Dots::draw(
            self.points,
            self.window,
            &axis,
            (places.plot.width, places.plot.height),
        );
        dots.put(places.plot, buffer, styles.get(self.role), self.ascii);
        self.level_labels(&places, &axis, &dots, buffer, styles);
    }

    fn places(&self, area: Rect, axis: &Axis) -> Places {
        let widest = axis
            .ticks
            .iter()
            .map(|t| text::width(&(self.label)(*t)))
            .max()
            .unwrap_or(0);
        let labels = if area.width < LABELS_FROM {
            0
        } else {
            u16::try_from(widest).unwrap_or(0).min(area.width / 3)
        };
        // A label, a space, the axis.
        let left = if labels == 0 { 0 } else { labels + 2 };
        let plot = Rect {
            x: area.x + left,
            width: area.width - left,
            height: area.height - 1,
            y: area.y,
        };
        Places {
            plot,
            axis: (left > 0).then(|| plot.x - 1),
            labels: Rect {
                width: labels,
                height: plot.height,
                ..area
            },
            times: Rect {
                x: plot.x,
                y: plot.bottom(),
                width: plot.width,
                height: 1,
            },
        }
    }

    fn y_axis(&self, places: &Places, axis: &Axis, buffer: &mut Buffer, styles: &Styles) {
        let Some(x) = places.axis else { return };
        let style = styles.get(Role::Muted);
        for y in places.plot.top()..places.plot.bottom() {
            put(buffer, x, y, if self.ascii { "|" } else { "│" }, style);
        }
        for tick in &axis.ticks {
            let y = places.plot.y + axis.row(*tick, places.plot.height);
            put(buffer, x, y, if self.ascii { "+" } else { "┤" }, style);
            let label = text::pad_left(&(self.label)(*tick), usize::from(places.labels.width));
            text::put(
                buffer,
                Rect {
                    y,
                    height: 1,
                    ..places.labels
                },
                &label,
                style,
            );
        }
    }

    fn level_lines(&self, places: &Places, axis: &Axis, buffer: &mut Buffer, styles: &Styles) {
        for level in self.levels.iter().filter(|l| l.value.is_finite()) {
            let y = places.plot.y + axis.row(level.value, places.plot.height);
            for x in places.plot.left()..places.plot.right() {
                put(
                    buffer,
                    x,
                    y,
                    if self.ascii { "-" } else { "┄" },
                    styles.get(level.role),
                );
            }
        }
    }

    /// The names of the levels at the right edge, where the curve has not come yet.
    fn level_labels(
        &self,
        places: &Places,
        axis: &Axis,
        dots: &Dots,
        buffer: &mut Buffer,
        styles: &Styles,
    ) {
        for level in self
            .levels
            .iter()
            .filter(|l| l.value.is_finite() && !l.label.is_empty())
        {
            let row = axis.row(level.value, places.plot.height);
            let label = format!(" {}", level.label);
            let Ok(w) = u16::try_from(text::width(&label)) else {
                continue;
            };
            let free = w * 3 <= places.plot.width
                && (places.plot.width - w..places.plot.width).all(|c| dots.is_empty(c, row));
            if free {
                let place = Rect {
                    x: places.plot.right() - w,
                    y: places.plot.y + row,
                    width: w,
                    height: 1,
                };
                text::put(buffer, place, &label, styles.get(level.role));
            }
        }
    }

    /// The deploy's line, then the times below the axis around its label.
    fn marker_and_times(&self, places: &Places, buffer: &mut Buffer, styles: &Styles) {
        let mut used: Vec<(u16, u16)> = Vec::new();
        if let Some((marker, x)) = self
            .marker
            .and_then(|m| Some((m, places.plot.x + self.column(m.at, places.plot.width)?)))
        {
            let style = styles.get(Role::ChartMarker);
            for y in places.plot.top()..places.plot.bottom() {
                put(buffer, x, y, if self.ascii { ":" } else { "╎" }, style);
            }
            let time = self.time(marker.at, "%H:%M");
            let long = format!("{time} {}", marker.label).trim_end().to_owned();
            let fits = text::width(&long) * 3 <= usize::from(places.times.width);
            let short = if marker.label.is_empty() {
                &time
            } else {
                &marker.label
            };
            let words = text::truncate(
                if fits { &long } else { short },
                usize::from(places.times.width),
            );
            used.push(write_centred(&words, x, places.times, buffer, style));
        }
        let (from, to) = self.window;
        let step = scale::time_step(to - from, places.times.width);
        let format = if step >= 86_400 { "%d %b" } else { "%H:%M" };
        let offset =
            Timestamp::from_second(from).map_or(0, |t| i64::from(self.zone.to_offset(t).seconds()));
        let first = (from + offset).div_euclid(step) * step - offset;
        for at in std::iter::successors(Some(first), |t| t.checked_add(step))
            .take_while(|t| *t <= to)
            .take(500)
        {
            let Some(column) = self.column(at, places.times.width) else {
                continue;
            };
            let words = self.time(at, format);
            let (start, end) = centred(&words, places.times.x + column, places.times);
            let free = used.iter().all(|(a, b)| end + 2 <= *a || start >= *b + 2);
            if free && usize::from(end - start) == text::width(&words) {
                used.push(write_centred(
                    &words,
                    places.times.x + column,
                    places.times,
                    buffer,
                    styles.get(Role::Muted),
                ));
            }
        }
    }

    /// The column of a moment inside the window.
    fn column(&self, at: i64, width: u16) -> Option<u16> {
        let (from, to) = self.window;
        let inside = (from..=to).contains(&at);
        inside.then(|| {
            u16::try_from(index(
                (at - from) as f64 / (to - from) as f64,
                usize::from(width),
            ))
            .unwrap_or(0)
        })
    }

    fn time(&self, at: i64, format: &str) -> String {
        Timestamp::from_second(at).map_or_else(
            |_| String::new(),
            |t| t.to_zoned(self.zone.clone()).strftime(format).to_string(),
        )
    }
}

/// Sets one cell, if it exists.
fn put(buffer: &mut Buffer, x: u16, y: u16, symbol: &str, style: Style) {
    if let Some(cell) = buffer.cell_mut((x, y)) {
        cell.set_symbol(symbol).set_style(style);
    }
}

/// First column and the one after the last of words centred on a column, pushed inside `area`.
fn centred(words: &str, column: u16, area: Rect) -> (u16, u16) {
    let w = u16::try_from(text::width(words))
        .unwrap_or(u16::MAX)
        .min(area.width);
    let start = column.saturating_sub(w / 2).clamp(area.x, area.right() - w);
    (start, start + w)
}

fn write_centred(
    words: &str,
    column: u16,
    area: Rect,
    buffer: &mut Buffer,
    style: Style,
) -> (u16, u16) {
    let (start, end) = centred(words, column, area);
    text::put(
        buffer,
        Rect {
            x: start,
            width: end - start,
            ..area
        },
        words,
        style,
    );
    (start, end)
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
