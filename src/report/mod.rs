//! What leaves the program in words: JSON shapes, records, equivalent commands.

pub mod calendar;
pub mod changes;
mod changes_text;
pub mod command;
mod csv;
pub mod demo;
pub mod doctor;
pub mod dora;
pub mod error;
pub mod evidence;
pub mod gates;
pub mod ics;
pub mod ledger;
pub mod location;
pub mod plan;
pub mod rollback;
pub mod schemas;
pub mod status;
pub mod text;
pub mod verdict;
pub mod versions;
