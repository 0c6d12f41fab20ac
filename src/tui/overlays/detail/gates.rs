//! The evidence behind the gates: of each its state, what was found, asked and where, how long it counts.

use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::gate::{GateRow, GateState};
use crate::domain::units;
use crate::tui::overlays::evidence::{ago, freshness};
use crate::tui::overlays::scroll::{heading, pair, paragraph};
use crate::tui::panes::{View, gates};

pub(super) fn of_gates(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
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

/// One gate, with the candidate that it is of.
pub(super) fn of_one(view: &View<'_>, id: &str, width: usize) -> Vec<Line<'static>> {
    let Some(slice) = view.slice() else {
        return Vec::new();
    };
    let list = slice.checklist.as_ref();
    let Some(gate) = list.and_then(|l| l.gates.iter().find(|g| g.id.as_str() == id)) else {
        return vec![view.line(format!("  the gate {id} is no longer there"), Role::Muted)];
    };
    let words = |label: &str, text: &str, role| pair(view, label, text, role, width);
    let (symbol, role) = gates::symbol(gate);
    let mut out = words("gate", gate.id.as_str(), Role::Title);
    let weight = if gate.required {
        "required"
    } else {
        "advisory"
    };
    let state = format!("{symbol} {}, {weight}", state_word(gate.state));
    out.extend(words("state", &state, role));
    out.extend(words("because", gate.summary.as_str(), Role::Text));
    let found = &gate.evidence;
    let rests = [
        ("found", &found.value),
        ("rule", &found.rule),
        ("asked", &found.source),
    ];
    for (label, text) in rests {
        if let Some(text) = text.as_ref().filter(|t| !t.is_empty()) {
            out.extend(words(label, text.as_str(), Role::Text));
        }
    }
    if let Some(at) = found.at {
        let when = format!("{} ({})", view.moment(at), ago(view, at));
        out.extend(words("time", &when, Role::Text));
    }
    if let Some(until) = found.valid_until {
        let left = until.duration_since(view.now.0);
        let counts = if left.is_positive() {
            (format!("{} more", units::span(left)), Role::Text)
        } else {
            (
                format!("no longer: expired {}", ago(view, until)),
                Role::Warn,
            )
        };
        out.extend(words("counts for", &counts.0, counts.1));
    }
    if let Some(owner) = &gate.owner {
        out.extend(words("waits for", owner.as_str(), Role::Warn));
    }
    if let Some(url) = &found.url {
        out.extend(words("page", url.as_str(), Role::Accent));
    }
    out.extend(words("kind", gate.kind.as_str(), Role::Muted));
    out.extend(words("stage", gate.stage.word(), Role::Muted));
    out.push(Line::default());
    out.push(heading(view, "Of"));
    if let Some((candidate, chosen)) = &slice.candidate {
        let text = format!("{candidate} ({}), {chosen}", candidate.sha.short());
        out.extend(words("candidate", &text, Role::Text));
    }
    out.extend(freshness(view, "checks", &slice.checks, width));
    out
}

fn state_word(state: GateState) -> &'static str {
    match state {
        GateState::Fail => "fails",
        GateState::Unknown => "unknown",
        GateState::Pending => "pending",
        GateState::Waived => "waived",
        GateState::Pass => "passes",
    }
}

/// A gate: its state, what it found, and what that rests on.
fn of_gate(view: &View<'_>, gate: &GateRow, width: usize) -> Vec<Line<'static>> {
    let (symbol, role) = gates::symbol(gate);
    let state = state_word(gate.state);
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
