//! What leaves the program in words: JSON shapes, records, equivalent commands.

pub mod calendar;
pub mod command;
pub mod demo;
pub mod error;
pub mod evidence;
pub mod gates;
pub mod ics;
pub mod ledger;
pub mod plan;
pub mod rollback;
pub mod schemas;
pub mod status;
pub mod text;
pub mod verdict;
pub mod versions;
