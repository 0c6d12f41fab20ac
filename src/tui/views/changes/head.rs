//! The frame that the parts share: what is shown and whose, figures on the right as far as they have room, the parts and the
//! freshness in the lower edge.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::View;
use super::question::Part;
use super::told;
use crate::config::theme::Role;
use crate::domain::fetched::Fetched;
use crate::tui::panes::fresh;
use crate::tui::widgets::panel::Panel;
use crate::tui::widgets::text;

/// What stands in the frame.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) part: Part,
    /// After the title.
    pub(super) subject: Line<'static>,
    /// The right side: the longest that has room is taken.
    pub(super) rights: Vec<Line<'static>>,
    /// Why the data is not what is asked for now.
    pub(super) mark: Option<String>,
    /// The lower edge.
    pub(super) foot: Line<'static>,
}

impl Head {
    /// With how true the answer is: its mark and its lower edge.
    #[must_use]
    pub(super) fn dated<T>(
        self,
        view: &View<'_>,
        fetched: &Fetched<T>,
        as_of: Option<Timestamp>,
    ) -> Self {
        Self {
            mark: told::mark(view, fetched, as_of),
            foot: told::foot(view, fetched, as_of),
            ..self
        }
    }
}

/// Draws the frame and returns the room inside.
pub(super) fn draw(
    view: &View<'_>,
    head: Head,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) -> Rect {
    let marked = head.mark.as_ref().map_or(0, |m| text::width(m) + 4);
    // Corners, the title with its mark, spaces around, two columns between left and right.
    let left = text::width(head.part.title()) + text::line_width(&head.subject) + marked + 10;
    let room = usize::from(area.width).saturating_sub(left);
    let fits = |line: &Line<'static>| text::line_width(line) <= room;
    let right = head.rights.into_iter().find(fits).unwrap_or_default();
    let panel = Panel {
        title: head.part.title(),
        subject: head.subject,
        right,
        focused,
        stale: head.mark.as_deref(),
        ..Panel::default()
    };
    let inside = panel.render(area, buffer, view.styles);
    let used = parts(view, head.part, area, buffer);
    let rest = Rect {
        x: area.x.saturating_add(used),
        width: area.width.saturating_sub(used),
        ..area
    };
    fresh::put_foot(rest, buffer, &head.foot);
    inside
}

/// The parts in the lower edge, the one that is shown marked; returns the columns used.
fn parts(view: &View<'_>, shown: Part, area: Rect, buffer: &mut Buffer) -> u16 {
    if area.height < 3 || area.width < 40 {
        return 0;
    }
    let mut spans = vec![Span::raw(" ")];
    for part in Part::ALL {
        if part == shown {
            spans.push(view.span(format!("▸{} ", part.title()), Role::Accent));
        } else {
            spans.push(view.span(format!(" {} ", part.title()), Role::Muted));
        }
    }
    let place = Rect {
        x: area.x + 2,
        y: area.bottom() - 1,
        width: area.width - 4,
        height: 1,
    };
    text::put_line(buffer, place, &Line::from(spans)) + 2
}
