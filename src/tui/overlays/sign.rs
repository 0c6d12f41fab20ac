//! The form that signs a manual gate: gate, slot, reason, yes or no. Characters only type, Enter acts on the focused field only;
//! what is refused says why and stays, what is recorded closes the form.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::scroll::{frame, paragraph};
use crate::app::chord::{Chord, Key};
use crate::app::msg::Msg;
use crate::app::sign::{Signed, Signing, manual_gates};
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::gate::signoff::Answer;
use crate::domain::ids::Target;
use crate::domain::release::VersionRef;
use crate::report::command;
use crate::tui::layout;
use crate::tui::panes::View;
use crate::tui::widgets::line_input::LineInput;
use crate::tui::widgets::text;

/// The widest the form gets, with its frame.
const WIDTH: u16 = 84;
/// The columns of the labels.
const LABEL: usize = 9;

/// The fields, in the order of Tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Gate,
    Slot,
    Reason,
    Yes,
    No,
}

/// The form's state.
#[derive(Debug, Clone)]
pub struct Form {
    pub target: Target,
    pub field: Field,
    /// What the person looks at: another candidate is not signed by this form.
    candidate: VersionRef,
    gates: Vec<(String, Vec<String>)>,
    gate: usize,
    slot: usize,
    reason: LineInput,
    problem: Option<String>,
    sent: bool,
    /// The row of an earlier sign-off: not the one that is waited for.
    earlier: Option<u64>,
}

impl Form {
    /// A form for a target, at the gate that is selected if somebody signs it, else the first.
    ///
    /// # Errors
    /// Why there is nothing to sign.
    pub fn new(target: Target, world: &World, selected: Option<&str>) -> Result<Self, String> {
        let gates: Vec<(String, Vec<String>)> = manual_gates(world, &target)
            .into_iter()
            .map(|(id, manual)| (id.to_owned(), manual.slots.clone()))
            .collect();
        if gates.is_empty() {
            return Err(format!(
                "nobody signs here: no manual gate is configured for {target}"
            ));
        }
        let slice = world.envs.get(&target);
        let Some((candidate, _)) = slice.and_then(|s| s.candidate.as_ref()) else {
            return Err("there is no candidate to sign yet".to_owned());
        };
        let at = gates
            .iter()
            .position(|(id, _)| Some(id.as_str()) == selected);
        Ok(Self {
            field: if gates.len() > 1 && at.is_none() {
                Field::Gate
            } else {
                Field::Reason
            },
            candidate: candidate.clone(),
            gate: at.unwrap_or(0),
            slot: 0,
            gates,
            target,
            reason: LineInput::default(),
            problem: None,
            sent: false,
            earlier: None,
        })
    }

    fn slots(&self) -> &[String] {
        self.gates
            .get(self.gate)
            .map_or(&[], |(_, slots)| slots.as_slice())
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields = vec![Field::Reason, Field::Yes, Field::No];
        if self.slots().len() > 1 {
            fields.insert(0, Field::Slot);
        }
        if self.gates.len() > 1 {
            fields.insert(0, Field::Gate);
        }
        fields
    }

    /// The command that does the same.
    pub fn command(&self) -> String {
        let gate = self.gates.get(self.gate).map_or("", |(id, _)| id);
        let slot = self.slots().get(self.slot).map(String::as_str);
        let no = self.field == Field::No;
        command::sign(
            &self.target,
            (gate, slot),
            &self.reason.text(),
            no,
            &self.candidate,
        )
    }

    /// What became of the sign-off: the words for the key line once it is recorded.
    pub fn observe(&mut self, world: &World) -> Option<String> {
        if !self.sent {
            return None;
        }
        match world.signed.get(&self.target)? {
            Signed::Writing => None,
            Signed::Refused(fault) => {
                self.sent = false;
                self.problem = Some(match &fault.hint {
                    Some(hint) => format!("{}: {hint}", fault.message),
                    None => fault.message.to_string(),
                });
                None
            }
            Signed::Recorded(row) if Some(row.seq) == self.earlier => None,
            Signed::Recorded(row) => Some(format!(
                "recorded: {} of {}, row {} of the ledger",
                self.gates.get(self.gate).map_or("gate", |(id, _)| id),
                self.candidate,
                row.seq
            )),
        }
    }

    /// The next or the previous field.
    pub fn step(&mut self, forward: bool) {
        let fields = self.fields();
        let at = fields.iter().position(|f| *f == self.field).unwrap_or(0);
        let by = if forward { 1 } else { fields.len() - 1 };
        self.field = fields
            .get((at + by) % fields.len())
            .copied()
            .unwrap_or(Field::Reason);
    }

    /// A key that is no action: it types or chooses.
    pub fn key(&mut self, chord: &Chord) {
        let turn = |at: usize, n: usize, by: usize| (at + by) % n.max(1);
        let (gates, slots) = (self.gates.len(), self.slots().len());
        match (self.field, chord.key) {
            (_, Key::Up) => self.step(false),
            (_, Key::Down) => self.step(true),
            (Field::Reason, _) => {
                self.reason.key(chord);
            }
            (Field::Gate, Key::Left | Key::Right) => {
                let by = if chord.key == Key::Left { gates - 1 } else { 1 };
                self.gate = turn(self.gate, gates, by);
                self.slot = 0;
                self.problem = None;
            }
            (Field::Slot, Key::Left | Key::Right) => {
                let by = if chord.key == Key::Left { slots - 1 } else { 1 };
                self.slot = turn(self.slot, slots, by);
                self.problem = None;
            }
            (Field::Yes, Key::Right) => self.field = Field::No,
            (Field::No, Key::Left) => self.field = Field::Yes,
            _ => {}
        }
    }

    /// Pasted text.
    pub fn paste(&mut self, pasted: &str) {
        if self.field == Field::Reason {
            self.reason.insert(pasted);
        }
    }

    /// Enter: acts on the focused field.
    pub fn enter(&mut self, world: &World) -> Option<Msg> {
        let answer = match self.field {
            _ if self.sent => return None,
            Field::Gate | Field::Slot | Field::Reason => {
                self.step(true);
                return None;
            }
            Field::Yes => Answer::Yes,
            Field::No => Answer::No,
        };
        let (gate, slots) = self.gates.get(self.gate)?;
        self.sent = true;
        self.problem = None;
        self.earlier = match world.signed.get(&self.target) {
            Some(Signed::Recorded(row)) => Some(row.seq),
            _ => None,
        };
        let signing = Signing {
            gate: gate.clone(),
            slot: slots.get(self.slot).cloned(),
            answer,
            reason: self.reason.text(),
            sha: self.candidate.sha.clone(),
        };
        Some(Msg::Sign(self.target.clone(), signing))
    }
}

/// Draws the form.
pub fn render(view: &View<'_>, form: &Form, area: Rect, buffer: &mut Buffer) {
    let width = area.width.min(WIDTH);
    let inner = usize::from(width.saturating_sub(4));
    let mut rows = Vec::new();
    let candidate = format!("{} ({})", form.candidate, form.candidate.sha.short());
    rows.push(labelled(view, form, None, "of", &candidate));
    let gate = form.gates.get(form.gate).map_or("", |(id, _)| id.as_str());
    let many = form.gates.len() > 1;
    rows.push(labelled(
        view,
        form,
        many.then_some(Field::Gate),
        "gate",
        gate,
    ));
    if let Some(slot) = form.slots().get(form.slot) {
        let many = form.slots().len() > 1;
        rows.push(labelled(
            view,
            form,
            many.then_some(Field::Slot),
            "as",
            slot,
        ));
    }
    let who = &view.world.who;
    let proven = if who.verified {
        ""
    } else {
        " (not proven: no token of a person)"
    };
    rows.push(labelled(
        view,
        form,
        None,
        "by",
        &format!("{}{proven}", who.name),
    ));
    let reason_at = rows.len();
    rows.push(labelled(view, form, Some(Field::Reason), "reason", ""));
    if let Some(problem) = &form.problem {
        rows.extend(paragraph(problem, view.styles.get(Role::Bad), 1, inner));
    }
    rows.push(buttons(view, form));
    // The buttons stay, whatever there is no room for.
    let room = usize::from(area.height.saturating_sub(2)).max(1);
    let skip = rows.len().saturating_sub(room);
    let height = u16::try_from(rows.len().min(room) + 2).unwrap_or(u16::MAX);
    let place = layout::dialog(area, width, height);
    let title = format!("Sign for {}", form.target);
    let inside = frame(view, &title, "", place, buffer);
    for ((i, row), y) in rows
        .iter()
        .enumerate()
        .skip(skip)
        .zip(inside.top()..inside.bottom())
    {
        let line = Rect {
            x: inside.x + 1,
            y,
            width: inside.width.saturating_sub(2),
            height: 1,
        };
        text::put_line(buffer, line, row);
        if i == reason_at {
            let before = u16::try_from(LABEL + 3).unwrap_or(0).min(line.width);
            let field = Rect {
                x: line.x + before,
                width: line.width - before,
                ..line
            };
            let focused = form.field == Field::Reason;
            form.reason.render(field, buffer, view.styles, focused);
        }
    }
}

/// A label and its value; a field that can be turned shows it.
fn labelled(
    view: &View<'_>,
    form: &Form,
    field: Option<Field>,
    label: &str,
    value: &str,
) -> Line<'static> {
    let focused = field == Some(form.field);
    let role = if focused { Role::Accent } else { Role::Muted };
    let turns = matches!(field, Some(Field::Gate | Field::Slot));
    let (before, after) = if turns { ("◂ ", " ▸") } else { ("  ", "") };
    Line::from(vec![
        view.span(if focused { "▸" } else { " " }, Role::Accent),
        view.span(text::pad(label, LABEL), role),
        view.span(before, Role::Key),
        view.span(value.to_owned(), Role::Text),
        view.span(after, Role::Key),
    ])
}

fn buttons(view: &View<'_>, form: &Form) -> Line<'static> {
    if form.sent {
        return view.line(" being recorded …", Role::Muted);
    }
    let button = |field: Field, words: &str| -> Vec<Span<'static>> {
        let focused = form.field == field;
        let role = if focused { Role::Selection } else { Role::Key };
        vec![
            view.span(if focused { "▸" } else { " " }, Role::Accent),
            view.span(format!("[ {words} ]"), role),
        ]
    };
    let mut spans = button(Field::Yes, "yes, it may go");
    spans.extend(button(Field::No, "no"));
    spans.push(view.span("   Esc cancels", Role::Muted));
    Line::from(spans)
}
