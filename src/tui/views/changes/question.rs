//! What is asked: which part, whose changes, of which time, with which words. The store answers it; the screen filters nothing.

use crate::app::action::ActionId;
use crate::app::delivery::Look;
use crate::app::world::World;
use crate::domain::change::listing::{Ask, Whose};
use crate::domain::fetched::Fetched;
use crate::domain::ids::Target;

/// The parts of the view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// The list of changes.
    #[default]
    Changes,
    /// What waits for a deployment.
    Queue,
    /// The delivery metrics.
    Dora,
}

impl Part {
    /// All, in order.
    pub(super) const ALL: [Self; 3] = [Self::Changes, Self::Queue, Self::Dora];

    /// The word.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Changes => "Changes",
            Self::Queue => "Queue",
            Self::Dora => "DORA",
        }
    }
}

/// Whose changes are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Circle {
    Mine,
    Team,
    Service,
    All,
}

impl Circle {
    const ALL: [Self; 4] = [Self::Mine, Self::Team, Self::Service, Self::All];
}

/// The time ranges of the list, in days.
const DAYS: [u32; 4] = [7, 30, 90, 365];
/// The same of the metrics.
const DORA_DAYS: [u32; 3] = [30, 90, 365];

/// The question.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) part: Part,
    pub(super) words: String,
    pub(super) bots: bool,
    /// Whose a person chose; none: mine where I have any, else the service's.
    chosen: Option<Circle>,
    /// There was none of mine.
    none_of_mine: bool,
    range: usize,
    dora_range: usize,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            part: Part::default(),
            words: String::new(),
            bots: false,
            chosen: None,
            none_of_mine: false,
            range: 1,
            dora_range: 1,
        }
    }
}

impl Question {
    /// The days of the part that is shown.
    pub(super) fn days(&self) -> u32 {
        let found = match self.part {
            Part::Dora => DORA_DAYS.get(self.dora_range),
            _ => DAYS.get(self.range),
        };
        found.copied().unwrap_or(30)
    }

    /// What the World has to look at; none: there is nothing to look at.
    pub(super) fn look(&self, world: &World) -> Option<Look> {
        match self.part {
            Part::Changes => Some(Look::Changes(self.ask(self.whose(world)))),
            // What waits is told with a service's changes.
            Part::Queue => Some(Look::Changes(self.ask(service(world)))),
            Part::Dora => {
                let target: Option<&Target> = world.focus.as_ref();
                target.map(|t| Look::Dora(t.clone(), self.days()))
            }
        }
    }

    fn ask(&self, whose: Whose) -> Ask {
        let filtered = self.part == Part::Changes;
        Ask {
            whose,
            days: self.days(),
            words: if filtered {
                self.words.clone()
            } else {
                String::new()
            },
            bots: self.bots,
        }
    }

    fn circle(&self, world: &World) -> Circle {
        self.chosen
            .unwrap_or(if world.who.verified && !self.none_of_mine {
                Circle::Mine
            } else {
                Circle::Service
            })
    }

    fn whose(&self, world: &World) -> Whose {
        match self.circle(world) {
            Circle::Mine if world.who.verified => Whose::People(vec![world.who.name.clone()]),
            Circle::Mine | Circle::All => Whose::All,
            Circle::Team => match people(world) {
                [] => service(world),
                people => Whose::People(people.to_vec()),
            },
            Circle::Service => service(world),
        }
    }

    /// Takes in what was answered: who has no change of their own sees the service's, until they choose.
    pub(super) fn settle(&mut self, world: &World) {
        if self.chosen.is_some() || self.none_of_mine || !self.words.is_empty() {
            return;
        }
        let (of, listing) = &world.delivery.listing;
        let (Some(of), Some(listing)) = (of, listing.value()) else {
            return;
        };
        let mine = self.circle(world) == Circle::Mine
            && of.whose == self.whose(world)
            && of.words.is_empty();
        // While the first reading is under way, mine may still come.
        let is_read = listing.as_of.is_some() || has_ended(world);
        self.none_of_mine = mine && is_read && listing.total == 0;
    }

    /// Whether all rows are of the same person.
    pub(super) fn is_of_one(&self, world: &World) -> bool {
        matches!(self.whose(world), Whose::People(people) if people.len() == 1)
    }

    /// Whether rows may be of several services.
    pub(super) fn is_of_many(&self, world: &World) -> bool {
        world.catalog.services.len() > 1 && !matches!(self.whose(world), Whose::Service(_))
    }

    /// In the title: whose, and of which time.
    pub(super) fn told(&self, world: &World) -> String {
        let here = world.focus.as_ref().map(|t| t.service.to_string());
        let here = here.unwrap_or_default();
        let whose = match self.circle(world) {
            Circle::Mine if world.who.verified => "mine".to_owned(),
            Circle::Mine => "all (nobody is known)".to_owned(),
            Circle::Team if people(world).is_empty() => format!("{here} (no team is configured)"),
            Circle::Team => format!("team of {here}"),
            Circle::Service => here,
            Circle::All => "all".to_owned(),
        };
        let bots = if self.bots { " · with bots" } else { "" };
        format!("{whose} · {} days{bots}", self.days())
    }

    /// That nothing is found.
    pub(super) fn nothing(&self, world: &World) -> String {
        format!(
            "no change{} moved in {} days",
            self.whom(world),
            self.days()
        )
    }

    /// Whose changes are looked at, as it follows the word; nothing where it is everybody's.
    pub(super) fn whom(&self, world: &World) -> String {
        let here = world.focus.as_ref().map(|t| t.service.to_string());
        let here = here.unwrap_or_default();
        match self.circle(world) {
            Circle::Mine if world.who.verified => format!(" of @{}", world.who.name),
            Circle::Mine | Circle::All => String::new(),
            Circle::Team if people(world).is_empty() => format!(" of {here}"),
            Circle::Team => format!(" of the team of {here}"),
            Circle::Service => format!(" of {here}"),
        }
    }

    /// What to press where nothing is found.
    pub(super) fn elsewhere(&self, world: &World) -> &'static str {
        match self.circle(world) {
            Circle::Mine if world.who.verified => {
                "m shows the team's, the service's, all; t takes a longer time"
            }
            Circle::Mine | Circle::All => "t takes a longer time",
            Circle::Team if people(world).is_empty() => {
                "who is in the team is told by accountable and responsible in [services.NAME.roles]"
            }
            Circle::Team | Circle::Service => "m shows all; t takes a longer time",
        }
    }

    /// What an action chooses, as the key line says it.
    pub(super) fn chooses(&self, action: ActionId) -> Option<String> {
        let list = self.part == Part::Changes;
        match action {
            ActionId::TimeRange | ActionId::ShorterRange | ActionId::LongerRange
                if self.part != Part::Queue =>
            {
                Some(format!("range {}d", self.days()))
            }
            ActionId::NextPane => Some("part".to_owned()),
            ActionId::Whose if list => Some("whose".to_owned()),
            ActionId::Bots if list => Some(if self.bots { "no bots" } else { "bots" }.to_owned()),
            _ => None,
        }
    }

    /// Chooses it.
    pub(super) fn choose(&mut self, action: ActionId, world: &World) {
        // Who chooses anything of the list has seen whose it is: it stays.
        if self.part == Part::Changes {
            self.chosen.get_or_insert(self.circle(world));
        }
        let (at, count) = match self.part {
            Part::Dora => (&mut self.dora_range, DORA_DAYS.len()),
            _ => (&mut self.range, DAYS.len()),
        };
        match action {
            ActionId::TimeRange => *at = (*at + 1) % count,
            ActionId::ShorterRange => *at = at.saturating_sub(1),
            ActionId::LongerRange => *at = (*at + 1).min(count - 1),
            ActionId::Bots => self.bots = !self.bots,
            ActionId::Whose => {
                let now = self.circle(world);
                let mut all = Circle::ALL.into_iter().cycle().skip_while(|c| *c != now);
                self.chosen = all.nth(1);
            }
            _ => {}
        }
    }
}

/// Whether every source was read as far as it could be.
fn has_ended(world: &World) -> bool {
    let mut readings = world.delivery.readings.values();
    !world.delivery.readings.is_empty()
        && readings.all(|r| r.progress.is_none() && r.done != Fetched::Never)
}

/// The selected service's changes; all where none is selected.
fn service(world: &World) -> Whose {
    world
        .focus
        .as_ref()
        .map_or(Whose::All, |t| Whose::Service(t.service.clone()))
}

/// The people of the selected service.
fn people(world: &World) -> &[crate::domain::text::Safe] {
    let focus = world.focus.as_ref();
    let service = focus.and_then(|t| world.catalog.service(&t.service));
    service.map_or(&[], |s| s.people.as_slice())
}
