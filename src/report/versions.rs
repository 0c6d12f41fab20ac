//! A version as every answer names it.

use serde::{Deserialize, Serialize};

use crate::domain::release::VersionRef;
use crate::domain::text::Safe;

/// A commit and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionReport {
    /// The tag or release; none: it has no name.
    pub version: Option<Safe>,
    /// The commit.
    pub sha: String,
}

impl From<&VersionRef> for VersionReport {
    fn from(version: &VersionRef) -> Self {
        Self {
            version: version.version.clone(),
            sha: version.sha.as_str().to_owned(),
        }
    }
}

/// A version with its short commit, as people read it: `v2.14.0  41d07ee`.
pub fn with_commit(version: &VersionRef) -> String {
    match &version.version {
        Some(name) => format!("{name}  {}", version.sha.short()),
        None => version.sha.short().to_owned(),
    }
}
