//! The integration tests, one binary: a module per subject.

#[cfg(test)]
mod config;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod support;
#[cfg(test)]
mod term;
