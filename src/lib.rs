//! flightdeck: a terminal cockpit for software releases. This page is the map of the house.
//!
//! # Rooms
//!
//! | room | what lives there | may know |
//! |---|---|---|
//! | [`domain`] | PURE: values in, verdicts out. No clock, no I/O, no async, no terminal | nothing |
//! | [`app`] | the headless core: the World, messages, effects, `update`, the schedule, the table of actions | domain |
//! | [`report`] | what leaves the program in words: JSON shapes, records, equivalent commands | domain, app |
//! | [`config`] | the typed configuration: layers, origins, diagnostics with their place, themes, secrets | domain, the table of actions |
//! | [`providers`] | the outside world behind narrow traits: GitHub, Prometheus, one HTTP policy | domain |
//! | [`store`] | `SQLite`: the ledger, the cache of answers, the last screen, trust | domain |
//! | [`runtime`] | the Driver: owns the World, turns effects into tasks and answers into messages; the clock | all of the above |
//! | [`tui`] | the screen: Driver + input + writer | domain, app, config, report, runtime's handle |
//! | [`cli`] | the commands: Driver + "until" | app, domain, config, report, runtime |
//! | [`demo`] | a simulated company behind real HTTP, reached like any server | ids and units at most |
//!
//! `tests/it/layering.rs` reads every file and fails on an import that this table forbids.
//!
//! # The way of the data
//!
//! ```text
//! terminal -> input -> Keymap -> Action -> Screen ---> Msg --.
//! timers, signals, answers ----------------------------> Msg |
//! providers, store <- runtime <- Vec<Effect> <- app::update(&mut World, Msg, Now)
//! World + Screen -> render -> Buffer -> diff -> writer
//! ```
//!
//! The Driver alone owns the World. `Msg` and `Effect` are data, so a test asserts exactly what `update` answered. Drawing takes
//! `&World`; what a frame shows is computed when data arrives. `Now` is a parameter below `runtime::clock`.
//!
//! # A write to the outside world
//!
//! `plan` (pure) -> shown -> confirmed -> `ApprovedPlan`, which alone can make a `DispatchOrder` -> ledger *intent* row, synced, with its
//! correlation id -> provider call, once -> *outcome* row -> followed -> *verified* row. A lost answer is looked up by the id, never resent.
//!
//! # To add ...
//!
//! - **a pane**: `tui/panes/NAME.rs` (its state, `on_action`, `render`) and one line in `panes/mod.rs`; new keys are rows in `app/action.rs`.
//! - **a gate kind**: `domain/gate/NAME.rs` (parameters, `evaluate`), a variant in `gate/spec.rs`, its keys in `config/document/gates.rs`
//!   and `config/gates.rs`, a line in `runtime/gates.rs`; scenarios in `tests/scenarios/gate/NAME.toml`.
//! - **an integration**: one file or folder in `providers/`, behind one of its traits, its settings in `config/document`, and a row in
//!   `tests/it/contract/rows.rs`, whose suite then runs over it.
//! - **a command**: `cli/NAME.rs` and one line in `cli/mod.rs`.
//! - **a configuration key**: a row in `config/document`, a field in `config/model`; tests hold the two together.
//! - **a theme**: one file in `themes/`.

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
