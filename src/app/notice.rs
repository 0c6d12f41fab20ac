//! Notices: what happened that a person should know, bounded, newest last, each once.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::fetched::Fault;
use crate::domain::text::Safe;

/// How loud a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something works less well.
    Warning,
    /// Something failed.
    Error,
}

/// Something a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When.
    pub at: Timestamp,
    /// How loud.
    pub severity: Severity,
    /// What happened, to what.
    pub title: Safe,
    /// What to do now.
    pub hint: Option<Safe>,
    /// Where it comes from: `github.main`, `ledger`, ...
    pub source: Safe,
}

/// The latest notices.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notices {
    list: VecDeque<Notice>,
}

/// More than that many are forgotten, oldest first.
const MAX: usize = 100;

impl Notices {
    /// Adds a notice. The same title from the same source as the newest one only renews its time.
    pub fn push(&mut self, notice: Notice) {
        if let Some(last) = self.list.back_mut()
            && last.title == notice.title
            && last.source == notice.source
        {
            last.at = notice.at;
            return;
        }
        if self.list.len() == MAX {
            self.list.pop_front();
        }
        self.list.push_back(notice);
    }

    /// Adds a failure.
    pub fn fault(&mut self, source: &str, fault: &Fault) {
        self.push(Notice {
            at: fault.at,
            severity: Severity::Error,
            title: fault.message.clone(),
            hint: fault.hint.clone(),
            source: Safe::new(source),
        });
    }

    /// The newest.
    pub fn last(&self) -> Option<&Notice> {
        self.list.back()
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.list.iter()
    }
}
