//! The rollback's form, drawn: a row for each fact and field; where there is no room the least important rows go first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::rollback::{Field, Form, choices};
use super::rollback_facts::{from, goes, to, who};
use super::rollback_holds;
use super::scroll::{frame, paragraph};
use crate::app::world::EnvSlice;
use crate::config::theme::Role;
use crate::domain::rollback::plan::ConfirmBy;
use crate::domain::rollback::{Refusal, RollbackPlan};
use crate::tui::layout;
use crate::tui::panes::View;
use crate::tui::widgets::text;

/// The widest the form gets, with its frame.
const WIDTH: u16 = 102;

/// A row of the form.
struct Row {
    line: Line<'static>,
    /// Lower ones go first where there is no room.
    rank: u8,
    /// A text field and the columns before it.
    input: Option<(Field, usize)>,
}

/// Draws the form, or why there is none.
pub fn render(view: &View<'_>, form: &Form, area: Rect, buffer: &mut Buffer) {
    let title = format!("Roll back {}", form.target);
    let width = area.width.min(WIDTH);
    let inner = usize::from(width.saturating_sub(4));
    let slice = view.world.envs.get(&form.target);
    let rows = match slice.and_then(|s| s.plan.as_ref()) {
        Some(Ok(plan)) => {
            let whole = fields(view, form, plan, slice, (inner, true));
            if whole.len() + 2 > usize::from(area.height) {
                // A row for each warning, cut, rather than half of the words of some.
                fields(view, form, plan, slice, (inner, false))
            } else {
                whole
            }
        }
        Some(Err(refusal)) => refused(view, form, refusal, inner),
        None => simple(vec![view.line(
            "it is not known yet what runs here: wait for GitHub to answer",
            Role::Warn,
        )]),
    };
    let mut rows = rows;
    let room = usize::from(area.height.saturating_sub(2)).max(1);
    while rows.len() > room {
        let Some(at) = rows
            .iter()
            .enumerate()
            .min_by_key(|(i, r)| (r.rank, std::cmp::Reverse(*i)))
            .map(|(i, _)| i)
        else {
            break;
        };
        rows.remove(at);
    }
    let height = u16::try_from(rows.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let inside = frame(
        view,
        &title,
        "",
        layout::dialog(area, width, height),
        buffer,
    );
    for (row, y) in rows.iter().zip(inside.top()..inside.bottom()) {
        let place = Rect {
            x: inside.x + 1,
            y,
            width: inside.width.saturating_sub(2),
            height: 1,
        };
        text::put_line(buffer, place, &row.line);
        if let Some((field, before)) = row.input {
            input(view, form, field, before, place, buffer);
        }
    }
}

/// The text field of a row, and what stands behind it.
fn input(
    view: &View<'_>,
    form: &Form,
    field: Field,
    before: usize,
    place: Rect,
    buffer: &mut Buffer,
) {
    let before = u16::try_from(before).unwrap_or(u16::MAX).min(place.width);
    let rest = place.width - before;
    let after = match field {
        Field::Name => {
            let focused = form.field == Field::DryRun;
            let button = view.span(
                if focused {
                    "▸[ dry run ]"
                } else {
                    " [ dry run ]"
                },
                if focused { Role::Selection } else { Role::Key },
            );
            let whole = vec![button.clone(), view.span("   Esc cancels", Role::Muted)];
            Line::from(if rest >= 40 { whole } else { vec![button] })
        }
        _ if place.width >= 70 => view.line("(edit it)", Role::Muted),
        _ => Line::default(),
    };
    let used = text::line_width(&after);
    let behind = u16::try_from(used).unwrap_or(u16::MAX).saturating_add(2);
    // The button is there whenever it is focused, even if little is seen of the name then.
    let chosen = field == Field::Name && form.field == Field::DryRun && rest >= behind;
    let (width, show) = if rest >= behind + 10 || chosen {
        (rest - behind, true)
    } else {
        (rest, false)
    };
    let box_ = Rect {
        x: place.x + before,
        width,
        ..place
    };
    let focused = form.field == field;
    match field {
        Field::Reason => form.reason.render(box_, buffer, view.styles, focused),
        _ => form.typed.render(box_, buffer, view.styles, focused),
    }
    if show {
        let place = Rect {
            x: place.right() - u16::try_from(used).unwrap_or(0),
            width: u16::try_from(used).unwrap_or(0),
            ..place
        };
        text::put_line(buffer, place, &after);
    }
}

fn simple(lines: Vec<Line<'static>>) -> Vec<Row> {
    lines
        .into_iter()
        .map(|line| Row {
            line,
            rank: 5,
            input: None,
        })
        .collect()
}

/// Why there is no plan, and what to do.
fn refused(view: &View<'_>, form: &Form, refusal: &Refusal, width: usize) -> Vec<Row> {
    let mut lines = paragraph(&refusal.to_string(), view.styles.get(Role::Warn), 0, width);
    if let Some(hint) = refusal.hint() {
        lines.extend(paragraph(&hint, view.styles.get(Role::Text), 0, width));
    }
    let older = view
        .world
        .envs
        .get(&form.target)
        .map(|s| choices(s).0)
        .unwrap_or_default();
    let may_choose = matches!(
        refusal,
        Refusal::AlreadyDone { .. } | Refusal::IsLive { .. } | Refusal::NotKnownGood { .. }
    );
    if may_choose && !older.is_empty() {
        let names: Vec<String> = older.iter().take(5).map(ToString::to_string).collect();
        lines.push(Line::default());
        lines.push(Line::from(vec![
            view.span(" → ", Role::Key),
            view.span(
                format!("  goes further back: {}", names.join(", ")),
                Role::Text,
            ),
        ]));
    }
    lines.push(Line::default());
    lines.push(Line::from(vec![
        view.span(" Esc ", Role::Key),
        view.span("  closes", Role::Text),
    ]));
    simple(lines)
}

/// The columns of the labels, and of what stands before the values (the arrows of `to`).
const LABEL: usize = 7;
const VALUE: usize = LABEL + 3;

fn label(view: &View<'_>, form: &Form, field: Option<Field>, text: &str) -> Vec<Span<'static>> {
    let focused = field == Some(form.field);
    let role = if focused { Role::Accent } else { Role::Muted };
    vec![
        view.span(if focused { "▸" } else { " " }, Role::Accent),
        view.span(text::pad(text, LABEL), role),
    ]
}

fn fields(
    view: &View<'_>,
    form: &Form,
    plan: &RollbackPlan,
    slice: Option<&EnvSlice>,
    (width, wrapped): (usize, bool),
) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |rank: u8,
                   mut head: Vec<Span<'static>>,
                   rest: Vec<Span<'static>>,
                   input: Option<(Field, usize)>| {
        head.extend(rest);
        rows.push(Row {
            line: Line::from(head),
            rank,
            input,
        });
    };
    row(
        8,
        label(view, form, None, "from"),
        from(view, plan, slice),
        None,
    );
    row(
        9,
        label(view, form, Some(Field::To), "to"),
        to(view, plan),
        None,
    );
    let way = rollback_holds::many(plan).then_some(Field::How);
    row(
        4,
        label(view, form, way, "how"),
        rollback_holds::how(view, plan),
        None,
    );
    if let Some(line) = who(view, form) {
        row(
            1,
            label(view, form, None, ""),
            vec![view.span(line, Role::Muted)],
            None,
        );
    }
    row(
        5,
        label(view, form, Some(Field::Goes), "goes"),
        goes(view, plan),
        None,
    );
    for (i, warning) in plan.warnings.iter().enumerate() {
        let parts = if wrapped {
            text::wrap(warning.as_str(), width.saturating_sub(VALUE))
        } else {
            vec![warning.to_string()]
        };
        for (j, part) in parts.into_iter().enumerate() {
            let mark = if j == 0 { " !        " } else { "          " };
            row(
                if i < 2 && j == 0 { 6 } else { 3 },
                vec![view.span(mark, Role::Warn)],
                vec![view.span(part, Role::Warn)],
                None,
            );
        }
    }
    for (spans, first) in rollback_holds::rows(view, plan, width.saturating_sub(VALUE), wrapped) {
        row(if first { 6 } else { 3 }, spans, Vec::new(), None);
    }
    row(
        9,
        label(view, form, Some(Field::Reason), "reason"),
        Vec::new(),
        Some((Field::Reason, VALUE)),
    );
    if let Some(fault) = &view.world.ledger.fault {
        let words = format!(
            "the ledger can't be read, so nothing can be sent: {}",
            fault.message
        );
        row(
            9,
            vec![view.span(" ✖        ", Role::Bad)],
            vec![view.span(words, Role::Bad)],
            None,
        );
    }
    if let Some(problem) = &form.problem {
        row(
            9,
            vec![view.span(" ✖        ", Role::Bad)],
            vec![view.span(problem.clone(), Role::Bad)],
            None,
        );
    }
    match plan.confirm {
        ConfirmBy::ServiceName => {
            let service = plan.target.service.as_str();
            let ask = if width >= 80 {
                format!("type the service's name, {service}, to roll back: ")
            } else {
                format!("type {} to roll back: ", text::truncate(service, 20))
            };
            let focused = form.field == Field::Name;
            let columns = text::width(&ask) + 1;
            let head = vec![
                view.span(if focused { "▸" } else { " " }, Role::Accent),
                view.span(ask, if focused { Role::Accent } else { Role::Text }),
            ];
            row(10, head, Vec::new(), Some((Field::Name, columns)));
        }
        ConfirmBy::Key => {
            let focused = form.field == Field::Name;
            let button = if focused { Role::Banner } else { Role::Key };
            let dry = if form.field == Field::DryRun {
                Role::Selection
            } else {
                Role::Key
            };
            let head = vec![
                view.span(if focused { "▸" } else { " " }, Role::Accent),
                view.span("[ roll back ]", button),
                view.span("   ", Role::Text),
                view.span("[ dry run ]", dry),
                view.span("   Esc cancels", Role::Muted),
            ];
            row(10, head, Vec::new(), None);
        }
    }
    rows
}
