//! What the signals say of a deployment: series of counts, the baseline, the sequential test, its verdict in words.
//!
//! The way of the data: [`series`] bins -> [`baseline`] (what was normal, what is tolerated) -> [`evidence`] (per metric,
//! bin by bin) -> [`judge::Judge`] (states) -> [`verdict::Verdict`]. The live view and the replay of a
//! [`recording`] push into the same `Judge`. Nothing here knows a clock: times are seconds from the deploy.

pub mod baseline;
pub mod counters;
pub mod downsample;
pub mod evidence;
pub mod judge;
pub mod latency;
pub mod maths;
pub mod metric;
pub mod recording;
pub mod replay;
pub mod series;
pub mod settings;
mod telling;
pub mod verdict;
pub mod wording;

#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod vectors;

pub use judge::{Judge, Mode};
pub use recording::{Recording, RecordingError};
pub use replay::judge;
pub use series::Bin;
pub use settings::Settings;
pub use verdict::{Counts, MetricEvidence, Verdict, VerdictState, Word};
