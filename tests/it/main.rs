//! The integration tests, one binary: a module per subject.

#[cfg(test)]
mod relay;
#[cfg(test)]
mod screens;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod term;
