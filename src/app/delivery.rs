//! Changes and delivery metrics as a person looks at them: read from what is kept, while the sources are read on. Asked for only
//! while somebody looks; a reading of the sources that has begun goes to its end.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::change::dora::Sheet;
use crate::domain::change::listing::{Ask, Listing};
use crate::domain::fetched::{Fault, Fetched};
use crate::domain::ids::{RepoSlug, Target};

/// What a person looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Changes.
    Changes(Ask),
    /// The delivery metrics of a service in an environment, over so many days.
    Dora(Target, u32),
}

/// What is known of changes and metrics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delivery {
    /// What a person looks at; none: nobody looks.
    pub look: Option<Look>,
    /// The changes, and the question that they answer: while a new question is under way the last answer stays.
    pub listing: (Option<Ask>, Fetched<Listing>),
    /// The metrics, and of what they are.
    pub sheet: (Option<(Target, u32)>, Fetched<Box<Sheet>>),
    /// Each GitHub source's reading.
    pub readings: BTreeMap<String, Reading>,
    /// Rises with whatever is kept anew: what was read from the store before is asked again.
    pub stamp: u64,
}

/// The reading of a source's repositories into the store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// How far the one under way is; none: none is under way.
    pub progress: Option<Progress>,
    /// What the last one did.
    pub done: Fetched<Done>,
}

/// How far a reading is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The repository that is read.
    pub repo: Option<RepoSlug>,
    /// Repositories that are done, of how many.
    pub repositories: (usize, usize),
    /// Rows of this repository that were read.
    pub rows: u64,
    /// Rows that it has, where the host said so.
    pub expected: Option<u64>,
    /// Requests so far.
    pub requests: u32,
}

/// What a reading did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Done {
    /// Repositories that were looked at.
    pub repositories: usize,
    /// Of these, with something new.
    pub changed: usize,
    /// Requests.
    pub requests: u32,
    /// Repositories, or parts of them, that could not be read.
    pub faults: Vec<(RepoSlug, Fault)>,
    /// The limits were nearly used up: the rest is read when they start anew.
    pub paused_until: Option<Timestamp>,
}

impl Delivery {
    /// Whether the answer that is there is for the question that is asked.
    pub fn is_current(&self) -> bool {
        match &self.look {
            Some(Look::Changes(ask)) => self.listing.0.as_ref() == Some(ask),
            Some(Look::Dora(target, days)) => self
                .sheet
                .0
                .as_ref()
                .is_some_and(|(t, d)| t == target && d == days),
            None => true,
        }
    }
}
