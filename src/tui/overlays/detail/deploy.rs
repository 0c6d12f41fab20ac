//! The evidence behind the deploy: the verdict, the sources, what is live and was before, the run with its jobs and steps.

use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::release::{Conclusion, RunStatus};
use crate::tui::overlays::evidence::freshness;
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
            let (symbol, role) = status(&job.status, job.conclusion.as_ref());
            let took = job.took(view.now.0).map(deploy::brief).unwrap_or_default();
            out.push(Line::from(vec![
                view.span(format!("  {symbol} "), role),
                view.span(job.name.as_str(), Role::Title),
                view.span(format!("  {took}"), Role::Muted),
            ]));
            for step in &job.steps {
                let (symbol, role) = status(&step.status, step.conclusion.as_ref());
                out.push(Line::from(vec![
                    view.span(format!("      {symbol} "), role),
                    view.span(step.name.as_str(), Role::Text),
                ]));
            }
            if let Some(url) = &job.url {
                out.extend(paragraph(
                    url.as_str(),
                    view.styles.get(Role::Accent),
                    6,
                    width,
                ));
            }
        }
    }
    out
}

pub(super) fn status(status: &RunStatus, conclusion: Option<&Conclusion>) -> (&'static str, Role) {
    match (status, conclusion) {
        (RunStatus::Completed, Some(Conclusion::Skipped)) => ("–", Role::Muted),
        (RunStatus::Completed, Some(c)) if c.passed() => ("✔", Role::Good),
        (RunStatus::Completed, _) => ("✖", Role::Bad),
        (RunStatus::InProgress, _) => ("●", Role::Accent),
        _ => ("○", Role::Muted),
    }
}
