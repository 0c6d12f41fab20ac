//! The changes, in three parts: where each is and how long it took; what waits for a deployment; the delivery metrics. What is shown
//! is asked of the store while somebody looks, and of nothing else.

mod behind;
mod cursor;
mod dora;
mod figures;
mod head;
mod list;
mod question;
mod queue;
mod stages;
mod told;
mod trend;
mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(in crate::tui) use behind::{name, over};
pub(in crate::tui) use figures::{afresh, besides, figure, left_out, note, tier};
pub(in crate::tui) use queue::stop;
pub(in crate::tui) use stages::{named, read};
pub(in crate::tui) use words::{
    bar, biggest, brief, counted, login, look, moment, share, waiting, whereabouts,
};

use self::dora::Metrics;
use self::list::List;
use self::question::{Part, Question};
use self::queue::Waits;
use super::View;
use super::page::Page;
use crate::app::action::ActionId;
use crate::app::msg::Msg;
use crate::app::world::World;
use crate::domain::ids::Target;
use crate::domain::units::Now;
use crate::tui::overlays::detail::Of;

/// The page's state.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    question: Question,
    list: List,
    queue: Waits,
    dora: Metrics,
    target: Option<Target>,
}

impl Page for Changes {
    fn observe(&mut self, world: &World, now: Now) {
        if self.target != world.focus {
            self.target.clone_from(&world.focus);
            (self.queue, self.dora) = (Waits::default(), Metrics::default());
        }
        self.question.settle(world);
        match self.question.part {
            Part::Changes => self.list.observe(world, now),
            Part::Queue => self.queue.observe(world),
            Part::Dora => self.dora.observe(world),
        }
    }

    fn on_action(&mut self, action: ActionId, view: &View<'_>, area: Rect) -> bool {
        match self.question.part {
            Part::Changes => self.list.on_action(action, view, area),
            Part::Queue => self.queue.on_action(action, area),
            Part::Dora => self.dora.on_action(action, area),
        }
    }

    fn opened(&self, view: &View<'_>) -> Option<Of> {
        match self.question.part {
            Part::Changes => {
                let row = self.list.selected(view)?;
                Some(Of::Change(Box::new(row.clone())))
            }
            Part::Queue => {
                let waiting = self.queue.selected(view)?;
                Some(Of::Queued(Box::new(waiting)))
            }
            Part::Dora => self.dora.opened(view),
        }
    }

    fn wish(&self) -> Option<u16> {
        let rows = match self.question.part {
            Part::Changes => self.list.rows(),
            Part::Queue => 0,
            Part::Dora => return self.dora.wish(),
        };
        (rows > 0).then_some(u16::MAX)
    }

    fn beside(&self, view: &View<'_>, width: usize) -> (&'static str, Vec<Line<'static>>) {
        match (self.question.part, view.world.delivery.listing.1.value()) {
            (Part::Changes, Some(found)) => {
                ("Where the time goes", stages::beside(view, found, width))
            }
            (Part::Dora, _) => self.dora.beside(view, width),
            _ => ("", Vec::new()),
        }
    }

    fn needle(&self) -> Option<&str> {
        (self.question.part == Part::Changes).then_some(self.question.words.as_str())
    }

    fn filter(&mut self, needle: &str) {
        needle.trim().clone_into(&mut self.question.words);
    }

    fn wants(&mut self, world: &World) -> Option<Msg> {
        self.question.settle(world);
        let look = self.question.look(world);
        (look != world.delivery.look).then_some(Msg::Look(look))
    }

    fn step(&mut self, forward: bool) -> bool {
        let all = Part::ALL;
        let at = all.iter().position(|p| *p == self.question.part);
        let by = if forward { 1 } else { all.len() - 1 };
        let next = all.get((at.unwrap_or(0) + by) % all.len());
        self.question.part = next.copied().unwrap_or_default();
        true
    }

    fn first(&mut self) {
        self.question.part = Part::default();
    }

    fn enter(&mut self) -> bool {
        self.question.part == Part::Dora && self.dora.enter()
    }

    fn leave(&mut self) -> bool {
        self.question.part == Part::Dora && self.dora.leave()
    }

    fn chooses(&self, action: ActionId) -> Option<String> {
        self.question.chooses(action)
    }

    fn choose(&mut self, action: ActionId, world: &World) {
        self.question.choose(action, world);
    }

    fn render(&self, view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
        let question = &self.question;
        match question.part {
            Part::Changes => self.list.render(view, question, focused, area, buffer),
            Part::Queue => self.queue.render(view, focused, area, buffer),
            Part::Dora => self.dora.render(view, question, focused, area, buffer),
        }
    }
}
