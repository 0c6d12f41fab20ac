//! From a key to what it means here: the screen changes its own state at once, and answers with what others have to do.

use super::decode::InputEvent;
use super::overlays::Overlay;
use super::overlays::rollback::{Form, Outcome};
use super::overlays::{scroll, sign};
use super::screen::Screen;
use crate::app::action::{ActionId, Context};
use crate::app::chord::Chord;
use crate::app::flow::Flow;
use crate::app::msg::Msg;
use crate::app::notice::Severity;
use crate::app::world::World;
use crate::domain::units::Now;

/// What others have to do after a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// A message for the World.
    Send(Box<Msg>),
    /// A text for the clipboard.
    Copy(String),
    /// An address for a browser.
    Browse(String),
    /// The whole screen is to be sent again.
    Repaint,
    Suspend,
    Quit,
}

impl Intent {
    pub(super) fn send(msg: Msg) -> Self {
        Self::Send(Box::new(msg))
    }
}

impl Screen {
    /// Takes a key, a click or a paste in.
    pub fn on_input(&mut self, event: &InputEvent, world: &World, now: Now) -> Vec<Intent> {
        self.observe(world, now);
        let mut intents = self.take_in(event, world, now);
        intents.extend(self.wants(world).into_iter().map(Intent::send));
        intents
    }

    fn take_in(&mut self, event: &InputEvent, world: &World, now: Now) -> Vec<Intent> {
        match event {
            InputEvent::Key(chord) => self.on_key(chord, world, now),
            InputEvent::Mouse(mouse) => self.on_mouse(*mouse, world, now),
            InputEvent::Paste(text) => {
                if self.shows_form(world)
                    && let Some(Overlay::Rollback(form)) = self.overlays.last_mut()
                {
                    form.paste(text);
                } else if let Some(Overlay::Sign(form)) = self.overlays.last_mut() {
                    form.paste(text);
                } else if let Some(Overlay::Filter(field)) = self.overlays.last_mut() {
                    field.insert(text);
                    self.apply_filter();
                }
                Vec::new()
            }
            InputEvent::Resize(columns, rows) => {
                self.resize((*columns, *rows));
                Vec::new()
            }
            InputEvent::Focus(_)
            | InputEvent::Da1
            | InputEvent::Background(..)
            | InputEvent::Closed => Vec::new(),
        }
    }

    fn on_key(&mut self, chord: &Chord, world: &World, now: Now) -> Vec<Intent> {
        // A key answers a message by acting; the message has been read.
        self.toast = None;
        let context = self.context(world);
        let Some(action) = self.look.keymap.resolve(context, chord) else {
            if let Some(Overlay::Sign(form)) = self.overlays.last_mut() {
                form.key(chord);
                return Vec::new();
            }
            if let Some(Overlay::Filter(field)) = self.overlays.last_mut() {
                field.key(chord);
                self.apply_filter();
                return Vec::new();
            }
            if context == Context::Form {
                return self.in_form(|form| form.key(chord, world));
            }
            return Vec::new();
        };
        match action {
            ActionId::Refresh => {
                self.say(Severity::Info, "asking all sources again", now);
                return vec![Intent::Repaint, Intent::send(Msg::Refresh)];
            }
            ActionId::Suspend => return vec![Intent::Suspend],
            ActionId::Help => {
                self.overlays.push(Overlay::Help(scroll::Scroll::default()));
                return Vec::new();
            }
            ActionId::Copy => return self.copy(world, now),
            ActionId::OpenInBrowser => return self.browse(world, now),
            _ => {}
        }
        match context {
            Context::Form => self.on_form(action, world),
            Context::Dialog => self.on_dialog(action, world, now),
            Context::Pane | Context::Global => self.on_view(action, world, now),
        }
    }

    /// The rows follow the words as they are typed.
    fn apply_filter(&mut self) {
        if let Some(Overlay::Filter(field)) = self.overlays.last()
            && let Some((page, _)) = self.pages.of_mut(self.view)
        {
            page.filter(&field.text());
        }
    }

    /// Lets the form act and carries out what comes of it.
    fn in_form(&mut self, act: impl FnOnce(&mut Form) -> Outcome) -> Vec<Intent> {
        let Some(Overlay::Rollback(form)) = self.overlays.last_mut() else {
            return Vec::new();
        };
        match act(form) {
            Outcome::Nothing => Vec::new(),
            Outcome::Send(msg) => vec![Intent::Send(msg)],
            Outcome::Open(detail) => {
                self.overlays.push(Overlay::Detail(detail));
                Vec::new()
            }
        }
    }

    /// The form that signs: Enter acts, Tab goes on, Esc leaves.
    fn on_sign(form: &mut sign::Form, action: ActionId, world: &World) -> Option<Msg> {
        match action {
            ActionId::Confirm => form.enter(world),
            ActionId::NextField | ActionId::PreviousField => {
                form.step(action == ActionId::NextField);
                None
            }
            _ => None,
        }
    }

    fn on_form(&mut self, action: ActionId, world: &World) -> Vec<Intent> {
        if let Some(Overlay::Sign(form)) = self.overlays.last_mut() {
            if action == ActionId::Cancel {
                self.overlays.pop();
                return Vec::new();
            }
            let msg = Self::on_sign(form, action, world);
            return msg.map(Intent::send).into_iter().collect();
        }
        if matches!(self.overlays.last(), Some(Overlay::Filter(_))) {
            if matches!(action, ActionId::Confirm | ActionId::Cancel) {
                self.overlays.pop();
            }
            if action == ActionId::Cancel
                && let Some((page, _)) = self.pages.of_mut(self.view)
            {
                page.filter("");
            }
            return Vec::new();
        }
        let ids = self.look.ids;
        match action {
            ActionId::Confirm => self.in_form(|form| form.enter(world, ids)),
            ActionId::NextField | ActionId::PreviousField => self.in_form(|form| {
                form.step(action == ActionId::NextField);
                Outcome::Nothing
            }),
            ActionId::Cancel => self.leave_rollback(world),
            _ => Vec::new(),
        }
    }

    /// Closes the rollback's overlay: a choice of version is forgotten, a progress that has ended is dismissed.
    fn leave_rollback(&mut self, world: &World) -> Vec<Intent> {
        let Some(Overlay::Rollback(form)) = self.overlays.pop() else {
            return Vec::new();
        };
        let target = form.target;
        let mut intents = Vec::new();
        if world.flows.get(&target).is_some_and(Flow::is_over) {
            intents.push(Intent::send(Msg::Dismiss(target.clone())));
        }
        if world.envs.get(&target).is_some_and(|s| s.wanted.is_some()) {
            intents.push(Intent::send(Msg::Want(target.clone(), None)));
        }
        let way = world.envs.get(&target).and_then(|s| s.wanted_way.as_ref());
        if way.is_some() {
            intents.push(Intent::send(Msg::WantWay(target, None)));
        }
        intents
    }

    pub(super) fn on_dialog(&mut self, action: ActionId, world: &World, now: Now) -> Vec<Intent> {
        if action == ActionId::Close {
            if matches!(self.overlays.last(), Some(Overlay::Rollback(_))) {
                return self.leave_rollback(world);
            }
            self.overlays.pop();
            return Vec::new();
        }
        let rows = self
            .overlays
            .last()
            .and_then(|o| self.dialog_rows(o, &self.view(world, now)));
        let room = rows.map_or(0, |rows| {
            let over = ratatui::layout::Rect {
                height: self.area.height.saturating_sub(1),
                ..self.area
            };
            scroll::room(over, rows)
        });
        match (self.overlays.last_mut(), action) {
            (Some(Overlay::Help(scroll)), _) => {
                scroll.on_action(action, rows.unwrap_or(0), room);
            }
            (Some(Overlay::Detail(detail)), _) => {
                detail.scroll.on_action(action, rows.unwrap_or(0), room);
            }
            (Some(Overlay::Quit), ActionId::Open) => return vec![Intent::Quit],
            (Some(Overlay::Rollback(form)), ActionId::Open)
                if !world.flows.contains_key(&form.target) =>
            {
                return vec![Intent::send(Msg::Resume(form.target.clone()))];
            }
            _ => {}
        }
        Vec::new()
    }
}
