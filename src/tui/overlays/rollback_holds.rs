//! Two parts of the rollback's form: the way back that is taken, with the others to choose from, and what would hold its run.

use ratatui::text::Span;

use crate::app::msg::Msg;
use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::ids::Target;
use crate::domain::rollback::holds::HoldKind;
use crate::domain::rollback::{Refusal, RollbackPlan};
use crate::domain::units::span;
use crate::report::rollback::how_of_plan;
use crate::tui::panes::View;
use crate::tui::widgets::text;

/// The ids of the ways that can be taken now, in the order of the ladder.
fn fit(plan: &RollbackPlan) -> Vec<&str> {
    let fit = plan.ways.iter().filter(|w| w.unfit.is_none());
    fit.map(|w| w.id.as_str()).collect()
}

/// Whether there is more than one way to choose from.
pub(super) fn many(plan: &RollbackPlan) -> bool {
    fit(plan).len() > 1
}

/// The message that takes the next way, or the previous one; none: there is no further one.
pub(super) fn choose(world: &World, target: &Target, next: bool) -> Option<Msg> {
    let slice = world.envs.get(target)?;
    let Ok(plan) = slice.plan.as_ref()? else {
        return None;
    };
    let ways = fit(plan);
    let at = ways.iter().position(|id| *id == plan.way.id)?;
    let to = if next {
        at.checked_add(1)
    } else {
        at.checked_sub(1)
    };
    let way = *ways.get(to?)?;
    Some(Msg::WantWay(target.clone(), Some(way.to_owned())))
}

/// Where the chosen way does not reach the chosen version, the ladder decides again.
pub(super) fn undo(world: &World, target: &Target) -> Option<Msg> {
    let slice = world.envs.get(target)?;
    let stuck = matches!(
        slice.plan,
        Some(Err(Refusal::NoWay { .. } | Refusal::NotAWay { .. }))
    );
    (stuck && slice.wanted_way.is_some()).then(|| Msg::WantWay(target.clone(), None))
}

/// The way that is taken; with arrows where there are others.
pub(super) fn how(view: &View<'_>, plan: &RollbackPlan) -> Vec<Span<'static>> {
    let ways = fit(plan);
    let at = ways.iter().position(|id| *id == plan.way.id).unwrap_or(0);
    let several = ways.len() > 1;
    let arrow = |on: bool, symbol: &'static str| {
        view.span(if several && on { symbol } else { " " }, Role::Accent)
    };
    let usual = plan
        .usual_s
        .map(|s| format!("   usually {}", span(jiff::SignedDuration::from_secs(s))))
        .unwrap_or_default();
    let mut out = vec![
        arrow(at > 0, "◂"),
        view.span(format!(" {}{usual}", how_of_plan(plan, true)), Role::Text),
    ];
    if several {
        out.push(view.span(" ", Role::Text));
        out.push(arrow(at + 1 < ways.len(), "▸"));
        out.push(view.span(
            format!(" {} ({} of {})", plan.way.id, at + 1, ways.len()),
            Role::Muted,
        ));
    }
    out
}

/// A row of what would hold the run: its spans, and whether it begins an obstacle.
pub(super) type HoldRow = (Vec<Span<'static>>, bool);

/// The rows; `wrapped` gives each obstacle all the rows that its words need, else one, cut.
pub(super) fn rows(
    view: &View<'_>,
    plan: &RollbackPlan,
    width: usize,
    wrapped: bool,
) -> Vec<HoldRow> {
    let mut out = Vec::new();
    for hold in &plan.holds {
        let (mark, role) = match hold.kind {
            HoldKind::Unknown => (" ?        ", Role::Muted),
            _ => (" ○        ", Role::Warn),
        };
        let words = hold.text.as_str();
        let parts = if wrapped {
            text::wrap(words, width)
        } else {
            vec![words.to_owned()]
        };
        for (nth, part) in parts.into_iter().enumerate() {
            let mark = if nth == 0 { mark } else { "          " };
            out.push((vec![view.span(mark, role), view.span(part, role)], nth == 0));
        }
    }
    out
}
