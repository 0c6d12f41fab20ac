//! The integration tests, one binary: a module per subject.

#[cfg(test)]
mod config;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod term;
