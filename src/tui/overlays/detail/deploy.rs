//! The evidence behind the deploy: the verdict, the sources, what is live and was before, the run with its jobs and steps.

use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::ids::CommitSha;
use crate::domain::release::{Conclusion, Job, RunStatus};
use crate::tui::overlays::evidence::{freshness, of_signals};
use crate::tui::overlays::scroll::{heading, pair, paragraph};
use crate::tui::panes::{View, deploy, verdict};

pub(super) fn of_deploy(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let Some((slice, (service, _))) = view.slice().zip(view.configured()) else {
        return Vec::new();
    };
    let mut out = vec![heading(view, "Verdict")];
    match &slice.signals.verdict {
        Some(told) => {
            let (symbol, word, role) = verdict::verdict_word(told.state);
            out.extend(pair(
                view,
                "state",
                &format!("{symbol} {word}"),
                role,
                width,
            ));
            out.extend(pair(view, "because", &told.summary, Role::Text, width));
        }
        None => out.extend(pair(view, "state", "none", Role::Muted, width)),
    }
    out.push(Line::default());
    out.push(heading(view, "Sources"));
    let asked = format!("{} at {}", service.repo, service.source);
    out.extend(pair(view, "asked", &asked, Role::Text, width));
    if let Some(s) = view.world.services.get(&service.id) {
        out.extend(freshness(view, "repository", &s.overview, width));
    }
    out.extend(freshness(view, "run", &slice.run, width));
    if let Some(state) = &slice.state {
        out.push(Line::default());
        out.push(heading(view, "Live and before"));
        if let Some(live) = &state.live {
            let text = format!(
                "{} ({}) since {}",
                live.what,
                live.what.sha.short(),
                view.moment(live.since)
            );
            out.extend(pair(view, "live", &text, Role::Text, width));
        }
        for good in state.known_good.iter().take(5) {
            let text = format!(
                "{} ({}) {} to {}",
                good.what,
                good.what.sha.short(),
                view.moment(good.since),
                view.moment(good.until)
            );
            out.extend(pair(view, "was live", &text, Role::Muted, width));
        }
    }
    if let Some(run) = slice.run.value() {
        out.push(Line::default());
        out.push(heading(view, &format!("Run {}", run.run.id)));
        out.extend(pair(
            view,
            "title",
            run.run.title.as_str(),
            Role::Text,
            width,
        ));
        out.extend(pair(
            view,
            "page",
            run.run.url.as_str(),
            Role::Accent,
            width,
        ));
        for job in &run.jobs {
            out.push(Line::default());
            out.extend(job_lines(view, job, width));
        }
    }
    out
}

pub(in crate::tui) fn status(
    status: &RunStatus,
    conclusion: Option<&Conclusion>,
) -> (&'static str, Role) {
    match (status, conclusion) {
        (RunStatus::Completed, Some(Conclusion::Skipped)) => ("–", Role::Muted),
        (RunStatus::Completed, Some(c)) if c.passed() => ("✔", Role::Good),
        (RunStatus::Completed, _) => ("✖", Role::Bad),
        (RunStatus::InProgress, _) => ("●", Role::Accent),
        _ => ("○", Role::Muted),
    }
}

/// A job with its steps and its page.
fn job_lines(view: &View<'_>, job: &Job, width: usize) -> Vec<Line<'static>> {
    let (symbol, role) = status(&job.status, job.conclusion.as_ref());
    let took = job.took(view.now.0).map(deploy::brief).unwrap_or_default();
    let mut out = vec![Line::from(vec![
        view.span(format!("  {symbol} "), role),
        view.span(job.name.as_str(), Role::Title),
        view.span(format!("  {took}"), Role::Muted),
    ])];
    for step in &job.steps {
        let (symbol, role) = status(&step.status, step.conclusion.as_ref());
        let took = step.started_at.map(|start| {
            let end = step.completed_at.unwrap_or(view.now.0);
            deploy::brief(end.duration_since(start))
        });
        out.push(Line::from(vec![
            view.span(format!("      {symbol} "), role),
            view.span(step.name.as_str(), Role::Text),
            view.span(format!("  {}", took.unwrap_or_default()), Role::Muted),
        ]));
    }
    if let Some(url) = &job.url {
        let role = view.styles.get(Role::Accent);
        out.extend(paragraph(url.as_str(), role, 6, width));
    }
    out
}

/// A job of the run.
pub(super) fn of_job(view: &View<'_>, id: u64, width: usize) -> Vec<Line<'static>> {
    let run = view.slice().and_then(|s| s.run.value());
    let Some((run, job)) = run.and_then(|r| Some((r, r.jobs.iter().find(|j| j.id == id)?))) else {
        return vec![view.line("  this job is no longer there", Role::Muted)];
    };
    let mut out = job_lines(view, job, width);
    out.push(Line::default());
    let of = format!("run {}: {}", run.run.id, run.run.title);
    out.extend(pair(view, "of", &of, Role::Text, width));
    let moment = |at: Option<jiff::Timestamp>| at.map(|at| view.moment(at));
    for (label, at) in [("started", job.started_at), ("ended", job.completed_at)] {
        if let Some(at) = moment(at) {
            out.extend(pair(view, label, &at, Role::Text, width));
        }
    }
    if let Some(slice) = view.slice() {
        out.extend(freshness(view, "answer", &slice.run, width));
    }
    out
}

/// The verdict with its evidence, of both charts.
pub(super) fn of_verdict(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    if let Some(told) = view.slice().and_then(|s| s.signals.verdict.as_ref()) {
        let (symbol, word, role) = verdict::verdict_word(told.state);
        let state = format!("{symbol} {word}");
        out.extend(pair(view, "state", &state, role, width));
        out.extend(pair(view, "because", &told.summary, Role::Text, width));
        out.push(Line::default());
    }
    out.extend(of_signals(view, "", width));
    out
}

/// A version: every deployment of it here, with its states.
pub(super) fn of_version(view: &View<'_>, sha: &CommitSha, width: usize) -> Vec<Line<'static>> {
    let Some(target) = view.target() else {
        return Vec::new();
    };
    let Some(overview) = view.world.overview(&target.service) else {
        return Vec::new();
    };
    let words = |label: &str, text: &str, role| pair(view, label, text, role, width);
    let mut out = words("version", &overview.version(sha).to_string(), Role::Title);
    out.extend(words("commit", sha.as_str(), Role::Text));
    for d in overview
        .deployments_of(&target.env)
        .iter()
        .filter(|d| d.sha == *sha)
    {
        out.push(Line::default());
        out.push(heading(view, &format!("Deployment {}", d.id)));
        let by = d.creator.as_ref().map(|c| format!(" by @{c}"));
        let begun = format!("{}{}", view.moment(d.created_at), by.unwrap_or_default());
        out.extend(words("created", &begun, Role::Text));
        for status in &d.statuses {
            let state = format!("{:?}", status.state).to_lowercase();
            let text = format!("{} {state}", view.moment(status.at));
            out.extend(words(
                "state",
                crate::domain::text::Safe::new(&text).as_str(),
                Role::Text,
            ));
        }
        if let Some(url) = d.latest().and_then(|s| s.log_url.as_ref()) {
            out.extend(words("page", url.as_str(), Role::Accent));
        }
    }
    if let Some(slice) = view.world.services.get(&target.service) {
        out.push(Line::default());
        out.extend(freshness(view, "repository", &slice.overview, width));
    }
    out
}
