//! What the signals say of a deployment: series, baseline, the sequential verdict.
