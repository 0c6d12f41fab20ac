//! What leaves the program in words: JSON shapes, records, equivalent commands.

pub mod ledger;
pub mod verdict;
