//! Where everything stands: a pure function of the size and the zoomed pane. Large screens show four panes and the deploy,
//! 80x24 folds gates and calendar to a line each, under 60x16 only the deploy's lines and the key line stay.

use ratatui::layout::Rect;

/// The panes of the cockpit, in the order of the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaneId {
    #[default]
    Deploy,
    Errors,
    Latency,
    Gates,
    Calendar,
}

impl PaneId {
    /// Every pane, in the order in which Tab takes them.
    pub const ALL: [Self; 5] = [
        Self::Deploy,
        Self::Errors,
        Self::Latency,
        Self::Gates,
        Self::Calendar,
    ];

    /// The pane `by` places further, around the end.
    #[must_use]
    pub fn step(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|p| *p == self).unwrap_or(0);
        Self::ALL
            .get((at + by) % Self::ALL.len())
            .copied()
            .unwrap_or_default()
    }
}

/// Under this width or height the screen is small.
pub const SMALL: (u16, u16) = (60, 16);
/// From this size on all panes have a frame, two beside each other.
const FULL: (u16, u16) = (100, 30);
/// From this height on a narrow screen has frames for gates and calendar, one below the other.
const TALL: u16 = 36;
/// From this width on the deploy's verdict fits on one row, where rows are dear.
const ONE_ROW_VERDICT: u16 = 110;

/// The places. An empty rectangle is not drawn; a pane of one row is folded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layout {
    pub title: Rect,
    pub tabs: Rect,
    pub keys: Rect,
    /// The line that says that the terminal is small.
    pub small: Rect,
    pub deploy: Rect,
    pub errors: Rect,
    pub latency: Rect,
    pub gates: Rect,
    pub calendar: Rect,
}

impl Layout {
    /// The place of a pane.
    pub fn of(&self, pane: PaneId) -> Rect {
        match pane {
            PaneId::Deploy => self.deploy,
            PaneId::Errors => self.errors,
            PaneId::Latency => self.latency,
            PaneId::Gates => self.gates,
            PaneId::Calendar => self.calendar,
        }
    }

    /// The pane at a place of the terminal.
    pub fn at(&self, column: u16, row: u16) -> Option<PaneId> {
        PaneId::ALL
            .into_iter()
            .find(|p| self.of(*p).contains((column, row).into()))
    }

    fn set(&mut self, pane: PaneId, place: Rect) {
        *match pane {
            PaneId::Deploy => &mut self.deploy,
            PaneId::Errors => &mut self.errors,
            PaneId::Latency => &mut self.latency,
            PaneId::Gates => &mut self.gates,
            PaneId::Calendar => &mut self.calendar,
        } = place;
    }
}

/// Cuts `rows` off the top of `rest`.
fn top(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let cut = Rect {
        height: rows,
        ..*rest
    };
    rest.y += rows;
    rest.height -= rows;
    cut
}

/// Cuts `rows` off the bottom of `rest`.
fn bottom(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    rest.height -= rows;
    Rect {
        y: rest.y + rest.height,
        height: rows,
        ..*rest
    }
}

/// Two halves beside each other.
fn halves(area: Rect) -> (Rect, Rect) {
    let left = area.width / 2;
    (
        Rect {
            width: left,
            ..area
        },
        Rect {
            x: area.x + left,
            width: area.width - left,
            ..area
        },
    )
}

/// The places of everything on a screen of this size.
pub fn plan(area: Rect, zoom: Option<PaneId>) -> Layout {
    if area.width < SMALL.0 || area.height < SMALL.1 {
        return small(area);
    }
    let mut rest = area;
    let mut layout = Layout {
        title: top(&mut rest, 1),
        tabs: top(&mut rest, 1),
        keys: bottom(&mut rest, 1),
        ..Layout::default()
    };
    if let Some(pane) = zoom {
        layout.set(pane, rest);
        return layout;
    }
    let rows = if area.width >= ONE_ROW_VERDICT && area.height < TALL {
        4
    } else {
        5
    };
    layout.deploy = top(&mut rest, rows);
    if area.width >= FULL.0 && area.height >= FULL.1 {
        let rows = (rest.height * 2 / 5).clamp(6, 16);
        let lower = bottom(&mut rest, rows);
        (layout.errors, layout.latency) = halves(rest);
        (layout.gates, layout.calendar) = halves(lower);
        return layout;
    }
    if area.height >= TALL {
        let rows = (rest.height / 4).clamp(6, 10);
        layout.calendar = bottom(&mut rest, rows);
        layout.gates = bottom(&mut rest, rows);
    } else {
        layout.calendar = bottom(&mut rest, 1);
        layout.gates = bottom(&mut rest, 1);
    }
    (layout.errors, layout.latency) = halves(rest);
    layout
}

/// The place of a page of rows: all but title, tabs and keys; empty on a small screen.
pub fn body(area: Rect) -> Rect {
    if area.width < SMALL.0 || area.height < SMALL.1 {
        return Rect::default();
    }
    Rect {
        y: area.y + 2,
        height: area.height - 3,
        ..area
    }
}

/// What stays where there is no room: the verdict first, then the deploy, the keys, and why the rest is missing.
fn small(area: Rect) -> Layout {
    let mut layout = Layout::default();
    if area.width < 4 || area.height == 0 {
        return layout;
    }
    let mut rest = area;
    if area.height >= 3 {
        layout.keys = bottom(&mut rest, 1);
    }
    layout.deploy = top(&mut rest, 2);
    layout.small = top(&mut rest, 1);
    layout
}

/// The place of a dialog that wants this size: in the middle, over the whole screen where there is no room beside it.
pub fn dialog(area: Rect, width: u16, height: u16) -> Rect {
    let snug = |room: u16, wish: u16, margin: u16| {
        if wish + 2 * margin <= room {
            wish
        } else {
            room
        }
    };
    let (width, height) = (snug(area.width, width, 0), snug(area.height, height, 0));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(layout: &Layout) -> Vec<Rect> {
        let mut all = vec![layout.title, layout.tabs, layout.keys, layout.small];
        all.extend(PaneId::ALL.map(|p| layout.of(p)));
        all.retain(|r| !r.is_empty());
        all
    }

    proptest! {
        /// Whatever the size: nothing overlaps, nothing hangs over the edge, and from 60x16 on every row is used.
        #[test]
        fn places_never_overlap(w in 0u16..320, h in 0u16..120, zoom in 0usize..6) {
            let area = Rect::new(0, 0, w, h);
            let layout = plan(area, PaneId::ALL.get(zoom).copied());
            let all = places(&layout);
            for (i, a) in all.iter().enumerate() {
                prop_assert_eq!(a.intersection(area), *a);
                for b in all.iter().skip(i + 1) {
                    prop_assert!(a.intersection(*b).is_empty(), "{} and {}", a, b);
                }
            }
            if w >= SMALL.0 && h >= SMALL.1 {
                let covered: u32 = all.iter().map(|r| u32::from(r.width) * u32::from(r.height)).sum();
                prop_assert_eq!(covered, u32::from(w) * u32::from(h));
            }
        }
    }

    #[test]
    fn the_sizes_of_the_design() {
        let large = plan(Rect::new(0, 0, 120, 40), None);
        assert_eq!((large.deploy.height, large.errors.width), (5, 60));
        assert!(large.errors.height > large.gates.height && large.gates.height >= 8);
        let folded = plan(Rect::new(0, 0, 80, 24), None);
        assert_eq!((folded.gates.height, folded.calendar.height), (1, 1));
        assert_eq!((folded.errors.width, folded.errors.height), (40, 14));
        let huge = plan(Rect::new(0, 0, 200, 60), None);
        assert!(huge.errors.height > 2 * huge.gates.height);
        let small = plan(Rect::new(0, 0, 59, 16), None);
        assert_eq!(
            (small.deploy.height, small.small.height, small.keys.height),
            (2, 1, 1)
        );
        assert_eq!(plan(Rect::new(0, 0, 1, 1), None), Layout::default());
        for size in [Rect::new(0, 0, 60, 16), Rect::new(0, 0, 200, 60)] {
            assert_eq!(body(size), plan(size, Some(PaneId::Gates)).gates);
        }
        assert!(body(Rect::new(0, 0, 59, 16)).is_empty());
    }

    #[test]
    fn a_click_finds_its_pane() {
        let layout = plan(Rect::new(0, 0, 120, 40), None);
        assert_eq!(layout.at(3, 3), Some(PaneId::Deploy));
        assert_eq!(layout.at(100, 10), Some(PaneId::Latency));
        assert_eq!(layout.at(0, 0), None);
        assert_eq!(PaneId::Calendar.step(1), PaneId::Deploy);
        assert_eq!(PaneId::Deploy.step(4), PaneId::Calendar);
    }
}
