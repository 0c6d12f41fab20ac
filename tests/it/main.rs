//! The integration tests, one binary: a module per subject.

#[cfg(test)]
mod canvas;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod config;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod dispatch;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flight;
#[cfg(test)]
mod gate_sources;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod github;
#[cfg(test)]
mod http;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod live;
#[cfg(test)]
mod once;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod screens;
#[cfg(test)]
mod store;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod storms;
#[cfg(test)]
mod stub;
#[cfg(test)]
mod support;
#[cfg(test)]
mod svg;
#[cfg(test)]
mod term;
