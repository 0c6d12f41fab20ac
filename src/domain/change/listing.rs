//! What a person asks of the kept changes, and the answer: whose, since when, which words; the rows, how long they took by stage,
//! and week by week.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::delivery::Delivered;
use super::lead_time::Stage;
use super::queue::Queue;
use super::stats::Spread;
use crate::domain::ids::ServiceId;
use crate::domain::text::Safe;

/// So many rows are listed; the figures are of all.
pub const MOST: usize = 1_000;

/// Whose changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// Of these people, by login.
    People(Vec<Safe>),
    /// Of a service.
    Service(ServiceId),
    /// All.
    All,
}

/// The question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ask {
    /// Whose.
    pub whose: Whose,
    /// What happened in so many days before now.
    pub days: u32,
    /// Words that all have to be there, `author:NAME`, `label:NAME` or `service:NAME` among them; empty: no matter.
    pub words: String,
    /// Bots and changes that only make a release count, too.
    pub bots: bool,
}

/// What one change was, in numbers: enough for the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// When it reached the last environment first.
    pub ended: Option<Timestamp>,
    /// From its start to there, in seconds.
    pub lead_s: Option<i64>,
    /// Its stages, in seconds.
    pub stages_s: [Option<i64>; 6],
    /// Why it does not count.
    pub left_out: Option<LeftOut>,
}

/// Why a change does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// It is on its way.
    Open,
    /// It was in the first deployment known.
    Seed,
    /// A bot wrote it.
    Bot,
    /// It only makes a release.
    Release,
    /// It ends before it began.
    Negative,
}

/// How long a stage took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StageFigures {
    /// The stage.
    pub stage: Stage,
    /// The spread.
    pub spread: Spread,
    /// Its part of the whole time, 0..1.
    pub share: f64,
}

/// The answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The changes, what moved last first; [`MOST`] at most.
    pub rows: Vec<Delivered>,
    /// How many there are.
    pub total: usize,
    /// How long those took that reached the last environment in this time.
    pub lead: Spread,
    /// The same by stage.
    pub stages: Vec<StageFigures>,
    /// The median of each of the last weeks, the oldest first; none: nothing arrived in it.
    pub weeks: Vec<Option<f64>>,
    /// What waits in the environments of the service that was asked for.
    pub queues: Vec<Queue>,
    /// When the oldest of the sources was last read to its end; none: some source never was.
    pub as_of: Option<Timestamp>,
}
