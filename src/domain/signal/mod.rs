//! What the signals say of a deployment: series, baseline, the sequential verdict.

pub mod maths;
pub mod series;
