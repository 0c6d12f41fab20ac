//! The machine's shape of a failure: one object on stderr (machine contract).

use serde::{Deserialize, Serialize};

use super::verdict::SCHEMA;
use crate::domain::fetched::FaultKind;

/// A failure, ready for JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// Version of this shape.
    pub schema: u32,
    /// What failed.
    pub error: ErrorBody,
}

/// What failed, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The kind, one of the contract's words.
    pub kind: FaultKind,
    /// What happened, to what.
    pub message: String,
    /// What lies behind it, the nearest first.
    pub cause: Vec<String>,
    /// What to do now.
    pub hint: Option<String>,
    /// Where it comes from: `github.main`, a file, ...
    pub source: Option<String>,
}

impl From<ErrorBody> for ErrorReport {
    fn from(error: ErrorBody) -> Self {
        Self {
            schema: SCHEMA,
            error,
        }
    }
}

impl ErrorBody {
    /// As people read it: the message, then causes and hint on lines of their own.
    pub fn text(&self) -> String {
        let mut out = String::from("error: ");
        if let Some(source) = &self.source {
            out.push_str(source);
            out.push_str(": ");
        }
        out.push_str(&self.message);
        for cause in &self.cause {
            out.push_str("\n  cause: ");
            out.push_str(cause);
        }
        if let Some(hint) = &self.hint {
            out.push_str("\n  hint: ");
            out.push_str(hint);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_holds_and_reads_well() {
        let body = ErrorBody {
            kind: FaultKind::Auth,
            message: "the token was refused".to_owned(),
            cause: vec!["401 Bad credentials".to_owned()],
            hint: Some("set GH_TOKEN".to_owned()),
            source: Some("github.main".to_owned()),
        };
        assert_eq!(
            body.text(),
            "error: github.main: the token was refused\n  cause: 401 Bad credentials\n  hint: set GH_TOKEN"
        );
        assert_eq!(
            serde_json::to_value(ErrorReport::from(body)).unwrap(),
            serde_json::json!({"schema": 1, "error": {
                "kind": "auth", "message": "the token was refused", "cause": ["401 Bad credentials"],
                "hint": "set GH_TOKEN", "source": "github.main",
            }})
        );
    }
}
