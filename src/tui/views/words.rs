//! A row of the ledger in words: what happened, in a sentence; and the symbol of how that went.

use serde_json::Value;

use crate::app::world::World;
use crate::config::theme::Role;
use crate::domain::gate::signoff;
use crate::domain::ledger::Row;
use crate::domain::rollback::journal;
use crate::domain::text::Safe;
use crate::domain::units::span;
use crate::report::ledger::facts;

/// The text of a field of the body, wherever it stands in it.
fn text(row: &Row, path: &[&str]) -> Option<String> {
    let mut at = &row.body;
    for key in path {
        at = at.get(key)?;
    }
    match at {
        Value::String(s) if !s.is_empty() => Some(Safe::new(s).to_string()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// A version's name, else the beginning of its commit.
fn version(row: &Row, key: &str) -> Option<String> {
    text(row, &[key, "version"]).or_else(|| {
        let sha = text(row, &[key, "sha"])?;
        Some(sha.chars().take(7).collect())
    })
}

/// `, because`, where the row says it.
fn after(head: String, tail: Option<String>) -> String {
    match tail {
        Some(tail) => format!("{head}: {tail}"),
        None => head,
    }
}

/// What happened.
pub(in crate::tui) fn happened(row: &Row) -> String {
    let field = |key: &str| text(row, &[key]);
    let run = || field("run").map_or_else(|| "its run".to_owned(), |r| format!("run {r}"));
    let error = || text(row, &["error", "message"]);
    let took = |word: &str| match row.body.get("took_s").and_then(Value::as_i64) {
        Some(s) => format!("{word} {}", span(jiff::SignedDuration::from_secs(s))),
        None => String::new(),
    };
    let known = match row.kind.as_str() {
        journal::INTENT => {
            let versions = version(row, "from").zip(version(row, "to"));
            versions.map(|(from, to)| after(format!("roll back {from} → {to}"), field("reason")))
        }
        journal::CANCEL_INTENT => Some(format!("about to cancel {}", run())),
        journal::CANCEL_OUTCOME => {
            let result = field("result").unwrap_or_else(|| "answered".to_owned());
            Some(after(format!("cancel of {}: {result}", run()), error()))
        }
        journal::DISPATCH_INTENT => {
            let what = field("workflow").unwrap_or_else(|| "the workflow".to_owned());
            let at = field("ref").map(|r| format!(" on {r}"));
            Some(format!(
                "about to dispatch {what}{}",
                at.unwrap_or_default()
            ))
        }
        journal::DISPATCH_OUTCOME => {
            let result = field("result").unwrap_or_else(|| "answered".to_owned());
            let run = field("run").map(|r| format!(" as run {r}"));
            let why = error().or_else(|| field("detail"));
            Some(after(
                format!("dispatch {result}{}", run.unwrap_or_default()),
                why,
            ))
        }
        journal::RUNNING => Some(format!("{} is under way", run())),
        journal::LIVE => {
            let sha = field("sha").map(|s| s.chars().take(7).collect::<String>());
            sha.map(|sha| format!("{sha} is live"))
        }
        journal::RESUMED => Some("another process follows it".to_owned()),
        journal::UNKNOWN => Some(after(
            "it is not known whether it arrived".to_owned(),
            error(),
        )),
        journal::RECOVERED => Some(format!("rolled back, live and verified {}", took("after"))),
        journal::NOT_VERIFIED => Some(after(
            format!("live or sent, not verified {}", took("after")),
            error(),
        )),
        journal::FAILED => Some(after(
            format!("the rollback failed {}", took("after")),
            error(),
        )),
        journal::RESOLVED => Some(after(
            "the rollback was closed by hand".to_owned(),
            field("reason"),
        )),
        signoff::KIND => field("gate").map(|gate| {
            let slot = field("slot").map(|s| format!(" as {s}"));
            let of = field("version").map(|v| format!(" for {v}"));
            let answer = field("answer").unwrap_or_default();
            let head = format!(
                "{gate}{}: {answer}{}",
                slot.unwrap_or_default(),
                of.unwrap_or_default()
            );
            match field("reason") {
                Some(reason) => format!("{head}, \"{reason}\""),
                None => head,
            }
        }),
        _ => None,
    };
    let said = known.unwrap_or_else(|| facts(row));
    Safe::new(said.trim()).to_string()
}

/// The symbol and the role of a row; an open intent stands out.
pub(super) fn mark(row: &Row, world: &World) -> (&'static str, Role) {
    if is_open(row, world) {
        return ("●", Role::Warn);
    }
    let result = row.body.get("result").and_then(Value::as_str);
    match row.kind.as_str() {
        journal::FAILED => ("✖", Role::Bad),
        journal::UNKNOWN | journal::NOT_VERIFIED => ("!", Role::Warn),
        signoff::KIND if row.body.get("answer").and_then(Value::as_str) == Some("no") => {
            ("✖", Role::Bad)
        }
        journal::RECOVERED | signoff::KIND => ("✔", Role::Good),
        _ if matches!(result, Some("rejected" | "lost")) => ("!", Role::Warn),
        _ => ("·", Role::Muted),
    }
}

/// Whether the row opened a rollback that nothing has closed yet.
pub(in crate::tui) fn is_open(row: &Row, world: &World) -> bool {
    row.kind == journal::INTENT && world.ledger.open.iter().any(|o| o.seq == row.seq)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(kind: &str, body: Value) -> Row {
        Row {
            seq: 1,
            at: jiff::Timestamp::UNIX_EPOCH,
            kind: kind.to_owned(),
            who: "ana".to_owned(),
            who_verified: true,
            service: "checkout".parse().unwrap(),
            environment: "production".parse().unwrap(),
            body,
            prev: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn rows_read_as_sentences() {
        let of = |kind, body| happened(&row(kind, body));
        let sha = "b".repeat(40);
        assert_eq!(
            of(
                journal::INTENT,
                json!({"from": {"version": "v2"}, "to": {"version": null, "sha": sha}, "reason": "errors"})
            ),
            "roll back v2 → bbbbbbb: errors"
        );
        assert_eq!(
            of(
                journal::DISPATCH_OUTCOME,
                json!({"result": "lost", "error": {"message": "no answer"}})
            ),
            "dispatch lost: no answer"
        );
        assert_eq!(
            of(journal::RECOVERED, json!({"took_s": 184})),
            "rolled back, live and verified after 3m 04s"
        );
        assert_eq!(
            of(
                signoff::KIND,
                json!({"gate": "uat", "slot": "@maria", "version": "v2", "answer": "yes", "reason": "tested"})
            ),
            "uat as @maria: yes for v2, \"tested\""
        );
        // What this version does not know, and what is not as it should be, still says what it holds.
        assert_eq!(of("note.made", json!({"note": "hi"})), "note: hi");
        assert_eq!(of(journal::LIVE, json!({"x": 1})), "{\"x\":1}");
        assert!(!of("note.made", json!({"note": "a\u{1b}[31m\nb"})).contains(char::is_control));
    }
}
