//! What is wrong with a configuration, where, and what to write instead. Rendered for people, or as data for `--json`.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};
use serde::Serialize;

use super::mask;
use super::tree::Place;
use crate::domain::text::Safe;

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// What is wrong, with the key it is about.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// Where it was written.
    pub place: Place,
}

/// All that is wrong, in the order of the layers and of their lines.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(pub Vec<Diagnostic>);

/// A diagnostic as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, or the environment variable, or the flag.
    pub source: String,
    /// The 1-based line, in a file.
    pub line: Option<usize>,
    /// The 1-based column in characters, in a file.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A diagnostic without a hint.
    pub(crate) fn new(place: &Place, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            place: place.clone(),
        }
    }

    /// With what to write instead.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As data.
    pub fn finding(&self) -> Finding {
        let at = self.place.line_column();
        Finding {
            source: match &self.place {
                Place::Default => "built-in".to_owned(),
                Place::File(source, _) => shown_path(&source.path),
                Place::Env(name) | Place::Flag(name) => Safe::new(name).to_string(),
            },
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
            message: self.message.clone(),
            hint: self.hint.clone(),
        }
    }

    /// As text with the source line, `warning` in place of `error` where it is only that.
    fn render_as(&self, level: Level<'static>, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let title: Cow<'_, str> = match &self.place {
            Place::Env(name) => Cow::Owned(format!(
                "environment variable {}: {}",
                Safe::new(name),
                self.message
            )),
            Place::Flag(name) => Cow::Owned(format!("flag {name}: {}", self.message)),
            Place::Default | Place::File(..) => Cow::Borrowed(&self.message),
        };
        let mut group = level
            .primary_title(title)
            .elements(Vec::<Element<'_>>::new());
        let shown;
        if let Place::File(source, span) = &self.place {
            shown = mask::hidden(source);
            let end = span.end.min(shown.len());
            let start = span.start.min(end);
            // An error at the end of a line would span nothing: one byte is enough for the caret.
            group = group.element(
                Snippet::source(shown)
                    .path(shown_path(&source.path))
                    .annotation(AnnotationKind::Primary.span(start..end)),
            );
        }
        match (&self.hint, &self.place) {
            (Some(hint), Place::File(..)) => {
                group = group.element(Level::HELP.message(hint.as_str()));
                renderer.render(&[group])
            }
            // Without a source line the hint stands on a line of its own.
            (Some(hint), _) => {
                let help = Group::with_title(Level::HELP.secondary_title(hint.as_str()));
                format!(
                    "{}\n{}",
                    renderer.render(&[group]),
                    renderer.render(&[help])
                )
            }
            (None, _) => renderer.render(&[group]),
        }
    }

    /// As text for a terminal or a log, an error.
    pub fn render(&self, colour: bool) -> String {
        self.render_as(Level::ERROR, colour)
    }

    /// As text for a terminal or a log, a warning.
    pub fn render_warning(&self, colour: bool) -> String {
        self.render_as(Level::WARNING, colour)
    }
}

impl Diagnostics {
    /// All of them as text, a blank line between two.
    pub fn render(&self, colour: bool) -> String {
        let all: Vec<String> = self.0.iter().map(|d| d.render(colour)).collect();
        all.join("\n\n")
    }

    /// All of them as data.
    pub fn findings(&self) -> Vec<Finding> {
        self.0.iter().map(Diagnostic::finding).collect()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// A path, harmless for a terminal.
pub(crate) fn shown_path(path: &Path) -> String {
    Safe::new(&path.to_string_lossy()).to_string()
}

/// Foreign text inside a message: harmless, short, in backquotes.
pub(crate) fn quoted(text: &str) -> String {
    let safe = Safe::new(text).to_string();
    if safe.chars().count() > 60 {
        let cut: String = safe.chars().take(59).collect();
        format!("`{cut}…`")
    } else {
        format!("`{safe}`")
    }
}
