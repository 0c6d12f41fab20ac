//! A command that did not get its answer: the words for a person, the kind for a script, the exit code.

use std::process::ExitCode;

use crate::config::{Diagnostics, Finding};
use crate::domain::fetched::{Fault, FaultKind};
use crate::report::error::ErrorBody;

/// The good answer.
pub(super) const GOOD: u8 = 0;
/// The bad answer.
pub(super) const BAD: u8 = 3;
/// No answer yet.
pub(super) const OPEN: u8 = 4;

/// Why a command ends without its answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something went wrong.
    Error(Box<ErrorBody>),
    /// The configuration is wrong; rendered with its source lines.
    Config(Box<Diagnostics>),
}

impl Failure {
    /// A failure without causes.
    pub(super) fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self::Error(Box::new(ErrorBody {
            kind,
            message: message.into(),
            cause: Vec::new(),
            hint: None,
            source: None,
        }))
    }

    /// Wrong usage.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Usage, message)
    }

    /// With what to do now.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Error(body) = &mut self {
            body.hint = Some(hint.into());
        }
        self
    }

    /// With what lies behind it.
    pub(super) fn cause(mut self, cause: impl Into<String>) -> Self {
        if let Self::Error(body) = &mut self {
            body.cause.push(cause.into());
        }
        self
    }

    /// A fault of a source.
    pub(super) fn fault(source: impl Into<String>, fault: &Fault) -> Self {
        Self::Error(Box::new(ErrorBody {
            kind: fault.kind,
            message: fault.message.to_string(),
            cause: Vec::new(),
            hint: fault.hint.as_ref().map(ToString::to_string),
            source: Some(source.into()),
        }))
    }

    /// As data.
    pub(super) fn body(&self) -> ErrorBody {
        match self {
            Self::Error(body) => (**body).clone(),
            Self::Config(found) => of_findings(&found.findings()),
        }
    }

    /// The exit code.
    pub(super) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Error(body) => code(body.kind),
            Self::Config(_) => 2,
        })
    }
}

/// The first complaint is the message, the others follow as causes.
fn of_findings(findings: &[Finding]) -> ErrorBody {
    let text = |f: &Finding| match (f.line, f.column) {
        (Some(line), Some(column)) => format!("{}:{line}:{column}: {}", f.source, f.message),
        _ => format!("{}: {}", f.source, f.message),
    };
    ErrorBody {
        kind: FaultKind::Config,
        message: findings
            .first()
            .map_or_else(|| "the configuration is wrong".to_owned(), text),
        cause: findings.iter().skip(1).map(text).collect(),
        hint: findings.first().and_then(|f| f.hint.clone()),
        source: findings.first().map(|f| f.source.clone()),
    }
}

/// The exit code of a kind.
pub(super) fn code(kind: FaultKind) -> u8 {
    match kind {
        FaultKind::Usage | FaultKind::Config | FaultKind::NotFound => 2,
        FaultKind::Auth | FaultKind::Forbidden | FaultKind::Refused => 5,
        FaultKind::RateLimited | FaultKind::Unreachable | FaultKind::Protocol => 6,
        FaultKind::Internal => 1,
    }
}
