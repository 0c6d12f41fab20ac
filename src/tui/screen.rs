//! The screen's own state: focus, zoom, overlays, freeze, time range, theme. Drawing takes it and the World and changes nothing;
//! what follows from new data (the charts' window, the agenda) is brought up to date by [`Screen::observe`] before a frame.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::chrome;
use super::layout::{self, PaneId};
use super::overlays::{Overlay, detail, help, progress, quit, rollback_form, scroll, sign};
use super::panes::{self, View, calendar, deploy, errors, gates, latency};
use super::plain;
use super::styles::{Depth, Styles};
use super::widgets::chart::window::Window;
use crate::app::action::Context;
use crate::app::keymap::Keymap;
use crate::app::notice::Severity;
use crate::app::world::World;
use crate::config::theme::Theme;
use crate::domain::calendar::{self as dates, Entry, EntryKind, EntryState};
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

/// What the screen starts with.
#[derive(Debug, Clone)]
pub struct Look {
    pub keymap: Keymap,
    pub theme: Theme,
    pub depth: Depth,
    /// Whether a browser can be opened here; else an address is shown and copied.
    pub browser: bool,
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
        let here = world.focus.as_ref().map(|t| &t.env);
        let mut all = Vec::new();
        for (id, slice) in &world.services {
            let last = world
                .catalog
                .service(id)
                .and_then(|s| s.last_environment())
                .map(|e| &e.id);
            let deployed = slice
                .entries
                .iter()
                .any(|e| e.kind == EntryKind::Deployment);
            let told = |e: &&Entry| match (e.kind, &e.env) {
                // Of an environment nobody looks at, only what matters: the one selected and each service's last.
                (EntryKind::Deployment, env) => env.as_ref() == here || env.as_ref() == last,
                // A published release is told by its deployments, where there are any.
                (EntryKind::Release, _) => e.state != EntryState::Done || !deployed,
                _ => true,
            };
            all.extend(slice.entries.iter().filter(told).cloned());
        }
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
        panes::is_live(world) || waits
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
            Overlay::Quit | Overlay::Rollback(_) | Overlay::Sign(_) => None,
        }
    }
}

/// Draws everything into `buffer`. Pure: the same World, screen and time give the same picture.
pub fn render(world: &World, screen: &Screen, now: Now, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let live = screen.view(world, now);
    let view = screen.frozen.as_ref().map_or(live, |f| View {
        world: &f.world,
        now: f.now,
        styles: &screen.styles,
        window: f.window,
        agenda: &f.agenda,
        ascii: screen.look.ascii,
    });
    let zoom = screen.zoomed.then_some(screen.focus);
    let places = layout::plan(area, zoom);
    chrome::title(&view, screen, places.title, buffer);
    chrome::tabs(&view, screen, places.tabs, buffer);
    chrome::small(&view, places.small, buffer);
    for pane in PaneId::ALL {
        let place = places.of(pane);
        if place.is_empty() {
            continue;
        }
        let focused = screen.focus == pane && screen.overlays.is_empty();
        match pane {
            PaneId::Deploy => deploy::render(&view, focused, place, buffer),
            PaneId::Errors => errors::render(&view, focused, place, buffer),
            PaneId::Latency => latency::render(&view, focused, place, buffer),
            PaneId::Gates => gates::render(&view, &screen.gates, focused, place, buffer),
            PaneId::Calendar => calendar::render(&view, &screen.calendar, focused, place, buffer),
        }
    }
    // A dialog leaves the key line alone: it says which keys act in it.
    let over = Rect {
        height: area.height.saturating_sub(places.keys.height),
        ..area
    };
    // Only the uppermost dialog is drawn: frames over frames tell nothing.
    if let Some(overlay) = screen.overlays.last() {
        overlay_on(&live, screen, overlay, over, buffer);
    }
    chrome::keys(&live, screen, places.keys, buffer);
    if screen.look.ascii {
        plain::fold(area, buffer);
    }
}

fn overlay_on(
    view: &View<'_>,
    screen: &Screen,
    overlay: &Overlay,
    area: Rect,
    buffer: &mut Buffer,
) {
    let width = scroll::text_width(area);
    match overlay {
        Overlay::Help(top) => {
            let rows = help::lines(view, &screen.look.keymap, width);
            scroll::render(view, "Keys", &rows, *top, area, buffer);
        }
        Overlay::Detail(detail::Detail { scroll: top, .. }) => {
            let Overlay::Detail(detail) = overlay else {
                return;
            };
            scroll::render(
                view,
                detail.title(),
                &detail.lines(view, width),
                *top,
                area,
                buffer,
            );
        }
        Overlay::Sign(form) => sign::render(view, form, area, buffer),
        Overlay::Quit => {
            let rows = quit::lines(view, width);
            scroll::render(
                view,
                "Leave?",
                &rows,
                scroll::Scroll::default(),
                area,
                buffer,
            );
        }
        Overlay::Rollback(form) => {
            let open = view
                .world
                .ledger
                .open
                .iter()
                .find(|o| o.target == form.target);
            match (view.world.flows.get(&form.target), open) {
                (Some(flow), _) => progress::render(view, flow, area, buffer),
                (None, Some(open)) => progress::render_open(view, open, area, buffer),
                (None, None) => rollback_form::render(view, form, area, buffer),
            }
        }
    }
}
