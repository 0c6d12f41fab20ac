//! The integration tests, one binary: a module per subject.

#[cfg(test)]
mod budget;
#[cfg(test)]
mod canvas;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod config;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod description;
#[cfg(test)]
mod dispatch;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flaky;
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
mod ipv6;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod leap;
#[cfg(test)]
mod live;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod once;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod rerun;
#[cfg(test)]
mod screens;
#[cfg(test)]
mod sizes;
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
mod sync;
#[cfg(test)]
mod term;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod view_changes;
#[cfg(test)]
mod views;
#[cfg(test)]
mod wire;
