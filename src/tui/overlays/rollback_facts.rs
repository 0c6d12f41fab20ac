//! What the rollback's form tells, a row each: from where, to which version, how, by whom, what goes with it.

use ratatui::text::Span;

use super::rollback::Form;
use crate::app::world::EnvSlice;
use crate::config::theme::Role;
use crate::domain::release::watch::Phase;
use crate::domain::rollback::RollbackPlan;
use crate::domain::rollback::plan::FromState;
use crate::domain::units::span;
use crate::tui::panes::View;
use crate::tui::widgets::text;

pub(super) fn from(
    view: &View<'_>,
    plan: &RollbackPlan,
    slice: Option<&EnvSlice>,
) -> Vec<Span<'static>> {
    let watch = slice.and_then(|s| s.watch.as_ref());
    let state = match plan.from_state {
        FromState::InProgress => "under way".to_owned(),
        FromState::Broken => "failed half-way".to_owned(),
        FromState::Live => "live".to_owned(),
    };
    let since = watch
        .filter(|w| w.subject.sha == plan.from.sha && !matches!(w.phase, Phase::Returned(_)))
        .map(|w| {
            format!(
                " since {}",
                view.moment(w.live_since.unwrap_or(w.started_at))
            )
        })
        .unwrap_or_default();
    let cancel = plan
        .cancel
        .as_ref()
        .map(|c| format!(" (run {} is cancelled first)", c.run))
        .unwrap_or_default();
    vec![
        view.span(format!("  {}", plan.from), Role::Bad),
        view.span(
            format!("  {}   {state}{since}{cancel}", plan.from.sha.short()),
            Role::Text,
        ),
    ]
}

pub(super) fn to(view: &View<'_>, plan: &RollbackPlan) -> Vec<Span<'static>> {
    let at = plan
        .choices
        .iter()
        .position(|c| c.sha == plan.to.sha)
        .unwrap_or(0);
    let (back, on) = (at > 0, at + 1 < plan.choices.len());
    let arrow = |on: bool, symbol: &str| {
        view.span(
            if on {
                symbol.to_owned()
            } else {
                " ".to_owned()
            },
            Role::Accent,
        )
    };
    let kind = if at == 0 {
        "last known good"
    } else {
        "older known good"
    };
    let live = plan
        .to_live_s
        .map(|s| format!(": live {}", span(jiff::SignedDuration::from_secs(s))))
        .unwrap_or_default();
    let of = if plan.choices.len() > 1 {
        format!("   ({} of {})", at + 1, plan.choices.len())
    } else {
        String::new()
    };
    vec![
        arrow(back, "◂"),
        view.span(format!(" {}", plan.to), Role::Good),
        view.span(format!("  {} ", plan.to.sha.short()), Role::Text),
        arrow(on, "▸"),
        view.span(format!(" {kind}{live}{of}"), Role::Text),
    ]
}

pub(super) fn who(view: &View<'_>, form: &Form) -> Option<String> {
    let service = view.world.catalog.service(&form.target.service)?;
    let who = &view.world.who;
    let verified = if who.verified { "" } else { " (not verified)" };
    let accountable = service
        .accountable
        .as_ref()
        .map(|a| format!(" · accountable: @{a}"));
    let runbook = service.runbook.as_ref().map(|r| format!(" · runbook: {r}"));
    Some(format!(
        "  by @{}{verified}{}{}",
        who.name,
        accountable.unwrap_or_default(),
        runbook.unwrap_or_default()
    ))
}

pub(super) fn goes(view: &View<'_>, plan: &RollbackPlan) -> Vec<Span<'static>> {
    if plan.reverts.is_empty() {
        let text = if plan.reverts_known {
            "  no change lies between them"
        } else {
            "  asking which changes lie between them …"
        };
        return vec![view.span(text, Role::Muted)];
    }
    let count = plan.reverts.len();
    let mut people: Vec<&str> = plan
        .reverts
        .iter()
        .filter_map(|c| c.author.as_ref())
        .map(AsRef::as_ref)
        .collect();
    people.sort_unstable();
    people.dedup();
    let names: Vec<String> = plan
        .reverts
        .iter()
        .take(2)
        .map(|c| {
            let number = c.number.map(|n| format!("#{n} ")).unwrap_or_default();
            format!("{number}{}", text::truncate(c.title.as_str(), 24))
        })
        .collect();
    let more = if count > 2 { " · …" } else { "" };
    let least = if plan.reverts_known { "" } else { "at least " };
    let plural =
        |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    vec![view.span(
        format!(
            "  {least}{} by {}: {}{more} (Enter lists them)",
            plural(count, "change", "changes"),
            plural(people.len(), "person", "people"),
            names.join(" · ")
        ),
        Role::Text,
    )]
}
