//! What an action does where no dialog is open: in the panes of the cockpit and in the pages of the other views.

use super::layout::{self, PaneId};
use super::overlays::Overlay;
use super::overlays::detail::{Detail, Of};
use super::overlays::rollback::Form;
use super::overlays::scroll::Scroll;
use super::overlays::{quit, sign};
use super::panes::View;
use super::routing::Intent;
use super::screen::{Frozen, RANGES, Screen};
use super::views::{Frame, ViewId, evidence, places};
use super::widgets::line_input::LineInput;
use crate::app::action::ActionId;
use crate::app::msg::Msg;
use crate::app::notice::Severity;
use crate::app::record::RecordAsk;
use crate::app::world::World;
use crate::config::theme::Theme;
use crate::domain::units::Now;

impl Screen {
    /// What an action does in the view that is shown.
    pub(super) fn on_view(&mut self, action: ActionId, world: &World, now: Now) -> Vec<Intent> {
        let page = self.shown() != ViewId::Cockpit;
        match action {
            ActionId::RollBack => self.roll_back(world, now),
            ActionId::Sign => self.sign(world, now),
            ActionId::Open => self.open(world, now),
            ActionId::Back => self.back(),
            ActionId::TimeRange | ActionId::ShorterRange | ActionId::LongerRange if page => {
                let words =
                    "the time range is one of the cockpit's charts (1) and of the changes (6)";
                self.choose(action, words, world, now);
            }
            ActionId::Whose | ActionId::Bots => {
                let words = "whose changes are seen is chosen in the list of changes (6)";
                self.choose(action, words, world, now);
            }
            ActionId::TimeRange => self.take_range((self.range + 1) % RANGES.len()),
            ActionId::ShorterRange => self.take_range(self.range.saturating_sub(1)),
            ActionId::LongerRange => self.take_range(self.range + 1),
            ActionId::Zoom => self.zoom(now),
            ActionId::Freeze => self.freeze(world, now),
            ActionId::RefreshHint => self.say(
                Severity::Info,
                "r is no key here: R (Shift) plans a rollback, F5 asks all sources again",
                now,
            ),
            ActionId::NextPane | ActionId::PreviousPane => {
                self.other_pane(action == ActionId::NextPane, now);
            }
            ActionId::Filter => self.filter(now),
            ActionId::NextMatch | ActionId::PreviousMatch => self.next_match(action, world, now),
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
            _ => match ViewId::of_action(action) {
                Some(view) => self.show(view, now),
                None => self.in_pane(action, world, now),
            },
        }
        Vec::new()
    }

    /// Shows a view; the one that is shown already as it was at first.
    fn show(&mut self, view: ViewId, now: Now) {
        if self.view == view {
            if let Some((page, frame)) = self.pages.of_mut(view) {
                page.first();
                *frame = Frame::default();
            } else {
                (self.zoomed, self.focus) = (false, PaneId::Deploy);
            }
        }
        self.view = view;
        if self.shown() != view {
            let words = format!("there is no room for the view {} here", view.title());
            self.say(Severity::Info, words, now);
        }
    }

    /// Chooses something for all of a page, or says where it can be chosen.
    fn choose(&mut self, action: ActionId, elsewhere: &str, world: &World, now: Now) {
        match self.pages.of_mut(self.shown()) {
            Some((page, frame)) if page.chooses(action).is_some() => {
                page.choose(action, world);
                frame.scroll = Scroll::default();
            }
            _ => self.say(Severity::Info, elsewhere, now),
        }
    }

    /// Opens what is selected into its rows or its evidence.
    fn open(&mut self, world: &World, now: Now) {
        if let Some((page, frame)) = self.pages.of_mut(self.shown())
            && !frame.aside
            && page.enter()
        {
            *frame = Frame::default();
            return;
        }
        if let Some(of) = self.selected(&self.seen(world, now)) {
            self.overlays.push(Overlay::Detail(Detail::new(of)));
        } else {
            self.say(Severity::Info, "there is no row to open", now);
        }
    }

    /// What the selection opens into: a row of a page, a row of a pane, or all of a pane.
    pub(super) fn selected(&self, view: &View<'_>) -> Option<Of> {
        if let Some((page, _)) = self.pages.of(self.shown()) {
            return page.opened(view);
        }
        // Folded to a line, a pane has no rows to select.
        let zoom = self.zoomed.then_some(self.focus);
        let rows = layout::plan(self.area, zoom).of(self.focus).height >= 3;
        let of = match self.focus {
            PaneId::Gates if rows => self.gates.gate(view).map(|g| Of::Gate(g.id.to_string())),
            PaneId::Calendar if rows && self.calendar.selected.is_some() => self
                .calendar
                .entry(view)
                .map(|e| Of::Entry(Box::new(e.clone()))),
            _ => None,
        };
        Some(of.unwrap_or(Of::Pane(self.focus)))
    }

    /// One step back: the filter, the evidence, the frozen display, the zoom.
    fn back(&mut self) {
        if let Some((page, frame)) = self.pages.of_mut(self.shown()) {
            if page.needle().is_some_and(|n| !n.is_empty()) {
                page.filter("");
            } else if frame.aside {
                (frame.aside, frame.zoomed) = (false, false);
            } else if page.leave() {
                *frame = Frame::default();
            } else if self.frozen.take().is_none() {
                frame.zoomed = false;
            }
        } else if self.frozen.take().is_none() {
            self.zoomed = false;
        }
    }

    fn zoom(&mut self, now: Now) {
        let body = self.body();
        let Some((page, frame)) = self.pages.of_mut(self.shown()) else {
            self.zoomed = !self.zoomed;
            return;
        };
        if !frame.zoomed && places(page, frame, body).1.is_empty() {
            self.say(Severity::Info, "the rows have all the room already", now);
        } else {
            frame.zoomed = !frame.zoomed;
        }
    }

    fn other_pane(&mut self, forward: bool, now: Now) {
        let body = self.body();
        let Some((page, frame)) = self.pages.of_mut(self.shown()) else {
            let by = if forward { 1 } else { PaneId::ALL.len() - 1 };
            self.focus = self.focus.step(by);
            return;
        };
        if page.step(forward) {
            *frame = Frame::default();
        } else if frame.zoomed || !places(page, frame, body).1.is_empty() {
            frame.aside = !frame.aside;
        } else {
            let words = "the evidence has no room beside the rows: Enter opens it";
            self.say(Severity::Info, words, now);
        }
    }

    fn filter(&mut self, now: Now) {
        match self.pages.of_mut(self.shown()) {
            Some((page, frame)) if page.needle().is_some() => {
                frame.aside = false;
                let field = LineInput::new(page.needle().unwrap_or_default());
                self.overlays.push(Overlay::Filter(field));
            }
            _ => self.say(
                Severity::Info,
                "there is nothing to filter here: calendar (3), changes (6) and ledger (7) can be filtered",
                now,
            ),
        }
    }

    fn next_match(&mut self, action: ActionId, world: &World, now: Now) {
        let filtered = self
            .pages
            .of(self.shown())
            .is_some_and(|(page, _)| page.needle().is_some_and(|n| !n.is_empty()));
        if filtered {
            self.in_pane(action, world, now);
        } else {
            let words = "no filter is set: / filters the rows of calendar, changes and ledger";
            self.say(Severity::Info, words, now);
        }
    }

    /// Movement in the rows, the evidence, or the focused pane.
    pub(super) fn in_pane(&mut self, action: ActionId, world: &World, now: Now) {
        let (shown, body) = (self.shown(), self.body());
        let live = View {
            world,
            now,
            styles: &self.styles,
            window: self.window,
            agenda: &self.agenda,
            ascii: self.look.ascii,
        };
        let view = self.frozen.as_ref().map_or(live, |f| View {
            world: &f.world,
            now: f.now,
            window: f.window,
            agenda: &f.agenda,
            ..live
        });
        if let Some((page, frame)) = self.pages.of_mut(shown) {
            let (list, aside) = places(page, frame, body);
            if frame.aside && !aside.is_empty() {
                let rows = evidence(page, &view, aside).1.len();
                let room = usize::from(aside.height.saturating_sub(2));
                frame.scroll.on_action(action, rows, room);
            } else if page.on_action(action, &view, list) {
                frame.scroll = Scroll::default();
            }
            return;
        }
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

    /// What is to be asked for the view that is shown, and no longer for one that was.
    pub fn wants(&mut self, world: &World) -> Vec<Msg> {
        let shown = self.shown();
        let page = self.pages.of_mut(shown);
        let asked = page.and_then(|(page, _)| page.wants(world));
        let unread = world.record.open && shown != ViewId::Ledger;
        let unseen = world.delivery.look.is_some() && shown != ViewId::Changes;
        let left = [
            unread.then_some(Msg::Record(RecordAsk::Close)),
            unseen.then_some(Msg::Look(None)),
        ];
        asked
            .into_iter()
            .chain(left.into_iter().flatten())
            .collect()
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
        let selected = match self.selected(&self.view(world, now)) {
            Some(Of::Gate(id)) => Some(id),
            _ => None,
        };
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
}
