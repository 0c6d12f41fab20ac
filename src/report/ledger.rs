//! The ledger in words: the JSON line of `ledger list` and of every command that writes a row, the answer of `ledger verify`,
//! and table lines for people.

use serde_json::{Value, json};

use crate::domain::ledger::Row;
use crate::domain::text::Safe;

/// The headings of [`markdown_line`], with the rule below them.
pub const MARKDOWN_HEAD: &str =
    "| # | when | what | who | where | facts |\n|---:|---|---|---|---|---|";

/// The most characters of facts in a table line.
const FACTS: usize = 120;

/// A row as the machine contract has it.
pub fn json_line(row: &Row) -> Value {
    json!({
        "schema": 1,
        "seq": row.seq,
        "at": row.at.to_string(),
        "kind": row.kind,
        "who": row.who,
        "who_verified": row.who_verified,
        "service": row.service.as_str(),
        "environment": row.environment.as_str(),
        "body": row.body,
        "prev": row.prev,
        "hash": row.hash,
    })
}

/// The answer of `ledger verify`.
pub fn verify_json(ok: bool, rows: u64, broken_at: Option<u64>, reason: Option<&str>) -> Value {
    json!({"schema": 1, "ok": ok, "rows": rows, "broken_at": broken_at, "reason": reason})
}

/// The answer of `ledger verify` as a sentence.
pub fn verify_sentence(
    ok: bool,
    rows: u64,
    broken_at: Option<u64>,
    reason: Option<&str>,
) -> String {
    let n = if rows == 1 {
        "1 row".to_owned()
    } else {
        format!("{rows} rows")
    };
    if ok {
        return format!("the ledger is as it was recorded: {n}, every hash and the head fit");
    }
    let reason = Safe::new(reason.unwrap_or("not known why"));
    match broken_at {
        Some(seq) => {
            format!("the ledger is broken at row {seq}: {reason} ({n} before it are sound)")
        }
        None => format!("the ledger can't be trusted: {reason} ({n} by themselves are sound)"),
    }
}

/// A row as a line of plain text, its fields aligned for a terminal.
pub fn plain_line(row: &Row) -> String {
    format!(
        "{:>5}  {:<20}  {:<21}  {:<16}  {} ▸ {}  {}",
        row.seq,
        when(row),
        Safe::new(&row.kind),
        who(row),
        row.service,
        row.environment,
        facts(row)
    )
    .trim_end()
    .to_owned()
}

/// A row as a line of a Markdown table.
pub fn markdown_line(row: &Row) -> String {
    format!(
        "| {} | {} | {} | {} | {} ▸ {} | {} |",
        row.seq,
        when(row),
        cell(Safe::new(&row.kind).as_str()),
        cell(&who(row)),
        row.service,
        row.environment,
        cell(&facts(row))
    )
}

/// Whole seconds are enough for people.
fn when(row: &Row) -> String {
    jiff::Timestamp::from_second(row.at.as_second())
        .unwrap_or(row.at)
        .to_string()
}

fn who(row: &Row) -> String {
    let name = Safe::new(&row.who);
    if row.who_verified {
        name.to_string()
    } else {
        format!("{name} (unverified)")
    }
}

/// What a person asks first: from, to, how it ended, why; else the body as it is.
pub fn facts(row: &Row) -> String {
    let version = |key: &str| {
        let at = row.body.get(key)?;
        let text = at.get("version").and_then(Value::as_str);
        let sha = at.get("sha").and_then(Value::as_str);
        let short = || sha.map(|s| s.chars().take(7).collect::<String>());
        text.map(str::to_owned).or_else(short)
    };
    let mut parts = Vec::new();
    if let (Some(from), Some(to)) = (version("from"), version("to")) {
        parts.push(format!("{from} → {to}"));
    }
    for key in ["result", "run", "reason", "note", "url"] {
        match row.body.get(key) {
            Some(Value::String(s)) if !s.is_empty() => parts.push(format!("{key}: {s}")),
            Some(Value::Number(n)) => parts.push(format!("{key}: {n}")),
            _ => {}
        }
    }
    let empty = row.body.as_object().is_some_and(serde_json::Map::is_empty);
    let text = if parts.is_empty() && !empty {
        row.body.to_string()
    } else {
        parts.join(" · ")
    };
    let safe = Safe::new(&text);
    let mut short: String = safe.as_str().chars().take(FACTS).collect();
    if short.len() < safe.as_str().len() {
        short.push('…');
    }
    short
}

/// Keeps text from ending its cell or becoming markup.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(body: Value) -> Row {
        Row {
            seq: 3,
            at: "2026-07-01T14:02:03.5Z".parse().unwrap(),
            kind: "rollback.intent".to_owned(),
            who: "ana".to_owned(),
            who_verified: false,
            service: "checkout".parse().unwrap(),
            environment: "production".parse().unwrap(),
            body,
            prev: "p".to_owned(),
            hash: "h".to_owned(),
        }
    }

    #[test]
    fn the_line_has_the_fields_of_the_contract() {
        let line = json_line(&row(json!({"reason": "errors"})));
        for key in [
            "schema",
            "seq",
            "at",
            "kind",
            "who",
            "service",
            "environment",
            "body",
            "prev",
            "hash",
        ] {
            assert!(line.get(key).is_some(), "{key}");
        }
        assert_eq!(line["body"]["reason"], "errors");
        assert_eq!(line["at"], "2026-07-01T14:02:03.5Z");
        assert_eq!(
            verify_json(false, 4, Some(5), Some("cut")),
            json!({"schema": 1, "ok": false, "rows": 4, "broken_at": 5, "reason": "cut"})
        );
    }

    #[test]
    fn a_table_line_stays_one_line_and_one_cell_each() {
        let r = row(json!({
            "from": {"sha": "a".repeat(40), "version": "v2"},
            "to": {"sha": "b".repeat(40), "version": null},
            "reason": "a | b\n\u{1b}[31mred"
        }));
        let line = markdown_line(&r);
        assert_eq!(
            line,
            "| 3 | 2026-07-01T14:02:03Z | rollback.intent | ana (unverified) | checkout ▸ production \
             | v2 → bbbbbbb · reason: a \\| b red |"
        );
        let plain = plain_line(&row(json!({"other": "x".repeat(500)})));
        assert!(plain.ends_with('…') && !plain.contains('\n'), "{plain}");
        assert!(verify_sentence(false, 1, Some(2), Some("cut")).contains("row 2: cut"));
        assert!(verify_sentence(true, 1, None, None).contains("1 row,"));
    }
}
