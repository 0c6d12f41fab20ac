//! What is copied and what is opened: the command that does the same as the screen, the page of the selected thing.

use super::layout::PaneId;
use super::overlays::Overlay;
use super::panes::{View, verdict};
use super::routing::Intent;
use super::screen::Screen;
use crate::app::notice::Severity;
use crate::app::world::World;
use crate::domain::ids::Target;
use crate::domain::units::Now;
use crate::report::command;

impl Screen {
    /// The command that does the same as what is on screen.
    pub(super) fn copy(&mut self, world: &World, now: Now) -> Vec<Intent> {
        let Some((target, slice)) = world.focused() else {
            self.say(
                Severity::Warning,
                "nothing to copy: no service is selected",
                now,
            );
            return Vec::new();
        };
        let form = self.overlays.iter().rev().find_map(|o| match o {
            Overlay::Rollback(form) => Some(form),
            _ => None,
        });
        let to = |target: &Target| {
            let plan = world
                .envs
                .get(target)
                .and_then(|s| s.plan.as_ref()?.as_ref().ok());
            plan.map(|p| p.to.clone())
        };
        let signing = match self.overlays.last() {
            Some(Overlay::Sign(form)) => Some(form.command()),
            _ => None,
        };
        let line = match form {
            _ if signing.is_some() => signing.unwrap_or_default(),
            Some(form) if is_open(world, &form.target) => command::resume(&form.target),
            Some(form) => {
                let way = world
                    .envs
                    .get(&form.target)
                    .and_then(|s| s.wanted_way.as_deref());
                let to = to(&form.target);
                command::rollback(&form.target, to.as_ref(), way, &form.reason.text())
            }
            None if verdict::advised(slice) => {
                command::rollback(target, to(target).as_ref(), None, &slice.reason())
            }
            None => command::status(target),
        };
        self.say(Severity::Info, format!("copied: {line}"), now);
        vec![Intent::Copy(line)]
    }

    /// Opens the page of the selected thing; without a browser it is shown and copied.
    pub(super) fn browse(&mut self, world: &World, now: Now) -> Vec<Intent> {
        let Some(url) = self.url(&self.view(world, now)) else {
            self.say(Severity::Info, "there is no page for this", now);
            return Vec::new();
        };
        if self.look.browser {
            self.say(Severity::Info, format!("opening {url}"), now);
            vec![Intent::Browse(url)]
        } else {
            self.say(Severity::Info, format!("copied: {url}"), now);
            vec![Intent::Copy(url)]
        }
    }

    /// The address of the selected thing: only what a browser should be given.
    pub(super) fn url(&self, view: &View<'_>) -> Option<String> {
        let slice = view.slice()?;
        let rollback = self.overlays.iter().rev().find_map(|o| match o {
            Overlay::Rollback(form) => view.world.flows.get(&form.target),
            _ => None,
        });
        let url = match (rollback, self.focus) {
            (Some(flow), _) => flow
                .steps
                .iter()
                .rev()
                .find_map(|s| s.url.clone())
                .or_else(|| flow.view.as_ref().map(|v| v.run.url.clone())),
            (None, PaneId::Gates) => self.gates.gate(view).and_then(|g| g.evidence.url.clone()),
            (None, PaneId::Calendar) => self.calendar.entry(view).and_then(|e| e.url.clone()),
            (None, PaneId::Deploy) => {
                let run = slice.run.value().map(|v| v.run.url.clone());
                let watch = slice.watch.as_ref().and_then(|w| w.url.clone());
                let live = slice
                    .state
                    .as_ref()
                    .and_then(|s| s.live.as_ref()?.url.clone());
                let page = view
                    .target()
                    .and_then(|t| view.world.overview(&t.service))
                    .map(|o| o.url.clone());
                run.or(watch).or(live).or(page)
            }
            (None, PaneId::Errors | PaneId::Latency) => None,
        }?;
        let web = url.as_str().starts_with("https://") || url.as_str().starts_with("http://");
        let clean = !url
            .as_str()
            .contains(|c: char| c.is_whitespace() || c.is_control());
        (web && clean).then(|| url.to_string())
    }
}

/// Whether a rollback of the target is under way, here or in another process.
fn is_open(world: &World, target: &Target) -> bool {
    let here = world.flows.get(target).is_some_and(|f| !f.is_over());
    here || world.ledger.open.iter().any(|o| o.target == *target)
}
