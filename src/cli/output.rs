//! The one place that writes to standard output and standard error. A reader that went away (`| head`) is no failure: the rest is
//! dropped quietly, and a rollback that is being followed goes on.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::failure::Failure;
use crate::domain::fetched::FaultKind;
use crate::report::error::ErrorReport;

/// Where a command's words go.
#[derive(Debug)]
pub(super) struct Output {
    json: bool,
    colour: bool,
    broken: Option<io::Error>,
}

/// A bar of twenty cells.
fn bar(share: f64) -> String {
    const CELLS: usize = 20;
    let full = (0..CELLS).filter(|cell| (*cell as f64 + 0.5) < share * CELLS as f64);
    let full = full.count();
    format!("{}{} ", "█".repeat(full), "░".repeat(CELLS - full))
}

impl Output {
    /// Answers as JSON or for people; `no_color` is the variable's value.
    pub(super) fn new(json: bool, no_color: Option<&str>) -> Self {
        let colour = no_color.is_none_or(str::is_empty) && io::stderr().is_terminal();
        Self {
            json,
            colour,
            broken: None,
        }
    }

    /// Whether the answer is to be JSON.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether diagnostics may be coloured.
    pub(super) fn colour(&self) -> bool {
        self.colour
    }

    /// A part of the answer, as it is.
    pub(super) fn text(&mut self, text: &str) {
        let wrote = write(&mut io::stdout().lock(), text);
        self.keep(wrote);
    }

    /// A line of the answer.
    pub(super) fn line(&mut self, line: &str) {
        self.text(&format!("{line}\n"));
    }

    /// An object of the answer, on one line.
    pub(super) fn json(&mut self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.line(&text),
            Err(e) => self.keep(Err(io::Error::other(e))),
        }
    }

    /// Something beside the answer. What can't be said there can't be said anywhere.
    #[expect(
        clippy::unused_self,
        reason = "what speaks beside the answer goes through the same place"
    )]
    pub(super) fn note(&self, text: &str) {
        drop(write(&mut io::stderr().lock(), &format!("{text}\n")));
    }

    /// How far something is, on a line of its own that the next one replaces; only on a terminal. None: it is over.
    pub(super) fn progress(&self, far: Option<(f64, &str)>) {
        if self.json || !io::stderr().is_terminal() {
            return;
        }
        let line = far.map_or_else(String::new, |(share, text)| bar(share) + text);
        drop(write(&mut io::stderr().lock(), &format!("\r{line}\x1b[K")));
    }

    /// A question, with the answer to be typed on the same line.
    #[expect(
        clippy::unused_self,
        reason = "what speaks beside the answer goes through the same place"
    )]
    pub(super) fn prompt(&self, text: &str) {
        drop(write(&mut io::stderr().lock(), text));
    }

    /// A failure.
    pub(super) fn failure(&self, failure: &Failure) {
        if self.json {
            let report = ErrorReport::from(failure.body());
            self.note(&serde_json::to_string(&report).unwrap_or_default());
        } else {
            self.note(&match failure {
                Failure::Error(body) => body.text(),
                Failure::Config(found) => found.render(self.colour),
            });
        }
    }

    /// Why the answer could not be written, if it could not.
    pub(super) fn broken(&mut self) -> Option<Failure> {
        let error = self.broken.take()?;
        Some(
            Failure::new(FaultKind::Internal, "the answer could not be written")
                .cause(error.to_string()),
        )
    }

    fn keep(&mut self, wrote: io::Result<()>) {
        match wrote {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                self.broken.get_or_insert(e);
            }
            _ => {}
        }
    }
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}
