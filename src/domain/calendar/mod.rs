//! The release calendar: what was and what will be (milestones, releases, deployments, plans), and when releases may go
//! (windows and freezes).

pub mod decision;
mod expansion;
pub mod interval;
mod parts;
pub mod planned;
pub mod recurrence;
pub mod rule;

#[cfg(test)]
mod expansion_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod vectors;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::ids::{EnvId, ServiceId, Target};
use super::release::Overview;
use super::text::Safe;
use planned::Planned;
use rule::{Rule, RuleKind};

/// What kind of entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A milestone's due date.
    Milestone,
    /// A release was published, or a draft waits.
    Release,
    /// A deployment.
    Deployment,
    /// A planned release.
    Plan,
    /// A window is open.
    Window,
    /// A freeze.
    Freeze,
}

/// When an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// At an instant.
    At(Timestamp),
    /// On a day, wherever one is.
    On(Date),
    /// Not dated (a draft).
    Open,
}

/// What people have laid down: the rules, and what is planned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calendar {
    /// Windows and freezes.
    pub rules: Vec<Rule>,
    /// Planned releases.
    pub plans: Vec<Planned>,
}

/// How an entry ended or stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Lies ahead, or is open.
    Planned,
    /// Under way.
    Running,
    /// Done.
    Done,
    /// Ended badly.
    Failed,
}

/// A line of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What kind.
    pub kind: EntryKind,
    /// When.
    pub when: When,
    /// The service it belongs to.
    pub service: ServiceId,
    /// The environment, for a deployment.
    pub env: Option<EnvId>,
    /// What it says.
    pub title: Safe,
    /// How it stands.
    pub state: EntryState,
    /// Its page.
    pub url: Option<Safe>,
    /// When it is over, where it lasts.
    pub end: Option<Timestamp>,
    /// Where it was written: `file:line`, for rules and plans.
    pub source: Option<Safe>,
    /// What stands against it, for plans.
    pub conflicts: Vec<Safe>,
}

impl When {
    /// The day in `zone`; undated entries come last.
    pub fn day(self, zone: &TimeZone) -> Date {
        match self {
            Self::At(at) => at.to_zoned(zone.clone()).date(),
            Self::On(date) => date,
            Self::Open => Date::MAX,
        }
    }

    /// When it begins: a day begins at midnight in `zone`.
    pub fn begins(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::On(date) => date.to_zoned(zone.clone()).ok().map(|z| z.timestamp()),
            Self::Open => None,
        }
    }

    /// The instant, where there is one.
    pub fn instant(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::On(_) | Self::Open => None,
        }
    }

    fn order(self, zone: &TimeZone) -> (Date, Option<Timestamp>) {
        (self.day(zone), self.instant())
    }
}

/// The entries of one service, from what GitHub tells; in no order.
pub fn entries(service: &ServiceId, overview: &Overview) -> Vec<Entry> {
    let milestones = overview.milestones.iter().map(|m| Entry {
        kind: EntryKind::Milestone,
        when: m.due.map_or(When::Open, When::On),
        service: service.clone(),
        env: None,
        title: m.title.clone(),
        state: EntryState::Planned,
        url: Some(m.url.clone()),
        end: None,
        source: None,
        conflicts: Vec::new(),
    });
    let releases = overview.releases.iter().map(|r| Entry {
        kind: EntryKind::Release,
        when: r.published_at.map_or(When::Open, When::At),
        service: service.clone(),
        env: None,
        title: r.tag.clone(),
        state: if r.draft {
            EntryState::Planned
        } else {
            EntryState::Done
        },
        url: Some(r.url.clone()),
        end: None,
        source: None,
        conflicts: Vec::new(),
    });
    let deployments = overview.deployments.iter().flat_map(|(env, list)| {
        list.iter().map(move |d| Entry {
            kind: EntryKind::Deployment,
            when: When::At(d.created_at),
            service: service.clone(),
            env: Some(env.clone()),
            title: overview
                .version(&d.sha)
                .version
                .or_else(|| d.git_ref.clone())
                .unwrap_or_else(|| Safe::new(d.sha.short())),
            state: if d.succeeded_at().is_some() {
                EntryState::Done
            } else if d.is_running() {
                EntryState::Running
            } else {
                EntryState::Failed
            },
            url: d.latest().and_then(|s| s.log_url.clone()),
            end: None,
            source: None,
            conflicts: Vec::new(),
        })
    });
    milestones.chain(releases).chain(deployments).collect()
}

/// The windows and freezes of a target in `[from, to)`, and all planned releases in it; in no order.
pub fn ruled(
    calendar: &Calendar,
    target: &Target,
    now: Timestamp,
    (from, to): (Timestamp, Timestamp),
) -> Vec<Entry> {
    let rules = &calendar.rules;
    let occurrences = rules
        .iter()
        .filter(|rule| rule.scope.holds(target))
        .flat_map(|rule| rule.intervals(from, to).into_iter().map(move |i| (rule, i)))
        .map(|(rule, i)| Entry {
            kind: match rule.kind {
                RuleKind::Window => EntryKind::Window,
                RuleKind::Freeze => EntryKind::Freeze,
            },
            when: When::At(i.start),
            service: target.service.clone(),
            env: Some(target.env.clone()),
            title: Safe::new(&format!("{} {}", rule.id, rule.kind)),
            state: if i.contains(now) {
                EntryState::Running
            } else if i.end <= now {
                EntryState::Done
            } else {
                EntryState::Planned
            },
            url: None,
            end: Some(i.end),
            source: Some(rule.place.clone()),
            conflicts: Vec::new(),
        });
    let planned = calendar
        .plans
        .iter()
        .filter(|plan| from <= plan.at && plan.at < to)
        .map(|plan| Entry {
            kind: EntryKind::Plan,
            when: When::At(plan.at),
            service: plan.target.service.clone(),
            env: Some(plan.target.env.clone()),
            title: plan.version.clone(),
            state: EntryState::Planned,
            url: None,
            end: None,
            source: Some(plan.place.clone()),
            conflicts: plan.conflicts(rules),
        });
    occurrences.chain(planned).collect()
}

/// The entries in order of time; those without a date last.
pub fn in_order(mut all: Vec<Entry>, zone: &TimeZone) -> Vec<Entry> {
    all.sort_by_key(|e| (e.when.order(zone), e.kind));
    all
}

/// The agenda around `now`: the latest past entries, then what is under way or ahead, in order of time.
pub fn agenda(
    all: Vec<Entry>,
    now: Timestamp,
    zone: &TimeZone,
    past: usize,
    ahead: usize,
) -> Vec<Entry> {
    let all = in_order(all, zone);
    let today = now.to_zoned(zone.clone()).date();
    let is_past = |e: &Entry| match e.when {
        When::At(at) => at <= now && e.state != EntryState::Running,
        When::On(date) => date < today,
        When::Open => false,
    };
    let (before, after): (Vec<Entry>, Vec<Entry>) = all.into_iter().partition(is_past);
    let skip = before.len().saturating_sub(past);
    before
        .into_iter()
        .skip(skip)
        .chain(after.into_iter().take(ahead))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(when: When, title: &str) -> Entry {
        Entry {
            kind: EntryKind::Milestone,
            when,
            service: "s".parse().unwrap(),
            env: None,
            title: Safe::new(title),
            state: EntryState::Planned,
            url: None,
            end: None,
            source: None,
            conflicts: Vec::new(),
        }
    }

    #[test]
    fn the_agenda_is_in_order_around_now() {
        let now: Timestamp = "2026-11-20T13:00:00Z".parse().unwrap();
        let all = vec![
            entry(When::Open, "draft"),
            entry(When::On("2026-11-24".parse().unwrap()), "due"),
            entry(When::At("2026-11-20T12:00:00Z".parse().unwrap()), "noon"),
            entry(
                When::At("2026-11-19T12:00:00Z".parse().unwrap()),
                "yesterday",
            ),
            entry(When::On("2026-11-20".parse().unwrap()), "today"),
        ];
        let titles: Vec<String> = agenda(all, now, &TimeZone::UTC, 1, 9)
            .into_iter()
            .map(|e| e.title.to_string())
            .collect();
        assert_eq!(titles, ["noon", "today", "due", "draft"]);
    }
}
