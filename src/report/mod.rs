//! What leaves the program in words: JSON shapes, records, equivalent commands.

pub mod command;
pub mod ledger;
pub mod verdict;
