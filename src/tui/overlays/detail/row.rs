//! A row of the ledger, whole: what happened in words, every field of its body, its place in the chain of hashes.

use ratatui::text::Line;
use serde_json::Value;

use crate::config::theme::Role;
use crate::domain::ledger::{GENESIS, Row};
use crate::domain::text::Safe;
use crate::tui::overlays::evidence::ago;
use crate::tui::overlays::scroll::{heading, pair};
use crate::tui::panes::View;
use crate::tui::views::{happened, is_open};
use crate::tui::widgets::text;

/// The columns of a field's name.
const NAME: usize = 22;

pub(super) fn of_row(view: &View<'_>, row: &Row, width: usize) -> Vec<Line<'static>> {
    let words = |label: &str, text: &str, role| pair(view, label, text, role, width);
    let mut out = words("what", &happened(row), Role::Text);
    if is_open(row, view.world) {
        out.extend(words(
            "",
            "● this rollback is open: no row has closed it yet (R shows it)",
            Role::Warn,
        ));
    }
    out.extend(words("kind", Safe::new(&row.kind).as_str(), Role::Text));
    let (who, role) = if row.who_verified {
        (format!("✔ {}, the token's login", row.who), Role::Text)
    } else {
        (
            format!("? {}, not verified by a token", row.who),
            Role::Warn,
        )
    };
    out.extend(words("who", Safe::new(&who).as_str(), role));
    let place = format!("{} ▸ {}", row.service, row.environment);
    out.extend(words("where", &place, Role::Text));
    let there = row.at.to_zoned(view.world.zone.clone());
    let when = format!(
        "{} ({})",
        there.strftime("%a %-d %b %Y %H:%M:%S %Z"),
        ago(view, row.at)
    );
    out.extend(words("when", &when, Role::Text));
    out.push(Line::default());
    out.push(heading(view, "Body"));
    if row.body.as_object().is_some_and(serde_json::Map::is_empty) {
        out.push(view.line("  nothing more", Role::Muted));
    } else {
        fields(view, "", &row.body, width, &mut out);
    }
    out.push(Line::default());
    out.push(heading(view, "Chain"));
    let chain = view.world.record.chain.value();
    let state = match chain.map(|c| (c.ok, c.broken_at)) {
        Some((true, _)) => ("✔ the chain is as it was recorded", Role::Good),
        Some((false, Some(at))) if at > row.seq => {
            ("✔ sound: the chain breaks at a later row", Role::Good)
        }
        Some((false, Some(at))) if at == row.seq => {
            ("✖ this row is not as it was recorded", Role::Bad)
        }
        Some((false, _)) => ("✖ not proven: the chain is broken", Role::Bad),
        None => ("not checked yet", Role::Muted),
    };
    out.extend(words("state", state.0, state.1));
    out.extend(words("row", &row.seq.to_string(), Role::Text));
    out.extend(words("hash", Safe::new(&row.hash).as_str(), Role::Text));
    let prev = if row.prev == GENESIS {
        format!("{} (the first row)", row.prev)
    } else {
        row.prev.clone()
    };
    out.extend(words("row before", Safe::new(&prev).as_str(), Role::Muted));
    out
}

/// Every field of a body, a row each: `inputs.sha  9f3c…`.
fn fields(view: &View<'_>, path: &str, value: &Value, width: usize, out: &mut Vec<Line<'static>>) {
    let inner = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                fields(view, &inner(key), value, width, out);
            }
        }
        Value::Array(all) if !all.is_empty() => {
            for (i, value) in all.iter().enumerate() {
                fields(view, &inner(&(i + 1).to_string()), value, width, out);
            }
        }
        leaf => {
            let words = match leaf {
                Value::Null => "–".to_owned(),
                Value::String(s) => s.clone(),
                other => other.to_string(),
            };
            let name = NAME.min(width / 3);
            let words = text::wrap(
                Safe::new(&words).as_str(),
                width.saturating_sub(name + 3).max(8),
            );
            let label = Safe::new(path);
            let mut rows = words.into_iter();
            let first = rows.next().unwrap_or_default();
            for (i, row) in std::iter::once(first).chain(rows).enumerate() {
                let label = if i == 0 { label.as_str() } else { "" };
                out.push(Line::from(vec![
                    view.span(format!("  {} ", text::pad(label, name)), Role::Muted),
                    view.span(row, Role::Text),
                ]));
            }
        }
    }
}

/// A row that can't be read.
pub(super) fn unreadable(
    view: &View<'_>,
    seq: u64,
    why: &Safe,
    width: usize,
) -> Vec<Line<'static>> {
    let mut out = pair(view, "row", &seq.to_string(), Role::Text, width);
    out.extend(pair(view, "state", "✖ it can't be read", Role::Bad, width));
    out.extend(pair(view, "because", why.as_str(), Role::Text, width));
    let hint = "the rows around it are shown; nothing is rewritten; flightdeck ledger verify says where the chain breaks";
    out.extend(pair(view, "", hint, Role::Muted, width));
    out
}
