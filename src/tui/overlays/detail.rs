//! The evidence behind a pane: what was asked, what was found, how old it is, where to look.

use ratatui::text::{Line, Span};

use super::evidence::{ago, freshness, of_signals};
use super::scroll::{Scroll, heading, pair, paragraph};
use crate::config::theme::Role;
use crate::domain::gate::{GateRow, GateState};
use crate::domain::release::{Conclusion, RunStatus};
use crate::domain::units;
use crate::tui::layout::PaneId;
use crate::tui::panes::{View, calendar, deploy, gates, verdict};

/// An open detail.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    pub of: Of,
    pub scroll: Scroll,
}

/// What it is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Of {
    Pane(PaneId),
    /// The changes that a rollback takes away.
    Changes,
    /// What a rollback would send.
    DryRun(Vec<(String, String)>),
}

impl Detail {
    /// Opened at its first row.
    pub fn new(of: Of) -> Self {
        Self {
            of,
            scroll: Scroll::default(),
        }
    }

    /// The title.
    pub fn title(&self) -> &'static str {
        match self.of {
            Of::Pane(PaneId::Deploy) => "Deploy: run, jobs, steps",
            Of::Pane(PaneId::Errors) => "Errors: evidence",
            Of::Pane(PaneId::Latency) => "Latency: evidence",
            Of::Pane(PaneId::Gates) => "Gates: evidence",
            Of::Pane(PaneId::Calendar) => "Calendar: agenda",
            Of::Changes => "Changes that go",
            Of::DryRun(_) => "Dry run: what would be sent",
        }
    }

    /// The rows, for text of so many columns.
    pub fn lines(&self, view: &View<'_>, width: usize) -> Vec<Line<'static>> {
        let mut out = match &self.of {
            Of::Pane(PaneId::Deploy) => of_deploy(view, width),
            Of::Pane(PaneId::Errors) => of_signals(view, "errors", width),
            Of::Pane(PaneId::Latency) => of_signals(view, "latency", width),
            Of::Pane(PaneId::Gates) => of_gates(view, width),
            Of::Pane(PaneId::Calendar) => of_calendar(view, width),
            Of::Changes => of_changes(view, width),
            Of::DryRun(rows) => rows
                .iter()
                .flat_map(|(label, text)| pair(view, label, text, Role::Text, width))
                .chain([Line::default(), view.line("  nothing was sent", Role::Good)])
                .collect(),
        };
        if out.is_empty() {
            out.push(view.line("  nothing is known yet", Role::Muted));
        }
        out
    }
}

fn of_deploy(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
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

fn status(status: &RunStatus, conclusion: Option<&Conclusion>) -> (&'static str, Role) {
    match (status, conclusion) {
        (RunStatus::Completed, Some(Conclusion::Skipped)) => ("–", Role::Muted),
        (RunStatus::Completed, Some(c)) if c.passed() => ("✔", Role::Good),
        (RunStatus::Completed, _) => ("✖", Role::Bad),
        (RunStatus::InProgress, _) => ("●", Role::Accent),
        _ => ("○", Role::Muted),
    }
}

fn of_gates(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let Some(slice) = view.slice() else {
        return Vec::new();
    };
    let mut out = Vec::new();
    if let Some((candidate, chosen)) = &slice.candidate {
        let text = format!("{candidate} ({}), {chosen}", candidate.sha.short());
        out.extend(pair(view, "candidate", &text, Role::Text, width));
    }
    out.extend(freshness(view, "checks", &slice.checks, width));
    let list = slice.checklist.as_ref();
    let mut stage_before = None;
    for gate in list.iter().flat_map(|l| &l.gates) {
        out.push(Line::default());
        // One stage alone needs no heading.
        let several = list.is_some_and(|l| l.gates.iter().any(|g| g.stage != gate.stage));
        if several && stage_before != Some(gate.stage) {
            out.push(heading(view, gate.stage.word()));
        }
        stage_before = Some(gate.stage);
        out.extend(of_gate(view, gate, width));
    }
    out
}

/// A gate: its state, what it found, and what that rests on.
fn of_gate(view: &View<'_>, gate: &GateRow, width: usize) -> Vec<Line<'static>> {
    let (symbol, role) = gates::symbol(gate);
    let state = match gate.state {
        GateState::Fail => "fails",
        GateState::Unknown => "unknown",
        GateState::Pending => "pending",
        GateState::Waived => "waived",
        GateState::Pass => "passes",
    };
    let weight = if gate.required {
        "required"
    } else {
        "advisory"
    };
    let found = &gate.evidence;
    let at = found
        .at
        .map(|at| format!(", {}", ago(view, at)))
        .unwrap_or_default();
    let mut out = vec![Line::from(vec![
        view.span(format!("  {symbol} "), role),
        view.span(gate.id.as_str(), Role::Title),
        view.span(format!("  {state}, {weight}{at}"), Role::Muted),
    ])];
    let text = |words: &str, role| paragraph(words, view.styles.get(role), 4, width);
    out.extend(text(gate.summary.as_str(), Role::Text));
    // Where the value is already the summary, it is not said twice.
    let value = found
        .value
        .as_ref()
        .filter(|v| !gate.summary.as_str().contains(v.as_str()));
    let rests = [
        ("found", value),
        ("asked", found.rule.as_ref()),
        ("from", found.source.as_ref()),
    ];
    for (label, words) in rests {
        if let Some(words) =
            words.filter(|_| gate.kind.as_str() != "check" && gate.kind.as_str() != "status")
        {
            out.extend(text(&format!("{label}: {words}"), Role::Muted));
        }
    }
    if let Some(until) = found.valid_until {
        let left = until.duration_since(view.now.0);
        let words = if left.is_positive() {
            format!("counts for {} more", units::span(left))
        } else {
            format!("expired {}", ago(view, until))
        };
        out.extend(text(&words, Role::Muted));
    }
    if let Some(owner) = &gate.owner {
        out.extend(text(&format!("waits for {owner}"), Role::Muted));
    }
    if let Some(url) = &found.url {
        out.extend(text(url.as_str(), Role::Accent));
    }
    out
}

fn of_calendar(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let mut out = vec![view.line(
        format!("  times in {}", calendar::zone_name(view)),
        Role::Muted,
    )];
    out.extend(why(view, width));
    let mut day_before = None;
    for entry in view.agenda {
        let day = match entry.when {
            crate::domain::calendar::When::Open => "not dated".to_owned(),
            when => when
                .day(&view.world.zone)
                .strftime("%A %d %B %Y")
                .to_string(),
        };
        if day_before.as_ref() != Some(&day) {
            out.push(Line::default());
            out.push(heading(view, &day));
            day_before = Some(day);
        }
        let (symbol, role, word) = calendar::look(entry);
        let time = match entry.when {
            crate::domain::calendar::When::At(at) => at
                .to_zoned(view.world.zone.clone())
                .strftime("%H:%M")
                .to_string(),
            _ => "     ".to_owned(),
        };
        out.push(Line::from(vec![
            view.span(format!("  {time} "), Role::Muted),
            view.span(format!("{symbol} "), role),
            view.span(calendar::what(entry, view), Role::Text),
            view.span(
                format!(
                    "  {}",
                    calendar::until(entry, view).unwrap_or_else(|| word.to_owned())
                ),
                Role::Muted,
            ),
        ]));
        for conflict in &entry.conflicts {
            let role = view.styles.get(Role::Warn);
            out.extend(paragraph(&format!("! {conflict}"), role, 10, width));
        }
        if let Some(source) = entry.source.as_ref().filter(|s| !s.is_empty()) {
            let role = view.styles.get(Role::Muted);
            out.extend(paragraph(source.as_str(), role, 10, width));
        }
        if let Some(url) = &entry.url {
            out.extend(paragraph(
                url.as_str(),
                view.styles.get(Role::Muted),
                10,
                width,
            ));
        }
    }
    out
}

/// Whether a release may go, and the rules that say so with their places.
fn why(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let Some(decision) = view.slice().and_then(|s| s.window.as_ref()) else {
        return Vec::new();
    };
    let mut out = vec![Line::default(), heading(view, "May a release go now?")];
    let headline = calendar::headline(view).unwrap_or_default();
    out.push(Line::from(vec![Span::raw("  "), headline]));
    if decision.reasons.is_empty() {
        let words = decision.sentence();
        out.extend(pair(view, "", words.as_str(), Role::Muted, width));
    }
    for reason in &decision.reasons {
        out.extend(pair(
            view,
            "why",
            reason.sentence.as_str(),
            Role::Text,
            width,
        ));
        if let Some(until) = reason.until {
            out.extend(pair(view, "until", &view.moment(until), Role::Text, width));
        }
        let rule = view
            .world
            .calendar
            .rules
            .iter()
            .find(|r| r.id == reason.rule && r.kind == reason.kind);
        let Some(rule) = rule else { continue };
        if let Some(repeats) = &rule.times.repeats {
            let words = format!(
                "{} from {} in {}",
                repeats.starts.text(),
                repeats.starts.start(),
                rule.zone_name
            );
            out.extend(pair(view, "rule", &words, Role::Muted, width));
        } else {
            let words = format!("dates in {}", rule.zone_name);
            out.extend(pair(view, "rule", &words, Role::Muted, width));
        }
        if !rule.scope.words.is_empty() {
            out.extend(pair(
                view,
                "for",
                rule.scope.words.as_str(),
                Role::Muted,
                width,
            ));
        }
        if !rule.allow.is_empty() {
            let kinds: Vec<String> = rule.allow.iter().map(ToString::to_string).collect();
            let words = format!("{} may pass", kinds.join(", "));
            out.extend(pair(view, "but", &words, Role::Muted, width));
        }
        out.extend(pair(view, "place", rule.place.as_str(), Role::Muted, width));
    }
    out
}

fn of_changes(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let Some(Ok(plan)) = view.slice().and_then(|s| s.plan.as_ref()) else {
        return Vec::new();
    };
    let mut out = vec![view.line(format!("  {} → {}", plan.from, plan.to), Role::Muted)];
    for change in &plan.reverts {
        let number = change.number.map(|n| format!("#{n}")).unwrap_or_default();
        let by = change
            .author
            .as_ref()
            .map(|a| format!("  @{a}"))
            .unwrap_or_default();
        out.extend(pair(
            view,
            &number,
            &format!("{}{by}", change.title),
            Role::Text,
            width,
        ));
    }
    if !plan.reverts_known {
        out.extend(pair(
            view,
            "",
            "the list is not complete",
            Role::Warn,
            width,
        ));
    }
    let ready = plan
        .usual_s
        .map(|s| units::span(jiff::SignedDuration::from_secs(s)));
    if let Some(usual) = ready {
        out.extend(pair(
            view,
            "",
            &format!("a rollback usually takes {usual}"),
            Role::Muted,
            width,
        ));
    }
    out
}
