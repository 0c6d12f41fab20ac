//! flightdeck: a terminal cockpit for software releases.

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod providers;
pub mod report;
pub mod runtime;
pub mod store;
pub mod tui;
