//! A question to the person at the terminal: only a clear yes is one.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::failure::Failure;
use super::output::Output;
use crate::domain::fetched::FaultKind;

/// Whether there is a person to ask: somebody who reads what is said and can answer.
pub(super) fn possible(out: &Output) -> bool {
    !out.is_json() && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; whoever says nothing, or is gone, has not agreed.
pub(super) fn agreed(question: &str, out: &Output) -> Result<bool, Failure> {
    out.prompt(&format!("{question} [y/N] "));
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line).map_err(|e| {
        Failure::new(FaultKind::Internal, "the answer can't be read").cause(e.to_string())
    })?;
    if read == 0 {
        // The cursor still stands behind the question.
        out.prompt("\n");
    }
    Ok(is_yes(&line))
}

/// Whether an answer is a yes.
pub(super) fn is_yes(line: &str) -> bool {
    let line = line.trim();
    line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes")
}
