//! From a key to what it means here: the screen changes its own state at once, and answers with what others have to do.

use super::decode::{InputEvent, Mouse, MouseKind};
use super::layout::{self, PaneId};
use super::overlays::Overlay;
use super::overlays::detail::{Detail, Of};
use super::overlays::rollback::{Form, Outcome};
use super::overlays::{quit, scroll, sign};
use super::panes::View;
use super::screen::{Frozen, RANGES, Screen};
use crate::app::action::{ActionId, Context};
use crate::app::chord::Chord;
use crate::app::flow::Flow;
use crate::app::msg::Msg;
use crate::app::notice::Severity;
use crate::app::world::World;
use crate::config::theme::Theme;
use crate::domain::ids::Target;
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
    fn send(msg: Msg) -> Self {
        Self::Send(Box::new(msg))
    }
}

impl Screen {
    /// Takes a key, a click or a paste in.
    pub fn on_input(&mut self, event: &InputEvent, world: &World, now: Now) -> Vec<Intent> {
        self.observe(world, now);
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
            Context::Pane | Context::Global => self.on_cockpit(action, world, now),
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

    fn on_dialog(&mut self, action: ActionId, world: &World, now: Now) -> Vec<Intent> {
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

    fn on_cockpit(&mut self, action: ActionId, world: &World, now: Now) -> Vec<Intent> {
        match action {
            ActionId::RollBack => self.roll_back(world, now),
            ActionId::Sign => self.sign(world, now),
            ActionId::Open => self
                .overlays
                .push(Overlay::Detail(Detail::new(Of::Pane(self.focus)))),
            ActionId::Back => {
                if self.frozen.take().is_none() {
                    self.zoomed = false;
                }
            }
            ActionId::TimeRange => self.take_range((self.range + 1) % RANGES.len()),
            ActionId::ShorterRange => self.take_range(self.range.saturating_sub(1)),
            ActionId::LongerRange => self.take_range(self.range + 1),
            ActionId::Zoom => self.zoomed = !self.zoomed,
            ActionId::Freeze => self.freeze(world, now),
            ActionId::RefreshHint => self.say(
                Severity::Info,
                "r is no key here: R (Shift) plans a rollback, F5 asks all sources again",
                now,
            ),
            ActionId::NextPane => self.focus = self.focus.step(1),
            ActionId::PreviousPane => self.focus = self.focus.step(PaneId::ALL.len() - 1),
            ActionId::ViewCockpit => {
                self.zoomed = false;
                self.focus = PaneId::Deploy;
            }
            ActionId::NextService | ActionId::PreviousService => {
                return self.other_service(world, action == ActionId::NextService, now);
            }
            ActionId::NextEnvironment | ActionId::PreviousEnvironment => {
                return self.other_environment(world, action == ActionId::NextEnvironment, now);
            }
            ActionId::Theme => self.next_theme(now),
            ActionId::Quit => {
                if quit::own_flows(world).next().is_some() {
                    self.overlays.push(Overlay::Quit);
                } else {
                    return vec![Intent::Quit];
                }
            }
            _ => self.in_pane(action, world, now),
        }
        Vec::new()
    }

    /// Movement inside the focused pane.
    fn in_pane(&mut self, action: ActionId, world: &World, now: Now) {
        let view = View {
            world,
            now,
            styles: &self.styles,
            window: self.window,
            agenda: &self.agenda,
            ascii: self.look.ascii,
        };
        match (self.focus, action) {
            (PaneId::Gates, _) => {
                self.gates.on_action(action, &view);
            }
            (PaneId::Calendar, _) => {
                self.calendar.on_action(action, &view);
            }
            _ => {}
        }
    }

    fn roll_back(&mut self, world: &World, now: Now) {
        let Some(target) = world.focus.clone() else {
            self.say(Severity::Warning, "no service is selected", now);
            return;
        };
        // What is confirmed must be what is true now, not what stood still.
        if self.frozen.take().is_some() {
            self.say(
                Severity::Info,
                "the display goes on: a rollback needs what is true now",
                now,
            );
        }
        self.overlays
            .push(Overlay::Rollback(Box::new(Form::new(target, world))));
    }

    fn sign(&mut self, world: &World, now: Now) {
        let Some(target) = world.focus.clone() else {
            self.say(Severity::Warning, "no service is selected", now);
            return;
        };
        let selected = (self.focus == PaneId::Gates)
            .then(|| {
                self.gates
                    .gate(&self.view(world, now))
                    .map(|g| g.id.to_string())
            })
            .flatten();
        match sign::Form::new(target, world, selected.as_deref()) {
            Ok(form) => {
                // What is signed must be what is true now, not what stood still.
                self.frozen = None;
                self.overlays.push(Overlay::Sign(Box::new(form)));
            }
            Err(why) => self.say(Severity::Info, why, now),
        }
    }

    fn freeze(&mut self, world: &World, now: Now) {
        if self.frozen.take().is_none() {
            self.frozen = Some(Box::new(Frozen {
                world: world.clone(),
                now,
                window: self.window,
                agenda: self.agenda.clone(),
            }));
        }
    }

    fn next_theme(&mut self, now: Now) {
        let names: Vec<&str> = Theme::names().collect();
        let at = names
            .iter()
            .position(|n| *n == self.look.theme.name)
            .map_or(0, |i| i + 1);
        let next = names
            .get(at % names.len().max(1))
            .copied()
            .and_then(Theme::built_in);
        if let Some(theme) = next {
            self.say(Severity::Info, format!("theme {}", theme.name), now);
            self.take_theme(theme);
        }
    }

    fn other_service(&mut self, world: &World, forward: bool, now: Now) -> Vec<Intent> {
        let services = &world.catalog.services;
        let Some(target) = &world.focus else {
            return Vec::new();
        };
        if services.len() < 2 {
            self.say(Severity::Info, "there is only one service", now);
            return Vec::new();
        }
        let at = services
            .iter()
            .position(|s| s.id == target.service)
            .unwrap_or(0);
        let by = if forward { 1 } else { services.len() - 1 };
        let Some(service) = services.get((at + by) % services.len()) else {
            return Vec::new();
        };
        let env = service
            .environment(&target.env)
            .or_else(|| service.last_environment());
        self.frozen = None;
        env.map(|env| {
            Intent::send(Msg::Focus(Target {
                service: service.id.clone(),
                env: env.id.clone(),
            }))
        })
        .into_iter()
        .collect()
    }

    fn other_environment(&mut self, world: &World, forward: bool, now: Now) -> Vec<Intent> {
        let Some((target, service)) = world
            .focus
            .as_ref()
            .and_then(|t| Some((t, world.catalog.service(&t.service)?)))
        else {
            return Vec::new();
        };
        let envs = &service.environments;
        if envs.len() < 2 {
            self.say(
                Severity::Info,
                format!("{} has only one environment", service.id),
                now,
            );
            return Vec::new();
        }
        let at = envs.iter().position(|e| e.id == target.env).unwrap_or(0);
        let by = if forward { 1 } else { envs.len() - 1 };
        self.frozen = None;
        envs.get((at + by) % envs.len())
            .map(|env| {
                Intent::send(Msg::Focus(Target {
                    service: service.id.clone(),
                    env: env.id.clone(),
                }))
            })
            .into_iter()
            .collect()
    }

    fn on_mouse(&mut self, mouse: Mouse, world: &World, now: Now) -> Vec<Intent> {
        let wheel = match mouse.kind {
            MouseKind::WheelUp => Some(ActionId::Up),
            MouseKind::WheelDown => Some(ActionId::Down),
            MouseKind::Click => None,
        };
        match self.context(world) {
            Context::Form => Vec::new(),
            Context::Dialog => {
                wheel.map_or_else(Vec::new, |action| self.on_dialog(action, world, now))
            }
            Context::Pane | Context::Global => {
                let zoom = self.zoomed.then_some(self.focus);
                if let Some(pane) = layout::plan(self.area, zoom).at(mouse.column, mouse.row) {
                    match wheel {
                        None => self.focus = pane,
                        Some(action)
                            if pane == self.focus
                                && matches!(pane, PaneId::Gates | PaneId::Calendar) =>
                        {
                            self.in_pane(action, world, now);
                        }
                        Some(_) => {}
                    }
                }
                Vec::new()
            }
        }
    }
}
