//! The configuration: a typed tree, layers with origins, diagnostics with their place.
//!
//! [`document`] is the one table of keys. [`load()`] reads each layer (built-in < user < project < environment < flags), checks it
//! strictly against that table, withholds what an untrusted project file may not say, merges through the `config` crate, checks
//! what only the whole can show, and deserializes the typed tree of [`model`]. Tests: `tests/it/config.rs` over a corpus of
//! files in `tests/fixtures/config`, and beside the code.

mod built_in;
mod calendar;
mod calendar_checks;
mod checks;
mod diagnostic;
pub mod document;
mod example;
mod file;
mod gates;
mod given;
pub mod init;
mod json_schema;
mod keyed;
mod kind;
mod load;
mod mask;
mod merge;
pub mod model;
mod names;
mod origins;
pub mod paths;
mod plan;
pub mod schema;
pub mod secrets;
mod service;
mod show;
mod strict;
pub mod theme;
mod tree;
mod trust;
mod values;

pub use diagnostic::{Diagnostic, Diagnostics, Finding};
pub use example::example;
pub use json_schema::json_schema;
pub use keyed::Keyed;
pub use load::{ChordCheck, FileUsed, Loaded, Origin, Origins, Sources, load, own_profile};
pub use model::Config;
pub use origins::Effective;
pub use paths::Folders;
pub use plan::PlannedConfig;
pub use schema::{QUERY_VARIABLES, WRITE_VARIABLES};
pub use show::{check, path, show};
pub use tree::{Layer, Place, SourceText};
pub use trust::{ProjectFile, TrustCheck, Withheld, inspect};
pub use values::{
    AnyTime, Hidden, InputValue, LocalTime, OneOrMore, Period, RuleEnd, ServerUrl, Stretch, Zone,
};
