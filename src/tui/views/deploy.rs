//! The deploy: its verdict and steps as in the cockpit, below them the run with its jobs, what is live and what was before.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::page::Page;
use super::{View, list};
use crate::app::action::ActionId;
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::ids::Target;
use crate::domain::release::RunStatus;
use crate::domain::units::Now;
use crate::tui::layout::PaneId;
use crate::tui::overlays::detail::{Of, status};
use crate::tui::panes::fresh::Fresh;
use crate::tui::panes::{deploy, empty, verdict};
use crate::tui::widgets::panel::Panel;
use crate::tui::widgets::table::{self, Column};

/// The rows of the pane above.
const HEAD: u16 = 5;
/// Under this height the rows have all the room.
const WITH_HEAD: u16 = 12;

/// The page's state.
#[derive(Debug, Clone, Default)]
pub(super) struct Deploy {
    at: usize,
    top: usize,
    target: Option<Target>,
    /// Whether anything is known of the target.
    known: bool,
}

/// A row: mark, what, a word, when, and what it opens into.
struct Row {
    symbol: &'static str,
    role: Role,
    what: String,
    word: String,
    when: String,
    opens: Of,
}

/// The rows there are now.
fn rows(view: &View<'_>) -> Vec<Row> {
    let Some(slice) = view.slice() else {
        return Vec::new();
    };
    let mut out = Vec::new();
    if let Some(told) = &slice.signals.verdict {
        let (symbol, word, role) = verdict::verdict_word(told.state);
        out.push(Row {
            symbol,
            role,
            what: format!("verdict {word}"),
            word: told.short.clone(),
            when: String::new(),
            opens: Of::Verdict,
        });
    }
    if let Some(run) = slice.run.value() {
        let (symbol, role) = status(&run.run.status, run.run.conclusion.as_ref());
        let by = run.run.actor.as_ref().map(|a| format!(" by @{a}"));
        out.push(Row {
            symbol,
            role,
            what: format!("run {}", run.run.id),
            word: format!("{}{}", run.run.title, by.unwrap_or_default()),
            when: view.moment(run.run.started_at.unwrap_or(run.run.created_at)),
            opens: Of::Pane(PaneId::Deploy),
        });
        for job in &run.jobs {
            let (symbol, role) = status(&job.status, job.conclusion.as_ref());
            let done = job.steps.iter().filter(|s| s.conclusion.is_some()).count();
            let begun = matches!(job.status, RunStatus::InProgress | RunStatus::Completed);
            let took = job.took(view.now.0).filter(|t| begun && t.as_secs() > 0);
            let took = took.map(deploy::brief).unwrap_or_default();
            let doing = job.steps.iter().find(|s| s.conclusion.is_none());
            let doing = doing.map(|s| format!(": {}", s.name)).unwrap_or_default();
            let steps = job.steps.len();
            out.push(Row {
                symbol,
                role,
                what: format!("  {}", job.name),
                word: match steps {
                    0 => took,
                    _ if done == steps => format!("{took:<6} {done}/{steps} steps"),
                    _ => format!("{took:<6} {done}/{steps} steps{doing}"),
                },
                when: job
                    .started_at
                    .filter(|_| begun)
                    .map(|at| view.moment(at))
                    .unwrap_or_default(),
                opens: Of::Job(job.id),
            });
        }
    }
    if let Some(state) = &slice.state {
        if let Some(live) = &state.live {
            out.push(Row {
                symbol: "✔",
                role: Role::Good,
                what: live.what.to_string(),
                word: format!("live, {}", live.what.sha.short()),
                when: view.moment(live.since),
                opens: Of::Live(live.what.sha.clone()),
            });
        }
        for good in &state.known_good {
            out.push(Row {
                symbol: "·",
                role: Role::Muted,
                what: good.what.to_string(),
                word: format!("known good, live until {}", view.moment(good.until)),
                when: view.moment(good.since),
                opens: Of::Live(good.what.sha.clone()),
            });
        }
    }
    out
}

impl Deploy {
    fn places(area: Rect) -> (Rect, Rect) {
        if area.height < WITH_HEAD {
            return (Rect::default(), area);
        }
        let head = Rect {
            height: HEAD,
            ..area
        };
        let rest = Rect {
            y: area.y + HEAD,
            height: area.height - HEAD,
            ..area
        };
        (head, rest)
    }
}

impl Page for Deploy {
    fn observe(&mut self, world: &World, _now: Now) {
        if self.target != world.focus {
            *self = Self {
                target: world.focus.clone(),
                ..Self::default()
            };
        }
        let slice = world.focused().map(|(_, s)| s);
        self.known = slice.is_some_and(|s| s.state.is_some() || s.run.value().is_some());
    }

    fn on_action(&mut self, action: ActionId, view: &View<'_>, area: Rect) -> bool {
        let rows = rows(view).len();
        let (_, list_area) = Self::places(area);
        let room = usize::from(list_area.height.saturating_sub(2)).max(1);
        let at = self.at.min(rows.saturating_sub(1));
        let Some(to) = list::moved(at, action, rows, room) else {
            return false;
        };
        self.at = to;
        self.top = list::top(self.top, to, rows, room);
        true
    }

    fn wish(&self) -> Option<u16> {
        self.known.then_some(u16::MAX)
    }

    fn opened(&self, view: &View<'_>) -> Option<Of> {
        let rows = rows(view);
        let at = self.at.min(rows.len().saturating_sub(1));
        rows.into_iter().nth(at).map(|r| r.opens)
    }

    fn render(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
        let (head, rest) = Self::places(area);
        if !head.is_empty() {
            deploy::render(view, false, head, buffer);
        }
        let Some(slice) = view.slice() else { return };
        let fresh = Fresh::of(&slice.run);
        let mark = fresh.mark(view);
        let panel = Panel {
            title: "Run and versions",
            focused,
            stale: mark.as_deref(),
            ..Panel::default()
        };
        let inside = panel.render(rest, buffer, view.styles);
        crate::tui::panes::fresh::put_foot(rest, buffer, &fresh.foot(view, "run"));
        let rows = rows(view);
        if rows.is_empty() {
            empty(
                view,
                inside,
                buffer,
                "nothing is known of a deploy here yet",
                "",
            );
            return;
        }
        table_of(view, &rows, (self.at, self.top), focused, inside, buffer);
    }
}

fn table_of(
    view: &View<'_>,
    rows: &[Row],
    (at, top): (usize, usize),
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    let column = |least, wished, rank, right| Column {
        least,
        wished,
        rank,
        right,
    };
    let columns = [
        column(3, 3, 9, false),
        column(12, 26, 9, false),
        column(12, 200, 8, false),
        column(5, 16, 9, true),
    ];
    let area = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    let places = table::layout(&columns, area.width);
    let room = usize::from(area.height);
    let at = at.min(rows.len().saturating_sub(1));
    let top = list::top(top, at, rows.len(), room);
    let seen = rows.iter().enumerate().skip(top).take(room);
    for ((i, row), y) in seen.zip(area.top()..) {
        let mark = if i == at { "▸" } else { " " };
        let chosen = if focused { Role::Accent } else { Role::Muted };
        let loud = matches!(row.role, Role::Bad | Role::Warn);
        let cells = [
            Line::from(vec![
                view.span(mark, chosen),
                view.span(row.symbol, row.role),
            ]),
            view.line(row.what.clone(), if loud { row.role } else { Role::Text }),
            view.line(row.word.clone(), if loud { row.role } else { Role::Muted }),
            view.line(row.when.clone(), Role::Muted),
        ];
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        table::row(&columns, &places, &cells, place, buffer);
    }
}
