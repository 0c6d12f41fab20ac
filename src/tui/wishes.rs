//! What is copied and what is opened: the command that does the same as the screen, the page of the selected thing.

use super::overlays::Overlay;
use super::overlays::detail::Detail;
use super::panes::{View, verdict};
use super::routing::Intent;
use super::screen::{Browser, Screen};
use super::views::ViewId;
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
        // A row tells itself; what a dialog would do, the command does too.
        let told = match self.overlays.last() {
            Some(Overlay::Detail(detail)) => detail.line(&self.seen(world, now)),
            None if self.shown() != ViewId::Cockpit => self
                .selected(&self.seen(world, now))
                .and_then(|of| Detail::new(of).line(&self.seen(world, now))),
            _ => None,
        };
        let line = match form {
            _ if told.is_some() => told.unwrap_or_default(),
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
        // Everything in it was made harmless before; should something not have been, it is here.
        let line = line.replace(char::is_control, " ");
        self.say(Severity::Info, format!("copied: {line}"), now);
        vec![Intent::Copy(line)]
    }

    /// Opens the page of the selected thing; without a browser it is shown and copied.
    pub(super) fn browse(&mut self, world: &World, now: Now) -> Vec<Intent> {
        let Some(url) = self.url(&self.seen(world, now)) else {
            self.say(Severity::Info, "there is no page for this", now);
            return Vec::new();
        };
        let words = match self.look.browser {
            Browser::Here => {
                self.say(Severity::Info, format!("opening {url}"), now);
                return vec![Intent::Browse(url)];
            }
            Browser::Remote => "over SSH no browser is opened; copied to your terminal's clipboard",
            Browser::Missing => "there is no display for a browser; copied",
        };
        self.say(Severity::Info, format!("{words}: {url}"), now);
        vec![Intent::Copy(url)]
    }

    /// The address of the selected thing: only what a browser should be given.
    pub(super) fn url(&self, view: &View<'_>) -> Option<String> {
        let rollback = self.overlays.iter().rev().find_map(|o| match o {
            Overlay::Rollback(form) => view.world.flows.get(&form.target),
            _ => None,
        });
        let detail = match self.overlays.last() {
            Some(Overlay::Detail(detail)) => Some(detail.clone()),
            _ => self.selected(view).map(Detail::new),
        };
        let url = match rollback {
            Some(flow) => flow
                .steps
                .iter()
                .rev()
                .find_map(|s| s.url.clone())
                .or_else(|| flow.view.as_ref().map(|v| v.run.url.clone())),
            None => detail?.url(view),
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
