//! A rollback plan as people read it, and the lines of a rollback under way.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::rollback::how_of_plan;
use super::text::{counted, table};
use super::versions::with_commit;
use crate::app::flow::{FlowStep, StepMark};
use crate::domain::release::Change;
use crate::domain::rollback::RollbackPlan;
use crate::domain::rollback::holds::HoldKind;
use crate::domain::rollback::plan::FromState;
use crate::domain::units::span;

/// So many changes are named one by one.
const NAMED: usize = 12;

/// The plan in aligned lines.
pub fn text(plan: &RollbackPlan, reason: &str) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |label: &str, text: String| rows.push(vec![label.to_owned(), text]);
    let seconds = |s: i64| span(SignedDuration::from_secs(s));
    let from_state = match plan.from_state {
        FromState::Live => "live",
        FromState::InProgress => "being deployed",
        FromState::Broken => "its deploy failed half-way",
    };
    row("from", format!("{}  {from_state}", with_commit(&plan.from)));
    let live = plan
        .to_live_s
        .map_or_else(String::new, |s| format!("  live for {}", seconds(s)));
    row("to", format!("{}{live}", with_commit(&plan.to)));
    let usual = plan
        .usual_s
        .map_or_else(String::new, |s| format!("  usually {}", seconds(s)));
    row(
        "how",
        format!("{} in {}{usual}", how_of_plan(plan, false), plan.repo),
    );
    if let Some(cancel) = &plan.cancel {
        row("first", format!("run {} is cancelled", cancel.run));
    }
    if plan.reverts_known {
        row("goes", counted(plan.reverts.len(), "change"));
    } else {
        row("goes", "not known".to_owned());
    }
    for change in plan.reverts.iter().take(NAMED) {
        row("", named(change));
    }
    if plan.reverts.len() > NAMED {
        row("", format!("… and {} more", plan.reverts.len() - NAMED));
    }
    for warning in &plan.warnings {
        row("!", warning.to_string());
    }
    for hold in &plan.holds {
        let label = match hold.kind {
            HoldKind::Unknown => "?",
            _ => "held",
        };
        row(label, hold.text.to_string());
    }
    if !reason.is_empty() {
        row("reason", reason.to_owned());
    }
    let other: Vec<String> = plan
        .choices
        .iter()
        .filter(|c| c.sha != plan.to.sha)
        .take(5)
        .map(ToString::to_string)
        .collect();
    if !other.is_empty() {
        row("or", format!("--to {}", other.join(", --to ")));
    }
    let mut ways = plan.ways.iter().filter(|w| w.id != plan.way.id);
    if let Some(way) = ways.find(|w| w.unfit.is_none()) {
        rows.push(vec!["or".to_owned(), format!("--way {}", way.id)]);
    }
    format!("roll back {}\n{}", plan.target, table(&rows))
}

fn named(change: &Change) -> String {
    let number = change.number.map_or_else(String::new, |n| format!("#{n} "));
    let author = change
        .author
        .as_ref()
        .map_or_else(String::new, |a| format!(" @{a}"));
    format!("{number}{}{author}", change.title)
}

/// A step as a line: time, mark, step, detail.
pub fn step(step: &FlowStep, zone: &TimeZone) -> String {
    let mark = match step.mark {
        StepMark::Doing => "·",
        StepMark::Done => "✔",
        StepMark::Bad => "✘",
    };
    let mut line = format!("{} {mark} {}", clock(step.at, zone), step.step);
    for more in [&step.detail, &step.url].into_iter().flatten() {
        line.push_str("  ");
        line.push_str(more.as_str());
    }
    line
}

/// `14:03:05` in a zone.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}
