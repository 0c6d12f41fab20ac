//! The screen's own state: focus, zoom, overlays, freeze, time range, theme. Drawing takes it and the World and changes nothing;
//! what follows from new data (the charts' window, the agenda) is brought up to date by [`Screen::observe`] before a frame.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;

use super::agenda;
pub use super::draw::render;
use super::layout::{self, PaneId};
use super::overlays::{Overlay, help, quit, scroll};
use super::panes::{self, View, calendar, gates};
use super::styles::{Depth, Styles};
use super::views::{Pages, ViewId};
use super::widgets::chart::window::Window;
use crate::app::action::Context;
use crate::app::keymap::Keymap;
use crate::app::notice::Severity;
use crate::app::world::World;
use crate::config::theme::Theme;
use crate::domain::calendar::{self as dates, Entry};
use crate::domain::ids::Target;
use crate::domain::rollback::Ids;
use crate::domain::units::Now;

/// The time ranges that `t` goes through, in minutes.
pub const RANGES: [i64; 5] = [15, 30, 60, 180, 360];
/// Past and coming entries of the agenda that are kept.
const AGENDA: (usize, usize) = (60, 120);
/// A short message stays that long.
const TOAST: SignedDuration = SignedDuration::from_secs(6);
/// A notice stays in the key line's place that long.
const NOTICE: SignedDuration = SignedDuration::from_secs(10);

/// Whether a browser can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    /// On this machine's own display.
    Here,
    /// The person sits at another machine (SSH): a browser here would be seen by nobody.
    Remote,
    /// There is no display.
    Missing,
}

/// What the screen starts with.
#[derive(Debug, Clone)]
pub struct Look {
    pub keymap: Keymap,
    pub theme: Theme,
    pub depth: Depth,
    /// Whether a browser can be opened here; else an address is shown and copied.
    pub browser: Browser,
    /// The view that is shown first.
    pub view: ViewId,
    /// Draws with ASCII only.
    pub ascii: bool,
    /// Makes the ids of a rollback's writes.
    pub ids: fn() -> Ids,
}

/// A short message in the key line's place.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    pub severity: Severity,
    pub text: String,
    pub until: Timestamp,
}

/// A display that stands still.
#[derive(Debug, Clone)]
pub(super) struct Frozen {
    pub world: World,
    pub now: Now,
    pub window: (i64, i64),
    pub agenda: Vec<Entry>,
}

/// What the agenda was computed from.
type AgendaKey = (
    Option<Target>,
    Vec<Option<Timestamp>>,
    Option<Timestamp>,
    i64,
);

/// The state.
#[derive(Debug, Clone)]
pub struct Screen {
    pub(super) area: Rect,
    pub(super) look: Look,
    pub(super) styles: Styles,
    /// The view that was asked for; see [`Self::shown`].
    pub(super) view: ViewId,
    pub(super) pages: Pages,
    /// Focus and zoom of the cockpit; the other views have their own.
    pub(super) focus: PaneId,
    pub(super) zoomed: bool,
    pub(super) overlays: Vec<Overlay>,
    pub(super) frozen: Option<Box<Frozen>>,
    pub(super) range: usize,
    pub(super) toast: Option<Toast>,
    pub(super) gates: gates::State,
    pub(super) calendar: calendar::State,
    pub(super) agenda: Vec<Entry>,
    pub(super) window: (i64, i64),
    time: Window,
    agenda_key: Option<AgendaKey>,
    target: Option<Target>,
}

impl Screen {
    /// A screen of this size (columns, rows).
    pub fn new(look: Look, (columns, rows): (u16, u16)) -> Self {
        let styles = Styles::new(&look.theme, look.depth);
        let range = 1;
        Self {
            area: Rect::new(0, 0, columns, rows),
            view: look.view,
            pages: Pages::default(),
            look,
            styles,
            focus: PaneId::default(),
            zoomed: false,
            overlays: Vec::new(),
            frozen: None,
            range,
            toast: None,
            gates: gates::State::default(),
            calendar: calendar::State::default(),
            agenda: Vec::new(),
            window: (0, 0),
            time: Window::new(RANGES.get(range).copied().unwrap_or(30) * 60),
            agenda_key: None,
            target: None,
        }
    }

    /// The terminal has another size.
    pub fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.area = Rect::new(0, 0, columns, rows);
    }

    /// The size.
    pub fn area(&self) -> Rect {
        self.area
    }

    /// Takes another theme.
    pub(super) fn take_theme(&mut self, theme: Theme) {
        self.styles = Styles::new(&theme, self.look.depth);
        self.look.theme = theme;
    }

    /// Takes another time range; the window starts anew.
    pub(super) fn take_range(&mut self, range: usize) {
        self.range = range.min(RANGES.len() - 1);
        self.time.set_range(self.minutes() * 60);
    }

    /// The time range in minutes.
    pub(super) fn minutes(&self) -> i64 {
        RANGES.get(self.range).copied().unwrap_or(30)
    }

    /// Brings up to date what follows from the World and the time. Called before every frame.
    pub fn observe(&mut self, world: &World, now: Now) {
        self.window = self.time.at(now.0.as_second());
        self.refresh_agenda(world, now);
        // What stands still follows from what stood still.
        let seen = self
            .frozen
            .as_ref()
            .map_or((world, now), |f| (&f.world, f.now));
        if let Some((page, _)) = self.pages.of_mut(self.view) {
            page.observe(seen.0, seen.1);
        }
        if self.target != world.focus {
            self.target.clone_from(&world.focus);
            self.gates = gates::State::default();
            self.calendar = calendar::State::default();
        }
        if self.toast.as_ref().is_some_and(|t| t.until <= now.0) {
            self.toast = None;
        }
        let mut recorded = None;
        self.overlays.retain_mut(|overlay| match overlay {
            Overlay::Rollback(form) => {
                form.observe(world);
                true
            }
            Overlay::Sign(form) => match form.observe(world) {
                Some(words) => {
                    recorded = Some(words);
                    false
                }
                None => true,
            },
            _ => true,
        });
        if let Some(words) = recorded {
            self.say(Severity::Info, words, now);
        }
        if quit::own_flows(world).next().is_none() {
            self.overlays.retain(|o| !matches!(o, Overlay::Quit));
        }
    }

    fn refresh_agenda(&mut self, world: &World, now: Now) {
        let key = (
            world.focus.clone(),
            world.services.values().map(|s| s.overview.at()).collect(),
            world.ruled.of.as_ref().map(|(_, at)| *at),
            now.0.as_second().div_euclid(60),
        );
        if self.agenda_key.as_ref() == Some(&key) {
            return;
        }
        self.agenda_key = Some(key);
        let mut all = agenda::told(world);
        all.extend(calendar::shown(&world.ruled.entries).cloned());
        self.agenda = dates::agenda(all, now.0, &world.zone, AGENDA.0, AGENDA.1);
    }

    /// Says something in the key line's place for a while.
    pub fn say(&mut self, severity: Severity, text: impl Into<String>, now: Now) {
        self.toast = Some(Toast {
            severity,
            text: text.into(),
            until: now.0.saturating_add(TOAST).unwrap_or(now.0),
        });
    }

    /// What stands in the key line's place now: a short message, else a notice that is new.
    pub(super) fn message<'a>(
        &'a self,
        world: &'a World,
        now: Now,
    ) -> Option<(Severity, Cow<'a, str>)> {
        if let Some(toast) = self.toast.as_ref().filter(|t| t.until > now.0) {
            return Some((toast.severity, Cow::Borrowed(&toast.text)));
        }
        let notice = world.notices.last().filter(|n| now.since(n.at) < NOTICE)?;
        let text = match &notice.hint {
            Some(hint) => Cow::Owned(format!("{}: {hint}", notice.title)),
            None => Cow::Borrowed(notice.title.as_str()),
        };
        Some((notice.severity, text))
    }

    /// Whether what is shown changes by the second: something live, a message that ends, a next try that is counted down.
    pub fn is_ticking(&self, world: &World, now: Now) -> bool {
        if !self.overlays.is_empty() && !world.flows.is_empty() {
            return true;
        }
        if self.message(world, now).is_some() {
            return true;
        }
        if self.frozen.is_some() {
            return false;
        }
        let waits = world.focused().is_some_and(|(target, slice)| {
            let overview = world
                .services
                .get(&target.service)
                .and_then(|s| s.overview.fault());
            let faults = [
                overview,
                slice.run.fault(),
                slice.checks.fault(),
                slice.signals.status.fault(),
            ];
            faults.into_iter().flatten().any(|f| f.retry_at.is_some())
        });
        let mut readings = world.delivery.readings.values();
        let reads = self.shown() == ViewId::Changes
            && readings.any(|r| r.done.fault().is_some_and(|f| f.retry_at.is_some()));
        panes::is_live(world) || waits || reads
    }

    /// Which keys act now.
    pub fn context(&self, world: &World) -> Context {
        match self.overlays.last() {
            None => Context::Pane,
            Some(overlay) => overlay.context(self.shows_form(world)),
        }
    }

    /// Whether the rollback overlay shows its form, and not the progress, an open intent or a refusal.
    pub(super) fn shows_form(&self, world: &World) -> bool {
        let Some(Overlay::Rollback(form)) = self.overlays.last() else {
            return false;
        };
        let open = world.ledger.open.iter().any(|o| o.target == form.target);
        !world.flows.contains_key(&form.target) && !open
    }

    /// Whether the keys are explained.
    pub(super) fn shows_help(&self) -> bool {
        matches!(self.overlays.last(), Some(Overlay::Help(_)))
    }

    /// Whether a gate is being signed.
    pub(super) fn is_signing(&self) -> bool {
        matches!(self.overlays.last(), Some(Overlay::Sign(_)))
    }

    /// Whether the rollback that is shown can be confirmed.
    pub(super) fn has_plan(&self, world: &World) -> bool {
        let Some(Overlay::Rollback(form)) = self.overlays.last() else {
            return false;
        };
        matches!(
            world.envs.get(&form.target).map(|s| &s.plan),
            Some(Some(Ok(_)))
        )
    }

    /// The view that is shown: where there is no room for rows, what is left of the cockpit.
    pub fn shown(&self) -> ViewId {
        if self.body().is_empty() {
            ViewId::Cockpit
        } else {
            self.view
        }
    }

    /// Whether a dialog lies over the panes and has the focus.
    pub(super) fn covered(&self) -> bool {
        let over = |o: &Overlay| !matches!(o, Overlay::Filter(_));
        self.overlays.iter().any(over)
    }

    /// The place of a page; empty on a small screen.
    pub(super) fn body(&self) -> Rect {
        layout::body(self.area)
    }

    /// What is seen now: what stands still, else what is true.
    pub(super) fn seen<'a>(&'a self, world: &'a World, now: Now) -> View<'a> {
        let live = self.view(world, now);
        self.frozen.as_ref().map_or(live, |f| View {
            world: &f.world,
            now: f.now,
            window: f.window,
            agenda: &f.agenda,
            ..live
        })
    }

    pub(super) fn view<'a>(&'a self, world: &'a World, now: Now) -> View<'a> {
        View {
            world,
            now,
            styles: &self.styles,
            window: self.window,
            agenda: &self.agenda,
            ascii: self.look.ascii,
        }
    }

    /// The rows of a dialog that scrolls; none for the others.
    pub(super) fn dialog_rows(&self, overlay: &Overlay, view: &View<'_>) -> Option<usize> {
        let width = scroll::text_width(self.area);
        match overlay {
            Overlay::Help(_) => Some(help::lines(view, &self.look.keymap, width).len()),
            Overlay::Detail(detail) => Some(detail.lines(view, width).len()),
            Overlay::Quit | Overlay::Rollback(_) | Overlay::Sign(_) | Overlay::Filter(_) => None,
        }
    }
}
