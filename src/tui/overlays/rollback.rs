//! The rollback as a form: what is left, where to, how, what goes, what to beware of, why. Characters only type, Enter acts on
//! the focused field only, and nothing is sent before the service's name stands there exactly.

use super::detail::{Detail, Of};
use super::dry_run;
use super::rollback_holds;
use crate::app::chord::{Chord, Key};
use crate::app::msg::Msg;
use crate::app::world::{EnvSlice, World};
use crate::domain::ids::Target;
use crate::domain::release::VersionRef;
use crate::domain::rollback::orders::Confirmation;
use crate::domain::rollback::plan::ConfirmBy;
use crate::domain::rollback::{Ids, NotConfirmed, RollbackPlan};
use crate::tui::widgets::line_input::LineInput;

/// The fields, in the order of Tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    To,
    How,
    Goes,
    Reason,
    Name,
    DryRun,
}

const FIELDS: [Field; 6] = [
    Field::To,
    Field::How,
    Field::Goes,
    Field::Reason,
    Field::Name,
    Field::DryRun,
];

/// What the plan on screen would do; another one must be looked at again.
type Shown = (String, String, Option<u64>, String, Option<u32>);

/// The form's state.
#[derive(Debug, Clone)]
pub struct Form {
    pub target: Target,
    pub field: Field,
    pub reason: LineInput,
    pub typed: LineInput,
    /// Why the last confirmation did nothing, or what changed.
    pub problem: Option<String>,
    shown: Option<Shown>,
    /// The person chose another version: the next change of the plan is theirs.
    choosing: bool,
    /// Whether there is more than one way back to choose from.
    many_ways: bool,
    /// A confirmation was given; the flow must appear.
    pub sent: bool,
}

/// What a key in the form leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Nothing,
    Send(Box<Msg>),
    Open(Detail),
}

impl Form {
    /// A form for a target, the reason filled in from the verdict.
    pub fn new(target: Target, world: &World) -> Self {
        let reason = world
            .envs
            .get(&target)
            .map(EnvSlice::reason)
            .unwrap_or_default();
        let mut form = Self {
            target,
            field: if reason.is_empty() {
                Field::Reason
            } else {
                Field::Name
            },
            reason: LineInput::new(&reason),
            typed: LineInput::default(),
            problem: None,
            shown: None,
            choosing: false,
            many_ways: false,
            sent: false,
        };
        form.observe(world);
        form
    }

    /// Looks whether the plan is still the one that was shown; else what was typed for it is taken back.
    pub fn observe(&mut self, world: &World) {
        let slice = world.envs.get(&self.target);
        let plan = slice.and_then(|s| s.plan.as_ref()?.as_ref().ok());
        self.many_ways = plan.is_some_and(rollback_holds::many);
        let now = plan.map(key);
        if self.shown.is_some() && now.is_some() && now != self.shown {
            if !self.choosing && !world.flows.contains_key(&self.target) {
                self.problem = Some(
                    "the plan has changed meanwhile: look again before you confirm".to_owned(),
                );
            }
            self.typed = LineInput::default();
        }
        if now.is_some() {
            self.choosing = false;
            self.shown = now;
        }
        if self.sent && !world.flows.contains_key(&self.target) {
            self.sent = false;
            self.typed = LineInput::default();
            self.problem = world.notices.last().map(|n| n.title.to_string());
        }
    }

    /// The next or the previous field.
    pub fn step(&mut self, forward: bool) {
        let at = FIELDS.iter().position(|f| *f == self.field).unwrap_or(0);
        let by = if forward { 1 } else { FIELDS.len() - 1 };
        self.field = FIELDS
            .get((at + by) % FIELDS.len())
            .copied()
            .unwrap_or(Field::Name);
        if self.field == Field::How && !self.many_ways {
            self.step(forward);
        }
    }

    /// A key that is no action: it types, or chooses a version.
    pub fn key(&mut self, chord: &Chord, world: &World) -> Outcome {
        let refused = matches!(
            world.envs.get(&self.target).map(|s| &s.plan),
            Some(Some(Err(_)))
        );
        match (self.field, chord.key) {
            (_, Key::Left) if refused => return self.choose(world, false),
            (_, Key::Right) if refused => return self.choose(world, true),
            (_, Key::Up) => self.step(false),
            (_, Key::Down) => self.step(true),
            (Field::Reason, _) => {
                self.reason.key(chord);
            }
            (Field::Name, _) => {
                self.problem = None;
                self.typed.key(chord);
            }
            (Field::How, Key::Left) => return self.choose_way(world, false),
            (Field::How, Key::Right) => return self.choose_way(world, true),
            (_, Key::Left) => return self.choose(world, false),
            (_, Key::Right) => return self.choose(world, true),
            _ => {}
        }
        Outcome::Nothing
    }

    /// Pasted text.
    pub fn paste(&mut self, pasted: &str) {
        match self.field {
            Field::Reason => self.reason.insert(pasted),
            Field::Name => self.typed.insert(pasted.trim()),
            Field::To | Field::How | Field::Goes | Field::DryRun => {}
        }
    }

    /// Another way back.
    fn choose_way(&mut self, world: &World, next: bool) -> Outcome {
        let Some(msg) = rollback_holds::choose(world, &self.target, next) else {
            return Outcome::Nothing;
        };
        self.choosing = true;
        self.problem = None;
        Outcome::Send(Box::new(msg))
    }

    /// Another version to go to.
    pub fn choose(&mut self, world: &World, older: bool) -> Outcome {
        if let Some(msg) = rollback_holds::undo(world, &self.target) {
            self.choosing = true;
            return Outcome::Send(Box::new(msg));
        }
        let Some(slice) = world.envs.get(&self.target) else {
            return Outcome::Nothing;
        };
        let (choices, at) = choices(slice);
        let next = match (at, older) {
            (None, _) => Some(0),
            (Some(at), true) => Some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
        match next.and_then(|i| choices.get(i)) {
            Some(to) => {
                self.choosing = true;
                self.problem = None;
                let name = to
                    .version
                    .as_ref()
                    .map_or_else(|| to.sha.to_string(), ToString::to_string);
                Outcome::Send(Box::new(Msg::Want(self.target.clone(), Some(name))))
            }
            None => Outcome::Nothing,
        }
    }

    /// Enter: acts on the focused field.
    pub fn enter(&mut self, world: &World, ids: fn() -> Ids) -> Outcome {
        self.observe(world);
        let plan = world.envs.get(&self.target).and_then(|s| s.plan.as_ref());
        let Some(Ok(plan)) = plan else {
            return Outcome::Nothing;
        };
        match self.field {
            Field::To | Field::How | Field::Reason => {
                self.step(true);
                Outcome::Nothing
            }
            Field::Goes => Outcome::Open(Detail::new(Of::Changes)),
            Field::DryRun => Outcome::Open(Detail::new(Of::DryRun(dry_run::rows(
                plan,
                &self.reason.text(),
                ids(),
            )))),
            Field::Name => self.confirm(plan, ids),
        }
    }

    fn confirm(&mut self, plan: &RollbackPlan, ids: fn() -> Ids) -> Outcome {
        let confirmation = match plan.confirm {
            ConfirmBy::ServiceName => Confirmation::Typed(self.typed.text()),
            ConfirmBy::Key => Confirmation::Key,
        };
        match plan
            .clone()
            .approve(&confirmation, &self.reason.text(), ids())
        {
            Ok(approved) => {
                self.sent = true;
                self.problem = None;
                Outcome::Send(Box::new(Msg::Confirmed(Box::new(approved))))
            }
            Err(why) => {
                if why == NotConfirmed::Reason {
                    self.field = Field::Reason;
                }
                // That the plan has changed is the better answer to a name that was taken back for it.
                if self.problem.is_none() || !self.typed.text().is_empty() {
                    self.problem = Some(why.to_string());
                }
                Outcome::Nothing
            }
        }
    }
}

fn key(plan: &RollbackPlan) -> Shown {
    (
        plan.from.sha.to_string(),
        plan.to.sha.to_string(),
        plan.cancel.as_ref().map(|c| c.run.0),
        plan.way.id.clone(),
        plan.rerun.as_ref().map(|r| r.attempt),
    )
}

/// The versions one may go to, and which of them is chosen.
pub(super) fn choices(slice: &EnvSlice) -> (Vec<VersionRef>, Option<usize>) {
    if let Some(Ok(plan)) = &slice.plan {
        let at = plan.choices.iter().position(|c| c.sha == plan.to.sha);
        return (plan.choices.clone(), at);
    }
    let state = slice.state.as_ref();
    let good = state.map(|s| s.known_good.iter().map(|k| k.what.clone()).collect());
    (good.unwrap_or_default(), None)
}
