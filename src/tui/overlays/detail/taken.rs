//! What can be taken from an evidence: the address of its page, and a line for the clipboard.

use super::{Detail, Of, delivery};
use crate::domain::text::Safe;
use crate::report::ledger::json_line;
use crate::tui::layout::PaneId;
use crate::tui::panes::View;
use crate::tui::panes::calendar;

impl Detail {
    /// The page to look at.
    pub(in crate::tui) fn url(&self, view: &View<'_>) -> Option<Safe> {
        match &self.of {
            Of::Change(row) => return row.url.clone(),
            Of::Queued(queued) => return queued.change.as_ref()?.url.clone(),
            Of::Deployment(id) => return delivery::page(view, id),
            _ => {}
        }
        let slice = view.slice()?;
        let list = slice.checklist.as_ref();
        let run = || slice.run.value();
        match &self.of {
            Of::Gate(id) => {
                let gate = list?.gates.iter().find(|g| g.id.as_str() == id)?;
                gate.evidence.url.clone()
            }
            Of::Entry(entry) => entry.url.clone(),
            Of::Row(row) => {
                let url = row.body.get("url").and_then(|u| u.as_str());
                url.map(Safe::new)
            }
            Of::Job(id) => {
                let job = run()?.jobs.iter().find(|j| j.id == *id)?;
                job.url.clone().or_else(|| Some(run()?.run.url.clone()))
            }
            Of::Live(sha) => {
                let target = view.target()?;
                let overview = view.world.overview(&target.service)?;
                let mut all = overview.deployments_of(&target.env).iter();
                let found = all.find(|d| d.sha == *sha)?;
                found.latest()?.log_url.clone()
            }
            Of::Pane(PaneId::Deploy) | Of::Verdict => {
                let watch = slice.watch.as_ref().and_then(|w| w.url.clone());
                let live = slice.state.as_ref().and_then(|s| s.live.as_ref());
                let page = || {
                    let target = view.target()?;
                    Some(view.world.overview(&target.service)?.url.clone())
                };
                run()
                    .map(|v| v.run.url.clone())
                    .or(watch)
                    .or_else(|| live?.url.clone())
                    .or_else(page)
            }
            _ => None,
        }
    }

    /// A line that tells it, for the clipboard; none: the command that does the same tells more.
    pub(in crate::tui) fn line(&self, view: &View<'_>) -> Option<String> {
        match &self.of {
            Of::Row(row) => Some(json_line(row).to_string()),
            Of::Gate(id) => {
                let list = view.slice()?.checklist.as_ref()?;
                let gate = list.gates.iter().find(|g| g.id.as_str() == id)?;
                let url = gate.evidence.url.as_ref().map(|u| format!(" {u}"));
                let state = serde_json::to_value(gate.state).ok()?;
                Some(format!(
                    "{} {}: {}{}",
                    gate.id,
                    state.as_str().unwrap_or_default(),
                    gate.summary,
                    url.unwrap_or_default()
                ))
            }
            Of::Entry(entry) => {
                let (_, _, word) = calendar::look(entry);
                let begins = entry.when.begins(&view.world.zone);
                let zone = view.world.zone.clone();
                let at =
                    begins.map(|at| at.to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z").to_string());
                let until = calendar::until(entry, view).map(|u| format!(" {u}"));
                let url = entry.url.as_ref().or(entry.source.as_ref());
                Some(format!(
                    "{} {} ({word}){}{}",
                    at.unwrap_or_else(|| "not dated:".to_owned()),
                    calendar::what(entry, view),
                    until.unwrap_or_default(),
                    url.map(|u| format!(" {u}")).unwrap_or_default()
                ))
            }
            Of::Change(row) => Some(delivery::change_line(view, row)),
            Of::Queued(queued) => Some(delivery::queued_line(view, queued)),
            Of::Metric(metric) => delivery::metric_line(view, *metric),
            Of::Deployment(id) => delivery::deployment_line(view, id),
            Of::Live(sha) => Some(sha.to_string()),
            Of::Job(_) => self.url(view).map(|u| u.to_string()),
            Of::Pane(_) | Of::Verdict | Of::Unreadable(..) | Of::Changes | Of::DryRun(_) => None,
        }
    }
}
