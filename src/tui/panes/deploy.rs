//! The deploy under way: its steps, the verdict with its sentence, the way back. While nothing happens: what is live. While a
//! rollback runs: how far it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::fresh::{self, Fresh};
use super::verdict::verdict_rows;
use super::{View, empty, lines};
use crate::app::flow::{Flow, FlowOutcome, StepMark};
use crate::app::world::EnvSlice;
use crate::config::theme::Role;
use crate::domain::catalog::{Environment, Service};
use crate::domain::release::rollout;
use crate::domain::release::watch::{Phase, Watch};
use crate::domain::units::{self, percent, span};
use crate::tui::widgets::panel::Panel;
use crate::tui::widgets::steps::{self, Step, StepState};
use crate::tui::widgets::text;

/// Draws the pane; without a frame where there is no room for one.
pub fn render(view: &View<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let Some((slice, target)) = view.slice().zip(view.target()) else {
        lines(
            area,
            buffer,
            &[view.line(
                "no service is configured: flightdeck config init writes a working file",
                Role::Text,
            )],
        );
        return;
    };
    let fresh = freshness(view);
    let framed = area.height >= 3 && area.width >= 3;
    let inside = if framed {
        let mark = fresh.mark(view);
        let panel = Panel {
            title: "Deploy",
            subject: subject(view, slice),
            right: right(view, slice),
            focused,
            stale: mark.as_deref(),
            ..Panel::default()
        };
        let inside = panel.render(area, buffer, view.styles);
        let source = view
            .configured()
            .map(|(s, _)| s.source.clone())
            .unwrap_or_default();
        fresh::put_foot(area, buffer, &fresh.foot(view, &source));
        inside
    } else {
        let mut line = view.line(format!("{target}  "), Role::Title);
        line.spans.extend(subject(view, slice).spans);
        // On a single row the verdict is what counts.
        let single = area.height < 2 && slice.watch.is_some();
        if single {
            verdict_rows(view, slice, slice.watch.as_ref(), indented(area), buffer);
            return;
        }
        text::left_right(buffer, indented(area), &line, &right(view, slice));
        Rect {
            y: area.y + area.height.min(1),
            height: area.height.saturating_sub(1),
            ..area
        }
    };
    if slice.state.is_none() {
        unknown(view, inside, buffer);
        return;
    }
    let Some(watch) = &slice.watch else {
        lines(inside, buffer, &idle(view, slice));
        return;
    };
    let mut rows = inside;
    if framed {
        let row = Rect {
            height: rows.height.min(1),
            ..indented(rows)
        };
        steps_row(view, slice, watch, row, buffer);
        rows.y += 1;
        rows.height = rows.height.saturating_sub(1);
    }
    verdict_rows(view, slice, Some(watch), indented(rows), buffer);
}

fn indented(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    }
}

/// The freshness of what the pane tells: the repository, and the run of the deploy.
fn freshness<'a>(view: &View<'a>) -> Fresh<'a> {
    let overview = view
        .target()
        .and_then(|t| view.world.services.get(&t.service))
        .map_or_else(Fresh::default, |s| Fresh::of(&s.overview));
    let run = view.slice().map_or_else(Fresh::default, |s| Fresh {
        at: None,
        ..Fresh::of(&s.run)
    });
    overview.and(run)
}

/// `v2.14.0 → v2.15.0`, or what is live.
fn subject(view: &View<'_>, slice: &EnvSlice) -> Line<'static> {
    let title = |text: String| view.span(text, Role::Title);
    match (
        &slice.watch,
        slice.state.as_ref().and_then(|s| s.live.as_ref()),
    ) {
        (Some(w), _) => {
            let previous = w.previous.as_ref().map(ToString::to_string);
            let previous = previous.unwrap_or_else(|| "nothing".to_owned());
            Line::from(match w.phase {
                Phase::Returned(_) => vec![
                    title(format!("{} → {previous}", w.subject)),
                    view.span("  rolled back", Role::Info),
                ],
                _ => vec![title(format!("{previous} → {}", w.subject))],
            })
        }
        (None, Some(live)) => {
            let mut spans = vec![title(live.what.to_string())];
            if let Some(drift) = &slice.drift {
                let words = format!(
                    "  drift: it runs {}",
                    text::truncate(drift.running.as_str(), 20)
                );
                spans.push(view.span(words, Role::Warn));
            }
            if let Some(remark) = live.source.remark() {
                spans.push(view.span(format!("  {remark}"), Role::Muted));
            }
            Line::from(spans)
        }
        (None, None) => Line::default(),
    }
}

/// Who, since when, how long it is still watched.
fn right(view: &View<'_>, slice: &EnvSlice) -> Line<'static> {
    let Some(watch) = &slice.watch else {
        return Line::default();
    };
    let bake = view
        .configured()
        .map(|(_, env)| env.bake)
        .unwrap_or_default();
    let left = |since: jiff::Timestamp| {
        let left = bake - view.now.since(since);
        let minutes = (left.as_secs().max(0) + 59) / 60;
        format!("bake {minutes}m left")
    };
    let mut parts = Vec::new();
    if let Some(by) = &watch.by {
        parts.push(format!("@{}", text::truncate(by.as_str(), 20)));
    }
    match watch.phase {
        Phase::InProgress | Phase::Waiting | Phase::Queued => {
            parts.push(view.growing(watch.started_at));
            parts.push(format!("then bake {}m", bake.as_mins()));
        }
        Phase::Broken => parts.push(format!("{} ago", view.age(watch.started_at))),
        Phase::Baking => {
            let since = watch.live_since.unwrap_or(watch.started_at);
            parts.push(format!("live {}", view.growing(since)));
            parts.push(left(since));
        }
        Phase::Returned(at) => parts.push(format!("back {}", view.growing(at))),
    }
    view.line(parts.join(" · "), Role::Muted)
}

/// Nothing is known of the repository yet.
fn unknown(view: &View<'_>, area: Rect, buffer: &mut Buffer) {
    let Some((service, _)) = view.configured() else {
        return;
    };
    let overview = view.world.services.get(&service.id).map(|s| &s.overview);
    match overview.and_then(|o| o.fault()) {
        Some(fault) => {
            let hint = fault.hint.as_ref().map(ToString::to_string);
            let why = format!("▲ {}{}", fault.message, fresh::next_try(fault, view.now));
            empty(view, area, buffer, &why, &hint.unwrap_or_default());
        }
        None => empty(
            view,
            area,
            buffer,
            &format!("asking GitHub about {} …", service.repo),
            "",
        ),
    }
}

/// What is live while nothing happens.
fn idle(view: &View<'_>, slice: &EnvSlice) -> Vec<Line<'static>> {
    let (Some(state), Some((service, env))) = (&slice.state, view.configured()) else {
        return Vec::new();
    };
    let Some(live) = &state.live else {
        return nothing_live(view, service, env);
    };
    let by = live
        .creator
        .as_ref()
        .map(|c| format!(" by @{c}"))
        .unwrap_or_default();
    let first = Line::from(vec![
        view.span("✔ ", Role::Good),
        view.span(format!("{} is live", live.what), Role::Title),
        view.span(
            format!(
                "  since {} ({}){by}  {}",
                view.moment(live.since),
                view.age(live.since),
                live.what.sha.short()
            ),
            Role::Text,
        ),
    ]);
    let mut rest = Vec::new();
    if let Some(before) = state.known_good.first() {
        rest.push(format!("before it {}", before.what));
    }
    let signals = &slice.signals;
    if let Some(errors) = signals.errors.now {
        rest.push(format!("errors {}", percent(errors)));
    }
    if let Some(p95) = signals.latency.now {
        rest.push(format!("p95 {}", units::millis(p95)));
    }
    if let Some(rate) = signals.per_second {
        rest.push(format!("{rate:.0} requests/s"));
    }
    let calm = if rest.is_empty() {
        "nothing is under way".to_owned()
    } else {
        format!("nothing is under way · {}", rest.join(" · "))
    };
    vec![first, view.line(calm, Role::Muted)]
}

/// Why it is not known what is live, and what would tell.
fn nothing_live(view: &View<'_>, service: &Service, env: &Environment) -> Vec<Line<'static>> {
    let rungs: Vec<&str> = env.ladder.rungs.iter().map(|r| r.word()).collect();
    let id = &service.id;
    let why = format!(
        "no deployment to {} has succeeded yet (asked: {})",
        env.id,
        rungs.join(", ")
    );
    // The lines that help most first: seldom is there room for all.
    let more = [
        format!("[services.{id}.env.{}]", env.id),
        "live = [\"deployments\", \"runs\", \"probe\", \"releases\"]".to_owned(),
        "deploy = { workflow = \"deploy.yml\", ref = \"main\" }".to_owned(),
        "probe = { url = \"https://HOST/healthz\", version = \"$.version\" }".to_owned(),
        format!("github_environment = \"{}\"", env.github_environment),
    ];
    let more = more.into_iter().map(|line| view.line(line, Role::Muted));
    std::iter::once(view.line(why, Role::Text))
        .chain(more)
        .collect()
}

/// The steps: of the rollback while there is one, else of the deploy.
fn steps_row(view: &View<'_>, slice: &EnvSlice, watch: &Watch, area: Rect, buffer: &mut Buffer) {
    let flow = view.target().and_then(|t| view.world.flows.get(t));
    if let Some(flow) = flow {
        let label = view.line("rollback  ", Role::Accent);
        let used = text::put_line(buffer, area, &label);
        let rest = Rect {
            x: area.x + used,
            width: area.width.saturating_sub(used),
            ..area
        };
        steps::render(&flow_steps(view, flow), rest, buffer, view.styles, false);
        return;
    }
    let run = slice.run.value().filter(|v| Some(v.run.id) == watch.run);
    let jobs = run.map_or(&[][..], |v| v.jobs.as_slice());
    let deployment = view.target().and_then(|t| {
        let all = view.world.overview(&t.service)?.deployments_of(&t.env);
        all.iter().find(|d| d.id == watch.deployment)
    });
    let rollout = rollout::of(deployment, jobs, view.now.0);
    if rollout.is_empty() {
        text::put_line(buffer, area, &without_steps(view, slice, watch));
        return;
    }
    let ticking = |state: rollout::StepState| state != rollout::StepState::Running || view.live();
    let steps: Vec<Step> = rollout
        .iter()
        .map(|s| {
            let took = s
                .took
                .filter(|t| {
                    t.as_secs() > 0
                        && ticking(s.state)
                        && !matches!(s.state, rollout::StepState::Skipped)
                })
                .map(brief)
                .unwrap_or_default();
            let (state, note) = match s.state {
                rollout::StepState::Waiting => (StepState::Waiting, String::new()),
                rollout::StepState::Running => (StepState::Active, took),
                rollout::StepState::Held => (StepState::Active, "held".to_owned()),
                rollout::StepState::Done => (StepState::Done, took),
                rollout::StepState::Failed => (StepState::Failed, format!("failed {took}")),
                rollout::StepState::Cancelled => (StepState::Failed, "cancelled".to_owned()),
                rollout::StepState::Skipped => (StepState::Skipped, String::new()),
            };
            Step {
                name: text::truncate(s.name.as_str(), 30),
                state,
                note: note.trim_end().to_owned(),
            }
        })
        .collect();
    steps::render(&steps, area, buffer, view.styles, false);
}

/// Why there are no steps.
fn without_steps(view: &View<'_>, slice: &EnvSlice, watch: &Watch) -> Line<'static> {
    let phase = match watch.phase {
        Phase::InProgress => "● under way",
        Phase::Waiting => "● waits for a reviewer or a timer of the environment",
        Phase::Queued => "○ queued",
        Phase::Broken => "✖ ended half-way",
        Phase::Baking => "✔ live",
        Phase::Returned(_) => "✔ rolled back",
    };
    let why = match (watch.run, slice.run.fault()) {
        (None, _) => "its workflow run is not known".to_owned(),
        (Some(run), Some(fault)) => format!("run {run}: {}", fault.message),
        (Some(run), None) => format!("run {run}"),
    };
    Line::from(vec![
        view.span(phase, Role::Accent),
        view.span(format!("   {why}"), Role::Muted),
    ])
}

/// The steps of a rollback for one row.
pub(in crate::tui) fn flow_steps(view: &View<'_>, flow: &Flow) -> Vec<Step> {
    let mut steps: Vec<Step> = flow
        .steps
        .iter()
        .map(|s| Step {
            name: s.step.to_string(),
            state: match s.mark {
                StepMark::Doing => StepState::Active,
                StepMark::Done => StepState::Done,
                StepMark::Bad => StepState::Failed,
            },
            note: if s.mark == StepMark::Doing {
                brief(view.now.since(s.at))
            } else {
                String::new()
            },
        })
        .collect();
    if let (Some(last), Some(ended), Some(outcome)) =
        (steps.last_mut(), flow.ended_at, flow.outcome)
    {
        let took = span(ended.duration_since(flow.started_at));
        match outcome {
            FlowOutcome::Recovered => last.note = format!("in {took}"),
            FlowOutcome::AlreadyDone => {}
            _ => last.note = format!("{} after {took}", outcome_word(outcome)),
        }
    }
    steps
}

/// How a rollback ended, in words.
pub(in crate::tui) fn outcome_word(outcome: FlowOutcome) -> &'static str {
    match outcome {
        FlowOutcome::Recovered => "recovered",
        FlowOutcome::AlreadyDone => "already done",
        FlowOutcome::Dispatched => "live or sent, not verified",
        FlowOutcome::Failed => "failed",
        FlowOutcome::Unknown => "outcome unknown",
        FlowOutcome::Refused => "refused",
    }
}

/// A duration for a step: `2m10`, `41s`, `1h02`.
pub(in crate::tui) fn brief(d: jiff::SignedDuration) -> String {
    let s = d.as_secs().max(0);
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m{:02}", s / 60, s % 60),
        _ => format!("{}h{:02}", s / 3_600, s / 60 % 60),
    }
}
