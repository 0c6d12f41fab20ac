//! The integration tests, one binary: a module per subject.

#[cfg(test)]
mod canvas;
#[cfg(test)]
mod flight;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod screens;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod storms;
#[cfg(test)]
mod term;
